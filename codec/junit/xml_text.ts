/**
 * Decodes XML documents in any encoding.
 *
 * Source: the XML specification, appendix F. Names of encodings are those of
 * the runtime's `TextDecoder`, which takes ISO-8859-1 for Windows-1252.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { decodeLenient } from "../text/utf8.ts";

/** Longer XML declarations are ignored. */
const MAX_DECLARATION_BYTES = 1024;

const DECLARATION =
  /^\s*<\?xml\s[^>]*?encoding\s*=\s*["']([\w.:-]+)["'][^>]*\?>/;

/** How many bytes show whether a document is in UTF-16. */
const SIGNATURE_BYTES = 4;

/**
 * The mark of a document is removed by hand: Deno's decoder takes a U+FEFF at
 * the start of a later chunk for one too.
 */
const KEEP_MARKS = { ignoreBOM: true };

const encoder = new TextEncoder();

/**
 * Converts UTF-16 to UTF-8, and removes the byte order mark of UTF-8. Other
 * encodings are left unchanged.
 */
export class ByteOrderReader {
  #decoder: TextDecoder | undefined;
  /** The first bytes, until the encoding is known. */
  #beginning: Uint8Array | undefined = new Uint8Array(0);

  /** Whether the document is in UTF-16, whatever it declares. */
  get isUtf16(): boolean {
    return this.#decoder !== undefined;
  }

  push(chunk: Uint8Array): Uint8Array {
    if (this.#beginning === undefined) return this.#read(chunk);
    this.#beginning = concat([this.#beginning, chunk]);
    return this.#beginning.length < SIGNATURE_BYTES
      ? new Uint8Array(0)
      : this.#begin(this.#beginning);
  }

  /** Ends the input and returns the remaining bytes. */
  end(): Uint8Array {
    const rest = this.#beginning && this.#begin(this.#beginning);
    const last = encoder.encode(this.#decoder?.decode());
    return rest === undefined ? last : concat([rest, last]);
  }

  #begin(bytes: Uint8Array): Uint8Array {
    this.#beginning = undefined;
    const encoding = utf16In(bytes);
    if (encoding !== undefined) {
      this.#decoder = new TextDecoder(encoding, KEEP_MARKS);
    }
    return this.#read(bytes.subarray(markLength(bytes)));
  }

  #read(bytes: Uint8Array): Uint8Array {
    return this.#decoder === undefined
      ? bytes
      : encoder.encode(this.#decoder.decode(bytes, { stream: true }));
  }
}

/** The length of a byte order mark of UTF-8 or UTF-16; 0 without one. */
function markLength([a, b, c]: Uint8Array): number {
  if (a === 0xef && b === 0xbb && c === 0xbf) return 3;
  return a === 0xff && b === 0xfe || a === 0xfe && b === 0xff ? 2 : 0;
}

/** Detects UTF-16, by a byte order mark or by "<" and an ASCII character. */
function utf16In([a, b, c, d]: Uint8Array): string | undefined {
  if (a === 0xff && b === 0xfe) return "utf-16le";
  if (a === 0xfe && b === 0xff) return "utf-16be";
  if (a === 0x3c && b === 0 && c > 0 && d === 0) return "utf-16le";
  if (a === 0 && b === 0x3c && c === 0 && d > 0) return "utf-16be";
  return undefined;
}

/**
 * Decodes a document in the encoding of its XML declaration, or in UTF-8.
 * Invalid bytes become U+FFFD.
 */
export class XmlTextDecoder {
  #decoder: TextDecoder | undefined;
  /** The beginning of the document, until its encoding is known. */
  #beginning: Uint8Array = new Uint8Array(0);

  /**
   * Decodes a chunk and returns the characters that are complete.
   *
   * @param isUtf8 whether they are UTF-8, whatever the document declares
   * @throws {RangeError} when the declared encoding is not known
   */
  push(chunk: Uint8Array, isUtf8: boolean): string {
    if (isUtf8) this.#decoder ??= new TextDecoder("utf-8", KEEP_MARKS);
    if (this.#decoder) return this.#decoder.decode(chunk, { stream: true });
    this.#beginning = concat([this.#beginning, chunk]);
    return isBeginning(this.#beginning) ? "" : this.#begin();
  }

  /** Ends the input and returns the remaining characters. */
  end(): string {
    const rest = this.#decoder === undefined ? this.#begin() : "";
    return rest + this.#decoder!.decode();
  }

  #begin(): string {
    const bytes = this.#beginning;
    this.#beginning = new Uint8Array(0);
    const encoding = encodingOf(bytes);
    try {
      this.#decoder = new TextDecoder(encoding, KEEP_MARKS);
    } catch {
      // The rest is ignored, but end() may still be called.
      this.#decoder = new TextDecoder();
      throw new RangeError(`unknown encoding ${JSON.stringify(encoding)}`);
    }
    return this.#decoder.decode(bytes, { stream: true });
  }
}

/** Returns whether more bytes are needed to determine the encoding. */
function isBeginning(bytes: Uint8Array): boolean {
  const begin = "<?xml";
  const text = decodeLenient(bytes.subarray(0, MAX_DECLARATION_BYTES))
    .trimStart();
  return text.startsWith(begin.slice(0, text.length)) &&
    !text.includes("?>") && bytes.length < MAX_DECLARATION_BYTES;
}

function encodingOf(bytes: Uint8Array): string {
  const text = decodeLenient(bytes.subarray(0, MAX_DECLARATION_BYTES));
  const declared = DECLARATION.exec(text)?.[1] ?? "utf-8";
  // Its declaration could be read byte by byte, so it is not in UTF-16: .NET
  // writes such documents.
  return /^utf-?16/i.test(declared) ? "utf-8" : declared;
}
