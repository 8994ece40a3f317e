/**
 * Bytes that arrive in small pieces and are passed on in large ones.
 *
 * @module
 */

/** How many bytes are worth passing on. */
export const GATHER_BYTES = 64 * 1024;

/** Bytes gathered until they are worth passing on. */
export class Gathering {
  #bytes = new Uint8Array(2 * GATHER_BYTES);
  size = 0;

  add(bytes: Uint8Array): void {
    const size = this.size + bytes.length;
    if (size > this.#bytes.length) {
      const larger = new Uint8Array(2 * size);
      larger.set(this.#bytes.subarray(0, this.size));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.size);
    this.size = size;
  }

  /** The memory for bytes that are written there before `size` is increased. */
  free(): Uint8Array {
    return this.#bytes.subarray(this.size);
  }

  /** A view, valid until the next `add`. */
  take(): Uint8Array {
    const bytes = this.#bytes.subarray(0, this.size);
    this.size = 0;
    return bytes;
  }
}
