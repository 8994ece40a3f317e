import { assert, assertEquals } from "@std/assert";
import { callTool, outputOfCall, test } from "../support/call.ts";
import { assertMessage } from "../support/checks.ts";
import { keepRun, runId } from "../support/kept_runs.ts";
import {
  fixture,
  isCi,
  runTool,
  shell,
  TempDir,
  text,
} from "../support/run.ts";
import { loadRun, TempRepository } from "../support/runs.ts";
import { damaged, FAILED, PASSED, stream } from "../support/streams.ts";

const list = async (repository: TempRepository, ...args: string[]) =>
  text(await outputOfCall("subunit-runs", [repository.repo, ...args]));

test("subunit-runs lists runs, oldest first, with what is known of them", async () => {
  using repository = new TempRepository();
  const lost = { testId: "lost", status: "inprogress" } as const;
  const b = await loadRun(
    repository,
    2,
    stream(PASSED, FAILED, lost, { testId: "s", status: "skip" }),
    "--meta=branch=ma\tin",
    "--meta=commit=4f2c1ab0123456789",
    "--group=gh-1",
    "--part=1/2",
  );
  const a = await loadRun(repository, 1, stream(PASSED));
  assertEquals(
    await list(repository, "--columns=id,state,when,tests,fail,lost,skip"),
    [
      "id                        state  when                  tests  fail  lost  skip",
      `${a}  ended  2026-01-01T00:00:00Z      1     0     0     0`,
      `${b}  ended  2026-01-02T00:00:00Z      4     1     1     1`,
      "",
    ].join("\n"),
  );
  assertEquals(
    await list(repository, "--format=tsv", "--columns=id,branch,commit,group"),
    `${a}\t-\t-\t-\n${b}\tma\\tin\t4f2c1ab01234\tgh-1 1/2\n`,
  );
  // What no run has is no column.
  assert(!(await list(repository)).includes("variant"));
  const [, json] = (await list(repository, "--format=json")).split("\n");
  const { seconds: _, bytes, ...row } = JSON.parse(json);
  assertEquals(row, {
    id: b,
    state: "ended",
    when: "2026-01-02T00:00:00Z",
    tests: 4,
    fail: 1,
    lost: 1,
    skip: 1,
    branch: "ma\tin",
    commit: "4f2c1ab0123456789",
    group: "gh-1 1/2",
  });
  assert(bytes > 0);
  assertEquals(await list(repository, "-0", "--columns=id"), `${a}\0${b}\0`);
  assertEquals(await list(repository, "--count", "--status=fail"), "1\n");
  assertEquals(
    await list(repository, "-n1", "--columns=id", "--format=tsv"),
    `${b}\n`,
  );
});

test("subunit-runs says which runs are thinned", async () => {
  using repository = new TempRepository();
  const a = await loadRun(repository, 1, stream(PASSED));
  const b = await loadRun(repository, 2, stream(PASSED));
  const thinned = async (...args: string[]) =>
    (await list(repository, ...args)).split("\n").slice(0, -1)
      .map((line) => line.includes("thinned") || line.endsWith("true"));
  assertEquals(await thinned(), [false, false, false]);
  await outputOfCall("subunit-prune", [repository.repo, "--thin=2026-01-02"]);
  assertEquals(await thinned(), [true, true, false]);
  const columns = ["--columns=id,thinned", "--format=tsv"];
  assertEquals(await list(repository, ...columns), `${a}\ttrue\n${b}\t-\n`);
  const rows = (await list(repository, "--format=json")).trim().split("\n")
    .map((line) => JSON.parse(line).thinned);
  assertEquals(rows, [true, undefined]);
});

test("subunit-runs --test lists the runs in which a test ended so", async () => {
  using repository = new TempRepository();
  const of = (status: "fail" | "success" | "inprogress") =>
    stream({ testId: "a", status });
  await loadRun(repository, 1, of("success"));
  const b = await loadRun(repository, 2, of("fail"));
  const c = await loadRun(repository, 3, of("inprogress"));
  await loadRun(repository, 4, stream(PASSED));
  const ids = (...args: string[]) =>
    list(repository, "--test=a", "--format=tsv", "--columns=id", ...args);
  assertEquals(await ids("--status=fail"), `${b}\n`);
  assertEquals(await ids("--status=lost"), `${c}\n`);
  assertEquals((await ids()).split("\n").length, 4);
});

