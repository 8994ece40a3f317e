/**
 * The last output of a package or a build, for its report.
 *
 * @module
 */

/** How much is kept, in UTF-16 units: a screen or two of compiler errors. */
const MAX_LENGTH = 64 * 1024;

/** Keeps the last of the text added, beginning with a whole addition. */
export class Tail {
  #parts: string[] = [];
  #length = 0;

  add(text: string): void {
    this.#parts.push(text);
    this.#length += text.length;
    while (this.#length > MAX_LENGTH && this.#parts.length > 1) {
      this.#length -= this.#parts.shift()!.length;
    }
  }

  get text(): string {
    return this.#parts.join("");
  }
}
