/**
 * What a grammar knows about the failures of one language: how its frames look,
 * and which line of a failure a person would quote.
 *
 * @module
 */

/** One frame of a traceback. */
export interface Frame {
  /** What its file may be called, the likeliest last; never empty. */
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
   * Matches a line. Its groups are `file`, `line` and `method`. A line with a
   * `file` alone names the file of the lines below that have a `line` alone.
   */
  readonly pattern: RegExp;
  /**
   * Matches the same line where the name of a file has blanks, colons or
   * brackets in it: tried first, and believed if there is such a file.
   */
  readonly wide?: RegExp;
  /** Puts lines in order, that with the innermost frame first. */
  readonly order?: (readings: readonly Reading[]) => Reading[];
}

/** What is known about the failures of a language. */
export interface Grammar {
  /** What only this language prints comes first. */
  readonly frames: readonly FrameShape[];
  /**
   * The line that a person would quote, perhaps made of several; undefined
   * where the text is not a failure of this language.
   *
   * @param lines without colours, or white space at their ends
   */
  headline?(lines: readonly string[]): string | undefined;
}

/** Ends of the names of files with source code. */
export const SOURCE = "(?:" +
  "[chm]|cc|cpp|cxx|c\\+\\+|hh|hpp|hxx|mm|cu|py|pyx|rs|go|zig|nim|d|" +
  "[cm]?[jt]sx?|vue|svelte|java|kts?|scala|groovy|clj|cs|fs|vb|swift|dart|" +
  "rb|php|p[lm]|t|lua|r|jl|exs?|erl|l?hs|mli?|sh|bash|bats|sql" +
  ")";

/** The innermost frame is printed last. */
export function lastFirst(readings: readonly Reading[]): Reading[] {
  return readings.toReversed();
}

/** How many lines a headline is made of, at most. */
const MAX_JOINED = 6;

/** Lines as one: `Expected values to be equal: 4 !== 5`. Blank ones are left out. */
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

/** What the first line that matches has in its first group. */
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
