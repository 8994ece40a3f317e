/**
 * Events with their lines of JSON and their items of CBOR, for both directions.
 *
 * @module
 */

import { TEST_STATUSES } from "@subunit/codec";
import { at, type EventFields, stream } from "./streams.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** Events and their lines. */
const lines: [EventFields, string][] = [
  [{}, '{"runnable":true}'],
  [{ runnable: false, eof: true }, '{"runnable":false,"eof":true}'],
  ...TEST_STATUSES.map((status): [EventFields, string] => [
    { testId: "a", status },
    `{"test_id":"a","test_status":"${status}","runnable":true}`,
  ]),
  [
    {
      testId: "suite > é",
      status: "fail",
      tags: ["z", "", "a"],
      runnable: false,
      fileName: "log",
      fileBytes: bytes("line\n\0\ufeff\u2028"),
      mimeType: "text/plain;charset=utf8",
      eof: true,
      routeCode: "1/2",
      timestamp: at("12:00:00.000000001"),
      parentTestId: "suite",
    },
    '{"test_id":"suite > é","test_status":"fail","test_tags":["z","","a"],"runnable":false,"file_name":"log","file_text":"line\\n\\u0000\ufeff\u2028","eof":true,"mime_type":"text/plain;charset=utf8","route_code":"1/2","timestamp":"2026-01-31T12:00:00.000000001Z","parent_test_id":"suite"}',
  ],
  [
    { fileName: "", fileBytes: Uint8Array.of(0xff, 0x00, 0x61) },
    '{"runnable":true,"file_name":"","file_base64":"/wBh"}',
  ],
  [
    { fileName: "stdout", fileBytes: bytes("\ufeffbom") },
    '{"runnable":true,"file_name":"stdout","file_text":"\ufeffbom"}',
  ],
  [
    { fileName: "empty", fileBytes: bytes("") },
    '{"runnable":true,"file_name":"empty","file_text":""}',
  ],
  [
    { testId: "", tags: [], mimeType: "", routeCode: "", parentTestId: "" },
    '{"test_id":"","test_tags":[],"runnable":true,"mime_type":"","route_code":"","parent_test_id":""}',
  ],
  [
    { timestamp: { seconds: 0, nanoseconds: 0 } },
    '{"runnable":true,"timestamp":"1970-01-01T00:00:00Z"}',
  ],
  [
    { timestamp: { seconds: 2 ** 32 - 1, nanoseconds: 999999999 } },
    '{"runnable":true,"timestamp":"2106-02-07T06:28:15.999999999Z"}',
  ],
];
export const JSON_EVENTS = stream(...lines.map(([event]) => event));
export const LINES = lines.map(([, line]) => line + "\n").join("");

/** Events and their items in hex, with the names of RFC 8949. */
export const ITEMS: [EventFields, string][] = [
  // map(1), text(8) "runnable", true
  [{}, "a1" + "68" + hexOf("runnable") + "f5"],
  [
    { testId: "é", status: "skip", tags: ["z", "a"], runnable: false },
    "a4" + "67" + hexOf("test_id") + "62" + hexOf("é") +
    "6b" + hexOf("test_status") + "64" + hexOf("skip") +
    "69" + hexOf("test_tags") + "82" + "617a" + "6161" +
    "68" + hexOf("runnable") + "f4",
  ],
  [
    { fileName: "f", fileBytes: Uint8Array.of(0x66, 0xff), eof: true },
    "a4" + "68" + hexOf("runnable") + "f5" +
    "69" + hexOf("file_name") + "6166" +
    // bytes(2)
    "6a" + hexOf("file_bytes") + "42" + "66ff" +
    "63" + hexOf("eof") + "f5",
  ],
  [
    { timestamp: at("01:02:03.000000001"), routeCode: "0" },
    "a3" + "68" + hexOf("runnable") + "f5" +
    "6a" + hexOf("route_code") + "6130" +
    "69" + hexOf("timestamp") +
    "781e" + hexOf("2026-01-31T01:02:03.000000001Z"),
  ],
];
export const CBOR_EVENTS = stream(...ITEMS.map(([event]) => event));
export const SEQUENCE = Uint8Array.fromHex(
  ITEMS.map(([, item]) => item).join(""),
);

function hexOf(text: string): string {
  return new TextEncoder().encode(text).toHex();
}
