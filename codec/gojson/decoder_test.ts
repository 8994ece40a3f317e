import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import type { StatusEvent } from "../event.ts";
import { secondsBetween } from "../timestamp.ts";
import { encodePackets } from "../v2/encoder.ts";
import {
  assertCuts,
  assertEnds,
  decodeChunks,
  isWritable,
  lostTests,
  show,
} from "../_testing/decode_chunks.ts";
import { GoJsonDecoder } from "./decoder.ts";

const encoder = new TextEncoder();

function decode(...chunks: Uint8Array[]): StatusEvent[] {
  return decodeChunks(new GoJsonDecoder(), chunks);
}

/** Lines of JSON: each "action", "action test" or the fields themselves. */
function lines(...described: (string | Record<string, unknown>)[]): string {
  return described.map((line) => {
    if (typeof line === "string") {
      const [Action, Test] = line.split(" ");
      return JSON.stringify({ Action, Package: "p", ...(Test && { Test }) });
    }
    return JSON.stringify({ Package: "p", ...line });
  }).join("\n") + "\n";
}

function output(Test: string | undefined, Output: string) {
  return { Action: "output", ...(Test && { Test }), Output };
}

const NO_RESULT = "[reason: no result when the package ended]";
const BROKE_OFF = "[reason: the run broke off before it ended]";
const PACKAGE_BROKE_OFF =
  "p: fail [reason: the run broke off before the package ended]";
const UNEXPLAINED =
  "p: fail [reason: the package failed, and none of its tests did]";

const NO_LINE =
  "go test: fail [reason: the input has no line of go test -json]";

/** What a stream is for, the stream, its events. */
type Vector = [name: string, stream: string, events: string[]];

