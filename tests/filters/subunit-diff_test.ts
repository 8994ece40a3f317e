import { assertEquals, assertMatch } from "@std/assert";
import type { StatusEvent } from "@subunit/codec";
import { callTool, test } from "../support/call.ts";
import { peerTest, runTool, shell, TempDir, text } from "../support/run.ts";
import {
  at,
  damaged,
  ended,
  type EventFields,
  eventsIn,
  stream,
  taggedOutcomesIn,
  textFile,
} from "../support/streams.ts";
import { runOnTerminal } from "../support/checks.ts";

const TRACEBACK = `Traceback (most recent call last):
  File "shop.py", line 3, in test
    assertEqual(3, 4)
AssertionError: 3 != 4
`;

interface Difference {
  readonly events: StatusEvent[];
  readonly status: number;
  readonly stderr: string;
}

async function diff(
  old: Uint8Array,
  now: Uint8Array,
  args: string[] = [],
): Promise<Difference> {
  using dir = new TempDir();
  const files = [dir.file("old", old), dir.file("new", now)];
  const { stdout, stderr, status } = await callTool("subunit-diff", [
    ...args,
    ...files,
  ]);
  return { events: eventsIn(stdout), status, stderr };
}

/** The id, status and tags of each outcome. */
function endings({ events }: Difference): string[] {
  return taggedOutcomesIn(events);
}

test("subunit-diff shows the tests whose outcome changed, and how", async () => {
  const old = stream(
    ended("same", "success"),
    ended("still fails", "fail"),
    ended("breaks", "success"),
    ended("is mended", "fail"),
    ended("surprises", "xfail"),
    ended("goes", "success"),
    ended("is skipped now", "success"),
    ended("was lost", "inprogress"),
  );
  const now = stream(
    ended("same", "success"),
    ended("still fails", "fail"),
    ended("breaks", "fail"),
    ended("is mended", "success"),
    ended("surprises", "uxsuccess"),
    ended("comes", "success"),
    ended("comes broken", "fail"),
    ended("is skipped now", "skip"),
    ended("was lost", "fail"),
  );
  const difference = await diff(old, now);
  assertEquals(endings(difference), [
    "breaks fail new-fail",
    "is mended success fixed",
    "surprises uxsuccess new-fail",
    "comes success appeared",
    "comes broken fail appeared,new-fail",
    "is skipped now skip changed",
    "was lost fail changed",
    "goes skip vanished",
  ]);
  assertEquals(difference.status, 1);
  assertEquals(
    difference.stderr,
    "subunit-diff: 3 tests fail that did not before\n",
  );
});

test("subunit-diff takes no test for fixed that is skipped or expected to fail", async () => {
  const run = (...statuses: EventFields["status"][]) =>
    stream(...statuses.map((status, i) => ended(`${i}`, status)));
  const difference = await diff(
    run("fail", "fail", "fail", "uxsuccess"),
    run("skip", "xfail", "success", "success"),
  );
  assertEquals(endings(difference), [
    "0 skip changed",
    "1 xfail changed",
    "2 success fixed",
    "3 success fixed",
  ]);
});

/** A run in which a test has attempts, on its own route. */
function attempts(...statuses: EventFields["status"][]): Uint8Array {
  return stream(
    ended("b", "success"),
    ...statuses.map((status) => ended("a", status, { routeCode: "0" })),
  );
}

