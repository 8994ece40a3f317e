import { assertEquals } from "@std/assert";
import { Encoder } from "cbor-x";
import fc from "fast-check";
import { arbitraryEvent } from "../_testing/arbitrary.ts";
import { eventToCbor, writeCborHead } from "./cbor_encoder.ts";
import { recordOf } from "./record.ts";

const SEED = 8949;

/** Plain CBOR: maps with text keys, byte strings, none of the library's tags. */
const PLAIN = {
  useRecords: false,
  mapsAsObjects: true,
  tagUint8Array: false,
  useTag259ForMaps: false,
  variableMapSize: true,
} as const;
const peer = new Encoder(PLAIN);

Deno.test(`eventToCbor writes what cbor-x writes (seed ${SEED})`, () => {
  fc.assert(
    fc.property(
      arbitraryEvent,
      fc.constantFrom(0, 23, 24, 127, 128, 129, 255, 256, 65535, 65536),
      fc.constantFrom("x", "\u00e9", "\u{1f600}"),
      (event, length, character) => {
        const long = character.repeat(length / character.length);
        const fileBytes = new Uint8Array(length).fill(0xb3);
        for (
          const one of [
            event,
            { ...event, testId: long, tags: [long, ""] },
            { ...event, fileName: "f", fileBytes },
            { ...event, tags: Array<string>(length & 0xff).fill("t") },
          ]
        ) {
          const record = recordOf(one, (bytes) => ["file_bytes", bytes]);
          assertEquals(
            eventToCbor(one).toHex(),
            new Uint8Array(peer.encode(record)).toHex(),
          );
        }
      },
    ),
    { seed: SEED, numRuns: 200 },
  );
});

Deno.test("eventToCbor replaces half a surrogate pair, as encodePacket does", () => {
  const item = eventToCbor({ testId: "\ud800", runnable: true });
  assertEquals(item, eventToCbor({ testId: "\ufffd", runnable: true }));
});

Deno.test("eventToCbor returns bytes that later calls leave alone", () => {
  const item = eventToCbor({ testId: "a" });
  const hex = item.toHex();
  eventToCbor({ testId: "b" });
  assertEquals(item.toHex(), hex);
});

Deno.test("writeCborHead writes the shortest head", () => {
  const cases: [length: number, hex: string][] = [
    [0, "60"],
    [23, "77"],
    [24, "7818"],
    [255, "78ff"],
    [256, "790100"],
    [65535, "79ffff"],
    [65536, "7a00010000"],
    [4194303, "7a003fffff"],
  ];
  for (const [length, hex] of cases) {
    const bytes = new Uint8Array(5);
    const end = writeCborHead(bytes, 0, 0x60, length);
    assertEquals(bytes.subarray(0, end).toHex(), hex);
  }
});