const VECTORS: Vector[] = [
  ["an empty stream", "", [NO_LINE]],
  ["only text", "hello\nworld", [
    "[stdout: hello\nworld]",
    "go test: [output: hello\nworld]",
    NO_LINE,
  ]],
  [
    "results",
    lines("run TestA", "pass TestA", "run TestB", "fail TestB", "skip TestC"),
    [
      "p.TestA: inprogress",
      "p.TestA: success",
      "p.TestB: inprogress",
      "p.TestB: fail",
      "p.TestC: skip",
      PACKAGE_BROKE_OFF,
    ],
  ],
  ["a package that passes", lines("start", "pass"), []],
  ["a package without tests", lines("start", "skip"), []],
  [
    "pause and cont, which are no status",
    lines("run TestA", "pause TestA", "cont TestA", "pass TestA", "pass"),
    ["p.TestA: inprogress", "p.TestA: success"],
  ],
  [
    "output of tests, of the package and of tests that are over",
    lines(
      output(undefined, "begin\n"),
      "run TestA",
      output("TestA", "one\n"),
      output("TestA", "two"),
      "pass TestA",
      output("TestA", "late\n"),
      "pass",
    ),
    [
      "[stdout: begin\n]",
      "p.TestA: inprogress",
      "p.TestA: success [output: one\ntwo]",
      "[stdout: late\n]",
    ],
  ],
  [
    "subtests, whose own names may have slashes",
    lines(
      "run TestA",
      "run TestA/b/c",
      "run TestA/b/c/d",
      "pass TestA/b/c/d",
      "pass TestA/b/c",
      "pass TestA",
      "pass TestB/c/d",
      "pass",
    ),
    [
      "p.TestA: inprogress",
      "p.TestA/b/c (of p.TestA): inprogress",
      "p.TestA/b/c/d (of p.TestA/b/c): inprogress",
      "p.TestA/b/c/d (of p.TestA/b/c): success",
      "p.TestA/b/c (of p.TestA): success",
      "p.TestA: success",
      "p.TestB/c/d (of p.TestB): success",
    ],
  ],
  [
    "attributes",
    lines(
      "run TestA",
      { Action: "attr", Test: "TestA", Key: "issue", Value: "7" },
      { Action: "attr", Test: "TestA", Key: "slow", Value: "" },
      "pass TestA",
      "pass",
    ),
    ["p.TestA: inprogress", "p.TestA: success #issue=7 #slow="],
  ],
  [
    "a package that fails by a test",
    lines("run TestA", "fail TestA", output(undefined, "FAIL\n"), "fail"),
    ["p.TestA: inprogress", "p.TestA: fail", "[stdout: FAIL\n]"],
  ],
  [
    "a package that fails by itself",
    lines("pass TestA", output(undefined, "no database\n"), "fail"),
    [
      "p.TestA: success",
      "[stdout: no database\n]",
      "p: [output: no database\n]",
      UNEXPLAINED,
    ],
  ],
  [
    "a package that fails before a test has a result",
    lines("run TestA", "run TestA/b", "pass TestA/b", "run TestC", "fail"),
    [
      "p.TestA: inprogress",
      "p.TestA/b (of p.TestA): inprogress",
      "p.TestA/b (of p.TestA): success",
      "p.TestC: inprogress",
      `p.TestA: ${NO_RESULT}`,
      "p.TestA: fail",
      `p.TestC: ${NO_RESULT}`,
      "p.TestC: fail",
    ],
  ],
  [
    "a package that passes before a test has a result",
    lines("run TestA", "run TestA/b", "pass"),
    [
      "p.TestA: inprogress",
      "p.TestA/b (of p.TestA): inprogress",
      `p.TestA: ${NO_RESULT}`,
      "p.TestA: fail",
      `p.TestA/b (of p.TestA): ${NO_RESULT}`,
      "p.TestA/b (of p.TestA): fail",
    ],
  ],
  [
    "a test that is started twice",
    lines("run TestA", "run TestA", "pass TestA", "pass"),
    [
      "p.TestA: inprogress",
      "p.TestA: [reason: no result when it was started again]",
      "p.TestA: fail",
      "p.TestA: inprogress",
      "p.TestA: success",
    ],
  ],
  [
    "a test that comes twice, with -count=2",
    lines("run TestA", "pass TestA", "run TestA", "fail TestA", "fail"),
    [
      "p.TestA: inprogress",
      "p.TestA: success",
      "p.TestA: inprogress",
      "p.TestA: fail",
    ],
  ],
  [
    "a run that breaks off, within a line",
    lines("run TestA", output(undefined, "begin\n")) + '{"Action":"pa',
    [
      "p.TestA: inprogress",
      '[stdout: begin\n{"Action":"pa]',
      `p.TestA: ${BROKE_OFF}`,
      "p.TestA: fail",
      "p: [output: begin\n]",
      PACKAGE_BROKE_OFF,
    ],
  ],
  [
    "a build that fails, as Go prints it from 1.24 on",
    lines(
      {
        Package: undefined,
        ImportPath: "p [p.test]",
        Action: "build-output",
        Output: "# p [p.test]\n",
      },
      {
        Package: undefined,
        ImportPath: "p [p.test]",
        Action: "build-output",
        Output: "./a_test.go:6:2: undefined: x\n",
      },
      { Package: undefined, ImportPath: "p [p.test]", Action: "build-fail" },
      "start",
      output(undefined, "FAIL\tp [build failed]\n"),
      { Action: "fail", Elapsed: 0, FailedBuild: "p [p.test]" },
    ),
    [
      "[stdout: # p [p.test]\n./a_test.go:6:2: undefined: x\nFAIL\tp [build failed]\n]",
      "p: [output: # p [p.test]\n./a_test.go:6:2: undefined: x\nFAIL\tp [build failed]\n]",
      "p: fail [reason: the build of p [p.test] failed]",
    ],
  ],
  [
    "a build that fails and no package after it",
    lines({ Package: undefined, ImportPath: "a", Action: "build-fail" }),
    ["a: fail [reason: the build failed]"],
  ],
  [
    "a build that fails, as Go printed it up to 1.19",
    "# p\na.go:1: no\nFAIL\tp [build failed]\nFAIL\tq [setup failed]\r\nFAIL\n",
    [
      "[stdout: # p\na.go:1: no\nFAIL\tp [build failed]\n]",
      "p: fail [reason: [build failed]]",
      "[stdout: FAIL\tq [setup failed]\r\n]",
      "q: fail [reason: [setup failed]]",
      "[stdout: FAIL\n]",
    ],
  ],
  [
    "the same within a test's package, which is only text",
    lines("start") + "FAIL\tp [build failed]\n" + lines("pass"),
    ["[stdout: FAIL\tp [build failed]\n]"],
  ],
  [
    "benchmarks, which get no result when they pass",
    lines(
      "run BenchmarkA",
      output("BenchmarkA", "BenchmarkA-8 \t 10\t 68.10 ns/op\n"),
      "run BenchmarkB",
      "run BenchmarkB/c",
      "pass",
    ),
    [
      "p.BenchmarkA: inprogress",
      "p.BenchmarkA: [output: BenchmarkA-8 \t 10\t 68.10 ns/op\n]",
      "p.BenchmarkB: inprogress",
      "p.BenchmarkB/c (of p.BenchmarkB): inprogress",
      "p.BenchmarkA: success [output: ]",
      "p.BenchmarkB: success",
      "p.BenchmarkB/c (of p.BenchmarkB): success",
    ],
  ],
  [
    "benchmarks whose package fails for itself: who printed no result fails",
    lines(
      "run BenchmarkA",
      output("BenchmarkA", " \t 10\t 68.10 ns/op\n"),
      "run BenchmarkB",
      "fail",
    ),
    [
      "p.BenchmarkA: inprogress",
      "p.BenchmarkA: [output:  \t 10\t 68.10 ns/op\n]",
      "p.BenchmarkB: inprogress",
      "p.BenchmarkA: success [output: ]",
      `p.BenchmarkB: ${NO_RESULT}`,
      "p.BenchmarkB: fail",
    ],
  ],
  [
    "benchmarks that fail late, under another name",
    lines("run BenchmarkA", "run BenchmarkB", "fail BenchmarkA-8", "fail"),
    [
      "p.BenchmarkA: inprogress",
      "p.BenchmarkB: inprogress",
      "p.BenchmarkA: fail",
      "p.BenchmarkB: success",
    ],
  ],
  [
    "benchmarks that are started again, and those that log",
    lines("run BenchmarkA", "run BenchmarkA", "bench BenchmarkC-2", "pass"),
    [
      "p.BenchmarkA: inprogress",
      "p.BenchmarkA: success",
      "p.BenchmarkA: inprogress",
      "p.BenchmarkC-2: success",
      "p.BenchmarkA: success",
    ],
  ],
  [
    "results behind output that does not end its line",
    lines(
      "run TestA",
      output("TestA", "prompt> --- PASS: TestA (0.00s)\n"),
      "run TestB",
      output("TestB", "prompt> --- SKIP: TestB (0.00s)\n"),
      "pass",
    ),
    [
      "p.TestA: inprogress",
      "p.TestA: [output: prompt> --- PASS: TestA (0.00s)\n]",
      "p.TestB: inprogress",
      "p.TestB: [output: prompt> --- SKIP: TestB (0.00s)\n]",
      "p.TestA: success [output: ]",
      "p.TestB: skip [output: ]",
    ],
  ],
  [
    "look-alikes of such results, of another test or where the package fails",
    lines(
      "run TestA",
      output("TestA", "--- PASS: TestB (0.00s)\n"),
      "run TestB",
      output("TestB", "--- PASS: TestB (0.00s)\n"),
      "fail",
    ),
    [
      "p.TestA: inprogress",
      "p.TestA: [output: --- PASS: TestB (0.00s)\n]",
      "p.TestB: inprogress",
      "p.TestB: [output: --- PASS: TestB (0.00s)\n]",
      `p.TestA: ${NO_RESULT}`,
      "p.TestA: fail [output: ]",
      `p.TestB: ${NO_RESULT}`,
      "p.TestB: fail [output: ]",
    ],
  ],
  [
    "JSON that is no event of Go",
    '{"Action":"fly","Package":"p"}\n{"Package":"p"}\n[]\nnull\n{}\n' +
    '{"Action":"run","Package":7}\n{"Action":"run","Test":"TestA"\n',
    [
      '[stdout: {"Action":"fly","Package":"p"}\n{"Package":"p"}\n[]\nnull\n{}\n' +
      '{"Action":"run","Package":7}\n{"Action":"run","Test":"TestA"\n]',
      'go test: [output: {"Action":"fly","Package":"p"}\n{"Package":"p"}\n[]\nnull\n{}\n' +
      '{"Action":"run","Package":7}\n{"Action":"run","Test":"TestA"\n]',
      NO_LINE,
    ],
  ],
  [
    "test2json that was told of no package",
    '{"Action":"run","Test":"TestA"}\r\n{"Action":"pass","Test":"TestA"}\r\n{"Action":"fail"}',
    [
      "TestA: inprogress",
      "TestA: success",
      UNEXPLAINED.replace("p", "go test"),
    ],
  ],
  [
    "names that no id can hold",
    '{"Action":"pass","Package":"p","Test":"A\\u0000\\ud800"}\n{"Action":"pass","Package":"p"}',
    ["p.A\\0\ufffd: success"],
  ],
];

