/**
 * A suite of a report, or the enclosing `testsuites`, that has not ended.
 *
 * @module
 */

import type { Clock } from "./times.ts";

/** The attributes of an element. */
export type Attributes = Readonly<Record<string, string | undefined>>;

/** Compares what a suite declares with what it contains. */
export class Suite {
  readonly name: string;
  readonly clock: Clock;
  /** The tags of its tests: the enclosing suites. */
  readonly tags: readonly string[];
  /** Lines "name=value". */
  properties: string[] = [];
  readonly #tests: number;
  readonly #bad: number;
  #seenTests = 0;
  #seenBad = 0;
  /** Runs that some producers count as separate tests. */
  #seenMore = 0;

  constructor(
    name: string,
    { tests, failures, errors }: Attributes,
    clock: Clock,
    tags: readonly string[],
  ) {
    this.name = name;
    this.clock = clock;
    this.tags = tags;
    this.#tests = readCount(tests);
    this.#bad = readCount(failures) + readCount(errors);
  }

  addTest(): void {
    this.#seenTests++;
  }

  /** Counts a `failure`, an `error` or a rerun. */
  addBad(element: string): void {
    this.#seenBad++;
    // pytest counts a test whose teardown fails twice.
    if (element !== "failure") this.#seenMore++;
  }

  /** Adds the counts of a suite within this one; Node counts it as a test. */
  addSuite(suite: Suite): void {
    this.#seenTests += Math.max(suite.#tests, suite.#seenTests, 1);
    this.#seenBad += Math.max(suite.#bad, suite.#seenBad);
    this.#seenMore += suite.#seenMore;
  }

  /**
   * What the suite declares and does not contain; undefined if nothing is
   * missing.
   */
  get missing(): string | undefined {
    const missing: string[] = [];
    if (this.#tests > this.#seenTests + this.#seenMore) {
      missing.push(`${this.#tests} tests but contains ${this.#seenTests}`);
    }
    if (this.#bad > this.#seenBad) {
      missing.push(
        `${this.#bad} failures and errors but contains ${this.#seenBad}`,
      );
    }
    return missing.length === 0
      ? undefined
      : `the report declares ${missing.join("; ")}`;
  }
}

function readCount(text: string | undefined): number {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : 0;
}
