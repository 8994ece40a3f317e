/**
 * Text with a byte order mark as UTF-8: PowerShell 5 and some editors write
 * one, and UTF-16 behind it.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";

/** The mark in UTF-8, which is dropped. */
const UTF8_MARK = Uint8Array.of(0xef, 0xbb, 0xbf);
const UTF16_MARKS = [
  { mark: Uint8Array.of(0xff, 0xfe), label: "utf-16le", high: 1 },
  { mark: Uint8Array.of(0xfe, 0xff), label: "utf-16be", high: 0 },
] as const;
/** A mark of UTF-16 and the character behind it. */
const UTF16_BEGINNING_BYTES = 4;

const NO_BYTES = new Uint8Array(0);

/** How {@linkcode toUtf8} is to read. */
export interface ToUtf8Options {
  /**
   * Whether packets may stand in the text: then UTF-16 is believed only where
   * a character of ASCII follows its mark.
   */
  readonly mayHoldPackets?: boolean;
}

/**
 * Chunks in, chunks out: text with a byte order mark as UTF-8 without one,
 * UTF-16 converted. Anything else passes as it is, and is not copied.
 *
 * Only the beginning is looked at, and what cannot begin a mark is not held
 * back. UTF-16 without a mark, and UTF-32, pass as they are.
 */
export class ToUtf8 {
  readonly #mayHoldPackets: boolean;
  /** The beginning, as long as it may be part of a mark. */
  #held: Uint8Array | undefined = NO_BYTES;
  #decoder: TextDecoder | undefined;
  readonly #encoder = new TextEncoder();

  constructor({ mayHoldPackets = false }: ToUtf8Options = {}) {
    this.#mayHoldPackets = mayHoldPackets;
  }

  /** Takes a chunk; what it returns may be a view of it, or empty. */
  push(chunk: Uint8Array): Uint8Array {
    if (this.#held === undefined) return this.#convert(chunk);
    const beginning = this.#held.length === 0
      ? chunk
      : concat([this.#held, chunk]);
    if (mayBeMarked(beginning)) {
      this.#held = beginning.slice();
      return NO_BYTES;
    }
    return this.#begin(beginning);
  }

  /** Says that no more chunks come, and returns the rest. */
  end(): Uint8Array {
    const rest = this.#held === undefined ? NO_BYTES : this.#begin(this.#held);
    if (this.#decoder === undefined) return rest;
    return concat([rest, this.#encoder.encode(this.#decoder.decode())]);
  }

  #begin(bytes: Uint8Array): Uint8Array {
    this.#held = undefined;
    if (startsWith(bytes, UTF8_MARK)) return bytes.subarray(UTF8_MARK.length);
    const utf16 = UTF16_MARKS.find(({ mark, high }) =>
      startsWith(bytes, mark) && this.#isText(bytes, high)
    );
    if (utf16 === undefined) return bytes;
    this.#decoder = new TextDecoder(utf16.label, { ignoreBOM: true });
    return this.#convert(bytes.subarray(utf16.mark.length));
  }

  /** Says whether the character behind a mark of UTF-16 is one of a text. */
  #isText(bytes: Uint8Array, high: 0 | 1): boolean {
    if (bytes.length < UTF16_BEGINNING_BYTES) return !this.#mayHoldPackets;
    const isAscii = bytes[2 + high] === 0;
    const low = bytes[3 - high];
    // NUL: a mark of UTF-32 begins as one of UTF-16 does.
    return isAscii ? low > 0 && low < 0x80 : !this.#mayHoldPackets;
  }

  #convert(bytes: Uint8Array): Uint8Array {
    return this.#decoder === undefined
      ? bytes
      : this.#encoder.encode(this.#decoder.decode(bytes, { stream: true }));
  }
}

/**
 * The chunks as {@linkcode ToUtf8} converts them. A chunk is good until the
 * next one.
 *
 * @example
 * ```ts
 * import { toUtf8 } from "@subunit/codec/text";
 *
 * const marked = [Uint8Array.of(0xff, 0xfe, 0x6f, 0, 0x6b, 0)];
 * console.log(new TextDecoder().decode([...toUtf8(marked)][0])); // ok
 * ```
 */
export function* toUtf8(
  chunks: Iterable<Uint8Array>,
  options?: ToUtf8Options,
): Generator<Uint8Array> {
  const converter = new ToUtf8(options);
  for (const chunk of chunks) {
    const bytes = converter.push(chunk);
    if (bytes.length > 0) yield bytes;
  }
  const rest = converter.end();
  if (rest.length > 0) yield rest;
}

/** Says whether more bytes are needed to tell whether there is a mark. */
function mayBeMarked(bytes: Uint8Array): boolean {
  if (bytes.length < UTF8_MARK.length && startsWith(UTF8_MARK, bytes)) {
    return true;
  }
  return bytes.length < UTF16_BEGINNING_BYTES &&
    UTF16_MARKS.some(({ mark }) => startsWith(mark, bytes.subarray(0, 2)));
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.length <= bytes.length &&
    prefix.every((byte, i) => bytes[i] === byte);
}
