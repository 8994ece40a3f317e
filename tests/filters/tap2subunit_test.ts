import { assertEquals, assertStringIncludes } from "@std/assert";
import { secondsBetween, type StatusEvent } from "@subunit/codec";
import { Parser } from "tap-parser";
import { callTool, outputOfCall, peerCallTest, test } from "../support/call.ts";
import { assertStatuses } from "../support/checks.ts";
import { runPython } from "../support/peers.ts";
import { LiveTool, run, TempDir, text } from "../support/run.ts";
import { eventsIn, stream, textFile } from "../support/streams.ts";

/** The events of a TAP document, without their times. */
async function convert(
  tap: string,
  ...args: string[]
): Promise<StatusEvent[]> {
  return eventsIn(await outputOfCall("tap2subunit", args, { stdin: tap }))
    .map(withoutTime);
}

function withoutTime({ timestamp, ...event }: StatusEvent): StatusEvent {
  assertEquals(typeof timestamp?.seconds, "number", "an event without a time");
  return event;
}

test("tap2subunit converts tests, directives, diagnostics and text", async () => {
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
      testId: "broken",
      status: "fail",
      runnable: false,
      fileName: "tap yaml",
      fileBytes: stream("message: it broke"),
      mimeType: "text/x-yaml",
      eof: true,
    },
    {
      testId: "odd",
      status: "success",
      tags: ["todo"],
      runnable: false,
      ...textFile("tap comment", "later"),
    },
    {
      testId: "left out",
      status: "skip",
      runnable: false,
      ...textFile("reason", "no time"),
    },
  ]);
});

test("tap2subunit names the parents of subtests", async () => {
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
      ["outer", undefined, "inprogress"],
      ["outer > inner", "outer", "inprogress"],
      [
        "outer > inner > deep",
        "outer > inner",
        "success",
      ],
      ["outer > inner", "outer", "success"],
      ["outer", undefined, "success"],
    ],
  );
});

test("tap2subunit makes failures of what a plan promised and nobody delivered", async () => {
  for (
    const [tap, failed] of [
      ["1..2\nok 1\n", ["test 2"]],
      ["ok 1\n1..0\n", ["test 1"]],
      ["1..1\nok 1\nok 2\n", ["test 2"]],
      ["ok 1\n", ["tap plan"]],
      ["1..2\nok 1\nBail out! disk\n", ["Bail out! disk", "test 2"]],
      ["1..1\n# Subtest: a\n    ok 1\n", ["a"]],
    ] as const
  ) {
    const events = await convert(tap);
    const failures = events.filter(({ status }) => status === "fail");
    assertEquals(failures.map(({ testId }) => testId), [...failed], tap);
  }
});

test("tap2subunit takes each FILE for a document", async () => {
  using dir = new TempDir();
  const one = dir.file("one", "1..1\nok 1 - one");
  const two = dir.file("two", "1..1\nok 1 - two\n");
  const { stdout, status } = await callTool("tap2subunit", [one, two]);
  assertEquals(
    eventsIn(stdout).map(({ testId, status }) => `${testId} ${status}`),
    ["one success", "two success"],
  );
  assertEquals(status, 0);
});

test("tap2subunit --exit-status judges the tests", async () => {
  await assertStatuses("tap2subunit", ["--exit-status"], [
    ["1..1\nok 1\n", 0],
    ["1..1\nnot ok 1\n", 1],
    ["1..1\nnot ok 1 # TODO\n", 0],
    ["1..1\nok 1 # TODO\n", 0],
    ["", 1],
    ["Segmentation fault (core dumped)\n", 1],
    ["1..2\nok 1\n", 1],
  ]);
});

test("tap2subunit --strict-todo makes a uxsuccess of a TODO test that passes", async () => {
  const tap = "1..1\nok 1 - a # TODO later\n";
  const [lenient] = await convert(tap);
  assertEquals([lenient.status, lenient.tags], ["success", ["todo"]]);
  const [strict] = await convert(tap, "--strict-todo");
  assertEquals([strict.status, strict.tags], ["uxsuccess", undefined]);
  const { status } = await callTool(
    "tap2subunit",
    ["--strict-todo", "--exit-status"],
    { stdin: tap },
  );
  assertEquals(status, 1);
});

