/**
 * What comes again and again: tags, route codes, MIME types.
 *
 * @module
 */

import { sameBytes } from "../text/bytes.ts";
import { hashText, mixHash } from "../text/utf8.ts";

/** Slots of a cache; a power of two. They bound its memory. */
const SLOTS = 1024;
/** Longer fields are not worth a slot. */
const MAX_BYTES = 64;

interface Slot<Value> {
  readonly key: DataView;
  readonly value: Value;
}

/** What bytes were decoded to lately, so as not to decode them again. */
export class Interned<Value> {
  readonly #slots: (Slot<Value> | undefined)[] = [];
  readonly #decode: (bytes: Uint8Array, start: number, end: number) => Value;

  constructor(
    decode: (bytes: Uint8Array, start: number, end: number) => Value,
  ) {
    this.#decode = decode;
  }

  /** What bytes `start` to `end` are decoded to; `view` is of the same bytes. */
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
