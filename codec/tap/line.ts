/**
 * One line of TAP: bytes to what they say.
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
 * depends on its indentation and on the lines before: see `document.ts`.
 *
 * @module
 */

import { decodeLenient } from "../text/utf8.ts";

/** What a test point asks for besides its result. */
export type Directive = "skip" | "todo";

/** A line "ok …" or "not ok …". */
export interface TestPointLine {
  readonly kind: "point";
  /** How many blanks and tabs the line begins with. */
  readonly indent: number;
  readonly ok: boolean;
  /** Undefined where the line gives none. */
  readonly number: number | undefined;
  /** With the "- " in front, if it was written; may be empty. */
  readonly description: string;
  readonly directive: Directive | undefined;
  /** Why, of the directive; may be empty. */
  readonly reason: string;
  /** A comment that is no directive, from its "#" on; may be empty. */
  readonly comment: string;
  /** Whether it ends in " {", as a buffered subtest of node-tap begins. */
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

/** A line that gives a text: the subtest's name, the reason to bail out. */
export interface TextLine {
  readonly kind: "subtest" | "bailout";
  readonly indent: number;
  readonly text: string;
}

/** A line "TAP version N". */
export interface VersionLine {
  readonly kind: "version";
  readonly indent: number;
  /** 0 in the Linux kernel's dialect, which counts for itself. */
  readonly version: number;
}

/** A line "}". */
export interface BraceLine {
  readonly kind: "brace";
  readonly indent: number;
}

/** A line that says something of a test: a comment, or that YAML begins. */
export interface DiagnosticLine {
  readonly kind: "comment" | "yaml";
  readonly indent: number;
}

/** A line that makes up the document. */
export type StructureLine =
  | VersionLine
  | PlanLine
  | TestPointLine
  | TextLine
  | BraceLine;

/** Any line: of TAP, nothing but white space, or something else. */
export type Line =
  | StructureLine
  | DiagnosticLine
  | { readonly kind: "blank" | "other" };

/** Lines further in are no TAP: enough for 256 levels of subtests. */
export const MAX_INDENT = 1024;
/** Numbers with more digits are text: beyond, integers are not exact. */
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
  /** Whether capital letters do as well; `bytes` is in small ones. */
  readonly anyCase?: boolean;
  /** Says whether bytes `at` to `end`, or more of them, may stand behind it. */
  readonly allows: (bytes: Uint8Array, at: number, end: number) => boolean;
  /** Makes the line of what stands behind it. */
  readonly read: (text: string, indent: number) => Line;
}

const KEYWORDS: readonly Keyword[] = [{
  bytes: ascii("ok"),
  allows: beginsWithSpace,
  read: (text, indent) => parsePoint(text, true, indent),
}, {
  bytes: ascii("not ok"),
  allows: beginsWithSpace,
  read: (text, indent) => parsePoint(text, false, indent),
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

/** The keywords by the byte that lines with them begin with. */
const KEYWORDS_BY_BYTE = Array.from(
  { length: 256 },
  (_, byte) => KEYWORDS.filter((keyword) => agrees(keyword, 0, byte)),
);

/**
 * Reads the line of bytes `start` to `end`, with or without its line end.
 *
 * Strings in the result are well-formed and hold no NUL: what is not UTF-8
 * reads U+FFFD, and a NUL reads "\0", for a test id can hold neither.
 */
export function parseLine(
  bytes: Uint8Array,
  start: number,
  end: number,
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
    const behind = at + keyword.bytes.length;
    if (behind <= stop && mayBegin(keyword, bytes, at, stop)) {
      return keyword.read(readText(bytes, behind, stop), indent);
    }
  }
  return OTHER;
}

/**
 * Says whether bytes `start` to `end`, the beginning of a line, leave it open
 * that {@linkcode parseLine} finds TAP in the whole.
 */
export function mayBecomeTap(
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  // A CR there may belong to the line end.
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

/** Where the blanks and tabs end that the line begins with. */
export function indentationEnd(
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  let at = start;
  while (at < end && (bytes[at] === 0x20 || bytes[at] === 0x09)) at++;
  return at;
}

/** Says whether bytes `start` to `end` are "...", the end of a YAML block. */
export function isYamlEnd(
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  return startsWith(bytes, start, end, YAML_END) &&
    isBlank(bytes, start + YAML_END.length, end);
}

/** Says whether bytes `at` to `end`, or more of them, begin with a keyword. */
function mayBegin(
  keyword: Keyword,
  bytes: Uint8Array,
  at: number,
  end: number,
): boolean {
  const behind = at + keyword.bytes.length;
  for (let i = at; i < behind && i < end; i++) {
    if (!agrees(keyword, i - at, bytes[i])) return false;
  }
  return behind >= end || keyword.allows(bytes, behind, end);
}

/** Says whether `byte` is the keyword's at `index`. */
function agrees(keyword: Keyword, index: number, byte: number): boolean {
  const isCapital = byte >= 0x41 && byte <= 0x5a;
  return keyword.bytes[index] ===
    (keyword.anyCase && isCapital ? byte + 0x20 : byte);
}

const NUMBER = new RegExp(String.raw`^(\d{1,${MAX_DIGITS}})(?=[\s#]|$)`);

function parsePoint(text: string, ok: boolean, indent: number): TestPointLine {
  const digits = NUMBER.exec(text)?.[1];
  const rest = digits === undefined ? text : text.slice(digits.length);
  const comment = findComment(rest);
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

/** Where the comment of a test point stands, and what is in it. */
interface PointComment {
  /** The "#". */
  readonly at: number;
  readonly directive?: Directive | undefined;
  /** Where the directive's reason begins. */
  readonly textAt: number;
}

const DIRECTIVE = /\s*(skip|todo)\S*\s*/iy;

/**
 * The comment behind a description: at the first "#" that is not escaped and
 * has white space on both sides, or on one and a directive behind it. So
 * "issue #12" and "page.html#skip" are descriptions, and "foo #todo" is none.
 */
function findComment(text: string): PointComment | undefined {
  for (let at = 0; (at = text.indexOf("#", at)) >= 0; at++) {
    if (isEscaped(text, at)) continue;
    const before = at === 0 || isSpace(text.charCodeAt(at - 1));
    const after = at + 1 === text.length || isSpace(text.charCodeAt(at + 1));
    if (!before && !after) continue;
    DIRECTIVE.lastIndex = at + 1;
    const word = DIRECTIVE.exec(text)?.[1];
    if (word !== undefined) {
      const directive = word.toLowerCase() as Directive;
      return { at, directive, textAt: DIRECTIVE.lastIndex };
    }
    if (before && after) return { at, textAt: at + 1 };
  }
  return undefined;
}

/** Says whether an odd number of backslashes stands before `at`. */
function isEscaped(text: string, at: number): boolean {
  let start = at;
  while (start > 0 && text[start - 1] === "\\") start--;
  return (at - start) % 2 === 1;
}

/**
 * Takes the escapes out that TAP 14 has: `\#` and `\\`. They are read in TAP
 * 12 and 13 as well: Node's runner (13) and Test::More (12) write them.
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

/** Says whether bytes `at` to `end` begin as digits, "..", digits. */
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

/** White space of ASCII, as a byte or the code of a character. */
function isSpace(code: number): boolean {
  return code === 0x20 || code >= 0x09 && code <= 0x0d;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
