import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import { encodeRecord } from "../../filters/history/repository/record.ts";
import { callTool, test } from "../support/call.ts";
import { assertMessage, assertRefused } from "../support/checks.ts";
import { keepRun, keepRuns, packetsOf, runId } from "../support/kept_runs.ts";
import { isCi, shell, text } from "../support/run.ts";
import { TempRepository } from "../support/runs.ts";
import { eventsIn, outcomesIn } from "../support/streams.ts";

/** The rows that the tool writes, as objects. */
async function history(
  { repo }: TempRepository,
  ...args: string[]
): Promise<Record<string, unknown>[]> {
  const { stdout, stderr } = await callTool("subunit-history", [
    repo,
    "--format=json",
    ...args,
  ]);
  assertEquals(stderr, "");
  return text(stdout).split("\n").slice(0, -1).map((line) => JSON.parse(line));
}

/** The ids of the rows. */
async function ids(repository: TempRepository, ...args: string[]) {
  return (await history(repository, ...args)).map(({ id }) => id).join(" ");
}

test("subunit-history names tests that no run has", async () => {
  using repository = new TempRepository();
  keepRuns(repository, "a P1");
  const { repo } = repository;
  const result = await callTool("subunit-history", [repo, "b\t"]);
  assertEquals(result.stderr, `subunit-history: No run has "b\\t"\n`);
  assertEquals([text(result.stdout), result.status], ["", 0]);
});

test("subunit-history shows people short commits, and no column without values", async () => {
  using repository = new TempRepository();
  const commit = "0123456789abcdef0123456789abcdef01234567";
  keepRuns(repository, { tests: "a P1", start: { v: 1, commit } });
  const { stdout } = await callTool("subunit-history", [repository.repo, "a"]);
  const [headings, row] = text(stdout).split("\n");
  assertEquals(headings.split(/ +/), [
    "id",
    "run",
    "when",
    "outcome",
    "seconds",
    "commit",
    "attempts",
  ]);
  assertEquals(row.split(/ +/)[5], commit.slice(0, 12));
  assertEquals((await history(repository, "a"))[0].commit, commit);
});

test("subunit-history has a row for each test", async () => {
  using repository = new TempRepository();
  keepRuns(
    repository,
    "a P1 b P2",
    "a F b P2",
    "a P1 b P2 c P",
    "a P1 b F c P",
    "a P1 b F c S",
  );
  assertEquals(await history(repository), [
    {
      id: "a",
      runs: 5,
      fails: 1,
      blips: 1,
      rate: 0.2,
      low: (await history(repository))[0].low,
      first_bad: runId(1),
      last_good: runId(4),
      last: 1,
    },
    {
      id: "b",
      runs: 5,
      fails: 2,
      blips: 0,
      rate: 0,
      low: 0,
      since: runId(3),
      first_bad: runId(3),
      last_good: runId(2),
      last: 2,
    },
    {
      id: "c",
      runs: 2,
      fails: 0,
      blips: 0,
      rate: 0,
      low: 0,
      last_good: runId(3),
      last: 1,
    },
  ]);
  assertEquals(await ids(repository, "--sort=flaky"), "a");
  assertEquals(await ids(repository, "--sort=flaky", "--min-runs=6"), "");
  assertEquals(await ids(repository, "--sort=failing"), "b");
  assertEquals(await ids(repository, "--sort=new"), "c");
  assertEquals(await ids(repository, "--sort=slowest"), "b a c");
  assertEquals(await ids(repository, "--sort=slowest", "--top=1"), "b");
});

