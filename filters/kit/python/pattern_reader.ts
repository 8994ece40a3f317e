/**
 * Reads patterns and templates from left to right, and reports where they are
 * invalid.
 *
 * @module
 */

import { UsageError } from "../errors.ts";

/** A reference to a group; three octal digits are a character instead. */
export const REFERENCE = /(?![1-7][0-7]{2})[1-9][0-9]?/vy;
const OCTAL = /[0-7]{1,3}/vy;
/** Any character. */
export const CHARACTER = /[\s\S]/vy;

/** Control characters by the letters of their escapes. */
export const CONTROLS = new Map([
  ["a", "\x07"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["v", "\v"],
]);

/** Reads a text from left to right, and makes errors that name the place. */
export class Reader {
  /** The position, in UTF-16 units. */
  at = 0;

  /** @param kind the kind of text, for messages */
  constructor(readonly kind: string, readonly text: string) {}

  get isAtEnd(): boolean {
    return this.at === this.text.length;
  }

  /** Skips `expected` if it comes next. */
  skip(expected: string): boolean {
    const isNext = this.text.startsWith(expected, this.at);
    if (isNext) this.at += expected.length;
    return isNext;
  }

  /** Reads what comes next if it matches; `shape` has the flag y. */
  take(shape: RegExp): RegExpExecArray | null {
    shape.lastIndex = this.at;
    const found = shape.exec(this.text);
    if (found) this.at = shape.lastIndex;
    return found;
  }

  /** Reads the character of an octal escape, if one comes next. */
  takeOctal(start: number): number | undefined {
    const digits = this.take(OCTAL)?.[0];
    if (digits === undefined) return undefined;
    const code = parseInt(digits, 8);
    if (code > 0o377) throw this.invalid(start, "is past \\377");
    return code;
  }

  /** An error for what Python refuses: the text from `start` on, or `shown`. */
  invalid(
    start: number,
    why: string,
    shown = this.text.slice(start, this.at),
  ): UsageError {
    return this.refusal(`"${shown}" ${this.#place(start)} ${why}`);
  }

  /** An error for what Python accepts and we do not. */
  unsupported(start: number, what: string): UsageError {
    return this.refusal(`${what}, ${this.#place(start)}, are not supported`);
  }

  refusal(why: string): UsageError {
    return new UsageError(`Cannot use the ${this.kind} "${this.text}": ${why}`);
  }

  #place(start: number): string {
    return `at character ${[...this.text.slice(0, start)].length + 1}`;
  }
}
