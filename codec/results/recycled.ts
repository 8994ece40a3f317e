/**
 * Copies of bytes in memory that is reused.
 *
 * @module
 */

/** How much unused memory is kept at most. */
const MAX_FREE_BYTES = 8 * 1024 * 1024;

/**
 * Copies bytes, and reuses the memory of copies that are released. Left to the
 * garbage collector, large copies pile up: V8 collects them after 64 MiB.
 */
export class RecycledBytes {
  /** Unused memory, by the power of two that is its length. */
  readonly #free: Uint8Array[][] = [];
  #freeBytes = 0;

  copy(bytes: Uint8Array): Uint8Array {
    const power = powerFor(bytes.length);
    let memory = this.#free[power]?.pop();
    if (memory === undefined) memory = new Uint8Array(2 ** power);
    else this.#freeBytes -= memory.length;
    memory.set(bytes);
    return memory.subarray(0, bytes.length);
  }

  /**
   * Takes back a copy that {@linkcode RecycledBytes.copy} returned; it is no
   * longer valid.
   */
  release(copy: Uint8Array): void {
    const memory = new Uint8Array(copy.buffer);
    if (this.#freeBytes + memory.length > MAX_FREE_BYTES) return;
    this.#freeBytes += memory.length;
    (this.#free[powerFor(memory.length)] ??= []).push(memory);
  }
}

/** The smallest power of two that is at least `length`, as an exponent. */
function powerFor(length: number): number {
  return length <= 1 ? 0 : 32 - Math.clz32(length - 1);
}
