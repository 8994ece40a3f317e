/**
 * Encodes events as packets.
 *
 * @module
 */

import {
  checkEvent,
  type EventInput,
  type StatusEvent,
  TEST_STATUSES,
} from "../event.ts";
import { MAX_SECONDS, type Timestamp, timestampOf } from "../timestamp.ts";
import { writeShortAscii } from "../text/utf8.ts";
import { crc32 } from "./crc32.ts";
import {
  CRC_BYTES,
  FLAG,
  LENGTH_OFFSET,
  MAX_LENGTH_OCTETS,
  MAX_PACKET_BYTES,
  SIGNATURE,
  VERSION,
} from "./layout.ts";
import { octetsFor, writeNumber } from "./number.ts";

/**
 * How much of a long attachment goes into one packet: 3.5 MiB, as in the Python
 * tools.
 */
export const ATTACHMENT_PART_BYTES = 3670016;

/** Where the body is written; the header is then put before it. */
const BODY_AT = LENGTH_OFFSET + MAX_LENGTH_OCTETS;
/** The initial size of the scratch buffer: most packets are far smaller. */
const FIRST_SCRATCH_BYTES = 64 * 1024;

const textEncoder = new TextEncoder();

/**
 * Encodes events one after another in a buffer of its own, without allocating
 * for strings and packets.
 */
export class PacketEncoder {
  #scratch = new Uint8Array(FIRST_SCRATCH_BYTES);
  #view = new DataView(this.#scratch.buffer);
  #at = 0;

  /**
   * Encodes an event as one packet: a view, valid until the next call.
   *
   * @throws as {@linkcode encodePacket} does
   */
  encode(event: EventInput): Uint8Array {
    const packet = this.#tryEncode(event);
    if (typeof packet === "number") throw tooLong(packet);
    return packet;
  }

  /**
   * Calls `take` with each packet of an event: one, or several if its
   * attachment does not fit in one. They are views, valid until `take` returns.
   *
   * @throws as {@linkcode encodePacket} does, for events that splitting cannot
   * help
   */
  encodeEach(event: EventInput, take: (packet: Uint8Array) => void): void {
    const packet = this.#tryEncode(event);
    if (typeof packet !== "number") {
      take(packet);
      return;
    }
    if (event.fileBytes === undefined) throw tooLong(packet);
    const parts = partsOf(event.fileBytes);
    // Splitting looks neither at times nor at what is runnable.
    const events = splitAttachment(event as StatusEvent, parts);
    for (const part of events) take(this.encode(part));
  }

