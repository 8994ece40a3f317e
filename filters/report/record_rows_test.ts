import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import {
  eventToJson,
  itemEvents,
  PacketDecoder,
  type StatusEvent,
} from "@subunit/codec";
import { eventToCbor } from "@subunit/codec/cbor/encoder";
import fc from "fast-check";
import {
  anyEvent,
  itemsIn,
  noisyStream,
  pieces,
  stream,
} from "../../tests/support/streams.ts";
import { memoryOutput } from "../../tests/support/memory.ts";
import { CBOR_NOTATION } from "./cbor_records.ts";
import { JSON_NOTATION } from "./json_records.ts";
import { type RecordNotation, RecordWriter } from "./record_rows.ts";

const SEED = 20261127;
const encoder = new TextEncoder();

/** The notations, and what each makes of an event the plain way. */
const NOTATIONS: readonly [
  name: string,
  notation: RecordNotation,
  plain: (event: StatusEvent) => Uint8Array,
][] = [
  ["JSON", JSON_NOTATION, (event) => encoder.encode(eventToJson(event) + "\n")],
  ["CBOR", CBOR_NOTATION, eventToCbor],
];

/** The records of a stream that comes in chunks. */
function recordsOf(
  chunks: readonly Uint8Array[],
  notation: RecordNotation,
): Uint8Array {
  const { out, written } = memoryOutput();
  const records = new RecordWriter(out, notation);
  const decoder = new PacketDecoder();
  const drain = () =>
    decoder.drainRows(
      (rows) => records.addRows(rows),
      (item) => records.add(item),
    );
  for (const chunk of chunks) {
    decoder.push(chunk);
    drain();
  }
  decoder.end();
  drain();
  return written();
}

function plainRecordsOf(
  bytes: Uint8Array,
  plain: (event: StatusEvent) => Uint8Array,
): Uint8Array {
  return concat(itemsIn(bytes).flatMap(itemEvents).map(plain));
}

for (const [name, notation, plain] of NOTATIONS) {
  Deno.test(`RecordWriter writes ${name} of rows as of events (seed ${SEED})`, () => {
    fc.assert(
      fc.property(
        fc.array(anyEvent(), { maxLength: 20 }),
        fc.array(fc.constantFrom("\u00e9", "\n", '"', "\\", "\x7f", "a")),
        (events, characters) => {
          const text = characters.join("");
          const bytes = stream(
            ...events,
            { testId: text, tags: [text, "", text], parentTestId: text },
            { fileName: text, fileBytes: encoder.encode(text) },
          );
          assertEquals(
            recordsOf([bytes], notation).toHex(),
            plainRecordsOf(bytes, plain).toHex(),
          );
        },
      ),
      { seed: SEED, numRuns: 300 },
    );
  });

  Deno.test(`RecordWriter writes ${name} of any stream, however it is cut (seed ${SEED})`, () => {
    fc.assert(
      fc.property(
        noisyStream,
        fc.integer({ min: 1, max: 400 }),
        (bytes, size) => {
          // Text is cut where chunks are.
          const chunks = pieces(bytes, size);
          const decoder = new PacketDecoder();
          const plainParts: Uint8Array[] = [];
          const drain = () =>
            decoder.drain((item) => {
              plainParts.push(...itemEvents(item).map(plain));
            });
          for (const chunk of chunks) {
            decoder.push(chunk);
            drain();
          }
          decoder.end();
          drain();
          assertEquals(
            recordsOf(chunks, notation).toHex(),
            concat(plainParts).toHex(),
          );
        },
      ),
      { seed: SEED, numRuns: 300 },
    );
  });

  Deno.test(`${name} has room for the longest record of a packet`, () => {
    const ids = ["\x01".repeat(4000), "x".repeat(4000)];
    const tags = ["", "\x01", "x".repeat(24)].flatMap((tag) =>
      [20, 150].map((count) => Array<string>(count).fill(tag))
    );
    const all: StatusEvent = {
      testId: "t",
      status: "inprogress",
      runnable: false,
      tags: [],
      fileName: "\n",
      fileBytes: new Uint8Array(0),
      eof: true,
      mimeType: "",
      routeCode: "",
      timestamp: { seconds: 1, nanoseconds: 1 },
      parentTestId: "",
    };
    const events = [
      all,
      ...ids.map((testId) => ({ testId, runnable: true })),
      ...tags.map((tags) => ({ ...all, tags })),
    ];
    for (const event of events) {
      const bytes = stream(event);
      const record = plain(event);
      assert(record.length <= notation.roomFor(bytes.length));
      // Behind others, so that the room is nearly used up.
      const many = concat(Array<Uint8Array>(40).fill(bytes));
      assertEquals(
        recordsOf([many], notation).toHex(),
        concat(Array<Uint8Array>(40).fill(record)).toHex(),
      );
    }
  });
}

Deno.test("RecordWriter leaves few events to the plain way", () => {
  const left: string[] = [];
  const events: StatusEvent[] = [
    { testId: "\u00e9", runnable: true },
    { fileName: "ascii", fileBytes: encoder.encode("a\n"), runnable: true },
    { fileName: "utf8", fileBytes: encoder.encode("\u00e9"), runnable: true },
    { fileName: "bytes", fileBytes: Uint8Array.of(0xff), runnable: true },
    { fileName: "long", fileBytes: new Uint8Array(5000), runnable: true },
  ];
  const notation: RecordNotation = {
    ...JSON_NOTATION,
    write: (_out, { fileName }) => left.push(fileName!),
  };
  recordsOf([stream(...events)], notation);
  assertEquals(left, ["utf8", "bytes", "long"]);
});
