import { assert, assertEquals } from "@std/assert";
import { callTool, outputOfCall, test } from "../support/call.ts";
import { assertMessage, assertRefused } from "../support/checks.ts";
import { keepRun, keepRuns, runId } from "../support/kept_runs.ts";
import { text } from "../support/run.ts";
import { bytesOfRun, loadRun, TempRepository } from "../support/runs.ts";
import {
  type EventFields,
  FAILED,
  file,
  PASSED,
  stream,
} from "../support/streams.ts";

/** Prunes, and returns which days and why. */
async function prune(repository: TempRepository, ...args: string[]) {
  const out = await outputOfCall("subunit-prune", [repository.repo, ...args]);
  return text(out).split("\n").filter(Boolean).map((line) => {
    const [id, why] = line.split("\t");
    return `${Number(id.slice(6, 8))} ${why}`;
  });
}

const days = ({ runs }: TempRepository) =>
  runs.map(({ id }) => Number(id.slice(6, 8)));

/** Runs on days 1 to `last`, which all pass. */
async function runsUntil(repository: TempRepository, last: number) {
  for (let day = 1; day <= last; day++) {
    await loadRun(repository, day, stream(PASSED));
  }
}

test("subunit-prune keeps the newest runs", async () => {
  using repository = new TempRepository();
  await runsUntil(repository, 5);
  assertEquals(await prune(repository, "--keep=3", "--dry-run"), [
    "1 keep",
    "2 keep",
  ]);
  assertEquals(days(repository), [1, 2, 3, 4, 5]);
  await prune(repository, "--keep=3");
  assertEquals(days(repository), [3, 4, 5]);
  // The newest run of all tests always stays.
  await prune(repository, "--keep=0");
  assertEquals(days(repository), [5]);
});

test("subunit-prune --older keeps one a day or week, if it is to", async () => {
  using repository = new TempRepository();
  await runsUntil(repository, 14);
  const older = "--older=2026-01-12";
  // The 5th of January 2026 is a Monday.
  assertEquals(
    await prune(repository, older, "--one-a=week", "--dry-run"),
    [1, 2, 3, 5, 6, 7, 8, 9, 10].map((day) => `${day} older`),
  );
  assertEquals(await prune(repository, older, "--one-a=day"), []);
  await prune(repository, older);
  assertEquals(days(repository), [12, 13, 14]);
});

test("subunit-prune --max-size removes the oldest", async () => {
  using repository = new TempRepository();
  await runsUntil(repository, 4);
  const sizes = repository.runs.map(({ fileBytes }) => fileBytes);
  assertEquals(
    await prune(repository, `--max-size=${sizes[2] + sizes[3]}`),
    ["1 max-size", "2 max-size"],
  );
});

test("subunit-prune --torn removes what dead writers left, and only that", async () => {
  using repository = new TempRepository();
  await loadRun(repository, 1, stream(PASSED), "--no-gzip");
  const [{ path }] = repository.runs;
  const bytes = Deno.readFileSync(path).subarray(0, -1);
  const runs = `${repository.path}/runs`;
  const name = (hex: string, ending: string) =>
    `${runs}/20251231T000000-${hex}.${ending}`;
  Deno.writeFileSync(name("00000000", "part"), bytes);
  Deno.writeFileSync(name("11111111", "subunit"), bytes);
  Deno.writeFileSync(name("22222222", "part"), bytes);
  Deno.writeFileSync(name("33333333", "new"), bytes);
  Deno.writeFileSync(name("44444444", "12345678.tmp"), bytes);
  using held = Deno.openSync(name("22222222", "part"), { write: true });
  held.lockSync(true);
  assertEquals(await prune(repository, "--torn"), ["31 torn", "31 torn"]);
  assertEquals(
    [...Deno.readDirSync(runs)].map(({ name }) => name).sort(),
    ["20251231T000000-22222222.part", path.split("/").at(-1)].sort(),
  );
});

