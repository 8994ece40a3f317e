/**
 * Quotes text so that it is not read as version 1.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { directiveAt, isBlank, LF, mayGetKeyword, SPACE } from "./line.ts";

const COLON = 0x3a;
/** Longer beginnings of lines are released: no keyword is nearly as long. */
const MAX_HELD_BYTES = 64;

const SPACE_BYTE = Uint8Array.of(SPACE);
const LF_BYTE = Uint8Array.of(LF);

/** Outcomes that Perl's reader knows in addition to those of version 1. */
const PERL_OUTCOMES = ["fail: ", "knownfail: "]
  .map((word) => new TextEncoder().encode(word));

/**
 * Returns whether a reader would take the line at `start` for more than text
 * between two tests: a start, tags, a time, progress; for Perl's reader also
 * outcomes, with a colon and a space after the keyword.
 */
function isRead(bytes: Uint8Array, start: number, end: number): boolean {
  switch (directiveAt(bytes, start, end)) {
    case undefined:
      return PERL_OUTCOMES.some((word) => hasWord(word, bytes, start, end));
    case "test":
    case "tags":
    case "time":
    case "progress":
      return true;
  }
  let at = start;
  while (!isBlank(bytes[at]) && bytes[at] !== COLON) at++;
  return bytes[at] === COLON && bytes[at + 1] === SPACE;
}

function hasWord(
  word: Uint8Array,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  return end - start >= word.length &&
    word.every((byte, i) => byte === bytes[start + i]);
}

/**
 * Returns whether the beginning of a line may become one that {@linkcode
 * isRead}.
 */
function mayBeRead(bytes: Uint8Array, start: number, end: number): boolean {
  return mayGetKeyword(bytes, start, end) ||
    PERL_OUTCOMES.some((word) =>
      bytes.subarray(start, end).every((byte, i) => byte === word[i])
    );
}

/**
 * Writes text between tests. A line that a reader would take for version 1 gets
 * a space before it, because keywords only count at the beginning of a line;
 * all others stay as they are.
 */
export class TextQuoter {
  readonly #take: (bytes: Uint8Array) => void;
  #isLineStart = true;
  /** The beginning of a line that is not decided yet. */
  #held: Uint8Array = new Uint8Array(0);
  #quoted = 0;

  /** @param take receives bytes, which are valid until it returns */
  constructor(take: (bytes: Uint8Array) => void) {
    this.#take = take;
  }

  /** How many lines got a space. */
  get quoted(): number {
    return this.#quoted;
  }

  /** Writes text, which may be cut anywhere. */
  write(text: Uint8Array): void {
    const bytes = this.#held.length > 0 ? concat([this.#held, text]) : text;
    this.#held = this.#held.subarray(0, 0);
    let from = 0;
    for (let at = 0; at < bytes.length;) {
      const lineEnd = bytes.indexOf(LF, at) + 1;
      const end = lineEnd > 0 ? lineEnd : bytes.length;
      if (this.#isLineStart) {
        if (isRead(bytes, at, end)) {
          this.#give(bytes.subarray(from, at));
          this.#take(SPACE_BYTE);
          this.#quoted++;
          from = at;
        } else if (
          lineEnd === 0 && end - at <= MAX_HELD_BYTES &&
          mayBeRead(bytes, at, end)
        ) {
          this.#give(bytes.subarray(from, at));
          this.#held = bytes.slice(at);
          return;
        }
      }
      this.#isLineStart = lineEnd > 0;
      at = end;
    }
    this.#give(bytes.subarray(from));
  }

  /** Ends the current line, so that what follows begins another. */
  endLine(): void {
    if (this.#isLineStart && this.#held.length === 0) return;
    this.end();
    this.#take(LF_BYTE);
    this.#isLineStart = true;
  }

  /** Writes what is held. */
  end(): void {
    if (this.#held.length > 0) this.#isLineStart = false;
    this.#give(this.#held);
    this.#held = this.#held.subarray(0, 0);
  }

  #give(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#take(bytes);
  }
}
