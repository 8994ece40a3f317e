import { assert, assertEquals, assertMatch } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { Packet } from "@subunit/codec";
import fc from "fast-check";
import { callTool, outputOfCall, test } from "../support/call.ts";
import { assertRefused } from "../support/checks.ts";
import { keepRuns } from "../support/kept_runs.ts";
import { type Finished, shell, TempDir, text } from "../support/run.ts";
import { TempRepository } from "../support/runs.ts";
import {
  anyRun,
  damaged,
  ended,
  equalBytes,
  type EventFields,
  eventsIn,
  fileIn,
  itemsIn,
  stream,
  taggedOutcomesIn,
  textFile,
} from "../support/streams.ts";

const SEED = 20261128;
const TODAY = "--today=2026-11-28";
const FAULT = "fault:1-h2ffvs7z1vc6dbmr";

/** An entry of a list. */
const entry = (what: string, until = "2026-12-31") =>
  `${what}\t${until}\tshop#71\tclock\n`;

async function quarantine(
  list: string,
  stdin: Uint8Array | string,
  args: string[] = [],
): Promise<Finished> {
  using dir = new TempDir();
  return await callTool("subunit-quarantine", [
    TODAY,
    ...args,
    dir.file("list", list),
  ], { stdin });
}

/** Many tests that passed, so that few failures are no outage. */
const PASSES = stream(
  ...Array.from({ length: 20 }, (_, i) => ended(`ok ${i}`, "success")),
);

/** Id, status and tags of each outcome but those that are plainly good. */
function outcomes(bytes: Uint8Array): string[] {
  const notPlain = itemsIn(bytes).filter((item) => item instanceof Packet)
    .filter(({ status, tags }) => status !== "success" || tags !== undefined);
  return taggedOutcomesIn(notPlain).map((line) => line.trim());
}

test("subunit-quarantine excuses failures by id, pattern and fault", async () => {
  const list = "# known\n" + entry("pay") + entry("re:^net\\.") + entry(FAULT);
  const { stdout, stderr, status } = await quarantine(
    list,
    stream(
      PASSES,
      ended("pay", "inprogress", { tags: ["slow"] }),
      ended("pay", "fail"),
      ended("pay more", "fail"),
      ended("net.dns", "fail", { tags: ["x"], routeCode: "1" }),
      ended("gate", "fail", { tags: [FAULT] }),
      ended("gate", "fail", { tags: ["fault:1-other"] }),
      ended("net.up", "success"),
    ),
    ["--exit-status"],
  );
  assertEquals(outcomes(stdout), [
    "pay xfail slow,quarantined,was:fail",
    "pay more fail",
    "net.dns xfail x,quarantined,was:fail",
    `gate xfail ${FAULT},quarantined,was:fail`,
    "gate fail fault:1-other",
  ]);
  const events = eventsIn(stdout);
  assertEquals(fileIn(events, "pay", "quarantine"), entry("pay"));
  assertEquals(fileIn(events, "net.dns", "quarantine"), entry("re:^net\\."));
  assertEquals(stderr, "");
  assertEquals(status, 1);
  const good = await quarantine(
    list,
    stream(PASSES, ended("pay", "fail"), ended("net.dns", "fail")),
    ["--exit-status"],
  );
  assertEquals(good.status, 0);
});

test("subunit-quarantine never excuses what says something else", async () => {
  const run = stream(
    PASSES,
    ended("lost", "inprogress"),
    ended("sealed", "fail", { tags: ["lost"] }),
    ended("surprise", "uxsuccess"),
    ended("subunit.parser", "fail"),
    ended("make: exit status", "fail", { runnable: false }),
    ended("subunit-merge: missing shards", "fail", { runnable: false }),
    ended("tap plan", "fail", { runnable: false }),
    ended("tests/a_test.ts::(load)", "fail", { runnable: false }),
    ended("(list)", "fail", { runnable: false }),
    damaged(ended("x", "fail")),
  );
  const { stdout, status } = await quarantine(
    entry("re:.") + entry("lost"),
    run,
    ["--exit-status", "--max-excused=100%"],
  );
  assertEquals(stdout.toHex(), run.toHex());
  assertEquals(status, 1);
  // TAP and JUnit do not tell whether a test can be run.
  const tap = await quarantine(
    entry("a"),
    stream(PASSES, ended("a", "fail", { runnable: false })),
    ["--exit-status"],
  );
  assertEquals(outcomes(tap.stdout), ["a xfail quarantined,was:fail"]);
  assertEquals(tap.status, 0);
});