test("where files cannot be held, subunit-prune leaves what was written lately", async () => {
  using repository = new TempRepository();
  for (const hour of [1, 2]) keepRun(repository, hour, { tests: "a P" });
  const folder = `${repository.path}/runs`;
  const torn = runId(0), left = `${folder}/${runId(1)}.0a1b2c3d.tmp`;
  keepRun(repository, 0, { tests: "a P", isTorn: true });
  Deno.writeTextFileSync(left, "");
  const exist = () => Array.from(Deno.readDirSync(folder)).length;
  const { prototype } = Deno.FsFile, { tryLockSync } = prototype;
  prototype.tryLockSync = () => {
    throw new Error("Function not implemented (os error 38)");
  };
  try {
    assertEquals(await prune(repository, "--torn"), []);
    assertEquals(exist(), 4);
    const old = new Date(Date.now() - 2 * 3600_000);
    Deno.utimeSync(left, old, old);
    Deno.utimeSync(`${folder}/${torn}.part`, old, old);
    assertEquals(await prune(repository, "--torn"), ["1 torn"]);
    assertEquals(exist(), 2);
  } finally {
    prototype.tryLockSync = tryLockSync;
  }
});

test("subunit-prune keeps what today's failures are known from", async () => {
  using repository = new TempRepository();
  const other: EventFields = { testId: "other", status: "success" };
  const both = (status: "fail" | "success" | "skip") =>
    stream({ testId: "a", status }, other);
  const history = [
    "fail", // 1: long ago
    "success", // 2
    "success", // 3: the last good one
    "skip", // 4: is no repair
    "fail", // 5: the first bad one
    "fail", // 6
    "fail", // 7
    "fail", // 8: the newest of all tests
  ] as const;
  for (const [index, status] of history.entries()) {
    await loadRun(repository, index + 1, both(status));
  }
  // A run of one test forgets nothing, and stays with what is in front of it.
  await loadRun(repository, 9, stream(other));
  // Another variant has its own.
  await loadRun(repository, 10, both("success"), "--variant=py3");
  await loadRun(repository, 11, both("success"), "--variant=py3");
  await prune(repository, "--keep=0", "--older=2027-01-01", "--max-size=0");
  assertEquals(days(repository), [3, 5, 8, 9, 11]);
});

test("subunit-prune keeps what subunit-history --bisect names", async () => {
  using repository = new TempRepository();
  const run = (
    day: number,
    status: "fail" | "success",
    commit: string,
    ...args: string[]
  ) =>
    loadRun(
      repository,
      day,
      stream({ testId: "a", status }, { testId: "b", status: "success" }),
      `--meta=commit=${commit}`,
      ...args,
    );
  const changed = "--meta=dirty=true";
  await run(1, "success", "aaaa111");
  await run(2, "success", "bbbb222");
  await run(3, "success", "bbbb222", changed);
  await run(4, "fail", "bbbb222", changed);
  await run(5, "fail", "cccc333");
  await run(6, "fail", "dddd444");
  await run(7, "fail", "eeee555", changed);
  const bisect = async () => {
    const args = [repository.repo, "--bisect=a"];
    return text((await callTool("subunit-history", args)).stdout);
  };
  const before = await bisect();
  assertEquals(before, "git bisect start cccc333 bbbb222\n");
  await prune(repository, "--keep=0");
  assertEquals(days(repository), [2, 3, 4, 5, 7]);
  assertEquals(await bisect(), before);
});

test("subunit-prune keeps what subunit-failing names, as it names it", async () => {
  using repository = new TempRepository();
  const b: EventFields = { testId: "b", status: "success" };
  const run = (day: number, status: "fail" | "success", testId = "a") =>
    loadRun(repository, day, stream({ testId, status }, b));
  await run(1, "success", "old");
  await run(2, "success", "old");
  await run(3, "fail", "old");
  await run(4, "fail");
  await run(5, "fail");
  Deno.writeTextFileSync(
    `${repository.path}/renames`,
    "old\ta\t2026-01-04\n",
  );
  const failing = async () => {
    const args = [repository.repo, "--format=json"];
    const { stdout } = await callTool("subunit-failing", args);
    const { since, last_good } = JSON.parse(text(stdout).split("\n")[0]);
    return [since, last_good];
  };
  const before = await failing();
  await prune(repository, "--keep=0");
  assertEquals(days(repository), [2, 3, 5]);
  assertEquals(await failing(), before);
});

