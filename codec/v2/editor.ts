/**
 * Changes some fields of packets and keeps all others as they came, including
 * numbers longer than needed and the fields of newer writers.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { copyBytes } from "../text/bytes.ts";
import {
  change,
  checkEvent,
  type StatusEvent,
  TEST_STATUSES,
} from "../event.ts";
import { crc32 } from "./crc32.ts";
import { checkText, PacketEncoder, packetLength, tooLong } from "./encoder.ts";
import {
  CRC_BYTES,
  FLAG,
  LENGTH_OFFSET,
  MAX_LENGTH_OCTETS,
  MAX_PACKET_BYTES,
} from "./layout.ts";
import { numberOctets, octetsFor, readNumber, writeNumber } from "./number.ts";
import type { Packet } from "./packet.ts";

/** From here on the runtime's copy is faster than ours. */
const LONG_RUN_BYTES = 128;

const encoder = new TextEncoder();

/**
 * New values of fields; undefined removes a field, and fields that are not
 * named stay. `fileBytes` can be changed in packets that have a file, and a
 * file can be removed with everything that belongs to it: {@linkcode NO_FILE}.
 */
export type ChangedFields =
  & Partial<
    Pick<
      StatusEvent,
      | "testId"
      | "tags"
      | "mimeType"
      | "fileBytes"
      | "routeCode"
      | "parentTestId"
      | "status"
      | "eof"
    >
  >
  & { readonly fileName?: undefined };

/** Removes an attachment, its MIME type and EOF marker. */
export const NO_FILE = {
  fileName: undefined,
  fileBytes: undefined,
  mimeType: undefined,
  eof: undefined,
} as const satisfies ChangedFields;

/** Where something begins or ends in the packet's source. */
type Place = (packet: Packet) => number;

/** A field on the wire: it is, or would be, between two places. */
interface Field {
  readonly flag: number;
  readonly start: Place;
  readonly end: Place;
}

/** A field and the bytes that replace it; undefined removes it. */
interface Splice extends Field {
  readonly bytes: Uint8Array | undefined;
}

/** A change of fields, encoded once and applied to many packets. */
export class PacketChange {
  readonly fields: ChangedFields;
  /**
   * In the order of the fields in a packet.
   *
   * @internal
   */
  readonly splices: readonly Splice[];
  readonly #cleared: number;
  readonly #set: number;

  /**
   * @throws {RangeError} when a string holds a NUL or half a surrogate pair
   * @throws {TypeError} when a field has the wrong type, as it may from
   * JavaScript
   */
  constructor(fields: ChangedFields) {
    // The name of a file stays where its bytes change.
    checkEvent("change packet", { ...fields, fileName: "" });
    this.fields = fields;
    this.splices = splicesOf(fields);
    let cleared = 0, set = 0;
    for (const { flag, bytes } of this.splices) {
      if (bytes === undefined) cleared |= flag;
      else set |= flag;
    }
    if ("status" in fields) {
      cleared |= FLAG.STATUS;
      if (fields.status) set |= TEST_STATUSES.indexOf(fields.status) + 1;
    }
    if ("eof" in fields) {
      cleared |= FLAG.EOF;
      if (fields.eof) set |= FLAG.EOF;
    }
    this.#cleared = cleared;
    this.#set = set;
  }

  /**
   * The flags after the change.
   *
   * @internal
   */
  flagsOf(flags: number): number {
    return flags & ~this.#cleared | this.#set;
  }

  /**
   * The bytes of the field that changes, if there is only one; undefined when it
   * is removed.
   *
   * @internal
   */
  get onlyField(): Uint8Array | undefined {
    return this.splices[0].bytes;
  }

  /** The length of the packet with the change, in bytes. */
  lengthOf(packet: Packet): number {
    let body = packet.end - CRC_BYTES - packet.bodyAt;
    for (const { start, end, bytes } of this.splices) {
      body += (bytes?.length ?? 0) - (end(packet) - start(packet));
    }
    return packetLength(LENGTH_OFFSET + body + CRC_BYTES);
  }

  /** Whether the packet has room for the change: 4194303 bytes are the most. */
  fits(packet: Packet): boolean {
    return this.lengthOf(packet) <= MAX_PACKET_BYTES;
  }
}

/** Changes packets one after another in a buffer of its own. */
export class PacketEditor {
  readonly #encoder = new PacketEncoder();
  #scratch = new Uint8Array(64 * 1024);
  #view = new DataView(this.#scratch.buffer);

  /**
   * Applies a change to a packet: a view, valid until the next call.
   *
   * @throws {RangeError} when it would be longer than 4194303 bytes
   */
  edit(packet: Packet, change: PacketChange): Uint8Array {
    const length = change.lengthOf(packet);
    if (length > MAX_PACKET_BYTES) throw tooLong(length);
    return this.#edit(packet, change, length);
  }

