import { assertEquals } from "@std/assert";
import { TEST_STATUSES } from "../event.ts";
import { RunSummary } from "./run_summary.ts";

function listsOf({ tests }: RunSummary): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(tests).map(([outcome, listed]) => [
      outcome,
      listed.map(({ testId }) => testId),
    ]),
  );
}

Deno.test("RunSummary lists the tests that did not simply pass, and counts all", () => {
  const summary = new RunSummary();
  summary.start();
  for (const status of TEST_STATUSES) {
    for (const number of [1, 2]) {
      const testId = `${status} ${number}`;
      summary.status({ testId, status, runnable: true });
    }
  }
  assertEquals(listsOf(summary).lost, []);
  summary.stop();
  assertEquals(listsOf(summary), {
    uxsuccess: ["uxsuccess 1", "uxsuccess 2"],
    skip: ["skip 1", "skip 2"],
    fail: ["fail 1", "fail 2"],
    xfail: ["xfail 1", "xfail 2"],
    lost: ["inprogress 1", "inprogress 2"],
  });
  const { total, passed, failed, skipped, isGood } = summary.counts;
  assertEquals(
    { total, passed, failed, skipped, isGood },
    { total: 12, passed: 4, failed: 6, skipped: 2, isGood: false },
  );
});

Deno.test("RunSummary begins anew with each run, and leaves the old lists alone", () => {
  const summary = new RunSummary();
  summary.start();
  summary.status({ testId: "a", status: "fail", runnable: true });
  summary.status({ testId: "b", status: "inprogress", runnable: true });
  const first = summary.tests;
  summary.start();
  assertEquals(summary.counts.total, 0);
  assertEquals(summary.counts.isGood, true);
  // What the new start found in progress is lost of the old run.
  assertEquals([first.fail.length, first.lost.length], [1, 1]);
});
