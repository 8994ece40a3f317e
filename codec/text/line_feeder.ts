/**
 * Splits chunks into lines of a format and the text between them.
 *
 * @module
 */

import { ReadBuffer } from "./read_buffer.ts";

const LINE_FEED = 0x0a;

/** Longer lines are text: waiting for their ends would take too much memory. */
export const MAX_LINE_BYTES = 1024 * 1024;

/** Reads the lines of a format from a stream that may contain other text. */
export interface LineReader {
  /**
   * Reads the line in bytes `start` to `end`, which includes its line end; the
   * last line of a stream may have none. Returns false when the line is text.
   */
  read(bytes: Uint8Array, start: number, end: number): boolean;
  /**
   * Returns whether a line that begins with these bytes may be more than text.
   */
  mayRead(bytes: Uint8Array, start: number, end: number): boolean;
  /**
   * Called instead of {@linkcode read} for a line that is certainly text,
   * because of its beginning or its length.
   */
  pass?(): void;
}

/**
 * Passes lines to a {@linkcode LineReader} and emits what it does not read as
 * text.
 *
 * Text is emitted before anything that follows it. Where the beginning of a
 * line shows that it is text, it is emitted without waiting for the line's end.
 */
export class LineFeeder {
  readonly #reader: LineReader;
  readonly #takeText: (text: Uint8Array) => void;
  /** Undecided bytes are the line to be read next. */
  readonly #buffer = new ReadBuffer();
  /** Where text begins that has not been emitted; it ends at the line. */
  #textAt = 0;
  /** Whether the rest of the current line is text. */
  #isText = false;

  /** @param takeText is passed text: a view, valid until it returns */
  constructor(reader: LineReader, takeText: (text: Uint8Array) => void) {
    this.#reader = reader;
    this.#takeText = takeText;
  }

  /** Reads the lines that a chunk completes. */
  push(chunk: Uint8Array): void {
    const buffer = this.#buffer;
    const searched = buffer.end;
    let end = searched - buffer.push(chunk);
    this.#textAt = buffer.at;
    while ((end = buffer.source.indexOf(LINE_FEED, end) + 1) > 0) {
      this.#readLine(end);
    }
    this.#readBeginning();
    this.flushText();
    buffer.release();
  }

  /** Reads the last line, if it has no line end. No chunks may follow. */
  end(): void {
    const { at, end } = this.#buffer;
    this.#textAt = at;
    if (at < end) this.#readLine(end);
    this.flushText();
  }

  /**
   * Emits the text before the current line. A reader calls this before it emits
   * anything itself.
   */
  flushText(): void {
    const { source, at } = this.#buffer;
    if (this.#textAt < at) this.#takeText(source.subarray(this.#textAt, at));
    this.#textAt = at;
  }

  /**
   * Makes the current line, which ends at `end`, text at once, for a reader
   * that goes on to emit something that must follow it.
   */
  passLine(end: number): void {
    this.#buffer.at = end;
  }

  #readLine(end: number): void {
    const isRead = !this.#isText && this.#read(end);
    this.#isText = false;
    if (isRead) {
      this.flushText();
      this.#textAt = end;
    }
    this.#buffer.at = end;
  }

  #read(end: number): boolean {
    const { source, at } = this.#buffer;
    if (end - at <= MAX_LINE_BYTES) return this.#reader.read(source, at, end);
    this.#reader.pass?.();
    return false;
  }

  /** Makes the beginning of a line text if that is certain. */
  #readBeginning(): void {
    const { source, at, end } = this.#buffer;
    if (!this.#isText && at < end && this.#isSurelyText(source, at, end)) {
      this.#reader.pass?.();
      this.#isText = true;
    }
    if (this.#isText) this.#buffer.at = end;
  }

  #isSurelyText(source: Uint8Array, start: number, end: number): boolean {
    return end - start > MAX_LINE_BYTES ||
      !this.#reader.mayRead(source, start, end);
  }
}
