/**
 * A run as it goes on: what has ended and how, and what runs.
 *
 * @module
 */

import {
  decodeTags,
  isRunRecordRow,
  type Outcome,
  type Rows,
  type RunningTest,
  secondsBetween,
  type StreamItem,
  Summary,
  type Test,
  TEST_STATUSES,
  type Timestamp,
} from "@subunit/codec";
import { endsFor } from "../../kit/text/content.ts";
import { Verdict } from "../../kit/stream/verdict.ts";
import { durationOf } from "../report.ts";
import { type Failure, failureOf, type Name } from "./failure.ts";
import { type Forecast, RowNumbers } from "./forecast.ts";

/** How many of the slowest tests are named. */
const SLOWEST = 5;
/**
 * How many failures are kept to be listed at the end; others are counted. The
 * reasons of those that come faster than they can be read are not looked for.
 */
const MAX_FAILURES = 10_000;
/** How many tests with the tag are kept. */
const MAX_TAGGED = 10_000;
/** How many reasons are looked for at once, and in a second. */
const MAX_REASONS = 1000, REASONS_A_SECOND = 500;
/** How many rows are looked at for the last time in them. */
const LAST_ROWS = 16;
/** How many UTF-16 units of a file matter. */
const MAX_FILE_LENGTH = 16_384;

const FLAKY_TAG = "flaky";
/** Its first four bytes, and the last one. */
const FLAKY_WORD = 0x666c616b, FLAKY_END = 0x79;

/** How a test ended, for formats that show each. */
export interface Ended extends Name {
  readonly outcome: Outcome;
  readonly seconds: number | undefined;
}

/** What is shown as it happens. */
export interface Listener {
  /** Is called for each test that ended and did not fail, if it is there. */
  ended?(test: Ended): void;
  failed(failure: Failure): void;
  /** One more failed, in a flood of failures. */
  failedToo(outcome: Outcome, test: () => Ended): void;
  /** Text between the packets, and damage. */
  other(item: StreamItem): void;
}

/** A test that passed after all. */
export interface Flaky extends Name {
  /** Whether it failed before; if not, it has the tag. */
  readonly hasFailed: boolean;
}

/** A test that took long. */
export interface Slow extends Name {
  readonly seconds: number;
}

/** A failure that is listed at the end. */
interface Listed {
  readonly failure: Failure;
  /** Whether the test has passed since. */
  hasPassed: boolean;
}

/**
 * A run as it goes on. All times are milliseconds of one clock, which the caller
 * reads.
 */
export class LiveRun {
  readonly #verdict = new Verdict({ attachments: endsFor(MAX_FILE_LENGTH) });
  readonly #forecast: Forecast;
  readonly #listener: Listener;
  readonly #begun: number;
  #now: number;
  /** Tests by the codes of their statuses. */
  readonly #counts = new Float64Array(TEST_STATUSES.length + 1);
  #damage = 0;
  /** The tests of {@linkcode LiveRun.#listed} by number. */
  readonly #failing = new RowNumbers();
  readonly #listed: Listed[] = [];
  /** How many failures of other tests there were. */
  #unlisted = 0;
  /** Tests that passed with the tag, and did not fail before. */
  readonly #tagged: Flaky[] = [];
  /** How many others there were. */
  #unlistedFlaky = 0;
  #slowest: Slow[] = [];
  /** In nanoseconds: a test must take longer to be among them. */
  #slowestLimit = 0;
  /** How many reasons may be looked for now. */
  #reasons = MAX_REASONS;
  /** The first and the last time in the stream. */
  #first: Timestamp | undefined;
  #last: Timestamp | undefined;

  constructor(forecast: Forecast, listener: Listener, now: number) {
    this.#forecast = forecast;
    this.#listener = listener;
    this.#begun = this.#now = now;
    this.#verdict.arriveAt(now);
  }