test("subunit-quarantine excuses nothing after the last day of an entry", async () => {
  const run = stream(PASSES, ended("a", "fail", { tags: ["x"] }));
  const on = (today: string) =>
    quarantine(entry("a"), run, ["--exit-status", `--today=${today}`]);
  const last = await on("2026-12-31");
  assertEquals([last.status, last.stderr], [0, ""]);
  const { stdout, stderr, status } = await on("2027-01-01");
  assertEquals(outcomes(stdout), ["a fail x,quarantine-expired"]);
  assertEquals(
    stderr,
    'subunit-quarantine: The entry "a" ended on 2026-12-31: 1 failures count\n',
  );
  assertEquals(status, 1);
});

test("subunit-quarantine takes many excuses for an outage", async () => {
  const run = stream(
    PASSES,
    ...Array.from({ length: 11 }, (_, i) => ended(`net.${i}`, "fail")),
  );
  const list = entry("re:^net\\.");
  const outage = await quarantine(list, run, ["--exit-status"]);
  assertEquals(outage.stdout.toHex(), run.toHex());
  assertEquals(
    outage.stderr,
    "subunit-quarantine: 11 of 31 tests would be excused: that looks like an outage, so none is\n",
  );
  assertEquals(outage.status, 1);
  const cases: [most: string, status: number][] = [
    ["11", 0],
    ["10", 1],
    ["35%", 1],
    ["36%", 0],
    ["0", 1],
  ];
  for (const [most, status] of cases) {
    const call = await quarantine(list, run, [
      "--exit-status",
      `--max-excused=${most}`,
    ]);
    assertEquals(call.status, status, most);
  }
  // One test that was tried again and again is one test.
  const again = stream(...Array(12).fill(ended("net.1", "fail")));
  assertEquals((await quarantine(list, again, ["--exit-status"])).status, 0);
  // Of many tests, 5 % are more than 10.
  const many = stream(...Array(20).fill(PASSES), run);
  assertEquals((await quarantine(list, many, ["--exit-status"])).status, 0);
});

test("subunit-quarantine excuses parents that fail for excused subtests only", async () => {
  const child = (
    testId: string,
    parentTestId: string,
    status: EventFields["status"],
  ) => ended(testId, status, { parentTestId });
  const list = entry("re:known");
  const cases: [string, EventFields[], string[]][] = [
    ["by one", [child("known", "P", "fail"), ended("P", "fail")], [
      "known",
      "P",
    ]],
    [
      "whatever the order",
      [ended("P", "fail"), child("known", "P", "fail")],
      ["P", "known"],
    ],
    [
      "over levels",
      [
        child("known", "P", "fail"),
        child("P", "G", "fail"),
        ended("G", "fail"),
      ],
      ["known", "P", "G"],
    ],
    [
      "not with another failure",
      [
        child("known", "P", "fail"),
        child("new", "P", "fail"),
        ended("P", "fail"),
      ],
      ["known"],
    ],
    [
      "not with a lost subtest",
      [
        child("known", "P", "fail"),
        child("new", "P", "inprogress"),
        ended("P", "fail"),
      ],
      ["known"],
    ],
    [
      "not without one",
      [child("fine", "P", "success"), ended("P", "fail")],
      [],
    ],
    [
      "not with a failure of its own",
      [
        child("known", "P", "fail"),
        { testId: "P", ...textFile("traceback", "AssertionError: 1 != 2") },
        ended("P", "fail"),
      ],
      ["known"],
    ],
    [
      "not with a fault of its own",
      [child("known", "P", "fail"), ended("P", "fail", { tags: [FAULT] })],
      ["known"],
    ],
    [
      "with what runners say of them",
      [
        child("known", "P", "fail"),
        {
          testId: "P",
          ...textFile("output", "=== RUN   P\n--- FAIL: P (0.00s)\n"),
        },
        ended("P", "fail"),
        child("known 2", "Q", "fail"),
        {
          testId: "Q",
          ...textFile(
            "tap yaml",
            "failureType: 'subtestsFailed'\nerror: '1 subtest failed'",
          ),
        },
        ended("Q", "fail"),
        child("known 3", "R", "fail"),
        {
          testId: "R",
          ...textFile("traceback", "error: 3 test steps failed."),
        },
        ended("R", "fail"),
      ],
      ["known", "P", "known 2", "Q", "known 3", "R"],
    ],
    [
      "on the same route only",
      [
        { ...child("known", "P", "fail"), routeCode: "1" },
        ended("P", "fail", { routeCode: "2" }),
      ],
      ["known"],
    ],
  ];
  for (const [name, events, expected] of cases) {
    const { stdout } = await quarantine(list, stream(PASSES, ...events));
    const excused = eventsIn(stdout).filter(({ status }) => status === "xfail")
      .map(({ testId }) => testId);
    assertEquals(excused, expected, name);
  }
});