test("subunit-history TEST has a row for each run that has it", async () => {
  using repository = new TempRepository();
  keepRuns(
    repository,
    { tests: "a P1.5 b P", start: { commit: "aaaa", branch: "main" } },
    "b P",
    {
      tests: "a F2",
      tags: ["fault:1-h2ffvs7z1vc6dbmr"],
      start: { variant: "v" },
    },
    "a E",
  );
  assertEquals(await history(repository, "a"), [
    {
      id: "a",
      run: runId(0),
      when: "2026-11-01T12:00:00Z",
      outcome: "success",
      seconds: 1.5,
      commit: "aaaa",
      branch: "main",
      attempts: "1",
    },
    {
      id: "a",
      run: runId(3),
      when: "2026-11-01T15:00:00Z",
      outcome: "exists",
    },
    {
      id: "a",
      run: runId(2),
      when: "2026-11-01T14:00:00Z",
      outcome: "fail",
      seconds: 2,
      variant: "v",
      fault: "fault:1-h2ffvs7z1vc6dbmr",
      attempts: "1",
    },
  ]);
  const unknown = await callTool("subunit-history", [
    repository.repo,
    "unknown",
  ]);
  assertMessage(unknown.stderr, "subunit-history", 'No run has "unknown"');
  assertEquals(unknown.stdout.length, 0);
  assertEquals((await history(repository, "a", "--branch=main")).length, 1);
  assertEquals((await history(repository, "a", "-n1")).length, 1);
});

test("subunit-history --top 0 writes no row, and --exit-status judges all of them", async () => {
  using repository = new TempRepository();
  keepRuns(repository, "a P1", "a F", "a P1");
  const runs = (await history(repository, "a")).map(({ run }) => run);
  const top = async (count: number) =>
    (await history(repository, "a", `--top=${count}`)).map(({ run }) => run);
  assertEquals(await top(0), []);
  assertEquals(await top(2), runs.slice(1));
  assertEquals(await top(4), runs);
  for (const asked of [["a"], ["--sort=slowest"]]) {
    const args = [repository.repo, "--format=json", "--top=0", ...asked];
    const plain = await callTool("subunit-history", args);
    assertEquals([text(plain.stdout), plain.status], ["", 0]);
    const gate = await callTool("subunit-history", [...args, "--exit-status"]);
    assertEquals([text(gate.stdout), gate.status], ["", 1]);
  }
  for (const name of ["newest", "baseline"]) {
    assertRefused(
      await callTool("subunit-history", [repository.repo, `--${name}=0`]),
      "subunit-history",
      `Option --${name} is "0": expected at least 1`,
    );
  }
});

test("subunit-history --sort slower compares medians by the factors of runs", async () => {
  using repository = new TempRepository();
  const steady = "b P1 c P1 d P1 e P1 f P1 g P1";
  for (let hour = 0; hour < 10; hour++) {
    keepRun(repository, hour, { tests: `a P1 ${steady}` });
  }
  for (let hour = 10; hour < 13; hour++) {
    keepRun(repository, hour, { tests: `a P2 ${steady}` });
  }
  assertEquals(await ids(repository, "--sort=slower"), "a");
  assertEquals(await ids(repository, "--sort=slower", "--slower=2.5"), "");
  assertEquals(await ids(repository, "--sort=slower", "--floor=2000"), "");
  // Now all take twice as long: the machine is slow.
  for (let hour = 13; hour < 16; hour++) {
    keepRun(repository, hour, {
      tests: `a P4 ${steady.replaceAll("P1", "P2")}`,
    });
  }
  const { stdout, stderr } = await callTool("subunit-history", [
    repository.repo,
    "--sort=slower",
    "--format=tsv",
  ]);
  assertEquals(text(stdout).split("\t")[0], "a");
  assertMessage(stderr, "subunit-history", runId(15), "2.0x slower as a whole");
});

test("subunit-history --format stream has the newest packets and tags", async () => {
  using repository = new TempRepository();
  keepRuns(repository, "a P b P", "a F b P", "a P b P", "a P b F", {
    tests: "a P b F",
    tags: ["mine"],
  });
  const { stdout } = await callTool("subunit-history", [
    repository.repo,
    "--format=stream",
  ]);
  assertEquals(
    outcomesIn(eventsIn(stdout)).map(({ testId, tags }) => `${testId} ${tags}`),
    ["a flaky,mine", `b mine,since:${runId(3)}`],
  );
});

