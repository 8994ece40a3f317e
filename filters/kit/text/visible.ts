/**
 * Text from a stream, made harmless for a terminal.
 *
 * @module
 */

/**
 * Control characters, and characters that change the direction of text: with
 * these, a test's name could rewrite the screen.
 */
// deno-lint-ignore no-control-regex -- looks for control characters
const HOSTILE = /[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Returns the text as one line, with control characters escaped. */
export function visibleText(text: string): string {
  return text.replace(HOSTILE, escape);
}

/** Escapes control characters except line ends and tabs. */
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

/** Escapes a character as JSON does, so that JSON stays valid. */
function escape(character: string): string {
  const named = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }[character];
  return named ?? unicodeEscape(character);
}

/** Returns the numeric escape of a UTF-16 unit, as in JSON: `\u001b`. */
export function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