test("subunit-runs takes files and folders in place of a repository", async () => {
  using repository = new TempRepository();
  const { folder } = repository;
  Deno.mkdirSync(`${folder}/streams`);
  Deno.writeFileSync(`${folder}/streams/one.subunit`, stream(PASSED));
  Deno.writeFileSync(`${folder}/two`, stream(FAILED, FAILED));
  const out = await outputOfCall("subunit-runs", [
    `${folder}/streams`,
    `${folder}/two`,
    "--columns=id,tests,fail",
    "--format=tsv",
  ]);
  assertEquals(
    text(out).trim().split("\n").sort(),
    ["one\t1\t0", "two\t2\t2"],
  );
});

test("subunit-runs --check finds what is wrong, and nothing else", async () => {
  using repository = new TempRepository();
  await loadRun(repository, 1, stream(PASSED, "text", FAILED));
  const check = async (...args: string[]) => {
    const { status, stdout, stderr } = await callTool("subunit-runs", [
      repository.repo,
      "--check",
      ...args,
    ]);
    assertEquals(stderr, "");
    return [status, text(stdout)];
  };
  assertEquals(await check(), [0, ""]);
  const [{ path, id }] = repository.runs;
  const bytes = Deno.readFileSync(path);
  Deno.writeFileSync(path, bytes.subarray(0, -20));
  const [cut, why] = await check();
  assertEquals(cut, 1);
  assert((why as string).startsWith(`${id}\tCannot read`), `${why}`);
  Deno.removeSync(path);

  const plain = await loadRun(repository, 2, stream(PASSED), "--no-gzip");
  const [run] = repository.runs;
  const content = Deno.readFileSync(run.path);
  content[run.startPacket.length + 8] ^= 1;
  Deno.writeFileSync(run.path, content);
  const [status, changed] = await check();
  assertEquals(status, 1);
  for (const words of ["SHA-256 differs", "damaged in 1 places"]) {
    assert((changed as string).includes(`${plain}\t`), `${changed}`);
    assert((changed as string).includes(words), `${changed}`);
  }
  Deno.removeSync(run.path);

  await loadRun(
    repository,
    3,
    stream({ ...PASSED, timestamp: { seconds: 4e9, nanoseconds: 0 } }, {
      ...FAILED,
      timestamp: { seconds: 5, nanoseconds: 0 },
    }),
  );
  assertEquals(
    (await check())[1],
    [
      `${repository.runs[0].id}\t1 times are before its start\n`,
      `${repository.runs[0].id}\t1 times are in the future\n`,
    ].join(""),
  );
  Deno.removeSync(repository.runs[0].path);
  await loadRun(repository, 4, damaged(PASSED));
  assert(((await check())[1] as string).includes("damaged"));
});

test("subunit-runs --check finds a cache of other bytes of the same length", async () => {
  using repository = new TempRepository();
  const failing = async () =>
    text(
      (await callTool("subunit-failing", [repository.repo, "--list"])).stdout,
    );
  const check = async () => {
    const { stdout, status } = await callTool("subunit-runs", [
      repository.repo,
      "--check",
    ]);
    return [text(stdout), status];
  };
  keepRun(repository, 0, { tests: "a P b F", isPlain: true });
  assertEquals([await failing(), await check()], ["b\n", ["", 0]]);
  keepRun(repository, 0, { tests: "a F b P", isPlain: true });
  assertEquals(await check(), [
    `${runId(0)}\twhat is cached of it is of other bytes: remove cache/\n`,
    1,
  ]);
  Deno.removeSync(`${repository.path}/cache`, { recursive: true });
  assertEquals([await failing(), await check()], ["a\n", ["", 0]]);
});

test("subunit-runs lists a run that is cut, and says so", async () => {
  using repository = new TempRepository();
  await loadRun(repository, 1, stream(PASSED));
  const [{ path }] = repository.runs;
  Deno.writeFileSync(path, Deno.readFileSync(path).subarray(0, 100));
  const { status, stdout, stderr } = await callTool("subunit-runs", [
    repository.repo,
    "--columns=id",
  ]);
  assertEquals(status, 0);
  assertEquals(text(stdout).split("\n").length, 3);
  assertMessage(stderr, "subunit-runs", "Cannot read");
});

Deno.test("a named pipe in a repository makes nobody wait", async () => {
  using dir = new TempDir();
  const repo = dir.path;
  const stdin = stream({ testId: "a", status: "fail" });
  const load = ["--repo", `${repo}/r`, "-q"];
  assertEquals((await runTool("subunit-load", load, { stdin })).status, 0);
  const { status, stderr, stdout } = await shell(
    `for run in $1/r/runs/*.gz; do
       name=$(basename $run .subunit.gz); rm -f $1/r/cache/*
       mkfifo $1/r/cache/$name.digest $1/r/runs/20260101T000000-deadbeef.subunit
     done
     subunit-failing -l --repo $1/r; code=$?
     rm -f $1/r/format; mkfifo $1/r/format
     subunit-runs --count --repo $1/r > $1/out || exit 9
     exit $code`,
    [repo],
  );
  assertEquals([text(stdout), status], ["a\n", 1], stderr);
});

