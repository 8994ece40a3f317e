/**
 * The values in the body of a fault log's events: deterministic CBOR (RFC 8949,
 * section 4.2), as much of it as events use. The bytes of an event are its
 * identity, so a value has one encoding; and what comes from a log is hostile, so
 * that depth and lengths are limited.
 *
 * @module
 */

import { decodeText } from "@subunit/codec";

/** A value that an event can hold. */
export type Value =
  | number
  | string
  | boolean
  | null
  | Uint8Array
  | readonly Value[]
  | ReadonlyMap<string | number, Value>;

/** The deepest nesting of a value. */
export const MAX_DEPTH = 8;
/** The most items of an array or a map. */
export const MAX_ITEMS = 4096;

const UNSIGNED = 0, NEGATIVE = 1, BYTES = 2, TEXT = 3, ARRAY = 4, MAP = 5;
const FALSE = 0xf4, TRUE = 0xf5, NULL = 0xf6;

const textEncoder = new TextEncoder();

let memory = new Uint8Array(1024);
let at = 0;

/**
 * Encodes a value. The caller owns the bytes.
 *
 * @throws {RangeError} when a number is not a safe integer, a string has half a
 * surrogate pair, or there is more than a reader accepts
 */
export function encodeValue(value: Value): Uint8Array {
  at = 0;
  write(value, 1);
  return memory.slice(0, at);
}

function write(value: Value, depth: number): void {
  if (typeof value === "number") return writeNumber(value);
  if (typeof value === "string") {
    if (!value.isWellFormed()) {
      throw refused(`a text has half a surrogate pair`);
    }
    return writeBytes(TEXT, textEncoder.encode(value));
  }
  if (typeof value === "boolean") return writeByte(value ? TRUE : FALSE);
  if (value === null) return writeByte(NULL);
  if (value instanceof Uint8Array) return writeBytes(BYTES, value);
  if (depth > MAX_DEPTH) throw refused(`it is nested deeper than ${MAX_DEPTH}`);
  const isMap = value instanceof Map;
  const count = isMap ? value.size : (value as readonly Value[]).length;
  if (count > MAX_ITEMS) throw refused(`it has more than ${MAX_ITEMS} items`);
  writeHead(isMap ? MAP : ARRAY, count);
  if (!isMap) {
    for (const item of value as readonly Value[]) write(item, depth + 1);
    return;
  }
  for (const key of sortedKeys(value as ReadonlyMap<string | number, Value>)) {
    write(key, depth + 1);
    write(value.get(key)!, depth + 1);
  }
}

/** The order of RFC 8949: that of the encoded keys, byte by byte. */
function sortedKeys(
  map: ReadonlyMap<string | number, Value>,
): (string | number)[] {
  const start = at;
  const keys = [...map.keys()].map((key) => {
    at = start;
    write(key, MAX_DEPTH);
    return { key, bytes: memory.slice(start, at) };
  });
  at = start;
  return keys.sort((a, b) => compareBytes(a.bytes, b.bytes))
    .map(({ key }) => key);
}

/** Compares bytes; what another begins with comes before it. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

function writeNumber(value: number): void {
  if (!Number.isSafeInteger(value)) {
    throw refused(`${value} is not a whole number`);
  }
  if (value < 0) writeHead(NEGATIVE, -1 - value);
  else writeHead(UNSIGNED, value);
}

function writeBytes(type: number, bytes: Uint8Array): void {
  writeHead(type, bytes.length);
  reserve(bytes.length);
  memory.set(bytes, at);
  at += bytes.length;
}

function writeHead(type: number, value: number): void {
  const size = value < 24
    ? 0
    : value < 2 ** 8
    ? 1
    : value < 2 ** 16
    ? 2
    : value < 2 ** 32
    ? 4
    : 8;
  reserve(9);
  // 24 for one byte, then 25, 26 and 27.
  memory[at++] = type << 5 | (size === 0 ? value : 24 + Math.log2(size));
  for (let i = size - 1, rest = value; i >= 0; i--) {
    memory[at + i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  at += size;
}

function writeByte(byte: number): void {
  reserve(1);
  memory[at++] = byte;
}

function reserve(count: number): void {
  if (at + count <= memory.length) return;
  const larger = new Uint8Array(2 * (at + count));
  larger.set(memory.subarray(0, at));
  memory = larger;
}

function refused(why: string): RangeError {
  return new RangeError(`Cannot write value: ${why}`);
}

/**
 * Decodes one value that fills `bytes`. Byte strings are views.
 *
 * @throws {TypeError} when the bytes are anything else: a tag, a float or a
 * string in parts, which no event has; a key twice; too deep, or too many items
 */
