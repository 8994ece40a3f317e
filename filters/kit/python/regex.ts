/**
 * Regular expressions as people write them for Python, run by JavaScript.
 *
 * Python 3.11's `re` for str is the reference: `Lib/re/_parser.py` says what an
 * expression is, `Modules/_sre/sre_lib.h` what it matches. What we cannot match
 * in the same way we refuse. So only the versions of Unicode differ, and what
 * is amiss in CPython: its search does not find "é" by `(?a:\W)`, its match
 * does; possessive repeats of groups go wrong before 3.11.5.
 *
 * @module
 */

import { expand, parseTemplate } from "./template.ts";
import { translate } from "./translator.ts";

/** Which flags hold for the whole pattern besides those it sets itself. */
export interface PythonRegexOptions {
  /** Whether "^" and "$" match at every line, as under `(?m)`. */
  readonly multiline?: boolean;
}

/**
 * The expression, searching as Python's `re.search` does. It has neither of
 * the flags g and y; Python's group 1 is its group `g1`, and so on.
 *
 * Besides what Python refuses, it refuses
 * - conditional groups and characters by name (`\N{DASH}`);
 * - references that ignore case, and those to groups that may be unset (where
 *   JavaScript matches ""), that not every round of a repeat sets (which it
 *   unsets), or that are in a lookbehind (which it reads backwards);
 * - atomic groups and possessive repeats in a lookbehind;
 * - repeats of what tries the empty match before others, like `(|a)*`: Python
 *   then ends the repeat, JavaScript tries the others.
 *
 * @throws {UsageError} if it refuses the pattern
 */
export function pythonRegex(
  pattern: string,
  { multiline = false }: PythonRegexOptions = {},
): RegExp {
  return translate(pattern, multiline ? ["m"] : []).regex;
}

/**
 * What Python's `re.sub(pattern, template, text)` makes of a text.
 *
 * @throws {UsageError} if {@linkcode pythonRegex} refuses the pattern, if Python
 * refuses the template, or if that has a group that not every round of a repeat
 * sets
 */
export function pythonSubstitute(
  pattern: string,
  template: string,
): (text: string) => string {
  const translation = translate(pattern, []);
  const parts = parseTemplate(template, translation);
  const { source } = translation.regex;
  const search = new RegExp(source, "gv");
  // Where a match was empty, Python first tries for one that is not.
  const longer = new RegExp(
    `(?=(?<rest>[\\s\\S]*))(?:${source})(?!\\k<rest>$)`,
    "vy",
  );
  const findNext = (text: string, at: number, wasEmpty: boolean) => {
    search.lastIndex = longer.lastIndex = at;
    if (!wasEmpty) return search.exec(text);
    const match = longer.exec(text);
    if (match !== null || at === text.length) return match;
    search.lastIndex += text.codePointAt(at)! > 0xffff ? 2 : 1;
    return search.exec(text);
  };
  return (text) => {
    let result = "", at = 0;
    for (let match = findNext(text, 0, false); match !== null;) {
      result += text.slice(at, match.index) + expand(parts, match);
      at = match.index + match[0].length;
      match = findNext(text, at, match[0] === "");
    }
    return result + text.slice(at);
  };
}