test("subunit-quarantine excuses each attempt", async () => {
  const { stdout, status } = await quarantine(
    entry("a"),
    stream(
      PASSES,
      ended("a", "fail"),
      ended("a", "fail"),
      ended("a", "success"),
    ),
    ["--exit-status"],
  );
  assertEquals(outcomes(stdout), Array(2).fill("a xfail quarantined,was:fail"));
  assertEquals(status, 0);
});

test("subunit-quarantine --strict does not expect a quarantined test to pass", async () => {
  const run = stream(
    ended("a", "success", { tags: ["x"] }),
    ended("b", "success"),
  );
  const lenient = await quarantine(entry("a"), run, ["--exit-status"]);
  assertEquals([lenient.stdout.toHex(), lenient.status], [run.toHex(), 0]);
  const { stdout, status } = await quarantine(entry("a"), run, [
    "--strict",
    "--exit-status",
  ]);
  assertEquals(outcomes(stdout), ["a uxsuccess x,quarantined,was:success"]);
  assertEquals(status, 1);
});

test("subunit-quarantine names entries that met no test", async () => {
  const { stderr, status } = await quarantine(
    entry("gone") + entry("a") + entry("re:^old") + entry(FAULT),
    stream(ended("a", "success")),
    ["--exit-status"],
  );
  assertEquals(
    stderr,
    `subunit-quarantine: The entry "gone" is stale: the run has no such test
subunit-quarantine: The entry "re:^old" is stale: the run has no such test
`,
  );
  assertEquals(status, 1);
  const tap = await quarantine("", "1..1\nok 1\n", ["--exit-status"]);
  assertMatch(tap.stderr, /put tap2subunit in front/);
  assertEquals(tap.status, 1);
});

test("a lost test is one that its entry names, and did not pass", async () => {
  using dir = new TempDir();
  const lost = stream(ended("a", "inprogress"), ended("b", "success"));
  const now = await quarantine(entry("a"), lost, ["--exit-status"]);
  assertEquals([now.status, now.stderr], [1, ""]);
  const passed = stream(ended("a", "success"));
  const lineOf = async (newest: Uint8Array, ...older: Uint8Array[]) => {
    const history = older.map((run, i) =>
      `--history=${dir.file(`run ${i}`, run)}`
    );
    const args = ["--report", ...history];
    return text((await quarantine(entry("a"), newest, args)).stdout);
  };
  assertEquals(
    [await lineOf(passed, passed, lost), await lineOf(lost, passed)],
    ["passing\t2026-12-31\t1\t0\ta\n", "failing\t2026-12-31\t0\t1\ta\n"],
  );
});

test("subunit-quarantine --report has the state of each entry", async () => {
  using dir = new TempDir();
  const files = [
    stream(
      ended("a", "fail"),
      ended("b", "success"),
      ended("c", "fail", { tags: [FAULT] }),
    ),
    stream(ended("a", "success"), ended("b", "fail"), ended("c", "success")),
    stream(ended("a", "success")),
  ].map((bytes, i) => dir.file(`run ${i}`, bytes));
  const { stdout, stderr } = await quarantine(
    [
      entry("a"),
      entry("b"),
      entry(FAULT),
      entry("gone"),
      entry("late", "2026-11-01"),
    ].join(""),
    stream(ended("a", "success"), ended("b", "fail"), ended("late", "fail")),
    ["--report", ...files.flatMap((file) => ["--history", file])],
  );
  assertEquals(
    text(stdout),
    `passing\t2026-12-31\t3\t0\ta
failing\t2026-12-31\t0\t1\tb
not seen\t2026-12-31\t3\t0\t${FAULT}
stale\t2026-12-31\t0\t0\tgone
expired\t2026-11-01\t0\t1\tlate
`,
  );
  assertMatch(
    stderr,
    /"late" ended on 2026-11-01: 1 failures count\n.*"gone" is stale/,
  );
});

