/**
 * Records in JSON, one per line.
 *
 * @module
 */

import { eventToJson, TEST_STATUSES } from "@subunit/codec";
import {
  type ByteWriter,
  Constant,
  type Escapes,
  escapesOf,
  MAX_ESCAPE_BYTES,
} from "../kit/io/byte_writer.ts";
import { type KeyConstants, KEYS, type RecordNotation } from "./record_rows.ts";

/** The keys and the status take less. */
const ROOM_BYTES = 512;
const T = 0x54, Z = 0x5a;
const QUOTE = 0x22, BRACE = 0x7b, END_BRACE = 0x7d, LF = 0x0a;
const BRACKET = 0x5b, END_BRACKET = 0x5d;

/** Made when the first row comes: an empty stream starts sooner. */
let escapes: Escapes | undefined;

function makeEscapes(): Escapes {
  return escapesOf((character) => JSON.stringify(character).slice(1, -1));
}

/** The first of a record gets a brace for its comma. */
const key = (name: string, value = "") => Constant.of(`,"${name}":${value}`);

/** Lines of JSON; the content of a file is `file_text`, or `file_base64`. */
export const JSON_NOTATION: RecordNotation = {
  keys: Object.fromEntries(
    KEYS.map((name) => [name, key(name === "content" ? "file_text" : name)]),
  ) as KeyConstants,
  statuses: ["", ...TEST_STATUSES].map((name) =>
    key("test_status", `"${name}"`)
  ),
  runnable: key("runnable", "true"),
  notRunnable: key("runnable", "false"),
  isEof: key("eof", "true"),
  comma: Constant.of(","),
  roomFor: (packetBytes) => MAX_ESCAPE_BYTES * packetBytes + ROOM_BYTES,
  begin() {},
  end(to, start) {
    to.bytes[start] = BRACE;
    to.byte(END_BRACE);
    to.byte(LF);
  },
  text: (to, { source }, start, end) => {
    quoted(to, source, start, end);
  },
  beginList: (to) => to.byte(BRACKET),
  endList: (to) => to.byte(END_BRACKET),
  // Other text than ASCII has to be checked first.
  content: (to, { source }, start, end) => quoted(to, source, start, end),
  time(to, seconds, nanoseconds, decimals) {
    to.byte(QUOTE);
    to.dateTime(seconds, T);
    to.fraction(nanoseconds, decimals);
    to.byte(Z);
    to.byte(QUOTE);
  },
  write: (out, event) => out.writeRow(eventToJson(event)),
};

/** Returns whether all of it is ASCII. */
function quoted(
  to: ByteWriter,
  source: Uint8Array,
  start: number,
  end: number,
): boolean {
  to.byte(QUOTE);
  const isAscii = to.escaped(source, start, end, escapes ??= makeEscapes());
  to.byte(QUOTE);
  return isAscii;
}
