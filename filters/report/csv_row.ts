/**
 * Rows of comma-separated values.
 *
 * @module
 */

import type { Timestamp } from "@subunit/codec";
import { formatTime } from "../kit/python/format.ts";
import type { ReportedTest } from "./report.ts";

/** The words for outcomes in Python's tool, where they are not ours. */
const WORDS: Readonly<Record<string, string>> = { fail: "failure" };

/** The word for an outcome. */
export function statusWord(outcome: string): string {
  return WORDS[outcome] ?? outcome;
}

/** The columns there are: each makes a field of a test. */
export const COLUMNS = {
  test: ({ testId }) => csvField(testId),
  status: ({ outcome }) => statusWord(outcome),
  // A test of one event started when it ended.
  start_time: ({ started, ended }) => timeOf(started ?? ended),
  stop_time: ({ ended }) => timeOf(ended),
  seconds: ({ seconds }) => seconds === undefined ? "" : String(seconds),
  tags: ({ tags }) => csvField(tags.join(" ")),
  route: ({ routeCode }) => csvField(routeCode ?? ""),
  parent: ({ parentTestId }) => csvField(parentTestId ?? ""),
} as const satisfies Record<string, (test: ReportedTest) => string>;

export type Column = keyof typeof COLUMNS;

export const COLUMN_NAMES = Object.keys(COLUMNS) as Column[];

function timeOf(time: Timestamp | undefined): string {
  return time === undefined ? "" : formatTime(time);
}

/** What begins a formula in a spreadsheet, in full width in Japan's. */
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;
/** Where the comma is decimal, a spreadsheet separates at ";", or at tabs. */
const SPECIAL = /[",;\t\r\n]/;
/** Most fields need neither quotes nor a "'". */
const PLAIN = /^(?:[ !#-*./0-:<>?A-~][ !#-+\--:<-~]*)?$/;

/** A field of a row: quoted where it must be, and never a formula. */
export function csvField(text: string): string {
  if (PLAIN.test(text)) return text;
  const plain = FORMULA.test(text) ? `'${text}` : text;
  return SPECIAL.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