/** The attempts in OLD and NEW, what leaves, the exit status, and the view. */
const ATTEMPTS: [
  old: EventFields["status"][],
  now: EventFields["status"][],
  shown: string[],
  status: number,
  counts: string,
][] = [
  // Compared with itself.
  [
    ["fail", "success"],
    ["fail", "success"],
    ["a fail new-fail", "a success flaky"],
    0,
    "1 flaky",
  ],
  [["fail"], ["fail", "fail"], [], 0, "no test has changed, 1 still fail"],
  [
    ["success"],
    ["fail", "fail"],
    [
      "a fail new-fail",
      "a fail new-fail",
    ],
    1,
    "1 new failure",
  ],
  // At last it was lost.
  [
    ["success"],
    ["fail", "success", "inprogress"],
    ["a fail new-fail", "a success flaky"],
    1,
    "1 new failure",
  ],
  [["success"], ["success", "fail"], ["a fail new-fail"], 1, "1 new failure"],
  // It failed once, but that was repaired.
  [["fail", "success"], ["fail"], ["a fail new-fail"], 1, "1 new failure"],
  [
    ["fail"],
    ["success", "fail"],
    [
      "a success fixed",
      "a fail flaky",
    ],
    0,
    "1 flaky, 1 still fail",
  ],
  // To skip it neither repairs nor breaks it.
  [["success"], ["fail", "skip"], ["a fail new-fail"], 1, "1 new failure"],
  [["fail", "skip"], ["fail"], [], 0, "no test has changed, 1 still fail"],
  [["success", "skip"], ["fail"], ["a fail new-fail"], 1, "1 new failure"],
  [
    [],
    ["fail", "success"],
    [
      "a fail appeared,new-fail",
      "a success appeared,flaky",
    ],
    0,
    "1 flaky",
  ],
];

test("subunit-diff lets the last attempt at a test decide", async () => {
  for (const [old, now, shown, status, counts] of ATTEMPTS) {
    const runs = [attempts(...old), attempts(...now)] as const;
    const difference = await diff(...runs);
    assertEquals(endings(difference), shown);
    assertEquals(difference.status, status);
    using dir = new TempDir();
    const files = runs.map((run, i) => dir.file(`${i}`, run));
    const args = ["--format=text", ...files];
    const view = await callTool("subunit-diff", args);
    assertEquals(text(view.stdout).split("\n").at(-2), `2 tests: ${counts}`);
    assertEquals(view.status, status);
  }
});

test("subunit-diff takes results on two routes for two tests", async () => {
  const on = (routeCode: string, status: EventFields["status"]) =>
    ended("a", status, { routeCode });
  const old = stream(on("0", "success"), on("1", "success"));
  const now = stream(on("0", "fail"), on("1", "success"));
  assertEquals((await diff(old, now)).status, 1);
});

test("subunit-diff exits 0 when nothing fails that did not fail before", async () => {
  const old = stream(ended("a", "fail"), ended("b", "success"));
  const now = stream(ended("a", "uxsuccess"), ended("c", "success"));
  assertEquals((await diff(old, now)).status, 0);
  const same = await diff(old, old);
  assertEquals(same, { events: [], status: 0, stderr: "" });
});

test("subunit-diff exits 1 when a run has no tests any more", async () => {
  const old = stream(ended("a", "fail"));
  for (const now of [stream(), stream("ModuleNotFoundError\n")]) {
    const difference = await diff(old, now);
    assertEquals(endings(difference), ["a skip vanished"]);
    assertEquals(difference.status, 1);
    assertMatch(difference.stderr, /^subunit-diff: All tests have vanished: /);
  }
  assertEquals((await diff(stream(), stream())).status, 0);
});

test("subunit-diff counts a test that is lost now as a new failure", async () => {
  const old = stream(ended("a", "success"));
  const now = stream({ testId: "a", status: "inprogress", tags: ["x"] });
  const difference = await diff(old, now);
  assertEquals(difference.events, [{
    testId: "a",
    status: "inprogress",
    runnable: true,
    tags: ["new-fail", "x"],
  }]);
  assertEquals(difference.status, 1);
});

test("subunit-diff hands out all packets of a changed test as they came", async () => {
  const packets: EventFields[] = [
    {
      testId: "a",
      status: "inprogress",
      tags: ["slow"],
      timestamp: at("10:00:00"),
      routeCode: "0",
    },
    { testId: "a", fileName: "log", fileBytes: stream("one"), routeCode: "0" },
    {
      testId: "a",
      status: "fail",
      timestamp: at("10:00:02"),
      routeCode: "0",
    },
  ];
  const now = stream(
    "text\n",
    packets[0],
    ended("b", "success"),
    packets[1],
    { fileName: "stdout" },
    packets[2],
  );
  const { events } = await diff(
    stream(ended("a", "success"), ended("b", "success")),
    now,
  );
  assertEquals(
    events,
    eventsIn(stream(
      packets[0],
      packets[1],
      { ...packets[2], tags: ["new-fail", "slow"] },
    )),
  );
});

