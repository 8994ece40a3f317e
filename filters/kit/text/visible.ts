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

/** The same but for line ends and tabs, of which long texts have many. */
const HOSTILE_IN_LINES =
  // deno-lint-ignore no-control-regex -- looks for control characters
  /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]|\r(?!\n)/g;

/** Escapes control characters except line ends and tabs. */
export function visibleLines(text: string): string {
  return text.replace(HOSTILE_IN_LINES, escape);
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
