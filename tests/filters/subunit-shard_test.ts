import { assertEquals } from "@std/assert";
import { callTool, test } from "../support/call.ts";
import { assertRefused } from "../support/checks.ts";
import { keepRuns } from "../support/kept_runs.ts";
import { TempDir, text } from "../support/run.ts";
import { TempRepository } from "../support/runs.ts";
import { at, type EventFields, stream } from "../support/streams.ts";

/** A test that took so many seconds. */
const took = (
  testId: string,
  seconds: number,
  status: EventFields["status"] = "success",
): EventFields[] => [
  { testId, status: "inprogress", timestamp: at("10:00:00") },
  {
    testId,
    status,
    timestamp: at(`10:00:${String(seconds).padStart(2, "0")}`),
  },
];

const IDS = "a\nb\nc\nd\ne\n";

async function shard(
  args: string[],
  stdin: string | Uint8Array = IDS,
): Promise<string[]> {
  const { stdout, status } = await callTool("subunit-shard", args, { stdin });
  assertEquals(status, 0);
  return text(stdout).trim().split("\n");
}

test("subunit-shard divides tests by how long they took", async () => {
  using dir = new TempDir();
  const history = dir.file(
    "run",
    stream(
      ...took("a", 1),
      ...took("b", 9),
      ...took("c", 3),
      ...took("c", 0, "skip"),
      ...took("d", 2, "fail"),
    ),
  );
  const args = ["--history", history];
  // The 75th percentile of 1, 2, 3 and 9 is 3.
  assertEquals(await shard(["1/2", ...args]), ["b"]);
  assertEquals(await shard(["2/2", ...args]), ["a", "c", "d", "e"]);
  assertEquals(await shard(["1/2", ...args, "--default=20"]), ["e"]);
  assertEquals(await shard(["1/2", ...args, "--default=p100"]), ["b", "c"]);
});

test("subunit-shard divides by count without a history, and keeps groups", async () => {
  assertEquals(await shard(["1/2"]), ["a", "c", "e"]);
  assertEquals(await shard(["2/2"]), ["b", "d"]);
  const grouped = "x::1\ny::1\nx::2\ny::2\n";
  assertEquals(await shard(["1/2", "--group-regex=^(.*)::"], grouped), [
    "x::1",
    "x::2",
  ]);
  assertEquals(await shard(["1/2", "--group-regex=^.*::"], grouped), [
    "x::1",
    "x::2",
  ]);
  const { stdout } = await callTool("subunit-shard", ["2/2", "-0"], {
    stdin: IDS,
  });
  assertEquals(text(stdout), "b\0d\0");
});

test("subunit-shard takes the tests of a stream", async () => {
  using dir = new TempDir();
  const tests = stream(
    "listing\n",
    { testId: "a", status: "exists" },
    { testId: "b", status: "exists" },
    ...took("c", 1),
  );
  assertEquals(await shard(["1/1"], tests), ["a", "b", "c"]);
  const list = dir.file("list", tests);
  assertEquals(await shard(["2/2", "--list", list], ""), ["b"]);
});

test("subunit-shard leaves the records of a run out", async () => {
  const record: EventFields = { testId: "subunit.run", status: "exists" };
  const tests = stream(
    { ...record, runnable: false, fileName: "start" },
    { testId: "a", status: "success" },
    { ...record, runnable: false, fileName: "end" },
  );
  assertEquals(await shard(["1/1"], tests), ["a"]);
});

test("subunit-shard leaves out how a command ended", async () => {
  const tests = stream(
    ...took("a", 1),
    { testId: "pytest: exit status", status: "fail", runnable: false },
  );
  assertEquals(await shard(["1/1"], tests), ["a"]);
});

test("subunit-shard prints nothing for a list that is damaged", async () => {
  const tests = stream(
    { testId: "a", status: "exists" },
    { testId: "b", status: "exists" },
  );
  const cut = tests.subarray(0, tests.length - 3);
  const call = await callTool("subunit-shard", ["1/1"], { stdin: cut });
  assertRefused(call, "subunit-shard", "at byte", "tests may be missing");
  // Letters of a list are not taken for packets.
  assertEquals(await shard(["1/1"], "a\u00b3\nb\n"), ["a\u00b3", "b"]);
});

test("subunit-shard takes durations from a repository", async () => {
  using repository = new TempRepository();
  keepRuns(repository, "a P9 b P1 c P2 d P3", "a P9 b P1 c P2 d P3");
  const history = `--history=${repository.path}`;
  assertEquals(await shard(["1/2", history], "a\nb\nc\nd\n"), ["a"]);
});

test("subunit-shard reports shards without tests, and lists without tests", async () => {
  const none = await callTool("subunit-shard", ["3/3"], { stdin: "a\nb\n" });
  assertEquals(none.stderr, "subunit-shard: Shard 3/3 has no tests\n");
  assertEquals([none.status, none.stdout.length], [0, 0]);
  const empty = await callTool("subunit-shard", ["1/2"], { stdin: "\n" });
  assertEquals(
    empty.stderr,
    "subunit-shard: There are no tests to divide: is the list complete?\n",
  );
  assertEquals(empty.status, 1);
});

test("subunit-shard refuses what is no shard, no time and no regex", async () => {
  for (
    const args of [
      [],
      ["0/2"],
      ["3/2"],
      ["1"],
      ["1/2", "2/2"],
      ["1/2", "--default=p101"],
      ["1/2", "--default=soon"],
      ["1/2", "--group-regex=("],
    ]
  ) {
    assertRefused(
      await callTool("subunit-shard", args, { stdin: IDS }),
      "subunit-shard",
      /expected|Cannot/,
    );
  }
});
