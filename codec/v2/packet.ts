/**
 * One packet, as a view of the bytes that arrived.
 *
 * @module
 */

import { type StatusEvent, TEST_STATUSES, type TestStatus } from "../event.ts";
import type { Timestamp } from "../timestamp.ts";
import { decodeText } from "../text/utf8.ts";
import { crc32 } from "./crc32.ts";
import { type Fault, PacketError } from "./errors.ts";
import {
  claimedLength,
  END,
  FILE_AT,
  FLAGS,
  HEADER_INCOMPLETE,
  ID_AT,
  ID_END,
  ID_HASH,
  MIME_TYPE_AT,
  nanosecondsAt,
  PARENT_AT,
  PARENT_END,
  readFields,
  ROUTE_AT,
  ROUTE_END,
  ROUTE_HASH,
  ROW_WORDS,
  secondsAt,
  START,
  TAGS_AT,
  TAGS_END,
  textStart,
  textStop,
  TIME_AT,
} from "./fields.ts";
import { Interned } from "./interned.ts";
import { CRC_BYTES, FLAG, LENGTH_OFFSET, SIGNATURE } from "./layout.ts";
import { numberOctets } from "./number.ts";

/** The row of a packet that is read by itself. */
const oneRow = new Int32Array(ROW_WORDS);

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
  /** Where the timestamp is, or -1. */
  readonly timeAt: number;
  /** Where the test id's text begins, or -1. */
  readonly idAt: number;
  /** Where the test id's text ends. */
  readonly idEnd: number;
  /** A hash of the test id's bytes; -1 without one. */
  readonly idHash: number;
  /** Where the count of tags is, or -1. */
  readonly tagsAt: number;
  /** Where the tags end. */
  readonly tagsEnd: number;
  /** Where the MIME type's length is, or -1. */
  readonly mimeTypeAt: number;
  /** Where the file name's length is, or -1. */
  readonly fileAt: number;
  /** Where the routing code's text begins, or -1. */
  readonly routeAt: number;
  /** Where the routing code's text ends. */
  readonly routeEnd: number;
  /** A hash of the routing code's bytes; -1 without one. */
  readonly routeHash: number;
  /** Where the parent id's text begins, or -1. */
  readonly parentAt: number;
  /** Where the parent id's text ends. */
  readonly parentEnd: number;

  private constructor(
    source: Uint8Array,
    view: DataView,
    words: Int32Array,
    row: number,
  ) {
    this.source = source;
    this.view = view;
    this.start = words[row + START];
    this.end = words[row + END];
    this.flags = words[row + FLAGS];
    this.timeAt = words[row + TIME_AT];
    this.idAt = words[row + ID_AT];
    this.idEnd = words[row + ID_END];
    this.idHash = words[row + ID_HASH];
    this.tagsAt = words[row + TAGS_AT];
    this.tagsEnd = words[row + TAGS_END];
    this.mimeTypeAt = words[row + MIME_TYPE_AT];
    this.fileAt = words[row + FILE_AT];
    this.routeAt = words[row + ROUTE_AT];
    this.routeEnd = words[row + ROUTE_END];
    this.routeHash = words[row + ROUTE_HASH];
    this.parentAt = words[row + PARENT_AT];
    this.parentEnd = words[row + PARENT_END];
  }

  get kind(): "packet" {
    return "packet";
  }

  /** The key of its test: the packet itself. */
  get testKey(): this {
    return this;
  }

  /**
   * The packet of a row.
   *
   * @internal
   */
  static of(
    source: Uint8Array,
    view: DataView,
    words: Int32Array,
    row: number,
  ): Packet {
    return new Packet(source, view, words, row);
  }

  /**
   * Reads the fields of a packet whose header and CRC are valid.
   *
   * @internal
   */
  static index(
    source: Uint8Array,
    view: DataView,
    start: number,
    end: number,
  ): Packet | Fault {
    return readFields(source, view, start, end, oneRow, 0) ??
      new Packet(source, view, oneRow, 0);
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
      : tagsIn(this.source, this.view, this.tagsAt, this.tagsEnd);
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
    const { source, timeAt } = this;
    return timeAt < 0 ? undefined : {
      seconds: secondsAt(source, timeAt),
      nanoseconds: nanosecondsAt(source, timeAt),
    };
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
const tagSets = new Interned(decodeTags);

/** The tags whose count is at `start`. */
export function tagsIn(
  source: Uint8Array,
  view: DataView,
  start: number,
  end: number,
): readonly string[] {
  return tagSets.get(source, view, start, end);
}

/** The tags of a field that begins with their count. */
export function decodeTags(
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
