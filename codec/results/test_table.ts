/**
 * A map whose keys are tests: route code and test id, compared as bytes.
 *
 * @module
 */

import { copyBytes, sameBytes } from "../bytes.ts";
import { decodeText, mixHash } from "../utf8.ts";
import type { Packet } from "../v2/packet.ts";

/** What names a test. */
export interface TestKey {
  readonly testId: string;
  readonly routeCode: string | undefined;
}

/** One test in the table, and where its key is kept. */
interface Entry<Value> {
  readonly hash: number;
  /** Where the id, then the route code are in the arena. */
  at: number;
  readonly idBytes: number;
  /** -1 when the test has no route code. */
  readonly routeBytes: number;
  readonly value: Value;
}

const FIRST_SLOTS = 64;
const FIRST_ARENA_BYTES = 4096;

/**
 * Maps the test of a packet to a value, without making a string of its id.
 *
 * Open addressing over a table that is at most half full; the keys' bytes lie
 * in one arena, because an array of its own for each costs more than all the
 * rest. Keeping and finding a test takes 36 ns an event so; with a `Map` of
 * strings it takes 730, most of it to decode the id.
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

  /** The value of the packet's test; what `make` gives when it had none. */
  getOrAdd(packet: Packet, make: (packet: Packet) => Value): Value {
    if (2 * this.#size >= this.#slots.length) this.#grow();
    const hash = hashOf(packet);
    const slot = this.#find(packet, hash);
    const found = this.#slots[slot];
    if (found !== undefined) return found.value;
    const entry = this.#entry(packet, hash, make(packet));
    this.#slots[slot] = entry;
    this.#size++;
    return entry.value;
  }

  /** Takes the packet's test out and returns its value. */
  delete(packet: Packet): Value | undefined {
    if (this.#size === 0) return undefined;
    const slot = this.#find(packet, hashOf(packet));
    const entry = this.#slots[slot];
    if (entry === undefined) return undefined;
    this.#keyBytes -= keyBytes(entry);
    if (--this.#size === 0) this.#arenaEnd = 0;
    this.#empty(slot);
    return entry.value;
  }

  /** The tests and their values, in no order. */
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

  /** An entry whose key is in the arena. */
  #entry(packet: Packet, hash: number, value: Value): Entry<Value> {
    const { view, idAt, idEnd, routeAt, routeEnd } = packet;
    const idBytes = idEnd - idAt;
    const routeBytes = routeAt < 0 ? -1 : routeEnd - routeAt;
    const at = this.#reserve(idBytes + Math.max(0, routeBytes));
    copyBytes(view, idAt, idEnd, this.#arenaView, at);
    copyBytes(view, routeAt, routeEnd, this.#arenaView, at + idBytes);
    return { hash, at, idBytes, routeBytes, value };
  }

  /** The slot the packet's test is in, or the empty one where it would go. */
  #find(packet: Packet, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash & mask;
    for (;; slot = (slot + 1) & mask) {
      const entry = slots[slot];
      if (
        entry === undefined ||
        entry.hash === hash && this.#matches(entry, packet)
      ) {
        return slot;
      }
    }
  }

  #matches(entry: Entry<Value>, packet: Packet): boolean {
    const { view, idAt, idEnd, routeAt, routeEnd } = packet;
    const { at, idBytes, routeBytes } = entry;
    return idEnd - idAt === idBytes &&
      (routeAt < 0 ? -1 : routeEnd - routeAt) === routeBytes &&
      sameBytes(view, idAt, idEnd, this.#arenaView, at) &&
      sameBytes(view, routeAt, routeEnd, this.#arenaView, at + idBytes);
  }

  /** Empties a slot; those behind it that it kept from their place move up. */
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

  /** Where `bytes` more fit in the arena. */
  #reserve(bytes: number): number {
    if (this.#arenaEnd + bytes > this.#arena.length) {
      const old = this.#arena;
      // Twice the keys that are left: what was deleted makes room.
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

function hashOf({ idHash, routeHash }: Packet): number {
  return mixHash(idHash ^ Math.imul(routeHash, 0x9e3779b1));
}