test("subunit-prune --thin removes the files of tests that passed", async () => {
  using repository = new TempRepository();
  const log = (testId: string, more: EventFields = {}) => ({
    testId,
    ...file("log", `the log of ${testId}`),
    ...more,
  });
  const before = [
    stream("text\n", { testId: "good", status: "inprogress" }),
    stream(log("good")),
    stream(log("good", { status: "success" })),
  ];
  const rest = stream(
    log("bad"),
    { testId: "bad", status: "fail" },
    // It passed once, and once it did not.
    log("flaky", { status: "fail" }),
    log("flaky", { status: "success" }),
    log("lost", { status: "inprogress" }),
    { ...file("stdout", "of no test") },
    Uint8Array.of(0xb3, 0x29, 0xe2, 0x82),
  );
  await loadRun(repository, 1, stream(...before, rest), "--meta=os=linux");
  await loadRun(repository, 2, stream(PASSED), "--no-gzip");
  const [old] = repository.runs;
  const { counts } = (await old.end())!;
  assertEquals(await prune(repository, "--thin=2026-01-02"), ["1 thin"]);
  const [thinned] = repository.runs;
  assertEquals(
    await bytesOfRun(thinned),
    stream(before[0], { testId: "good", status: "success" }, rest),
  );
  assertEquals(thinned.id, old.id);
  assertEquals(thinned.start.thinned, true);
  assertEquals(thinned.start.meta, { os: "linux" });
  assertEquals((await thinned.end())?.counts, counts);
  const { status, stdout } = await callTool("subunit-runs", [
    repository.repo,
    "--check",
  ]);
  // The damage that came is still there, and nothing else is wrong.
  assertEquals(status, 1);
  assertEquals(text(stdout).trim().split("\n").length, 1);
  assert(text(stdout).includes("damaged"));
  // Once is enough.
  assertEquals(await prune(repository, "--thin=2026-01-02"), []);
  assertEquals(await prune(repository, "--thin=2026-01-03"), ["2 thin"]);
  assertEquals(repository.states, ["ended subunit.gz", "ended subunit.gz"]);
});

test("a run that cannot be read keeps subunit-prune --thin from no other one", async () => {
  using repository = new TempRepository();
  await runsUntil(repository, 3);
  const [{ path }] = repository.runs;
  const cut = Deno.readFileSync(path).subarray(0, -20);
  Deno.writeFileSync(path, cut);
  const { status, stdout, stderr } = await callTool("subunit-prune", [
    repository.repo,
    "--thin=2026-01-03",
  ]);
  const [first, second] = repository.runs;
  assertEquals([status, text(stdout)], [2, `${second.id}\tthin\n`]);
  assertMessage(stderr, "subunit-prune", "Cannot read");
  assertEquals(Deno.readFileSync(first.path), cut);
});

test("a run that subunit-prune has thinned is not imported again", async () => {
  using repository = new TempRepository();
  const path = `${repository.folder}/run.subunit`;
  const load = async (bytes: Uint8Array) => {
    Deno.writeFileSync(path, bytes);
    await outputOfCall("subunit-load", [repository.repo, path]);
    return repository.runs.length;
  };
  // Its stream ends inside a character: the record behind it says so.
  const came = stream(
    {
      ...PASSED,
      ...file("log", "long"),
      timestamp: { seconds: 1_750_000_000, nanoseconds: 0 },
    },
    Uint8Array.of(0xe2, 0x82),
  );
  assertEquals([await load(came), await load(came)], [1, 1]);
  const [{ id }] = repository.runs;
  await prune(repository, "--thin=2100-01-01");
  assertEquals(await load(came), 1);
  const [run] = repository.runs;
  assertEquals([run.id, run.start.thinned], [id, true]);
  assertEquals(await load(await bytesOfRun(run)), 1);
  assertEquals(await load(stream(FAILED)), 2);
});