  /**
   * Calls `take` with the changed packet, or with several if its attachment no
   * longer fits in one. They are views, valid until `take` returns.
   *
   * @throws {RangeError} for packets that splitting cannot help
   */
  editEach(
    packet: Packet,
    wanted: PacketChange,
    take: (packet: Uint8Array) => void,
  ): void {
    const length = wanted.lengthOf(packet);
    if (length > MAX_PACKET_BYTES) {
      this.#encoder.encodeEach(change(packet, wanted.fields), take);
    } else {
      take(this.#edit(packet, wanted, length));
    }
  }

  #edit(packet: Packet, change: PacketChange, length: number): Uint8Array {
    this.#reserve(length);

    const scratch = this.#scratch, view = this.#view;
    scratch[0] = packet.source[packet.start];
    view.setUint16(1, change.flagsOf(packet.flags));
    let from = packet.bodyAt;
    let at = writeNumber(scratch, LENGTH_OFFSET, length);
    for (const { start, end, bytes } of change.splices) {
      at = this.#copy(packet, from, start(packet), at);
      from = end(packet);
      if (bytes === undefined) continue;
      scratch.set(bytes, at);
      at += bytes.length;
    }
    at = this.#copy(packet, from, packet.end - CRC_BYTES, at);
    view.setUint32(at, crc32(view, 0, at));
    return scratch.subarray(0, length);
  }

  /** Copies bytes `start` to `end` to `at` and returns where they end. */
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

// --- Where fields are. An absent one ends where the one before it does.

const timestampEnd: Place = ({ flags, bodyAt, source }) =>
  (flags & FLAG.TIMESTAMP) === 0
    ? bodyAt
    : bodyAt + 4 + numberOctets(source[bodyAt + 4]);
const testIdEnd: Place = (packet) =>
  packet.idAt < 0 ? timestampEnd(packet) : packet.idEnd;
const tagsEnd: Place = (packet) =>
  packet.tagsAt < 0 ? testIdEnd(packet) : packet.tagsEnd;
const mimeTypeEnd: Place = (packet) =>
  packet.mimeTypeAt < 0
    ? tagsEnd(packet)
    : stringEnd(packet.source, packet.mimeTypeAt);
const fileNameEnd: Place = (packet) =>
  packet.fileAt < 0
    ? mimeTypeEnd(packet)
    : stringEnd(packet.source, packet.fileAt);
const fileBytesEnd: Place = (packet) =>
  packet.fileAt < 0
    ? mimeTypeEnd(packet)
    : stringEnd(packet.source, fileNameEnd(packet));
const routeCodeEnd: Place = (packet) =>
  packet.routeAt < 0 ? fileBytesEnd(packet) : packet.routeEnd;
const parentEnd: Place = (packet) =>
  packet.parentAt < 0 ? routeCodeEnd(packet) : packet.parentEnd;

/** The end of the string, or content, whose length is at `at`. */
function stringEnd(source: Uint8Array, at: number): number {
  return at + numberOctets(source[at]) + readNumber(source, at);
}

const TEST_ID: Field = {
  flag: FLAG.TEST_ID,
  start: timestampEnd,
  end: testIdEnd,
};
const TAGS: Field = { flag: FLAG.TAGS, start: testIdEnd, end: tagsEnd };
const MIME_TYPE: Field = {
  flag: FLAG.MIME_TYPE,
  start: tagsEnd,
  end: mimeTypeEnd,
};
const FILE: Field = {
  flag: FLAG.FILE_CONTENT,
  start: mimeTypeEnd,
  end: fileBytesEnd,
};
const FILE_BYTES: Field = {
  flag: FLAG.FILE_CONTENT,
  start: fileNameEnd,
  end: fileBytesEnd,
};
const ROUTE_CODE: Field = {
  flag: FLAG.ROUTING_CODE,
  start: fileBytesEnd,
  end: routeCodeEnd,
};
const PARENT: Field = {
  flag: FLAG.PARENT,
  start: routeCodeEnd,
  end: parentEnd,
};

function splicesOf(fields: ChangedFields): Splice[] {
  const splices: Splice[] = [];
  const splice = (field: Field, bytes: Uint8Array | undefined) =>
    splices.push({ ...field, bytes });
  if ("testId" in fields) splice(TEST_ID, encodeText(fields.testId));
  if ("tags" in fields) splice(TAGS, fields.tags && encodeTags(fields.tags));
  if ("mimeType" in fields) splice(MIME_TYPE, encodeText(fields.mimeType));
  if ("fileName" in fields) splice(FILE, undefined);
  else if (fields.fileBytes) splice(FILE_BYTES, withLength(fields.fileBytes));
  if ("routeCode" in fields) splice(ROUTE_CODE, encodeText(fields.routeCode));
  if ("parentTestId" in fields) {
    splice(PARENT, encodeText(fields.parentTestId));
  }
  return splices;
}

function encodeText(text: string | undefined): Uint8Array | undefined {
  return text === undefined ? undefined : encodeString(text);
}

/** The count of the tags, then the strings. */
function encodeTags(tags: readonly string[]): Uint8Array {
  const count = new Uint8Array(octetsFor(tags.length));
  writeNumber(count, 0, tags.length);
  return concat([count, ...tags.map(encodeString)]);
}

function encodeString(text: string): Uint8Array {
  checkText(text, "string");
  return withLength(encoder.encode(text));
}

/** The bytes, after their count. */
function withLength(bytes: Uint8Array): Uint8Array {
  const field = new Uint8Array(octetsFor(bytes.length) + bytes.length);
  field.set(bytes, writeNumber(field, 0, bytes.length));
  return field;
}
