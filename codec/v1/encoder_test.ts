import { assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import type { StatusEvent } from "../event.ts";
import { type Test, TestCollator } from "../results/collator.ts";
import { parseTimestamp } from "../timestamp.ts";
import { encodePackets } from "../v2/encoder.ts";
import { decodePacket } from "../v2/packet.ts";
import { V1Decoder } from "./decoder.ts";
import { V1Encoder, type V1EncoderOptions } from "./encoder.ts";

const encoder = new TextEncoder();

/** An event with only the fields that matter. */
type EventFields = Partial<StatusEvent>;

/** The tests of events, lost ones at the end. */
function testsOf(events: readonly EventFields[]): Test[] {
  const collator = new TestCollator({ attachments: true });
  const ended = events
    .flatMap((event) => encodePackets({ runnable: true, ...event }))
    .map((packet) => collator.add(decodePacket(packet)));
  return [...ended, ...collator.end()].filter((test) => test !== undefined);
}

/** Tests as version 1, and what of them it cannot hold. */
function encode(
  tests: readonly Test[],
  options?: V1EncoderOptions,
): [Uint8Array, Record<string, number>] {
  const runs: Uint8Array[] = [];
  const v1 = new V1Encoder((run) => runs.push(run.slice()), options);
  for (const test of tests) v1.add(test);
  v1.flush();
  const losses = Object.entries(v1.losses).filter(([, count]) => count > 0);
  return [concat(runs), Object.fromEntries(losses)];
}

function write(
  events: readonly EventFields[],
  options?: V1EncoderOptions,
): [string, Record<string, number>] {
  const [bytes, losses] = encode(testsOf(events), options);
  return [new TextDecoder().decode(bytes), losses];
}

function file(
  fileName: string,
  content: string,
  mimeType?: string,
): EventFields {
  return {
    testId: "a",
    fileName,
    fileBytes: encoder.encode(content),
    mimeType,
  };
}

const at = (second: number) => parseTimestamp(`2026-01-31T12:00:0${second}Z`);

const TRACEBACK_TYPE = 'text/x-traceback; charset="utf8"';

type Vector = [
  events: EventFields[],
  text: string,
  losses?: Record<string, number>,
  plain?: string,
];

const VECTORS: Vector[] = [
  ...([
    ["success", "success"],
    ["fail", "failure"],
    ["skip", "skip"],
    ["xfail", "xfail"],
    ["uxsuccess", "uxsuccess"],
  ] as const).map(([status, word]): Vector => [
    [{ testId: "a b", status }],
    `test: a b\n${word}: a b\n`,
  ]),
  [
    [
      { testId: "a", status: "inprogress", timestamp: at(1), tags: ["x"] },
      { testId: "a", status: "success", timestamp: at(2) },
    ],
    "time: 2026-01-31 12:00:01Z\ntest: a\ntags: x\n" +
    "time: 2026-01-31 12:00:02Z\nsuccess: a\n",
  ],
  [
    [{ testId: "a", status: "success", timestamp: at(2) }],
    "time: 2026-01-31 12:00:02Z\ntest: a\nsuccess: a\n",
  ],
  [
    [{
      testId: "a",
      status: "success",
      tags: ["x y", "-z", "", "ok", "a\u00a0b"],
    }],
    "test: a\ntags: ok\nsuccess: a\n",
    { "tags with blanks or a dash": 4 },
  ],
  [
    [{ testId: "a", status: "success", tags: ["-z"] }],
    "test: a\nsuccess: a\n",
    { "tags with blanks or a dash": 1 },
  ],
  [
    [{ testId: "a\nb\rc", status: "success" }],
    "test: a\\nb\\rc\nsuccess: a\\nb\\rc\n",
    { "line ends in test ids": 1 },
  ],
  [[{ testId: "", status: "skip" }], 'test: ""\nskip: ""\n'],
  [[{ testId: " ", status: "skip" }], 'test: " "\nskip: " "\n'],
  [
    [{ testId: "a", status: "skip", routeCode: "r", parentTestId: "p" }],
    "test: a\nskip: a\n",
    { "route codes": 1, "parents of tests": 1 },
  ],
  [
    [{ testId: "a", status: "inprogress", timestamp: at(1) }],
    "time: 2026-01-31 12:00:01Z\ntest: a\n" +
    "failure: a [\nThe test started and never ended\n]\n",
  ],
  [
    [file("log", "x")],
    "test: a\nfailure: a [ multipart\n" +
    "Content-Type: application/octet-stream\nlog\n1\r\nx0\r\n" +
    "Content-Type: text/plain;charset=utf8\nreason\n" +
    "21\r\nThe test started and never ended\n0\r\n]\n",
    {},
    "test: a\nfailure: a [\nlog:\nx\nreason:\n" +
    "The test started and never ended\n]\n",
  ],
  // What brackets hold.
  [
    [
      file("traceback", "x\n]\n] y\n\n", TRACEBACK_TYPE),
      { testId: "a", status: "fail" },
    ],
    "test: a\nfailure: a [\nx\n ]\n ] y\n\n]\n",
  ],
  [
    [file("reason", "", "text/plain"), { testId: "a", status: "skip" }],
    "test: a\nskip: a [\n]\n",
  ],
  [
    [
      file("message", "m\n", "text/plain; charset=UTF-8"),
      { testId: "a", status: "success" },
    ],
    "test: a\nsuccess: a [\nm\n]\n",
    { "types of text": 1 },
  ],
  // What they do not.
  ...[
    ["reason", "no line end", "text/plain", "no line end\n"],
    ["reason", " ]\n", "text/plain", " ]\n"],
    ["reason", "x\n", "text/plain; charset=latin1", "x\n"],
    ["log", "x\n", "text/plain", "log:\nx\n"],
    ["", "x\n", "a/b", ":\nx\n"],
  ].map(([name, content, type, plain]): Vector => [
    [file(name, content, type), { testId: "a", status: "skip" }],
    `test: a\nskip: a [ multipart\nContent-Type: ${type}\n${name}\n` +
    `${content.length.toString(16).toUpperCase()}\r\n${content}0\r\n]\n`,
    {},
    `test: a\nskip: a [\n${plain}]\n`,
  ]),
  [
    [
      file("a\nb", "", "text"),
      file("c", "", "a/b/c"),
      file("d", "", "a/b\nc"),
      { testId: "a", status: "skip" },
    ],
    "test: a\nskip: a [ multipart\n" +
    "Content-Type: application/octet-stream\na\\nb\n0\r\n" +
    "Content-Type: application/octet-stream\nc\n0\r\n" +
    "Content-Type: application/octet-stream\nd\n0\r\n]\n",
    { "types of files": 3, "line ends in names of files": 1 },
  ],
];

Deno.test("V1Encoder writes tests and counts what it cannot represent", () => {
  for (const [events, text, losses = {}] of VECTORS) {
    assertEquals(write(events), [text, losses]);
  }
});

Deno.test("V1Encoder writes plain details on request", () => {
  for (const [events, text, , plain = text] of VECTORS) {
    if (text.includes("octet-stream") && plain === text) continue;
    assertEquals(write(events, { plain: true })[0], plain);
  }
  const [text, losses] = write([
    { ...file("x", ""), fileBytes: Uint8Array.of(0xff) },
    { testId: "a", status: "skip" },
  ], { plain: true });
  assertEquals(text, "test: a\nskip: a\n");
  assertEquals(losses, { "files that are no text": 1 });
});

/** The events that version 1 is read as. */
function read(v1: Uint8Array): StatusEvent[] {
  const events: StatusEvent[] = [];
  const decoder = new V1Decoder({
    event(event) {
      const { testId, status, tags, fileName, mimeType, eof } = event;
      const fileBytes = event.fileBytes?.slice();
      const { timestamp } = event;
      events.push({
        testId,
        status,
        tags,
        fileName,
        fileBytes,
        mimeType,
        eof,
        timestamp,
        runnable: true,
      });
    },
    packet() {
      throw new Error("there is a packet in version 1");
    },
    text() {
      throw new Error("there is text in version 1");
    },
  });
  decoder.push(v1);
  decoder.end();
  return events;
}

function facts(test: Test, hasTypes: boolean) {
  const { testId, outcome, tags, started, ended, attachments } = test;
  return {
    testId,
    outcome,
    tags: [...tags].sort(),
    started,
    ended,
    attachments: attachments.map(({ name, mimeType, bytes }) => ({
      name,
      bytes,
      ...(hasTypes && { mimeType }),
    })),
  };
}

const anyName = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 })
  .map((text) => text.replaceAll(/[\n\r\0]/g, "_"));
