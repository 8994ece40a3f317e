/**
 * Bytes that arrive in small pieces and are passed on in large ones.
 *
 * @module
 */

/** How many bytes are worth passing on. */
export const GATHER_BYTES = 64 * 1024;

/** Bytes gathered until they are worth passing on. */
export class Gathering {
  /** Grows as needed: a stream has thousands of short signatures. */
  #bytes = new Uint8Array(0);
  size = 0;

  add(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length);
    this.#bytes.set(bytes, this.size);
    this.size += bytes.length;
  }

  /**
   * Memory for more bytes, at least `length`, which are added by writing them
   * there and increasing `size`.
   */
  room(length: number): Uint8Array {
    this.#makeRoom(length);
    return this.#bytes.subarray(this.size);
  }

  #makeRoom(length: number): void {
    const size = this.size + length;
    if (size <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * size);
    larger.set(this.#bytes.subarray(0, this.size));
    this.#bytes = larger;
  }

  /** A view, valid until the next `add`. */
  take(): Uint8Array {
    const bytes = this.#bytes.subarray(0, this.size);
    this.size = 0;
    return bytes;
  }
}
