/**
 * Small numbers for tests: route code and test id, compared as bytes.
 *
 * @module
 */

import { copyBytes, sameBytes } from "../text/bytes.ts";
import { decodeText, mixHash } from "../text/utf8.ts";
import type { Packet } from "../v2/packet.ts";
import type { Rows } from "../v2/rows.ts";

/** What identifies a test. */
export interface TestKey {
  readonly testId: string;
  readonly routeCode: string | undefined;
}

/** The bytes of a {@linkcode TestKey}; a packet has those of its test. */
export type TestKeyBytes = Pick<
  Packet,
  "view" | "idAt" | "idEnd" | "idHash" | "routeAt" | "routeEnd" | "routeHash"
>;

/** The key of the test of a row. One object serves one row after another. */
export class RowKey implements TestKeyBytes {
  view: DataView = new DataView(new ArrayBuffer(0));
  idAt = -1;
  idEnd = -1;
  idHash = -1;
  routeAt = -1;
  routeEnd = -1;
  routeHash = -1;

  /** Makes this the same as another key. */
  set(key: TestKeyBytes): this {
    this.view = key.view;
    this.idAt = key.idAt;
    this.idEnd = key.idEnd;
    this.idHash = key.idHash;
    this.routeAt = key.routeAt;
    this.routeEnd = key.routeEnd;
    this.routeHash = key.routeHash;
    return this;
  }

  /** Makes this the key of the row's test on its route. */
  of(rows: Rows, i: number): this {
    this.anywhere(rows, i);
    this.routeAt = rows.routeAt(i);
    this.routeEnd = rows.routeEnd(i);
    this.routeHash = rows.routeHash(i);
    return this;
  }

  /** Makes this the key of the row's test on whatever route. */
  anywhere(rows: Rows, i: number): this {
    this.view = rows.view;
    this.idAt = rows.idAt(i);
    this.idEnd = rows.idEnd(i);
    this.idHash = rows.idHash(i);
    this.routeAt = this.routeEnd = this.routeHash = -1;
    return this;
  }
}

const FIRST_NUMBERS = 32;
const FIRST_ARENA_BYTES = 4096;
/** The end of the list of free numbers, and an empty slot. */
const NONE = -1;

// The words of what is known of a test.
const HASH = 0;
/** Where the id, followed by the route code, is in the arena. */
const PLACE = 1;
const ID_BYTES = 2;
/** -1 if the test has no route code. */
const ROUTE_BYTES = 3;
const ENTRY_WORDS = 4;

/** How large arrays become that have to hold `count`: half of it is to spare. */
function roomFor(count: number): number {
  return count + (count >>> 1);
}

/** A longer copy of an array. */
export function grown<
  Numbers extends
    | Uint8Array
    | Int32Array
    | Uint32Array
    | Float32Array
    | Float64Array,
>(numbers: Numbers, length: number): Numbers {
  const Type = numbers.constructor as { new (length: number): Numbers };
  const longer = new Type(length);
  longer.set(numbers);
  return longer;
}

/**
 * Gives each test a number, to be used as an index, until it is deleted; then
 * the next new test gets it. Numbers stay below the most tests at a time.
 *
 * Open addressing over a table that is at most half full. All that is known of
 * a test is numbers in typed arrays, and the bytes of its key in one arena:
 * objects would take a kilobyte for each test. Adding or deleting a test takes
 * 40 ns; a `Map` of strings takes 730 ns, most of it to decode the id.
 *
 * The oracle in the tests is a `Map` of strings.
 */
export class TestNumbers {
  /** Whether {@linkcode add} gave out a new number when it was last called. */
  isNew = false;
  #slots: Int32Array = new Int32Array(2 * FIRST_NUMBERS).fill(NONE);
  #size = 0;
  /** Numbers from here on were never given out. */
  #unused = 0;
  /** The number that was deleted last; its entry has the one before it. */
  #free = NONE;

  /** What is known of each test: {@linkcode ENTRY_WORDS} words by its number. */
  #entries: Int32Array = new Int32Array(FIRST_NUMBERS * ENTRY_WORDS);

  #arena: Uint8Array = new Uint8Array(FIRST_ARENA_BYTES);
  #arenaView: DataView = new DataView(this.#arena.buffer);
  #arenaEnd = 0;
  /** The length of all keys. */
  #keyBytes = 0;

  /** How many tests have a number. */
  get size(): number {
    return this.#size;
  }

  /** What arrays need that have an entry for each number. */
  get capacity(): number {
    return this.#entries.length / ENTRY_WORDS;
  }

  /** The bytes in typed arrays. */
  get byteLength(): number {
    return this.#slots.byteLength + this.#arena.byteLength +
      this.#entries.byteLength;
  }