test("subunit-history --exit-status is a gate", async () => {
  using repository = new TempRepository();
  keepRuns(repository, "a P", "a F", "a P", "a P", "a P");
  const status = async (...args: string[]) =>
    (await callTool("subunit-history", [repository.repo, ...args])).status;
  assertEquals(await status("--sort=flaky"), 0);
  assertEquals(await status("--sort=flaky", "--exit-status"), 1);
  assertEquals(await status("--sort=failing", "--exit-status"), 0);
});

test("subunit-history --bisect prints the command for git", async () => {
  using repository = new TempRepository();
  const at = (commit?: string, dirty?: boolean) => ({
    start: { commit, dirty },
  });
  keepRuns(
    repository,
    { tests: "a P b P c F d P e P", ...at("aaaa111") },
    { tests: "a P b F c F d P e P", ...at("bbbb222") },
    { tests: "a F b F c F d P e P", ...at("cccc333") },
    { tests: "a F b P c F d F e P", ...at("cccc333") },
    { tests: "e F", start: { commit: "--output=x", scope: "partial" } },
  );
  const bisect = (test: string) =>
    callTool("subunit-history", [repository.repo, "--bisect", test]);
  const { stdout, status } = await bisect("a");
  assertEquals(text(stdout), "git bisect start cccc333 bbbb222\n");
  assertEquals(status, 0);
  const problems: [test: string, problem: string][] = [
    ["b", "it does not fail"],
    ["c", "no run is known where it was good"],
    ["d", "both good and bad"],
    ["e", "not those of commits"],
    ["f", "no run has it"],
  ];
  for (const [test, problem] of problems) {
    const { stdout, status, stderr } = await bisect(test);
    assertEquals([stdout.length, status], [0, 1]);
    assertMessage(stderr, "subunit-history", problem);
  }
});

test("subunit-history --bisect leaves out runs that are not of a commit", async () => {
  using repository = new TempRepository();
  const at = (commit?: string, dirty?: boolean) => ({
    start: { commit, dirty },
  });
  keepRuns(
    repository,
    { tests: "a P b P c F", ...at("aaaa111") },
    { tests: "a P b P c P", ...at("bbbb222", true) },
    { tests: "a P b P c P", ...at() },
    { tests: "a F b F c F", ...at("cccc333", true) },
    { tests: "a F b P c F", ...at("dddd444") },
    // Mended, but nobody can check that out.
    { tests: "a P b P c F", ...at("dddd444", true) },
  );
  const bisect = (test: string) =>
    callTool("subunit-history", [repository.repo, "--bisect", test]);
  const { stdout, status } = await bisect("a");
  assertEquals(text(stdout), "git bisect start dddd444 aaaa111\n");
  assertEquals(status, 0);
  const problems: [test: string, problem: string][] = [
    ["b", "it does not fail"],
    ["c", "no run is known where it was good"],
    ["f", "no run of a commit has it"],
  ];
  for (const [test, problem] of problems) {
    const { stdout, status, stderr } = await bisect(test);
    assertEquals([stdout.length, status], [0, 1]);
    assertMessage(stderr, "subunit-history", problem, "left out: 4 runs");
  }
});

