/**
 * Parses one line of TAP.
 *
 * ```text
 * TAP version 14                              version
 * 1..3 # reason                               plan
 * not ok 2 - description # TODO reason        test point
 *   ---                                       YAML begins, up to a "..."
 * # Subtest: name                             subtest
 * # anything                                  comment
 * Bail out! reason                            bail out
 * }                                           end of a buffered subtest
 * ```
 *
 * Source: the TAP 14 specification, testanything.org. What a line means also
 * depends on its indentation and on the lines before it: see `document.ts`.
 *
 * @module
 */

import { decodeLenient } from "../text/utf8.ts";

/** What a test point requests besides its result; "todo" is also XFAIL. */
export type Directive = "skip" | "todo";

/** How the comments of test points are read: the Linux kernel has its own. */
export type Dialect = "tap" | "ktap";

/** A line "ok …" or "not ok …". */
export interface TestPointLine {
  readonly kind: "point";
  /** How many blanks and tabs the line begins with. */
  readonly indent: number;
  readonly ok: boolean;
  /** Undefined if the line has none. */
  readonly number: number | undefined;
  /** With the leading "- ", if there is one; may be empty. */
  readonly description: string;
  readonly directive: Directive | undefined;
  /** The reason of the directive; may be empty. */
  readonly reason: string;
  /**
   * A comment that is neither a directive nor part of the description, from its
   * "#" on; may be empty.
   */
  readonly comment: string;
  /** Whether it ends in " {", as buffered subtests of node-tap begin. */
  readonly opensBrace: boolean;
}

/** A line "1..N". */
export interface PlanLine {
  readonly kind: "plan";
  readonly indent: number;
  /** The number of the last test; 0 when everything is skipped. */
  readonly last: number;
  /** The comment without "#" and without "skip"; may be empty. */
  readonly reason: string;
}

/** A line with a text: the name of a subtest, the reason to bail out. */
export interface TextLine {
  readonly kind: "subtest" | "bailout";
  readonly indent: number;
  readonly text: string;
}

/** A line "TAP version N". */
export interface VersionLine {
  readonly kind: "version";
  readonly indent: number;
  /** 0 in the Linux kernel's dialect, which has versions of its own. */
  readonly version: number;
}

/** A line "}". */
export interface BraceLine {
  readonly kind: "brace";
  readonly indent: number;
}

/** A line about a test: a comment, or the beginning of YAML. */
export interface DiagnosticLine {
  readonly kind: "comment" | "yaml";
  readonly indent: number;
}

/** A line that is part of the document's structure. */
export type StructureLine =
  | VersionLine
  | PlanLine
  | TestPointLine
  | TextLine
  | BraceLine;

/** Any line: TAP, only white space, or something else. */
export type Line =
  | StructureLine
  | DiagnosticLine
  | { readonly kind: "blank" | "other" };

/** Lines indented further are not TAP: enough for 256 levels of subtests. */
export const MAX_INDENT = 1024;
/** Numbers with more digits are text, because such integers are not exact. */
const MAX_DIGITS = 15;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const HASH = 0x23;
const DOT = 0x2e;

const SUBTEST = ascii("# Subtest");
const YAML_END = ascii("...");

const BLANK: Line = { kind: "blank" };
const OTHER: Line = { kind: "other" };

/** A word that lines of one kind begin with. */
interface Keyword {
  readonly bytes: Uint8Array;
  /** Whether capital letters match too; `bytes` is in lower case. */
  readonly anyCase?: boolean;
  /**
   * Returns whether bytes `at` to `end`, possibly incomplete, may follow it.
   */
  readonly allows: (bytes: Uint8Array, at: number, end: number) => boolean;
  /** Makes the line from the text that follows it. */
  readonly read: (text: string, indent: number, dialect: Dialect) => Line;
}

