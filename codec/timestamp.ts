/**
 * Points in time as packets hold them: whole seconds and nanoseconds.
 *
 * @module
 */

/** A point in time, UTC. */
export interface Timestamp {
  /** Whole seconds since 1970-01-01T00:00:00Z. */
  readonly seconds: number;
  /** Nanoseconds after `seconds`, 0 to 999999999. */
  readonly nanoseconds: number;
}

const RFC3339 =
  /^(\d{4}-\d\d-\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/** The day parsed last: consecutive times are mostly of the same day. */
let parsedDay = "1970-01-01";
let parsedDaySeconds = 0;

/**
 * Parses an RFC 3339 date and time with up to nine decimals and any zone
 * offset.
 *
 * @throws {RangeError} when `text` is something else or names a day that does
 * not exist
 * @example
 * ```ts
 * import { parseTimestamp } from "@subunit/codec";
 *
 * parseTimestamp("1970-01-01T00:00:01.5Z"); // { seconds: 1, nanoseconds: 500000000 }
 * ```
 */
export function parseTimestamp(text: string): Timestamp {
  const match = RFC3339.exec(text);
  if (match === null) throw notATime(text);
  const [, day, hour, minute, second, fraction, sign] = match;
  if (day !== parsedDay) {
    const seconds = daySeconds(day);
    if (seconds === undefined) throw notATime(text);
    parsedDay = day;
    parsedDaySeconds = seconds;
  }
  const hours = Number(hour), minutes = Number(minute);
  const seconds = Number(second);
  const zoneHours = Number(match[7] ?? 0), zoneMinutes = Number(match[8] ?? 0);
  if (
    hours > 23 || minutes > 59 || seconds > 59 ||
    zoneHours > 23 || zoneMinutes > 59
  ) {
    throw notATime(text);
  }
  const zoneSeconds = (zoneHours * 60 + zoneMinutes) * 60;
  return {
    seconds: parsedDaySeconds + (hours * 60 + minutes) * 60 + seconds +
      (sign === "-" ? zoneSeconds : -zoneSeconds),
    nanoseconds: fraction === undefined ? 0 : Number(fraction.padEnd(9, "0")),
  };
}

/**
 * The seconds from 1970 to the beginning of a day, "2026-01-31"; undefined when
 * there is no such day.
 */
function daySeconds(day: string): number | undefined {
  const [year, month, ofMonth] = day.split("-").map(Number);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, ofMonth);
  // Date carries 31 February over into March.
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === ofMonth
    ? date.getTime() / 1000
    : undefined;
}

function notATime(text: string): RangeError {
  return new RangeError(
    `Cannot read time ${
      JSON.stringify(text)
    }: expected RFC 3339, as in "2026-01-31T12:00:00.5Z"`,
  );
}

/** The day formatted last: consecutive times are mostly on the same day. */
let lastDay = 0;
let lastDayText = "1970-01-01T";

/** "00" to "59". */
const TWO_DIGITS = Array.from(
  { length: 60 },
  (_, number) => String(number).padStart(2, "0"),
);

/** The days from 1970 that the years 0 to 9999 begin and end with. */
const FIRST_DAY = -719528, LAST_DAY = 2932896;

/**
 * Formats a time as RFC 3339 in UTC with as many decimals as needed, at most
 * nine: "2026-01-31T12:00:00.5Z".
 *
 * @throws {RangeError} when the year is not from 0 to 9999
 */
export function formatTimestamp({ seconds, nanoseconds }: Timestamp): string {
  // A packet may carry a second or more in its nanoseconds.
  const whole = seconds + Math.floor(nanoseconds / 1e9);
  const day = Math.floor(whole / 86400);
  if (day !== lastDay) {
    if (!(day >= FIRST_DAY && day <= LAST_DAY)) {
      throw new RangeError(
        `Cannot write time ${seconds} s: expected a year from 0 to 9999`,
      );
    }
    lastDayText = new Date(day * 86400_000).toISOString().slice(0, 11);
    lastDay = day;
  }
  const second = whole - day * 86400;
  const minute = Math.floor(second / 60);
  const text = `${lastDayText}${TWO_DIGITS[Math.floor(minute / 60)]}:${
    TWO_DIGITS[minute % 60]
  }:${TWO_DIGITS[second % 60]}`;
  let rest = nanoseconds % 1e9;
  if (rest === 0) return `${text}Z`;
  let decimals = 9;
  for (; rest % 10 === 0; rest /= 10) decimals--;
  return `${text}.${String(rest).padStart(decimals, "0")}Z`;
}

/** The seconds from `start` to `end`, negative when `end` is earlier. */
export function secondsBetween(start: Timestamp, end: Timestamp): number {
  // Add the parts last, with a fraction that is not negative: this rounds
  // exactly as Python's timedelta does.
  const nanoseconds = end.nanoseconds - start.nanoseconds;
  const seconds = end.seconds - start.seconds;
  return nanoseconds < 0
    ? seconds - 1 + (nanoseconds + 1e9) / 1e9
    : seconds + nanoseconds / 1e9;
}

/** The last second that a packet can hold, on 2106-02-07. */
export const MAX_SECONDS = 2 ** 32 - 1;

/**
 * The time so many seconds after another one, or before it; undefined when no
 * packet can hold it.
 */
export function addSeconds(
  { seconds, nanoseconds }: Timestamp,
  more: number,
): Timestamp | undefined {
  const whole = Math.floor(more);
  const sum = nanoseconds + Math.round((more - whole) * 1e9);
  const carry = Math.floor(sum / 1e9);
  const total = seconds + whole + carry;
  return total >= 0 && total <= MAX_SECONDS
    ? { seconds: total, nanoseconds: sum - carry * 1e9 }
    : undefined;
}

/** The current time, to the millisecond. */
export function now(): Timestamp {
  return fromMilliseconds(Date.now());
}

/** A time as a {@linkcode Timestamp}; the parts of an invalid date are NaN. */
export function timestampOf(time: Timestamp | Date): Timestamp {
  return isDate(time) ? fromMilliseconds(time.getTime()) : time;
}

/** Dates of other realms, of a test runner's sandbox say, are dates too. */
function isDate(time: Timestamp | Date): time is Date {
  return time instanceof Date ||
    Object.prototype.toString.call(time) === "[object Date]";
}

function fromMilliseconds(milliseconds: number): Timestamp {
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds, nanoseconds: (milliseconds - seconds * 1000) * 1e6 };
}