test("subunit-history --by-route takes workers apart, by the first element of a route", async () => {
  using repository = new TempRepository();
  const runs: Record<string, string>[] = [
    { w0: "a P1 b P1", "w1/x": "a P3" },
    { w0: "a F1 b P1", "w1/y": "a P3" },
    { w0: "a P1 b P1", w1: "a F2" },
    { w0: "b P1", w1: "a F4" },
  ];
  const keep = (hour: number, routes: Record<string, string>) => {
    const packets = Object.entries(routes).map(([routeCode, tests]) =>
      packetsOf({ tests, routeCode }, hour)
    );
    keepRun(repository, hour, { tests: "", isPlain: true });
    Deno.writeFileSync(
      `${repository.path}/runs/${runId(hour)}.subunit`,
      concat(packets),
    );
  };
  for (const [hour, routes] of runs.entries()) keep(hour, routes);
  const first = { fails: 1, blips: 1, rate: 1 / 3 };
  // The last question makes a cache, which has no routes.
  for (const _ of ["without a cache", "with one"]) {
    const rows = await history(repository, "--by-route");
    assertEquals(rows.map(({ low: _, ...row }) => row), [
      {
        id: "a",
        runs: 3,
        ...first,
        first_bad: runId(1),
        last_good: runId(2),
        last: 1,
        route: "w0",
      },
      {
        id: "a",
        runs: 4,
        fails: 2,
        blips: 0,
        rate: 0,
        since: runId(2),
        first_bad: runId(2),
        last_good: runId(1),
        last: 3,
        route: "w1",
      },
      {
        id: "b",
        runs: 4,
        fails: 0,
        blips: 0,
        rate: 0,
        last_good: runId(3),
        last: 1,
        route: "w0",
      },
    ]);
    const ofA = await history(repository, "--by-route", "a");
    const outcomes = ofA.map(({ route, run, outcome, seconds, attempts }) =>
      [route, run, outcome, seconds, attempts].join(" ")
    );
    assertEquals(outcomes.sort(), [
      `w0 ${runId(0)} success 1 1`,
      `w0 ${runId(1)} fail 1 1`,
      `w0 ${runId(2)} success 1 1`,
      `w1 ${runId(0)} success 3 1`,
      `w1 ${runId(1)} success 3 1`,
      `w1 ${runId(2)} fail 2 1`,
      `w1 ${runId(3)} fail 4 1`,
    ]);
    // Together they are attempts at one test, of which the last one counts.
    const together = await history(repository, "a");
    assertEquals(
      together.map((
        { outcome, attempts, route },
      ) => [outcome, attempts, route]),
      [
        ["success", "several", undefined],
        ["success", "differ", undefined],
        ["fail", "differ", undefined],
        ["fail", "1", undefined],
      ],
    );
  }
  keepRun(repository, 4, { tests: "", isPlain: true });
  Deno.writeFileSync(
    `${repository.path}/runs/${runId(4)}.subunit`,
    concat([
      encodeRecord("start", { v: 1, id: runId(4), commit: "aaaa111" }),
      ...["w0", "w1"].map((routeCode) =>
        packetsOf({ tests: "a F1", routeCode }, 4)
      ),
    ]),
  );
  const args = [repository.repo, "--by-route", "--bisect=a"];
  const { status, stderr } = await callTool("subunit-history", args);
  assertEquals(status, 1);
  assertMessage(stderr, "subunit-history", "leave --by-route out");
});

test("subunit-history joins renamed tests", async () => {
  using repository = new TempRepository();
  keepRuns(repository, "old P b P", "old F b P", "new P b P", "new P b P");
  const renames = `${repository.folder}/renames.tsv`;
  Deno.writeTextFileSync(renames, "old\tnew\t2026-11-01T13:30:00Z\n");
  const [, joined] = await history(repository, `--renames=${renames}`);
  assertEquals([joined.id, joined.runs, joined.blips], ["new", 4, 1]);
  const rows = await history(repository, `--renames=${renames}`, "new");
  assertEquals(rows.map(({ outcome }) => outcome), [
    "success",
    "fail",
    "success",
    "success",
  ]);
});

test("names of tests cannot write to the terminal, or add columns", async () => {
  using repository = new TempRepository();
  keepRuns(repository, "a\u001b[2J\\b P");
  const { stdout } = await callTool("subunit-history", [repository.repo]);
  assertStringIncludes(text(stdout), "a\\u001b[2J\\b");
  const tsv = await callTool("subunit-history", [
    repository.repo,
    "--format=tsv",
  ]);
  assertStringIncludes(text(tsv.stdout), "a\u001b[2J\\\\b\t1\t");
});

