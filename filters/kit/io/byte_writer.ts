/**
 * Output put together from bytes, for tools that write millions of records: a
 * string per field would cost more than all the rest.
 *
 * @module
 */

import { formatTimestamp } from "@subunit/codec";
import type { Output } from "./output.ts";

/** How many bytes are gathered before {@linkcode Output} gets them. */
const WRITER_BYTES = 64 * 1024;
/** A view and a call cost more than copying so many bytes by hand. */
const SHORT_COPY_BYTES = 64;

const SECONDS_PER_DAY = 86400;
/** The length of "2026-01-31". */
const DATE_UNITS = 10;

const ZERO = 0x30, COLON = 0x3a, POINT = 0x2e;

const POWERS_OF_TEN = Array.from({ length: 10 }, (_, power) => 10 ** power);

/** The codes of "00" to "99", of two characters each. */
const TWO_DIGITS = Uint16Array.from(
  { length: 100 },
  (_, value) => (ZERO + Math.floor(value / 10)) << 8 | ZERO + value % 10,
);

const encoder = new TextEncoder();

/**
 * What stands for each ASCII character in a notation: undefined where the
 * character stands for itself.
 */
export type Escapes = readonly (Uint8Array | undefined)[];

/** The longest escape of one byte: `\u001b`, `&quot;`. */
export const MAX_ESCAPE_BYTES = 6;

/** Returns the escapes of a notation, given how it writes a string. */
export function escapesOf(write: (character: string) => string): Escapes {
  return Array.from({ length: 0x80 }, (_, code) => {
    const character = String.fromCharCode(code);
    const written = write(character);
    return written === character ? undefined : encoder.encode(written);
  });
}

/** The fewest decimals that hold nanoseconds: 0 to 9. */
export function decimalsOf(nanoseconds: number): number {
  if (nanoseconds === 0) return 0;
  const isMicros = nanoseconds % 1000 === 0;
  let decimals = isMicros ? 6 : 9,
    rest = isMicros ? nanoseconds / 1000 : nanoseconds;
  for (; rest % 10 === 0; rest /= 10) decimals--;
  return decimals;
}

/** How many bytes {@linkcode ByteWriter.constant} may write too many. */
const WORD_BYTES = 4;

/** Bytes that are written often, such as a key. */
export class Constant {
  readonly byteLength: number;
  /** The bytes, filled up to a whole number of words. */
  readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.byteLength = bytes.length;
    const words = Math.ceil(bytes.length / WORD_BYTES);
    const padded = new Uint8Array(words * WORD_BYTES);
    padded.set(bytes);
    this.view = new DataView(padded.buffer);
  }

  static of(text: string): Constant {
    return new Constant(encoder.encode(text));
  }
}

/**
 * Gathers bytes for an {@linkcode Output}.
 *
 * Make room with {@linkcode ByteWriter.reserve} first: the other methods do not
 * check whether there is any. Between two calls of it, `at` may be set back to
 * where it was, which takes back what was written since.
 *
 * The methods index by hand, because they run several times per event: `deno
 * task bench subunit2cbor` takes 1.5 times as long as `subunit-stats` with them,
 * and 7 times with strings. Their oracles are the functions that make the same
 * text as a string; `byte_writer_test.ts` compares them.
 */
export class ByteWriter {
  readonly #out: Pick<Output, "writeRange">;
  bytes: Uint8Array = new Uint8Array(WRITER_BYTES);
  #view = new DataView(this.bytes.buffer);
  /** Where the next byte goes. */
  at = 0;
  /** The day written last, as the days since 1970 and as text. */
  #day = -1;
  #date = Constant.of("");

  constructor(out: Pick<Output, "writeRange">) {
    this.#out = out;
  }

  /** Makes room for `count` bytes. */
  reserve(count: number): void {
    const needed = count + WORD_BYTES;
    if (this.at + needed > this.bytes.length) this.#makeRoom(needed);
  }

