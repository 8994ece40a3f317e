import { Buffer } from "node:buffer";
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { concat } from "@std/bytes/concat";
import { toArrayBuffer } from "@std/streams/to-array-buffer";
import type { EventInput, StatusEvent } from "./event.ts";
import { GoJsonDecoderStream } from "./gojson/mod.ts";
import { JunitDecoderStream } from "./junit/mod.ts";
import {
  CborDecoderStream,
  CborEncoderStream,
  eventToCbor,
} from "./record/cbor.ts";
import { ENCODER_TEST_ID } from "./stream_pair.ts";
import {
  JsonDecoderStream,
  JsonEncoderStream,
  PacketDecoderStream,
  PacketEncoderStream,
} from "./streams.ts";
import { TapDecoderStream } from "./tap/mod.ts";
import { V1DecoderStream, V1EncoderStream } from "./v1/mod.ts";
import type { Packet } from "./v2/packet.ts";
import { cuts, joinParts, show } from "./_testing/decode_chunks.ts";
import { GOOD } from "./_testing/vectors.ts";

const FOO = { testId: "foo", status: "exists", runnable: true } as const;

Deno.test("PacketDecoderStream emits items that own their bytes", async () => {
  const chunk = Uint8Array.fromHex("61620a" + GOOD + "b339");
  const source = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const byte of chunk) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  const items = await Array.fromAsync(
    source.pipeThrough(new PacketDecoderStream()),
  );
  assertEquals(items.map((item) => item.kind), [
    "foreign",
    "foreign",
    "foreign",
    "packet",
    "damage",
    "foreign",
  ]);
  assertEquals(items.map((item) => item.bytes.toHex()).join(""), chunk.toHex());
});

Deno.test("PacketDecoderStream reads no more than its queues hold", async () => {
  const CHUNK_BYTES = 12 * 1000;
  const chunk = Uint8Array.fromHex(GOOD.repeat(1000));
  let taken = 0;
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      taken += chunk.length;
      // Far more than may ever be taken; an end, in case it is.
      if (taken > 100 * 1024 * 1024) controller.close();
      else controller.enqueue(chunk.slice());
    },
  });
  const reader = source.pipeThrough(new PacketDecoderStream()).getReader();
  assert(!(await reader.read()).done);
  // All that can happen without a reader happens now.
  for (let turn = 0; turn < 1000; turn++) await Promise.resolve();
  const QUEUES_BYTES = 2 * 64 * 1024;
  assert(taken <= QUEUES_BYTES + 4 * CHUNK_BYTES, `took ${taken} bytes`);
  await reader.cancel();
});

Deno.test("PacketEncoderStream writes what PacketDecoderStream reads", async () => {
  const event = { testId: "foo", status: "exists", runnable: true } as const;
  const bytes = await toArrayBuffer(
    ReadableStream.from([event, event]).pipeThrough(new PacketEncoderStream()),
  );
  assertEquals(new Uint8Array(bytes).toHex(), GOOD + GOOD);
});

/** Events of which the second is bad, in the ways JavaScript can write. */
const BAD_EVENTS: [event: unknown, message: string][] = [
  [{ testId: "\0" }, "it holds a NUL"],
  [{ testId: "b", status: "failed" }, 'status is "failed"'],
  [{ testId: "b", timestamp: new Date(NaN) }, "timestamp is NaN s"],
  [{ testId: "b", fileName: "f", fileBytes: "text" }, 'fileBytes is "text"'],
  [{ testId: "b", fileName: "f", fileBytes: { length: -1 } }, "fileBytes is"],
  [{ testId: "x".repeat(5_000_000) }, "expected at most 4194303"],
  [undefined, "the event is undefined"],
  ["fail", 'the event is "fail"'],
];

const GOOD_EVENT = { testId: "a", status: "success" } as const;

Deno.test("PacketEncoderStream writes a failure in place of an event that no packet can hold", async () => {
  for (const [bad, message] of BAD_EVENTS) {
    const source = ReadableStream.from([
      GOOD_EVENT,
      bad as EventInput,
      GOOD_EVENT,
    ]);
    const packets: Packet[] = [];
    await source.pipeThrough(new PacketEncoderStream())
      .pipeThrough(new PacketDecoderStream())
      .pipeTo(
        new WritableStream({
          write(item) {
            if (item.kind === "packet") packets.push(item);
          },
        }),
      );
    assertEquals(packets.map(({ testId, status }) => `${testId} ${status}`), [
      "a success",
      `${ENCODER_TEST_ID} fail`,
      "a success",
    ]);
    const reason = new TextDecoder().decode(packets[1].fileBytes);
    assertStringIncludes(reason, message);
    assert(reason.length < 20_000, `${reason.length} characters`);
  }
});

/** A stream of each encoder. */
const encoderStreams = () => [
  new PacketEncoderStream(),
  new JsonEncoderStream(),
  new CborEncoderStream(),
  new V1EncoderStream(),
];

