/**
 * The stack of levels of a TAP document.
 *
 * @module
 */

import type { StatusEvent, TestStatus } from "../event.ts";
import { cutId } from "../text/ids.ts";
import type { Timestamp } from "../timestamp.ts";
import { numberedId } from "./ids.ts";
import { Level, type Subtest } from "./level.ts";
import type { NumberRange } from "./numbers.ts";
import type { Outlet } from "./outlet.ts";
import { TestResult } from "./test_result.ts";

/** How many blanks each level is indented by. */
export const LEVEL_INDENT = 4;

/** How many gaps may wait to be filled if numbers come in any order. */
const MAX_GAPS = 1000;
/** The words of Python's tool. */
const MISSING = "test missing from TAP output";

/**
 * The document, the current subtest in it, the one in that, and so on. Levels
 * are addressed by depth, the document's being 0.
 *
 * Ids are given relative to their own level. A level whose parent is unknown is
 * bare.
 */
export class Levels {
  readonly #outlet: Outlet;
  #levels = [new Level(0)];
  /** Whether numbers may come in any order, as in TAP 14. */
  isAnyOrder = false;

  constructor(outlet: Outlet) {
    this.#outlet = outlet;
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

  /** Returns whether a subtest of the level has begun and has no result yet. */
  hasOpenSubtest(depth: number): boolean {
    return depth < this.top || this.at(depth).subtest !== undefined;
  }

  /**
   * Opens `count` levels, the innermost indented by `indent`. The outermost
   * belongs to the announced subtest, if there is one; the others are bare.
   */
  open(indent: number, count: number): void {
    const { subtest } = this.at(this.top);
    const first = this.top + 1;
    for (let left = count - 1; left >= 0; left--) {
      const outer = this.#levels.at(-1);
      this.#levels.push(new Level(indent - left * LEVEL_INDENT, outer));
    }
    this.at(first).parentTestId = subtest?.testId;
  }

  /** Begins the next test of a level, which is a subtest. */
  announce(depth: number, name: string): void {
    const number = this.at(depth).numbers.next;
    const description = name === "" ? "" : `- ${name}`;
    const testId = cutId(numberedId(number, description));
    this.begin(depth, { testId, number, name, started: this.#outlet.time });
  }

  /** Begins a subtest. */
  begin(depth: number, subtest: Subtest): void {
    this.at(depth).subtest = subtest;
    this.#outlet.emitStatus(this.at(depth), subtest.testId, "inprogress");
  }

  /** Announces the parent of a bare subtest, which is then no longer bare. */
  announceParent(depth: number, name: string): void {
    this.announce(depth - 1, name);
    const { testId } = this.at(depth - 1).subtest!;
    this.#outlet.setParent(this.at(depth), testId);
  }

  /**
   * Closes the levels below `depth`. If the first of them is bare, `testId` is
   * its parent; without it, the parent has only a number.
   */
  close(depth: number, testId?: string): void {
    for (let last; (last = this.top) > depth;) {
      this.#reportMissing(last);
      if (this.at(last).parentTestId === undefined) {
        if (last === depth + 1 && testId !== undefined) {
          this.#outlet.setParent(this.at(last), testId);
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

  /** Fails the level's subtest, because it has no result. */
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

  /** Adds the number of a test, which fails if its number is out of place. */
  addNumber(depth: number, number: number, result: TestResult): void {
    const level = this.at(depth);
    const { numbers, planned = Infinity } = level;
    const isNew = numbers.add(number);
    if (number < 1 || number > planned) {
      result.fail(`no test ${number} is planned`);
    } else if (!isNew) {
      result.fail(`test ${number} came before, or was found missing`);
    }
    const maxGaps = this.isAnyOrder ? MAX_GAPS : 0;
    if (numbers.gaps.length > maxGaps) {
      this.#reportGap(level, numbers.takeGap()!);
    }
  }

  /** Sets the plan; tests beyond it that have already come are failures. */
  setPlan(depth: number, last: number): void {
    const level = this.at(depth);
    level.planned = last;
    for (const range of level.numbers.beyond(last)) {
      this.#outlet.reportNumbers(level, range, `the plan is 1..${last}`);
    }
  }

  /**
   * Makes the result of a test that ends now. An id that has to be shortened is
   * attached in full.
   */
  newResult(
    testId: string,
    status: TestStatus,
    started?: Timestamp,
  ): TestResult {
    const result = new TestResult(
      cutId(testId),
      status,
      this.#outlet.time,
      started,
    );
    if (result.testId !== testId) result.addText(testId);
    return result;
  }

  /** Emits the events that end a test. */
  end(depth: number, result: TestResult): void {
    for (const event of result.end()) this.emit(depth, event);
  }

  /** Reports a failure that no line contains. */
  report(depth: number, testId: string, reason: string): void {
    this.#outlet.report(this.at(depth), testId, reason);
  }

  /** Emits an event, or holds it while a parent's id is unknown. */
  emit(depth: number, event: StatusEvent): void {
    this.#outlet.emit(this.at(depth), event);
  }

  /** Releases held events if they are too many. */
  releaseHeld(): void {
    if (!this.#outlet.isFull) return;
    for (let depth = 1; depth <= this.top; depth++) {
      if (this.at(depth).parentTestId === undefined) {
        this.announceParent(depth, "");
      }
    }
  }

  #reportMissing(depth: number): void {
    this.abandon(depth);
    const level = this.at(depth);
    const { numbers, planned } = level;
    for (const gap of numbers.gaps) this.#reportGap(level, gap);
    const rest = { first: numbers.next, last: planned ?? 0 };
    this.#outlet.reportNumbers(level, rest, MISSING);
  }

  #reportGap(level: Level, { first, last }: NumberRange): void {
    const { planned = last } = level;
    const range = { first, last: Math.min(last, planned) };
    this.#outlet.reportNumbers(level, range, MISSING);
  }
}
