/**
 * Events in, packets out.
 *
 * @module
 */

import { type StatusEvent, TEST_STATUSES } from "../event.ts";
import type { Timestamp } from "../timestamp.ts";
import { crc32 } from "./crc32.ts";
import {
  CRC_BYTES,
  FLAG,
  LENGTH_OFFSET,
  MAX_PACKET_BYTES,
  MAX_SECONDS,
  SIGNATURE,
  VERSION,
} from "./layout.ts";
import { octetsFor, writeNumber } from "./number.ts";

/**
 * How much of a longer attachment goes into one packet: 3.5 MiB, as the
 * Python tools do.
 */
export const ATTACHMENT_PART_BYTES = 3670016;

const encoder = new TextEncoder();

/**
 * Encodes an event as one packet.
 *
 * @returns bytes of their own
 * @throws {RangeError} when the packet would be longer than 4194303 bytes, a
 * string holds a NUL or half a surrogate pair, or the time is before 1970 or
 * after 2106
 * @throws {TypeError} when there are `fileBytes` without a `fileName`
 * @example
 * ```ts
 * import { encodePacket } from "@subunit/codec";
 *
 * encodePacket({ testId: "foo", status: "exists", runnable: true }).toHex();
 * // b329010c03666f6f08555f1b
 * ```
 */
export function encodePacket(event: StatusEvent): Uint8Array {
  const packet = tryEncodePacket(event);
  if (packet instanceof Uint8Array) return packet;
  throw tooLong(packet);
}

function tooLong(length: number): RangeError {
  return new RangeError(
    `Cannot write packet: it has ${length} bytes, expected at most ${MAX_PACKET_BYTES}`,
  );
}

/**
 * Encodes an event as one packet, or as several where its attachment does not
 * fit in one.
 *
 * @throws as {@linkcode encodePacket} does, for what no split can help
 */
export function encodePackets(event: StatusEvent): Uint8Array[] {
  const packet = tryEncodePacket(event);
  if (packet instanceof Uint8Array) return [packet];
  if (event.fileBytes === undefined) throw tooLong(packet);
  const parts = partsOf(event.fileBytes);
  return Array.from(splitAttachment(event, parts), encodePacket);
}

function* partsOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += ATTACHMENT_PART_BYTES) {
    yield bytes.subarray(at, at + ATTACHMENT_PART_BYTES);
  }
}

/**
 * One event for each part of an attachment; with no parts, one with an empty
 * attachment.
 *
 * Time, tags, MIME type and `inprogress` go with the first, any other status
 * and `eof` with the last, as the Python tools do it.
 */
export function* splitAttachment(
  event: StatusEvent,
  parts: Iterable<Uint8Array>,
): Generator<StatusEvent> {
  const { status, tags, mimeType, eof, timestamp, ...every } = event;
  const isLate = status !== "inprogress";
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
      first = {};
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

/** The packet, or how long it would have to be. */
function tryEncodePacket(event: StatusEvent): Uint8Array | number {
  const { timestamp, fileName, fileBytes } = event;
  if (fileBytes !== undefined && fileName === undefined) {
    throw new TypeError("Cannot write packet: fileBytes without a fileName");
  }
  if (timestamp !== undefined) checkTimestamp(timestamp);
  const testId = encodeText(event.testId, "test id");
  const tags = event.tags?.map((tag) => encodeText(tag, "tag")!);
  const mimeType = encodeText(event.mimeType, "MIME type");
  const file = encodeText(fileName, "file name");
  const content = file && (fileBytes ?? new Uint8Array(0));
  const routeCode = encodeText(event.routeCode, "routing code");
  const parent = encodeText(event.parentTestId, "parent test id");

  const strings = [
    testId,
    ...(tags ?? []),
    mimeType,
    file,
    content,
    routeCode,
    parent,
  ];
  let body = CRC_BYTES;
  for (const string of strings) {
    if (string === undefined) continue;
    if (string.length > MAX_PACKET_BYTES) return string.length;
    body += octetsFor(string.length) + string.length;
  }
  if (timestamp !== undefined) body += 4 + octetsFor(timestamp.nanoseconds);
  if (tags !== undefined) body += octetsFor(tags.length);
  const length = packetLength(LENGTH_OFFSET + body);
  if (length > MAX_PACKET_BYTES) return length;

  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  bytes[0] = SIGNATURE;
  view.setUint16(
    1,
    VERSION << 12 |
      (timestamp ? FLAG.TIMESTAMP : 0) |
      (testId ? FLAG.TEST_ID : 0) |
      (tags ? FLAG.TAGS : 0) |
      (event.runnable ? FLAG.RUNNABLE : 0) |
      (mimeType ? FLAG.MIME_TYPE : 0) |
      (file ? FLAG.FILE_CONTENT : 0) |
      (event.eof ? FLAG.EOF : 0) |
      (routeCode ? FLAG.ROUTING_CODE : 0) |
      (parent ? FLAG.PARENT : 0) |
      (event.status ? TEST_STATUSES.indexOf(event.status) + 1 : 0),
  );
  let at = writeNumber(bytes, LENGTH_OFFSET, length);
  if (timestamp !== undefined) {
    view.setUint32(at, timestamp.seconds);
    at = writeNumber(bytes, at + 4, timestamp.nanoseconds);
  }
  const write = (string: Uint8Array | undefined) => {
    if (string === undefined) return;
    at = writeNumber(bytes, at, string.length);
    bytes.set(string, at);
    at += string.length;
  };
  write(testId);
  if (tags !== undefined) {
    at = writeNumber(bytes, at, tags.length);
    for (const tag of tags) write(tag);
  }
  write(mimeType);
  write(file);
  write(content);
  write(routeCode);
  write(parent);
  view.setUint32(at, crc32(view, 0, at));
  return bytes;
}

/** The length of a packet, its length field included. */
function packetLength(withoutLength: number): number {
  // The field counts itself, so a number more octets long may be needed.
  const one = withoutLength + 1;
  return one < 2 ** 6 ? one : one + 1 < 2 ** 14 ? one + 1 : one + 2;
}

function encodeText(
  text: string | undefined,
  field: string,
): Uint8Array | undefined {
  if (text === undefined) return undefined;
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
  return encoder.encode(text);
}

function checkTimestamp({ seconds, nanoseconds }: Timestamp): void {
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > MAX_SECONDS) {
    throw new RangeError(
      `Cannot write time ${seconds} s: expected whole seconds from 1970 to 2106`,
    );
  }
  if (
    !Number.isInteger(nanoseconds) || nanoseconds < 0 || nanoseconds > 999999999
  ) {
    throw new RangeError(
      `Cannot write ${nanoseconds} ns: expected 0 to 999999999`,
    );
  }
}
