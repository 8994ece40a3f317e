/**
 * The reason for the outcome of a test: which of its files holds it, and the line
 * that a person would quote.
 *
 * @module
 */

import type { Attachment } from "@subunit/codec";
import { cutText } from "../kit/text/shorten.ts";
import { cutContent } from "../kit/text/content.ts";
import { DECORATION } from "./frame.ts";
import { headlineIn, linesOf } from "./grammars.ts";

/** Names of files that hold the reason, best first. */
const REASONS = ["traceback", "reason", "message", "Parser Error"];

/**
 * Names of files that hold the reason if a grammar recognizes them, best first:
 * TAP and Go tests are converted to these.
 */
const LIKELY = ["tap yaml", "tap comment", "output"];

/**
 * In the output of a Go test or package: why there is no result. Its file
 * "reason" only states that there is none.
 */
const GO_CRASH = /^(?:panic: |fatal error: |[^\s:]+\.go:\d+:\d+: )/m;

/** How many UTF-16 units of a file are searched. */
export const MAX_READ_LENGTH = 65536;
/** Longer lines cost time. */
const MAX_LINE_CHARACTERS = 1000;

/** Whether a file is text, by its type or else its bytes. */
export function isText({ mimeType, bytes, omitted }: Attachment): boolean {
  return mimeType
    ? /^(text\/|application\/(json|xml)\b)/.test(mimeType)
    : !(omitted === undefined ? bytes.includes(0) : omitted.hasNul);
}

/**
 * The file of a test that holds the reason.
 *
 * @param texts its files that are text and not empty
 * @param isFailed whether to fall back to a file with another name
 */
export function reasonIn(
  texts: readonly Attachment[],
  isFailed: boolean,
): Attachment | undefined {
  const named = namedIn(texts, REASONS);
  if (!isFailed) return named;
  if (named !== undefined) {
    const output = named.name === "reason" && namedIn(texts, ["output"]);
    return output && GO_CRASH.test(searchedIn(output)) ? output : named;
  }
  if (texts.length < 2) return texts[0];
  for (const name of LIKELY) {
    const file = namedIn(texts, [name]);
    if (file && headlineIn(linesIn(searchedIn(file))) !== undefined) {
      return file;
    }
  }
  return texts.at(-1);
}

/** The file with the first of these names. */
function namedIn(
  texts: readonly Attachment[],
  names: readonly string[],
): Attachment | undefined {
  for (const wanted of names) {
    // Earlier attempts have names like "attempt-1 traceback".
    const file = texts.find(({ name }) => name === wanted) ??
      texts.findLast(({ name }) => name.endsWith(` ${wanted}`));
    if (file !== undefined) return file;
  }
  return undefined;
}

function searchedIn(file: Attachment): string {
  return cutContent(file, MAX_READ_LENGTH);
}

function linesIn(text: string): string[] {
  return linesOf(text)
    .map((line) => line.slice(0, MAX_LINE_CHARACTERS).trimEnd());
}

/**
 * The line of a reason that a person would quote, possibly joined from several;
 * in text of an unknown form, the likeliest line. Undefined when there is none.
 */
export function headlineOf(fileName: string, text: string): string | undefined {
  const lines = linesIn(cutText(text, MAX_READ_LENGTH));
  const headline = headlineIn(lines);
  if (headline !== undefined) return headline;
  const said = lines.filter((line) => line !== "" && !DECORATION.test(line));
  const line = fileName.endsWith("traceback")
    ? raisedIn(said)
    : fileName.endsWith("yaml")
    ? undefined
    : said[0];
  return line?.replace(/^\s*# /, "").trim();
}

/**
 * What was raised, in a traceback of an unknown form: the last line that begins
 * with an error, or else the last that is neither indented nor part of a diff.
 */
function raisedIn(lines: readonly string[]): string | undefined {
  return lines.findLast((line) => /^[\w.$]*(?:Error|Exception)\b/.test(line)) ??
    lines.findLast((line) => /^[^-+?\s]/.test(line)) ?? lines.at(-1);
}
