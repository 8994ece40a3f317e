/**
 * Golden packets in hexadecimal, with their origins.
 *
 * @module
 */

import type { StatusEvent } from "../event.ts";

/** A packet and its event, valid in both directions. */
export interface Vector {
  readonly name: string;
  readonly hex: string;
  readonly event: StatusEvent;
}

const foo = (status: StatusEvent["status"]): StatusEvent => ({
  testId: "foo",
  status,
  runnable: true,
});

/**
 * "specification": the subunit README, "Example packets". The others: the
 * CONSTANT_ packets of python/subunit/tests/test_test_protocol2.py, 1.4.0.
 */
export const VECTORS: readonly Vector[] = [
  {
    name: "specification",
    hex: "b329010c03666f6f08555f1b",
    event: foo("exists"),
  },
  {
    name: "INPROGRESS",
    hex: "b329020c03666f6f8ec12db5",
    event: foo("inprogress"),
  },
  { name: "SUCCESS", hex: "b329030c03666f6f459dfe10", event: foo("success") },
  {
    name: "UXSUCCESS",
    hex: "b329040c03666f6f5898cea8",
    event: foo("uxsuccess"),
  },
  { name: "SKIP", hex: "b329050c03666f6f93c41d0d", event: foo("skip") },
  { name: "FAIL", hex: "b329060c03666f6f15506fa3", event: foo("fail") },
  { name: "XFAIL", hex: "b329070c03666f6fde0cbc06", event: foo("xfail") },
  {
    name: "EOF",
    hex: "b3211008531588dc",
    event: { runnable: true, eof: true },
  },
  {
    name: "FILE_CONTENT",
    hex: "b3214013066261726e657903776f6f4135e38c",
    event: {
      runnable: true,
      fileName: "barney",
      fileBytes: new TextEncoder().encode("woo"),
    },
  },
  {
    name: "MIME",
    hex:
      "b32120231a6170706c69636174696f6e2f666f6f3b20636861727365743d3178335115",
    event: { runnable: true, mimeType: "application/foo; charset=1" },
  },
  {
    name: "TIMESTAMP",
    hex: "b32b03133c1754cf80afc80362617249963e2d",
    event: {
      testId: "bar",
      status: "success",
      runnable: true,
      timestamp: { seconds: 0x3c1754cf, nanoseconds: 45000 },
    },
  },
  {
    name: "ROUTE_CODE",
    hex: "b32d03130362617206736f757263659c593919",
    event: {
      testId: "bar",
      status: "success",
      runnable: true,
      routeCode: "source",
    },
  },
  {
    name: "RUNNABLE (not)",
    hex: "b328030c03666f6fe3eaf5a4",
    event: { testId: "foo", status: "success", runnable: false },
  },
  {
    name: "TAGS, foo first",
    hex: "b3298015036261720203666f6f0362617254486eb4",
    event: { testId: "bar", runnable: true, tags: ["foo", "bar"] },
  },
  {
    name: "TAGS, bar first",
    hex: "b329801503626172020362617203666f6ff8f1916f",
    event: { testId: "bar", runnable: true, tags: ["bar", "foo"] },
  },
];

/** The specification's packet, to be put around others. */
export const GOOD = VECTORS[0].hex;

/**
 * Streams with something wrong, and the kinds of their items: packet `p`,
 * foreign `f`, damage `d` with its code, each with its size in bytes.
 */
export const STREAMS: readonly {
  name: string;
  hex: string;
  items: readonly string[];
}[] = [
  {
    name: "a length shorter than any packet",
    hex: "b32901036161" + GOOD,
    items: ["d length 1", "f 5", "p 12"],
  },
  {
    name: "a line that ends in the Cyrillic letter ghe",
    hex: "d188d0b0d0b30a" + GOOD,
    items: ["f 7", "p 12"],
  },
  {
    name: "the Greek letter gamma right before a packet",
    hex: "ceb3" + GOOD,
    items: ["f 2", "p 12"],
  },
  {
    name: "a signature in the middle of a three-byte character",
    hex: "e2b380" + GOOD,
    items: ["f 3", "p 12"],
  },
  {
    name: "the first byte of a three-byte character, then a packet",
    hex: "e2" + GOOD,
    items: ["f 1", "p 12"],
  },
  {
    name: "a byte no character goes on from, then a packet",
    hex: "f4" + GOOD,
    items: ["f 1", "p 12"],
  },
  {
    name: "a test id that runs past the end, under a wrong CRC",
    hex: "b329010c07666f6f31323334",
    items: ["d checksum 12"],
  },
  {
    name: "a timestamp flag and an empty body, under a good CRC",
    hex: "b32200081b9124d4",
    items: ["d length 1", "f 7"],
  },
  {
    name: "another version",
    hex: "b339010c03666f6f08555f1b" + GOOD,
    items: ["d version 1", "f 11", "p 12"],
  },
  {
    name: "a length of four octets",
    hex: "b32140c000001100000000" + GOOD,
    items: ["d length 1", "f 10", "p 12"],
  },
  {
    name: "file content that runs past the end, under a good CRC",
    hex: "b3214013066261726e657904776f6fdce2db35",
    items: ["d field 19"],
  },
  {
    name: "a NUL in a route code, under a good CRC",
    hex: "b32d03130362617206736f00726365c0b869b7",
    items: ["d text 19"],
  },
  {
    name: "an invalid byte in a test id, under a good CRC",
    hex: "b32d031303b4617206736f75726365ce56c617",
    items: ["d text 19"],
  },
  {
    // Only the fields of a valid packet may contain another packet.
    name: "a test id in Latin-1, and a packet in a file, under a good CRC",
    hex: "b329461e04636166e9036c6f670cb329010c03666f6f08555f1be3afe531" + GOOD,
    items: ["d text 14", "p 12", "f 4", "p 12"],
  },
  {
    name: "the same within a falsely claimed span",
    hex: "b3290120616263" +
      "b329461e04636166e9036c6f670cb329010c03666f6f08555f1be3afe531" + GOOD,
    items: ["d checksum 7", "d text 14", "p 12", "f 4", "p 12"],
  },
  {
    name: "packets within a falsely claimed span, to its end",
    hex: "b329011f" + GOOD + GOOD + "000000",
    items: ["d checksum 4", "p 12", "p 12", "f 3"],
  },
  {
    name: "packets within a falsely claimed span, cut off",
    hex: "b32901bfffff" + GOOD + "68690a" + GOOD,
    items: ["d truncated 6", "p 12", "f 3", "p 12"],
  },
  {
    name: "a claim that ends in a packet, after half a character",
    hex: "b329010d00000000000000e2" + GOOD,
    items: ["d checksum 12", "p 12"],
  },
  {
    name: "a packet torn by another",
    hex: "b329010c03" + GOOD + "666f6f08555f1b",
    items: ["d checksum 5", "p 12", "f 7"],
  },
  {
    name: "a packet cut off by the end",
    hex: GOOD + "b329010c03666f",
    items: ["p 12", "d truncated 7"],
  },
  { name: "a lone signature", hex: "b3", items: ["d truncated 1"] },
  {
    name: "a length in more octets than it needs",
    hex: "b3290180000e03666f6f32122b64",
    items: ["p 14"],
  },
  {
    name: "fields of a newer writer after the known ones",
    hex: "b329030f03666f6faabbcc28657f50" + GOOD,
    items: ["p 15", "p 12"],
  },
];