test("subunit-prune removes what runs say together when one of them goes or changes", async () => {
  using repository = new TempRepository();
  keepRuns(repository, ...Array(200).fill("a P b P"));
  const folder = `${repository.path}/cache/columns`;
  const made = async () => {
    for (let time = 0; time < 2; time++) {
      await outputOfCall("subunit-history", [repository.repo, "a"]);
    }
    return files();
  };
  const files = () => [...Deno.readDirSync(folder)].map(({ name }) => name);
  assertEquals((await made()).length, 3);
  Deno.writeTextFileSync(`${folder}/${files()[0]}.0a1b2c3d.tmp`, "cut");
  await prune(repository, "--keep=150", "--dry-run");
  assertEquals(files().length, 4);
  await prune(repository, "--keep=150");
  // The runs of the first have gone, but for 14.
  assertEquals(files().length, 2);
  const holds = (id: string) =>
    files().some((name) =>
      Deno.readTextFileSync(`${folder}/${name}`).includes(id)
    );
  assertEquals([49, 63, 64].map((hour) => holds(runId(hour))), [
    false,
    false,
    true,
  ]);
  await prune(repository, `--thin=2026-11-04T05:30:00Z`);
  assertEquals([63, 64, 128].map((hour) => holds(runId(hour))), [
    false,
    false,
    true,
  ]);
  assertEquals((await made()).length, 2);
  // The run of one that was killed before it removed what the run said.
  const id = runId(130);
  assertEquals(holds(id), true);
  Deno.removeSync(repository.runs.find((run) => run.id === id)!.path);
  await prune(repository, "--keep=1000");
  assertEquals([holds(id), files().length], [false, 1]);
});

test("subunit-prune removes from the cache what no run needs any more", async () => {
  using repository = new TempRepository();
  keepRuns(
    repository,
    "old P",
    "old P gone P",
    "a P b P",
    "a P b P",
    "a P b F",
  );
  const cache = `${repository.path}/cache`;
  const names = () =>
    [...Deno.readDirSync(cache)].map(({ name }) => name)
      .filter((name) => name !== "runs.jsonl").sort();
  const ask = () => callTool("subunit-failing", [repository.repo]);
  const before = await ask();
  assertEquals(names().length, 5 + 3);
  // The run of one that was killed before it removed what it says.
  const [{ path }] = repository.runs;
  Deno.removeSync(path);
  const digest = names()[0];
  const left = [
    `${digest}.0a1b2c3d.tmp`,
    "names-00.gz.0a1b2c3d.tmp",
    "runs.jsonl.0a1b2c3d.tmp",
  ];
  const others = ["README.tmp", "notes.digest", "notes.gz"];
  for (const name of [...left, ...others]) {
    Deno.writeTextFileSync(`${cache}/${name}`, "");
  }
  Deno.mkdirSync(`${cache}/names-${"0".repeat(32)}.gz/own/er`, {
    recursive: true,
  });
  others.push(`names-${"0".repeat(32)}.gz`);
  assertEquals(await prune(repository, "--keep=3"), ["1 keep"]);
  const all = names();
  assertEquals(others.filter((name) => !all.includes(name)), []);
  assertEquals(all.length, 3 + 1 + others.length);
  const kept = all.map((name) => Deno.statSync(`${cache}/${name}`).ino);
  assertEquals(await ask(), before);
  // What is needed was not made again.
  assertEquals(
    names().map((name) => Deno.statSync(`${cache}/${name}`).ino),
    kept,
  );
  Deno.removeSync(cache, { recursive: true });
  Deno.writeTextFileSync(cache, "no folder");
  assertEquals(await prune(repository, "--keep=1"), ["1 keep"]);
});

test("subunit-prune asks what to remove, and from where", async () => {
  using repository = new TempRepository();
  await loadRun(repository, 1, stream(FAILED));
  const refused = async (words: string, ...args: string[]) =>
    assertRefused(
      await callTool("subunit-prune", args),
      "subunit-prune",
      words,
    );
  await refused("Expected --keep", repository.repo);
  await refused("give --older", repository.repo, "--one-a=day", "--keep=1");
  await refused("expected day, week", repository.repo, "--one-a=year");
  await refused("an age such as 90d", repository.repo, "--older=long");
  await refused("of subunit-load", `--repo=${repository.folder}`, "--keep=1");
});
