/**
 * Text for people: sorted, rounded and harmless as they expect it.
 *
 * @module
 */

import { formatTimestamp, type Timestamp } from "@subunit/codec";

/**
 * Compares by code point, as Python and `LC_ALL=C sort` do. Strings compare
 * themselves by UTF-16 unit, which puts U+1F600 before U+FF5E.
 */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i), y = b.charCodeAt(i);
    if (x === y) continue;
    const xIsHalf = isHalf(x), yIsHalf = isHalf(y);
    if (xIsHalf !== yIsHalf) return xIsHalf ? 1 : -1;
    return x - y;
  }
  return a.length - b.length;
}

/** Whether a UTF-16 unit is half of a character past U+FFFF. */
function isHalf(unit: number): boolean {
  return (unit & 0xf800) === 0xd800;
}

/** Seconds with three decimals; a tie goes to the even one, as in Python. */
export function formatSeconds(seconds: number): string {
  const thousandths = seconds * 1000;
  const below = Math.floor(thousandths);
  // Only multiples of 1/16 can lie exactly between two thousandths.
  const isTie = Number.isInteger(seconds * 16) && thousandths - below === 0.5;
  return (isTie ? (below + Math.abs(below % 2)) / 1000 : seconds).toFixed(3);
}

/** A time as Python prints it: with none, six or, where it must, nine decimals. */
export function formatTime(time: Timestamp): string {
  // "2026-01-31T12:00:00Z", or with decimals before the Z.
  const text = formatTimestamp(time);
  const decimals = text.slice(20, -1);
  const fraction = decimals === ""
    ? ""
    : `.${decimals.padEnd(decimals.length <= 6 ? 6 : 9, "0")}`;
  return `${text.slice(0, 10)} ${text.slice(11, 19)}${fraction}+00:00`;
}

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
  return named ??
    `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });
const latin1 = new TextDecoder("latin1");

/** Content as text: UTF-8 where it is that, else ISO-8859-1. */
export function textOfContent(content: Uint8Array): string {
  try {
    return utf8.decode(content);
  } catch {
    return latin1.decode(content);
  }
}
