/**
 * Numbers and times as Python prints them.
 *
 * @module
 */

import { formatTimestamp, type Timestamp } from "@subunit/codec";

/** Formats seconds with three decimals; rounds half to even, as Python does. */
export function formatSeconds(seconds: number): string {
  const thousandths = seconds * 1000;
  const below = Math.floor(thousandths);
  // Only multiples of 1/16 can lie exactly between two thousandths.
  const isTie = Number.isInteger(seconds * 16) && thousandths - below === 0.5;
  return (isTie ? (below + Math.abs(below % 2)) / 1000 : seconds).toFixed(3);
}

/** Formats a time as Python prints it: with no, six or, if needed, nine decimals. */
export function formatTime(time: Timestamp): string {
  // "2026-01-31T12:00:00Z", or with decimals before the Z.
  const text = formatTimestamp(time);
  const decimals = text.slice(20, -1);
  const fraction = decimals === ""
    ? ""
    : `.${decimals.padEnd(decimals.length <= 6 ? 6 : 9, "0")}`;
  return `${text.slice(0, 10)} ${text.slice(11, 19)}${fraction}+00:00`;
}
