/**
 * Base64 (RFC 4648, section 4), for runtimes whose `Uint8Array` lacks it.
 *
 * @module
 */

/** As many arguments as every engine accepts in one call. */
const CHUNK_BYTES = 32 * 1024;

/** Encodes bytes as base64, with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK_BYTES));
  }
  return btoa(binary);
}

/**
 * Decodes what {@linkcode encodeBase64} returns.
 *
 * @throws {SyntaxError} when `text` is not base64 or lacks its padding
 */
export function decodeBase64(text: string): Uint8Array {
  // `atob` accepts missing padding, and white space anywhere.
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
