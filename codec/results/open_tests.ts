/**
 * The tests in progress, as numbers.
 *
 * @module
 */

import type { StatusEvent } from "../event.ts";
import type { Timestamp } from "../timestamp.ts";
import type { Rows } from "../v2/rows.ts";
import type { TestFiles } from "./test_files.ts";
import {
  grown,
  type TestKey,
  type TestKeyBytes,
  TestNumbers,
} from "./test_numbers.ts";

/** What few tests have before their last event. */
interface Extras {
  tags: readonly string[] | undefined;
  parentTestId: string | undefined;
  files: TestFiles | undefined;
  /** A start that no packet can hold. */
  started: Timestamp | undefined;
}

/** What is known of a test before its last event. */
export interface Beginning extends Readonly<Extras> {
  readonly runnable: boolean;
}

/** When a reader received events of tests, in milliseconds of its clock. */
interface Arrivals {
  /** The first event of each test, by number. */
  first: Float64Array;
  /** The last one. */
  last: Float64Array;
}

/** No nanoseconds: the test has no start, or it is with the extras. */
const NO_START = 0xffffffff;

const RUNNABLE = 1;
const HAS_EXTRAS = 2;

/**
 * The tests in progress, by their numbers. Where most tests end soon, this is
 * the cost of each; where all are lost, memory for each of them: about 100 bytes
 * with an id of 50.
 *
 * A test that was removed can be read until the next one is added or removed.
 */
export class OpenTests {
  readonly #numbers = new TestNumbers();
  /** How many tests have started. */
  #started = 0;

  // By number:
  /** Increases in the order in which tests start. */
  #orders = new Float64Array(this.#numbers.capacity);
  #seconds = new Uint32Array(this.#numbers.capacity);
  #nanoseconds = new Uint32Array(this.#numbers.capacity);
  #flags = new Uint8Array(this.#numbers.capacity);
  /** By number too: a map would be rehashed as tests come and go. */
  readonly #extras: (Extras | undefined)[] = [];
  /** A test that was removed, and may still have extras. */
  #removed = -1;
  /** Undefined until {@linkcode OpenTests.arriveAt} is called. */
  #arrivals: Arrivals | undefined;
  #now = 0;

  get size(): number {
    return this.#numbers.size;
  }

  /** The bytes in typed arrays. */
  get byteLength(): number {
    return this.#numbers.byteLength + this.#orders.byteLength +
      this.#seconds.byteLength + this.#nanoseconds.byteLength +
      this.#flags.byteLength + 2 * (this.#arrivals?.first.byteLength ?? 0);
  }

  /** Events that are added from here on arrive at this time. */
  arriveAt(milliseconds: number): void {
    this.#now = milliseconds;
    if (this.#arrivals !== undefined) return;
    const { length } = this.#flags;
    this.#arrivals = {
      first: new Float64Array(length).fill(milliseconds),
      last: new Float64Array(length).fill(milliseconds),
    };
  }