const KEYWORDS: readonly Keyword[] = [{
  bytes: ascii("ok"),
  allows: beginsWithSpace,
  read: (text, indent, dialect) => parsePoint(text, true, indent, dialect),
}, {
  bytes: ascii("not ok"),
  allows: beginsWithSpace,
  read: (text, indent, dialect) => parsePoint(text, false, indent, dialect),
}, {
  bytes: ascii("TAP version "),
  allows: beginsWithDigit,
  read: (text, indent) => ({
    kind: "version",
    indent,
    version: parseInt(text, 10) || 0,
  }),
}, {
  // The Linux kernel's dialect.
  bytes: ascii("KTAP version "),
  allows: beginsWithDigit,
  read: (_, indent) => ({ kind: "version", indent, version: 0 }),
}, {
  bytes: ascii("bail out!"),
  anyCase: true,
  allows: () => true,
  read: (text, indent) => ({ kind: "bailout", indent, text: unescape(text) }),
}, {
  bytes: ascii("---"),
  allows: isBlank,
  read: (_, indent) => ({ kind: "yaml", indent }),
}, {
  bytes: ascii("}"),
  allows: isBlank,
  read: (_, indent) => ({ kind: "brace", indent }),
}];

/** The keywords, by the first byte of lines with them. */
const KEYWORDS_BY_BYTE = Array.from(
  { length: 256 },
  (_, byte) => KEYWORDS.filter((keyword) => agrees(keyword, 0, byte)),
);

/**
 * Parses the line in bytes `start` to `end`, with or without its line end.
 *
 * Strings in the result are well-formed and contain no NUL, because a test id
 * can contain neither: U+FFFD replaces what is not UTF-8, "\0" a NUL.
 */
export function parseLine(
  bytes: Uint8Array,
  start: number,
  end: number,
  dialect: Dialect = "tap",
): Line {
  const stop = contentEnd(bytes, start, end);
  const at = indentationEnd(bytes, start, stop);
  const indent = at - start;
  if (indent > MAX_INDENT) return OTHER;
  if (at === stop) return BLANK;
  const first = bytes[at];
  if (first === HASH) return parseComment(bytes, at, stop, indent);
  if (isDigit(first)) return parsePlan(bytes, at, stop, indent);
  for (const keyword of KEYWORDS_BY_BYTE[first]) {
    const textAt = at + keyword.bytes.length;
    if (textAt <= stop && mayBegin(keyword, bytes, at, stop)) {
      return keyword.read(readText(bytes, textAt, stop), indent, dialect);
    }
  }
  return OTHER;
}

/**
 * Returns whether {@linkcode parseLine} may find TAP in a line that begins with
 * bytes `start` to `end`.
 */
export function mayBecomeTap(
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  // A CR at the end may be part of the line end.
  const stop = contentEnd(bytes, start, end);
  const limit = Math.min(stop, start + MAX_INDENT + 1);
  const at = indentationEnd(bytes, start, limit);
  if (at - start > MAX_INDENT) return false;
  if (at === stop || bytes[at] === HASH) return true;
  if (isDigit(bytes[at])) return mayBecomePlan(bytes, at, stop);
  return KEYWORDS_BY_BYTE[bytes[at]].some((keyword) =>
    mayBegin(keyword, bytes, at, stop)
  );
}

/** Where the line's content ends: before LF or CR LF. */
export function contentEnd(
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  let stop = end;
  if (stop > start && bytes[stop - 1] === LINE_FEED) stop--;
  if (stop > start && bytes[stop - 1] === CARRIAGE_RETURN) stop--;
  return stop;
}

/** Where the line's leading blanks and tabs end. */
export function indentationEnd(
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  let at = start;
  while (at < end && (bytes[at] === 0x20 || bytes[at] === 0x09)) at++;
  return at;
}

/**
 * Returns whether bytes `start` to `end` are "...", the end of a YAML block.
 */
export function isYamlEnd(
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  return startsWith(bytes, start, end, YAML_END) &&
    isBlank(bytes, start + YAML_END.length, end);
}

/**
 * Returns whether bytes `at` to `end`, possibly incomplete, begin with a
 * keyword.
 */