test("subunit-history refuses what it cannot use", async () => {
  using repository = new TempRepository();
  keepRuns(repository, "a P");
  for (
    const args of [
      ["--sort=x"],
      ["--top=x"],
      ["--slower=x"],
      ["--floor=-1"],
      ["--bisect=a", "b"],
      ["--renames=/nowhere"],
    ]
  ) {
    assertRefused(
      await callTool("subunit-history", [repository.repo, ...args]),
      "subunit-history",
    );
  }
});

/** How many runs that have the same tests are kept together in the cache. */
const TOGETHER = 64;

/** Keeps runs of which most have the same tests, and some another one. */
function keepMany(repository: TempRepository, count = 100): void {
  for (let hour = 0; hour < count; hour++) {
    const letters = ["P", "F", "S", "L"];
    const one = (id: string, i: number) =>
      `${id} ${letters[(hour * 7 + i * hour >> 2) & 3]}${(hour % 9) + i / 4}`;
    const ids = ["a", "b", "\u00e9.test", "\u{1f600}", "z"];
    const tests = (hour % 5 === 4 ? [...ids, "more"] : ids).map(one).join(" ");
    keepRun(repository, hour, { tests, isPlain: hour % 3 === 0 });
  }
}

/** Questions about some tests. */
const SOME_TESTS = [
  ["a"],
  ["\u{1f600}", "none", "more", "a", "\u00e9.test"],
  ["b", "-n70"],
  ["a", "--by-route", "-n2"],
  ["more"],
];

/** What a repository, or a folder of runs, answers to them. */
async function answersOf(path: string): Promise<string[]> {
  const answers: string[] = [];
  for (const args of SOME_TESTS) {
    const { stdout, status } = await callTool("subunit-history", [
      `--repo=${path}`,
      "--format=json",
      ...args,
    ]);
    answers.push(`${status} ${text(stdout)}`);
  }
  return answers;
}

/** The files with what many runs say, in order. */
function togetherIn({ path }: TempRepository): string[] {
  const folder = `${path}/cache/columns`;
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => `${folder}/${name}`)
      .sort();
  } catch {
    return [];
  }
}

test("what many runs say of a test is kept together, and not read again", async () => {
  using repository = new TempRepository();
  keepMany(repository);
  // A folder of streams has no cache.
  const expected = await answersOf(`${repository.path}/runs`);
  for (let time = 0; time < 3; time++) {
    assertEquals(await answersOf(repository.path), expected);
  }
  const [file, ...others] = togetherIn(repository);
  assertEquals(others, []);
  const row = async () => (await history(repository, "\u{1f600}"))[2];
  const { outcome, seconds } = await row();
  assertEquals([outcome, seconds], ["fail", 2.75]);
  const bytes = Deno.readFileSync(file);
  // Of the last test, the third run.
  const at = bytes.length - 5 * TOGETHER + 2;
  assertEquals(bytes[at], 6);
  bytes[at] = 3;
  Deno.writeFileSync(file, bytes);
  assertEquals((await row()).outcome, "success");
  // Digests are not needed any more; without the file, they are.
  Deno.removeSync(`${repository.path}/cache/${runId(2)}.digest`);
  assertEquals((await row()).outcome, "success");
  Deno.removeSync(file);
  assertEquals((await row()).outcome, "fail");
});

