/**
 * Decodes XML documents in any encoding.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { decodeLenient } from "../text/utf8.ts";

/** Longer XML declarations are ignored. */
const MAX_DECLARATION_BYTES = 1024;

const DECLARATION = /^<\?xml\s[^>]*?encoding\s*=\s*["']([\w.:-]+)["'][^>]*\?>/;

/**
 * How documents begin whose encoding is not a superset of ASCII, and UTF-8's
 * mark.
 */
const SIGNATURES: readonly [bytes: number[], encoding: string][] = [
  [[0xef, 0xbb, 0xbf], "utf-8"],
  [[0xff, 0xfe], "utf-16le"],
  [[0xfe, 0xff], "utf-16be"],
  // "<?" without a byte order mark.
  [[0x3c, 0x00, 0x3f, 0x00], "utf-16le"],
  [[0x00, 0x3c, 0x00, 0x3f], "utf-16be"],
];

/**
 * Decodes a document according to its byte order mark, its XML declaration, or
 * as UTF-8. Invalid bytes become U+FFFD.
 *
 * Source: the XML specification, appendix F. Names of encodings are those of
 * the runtime's `TextDecoder`, which takes ISO-8859-1 for Windows-1252.
 */
export class XmlTextDecoder {
  #decoder: TextDecoder | undefined;
  /** The beginning of the document, until its encoding is known. */
  #beginning: Uint8Array = new Uint8Array(0);

  /**
   * Decodes a chunk and returns the characters that are complete.
   *
   * @throws {RangeError} when the declared encoding is unknown
   */
  push(chunk: Uint8Array): string {
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
      this.#decoder = new TextDecoder(encoding);
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
  if (bytes.length < 4) return true;
  const begin = "<?xml";
  const text = decodeLenient(bytes.subarray(0, MAX_DECLARATION_BYTES));
  return text.startsWith(begin.slice(0, text.length)) &&
    !text.includes("?>") && bytes.length < MAX_DECLARATION_BYTES;
}

function encodingOf(bytes: Uint8Array): string {
  for (const [signature, encoding] of SIGNATURES) {
    if (signature.every((byte, at) => bytes[at] === byte)) return encoding;
  }
  const text = decodeLenient(bytes.subarray(0, MAX_DECLARATION_BYTES));
  const declared = DECLARATION.exec(text)?.[1] ?? "utf-8";
  // Its declaration could be read byte by byte, so it is not in UTF-16: .NET
  // writes such documents.
  return /^utf-?16/i.test(declared) ? "utf-8" : declared;
}