test("tap2subunit gives ids that last when tests are added", async () => {
  const ids = async (tap: string, ...args: string[]) =>
    (await convert(tap, ...args)).map(({ testId }) => testId);
  const before = "1..3\nok 1 - a\nok 2 - b\nok 3 - b\n";
  const after = "1..4\nok 1 - new\nok 2 - a\nok 3 - b\nok 4 - b\n";
  assertEquals(await ids(before), ["a", "b", "b #2"]);
  assertEquals(await ids(after), ["new", "a", "b", "b #2"]);
  assertEquals(await ids("1..2\nok 1\nok\n"), ["test 1", "test 2"]);
  assertEquals(await ids(before, "--numbered"), [
    "test 1 - a",
    "test 2 - b",
    "test 3 - b",
  ]);
});

test("tap2subunit reads documents in a row, and keeps the tests of files apart", async () => {
  using dir = new TempDir();
  const first = dir.file("first", "1..1\nnot ok 1 - a\nok 1 - b\n1..1\n");
  const second = dir.file("second", "ok 1 - a\n1..1\n");
  const empty = dir.file("empty", "");
  const { stdout } = await callTool("tap2subunit", [first, second, empty]);
  assertEquals(
    eventsIn(stdout).map(({ testId, status }) => `${testId} ${status}`),
    ["a fail", "b success", "a #2 success", "tap plan fail"],
  );
});

test("tap2subunit gives times, and durations where the producer tells them", async () => {
  const { stdout } = await callTool("tap2subunit", [], {
    stdin: "1..1\nok 1 - a\n  ---\n  duration_ms: 1500\n  ...\n",
  });
  const [started, ended] = eventsIn(stdout);
  assertEquals([started.status, ended.status], ["inprogress", "success"]);
  assertEquals(secondsBetween(started.timestamp!, ended.timestamp!), 1.5);
});

Deno.test("tap2subunit is live: a test leaves when the next line comes", async () => {
  await using tool = new LiveTool("tap2subunit");
  await tool.write(
    stream("TAP version 14\n1..9\nok 1 - the first\nok 2 - a second\n"),
  );
  const packet = await tool.read(20);
  assertStringIncludes(text(packet), "the first");
  await tool.write(stream("a prompt> "));
  assertStringIncludes(text(await tool.read(80)), "a prompt> ");
});

/** The tests of a TAP document in a list, with their outcomes. */
async function listed(tap: Uint8Array): Promise<string> {
  const stdin = await outputOfCall("tap2subunit", [], { stdin: tap });
  const args = ["--no-passthrough", "--format=tsv"];
  const { status, stdout, stderr } = await callTool("subunit-ls", args, {
    stdin,
  });
  assertEquals(stderr, "");
  assertEquals(status, 1, "one of the tests fails");
  return text(stdout).replaceAll(/^([^\t]*\t[^\t]*).*/gm, "$1");
}

test("deno test's own TAP comes out right at the end of a pipeline", async () => {
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
  const tap = await run(
    [Deno.execPath(), "test", "--no-config", "--reporter=tap", suite],
  );
  assertEquals(
    await listed(tap.stdout),
    `good\tsuccess
outer > inner\tfail
outer\tfail
left out\tskip
`,
  );
});

peerCallTest("node --test's own TAP comes out right at the end of a pipeline", [
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
  const tap = await run(["node", "--test", "--test-reporter=tap", suite]);
  // Newer versions of Node nest the tests below their file.
  const lines = (await listed(tap.stdout)).replaceAll(
    /^[^\t>]*suite\.mjs(?: > )?/gm,
    "",
  );
  assertEquals(
    lines.split("\n").filter((line) => line.startsWith("outer")),
    [
      "outer > good\tsuccess",
      "outer > bad\tfail",
      "outer > later\txfail",
      "outer\tfail",
    ],
  );
});

