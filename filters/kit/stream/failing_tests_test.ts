import { assertEquals } from "@std/assert";
import { type StatusEvent, TestCollator } from "@subunit/codec";
import { FailingTests } from "./failing_tests.ts";

/** Adds the tests of events, each of which ends one. */
function add(failing: FailingTests, events: readonly Partial<StatusEvent>[]) {
  const collator = new TestCollator();
  for (const event of events) {
    failing.add(collator.add({ runnable: true, ...event })!);
  }
}

Deno.test("FailingTests keeps tests whose last result is a failure, by route", () => {
  const failing = new FailingTests();
  add(failing, [
    { testId: "b", status: "fail" },
    { testId: "a", status: "uxsuccess" },
    { testId: "c", status: "fail" },
    { testId: "c", status: "success" },
    { testId: "d", status: "fail", routeCode: "1" },
    { testId: "d", status: "success", routeCode: "2" },
    { testId: "e", status: "success" },
    { testId: "sh: exit status", status: "fail", runnable: false },
  ]);
  assertEquals(failing.ids, ["b", "a", "d"]);
  assertEquals(failing.others, ["sh: exit status"]);
  assertEquals(failing.size, 4);
});

Deno.test("FailingTests does not take a test for repaired that is skipped", () => {
  const failing = new FailingTests();
  add(failing, [
    { testId: "a", status: "fail" },
    { testId: "b", status: "fail" },
    { testId: "a", status: "skip" },
  ]);
  failing.startAttempt();
  add(failing, [
    { testId: "a", status: "skip", routeCode: "1" },
    { testId: "b", status: "xfail" },
  ]);
  assertEquals(failing.ids, ["a"]);
});

Deno.test("FailingTests finds tests that run again on other routes, and steps", () => {
  const failing = new FailingTests();
  const step = { testId: "s > 1", runnable: false, parentTestId: "s" } as const;
  add(failing, [
    { testId: "a", status: "fail", routeCode: "0" },
    { testId: "b", status: "fail", routeCode: "0" },
    { testId: "b", status: "fail", routeCode: "1" },
    { ...step, status: "fail" },
    { testId: "s", status: "fail" },
  ]);
  assertEquals(failing.ids, ["a", "b", "s"]);
  failing.startAttempt();
  add(failing, [
    { testId: "a", status: "success", routeCode: "5" },
    // It still fails on the other one.
    { testId: "b", status: "success", routeCode: "0" },
    { testId: "s", status: "success" },
  ]);
  assertEquals(failing.ids, ["b"]);
  failing.startAttempt();
  add(failing, [{ testId: "b", status: "success" }]);
  assertEquals([failing.ids, failing.size], [[], 0]);
});

Deno.test("FailingTests finds the test of steps within steps, and survives circles", () => {
  const failing = new FailingTests();
  const step = (testId: string, parentTestId: string) =>
    ({ testId, parentTestId, runnable: false, status: "fail" }) as const;
  const depth = 20_000;
  add(failing, [
    ...Array.from({ length: depth }, (_, i) => step(`${i + 1}`, `${i}`)),
    step("a", "b"),
    step("b", "a"),
    step("self", "self"),
  ]);
  assertEquals(failing.ids.slice(0, 2), ["0", "a"]);
  assertEquals(failing.ids.at(-1), "self");
});

Deno.test("FailingTests keeps a step that fails again", () => {
  const failing = new FailingTests();
  const step = { testId: "s > 1", runnable: false, parentTestId: "s" } as const;
  add(failing, [{ ...step, status: "fail" }]);
  failing.startAttempt();
  add(failing, [{ ...step, status: "fail" }, {
    testId: "s",
    status: "success",
  }]);
  assertEquals([failing.ids, failing.size], [["s"], 1]);
});
