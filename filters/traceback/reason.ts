/**
 * The reason for the outcome of a test, from its files: which of them has it,
 * and the line of it that a person would quote.
 *
 * @module
 */

import type { Attachment } from "@subunit/codec";
import { cutText } from "../kit/text/shorten.ts";
import { cutContent } from "../kit/text/content.ts";
import { headlineIn, linesOf } from "./grammars.ts";

/** Names of files with the reason, best first. */
const REASONS = ["traceback", "reason", "message", "Parser Error"];

/**
 * Names of files that have the reason where a grammar finds one in them, best
 * first: those of the converters from TAP and from Go's tests.
 */
const LIKELY = ["tap yaml", "tap comment", "output"];

/**
 * In what a Go test or package printed: why there is no result, where the file
 * called "reason" only says that there is none.
 */
const GO_CRASH = /^(?:panic: |fatal error: |[^\s:]+\.go:\d+:\d+: )/m;

/** How many UTF-16 units of a file are searched. */
const MAX_READ_LENGTH = 65536;
/** Longer lines cost time. */
const MAX_LINE_CHARACTERS = 1000;

/** Whether a file is text: by its type, or else by its bytes. */
export function isText({ mimeType, bytes }: Attachment): boolean {
  return mimeType
    ? /^(text\/|application\/(json|xml)\b)/.test(mimeType)
    : !bytes.includes(0);
}

/**
 * The file of a test that has the reason.
 *
 * @param texts its files that are text and not empty
 * @param isFailed whether it is another one when none is called so
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
    // Those of runs before the last are called "attempt-1 traceback".
    const file = texts.find(({ name }) => name === wanted) ??
      texts.findLast(({ name }) => name.endsWith(` ${wanted}`));
    if (file !== undefined) return file;
  }
  return undefined;
}

function searchedIn({ bytes }: Attachment): string {
  return cutContent(bytes, MAX_READ_LENGTH);
}

function linesIn(text: string): string[] {
  return linesOf(text)
    .map((line) => line.slice(0, MAX_LINE_CHARACTERS).trimEnd());
}

/** Lines that say nothing of why: of Go's tests, of TAP, marks below a line. */
const DECORATION =
  /^\s*(?:=== \w+ |--- (?:FAIL|PASS|SKIP|BENCH): |FAIL(?:$|\s)|PASS$|exit status \d+$|(?:# )?duration_ms\b|# time=[\d.]+ms\b|---$|\.\.\.$|# Subtest: |\? *[\^+ -]+$|[\^~=*_-]+$)/;

/**
 * The line of a reason that a person would quote, perhaps made of several; or
 * else one that may sum it up. Undefined when there is none.
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
 * What was raised, in a traceback of no known form: a line that begins with an
 * error; or else one that is not indented, and no difference of two texts.
 */
function raisedIn(lines: readonly string[]): string | undefined {
  return lines.findLast((line) => /^[\w.$]*(?:Error|Exception)\b/.test(line)) ??
    lines.findLast((line) => /^[^-+?\s]/.test(line)) ?? lines.at(-1);
}
