/**
 * The times of cases: reports contain when a suite began and how long each case
 * took.
 *
 * @module
 */

import { parseTimestamp, type Timestamp } from "../timestamp.ts";

/** When something began and ended, if known. */
export interface Span {
  readonly start: Timestamp | undefined;
  readonly end: Timestamp | undefined;
}

/** The clock of a suite, which each of its cases advances. */
export interface Clock {
  time: Timestamp | undefined;
}

/** The last second that a packet can hold. */
const MAX_SECONDS = 2 ** 32 - 1;
/** "1,234.5", as written by Surefire. */
const GROUPED = /^[1-9]\d{0,2}(,\d{3})+(\.\d+)?$/;

/**
 * Reads the attribute `timestamp`: ISO 8601. Without a zone it is taken as UTC,
 * because the schemas disagree.
 */
export function readTime(text: string | undefined): Timestamp | undefined {
  if (text === undefined) return undefined;
  const zoned = /([Zz]|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`;
  try {
    const time = parseTimestamp(
      zoned.trim().replace(/([+-]\d\d)(\d\d)$/, "$1:$2"),
    );
    return isWritable(time.seconds) ? time : undefined;
  } catch {
    return undefined;
  }
}

/** Reads the attribute `time`: seconds. */
export function readSeconds(text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  const seconds = Number(
    GROUPED.test(text.trim()) ? text.replaceAll(",", "") : text,
  );
  return seconds >= 0 && seconds <= MAX_SECONDS ? seconds : undefined;
}

/**
 * Returns when a case ran. Cases follow one another from the suite's
 * `timestamp` on, unless they have their own. Without either, a case ends now,
 * as in TAP, if there is a clock.
 *
 * @param own the case's own `timestamp`
 * @param seconds how long it took
 */
export function spanOf(
  clock: Clock,
  now: (() => Timestamp) | undefined,
  own?: Timestamp,
  seconds = 0,
): Span {
  if (own !== undefined) return { start: own, end: later(own, seconds) };
  if (clock.time !== undefined) {
    const start = clock.time;
    clock.time = later(start, seconds);
    return { start, end: clock.time };
  }
  const end = now?.();
  return { start: end && later(end, -seconds), end };
}

/**
 * Adds seconds to a time; returns the same time when no packet can hold the
 * result.
 */
function later(time: Timestamp, seconds: number): Timestamp {
  const whole = Math.trunc(seconds);
  const sum = time.nanoseconds + Math.round((seconds - whole) * 1e9);
  const carry = Math.floor(sum / 1e9);
  const total = time.seconds + whole + carry;
  return isWritable(total)
    ? { seconds: total, nanoseconds: sum - carry * 1e9 }
    : time;
}

function isWritable(seconds: number): boolean {
  return seconds >= 0 && seconds <= MAX_SECONDS;
}
