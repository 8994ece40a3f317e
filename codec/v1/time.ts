/**
 * Times in the form of version 1: `2026-01-31 12:00:00.5Z`.
 *
 * They are processed byte by byte, without strings, because most lines of a
 * stream are times.
 *
 * @module
 */

import { MAX_SECONDS, type Timestamp } from "../timestamp.ts";
import { isBlank } from "./line.ts";

const COLON = 0x3a;
const DOT = 0x2e;
const COMMA = 0x2c;
const ZERO = 0x30;
const ZULU = 0x5a;

/** `YYYY-MM-DD HH:MM:SS` */
export const SECOND_BYTES = 19;
/** Longer text is not a time. */
export const MAX_TIME_BYTES = 64;
const DAY_SECONDS = 86400;

const DATE_BYTES = 10;
const MAX_DECIMALS = 9;
const POWERS_OF_TEN = Array.from({ length: 10 }, (_, power) => 10 ** power);
const DATE = /^\d{4}-\d\d-\d\d$/;
const ZONE = /^([+-])(\d\d)(?::?(\d\d))?$/;

/**
 * Reads the time in bytes `start` to `end`, ignoring blanks around it;
 * undefined when there is none, or when it is before 1970 or after 2106, which
 * no packet can hold. Anything finer than a nanosecond is cut off.
 *
 * As in Python's reader, any one byte may separate date and time, any number of
 * decimals may follow, and no zone means UTC. As in ISO 8601, a comma may
 * replace the dot, and a zone need not have a colon.
 */
export function readTime(
  bytes: Uint8Array,
  start: number,
  end: number,
): Timestamp | undefined {
  let at = start, last = end;
  while (at < last && isBlank(bytes[at])) at++;
  while (at < last && isBlank(bytes[last - 1])) last--;
  if (last - at < SECOND_BYTES || last - at > MAX_TIME_BYTES) return undefined;
  const midnight = readDate(bytes, at);
  const hour = twoDigits(bytes, at + 11);
  const minute = twoDigits(bytes, at + 14);
  const second = twoDigits(bytes, at + 17);
  const isTime = bytes[at + 13] === COLON && bytes[at + 16] === COLON &&
    hour < 24 && minute < 60 && second < 60;
  if (!isTime) return undefined;
  at += SECOND_BYTES;
  let nanoseconds = 0;
  if (bytes[at] === DOT || bytes[at] === COMMA) {
    const from = ++at, most = at + MAX_DECIMALS;
    for (; at < last && isDigit(bytes[at]); at++) {
      if (at < most) nanoseconds = 10 * nanoseconds + bytes[at] - ZERO;
    }
    if (at === from) return undefined;
    if (at < most) nanoseconds *= POWERS_OF_TEN[most - at];
  }
  const seconds = midnight + (hour * 60 + minute) * 60 + second -
    zoneSeconds(bytes, at, last);
  // NaN, for an invalid date or zone, is in no range.
  return seconds >= 0 && seconds <= MAX_SECONDS
    ? { seconds, nanoseconds }
    : undefined;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte < ZERO + 10;
}

/**
 * The value of two digits; 99, which no part of a time can be, without them.
 */
function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = bytes[at], ones = bytes[at + 1];
  return isDigit(tens) && isDigit(ones) ? 10 * (tens - ZERO) + ones - ZERO : 99;
}

/** The date read last, which most following ones equal, and when it begins. */
const lastDate = new Uint8Array(DATE_BYTES);
let lastMidnight = NaN;

/** When the day at `at` begins, in seconds; NaN when it is not a date. */
function readDate(bytes: Uint8Array, at: number): number {
  let same = 0;
  while (same < DATE_BYTES && bytes[at + same] === lastDate[same]) same++;
  if (same < DATE_BYTES) {
    lastDate.set(bytes.subarray(at, at + DATE_BYTES));
    const text = String.fromCharCode(...lastDate);
    const date = new Date(`${text}T00:00:00Z`);
    // Date may carry 31 February over into March.
    const isReal = DATE.test(text) &&
      date.getUTCDate() === Number(text.slice(-2));
    lastMidnight = isReal ? date.getTime() / 1000 : NaN;
  }
  return lastMidnight;
}

/** How far a zone is ahead of UTC, in seconds; NaN when it is not a zone. */
function zoneSeconds(bytes: Uint8Array, start: number, end: number): number {
  if (start === end || end - start === 1 && bytes[start] === ZULU) return 0;
  const match = ZONE.exec(String.fromCharCode(...bytes.subarray(start, end)));
  if (match === null) return NaN;
  const [, sign, hours, minutes = "0"] = match;
  if (Number(minutes) > 59) return NaN;
  const seconds = (Number(hours) * 60 + Number(minutes)) * 60;
  return sign === "-" ? -seconds : seconds;
}

/** The most bytes that a time takes. */
export const TIME_BYTES = 30;

/** The day written last, in days since 1970, and its text. */
let writtenDay = 0;
let writtenDate = new TextEncoder().encode("1970-01-01 ");

/** The digits of 0 to 99. */
const TENS = Uint8Array.from({ length: 100 }, (_, i) => ZERO + (i / 10 | 0));
const ONES = Uint8Array.from({ length: 100 }, (_, i) => ZERO + i % 10);

/**
 * Writes a time at `at` with as many decimals as needed, at most nine, and
 * returns where it ends.
 */
export function writeTime(
  bytes: Uint8Array,
  at: number,
  seconds: number,
  nanoseconds: number,
): number {
  const day = Math.floor(seconds / DAY_SECONDS);
  if (day !== writtenDay) {
    writtenDay = day;
    const date = new Date(day * DAY_SECONDS * 1000).toISOString().slice(0, 10);
    writtenDate = new TextEncoder().encode(`${date} `);
  }
  for (let i = 0; i < 11; i++) bytes[at + i] = writtenDate[i];
  const second = seconds - day * DAY_SECONDS;
  const minute = (second / 60) | 0;
  const hour = (minute / 60) | 0;
  writeTwo(bytes, at + 11, hour);
  bytes[at + 13] = COLON;
  writeTwo(bytes, at + 14, minute - 60 * hour);
  bytes[at + 16] = COLON;
  writeTwo(bytes, at + 17, second - 60 * minute);
  let end = at + SECOND_BYTES;
  if (nanoseconds > 0) end = writeDecimals(bytes, end, nanoseconds);
  bytes[end++] = ZULU;
  return end;
}

/** Writes nanoseconds as ".5", and returns where they end. */
function writeDecimals(
  bytes: Uint8Array,
  at: number,
  nanoseconds: number,
): number {
  // Mostly they are whole microseconds.
  const areMicros = nanoseconds % 1000 === 0;
  let rest = areMicros ? nanoseconds / 1000 | 0 : nanoseconds;
  let decimals = areMicros ? 6 : 9;
  for (; rest % 10 === 0; rest = rest / 10 | 0) decimals--;
  bytes[at] = DOT;
  let last = at + decimals;
  for (; last > at + 1; last -= 2) {
    const more = (rest / 100) | 0;
    writeTwo(bytes, last - 1, rest - 100 * more);
    rest = more;
  }
  if (last > at) bytes[last] = ZERO + rest;
  return at + 1 + decimals;
}

/** Writes two digits. */
function writeTwo(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = TENS[value];
  bytes[at + 1] = ONES[value];
}
