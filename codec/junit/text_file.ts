/**
 * Turns the text of elements into files.
 *
 * @module
 */

import { type StatusEvent, TEXT_TYPE } from "../event.ts";

/** The fields of an event that describe part of a file. */
export type FilePart = Pick<
  StatusEvent,
  "fileName" | "fileBytes" | "mimeType" | "eof"
>;

/** What a file belongs to. */
export interface FileOwner {
  /** Returns the name for a file, when its first part is emitted. */
  fileName(name: string): string;
  emitPart(part: FilePart): void;
}

/** Longer white space is not layout. */
const MAX_BLANK_LENGTH = 64 * 1024;

const encoder = new TextEncoder();

/**
 * Emits text in parts as it arrives, the last one when it is known to be the
 * last. Without text there is no file.
 */
export class TextFile {
  readonly #owner: FileOwner;
  #name: string;
  #hasBegun = false;
  #held = "";

  constructor(owner: FileOwner, name: string) {
    this.#owner = owner;
    this.#name = name;
  }

  write(text: string): void {
    if (this.#held !== "") this.#emitPart();
    this.#held = text;
  }

  /**
   * Emits the available text, because another element begins within this one.
   */
  interrupt(): void {
    if (this.#held !== "") this.#emitPart();
  }

  /** Ends the text. */
  end(): void {
    if (this.#hasBegun || this.#held !== "") this.#emitPart(true);
  }

  #emitPart(eof?: true): void {
    const isFirst = !this.#hasBegun;
    if (isFirst) this.#name = this.#owner.fileName(this.#name);
    this.#hasBegun = true;
    this.#owner.emitPart({
      fileName: this.#name,
      fileBytes: encoder.encode(this.#held),
      ...(isFirst && { mimeType: TEXT_TYPE }),
      ...(eof && { eof }),
    });
    this.#held = "";
  }
}

/**
 * The same with a headline, unless the text begins with it. Blank lines before
 * the text and white space after it are layout and left out.
 */
export class TrimmedFile extends TextFile {
  readonly #headline: string;
  #hasBegun = false;
  /** What may be layout, or the beginning of the headline. */
  #pending = "";

  constructor(owner: FileOwner, name: string, headline: string) {
    super(owner, name);
    this.#headline = headline;
  }

  override write(text: string): void {
    this.#pending += text;
    if (this.#hasBegun || this.#canBegin()) this.#writePending();
  }

  override interrupt(): void {
    if (!isBlank(this.#pending)) this.#writePending();
    this.#pending = "";
    super.interrupt();
  }

  override end(): void {
    if (!isBlank(this.#pending)) this.#writePending();
    if (!this.#hasBegun && this.#headline !== "") super.write(this.#headline);
    super.end();
  }

  /** Returns whether it is known if the text begins with the headline. */
  #canBegin(): boolean {
    if (isBlank(this.#pending)) return this.#pending.length > MAX_BLANK_LENGTH;
    const text = withoutBlankLines(this.#pending);
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

function isBlank(text: string): boolean {
  return text === "" || text.trim() === "";
}

function withoutBlankLines(text: string): string {
  return text.replace(/^\s*\n/, "");
}
