import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { isFinalStatus } from "@subunit/codec";
import fc from "fast-check";
import { callTool, peerCallTest, test } from "../support/call.ts";
import { assertForwards, runOnTerminal } from "../support/checks.ts";
import {
  type Finished,
  LiveTool,
  peerTest,
  run,
  TempDir,
  text,
} from "../support/run.ts";
import {
  anyRun,
  at,
  damaged,
  type EventFields,
  file,
  forEachPrefix,
  noisyStream,
  sample,
  stream,
  textFile,
} from "../support/streams.ts";

const SEED = 20090415;
const DOUBLE_RULE = "=".repeat(70);
const RULE = "-".repeat(70);
const RAISED = "testtools.testresult.real._StringException";

function report(input: Uint8Array, ...args: string[]): Promise<Finished> {
  return callTool("subunit2pyunit", args, { stdin: input });
}

// --- Reports

test("subunit2pyunit tells of tests as they end, and of failures at the end", async () => {
  const input = stream(
    { testId: "m.a", status: "inprogress", timestamp: at("01:00:00") },
    { testId: "m.l", ...textFile("log", "half") },
    { testId: "m.b", status: "skip", ...textFile("reason", "it's so") },
    { testId: "m.a", status: "success", timestamp: at("01:00:01.5") },
    { testId: "e", status: "exists" },
    { testId: "m.u", status: "uxsuccess", timestamp: at("01:00:02") },
    { testId: "m.x", status: "xfail", ...textFile("traceback", "known") },
    { testId: "m.f", status: "fail", ...textFile("traceback", "boom") },
    { testId: "m.g", status: "fail", timestamp: at("00:59:59.25") },
    { testId: "m.k", status: "inprogress" },
    { testId: "", status: "skip" },
  );
  const { stdout, stderr, status } = await report(input);
  assertEquals(stderr, "");
  assertEquals(status, 1);
  assertEquals(
    text(stdout),
    `m.b
m.b ... skipped "it's so"
m.a
m.a ... ok
m.u
m.u ... unexpected success
m.x
m.x ... expected failure
m.f
m.f ... FAIL
m.g
m.g ... FAIL
 ... skipped ''
m.l
m.l ... ERROR
m.k
m.k ... ERROR

${DOUBLE_RULE}
ERROR: m.l
m.l
${RULE}
The test started and never ended.

log: {{{half}}}


${DOUBLE_RULE}
ERROR: m.k
m.k
${RULE}
The test started and never ended.

${DOUBLE_RULE}
FAIL: m.f
m.f
${RULE}
${RAISED}: boom


${DOUBLE_RULE}
FAIL: m.g
m.g
${RULE}
${RAISED}

${DOUBLE_RULE}
UNEXPECTED SUCCESS: m.u
m.u
${RULE}
Ran 9 tests in 2.750s

FAILED (failures=2, errors=2, skipped=2, expected failures=1, unexpected successes=1)
`,
  );
});

test("subunit2pyunit says OK of a run in which nothing failed, or is", async () => {
  const cases: [events: EventFields[], words: string][] = [
    [[{ testId: "a", status: "success" }], "OK\n"],
    [[{ testId: "a", status: "skip" }], "OK (skipped=1)\n"],
    [
      [{ testId: "a", status: "skip" }, { testId: "b", status: "xfail" }],
      "OK (skipped=1, expected failures=1)\n",
    ],
    [[], "OK\n"],
  ];
  for (const [events, words] of cases) {
    const { stdout, status } = await report(stream(...events));
    const total = `${events.length} test${events.length === 1 ? "" : "s"}`;
    const shown = text(stdout).slice(text(stdout).indexOf(RULE));
    assertEquals(shown, `${RULE}\nRan ${total} in 0.000s\n\n${words}`);
    assertEquals(status, 0);
  }
});

test("subunit2pyunit --progress shows a character for each test", async () => {
  const statuses = ["success", "fail", "skip", "xfail", "uxsuccess"] as const;
  const input = stream(
    ...statuses.map((status) => ({ testId: status, status })),
    { testId: "lost", status: "inprogress" },
  );
  const { stdout } = await report(input, "--progress");
  const [dots, ...rest] = text(stdout).split("\n");
  assertEquals(dots, ".FsxuE");
  assertEquals(rest.slice(0, 3), [DOUBLE_RULE, "ERROR: lost", "lost"]);
});

test("subunit2pyunit leaves text out of the report, and damage in", async () => {
  const input = stream("text\n", damaged({ testId: "a" }), {
    fileName: "f",
    fileBytes: stream("file\n"),
  });
  const { stdout, stderr, status } = await report(input);
  const shown = text(stdout);
  assert(shown.startsWith("subunit.parser\nsubunit.parser ... FAIL\n"), shown);
  assertStringIncludes(shown, `${RAISED}: Parser Error: {{{Cannot decode`);
  assert(shown.endsWith("\n\nFAILED (failures=1)\n"), shown);
  assert(stderr.startsWith("text\nsubunit2pyunit: Cannot decode"), stderr);
  assert(stderr.endsWith("file\n"), stderr);
  assertEquals(status, 1);
  const silent = await report(stream("text\n"), "--no-passthrough");
  assertEquals(silent.stderr, "");
});

Deno.test("subunit2pyunit passes the stream on, the report beside it", async () => {
  const input = stream("text\n", { testId: "a", status: "success" });
  const shown = await assertForwards("subunit2pyunit", input);
  assert(shown.startsWith("a\na ... ok\n\n---"), shown);
  assert(shown.endsWith("\n\nOK\n"), shown);
});

