/**
 * A cache for values that recur: tags, route codes, MIME types.
 *
 * @module
 */

import { sameBytes } from "../text/bytes.ts";
import { hashText, mixHash } from "../text/utf8.ts";

/** The number of slots, a power of two. It bounds the memory. */
const SLOTS = 1024;
/** Longer fields are not cached. */
const MAX_BYTES = 64;

interface Slot<Value> {
  readonly key: DataView;
  readonly value: Value;
}

/**
 * Remembers what bytes were decoded to, so that they need not be decoded again.
 */
export class Interned<Value> {
  readonly #slots: (Slot<Value> | undefined)[] = [];
  readonly #decode: (bytes: Uint8Array, start: number, end: number) => Value;

  constructor(
    decode: (bytes: Uint8Array, start: number, end: number) => Value,
  ) {
    this.#decode = decode;
  }

  /**
   * The value of bytes `start` to `end`; `view` is a view of the same bytes.
   */
  get(
    bytes: Uint8Array,
    view: DataView,
    start: number,
    end: number,
  ): Value {
    const length = end - start;
    if (length > MAX_BYTES) return this.#decode(bytes, start, end);
    const index = mixHash(hashText(bytes, view, start, end)) & (SLOTS - 1);
    const slot = this.#slots[index];
    if (
      slot?.key.byteLength === length &&
      sameBytes(view, start, end, slot.key, 0)
    ) {
      return slot.value;
    }
    const value = this.#decode(bytes, start, end);
    const key = new DataView(bytes.slice(start, end).buffer);
    this.#slots[index] = { key, value };
    return value;
  }
}
