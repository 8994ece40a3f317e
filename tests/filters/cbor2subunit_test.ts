import { assert, assertEquals, assertThrows } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { CborDecoder, eventFromCbor, eventToCbor } from "@subunit/codec/cbor";
import { Encoder } from "cbor-x";
import { callTool, outputOfCall, test } from "../support/call.ts";
import {
  anyEvent,
  equalBytes,
  eventsIn,
  pieces,
  sample,
  stream,
} from "../support/streams.ts";
import { CBOR_EVENTS as EVENTS, ITEMS, SEQUENCE } from "../support/records.ts";

const SEED = 20130301;

test("cbor2subunit writes a packet an item", async () => {
  const stdout = await outputOfCall("cbor2subunit", [], { stdin: SEQUENCE });
  assertEquals(stdout.toHex(), EVENTS.toHex());
});

test(`cbor2subunit is the inverse of subunit2cbor (seed ${SEED})`, async () => {
  const input = stream(
    ...sample(anyEvent(), 1000, SEED),
    { fileName: "large", fileBytes: new Uint8Array(4_000_000).fill(0xb3) },
    { testId: "last" },
  );
  const cbor = await outputOfCall("subunit2cbor", [], { stdin: input });
  const stdout = await outputOfCall("cbor2subunit", [], { stdin: cbor });
  assert(equalBytes(stdout, input));
});

test("cbor2subunit reads a sequence that breaks off anywhere up to there", async () => {
  const ends = ITEMS.map((_, i) =>
    ITEMS.slice(0, i + 1).reduce((sum, [, item]) => sum + item.length / 2, 0)
  );
  for (let end = 0; end <= SEQUENCE.length; end += 17) {
    const { stdout, stderr, status } = await callTool("cbor2subunit", [], {
      stdin: SEQUENCE.subarray(0, end),
    });
    const whole = ends.filter((one) => one <= end).length;
    assertEquals(eventsIn(stdout).length, whole);
    const isWhole = end === 0 || ends.includes(end);
    assertEquals(status, isWhole ? 0 : 2, `${end}`);
    const at = whole === 0 ? 0 : ends[whole - 1];
    assertEquals(
      stderr,
      isWhole
        ? ""
        : `cbor2subunit: Cannot read item ${whole} at byte ${at}: it breaks off after ${
          end - at
        } bytes: the rest was not read\n`,
    );
  }
});

test("cbor2subunit names items that are no event, and reads on", async () => {
  const encoder = new Encoder({ useRecords: false });
  const bad = [
    1,
    "a",
    null,
    [],
    { test_id: 5 },
    { test_id: "a", x: 1 },
    {
      file_name: "f",
    },
    { file_name: "f", file_bytes: "text" },
    { timestamp: "yesterday" },
    {
      test_id: "a\0",
    },
    2n ** 70n,
  ];
  for (const item of bad) {
    const { stdout, stderr, status } = await callTool("cbor2subunit", [], {
      stdin: stream(SEQUENCE, new Uint8Array(encoder.encode(item)), SEQUENCE),
    });
    assertEquals(stdout.toHex(), EVENTS.toHex() + EVENTS.toHex());
    const [first, second] = stderr.split("\n");
    assert(
      first.startsWith(`cbor2subunit: Item ${ITEMS.length}: Cannot `),
      stderr,
    );
    assertEquals(
      second,
      `cbor2subunit: 1 of ${
        2 * ITEMS.length + 1
      } items are not events: left out`,
    );
    assertEquals(status, 2);
  }
});

test("cbor2subunit leaves out items that are no event in its own words, and reads on", async () => {
  const cases: [item: string, reason: string][] = [
    // A string in parts, which the library does not read.
    ["7f6161ff", "it has a value that no event has"],
    // A simple value that is not assigned.
    ["f801", "it has a value that no event has"],
    // A date that is none, and a set: objects without keys.
    ["c16161", "expected an object"],
    ["d9010280", "expected an object"],
    ["81".repeat(65) + "01", "it is nested deeper than 64"],
    [
      "9f".repeat(300_000) + "ff".repeat(300_000),
      "it is nested deeper than 64",
    ],
  ];
  for (const [item, reason] of cases) {
    const { stdout, stderr } = await callTool("cbor2subunit", [], {
      stdin: stream(Uint8Array.fromHex(item), SEQUENCE),
    });
    assertEquals(stdout.toHex(), EVENTS.toHex());
    assertEquals(
      stderr,
      `cbor2subunit: Item 0: Cannot read event: ${reason}
cbor2subunit: 1 of ${ITEMS.length + 1} items are not events: left out\n`,
    );
  }
});

test("cbor2subunit says in its own words what is not CBOR", async () => {
  const cases: [bytes: string, reason: string][] = [
    ["1c", "0x1c begins nothing at byte 0 of it"],
    ["a1613f1d", "0x1d begins nothing at byte 3 of it"],
    ["1f", "0x1f begins nothing at byte 0 of it"],
    ["ff", "a break ends nothing at byte 0 of it"],
    ["81ff", "a break ends nothing at byte 1 of it"],
    ["5f6161ff", "a string in parts has a part of another type at byte 1"],
    ["5bffffffffffffffff", "it is longer than 67108864 bytes"],
    ["9bffffffffffffffff", "it breaks off after 9 bytes"],
    ["9f".repeat(300_000), "it breaks off after 300000 bytes"],
  ];
  for (const [bytes, reason] of cases) {
    const { stdout, stderr, status } = await callTool("cbor2subunit", [], {
      stdin: Uint8Array.fromHex(bytes),
    });
    assertEquals(stdout.length, 0);
    assertEquals(
      stderr,
      `cbor2subunit: Cannot read item 0 at byte 0: ${reason}: the rest was not read\n`,
    );
    assertEquals(status, 2);
  }
});

test("CborDecoder reads items however they are cut, seed 20130301", () => {
  const whole = sample(anyEvent(), 40, SEED).map(eventToCbor);
  // A map and an array of indefinite length, and a tag.
  const items = [
    ...whole,
    ...["bf6474657374820102ff", "9f0102ff", "c1fb41d452d9e2000000"],
  ].map((item) => typeof item === "string" ? Uint8Array.fromHex(item) : item);
  const sequence = concat(items);
  const readIn = (size: number) => {
    const decoder = new CborDecoder();
    const read: unknown[] = [];
    for (const piece of pieces(sequence, size)) {
      decoder.push(piece, (item) => read.push(structuredClone(item)));
    }
    decoder.end();
    return read;
  };
  const expected = readIn(sequence.length);
  assertEquals(expected.length, items.length);
  for (const size of [1, 2, 3, 7, 100, 1000]) {
    assertEquals(readIn(size), expected, `${size}`);
  }
});

test("cbor2subunit says where bytes are no CBOR", async () => {
  const { stdout, stderr, status } = await callTool("cbor2subunit", [], {
    // A break code outside of any item.
    stdin: stream(SEQUENCE, Uint8Array.of(0x1c), SEQUENCE),
  });
  assertEquals(stdout.toHex(), EVENTS.toHex());
  assert(
    stderr.startsWith(
      `cbor2subunit: Cannot read item ${ITEMS.length} at byte ${SEQUENCE.length}: `,
    ),
    stderr,
  );
  assertEquals(stderr.split("\n").length, 2);
  assertEquals(status, 2);
});

test("eventFromCbor takes nothing for a key that is none of ours", () => {
  for (const key of ["toString", "__proto__", "file_text"]) {
    assertThrows(
      () => eventFromCbor(JSON.parse(`{"${key}":"a"}`)),
      TypeError,
      "unknown key",
    );
  }
});
