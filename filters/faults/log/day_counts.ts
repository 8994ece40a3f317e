/**
 * How much was seen of each class of faults on each day: rows of three numbers in
 * blobs, as a row of SQLite for each would take a hundred times as long to add up.
 *
 * @module
 */

import { grown } from "@subunit/codec";
import type { SqlDatabase } from "../../kit/runtime/sqlite.ts";

/** Of the table with the blobs, and of its index. */
export const DAY_SCHEMA = "CREATE TABLE day(day INTEGER, rows BLOB);",
  DAY_INDEX = "CREATE INDEX day_day ON day(day);";

/** A row: the class, or its complement to take a row back, and the numbers. */
const ROW_WORDS = 3;
/** Numbers from here on are not limited. */
const UNLIMITED = 2 ** 31 - 1;
/** How many rows are held before they are written. */
const MAX_HELD_ROWS = 256 * 1024;
/** Shorter blobs are joined with what comes. */
const SHORT_BLOB_BYTES = 16 * 1024;

/** What a ranking can count. */
export interface Counts {
  readonly runs: number;
  readonly tests: number;
}

/** Writes how much was seen, many rows at a time. */
export class DayWriter {
  readonly #db: SqlDatabase;
  readonly #isNew: boolean;
  readonly #days = new Map<number, Rows>();
  #held = 0;

  constructor(db: SqlDatabase, { isNew }: { readonly isNew: boolean }) {
    this.#db = db;
    this.#isNew = isNew;
  }

  add(day: number, number: number, counts: Counts): void {
    this.#push(day, number, counts);
  }

  remove(day: number, number: number, counts: Counts): void {
    this.#push(day, ~number, counts);
  }

  #push(day: number, number: number, { runs, tests }: Counts): void {
    let rows = this.#days.get(day);
    if (rows === undefined) this.#days.set(day, rows = new Rows());
    rows.push(number, Math.min(runs, UNLIMITED), Math.min(tests, UNLIMITED));
    if (++this.#held >= MAX_HELD_ROWS) this.flush();
  }

  /** Writes what is held. */
  flush(): void {
    const insert = this.#db.prepare("INSERT INTO day VALUES (?, ?)");
    const last = this.#db.prepare(
      "SELECT rowid, rows FROM day WHERE day = ? ORDER BY rowid DESC LIMIT 1",
    );
    const remove = this.#db.prepare("DELETE FROM day WHERE rowid = ?");
    for (const [day, rows] of this.#days) {
      const before = this.#isNew ? undefined : last.get(day);
      let words = rows.words();
      const blob = before?.rows as Uint8Array | undefined;
      if (blob !== undefined && blob.length < SHORT_BLOB_BYTES) {
        remove.run(before!.rowid);
        words = settled(wordsOf(blob), words);
      }
      if (words.length > 0) insert.run(day, bytesOf(words));
    }
    this.#days.clear();
    this.#held = 0;
  }
}

/** Rows of a day, as numbers. */
class Rows {
  #words: Int32Array = new Int32Array(4 * ROW_WORDS);
  #end = 0;

  push(...row: [number: number, runs: number, tests: number]): void {
    if (this.#end === this.#words.length) {
      this.#words = grown(this.#words, 2 * this.#end);
    }
    for (const word of row) this.#words[this.#end++] = word;
  }

  words(): Int32Array {
    return this.#words.subarray(0, this.#end);
  }
}

/** Rows without those that are taken back among them. */
function settled(...parts: readonly Int32Array[]): Int32Array {
  const left = new Map<string, { row: Int32Array; count: number }>();
  for (const words of parts) {
    for (let at = 0; at < words.length; at += ROW_WORDS) {
      const row = words.slice(at, at + ROW_WORDS);
      const isRemoved = row[0] < 0;
      if (isRemoved) row[0] = ~row[0];
      const key = row.join(" "), known = left.get(key);
      if (known === undefined) {
        left.set(key, { row, count: isRemoved ? -1 : 1 });
      } else known.count += isRemoved ? -1 : 1;
    }
  }
  const rows = new Rows();
  for (const { row: [number, runs, tests], count } of left.values()) {
    for (let i = 0; i < Math.abs(count); i++) {
      rows.push(count < 0 ? ~number : number, runs, tests);
    }
  }
  return rows.words();
}

