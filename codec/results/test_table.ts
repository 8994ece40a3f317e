/**
 * A map whose keys are tests: route code and test id, compared as bytes.
 *
 * @module
 */

import type { StatusEvent } from "../event.ts";
import { hashText, writeShortAscii } from "../text/utf8.ts";
import type { Packet } from "../v2/packet.ts";
import {
  type TestKey,
  type TestKeyBytes,
  TestNumbers,
} from "./test_numbers.ts";

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

/** Maps tests to values, without making strings of their ids. */
export class TestTable<Value> {
  readonly #numbers = new TestNumbers();
  /** By the numbers of the tests. */
  readonly #values: (Value | undefined)[] = [];

  /** How many tests are in the table. */
  get size(): number {
    return this.#numbers.size;
  }

  /** The value of a test; undefined if it has none. */
  get(key: TestKeyBytes): Value | undefined {
    if (this.size === 0) return undefined;
    const number = this.#numbers.get(key);
    return number < 0 ? undefined : this.#values[number];
  }

  /** The value of a test; the result of `make` if it had none. */
  getOrAdd<Key extends TestKeyBytes>(
    key: Key,
    make: (key: Key) => Value,
  ): Value {
    const number = this.#numbers.get(key);
    if (number >= 0) return this.#values[number]!;
    const value = make(key);
    this.set(key, value);
    return value;
  }

  /** Sets the value of a test. */
  set(key: TestKeyBytes, value: Value): void {
    this.#values[this.#numbers.add(key)] = value;
  }

  /** Removes a test and returns its value. */
  delete(key: TestKeyBytes): Value | undefined {
    if (this.size === 0) return undefined;
    const number = this.#numbers.delete(key);
    if (number < 0) return undefined;
    const value = this.#values[number];
    this.#values[number] = undefined;
    return value;
  }

  /** Removes all tests. */
  clear(): void {
    this.#numbers.clear();
    this.#values.length = 0;
  }

  /** The tests and their values, in no particular order. */
  entries(): [TestKey, Value][] {
    return Array.from(
      this.#numbers.values(),
      (number) => [this.#numbers.key(number), this.#values[number]!],
    );
  }
}
