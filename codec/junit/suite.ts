/**
 * A suite of a report, or the enclosing `testsuites`, that has not ended.
 *
 * @module
 */

import { HOST_TAG, REPEAT_TAG, SUITE_TAG } from "./names.ts";
import type { Clock } from "./times.ts";

/** The attributes of an element. */
export type Attributes = Readonly<Record<string, string | undefined>>;

/** What identifies the suite of a test. */
export interface Place {
  /** The names of the enclosing suites, outermost first. */
  readonly suites: readonly string[];
  readonly host: string;
  /** Distinguishes suites with the same names. */
  readonly repeat: string | undefined;
}

/** The tags of the tests in a place. */
export function placeTags({ suites, host, repeat }: Place): string[] {
  return [
    ...suites.map((suite) => SUITE_TAG + suite),
    ...host === "" ? [] : [HOST_TAG + host],
    ...repeat === undefined ? [] : [`${REPEAT_TAG}${repeat}`],
  ];
}

/** Compares what a suite declares with what it contains. */
export class Suite {
  readonly element: string;
  readonly name: string;
  readonly place: Place;
  readonly clock: Clock;
  /** The tags of its tests. */
  readonly tags: readonly string[];
  /** Lines "name=value". */
  properties: string[] = [];
  readonly #tests: number;
  readonly #failures: number;
  readonly #errors: number;
  #cases = 0;
  /** How many cases, and failures outside cases, went wrong. */
  #bad = 0;
  #hasFailed = false;
  #failureElements = 0;
  #errorElements = 0;

  constructor(
    element: string,
    place: Place,
    tags: readonly string[],
    { name = "", tests, failures, errors }: Attributes,
    clock: Clock,
  ) {
    this.element = element;
    this.name = name;
    this.place = place;
    this.tags = tags;
    this.clock = clock;
    this.#tests = readCount(tests);
    this.#failures = readCount(failures);
    this.#errors = readCount(errors);
  }

  /** Counts a case, `isBad` when anything in it went wrong. */
  addCase(isBad: boolean): void {
    this.#cases++;
    if (isBad) this.#bad++;
  }

  /** Counts a failure outside any case. */
  addFailure(): void {
    this.#bad++;
    this.#hasFailed = true;
  }

  /** Counts an element `failure` or `error`. */
  addElement(name: string): void {
    if (name === "failure") this.#failureElements++;
    else this.#errorElements++;
  }

  /** Adds the counts of a suite within this one. */
  addSuite(suite: Suite): void {
    this.#cases += suite.#cases;
    this.#bad += Math.max(suite.#bad, suite.#failures, suite.#errors);
    this.#failureElements += suite.#failureElements;
    this.#errorElements += suite.#errorElements;
  }

  /**
   * The failures that the suite declares and does not contain; undefined if
   * none is missing. Each count is compared separately, because some producers
   * also count errors as failures. The count of tests is ignored: it may be the
   * number of assertions, steps or attempts.
   */
  get missing(): string | undefined {
    if (this.#hasFailed || this.#countsAssertions) return undefined;
    const missing = [
      ...countOf("failure", this.#failures, this.#bad),
      ...countOf("error", this.#errors, this.#bad),
    ];
    return missing.length === 0
      ? undefined
      : `the report declares ${
        missing.join(" and ")
      } but contains ${this.#bad}`;
  }

  /** Catch2 and doctest count assertions, and write an element for each. */
  get #countsAssertions(): boolean {
    const missing = Math.max(this.#failures, this.#errors) - this.#bad;
    return this.#tests - this.#cases > missing &&
      this.#failures <= this.#failureElements &&
      this.#errors <= this.#errorElements;
  }
}

function countOf(what: string, declared: number, found: number): string[] {
  if (declared <= found) return [];
  return [`${declared} ${what}${declared === 1 ? "" : "s"}`];
}

function readCount(text: string | undefined): number {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : 0;
}
