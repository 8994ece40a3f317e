/**
 * One packet, as a view of the bytes that arrived.
 *
 * @module
 */

import { type StatusEvent, TEST_STATUSES, type TestStatus } from "../event.ts";
import type { Timestamp } from "../timestamp.ts";
import { decodeText, hashText, NOT_TEXT } from "../text/utf8.ts";
import { crc32 } from "./crc32.ts";
import { type Fault, PacketError } from "./errors.ts";
import {
  CRC_BYTES,
  FLAG,
  LENGTH_OFFSET,
  MAX_LENGTH_OCTETS,
  SIGNATURE,
  SMALLEST_PACKET,
  VERSION,
} from "./layout.ts";
import { Interned } from "./interned.ts";
import { numberOctets, readNumber } from "./number.ts";

/** The header is too short to give the packet's length. */
export const HEADER_INCOMPLETE = 0;

/**
 * The length that the header at `start` claims, from as few bytes as possible;
 * {@linkcode HEADER_INCOMPLETE} when `end` comes too early, a fault when the
 * header cannot be one of version 2.
 */
export function claimedLength(
  source: Uint8Array,
  start: number,
  end: number,
): number | Fault {
  if (start + 1 >= end) return HEADER_INCOMPLETE;
  const version = source[start + 1] >>> 4;
  if (version !== VERSION) {
    return {
      code: "version",
      detail: `version is ${version}, expected ${VERSION}`,
    };
  }
  const lengthAt = start + LENGTH_OFFSET;
  if (lengthAt >= end) return HEADER_INCOMPLETE;
  const octets = numberOctets(source[lengthAt]);
  if (octets > MAX_LENGTH_OCTETS) {
    return {
      code: "length",
      detail:
        `length has ${octets} octets, expected at most ${MAX_LENGTH_OCTETS}`,
    };
  }
  if (lengthAt + octets > end) return HEADER_INCOMPLETE;
  const length = readNumber(source, lengthAt);
  const flags = (source[start + 1] & 0x0f) << 8 | source[start + 2];
  const smallest = SMALLEST_PACKET[flags] + octets;
  if (length < smallest) {
    return {
      code: "length",
      detail: `length is ${length}, expected at least ${smallest}`,
    };
  }
  return length;
}

/** The fault of a packet whose CRCs differ. */
export function checksumFault(stored: number, computed: number): Fault {
  const hex = (crc: number) => "0x" + crc.toString(16).padStart(8, "0");
  return {
    code: "checksum",
    detail: `stored CRC-32 is ${hex(stored)}, computed ${hex(computed)}`,
  };
}

/**
 * A packet of version 2, and the event it contains.
 *
 * It is a view: `source` belongs to whoever made the packet, and the packet is
 * valid only while that owner does not change the bytes (a {@linkcode
 * PacketDecoder} does not until its next chunk). Fields are decoded on each
 * access. {@linkcode Packet.copy} returns a packet that owns its bytes.
 *
 * The `…At` and `…End` fields are indices into `source`, for readers that
 * compare or forward bytes without making strings of them; -1 means that the
 * field is absent.
 */
export class Packet implements StatusEvent {
  /** The bytes that the indices below refer to. */
  readonly source: Uint8Array;
  /** The same bytes, to read words from. */
  readonly view: DataView;
  /** Where the packet begins in `source`, at its signature. */
  readonly start: number;
  /** Where it ends, after its CRC. */
  readonly end: number;
  /** The 16 bits of the flags field. */
  readonly flags: number;
  /** Where the test id's text begins, or -1. */
  idAt = -1;
  /** Where the test id's text ends. */
  idEnd = -1;
  /** A hash of the test id's bytes; -1 without one. */
  idHash = -1;
  /** Where the count of tags is, or -1. */
  tagsAt = -1;
  /** Where the tags end. */
  tagsEnd = -1;
  /** Where the MIME type's length is, or -1. */
  mimeTypeAt = -1;
  /** Where the file name's length is, or -1. */
  fileAt = -1;
  /** Where the routing code's text begins, or -1. */
  routeAt = -1;
  /** Where the routing code's text ends. */
  routeEnd = -1;
  /** A hash of the routing code's bytes; -1 without one. */
  routeHash = -1;
  /** Where the parent id's text begins, or -1. */
  parentAt = -1;
  /** Where the parent id's text ends. */
  parentEnd = -1;

  private constructor(
    source: Uint8Array,
    view: DataView,
    start: number,
    end: number,
  ) {
    this.source = source;
    this.view = view;
    this.start = start;
    this.end = end;
    this.flags = source[start + 1] << 8 | source[start + 2];
  }

  get kind(): "packet" {
    return "packet";
  }

  /** The key of its test: the packet itself. */
  get testKey(): this {
    return this;
  }

