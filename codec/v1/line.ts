/**
 * The lines of version 1. Any other line is text.
 *
 * ```text
 *   test|testing       LABEL                       a test starts
 *   success|successful LABEL [DETAILS]             it ends, and how
 *   failure|error|skip|xfail|uxsuccess LABEL [DETAILS]
 *   testsuite-failure|testsuite-error  LABEL [DETAILS]  a whole suite failed
 *   tags               [-]TAG ...                  of this test, or of all
 *   time               YYYY-MM-DD HH:MM:SS[.F]Z    the clock of what follows
 *   progress           [+|-]N | push | pop
 * ```
 *
 * A keyword is at the beginning of a line, with or without a colon, and
 * followed by one blank. Source: the subunit README, "Version 1 (and 1.1)"; the
 * number of colons and the set of blanks are those of Python's reader; the lines
 * about suites are Samba's (selftest/README).
 *
 * @module
 */

/** How a test ends. */
export type Outcome = "success" | "fail" | "skip" | "xfail" | "uxsuccess";

/** The meaning of a line, whichever synonym it uses. */
export type Directive =
  | Outcome
  | "test"
  | "suite failure"
  | "progress"
  | "tags"
  | "time";

/** The keywords, the most frequent first. */
const KEYWORDS: readonly (readonly [string, Directive])[] = [
  ["time", "time"],
  ["test", "test"],
  ["tags", "tags"],
  ["testing", "test"],
  ["success", "success"],
  ["successful", "success"],
  ["skip", "skip"],
  ["failure", "fail"],
  ["error", "fail"],
  ["xfail", "xfail"],
  ["uxsuccess", "uxsuccess"],
  ["progress", "progress"],
  ["testsuite-failure", "suite failure"],
  ["testsuite-error", "suite failure"],
];

interface Keyword {
  readonly bytes: Uint8Array;
  readonly directive: Directive;
}

/** The keywords by their first byte. */
const BY_FIRST_BYTE: (Keyword[] | undefined)[] = Array(256).fill(undefined);
for (const [word, directive] of KEYWORDS) {
  const bytes = new TextEncoder().encode(word);
  (BY_FIRST_BYTE[bytes[0]] ??= []).push({ bytes, directive });
}

export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
const COLON = 0x3a;

/** Returns whether a byte is blank: a space, or tab to carriage return. */
export function isBlank(byte: number): boolean {
  return byte === SPACE || byte >= 0x09 && byte <= 0x0d;
}

/**
 * The meaning of bytes `start` to `end`, a line or the beginning of one;
 * undefined when the keyword shows that they are text.
 */
export function directiveAt(
  bytes: Uint8Array,
  start: number,
  end: number,
): Directive | undefined {
  const keywords = BY_FIRST_BYTE[bytes[start]];
  if (keywords === undefined) return undefined;
  for (const { bytes: word, directive } of keywords) {
    if (matching(word, bytes, start, end) < word.length) continue;
    const at = colonsEnd(bytes, start + word.length, end);
    if (at < end && isBlank(bytes[at])) {
      return hasParameter(bytes, at, end) ? directive : undefined;
    }
  }
  return undefined;
}

/** Where the parameter of a directive begins: after one blank. */
export function parameterAt(bytes: Uint8Array, start: number): number {
  let at = start;
  while (!isBlank(bytes[at])) at++;
  return at + 1;
}

/**
 * Returns whether the beginning of a line may still become a keyword; after the
 * keyword and its blank, {@linkcode directiveAt} decides.
 */
export function mayGetKeyword(
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  return BY_FIRST_BYTE[bytes[start]]?.some(({ bytes: word }) => {
    const same = matching(word, bytes, start, end);
    if (same < word.length) return start + same === end;
    const at = colonsEnd(bytes, start + same, end);
    return at === end || isBlank(bytes[at]) && !hasParameter(bytes, at, end);
  }) ?? false;
}

/** How many bytes from `start` on equal those of `word`. */
function matching(
  word: Uint8Array,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const most = Math.min(word.length, end - start);
  let same = 0;
  while (same < most && bytes[start + same] === word[same]) same++;
  return same;
}

function colonsEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] === COLON) at++;
  return at;
}

function hasParameter(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    if (!isBlank(bytes[at])) return true;
  }
  return false;
}
