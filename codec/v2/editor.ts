/**
 * Packets with one field changed and every other as it came: numbers longer
 * than needed and a newer writer's fields included.
 *
 * @module
 */

import { copyBytes } from "../bytes.ts";
import { crc32 } from "./crc32.ts";
import { packetLength, tooLong } from "./encoder.ts";
import {
  CRC_BYTES,
  FLAG,
  LENGTH_OFFSET,
  MAX_LENGTH_OCTETS,
  MAX_PACKET_BYTES,
} from "./layout.ts";
import { numberOctets, octetsFor, writeNumber } from "./number.ts";
import type { Packet } from "./packet.ts";

/** From here on the runtime's own copy costs less than ours. */
const LONG_RUN_BYTES = 128;

const encoder = new TextEncoder();

/** Bytes that take the place of a field. */
interface Splice {
  /** Where the field begins in the packet's source, or would. */
  readonly start: number;
  readonly end: number;
  readonly flag: number;
  /** The new field; undefined takes it out. */
  readonly field: Uint8Array | undefined;
}

/** Rewrites packets one after another in a buffer of its own. */
export class PacketEditor {
  #scratch = new Uint8Array(64 * 1024);
  #view = new DataView(this.#scratch.buffer);

  /**
   * The packet with other tags, none when `field` is undefined: a view that is
   * good until the next call.
   *
   * @param field the tags as {@linkcode encodeTags} makes them
   * @throws {RangeError} when the packet would be longer than 4194303 bytes
   */
  setTags(packet: Packet, field: Uint8Array | undefined): Uint8Array {
    const start = packet.tagsAt < 0 ? tagsPlace(packet) : packet.tagsAt;
    const end = packet.tagsAt < 0 ? start : packet.tagsEnd;
    return this.#splice(packet, { start, end, flag: FLAG.TAGS, field });
  }

  /** Says whether a packet with another field of tags surely fits in one. */
  fits(packet: Packet, field: Uint8Array | undefined): boolean {
    return packet.byteLength + MAX_LENGTH_OCTETS + (field?.length ?? 0) <=
      MAX_PACKET_BYTES;
  }

  #splice(
    packet: Packet,
    { start, end, flag, field }: Splice,
  ): Uint8Array {
    const { source, bodyAt } = packet;
    const bodyEnd = packet.end - CRC_BYTES;
    const fieldBytes = field?.length ?? 0;
    const body = bodyEnd - bodyAt - (end - start) + fieldBytes;
    const length = packetLength(LENGTH_OFFSET + body + CRC_BYTES);
    if (length > MAX_PACKET_BYTES) throw tooLong(length);
    this.#reserve(length);

    const scratch = this.#scratch, view = this.#view;
    scratch[0] = source[packet.start];
    view.setUint16(
      1,
      field === undefined ? packet.flags & ~flag : packet.flags | flag,
    );
    let at = writeNumber(scratch, LENGTH_OFFSET, length);
    at = this.#copy(packet, bodyAt, start, at);
    if (field !== undefined) scratch.set(field, at);
    at = this.#copy(packet, end, bodyEnd, at + fieldBytes);
    view.setUint32(at, crc32(view, 0, at));
    return scratch.subarray(0, length);
  }

  /** Copies bytes `start` to `end` to `at`; returns where they end. */
  #copy(packet: Packet, start: number, end: number, at: number): number {
    if (end - start < LONG_RUN_BYTES) {
      copyBytes(packet.view, start, end, this.#view, at);
    } else {
      this.#scratch.set(packet.source.subarray(start, end), at);
    }
    return at + end - start;
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#scratch.length) return;
    this.#scratch = new Uint8Array(MAX_PACKET_BYTES + MAX_LENGTH_OCTETS);
    this.#view = new DataView(this.#scratch.buffer);
  }
}

/** The field that holds `tags`: their count, then the strings. */
export function encodeTags(tags: readonly string[]): Uint8Array {
  const texts = tags.map((tag) => encoder.encode(tag));
  const length = texts.reduce(
    (sum, text) => sum + octetsFor(text.length) + text.length,
    octetsFor(texts.length),
  );
  const field = new Uint8Array(length);
  let at = writeNumber(field, 0, texts.length);
  for (const text of texts) {
    at = writeNumber(field, at, text.length);
    field.set(text, at);
    at += text.length;
  }
  return field;
}

/** Where the tags of a packet without any would be: behind the test id. */
function tagsPlace(packet: Packet): number {
  if (packet.idAt >= 0) return packet.idEnd;
  const at = packet.bodyAt;
  return (packet.flags & FLAG.TIMESTAMP) === 0
    ? at
    : at + 4 + numberOctets(packet.source[at + 4]);
}
