/**
 * A file of a test that arrives line by line.
 *
 * @module
 */

const LINE_FEED = 0x0a;
/** Most attachments stay empty and need no buffer of their own. */
const EMPTY: Uint8Array = new Uint8Array(0);

/** Collects lines, with a line feed between each two. */
export class Attachment {
  readonly name: string;
  readonly mimeType: string;
  #begun = false;
  #buffer = EMPTY;
  #size = 0;

  constructor(name: string, mimeType: string) {
    this.name = name;
    this.mimeType = mimeType;
  }

  /** Whether a line has been added. */
  get begun(): boolean {
    return this.#begun;
  }

  /** How many bytes can be taken. */
  get size(): number {
    return this.#size;
  }

  /** Adds a line, without its line end. The bytes are copied. */
  addLine(line: Uint8Array): void {
    this.#reserve(line.length + 1);
    if (this.#begun) this.#buffer[this.#size++] = LINE_FEED;
    this.#buffer.set(line, this.#size);
    this.#size += line.length;
    this.#begun = true;
  }

  /** Returns what has been added since the last call. */
  take(): Uint8Array {
    const bytes = this.#buffer.slice(0, this.#size);
    this.#size = 0;
    return bytes;
  }

  #reserve(room: number): void {
    const needed = this.#size + room;
    if (needed <= this.#buffer.length) return;
    const buffer = new Uint8Array(2 * needed);
    buffer.set(this.#buffer.subarray(0, this.#size));
    this.#buffer = buffer;
  }
}
