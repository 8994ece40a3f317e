import { assertEquals, assertThrows } from "@std/assert";
import { Router } from "./router.ts";
import type { EventSink } from "./sinks.ts";

Deno.test("Router routes by route code, then test id, then fallback", () => {
  const log: string[] = [];
  const to = (name: string): EventSink => ({
    status(event) {
      log.push(`${name} ${event.testId} ${event.routeCode}`);
    },
  });
  const router = new Router(to("fallback"));
  router.onRoute("0", to("zero"), { consume: true });
  router.onRoute("1", to("one"));
  router.onTest("t", to("test"));
  router.onTest(undefined, to("none"));
  for (
    const [testId, routeCode] of [
      ["a", "0"],
      ["a", "0/3/4"],
      ["t", "1/2"],
      ["t", "00"],
      [undefined, undefined],
      ["a", undefined],
    ]
  ) {
    router.status({ testId, routeCode, runnable: true });
  }
  assertEquals(log, [
    "zero a undefined",
    "zero a 3/4",
    "one t 1/2",
    "test t 00",
    "none undefined undefined",
    "fallback a undefined",
  ]);
});

Deno.test("Router refuses routes of more than one step, and events without a rule", () => {
  const router = new Router();
  const nobody: EventSink = { status: () => {} };
  assertThrows(() => router.onRoute("0/1", nobody), RangeError, "one step");
  assertThrows(
    () => router.status({ testId: "a", runnable: true }),
    RangeError,
    "no rule matches",
  );
});

/** A sink that notes when it is started and stopped. */
function noting(log: string[], name: string): EventSink {
  return {
    start: () => log.push(`${name} start`),
    status: () => {},
    stop: () => log.push(`${name} stop`),
  };
}

Deno.test("Router starts and stops each of its sinks once", () => {
  const log: string[] = [];
  const both = noting(log, "both");
  const router = new Router(noting(log, "fallback"));
  router.onRoute("0", both);
  router.onTest("a", both);
  router.onTest("b", noting(log, "another's"), { startStop: false });
  router.start();
  router.onRoute("1", noting(log, "late"));
  router.onRoute("1", both);
  router.onRoute("2", noting(log, "another's"), { startStop: false });
  router.stop();
  assertEquals(log, [
    "fallback start",
    "both start",
    "late start",
    "fallback stop",
    "both stop",
    "late stop",
  ]);
});

Deno.test("Router leaves a fallback alone whose run is another's", () => {
  const log: string[] = [];
  const router = new Router(noting(log, "fallback"), { startStop: false });
  router.start();
  router.stop();
  assertEquals(log, []);
});
