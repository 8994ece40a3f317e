/**
 * UTF-8 by the byte: what is a character, what is text.
 *
 * @module
 */

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenientDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The bytes end before the character does; it is sound so far. */
export const INCOMPLETE = -1;

/**
 * The length of the character that begins at `at`, 1 to 4 bytes; 0 when no
 * character does; {@linkcode INCOMPLETE} when `end` cuts it off.
 *
 * Source: the Unicode standard, table 3-7, "Well-Formed UTF-8 Byte Sequences".
 */
export function characterLength(
  bytes: Uint8Array,
  at: number,
  end: number,
): number {
  const first = bytes[at];
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  // These four keep out overlong forms, surrogates and what is past U+10FFFF.
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  for (let i = 1; i < length; i++) {
    if (at + i >= end) return INCOMPLETE;
    const byte = bytes[at + i];
    if (byte < (i === 1 ? low : 0x80) || byte > (i === 1 ? high : 0xbf)) {
      return 0;
    }
  }
  return length;
}

/**
 * The first byte of the character that `at` stands inside of, or `at` when it
 * stands in none. A character that `end` cuts off counts. Looks back no
 * further than `from`.
 */
export function characterStart(
  bytes: Uint8Array,
  from: number,
  at: number,
  end: number,
): number {
  for (let start = at - 1; start >= from && start >= at - 3; start--) {
    if ((bytes[start] & 0xc0) === 0x80) continue;
    const length = characterLength(bytes, start, end);
    return length === INCOMPLETE || start + length > at ? start : at;
  }
  return at;
}

/**
 * Says whether bytes `start` to `end` are a string the protocol allows: UTF-8
 * without NUL. `view` is a view of the same bytes.
 *
 * Four bytes a step while they are ASCII; the last step looks at the last
 * four, some of them again. Ids take half as long as byte by byte.
 */
export function isText(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  end: number,
): boolean {
  const last = end - 4;
  let at = start;
  for (; at < last; at += 4) {
    if (!isAscii(view.getInt32(at, true))) {
      return isTextPlainly(bytes, at, end);
    }
  }
  return start <= last && isAscii(view.getInt32(last, true)) ||
    isTextPlainly(bytes, at, end);
}

/** Says whether four bytes are ASCII without NUL. */
function isAscii(word: number): boolean {
  // A byte's top bit comes out set when it was (not ASCII), or when the byte
  // was NUL and borrowed.
  return ((word | (word - 0x01010101)) & 0x80808080) === 0;
}

/**
 * The plain form of {@linkcode isText}, a character a step.
 *
 * @internal
 */
export function isTextPlainly(
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  for (let at = start; at < end;) {
    const length = characterLength(bytes, at, end);
    if (length <= 0 || bytes[at] === 0) return false;
    at += length;
  }
  return true;
}

/** Bytes `start` to `end` as a string; they must have passed a check. */
export function decodeText(
  bytes: Uint8Array,
  start: number,
  end: number,
): string {
  return decoder.decode(bytes.subarray(start, end));
}

/** The bytes as a string, or undefined when they are not UTF-8. */
export function tryDecodeText(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The bytes as a string, U+FFFD for what is not UTF-8. */
export function decodeLenient(bytes: Uint8Array): string {
  return lenientDecoder.decode(bytes);
}