Deno.test("subunit2pyunit is live: a test's line is there when it ends", async () => {
  await using tool = new LiveTool("subunit2pyunit");
  await tool.write(stream({ testId: "a", status: "success" }));
  assertEquals(text(await tool.read(11)), "a\na ... ok\n");
});

peerTest(
  "subunit2pyunit shows control characters escaped on a terminal",
  ["script"],
  async () => {
    using dir = new TempDir();
    const input = dir.file(
      "run",
      stream(
        { testId: "a\x1b[2J\nb", status: "uxsuccess" },
        {
          testId: "c",
          status: "fail",
          ...textFile("log", "\x1b]0;\x07\n\tx"),
        },
      ),
    );
    const { shown } = await runOnTerminal("subunit2pyunit", [input]);
    // deno-lint-ignore no-control-regex -- looks for control characters
    assert(!/[\x00-\x08\x0b-\x1f]/.test(shown), JSON.stringify(shown));
    assertStringIncludes(shown, "\na\\u001b[2J\\nb ... unexpected success\n");
    assertStringIncludes(shown, "log: {{{\n\\u001b]0;\\u0007\n\tx\n}}}\n");
  },
);

// --- Arbitrary streams

/** A whole report: tests, failures and the summary. */
const WHOLE = new RegExp(
  `^.*?\\n(${DOUBLE_RULE}\\n.*)?${RULE}\\nRan \\d+ tests? in \\d+\\.\\d{3}s\\n` +
    "\\n(OK|FAILED)( \\([a-z=\\d, ]+\\))?\\n$",
  "s",
);

test("subunit2pyunit leaves a whole report wherever the stream breaks off", async () => {
  const input = stream(
    { testId: "a", status: "success" },
    { testId: "c", status: "inprogress" },
    { testId: "c", status: "fail", ...textFile("traceback", "boom") },
  );
  await forEachPrefix(input, async (cut) => {
    const { stdout } = await report(cut);
    assert(WHOLE.test(text(stdout)), `cut at ${cut.length}: ${text(stdout)}`);
  });
});

test(`subunit2pyunit reports streams of any kind (seed ${SEED})`, async () => {
  for (const input of sample(noisyStream, 25, SEED)) {
    const { stdout, status } = await report(input, "--no-passthrough");
    assert(WHOLE.test(text(stdout)), text(stdout));
    const isGood = /\n\nOK[^\n]*\n$/.test(text(stdout));
    assertEquals(status, isGood ? 0 : 1);
  }
});

// --- Python's tool

/** Files on which both tools agree: Python's reads text without charset as Latin-1. */
const soundFile = fc.constantFrom<EventFields>(
  {},
  {},
  textFile("reason", `it's "why" \\ \x1b[1m\u200e é\n`),
  textFile("reason", "é"),
  textFile("log", "one\ntwo\n"),
  textFile("log", "  \n"),
  file("message", "said", "text/plain; charset=utf-8"),
  file("picture", Uint8Array.of(0xff, 0), "image/png"),
  file("data", "{}", "application/json; x=y; charset=utf8"),
  file("bytes", "abc"),
  file("traceback", "Traceback:\n  boom\n", 'text/x-traceback; charset="utf8"'),
);

/** Runs in which all tests end, with such files on their last events. */
const soundRun = fc.tuple(anyRun(), fc.array(soundFile, { minLength: 9 }))
  .map(([events, files]): Uint8Array => {
    const ended = new Set(
      events.filter(({ status }) => isFinalStatus(status))
        .map(({ testId }) => testId),
    );
    return stream(
      ...events.filter(({ testId }) => ended.has(testId)).map((event, i) =>
        event.fileName === undefined && event.status !== "exists"
          ? { ...event, ...files[i % files.length] }
          : event
      ),
      { testId: "", status: "success" },
      { testId: "тест\n³", status: "uxsuccess" },
      "text\n",
    );
  });

/** Python's tool, and a variant that shows one character per test. */
const PYTHON = {
  lines: ["/usr/bin/subunit2pyunit"],
  characters: [
    "/usr/bin/python3",
    "-c",
    `exec(open("/usr/bin/subunit2pyunit").read().replace(
      "verbosity=2", "verbosity=1"))`,
  ],
};

for (
  const [what, theirs, args] of [
    ["lines", PYTHON.lines, []],
    ["characters", PYTHON.characters, ["--progress"]],
  ] as const
) {
  peerCallTest(
    `subunit2pyunit writes the ${what} of Python's for sound streams (seed ${SEED})`,
    ["subunit"],
    async () => {
      let failures = 0;
      for (const input of sample(soundRun, 12, SEED)) {
        const [ours, python] = await Promise.all([
          report(input, ...args),
          run(theirs, { stdin: input, env: { PYTHONUTF8: "1" } }),
        ]);
        // Python's report is on standard error, its text on standard output.
        assertEquals(untimed(text(ours.stdout)), untimed(python.stderr));
        assertEquals(ours.stderr, text(python.stdout));
        assertEquals(ours.status, python.status);
        failures += python.stderr.split("\nFAIL: ").length - 1;
      }
      assert(failures > 5, `only ${failures} tests failed`);
    },
  );
}

function untimed(report: string): string {
  return report.replace(/(?<=\nRan \d+ tests? in )\d+\.\d{3}s(?=\n)/, "TIMEs");
}