test("runs that are kept together answer alike, whatever is done to their file", async () => {
  using repository = new TempRepository();
  keepMany(repository, 85);
  const { path } = repository;
  const expected = await answersOf(`${path}/runs`);
  for (let time = 0; time < 2; time++) await answersOf(path);
  const [file] = togetherIn(repository), whole = Deno.readFileSync(file);
  const answersAndMends = async (what: unknown) => {
    assertEquals(await answersOf(path), expected, `${what}`);
    assertEquals(Deno.readFileSync(file), whole, `${what}`);
  };
  const length = whole.length;
  const cuts = [0, 1, 8, 31, 32, 1567, 1568, 5663, 5664, 5670, length - 1];
  for (const cut of [...cuts, length - 5 * TOGETHER]) {
    Deno.writeFileSync(file, whole.subarray(0, cut));
    await answersAndMends(cut);
  }
  Deno.writeFileSync(file, new Uint8Array([...whole, 0]));
  await answersAndMends("longer");
  // The magic, how many tests and bytes of names, the id of the names.
  for (const at of [0, 8, 13, 16]) {
    const changed = whole.slice();
    changed[at] ^= 1;
    Deno.writeFileSync(file, changed);
    await answersAndMends(at);
  }
  // Names that are others, or lost their places, as after a loss of power.
  for (const count of [1, 8, 9, 22, 60]) {
    const changed = whole.slice();
    changed.fill(0, 5664, 5664 + count);
    Deno.writeFileSync(file, changed);
    await answersAndMends(`names ${count}`);
  }
  const renamed = whole.slice();
  assertEquals(renamed[5666], "b".charCodeAt(0));
  renamed[5666]++;
  Deno.writeFileSync(file, renamed);
  await answersAndMends("another name");
  // What a writer that was killed left there, and files of other programs.
  Deno.writeFileSync(`${file}.0a1b2c3d.tmp`, whole.subarray(0, 6000));
  Deno.writeTextFileSync(`${file}.txt`, "text");
  Deno.mkdirSync(`${file}.folder`);
  await answersAndMends("left over");
  // Not ours to follow, nor to change.
  const elsewhere = `${repository.folder}/elsewhere`;
  Deno.renameSync(file, elsewhere);
  Deno.symlinkSync(elsewhere, file);
  await answersAndMends("link");
  assertEquals(Deno.lstatSync(file).isFile, true);
  // A run that has changed since then.
  Deno.removeSync(`${path}/runs/${runId(3)}.subunit`);
  keepRun(repository, 3, { tests: "a X b X more P" });
  const changed = await answersOf(`${path}/runs`);
  assert(changed[0] !== expected[0]);
  for (let time = 0; time < 2; time++) {
    assertEquals(await answersOf(path), changed);
  }
});

test("a copy of what other runs said together is not taken for these", async () => {
  using repository = new TempRepository();
  using other = new TempRepository();
  keepMany(repository, 85);
  for (let time = 0; time < 2; time++) await answersOf(repository.path);
  // Runs of the same names, a few of them of the same length.
  for (let hour = 0; hour < 85; hour++) {
    keepRun(other, hour, { tests: `a P b F z P${hour % 3 ? " long F" : ""}` });
  }
  const expected = await answersOf(`${other.path}/runs`);
  Deno.mkdirSync(`${other.path}/cache/columns`, { recursive: true });
  const [file] = togetherIn(repository);
  Deno.copyFileSync(file, `${other.path}/cache/columns/copy`);
  for (let time = 0; time < 3; time++) {
    assertEquals(await answersOf(other.path), expected);
  }
  // Some of the runs are those of the file, the others are not.
  Deno.removeSync(`${other.path}/cache`, { recursive: true });
  for (const { id, path } of repository.runs.slice(0, 40)) {
    Deno.removeSync(`${other.path}/runs/${id}.subunit.gz`);
    const name = path.slice(path.lastIndexOf("/") + 1);
    Deno.copyFileSync(path, `${other.path}/runs/${name}`);
  }
  Deno.mkdirSync(`${other.path}/cache/columns`, { recursive: true });
  Deno.copyFileSync(file, `${other.path}/cache/columns/copy`);
  const joined = await answersOf(`${other.path}/runs`);
  assert(joined[0] !== expected[0]);
  for (let time = 0; time < 3; time++) {
    assertEquals(await answersOf(other.path), joined);
  }
});