Deno.test("encoder streams take events after a bad one from a writer", async () => {
  for (const stream of encoderStreams()) {
    const output = new Response(stream.readable).bytes();
    const writer = stream.writable.getWriter();
    await writer.write(GOOD_EVENT);
    await writer.write(
      { testId: "b", status: "failed" } as unknown as EventInput,
    );
    await writer.write({ testId: "c", status: "skip" });
    await writer.close();
    const text = new TextDecoder().decode(await output);
    const places = [
      "a",
      ENCODER_TEST_ID,
      'status is "failed"',
      'testId: "b"',
      "c",
    ];
    if (stream instanceof JsonEncoderStream) {
      for (const line of text.trimEnd().split("\n")) JSON.parse(line);
      assertStringIncludes(text, String.raw`status is \"failed\"`);
    } else for (const place of places) assertStringIncludes(text, place);
    assert(text.indexOf(ENCODER_TEST_ID) < text.lastIndexOf("c"));
  }
});

Deno.test("PacketEncoderStream leaves bad events to onError, and fails if that throws", async () => {
  const bad = { testId: "b", status: "failed" } as unknown as EventInput;
  const seen: unknown[] = [];
  const bytes = await new Response(
    ReadableStream.from([bad, FOO]).pipeThrough(
      new PacketEncoderStream({
        onError: (error, event) => seen.push(error.name, event),
      }),
    ),
  ).bytes();
  assertEquals(bytes.toHex(), GOOD);
  assertEquals(seen, ["TypeError", bad]);

  const strict = new PacketEncoderStream({
    onError(error) {
      throw error;
    },
  });
  await assertRejects(
    () => toArrayBuffer(ReadableStream.from([bad, FOO]).pipeThrough(strict)),
    TypeError,
    'status is "failed"',
  );
});

// --- The formats

/** A decoder stream, an input for it, and its events. */
interface Door {
  readonly name: string;
  readonly make: () => {
    readable: ReadableStream<StatusEvent>;
    writable: WritableStream<Uint8Array>;
  };
  readonly input: Uint8Array;
  /** Each event on a line, the parts of files joined. */
  readonly events: readonly string[];
  /** A piece of the input that may be repeated without end. */
  readonly piece: Uint8Array;
}

const encode = (text: string) => new TextEncoder().encode(text);

const GO_LINE = '{"Action":"pass","Package":"p","Test":"TestA"}\n';
const CASE = '<testcase classname="a.B" name="c">é<failure/></testcase>';
const CBOR_EVENT = eventToCbor({
  testId: "é",
  status: "skip",
  fileName: "f",
  fileBytes: encode("x"),
});

const DOORS: readonly Door[] = [
  {
    name: "tap",
    make: () => new TapDecoderStream(),
    input: encode("1..2\nok 1 - é\ntext\nnot ok 2\n  ---\n  a: 1\n  ...\n"),
    events: [
      "é: success",
      "[stdout: text\n]",
      "test 2: fail [tap yaml: a: 1]",
    ],
    piece: encode("ok 1 - é\n"),
  },
  {
    name: "gojson",
    make: () => new GoJsonDecoderStream(),
    input: encode(`é\n${GO_LINE}`),
    events: ["[stdout: é\n]", "p.TestA: success"],
    piece: encode(GO_LINE),
  },
  {
    name: "junit",
    make: () => new JunitDecoderStream(),
    input: encode(`é\n<testsuite>${CASE}<testcase name="d">`),
    events: ["[stdout: é\n]", "a.B.c: inprogress"],
    piece: encode(CASE),
  },
  {
    name: "v1",
    make: () => new V1DecoderStream(),
    input: concat([
      encode("é\ntest: a\nfailure: a [\nno luck\n]\n"),
      Uint8Array.fromHex(GOOD),
    ]),
    events: [
      "[stdout: é\n]",
      "a: inprogress",
      "a: [traceback: no luck\n]",
      "a: fail",
      "foo: exists",
    ],
    piece: encode("test: a\nsuccess: a\n"),
  },
  {
    name: "json",
    make: () => new JsonDecoderStream(),
    input: concat([
      encode('{"test_id":"é","test_status":"skip"}\n\n{"test_id":1}\n'),
      Uint8Array.of(0xff, 0x0a),
      encode('{"test_id":"last"}'),
    ]),
    events: [
      "é: skip",
      "subunit.parser: fail [Parser Error: Line 3: Cannot read event: test_id is 1, expected a string of whole characters]",
      "subunit.parser: fail [Parser Error: Line 4: it is not UTF-8]",
      "last:",
    ],
    piece: encode('{"test_id":"é","test_status":"skip"}\n'),
  },
  {
    name: "cbor",
    make: () => new CborDecoderStream(),
    input: concat([
      CBOR_EVENT,
      Uint8Array.of(7),
      CBOR_EVENT,
      Uint8Array.of(0xff, 1),
    ]),
    events: [
      "é: skip [f: x]",
      "subunit.parser: fail [Parser Error: Item 1: Cannot read event: expected an object]",
      "é: skip [f: x]",
      "subunit.parser: fail [Parser Error: Cannot read item 3 at byte 129: a break ends nothing at byte 0 of it: the rest was not read]",
    ],
    piece: CBOR_EVENT,
  },
];

