import { assert, assertEquals, assertMatch } from "@std/assert";
import { lossText } from "../../filters/capture/v1_writer.ts";
import { callTool, outputOfCall, peerCallTest, test } from "../support/call.ts";
import { linesByPython, peerPath, runPython } from "../support/peers.ts";
import {
  type Finished,
  LiveTool,
  run,
  type Surroundings,
  text,
} from "../support/run.ts";
import {
  anyRun,
  at,
  damaged,
  joinedRuns,
  sample,
  stream,
  textFile,
} from "../support/streams.ts";
import { anyStream, asV2, contents, facts, outcomes } from "../support/v1.ts";

const SEED = 20260131;

function to1(
  args: readonly string[] = [],
  surroundings: Surroundings = {},
): Promise<Finished> {
  return callTool("subunit-2to1", args, surroundings);
}

test("subunit-2to1 writes tests when they end, text in its place", async () => {
  const { stdout, stderr, status } = await to1([], {
    stdin: stream(
      "before\ntest: no\n",
      { testId: "a", status: "inprogress", timestamp: at("01:02:03") },
      { testId: "b", status: "inprogress", timestamp: at("01:02:04") },
      "between ",
      { fileName: "stderr", fileBytes: stream("printed\n") },
      {
        testId: "b",
        status: "success",
        timestamp: at("01:02:05"),
        tags: ["x"],
      },
      "half",
      {
        testId: "a",
        fileName: "reason",
        fileBytes: stream("why\n"),
        mimeType: "text/plain",
      },
      { testId: "c", status: "exists" },
      { testId: "a", status: "skip", routeCode: undefined },
      "test: no\nend",
      { testId: "lost", status: "inprogress", routeCode: "r" },
    ),
  });
  assertEquals(
    text(stdout),
    `before
 test: no
between printed
time: 2026-01-31 01:02:04Z
test: b
tags: x
time: 2026-01-31 01:02:05Z
success: b
half
time: 2026-01-31 01:02:03Z
test: a
skip: a [
why
]
 test: no
end
test: lost
failure: lost [
The test started and never ended
]
`,
  );
  assertEquals(
    stderr,
    'subunit-2to1: Version 1 cannot hold route codes (1), tests that only exist ("exists") (1), tests side by side (1), text that looks like it (2)\n',
  );
  assertEquals(status, 0);
});

test("subunit-2to1 --no-passthrough leaves text out", async () => {
  const found = await outputOfCall("subunit-2to1", ["--no-passthrough"], {
    stdin: stream(
      "a\n",
      { testId: "a", status: "success" },
      { fileName: "f", fileBytes: stream("x") },
    ),
  });
  assertEquals(text(found), "test: a\nsuccess: a\n");
});

test("subunit-2to1 makes a failure of damage, and --exit-status 1", async () => {
  const input = stream({ testId: "a", status: "success" }, damaged({}), "x\n");
  for (const [args, expected] of [[[], 0], [["--exit-status"], 1]] as const) {
    const { stdout, stderr, status } = await to1(args, { stdin: input });
    assertEquals(status, expected);
    assertMatch(
      stderr,
      /^subunit-2to1: Cannot decode packet 1 at byte \d+: .*\n$/,
    );
    const again = contents(await asV2(stdout));
    assertEquals(outcomes(again), ["a success", "subunit.parser fail"]);
    assertEquals(again.at(-1), "text x\n");
  }
});

test("subunit-2to1 --exit-status judges the tests", async () => {
  for (
    const [status, expected] of [
      ["success", 0],
      ["fail", 1],
      ["uxsuccess", 1],
      ["skip", 0],
      ["inprogress", 1],
    ] as const
  ) {
    const stdin = stream({ testId: "a", status });
    assertEquals((await to1([], { stdin })).status, 0);
    assertEquals((await to1(["--exit-status"], { stdin })).status, expected);
  }
});

Deno.test("subunit-2to1 is live", async () => {
  await using tool = new LiveTool("subunit-2to1");
  await tool.write(stream({ testId: "a", status: "skip" }, "a prompt> "));
  const expected = "test: a\nskip: a\na prompt> ";
  assertEquals(text(await tool.read(expected.length)), expected);
});

test("lossText counts in one line what was lost, if anything was", () => {
  assertEquals(lossText({ "route codes": 0 }), undefined);
  assertEquals(
    lossText({ "route codes": 2, tags: 0, names: 1 }),
    "Version 1 cannot hold route codes (2), names (1)",
  );
});

test(`version 1 to 2 to 1 to 2 gives the same tests (seed ${SEED})`, async () => {
  const v1 = sample(anyStream, 60, SEED).join("");
  const first = await asV2(v1);
  const { stdout } = await to1([], { stdin: first });
  const again = await asV2(stdout);
  const withoutText = (bytes: Uint8Array) =>
    facts(bytes).filter((line) => !line.startsWith("text "));
  assertEquals(withoutText(again), withoutText(first));
  assert(withoutText(first).length > 500);
});

