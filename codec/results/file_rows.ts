/**
 * Rows with parts of files, which are read only if somebody asks for the file.
 *
 * @module
 */

import { Packet } from "../v2/packet.ts";
import type { Rows } from "../v2/rows.ts";
import { grown } from "./test_numbers.ts";

const FIRST_ROWS = 256;
const FIRST_TESTS = 32;

// The words of a row.
const TEST = 0;
/** Where its packet begins and ends. */
const START = 1;
const END = 2;
/** The row of the same test before it; 0 without one. */
const PREVIOUS = 3;
const WORDS = 4;

/**
 * The rows of a chunk that have parts of files, by the numbers of their tests.
 * Most tests pass, and end in the chunk in which they begin: reading their files
 * would cost three times as much as finding out that they passed.
 *
 * Rows are valid until the bytes of the chunk change.
 */
export class FileRows {
  #source: Uint8Array | undefined;
  #view: DataView | undefined;
  /** {@linkcode WORDS} words a row, from row 1 on. */
  #words = new Int32Array(FIRST_ROWS * WORDS);
  #last = 0;
  /** The last row of each test; 0 without one. */
  #lastOf = new Int32Array(FIRST_TESTS);

  /** Whether no row was added since all were removed. */
  get isEmpty(): boolean {
    return this.#last === 0;
  }

  /** Whether rows of these may be added: those of other bytes must be read first. */
  accepts({ source }: Rows): boolean {
    return this.isEmpty || this.#source === source;
  }

  /** Adds a row with a part of a file. */
  add(test: number, rows: Rows, i: number): void {
    this.#source = rows.source;
    this.#view = rows.view;
    const row = ++this.#last, at = row * WORDS;
    if (at === this.#words.length) this.#words = grown(this.#words, 2 * at);
    if (test >= this.#lastOf.length) {
      this.#lastOf = grown(this.#lastOf, 2 * test);
    }
    const words = this.#words;
    words[at + TEST] = test;
    words[at + START] = rows.start(i);
    words[at + END] = rows.end(i);
    words[at + PREVIOUS] = this.#lastOf[test];
    this.#lastOf[test] = row;
  }

  /** Whether a test has rows. */
  has(test: number): boolean {
    return test < this.#lastOf.length && this.#lastOf[test] > 0;
  }

  /** The tests that have rows, by their last ones. */
  tests(): number[] {
    const tests: number[] = [];
    for (let row = 1; row <= this.#last; row++) {
      const test = this.#words[row * WORDS + TEST];
      if (this.#lastOf[test] === row) tests.push(test);
    }
    return tests;
  }

  /** Removes the rows of a test and returns their packets, the first one first. */
  take(test: number): Packet[] {
    const packets: Packet[] = [];
    for (let row = this.#lastOf[test]; row > 0;) {
      const at = row * WORDS;
      const start = this.#words[at + START], end = this.#words[at + END];
      const packet = Packet.index(this.#source!, this.#view!, start, end);
      packets.push(packet as Packet);
      row = this.#words[at + PREVIOUS];
    }
    this.forget(test);
    return packets.reverse();
  }

  /** Removes the rows of a test, which has none where its number is too high. */
  forget(test: number): void {
    if (test < this.#lastOf.length) this.#lastOf[test] = 0;
  }

  /** Removes all rows; those of all tests have been taken or forgotten. */
  clear(): void {
    this.#last = 0;
    this.#source = this.#view = undefined;
  }
}
