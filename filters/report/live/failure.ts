/**
 * A test that did not go well, and the first lines of its reason.
 *
 * @module
 */

import type { Attachment, Outcome } from "@subunit/codec";
import { cutContent } from "../../kit/text/content.ts";
import { cutLine } from "../../kit/text/shorten.ts";
import { linesOf } from "../../traceback/grammars.ts";
import {
  headlineOf,
  isText,
  MAX_READ_LENGTH,
  reasonIn,
} from "../../traceback/reason.ts";
import type { ReportedTest } from "../report.ts";
import { secondsText } from "./duration.ts";
import type { Line, Meaning, Span } from "./spans.ts";

/** How many lines of a reason are shown, its headline not counted. */
const MAX_LINES = 4;
/** How many UTF-16 units of a line are shown. */
const MAX_LINE_LENGTH = 300;

/** What an outcome is called, with its letter. */
export const WORDS: Readonly<
  Record<Outcome, readonly [word: string, letter: string, Meaning]>
> = {
  success: ["ok", ".", "good"],
  uxsuccess: ["UXPASS", "X", "bad"],
  skip: ["skip", "s", "skipped"],
  fail: ["FAIL", "F", "bad"],
  xfail: ["xfail", "x", "odd"],
  lost: ["LOST", "L", "bad"],
};

/** The name of a test, and what tells it from others with that name. */
export interface Name {
  readonly testId: string;
  readonly routeCode: string | undefined;
}

/** A test that failed, passed unexpectedly or was lost. */
export interface Failure extends Name {
  readonly outcome: Outcome;
  readonly seconds: number | undefined;
  /** The line of its reason that a person would quote. */
  readonly headline: string | undefined;
  /** The first lines of its reason, but the headline. */
  readonly lines: readonly string[];
}

/** The failure that a test is. */
export function failureOf(test: ReportedTest): Failure {
  const { testId, routeCode, outcome, seconds } = test;
  return { testId, routeCode, outcome, seconds, ...whyOf(test.attachments) };
}

/** The reason of a failure, short. */
function whyOf(
  attachments: readonly Attachment[],
): Pick<Failure, "headline" | "lines"> {
  const texts = attachments
    .filter((file) => isText(file) && file.bytes.length > 0);
  const reason = reasonIn(texts, true);
  if (reason === undefined) return { headline: undefined, lines: [] };
  const text = cutContent(reason, MAX_READ_LENGTH);
  const headline = headlineOf(reason.name, text);
  const lines = linesOf(text)
    .filter((line) => line.trim() !== "" && line.trim() !== headline)
    .slice(0, MAX_LINES);
  return {
    headline: headline && cutLine(headline, MAX_LINE_LENGTH),
    lines: lines.map((line) => cutLine(line.trimEnd(), MAX_LINE_LENGTH)),
  };
}

/** A name as a part of a line, its route in front. */
export function nameSpans({ testId, routeCode }: Name): Span[] {
  const name: Span = [testId, "name"];
  return routeCode === undefined
    ? [name]
    : [[`[${routeCode}] `, "faint"], name];
}

/** What happened to a test, in one line. */
export function titleOf({ outcome, seconds, ...name }: Failure): Line {
  const [word, , meaning] = WORDS[outcome];
  const time: Span[] = seconds === undefined
    ? []
    : [[`  ${secondsText(seconds)}`, "faint"]];
  return [[word, meaning], ["  "], ...nameSpans(name), ...time];
}

/** The lines that show a failure. */
export function failureLines(failure: Failure): Line[] {
  const { headline, lines } = failure;
  const rows: Line[] = [titleOf(failure)];
  if (headline !== undefined) rows.push([["      "], [headline, "title"]]);
  for (const line of lines) {
    rows.push([["      "], [expandTabs(line), "faint"]]);
  }
  return rows;
}

/** A tab would be escaped. */
export function expandTabs(line: string): string {
  return line.replaceAll("\t", "    ");
}
