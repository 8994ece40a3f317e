/**
 * Separates a report from text before it, such as the output of a build tool.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";

/** The beginnings of a report after text. */
const BEGINNINGS = ["<?xml", "<testsuite"].map((text) =>
  new TextEncoder().encode(text)
);
const LONGEST = Math.max(...BEGINNINGS.map(({ length }) => length));

const SPACE = 0x20, TAB = 0x09, LINE_FEED = 0x0a, RETURN = 0x0d, LESS = 0x3c;

/** Bytes before the beginning of the report, and from there on. */
export interface Split {
  readonly words: Uint8Array;
  readonly report: Uint8Array;
}

const NONE = new Uint8Array(0);

/**
 * Finds the beginning of a report: the first "<?xml" or "<testsuite", or the
 * beginning of a document that starts with "<".
 */
export class ReportStart {
  /** Bytes that may belong to the report. */
  #held: Uint8Array = NONE;
  #state: "blank" | "words" | "report" = "blank";

  /** Whether the report has begun. */
  get isFound(): boolean {
    return this.#state === "report";
  }

  /** Reads bytes in an encoding that extends ASCII. */
  push(chunk: Uint8Array): Split {
    if (this.isFound) return { words: NONE, report: chunk };
    const bytes = concat([this.#held, chunk]);
    this.#held = NONE;
    if (this.#state === "blank") {
      const first = bytes.findIndex((byte) => !isBlank(byte));
      if (first < 0) return this.#hold(bytes, 0);
      this.#state = bytes[first] === LESS ? "report" : "words";
      if (this.isFound) return { words: NONE, report: bytes };
    }
    return this.#readWords(bytes);
  }

  /** Ends the input and returns the remaining words. */
  end(): Uint8Array {
    return this.#state === "words" ? this.#held : NONE;
  }

  #readWords(bytes: Uint8Array): Split {
    for (
      let at = bytes.indexOf(LESS);
      at >= 0;
      at = bytes.indexOf(LESS, at + 1)
    ) {
      const here = bytes.subarray(at, at + LONGEST);
      if (BEGINNINGS.some((beginning) => startsWith(here, beginning))) {
        this.#state = "report";
        return { words: bytes.subarray(0, at), report: bytes.subarray(at) };
      }
      if (BEGINNINGS.some((beginning) => startsWith(beginning, here))) {
        return this.#hold(bytes, at);
      }
    }
    return { words: bytes, report: NONE };
  }

  #hold(bytes: Uint8Array, from: number): Split {
    this.#held = bytes.slice(from);
    return { words: bytes.subarray(0, from), report: NONE };
  }
}

function startsWith(bytes: Uint8Array, beginning: Uint8Array): boolean {
  return beginning.every((byte, at) => bytes[at] === byte);
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB || byte === LINE_FEED ||
    byte === RETURN;
}