test("subunit-diff matches by route code where both runs have it, else by id", async () => {
  const on = (
    routeCode: string,
    status: StatusEvent["status"],
  ): EventFields => ({
    testId: "a",
    routeCode,
    status,
  });
  const both = stream(on("linux", "fail"), on("mac", "success"));
  assertEquals(endings(await diff(both, both)), []);
  assertEquals(
    endings(await diff(both, stream(on("linux", "fail"), on("mac", "fail")))),
    ["a fail new-fail"],
  );
  // Run by another worker.
  assertEquals(
    endings(await diff(stream(on("0", "success")), stream(on("3", "success")))),
    [],
  );
});

test("subunit-diff --slower shows tests that take longer, and does not fail", async () => {
  const run = (seconds: number, status: StatusEvent["status"]) =>
    stream(
      { testId: "a", status: "inprogress", timestamp: at("10:00:00") },
      { testId: "a", status, timestamp: at(`10:00:0${seconds}`) },
    );
  for (
    const [percent, expected] of [
      ["40", ["a success slower"]],
      ["60", []],
    ] as const
  ) {
    const difference = await diff(run(4, "success"), run(6, "success"), [
      `--slower=${percent}`,
    ]);
    assertEquals(endings(difference), [...expected]);
    assertEquals(difference.status, 0);
  }
  assertEquals(
    endings(await diff(run(4, "fail"), run(6, "fail"), ["--slower=1"])),
    [],
  );
});

test("subunit-diff names damage in either run", async () => {
  const { stderr, status } = await diff(
    damaged(ended("a", "success")),
    stream(),
  );
  assertMatch(stderr, /^subunit-diff: Cannot decode packet 0 at byte 0: .*\n$/);
  assertEquals(status, 0);
});

test("subunit-diff is not good if the newer run is damaged", async () => {
  const whole = stream(ended("a", "success"), ended("b", "success"));
  for (
    const run of [
      stream(ended("a", "success"), damaged(ended("b", "fail"))),
      whole.subarray(0, whole.length - 3),
    ]
  ) {
    using dir = new TempDir();
    const files = [dir.file("old", whole), dir.file("new", run)];
    for (const format of ["stream", "text"]) {
      const args = [`--format=${format}`, ...files];
      const { stderr, status } = await callTool("subunit-diff", args);
      assertMatch(stderr, /bytes are damaged/);
      assertEquals(status, 1);
    }
  }
  assertEquals((await diff(whole, whole)).status, 0);
});

Deno.test("subunit-diff reads one of its streams from a pipe", async () => {
  using dir = new TempDir();
  const old = dir.file("old", stream(ended("a", "fail")));
  const { stdout } = await shell(
    "subunit-diff $1 - | subunit-ls --format=tsv | cut -f 1,2",
    [old],
    { stdin: stream(ended("a", "success")) },
  );
  assertEquals(text(stdout), "a\tsuccess\n");
});

