/**
 * A level of a TAP document: the document itself, or a subtest in it.
 *
 * @module
 */

import type { StatusEvent } from "../event.ts";
import type { Timestamp } from "../timestamp.ts";
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
  readonly numbers = new TestNumbers();
  /** The subtest that was announced in this level. */
  subtest: Subtest | undefined;
  /** Events that wait for the parent's id. */
  held: StatusEvent[] = [];

  constructor(indent: number, outer?: Level) {
    this.indent = indent;
    this.outer = outer;
  }

  /** Whether the level has neither a plan nor a test yet. */
  get isFresh(): boolean {
    return this.planned === undefined && this.numbers.next === 1 &&
      this.subtest === undefined;
  }
}
