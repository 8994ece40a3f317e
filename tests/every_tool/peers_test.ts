import { assert, assertEquals } from "@std/assert";
import { encodePacket, type StatusEvent } from "@subunit/codec";
import fc from "fast-check";
import { callTool, outputOfCall, peerCallTest } from "../support/call.ts";
import {
  linesByPython,
  runPython,
  runScript,
  toPython,
} from "../support/peers.ts";
import { TempDir, text } from "../support/run.ts";
import {
  anyEvent,
  equalBytes,
  type EventFields,
  eventsIn,
  sample,
  stream,
} from "../support/streams.ts";

const SEED = 20130301;

/** Python's writer and reader have microseconds. */
const MICROSECOND = 1000;

function fromDump(line: string): Record<string, unknown> {
  const event = JSON.parse(line);
  event.test_tags?.sort();
  return event;
}

peerCallTest(
  `Python's reader finds our events (seed ${SEED})`,
  ["python3-subunit"],
  async () => {
    const events = sample(anyEvent({ nanoseconds: MICROSECOND }), 2000, SEED);
    const input = stream(...events);
    const { lines, stderr } = await linesByPython("dump_events.py", input);
    assertEquals(stderr, "");
    const found = lines.map(fromDump);
    assertEquals(found.length, events.length);
    events.forEach((event, index) =>
      assertEquals(found[index], toPython(event))
    );
  },
);

/** Lengths of packets around the sizes of the length field, and the greatest. */
const LENGTHS = [62, 63, 65, 16383, 16385, 4194302, 4194303];

peerCallTest(
  `Python's reader finds our packets of ${LENGTHS} bytes, and we Python's`,
  ["python3-subunit"],
  async () => {
    const input = stream(...LENGTHS.map(eventOfLength));
    const dumped = await linesByPython("dump_events.py", input);
    assertEquals(dumped.stderr, "");
    const written = await runScript("write_events.py", [], {
      stdin: dumped.lines.map((line) => `${line}\n`).join(""),
    });
    assertEquals(written.stderr, "");
    assert(equalBytes(written.stdout, input));
    assertEquals(eventsIn(written.stdout).length, LENGTHS.length);
  },
);

/** An event whose packet has the given number of bytes. */
function eventOfLength(length: number): StatusEvent {
  const event = (contentLength: number) => ({
    runnable: true,
    fileName: "f",
    fileBytes: new Uint8Array(contentLength).fill(0xb3),
  });
  for (let content = Math.max(0, length - 20);; content++) {
    if (encodePacket(event(content)).length === length) return event(content);
    assert(content < length, "no packet has so many bytes");
  }
}

peerCallTest(
  `we find the events of Python's writer, and write its bytes (seed ${SEED})`,
  ["python3-subunit"],
  async () => {
    const events = sample(anyEvent({ nanoseconds: MICROSECOND }), 2000, SEED)
      .map(asPythonWrites);
    const writtenByPython = (events: readonly StatusEvent[]) =>
      runScript("write_events.py", [], {
        stdin: events.map((event) => JSON.stringify(toPython(event)) + "\n")
          .join(""),
      });
    const { status, stdout, stderr } = await writtenByPython(events);
    assertEquals(stderr, "");
    assertEquals(status, 0);
    const found = eventsIn(stdout);
    assertEquals(found.length, events.length);
    events.forEach((event, index) =>
      assertEquals(toPython(found[index]), toPython(event))
    );
    // In Python, tags have no order.
    const ordered = events.filter(({ tags }) => (tags?.length ?? 0) < 2);
    const rewritten = found.filter(({ tags }) => (tags?.length ?? 0) < 2);
    assert(ordered.length > 500, `only ${ordered.length}`);
    assertEquals(rewritten.length, ordered.length);
    // All bytes, with the tags in Python's order.
    assert(equalBytes(stream(...found), stdout));
    const single = await writtenByPython(ordered);
    assert(equalBytes(stream(...ordered), single.stdout));

    const json = await outputOfCall("subunit2json", [], { stdin: stdout });
    const there = await outputOfCall("json2subunit", [], { stdin: json });
    assert(equalBytes(there, stdout), "by way of JSON it differs");
  },
);

