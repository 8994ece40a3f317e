/**
 * The stack of levels of a TAP document.
 *
 * @module
 */

import type { StatusEvent, TestStatus } from "../event.ts";
import { cutId } from "../text/ids.ts";
import type { Timestamp } from "../timestamp.ts";
import { groupedId, nameOf, numberedId } from "./ids.ts";
import { Level, type Subtest } from "./level.ts";
import { Names } from "./names.ts";
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
  readonly #isNumbered: boolean;
  /** The names in the document's level, and in those of earlier documents. */
  readonly #names: Names | undefined;
  #levels: Level[];
  /** Whether numbers may come in any order, as in TAP 14. */
  isAnyOrder = false;

  /** @param isNumbered whether ids are those of Python's tool */
  constructor(outlet: Outlet, isNumbered: boolean) {
    this.#outlet = outlet;
    this.#isNumbered = isNumbered;
    this.#names = this.#newNames();
    this.#levels = [new Level(0, this.#names)];
  }

  #newNames(): Names | undefined {
    return this.#isNumbered ? undefined : new Names();
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
      const own = indent - left * LEVEL_INDENT;
      this.#levels.push(new Level(own, this.#newNames(), outer));
    }
    this.at(first).parentTestId = subtest?.testId;
  }

  /** Begins the next test of a level, which is a subtest. */
  announce(depth: number, name: string): void {
    const number = this.at(depth).nextNumber;
    const description = name === "" ? "" : `- ${name}`;
    const testId = this.takeId(depth, number, description);
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

  /** Why the subtest in the level was skipped by its plan, if it was. */
  skipReasonBelow(depth: number): string | undefined {
    return depth < this.top ? this.at(depth + 1).skipReason : undefined;
  }

  /** Closes all levels and begins another document. */
  closeDocument(): void {
    this.close(0);
    this.#reportMissing(0);
    this.#levels = [new Level(0, this.#names)];
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
      this.#use(level, subtest.number);
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
    const isNew = this.#use(level, number);
    if (number < 1 || number > planned) {
      misplace(level, result, `no test ${number} is planned`);
    } else if (!isNew) {
      const reason = `test ${number} came before, or was found missing`;
      misplace(level, result, reason);
    }
    const maxGaps = this.isAnyOrder ? MAX_GAPS : 0;
    if (numbers.gaps.length > maxGaps) {
      this.#reportGap(level, numbers.takeGap()!);
    }
  }

  /** Returns false if the number has been used before. */
  #use(level: Level, number: number): boolean {
    const { planned = Infinity } = level;
    if (number <= planned) return level.numbers.add(number);
    level.beyond = Math.max(level.beyond, number);
    return true;
  }

  /** Sets the plan; tests beyond it that have already come are failures. */
  setPlan(depth: number, last: number): void {
    const level = this.at(depth);
    level.isPlanLast = !level.isFresh;
    level.planned = last;
    for (const range of level.numbers.beyond(last)) {
      const [count, rest] = settle(range, level.missing);
      level.missing -= count;
      level.misplaced += sizeOf(rest);
      // Another result of those tests, if they had no names.
      this.#outlet.reportNumbers(level, rest, `the plan is 1..${last}`);
    }
  }

  /** The id of a test, relative to its level. */
  takeId(depth: number, number: number, description: string): string {
    return this.at(depth).takeId(cutId(this.#idOf(number, description)));
  }

  /**
   * Gives the result of a test its id. One that has to be shortened is attached
   * in full.
   *
   * @param group the test's parent if that has no test point of its own
   */
  name(
    depth: number,
    result: TestResult,
    number: number,
    description: string,
    group?: string,
  ): void {
    const own = this.#idOf(number, description);
    const isGrouped = group !== undefined && !this.#isNumbered;
    const id = isGrouped ? groupedId(group, own) : own;
    const short = cutId(id);
    result.testId = this.at(depth).takeId(short);
    if (isGrouped) result.parentTestId = cutId(group);
    if (short !== id) result.addText(id);
  }

  /**
   * What a test is called: by its description, or by its number if it has none;
   * as in Python's tool, by both.
   */
  #idOf(number: number, description: string): string {
    return this.#isNumbered
      ? numberedId(number, description)
      : nameOf(description) || numberedId(number);
  }

  /** Makes the result of a test that ends now. */
  newResult(
    testId: string,
    status: TestStatus,
    started?: Timestamp,
  ): TestResult {
    return new TestResult(testId, status, this.#outlet.time, started);
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
    this.#reportGap(level, { first: numbers.next, last: planned ?? 0 });
  }

  #reportGap(level: Level, { first, last }: NumberRange): void {
    const { planned = last } = level;
    const gap = { first, last: Math.min(last, planned) };
    const [count, rest] = settle(gap, level.misplaced);
    level.misplaced -= count;
    level.missing += sizeOf(rest);
    this.#outlet.reportNumbers(level, rest, MISSING, (id) => level.takeId(id));
  }
}

/**
 * Fails a test because of its number, unless a test that was reported as
 * missing stands for it: one mistake is one failure.
 */
function misplace(level: Level, result: TestResult, reason: string): void {
  if (level.missing > 0) {
    level.missing--;
    result.note(reason);
  } else {
    level.misplaced++;
    result.fail(reason);
  }
}

function sizeOf({ first, last }: NumberRange): number {
  return Math.max(0, last - first + 1);
}

/** Takes up to `count` numbers off a range: how many, and the rest. */
function settle(range: NumberRange, count: number): [number, NumberRange] {
  const taken = Math.min(count, sizeOf(range));
  return [taken, { ...range, first: range.first + taken }];
}