function mayBegin(
  keyword: Keyword,
  bytes: Uint8Array,
  at: number,
  end: number,
): boolean {
  const textAt = at + keyword.bytes.length;
  for (let i = at; i < textAt && i < end; i++) {
    if (!agrees(keyword, i - at, bytes[i])) return false;
  }
  return textAt >= end || keyword.allows(bytes, textAt, end);
}

/** Returns whether `byte` is the keyword's at `index`. */
function agrees(keyword: Keyword, index: number, byte: number): boolean {
  const isCapital = byte >= 0x41 && byte <= 0x5a;
  return keyword.bytes[index] ===
    (keyword.anyCase && isCapital ? byte + 0x20 : byte);
}

const NUMBER = new RegExp(String.raw`^(\d{1,${MAX_DIGITS}})(?=[\s#]|$)`);

function parsePoint(
  text: string,
  ok: boolean,
  indent: number,
  dialect: Dialect,
): TestPointLine {
  const digits = NUMBER.exec(text)?.[1];
  const rest = digits === undefined ? text : text.slice(digits.length);
  const comment = findComment(rest, dialect);
  const isDirective = comment?.directive !== undefined;
  return {
    kind: "point",
    indent,
    ok,
    number: digits === undefined ? undefined : Number(digits),
    description: unescape(rest.slice(0, comment?.at).trim()),
    directive: comment?.directive,
    reason: isDirective ? unescape(rest.slice(comment.textAt)) : "",
    comment: comment && !isDirective ? rest.slice(comment.at) : "",
    opensBrace: text.endsWith(" {"),
  };
}

/** Where the comment of a test point is, and what it contains. */
interface PointComment {
  /** The position of "#". */
  readonly at: number;
  readonly directive?: Directive | undefined;
  /** Where the directive's reason begins. */
  readonly textAt: number;
}

/**
 * Whole words: "# todos are missing" and "# skipper" are not directives, or
 * they would hide a failure. TAP 13 has "Skipped:" too.
 */
const DIRECTIVES: Readonly<Record<Dialect, RegExp>> = {
  tap: /\s*(skip(?:ped|ping)?|todo)(?![\p{L}\p{N}_]):?\s*/iuy,
  ktap: /\s*(skip(?:ped|ping)?|todo|xfail)(?![\p{L}\p{N}_]):?\s*/iuy,
};

/**
 * Comments that are not part of the description, because they are about a run:
 * how long it took ("time=3.5ms", "in 76 ms") and, from kselftest and Meson,
 * how it died.
 */
