import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  commandOf,
  fixture,
  isCi,
  lengthOf,
  peakMemoryOf,
  some,
  TempDir,
} from "../support/run.ts";
import {
  at,
  type EventFields,
  itemsIn,
  stream,
  textFile,
} from "../support/streams.ts";
import { encodeEvent } from "../../filters/faults/log/event.ts";
import { quote } from "../../scripts/tool_path.ts";

/** The bytes that are generated and piped through each tool. */
const STREAM_BYTES = lengthOf("tools on 2 GB", 2e9, 150e6);
/** The same for tools that convert each test. */
const CONVERTED_BYTES = lengthOf("converters on 400 MB", 400e6, 130e6);
/**
 * The design's bound on resident memory, for a stream of any length; every
 * stream is longer, or has a million tests.
 */
const MOST_BYTES = 120 * 1024 * 1024;

/** About a megabyte of concurrent tests that pass and fail, with logs. */
function block(): Uint8Array {
  const events = Array.from({ length: 600 }, (_, i): EventFields[] => {
    const test = { testId: `package.module.test_${i}`, routeCode: "worker-1" };
    const ended = `package.module.test_${(i + 590) % 600}`;
    return [
      { ...test, status: "inprogress", timestamp: at("01:02:03") },
      {
        ...test,
        fileName: "log",
        fileBytes: new Uint8Array(1500).fill(0x61),
        mimeType: "text/plain",
      },
      {
        ...test,
        testId: ended,
        status: i % 3 === 0 ? "fail" : "success",
        timestamp: at("01:02:04"),
        tags: ["a"],
      },
    ];
  });
  return stream(...events.flat(), "a line of text\n");
}

/** About a megabyte of tests without files; 120 MB are more than a million. */
function blockOfSmall(): Uint8Array {
  const events = Array.from({ length: 5000 }, (_, i): EventFields[] => [
    { testId: `package.module.Case.test_${i}`, status: "inprogress" },
    {
      testId: `package.module.Case.test_${i}`,
      status: i % 50 === 0 ? "fail" : "success",
      timestamp: at("01:02:04"),
      tags: ["a"],
      routeCode: "worker-1",
    },
  ]);
  return stream(...events.flat());
}

/** The tests of `block` in the text protocol: version 1 runs one test at a time. */
function blockOfV1(): string {
  const tests = Array.from({ length: 600 }, (_, i) => {
    const id = `package.module.test_${i}`;
    const word = i % 3 === 0 ? "failure" : "success";
    return `time: 2026-01-31 01:02:03Z\ntest: ${id}\na line of text\n` +
      `${word}: ${id} [\n${"a line of a log\n".repeat(90)}]\n`;
  });
  return tests.join("");
}

/** The same as a JUnit report, without its root element. */
function blockOfJunit(): string {
  const tests = Array.from({ length: 600 }, (_, i) => {
    const failure = `<failure message="no">${"a line\n".repeat(100)}</failure>`;
    return `<testcase classname="package.module" name="test_${i}" time="1">
      ${i % 3 === 0 ? failure : ""}
      <system-out>${"a line of a log\n".repeat(50)}</system-out></testcase>\n`;
  });
  return tests.join("");
}

/** The same as `go test -json` prints it. */
function blockOfGo(): string {
  const tests = Array.from({ length: 600 }, (_, i) => {
    const line = (Action: string, more = {}) =>
      JSON.stringify({ Action, Package: "module", Test: `Test${i}`, ...more }) +
      "\n";
    return line("run") +
      line("output", { Output: "a line of a log\n" }).repeat(10) +
      line(i % 3 === 0 ? "fail" : "pass", { Elapsed: 1 });
  });
  return tests.join("");
}

/** About a megabyte of test points; their names repeat. */
function blockOfTap(): string {
  const points = Array.from(
    { length: 20_000 },
    (_, i) => `ok - package.module.Case.test_${i}\n`,
  );
  return points.join("");
}

