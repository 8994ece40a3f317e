/**
 * The header and the fields of a packet: one walk over them for everything that
 * reads packets.
 *
 * @module
 */

import { hashText, NOT_TEXT } from "../text/utf8.ts";
import type { Fault } from "./errors.ts";
import {
  CRC_BYTES,
  FLAG,
  LENGTH_OFFSET,
  MAX_LENGTH_OCTETS,
  SMALLEST_PACKET,
  VERSION,
} from "./layout.ts";
import { numberOctets, readNumber } from "./number.ts";

/**
 * The words of a row, which says where the fields of a packet are. Places are
 * indices into the bytes that the packet is part of. All words of an absent
 * field are -1.
 *
 * ```text
 *   START         END                     the packet, with signature and CRC
 *   FLAGS                                 the 16 bits of the flags field
 *   TIME_AT                               the timestamp
 *   ID_AT         ID_END      ID_HASH     the test id's text
 *   TAGS_AT       TAGS_END                the count of tags, and the tags
 *   MIME_TYPE_AT                          the length of the MIME type
 *   FILE_AT                               the length of the file name
 *   ROUTE_AT      ROUTE_END   ROUTE_HASH  the routing code's text
 *   PARENT_AT     PARENT_END              the parent id's text
 * ```
 *
 * Hashes are those of `hashText`.
 */
export const START = 0;
export const END = 1;
export const FLAGS = 2;
export const TIME_AT = 3;
export const ID_AT = 4;
export const ID_END = 5;
export const ID_HASH = 6;
export const TAGS_AT = 7;
export const TAGS_END = 8;
export const MIME_TYPE_AT = 9;
export const FILE_AT = 10;
export const ROUTE_AT = 11;
export const ROUTE_END = 12;
export const ROUTE_HASH = 13;
export const PARENT_AT = 14;
export const PARENT_END = 15;
/** The number of words of a row. */
export const ROW_WORDS = 16;

/**
 * The length that a header claims; 0 when the header is cut off or none of
 * version 2: {@linkcode claimedLength} says which.
 */
export function plausibleLength(
  source: Uint8Array,
  start: number,
  end: number,
): number {
  const lengthAt = start + LENGTH_OFFSET;
  // No packet is shorter than the longest header.
  if (lengthAt + MAX_LENGTH_OCTETS > end) return 0;
  const octets = numberOctets(source[lengthAt]);
  if (source[start + 1] >>> 4 !== VERSION || octets > MAX_LENGTH_OCTETS) {
    return 0;
  }
  const length = readNumber(source, lengthAt);
  const flags = (source[start + 1] & 0x0f) << 8 | source[start + 2];
  return length < SMALLEST_PACKET[flags] + octets ? 0 : length;
}

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

/** The end of the string or content that {@linkcode textStart} read last. */
export let textStop = 0;

/**
 * The start of a string or of file content whose length is at `at`. Stores its
 * end in {@linkcode textStop}, past `limit` when it does not fit: two results
 * without allocating an object, because this runs for each field.
 */
