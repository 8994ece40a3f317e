/**
 * The bytes of a stream that are being read.
 *
 * @module
 */

/** The buffer's own memory at first: a few pipe reads. */
const FIRST_BYTES = 256 * 1024;

/**
 * Holds what a decoder has not decided yet.
 *
 * A chunk is read where it is. Only what it leaves undecided is copied, and
 * the next chunk behind that, so that bytes that belong together are always
 * in one place.
 */
export class ReadBuffer {
  /** The bytes at hand: the last chunk itself, or memory of the buffer. */
  source: Uint8Array = new Uint8Array(0);
  /** A view of `source` to read words from; it may reach further. */
  view: DataView = viewOf(this.source);
  /** The first undecided byte in `source`; whoever decides moves it on. */
  at = 0;
  /** The length of `source`. */
  end = 0;
  /** The stream offset of `source[0]`. */
  base = 0;

  #memory: Uint8Array = new Uint8Array(0);
  #memoryView: DataView = viewOf(this.#memory);
  #isOwn = false;

  /**
   * Takes in a chunk. It stays its owner's: call {@linkcode release} before it
   * changes.
   *
   * @returns by how much the place of every byte in `source` has decreased
   */
  push(chunk: Uint8Array): number {
    if (this.at === this.end) {
      const moved = this.end;
      this.source = chunk;
      this.view = viewOf(chunk);
      this.#isOwn = false;
      this.base += moved;
      this.at = 0;
      this.end = chunk.length;
      return moved;
    }
    const moved = this.#hold(chunk.length);
    this.#memory.set(chunk, this.end);
    this.end += chunk.length;
    this.source = this.#memory.subarray(0, this.end);
    return moved;
  }

  /**
   * Copies what is undecided: the chunk is its owner's again.
   *
   * @returns as {@linkcode push} does
   */
  release(): number {
    return this.#isOwn || this.at === this.end ? 0 : this.#hold(0);
  }

  /** Moves the undecided bytes to where `room` more fit behind them. */
  #hold(room: number): number {
    const undecided = this.source.subarray(this.at, this.end);
    const needed = undecided.length + room;
    if (this.#isOwn && this.at + needed <= this.#memory.length) return 0;
    if (Math.max(needed, 2 * undecided.length) > this.#memory.length) {
      // Twice what is needed, so that a byte is moved once on average.
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