  #makeRoom(count: number): void {
    this.flush();
    if (count <= this.bytes.length) return;
    this.bytes = new Uint8Array(count);
    this.#view = new DataView(this.bytes.buffer);
  }

  /** Hands what was gathered to the output. */
  flush(): void {
    const { at } = this;
    this.at = 0;
    if (at > 0) this.#out.writeRange(this.bytes, 0, at);
  }

  byte(value: number): void {
    this.bytes[this.at++] = value;
  }

  constant({ view, byteLength }: Constant): void {
    const to = this.#view, { at } = this;
    for (let i = 0; i < byteLength; i += WORD_BYTES) {
      to.setInt32(at + i, view.getInt32(i, true), true);
    }
    this.at = at + byteLength;
  }

  /** Copies bytes `start` to `end`; `view` is a view of the same bytes. */
  copy(source: Uint8Array, view: DataView, start: number, end: number): void {
    const length = end - start, { at } = this;
    this.at = at + length;
    if (length < WORD_BYTES) {
      for (let i = 0; i < length; i++) this.bytes[at + i] = source[start + i];
      return;
    }
    if (length > SHORT_COPY_BYTES) {
      this.bytes.set(source.subarray(start, end), at);
      return;
    }
    const to = this.#view, by = at - start, last = end - WORD_BYTES;
    for (let i = start; i < last; i += WORD_BYTES) {
      to.setInt32(i + by, view.getInt32(i, true), true);
    }
    // The last word overlaps the one before.
    to.setInt32(last + by, view.getInt32(last, true), true);
  }

  /**
   * Writes UTF-8 with escapes; other characters than ASCII as they are. Needs
   * {@linkcode MAX_ESCAPE_BYTES} of room for each byte.
   *
   * @returns whether all of it was ASCII
   */
  escaped(
    source: Uint8Array,
    start: number,
    end: number,
    escapes: Escapes,
  ): boolean {
    const { bytes } = this;
    let { at } = this, all = 0;
    for (let i = start; i < end; i++) {
      const byte = source[i];
      const escape = byte < 0x80 ? escapes[byte] : undefined;
      all |= byte;
      if (escape === undefined) {
        bytes[at++] = byte;
      } else {
        for (let j = 0; j < escape.length; j++) bytes[at++] = escape[j];
      }
    }
    this.at = at;
    return all < 0x80;
  }

  /** Writes a string. Needs three bytes of room for each UTF-16 unit. */
  text(text: string): void {
    const to = this.bytes.subarray(this.at);
    this.at += encoder.encodeInto(text, to).written;
  }

  /**
   * Writes the date and the time of day, "2026-01-31T12:00:00".
   *
   * @param separator what is between them: the code of "T"
   */
  dateTime(seconds: number, separator: number): void {
    const day = Math.floor(seconds / SECONDS_PER_DAY);
    if (day !== this.#day) this.#setDay(day);
    this.constant(this.#date);
    const { bytes, at } = this, view = this.#view;
    const second = seconds - day * SECONDS_PER_DAY;
    const minute = second / 60 | 0, hour = minute / 60 | 0;
    bytes[at] = separator;
    view.setUint16(at + 1, TWO_DIGITS[hour]);
    bytes[at + 3] = COLON;
    view.setUint16(at + 4, TWO_DIGITS[minute - hour * 60]);
    bytes[at + 6] = COLON;
    view.setUint16(at + 7, TWO_DIGITS[second - minute * 60]);
    this.at = at + 9;
  }

  #setDay(day: number): void {
    const seconds = day * SECONDS_PER_DAY;
    const text = formatTimestamp({ seconds, nanoseconds: 0 });
    this.#date = Constant.of(text.slice(0, DATE_UNITS));
    this.#day = day;
  }

  /** Writes a whole number from 0 to 2 ** 31 - 1. */
  integer(value: number): void {
    const { bytes, at } = this;
    let end = at + 1;
    for (let rest = value / 10 | 0; rest > 0; rest = rest / 10 | 0) end++;
    for (let i = end - 1, rest = value; i >= at; i--) {
      const tens = rest / 10 | 0;
      bytes[i] = ZERO + rest - tens * 10;
      rest = tens;
    }
    this.at = end;
  }

  /** Writes nanoseconds as ".5" with so many decimals; nothing with none. */
  fraction(nanoseconds: number, decimals: number): void {
    if (decimals === 0) return;
    const { bytes, at } = this, view = this.#view;
    bytes[at] = POINT;
    let rest = nanoseconds / POWERS_OF_TEN[9 - decimals] | 0;
    let last = at + decimals;
    for (; last > at + 1; last -= 2) {
      const more = rest / 100 | 0;
      view.setUint16(last - 1, TWO_DIGITS[rest - more * 100]);
      rest = more;
    }
    if (last > at) bytes[last] = ZERO + rest;
    this.at = at + 1 + decimals;
  }
}
