/**
 * What reports read of the row that ends a test.
 *
 * @module
 */

import { Interned, type Rows } from "@subunit/codec";
import type { Verdict } from "../kit/stream/verdict.ts";

/** Durations in floating point are exact to the nanosecond below this. */
const MAX_NANOSECONDS = 1e14;
/** The result of {@linkcode durationOf} for a negative or very long time. */
export const UNUSUAL = -1;

/**
 * How many nanoseconds the test took that a row has ended; NaN if unknown, or
 * {@linkcode UNUSUAL}.
 */
export function durationOf(rows: Rows, i: number, tests: Verdict): number {
  if (rows.timeAt(i) < 0) return NaN;
  const nanoseconds = (rows.seconds(i) - tests.startSeconds) * 1e9 +
    (rows.nanoseconds(i) - tests.startNanoseconds);
  return nanoseconds < 0 || nanoseconds >= MAX_NANOSECONDS
    ? UNUSUAL
    : nanoseconds;
}

const HAS_TAGS = 1, HAS_ROUTE = 2;

/**
 * Remembers what was made of tags and a route code: a stream has few sets of
 * them, and most rows that end a test have one.
 */
export class Labels<Value> {
  readonly #made: readonly Interned<Value>[];
  #rows: Rows | undefined;
  #i = 0;

  constructor(
    make: (tags: readonly string[], routeCode: string | undefined) => Value,
  ) {
    const makeForRow = () => {
      const { tags = [], routeCode } = this.#rows!.packet(this.#i);
      return make(tags, routeCode);
    };
    // Bytes that are tags in one row may be a route code in another.
    this.#made = Array.from({ length: 4 }, () => new Interned(makeForRow));
  }

  /** What was made for a row of {@linkcode Verdict.isWhole}. */
  of(rows: Rows, i: number): Value {
    this.#rows = rows;
    this.#i = i;
    const tagsAt = rows.tagsAt(i), routeAt = rows.routeAt(i);
    const kind = (tagsAt < 0 ? 0 : HAS_TAGS) | (routeAt < 0 ? 0 : HAS_ROUTE);
    // With neither a type nor a file, the route code follows the tags.
    const start = tagsAt >= 0 ? tagsAt : Math.max(0, routeAt);
    const end = routeAt >= 0 ? rows.routeEnd(i) : Math.max(0, rows.tagsEnd(i));
    return this.#made[kind].get(rows.source, rows.view, start, end);
  }
}