/** About a megabyte of tests with large files, ten at a time. */
function blockOfFiles(): Uint8Array {
  const fileBytes = new Uint8Array(60_000).fill(0x61);
  const events = Array.from({ length: 20 }, (_, i): EventFields[] => [
    { testId: `test_${i}`, status: "inprogress" },
    { testId: `test_${i}`, fileName: "log", fileBytes, mimeType: "text/plain" },
    { testId: `test_${(i + 10) % 20}`, status: "success" },
  ]);
  return stream(...events.flat());
}

/** About a megabyte of a file of a test that never ends. */
function blockOfOneFile(): Uint8Array {
  const fileBytes = new TextEncoder().encode("a line of a log\n".repeat(4000));
  const part = { testId: "test", fileName: "log", fileBytes };
  return stream(...Array(16).fill({ ...part, mimeType: "text/plain" }));
}

interface Row {
  readonly command: readonly [string, ...string[]];
  /** About a megabyte, repeated. */
  readonly block: Uint8Array | string;
  /** The content, for the test's name. */
  readonly of: string;
  /** The bytes before the first block. */
  readonly head?: string;
  readonly bytes?: number;
  /** The highest accepted exit status, since the stream is cut off. */
  readonly worst?: number;
}

const passing: Row["command"][] = [
  ["subunit-filter", "-F"],
  ["subunit-filter", "--text=b", "--max-attachment=100"],
  ["subunit-tags", "nightly"],
  ["subunit-tee", "/dev/null"],
  ["subunit-seal"],
  ["subunit-merge", "a=-"],
  ["subunit-diff", "BLOCK", "-"],
  ["subunit-conform", fixture("conform/shop.json")],
];
const reporting: Row["command"][] = [
  ["subunit2csv"],
  ["subunit2html"],
  ["subunit2junitxml"],
  ["subunit2tap"],
  ["subunit2trace"],
  ["subunit2trace", "--otlp"],
  ["subunit2cbor"],
  ["subunit-progress", "--forward"],
  ["subunit-progress", "--format=names"],
];
const bytes = CONVERTED_BYTES;
const tests = { of: "tests", block: block() };
const small = {
  of: "a million tests",
  block: blockOfSmall(),
  bytes: 120_000_000,
};
const oneFile = { of: "one file", block: blockOfOneFile(), bytes };
const files = { of: "large files", block: blockOfFiles(), bytes };

const rows: readonly Row[] = [
  ...passing.map((command) => ({ command, ...tests })),
  ...reporting.map((command) => ({ command, ...small })),
  { command: ["subunit-2to1"], ...tests, bytes },
  { command: ["subunit-faults"], ...tests, bytes },
  { command: ["subunit-2to1"], ...files },
  { command: ["subunit-select", "--as=ctest"], ...tests, bytes, worst: 3 },
  { command: ["subunit2junitxml"], ...files },
  { command: ["subunit2html"], ...files },
  { command: ["subunit2html"], ...tests, bytes },
  { command: ["subunit-progress"], ...tests, bytes },
  ...[
    "subunit-progress",
    "subunit2html",
    "subunit2junitxml",
    "subunit2pyunit",
    "subunit2tap",
    "subunit2github",
    "subunit2trace",
  ].map((name): Row => ({ command: [name], ...oneFile })),
  { command: ["subunit-1to2"], of: "version 1", block: blockOfV1(), bytes },
  {
    command: ["tap2subunit"],
    of: "TAP",
    block: blockOfTap(),
    bytes: 80_000_000,
  },
  { command: ["gojson2subunit"], of: "Go tests", block: blockOfGo(), bytes },
  {
    command: ["junitxml2subunit"],
    of: "JUnit cases",
    head: "<testsuite>",
    block: blockOfJunit(),
    bytes,
    worst: 2,
  },
];

if (!isCi) console.log("left out: memory of most tools; CI has it");

