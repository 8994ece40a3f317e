/**
 * The text of lines: UTF-8, or what programs before it wrote.
 *
 * @module
 */

import { decodeText, isText, tryDecodeText } from "../text/utf8.ts";

const latin1 = new TextDecoder("latin1");

/**
 * Bytes as a string that a packet holds: UTF-8 where it is that, else
 * ISO-8859-1, in which no two are the same; NUL as "\0", two characters.
 */
export function decodeLegacy(bytes: Uint8Array): string {
  if (isText(bytes, 0, bytes.length)) return decodeText(bytes, 0, bytes.length);
  const text = tryDecodeText(bytes) ??
    // As one chunk of a stream: without it Node 20 reads 0x80 to 0x9f otherwise.
    latin1.decode(bytes, { stream: true });
  return text.replaceAll("\0", "\\0");
}