export function decodeValue(bytes: Uint8Array): Value {
  const reader = new Reader(bytes);
  const value = reader.read(1);
  if (reader.at < bytes.length) throw unreadable("bytes follow it");
  return value;
}

function unreadable(why: string): TypeError {
  return new TypeError(`Cannot read value: ${why}`);
}

class Reader {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  read(depth: number): Value {
    if (this.at >= this.#bytes.length) throw unreadable("it is cut off");
    const first = this.#bytes[this.at++];
    const type = first >> 5;
    if (type > MAP) return simpleOf(first);
    const value = this.#number(first & 0x1f);
    if (type === UNSIGNED) return value;
    if (type === NEGATIVE) return -1 - value;
    if (type === BYTES) return this.#take(value);
    if (type === TEXT) return this.#text(value);
    if (depth > MAX_DEPTH) {
      throw unreadable(`it is nested deeper than ${MAX_DEPTH}`);
    }
    if (value > MAX_ITEMS) {
      throw unreadable(`it has more than ${MAX_ITEMS} items`);
    }
    return type === ARRAY
      ? Array.from({ length: value }, () => this.read(depth + 1))
      : this.#map(value, depth);
  }

  #map(count: number, depth: number): ReadonlyMap<string | number, Value> {
    const map = new Map<string | number, Value>();
    for (let i = 0; i < count; i++) {
      const key = this.read(depth + 1);
      if (typeof key !== "string" && typeof key !== "number") {
        throw unreadable("a key is neither text nor a number");
      }
      if (map.has(key)) throw unreadable("it has a key twice");
      map.set(key, this.read(depth + 1));
    }
    return map;
  }

  #number(info: number): number {
    if (info < 24) return info;
    if (info > 27) throw unreadable("it has a part without a length");
    const size = 1 << info - 24;
    let value = 0;
    for (let i = this.#skip(size); i < this.at; i++) {
      value = value * 256 + this.#bytes[i];
    }
    if (!Number.isSafeInteger(value)) throw unreadable("a number is too large");
    return value;
  }

  #take(count: number): Uint8Array {
    return this.#bytes.subarray(this.#skip(count), this.at);
  }

  /** Goes on behind so many bytes, and returns where they begin. */
  #skip(count: number): number {
    const start = this.at;
    if (count > this.#bytes.length - start) throw unreadable("it is cut off");
    this.at += count;
    return start;
  }

  #text(count: number): string {
    const start = this.#skip(count);
    try {
      return decodeText(this.#bytes, start, this.at);
    } catch {
      throw unreadable("a text is not UTF-8");
    }
  }
}

function simpleOf(first: number): Value {
  if (first === TRUE || first === FALSE) return first === TRUE;
  if (first === NULL) return null;
  throw unreadable("it has a tag or a float");
}

/** The additional information of a number that is in the first byte. */
const MOST_INFO = 23;

/**
 * Whether the bytes from `at` to `end` are a map that surely has no such key,
 * without reading its values. False if that is not easy to see.
 */
export function hasNoKey(
  key: number,
  source: Uint8Array,
  at: number,
  end: number,
): boolean {
  const count = source[at] - (MAP << 5);
  if (at >= end || count < 0 || count > MOST_INFO) return false;
  let place = at + 1;
  for (let i = 0; i < count; i++) {
    const found = source[place];
    if (place >= end || found > MOST_INFO || found === key) return false;
    place = endOfValue(source, place + 1, true);
    if (place < 0) return false;
  }
  return place === end;
}

/** Where a number, a short string or an array of those ends; -1 if it is else. */
function endOfValue(source: Uint8Array, at: number, mayNest: boolean): number {
  const type = source[at] >> 5, info = source[at] & 0x1f;
  if (type <= NEGATIVE && info <= MOST_INFO + 4) {
    return at + 1 + (info <= MOST_INFO ? 0 : 1 << info - MOST_INFO - 1);
  }
  const isLong = info === MOST_INFO + 1;
  if (info > MOST_INFO && !isLong) return -1;
  const length = isLong ? source[at + 1] : info;
  let end = at + (isLong ? 2 : 1);
  if (type === BYTES || type === TEXT) return end + length;
  if (type !== ARRAY || !mayNest) return -1;
  for (let i = 0; i < length && end >= 0; i++) {
    end = endOfValue(source, end, false);
  }
  return end;
}
