import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import { decodePacket, encodePacket, type TestStatus } from "@subunit/codec";
import { encodeRecord } from "../../filters/history/repository/record.ts";
import { callTool, test } from "../support/call.ts";
import { assertMessage, assertRefused } from "../support/checks.ts";
import {
  keepRun,
  keepRuns,
  type KeptRun,
  packetsOf,
  runId,
} from "../support/kept_runs.ts";
import { isCi, text } from "../support/run.ts";
import { loadRun, TempRepository } from "../support/runs.ts";
import {
  damaged,
  ended,
  equalBytes,
  eventsIn,
  FAILED,
  outcomesIn,
  PASSED,
  stream,
  textFile,
} from "../support/streams.ts";

const SEED = 17;

/** What the tool writes, as text, and its exit status. */
async function failing(
  { path }: Pick<TempRepository, "path">,
  ...args: string[]
): Promise<[string, number, string]> {
  const { stdout, status, stderr } = await callTool(
    "subunit-failing",
    [`--repo=${path}`, ...args],
  );
  return [text(stdout), status, stderr];
}

/** The ids that fail. */
async function ids(repository: TempRepository, ...args: string[]) {
  const [out] = await failing(repository, "--list", ...args);
  return out.split("\n").slice(0, -1).join(" ");
}

test("subunit-failing writes the newest packets, and since when they are", async () => {
  using repository = new TempRepository();
  keepRuns(
    repository,
    "a P b P c F",
    { tests: "a P b F c F", routeCode: "1" },
    "b F",
    "a P",
  );
  const { stdout, status } = await callTool("subunit-failing", [
    repository.repo,
  ]);
  assertEquals(status, 1);
  assertEquals(
    outcomesIn(eventsIn(stdout)).map(({ testId, tags, routeCode }) =>
      `${testId} ${tags} ${routeCode}`
    ),
    [`c since:${runId(0)} 1`, `b since:${runId(1)} undefined`],
  );
  // The packets leave as they came, but for the tag of the last one.
  const kept = eventsIn(packetsOf({ tests: "b F" }, 2)).map((event) =>
    event.status === "fail" ? { ...event, tags: [`since:${runId(1)}`] } : event
  );
  const expected = concat(kept.map((event) => encodePacket(event)));
  assert(equalBytes(stdout.slice(-expected.length), expected));
});

test("subunit-failing --list and --format write ids and facts", async () => {
  using repository = new TempRepository();
  keepRuns(
    repository,
    { tests: "a P b P c F", start: { commit: "4f2c1ab" } },
    "a P b F c F",
    { tests: "a P b F c U", tags: ["fault:1-h2ffvs7z1vc6dbmr"] },
  );
  assertEquals(await failing(repository, "--list"), ["b\nc\n", 1, ""]);
  assertEquals(await failing(repository, "-l0"), ["b\0c\0", 1, ""]);
  const [tsv] = await failing(repository, "--format=tsv");
  assertEquals(
    tsv,
    `b\tfail\t${runId(1)}\ttrue\t${
      runId(0)
    }\t4f2c1ab\t2\tfault:1-h2ffvs7z1vc6dbmr\t\n` +
      `c\tuxsuccess\t${runId(0)}\tfalse\t\t\t3\tfault:1-h2ffvs7z1vc6dbmr\t\n`,
  );
  const [json] = await failing(repository, "--format=json");
  assertEquals(JSON.parse(json.split("\n")[0]), {
    id: "b",
    outcome: "fail",
    since: runId(1),
    since_known: true,
    last_good: runId(0),
    last_good_commit: "4f2c1ab",
    runs: 2,
    fault: "fault:1-h2ffvs7z1vc6dbmr",
  });
  const [table] = await failing(repository, "--format=text");
  assertEquals(table.split("\n")[0].split(/ +/).slice(0, 3), [
    "id",
    "outcome",
    "since",
  ]);
});