/** A test from Python's reader of version 1. */
interface Dumped {
  readonly id: string;
  readonly outcome: string;
  readonly tags: string[];
  readonly times: (number | null)[];
  readonly details: Record<string, string>;
}

/** The tests that Python's reader finds, and the text between them. */
async function dump(v1: Uint8Array): Promise<[Dumped[], string]> {
  const { lines, stderr } = await linesByPython("v1_dump.py", v1);
  return [lines.map((line) => JSON.parse(line)), stderr];
}

peerCallTest(
  `Python's reader finds the tests of subunit-2to1, as of its like (seed ${SEED})`,
  ["subunit", "python3-subunit"],
  async () => {
    const runs = sample(anyRun({ maxTests: 20 }), 40, SEED);
    const input = stream(...joinedRuns(runs));
    const theirs = await runPython("subunit-2to1", [], { stdin: input });
    const ours = await to1([], { stdin: input });
    const [tests, words] = await dump(ours.stdout);
    const [expected] = await dump(theirs.stdout);
    assertEquals(words, "");
    assert(expected.length > 100);
    // Lost tests come last, in Python's output in reverse order.
    const byId = (a: Dumped, b: Dumped) => a.id < b.id ? -1 : 1;
    assertEquals(
      tests.map(comparable).sort(byId),
      expected.map(comparable).sort(byId),
    );
  },
);

/** What both tools report about a test: ours reports more about lost ones. */
function comparable({ details, times, ...test }: Dumped): Dumped {
  const files = Object.entries(details)
    // Python's leaves out empty files, ours adds a reason.
    .filter(([, hex]) => hex !== "")
    .filter(([, hex]) =>
      !text(Uint8Array.fromHex(hex)).includes("started and never ended")
    );
  return { ...test, details: Object.fromEntries(files), times };
}

peerCallTest("Python's reader keeps text that looks like version 1", [
  "python3-subunit",
], async () => {
  const printed = "test: no\ntags a\ntime flies\nprogress is nice\nerror: e\n";
  const { stdout } = await to1([], {
    stdin: stream(
      printed,
      { testId: "a", status: "success" },
      "half",
      { testId: "b", status: "fail" },
    ),
  });
  const [tests, words] = await dump(stdout);
  assertEquals(tests.map(({ id, outcome, tags }) => [id, outcome, tags]), [
    ["a", "success", []],
    ["b", "fail", []],
  ]);
  assertEquals(words, printed.replaceAll(/^/gm, " ").trimEnd() + "\nhalf\n");
});

peerCallTest(
  "Perl's reader finds the tests of subunit-2to1 --plain",
  ["libsubunit-perl"],
  async () => {
    const { stdout } = await to1(["--plain"], {
      stdin: stream(
        "before\nerror: no\ntest: no\n",
        { testId: "a a", status: "success", tags: ["x"] },
        { testId: "b", ...textFile("log", "one") },
        { testId: "b", ...textFile("traceback", "test: x\n]\nskip: b\n") },
        { testId: "b", status: "fail" },
        { testId: "c", status: "skip", ...textFile("reason", "why") },
        { testId: "d", status: "xfail" },
        { testId: "e", status: "inprogress" },
        "after",
      ),
    });
    const read = await run(["perl", peerPath("v1_read.pl")], { stdin: stdout });
    assertEquals(read.stderr, "");
    assertEquals(
      text(read.stdout).split("\n").filter((line) =>
        !/^text\ttags: /.test(line)
      ),
      [
        "text\tbefore",
        "text\t error: no",
        "text\t test: no",
        "test\ta a\tsuccess\t",
        "test\tb\tfailure\tlog:\\none\\ntraceback:\\ntest: x\\n ]\\nskip: b\\n",
        "test\tc\tskip\twhy\\n",
        "test\td\txfail\t",
        "text\tafter",
        "test\te\tfailure\tThe test started and never ended\\n",
        "failed\t1",
        "",
      ],
    );
  },
);

peerCallTest(
  "Perl's reader finds version 1 that went to 2 and back",
  ["libsubunit-perl"],
  async () => {
    const written = await run(["perl", peerPath("v1_write.pl")]);
    const v1 = await to1(["--plain"], {
      stdin: await asV2(written.stdout),
    });
    const read = await run(["perl", peerPath("v1_read.pl")], {
      stdin: v1.stdout,
    });
    assertEquals(
      text(read.stdout).split("\n").filter((line) => line.startsWith("test")),
      [
        "test\tperl passes\tsuccess\t",
        "test\tperl fails\tfailure\tline one\\nline two\\n",
        "test\tperl skips\tskip\twhy\\n",
        "test\tperl xfails\txfail\tknown\\n",
        'test\tperl is interrupted\tfailure\treason:\\nThe test was interrupted by the test "perl dies"\\n',
        "test\tperl dies\tfailure\treason:\\nThe input ended before the test did\\n",
      ],
    );
    assertEquals(
      text(read.stdout).split("\n").filter((line) => line.startsWith("text")),
      [
        "text\tbefore",
        "text\tin a test",
        // Quoted: the test before it may have printed it.
        "text\t test: perl dies",
        "text\tafter",
      ],
    );
  },
);