test("runs that are kept together answer alike while runs come, are thinned and go", async () => {
  const prune = (option: string) => ["subunit-prune", option];
  const anyStep = fc.constantFrom(
    ["load"],
    ["cut"],
    ["forget"],
    prune("--keep=100"),
    prune("--keep=70"),
    prune("--thin=2026-11-03"),
    prune("--thin=2026-11-05"),
  );
  const anySteps = fc.array(anyStep, { minLength: 2, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(anySteps, fc.nat(), async (steps, chance) => {
      using repository = new TempRepository();
      keepMany(repository, 150);
      const { path, repo } = repository;
      await answersOf(path);
      await answersOf(path);
      let hour = 150;
      for (const [step, ...args] of steps) {
        if (step === "load") {
          const end = hour + 1 + chance % 70;
          while (hour < end) keepRun(repository, hour++, { tests: "a F b P" });
        } else if (step === "cut") {
          for (const file of togetherIn(repository)) {
            const bytes = Deno.readFileSync(file);
            Deno.writeFileSync(file, bytes.slice(0, chance % bytes.length));
          }
        } else if (step === "forget") {
          Deno.removeSync(`${path}/cache`, { recursive: true });
        } else await callTool(step, [repo, ...args]);
        const expected = await answersOf(`${path}/runs`);
        assertEquals(await answersOf(path), expected, step);
      }
    }),
    { seed: 17, numRuns: isCi ? 8 : 1 },
  );
});

test("processes that keep the same runs together do not disturb each other", async () => {
  using repository = new TempRepository();
  keepMany(repository, 85);
  const expected = await answersOf(`${repository.path}/runs`);
  assertEquals(await answersOf(repository.path), expected);
  for (const file of togetherIn(repository)) Deno.removeSync(file);
  const ask = () => answersOf(repository.path);
  const [one, two, three] = await Promise.all([ask(), ask(), ask()]);
  assertEquals([one, two, three], [expected, expected, expected]);
  assertEquals(togetherIn(repository).length, 1);
  // Where nothing can be written, nothing is.
  const folder = `${repository.path}/cache/columns`;
  Deno.removeSync(folder, { recursive: true });
  Deno.writeTextFileSync(folder, "no folder");
  assertEquals(await ask(), expected);
  assertEquals(Deno.readTextFileSync(folder), "no folder");
});

test("subunit-history joins renamed tests of runs that are kept together", async () => {
  using repository = new TempRepository();
  keepMany(repository, 85);
  Deno.writeTextFileSync(`${repository.path}/renames`, "b\tc\t2030-01-01\n");
  Deno.writeTextFileSync(`${repository.folder}/list`, "b\tc\t2030-01-01\n");
  const renames = `--renames=${repository.folder}/list`;
  const expected = await callTool("subunit-history", [
    `--repo=${repository.path}/runs`,
    renames,
    "c",
  ]);
  assertEquals(text(expected.stdout).split("\n").length, 87);
  for (let time = 0; time < 3; time++) {
    const { stdout } = await callTool("subunit-history", [
      repository.repo,
      "c",
    ]);
    assertEquals(text(stdout), text(expected.stdout));
  }
  assertEquals(togetherIn(repository).length, 1);
});

test("what does not fit the disk is not kept together, and the answer is the same", async () => {
  using repository = new TempRepository();
  const many = Array.from({ length: 60 }, (_, i) => `test_${i} P`).join(" ");
  for (let hour = 0; hour < 70; hour++) {
    keepRun(repository, hour, { tests: many });
  }
  const [expected] = await Promise.all([history(repository, "test_7")]);
  assertEquals(expected.length, 70);
  // No file may be longer than 16 KiB, which fails as a full disk does.
  const { status, stdout } = await shell(
    `trap '' XFSZ; ulimit -f 16; subunit-history "$1" --format=json test_7`,
    [repository.repo],
  );
  assertEquals(status, 0);
  const rows = text(stdout).split("\n").slice(0, -1);
  assertEquals(rows.map((row) => JSON.parse(row)), expected);
  assertEquals(togetherIn(repository), []);
  assertEquals(await history(repository, "test_7"), expected);
  assertEquals(togetherIn(repository).length, 1);
});
