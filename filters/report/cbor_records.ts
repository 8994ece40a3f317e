/**
 * Records in CBOR.
 *
 * @module
 */

import { TEST_STATUSES } from "@subunit/codec";
import {
  CBOR_FALSE,
  CBOR_TRUE,
  CBOR_TYPE,
  eventToCbor,
  writeCborHead,
} from "@subunit/codec/cbor/encoder";
import type { ByteWriter } from "../kit/io/byte_writer.ts";
import { type KeyBytes, KEYS, type RecordNotation } from "./record_rows.ts";

/** The keys and the status take less. */
const ROOM_BYTES = 256;
/** "2026-01-31T12:00:00Z", and the point before decimals. */
const TIME_BYTES = 20, POINT_BYTES = 1;
const T = 0x54, Z = 0x5a;

const encoder = new TextEncoder();

function textItem(text: string): Uint8Array {
  const bytes = new Uint8Array(2 + text.length);
  const at = writeCborHead(bytes, 0, CBOR_TYPE.TEXT, text.length);
  encoder.encodeInto(text, bytes.subarray(at));
  return bytes.subarray(0, at + text.length);
}

const NO_BYTES = new Uint8Array(0);

/** Items of CBOR; the content of a file is a byte string. */
export const CBOR_NOTATION: RecordNotation = {
  keys: Object.fromEntries(
    KEYS.map((key) => [key, textItem(key === "content" ? "file_bytes" : key)]),
  ) as KeyBytes,
  statuses: [NO_BYTES, ...TEST_STATUSES.map(textItem)],
  true: Uint8Array.of(CBOR_TRUE),
  false: Uint8Array.of(CBOR_FALSE),
  comma: NO_BYTES,
  // A head may take more bytes than the length in a packet.
  roomFor: (packetBytes) => 2 * packetBytes + ROOM_BYTES,
  begin: (to, keys) => head(to, CBOR_TYPE.MAP, keys),
  end() {},
  text(to, { source, view }, start, end) {
    head(to, CBOR_TYPE.TEXT, end - start);
    to.copy(source, view, start, end);
  },
  beginList: (to, length) => head(to, CBOR_TYPE.ARRAY, length),
  endList() {},
  content(to, { source, view }, start, end) {
    head(to, CBOR_TYPE.BYTES, end - start);
    to.copy(source, view, start, end);
    return true;
  },
  time(to, seconds, nanoseconds, decimals) {
    const length = TIME_BYTES + (decimals > 0 ? POINT_BYTES + decimals : 0);
    head(to, CBOR_TYPE.TEXT, length);
    to.dateTime(seconds, T);
    to.fraction(nanoseconds, decimals);
    to.byte(Z);
  },
  write: (out, event) => out.write(eventToCbor(event)),
};

function head(to: ByteWriter, type: number, length: number): void {
  to.at = writeCborHead(to.bytes, to.at, type, length);
}
