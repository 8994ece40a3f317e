/**
 * Text from a stream, made harmless to a terminal.
 *
 * @module
 */

/**
 * Control characters, and what turns the direction of text around: all that
 * lets a test's name rewrite the screen.
 */
// deno-lint-ignore no-control-regex -- they are what is looked for
const HOSTILE = /[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** The text in one line, with control characters shown as escapes. */
export function visibleText(text: string): string {
  return text.replace(HOSTILE, escape);
}

/** The same, but line ends and tabs stay. */
export function visibleLines(text: string): string {
  return text.replace(
    HOSTILE,
    (character, at) =>
      character === "\n" || character === "\t" ||
        character === "\r" && text[at + 1] === "\n"
        ? character
        : escape(character),
  );
}

/** As JSON escapes it, so that a line of JSON stays one. */
function escape(character: string): string {
  const named = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }[character];
  return named ?? unicodeEscape(character);
}

/** The escape of a UTF-16 unit by its number, as JSON has it: `\u001b`. */
export function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
