/**
 * The bytes of a stream that a decoder works on.
 *
 * @module
 */

/** The size of the buffer's own memory at first: a few pipe reads. */
const FIRST_BYTES = 256 * 1024;

/**
 * Holds the bytes that a decoder has not decided yet.
 *
 * Chunks are read in place. Only the bytes that a chunk leaves undecided are
 * copied, and the next chunk after them, so that undecided bytes are always
 * contiguous.
 */
export class ReadBuffer {
  /** The available bytes: the last chunk itself, or the buffer's own memory. */
  source: Uint8Array = new Uint8Array(0);
  /** A view of `source`, to read words from; it may extend further. */
  view: DataView = viewOf(this.source);
  /** The first undecided byte in `source`; decoders advance it. */
  at = 0;
  /** The length of `source`. */
  end = 0;
  /** The stream offset of `source[0]`. */
  base = 0;

  #memory: Uint8Array = new Uint8Array(0);
  #memoryView: DataView = viewOf(this.#memory);
  #isOwn = false;

  /**
   * Adds a chunk. Call {@linkcode release} before its owner changes it.
   *
   * @param room how many bytes before the chunk, in its own buffer, may be
   * overwritten. Undecided bytes are put there if they fit, so that the chunk
   * need not be copied after them
   * @returns by how much the index of every byte in `source` has decreased
   */
  push(chunk: Uint8Array, room = 0): number {
    // The slice() of Node's buffers is a view and no copy.
    if (chunk.constructor !== Uint8Array) {
      chunk = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    }
    const undecided = this.end - this.at;
    if (undecided <= room) {
      const moved = this.at;
      this.source = undecided === 0 ? chunk : this.#putBefore(chunk);
      this.view = viewOf(this.source);
      this.end = this.source.length;
      this.#isOwn = false;
      this.base += moved;
      this.at = 0;
      return moved;
    }
    const moved = this.#hold(chunk.length);
    this.#memory.set(chunk, this.end);
    this.end += chunk.length;
    this.source = this.#memory.subarray(0, this.end);
    return moved;
  }

  /** Copies undecided bytes before a chunk; returns them and the chunk. */
  #putBefore({ buffer, byteOffset, length }: Uint8Array): Uint8Array {
    const undecided = this.source.subarray(this.at, this.end);
    const both = new Uint8Array(
      buffer,
      byteOffset - undecided.length,
      undecided.length + length,
    );
    both.set(undecided);
    return both;
  }

  /**
   * Copies undecided bytes, so that the owner of the chunk may change it.
   *
   * @returns as {@linkcode push} does
   */
  release(): number {
    return this.#isOwn || this.at === this.end ? 0 : this.#hold(0);
  }

  /** Moves undecided bytes so that `room` more bytes fit after them. */
  #hold(room: number): number {
    const undecided = this.source.subarray(this.at, this.end);
    const needed = undecided.length + room;
    if (this.#isOwn && this.at + needed <= this.#memory.length) return 0;
    if (Math.max(needed, 2 * undecided.length) > this.#memory.length) {
      // Twice what is needed, so that each byte is moved once on average.
      this.#memory = new Uint8Array(Math.max(2 * needed, FIRST_BYTES));
      this.#memoryView = viewOf(this.#memory);
    }
    this.#memory.set(undecided);
    this.#isOwn = true;
    const moved = this.at;
    this.base += moved;
    this.at = 0;
    this.end = undecided.length;
    this.source = this.#memory.subarray(0, this.end);
    this.view = this.#memoryView;
    return moved;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
