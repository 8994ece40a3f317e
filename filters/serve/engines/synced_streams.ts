/**
 * Two pipes of one process, read in the order in which it wrote to them.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { isFinalStatus, type StatusEvent } from "@subunit/codec";

/** Where what was read goes. */
interface Sinks {
  event(event: StatusEvent): void;
  errors(bytes: Uint8Array): void;
}

/** The bytes between the pipes' common points. */
function syncMark(secret: string): Uint8Array {
  return new TextEncoder().encode(`\0${secret}\n`);
}

/**
 * Whether a generation writes a mark to its standard error before an event: it
 * does where a test begins and where it ends.
 */
function isSyncPoint({ status, runnable, parentTestId }: StatusEvent): boolean {
  return runnable && parentTestId === undefined &&
    (status === "inprogress" || isFinalStatus(status));
}

/**
 * Puts the standard error of a generation between its events: what a test has
 * written comes between its beginning and its end.
 */
export class SyncedStreams {
  readonly #sinks: Sinks;
  readonly #mark: Uint8Array;
  readonly #events: StatusEvent[] = [];
  /** Undefined stands for a mark. */
  readonly #errors: (Uint8Array | undefined)[] = [];
  /** What may be the beginning of a mark. */
  #held: Uint8Array = new Uint8Array(0);
  #haveEventsEnded = false;
  #haveErrorsEnded = false;

  constructor(secret: string, sinks: Sinks) {
    this.#sinks = sinks;
    this.#mark = syncMark(secret);
  }

  addEvent(event: StatusEvent): void {
    this.#events.push(event);
    this.#pump();
  }

  endEvents(): void {
    this.#haveEventsEnded = true;
    this.#pump();
  }

  addErrors(chunk: Uint8Array): void {
    let bytes = concat([this.#held, chunk]);
    for (let at; (at = indexOfMark(bytes, this.#mark)) >= 0;) {
      const isWhole = at + this.#mark.length <= bytes.length;
      if (at > 0) this.#errors.push(bytes.slice(0, at));
      bytes = bytes.subarray(isWhole ? at + this.#mark.length : at);
      if (!isWhole) break;
      this.#errors.push(undefined);
    }
    const at = indexOfMark(bytes, this.#mark);
    if (at !== 0 && bytes.length > 0) this.#errors.push(bytes.slice());
    this.#held = at === 0 ? bytes.slice() : new Uint8Array(0);
    this.#pump();
  }

  endErrors(): void {
    if (this.#held.length > 0) this.#errors.push(this.#held);
    this.#haveErrorsEnded = true;
    this.#pump();
  }

  #pump(): void {
    let event = 0, error = 0;
    const events = this.#events, errors = this.#errors;
    for (;;) {
      if (error < errors.length && errors[error] !== undefined) {
        this.#sinks.errors(errors[error++]!);
        continue;
      }
      const hasEvent = event < events.length;
      if (hasEvent && !isSyncPoint(events[event])) {
        this.#sinks.event(events[event++]);
        continue;
      }
      const hasMark = error < errors.length;
      if (hasEvent && (hasMark || this.#haveErrorsEnded)) {
        this.#sinks.event(events[event++]);
        if (hasMark) error++;
      } else if (hasMark && this.#haveEventsEnded) {
        error++;
      } else {
        break;
      }
    }
    events.splice(0, event);
    errors.splice(0, error);
  }
}

/**
 * Where a mark begins, or what may become one at the end of the bytes; -1 when
 * there is neither.
 */
function indexOfMark(bytes: Uint8Array, mark: Uint8Array): number {
  for (let at = bytes.indexOf(mark[0]); at >= 0;) {
    const length = Math.min(mark.length, bytes.length - at);
    let same = 1;
    while (same < length && bytes[at + same] === mark[same]) same++;
    if (same === length) return at;
    at = bytes.indexOf(mark[0], at + 1);
  }
  return -1;
}
