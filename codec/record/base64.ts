/**
 * Bytes as base64 and back (RFC 4648, section 4), for runtimes whose
 * `Uint8Array` cannot do it by itself.
 *
 * @module
 */

/** As many arguments as a call surely takes. */
const CHUNK_BYTES = 32 * 1024;

/** Writes bytes as base64, with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK_BYTES));
  }
  return btoa(binary);
}

/**
 * Reads what {@linkcode encodeBase64} writes.
 *
 * @throws {SyntaxError} when `text` is not base64, or is without its padding
 */
export function decodeBase64(text: string): Uint8Array {
  // Of `atob` padding may be missing, and blanks may stand anywhere.
  if (text.length % 4 !== 0 || /[^A-Za-z0-9+/=]/.test(text)) {
    throw new SyntaxError("Cannot read base64");
  }
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    throw new SyntaxError("Cannot read base64");
  }
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
