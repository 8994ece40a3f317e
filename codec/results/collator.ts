/**
 * Folds events into tests.
 *
 * @module
 */

import {
  checkStatus,
  isFailureStatus,
  isFinalStatus,
  type StatusEvent,
  type TestStatus,
} from "../event.ts";
import { secondsBetween, type Timestamp } from "../timestamp.ts";
import type { Rows } from "../v2/rows.ts";
import { type Beginning, OpenTests } from "./open_tests.ts";
import { FileRows } from "./file_rows.ts";
import { type Attachment, FileKeeper, TestFiles } from "./test_files.ts";
import type { TestKey, TestKeyBytes } from "./test_numbers.ts";
import { EventKey, type KeyedEvent } from "./test_table.ts";

/**
 * The outcome of a test: its final status, or "lost" when it started and never
 * ended.
 */
export type Outcome = Exclude<TestStatus, "exists" | "inprogress"> | "lost";

/** Every {@linkcode Outcome}. */
export const OUTCOMES: readonly Outcome[] = [
  "success",
  "uxsuccess",
  "skip",
  "fail",
  "xfail",
  "lost",
];

/** Returns whether a test with this outcome makes the run fail. */
export function isFailure(outcome: Outcome): boolean {
  return outcome === "lost" || isFailureStatus(outcome);
}

/** A test that has ended, or never will. */
export class Test {
  readonly outcome: Outcome;
  readonly #last: StatusEvent | undefined;
  readonly #beginning: Beginning | undefined;
  readonly #key: TestKey | undefined;

  /** @internal */
  constructor(
    outcome: Outcome,
    last: StatusEvent | undefined,
    beginning: Beginning | undefined,
    key?: TestKey,
  ) {
    this.outcome = outcome;
    this.#last = last;
    this.#beginning = beginning;
    this.#key = key;
  }

  get testId(): string {
    return this.#last === undefined ? this.#key!.testId : this.#last.testId!;
  }

  get routeCode(): string | undefined {
    return this.#last === undefined
      ? this.#key!.routeCode
      : this.#last.routeCode;
  }

  /**
   * The event that ended the test, as it was added; undefined for a lost test.
   */
  get last(): StatusEvent | undefined {
    return this.#last;
  }

  get runnable(): boolean {
    return (this.#last ?? this.#beginning!).runnable;
  }

  /** The last tags given; events without tags do not remove them. */
  get tags(): readonly string[] {
    const tags = this.#last?.tags;
    return tags !== undefined && tags.length > 0
      ? tags
      : this.#beginning?.tags ?? [];
  }

  get parentTestId(): string | undefined {
    return this.#last?.parentTestId ?? this.#beginning?.parentTestId;
  }

  /** The time of the first event that had one, the last event excluded. */
  get started(): Timestamp | undefined {
    return this.#beginning?.started;
  }

  /** The time of the last event. */
  get ended(): Timestamp | undefined {
    return this.#last?.timestamp;
  }

  /** Its duration in seconds, if both times are known. */
  get seconds(): number | undefined {
    const { started, ended } = this;
    return started && ended && secondsBetween(started, ended);
  }

  /**
   * Its files, in the order in which they began; see {@linkcode TestCollator}.
   */
  get attachments(): Attachment[] {
    return this.#beginning?.files?.attachments() ?? [];
  }
}

/** A test in progress, as a reader that looks on knows it. */
export interface RunningTest {
  readonly testId: string;
  readonly routeCode: string | undefined;
  /** When its first event arrived, in milliseconds of the reader's clock. */
  readonly first: number;
  /** When its last event arrived. */
  readonly last: number;
  /** Copies of its files so far; of long ones both ends. */
  files(): Attachment[];
}

const NO_TAGS: readonly string[] = [];

/**
 * Folds events into tests, keyed by route code and test id.
 *
 * Events may come from packets, from JSON or CBOR, or from anywhere else, and
 * those of one test from several sources. Events that no packet can hold,
 * because an id is too long or a time out of range, are accepted too.
 *
 * `exists` means that a test was not run, so it is not part of a test. Events
 * that follow a test's last event are a new test with the same id, as in
 * testtools.
 *
 * @example
 * ```ts
 * import { eventFromJson, TestCollator } from "@subunit/codec";
 *
 * const lines = [
 *   '{"test_id":"a","test_status":"inprogress","timestamp":"2026-01-31T12:00:00Z"}',
 *   '{"test_id":"b","test_status":"inprogress"}',
 *   '{"test_id":"a","test_status":"fail","timestamp":"2026-01-31T12:00:02.5Z"}',
 * ];
 * const collator = new TestCollator();
 * for (const line of lines) {
 *   const test = collator.add(eventFromJson(line));
 *   if (test) console.log(test.testId, test.outcome, test.seconds); // a fail 2.5
 * }
 * for (const test of collator.end()) console.log(test.testId, test.outcome); // b lost
 * ```
 * @example A CBOR sequence, and a packet
 * ```ts
 * import { decodePacket, encodePacket, TestCollator } from "@subunit/codec";
 * import { CborDecoder, eventFromCbor, eventToCbor } from "@subunit/codec/cbor";
 *
 * const started = { testId: "a", status: "inprogress", runnable: true } as const;
 * const ended = { testId: "a", status: "success", runnable: true } as const;
 *
 * const collator = new TestCollator();
 * collator.add(decodePacket(encodePacket(started)));
 * new CborDecoder().push(eventToCbor(ended), (item) => {
 *   console.log(collator.add(eventFromCbor(item))?.outcome); // success
 * });
 * ```
 */
export class TestCollator {
  readonly #open = new OpenTests();
  readonly #eventKey = new EventKey();
  /** Undefined when files are not kept. */
  readonly #files: FileKeeper | undefined;
  /** Rows whose files are not kept yet: most tests end without being asked. */
  readonly #fileRows = new FileRows();
  /** The number of the test that ended last; -1 when it had not started. */
  #ended = -1;

