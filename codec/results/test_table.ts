/**
 * A map whose keys are tests: route code and test id, compared as bytes.
 *
 * @module
 */

import type { StatusEvent } from "../event.ts";
import { copyBytes, sameBytes } from "../text/bytes.ts";
import {
  decodeText,
  hashText,
  mixHash,
  writeShortAscii,
} from "../text/utf8.ts";
import type { Packet } from "../v2/packet.ts";

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

/**
 * An event that may carry the key of its test, as packets do, so that the key
 * need not be made from strings.
 */
export interface KeyedEvent extends StatusEvent {
  readonly testKey?: TestKeyBytes;
}

/** The key of the test that a packet names as the parent of its own. */
export function parentKey(packet: Packet): TestKeyBytes {
  const { source, view, parentAt, parentEnd } = packet;
  const { routeAt, routeEnd, routeHash } = packet;
  return {
    view,
    idAt: parentAt,
    idEnd: parentEnd,
    idHash: hashText(source, view, parentAt, parentEnd),
    routeAt,
    routeEnd,
    routeHash,
  };
}

const encoder = new TextEncoder();

/** The initial size of a key's memory: most ids are far shorter. */
const FIRST_KEY_BYTES = 1024;

/**
 * The key of the test of an event that is not a packet: the same as that of the
 * event's packet. One object serves one event after another.
 */
export class EventKey implements TestKeyBytes {
  view: DataView = new DataView(new ArrayBuffer(FIRST_KEY_BYTES));
  idAt = -1;
  idEnd = -1;
  idHash = -1;
  routeAt = -1;
  routeEnd = -1;
  routeHash = -1;
  #bytes = new Uint8Array(this.view.buffer);
  #testId: string | undefined;
  #routeCode: string | undefined;

