/**
 * Encodes events of version 1 as packets, many at a time.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { copyBytes } from "../text/bytes.ts";
import { TEST_STATUSES, type TestStatus } from "../event.ts";
import { crc32 } from "../v2/crc32.ts";
import { PacketEncoder, packetLength } from "../v2/encoder.ts";
import {
  CRC_BYTES,
  FLAG,
  LENGTH_OFFSET,
  SIGNATURE,
  VERSION,
} from "../v2/layout.ts";
import { octetsFor, writeNumber } from "../v2/number.ts";
import type { V1Event } from "./event.ts";

/** How many bytes are collected at most. */
const RUN_BYTES = 64 * 1024;
/** Longer packets are left to the general encoder. */
const SHORT_PACKET_BYTES = 8192;
/** Longer fields of tags, or more than this many, are not cached. */
const MAX_TAG_FIELD_BYTES = 256;
const MOST_TAG_FIELDS = 1024;

/** The codes of the statuses: their positions, counted from 1. */
const STATUS_CODES = Object.fromEntries(
  TEST_STATUSES.map((status, index) => [status, index + 1]),
) as Record<TestStatus, number>;

const NO_BYTES: Uint8Array = new Uint8Array(0);
const encoder = new TextEncoder();

/** A string in the form of a packet's field. */
function field(text: string): Uint8Array {
  const bytes = encoder.encode(text);
  return concat([numberField(bytes.length), bytes]);
}

function numberField(value: number): Uint8Array {
  const bytes = new Uint8Array(octetsFor(value));
  writeNumber(bytes, 0, value);
  return bytes;
}

/**
 * Encodes events one after another and emits many packets at a time.
 *
 * Most events are an id, a status and a time. They become packets without
 * allocating a string or an array, in a third of the time of {@linkcode
 * PacketEncoder} (`deno task bench subunit-1to2`); the packets are identical.
 */
export class V1PacketEncoder {
  readonly #take: (packets: Uint8Array) => void;
  readonly #encoder = new PacketEncoder();
  readonly #run = new Uint8Array(RUN_BYTES);
  readonly #view = new DataView(this.#run.buffer);
  #size = 0;
  /** Recent fields of tags: a stream has few different sets. */
  readonly #tagFields = new Map<readonly string[], Uint8Array>();
  #routeCode: string | undefined;
  #routeField = NO_BYTES;

  /** @param take receives packets, which are valid until it returns */
  constructor(take: (packets: Uint8Array) => void) {
    this.#take = take;
  }

  /**
   * Encodes an event.
   *
   * @throws {RangeError} when no packet can hold its id, tags and route code
   */
  add(event: V1Event): void {
    if (event.fileName !== undefined || !this.#addShort(event)) {
      this.flush();
      this.#encoder.encodeEach(event, this.#take);
    }
  }

  /** Emits the packets that have not been emitted yet. */
  flush(): void {
    if (this.#size === 0) return;
    const packets = this.#run.subarray(0, this.#size);
    this.#size = 0;
    this.#take(packets);
  }

  /** Encodes an event without a file; false when its packet is long. */
  #addShort({ view, idEnd, status, tags, routeCode, timestamp }: V1Event) {
    if (routeCode !== this.#routeCode) this.#setRoute(routeCode);
    const routeField = this.#routeField;
    const tagsField = tags === undefined ? NO_BYTES : this.#tagField(tags);
    const length = packetLength(
      LENGTH_OFFSET + CRC_BYTES + octetsFor(idEnd) + idEnd +
        (timestamp === undefined ? 0 : 4 + octetsFor(timestamp.nanoseconds)) +
        tagsField.length + routeField.length,
    );
    if (length > SHORT_PACKET_BYTES) return false;
    if (this.#size + length > RUN_BYTES) this.flush();
    const run = this.#run, start = this.#size;
    run[start] = SIGNATURE;
    this.#view.setUint16(
      start + 1,
      VERSION << 12 | FLAG.TEST_ID | FLAG.RUNNABLE |
        (timestamp === undefined ? 0 : FLAG.TIMESTAMP) |
        (tags === undefined ? 0 : FLAG.TAGS) |
        (routeCode === undefined ? 0 : FLAG.ROUTING_CODE) |
        (status === undefined ? 0 : STATUS_CODES[status]),
    );
    let at = writeNumber(run, start + LENGTH_OFFSET, length);
    if (timestamp !== undefined) {
      this.#view.setUint32(at, timestamp.seconds);
      at = writeNumber(run, at + 4, timestamp.nanoseconds);
    }
    at = writeNumber(run, at, idEnd);
    copyBytes(view, 0, idEnd, this.#view, at);
    at += idEnd;
    // By hand: they are short, and a call costs more.
    for (let i = 0; i < tagsField.length; i++) run[at++] = tagsField[i];
    for (let i = 0; i < routeField.length; i++) run[at++] = routeField[i];
    this.#view.setUint32(at, crc32(this.#view, start, at));
    this.#size = at + CRC_BYTES;
    return true;
  }

  #tagField(tags: readonly string[]): Uint8Array {
    const known = this.#tagFields.get(tags);
    if (known !== undefined) return known;
    const made = concat([numberField(tags.length), ...tags.map(field)]);
    if (made.length <= MAX_TAG_FIELD_BYTES) {
      if (this.#tagFields.size === MOST_TAG_FIELDS) this.#tagFields.clear();
      this.#tagFields.set(tags, made);
    }
    return made;
  }

  #setRoute(routeCode: string | undefined): void {
    this.#routeCode = routeCode;
    this.#routeField = routeCode === undefined ? NO_BYTES : field(routeCode);
  }
}
