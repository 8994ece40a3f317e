/**
 * Events as items of CBOR (RFC 8949), without the library that reads them.
 *
 * @module
 */

import type { EventInput } from "../event.ts";
import { writeShortAscii } from "../text/utf8.ts";
import { recordOf } from "./record.ts";

/** The major types, in the top three bits of a head. */
export const CBOR_TYPE = {
  BYTES: 0x40,
  TEXT: 0x60,
  ARRAY: 0x80,
  MAP: 0xa0,
} as const;
export const CBOR_FALSE = 0xf4;
export const CBOR_TRUE = 0xf5;

/** The longest head: a type, and 32 bits of length. */
export const MAX_HEAD_BYTES = 5;
/** The most bytes of UTF-8 for a UTF-16 unit. */
const UNIT_BYTES = 3;

/**
 * Writes the head of an item at `at`, in as few bytes as possible, and returns
 * where it ends.
 *
 * @param length of a string in bytes, of an array or a map in items
 */
export function writeCborHead(
  bytes: Uint8Array,
  at: number,
  type: number,
  length: number,
): number {
  if (length < 24) {
    bytes[at] = type | length;
    return at + 1;
  }
  const size = length < 2 ** 8 ? 1 : length < 2 ** 16 ? 2 : 4;
  // 24 for one byte, 25 for two, 26 for four.
  bytes[at] = type | 24 + (size >> 1);
  for (let i = size, rest = length; i > 0; i--, rest >>>= 8) {
    bytes[at + i] = rest;
  }
  return at + 1 + size;
}

const encoder = new TextEncoder();

/** The item being written: reused, and copied when it is whole. */
let memory = new Uint8Array(4096);
let at = 0;

/**
 * Encodes an event as one CBOR item. The caller owns the bytes.
 *
 * @throws {TypeError} when a field has the wrong type, as it may from JavaScript
 * @throws {RangeError} when RFC 3339 cannot express the time
 */
export function eventToCbor(event: EventInput): Uint8Array {
  const record = recordOf(event, (bytes) => ["file_bytes", bytes]);
  at = 0;
  const keys = Object.keys(record);
  writeHead(CBOR_TYPE.MAP, keys.length);
  for (const key of keys) {
    writeText(key);
    writeValue(record[key]);
  }
  return memory.slice(0, at);
}

function reserve(count: number): void {
  if (at + count <= memory.length) return;
  const larger = new Uint8Array(2 * (at + count));
  larger.set(memory.subarray(0, at));
  memory = larger;
}

function writeHead(type: number, length: number): void {
  reserve(MAX_HEAD_BYTES);
  at = writeCborHead(memory, at, type, length);
}

function writeText(text: string): void {
  reserve(MAX_HEAD_BYTES + UNIT_BYTES * text.length);
  // As long in bytes as in units, if it is ASCII.
  const textAt = writeCborHead(memory, at, CBOR_TYPE.TEXT, text.length);
  const end = writeShortAscii(text, memory, textAt);
  if (end >= 0) {
    at = end;
    return;
  }
  const bytes = encoder.encode(text);
  writeHead(CBOR_TYPE.TEXT, bytes.length);
  memory.set(bytes, at);
  at += bytes.length;
}

/** Writes what a record has as values. */
function writeValue(value: unknown): void {
  if (typeof value === "string") {
    writeText(value);
  } else if (typeof value === "boolean") {
    reserve(1);
    memory[at++] = value ? CBOR_TRUE : CBOR_FALSE;
  } else if (Array.isArray(value)) {
    writeHead(CBOR_TYPE.ARRAY, value.length);
    value.forEach(writeText);
  } else {
    const bytes = value as Uint8Array;
    writeHead(CBOR_TYPE.BYTES, bytes.length);
    reserve(bytes.length);
    memory.set(bytes, at);
    at += bytes.length;
  }
}