const REMARK =
  /\s*(?:(?:(?:time\s*=|in)\s*)?\d+(?:\.\d+)?\s*m?s(?:\s*\{)?\s*(?:$|#)|exit=\d+|TIMEOUT\b)/y;
/** What only begins as a directive; it is a remark too. */
const MISSPELLED = /\s*(?:skip|todo)/iy;

/**
 * Finds the comment after a description: it begins at the first "#" that is not
 * escaped and has white space on both sides, or on one side and is followed by
 * a directive. So "issue #12" and "page.html#skip" are descriptions, and "foo
 * #todo" is not.
 *
 * What follows the first such "#" and is neither a directive nor a remark is
 * part of the description, as in TAP 14, prove(1) and node-tap: they find no
 * directive in "a # b # TODO" either. In the kernel's dialect it is data.
 */
function findComment(text: string, dialect: Dialect): PointComment | undefined {
  for (let at = 0; (at = text.indexOf("#", at)) >= 0; at++) {
    if (isEscaped(text, at)) continue;
    const before = at === 0 || isSpace(text.charCodeAt(at - 1));
    const after = at + 1 === text.length || isSpace(text.charCodeAt(at + 1));
    if (!before && !after) continue;
    const textAt = at + 1;
    const pattern = DIRECTIVES[dialect];
    pattern.lastIndex = textAt;
    const word = pattern.exec(text)?.[1].toLowerCase();
    if (word !== undefined) {
      const directive = word.startsWith("skip") ? "skip" : "todo";
      return { at, directive, textAt: pattern.lastIndex };
    }
    if (!before || !after) continue;
    const isRemark = dialect === "ktap" || text.length === textAt ||
      [REMARK, MISSPELLED].some((pattern) => {
        pattern.lastIndex = textAt;
        return pattern.test(text);
      });
    return isRemark ? { at, textAt } : undefined;
  }
  return undefined;
}

/** Returns whether an odd number of backslashes precedes `at`. */
function isEscaped(text: string, at: number): boolean {
  let start = at;
  while (start > 0 && text[start - 1] === "\\") start--;
  return (at - start) % 2 === 1;
}

/**
 * Removes TAP 14's escapes, `\#` and `\\`. They are read in TAP 12 and 13 too:
 * Test::More (12) and Node's runner (13) write them.
 */
function unescape(text: string): string {
  return text.includes("\\") ? text.replace(/\\([\\#])/g, "$1") : text;
}

const PLAN = /^\d+\.\.(\d+)\s*(?:#\s*(?:skip\S*\s*)?(.*))?$/is;

function parsePlan(
  bytes: Uint8Array,
  at: number,
  end: number,
  indent: number,
): Line {
  if (!mayBecomePlan(bytes, at, end)) return OTHER;
  const match = PLAN.exec(readText(bytes, at, end));
  if (match === null) return OTHER;
  const [, last, reason = ""] = match;
  return { kind: "plan", indent, last: Number(last), reason: unescape(reason) };
}

/** Returns whether bytes `at` to `end` begin with digits, "..", digits. */
function mayBecomePlan(bytes: Uint8Array, at: number, end: number): boolean {
  const dots = digitsEnd(bytes, at, end);
  const number = dots + 2;
  if (dots - at > MAX_DIGITS) return false;
  for (let i = dots; i < number && i < end; i++) {
    if (bytes[i] !== DOT) return false;
  }
  if (number >= end) return true;
  const stop = digitsEnd(bytes, number, end);
  return stop > number && stop - number <= MAX_DIGITS &&
    (stop === end || bytes[stop] === HASH || isSpace(bytes[stop]));
}

/** Where the digits end, or one past {@linkcode MAX_DIGITS} of them. */
function digitsEnd(bytes: Uint8Array, start: number, end: number): number {
  const limit = Math.min(end, start + MAX_DIGITS + 1);
  let at = start;
  while (at < limit && isDigit(bytes[at])) at++;
  return at;
}

function parseComment(
  bytes: Uint8Array,
  at: number,
  end: number,
  indent: number,
): StructureLine | DiagnosticLine {
  if (startsWith(bytes, at, end, SUBTEST)) {
    const rest = readText(bytes, at + SUBTEST.length, end);
    if (rest === "") return { kind: "subtest", indent, text: "" };
    if (rest.startsWith(":")) {
      return { kind: "subtest", indent, text: unescape(rest.slice(1).trim()) };
    }
  }
  return { kind: "comment", indent };
}

function readText(bytes: Uint8Array, start: number, end: number): string {
  const text = decodeLenient(bytes.subarray(start, end)).trim();
  return text.includes("\0") ? text.replaceAll("\0", "\\0") : text;
}

function startsWith(
  bytes: Uint8Array,
  at: number,
  end: number,
  prefix: Uint8Array,
): boolean {
  return at + prefix.length <= end &&
    prefix.every((byte, i) => bytes[at + i] === byte);
}

function beginsWithSpace(bytes: Uint8Array, at: number): boolean {
  return isSpace(bytes[at]);
}

function beginsWithDigit(bytes: Uint8Array, at: number): boolean {
  return isDigit(bytes[at]);
}

function isBlank(bytes: Uint8Array, at: number, end: number): boolean {
  return bytes.subarray(at, end).every(isSpace);
}

/** ASCII white space, as a byte or a character code. */
function isSpace(code: number): boolean {
  return code === 0x20 || code >= 0x09 && code <= 0x0d;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
