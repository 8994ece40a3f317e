/**
 * A level of a TAP document: the document itself, or a subtest in it.
 *
 * @module
 */

import type { StatusEvent } from "../event.ts";
import type { Timestamp } from "../timestamp.ts";
import type { Names } from "./names.ts";
import { TestNumbers } from "./numbers.ts";
import type { TestResult } from "./test_result.ts";

/** A subtest that has begun and has no result yet. */
export interface Subtest {
  readonly testId: string;
  readonly number: number;
  readonly name: string;
  /** When its `inprogress` event was emitted, if there is a clock. */
  readonly started: Timestamp | undefined;
  /** Its result, if it is a buffered subtest: that comes first. */
  readonly result?: TestResult;
}

/** The document, or a subtest in it. */
export class Level {
  readonly indent: number;
  /** The enclosing level; undefined for the document. */
  readonly outer: Level | undefined;
  /**
   * Undefined for the document, and for a subtest while its parent is unknown.
   */
  parentTestId: string | undefined;
  /** The number of the last test, once there is a plan. */
  planned: number | undefined;
  /** Whether the plan came after a test. */
  isPlanLast = false;
  /** Why everything in the level was skipped, if it was; may be empty. */
  skipReason: string | undefined;
  /** The numbers of tests in the plan. */
  numbers: TestNumbers = new TestNumbers();
  /** Whether a test point had a number. */
  isNumbered = false;
  /** The highest number beyond the plan, of those that come after it. */
  beyond = 0;
  /**
   * Test points that failed because of their numbers, each of which stands for
   * a missing test that is not reported.
   */
  misplaced = 0;
  /** Tests reported as missing, each of which excuses a misplaced point. */
  missing = 0;
  /** The subtest that was announced in this level. */
  subtest: Subtest | undefined;
  /** Events that wait for the parent's id. */
  held: StatusEvent[] = [];

  readonly #names: Names | undefined;

  /** @param names keeps the ids apart; without it they may repeat */
  constructor(indent: number, names: Names | undefined, outer?: Level) {
    this.indent = indent;
    this.#names = names;
    this.outer = outer;
  }

  /** The number of the next test if it has none. */
  get nextNumber(): number {
    return Math.max(this.numbers.next, this.beyond + 1);
  }

  /** Whether every planned test has come. */
  get isComplete(): boolean {
    const { planned, numbers, missing } = this;
    return planned !== undefined && numbers.next > planned &&
      numbers.gaps.length === 0 && missing === 0;
  }

  /** Returns the id, with a number behind it if it has been taken. */
  takeId(id: string): string {
    return this.#names === undefined ? id : this.#names.take(id);
  }

  /** Begins another document, with the subtest that has been announced. */
  restart(): void {
    this.planned = undefined;
    this.isPlanLast = false;
    this.numbers = new TestNumbers();
    this.isNumbered = false;
    this.beyond = this.misplaced = this.missing = 0;
    this.subtest &&= { ...this.subtest, number: 1 };
  }

  /** Whether the level has neither a plan nor a test yet. */
  get isFresh(): boolean {
    return this.planned === undefined && this.numbers.next === 1 &&
      this.subtest === undefined;
  }
}
