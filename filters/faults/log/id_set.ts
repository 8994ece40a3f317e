/**
 * Sets of event ids, millions of them, without an object for each.
 *
 * @module
 */

import { grown } from "@subunit/codec";
import { createHash } from "../../kit/runtime/builtin.ts";

/** The 32-bit words of an id. */
const ID_WORDS = 4;
const FIRST_SLOTS = 64;
const FREE = -1;

/** The id of the event that these bytes are, as four words. */
export function idWords(packet: Uint8Array, words: Int32Array): Int32Array {
  const digest = createHash("sha256").update(packet).digest();
  for (let i = 0; i < ID_WORDS; i++) words[i] = digest.readInt32BE(4 * i);
  return words;
}

/** An id as text: 32 digits of lower-case hex. */
export function idText(words: Int32Array): string {
  let text = "";
  for (const word of words) {
    text += (word >>> 0).toString(16).padStart(8, "0");
  }
  return text;
}

/** The words of an id that is text. */
export function parseId(text: string, words: Int32Array): Int32Array {
  for (let i = 0; i < ID_WORDS; i++) {
    words[i] = Number.parseInt(text.slice(8 * i, 8 * (i + 1)), 16);
  }
  return words;
}

/** A set of ids: open addressing over a table that is at most half full. */
export class IdSet {
  #words: Int32Array = new Int32Array(ID_WORDS * FIRST_SLOTS / 2);
  #slots: Int32Array = new Int32Array(FIRST_SLOTS).fill(FREE);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds an id, and returns whether it was not there. */
  add(id: Int32Array): boolean {
    const slot = this.#slotOf(id);
    if (this.#slots[slot] !== FREE) return false;
    if (ID_WORDS * (this.#size + 1) > this.#words.length) {
      this.#words = grown(this.#words, 2 * this.#words.length);
    }
    this.#words.set(id, ID_WORDS * this.#size);
    this.#slots[slot] = this.#size++;
    if (2 * this.#size > this.#slots.length) this.#rehash();
    return true;
  }

  /** Adds ids that lie one behind the other, but for those in another set. */
  addAll(bytes: Uint8Array, except?: IdSet): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const id = new Int32Array(ID_WORDS);
    for (let at = 0; at < bytes.length; at += 4 * ID_WORDS) {
      for (let i = 0; i < ID_WORDS; i++) id[i] = view.getInt32(at + 4 * i);
      if (!except?.has(id)) this.add(id);
    }
  }

  has(id: Int32Array): boolean {
    return this.#slots[this.#slotOf(id)] !== FREE;
  }

  #slotOf(id: Int32Array): number {
    const mask = this.#slots.length - 1;
    // A hash is as good as random.
    for (let slot = id[0] & mask;; slot = slot + 1 & mask) {
      const at = ID_WORDS * this.#slots[slot];
      if (
        at < 0 || (this.#words[at] === id[0] && this.#words[at + 1] === id[1] &&
          this.#words[at + 2] === id[2] && this.#words[at + 3] === id[3])
      ) return slot;
    }
  }

  #rehash(): void {
    this.#slots = new Int32Array(2 * this.#slots.length).fill(FREE);
    const mask = this.#slots.length - 1;
    for (let i = 0; i < this.#size; i++) {
      let slot = this.#words[ID_WORDS * i] & mask;
      while (this.#slots[slot] !== FREE) slot = slot + 1 & mask;
      this.#slots[slot] = i;
    }
  }
}
