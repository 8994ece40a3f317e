/**
 * The last output of a route, for whoever attaches to it.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";

const LINE_FEED = 0x0a;

/** Keeps the last bytes of an output. */
export class Backlog {
  readonly #maxBytes: number;
  #parts: Uint8Array[] = [];
  #byteLength = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(bytes: Uint8Array): void {
    const part = bytes.slice(Math.max(0, bytes.length - this.#maxBytes));
    this.#parts.push(part);
    this.#byteLength += part.length;
    // Rarely, so that many short parts do not cost a copy each.
    if (this.#byteLength > 2 * this.#maxBytes) {
      this.#parts = [this.#joined()];
      this.#byteLength = this.#parts[0].length;
    }
  }

  /** The last bytes. */
  #joined(): Uint8Array {
    const all = concat(this.#parts);
    return all.subarray(Math.max(0, all.length - this.#maxBytes));
  }

  /** The last lines of these, with a line that is not complete. */
  lines(count: number): Uint8Array {
    const all = this.#joined();
    let at = all.length;
    for (let left = count; left > 0 && at > 0; left--) {
      at = all.lastIndexOf(LINE_FEED, at - 2) + 1;
    }
    return all.subarray(at);
  }

  clear(): void {
    this.#parts = [];
    this.#byteLength = 0;
  }
}