test("subunit-quarantine --report takes neither what was skipped nor what was excused for passed", async () => {
  using dir = new TempDir();
  const list = entry("a") + entry("b") + entry("c") + entry(FAULT);
  const old = stream(
    ended("a", "success"),
    ended("b", "fail"),
    ended("c", "success"),
    ended("d", "fail", { tags: [FAULT] }),
  );
  const excused = await quarantine(list, old);
  const files = [
    dir.file("0", excused.stdout),
    dir.file("1", stream(ended("a", "skip"), ended("b", "success"))),
  ];
  const { stdout } = await quarantine(
    list,
    stream(ended("a", "success"), ended("b", "success"), ended("c", "skip")),
    ["--report", ...files.flatMap((file) => ["--history", file])],
  );
  assertEquals(
    text(stdout),
    `passing\t2026-12-31\t2\t0\ta
passing\t2026-12-31\t2\t0\tb
undecided\t2026-12-31\t1\t0\tc
not seen\t2026-12-31\t2\t0\t${FAULT}
`,
  );
});

test("subunit-quarantine --suggest writes entries for flaky tests, not for broken ones", async () => {
  using dir = new TempDir();
  const old = [
    stream(
      ended("flaky", "success"),
      ended("broken", "success"),
      ended("known", "fail"),
      ended("re:odd", "success"),
    ),
    stream(
      ended("flaky", "fail"),
      ended("broken", "fail"),
      ended("known", "success"),
      ended("re:odd", "fail"),
    ),
  ].map((bytes, i) => dir.file(`run ${i}`, bytes));
  const now = stream(
    ended("flaky", "success"),
    ended("broken", "fail"),
    ended("known", "fail"),
    ended("known", "success"),
    ended("re:odd", "success"),
    ended("gate", "fail", { tags: [FAULT] }),
    ended("gate", "success"),
  );
  const { stdout } = await quarantine(entry("known"), now, [
    "--suggest",
    ...old.flatMap((file) => ["--history", file]),
  ]);
  assertEquals(
    text(stdout),
    `${FAULT}\t2026-12-28\tTICKET\tflaky in 1 of 1 runs
flaky\t2026-12-28\tTICKET\tflaky in 1 of 3 runs
re:^re:odd\\Z\t2026-12-28\tTICKET\tflaky in 1 of 3 runs
`,
  );
  // Ready to be pasted.
  const pasted = await quarantine(text(stdout), now, ["--exit-status"]);
  assertMatch(pasted.stderr, /^$/);
});

test("subunit-quarantine --history takes repositories, and names what is no history", async () => {
  using repository = new TempRepository();
  keepRuns(repository, "a F b P", "a P b F", "a P b P");
  const now = stream(ended("a", "success"), ended("b", "success"));
  const history = `--history=${repository.path}`;
  const report = await quarantine(entry("a") + entry("b"), now, [
    "--report",
    history,
  ]);
  assertEquals(
    [text(report.stdout), report.stderr],
    ["passing\t2026-12-31\t3\t0\ta\npassing\t2026-12-31\t2\t0\tb\n", ""],
  );
  const suggested = await quarantine("", now, ["--suggest", history]);
  assertEquals(
    [text(suggested.stdout), suggested.stderr],
    ["b\t2026-12-28\tTICKET\tflaky in 1 of 4 runs\n", ""],
  );
  using dir = new TempDir();
  const tap = dir.file("old.tap", "1..1\nok 1 a\nok 2 b\n");
  const noTests = dir.file("text", "nothing\n");
  for (const mode of ["--report", "--suggest"]) {
    const { status, stderr } = await quarantine("", now, [
      mode,
      "--history",
      tap,
    ]);
    assertEquals(status, 2);
    assertMatch(
      stderr,
      /Cannot read ".*\/old.tap": .* put tap2subunit in front/,
    );
    const none = await quarantine("", now, [mode, "--history", noTests]);
    assertEquals(none.status, 0);
    assertMatch(none.stderr, /\/text has no test that ended\n$/);
  }
});

