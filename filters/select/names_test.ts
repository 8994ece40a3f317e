import { assertEquals } from "@std/assert";
import { packet } from "../../codec/_testing/events.ts";
import { Names, SAME_NAMES } from "./names.ts";

Deno.test("Names renames a test once, and each parent it names", () => {
  const renamed: string[] = [];
  const names = new Names((testId) => {
    renamed.push(testId);
    return testId.toUpperCase();
  });
  const packets = [
    packet({ testId: "a", status: "inprogress", parentTestId: "p" }),
    packet({ testId: "a", status: "success", parentTestId: "p" }),
  ];
  for (const one of packets) {
    assertEquals(names.testIdOf(one), "A");
    assertEquals(names.parentTestIdOf(one), "P");
  }
  assertEquals(renamed, ["a", "p"]);
  const other = packet({ testId: "a", parentTestId: "q" });
  assertEquals(names.parentTestIdOf(other), "Q");
  assertEquals(names.parentTestIdOf(packet({ testId: "a" })), undefined);
  assertEquals(renamed, ["a", "p", "q"]);
});

Deno.test("SAME_NAMES leaves ids as they came", () => {
  for (const testId of ["a", "b"]) {
    const one = packet({ testId, parentTestId: `${testId}/p` });
    assertEquals(SAME_NAMES.testIdOf(one), testId);
    assertEquals(SAME_NAMES.parentTestIdOf(one), `${testId}/p`);
  }
  assertEquals(SAME_NAMES.parentTestIdOf(packet({ testId: "a" })), undefined);
});