for (const row of some(rows, 1)) {
  const { command: [name, ...args], of, block, head = "" } = row;
  const { bytes = STREAM_BYTES, worst = 1 } = row;
  const title = [name, ...args].join(" ");
  Deno.test(`${title} stays small on ${bytes / 1e6} MB, ${of}`, async () => {
    using dir = new TempDir();
    const file = dir.file("block", block);
    const tool = [...commandOf(name), ...args].map(quote).join(" ");
    const peak = await peakMemoryOf(
      `exec ${tool.replace("BLOCK", file)} < <(
        { printf %s ${quote(head)}
          while cat ${quote(file)}; do :; done 2> /dev/null
        } | head -c ${bytes})`,
      [],
      { worst },
    );
    assert(peak < MOST_BYTES, `it takes ${peak} bytes`);
  });
}

const guidelineTests = isCi ? 100_000 : 20_000;
if (!isCi) console.log("shorter: a guideline of 100000 tests, 20000 of them");

Deno.test(`subunit-conform keeps what a guideline of ${guidelineTests} tests asks for, however long the run is`, async () => {
  using dir = new TempDir();
  const ids = Array.from(
    { length: guidelineTests },
    (_, i) => `package.module.Case.test_${i}`,
  );
  const share = guidelineTests / 1000;
  const capabilities = Object.fromEntries(
    Array.from({ length: 1000 }, (_, i) => [
      `capability ${i}`,
      { tests: ids.slice(i * share, (i + 1) * share) },
    ]),
  );
  const guideline = dir.file(
    "guideline.json",
    JSON.stringify({ product: "P", capabilities }),
  );
  const run = dir.file("run", "");
  for (let i = 0; i < guidelineTests; i += 1000) {
    const events = ids.slice(i, i + 1000).flatMap((testId): EventFields[] => [
      { testId, status: "inprogress" },
      { testId: `${testId} [other]`, status: "success", routeCode: "worker" },
      { testId: `unknown ${testId}`, status: "fail" },
      { testId, status: "success" },
    ]);
    Deno.writeFileSync(run, stream(...events), { append: true });
  }
  const tool = commandOf("subunit-conform").map(quote).join(" ");
  const peakOf = (times: number) =>
    peakMemoryOf(
      `exec ${tool} ${quote(guideline)} < <(
        for ((i = 0; i < ${times}; i++)); do cat ${quote(run)}; done)`,
    );
  // More than that is garbage at most, which the engine has not collected.
  const most = await peakOf(2) + 32 * 1024 * 1024;
  const peak = await peakOf(isCi ? 20 : 40);
  assert(peak < most, `it takes ${peak} bytes, and may take ${most}`);
});

/** A name without digits, which no mask hides. */
function nameOf(number: number): string {
  return `f${number}`.replace(/\d/g, (digit) => "abcdefghij"[Number(digit)]);
}

/** A test that fails at a place and with a message of its own. */
function failureOf(testId: string, number: number): EventFields {
  const name = nameOf(number);
  const traceback = `Traceback (most recent call last):
  File "/a/shop/${name}.py", line 1, in ${name}
    self.connection.go(${name})
RuntimeError: ${name} broke when nobody looked
`;
  const timestamp = at("01:02:03");
  return {
    testId,
    status: "fail",
    timestamp,
    ...textFile("traceback", traceback),
  };
}

/** A part of a file of a test that has not ended. */
function partOf(testId: string, part: string): EventFields {
  return { testId, ...textFile("traceback", part) };
}

/** The peak of resident memory of subunit-faults, and what it prints. */
async function faultsOf(
  dir: TempDir,
  args: string,
  files: readonly string[],
): Promise<{ peak: number; output: Uint8Array }> {
  const tool = commandOf("subunit-faults").map(quote).join(" ");
  const output = `${dir.path}/output`;
  const peak = await peakMemoryOf(
    `exec ${tool} ${args} < <(cat "$@") > ${quote(output)}`,
    files,
  );
  return { peak, output: Deno.readFileSync(output) };
}

/**
 * What subunit-faults may take: it keeps the faults, a thousand of them. It
 * takes 115 to 170 MiB, hashes that are not collected yet among them, and 340
 * where it keeps the texts.
 */
const MOST_OF_FAULTS = 210 * 1024 * 1024;

const faultCount = isCi ? 100_000 : 20_000;
if (!isCi) console.log("shorter: 100000 faults in a run, 20000 of them");