  /** Time has passed: what is added arrives now. */
  advance(now: number): void {
    if (now <= this.#now) return;
    const more = (now - this.#now) / 1000 * REASONS_A_SECOND;
    this.#reasons = Math.min(MAX_REASONS, this.#reasons + more);
    this.#now = now;
    this.#verdict.arriveAt(now);
  }

  /** Adds packets. */
  addRows(rows: Rows): void {
    const verdict = this.#verdict, counts = this.#counts;
    const showsEnds = this.#listener.ended !== undefined;
    const forecastsEnds = this.#forecast.wantsEnds;
    this.#noteTimes(rows);
    for (let i = 0; i < rows.count; i++) {
      const code = verdict.addRow(rows, i);
      if (code === 0) {
        if (rows.idAt(i) < 0) this.#listener.other(rows.packet(i));
        else if (rows.isExists(i)) this.#forecast.list(rows, i);
        continue;
      }
      counts[code]++;
      if (forecastsEnds) this.#forecast.end(rows, i);
      const nanoseconds = durationOf(rows, i, verdict);
      if (nanoseconds > this.#slowestLimit) this.#slow(rows, i, nanoseconds);
      if (code === FAIL || code === UXSUCCESS) this.#fail(rows, i);
      else {
        if (code === SUCCESS) this.#pass(rows, i);
        if (showsEnds) this.#listener.ended!(verdict.endedTest(rows, i));
      }
    }
  }

  /** Adds what is not a packet. */
  addOther(item: StreamItem): void {
    if (item.kind === "damage") this.#damage++;
    this.#verdict.add(item);
    this.#listener.other(item);
  }

  /** Copies what is needed later, before the items become invalid. */
  endChunk(): void {
    this.#verdict.endChunk();
  }

  /** Notes the first time, and the last one, which is near the end. */
  #noteTimes(rows: Rows): void {
    const { count } = rows;
    for (let i = 0; this.#first === undefined && i < count; i++) {
      this.#first = this.#timeOf(rows, i);
    }
    for (let i = count - 1; i >= 0 && i >= count - LAST_ROWS; i--) {
      const time = this.#timeOf(rows, i);
      if (time === undefined) continue;
      if (this.#last === undefined || secondsBetween(this.#last, time) > 0) {
        this.#last = time;
      }
      return;
    }
  }

  #timeOf(rows: Rows, i: number): Timestamp | undefined {
    // A record of the run may be of another clock.
    return rows.timeAt(i) < 0 || isRunRecordRow(rows, i)
      ? undefined
      : { seconds: rows.seconds(i), nanoseconds: rows.nanoseconds(i) };
  }

  #slow(rows: Rows, i: number, nanoseconds: number): void {
    const { testId, routeCode } = this.#verdict.endedTest(rows, i);
    const seconds = nanoseconds / 1e9;
    this.#slowest.push({ testId, routeCode, seconds });
    this.#slowest.sort((a, b) => b.seconds - a.seconds);
    if (this.#slowest.length <= SLOWEST) return;
    this.#slowest.length = SLOWEST;
    this.#slowestLimit = this.#slowest[SLOWEST - 1].seconds * 1e9;
  }

  #fail(rows: Rows, i: number): void {
    const isFull = this.#listed.length >= MAX_FAILURES;
    const number = isFull
      ? this.#failing.get(rows, i)
      : this.#failing.add(rows, i);
    if (this.#reasons >= 1) {
      this.#reasons--;
      const failure = failureOf(this.#verdict.endedTest(rows, i));
      this.#listener.failed(failure);
      if (number >= 0) this.#listed[number] = { failure, hasPassed: false };
    } else {
      const test = () => this.#verdict.endedTest(rows, i);
      this.#listener.failedToo(rows.status(i) as Outcome, test);
      const listed = this.#listed[number];
      if (listed !== undefined) listed.hasPassed = false;
      else if (number >= 0) {
        const failure = nameOnly(this.#verdict.endedTest(rows, i));
        this.#listed[number] = { failure, hasPassed: false };
      }
    }
    if (number < 0) this.#unlisted++;
  }

  #pass(rows: Rows, i: number): void {
    if (this.#failing.size > 0) {
      const listed = this.#listed[this.#failing.get(rows, i)];
      if (listed !== undefined) {
        listed.hasPassed = true;
        return;
      }
    }
    if (!this.#hasFlakyTag(rows, i)) return;
    if (this.#tagged.length >= MAX_TAGGED) {
      this.#unlistedFlaky++;
      return;
    }
    const { testId, routeCode } = this.#verdict.endedTest(rows, i);
    this.#tagged.push({ testId, routeCode, hasFailed: false });
  }

  #hasFlakyTag(rows: Rows, i: number): boolean {
    const at = rows.tagsAt(i);
    if (at >= 0 && rows.source[at] > 0) {
      return hasFlaky(rows, at, rows.tagsEnd(i));
    }
    return this.#verdict.endedTags(rows, i).includes(FLAKY_TAG);
  }

  /** Ends the run and returns the lost tests. */
  *end(): Generator<Failure> {
    for (const test of this.#verdict.end()) yield failureOf(test);
  }

  /** The judgement; valid after the end. */
  get verdict(): Verdict {
    return this.#verdict;
  }

  /** The seconds since the beginning. */
  get elapsed(): number {
    return (this.#now - this.#begun) / 1000;
  }

  /** The seconds between the first and the last time in the stream, if any. */
  get span(): number | undefined {
    return this.#first && this.#last &&
      Math.max(0, secondsBetween(this.#first, this.#last));
  }

  /** The counts so far. */
  get summary(): Summary {
    const summary = new Summary();
    for (let code = 1; code < this.#counts.length; code++) {
      if (this.#counts[code] > 0) summary.addCode(code, this.#counts[code]);
    }
    summary.damage = this.#damage;
    return summary;
  }

  /** How many tests have ended. */
  get done(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** How many tests run. */
  get size(): number {
    return this.#verdict.size;
  }

  /** How many tests there are; undefined when nobody knows. */
  get total(): number | undefined {
    return this.#forecast.total(this.done + this.size);
  }

  /** How many seconds are left; undefined when nobody knows. */
  get secondsLeft(): number | undefined {
    const { done, size, elapsed } = this;
    return this.#forecast.secondsLeft(done, done + size, elapsed);
  }

  /** The tests that run, longest first; see {@linkcode Verdict.running}. */
  running(most: number, until?: number, after?: number): RunningTest[] {
    return this.#verdict.running(most, until, after);
  }

  /** How many seconds a test has run. */
  secondsOf({ first }: RunningTest): number {
    return Math.max(0, (this.#now - first) / 1000);
  }

  /** Tests whose last outcome is a failure, once each. */
  get failures(): Failure[] {
    return this.#listed.filter(({ hasPassed }) => !hasPassed)
      .map(({ failure }) => failure);
  }

  /** How many failures belong to tests that are not kept. */
  get unlisted(): number {
    return this.#unlisted;
  }

  /** Tests that passed after they had failed, or with the tag "flaky". */
  get flaky(): Flaky[] {
    const retried = this.#listed.filter(({ hasPassed }) => hasPassed)
      .map(({ failure: { testId, routeCode } }) => ({
        testId,
        routeCode,
        hasFailed: true,
      }));
    return [...retried, ...this.#tagged];
  }

  /** How many tests with the tag are not kept. */
  get unlistedFlaky(): number {
    return this.#unlistedFlaky;
  }

  get slowest(): readonly Slow[] {
    return this.#slowest;
  }
}

const SUCCESS = TEST_STATUSES.indexOf("success") + 1;
const UXSUCCESS = TEST_STATUSES.indexOf("uxsuccess") + 1;
const FAIL = TEST_STATUSES.indexOf("fail") + 1;

/** A failure without its reason, which takes time to find. */
function nameOnly({ testId, routeCode, outcome, seconds }: Test): Failure {
  return {
    testId,
    routeCode,
    outcome,
    seconds,
    headline: undefined,
    lines: [],
  };
}

/**
 * Whether tags include {@linkcode FLAKY_TAG}. Its length is looked for first: each
 * test that passed is asked, and most have other tags.
 */
function hasFlaky({ source, view }: Rows, at: number, end: number): boolean {
  const { length } = FLAKY_TAG;
  // A count or a length that takes more than an octet is rare.
  let next = at + 1;
  if (source[at] > 63) return decodeTags(source, at, end).includes(FLAKY_TAG);
  while (next < end) {
    const bytes = source[next];
    if (bytes > 63) return decodeTags(source, at, end).includes(FLAKY_TAG);
    if (
      bytes === length && view.getUint32(next + 1) === FLAKY_WORD &&
      source[next + length] === FLAKY_END
    ) return true;
    next += 1 + bytes;
  }
  return false;
}