export function textStart(
  source: Uint8Array,
  at: number,
  limit: number,
): number {
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

/**
 * Reads the fields of a packet whose header and CRC are valid, and writes its
 * row to `words` from `row` on; returns what is wrong with the fields, if
 * anything. Bytes after the known fields come from a newer writer and are no
 * fault.
 *
 * This is the hot path of every packet: one pass, no calls that allocate, and
 * each word written once.
 */
export function readFields(
  source: Uint8Array,
  view: DataView,
  start: number,
  end: number,
  words: Int32Array,
  row: number,
): Fault | undefined {
  const flags = source[start + 1] << 8 | source[start + 2];
  const limit = end - CRC_BYTES;
  const lengthAt = start + LENGTH_OFFSET;
  let at = lengthAt + numberOctets(source[lengthAt]);
  words[row + START] = start;
  words[row + END] = end;
  words[row + FLAGS] = flags;
  if ((flags & FLAG.TIMESTAMP) !== 0) {
    words[row + TIME_AT] = at;
    at += 4 + numberOctets(source[at + 4]);
    if (at > limit) return fieldFault("timestamp");
  } else {
    words[row + TIME_AT] = -1;
  }
  let textEnd = at, hash = -1;
  if ((flags & FLAG.TEST_ID) !== 0) {
    at = textStart(source, at, limit);
    textEnd = textStop;
    if (textEnd > limit) return fieldFault("test id");
    hash = hashText(source, view, at, textEnd);
    if (hash === NOT_TEXT) return textFault("test id");
    words[row + ID_AT] = at;
    words[row + ID_END] = at = textEnd;
    words[row + ID_HASH] = hash;
  } else {
    words[row + ID_AT] = words[row + ID_END] = words[row + ID_HASH] = -1;
  }
  if ((flags & FLAG.TAGS) !== 0) {
    words[row + TAGS_AT] = at;
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
    words[row + TAGS_END] = at;
  } else {
    words[row + TAGS_AT] = words[row + TAGS_END] = -1;
  }
  if ((flags & FLAG.MIME_TYPE) !== 0) {
    words[row + MIME_TYPE_AT] = at;
    at = textStart(source, at, limit);
    textEnd = textStop;
    if (textEnd > limit) return fieldFault("MIME type");
    if (hashText(source, view, at, textEnd) === NOT_TEXT) {
      return textFault("MIME type");
    }
    at = textEnd;
  } else {
    words[row + MIME_TYPE_AT] = -1;
  }
  if ((flags & FLAG.FILE_CONTENT) !== 0) {
    words[row + FILE_AT] = at;
    at = textStart(source, at, limit);
    textEnd = textStop;
    if (textEnd > limit) return fieldFault("file name");
    if (hashText(source, view, at, textEnd) === NOT_TEXT) {
      return textFault("file name");
    }
    textStart(source, textEnd, limit);
    at = textStop;
    if (at > limit) return fieldFault("file content");
  } else {
    words[row + FILE_AT] = -1;
  }
  if ((flags & FLAG.ROUTING_CODE) !== 0) {
    at = textStart(source, at, limit);
    textEnd = textStop;
    if (textEnd > limit) return fieldFault("routing code");
    hash = hashText(source, view, at, textEnd);
    if (hash === NOT_TEXT) return textFault("routing code");
    words[row + ROUTE_AT] = at;
    words[row + ROUTE_END] = at = textEnd;
    words[row + ROUTE_HASH] = hash;
  } else {
    words[row + ROUTE_AT] =
      words[row + ROUTE_END] =
      words[row + ROUTE_HASH] =
        -1;
  }
  if ((flags & FLAG.PARENT) !== 0) {
    at = textStart(source, at, limit);
    textEnd = textStop;
    if (textEnd > limit) return fieldFault("parent test id");
    if (hashText(source, view, at, textEnd) === NOT_TEXT) {
      return textFault("parent test id");
    }
    words[row + PARENT_AT] = at;
    words[row + PARENT_END] = textEnd;
  } else {
    words[row + PARENT_AT] = words[row + PARENT_END] = -1;
  }
  return undefined;
}

const NANOSECONDS_PER_SECOND = 1e9;

/**
 * The seconds of the timestamp at `at`. Writers may put a second or more into
 * the nanoseconds, which this and {@linkcode nanosecondsAt} carry over.
 */
export function secondsAt(source: Uint8Array, at: number): number {
  const seconds = (source[at] << 24 | source[at + 1] << 16 |
    source[at + 2] << 8 | source[at + 3]) >>> 0;
  return readNumber(source, at + 4) < NANOSECONDS_PER_SECOND
    ? seconds
    : seconds + 1;
}

/** The nanoseconds of the timestamp at `at`. */
export function nanosecondsAt(source: Uint8Array, at: number): number {
  return readNumber(source, at + 4) % NANOSECONDS_PER_SECOND;
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