/** Writes chunks that are overwritten once they are read, and shows the events. */
async function through(door: Door, chunks: Uint8Array[]): Promise<string[]> {
  const { readable, writable } = door.make();
  const read = Array.fromAsync(readable);
  const writer = writable.getWriter();
  for (const chunk of chunks) {
    const lent = chunk.slice();
    await writer.write(lent);
    lent.fill(0x21);
  }
  await writer.close();
  return joinParts(await read).map(show);
}

for (const door of DOORS) {
  Deno.test(`${door.name}: a decoder stream gives the same events however its input is cut`, async () => {
    const whole = await through(door, [door.input]);
    for (const [i, expected] of door.events.entries()) {
      assert(whole[i].startsWith(expected), `${whole[i]}, not ${expected}`);
    }
    for (const chunks of cuts(door.input)) {
      assertEquals(await through(door, chunks), whole);
    }
  });

  Deno.test(`${door.name}: a decoder stream takes no more than its queues hold`, async () => {
    const chunk = concat(
      Array(Math.ceil(12_000 / door.piece.length)).fill(door.piece),
    );
    let taken = 0;
    const source = new ReadableStream<Uint8Array>({
      start(controller) {
        if (door.name === "junit") controller.enqueue(encode("<testsuite>"));
      },
      pull(controller) {
        taken += chunk.length;
        if (taken > 20 * 1024 * 1024) controller.close();
        else controller.enqueue(chunk.slice());
      },
    });
    const reader = source.pipeThrough(door.make()).getReader();
    assert(!(await reader.read()).done);
    for (let turn = 0; turn < 1000; turn++) await Promise.resolve();
    assert(taken <= 2 * 64 * 1024 + 5 * chunk.length, `took ${taken} bytes`);
    // What has been taken is still there; leaving cancels the source.
    assert(!(await reader.read()).done);
    await reader.cancel();
  });

  Deno.test(`${door.name}: a decoder stream copies Node's buffers, and refuses other chunks`, async () => {
    const { readable, writable } = door.make();
    const read = Array.fromAsync(readable);
    const writer = writable.getWriter();
    const buffer = Buffer.from(door.input);
    await writer.write(buffer);
    buffer.fill(0x21);
    await writer.close();
    assertEquals(
      joinParts(await read).map(show),
      await through(door, [door.input]),
    );
    const other = door.make();
    const failed = assertRejects(
      () => Array.fromAsync(other.readable),
      TypeError,
    );
    await assertRejects(
      () => other.writable.getWriter().write("text" as unknown as Uint8Array),
      TypeError,
      "expected a Uint8Array",
    );
    await failed;
  });
}

Deno.test("JsonDecoderStream and CborDecoderStream read what the encoder streams write", async () => {
  const events: StatusEvent[] = [
    { testId: "é", status: "fail", runnable: true, tags: ["a"] },
    {
      runnable: false,
      fileName: "f",
      fileBytes: Uint8Array.of(0xff, 0, 0x0a),
      eof: true,
    },
    { testId: "t", runnable: true, timestamp: { seconds: 1, nanoseconds: 7 } },
  ];
  const pairs = [
    [new JsonEncoderStream(), new JsonDecoderStream()],
    [new CborEncoderStream(), new CborDecoderStream()],
  ] as const;
  for (const [encoder, decoder] of pairs) {
    const read = await Array.fromAsync(
      ReadableStream.from(events).pipeThrough(encoder).pipeThrough(decoder),
    );
    assertEquals(read, events);
  }
});

Deno.test("V1EncoderStream writes tests when they end, lost ones last, and text in place", async () => {
  const encoder = new V1EncoderStream();
  const events: EventInput[] = [
    { testId: "lost", status: "inprogress" },
    { testId: "seen", status: "exists" },
    { fileName: "stdout", fileBytes: encode("hello\ntest: x\nno line end") },
    { testId: "a", status: "skip", routeCode: "0", timestamp: new Date(0) },
  ];
  const output = ReadableStream.from(events).pipeThrough(encoder);
  const text = await new Response(output).text();
  assertEquals(
    text,
    `hello
 test: x
no line end
time: 1970-01-01 00:00:00Z
test: a
skip: a
test: lost
failure: lost [
The test started and never ended
]
`,
  );
  assertEquals(encoder.losses["tests that only exist"], 1);
  assertEquals(encoder.losses["route codes"], 1);
});

Deno.test("encoder streams take no more than their queues hold", async () => {
  for (const stream of encoderStreams()) {
    let taken = 0;
    const fileBytes = encode("x".repeat(4000) + "\n");
    const source = new ReadableStream<EventInput>({
      pull(controller) {
        taken += fileBytes.length;
        if (taken > 20 * 1024 * 1024) return controller.close();
        controller.enqueue({ ...GOOD_EVENT, fileName: "f", fileBytes });
      },
    });
    const reader = source.pipeThrough(stream).getReader();
    assert(!(await reader.read()).done);
    for (let turn = 0; turn < 1000; turn++) await Promise.resolve();
    assert(
      taken <= 2 * 64 * 1024 + 5 * fileBytes.length,
      `took ${taken} bytes`,
    );
    await reader.cancel();
  }
});