  /**
   * @param options.attachments whether to keep the files of tests in progress:
   * the bytes of their events, until {@linkcode TestCollator.own} is called;
   * otherwise {@linkcode Test.attachments} is empty. With `endBytes`, no more than
   * so many bytes are kept of each end of a file, in memory of its own
   * @param options.borrows whether the bytes of events may change; with false
   * {@linkcode TestCollator.own} is not needed and does nothing
   */
  constructor({ attachments = false, borrows = true }: {
    attachments?: boolean | { readonly endBytes: number };
    borrows?: boolean;
  } = {}) {
    if (attachments === false) return;
    const endBytes = attachments === true ? Infinity : attachments.endBytes;
    this.#files = new FileKeeper(endBytes, borrows);
  }

  /** How many tests are in progress. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Adds an event. Returns the test that it ends, if any: a view of the event.
   *
   * Packets are the fast form of events: their ids are compared as bytes and
   * never decoded.
   *
   * @throws {TypeError} when the status is unknown, as it may be from JavaScript
   */
  add(event: KeyedEvent): Test | undefined {
    const { status } = event;
    let key = event.testKey;
    if (key === undefined) {
      // An unknown one would end the test, and would be no failure.
      checkStatus("collate event", status);
      key = this.#eventKey.of(event);
    }
    if (key.idAt < 0) return undefined;
    if (status === "exists") return undefined;
    const open = this.#open;
    const isFinal = isFinalStatus(status);
    const keepsFile = this.#files !== undefined && event.fileName !== undefined;
    this.#forgetEnded();
    if (!isFinal || keepsFile) {
      const test = open.add(key, event.runnable);
      if (!isFinal) open.note(test, event);
      if (keepsFile) {
        this.#readRows(test);
        this.#keep(test, event);
      }
    }
    if (!isFinal) return undefined;
    this.#end(open.delete(key));
    return this.#endedTest(status as Outcome, event);
  }

  /**
   * Adds the packet of a row, without making an object. Returns the code of the
   * status that ends a test; 0 when none ends. {@linkcode endedTest} makes that
   * test.
   *
   * The oracle in the tests is {@linkcode add}.
   *
   * @internal
   */
  addRow(rows: Rows, i: number): number {
    if (rows.isExists(i) || rows.idAt(i) < 0) return 0;
    const open = this.#open;
    const isFinal = rows.isFinal(i);
    const keepsFile = this.#files !== undefined && rows.fileAt(i) >= 0;
    this.#forgetEnded();
    if (!isFinal || keepsFile) {
      const test = open.addRow(rows, i);
      if (!isFinal) open.noteRow(test, rows, i);
      if (keepsFile) this.#keepRow(test, rows, i);
    }
    if (!isFinal) return 0;
    this.#end(open.deleteRow(rows, i));
    return rows.statusCode(i);
  }

  /**
   * The test that a row ended, right after {@linkcode addRow} has returned its
   * code.
   *
   * @internal
   */
  endedTest(rows: Rows, i: number): Test {
    return this.#endedTest(rows.status(i) as Outcome, rows.packet(i));
  }