test("subunit-failing ends with 0, 1 and 2", async () => {
  using repository = new TempRepository();
  Deno.mkdirSync(`${repository.path}/runs`, { recursive: true });
  Deno.writeTextFileSync(`${repository.path}/format`, "subunit-runs 1\n");
  assertRefused(
    await callTool("subunit-failing", [repository.repo]),
    "subunit-failing",
    "there are no runs yet",
  );
  keepRuns(repository, "a F");
  assertEquals((await failing(repository))[1], 1);
  keepRun(repository, 1, { tests: "a P" });
  assertEquals(await failing(repository), ["", 0, ""]);
  assertRefused(
    await callTool("subunit-failing", [repository.repo, "--branch=x"]),
    "subunit-failing",
    "none of the runs is selected",
  );
  for (const args of [["-0"], ["-l", "--format=json"], ["--format=x"]]) {
    assertRefused(
      await callTool("subunit-failing", [repository.repo, ...args]),
      "subunit-failing",
    );
  }
});

test("a filtered run of a passing test forgets nothing, as it does in testr and stestr", async () => {
  using repository = new TempRepository();
  keepRuns(repository, "a P b F c F", "b P c F", "a P");
  assertEquals(await ids(repository), "c");
});

test("a full run that did not reach its tests forgets nothing", async () => {
  using repository = new TempRepository();
  await loadRun(repository, 1, stream(FAILED, PASSED), "--full");
  const ending = { runnable: false, status: "fail" } as const;
  await loadRun(
    repository,
    2,
    stream(
      { ...ending, testId: "make: exit status" },
      { ...ending, testId: "(build)" },
    ),
    "--full",
  );
  const [out, , complaint] = await failing(repository, "--format=json");
  assertEquals(complaint, "");
  assertEquals(
    out.split("\n").slice(0, -1).map((line) => JSON.parse(line).id),
    ["(build)", FAILED.testId, "make: exit status"],
  );
  // What is not a test cannot be run again.
  const [list, status, stderr] = await failing(repository, "--list");
  assertEquals([list, status], [`${FAILED.testId}\n`, 1]);
  assertEquals(
    stderr,
    'subunit-failing: Cannot list "(build)": it is not a test\n' +
      'subunit-failing: Cannot list "make: exit status": it is not a test\n',
  );
});

test("a list has the tests of steps, which cannot be run alone", async () => {
  using repository = new TempRepository();
  const step = (name: string, status: TestStatus) =>
    ({
      testId: `a > ${name}`,
      status,
      runnable: false,
      parentTestId: "a",
    }) as const;
  const a = (status: TestStatus) => ({ testId: "a", status });
  await loadRun(
    repository,
    1,
    stream(step("1", "fail"), step("2", "success"), a("fail"), FAILED),
    "--full",
  );
  const { testId } = FAILED;
  assertEquals(await ids(repository), `a ${testId}`);
  // The same of what a run did not reach: a test that is there already.
  await loadRun(repository, 2, stream(a("success")), "--full");
  await loadRun(repository, 3, stream(step("1", "success")), "--partial");
  // A runner that marks nothing as runnable.
  await loadRun(
    repository,
    4,
    stream({ testId: "b", status: "fail", runnable: false }),
    "--partial",
  );
  assertEquals(await ids(repository), "b");
});

test("steps that a stopped run did not reach are listed as their tests", async () => {
  using repository = new TempRepository();
  const step = {
    testId: "a > 1",
    status: "success",
    runnable: false,
    parentTestId: "a",
  } as const;
  const a = { testId: "a", status: "success" } as const;
  await loadRun(repository, 1, stream(step, a, PASSED), "--full");
  keepRun(repository, 24 * 400, { tests: "b P", isTorn: true });
  assertEquals(await ids(repository, "--unrun"), `a ${PASSED.testId}`);
});

test("all that a worker lists is not all that another one lists", async () => {
  using repository = new TempRepository();
  const run = async (day: number, suite: string, ...tests: string[]) => {
    const counts = {
      ...{ success: tests.length, uxsuccess: 0, skip: 0, xfail: 0, lost: 0 },
      fail: tests.includes("a") ? 1 : 0,
      damage: 0,
    };
    counts.success -= counts.fail;
    const end = { v: 1, of: "command", scope: "full", suite, counts } as const;
    const events = tests.map((testId) => ({
      testId,
      status: testId === "a" ? "fail" as const : "success" as const,
    }));
    const bytes = concat([stream(...events), encodeRecord("end", end)]);
    await loadRun(repository, day, bytes);
  };
  await run(1, "00000001", "a", "b", "c");
  // With fewer paths, or in another folder.
  await run(2, "00000002", "b");
  assertEquals(await ids(repository), "a");
  await run(3, "00000001", "b", "c");
  assertEquals(await ids(repository), "");
  const [, , stderr] = await failing(repository);
  assertMessage(stderr, "subunit-failing", "1 gone: renamed or deleted?");
});

