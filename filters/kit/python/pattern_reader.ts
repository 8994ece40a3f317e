/**
 * Reads patterns and templates from left to right, and refuses them by place.
 *
 * @module
 */

import { UsageError } from "../errors.ts";

/** A reference to a group; three octal digits are a character instead. */
export const REFERENCE = /(?![1-7][0-7]{2})[1-9][0-9]?/vy;
const OCTAL = /[0-7]{1,3}/vy;
/** Any character. */
export const CHARACTER = /[\s\S]/vy;

/** The control characters by the letters of their escapes. */
export const CONTROLS = new Map([
  ["a", "\x07"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["v", "\v"],
]);

/** Reads a text from left to right, and says what is wrong with it where. */
export class Reader {
  /** Where it is, in UTF-16 units. */
  at = 0;

  /** @param kind what the text is, for messages */
  constructor(readonly kind: string, readonly text: string) {}

  get isAtEnd(): boolean {
    return this.at === this.text.length;
  }

  /** Reads `expected`, if it comes next. */
  skip(expected: string): boolean {
    const isNext = this.text.startsWith(expected, this.at);
    if (isNext) this.at += expected.length;
    return isNext;
  }

  /** Reads what comes next, if it has a shape; a sticky one. */
  take(shape: RegExp): RegExpExecArray | null {
    shape.lastIndex = this.at;
    const found = shape.exec(this.text);
    if (found) this.at = shape.lastIndex;
    return found;
  }

  /** The character of an octal escape, if one comes next. */
  takeOctal(start: number): number | undefined {
    const digits = this.take(OCTAL)?.[0];
    if (digits === undefined) return undefined;
    const code = parseInt(digits, 8);
    if (code > 0o377) throw this.invalid(start, "is past \\377");
    return code;
  }

  /** Python refuses what was read from `start` on, or what `shown` is of it. */
  invalid(
    start: number,
    why: string,
    shown = this.text.slice(start, this.at),
  ): UsageError {
    return this.refusal(`"${shown}" ${this.#place(start)} ${why}`);
  }

  /** We refuse what Python takes. */
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