  /**
   * The tags of that test: see {@linkcode Test.tags}.
   *
   * @internal
   */
  endedTags(rows: Rows, i: number): readonly string[] {
    const tags = rows.tags(i);
    if (tags !== undefined && tags.length > 0) return tags;
    if (this.#ended < 0) return NO_TAGS;
    return this.#open.extras(this.#ended)?.tags ?? NO_TAGS;
  }

  /**
   * The seconds of the time at which the test that ended last had started; NaN
   * when it is unknown.
   *
   * @internal
   */
  get startSeconds(): number {
    return this.#ended < 0 ? NaN : this.#open.startSeconds(this.#ended);
  }

  /**
   * The nanoseconds of that time.
   *
   * @internal
   */
  get startNanoseconds(): number {
    return this.#ended < 0 ? NaN : this.#open.startNanoseconds(this.#ended);
  }

  /**
   * Whether earlier events of the test that ended last had tags, a parent or
   * files.
   *
   * @internal
   */
  get hasExtras(): boolean {
    return this.#ended >= 0 &&
      (this.#open.extras(this.#ended) !== undefined ||
        this.#fileRows.has(this.#ended));
  }

  /**
   * What is known of the test with this key; undefined if it is not in progress.
   *
   * @internal
   */
  inProgress(key: TestKeyBytes): Beginning | undefined {
    this.#readAllRows();
    return this.#open.get(key);
  }

  /**
   * Copies the files of tests in progress, before the bytes of their events
   * change, and discards those of tests that have ended. Most tests have ended
   * by then, so that their files are never copied. Call this before a decoder
   * gets its next chunk, or make the collator with `borrows: false` and add
   * events that own their bytes.
   */
  own(): void {
    this.#readAllRows();
    this.#files?.own();
  }

  /**
   * Ends the input and returns the lost tests, in the order in which they
   * started.
   */
  end(): Test[] {
    return [...this.lost()];
  }

  /**
   * The same tests one by one: there may be many. Nothing may be added any more.
   *
   * @internal
   */
  *lost(): Generator<Test> {
    this.#readAllRows();
    for (const [key, beginning] of this.#open.entries()) {
      yield new Test("lost", undefined, beginning, key);
    }
  }

  /**
   * Events that are added from here on arrive at this time, in milliseconds of
   * any clock.
   *
   * @internal
   */
  arriveAt(milliseconds: number): void {
    this.#open.arriveAt(milliseconds);
  }

  /**
   * Up to `most` of the tests in progress, in the order in which they started:
   * those whose last event arrived at `until` or earlier, and later than `after`.
   *
   * @internal
   */
  running(most: number, until?: number, after?: number): RunningTest[] {
    this.#readAllRows();
    return this.#open.oldest(most, until, after).map((test) => {
      const [first, last] = this.#open.arrivals(test);
      const files = this.#open.extras(test)?.files;
      return {
        ...this.#open.key(test),
        first,
        last,
        files: () => files?.soFar() ?? [],
      };
    });
  }

  #keep(test: number, event: StatusEvent): void {
    const extras = this.#open.extrasOf(test);
    this.#files!.add(extras.files ??= new TestFiles(), event);
  }

  /** The same for a row, which is read only when the test is asked for. */
  #keepRow(test: number, rows: Rows, i: number): void {
    if (!this.#fileRows.accepts(rows)) this.#readAllRows();
    this.#fileRows.add(test, rows, i);
  }

  /** Keeps the files of a test's rows. */
  #readRows(test: number): void {
    if (!this.#fileRows.has(test)) return;
    for (const packet of this.#fileRows.take(test)) this.#keep(test, packet);
  }

  /** Keeps the files of all rows of tests in progress. */
  #readAllRows(): void {
    this.#forgetEnded();
    if (this.#fileRows.isEmpty) return;
    for (const test of this.#fileRows.tests()) this.#readRows(test);
    this.#fileRows.clear();
  }

  /** The test that ended last can no longer be asked for. */
  #forgetEnded(): void {
    if (this.#ended >= 0) this.#fileRows.forget(this.#ended);
    this.#ended = -1;
  }

  #end(test: number): void {
    this.#ended = test;
    if (this.#files === undefined || test < 0) return;
    const files = this.#open.extras(test)?.files;
    if (files !== undefined) this.#files.end(files);
  }

  #endedTest(outcome: Outcome, last: StatusEvent): Test {
    const test = this.#ended;
    if (test >= 0 && this.#fileRows.has(test)) {
      this.#readRows(test);
      this.#end(test);
    }
    const beginning = test < 0 ? undefined : this.#open.beginning(test);
    return new Test(outcome, last, beginning);
  }
}