  /**
   * Makes this the key of the event's test. `idAt` is -1 if it has none.
   *
   * Every string is accepted, even if no packet can hold it; half a surrogate
   * pair counts as U+FFFD.
   */
  of({ testId, routeCode }: Pick<StatusEvent, "testId" | "routeCode">): this {
    // Events of the same test mostly follow one another.
    if (testId === this.#testId && routeCode === this.#routeCode) return this;
    this.#testId = testId;
    this.#routeCode = routeCode;
    // A UTF-16 unit takes three bytes of UTF-8 at most.
    const idRoom = 3 * (testId?.length ?? 0);
    this.#reserve(idRoom + 3 * (routeCode?.length ?? 0));
    this.idAt = testId === undefined ? -1 : 0;
    this.idEnd = this.#write(testId, 0);
    this.idHash = this.#hash(this.idAt, this.idEnd);
    this.routeAt = routeCode === undefined ? -1 : idRoom;
    this.routeEnd = this.#write(routeCode, idRoom);
    this.routeHash = this.#hash(this.routeAt, this.routeEnd);
    return this;
  }

  /** Writes text at `at` and returns where it ends; -1 without text. */
  #write(text: string | undefined, at: number): number {
    if (text === undefined) return -1;
    const end = writeShortAscii(text, this.#bytes, at);
    return end >= 0
      ? end
      : at + encoder.encodeInto(text, this.#bytes.subarray(at)).written;
  }

  #hash(start: number, end: number): number {
    return start < 0 ? -1 : hashText(this.#bytes, this.view, start, end);
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#bytes.length) return;
    this.#bytes = new Uint8Array(2 * bytes);
    this.view = new DataView(this.#bytes.buffer);
  }
}

/** One test in the table. */
interface Entry<Value> {
  readonly hash: number;
  /** Where the id, followed by the route code, is in the arena. */
  at: number;
  readonly idBytes: number;
  /** -1 if the test has no route code. */
  readonly routeBytes: number;
  value: Value;
}

const FIRST_SLOTS = 64;
const FIRST_ARENA_BYTES = 4096;

/**
 * Maps tests to values, without making strings of their ids.
 *
 * Open addressing over a table that is at most half full. The bytes of the keys
 * are in one arena, because an array for each would cost more than everything
 * else. Storing and finding a test takes 36 ns an event; a `Map` of strings
 * takes 730 ns, most of it to decode the id.
 */
export class TestTable<Value> {
  #slots: (Entry<Value> | undefined)[] = Array(FIRST_SLOTS).fill(undefined);
  #size = 0;
  #arena = new Uint8Array(FIRST_ARENA_BYTES);
  #arenaView = new DataView(this.#arena.buffer);
  #arenaEnd = 0;
  #keyBytes = 0;

  /** How many tests are in the table. */
  get size(): number {
    return this.#size;
  }

  /** The value of a test; undefined if it has none. */
  get(key: TestKeyBytes): Value | undefined {
    return this.#size === 0
      ? undefined
      : this.#slots[this.#find(key, hashOf(key))]?.value;
  }

  /** The value of a test; the result of `make` if it had none. */
  getOrAdd<Key extends TestKeyBytes>(
    key: Key,
    make: (key: Key) => Value,
  ): Value {
    if (2 * this.#size >= this.#slots.length) this.#grow();
    const hash = hashOf(key);
    const slot = this.#find(key, hash);
    const found = this.#slots[slot];
    if (found !== undefined) return found.value;
    const entry = this.#entry(key, hash, make(key));
    this.#slots[slot] = entry;
    this.#size++;
    return entry.value;
  }

  /** Sets the value of a test. */
  set(key: TestKeyBytes, value: Value): void {
    if (2 * this.#size >= this.#slots.length) this.#grow();
    const hash = hashOf(key);
    const slot = this.#find(key, hash);
    const found = this.#slots[slot];
    if (found !== undefined) {
      found.value = value;
      return;
    }
    this.#slots[slot] = this.#entry(key, hash, value);
    this.#size++;
  }

  /** Removes a test and returns its value. */
  delete(key: TestKeyBytes): Value | undefined {
    if (this.#size === 0) return undefined;
    const slot = this.#find(key, hashOf(key));
    const entry = this.#slots[slot];
    if (entry === undefined) return undefined;
    this.#keyBytes -= keyBytes(entry);
    if (--this.#size === 0) this.#arenaEnd = 0;
    this.#empty(slot);
    return entry.value;
  }

  /** The tests and their values, in no particular order. */
  entries(): [TestKey, Value][] {
    return this.#slots
      .filter((entry) => entry !== undefined)
      .map((entry) => [this.#keyOf(entry), entry.value]);
  }

  #keyOf({ at, idBytes, routeBytes }: Entry<Value>): TestKey {
    const routeAt = at + idBytes;
    return {
      testId: decodeText(this.#arena, at, routeAt),
      routeCode: routeBytes < 0
        ? undefined
        : decodeText(this.#arena, routeAt, routeAt + routeBytes),
    };
  }

  /** Makes an entry and copies its key to the arena. */
  #entry(key: TestKeyBytes, hash: number, value: Value): Entry<Value> {
    const { view, idAt, idEnd, routeAt, routeEnd } = key;
    const idBytes = idEnd - idAt;
    const routeBytes = routeAt < 0 ? -1 : routeEnd - routeAt;
    const at = this.#reserve(idBytes + Math.max(0, routeBytes));
    copyBytes(view, idAt, idEnd, this.#arenaView, at);
    copyBytes(view, routeAt, routeEnd, this.#arenaView, at + idBytes);
    return { hash, at, idBytes, routeBytes, value };
  }

  /** The slot of a test, or the empty one where it belongs. */
  #find(key: TestKeyBytes, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash & mask;
    for (;; slot = (slot + 1) & mask) {
      const entry = slots[slot];
      if (
        entry === undefined ||
        entry.hash === hash && this.#matches(entry, key)
      ) {
        return slot;
      }
    }
  }

  #matches(entry: Entry<Value>, key: TestKeyBytes): boolean {
    const { view, idAt, idEnd, routeAt, routeEnd } = key;
    const { at, idBytes, routeBytes } = entry;
    return idEnd - idAt === idBytes &&
      (routeAt < 0 ? -1 : routeEnd - routeAt) === routeBytes &&
      sameBytes(view, idAt, idEnd, this.#arenaView, at) &&
      sameBytes(view, routeAt, routeEnd, this.#arenaView, at + idBytes);
  }

  /** Empties a slot and moves up those that it kept from their places. */
  #empty(slot: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let gap = slot;
    for (let next = (slot + 1) & mask;; next = (next + 1) & mask) {
      const entry = slots[next];
      if (entry === undefined) break;
      if (((next - entry.hash) & mask) >= ((next - gap) & mask)) {
        slots[gap] = entry;
        gap = next;
      }
    }
    slots[gap] = undefined;
  }

  #grow(): void {
    const entries = this.#slots.filter((entry) => entry !== undefined);
    this.#slots = Array(2 * this.#slots.length).fill(undefined);
    const mask = this.#slots.length - 1;
    for (const entry of entries) {
      let slot = entry.hash & mask;
      while (this.#slots[slot] !== undefined) slot = (slot + 1) & mask;
      this.#slots[slot] = entry;
    }
  }

  /** Reserves memory in the arena and returns where it begins. */
  #reserve(bytes: number): number {
    if (this.#arenaEnd + bytes > this.#arena.length) {
      const old = this.#arena;
      // Twice the size of the remaining keys: deleted ones make room.
      this.#arena = new Uint8Array(
        Math.max(FIRST_ARENA_BYTES, 2 * (this.#keyBytes + bytes)),
      );
      this.#arenaView = new DataView(this.#arena.buffer);
      this.#arenaEnd = 0;
      for (const entry of this.#slots) {
        if (entry === undefined) continue;
        const key = old.subarray(entry.at, entry.at + keyBytes(entry));
        this.#arena.set(key, this.#arenaEnd);
        entry.at = this.#arenaEnd;
        this.#arenaEnd += key.length;
      }
    }
    const at = this.#arenaEnd;
    this.#arenaEnd += bytes;
    this.#keyBytes += bytes;
    return at;
  }
}

function keyBytes<Value>({ idBytes, routeBytes }: Entry<Value>): number {
  return idBytes + Math.max(0, routeBytes);
}

function hashOf({ idHash, routeHash }: TestKeyBytes): number {
  return mixHash(idHash ^ Math.imul(routeHash, 0x9e3779b1));
}
