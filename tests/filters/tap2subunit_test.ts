import { assertEquals, assertStringIncludes } from "@std/assert";
import { secondsBetween, type StatusEvent } from "@subunit/codec";
import { assertStatuses } from "../support/checks.ts";
import { runPython } from "../support/peers.ts";
import {
  LiveTool,
  outputOf,
  peerTest,
  runTool,
  shell,
  TempDir,
  text,
} from "../support/run.ts";
import { eventsIn, stream, textFile } from "../support/streams.ts";

/** The events of TAP through the tool, without their times. */
async function convert(tap: string): Promise<StatusEvent[]> {
  return eventsIn(await outputOf("tap2subunit", [], { stdin: tap }))
    .map(withoutTime);
}

function withoutTime({ timestamp, ...event }: StatusEvent): StatusEvent {
  assertEquals(typeof timestamp?.seconds, "number", "an event without a time");
  return event;
}

Deno.test("tap2subunit converts tests, directives, diagnostics and text", async () => {
  const tap = `TAP version 14
noise
1..3
not ok 1 - broken
  ---
  message: it broke
  ...
ok 2 - odd # TODO later
ok 3 - left out # SKIP no time`;
  assertEquals(await convert(tap), [
    { runnable: true, fileName: "stdout", fileBytes: stream("noise\n") },
    {
      testId: "test 1 - broken",
      status: "fail",
      runnable: false,
      fileName: "tap yaml",
      fileBytes: stream("message: it broke"),
      mimeType: "text/x-yaml",
      eof: true,
    },
    {
      testId: "test 2 - odd",
      status: "uxsuccess",
      runnable: false,
      ...textFile("tap comment", "later"),
    },
    {
      testId: "test 3 - left out",
      status: "skip",
      runnable: false,
      ...textFile("reason", "no time"),
    },
  ]);
});

Deno.test("tap2subunit names the parents of subtests", async () => {
  const tap = `TAP version 14
1..1
# Subtest: outer
    1..1
    # Subtest: inner
        1..1
        ok 1 - deep
    ok 1 - inner
ok 1 - outer
`;
  const events = await convert(tap);
  assertEquals(
    events.map(({ testId, parentTestId, status }) => [
      testId,
      parentTestId,
      status,
    ]),
    [
      ["test 1 - outer", undefined, "inprogress"],
      ["test 1 - outer > test 1 - inner", "test 1 - outer", "inprogress"],
      [
        "test 1 - outer > test 1 - inner > test 1 - deep",
        "test 1 - outer > test 1 - inner",
        "success",
      ],
      ["test 1 - outer > test 1 - inner", "test 1 - outer", "success"],
      ["test 1 - outer", undefined, "success"],
    ],
  );
});

Deno.test("tap2subunit makes failures of what a plan promised and nobody delivered", async () => {
  for (
    const [tap, failed] of [
      ["1..2\nok 1\n", ["test 2"]],
      ["ok 1\n1..0\n", ["test 1"]],
      ["1..1\nok 1\nok 2\n", ["test 2"]],
      ["ok 1\n", ["tap plan"]],
      ["1..2\nok 1\nBail out! disk\n", ["Bail out! disk", "test 2"]],
      ["1..1\n# Subtest: a\n    ok 1\n", ["test 1 - a"]],
    ] as const
  ) {
    const events = await convert(tap);
    const failures = events.filter(({ status }) => status === "fail");
    assertEquals(failures.map(({ testId }) => testId), [...failed], tap);
  }
});

Deno.test("tap2subunit takes each FILE for a document", async () => {
  using dir = new TempDir();
  const one = dir.file("one", "1..1\nok 1 - one");
  const two = dir.file("two", "1..1\nok 1 - two\n");
  const { stdout, status } = await runTool("tap2subunit", [one, two]);
  assertEquals(
    eventsIn(stdout).map(({ testId, status }) => `${testId} ${status}`),
    ["test 1 - one success", "test 1 - two success"],
  );
  assertEquals(status, 0);
});

Deno.test("tap2subunit --exit-status judges the tests", async () => {
  await assertStatuses("tap2subunit", ["--exit-status"], [
    ["1..1\nok 1\n", 0],
    ["1..1\nnot ok 1\n", 1],
    ["1..1\nnot ok 1 # TODO\n", 0],
    ["1..1\nok 1 # TODO\n", 1],
    ["1..2\nok 1\n", 1],
  ]);
});