test("two writers lose no failure of forty, where testr lost 12 and stestr 8", async () => {
  using repository = new TempRepository();
  keepRun(repository, 0, { tests: "a P", start: { scope: "full" } });
  const load = async (writer: number) => {
    for (let i = 0; i < 20; i++) {
      await callTool(
        "subunit-load",
        [repository.repo, "--quiet", "--partial", "--no-git"],
        { stdin: packetsOf({ tests: `test-${writer}-${i} F` }, 1) },
      );
    }
  };
  await Promise.all([load(1), load(2)]);
  assertEquals((await ids(repository)).split(" ").length, 40);
});

// pytest#6423, #5301, Playwright#30924, rspec#2470: the last run, or one of two
// that overlap, replaced what failed in others.
test("shards and reruns each keep what they did not run", async () => {
  using repository = new TempRepository();
  const part = (part: string) => ({ scope: "full", group: "g", part } as const);
  keepRuns(
    repository,
    { tests: "a F b P", start: part("1/2") },
    { tests: "c F d P", start: part("2/2") },
    { tests: "c P", start: { scope: "partial" } },
  );
  assertEquals(await ids(repository), "a");
  // A part that is missing makes a build partial, and it is said.
  keepRun(repository, 3, {
    tests: "a P",
    start: { scope: "full", group: "h", part: "1/2" },
  });
  keepRun(repository, 4, { tests: "e F", start: { scope: "partial" } });
  const [out, , stderr] = await failing(repository, "--list");
  assertEquals(out, "e\n");
  assertMessage(stderr, "subunit-failing", 'group "h"', "1 of 2 parts");
});

// pytest#2621, #7758: an empty list ran everything.
test("an empty list of failures is empty", async () => {
  using repository = new TempRepository();
  keepRuns(repository, "a P");
  assertEquals(await failing(repository, "-l0"), ["", 0, ""]);
});

// pytest#3139, atago#201: a deleted test blocked the others, or stayed for good.
test("a deleted test leaves the list, and it is said", async () => {
  using repository = new TempRepository();
  keepRuns(repository, "a P b F c F", "a P c F d P");
  const [out, status, stderr] = await failing(repository, "--list");
  assertEquals([out, status], ["c\n", 1]);
  assertMessage(stderr, "subunit-failing", "1 gone: renamed or deleted?");
  assertEquals(await ids(repository, "--gone"), "c b");
});

// stestr#224, labs#7521: dated lines join a renamed test.
test("a renamed test keeps its history", async () => {
  using repository = new TempRepository();
  keepRuns(repository, "old F b P", "b P new F");
  Deno.writeTextFileSync(
    `${repository.path}/renames`,
    "# by hand\nold\tnew\t2026-11-01T12:30:00Z\n",
  );
  const [tsv, , stderr] = await failing(repository, "--format=tsv");
  assertEquals(tsv.split("\t").slice(0, 3), ["new", "fail", runId(0)]);
  assertEquals(stderr, "");
  // The packets of an older run have the old name.
  keepRun(repository, 2, { tests: "new S", start: { scope: "partial" } });
  Deno.removeSync(`${repository.path}/runs/${runId(1)}.subunit.gz`);
  const { stdout } = await callTool("subunit-failing", [repository.repo]);
  assertEquals(outcomesIn(eventsIn(stdout)).map(({ testId }) => testId), [
    "old",
  ]);
  Deno.writeTextFileSync(`${repository.path}/renames`, "old new\n");
  assertRefused(
    await callTool("subunit-failing", [repository.repo]),
    "subunit-failing",
    "line 1",
  );
});

