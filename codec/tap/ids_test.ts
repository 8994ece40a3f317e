import { assert, assertEquals } from "@std/assert";
import { cutId } from "../text/ids.ts";
import { childEvent, numberedId } from "./ids.ts";

Deno.test("numberedId is Python's", () => {
  assertEquals(numberedId(3), "test 3");
  assertEquals(numberedId(3, "- a"), "test 3 - a");
});

Deno.test("cutId leaves a string that can be encoded", () => {
  assertEquals(cutId("a".repeat(4096)), "a".repeat(4096));
  const cut = cutId("a".repeat(4094) + "\u{1f600}b");
  assertEquals(cut, "a".repeat(4094) + "\ufffd…");
});

Deno.test("childEvent puts the parent in front of both ids", () => {
  const event = { testId: "c", status: "success", runnable: false } as const;
  const child = childEvent(event, "b");
  assertEquals(child, { ...event, testId: "b > c", parentTestId: "b" });
  assertEquals(childEvent(child, "a"), {
    ...event,
    testId: "a > b > c",
    parentTestId: "a > b",
  });
});

Deno.test("childEvent keeps the end of an id that is too long", () => {
  let event = childEvent({ testId: "last", runnable: false }, "p");
  for (let i = 0; i < 10; i++) event = childEvent(event, "x".repeat(4096));
  assertEquals(event.testId!.length, 16384);
  assert(event.testId!.startsWith("…x"));
  assert(event.testId!.endsWith(" > p > last"));
  assert(event.parentTestId!.endsWith(" > p"));
});
