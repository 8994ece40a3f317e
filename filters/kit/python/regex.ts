/**
 * Python's regular expressions, run by JavaScript.
 *
 * The reference is `re` of Python 3.11 for str: `Lib/re/_parser.py` for the
 * syntax and `Modules/_sre/sre_lib.h` for the matching. We refuse what we cannot
 * match in the same way. The only differences are the version of Unicode and two
 * defects of CPython: its search does not find "é" by `(?a:\W)`, while its match
 * does; and possessive repeats of groups are wrong before 3.11.5.
 *
 * @module
 */

import { expand, parseTemplate } from "./template.ts";
import { translate } from "./translator.ts";

/** Flags for the whole pattern, besides those that it sets itself. */
export interface PythonRegexOptions {
  /** Whether "^" and "$" match at every line, as with `(?m)`. */
  readonly multiline?: boolean;
}

/**
 * Returns an expression that searches as Python's `re.search` does. It has
 * neither of the flags g and y; Python's group 1 is its group `g1`, and so on.
 *
 * Refused are, besides what Python refuses,
 * - conditional groups and characters by name (`\N{DASH}`);
 * - references that ignore case, and references to groups that may be unset
 *   (JavaScript matches ""), that some rounds of a repeat do not set (JavaScript
 *   unsets them), or that are in a lookbehind (JavaScript reads them backwards);
 * - atomic groups and possessive repeats in a lookbehind;
 * - repeats of a group that tries the empty match before others, such as
 *   `(|a)*`: Python ends the repeat there, JavaScript tries the others.
 *
 * @throws {UsageError} if the pattern is refused
 */
export function pythonRegex(
  pattern: string,
  { multiline = false }: PythonRegexOptions = {},
): RegExp {
  return translate(pattern, multiline ? ["m"] : []).regex;
}

/**
 * Returns a function that does what Python's `re.sub(pattern, template, text)`
 * does.
 *
 * @throws {UsageError} if {@linkcode pythonRegex} refuses the pattern, if Python
 * refuses the template, or if the template has a group that some rounds of a
 * repeat do not set
 */
export function pythonSubstitute(
  pattern: string,
  template: string,
): (text: string) => string {
  const translation = translate(pattern, []);
  const parts = parseTemplate(template, translation);
  const { source } = translation.regex;
  const search = new RegExp(source, "gv");
  // After an empty match, Python first looks for one that is not empty.
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