test("subunit-failing --unrun adds what a torn or stopped run did not reach", async () => {
  using repository = new TempRepository();
  keepRuns(repository, "a P b P c F d P", {
    tests: "a P b L e E",
    isTorn: true,
  });
  assertEquals(await ids(repository), "b c");
  assertEquals(await ids(repository, "--unrun"), "b c d e");
  const { stdout, status } = await callTool("subunit-failing", [
    repository.repo,
    "--unrun",
  ]);
  assertEquals(status, 1);
  const listed = eventsIn(stdout).filter(({ status }) => status === "exists");
  assertEquals(listed.map(({ testId }) => testId), ["d", "e"]);
  keepRun(repository, 2, { tests: "a P b P c P d P" });
  keepRun(repository, 3, { tests: "a P", signal: "SIGINT" });
  // The newest wide run has no "e".
  assertEquals(await ids(repository, "--unrun"), "b c d");
  assertEquals((await failing(repository, "-l"))[1], 0);
  assertEquals((await failing(repository, "-l", "--unrun"))[1], 1);
});

test("a run that cannot be read whole forgets nothing, and it is said", async () => {
  const passing = [..."bcdefghij"].map((testId) => ended(testId, "success"));
  /** What is asked when a newer run has lost a test, by what was before it. */
  const answers = async (
    before: TestStatus,
    spoil: (repository: TempRepository) => Promise<string>,
  ) => {
    using repository = new TempRepository();
    await loadRun(repository, 1, stream(ended("a", before), ...passing));
    const id = await spoil(repository);
    const [list, status, stderr] = await failing(repository, "--list");
    assertMessage(stderr, "subunit-failing", `Run ${id} is damaged`);
    const [unrun] = await failing(repository, "--list", "--unrun");
    return [list, status, unrun];
  };
  const cut = async (repository: TempRepository) => {
    const id = await loadRun(repository, 2, stream(...passing));
    const { path } = repository.runs[1];
    Deno.writeFileSync(path, Deno.readFileSync(path).subarray(0, -20));
    return id;
  };
  const damage = (repository: TempRepository) =>
    loadRun(
      repository,
      2,
      concat([damaged(ended("a", "fail")), stream(...passing)]),
    );
  for (const spoil of [cut, damage]) {
    assertEquals(await answers("fail", spoil), ["a\n", 1, "a\n"]);
    assertEquals(await answers("success", spoil), ["", 0, "a\n"]);
  }
});

test("subunit-failing names torn runs since the newest of all tests", async () => {
  using repository = new TempRepository();
  const torn = { tests: "a P", isTorn: true };
  const said = async () => (await failing(repository, "--list"))[2];
  keepRuns(repository, torn, "a P b P", "b P", torn);
  assertMessage(await said(), "subunit-failing", `Run ${runId(3)} is torn`);
  keepRun(repository, 4, torn);
  assertMessage(
    await said(),
    "subunit-failing",
    `2 new runs are torn, the newest is ${runId(4)}`,
  );
  keepRun(repository, 5, { tests: "a P b P" });
  assertEquals(await said(), "");
});

test("a clock that is ahead hides no failure", async () => {
  using repository = new TempRepository();
  const year = 365 * 86400, seconds = Math.floor(Date.now() / 1000);
  const of = (status: TestStatus, seconds: number) =>
    stream(ended("a", status, { timestamp: { seconds, nanoseconds: 0 } }));
  const load = async (bytes: Uint8Array, ...args: string[]) => {
    const { status } = await callTool(
      "subunit-load",
      [repository.repo, "-q", ...args],
      { stdin: bytes },
    );
    assertEquals(status, 0);
  };
  await load(of("success", seconds + year));
  assert(repository.runs[0].seconds <= Date.now() / 1000);
  await load(of("fail", seconds + 60));
  assertEquals(await failing(repository, "--list"), ["a\n", 1, ""]);
  // It was copied from another machine, or somebody wants it to be there.
  await load(of("success", seconds), "--at=2105-01-01");
  const [out, , stderr] = await failing(repository, "--list");
  const { id } = repository.runs.at(-1)!;
  assertEquals(out, "");
  assertMessage(stderr, "subunit-failing", `Run ${id} is in the future`);
  const check = await callTool("subunit-runs", [repository.repo, "--check"]);
  assertEquals(check.status, 1);
  const problems = text(check.stdout).split("\n").slice(0, -1);
  assertEquals(problems.at(-2), `${id}\tit begins in the future`);
});

