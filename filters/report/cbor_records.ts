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
  MAX_HEAD_BYTES,
  writeCborHead,
} from "@subunit/codec/cbor/encoder";
import { type ByteWriter, Constant } from "../kit/io/byte_writer.ts";
import { type KeyConstants, KEYS, type RecordNotation } from "./record_rows.ts";

/** The keys and the status take less. */
const ROOM_BYTES = 256;
/** "2026-01-31T12:00:00Z", and the point before decimals. */
const TIME_BYTES = 20, POINT_BYTES = 1;
const T = 0x54, Z = 0x5a;

const encoder = new TextEncoder();

/** Text as an item, and a value behind it if it is a key. */
function textItem(text: string, ...value: number[]): Uint8Array {
  const bytes = encoder.encode(text), head = new Uint8Array(MAX_HEAD_BYTES);
  const end = writeCborHead(head, 0, CBOR_TYPE.TEXT, bytes.length);
  return Uint8Array.of(...head.subarray(0, end), ...bytes, ...value);
}

const key = (...item: Parameters<typeof textItem>) =>
  new Constant(textItem(...item));

/** Items of CBOR; the content of a file is a byte string. */
export const CBOR_NOTATION: RecordNotation = {
  keys: Object.fromEntries(
    KEYS.map((name) => [name, key(name === "content" ? "file_bytes" : name)]),
  ) as KeyConstants,
  statuses: ["", ...TEST_STATUSES].map((status) =>
    key("test_status", ...textItem(status))
  ),
  runnable: key("runnable", CBOR_TRUE),
  notRunnable: key("runnable", CBOR_FALSE),
  isEof: key("eof", CBOR_TRUE),
  comma: Constant.of(""),
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