  /** The number of a test. An event of one that has not started starts it. */
  add(key: TestKeyBytes, runnable: boolean): number {
    const test = this.#numbers.add(key);
    if (this.#numbers.isNew) this.#start(test, runnable);
    if (this.#arrivals !== undefined) this.#arrivals.last[test] = this.#now;
    return test;
  }

  /** The same for a row. */
  addRow(rows: Rows, i: number): number {
    const test = this.#numbers.addRow(rows, i);
    if (this.#numbers.isNew) this.#start(test, rows.isRunnable(i));
    if (this.#arrivals !== undefined) this.#arrivals.last[test] = this.#now;
    return test;
  }

  /** Removes a test; returns its number, -1 if it has not started. */
  delete(key: TestKeyBytes): number {
    return this.#remove(this.#numbers.delete(key));
  }

  /** The same for a row. */
  deleteRow(rows: Rows, i: number): number {
    return this.#remove(this.#numbers.deleteRow(rows, i));
  }

  #start(test: number, runnable: boolean): void {
    this.#forget();
    if (test >= this.#flags.length) this.#grow();
    this.#orders[test] = this.#started++;
    this.#nanoseconds[test] = NO_START;
    this.#flags[test] = runnable ? RUNNABLE : 0;
    if (this.#arrivals !== undefined) this.#arrivals.first[test] = this.#now;
  }

  #remove(test: number): number {
    this.#forget();
    this.#removed = test;
    return test;
  }

  #forget(): void {
    const test = this.#removed;
    if (test < 0) return;
    this.#removed = -1;
    if (!this.#hasExtras(test)) return;
    this.#extras[test] = undefined;
    this.#flags[test] &= ~HAS_EXTRAS;
  }

  #grow(): void {
    const { capacity } = this.#numbers;
    this.#orders = grown(this.#orders, capacity);
    this.#seconds = grown(this.#seconds, capacity);
    this.#nanoseconds = grown(this.#nanoseconds, capacity);
    this.#flags = grown(this.#flags, capacity);
    const arrivals = this.#arrivals;
    if (arrivals === undefined) return;
    arrivals.first = grown(arrivals.first, capacity);
    arrivals.last = grown(arrivals.last, capacity);
  }

  /** Notes what an event that is not the last one of a test has. */
  note(test: number, event: StatusEvent): void {
    const { timestamp, tags, parentTestId } = event;
    if (timestamp !== undefined) {
      this.#noteTime(test, timestamp.seconds, timestamp.nanoseconds);
    }
    if (tags !== undefined && tags.length > 0) this.extrasOf(test).tags = tags;
    if (parentTestId !== undefined) {
      this.extrasOf(test).parentTestId ??= parentTestId;
    }
  }

  /** The same for a row. */
  noteRow(test: number, rows: Rows, i: number): void {
    if (rows.timeAt(i) >= 0 && this.#nanoseconds[test] === NO_START) {
      this.#noteTime(test, rows.seconds(i), rows.nanoseconds(i));
    }
    if (rows.tagsAt(i) >= 0 || rows.parentAt(i) >= 0) {
      this.note(test, rows.packet(i));
    }
  }

  #noteTime(test: number, seconds: number, nanoseconds: number): void {
    if (this.hasStart(test)) return;
    if (isUint32(seconds) && isUint32(nanoseconds)) {
      this.#seconds[test] = seconds;
      this.#nanoseconds[test] = nanoseconds;
    } else {
      this.extrasOf(test).started = { seconds, nanoseconds };
    }
  }

  #hasExtras(test: number): boolean {
    return (this.#flags[test] & HAS_EXTRAS) !== 0;
  }

  /** Whether an event before the last one had a time. */
  hasStart(test: number): boolean {
    return this.#nanoseconds[test] !== NO_START ||
      this.#hasExtras(test) && this.#extras[test]!.started !== undefined;
  }

  /** The time of the first event that had one. */
  started(test: number): Timestamp | undefined {
    const nanoseconds = this.#nanoseconds[test];
    if (nanoseconds !== NO_START) {
      return { seconds: this.#seconds[test], nanoseconds };
    }
    return this.#hasExtras(test) ? this.#extras[test]!.started : undefined;
  }

  /** The seconds of that time; NaN without one. */
  startSeconds(test: number): number {
    return this.#nanoseconds[test] !== NO_START
      ? this.#seconds[test]
      : this.started(test)?.seconds ?? NaN;
  }

  /** Its nanoseconds; NaN without one. */
  startNanoseconds(test: number): number {
    const nanoseconds = this.#nanoseconds[test];
    return nanoseconds !== NO_START
      ? nanoseconds
      : this.started(test)?.nanoseconds ?? NaN;
  }

  /** To be changed: what few tests have. */
  extrasOf(test: number): Extras {
    let extras = this.#hasExtras(test) ? this.#extras[test] : undefined;
    if (extras === undefined) {
      extras = {
        tags: undefined,
        parentTestId: undefined,
        files: undefined,
        started: undefined,
      };
      this.#extras[test] = extras;
      this.#flags[test] |= HAS_EXTRAS;
    }
    return extras;
  }

  /** The extras of a test that has some. */
  extras(test: number): Readonly<Extras> | undefined {
    return this.#hasExtras(test) ? this.#extras[test] : undefined;
  }

  /** What is known of a test. */
  beginning(test: number): Beginning {
    const extras = this.extras(test);
    return {
      runnable: (this.#flags[test] & RUNNABLE) !== 0,
      started: this.started(test),
      tags: extras?.tags,
      parentTestId: extras?.parentTestId,
      files: extras?.files,
    };
  }

  /** What is known of a test by its key; undefined if it is not in progress. */
  get(key: TestKeyBytes): Beginning | undefined {
    const test = this.#numbers.get(key);
    return test < 0 ? undefined : this.beginning(test);
  }

  /** The tests in progress, in the order in which they started. */
  *entries(): Generator<[TestKey, Beginning]> {
    const tests = this.#numbers.values()
      .sort((a, b) => this.#orders[a] - this.#orders[b]);
    for (const test of tests) {
      yield [this.#numbers.key(test), this.beginning(test)];
    }
  }

  /**
   * Up to `most` of the tests in progress, in the order in which they started:
   * those whose last event arrived at `until` or earlier, and later than `after`.
   */
  oldest(
    most: number,
    until: number = Infinity,
    after: number = -Infinity,
  ): number[] {
    const last = this.#arrivals?.last;
    const found: number[] = [];
    const byOrder = (a: number, b: number) => this.#orders[a] - this.#orders[b];
    for (const test of this.#numbers.values()) {
      if (last !== undefined && !(last[test] <= until && last[test] > after)) {
        continue;
      }
      found.push(test);
      // Sorting once in a while costs less than keeping order all the time.
      if (found.length > 2 * most + 1000) found.sort(byOrder).length = most;
    }
    found.sort(byOrder);
    return found.slice(0, most);
  }

  /** The key of a test. */
  key(test: number): TestKey {
    return this.#numbers.key(test);
  }

  /** When its first and its last event arrived; NaN when unknown. */
  arrivals(test: number): readonly [first: number, last: number] {
    const arrivals = this.#arrivals;
    return arrivals === undefined
      ? [NaN, NaN]
      : [arrivals.first[test], arrivals.last[test]];
  }
}

function isUint32(number: number): boolean {
  return number >>> 0 === number && number !== NO_START;
}