test("subunit-failing --by-route takes workers apart", async () => {
  using repository = new TempRepository();
  keepRun(repository, 0, { tests: "a P" });
  const path = `${repository.path}/runs/${runId(1)}.subunit`;
  Deno.writeFileSync(
    path,
    concat([
      packetsOf({ tests: "a F", routeCode: "py3/0" }, 1),
      packetsOf({ tests: "a P2", routeCode: "py4/0" }, 1),
    ]),
  );
  assertEquals(await ids(repository), "");
  const { stdout } = await callTool("subunit-failing", [
    repository.repo,
    "--by-route",
  ]);
  assertEquals(eventsIn(stdout).map(({ routeCode }) => routeCode), [
    "py3/0",
    "py3/0",
  ]);
});

test("of several attempts, the decisive one is written", async () => {
  using repository = new TempRepository();
  Deno.mkdirSync(`${repository.path}/runs`, { recursive: true });
  Deno.writeTextFileSync(`${repository.path}/format`, "subunit-runs 1\n");
  const attempts = ["a P", "a F", "b P"].map((tests, i) =>
    packetsOf({ tests }, i)
  );
  const path = `${repository.path}/runs/${runId(0)}.subunit`;
  Deno.writeFileSync(path, concat(attempts));
  const { stdout } = await callTool("subunit-failing", [repository.repo]);
  const events = outcomesIn(eventsIn(stdout));
  assertEquals(events.map(({ status }) => status), ["fail"]);
  assertEquals(eventsIn(stdout).length, 2);
});

test("a test that failed and was skipped in one run fails", async () => {
  using repository = new TempRepository();
  const path = `${repository.folder}/run`;
  const failed = { testId: "a", status: "fail" } as const;
  Deno.writeFileSync(path, stream(failed, { testId: "a", status: "skip" }));
  const { status, stdout } = await callTool("subunit-failing", [path]);
  assertEquals(
    eventsIn(stdout).map((event) => event.status),
    ["fail"],
  );
  assertEquals(status, 1);
});

test("files replace the repository, and nothing is written to their folder", async () => {
  using repository = new TempRepository();
  keepRuns(repository, "a P b F", "a F");
  const folder = `${repository.path}/runs`;
  const { stdout } = await callTool("subunit-failing", ["--list", folder]);
  assertEquals(text(stdout), "a\nb\n");
  const files = [0, 1].map((hour) => `${folder}/${runId(hour)}.subunit.gz`);
  const listed = await callTool("subunit-failing", ["--list", ...files]);
  assertEquals(text(listed.stdout), "a\nb\n");
});

/** Histories of a few tests, with everything that makes a difference. */
const anyHistory: fc.Arbitrary<KeptRun[]> = fc.array(
  fc.record({
    tests: fc.array(
      fc.tuple(
        fc.constantFrom("a", "b", "c", "d"),
        fc.constantFrom("P0.5", "P9", "F", "F2", "U", "S", "X", "L", "E"),
      ).map((words) => words.join(" ")),
      { maxLength: 5 },
    ).map((tests) => tests.join(" ")),
    start: fc.record({
      scope: fc.constantFrom(undefined, "full" as const, "partial" as const),
      variant: fc.constantFrom(undefined, undefined, "v"),
      commit: fc.constantFrom(undefined, "aaaa", "bbbb"),
    }),
    isTorn: fc.boolean(),
    isPlain: fc.boolean(),
    routeCode: fc.constantFrom(undefined, "0"),
  }),
  { minLength: 1, maxLength: 8 },
);

const QUESTIONS: [name: string, ...args: string[]][] = [
  ["subunit-failing", "--gone", "--unrun"],
  ["subunit-failing", "--format=json", "--skip-clears"],
  ["subunit-history", "--format=json"],
  ["subunit-history", "--format=json", "a", "c"],
  ["subunit-history", "--format=stream", "--sort=flaky", "--min-runs=1"],
];