const VIEWED_OLD = stream(
  ended("same", "success"),
  ended("still fails", "fail"),
  ended("breaks", "success"),
  ended("surprises", "xfail"),
  ended("is lost", "success"),
  ended("is mended", "fail"),
  ended("is skipped", "success"),
  ended("goes", "success"),
  { testId: "slow", status: "inprogress", timestamp: at("10:00:00") },
  { testId: "slow", status: "success", timestamp: at("10:00:01") },
);
const VIEWED_NEW = stream(
  "text\n",
  ended("same", "success"),
  ended("still fails", "fail"),
  { ...ended("breaks", "inprogress"), routeCode: "linux" },
  {
    testId: "breaks",
    routeCode: "linux",
    ...textFile("traceback", TRACEBACK),
  },
  { ...ended("breaks", "fail"), routeCode: "linux" },
  ended("surprises", "uxsuccess"),
  ended("is lost", "inprogress"),
  ended("is mended", "success"),
  ended("is skipped", "skip"),
  { testId: "comes\x1b[2J", status: "fail", ...textFile("reason", "no \x07") },
  ended("comes well", "success"),
  { testId: "slow", status: "inprogress", timestamp: at("10:00:00") },
  { testId: "slow", status: "success", timestamp: at("10:00:04") },
);
const VIEW = `Vanished (1)
  goes

Appeared (1)
  comes well  success

Slower (1)
  slow  1.000 s, now 4.000 s

Changed (1)
  is skipped  success, now skip

Fixed (1)
  is mended  fail, now success

New failures (4)
  breaks (on linux)
      AssertionError: 3 != 4
  surprises
      the test passed, and was expected to fail
  comes\\u001b[2J  (new)
      no \\u0007
  is lost
      the test started and never ended

10 tests: 4 new failures, 1 fixed, 1 changed, 1 slower, 1 appeared, 1 vanished, 1 still fail
`;

test("subunit-diff --format text lists for people what has changed, and why", async () => {
  using dir = new TempDir();
  const args = ["--format=text", "--slower=50"];
  const old = dir.file("old", VIEWED_OLD), now = dir.file("new", VIEWED_NEW);
  const changed = await callTool("subunit-diff", [...args, old, now]);
  assertEquals(text(changed.stdout), VIEW);
  assertEquals([changed.status, changed.stderr], [1, ""]);
  const same = await callTool("subunit-diff", [...args, old, old]);
  assertEquals(
    text(same.stdout),
    "9 tests: no test has changed, 2 still fail\n",
  );
  assertEquals(same.status, 0);
});

test("subunit-diff --format text lists all new failures, and counts what is long", async () => {
  using dir = new TempDir();
  const run = (fails: string, passes: string) =>
    stream(
      ...Array.from({ length: 30 }, (_, i) => ended(`${fails} ${i}`, "fail")),
      ...Array.from(
        { length: 30 },
        (_, i) => ended(`${passes} ${i}`, "success"),
      ),
    );
  const { stdout } = await callTool("subunit-diff", [
    "--format=text",
    dir.file("old", run("mended", "broken")),
    dir.file("new", run("broken", "mended")),
  ]);
  const lines = text(stdout).split("\n");
  const count = (pattern: RegExp) =>
    lines.filter((line) => pattern.test(line)).length;
  assertEquals(count(/^ {2}broken \d+$/), 30);
  assertEquals(count(/^ {2}mended \d+ {2}fail, now success$/), 20);
  assertEquals(count(/^ {2}… and 10 more$/), 1);
  assertEquals(lines.at(-2), "60 tests: 30 new failures, 30 fixed");
});

peerTest(
  "subunit-diff lists changes on a terminal, and writes a stream elsewhere",
  [
    "script",
  ],
  async () => {
    using dir = new TempDir();
    const files = [dir.file("old", VIEWED_OLD), dir.file("new", VIEWED_NEW)];
    const { shown } = await runOnTerminal("subunit-diff", [
      "--slower=50",
      ...files,
    ], "/dev/null");
    assertEquals(shown, VIEW);
    const args = ["--slower=50", "--format=stream", ...files];
    const named = await runTool("subunit-diff", args);
    const plain = await runTool("subunit-diff", ["--slower=50", ...files]);
    assertEquals(named, plain);
    assertEquals(eventsIn(plain.stdout).length > 0, true);
  },
);

test("subunit-diff wants two streams, and a percentage", async () => {
  for (
    const args of [
      [],
      ["a"],
      ["a", "b", "c"],
      ...["x", "0x7", "1e9", "-1", " 1"].map((
        n,
      ) => [`--slower=${n}`, "a", "b"]),
      ["--format=x", "a", "b"],
    ]
  ) {
    const { stderr, status } = await callTool("subunit-diff", args);
    assertMatch(stderr, /^subunit-diff: .*expected.*: see --help\n$/i);
    assertEquals(status, 2);
  }
});