test(`subunit-quarantine changes the packets of excused tests only (seed ${SEED})`, async () => {
  const list = entry("re:test_[0-3]$") + entry("re:nothing");
  await fc.assert(
    fc.asyncProperty(
      anyRun({ routes: [undefined, "0"], parents: true }),
      fc.integer({ min: 1, max: 400 }),
      async (run, chunkBytes) => {
        using dir = new TempDir();
        const stdin = stream("text г\n", ...run, new Uint8Array([0xb3]), "\n");
        const { stdout } = await callTool("subunit-quarantine", [
          TODAY,
          "--max-excused=100%",
          dir.file("list", list),
        ], { stdin, chunkBytes });
        const isFile = ({ fileName, status }: Packet) =>
          fileName === "quarantine" && status === undefined;
        const out = itemsIn(stdout).filter((item) =>
          item.kind !== "packet" || !isFile(item)
        );
        const before = itemsIn(stdin);
        assertEquals(out.length, before.length);
        let files = 0;
        for (const [i, item] of before.entries()) {
          const now = out[i];
          if (
            item.kind !== "packet" || now.kind !== "packet" ||
            !now.tags?.includes("quarantined")
          ) {
            assertEquals(now.bytes.toHex(), item.bytes.toHex());
            continue;
          }
          files++;
          assertEquals([item.status, now.status], ["fail", "xfail"]);
          assertEquals(
            { ...now.toEvent(), tags: [], status: "" },
            { ...item.toEvent(), tags: [], status: "" },
          );
        }
        assertEquals(itemsIn(stdout).length, before.length + files);
        assertEquals(
          concat(before.map(({ bytes }) => bytes)).toHex(),
          stdin.toHex(),
        );
      },
    ),
    { seed: SEED, numRuns: 40 },
  );
});

test("subunit-quarantine passes on a stream that is longer than what it reads at once", async () => {
  const stdin = stream(...Array.from({ length: 40 }, (_, i) => ({
    testId: `${i}`,
    ...textFile("log", `${i % 10}`.repeat(50_000)),
  })));
  const { stdout } = await quarantine("", stdin);
  assert(equalBytes(stdout, stdin));
});

Deno.test("subunit-quarantine is the gate of a pipeline", async () => {
  using dir = new TempDir();
  const list = dir.file("known", entry("a"));
  const run = dir.file("run", stream(PASSES, ended("a", "fail")));
  const { stdout, status } = await shell(
    `set -o pipefail
    subunit-quarantine --today 2026-11-28 --exit-status $1 < $2 | subunit-ls --status xfail`,
    [list, run],
  );
  assertEquals(text(stdout), "a\n");
  assertEquals(status, 0);
});

test("subunit-quarantine refuses wrong lists and options", async () => {
  const cases: [list: string, args: string[], ...words: string[]][] = [
    ["a\n", [], "line 1: expected WHAT, UNTIL, TICKET and REASON"],
    [entry("a", "2027-02-27"), [], "more than 90 days ahead"],
    [entry("a", "2026-11-30"), ["--max-days=1"], "more than 1 days ahead"],
    [entry("re:("), [], "Cannot"],
    ["", ["--today=tomorrow"], "expected a day"],
    ["", ["--max-excused=x"], "expected a whole number"],
    ["", ["--history=x"], "needs --report or --suggest"],
    ["", ["--report", "--suggest"], "exclude each other"],
  ];
  for (const [list, args, ...words] of cases) {
    assertRefused(
      await quarantine(list, "", args),
      "subunit-quarantine",
      ...words,
    );
  }
  assertRefused(
    await callTool("subunit-quarantine"),
    "subunit-quarantine",
    "Expected LIST",
  );
  assertEquals(
    (await outputOfCall("subunit-quarantine", ["/dev/null"])).length,
    0,
  );
});