  /** The packet, or about how long it would have to be. */
  #tryEncode(event: EventInput): Uint8Array | number {
    checkEvent("write packet", event);
    const { testId, tags, mimeType, fileName, routeCode, timestamp } = event;
    const { fileBytes, parentTestId } = event;
    const most = mostBytes(event);
    if (most > MAX_PACKET_BYTES) {
      const least = leastBytes(event);
      if (least > MAX_PACKET_BYTES) return least;
    }
    this.#reserve(most);
    let flags = VERSION << 12;
    this.#at = BODY_AT;
    if (timestamp !== undefined) {
      const time = timestampOf(timestamp);
      checkTimestamp(time);
      flags |= FLAG.TIMESTAMP;
      this.#view.setUint32(this.#at, time.seconds);
      this.#at += 4;
      this.#number(time.nanoseconds);
    }
    if (testId !== undefined) {
      flags |= FLAG.TEST_ID;
      this.#text(testId, "test id");
    }
    if (tags !== undefined) {
      flags |= FLAG.TAGS;
      this.#number(tags.length);
      for (const tag of tags) this.#text(tag, "tag");
    }
    if (mimeType !== undefined) {
      flags |= FLAG.MIME_TYPE;
      this.#text(mimeType, "MIME type");
    }
    if (fileName !== undefined) {
      flags |= FLAG.FILE_CONTENT;
      this.#text(fileName, "file name");
      this.#content(fileBytes);
    }
    if (routeCode !== undefined) {
      flags |= FLAG.ROUTING_CODE;
      this.#text(routeCode, "routing code");
    }
    if (parentTestId !== undefined) {
      flags |= FLAG.PARENT;
      this.#text(parentTestId, "parent test id");
    }
    if (event.runnable !== false) flags |= FLAG.RUNNABLE;
    if (event.eof) flags |= FLAG.EOF;
    if (event.status !== undefined) {
      flags |= TEST_STATUSES.indexOf(event.status) + 1;
    }
    return this.#finish(flags);
  }

  /** Puts the header before the body and the CRC after it. */
  #finish(flags: number): Uint8Array | number {
    const body = this.#at - BODY_AT + CRC_BYTES;
    const length = packetLength(LENGTH_OFFSET + body);
    if (length > MAX_PACKET_BYTES) return length;
    const start = BODY_AT + body - length;
    this.#scratch[start] = SIGNATURE;
    this.#view.setUint16(start + 1, flags);
    writeNumber(this.#scratch, start + LENGTH_OFFSET, length);
    this.#view.setUint32(this.#at, crc32(this.#view, start, this.#at));
    return this.#scratch.subarray(start, start + length);
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#scratch.length) return;
    this.#scratch = new Uint8Array(bytes);
    this.#view = new DataView(this.#scratch.buffer);
  }

  #number(value: number): void {
    this.#at = writeNumber(this.#scratch, this.#at, value);
  }

  #content(bytes: Uint8Array | undefined): void {
    this.#number(bytes?.length ?? 0);
    if (bytes === undefined) return;
    this.#scratch.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #text(text: string, field: string): void {
    const textAt = this.#at + octetsFor(text.length);
    const end = writeShortAscii(text, this.#scratch, textAt);
    if (end < 0) return this.#writeUtf8(text, field);
    this.#number(text.length);
    this.#at = end;
  }

  #writeUtf8(text: string, field: string): void {
    checkText(text, field);
    // The size of the length field is known once the text is written.
    const textAt = this.#at + 4;
    const { written } = textEncoder.encodeInto(
      text,
      this.#scratch.subarray(textAt),
    );
    this.#number(written);
    this.#scratch.copyWithin(this.#at, textAt, textAt + written);
    this.#at += written;
  }
}

/**
 * The longest the event's packet can be: a UTF-16 unit takes at most 3 bytes.
 */
function mostBytes(event: EventInput): number {
  return BODY_AT + CRC_BYTES + 8 + (event.fileBytes?.length ?? 0) +
    textsOf(event).reduce((sum, text) => sum + 4 + 3 * text.length, 8);
}

/**
 * The shortest the event's packet can be: a UTF-16 unit takes at least a byte.
 */
function leastBytes(event: EventInput): number {
  return (event.fileBytes?.length ?? 0) +
    textsOf(event).reduce((sum, text) => sum + 1 + text.length, 8);
}

function textsOf(event: EventInput): string[] {
  const { testId, tags = [], mimeType, fileName, routeCode } = event;
  return [testId, ...tags, mimeType, fileName, routeCode, event.parentTestId]
    .filter((text) => text !== undefined);
}

const shared = new PacketEncoder();

/**
 * Encodes an event as one packet. What is left out of it is not in the packet,
 * except that `runnable` is true by default, as in testtools. The time may be a
 * `Date`. An empty string is a value; `null` is refused.
 *
 * @returns bytes that the caller owns
 * @throws {RangeError} when the packet would be longer than 4194303 bytes, a
 * string contains a NUL or half a surrogate pair, or the time is invalid,
 * before 1970 or after 2106
 * @throws {TypeError} when a field has the wrong type, as it may from
 * JavaScript; the status is not one of {@linkcode TEST_STATUSES}; there are
 * `fileBytes` without a `fileName`
 * @example
 * ```ts
 * import { encodePacket } from "@subunit/codec";
 *
 * encodePacket({ testId: "foo", status: "exists", runnable: true }).toHex();
 * // b329010c03666f6f08555f1b
 * ```
 * @example
 * ```ts
 * import { decodePacket, encodePacket } from "@subunit/codec";
 *
 * const timestamp = new Date("2026-01-31T12:00:00.5Z");
 * const packet = encodePacket({ testId: "foo", status: "fail", timestamp });
 * console.log(decodePacket(packet).runnable); // true
 * ```
 */
