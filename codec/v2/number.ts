/**
 * The variable-length number: its top two bits give the number of octets, the
 * others are the value, big-endian.
 *
 * ```text
 *   prefix  octets  largest
 *   00      1               63
 *   01      2           16 383
 *   10      3        4 194 303
 *   11      4    1 073 741 823
 * ```
 *
 * @module
 */

import { MAX_NUMBER } from "./layout.ts";

/** The number of octets of a number that begins with `first`: 1 to 4. */
export function numberOctets(first: number): number {
  return (first >>> 6) + 1;
}

/** Reads the number at `offset`; all its octets must be available. */
export function readNumber(bytes: Uint8Array, offset: number): number {
  const first = bytes[offset];
  const value = first & 0x3f;
  switch (first >>> 6) {
    case 0:
      return value;
    case 1:
      return value << 8 | bytes[offset + 1];
    case 2:
      return value << 16 | bytes[offset + 1] << 8 | bytes[offset + 2];
    default:
      return value << 24 | bytes[offset + 1] << 16 | bytes[offset + 2] << 8 |
        bytes[offset + 3];
  }
}

/**
 * The fewest octets that hold `value`.
 *
 * @throws {RangeError} when it is not an integer from 0 to 2 ** 30 - 1
 */
export function octetsFor(value: number): number {
  // Most lengths are short. Only whole numbers equal their last six bits.
  if ((value & 0x3f) === value) return 1;
  if (!Number.isInteger(value) || value < 0 || value > MAX_NUMBER) {
    throw new RangeError(
      `Cannot write number ${value}: expected 0 to ${MAX_NUMBER}`,
    );
  }
  return value < 2 ** 6 ? 1 : value < 2 ** 14 ? 2 : value < 2 ** 22 ? 3 : 4;
}

/**
 * Writes `value` at `offset` in the fewest octets and returns where it ends.
 *
 * @throws {RangeError} when it is not an integer from 0 to 2 ** 30 - 1
 */
export function writeNumber(
  bytes: Uint8Array,
  offset: number,
  value: number,
): number {
  if ((value & 0x3f) === value) {
    bytes[offset] = value;
    return offset + 1;
  }
  const octets = octetsFor(value);
  for (let i = octets - 1, rest = value; i >= 0; i--, rest >>>= 8) {
    bytes[offset + i] = rest;
  }
  bytes[offset] |= (octets - 1) << 6;
  return offset + octets;
}
