/**
 * The text of lines: UTF-8, or older encodings.
 *
 * @module
 */

import { decodeText, isText, tryDecodeText } from "../text/utf8.ts";

const latin1 = new TextDecoder("latin1");

/**
 * Decodes bytes as a string that a packet can hold: as UTF-8 if they are that,
 * otherwise as ISO-8859-1, which keeps different bytes different; a NUL becomes
 * "\0", two characters.
 */
export function decodeLegacy(bytes: Uint8Array): string {
  if (isText(bytes, 0, bytes.length)) return decodeText(bytes, 0, bytes.length);
  const text = tryDecodeText(bytes) ??
    // As a chunk of a stream: otherwise Node 20 decodes 0x80 to 0x9f
    // differently.
    latin1.decode(bytes, { stream: true });
  return text.replaceAll("\0", "\\0");
}
