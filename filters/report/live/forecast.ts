/**
 * How many tests there will be, and how long they will take.
 *
 * @module
 */

import { grown, RowKey, type Rows, TestNumbers } from "@subunit/codec";
import { Verdict } from "../../kit/stream/verdict.ts";
import { durationOf } from "../report.ts";

/** How many hashes {@linkcode RowNumbers} tells apart at first, less one. */
const HASH_MASK = 0xffff;

/** Numbers for the tests of rows; see {@linkcode TestNumbers}. */
export class RowNumbers {
  readonly #numbers = new TestNumbers();
  readonly #key = new RowKey();
  /** Whether a test with a hash has a number: most that are asked for have none. */
  readonly #hasHash = new Uint8Array(HASH_MASK + 1);

  /** How many tests have a number. */
  get size(): number {
    return this.#numbers.size;
  }

  /** The number of a test, a new one if it had none. */
  add(rows: Rows, i: number): number {
    this.#hasHash[rows.idHash(i) & HASH_MASK] = 1;
    return this.#numbers.add(this.#key.of(rows, i));
  }

  /** The number of a test; -1 if it has none. */
  get(rows: Rows, i: number): number {
    if (this.#hasHash[rows.idHash(i) & HASH_MASK] === 0) return -1;
    return this.#numbers.get(this.#key.of(rows, i));
  }

  /** {@linkcode add} for a test on whatever route. */
  addAnywhere(rows: Rows, i: number): number {
    this.#hasHash[rows.idHash(i) & HASH_MASK] = 1;
    return this.#numbers.add(this.#key.anywhere(rows, i));
  }

  /** {@linkcode get} for a test on whatever route. */
  getAnywhere(rows: Rows, i: number): number {
    if (this.#hasHash[rows.idHash(i) & HASH_MASK] === 0) return -1;
    return this.#numbers.get(this.#key.anywhere(rows, i));
  }
}

/**
 * The tests of an earlier stream and how long they took. Routes do not count: a
 * scheduler gives a test to another worker each time.
 */
export class History {
  readonly #numbers = new RowNumbers();
  /** How long all tests with an id took, by number. */
  #seconds = new Float64Array(32);
  /** How often a test with the id ended, by number. */
  #times = new Float64Array(32);
  readonly #verdict = new Verdict();
  /** How many tests there were. */
  count = 0;
  /** How long they took together. */
  seconds = 0;

  /** Adds packets of the earlier stream. */
  addRows(rows: Rows): void {
    for (let i = 0; i < rows.count; i++) {
      if (this.#verdict.addRow(rows, i) === 0) continue;
      const nanoseconds = durationOf(rows, i, this.#verdict);
      const number = this.#numbers.addAnywhere(rows, i);
      if (number >= this.#seconds.length) {
        this.#seconds = grown(this.#seconds, 2 * number);
        this.#times = grown(this.#times, 2 * number);
      }
      const seconds = nanoseconds > 0 ? nanoseconds / 1e9 : 0;
      this.#seconds[number] += seconds;
      this.#times[number]++;
      this.seconds += seconds;
      this.count++;
    }
  }

  /**
   * How long the test of a row took, on average where there were several with
   * its id; 0 when it is unknown.
   */
  secondsOf(rows: Rows, i: number): number {
    const number = this.#numbers.getAnywhere(rows, i);
    return number < 0 ? 0 : this.#seconds[number] / this.#times[number];
  }
}

/** How many tests there will be, and how long they will take. */
export class Forecast {
  readonly #total: number | undefined;
  readonly #history: History | undefined;
  /** Tests that the stream lists. */
  readonly #listed = new RowNumbers();
  /** What tests that have ended took in the earlier stream. */
  #workDone = 0;

  /** @param total how many tests there are, if somebody has said so */
  constructor({ total, history }: { total?: number; history?: History } = {}) {
    this.#total = total;
    this.#history = history;
  }

  /** Takes a test that is reported to exist; those that cannot run are none. */
  list(rows: Rows, i: number): void {
    if (rows.isRunnable(i)) this.#listed.add(rows, i);
  }

  /** Whether {@linkcode end} has an effect. */
  get wantsEnds(): boolean {
    return this.#history !== undefined;
  }

  /** Takes a test that has ended. */
  end(rows: Rows, i: number): void {
    this.#workDone += this.#history?.secondsOf(rows, i) ?? 0;
  }

  /**
   * How many tests there are: as somebody has said, or the stream has listed, or
   * an earlier stream had. Undefined when nobody knows; never less than `known`.
   */
  total(known: number): number | undefined {
    const listed = this.#listed.size > 0 ? this.#listed.size : undefined;
    const total = this.#total ?? listed ?? this.#history?.count;
    return total === undefined ? undefined : Math.max(total, known);
  }

  /**
   * How many seconds are left, if as many tests run side by side as before, and
   * as fast; undefined when nobody knows.
   *
   * @param done how many tests have ended
   * @param known how many of these and of those that run are known
   * @param elapsed seconds since the beginning
   */
  secondsLeft(
    done: number,
    known: number,
    elapsed: number,
  ): number | undefined {
    const work = this.#history?.seconds ?? 0;
    if (this.#workDone > 0) {
      const left = Math.max(0, work - this.#workDone);
      return left * elapsed / this.#workDone;
    }
    const total = this.total(known);
    if (total === undefined || done === 0) return undefined;
    return (total - done) * elapsed / done;
  }
}