  /**
   * Reads the fields of a packet whose header and CRC are valid. Bytes after
   * the known fields come from a newer writer and are no fault.
   *
   * This is the hot path of every packet: one pass, no calls that allocate,
   * indices in plain fields.
   *
   * @internal
   */
  static index(
    source: Uint8Array,
    view: DataView,
    start: number,
    end: number,
  ): Packet | Fault {
    const packet = new Packet(source, view, start, end);
    const flags = packet.flags;
    const limit = end - CRC_BYTES;
    let at = packet.bodyAt;
    if ((flags & FLAG.TIMESTAMP) !== 0) {
      at += 4 + numberOctets(source[at + 4]);
      if (at > limit) return fieldFault("timestamp");
    }
    let textEnd = at;
    if ((flags & FLAG.TEST_ID) !== 0) {
      at = textStart(source, at, limit);
      textEnd = textStop;
      if (textEnd > limit) return fieldFault("test id");
      packet.idHash = hashText(source, view, at, textEnd);
      if (packet.idHash === NOT_TEXT) return textFault("test id");
      packet.idAt = at;
      packet.idEnd = at = textEnd;
    }
    if ((flags & FLAG.TAGS) !== 0) {
      packet.tagsAt = at;
      if (at >= limit || at + numberOctets(source[at]) > limit) {
        return fieldFault("tags");
      }
      const count = readNumber(source, at);
      at += numberOctets(source[at]);
      for (let i = 0; i < count; i++) {
        at = textStart(source, at, limit);
        textEnd = textStop;
        if (textEnd > limit) return fieldFault("tags");
        if (hashText(source, view, at, textEnd) === NOT_TEXT) {
          return textFault("tag");
        }
        at = textEnd;
      }
      packet.tagsEnd = at;
    }
    if ((flags & FLAG.MIME_TYPE) !== 0) {
      packet.mimeTypeAt = at;
      at = textStart(source, at, limit);
      textEnd = textStop;
      if (textEnd > limit) return fieldFault("MIME type");
      if (hashText(source, view, at, textEnd) === NOT_TEXT) {
        return textFault("MIME type");
      }
      at = textEnd;
    }
    if ((flags & FLAG.FILE_CONTENT) !== 0) {
      packet.fileAt = at;
      at = textStart(source, at, limit);
      textEnd = textStop;
      if (textEnd > limit) return fieldFault("file name");
      if (hashText(source, view, at, textEnd) === NOT_TEXT) {
        return textFault("file name");
      }
      textStart(source, textEnd, limit);
      at = textStop;
      if (at > limit) return fieldFault("file content");
    }
    if ((flags & FLAG.ROUTING_CODE) !== 0) {
      at = textStart(source, at, limit);
      textEnd = textStop;
      if (textEnd > limit) return fieldFault("routing code");
      packet.routeHash = hashText(source, view, at, textEnd);
      if (packet.routeHash === NOT_TEXT) return textFault("routing code");
      packet.routeAt = at;
      packet.routeEnd = at = textEnd;
    }
    if ((flags & FLAG.PARENT) !== 0) {
      at = textStart(source, at, limit);
      textEnd = textStop;
      if (textEnd > limit) return fieldFault("parent test id");
      if (hashText(source, view, at, textEnd) === NOT_TEXT) {
        return textFault("parent test id");
      }
      packet.parentAt = at;
      packet.parentEnd = at = textEnd;
    }
    return packet;
  }

  /** The packet as it arrived: a view, to be forwarded unchanged. */
  get bytes(): Uint8Array {
    return this.source.subarray(this.start, this.end);
  }

  get byteLength(): number {
    return this.end - this.start;
  }

  /** Where the fields begin in `source`, after the length. */
  get bodyAt(): number {
    const lengthAt = this.start + LENGTH_OFFSET;
    return lengthAt + numberOctets(this.source[lengthAt]);
  }

  /** Returns a copy that owns its bytes. */
  copy(): Packet {
    const bytes = this.source.slice(this.start, this.end);
    const view = new DataView(bytes.buffer);
    return Packet.index(bytes, view, 0, bytes.length) as Packet;
  }

  get testId(): string | undefined {
    return this.idAt < 0
      ? undefined
      : decodeText(this.source, this.idAt, this.idEnd);
  }

  get status(): TestStatus | undefined {
    // Code 0, no status, is before the first.
    return TEST_STATUSES[(this.flags & FLAG.STATUS) - 1];
  }

  /**
   * The tags in the packet's order, which has no meaning. Packets with the
   * same tags may share an array.
   */
  get tags(): readonly string[] | undefined {
    return this.tagsAt < 0
      ? undefined
      : tagSets.get(this.source, this.view, this.tagsAt, this.tagsEnd);
  }

  get runnable(): boolean {
    return (this.flags & FLAG.RUNNABLE) !== 0;
  }

  get eof(): boolean {
    return (this.flags & FLAG.EOF) !== 0;
  }

  get mimeType(): string | undefined {
    return this.mimeTypeAt < 0 ? undefined : this.#text(this.mimeTypeAt);
  }

  get fileName(): string | undefined {
    return this.fileAt < 0 ? undefined : this.#text(this.fileAt);
  }

