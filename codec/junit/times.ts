/**
 * The times of cases: reports contain when a suite began and how long each case
 * took.
 *
 * @module
 */

import {
  addSeconds,
  MAX_SECONDS,
  parseTimestamp,
  type Timestamp,
} from "../timestamp.ts";

/** When something began and ended, if known. */
export interface Span {
  /** Also undefined if the duration is unknown. */
  readonly start: Timestamp | undefined;
  readonly end: Timestamp | undefined;
}

/** The clock of a suite, which each of its cases advances. */
export interface Clock {
  time: Timestamp | undefined;
}

/** "1,234.5", as written by Surefire. */
const GROUPED = /^[1-9]\d{0,2}(,\d{3})+(\.\d+)?$/;
/** "0,160", as written by TestNG and Surefire in some locales. */
const DECIMAL_COMMA = /^(\d+|[1-9]\d{0,2}(\.\d{3})+),\d+$/;
/** The day of tests that did not run, in GoogleTest and nose2. */
const NO_DAY = "1970-01-01";
const DAY_SECONDS = 24 * 60 * 60;

/**
 * Reads the attribute `timestamp`: ISO 8601. Without a zone it is taken as UTC,
 * because the schemas disagree. The first day of 1970 means that it is unknown.
 */
export function readTime(text: string | undefined): Timestamp | undefined {
  if (text === undefined || text.trim().startsWith(NO_DAY)) return undefined;
  const zoned = /([Zz]|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`;
  try {
    const time = parseTimestamp(
      zoned.trim().replace(/([+-]\d\d)(\d\d)$/, "$1:$2"),
    );
    return time.seconds >= DAY_SECONDS && time.seconds <= MAX_SECONDS
      ? time
      : undefined;
  } catch {
    return undefined;
  }
}

/** Reads the attribute `time`, in seconds; undefined if it is unreadable. */
export function readSeconds(text: string | undefined): number | undefined {
  const written = text?.trim() ?? "";
  if (!/^\d|^\.\d/.test(written)) return undefined;
  const seconds = Number(
    !written.includes(",")
      ? written
      : GROUPED.test(written)
      ? written.replaceAll(",", "")
      : DECIMAL_COMMA.test(written)
      ? written.replaceAll(".", "").replace(",", ".")
      : written,
  );
  return seconds <= MAX_SECONDS ? seconds : undefined;
}

/**
 * Returns when a case ran. Cases follow one another from the suite's
 * `timestamp` on, unless they have their own. Without either, a case ends now,
 * as in TAP, if there is a clock.
 *
 * @param own the case's own `timestamp`
 * @param seconds how long it took; if unknown, so is when it began
 */
export function spanOf(
  clock: Clock,
  now: (() => Timestamp) | undefined,
  own?: Timestamp,
  seconds?: number,
): Span {
  const start = own ?? clock.time;
  if (start === undefined) {
    const end = now?.();
    return { start: end && before(end, seconds), end };
  }
  const end = later(start, seconds ?? 0);
  if (own === undefined) clock.time = end;
  return { start: seconds === undefined ? undefined : start, end };
}

function before(
  end: Timestamp,
  seconds: number | undefined,
): Timestamp | undefined {
  return seconds === undefined ? undefined : later(end, -seconds);
}

/**
 * Adds seconds to a time; returns the same time when no packet can hold the
 * result.
 */
function later(time: Timestamp, seconds: number): Timestamp {
  return addSeconds(time, seconds) ?? time;
}
