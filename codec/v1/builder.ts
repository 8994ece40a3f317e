/**
 * A builder of text, byte by byte.
 *
 * @module
 */

import { copyBytes } from "../text/bytes.ts";
import { TIME_BYTES, writeTime } from "./time.ts";

const encoder = new TextEncoder();

/** Collects text in a reusable buffer. */
export class TextBuilder {
  #bytes: Uint8Array;
  #view: DataView;
  #size = 0;

  /** @param room the initial size of the buffer in bytes */
  constructor(room: number) {
    this.#bytes = new Uint8Array(room);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** The number of bytes collected. */
  get size(): number {
    return this.#size;
  }

  /**
   * Returns the text and starts again. The text is valid until more is added.
   */
  take(): Uint8Array {
    const bytes = this.#bytes.subarray(0, this.#size);
    this.#size = 0;
    return bytes;
  }

  byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#size++] = byte;
  }

  text(text: string): void {
    const { length } = text;
    this.#reserve(length);
    // Most texts are a few ASCII letters, for which a call costs too much.
    const bytes = this.#bytes, at = this.#size;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) {
        this.bytes(encoder.encode(text));
        return;
      }
      bytes[at + i] = unit;
    }
    this.#size = at + length;
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#size);
    this.#size += bytes.length;
  }

  /** Adds bytes `start` to `end`, which are few. */
  range(view: DataView, start: number, end: number): void {
    this.#reserve(end - start);
    copyBytes(view, start, end, this.#view, this.#size);
    this.#size += end - start;
  }

  /** Adds a time in the form of version 1. */
  time(seconds: number, nanoseconds: number): void {
    this.#reserve(TIME_BYTES);
    this.#size = writeTime(this.#bytes, this.#size, seconds, nanoseconds);
  }

  #reserve(room: number): void {
    const needed = this.#size + room;
    if (needed <= this.#bytes.length) return;
    const bytes = new Uint8Array(2 * needed);
    bytes.set(this.#bytes.subarray(0, this.#size));
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}
