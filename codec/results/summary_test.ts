import { assertEquals } from "@std/assert";
import { packet } from "../_testing/events.ts";
import { isFailure, OUTCOMES, TestCollator } from "./collator.ts";
import { Summary } from "./summary.ts";

Deno.test("Summary counts unexpected successes, lost tests and damage as failures", () => {
  const summary = new Summary();
  const collator = new TestCollator();
  const statuses = [
    "success",
    "xfail",
    "skip",
    "uxsuccess",
    "fail",
    "inprogress",
  ] as const;
  for (const status of statuses) {
    const test = collator.add(packet({ testId: status, status }));
    if (test !== undefined) summary.add(test);
  }
  for (const test of collator.end()) summary.add(test);
  summary.damage++;
  const { total, passed, failed, skipped, isGood } = summary;
  assertEquals(
    { total, passed, failed, skipped, isGood },
    { total: 7, passed: 2, failed: 4, skipped: 1, isGood: false },
  );
  assertEquals(OUTCOMES.filter(isFailure), ["uxsuccess", "fail", "lost"]);
});
