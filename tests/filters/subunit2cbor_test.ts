import { assert, assertEquals, assertThrows } from "@std/assert";
import { eventFromCbor } from "@subunit/codec/cbor";
import { Encoder } from "cbor-x";
import { outputOf, runTool, shell, TempDir } from "../support/run.ts";
import {
  anyEvent,
  at,
  damaged,
  equalBytes,
  type EventFields,
  eventsIn,
  sample,
  stream,
} from "../support/streams.ts";

const SEED = 20130301;

/** Events and their items in hex, with the names of RFC 8949. */
const ITEMS: [EventFields, string][] = [
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
const EVENTS = stream(...ITEMS.map(([event]) => event));
const SEQUENCE = Uint8Array.fromHex(ITEMS.map(([, item]) => item).join(""));

function hexOf(text: string): string {
  return new TextEncoder().encode(text).toHex();
}

Deno.test("subunit2cbor writes an event an item, byte strings as such", async () => {
  const stdout = await outputOf("subunit2cbor", [], { stdin: EVENTS });
  assertEquals(stdout.toHex(), SEQUENCE.toHex());
});

Deno.test("subunit2cbor passes the stream on, the sequence beside it", async () => {
  using dir = new TempDir();
  const input = stream("text\n", { testId: "a", status: "fail" });
  const path = `${dir.path}/run.cbor`;
  const { stdout, status } = await runTool("subunit2cbor", [
    "-f",
    "--exit-status",
    "-o",
    path,
  ], { stdin: input });
  assert(equalBytes(stdout, input));
  assertEquals(status, 1);
  const plain = await runTool("subunit2cbor", [], { stdin: input });
  assertEquals(Deno.readFileSync(path), plain.stdout);
  const wrong = await runTool("subunit2cbor", ["-f"], { stdin: input });
  assertEquals([wrong.status, wrong.stdout.length], [2, 0]);
});

Deno.test("cbor2subunit writes a packet an item", async () => {
  const stdout = await outputOf("cbor2subunit", [], { stdin: SEQUENCE });
  assertEquals(stdout.toHex(), EVENTS.toHex());
});

Deno.test(`cbor2subunit is the inverse of subunit2cbor (seed ${SEED})`, async () => {
  const input = stream(
    ...sample(anyEvent(), 1000, SEED),
    { fileName: "large", fileBytes: new Uint8Array(4_000_000).fill(0xb3) },
    { testId: "last" },
  );
  const { stdout, stderr, status } = await shell(
    "subunit2cbor | cbor2subunit",
    [],
    { stdin: input },
  );
  assertEquals(stderr, "");
  assertEquals(status, 0);
  assert(equalBytes(stdout, input));
});

Deno.test("subunit2cbor makes events of text and damage, as subunit2json", async () => {
  const input = stream("text", damaged({ testId: "a" }), { testId: "b" });
  const { stdout } = await shell(
    "subunit2cbor 2> /dev/null | cbor2subunit",
    [],
    {
      stdin: input,
    },
  );
  const json = await shell("subunit2json 2> /dev/null | json2subunit", [], {
    stdin: input,
  });
  assertEquals(stdout.toHex(), json.stdout.toHex());
  const { status } = await runTool("subunit2cbor", ["--exit-status"], {
    stdin: input,
  });
  assertEquals(status, 1);
});

Deno.test("cbor2subunit reads a sequence that breaks off anywhere up to there", async () => {
  const ends = ITEMS.map((_, i) =>
    ITEMS.slice(0, i + 1).reduce((sum, [, item]) => sum + item.length / 2, 0)
  );
  for (let end = 0; end <= SEQUENCE.length; end += 17) {
    const { stdout, stderr, status } = await runTool("cbor2subunit", [], {
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

Deno.test("cbor2subunit names items that are no event, and reads on", async () => {
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
    const { stdout, stderr, status } = await runTool("cbor2subunit", [], {
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

Deno.test("cbor2subunit says where bytes are no CBOR", async () => {
  const { stdout, stderr, status } = await runTool("cbor2subunit", [], {
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

Deno.test("eventFromCbor takes nothing for a key that is none of ours", () => {
  for (const key of ["toString", "__proto__", "file_text"]) {
    assertThrows(
      () => eventFromCbor(JSON.parse(`{"${key}":"a"}`)),
      TypeError,
      "unknown key",
    );
  }
});