/** A day's sum is this often its number, and one more for each row. */
const SCALE = 1024;
/** Classes with as many and more are in no order. */
const MOST = 256;

/** A class, and the most that can be seen of it. */
export type Bounded = readonly [number: number, most: number];

/** The classes of which something was seen since a day. */
export class DaySums {
  readonly #sums: Float64Array;

  /** @param size more than the largest number of a class */
  constructor(
    db: SqlDatabase,
    { since, size, what }: {
      readonly since: number;
      readonly size: number;
      readonly what: keyof Counts;
    },
  ) {
    const sums = this.#sums = new Float64Array(size);
    const column = what === "runs" ? 1 : 2;
    const blobs = db.prepare("SELECT rows FROM day WHERE day >= ?")
      .iterate(since);
    for (const { rows } of blobs) {
      const words = wordsOf(rows as Uint8Array);
      for (let at = 0; at < words.length; at += ROW_WORDS) {
        const number = words[at], count = words[at + column];
        if (count === UNLIMITED) sums[number < 0 ? ~number : number] = Infinity;
        else if (number >= 0) sums[number] += count * SCALE + 1;
        else sums[~number] -= count * SCALE + 1;
      }
    }
  }

  /** The most that was seen of a class; -1 if it was not. */
  of(number: number): number {
    const sum = this.#sums[number];
    return sum >= 1 ? Math.floor(sum / SCALE) : -1;
  }

  /** All of them, those first of which most was seen. */
  *inOrder(): Generator<Bounded> {
    const size = this.#sums.length, starts = new Int32Array(MOST + 2);
    const slotOf = (number: number) => MOST - Math.min(this.of(number), MOST);
    for (let number = 0; number < size; number++) {
      if (this.#sums[number] >= 1) starts[slotOf(number) + 1]++;
    }
    for (let i = 0; i <= MOST; i++) starts[i + 1] += starts[i];
    const order = new Int32Array(starts[MOST + 1]), next = starts.slice();
    for (let number = 0; number < size; number++) {
      if (this.#sums[number] >= 1) order[next[slotOf(number)]++] = number;
    }
    for (let i = 0; i < order.length; i++) {
      const most = this.of(order[i]);
      yield [order[i], i < starts[1] ? Infinity : most];
    }
  }
}

/** Later than any day. */
const END_OF_DAYS = 2 ** 31 - 1;

/**
 * Yields classes by the day on which each was seen last, the last day first, and
 * then those that were never seen.
 *
 * @param since the first day: what was not seen from there on is left out, if
 * there is such a day
 * @param size more than the largest number of a class
 */
export function* lastSeen(
  db: SqlDatabase,
  numbers: readonly number[],
  { since, size }: { readonly since: number; readonly size: number },
): Generator<readonly number[]> {
  const isLeft = new Uint8Array(size);
  for (const number of numbers) isLeft[number] = 1;
  let left = numbers.length;
  const next = db.prepare(
    "SELECT day, rows FROM day WHERE day = (SELECT MAX(day) FROM day WHERE day < ?)",
  );
  for (let day = END_OF_DAYS; left > 0;) {
    const blobs = next.all(day);
    if (blobs.length === 0) break;
    day = blobs[0].day as number;
    if (day < since) return;
    const counts = new Map<number, number>();
    for (const { rows } of blobs) {
      const words = wordsOf(rows as Uint8Array);
      for (let at = 0; at < words.length; at += ROW_WORDS) {
        const isRemoved = words[at] < 0;
        const number = isRemoved ? ~words[at] : words[at];
        if (isLeft[number] !== 1) continue;
        counts.set(number, (counts.get(number) ?? 0) + (isRemoved ? -1 : 1));
      }
    }
    const found: number[] = [];
    for (const [number, count] of counts) {
      if (count <= 0) continue;
      found.push(number);
      isLeft[number] = 0;
    }
    left -= found.length;
    yield found;
  }
  if (since === -Infinity) {
    yield numbers.filter((number) => isLeft[number] === 1);
  }
}

/** Numbers as bytes, the lowest first. */
function bytesOf(words: Int32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

function wordsOf(bytes: Uint8Array): Int32Array {
  const { buffer, byteOffset, length } = bytes;
  return byteOffset % 4 === 0
    ? new Int32Array(buffer, byteOffset, length / 4)
    : wordsOf(bytes.slice());
}
