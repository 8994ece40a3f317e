/**
 * Comments that name groups of tests.
 *
 * @module
 */

import { decodeLenient } from "../text/utf8.ts";
import type { TestPointLine } from "./line.ts";

/** What tape puts before the names of such tests. */
const PREFIX = /^(?:TODO|SKIP)\s+/;

/**
 * Finds the groups that tape prints: a comment before the assertions of each
 * test.
 *
 * ```text
 * TAP version 13
 * # the name of a test
 * ok 1 what is asserted
 * ```
 *
 * Only documents of exactly this form have groups: version 13, a comment before
 * the first test point, numbers, no dash before descriptions, no subtests, the
 * plan at the end. As in tape's own formatters, the last comment before a test
 * point counts.
 */
export class Groups {
  #isPossible = false;
  #name: string | undefined;

  /** Begins a document with a version line. */
  begin(version: number): void {
    this.#isPossible = version === 13;
    this.#name = undefined;
  }

  /** Ends the groups: the document, or the rest of it, has another form. */
  giveUp(): void {
    this.#isPossible = false;
    this.#name = undefined;
  }

  /** Reads the comment in bytes `start` to `end`, from its "#" on. */
  addComment(bytes: Uint8Array, start: number, end: number): void {
    if (!this.#isPossible) return;
    const text = decodeLenient(bytes.subarray(start + 1, end)).trim();
    const name = text.replace(PREFIX, "").replaceAll("\0", "\\0");
    if (name !== "") this.#name = name;
  }

  /** The group of a test point; undefined if it has none. */
  of({ number, description }: TestPointLine): string | undefined {
    const isTape = number !== undefined && !description.startsWith("-");
    if (!isTape || this.#name === undefined) this.giveUp();
    return this.#name === description ? undefined : this.#name;
  }
}