/** Leaves out what Python's writer leaves out: parents, and empty tags or types. */
function asPythonWrites(
  { parentTestId: _, tags, mimeType, ...event }: StatusEvent,
): StatusEvent {
  return {
    ...event,
    ...(tags?.length ? { tags } : {}),
    ...(mimeType ? { mimeType } : {}),
  };
}

// --- subunit-ls, subunit-stats

/** Text between packets, with letters that may end in a packet's first byte. */
const foreignText = fc.constantFrom(
  "running\n",
  "no line end",
  "г",
  "\u00b3\r\n",
  "\x1b[32mok\x1b[0m ",
  "\0",
);

const attachment = fc.constantFrom<EventFields>(
  {},
  {
    fileName: "reason",
    fileBytes: stream("why not ³"),
    mimeType: "text/plain;charset=utf8",
  },
  { fileName: "log", fileBytes: Uint8Array.of(0xff, 0, 0xb3), eof: true },
  { fileName: "empty", fileBytes: new Uint8Array(0) },
  {
    fileName: "traceback",
    fileBytes: stream("Traceback"),
    mimeType: 'text/x-traceback; charset="utf8"; language="python"',
  },
);

/** A few tests, each with its own route. */
const someTest = fc.constantFrom(
  { testId: "a" },
  { testId: "suite.test b", routeCode: "1" },
  { testId: "c г³", routeCode: "1" },
  { testId: "d\x1b[1m", routeCode: "1/2" },
  { testId: "e\nf", runnable: false },
  { testId: "" },
  { testId: "\u{1f600}", routeCode: "" },
);

/**
 * A sound stream on which we and the Python tools agree. They differ on
 * purpose about a uxsuccess, and about one id on two routes; an `exists`
 * hides that its test is lost from Python.
 */
const soundStream = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.tuple(
        someTest,
        attachment,
        fc.record({
          status: fc.constantFrom(
            "inprogress",
            "success",
            "skip",
            "fail",
            "xfail",
          ),
          tags: fc.uniqueArray(fc.constantFrom("x", "é", "worker-1", ""), {
            minLength: 1,
          }),
        }, { requiredKeys: [] }),
      ).map(([test, file, rest]): EventFields => ({
        ...test,
        ...file,
        ...rest,
      })),
    },
    fc.constantFrom<EventFields>(
      { testId: "only there", status: "exists" },
      { testId: "there too", status: "exists", routeCode: "2" },
    ),
    attachment,
    foreignText,
  ),
  { minLength: 1, maxLength: 60 },
).map((parts) => stream(...parts));

/** A stream of tests that start and end, at times that are multiples of the step. */
function timedStream(
  stepMicroseconds: number,
): fc.Arbitrary<Uint8Array> {
  const time = fc.integer({ min: 0, max: 200_000 }).map((count) => {
    const microseconds = count * stepMicroseconds;
    return {
      seconds: 1_000_000_000 + Math.floor(microseconds / 1e6),
      nanoseconds: microseconds % 1e6 * MICROSECOND,
    };
  });
  const times = fc.array(fc.tuple(time, time), { minLength: 1, maxLength: 40 });
  return times.map((tests) =>
    stream(
      ...tests.map(([timestamp], index): EventFields => ({
        testId: `test ${index}`,
        status: "inprogress",
        timestamp,
      })),
      "between\n",
      ...tests.map(([, timestamp], index): EventFields => ({
        testId: `test ${index}`,
        status: "success",
        timestamp,
      })),
    )
  );
}

/** Times whose difference is below a half unless it is in whole microseconds. */
const halfMillisecond = stream(
  {
    testId: "a",
    status: "inprogress",
    timestamp: { seconds: 14, nanoseconds: 727755000 },
  },
  {
    testId: "a",
    status: "success",
    timestamp: { seconds: 44, nanoseconds: 117255000 },
  },
);

