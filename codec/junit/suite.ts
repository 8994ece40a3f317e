/**
 * A suite of a report, or the `testsuites` around them, that is not over.
 *
 * @module
 */

import type { Clock } from "./times.ts";

/** The attributes of an element. */
export type Attributes = Readonly<Record<string, string | undefined>>;

/** Holds what a suite says of its cases against what came. */
export class Suite {
  readonly name: string;
  readonly clock: Clock;
  /** The tags its tests have: the suites around them. */
  readonly tags: readonly string[];
  /** Lines "name=value". */
  properties: string[] = [];
  readonly #tests: number;
  readonly #bad: number;
  #seenTests = 0;
  #seenBad = 0;
  /** Runs that some producers count as tests of their own. */
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

  /** Takes in a `failure`, an `error` or a rerun. */
  addBad(element: string): void {
    this.#seenBad++;
    // pytest counts a test whose teardown fails twice.
    if (element !== "failure") this.#seenMore++;
  }

  /** Takes in a suite in this one, which Node counts for a test. */
  addSuite(suite: Suite): void {
    this.#seenTests += Math.max(suite.#tests, suite.#seenTests, 1);
    this.#seenBad += Math.max(suite.#bad, suite.#seenBad);
    this.#seenMore += suite.#seenMore;
  }

  /** What the suite says and nobody saw; undefined when nothing is missing. */
  get missing(): string | undefined {
    const missing: string[] = [];
    if (this.#tests > this.#seenTests + this.#seenMore) {
      missing.push(`${this.#tests} tests, ${this.#seenTests} came`);
    }
    if (this.#bad > this.#seenBad) {
      missing.push(`${this.#bad} failures and errors, ${this.#seenBad} came`);
    }
    return missing.length === 0
      ? undefined
      : `the report says ${missing.join("; ")}`;
  }
}

function readCount(text: string | undefined): number {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : 0;
}
