/**
 * Emits the events of a TAP document.
 *
 * @module
 */

import type { StatusEvent, TestStatus } from "../event.ts";
import type { Timestamp } from "../timestamp.ts";
import { childEvent, numberedId } from "./ids.ts";
import type { Level } from "./level.ts";
import type { NumberRange } from "./numbers.ts";
import { META } from "./test_result.ts";

/**
 * How many numbers are reported one by one. The rest are reported as ranges, so
 * that a plan of "1..999999999" does not become a billion failures.
 */
const MAX_REPORTED_NUMBERS = 10_000;
/** How much of bare subtests is held while their parents are unknown. */
const MAX_HELD_BYTES = 16 * 1024 * 1024;
/** The approximate size of an event without its attachment. */
const EVENT_BYTES = 256;

/** The MIME type of Python's tool. */
const REPORT_TYPE = "text/plain; charset=UTF8";

const encoder = new TextEncoder();

/**
 * Emits events. Ids are given relative to their own level; those of the parents
 * are put before them, and events are held while a parent's id is unknown.
 */
export class Outlet {
  readonly #emitEvent: (event: StatusEvent) => void;
  #heldBytes = 0;
  #reportedNumbers = 0;

  /** The current time, if there is a clock. */
  time: Timestamp | undefined;

  constructor(emitEvent: (event: StatusEvent) => void) {
    this.#emitEvent = emitEvent;
  }

  /** Whether too much is held. */
  get isFull(): boolean {
    return this.#heldBytes > MAX_HELD_BYTES;
  }

  /** Emits an event, or holds it while a parent's id is unknown. */
  emit(from: Level, event: StatusEvent): void {
    for (let level = from; level.outer !== undefined; level = level.outer) {
      const { parentTestId, held } = level;
      if (parentTestId === undefined) {
        held.push(event);
        this.#heldBytes += cost(event);
        return;
      }
      event = childEvent(event, parentTestId);
    }
    this.#emitEvent(event);
  }

  /** Emits an event with only a status. */
  emitStatus(level: Level, testId: string, status: TestStatus): void {
    this.emit(level, this.#event(testId, status));
  }

  /**
   * Sets the parent's id of a bare level and emits the events that wait for it.
   */
  setParent(level: Level, testId: string): void {
    level.parentTestId = testId;
    for (const event of level.held) {
      this.#heldBytes -= cost(event);
      this.emit(level, event);
    }
    level.held = [];
  }

  /** Reports a failure that no line contains. */
  report(level: Level, testId: string, reason: string): void {
    this.emit(level, {
      ...this.#event(testId, "fail"),
      fileName: META,
      fileBytes: encoder.encode(reason),
      mimeType: REPORT_TYPE,
      eof: true,
    });
  }

  /**
   * Reports a failure for each number in a range, up to a limit, then one for
   * the rest.
   *
   * @param idOf makes the id of a test out of "test N"
   */
  reportNumbers(
    level: Level,
    { first, last }: NumberRange,
    reason: string,
    idOf: (id: string) => string = (id) => id,
  ): void {
    let number = first;
    for (; number <= last; number++) {
      if (this.#reportedNumbers === MAX_REPORTED_NUMBERS) break;
      this.#reportedNumbers++;
      this.report(level, idOf(numberedId(number)), reason);
    }
    if (number <= last) {
      this.report(level, idOf(`tests ${number} to ${last}`), reason);
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