/** All that is answered from a folder of runs. */
async function answers(repo: string): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const [name, ...args] of QUESTIONS) {
    const { stdout, status, stderr } = await callTool(name, [
      `--repo=${repo}`,
      ...args,
    ]);
    found.push([stdout.toHex(), status, stderr]);
  }
  return found;
}

test("digests answer what the runs do, whatever is done to the cache", async () => {
  await fc.assert(
    fc.asyncProperty(anyHistory, fc.nat(), async (history, chance) => {
      using repository = new TempRepository();
      keepRuns(repository, ...history);
      // A folder of streams has no cache.
      const expected = await answers(`${repository.path}/runs`);
      assertEquals(await answers(repository.path), expected);
      assertEquals(await answers(repository.path), expected);
      const cache = `${repository.path}/cache`;
      const names = [...Deno.readDirSync(cache)].map(({ name }) => name).sort();
      const path = `${cache}/${names[chance % names.length]}`;
      const bytes = Deno.readFileSync(path);
      Deno.writeFileSync(path, bytes.slice(0, chance % bytes.length));
      assertEquals(await answers(repository.path), expected);
      // What is wrong was made again.
      assertEquals(Deno.readFileSync(path), bytes);
      // The digest of another run, as that of one that was pruned or thinned.
      const digests = names.filter((name) => name.endsWith(".digest"));
      const [one, other] = [digests[0], digests.at(-1)];
      if (one !== other) {
        Deno.copyFileSync(`${cache}/${other}`, `${cache}/${one}`);
      }
      keepRun(repository, 0, {
        ...history[0],
        tags: ["thinned"],
        isPlain: true,
        isTorn: false,
      });
      for (const kind of ["part", "subunit.gz"]) {
        try {
          Deno.removeSync(`${repository.path}/runs/${runId(0)}.${kind}`);
        } catch {
          // It was the other one.
        }
      }
      const thinned = await answers(`${repository.path}/runs`);
      assertEquals(await answers(repository.path), thinned);
    }),
    { seed: SEED, numRuns: 25 },
  );
});

test("digests answer what the runs do while runs come, are thinned and go", async () => {
  const prune = (...words: string[]) => ["subunit-prune", ...words];
  const anyStep = fc.constantFrom(
    ["load"],
    ["load"],
    ["forget"],
    prune("--keep=3"),
    prune("--thin=1s"),
    prune("--torn"),
  );
  await fc.assert(
    fc.asyncProperty(
      anyHistory,
      fc.array(anyStep, { minLength: 1, maxLength: 6 }),
      async (history, steps) => {
        using repository = new TempRepository();
        keepRuns(repository, ...history);
        let hour = history.length;
        for (const [step, ...args] of steps) {
          if (step === "load") {
            const run = history[hour % history.length];
            keepRun(repository, hour++, run);
          } else if (step === "forget") {
            const cache = `${repository.path}/cache`;
            try {
              Deno.removeSync(cache, { recursive: true });
            } catch {
              // Nobody has asked yet.
            }
          } else await callTool(step, [repository.repo, ...args]);
          const expected = await answers(`${repository.path}/runs`);
          assertEquals(await answers(repository.path), expected, step);
        }
      },
    ),
    { seed: SEED, numRuns: isCi ? 25 : 6 },
  );
});

test("a cache that was copied, or is of other runs, answers as the runs do", async () => {
  using one = new TempRepository();
  using other = new TempRepository();
  using both = new TempRepository();
  keepRuns(one, "a F b P", "c F", { tests: "a P", isPlain: true });
  keepRuns(other, "a P b F long-name P", "c P d F", "a F other P");
  const copy = (from: TempRepository, folder: string) => {
    Deno.mkdirSync(`${both.path}/${folder}`, { recursive: true });
    for (const { name } of Deno.readDirSync(`${from.path}/${folder}`)) {
      const path = `${folder}/${name}`;
      // The copy is of another time.
      Deno.copyFileSync(`${from.path}/${path}`, `${both.path}/${path}`);
    }
  };
  const [expected] = [await answers(one.path), await answers(other.path)];
  copy(one, "runs");
  copy(one, "cache");
  assertEquals(await answers(both.path), expected);
  copy(other, "cache");
  assertEquals(await answers(both.path), expected);
});

