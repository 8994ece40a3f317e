/**
 * The text of an element on its way into a file.
 *
 * @module
 */

import { type StatusEvent, TEXT_TYPE } from "../event.ts";

/** What of an event says which file and what is in it. */
export type FilePart = Pick<
  StatusEvent,
  "fileName" | "fileBytes" | "mimeType" | "eof"
>;

/** White space that is longer is no layout. */
const MAX_BLANK_LENGTH = 64 * 1024;

const encoder = new TextEncoder();

/**
 * Hands text out in parts, as it comes; the last when it is known to be that.
 * A file without text is none.
 */
export class TextFile {
  readonly #takeName: () => string;
  #name: string | undefined;
  readonly #emit: (part: FilePart) => void;
  #held = "";

  /** @param takeName gives the file its name when its first part is handed out */
  constructor(takeName: () => string, emit: (part: FilePart) => void) {
    this.#takeName = takeName;
    this.#emit = emit;
  }

  write(text: string): void {
    if (this.#held !== "") this.#emitPart();
    this.#held = text;
  }

  /** Hands out what has come: another element begins within this one. */
  interrupt(): void {
    if (this.#held !== "") this.#emitPart();
  }

  /** Says that no more text comes. */
  end(): void {
    if (this.#name !== undefined || this.#held !== "") this.#emitPart(true);
  }

  #emitPart(eof?: true): void {
    const isFirst = this.#name === undefined;
    this.#name ??= this.#takeName();
    this.#emit({
      fileName: this.#name,
      fileBytes: encoder.encode(this.#held),
      ...(isFirst && { mimeType: TEXT_TYPE }),
      ...(eof && { eof }),
    });
    this.#held = "";
  }
}

/**
 * The same below a headline, unless the text begins with it. Blank lines before
 * the text and white space behind it are the report's layout, and left out.
 */
export class TrimmedFile extends TextFile {
  readonly #headline: string;
  #hasBegun = false;
  /** What may be layout, or the beginning of the headline. */
  #pending = "";

  constructor(
    takeName: () => string,
    headline: string,
    emit: (part: FilePart) => void,
  ) {
    super(takeName, emit);
    this.#headline = headline;
  }

  override write(text: string): void {
    this.#pending += text;
    if (this.#hasBegun || this.#canBegin()) this.#writePending();
  }

  override interrupt(): void {
    if (this.#pending.trim() !== "") this.#writePending();
    this.#pending = "";
    super.interrupt();
  }

  override end(): void {
    if (this.#pending.trim() !== "") this.#writePending();
    if (!this.#hasBegun && this.#headline !== "") super.write(this.#headline);
    super.end();
  }

  /** Says whether it is known if the text begins with the headline. */
  #canBegin(): boolean {
    const text = withoutBlankLines(this.#pending);
    if (text.trim() === "") return this.#pending.length > MAX_BLANK_LENGTH;
    return text.length >= this.#headline.length ||
      !this.#headline.startsWith(text);
  }

  #writePending(): void {
    const length = this.#pending.trimEnd().length;
    if (length === 0 && this.#pending.length <= MAX_BLANK_LENGTH) return;
    const words = this.#pending.slice(0, length || this.#pending.length);
    this.#pending = this.#pending.slice(words.length);
    super.write(this.#hasBegun ? words : this.#begin(words));
    this.#hasBegun = true;
  }

  #begin(words: string): string {
    const text = withoutBlankLines(words);
    return this.#headline === "" || text.startsWith(this.#headline)
      ? text
      : `${this.#headline}\n${text}`;
  }
}

function withoutBlankLines(text: string): string {
  return text.replace(/^\s*\n/, "");
}