  /** The file content: a view, with the lifetime of the packet's bytes. */
  get fileBytes(): Uint8Array | undefined {
    if (this.fileAt < 0) return undefined;
    textStart(this.source, this.fileAt, this.end);
    const start = textStart(this.source, textStop, this.end);
    return this.source.subarray(start, textStop);
  }

  get routeCode(): string | undefined {
    return this.routeAt < 0
      ? undefined
      : texts.get(this.source, this.view, this.routeAt, this.routeEnd);
  }

  /**
   * The time. Writers may put a second or more into the nanoseconds, which this
   * carries over.
   */
  get timestamp(): Timestamp | undefined {
    if ((this.flags & FLAG.TIMESTAMP) === 0) return undefined;
    const { source } = this;
    const at = this.bodyAt;
    const seconds = (source[at] << 24 | source[at + 1] << 16 |
      source[at + 2] << 8 | source[at + 3]) >>> 0;
    const nanoseconds = readNumber(source, at + 4);
    return nanoseconds < 1e9
      ? { seconds, nanoseconds }
      : { seconds: seconds + 1, nanoseconds: nanoseconds - 1e9 };
  }

  get parentTestId(): string | undefined {
    return this.parentAt < 0
      ? undefined
      : decodeText(this.source, this.parentAt, this.parentEnd);
  }

  /**
   * Returns the event as a plain object that owns its bytes, without absent
   * fields.
   */
  toEvent(): StatusEvent {
    const { fileBytes } = this;
    const all = {
      testId: this.testId,
      status: this.status,
      tags: this.tags,
      runnable: this.runnable,
      fileName: this.fileName,
      fileBytes: fileBytes?.slice(),
      mimeType: this.mimeType,
      eof: this.eof || undefined,
      routeCode: this.routeCode,
      timestamp: this.timestamp,
      parentTestId: this.parentTestId,
    };
    for (const key of Object.keys(all) as (keyof typeof all)[]) {
      if (all[key] === undefined) delete all[key];
    }
    return all;
  }

  #text(lengthAt: number): string {
    const start = textStart(this.source, lengthAt, this.end);
    return texts.get(this.source, this.view, start, textStop);
  }
}

/** A stream has few sets of tags, and most packets that end a test have one. */
const tagSets = new Interned(readTags);

function readTags(
  bytes: Uint8Array,
  start: number,
  end: number,
): readonly string[] {
  const tags: string[] = [];
  for (let at = start + numberOctets(bytes[start]); at < end; at = textStop) {
    at = textStart(bytes, at, end);
    tags.push(decodeText(bytes, at, textStop));
  }
  return Object.freeze(tags);
}

/**
 * Route codes, MIME types and file names: few different ones, in most packets.
 */
const texts = new Interned(decodeText);

/** The end of the string or content that {@linkcode textStart} read last. */
let textStop = 0;

/**
 * The start of a string or of file content whose length is at `at`. Stores its
 * end in {@linkcode textStop}, past `limit` when it does not fit: two results
 * without allocating an object, because this runs for each field.
 */
function textStart(source: Uint8Array, at: number, limit: number): number {
  if (at >= limit) {
    textStop = limit + 1;
    return at;
  }
  const first = source[at];
  if (first < 64) {
    textStop = at + 1 + first;
    return at + 1;
  }
  const start = at + numberOctets(first);
  textStop = start > limit ? limit + 1 : start + readNumber(source, at);
  return start;
}

function fieldFault(field: string): Fault {
  return {
    code: "field",
    detail: `${field} runs past the end of the packet`,
  };
}

function textFault(field: string): Fault {
  return {
    code: "text",
    detail: `${field} is not UTF-8 without NUL`,
  };
}

/**
 * Decodes one whole packet.
 *
 * @param bytes exactly one packet; the result is a view of them
 * @throws {PacketError} when they are not one sound packet
 * @example
 * ```ts
 * import { decodePacket } from "@subunit/codec";
 *
 * // The example packet of the specification.
 * const packet = decodePacket(Uint8Array.fromHex("b329010c03666f6f08555f1b"));
 * console.log(packet.testId, packet.status); // foo exists
 * ```
 */
export function decodePacket(bytes: Uint8Array): Packet {
  const packet = inspectPacket(bytes);
  if (packet instanceof Packet) return packet;
  throw new PacketError(packet);
}

function inspectPacket(bytes: Uint8Array): Packet | Fault {
  if (bytes[0] !== SIGNATURE) {
    return {
      code: "field",
      detail: `signature is ${bytes[0] ?? "missing"}, expected ${SIGNATURE}`,
    };
  }
  const length = claimedLength(bytes, 0, bytes.length);
  if (typeof length === "object") return length;
  if (length === HEADER_INCOMPLETE || length > bytes.length) {
    return { code: "truncated", detail: `only ${bytes.length} bytes` };
  }
  if (length < bytes.length) {
    return {
      code: "length",
      detail: `length is ${length}, expected ${bytes.length}`,
    };
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const computed = crc32(view, 0, length - CRC_BYTES);
  const stored = view.getUint32(length - CRC_BYTES);
  if (computed !== stored) return checksumFault(stored, computed);
  return Packet.index(bytes, view, 0, length);
}
