/**
 * Chunks in; lines and the text between them out.
 *
 * @module
 */

import { ReadBuffer } from "./read_buffer.ts";

const LINE_FEED = 0x0a;

/** A longer line is text: waiting for its end must not take up more memory. */
export const MAX_LINE_BYTES = 1024 * 1024;

/** Reads the lines of a format in a stream that may hold other text. */
export interface LineReader {
  /**
   * Reads the line of bytes `start` to `end`, its line end included; the last
   * line of a stream may have none. Returns false when the line is text.
   */
  read(bytes: Uint8Array, start: number, end: number): boolean;
  /** Whether a line that begins with these bytes may be more than text. */
  mayRead(bytes: Uint8Array, start: number, end: number): boolean;
  /**
   * Passes over a line that is text for certain: its beginning shows it, or it
   * is too long.
   */
  pass?(): void;
}

/**
 * Gives a {@linkcode LineReader} one line after another, and hands out as text
 * what it does not read. Text is handed out before whatever comes behind it,
 * and without waiting for the end of its line where the beginning suffices.
 */
export class LineFeeder {
  readonly #reader: LineReader;
  readonly #takeText: (text: Uint8Array) => void;
  /** What is undecided is the line that is read next. */
  readonly #buffer = new ReadBuffer();
  /** Where the text begins that is not handed out; it ends at the line. */
  #textAt = 0;
  /** Whether the rest of the line is text. */
  #isText = false;

  /** @param takeText takes text: a view, good until it returns */
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

  /** Reads the last line, which has no line end. No more chunks come. */
  end(): void {
    const { at, end } = this.#buffer;
    this.#textAt = at;
    if (at < end) this.#readLine(end);
    this.flushText();
  }

  /**
   * Hands out the text before the line that is read. The reader calls it
   * before it hands out anything itself.
   */
  flushText(): void {
    const { source, at } = this.#buffer;
    if (this.#textAt < at) this.#takeText(source.subarray(this.#textAt, at));
    this.#textAt = at;
  }

  /**
   * Makes the line up to `end`, which is being read, text at once, for a
   * reader that then hands out something that belongs behind it.
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