const comparisons: [
  string,
  string,
  string[],
  fc.Arbitrary<Uint8Array> | Uint8Array,
][] = [
  ["subunit-ls", "by default", [], soundStream],
  ["subunit-ls", "with --exists", ["--exists"], soundStream],
  ["subunit-ls", "with --no-passthrough", ["--no-passthrough"], soundStream],
  ["subunit-ls", "with --times", ["--times"], timedStream(997)],
  [
    "subunit-ls",
    "with --times of half milliseconds",
    ["--times"],
    timedStream(500),
  ],
  [
    "subunit-ls",
    "with --times of sixteenths",
    ["--times"],
    timedStream(62_500),
  ],
  [
    "subunit-ls",
    "with --times just at a half",
    ["--times"],
    halfMillisecond,
  ],
  ["subunit-stats", "by default", [], soundStream],
  [
    "subunit-stats",
    "of tags beyond 16 bits",
    [],
    stream({
      testId: "a",
      status: "success",
      tags: ["\u{1f600}", "\uff5e"],
    }),
  ],
  ["subunit-stats", "with --no-passthrough", ["--no-passthrough"], soundStream],
];

for (const [name, what, args, streams] of comparisons) {
  peerCallTest(
    `${name} prints what the Python tool prints ${what} (seed ${SEED})`,
    ["subunit"],
    async () => {
      using dir = new TempDir();
      const inputs = streams instanceof Uint8Array
        ? [streams]
        : sample(streams, 5, SEED);
      for (const input of inputs) {
        const file = dir.file("run", input);
        const [ours, theirs] = await Promise.all([
          callTool(name, [...args, file]),
          runPython(name, [...args, file]),
        ]);
        assertEquals(theirs.stderr, "");
        assertEquals(text(ours.stdout), text(theirs.stdout));
        assertEquals(ours.stdout, theirs.stdout);
        assertEquals(ours.status, theirs.status);
      }
    },
  );
}

// --- subunit-output

const outputs: [string, string[], Uint8Array?][] = [
  ["no option", []],
  ["a status", ["--inprogress", "suite.test a"]],
  ["exists and an id of any alphabet", ["--exists", "тест ³"]],
  ["a status and tags", [
    "--skip",
    "a",
    "--tag",
    "z",
    "--tag",
    "b",
    "--tag",
    "z",
  ]],
  ["a file", ["--attach-file", "FILE"], stream("content")],
  [
    "all there is",
    [
      "--fail",
      "a",
      "--tag=t",
      "--attach-file=FILE",
      "--file-name=log",
      "--mimetype=a/b",
    ],
    stream("content"),
  ],
  ["an empty file", ["--success", "a", "--attach-file", "FILE"], stream()],
  [
    "a long file of a finished test",
    ["--xfail", "a", "--tag=t", "--attach-file=FILE", "--mimetype=a/b"],
    new Uint8Array(8_000_000),
  ],
  [
    "a long file of a test in progress",
    ["--inprogress", "a", "--tag=t", "--attach-file=FILE", "--mimetype=a/b"],
    new Uint8Array(2 * 3670016),
  ],
];

for (const [what, options, content] of outputs) {
  peerCallTest(
    `subunit-output writes the Python tool's events for ${what}`,
    ["subunit"],
    async () => {
      using dir = new TempDir();
      const file = dir.file("file", content ?? "");
      const args = options.map((option) => option.replace("FILE", file));
      await assertSameOutput(args);
    },
  );
}

peerCallTest(
  "subunit-output writes the Python tool's events for standard input",
  ["subunit"],
  async () => {
    await assertSameOutput(["--fail", "a", "--attach-file=-"], "piped");
  },
);

/** Checks that both subunit-output write the same events. */
async function assertSameOutput(
  args: readonly string[],
  stdin = "",
): Promise<void> {
  const [ours, theirs] = await Promise.all([
    outputOfCall("subunit-output", args, { stdin }),
    runPython("subunit-output", args, { stdin }),
  ]);
  assertEquals(theirs.stderr, "");
  assertEquals(untimed(ours), untimed(theirs.stdout));
}

/** Events without their times, and long content as its length. */
function untimed(bytes: Uint8Array): unknown[] {
  return eventsIn(bytes).map(({ timestamp, fileBytes, tags, ...event }) => ({
    ...event,
    tags: tags && [...tags].sort(),
    hasTime: timestamp !== undefined,
    content: fileBytes && fileBytes.length < 100
      ? text(fileBytes)
      : fileBytes?.length,
  }));
}
