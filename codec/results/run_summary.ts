/**
 * What a run resulted in, with the tests that did not simply pass.
 *
 * @module
 */

import type { StatusEvent } from "../event.ts";
import { byTest, type ByTestOptions } from "./test_sinks.ts";
import type { Outcome, Test } from "./collator.ts";
import type { EventSink } from "./sinks.ts";
import { Summary } from "./summary.ts";

/** The tests of a run by outcome, in the order in which they ended. */
export type TestLists = Readonly<
  Record<Exclude<Outcome, "success">, readonly Test[]>
>;

/**
 * Counts the tests of a run, and lists those that failed, were skipped, lost
 * and so on (StreamSummary). Lost tests are known once the run has stopped.
 *
 * Tests that passed are counted and not kept.
 *
 * @example
 * ```ts
 * import { attachmentText, RunSummary } from "@subunit/codec/results";
 *
 * const summary = new RunSummary();
 * summary.start();
 * summary.status({ testId: "a", status: "success", runnable: true });
 * summary.status({ testId: "b", status: "fail", runnable: true });
 * summary.status({
 *   testId: "c",
 *   status: "skip",
 *   runnable: true,
 *   fileName: "reason",
 *   fileBytes: new TextEncoder().encode("no network"),
 * });
 * summary.stop();
 * console.log(summary.counts.total, summary.counts.isGood); // 3 false
 * console.log(summary.tests.fail.map((test) => test.testId)); // [ "b" ]
 * const [skipped] = summary.tests.skip;
 * console.log(skipped.testId, attachmentText(skipped, "reason")); // c no network
 * ```
 */
export class RunSummary implements EventSink {
  #counts = new Summary();
  #tests = emptyLists();
  readonly #collecting: Required<EventSink>;

  constructor(options: ByTestOptions = {}) {
    this.#collecting = byTest((test) => this.#add(test), options);
  }

  /** The number of tests, by outcome. */
  get counts(): Summary {
    return this.#counts;
  }

  /** The tests that did not simply pass. */
  get tests(): TestLists {
    return this.#tests;
  }

  /** Begins a run: the summary of the one before is replaced. */
  start(): void {
    this.#collecting.start();
    this.#counts = new Summary();
    this.#tests = emptyLists();
  }

  status(event: StatusEvent): void {
    this.#collecting.status(event);
  }

  /** Ends the run: tests in progress are lost. */
  stop(): void {
    this.#collecting.stop();
  }

  #add(test: Test): void {
    this.#counts.add(test);
    if (test.outcome !== "success") this.#tests[test.outcome].push(test);
  }
}

function emptyLists(): Record<Exclude<Outcome, "success">, Test[]> {
  return { uxsuccess: [], skip: [], fail: [], xfail: [], lost: [] };
}