export function encodePacket(event: EventInput): Uint8Array {
  return shared.encode(event).slice();
}

/**
 * Encodes an event as one packet, or as several if its attachment does not fit
 * in one.
 *
 * @returns packets that the caller owns
 * @throws as {@linkcode encodePacket} does, for events that splitting cannot
 * help
 */
export function encodePackets(event: EventInput): Uint8Array[] {
  const packets: Uint8Array[] = [];
  shared.encodeEach(event, (packet) => packets.push(packet.slice()));
  return packets;
}

/** The error for a packet that would be too long. */
export function tooLong(length: number): RangeError {
  return new RangeError(
    `Cannot write packet: it has ${length} bytes, expected at most ${MAX_PACKET_BYTES}`,
  );
}

function* partsOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += ATTACHMENT_PART_BYTES) {
    yield bytes.subarray(at, at + ATTACHMENT_PART_BYTES);
  }
}

/**
 * Splits an event into one for each part of its attachment; without parts, one
 * with an empty attachment.
 *
 * Time, tags, MIME type and `inprogress` go with the first, any other status
 * and `eof` with the last, as in the Python tools. `exists` goes with each, and
 * so do the former: no part then begins a test, which would be lost.
 */
export function* splitAttachment(
  event: StatusEvent,
  parts: Iterable<Uint8Array>,
): Generator<StatusEvent> {
  const { status, tags, mimeType, eof, timestamp, ...every } = event;
  const isAlone = status === "exists";
  const isLate = status !== "inprogress" && !isAlone;
  let first: Partial<StatusEvent> = {
    tags,
    mimeType,
    timestamp,
    ...(isLate ? {} : { status }),
  };
  let held: Uint8Array | undefined;
  for (const part of parts) {
    if (held !== undefined) {
      yield { ...every, ...first, fileBytes: held };
      if (!isAlone) first = {};
    }
    held = part;
  }
  yield {
    ...every,
    ...first,
    ...(isLate ? { status } : {}),
    eof,
    fileBytes: held ?? new Uint8Array(0),
  };
}

/** The length of a packet, including its length field. */
export function packetLength(withoutLength: number): number {
  // The field counts itself, so that it may need another octet.
  const one = withoutLength + 1;
  return one < 2 ** 6 ? one : one + 1 < 2 ** 14 ? one + 1 : one + 2;
}

/** @throws {RangeError} when no packet can hold `text` */
export function checkText(text: string, field: string): void {
  if (!text.isWellFormed()) {
    throw new RangeError(
      `Cannot write ${field} ${JSON.stringify(text)}: half a surrogate pair`,
    );
  }
  if (text.includes("\0")) {
    throw new RangeError(
      `Cannot write ${field} ${JSON.stringify(text)}: it holds a NUL`,
    );
  }
}

function checkTimestamp({ seconds, nanoseconds }: Timestamp): void {
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > MAX_SECONDS) {
    throw new RangeError(
      `Cannot write packet: timestamp is ${seconds} s, expected whole seconds from 1970 to 2106`,
    );
  }
  if (
    !Number.isInteger(nanoseconds) || nanoseconds < 0 || nanoseconds > 999999999
  ) {
    throw new RangeError(
      `Cannot write packet: timestamp has ${nanoseconds} ns, expected 0 to 999999999`,
    );
  }
}
