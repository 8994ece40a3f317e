/**
 * What the writer of an HTML report and the script in it share. The script is
 * bundled for browsers: import only types, and modules that need no runtime.
 *
 * @module
 */

import type { Outcome } from "@subunit/codec";

/**
 * Every outcome; a {@linkcode TestLine} has the index of one. The codec's
 * `OUTCOMES` has the same, but would bring the codec into the page.
 */
export const OUTCOMES: readonly Outcome[] = [
  "success",
  "uxsuccess",
  "skip",
  "fail",
  "xfail",
  "lost",
];

/**
 * A test in a block of data, `<script type="application/json" class="tests">`:
 * one on each line. A line that is not JSON was cut off. The first test of the
 * file has number 1, and so on: `#tN` is its article or has it as HTML.
 */
export type TestLine = readonly [
  /** As the stream has it: control characters included. */
  id: string,
  /** The index in {@linkcode OUTCOMES}. */
  outcome: number,
  /** Seconds since 1970: of its first event with a time, or else its last. */
  started: number | null,
  /** Null unless its beginning and its end are known. Negative if clocks differ. */
  seconds: number | null,
  route: string | null,
  tags: readonly string[],
  parent: string | null,
  /** Whether there is an element `#tN`. */
  hasArticle: 0 | 1,
  /** Of a test that failed or has a reason: one visible line. */
  headline: string | null,
  /** Of what is no test: it may have tests of other routes below it. */
  isNoTest?: 1,
];

/** The longest headline in a {@linkcode TestLine}, in UTF-16 units. */
export const MAX_HEADLINE_LENGTH = 200;

/** What reports call a place where the stream is damaged. */
export const DAMAGE_TITLE = "Damage to the stream";

/** The id of tests that stand for damage: the codec's `PARSER_TEST_ID`. */
export const DAMAGE_ID = "subunit.parser";

/** Whether a test stands for damage. */
export function isDamage(testId: string, outcome: string): boolean {
  return testId === DAMAGE_ID && outcome === "fail";
}

/** The number of tests with each outcome, in the order of {@linkcode OUTCOMES}. */
export type OutcomeCounts = readonly number[];

/** The run as a whole: JSON in `<script type="application/json" id="run">`. */
export interface RunData {
  readonly title: string;
  /** Damage is not among them. */
  readonly counts: OutcomeCounts;
  /** The sum of the counts. There is one more line for each place of damage. */
  readonly tests: number;
  /** Seconds since 1970, null if no event has a time. */
  readonly began: number | null;
  readonly ended: number | null;
  /**
   * In order of appearance; null for tests without a route. Those after the first
   * {@linkcode MAX_ROUTES} are counted together as `otherRoutes`.
   */
  readonly routes: readonly (readonly [
    route: string | null,
    counts: OutcomeCounts,
  ])[];
  readonly otherRoutes: OutcomeCounts | null;
  /** Places where the stream is damaged: tests named `subunit.parser` that fail. */
  readonly damage: number;
  /** How many bytes of text stood between the packets. */
  readonly textBytes: number;
  /** How commands ended, as subunit-exec recorded it: "pytest: exit status 0". */
  readonly commands: readonly string[];
  readonly commit: string | null;
  /** Of subunit-tools. */
  readonly version: string;
}

/** How many routes are listed. */
export const MAX_ROUTES = 1000;

/** How many articles are elements; later ones are in `noscript`. */
export const MAX_STATIC_ARTICLES = 500;
