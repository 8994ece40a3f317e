import { assertEquals } from "@std/assert";
import { jvm } from "./jvm.ts";

Deno.test("jvm takes as many calls from the exception above as a cause leaves out", () => {
  const callsWith = (more: number) => {
    const chain = jvm.read([
      "java.lang.IllegalStateException: outer",
      "\tat com.example.A.one(A.java:1)",
      "\tat com.example.B.two(B.java:2)",
      "Caused by: java.lang.NullPointerException",
      "\tat com.example.C.three(C.java:3)",
      `\t... ${more} more`,
    ]);
    return chain?.find(({ type }) => type.endsWith("NullPointerException"))
      ?.calls.map(({ file }) => file);
  };
  assertEquals(callsWith(0), ["C.java"]);
  assertEquals(callsWith(1), ["C.java", "B.java"]);
  assertEquals(callsWith(2), ["C.java", "A.java", "B.java"]);
  assertEquals(callsWith(99), ["C.java", "A.java", "B.java"]);
});
