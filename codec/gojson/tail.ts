/**
 * The last output of a package or a build, for its report.
 *
 * @module
 */

/** How much is kept, in UTF-16 units: a screen or two of compiler errors. */
const MAX_LENGTH = 64 * 1024;

/**
 * Keeps the last lines of the text added. How the text is split makes no
 * difference.
 */
export class Tail {
  #parts: string[] = [];
  #length = 0;

  add(text: string): void {
    this.#parts.push(text);
    this.#length += text.length;
    // One unit more than what is kept: it may be a line feed.
    while (this.#length - this.#parts[0].length > MAX_LENGTH) {
      this.#length -= this.#parts.shift()!.length;
    }
  }

  /** The last text, from the beginning of a line if it has one. */
  get text(): string {
    const text = this.#parts.join("");
    if (text.length <= MAX_LENGTH) return text;
    const before = text.length - MAX_LENGTH - 1;
    const lineAt = text.indexOf("\n", before) + 1;
    if (lineAt > 0 && lineAt < text.length) return text.slice(lineAt);
    // Not half a surrogate pair.
    return text.slice(before + 1).replace(/^[\udc00-\udfff]/, "");
  }
}