test("what is in the cache is not read again", async () => {
  for (const isPlain of [false, true]) {
    using repository = new TempRepository();
    keepRuns(repository, { tests: "a P b P", isPlain });
    assertEquals(await ids(repository), "");
    const digest = `${repository.path}/cache/${runId(0)}.digest`;
    const bytes = Deno.readFileSync(digest);
    assertEquals([...bytes.subarray(64, 66)], [3, 3]);
    bytes[65] = 6;
    Deno.writeFileSync(digest, bytes);
    assertEquals(await ids(repository), "b");
  }
});

test("what cannot be cached leaves nothing behind", async () => {
  using repository = new TempRepository();
  keepRuns(repository, "a P b F");
  const cache = `${repository.path}/cache`;
  const names = () => [...Deno.readDirSync(cache)].map(({ name }) => name);
  assertEquals(await ids(repository), "b");
  const before = names().sort();
  // Folders: as files of somebody else, they cannot be replaced.
  for (const name of before) {
    Deno.removeSync(`${cache}/${name}`);
    Deno.mkdirSync(`${cache}/${name}`);
  }
  assertEquals(await ids(repository), "b");
  assertEquals(names().sort(), before);
});

test("the cache has runs of any length", async () => {
  using repository = new TempRepository();
  // In one piece, in several, and with a line feed before the end record.
  const log = textFile("log", "x".repeat(50_000));
  const cut = Uint8Array.of(0x61, 0xe2, 0x82);
  const streams = [1, 30, 70].map((count) =>
    concat([stream(...Array(count).fill({ ...FAILED, ...log })), cut])
  );
  for (const [day, bytes] of streams.entries()) {
    await loadRun(repository, day + 1, bytes);
    await loadRun(repository, day + 11, bytes, "--no-gzip");
  }
  const cache = `${repository.path}/cache`;
  const made = () =>
    [...Deno.readDirSync(cache)].filter(({ name }) => /digest$/.test(name))
      .map(({ name }) => `${name} ${Deno.statSync(`${cache}/${name}`).ino}`)
      .sort();
  const before = made();
  assertEquals(before.length, 6);
  for (let time = 0; time < 2; time++) {
    assertEquals(await ids(repository), FAILED.testId);
    assertEquals(made(), before);
  }
});

/** The lines of a repository's index: what is asked of each run. */
function indexOf({ path }: TempRepository): string[] {
  return Deno.readTextFileSync(`${path}/cache/runs.jsonl`).split("\n");
}

test("what the index has is not asked of the runs again", async () => {
  using repository = new TempRepository();
  keepRuns(repository, "a F b P", { tests: "a P b P", isPlain: true });
  assertEquals(await ids(repository), "");
  const index = `${repository.path}/cache/runs.jsonl`;
  const lines = indexOf(repository);
  assertEquals(lines.length, 3);
  const variant = lines[1].replace('"labels":{}', '"labels":{"variant":"x"}');
  Deno.writeTextFileSync(index, [lines[0], variant, ""].join("\n"));
  // Another variant: the newer run repairs nothing.
  assertEquals(await ids(repository), "a");
  // A file with another time is another file.
  const { path } = repository.runs[1];
  Deno.utimeSync(path, 1_700_000_000, 1_700_000_000);
  assertEquals(await ids(repository), "");
  assertEquals(indexOf(repository).length, 3);
});

test("the index has the runs that are there, each once and in order", async () => {
  using repository = new TempRepository();
  const filesIn = () =>
    indexOf(repository).slice(0, -1).map((line) => JSON.parse(line).file);
  const id = (hour: number) => runId(hour);
  keepRun(repository, 1, { tests: "a P" });
  keepRun(repository, 2, { tests: "a P", isTorn: true });
  assertEquals(await ids(repository), "");
  assertEquals(filesIn(), [`${id(1)}.subunit.gz`]);
  keepRun(repository, 3, { tests: "a P", isPlain: true });
  assertEquals(await ids(repository, "-n1"), "");
  assertEquals(filesIn(), [`${id(1)}.subunit.gz`, `${id(3)}.subunit`]);
  // Copied from elsewhere.
  keepRun(repository, 0, { tests: "a P" });
  assertEquals(await ids(repository), "");
  const all = [0, 1, 3].map((hour) => repository.runs.at(hour)!.path);
  assertEquals(filesIn(), all.map((path) => path.split("/").at(-1)));
  const prune = [`--repo=${repository.path}`, "--keep=1"];
  assertEquals((await callTool("subunit-prune", prune)).status, 0);
  assertEquals(await ids(repository), "");
  assertEquals(filesIn(), [`${id(3)}.subunit`]);
});