for (const [name, stream, events] of VECTORS) {
  Deno.test(`GoJsonDecoder reads ${name}`, () => {
    assertEquals(decode(encoder.encode(stream)).map(show), events);
  });
}

Deno.test("GoJsonDecoder gives the same events however the stream is cut", () => {
  for (const [name, stream] of VECTORS) {
    assertCuts(encoder.encode(stream), (chunks) => decode(...chunks), name);
  }
});

Deno.test("GoJsonDecoder reports which tests are runnable", () => {
  const events = decode(encoder.encode(lines("pass TestA", "start", "fail")));
  assertEquals(
    events.map(({ testId, runnable }) => [testId, runnable]),
    [["p.TestA", true], ["p", false]],
  );
});

Deno.test("GoJsonDecoder reads times to the nanosecond, in any zone", () => {
  for (
    const [time, expected] of [
      ["1970-01-01T00:00:01.000000002Z", { seconds: 1, nanoseconds: 2 }],
      ["1970-01-01T00:00:01.5Z", { seconds: 1, nanoseconds: 500000000 }],
      ["1970-01-01T01:00:01+01:00", { seconds: 1, nanoseconds: 0 }],
      ["1970-01-01T00:00:01.25-00:01", {
        seconds: 61,
        nanoseconds: 250000000,
      }],
      ["1970-01-01T00:00:01.25-00:01", {
        seconds: 61,
        nanoseconds: 250000000,
      }],
      ["0001-01-01T00:00:00Z", undefined],
      ["2106-02-07T06:28:15Z", { seconds: 2 ** 32 - 1, nanoseconds: 0 }],
      ["2106-02-07T06:28:16Z", undefined],
      ["2026-02-31T00:00:00Z", undefined],
      ["yesterday", undefined],
      [7, undefined],
    ] as const
  ) {
    const line = lines({ Action: "run", Test: "TestA", Time: time });
    const [{ timestamp }] = decode(encoder.encode(line));
    assertEquals(timestamp, expected, String(time));
  }
});