if (isCi) {
  test("a repository of 20,000 runs is listed", () => listMany(20_000));

  test("a repository of 100,000 runs is counted and asked", async () => {
    using repository = new TempRepository();
    const count = 100_000;
    for (let hour = 0; hour < count; hour++) {
      const isLast = hour === count - 1;
      // Most are links: a file has not more than 65,000.
      if (hour % 50_000 === 0 || isLast) {
        const tests = isLast ? "a F b P" : "a P b P";
        keepRun(repository, hour, { tests, isPlain: true });
      } else {
        const pathOf = (hour: number) =>
          `${repository.path}/runs/${runId(hour)}.subunit`;
        Deno.linkSync(pathOf(hour - hour % 50_000), pathOf(hour));
      }
    }
    const counted = await outputOfCall("subunit-runs", [
      repository.repo,
      "--count",
    ]);
    assertEquals(text(counted), `${count}\n`);
    // First without the index, then with it.
    for (let turn = 0; turn < 2; turn++) {
      const { stdout } = await callTool("subunit-failing", [
        repository.repo,
        "--list",
      ]);
      assertEquals(text(stdout), "a\n");
    }
  });
}

test("a repository of thousands of runs is listed", async () => {
  await listMany(2000);
});

/** Lists so many small runs, each once and in order. */
async function listMany(count: number): Promise<void> {
  using repository = new TempRepository();
  for (let hour = 0; hour < count; hour++) {
    keepRun(repository, hour, { tests: "a P", isPlain: true });
  }
  const out = await outputOfCall("subunit-runs", [
    repository.repo,
    "--columns=id,tests",
    "--format=tsv",
  ]);
  const lines = text(out).split("\n").filter(Boolean);
  assertEquals(lines.length, count);
  assertEquals(new Set(lines).size, count);
  assert(lines.every((line) => line.endsWith("\t1")));
}

test("a repository of inquest is read as it is, and no result twice", async () => {
  // Made by hand: see the README beside it.
  const repo = `--repo=${fixture("inquest/repository")}`;
  const lines = async (tool: string, ...args: string[]) => {
    const { stdout, stderr, status } = await callTool(tool, [repo, ...args]);
    return { lines: text(stdout).split("\n").slice(0, -1), stderr, status };
  };
  const runs = await lines(
    "subunit-runs",
    "--format=tsv",
    "--columns=id,state,when,tests,fail,lost",
  );
  assertEquals([runs.stderr, runs.lines], ["", [
    "0\tended\t2026-07-20T10:00:00Z\t4\t0\t0",
    "1\tended\t2026-07-21T10:00:08Z\t4\t1\t0",
    "2a\tended\t2026-07-22T10:00:00Z\t1\t0\t0",
    "2b\tended\t2026-07-22T10:00:00Z\t1\t0\t1",
    "3\ttorn\t2026-07-23T10:00:00Z\t2\t1\t1",
  ]]);
  const failing = await lines("subunit-failing", "--format=tsv");
  assertEquals(
    failing.lines.map((line) => line.split("\t").slice(0, 5).join(" ")),
    [
      "test_shop.test_add fail 3 true 2a",
      "test_shop.test_pay lost 1 true 0",
      "test_shop.test_send lost 2b true 1",
    ],
  );
  assertEquals(failing.status, 1);
  const pay = await lines(
    "subunit-history",
    "--format=tsv",
    "test_shop.test_pay",
  );
  assertEquals(
    pay.lines.map((line) => line.split("\t").slice(1, 5).join(" ")),
    [
      "0 2026-07-20T10:00:00Z success 2",
      "1 2026-07-21T10:00:08Z fail 2",
      "3 2026-07-23T10:00:00Z lost ",
    ],
  );
  const last = await callTool("subunit-last", [repo, "1"]);
  assertEquals(
    last.stdout,
    Deno.readFileSync(fixture("inquest/repository/runs/1")),
  );
  // Imported, each is a run of ours, and a second time none is.
  using repository = new TempRepository();
  for (let i = 0; i < 2; i++) {
    await outputOfCall("subunit-load", [
      repository.repo,
      fixture("inquest/repository"),
    ]);
    assertEquals(repository.runs.length, 5);
  }
});
