/**
 * Counts tests by outcome (testtools' StreamSummary).
 *
 * @module
 */

import { TEST_STATUSES } from "../event.ts";
import type { Outcome, Test } from "./collator.ts";

/** The number of tests, by outcome. */
export class Summary {
  /** Tests by outcome. */
  readonly outcomes: Record<Outcome, number> = {
    success: 0,
    uxsuccess: 0,
    skip: 0,
    fail: 0,
    xfail: 0,
    lost: 0,
  };
  /**
   * The number of places where the stream is damaged. Each counts as a failed
   * test.
   */
  damage = 0;

  /** Counts a test. */
  add(test: Test): void {
    this.outcomes[test.outcome]++;
  }

  /**
   * Counts tests that ended with the status of this code.
   *
   * @internal
   */
  addCode(code: number, count: number): void {
    this.outcomes[TEST_STATUSES[code - 1] as Outcome] += count;
  }

  /** All tests, including lost ones and damage. */
  get total(): number {
    const counts = Object.values(this.outcomes);
    return counts.reduce((sum, count) => sum + count, this.damage);
  }

  /** Tests that failed, unexpectedly succeeded or were lost, and damage. */
  get failed(): number {
    const { fail, uxsuccess, lost } = this.outcomes;
    return fail + uxsuccess + lost + this.damage;
  }

  get skipped(): number {
    return this.outcomes.skip;
  }

  /** Tests that ended as expected: success and xfail. */
  get passed(): number {
    return this.total - this.failed - this.skipped;
  }

  /** Whether nothing failed and nothing is missing. */
  get isGood(): boolean {
    return this.failed === 0;
  }
}