Deno.test("GoJsonDecoder emits output as it arrives", () => {
  const decoder = new GoJsonDecoder();
  const push = (text: string) => decoder.push(encoder.encode(text)).map(show);
  assertEquals(push("a prompt> "), ["[stdout: a prompt> ]"]);
  assertEquals(push('{"Action":"run"'), ['[stdout: {"Action":"run"]']);
  assertEquals(push('\n{"Action":"run"'), ["[stdout: \n]"]);
  assertEquals(push(',"Test":"TestA"}\n'), ["TestA: inprogress"]);
  assertEquals(push('{"Action":"output","Test":"TestA","Output":"x"}\n'), [
    "TestA: [output: x]",
  ]);
});

Deno.test("GoJsonDecoder prefers the durations that Go measured to the clock", () => {
  const at = (time: string, Action: string, Elapsed?: number) => ({
    Time: `2026-01-05T10:00:${time}Z`,
    Action,
    Test: "TestA",
    Elapsed,
  });
  const cases: [name: string, stream: string, seconds: number][] = [
    [
      "a parallel test that was paused",
      lines(at("00", "run"), at("00", "pause"), at("05", "cont")) +
      lines(at("05.2", "pass", 0.2)),
      0.2,
    ],
    [
      "a cached package, or a log converted later",
      lines(at("00", "run"), at("00", "fail", 1.5)),
      1.5,
    ],
    [
      "the clock, where it agrees and is more exact",
      lines(at("00", "run"), at("01.2345", "pass", 1.23)),
      1.2345,
    ],
    ["the clock alone", lines(at("00", "run"), at("02", "pass")), 2],
  ];
  for (const [name, stream, seconds] of cases) {
    const [start, end] = decode(encoder.encode(stream));
    const took = secondsBetween(start.timestamp!, end.timestamp!);
    assertEquals(took, seconds, name);
  }
});

Deno.test("GoJsonDecoder does not hold lines that are too long", () => {
  const long = `{"Action":"output","Output":"${"x".repeat(1 << 20)}"}\n`;
  const bytes = encoder.encode(long + long + "ok\n");
  const events = decode(bytes).filter(({ testId }) => testId === undefined);
  assertEquals(events.length, 1);
  assertEquals(events[0].fileBytes!.length, bytes.length);
  const decoder = new GoJsonDecoder();
  let passed = 0;
  for (let at = 0; at < bytes.length; at += 65536) {
    for (const { fileBytes } of decoder.push(bytes.subarray(at, at + 65536))) {
      passed += fileBytes!.length;
    }
    assert(at + 65536 - passed <= (1 << 20) + 65536);
  }
  assertEquals(passed, bytes.length);
});

