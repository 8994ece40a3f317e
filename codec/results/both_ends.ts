/**
 * Long files of which only both ends are kept.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";

/** What a file lacks of which only both ends were kept. */
export interface Omission {
  /** Where in {@linkcode Attachment.bytes} bytes are missing. */
  readonly at: number;
  /** How many bytes are missing. */
  readonly byteLength: number;
  /**
   * How many UTF-16 units the whole file has, decoded as UTF-8; undefined if it
   * is not valid.
   */
  readonly characters: number | undefined;
  /** Whether the whole file has a NUL. */
  readonly hasNul: boolean;
}

/** Longer parts are decoded in slices. */
const SLICE_BYTES = 1024 * 1024;

/** Keeps both ends of content that comes in parts, in memory that is bounded. */
export class BothEnds {
  readonly #head: Uint8Array;
  /** The last bytes behind the head; the oldest are at `#tailLength`. */
  readonly #tail: Uint8Array;
  #headLength = 0;
  /** How many bytes came behind the head. */
  #tailLength = 0;
  #decoder: TextDecoder | undefined = new TextDecoder("utf-8", { fatal: true });
  #characters = 0;
  #hasNul = false;

  /** @param size how many bytes are kept of each end */
  constructor(size: number) {
    this.#head = new Uint8Array(size);
    this.#tail = new Uint8Array(size);
  }

  /** Adds a part, of which it keeps no reference. */
  push(part: Uint8Array): void {
    this.#hasNul ||= part.includes(0);
    for (let at = 0; at < part.length; at += SLICE_BYTES) {
      this.#count(part.subarray(at, at + SLICE_BYTES));
    }
    const first = part.subarray(0, this.#head.length - this.#headLength);
    this.#head.set(first, this.#headLength);
    this.#headLength += first.length;
    this.#pushTail(part.subarray(first.length));
  }

  #pushTail(bytes: Uint8Array): void {
    const size = this.#tail.length;
    const surplus = Math.max(0, bytes.length - size);
    const start = this.#tailLength + surplus;
    this.#tailLength += bytes.length;
    if (size === 0) return;
    const last = bytes.subarray(surplus);
    const at = start % size;
    const fits = last.subarray(0, size - at);
    this.#tail.set(fits, at);
    this.#tail.set(last.subarray(fits.length));
  }

  #count(bytes?: Uint8Array): void {
    try {
      const isStream = bytes !== undefined;
      this.#characters += this.#decoder?.decode(bytes, { stream: isStream })
        .length ?? 0;
    } catch {
      this.#decoder = undefined;
    }
  }

  /** Both ends, joined. */
  get bytes(): Uint8Array {
    const size = this.#tail.length;
    const head = this.#head.subarray(0, this.#headLength);
    if (this.#tailLength <= size) {
      return concat([head, this.#tail.subarray(0, this.#tailLength)]);
    }
    const oldest = this.#tailLength % size;
    return concat([
      head,
      this.#tail.subarray(oldest),
      this.#tail.subarray(0, oldest),
    ]);
  }

  /** Ends the content and returns what is missing. */
  end(): Omission {
    this.#count();
    return {
      at: this.#headLength,
      byteLength: Math.max(0, this.#tailLength - this.#tail.length),
      characters: this.#decoder && this.#characters,
      hasNul: this.#hasNul,
    };
  }
}
