/**
 * Text that grows, by the byte.
 *
 * @module
 */

import { copyBytes } from "../text/bytes.ts";
import type { Timestamp } from "../timestamp.ts";
import { TIME_BYTES, writeTime } from "./time.ts";

const encoder = new TextEncoder();

/** Gathers text in a buffer that it keeps. */
export class TextBuilder {
  #bytes: Uint8Array;
  #view: DataView;
  #size = 0;

  /** @param room how many bytes it has room for at first */
  constructor(room: number) {
    this.#bytes = new Uint8Array(room);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** How many bytes it holds. */
  get size(): number {
    return this.#size;
  }

  /** Takes the text out; it is good until more is added. */
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
    // Most are a few letters of ASCII, for which a call takes too long.
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

  /** Adds bytes `start` to `end`, a few. */
  range(view: DataView, start: number, end: number): void {
    this.#reserve(end - start);
    copyBytes(view, start, end, this.#view, this.#size);
    this.#size += end - start;
  }

  /** Adds a time as version 1 writes it. */
  time(time: Timestamp): void {
    this.#reserve(TIME_BYTES);
    this.#size = writeTime(this.#bytes, this.#size, time);
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