const anyId = fc.oneof(
  anyName,
  fc.constantFrom("a [", "a [ multipart", "]", "test: a", "г", " a "),
).filter((text) => text.trim() !== "");
const anyContent = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.constantFrom("x\n", "]\n", " ]\n", "0\r\n", "a\n]\ntest: a\n", "a\r\n", "")
    .map((text) => encoder.encode(text)),
);
const anyTest = fc.record({
  testId: anyId,
  status: fc.constantFrom("success", "uxsuccess", "skip", "fail", "xfail"),
  tags: fc.uniqueArray(fc.stringMatching(/^[a-z.é]{1,5}$/), { maxLength: 3 }),
  times: fc.tuple(
    fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    fc.nat(999_999_999),
  ),
  files: fc.uniqueArray(
    fc.record({
      fileName: fc.oneof(anyName, fc.constantFrom("reason", "traceback")),
      fileBytes: anyContent,
      mimeType: fc.constantFrom(
        "text/plain",
        TRACEBACK_TYPE,
        "application/x-y; a=b",
      ),
    }),
    { maxLength: 3, selector: ({ fileName }) => fileName },
  ),
}).map(({ testId, status, tags, times: [seconds, nanoseconds], files }) =>
  [
    { testId, status: "inprogress", timestamp: { seconds, nanoseconds: 0 } },
    ...files.map((file) => ({ testId, ...file })),
    { testId, status, tags, timestamp: { seconds, nanoseconds } },
  ] as EventFields[]
);

Deno.test("V1Decoder reads the tests that V1Encoder writes, seed 9", () => {
  fc.assert(
    fc.property(fc.array(anyTest, { maxLength: 5 }), (runs) => {
      const tests = testsOf(runs.flat());
      const [written, losses] = encode(tests);
      const again = testsOf(read(written));
      const hasTypes = losses["types of text"] === undefined;
      assertEquals(
        again.map((test) => facts(test, hasTypes)),
        tests.map((test) => facts(test, hasTypes)),
      );
      // From then on nothing changes.
      assertEquals(encode(again), [written, {}]);
    }),
    { seed: 9, numRuns: 2000 },
  );
});
