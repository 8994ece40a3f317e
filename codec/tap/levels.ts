/**
 * The levels of a TAP document, and the way of events out of them.
 *
 * @module
 */

import type { StatusEvent, TestStatus } from "../event.ts";
import type { Timestamp } from "../timestamp.ts";
import { cutId } from "../text/ids.ts";
import { childEvent, numberedId } from "./ids.ts";
import { type NumberRange, TestNumbers } from "./numbers.ts";
import { META, TestResult } from "./test_result.ts";

/** How many blanks a level is indented by. */
export const LEVEL_INDENT = 4;

/**
 * How many numbers are reported one by one. The others are reported as ranges,
 * lest a plan of "1..999999999" become a thousand million failures.
 */
const MAX_REPORTED_NUMBERS = 10_000;
/** How many gaps may wait to be filled where numbers come in any order. */
const MAX_GAPS = 1000;
/** How much of bare subtests is held while their parents are not known. */
const MAX_HELD_BYTES = 16 * 1024 * 1024;
/** What an event costs besides its attachment, roughly. */
const EVENT_BYTES = 256;

/** Python's words and its MIME type. */
const MISSING = "test missing from TAP output";
const REPORT_TYPE = "text/plain; charset=UTF8";

const encoder = new TextEncoder();

/** A subtest that has begun, and whose result is to come. */
export interface Subtest {
  readonly testId: string;
  readonly number: number;
  readonly name: string;
  /** When its `inprogress` event was handed out, if there is a clock. */
  readonly started: Timestamp | undefined;
  /** Its result, if it is a buffered one: that came first. */
  readonly result?: TestResult;
}

/** The document, or a subtest in it. */
export class Level {
  readonly indent: number;
  /** Undefined for the document, and for a subtest as long as it is bare. */
  parentTestId: string | undefined;
  /** The number of the last test, once there is a plan. */
  planned: number | undefined;
  readonly numbers = new TestNumbers();
  /** The subtest that was announced in this level. */
  subtest: Subtest | undefined;
  /** The events that wait for the parent's id. */
  held: StatusEvent[] = [];

  constructor(indent: number) {
    this.indent = indent;
  }

  /** Whether neither a plan nor a test has come. */
  get isFresh(): boolean {
    return this.planned === undefined && this.numbers.next === 1 &&
      this.subtest === undefined;
  }
}

/**
 * The document, the subtest that is read in it, the one in that, and so on. A
 * level is called by its depth; the document's is 0.
 *
 * Ids are given as in their own level. Those of the parents are put in front
 * on the way out; events that wait for a parent's id are held.
 */
export class Levels {
  readonly #emitEvent: (event: StatusEvent) => void;
  #levels = [new Level(0)];
  #heldBytes = 0;
  #reportedNumbers = 0;

  /** The present, if there is a clock. */
  time: Timestamp | undefined;
  /** Whether numbers may come in any order, as in TAP 14. */
  isAnyOrder = false;

  constructor(emitEvent: (event: StatusEvent) => void) {
    this.#emitEvent = emitEvent;
  }

  /** The depth of the innermost level. */
  get top(): number {
    return this.#levels.length - 1;
  }

  at(depth: number): Level {
    return this.#levels[depth];
  }

  /** The depth of the level with this indentation. */
  depthOf(indent: number): number | undefined {
    const depth = this.#levels.findIndex((level) => level.indent === indent);
    return depth < 0 ? undefined : depth;
  }

  /** Says whether a subtest of the level has begun and its result not come. */
  hasOpenSubtest(depth: number): boolean {
    return depth < this.top || this.at(depth).subtest !== undefined;
  }

  /**
   * Opens `count` levels, the innermost indented by `indent`. The outermost is
   * the announced subtest's, if there is one; the others are bare.
   */
  open(indent: number, count: number): void {
    const { subtest } = this.at(this.top);
    const first = this.top + 1;
    for (let left = count - 1; left >= 0; left--) {
      this.#levels.push(new Level(indent - left * LEVEL_INDENT));
    }
    this.at(first).parentTestId = subtest?.testId;
  }

  /** Says that the next test of a level has begun, a subtest. */
  announce(depth: number, name: string): void {
    const number = this.at(depth).numbers.next;
    const description = name === "" ? "" : `- ${name}`;
    const testId = cutId(numberedId(number, description));
    this.begin(depth, { testId, number, name, started: this.time });
  }