peerCallTest("tap2subunit reads what prove -v prints", ["prove"], async () => {
  using dir = new TempDir();
  const plans = [
    "1..1\nok 1 - a\n",
    "ok 1 - a\nok 2\n1..2\n",
    "1..0 # SKIP b\n",
  ];
  const files = plans.map((tap, i) => dir.file(`${i}.t`, tap));
  for (const options of [[], ["--timer"]]) {
    const { stdout, status } = await run(
      ["prove", "-v", ...options, "--exec", "cat", ...files],
      { env: { LC_ALL: "C" } },
    );
    assertEquals(status, 0);
    const events = await convert(text(stdout));
    assertEquals(outcomesOf(events), [
      "a success",
      "a #2 success",
      "test 2 success",
    ]);
  }
});

/** Documents, and the verdicts of tap2subunit, prove and node-tap's parser. */
const JUDGED: readonly [tap: string, verdicts: [boolean, boolean, boolean]][] =
  [
    ["1..1\nok 1\n", [true, true, true]],
    ["1..1\nnot ok 1\n", [false, false, false]],
    ["1..1\nok 1 # TODO\n", [true, true, true]],
    ["1..1\nnot ok 1 # TODO\n", [true, true, true]],
    ["1..1\nnot ok 1 - a #todo later\n", [true, true, true]],
    ["1..1\nnot ok 1 - a # TODO: later\n", [true, true, true]],
    ["1..1\nnot ok 1 - a # todo-list\n", [true, true, true]],
    ["1..1\nnot ok 1 - a # todos\n", [false, false, true]],
    ["1..1\nnot ok 1 - a # b # TODO\n", [false, false, false]],
    ["1..1\nnot ok 1 - a # time=3ms # TODO\n", [false, false, false]],
    ["1..1\nnot ok 1 - a \\# TODO\n", [false, false, false]],
    ["1..1\nnot ok 1 - a # skipper\n", [false, false, true]],
    // In TAP 14 a skipped test cannot fail.
    ["1..1\nnot ok 1 - a # SKIP b\n", [true, false, true]],
    // tape does not escape a number sign in a name.
    ["1..1\nnot ok 1 - issue #12 # TODO b\n", [true, false, false]],
    ["1..2\nok 1\n", [false, false, false]],
    ["1..1\nok 1\nok 2\n", [false, false, false]],
    ["1..1\nok 1\nok\n", [false, false, false]],
    ["1..1\nok\nok\n", [false, false, false]],
    ["1..2\nok 1 - a\nok 3 - b\n", [false, false, false]],
    ["ok 1 - a\nok 3 - b\n1..2\n", [false, false, false]],
    ["1..2\nok 1 - a\nok 1 - b\n", [false, false, false]],
    ["1..2\nok 2 - a\nok 1 - b\n", [false, false, true]],
    ["1..1\nok 0\n", [false, false, false]],
    ["ok 1\n", [false, false, false]],
    ["TAP version 13\n", [false, false, true]],
    ["", [false, false, true]],
    ["Segmentation fault\n", [false, false, true]],
    ["1..0\n", [true, true, true]],
    ["1..0 # skip a\n", [true, true, true]],
    ["Bail out!\n", [false, false, false]],
    // Documents in a row: prove runs each by itself.
    ["1..1\nok 1\n1..1\nok 1\n", [true, false, false]],
    ["1..1\nok 1\n1..1\nnot ok 1\n", [false, false, false]],
    ["1..1\nok 1\n1..2\nok 1\n", [false, false, false]],
    // A failure below a test that passed.
    [
      "1..1\n# Subtest: a\n    1..1\n    not ok 1\nok 1 - a\n",
      [false, true, false],
    ],
  ];

peerCallTest(
  "tap2subunit is no more lenient than prove and node-tap but where it says so",
  [
    "prove",
  ],
  async () => {
    using dir = new TempDir();
    for (const [tap, verdicts] of JUDGED) {
      const file = dir.file("document.tap", tap);
      const ours = await callTool("tap2subunit", ["--exit-status", file]);
      const prove = await run(["prove", "--exec", "cat", file]);
      const parser = new Parser();
      parser.end(tap);
      assertEquals(
        [ours.status === 0, prove.status === 0, parser.ok],
        verdicts,
        tap,
      );
    }
  },
);

peerCallTest("tap2subunit agrees with Python's on flat TAP with a plan", [
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
    const ours = await convert(tap, "--numbered");
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
