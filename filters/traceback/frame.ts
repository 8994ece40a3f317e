/**
 * A grammar: how the frames of one language look, and which line of a failure a
 * person would quote.
 *
 * @module
 */

/** One frame of a traceback. */
export interface Frame {
  /**
   * Possible names of its file, never empty. The last is how the line reads; those
   * before it count only if there is such a file.
   */
  readonly files: readonly string[];
  readonly line: number;
  /** The class and method of a frame of the JVM. */
  readonly method?: string;
}

/** A line of a traceback, and the frame in it if there is one. */
export interface Reading {
  readonly text: string;
  readonly shape?: FrameShape;
  readonly frame?: Frame;
}

/** How some frames look. */
export interface FrameShape {
  /**
   * Matches a line, with groups `file`, `line` and `method`. A match without
   * `line` names the file for matches below it that have no `file`.
   */
  readonly pattern: RegExp;
  /**
   * Matches the same line if the file name has blanks or colons in it: counts
   * only if there is such a file.
   */
  readonly wide?: RegExp;
  /** Sorts lines so that the innermost frame comes first. */
  readonly order?: (readings: readonly Reading[]) => Reading[];
}

/** What the failures of a language look like. */
export interface Grammar {
  /** The shapes of frames, tried in this order. */
  readonly frames: readonly FrameShape[];
  /**
   * The line that a person would quote, possibly joined from several; undefined
   * when the text is not a failure of this language.
   *
   * @param lines without colors and trailing white space
   */
  headline?(lines: readonly string[]): string | undefined;
}

/** Ends of the names of files with source code. */
export const SOURCE = "(?:" +
  "[chm]|cc|cpp|cxx|c\\+\\+|hh|hpp|hxx|mm|cu|py|pyx|rs|go|zig|nim|d|" +
  "[cm]?[jt]sx?|vue|svelte|java|kts?|scala|groovy|clj|cs|fs|vb|swift|dart|" +
  "rb|php|p[lm]|t|lua|r|jl|exs?|erl|l?hs|mli?|sh|bash|bats|sql" +
  ")";

/** Lines without a reason: progress of Go tests and TAP, markers below code. */
export const DECORATION =
  /^\s*(?:=== \w+ |--- (?:FAIL|PASS|SKIP|BENCH): |FAIL(?:$|\s)|PASS$|exit status \d+$|(?:# )?duration_ms\b|# time=[\d.]+ms\b|---$|\.\.\.$|# Subtest: |\? *[\^+ -]+$|[\^~=*_-]+$)/;

/** The innermost frame is printed last. */
export function lastFirst(readings: readonly Reading[]): Reading[] {
  return readings.toReversed();
}

/** The most lines that a headline is joined from. */
const MAX_JOINED = 6;

/** Lines joined to one, without blank ones: `Expected to be equal: 4 !== 5`. */
export function joined(lines: readonly (string | undefined)[]): string {
  let text = "";
  let count = 0;
  for (const line of lines) {
    // "left:  4", "Actual  : 4".
    const part = line?.trim().replace(/^(\w[\w ]*?) *: +/, "$1: ");
    if (!part) continue;
    if (++count > MAX_JOINED) break;
    if (text !== "") text += /[:.,;!?({[]$/.test(text) ? " " : ", ";
    text += part;
  }
  return text;
}

/** The lines from `start` up to the first that matches, or is blank. */
export function linesUntil(
  lines: readonly string[],
  start: number,
  end = /^$/,
): readonly string[] {
  const rest = lines.slice(start);
  const length = rest.findIndex((line) => line === "" || end.test(line));
  return length < 0 ? rest : rest.slice(0, length);
}

/** The first group, or all, of the first match in any line. */
export function firstMatch(
  lines: readonly string[],
  pattern: RegExp,
): string | undefined {
  for (const line of lines) {
    const match = pattern.exec(line);
    if (match !== null) return match[1] ?? match[0];
  }
  return undefined;
}