  /** Says that a subtest has begun. */
  begin(depth: number, subtest: Subtest): void {
    this.at(depth).subtest = subtest;
    this.emit(depth, this.#event(subtest.testId, "inprogress"));
  }

  /** Announces the parent of a bare subtest, which is bare no more. */
  announceParent(depth: number, name: string): void {
    this.announce(depth - 1, name);
    this.#setParent(depth, this.at(depth - 1).subtest!.testId);
  }

  /**
   * Closes the levels below `depth`. When the first of them is bare, `testId`
   * is its parent's; without one it gets a parent that has but a number.
   */
  close(depth: number, testId?: string): void {
    for (let last; (last = this.top) > depth;) {
      this.#reportMissing(last);
      if (this.at(last).parentTestId === undefined) {
        if (last === depth + 1 && testId !== undefined) {
          this.#setParent(last, testId);
        } else {
          this.announceParent(last, "");
        }
      }
      this.#levels.pop();
    }
  }

  /** Closes all levels and begins another document. */
  closeDocument(): void {
    this.close(0);
    this.#reportMissing(0);
    this.#levels = [new Level(0)];
  }

  /** Makes a failure of the level's subtest, whose result does not come. */
  abandon(depth: number): void {
    const level = this.at(depth);
    const { subtest } = level;
    if (subtest === undefined) return;
    this.close(depth);
    level.subtest = undefined;
    const result = subtest.result ??
      this.newResult(subtest.testId, "fail", subtest.started);
    if (subtest.result === undefined) {
      level.numbers.add(subtest.number);
      result.fail("subtest lacks its test point");
    } else {
      result.fail('subtest lacks its "}"');
    }
    this.end(depth, result);
  }

  /** Takes in the number of a test, which fails if that is out of place. */
  addNumber(depth: number, number: number, result: TestResult): void {
    const { numbers, planned = Infinity } = this.at(depth);
    const isNew = numbers.add(number);
    if (number < 1 || number > planned) {
      result.fail(`no test ${number} is planned`);
    } else if (!isNew) {
      result.fail(`test ${number} came before, or was found missing`);
    }
    const maxGaps = this.isAnyOrder ? MAX_GAPS : 0;
    if (numbers.gaps.length > maxGaps) {
      this.#reportGap(depth, numbers.takeGap()!);
    }
  }

  /** Takes in the plan; tests beyond it that have come are failures. */
  setPlan(depth: number, last: number): void {
    const level = this.at(depth);
    level.planned = last;
    for (const range of level.numbers.beyond(last)) {
      this.#reportNumbers(depth, range, `the plan is 1..${last}`);
    }
  }

  /** A test that ends now; an id that must be cut is attached to it whole. */
  newResult(
    testId: string,
    status: TestStatus,
    started?: Timestamp,
  ): TestResult {
    const result = new TestResult(cutId(testId), status, this.time, started);
    if (result.testId !== testId) result.addText(testId);
    return result;
  }

  /** Hands the events out that end a test. */
  end(depth: number, result: TestResult): void {
    for (const event of result.end()) this.emit(depth, event);
  }

  /** Reports a failure that is in no line. */
  report(depth: number, testId: string, reason: string): void {
    this.emit(depth, {
      ...this.#event(testId, "fail"),
      fileName: META,
      fileBytes: encoder.encode(reason),
      mimeType: REPORT_TYPE,
      eof: true,
    });
  }

  /** Hands an event out, or holds it while a parent's id is not known. */
  emit(depth: number, event: StatusEvent): void {
    for (let at = depth; at > 0; at--) {
      const { parentTestId, held } = this.at(at);
      if (parentTestId === undefined) {
        held.push(event);
        this.#heldBytes += cost(event);
        return;
      }
      event = childEvent(event, parentTestId);
    }
    this.#emitEvent(event);
  }

  /** Lets events go that are too much to hold. */
  boundHeld(): void {
    if (this.#heldBytes <= MAX_HELD_BYTES) return;
    for (let depth = 1; depth <= this.top; depth++) {
      if (this.at(depth).parentTestId === undefined) {
        this.announceParent(depth, "");
      }
    }
  }

  #setParent(depth: number, testId: string): void {
    const level = this.at(depth);
    level.parentTestId = testId;
    for (const event of level.held) {
      this.#heldBytes -= cost(event);
      this.emit(depth, event);
    }
    level.held = [];
  }

  #reportMissing(depth: number): void {
    this.abandon(depth);
    const { numbers, planned } = this.at(depth);
    for (const gap of numbers.gaps) this.#reportGap(depth, gap);
    const rest = { first: numbers.next, last: planned ?? 0 };
    this.#reportNumbers(depth, rest, MISSING);
  }

  #reportGap(depth: number, { first, last }: NumberRange): void {
    const { planned = last } = this.at(depth);
    const range = { first, last: Math.min(last, planned) };
    this.#reportNumbers(depth, range, MISSING);
  }

  #reportNumbers(
    depth: number,
    { first, last }: NumberRange,
    reason: string,
  ): void {
    let number = first;
    for (; number <= last; number++) {
      if (this.#reportedNumbers === MAX_REPORTED_NUMBERS) break;
      this.#reportedNumbers++;
      this.report(depth, numberedId(number), reason);
    }
    if (number <= last) {
      this.report(depth, `tests ${number} to ${last}`, reason);
    }
  }

  #event(testId: string, status: TestStatus): StatusEvent {
    const timestamp = this.time;
    return { testId, status, runnable: false, ...(timestamp && { timestamp }) };
  }
}

function cost({ fileBytes }: StatusEvent): number {
  return EVENT_BYTES + (fileBytes?.length ?? 0);
}