for (const args of some(["--report", "--explain", "--log"], 1)) {
  Deno.test(`subunit-faults ${args} stays small on ${faultCount} faults`, async () => {
    using dir = new TempDir();
    const path = dir.file("run", "");
    for (let i = 0; i < faultCount; i += 1000) {
      const tests = Array.from(
        { length: 1000 },
        (_, j) => failureOf(`test ${i + j}`, i + j),
      );
      Deno.writeFileSync(path, stream(...tests), { append: true });
    }
    const log = `${dir.path}/log`;
    const { peak, output } = await faultsOf(
      dir,
      args === "--log" ? `--log=${quote(log)}` : args,
      [path],
    );
    assert(peak < MOST_OF_FAULTS, `it takes ${peak} bytes`);
    if (args === "--report") {
      const [title] = new TextDecoder().decode(output).split("\n");
      // Those beyond a thousand are one.
      assertMatch(title, new RegExp(`^1001 faults, ${faultCount} tests$`));
    } else assert(output.length > Deno.statSync(path).size);
    // A sighting and a description of each, and the run.
    if (args === "--log") {
      assertEquals(itemsIn(Deno.readFileSync(log)).length, 2 * 1000 + 1 + 1);
    }
  });
}

for (const args of some(["--samples=3 --log=LOG", "--report"], 1)) {
  Deno.test(`subunit-faults ${args} keeps no texts of 1000 faults`, async () => {
    using dir = new TempDir();
    const text = "some line of a log that says nothing\n".repeat(1700);
    const body = dir.file("body", stream(...Array(4).fill(partOf("t", text))));
    const ends = Array.from(
      { length: 1000 },
      (_, i) => dir.file(`end ${i}`, stream(failureOf("t", i))),
    );
    const { peak, output } = await faultsOf(
      dir,
      args.replace("LOG", quote(`${dir.path}/log`)),
      ends.flatMap((end) => [body, end]),
    );
    assert(peak < MOST_OF_FAULTS, `it takes ${peak} bytes`);
    if (args === "--report") {
      assertMatch(new TextDecoder().decode(output), /^1000 faults, 1000 tests/);
    }
  });
}

Deno.test("subunit-faults stays small on a line of 10 MB", async () => {
  using dir = new TempDir();
  const part = "x 1 'a' /a/b ".repeat(4700);
  const parts = Array(164).fill(partOf("t", part));
  const file = dir.file(
    "run",
    stream(...parts, failureOf("t", 1), part.repeat(164)),
  );
  assert(Deno.statSync(file).size > 20e6);
  for (const args of ["--report", ""]) {
    const { peak, output } = await faultsOf(dir, args, [file]);
    assert(peak < MOST_BYTES, `it takes ${peak} bytes`);
    if (args === "--report") {
      assertMatch(new TextDecoder().decode(output), /^1 fault, 1 test\n/);
    } else assert(output.length > Deno.statSync(file).size);
  }
});

for (const direction of some(["--push", "--pull"], 1)) {
  Deno.test(`fault-log sync ${direction} holds a part of 240 MB of events`, async () => {
    using dir = new TempDir();
    const log = dir.file("log", ""), none = `${dir.path}/none`;
    const text = "a line of a comment\n".repeat(5000);
    for (let i = 0; i < 2400; i++) {
      const value = `${i} ${text}`;
      const event = encodeEvent({ fault: "fault:a", kind: "comment", value });
      Deno.writeFileSync(log, event, { append: true });
    }
    const [mine, theirs] = direction === "--push" ? [log, none] : [none, log];
    const tool = commandOf("fault-log").map(quote).join(" ");
    const peak = await peakMemoryOf(
      `exec ${tool} sync ${direction} ${mine} -- ${tool} sync ${theirs}`,
    );
    assertEquals(Deno.statSync(none).size, Deno.statSync(log).size);
    // 135 to 190 MiB; 300 and 550 with all of it.
    assert(peak < 250 * 1024 * 1024, `it takes ${peak} bytes`);
  });
}