Deno.test("GoJsonDecoder keeps only the end of a package's output", () => {
  const line = "x".repeat(1000) + "\n";
  const lost = Array.from({ length: 200 }, () => output(undefined, line));
  const events = decode(encoder.encode(lines(...lost, "fail")));
  const report = events.find(({ fileName }) => fileName === "output")!;
  assertEquals(report.fileBytes!.length % line.length, 0);
  assert(report.fileBytes!.length > 60_000);
  assert(report.fileBytes!.length <= 64 * 1024);
});

Deno.test("GoJsonDecoder cuts ids that are too long for a packet", () => {
  const name = "T" + "\u{1f600}".repeat(100_000);
  const stream = encoder.encode(lines(`run ${name}`, `pass ${name}`));
  for (const event of decode(stream)) {
    assert(event.testId!.length <= 4096);
    encodePackets(event);
  }
});

Deno.test("GoJsonDecoder limits attributes to what a packet can hold", () => {
  const Value = "v".repeat(5000);
  const attributes = Array.from({ length: 1000 }, (_, i) => (
    { Action: "attr", Test: "TestA", Key: `k${i}`, Value }
  ));
  const stream = lines("run TestA", ...attributes, "pass TestA", "pass");
  const { tags } = decode(encoder.encode(stream)).at(-1)!;
  assertEquals(tags!.length, 100);
  for (const event of decode(encoder.encode(stream))) encodePackets(event);
});

Deno.test("GoJsonDecoder refuses chunks after its end", () => {
  assertEnds(new GoJsonDecoder());
});

const NAMES = ["TestA", "TestA/b", "TestA/b/c", "BenchmarkD", "BenchmarkD-2"];
const ACTIONS = [
  "start",
  "run",
  "run",
  "pause",
  "cont",
  "pass",
  "bench",
  "fail",
  "skip",
  "output",
  "attr",
  "build-output",
  "build-fail",
  "other",
];

const anyEvent = fc.record({
  Time: fc.constantFrom("2026-01-31T12:00:00.000000001Z", "never"),
  Action: fc.constantFrom(...ACTIONS),
  Package: fc.constantFrom("p", "q"),
  Test: fc.constantFrom(...NAMES),
  Output: fc.constantFrom("x\n", "--- PASS: TestA (0.00s)\n", "1 ns/op", ""),
  ImportPath: fc.constantFrom("p", "q [q.test]"),
  FailedBuild: fc.constantFrom("p", "q [q.test]"),
}, { requiredKeys: ["Action", "Output"] });

Deno.test("GoJsonDecoder ends every test and keeps every output, seed 6", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          { weight: 5, arbitrary: anyEvent },
          fc.string(),
          fc.constant("\n"),
        ),
        { maxLength: 40, size: "max" },
      ),
      fc.nat(),
      (parts, cut) => {
        const marks: string[] = [];
        const stream = parts.map((part, i) => {
          if (typeof part === "string") return part;
          const mark = `<mark ${i}>`;
          if (part.Action.endsWith("output")) marks.push(mark);
          const line = { ...part, Output: mark + part.Output };
          return `\n${JSON.stringify(line)}\n`;
        });
        const bytes = encoder.encode(stream.join(""));
        const events = decode(bytes);
        const at = cut % (bytes.length + 1);
        assertEquals(decode(bytes.subarray(0, at), bytes.subarray(at)), events);
        assertEquals(lostTests(events), []);
        assert(events.every(isWritable));
        const shown = events.map(show).join("\n");
        for (const mark of marks) assert(shown.includes(mark), mark);
      },
    ),
    { seed: 6, numRuns: 1500 },
  );
});

Deno.test("GoJsonDecoder shows text that is cut within a character as a whole", () => {
  const halves = Uint8Array.fromHex("f284");
  for (const text of [encoder.encode("нет: \u{1f600}"), halves]) {
    assertCuts(text, (chunks) => decode(...chunks));
  }
});

Deno.test("GoJsonDecoder passes on all bytes that are not events, seed 7", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), (chunks) => {
      const marked = concat(chunks.flatMap((chunk) => [
        Uint8Array.of(0x7b),
        chunk,
        Uint8Array.of(0x0a),
      ]));
      const events = decode(...chunks.length > 0 ? [marked] : [])
        .filter(({ testId }) => testId === undefined);
      assertEquals(concat(events.map(({ fileBytes }) => fileBytes!)), marked);
    }),
    { seed: 7, numRuns: 500 },
  );
});