Deno.test("tap2subunit gives times, and durations where the producer tells them", async () => {
  const { stdout } = await runTool("tap2subunit", [], {
    stdin: "1..1\nok 1 - a\n  ---\n  duration_ms: 1500\n  ...\n",
  });
  const [started, ended] = eventsIn(stdout);
  assertEquals([started.status, ended.status], ["inprogress", "success"]);
  assertEquals(secondsBetween(started.timestamp!, ended.timestamp!), 1.5);
});

Deno.test("tap2subunit is live: a test leaves when the next line comes", async () => {
  await using tool = new LiveTool("tap2subunit");
  await tool.write(stream("TAP version 14\n1..9\nok 1 - a\nok 2 - b\n"));
  const packet = await tool.read(20);
  assertStringIncludes(text(packet), "test 1 - a");
  await tool.write(stream("a prompt> "));
  assertStringIncludes(text(await tool.read(80)), "a prompt> ");
});

Deno.test("deno test's own TAP comes out right at the end of a pipeline", async () => {
  using dir = new TempDir();
  const suite = dir.file(
    "suite.ts",
    `Deno.test("good", () => {});
Deno.test("outer", async (t) => {
  await t.step("inner", () => { throw new Error("no"); });
});
Deno.test.ignore("left out", () => {});
`,
  );
  const { stdout, status } = await shell(
    `"$1" test --no-config --reporter=tap "$2" 2> /dev/null |
      tap2subunit | subunit-ls --no-passthrough --format=tsv | cut -f 1,2`,
    [Deno.execPath(), suite],
  );
  assertEquals(
    text(stdout),
    `test 1 - good\tsuccess
test 2 - outer > test 1 - inner\tfail
test 2 - outer\tfail
test 3 - left out\tskip
`,
  );
  assertEquals(status, 0);
});

peerTest("node --test's own TAP comes out right at the end of a pipeline", [
  "node",
], async () => {
  using dir = new TempDir();
  const suite = dir.file(
    "suite.mjs",
    `import { describe, it } from "node:test";
describe("outer", () => {
  it("good", () => {});
  it("bad", () => { throw new Error("no"); });
  it("later", { todo: true }, () => { throw new Error("no"); });
});
`,
  );
  const { stdout } = await shell(
    `node --test --test-reporter=tap "$1" |
      tap2subunit | subunit-ls --no-passthrough --format=tsv | cut -f 1,2`,
    [suite],
  );
  // Newer versions of Node put the file around its tests.
  const lines = text(stdout).replaceAll(
    /^test \d+ - [^\t>]*suite\.mjs(?: > )?/gm,
    "",
  );
  assertEquals(
    lines.split("\n").filter((line) => line.startsWith("test")),
    [
      "test 1 - outer > test 1 - good\tsuccess",
      "test 1 - outer > test 2 - bad\tfail",
      "test 1 - outer > test 3 - later\txfail",
      "test 1 - outer\tfail",
    ],
  );
});

peerTest("tap2subunit agrees with Python's on flat TAP with a plan", [
  "subunit",
], async () => {
  const documents = [
    "1..2\nok 1 - a\nnot ok 2 - b\n",
    "1..3\nok first\nnot ok 3 third\n",
    "ok 1\nok 2\n1..2\n",
    "1..1\nnot ok 1 - a # TODO later\n",
    "1..0 # skipped for a reason\n",
    "1..2\nok 1 foo\nBail out! gone\n",
    "1..2\nok 1\n# one\n# two\nok 2\n# three\n",
    "some text\n1..1\nmore text\nok 1 - a\n",
    "1..4\nok 1\n",
  ];
  for (const tap of documents) {
    const python = await runPython("tap2subunit", [], { stdin: tap });
    const theirs = eventsIn(python.stdout);
    const ours = await convert(tap);
    assertEquals(outcomesOf(ours), outcomesOf(theirs), tap);
    assertEquals(textIn(ours), textIn(theirs), tap);
  }
});

function outcomesOf(events: StatusEvent[]): string[] {
  return events
    .filter(({ status }) => status !== undefined)
    .map(({ testId, status }) => `${testId} ${status}`);
}

function textIn(events: StatusEvent[]): string {
  return events
    .filter(({ testId }) => testId === undefined)
    .map(({ fileBytes }) => text(fileBytes!))
    .join("");
}
