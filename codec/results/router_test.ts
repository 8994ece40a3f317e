import { assertEquals, assertThrows } from "@std/assert";
import type { StatusEvent } from "../event.ts";
import { Router } from "./router.ts";

Deno.test("Router routes by route code, then test id, then fallback", () => {
  const log: string[] = [];
  const to = (name: string) => (event: StatusEvent) => {
    log.push(`${name} ${event.testId} ${event.routeCode}`);
  };
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
  assertThrows(() => router.onRoute("0/1", () => {}), RangeError, "one step");
  assertThrows(
    () => router.status({ testId: "a", runnable: true }),
    RangeError,
    "no rule matches",
  );
});