  /**
   * The number of a test; -1 if it has none.
   *
   * @param likely a number that it may have: it is found faster then
   */
  get(key: TestKeyBytes, likely: number = NONE): number {
    const { view, idAt, idEnd, routeAt, routeEnd } = key, hash = hashOf(key);
    const isLikely = likely >= 0 && likely < this.#unused &&
      this.#has(likely, view, idAt, idEnd, routeAt, routeEnd, hash);
    return isLikely
      ? likely
      : this.#slots[this.#find(view, idAt, idEnd, routeAt, routeEnd, hash)];
  }

  /** The number of a test, a new one if it had none. */
  add(key: TestKeyBytes): number {
    const { view, idAt, idEnd, routeAt, routeEnd } = key;
    return this.#add(view, idAt, idEnd, routeAt, routeEnd, hashOf(key));
  }

  /** Takes the number from a test and returns it; -1 if it had none. */
  delete(key: TestKeyBytes): number {
    const { view, idAt, idEnd, routeAt, routeEnd } = key;
    return this.#delete(
      this.#find(view, idAt, idEnd, routeAt, routeEnd, hashOf(key)),
    );
  }

  /** {@linkcode add} for the test of a row. */
  addRow(rows: Rows, i: number): number {
    return this.#add(
      rows.view,
      rows.idAt(i),
      rows.idEnd(i),
      rows.routeAt(i),
      rows.routeEnd(i),
      mixHashes(rows.idHash(i), rows.routeHash(i)),
    );
  }

  /** {@linkcode delete} for the test of a row. */
  deleteRow(rows: Rows, i: number): number {
    return this.#delete(this.#find(
      rows.view,
      rows.idAt(i),
      rows.idEnd(i),
      rows.routeAt(i),
      rows.routeEnd(i),
      mixHashes(rows.idHash(i), rows.routeHash(i)),
    ));
  }

  /** Takes the numbers from all tests, and keeps the memory. */
  clear(): void {
    this.#slots.fill(NONE);
    this.#size =
      this.#unused =
      this.#arenaEnd =
      this.#keyBytes =
        0;
    this.#free = NONE;
  }

  /** All numbers of tests, in no particular order. */
  values(): Int32Array {
    const numbers = new Int32Array(this.#size);
    let count = 0;
    for (let number = 0; number < this.#unused; number++) {
      if (this.#isTaken(number)) numbers[count++] = number;
    }
    return numbers;
  }

  /** The key of the test with this number. */
  key(number: number): TestKey {
    const entries = this.#entries, entry = number * ENTRY_WORDS;
    const at = entries[entry + PLACE];
    const routeAt = at + entries[entry + ID_BYTES];
    const routeBytes = entries[entry + ROUTE_BYTES];
    return {
      testId: decodeText(this.#arena, at, routeAt),
      routeCode: routeBytes < 0
        ? undefined
        : decodeText(this.#arena, routeAt, routeAt + routeBytes),
    };
  }

  #add(
    view: DataView,
    idAt: number,
    idEnd: number,
    routeAt: number,
    routeEnd: number,
    hash: number,
  ): number {
    const slot = this.#find(view, idAt, idEnd, routeAt, routeEnd, hash);
    const found = this.#slots[slot];
    this.isNew = found === NONE;
    if (!this.isNew) return found;
    const idBytes = idEnd - idAt;
    const routeBytes = routeAt < 0 ? -1 : routeEnd - routeAt;
    const at = this.#reserve(idBytes + Math.max(0, routeBytes));
    copyBytes(view, idAt, idEnd, this.#arenaView, at);
    copyBytes(view, routeAt, routeEnd, this.#arenaView, at + idBytes);
    const number = this.#nextNumber();
    const entries = this.#entries, entry = number * ENTRY_WORDS;
    entries[entry + HASH] = hash;
    entries[entry + PLACE] = at;
    entries[entry + ID_BYTES] = idBytes;
    entries[entry + ROUTE_BYTES] = routeBytes;
    this.#slots[slot] = number;
    if (2 * ++this.#size >= this.#slots.length) this.#rehash();
    return number;
  }

  #delete(slot: number): number {
    const number = this.#slots[slot];
    if (number === NONE) return NONE;
    this.#keyBytes -= this.#lengthOf(number);
    if (--this.#size === 0) this.#arenaEnd = 0;
    this.#empty(slot);
    this.#entries[number * ENTRY_WORDS + ID_BYTES] = NONE;
    this.#entries[number * ENTRY_WORDS + PLACE] = this.#free;
    this.#free = number;
    return number;
  }

  /** The slot of a test, or the empty one where it belongs. */
  #find(
    view: DataView,
    idAt: number,
    idEnd: number,
    routeAt: number,
    routeEnd: number,
    hash: number,
  ): number {
    const slots = this.#slots, mask = slots.length - 1;
    let slot = hash & mask;
    for (;; slot = (slot + 1) & mask) {
      const number = slots[slot];
      if (
        number === NONE ||
        this.#has(number, view, idAt, idEnd, routeAt, routeEnd, hash)
      ) return slot;
    }
  }

  /** Whether a number, if a test has it, is that of this test. */
  #has(
    number: number,
    view: DataView,
    idAt: number,
    idEnd: number,
    routeAt: number,
    routeEnd: number,
    hash: number,
  ): boolean {
    const entries = this.#entries, entry = number * ENTRY_WORDS;
    if (entries[entry + HASH] !== hash) return false;
    const idBytes = entries[entry + ID_BYTES], at = entries[entry + PLACE];
    return idEnd - idAt === idBytes &&
      (routeAt < 0 ? -1 : routeEnd - routeAt) ===
        entries[entry + ROUTE_BYTES] &&
      sameBytes(view, idAt, idEnd, this.#arenaView, at) &&
      sameBytes(view, routeAt, routeEnd, this.#arenaView, at + idBytes);
  }

  /** Empties a slot and moves up those that it kept from their places. */
  #empty(slot: number): void {
    const slots = this.#slots, entries = this.#entries;
    const mask = slots.length - 1;
    let gap = slot;
    for (let next = (slot + 1) & mask;; next = (next + 1) & mask) {
      const number = slots[next];
      if (number === NONE) break;
      const hash = entries[number * ENTRY_WORDS + HASH];
      if (((next - hash) & mask) >= ((next - gap) & mask)) {
        slots[gap] = number;
        gap = next;
      }
    }
    slots[gap] = NONE;
  }

  #rehash(): void {
    const slots = new Int32Array(2 * this.#slots.length).fill(NONE);
    const mask = slots.length - 1;
    for (let number = 0; number < this.#unused; number++) {
      if (!this.#isTaken(number)) continue;
      let slot = this.#entries[number * ENTRY_WORDS + HASH] & mask;
      while (slots[slot] !== NONE) slot = (slot + 1) & mask;
      slots[slot] = number;
    }
    this.#slots = slots;
  }

  #nextNumber(): number {
    const number = this.#free;
    if (number !== NONE) {
      this.#free = this.#entries[number * ENTRY_WORDS + PLACE];
      return number;
    }
    if (this.#unused === this.capacity) {
      const length = roomFor(this.capacity) * ENTRY_WORDS;
      this.#entries = grown(this.#entries, length);
    }
    return this.#unused++;
  }

  /** Whether a test has the number, of those that were given out. */
  #isTaken(number: number): boolean {
    return this.#entries[number * ENTRY_WORDS + ID_BYTES] !== NONE;
  }

  #lengthOf(number: number): number {
    const entries = this.#entries, entry = number * ENTRY_WORDS;
    return entries[entry + ID_BYTES] +
      Math.max(0, entries[entry + ROUTE_BYTES]);
  }

  /** Reserves memory in the arena and returns where it begins. */
  #reserve(bytes: number): number {
    if (this.#arenaEnd + bytes > this.#arena.length) this.#compact(bytes);
    const at = this.#arenaEnd;
    this.#arenaEnd += bytes;
    this.#keyBytes += bytes;
    return at;
  }

  /** Makes room for `bytes` in a new arena: the keys of deleted tests go. */
  #compact(bytes: number): void {
    const room = roomFor(this.#keyBytes + bytes);
    if (room > 2 ** 31) {
      throw new RangeError("Cannot hold tests with ids of more than 2 GiB");
    }
    const old = this.#arenaView;
    this.#arena = new Uint8Array(Math.max(FIRST_ARENA_BYTES, room));
    this.#arenaView = new DataView(this.#arena.buffer);
    let end = 0;
    // By number: mostly the order in memory.
    for (let number = 0; number < this.#unused; number++) {
      if (!this.#isTaken(number)) continue;
      const place = number * ENTRY_WORDS + PLACE;
      const at = this.#entries[place], length = this.#lengthOf(number);
      copyBytes(old, at, at + length, this.#arenaView, end);
      this.#entries[place] = end;
      end += length;
    }
    this.#arenaEnd = end;
  }
}

function hashOf({ idHash, routeHash }: TestKeyBytes): number {
  return mixHashes(idHash, routeHash);
}

function mixHashes(idHash: number, routeHash: number): number {
  return mixHash(idHash ^ Math.imul(routeHash, 0x9e3779b1));
}