test("an index of other content is made again", async () => {
  using repository = new TempRepository();
  keepRuns(repository, "a F b P", "c F", "a P");
  const expected = await failing(repository, "--format=json");
  const index = `${repository.path}/cache/runs.jsonl`;
  const whole = Deno.readTextFileSync(index), lines = indexOf(repository);
  const others = [
    "no JSON\n",
    "null\n",
    "{}\n",
    `${lines[0]},\n`,
    `${lines[0]}\n${lines[1]}`,
    whole.replace('"size":', '"size":"x","was":'),
    whole.replace('"labels":{}', '"labels":{"branch":7}'),
    whole.replace('"labels":{}', '"labels":[]'),
    whole.replace('"lengths":[', '"lengths":["x",'),
    // A run that is not there.
    `${lines[0].replace(runId(0), runId(9))}\n${whole}`,
    `${lines[2]}\n${lines[1]}\n${lines[0]}\n${lines[0]}\n`,
  ];
  for (const other of others) {
    Deno.writeTextFileSync(index, other);
    assertEquals(await failing(repository, "--format=json"), expected);
    assertEquals(Deno.readTextFileSync(index), whole, other);
  }
  // A link would lead elsewhere, and stays as it is where it leads.
  const elsewhere = `${repository.folder}/elsewhere`;
  Deno.renameSync(index, elsewhere);
  Deno.symlinkSync(elsewhere, index);
  keepRun(repository, 5, { tests: "b F" });
  assertEquals(await ids(repository), "b c");
  assertEquals(Deno.readTextFileSync(elsewhere), whole);
});

test("a cache that is cut at any byte is made again", async () => {
  using repository = new TempRepository();
  keepRuns(repository, "a P b F", "a F b F", "b P");
  const expected = await failing(repository, "--format=json");
  const cache = `${repository.path}/cache`;
  for (const { name } of [...Deno.readDirSync(cache)]) {
    const path = `${cache}/${name}`, bytes = Deno.readFileSync(path);
    for (let length = 0; length < bytes.length; length++) {
      Deno.writeFileSync(path, bytes.slice(0, length));
      assertEquals(await failing(repository, "--format=json"), expected);
      assertEquals(Deno.readFileSync(path), bytes);
    }
  }
  Deno.removeSync(cache, { recursive: true });
  assertEquals(await failing(repository, "--format=json"), expected);
});

test("repositories that are joined by copying answer the same, in any order", async () => {
  const one: KeptRun[] = [{ tests: "a P b F c P" }, { tests: "b F d F" }];
  const two: KeptRun[] = [{ tests: "a F b P c P" }, {
    tests: "c L",
    isTorn: true,
  }];
  const joined = async (order: readonly number[]) => {
    using repository = new TempRepository();
    for (const side of order) {
      // The runs of the two come in turn; copying twice changes nothing.
      const runs = side === 0 ? one : two;
      runs.forEach((run, i) => keepRun(repository, 2 * i + side, run));
      await answers(repository.path);
    }
    return await answers(repository.path);
  };
  const expected = await joined([0, 1]);
  for (const order of [[1, 0], [0, 1, 0], [1, 0, 1, 0]]) {
    assertEquals(await joined(order), expected);
  }
});

test("packets of a failing test are whole packets", async () => {
  using repository = new TempRepository();
  keepRuns(repository, "a F b P");
  const { stdout } = await callTool("subunit-failing", [repository.repo]);
  assertEquals(decodePacket(stdout.slice(0, stdout[3])).testId, "a");
});
