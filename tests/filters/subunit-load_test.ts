import { assert, assertEquals } from "@std/assert";
import type { EventInput } from "@subunit/codec";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import { createHash, gzipSync } from "../../filters/kit/runtime/builtin.ts";
import { Repository } from "../../filters/history/repository/store.ts";
import {
  callOrRun,
  callTool,
  outputOfCall,
  peerCallTest,
  test,
} from "../support/call.ts";
import {
  assertMessage,
  assertRefused,
  runOnTerminal,
} from "../support/checks.ts";
import {
  commandOf,
  isCi,
  outputOf,
  peerTest,
  run,
  runTool,
  shell,
  TempDir,
  testsCheckout,
  text,
  within,
} from "../support/run.ts";
import { bytesOfRun, TempRepository } from "../support/runs.ts";
import {
  anyBytes,
  at,
  FAILED,
  itemsIn,
  noisyStream,
  PASSED,
  stream,
  textFile,
} from "../support/streams.ts";

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

const RUN = concat([
  stream({ ...PASSED, timestamp: at("12:53:35") }),
  stream("a line\n"),
  stream({ ...FAILED, timestamp: at("12:53:37.5") }),
]);

/** Loads a stream from standard input; it must pass on. */
async function load(
  { repo }: TempRepository,
  bytes: Uint8Array,
  ...args: string[]
): Promise<void> {
  const stdout = await outputOfCall("subunit-load", [repo, ...args], {
    stdin: bytes,
  });
  assertEquals(stdout, bytes);
}

test("subunit-load is not silent about what has no tests", async () => {
  using repository = new TempRepository();
  const none = "The run has no tests, and is kept";
  const args = [repository.repo, "--exit-status"];
  for (const stdin of ["", "only text\n", stream()]) {
    const { status, stderr } = await callTool("subunit-load", args, { stdin });
    // As behind a filter, an empty stream is no failure.
    assertEquals([status, stderr], [0, `subunit-load: ${none}\n`]);
  }
  assertEquals(repository.runs.length, 3);

  using dir = new TempDir();
  assertRefused(
    await callTool("subunit-load", [repository.repo, dir.path]),
    "subunit-load",
    `Cannot load "${dir.path}": there is no run in it`,
  );
  const empty = dir.file("empty", "text of a file\n");
  const one = await callTool("subunit-load", [...args, empty]);
  assertEquals([one.status, one.stderr], [
    0,
    `subunit-load: ${empty}: ${none}\n`,
  ]);
  const xml = dir.file("old.xml", "<testsuites></testsuites>\n");
  const words =
    `${xml}: The input has no packets, but results in another format: put junitxml2subunit in front`;
  const wrong = await callTool("subunit-load", [...args, xml]);
  assertEquals([wrong.status, wrong.stderr], [1, `subunit-load: ${words}\n`]);
  // It is there already, and no better for that.
  assertEquals((await callTool("subunit-load", [...args, xml])).status, 1);

  using folder = new TempDir();
  folder.file("a", stream(PASSED));
  folder.file("b", "");
  Deno.symlinkSync(empty, `${folder.path}/c`);
  const some = await callTool("subunit-load", [...args, folder.path]);
  assertEquals([some.status, some.stderr], [
    0,
    `subunit-load: ${folder.path}: 2 files are not runs, and are left out\n`,
  ]);
});

test("subunit-load keeps a stream that passes on, and what is known of it", async () => {
  using repository = new TempRepository();
  await load(
    repository,
    RUN,
    "--meta=os=linux",
    "--meta=commit=4f2c1ab",
    "--variant=py3",
    "--group=gh-1",
    "--part=2/4",
    "--full",
    "--no-git",
  );
  const [run] = repository.runs;
  assert(/^20260131T125335-[0-9a-f]{8}$/.test(run.id), run.id);
  const { id, writer, tool, ...start } = run.start;
  assertEquals(start, {
    v: 1,
    commit: "4f2c1ab",
    variant: "py3",
    group: "gh-1",
    part: "2/4",
    scope: "full",
    meta: { os: "linux" },
  });
  assertEquals(id, run.id);
  assertEquals(writer, { pid: Deno.pid });
  assert(/^subunit-tools \d/.test(tool!));
  const { sha256, ...end } = (await run.end())!;
  assertEquals(end, {
    v: 1,
    counts: {
      success: 1,
      uxsuccess: 0,
      skip: 0,
      fail: 1,
      xfail: 0,
      lost: 0,
      damage: 0,
    },
    seconds: 2.5,
    bytes: RUN.length,
  });
  const before = concat([run.startPacket, RUN]);
  assertEquals(sha256, createHash("sha256").update(before).digest("hex"));
  assertEquals(repository.states, ["ended subunit.gz"]);
});

test("subunit-load makes a repository that only its owner reads", async () => {
  using repository = new TempRepository();
  await load(repository, RUN);
  const mode = (path: string) =>
    (Deno.statSync(path).mode! & 0o777).toString(8);
  const { path, runs: [run] } = repository;
  assertEquals(mode(path), "700");
  assertEquals(mode(`${path}/runs`), "700");
  assertEquals(mode(run.path), "600");
  assertEquals(Deno.readTextFileSync(`${path}/.gitignore`), "*\n");
  assertEquals(Deno.readTextFileSync(`${path}/format`), "subunit-runs 1\n");
  // What is not needed any more is gone.
  assertEquals([...Deno.readDirSync(`${path}/runs`)].length, 1);
});

test("subunit-load passes any bytes on, and keeps them", async () => {
  using repository = new TempRepository();
  let count = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(anyBytes, noisyStream),
      fc.boolean(),
      fc.integer({ min: 1, max: 300 }),
      async (stdin, isPlain, chunkBytes) => {
        const options = [repository.repo, ...isPlain ? ["--no-gzip"] : []];
        const { status, stdout } = await callTool("subunit-load", options, {
          stdin,
          chunkBytes,
        });
        assertEquals(status, 0);
        assertEquals(stdout, stdin);
        count++;
        const runs = repository.runs.filter(({ state }) => state === "ended");
        assertEquals(runs.length, count);
        const bytes = await Promise.all(
          repository.runs.map((run) => bytesOfRun(run)),
        );
        assert(bytes.some((one) => one.toHex() === stdin.toHex()));
      },
    ),
    { seed: 17, numRuns: isCi ? 200 : 25 },
  );
});

test("subunit-load ends text within a character, so that the record is read", async () => {
  using repository = new TempRepository();
  const cut = Uint8Array.of(...stream(PASSED), 0x61, 0xe2, 0x82);
  await load(repository, cut);
  const [run] = repository.runs;
  assertEquals((await run.end())?.padded, true);
  assertEquals(await bytesOfRun(run), cut);
});

test("subunit-load --quiet --at keeps an older run", async () => {
  using repository = new TempRepository();
  const stdout = await outputOfCall("subunit-load", [
    repository.repo,
    "--quiet",
    "--at=2026-11-20T10:00:00Z",
  ], { stdin: stream(PASSED) });
  assertEquals(stdout.length, 0);
  const [run] = repository.runs;
  assertEquals(run.id.slice(0, 15), "20261120T100000");
  // This checkout is not the one that it ran in.
  assertEquals(run.start.commit, undefined);
});

test("subunit-load FILE is one run, however often it is loaded", async () => {
  using repository = new TempRepository();
  using other = new TempRepository();
  const file = `${repository.folder}/run`;
  Deno.writeFileSync(file, RUN);
  const importAll = (repo: string, ...files: string[]) =>
    outputOfCall("subunit-load", [repo, ...files]);
  assertEquals((await importAll(repository.repo, file, file)).length, 0);
  await importAll(repository.repo, file);
  await importAll(repository.repo, file, "--at=2026-01-01");
  assertEquals(repository.runs.length, 1);
  assertEquals(await bytesOfRun(repository.runs[0]), RUN);
  // The same name elsewhere: to copy the one over the other is to merge.
  await importAll(other.repo, file);
  assertEquals(other.runs[0].id, repository.runs[0].id);
  // A run of ours keeps its name.
  using third = new TempRepository();
  await importAll(third.repo, repository.runs[0].path, repository.path);
  assertEquals(third.runs.map(({ id }) => id), [repository.runs[0].id]);
  assertEquals(await bytesOfRun(third.runs[0]), RUN);
  await load(third, RUN);
  assertEquals(third.runs.length, 2);
});

test("equal files are several runs where options or times say so", async () => {
  using repository = new TempRepository();
  const { folder } = repository;
  const import_ = async (name: string, ...args: string[]) => {
    const { status, stderr } = await callTool("subunit-load", [
      repository.repo,
      `${folder}/${name}`,
      ...args,
    ]);
    assertEquals(status, 0);
    return [repository.runs.length, stderr];
  };
  Deno.writeFileSync(`${folder}/run`, RUN);
  Deno.writeFileSync(`${folder}/fails`, stream(FAILED));
  Deno.writeFileSync(
    `${folder}/passes`,
    stream({ ...FAILED, status: "success" }),
  );
  assertEquals(await import_("run"), [1, ""]);
  const options = [["--variant=a"], ["--group=g", "--part=1/2"], [
    "--group=g",
    "--part=2/2",
  ]];
  for (const [i, args] of options.entries()) {
    for (let time = 0; time < 2; time++) {
      assertEquals(await import_("run", ...args), [2 + i, ""]);
    }
  }
  // Where they are joined by copying, none takes the place of another one.
  assertEquals(new Set(repository.runs.map(({ id }) => id)).size, 4);
  // It failed, was repaired, and fails again.
  assertEquals(await import_("fails", "--at=2026-01-01"), [5, ""]);
  assertEquals(await import_("passes", "--at=2026-01-02"), [6, ""]);
  assertEquals(await import_("fails", "--at=2026-01-03"), [7, ""]);
  const [count, stderr] = await import_("fails", "--at=2026-01-03");
  assertEquals(count, 7);
  assertMessage(`${stderr}`, "subunit-load", "fails has no times and equals");
});

Deno.test("a file that is loaded by several at once is one run", async () => {
  using repository = new TempRepository();
  const file = `${repository.folder}/run`;
  Deno.writeFileSync(file, concat(Array(500).fill(RUN)));
  const loads = Array.from(
    { length: isCi ? 8 : 3 },
    () => runTool("subunit-load", [repository.repo, file]),
  );
  for (const { status, stdout, stderr } of await Promise.all(loads)) {
    assertEquals([status, stdout.length, stderr], [0, 0, ""]);
  }
  const names = Array.from(Deno.readDirSync(`${repository.path}/runs`));
  assertEquals(names.length, 1);
  assertEquals(repository.states, ["ended subunit.gz"]);
  assertEquals((await repository.runs[0].end())?.counts?.fail, 500);
});

test("subunit-load imports compressed streams and version 1", async () => {
  using repository = new TempRepository();
  const { folder, repo } = repository;
  Deno.mkdirSync(`${folder}/theirs`);
  Deno.writeTextFileSync(`${folder}/theirs/next-stream`, "2\n");
  Deno.writeTextFileSync(
    `${folder}/theirs/0`,
    "time: 2026-11-27 12:00:00.0Z\ntest: a\ntime: 2026-11-27 12:00:01.0Z\nfailure: a [\nno\n]\n",
  );
  await outputOfCall("subunit-load", [repo, `${folder}/theirs`]);
  await outputOfCall("subunit-load", [repo, `${folder}/theirs`]);
  assertEquals(repository.runs.length, 1);
  const end = await repository.runs[0].end();
  assertEquals([end?.counts?.fail, end?.seconds], [1, 1]);
});

test("subunit-load --exit-status judges", async () => {
  using repository = new TempRepository();
  const status = async (bytes: Uint8Array) =>
    (await callTool("subunit-load", [repository.repo, "--exit-status"], {
      stdin: bytes,
    })).status;
  assertEquals(await status(stream(PASSED)), 0);
  assertEquals(await status(stream(FAILED)), 1);
  assertEquals(await status(stream({ testId: "a", status: "inprogress" })), 1);
});

test("subunit-load passes on what it cannot keep, and exits 2", async () => {
  using repository = new TempRepository();
  Deno.mkdirSync(repository.path);
  Deno.writeTextFileSync(`${repository.path}/notes`, "");
  const { status, stdout, stderr } = await callTool("subunit-load", [
    repository.repo,
  ], { stdin: RUN, chunkBytes: 10 });
  assertEquals([status, stdout], [2, RUN]);
  assertMessage(stderr, "subunit-load", "not a repository of ours");
  Deno.removeSync(`${repository.path}/notes`);
  Deno.writeTextFileSync(`${repository.path}/format`, "subunit-runs 2\n");
  const newer = await callTool("subunit-load", [repository.repo], {
    stdin: RUN,
  });
  assertEquals([newer.status, newer.stdout], [2, RUN]);
  assertMessage(newer.stderr, "subunit-load", "use the version that made it");
});

test("subunit-load passes on a run about which too much is to be kept", async () => {
  using repository = new TempRepository();
  const meta = `--meta=a=${"x".repeat(70_000)}`;
  const { status, stdout, stderr } = await callTool("subunit-load", [
    ...[repository.repo, meta],
  ], { stdin: RUN });
  assertEquals([status, stdout], [2, RUN]);
  assertMessage(stderr, "subunit-load", "expected at most 65536");
  assertEquals(Array.from(Deno.readDirSync(`${repository.path}/runs`)), []);
});

test("subunit-load makes the digest of a run that has ended", async () => {
  using repository = new TempRepository();
  const cache = `${repository.path}/cache`;
  const file = `${repository.folder}/run`;
  Deno.writeFileSync(file, RUN);
  await load(repository, RUN);
  await load(repository, stream(PASSED), "--no-gzip");
  await outputOfCall("subunit-load", [repository.repo, file]);
  const names = () => [...Deno.readDirSync(cache)].map(({ name }) => name);
  const digests = names().filter((name) => name.endsWith(".digest")).sort();
  const ids = repository.runs.map(({ id }) => `${id}.digest`).sort();
  assertEquals(digests, ids);
  // They are what the questions would have made.
  const bytes = () =>
    digests.map((name) => Deno.readFileSync(`${cache}/${name}`));
  const before = bytes();
  const ask = () => callTool("subunit-failing", [repository.repo, "-l"]);
  const answer = await ask();
  assertEquals([answer.status, answer.stderr], [1, ""]);
  assertEquals(bytes(), before);
  Deno.removeSync(cache, { recursive: true });
  assertEquals(await ask(), answer);
  for (const name of names()) {
    if (!digests.includes(name)) continue;
    const made = Deno.readFileSync(`${cache}/${name}`);
    assertEquals(made, before[digests.indexOf(name)]);
  }
});

test("subunit-load mentions the size of a repository from 1 GiB on", async () => {
  using repository = new TempRepository();
  await load(repository, RUN);
  const large = `${repository.path}/runs/20260101T000000-00000000.subunit.gz`;
  Deno.writeFileSync(large, new Uint8Array(0));
  // A file with a hole, which takes no space.
  Deno.truncateSync(large, 1024 ** 3);
  const { status, stderr } = await callTool("subunit-load", [
    repository.repo,
    "--quiet",
  ], { stdin: RUN });
  assertEquals(status, 0);
  assertMessage(stderr, "subunit-load", "has 1.0 GiB: see subunit-prune");
});

test("subunit-load needs no cache", async () => {
  using repository = new TempRepository();
  Deno.mkdirSync(`${repository.path}/runs`, { recursive: true });
  Deno.writeTextFileSync(`${repository.path}/cache`, "no folder");
  await load(repository, RUN);
  assertEquals(repository.states, ["ended subunit.gz"]);
  const cache = Deno.readTextFileSync(`${repository.path}/cache`);
  assertEquals(cache, "no folder");
});

test("subunit-load adopts what a dead writer left", async () => {
  using repository = new TempRepository();
  await load(repository, RUN, "--no-gzip");
  const [run] = repository.runs;
  const bytes = Deno.readFileSync(run.path);
  const torn = run.path.replace(/[0-9a-f]{8}\.subunit$/, "00000000.part");
  Deno.writeFileSync(torn, bytes.subarray(0, bytes.length - 300));
  assertEquals(repository.states, ["ended subunit", "torn part"]);
  await load(repository, RUN);
  assertEquals(repository.states.sort(), [
    "ended subunit",
    "ended subunit.gz",
    "torn subunit",
  ]);
});

test("subunit-load refuses wrong options", async () => {
  const cases: [args: string[], words: string][] = [
    [["--full", "--partial"], "--partial"],
    [["--group=a"], "--part"],
    [["--group=a", "--part=3/2"], "expected N/M"],
    [["--meta=a"], "KEY=VALUE"],
    [["--at=noon"], "--at"],
    [["--at=1969-12-31"], "from 1970 to 2106"],
    [["--at=2200-01-01T00:00:00Z"], "from 1970 to 2106"],
  ];
  for (const [args, words] of cases) {
    assertRefused(await callTool("subunit-load", args), "subunit-load", words);
  }
});

Deno.test("subunit-load finds the repository from below, and the commit", async () => {
  using dir = new TempDir();
  const cwd = `${dir.path}/a/b`;
  Deno.mkdirSync(cwd, { recursive: true });
  Deno.mkdirSync(`${dir.path}/.git/refs/heads`, { recursive: true });
  Deno.writeTextFileSync(`${dir.path}/.git/HEAD`, "ref: refs/heads/topic/x\n");
  const hash = "4f2c1ab0".repeat(5);
  Deno.writeTextFileSync(
    `${dir.path}/.git/packed-refs`,
    `# pack-refs with: peeled\n${hash} refs/heads/topic/x\n`,
  );
  // Variables of the CI service that runs this test.
  const env = { GITHUB_SHA: "", CI_COMMIT_SHA: "", SUBUNIT_REPO: "" };
  const load = () => runTool("subunit-load", [], { stdin: RUN, cwd, env });
  assertEquals((await load()).status, 0);
  assertEquals((await load()).status, 0);
  using repository = new TempRepository();
  Deno.renameSync(`${dir.path}/.subunit`, repository.path);
  assertEquals(
    repository.runs.map(({ start: { commit, branch } }) => ({
      commit,
      branch,
    })),
    Array(2).fill({ commit: hash, branch: "topic/x" }),
  );
});

peerTest("subunit-load writes nothing to a terminal", ["script"], async () => {
  using repository = new TempRepository();
  const file = `${repository.folder}/run`;
  Deno.writeFileSync(file, RUN);
  const { status, shown } = await runOnTerminal(
    "subunit-load",
    [repository.repo],
    file,
  );
  assertEquals([status, shown], [0, ""]);
  assertEquals(await bytesOfRun(repository.runs[0]), RUN);
});

Deno.test("subunit-load keeps the rest when its reader leaves", async () => {
  using repository = new TempRepository();
  const file = `${repository.folder}/run`;
  Deno.writeFileSync(file, concat(Array(2000).fill(RUN)));
  const { status } = await shell(
    `cat "$1" | subunit-load "$2" | head -c 10 > /dev/null`,
    [file, repository.repo],
  );
  assertEquals(status, 0);
  assertEquals(repository.states, ["ended subunit.gz"]);
  assertEquals((await repository.runs[0].end())?.counts?.fail, 2000);
});

test("runs that began in one second are in the order in which they ended", async () => {
  using repository = new TempRepository();
  for (const name of ["1", "2", "3", "4", "5", "6"]) {
    await load(repository, RUN, `--meta=n=${name}`);
    // The clock must have gone on by a millisecond.
    for (const start = Date.now(); Date.now() === start;);
  }
  assertEquals(
    repository.runs.map(({ start }) => start.meta?.n).join(""),
    "123456",
  );
});

/** Runs a program of theirs beside the repository. */
async function theirs(
  { folder }: TempRepository,
  program: string,
  ...args: string[]
): Promise<string> {
  const { stdout } = await run([program, ...args], { cwd: folder });
  return text(stdout);
}

const NAMES = ["pkg.test_a", "pkg.test_b[x]", "pkg.test_ü'q"];

/** A run of three tests of a second and a half, of which one may fail. */
function suite(failing?: string): Uint8Array {
  return stream(...NAMES.flatMap((testId, second) => [
    {
      testId,
      status: "inprogress" as const,
      timestamp: at(`12:00:0${second}`),
    },
    { testId, ...textFile("log", `why ${testId}`) },
    {
      testId,
      status: testId === failing ? "fail" as const : "success" as const,
      timestamp: at(`12:00:0${second + 1}.5`),
    },
  ]));
}

peerCallTest(
  "stestr reads what subunit-load --also writes, and goes on from there",
  ["stestr"],
  async () => {
    using repository = new TempRepository();
    const { folder } = repository;
    Deno.writeTextFileSync(
      `${folder}/.stestr.conf`,
      "[DEFAULT]\ntest_path=.\n",
    );
    const also = `--also=${folder}/.stestr`;
    await load(repository, suite(NAMES[0]), also);
    const last = await theirs(repository, "stestr", "last");
    assert(/Passed: 2\n[\s\S]*Failed: 1\n/.test(last), last);
    const failing = () => theirs(repository, "stestr", "failing", "--list");
    assertEquals(await failing(), `${NAMES[0]}\n`);
    const slowest = await theirs(repository, "stestr", "slowest");
    assertEquals(slowest.match(/1\.500/g)?.length, 3, slowest);
    // A run of one test that passes: theirs would forget the failure.
    const passed = stream({ ...PASSED, testId: NAMES[1] });
    await load(repository, passed, also);
    assertEquals(await failing(), `${NAMES[0]}\n`);
    await load(repository, suite(NAMES[2]), also);
    assertEquals(await failing(), `${NAMES[2]}\n`);
    const history = await theirs(repository, "stestr", "history", "list");
    assertEquals(
      history.match(/\| [012] +\| (True|False)/g)?.length,
      3,
      history,
    );
    // Their own load takes the next number, and ours the one after that.
    await run(["stestr", "load"], { cwd: folder, stdin: suite() });
    await load(repository, suite(), also);
    assert(Deno.statSync(`${folder}/.stestr/4`).isFile);
    assertEquals(
      Deno.readTextFileSync(`${folder}/.stestr/next-stream`).trim(),
      "5",
    );
    const rows = await outputOfCall("subunit-runs", [
      `--repo=${folder}/.stestr`,
      "--columns=id,tests,fail,seconds",
      "--format=tsv",
    ]);
    assertEquals(
      text(rows),
      [
        "0\t3\t1\t3.500\n",
        "1\t1\t0\t0.000\n",
        "2\t3\t1\t3.500\n",
        "3\t3\t0\t3.500\n",
        "4\t3\t0\t3.500\n",
      ].join(""),
    );
    await theirs(repository, "stestr", "history", "remove", "2");
    Deno.writeFileSync(`${folder}/.stestr/tmpdead`, suite());
    const ids = await outputOfCall("subunit-runs", [
      `--repo=${folder}/.stestr`,
      "--columns=id,state",
      "--format=tsv",
    ]);
    assertEquals(
      text(ids),
      "0\tended\n1\tended\n3\tended\n4\tended\ntmpdead\ttorn\n",
    );
  },
);

if (isCi) {
  peerCallTest(
    "what stestr run --combine adds to a run is read as another attempt",
    ["stestr"],
    async () => {
      using repository = new TempRepository();
      const { folder } = repository;
      Deno.mkdirSync(`${folder}/suite`);
      Deno.writeTextFileSync(`${folder}/suite/__init__.py`, "");
      Deno.writeTextFileSync(
        `${folder}/suite/test_shop.py`,
        `import os, unittest
class Shop(unittest.TestCase):
    def test_good(self): pass
    def test_flag(self): self.assertTrue(os.path.exists("flag"))
`,
      );
      Deno.writeTextFileSync(
        `${folder}/.stestr.conf`,
        "[DEFAULT]\ntest_path=./suite\n",
      );
      const repo = `--repo=${folder}/.stestr`;
      const combine = (...args: string[]) =>
        run(["stestr", "run", ...args], { cwd: folder });
      const failing = async () => {
        const { stdout } = await callTool("subunit-failing", [repo, "--list"]);
        return text(stdout);
      };
      await run(["stestr", "init"], { cwd: folder });
      await combine();
      const test = "suite.test_shop.Shop.test_flag";
      assertEquals(await failing(), `${test}\n`);
      Deno.writeTextFileSync(`${folder}/flag`, "");
      await combine("--combine");
      assertEquals(await failing(), "");
      const args = [repo, "--format=json", test];
      const row = await outputOfCall("subunit-history", args);
      const { outcome, attempts } = JSON.parse(text(row));
      assertEquals([outcome, attempts], ["success", "differ"]);
    },
  );
}

peerCallTest(
  "testr reads what subunit-load --also writes, and we what it keeps",
  ["testrepository"],
  async () => {
    using repository = new TempRepository();
    const { folder } = repository;
    Deno.writeTextFileSync(
      `${folder}/.testr.conf`,
      "[DEFAULT]\ntest_command=true\n",
    );
    const path = `${folder}/.testrepository`;
    await load(repository, suite(NAMES[0]), `--also=${path}`);
    const failing = await theirs(repository, "testr", "failing", "--list");
    assertEquals(failing, `${NAMES[0]}\n`);
    const last = await theirs(repository, "testr", "last");
    assert(last.includes("why pkg.test_a"), last);
    await run(["testr", "load"], { cwd: folder, stdin: suite(NAMES[1]) });
    const rows = await outputOfCall("subunit-runs", [
      `--repo=${path}`,
      "--columns=id,tests,fail",
      "--format=tsv",
    ]);
    assertEquals(text(rows), "0\t3\t1\n1\t3\t1\n");
  },
);

test("subunit-load --also writes into nothing that is not theirs", async () => {
  using repository = new TempRepository();
  assertRefused(
    await callTool("subunit-load", [
      repository.repo,
      `--also=${repository.folder}/notes`,
    ]),
    "subunit-load",
    "stestr or testr",
  );
});

Deno.test("subunit-load passes on what does not fit the disk, and keeps the rest", async () => {
  using repository = new TempRepository();
  const all = concat(Array(2000).fill(RUN));
  const file = `${repository.folder}/run`;
  Deno.writeFileSync(file, all);
  const other = `${repository.folder}/other`;
  Deno.writeFileSync(other, concat([RUN, RUN]));
  // No file may be longer than 16 KiB, which fails as a full disk does.
  const { status, stdout, stderr } = await shell(
    `trap '' XFSZ; ulimit -f 16; cat "$1" | subunit-load "$2"`,
    [file, repository.repo],
  );
  assertEquals(status, 2);
  assertEquals(stdout.length, all.length);
  assertMessage(
    stderr,
    "subunit-load",
    `${
      repository.runs[0].id
    }.part": file too large: it ends before what did not fit`,
  );
  assertEquals(repository.states, ["torn part"]);
  // A file is imported as a whole, or can be imported again.
  const imported = await shell(
    `trap '' XFSZ; ulimit -f 16; subunit-load "$1" --no-gzip "$2" "$3"`,
    [repository.repo, file, other],
  );
  assertEquals(imported.status, 2);
  assertMessage(imported.stderr, "subunit-load", "nothing of the run is kept");
  assertEquals(repository.states.sort(), ["ended subunit", "torn subunit"]);
  const ended = repository.runs.find(({ state }) => state === "ended")!;
  assertEquals(await bytesOfRun(ended), concat([RUN, RUN]));
  assertEquals([...Deno.readDirSync(`${repository.path}/runs`)].length, 2);
  // The next one is whole.
  await runTool("subunit-load", [repository.repo], { stdin: RUN });
  assertEquals(repository.states.sort(), [
    "ended subunit",
    "ended subunit.gz",
    "torn subunit",
  ]);
});

test("subunit-load imports the other files when one cannot be read", async () => {
  using repository = new TempRepository();
  const { folder } = repository;
  const [cut, whole] = ["cut.gz", "whole"].map((name) => `${folder}/${name}`);
  Deno.writeFileSync(cut, gzipSync(RUN).subarray(0, -9));
  Deno.writeFileSync(whole, RUN);
  const args = [repository.repo, `--also=${folder}/.stestr`, cut, whole];
  const { status, stderr } = await callTool("subunit-load", args);
  assertEquals(status, 2);
  assertMessage(stderr, "subunit-load", "cut.gz");
  assertEquals(repository.states, ["ended subunit.gz"]);
  assert(Deno.statSync(`${folder}/.stestr/0`).isFile);
});

Deno.test("subunit-load passes on what it may not keep", async () => {
  using repository = new TempRepository();
  const { status, stdout, stderr } = await runTool("subunit-load", [
    "--repo=/proc/none",
  ], { stdin: RUN });
  assertEquals([status, stdout], [2, RUN]);
  assertMessage(stderr, "subunit-load");
  assertEquals(Array.from(Deno.readDirSync(repository.folder)), []);
});

Deno.test("subunit-load takes the nearest of nested repositories, and needs no .git", async () => {
  using dir = new TempDir();
  const env = { SUBUNIT_REPO: "" };
  const inner = `${dir.path}/inner/deep`;
  Deno.mkdirSync(inner, { recursive: true });
  const load = async (cwd: string) => {
    const { status, stderr } = await runTool("subunit-load", ["-q"], {
      stdin: RUN,
      cwd,
      env,
    });
    assertEquals([status, stderr], [0, ""]);
  };
  const count = (folder: string) => new Repository(folder).runs().length;
  await load(dir.path);
  await load(inner);
  assertEquals(count(`${dir.path}/.subunit`), 2);
  const nested = `${dir.path}/inner/.subunit`;
  await outputOf("subunit-load", [`--repo=${nested}`, "-q"], { stdin: RUN });
  await load(inner);
  assertEquals([count(nested), count(`${dir.path}/.subunit`)], [2, 2]);
});

Deno.test("many write to a repository at once while it is read: each run is there once, and what fails is what fails after them in turn", async () => {
  using repository = new TempRepository();
  const isLong = isCi && testsCheckout();
  const WRITERS = isCi ? 8 : 3, RUNS = isLong ? 100 : 5;
  /** How many runs of a writer have a process each; the others share one. */
  const LIVE = isLong ? 25 : 2;
  const TESTS = 20, PER_SECOND = 4;
  const testIn = (n: number) => `t${n % TESTS}`;
  const hasFailed = (n: number) => (7 * n + Math.floor(n / TESTS)) % 3 === 0;
  const runOf = (n: number, ...tests: EventInput[]) => {
    const timestamp = {
      seconds: 1_750_000_000 + Math.floor(n / PER_SECOND),
      nanoseconds: n % PER_SECOND * 1e9 / PER_SECOND,
    };
    // Runs of one length would be compared with each other byte by byte.
    const log = textFile("log", "x".repeat(n));
    return stream(...[log, ...tests].map((one) => ({ ...one, timestamp })));
  };
  const all = Array.from({ length: TESTS }, (_, n) => ({
    testId: testIn(n),
    status: "success" as const,
  }));
  const inTurn = [runOf(0, ...all)];
  const failing = new Set<string>();
  for (let n = 1; n <= WRITERS * RUNS; n++) {
    const testId = testIn(n), status = hasFailed(n) ? "fail" : "success";
    if (status === "fail") failing.add(testId);
    else failing.delete(testId);
    inTurn.push(runOf(n, { testId, status }));
  }
  const load = (args: readonly string[], stdin?: Uint8Array) =>
    outputOf("subunit-load", [repository.repo, "-q", ...args], { stdin });
  await load(["--full"], inTurn[0]);
  // In time they take turns, so that what fails depends on all of them.
  const write = async (writer: number) => {
    const runs = inTurn.filter((_, n) => n > 0 && n % WRITERS === writer);
    const many = `${repository.folder}/${writer}`;
    Deno.mkdirSync(many);
    for (const [n, bytes] of runs.slice(LIVE).entries()) {
      Deno.writeFileSync(`${many}/${n}`, bytes);
    }
    for (const [n, bytes] of runs.slice(0, LIVE).entries()) {
      if (n === writer % LIVE) await load(["--partial", many]);
      await load(["--partial"], bytes);
    }
  };
  const ask = async () => {
    const args = [repository.repo, "--list"];
    const { stdout, stderr } = await callOrRun("subunit-failing", args);
    assertEquals(stderr, "");
    return text(stdout).split("\n").slice(0, -1).sort();
  };
  const written = inTurn.map((bytes) => bytes.toHex());
  const seen = new Map<string, string>();
  let writing = WRITERS;
  const read = async () => {
    while (writing > 0) {
      // Whatever is there at a time is whole.
      for (const run of new Repository(repository.path).unordered()) {
        if (seen.has(run.id) || run.state !== "ended") continue;
        const bytes = (await bytesOfRun(run)).toHex();
        assert(written.includes(bytes), run.path);
        seen.set(run.id, bytes);
      }
      await ask();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const working = Array.from(
    { length: WRITERS },
    (_, writer) => write(writer).finally(() => writing--),
  );
  working.push(read());
  // Whichever fails, the folder is theirs until all have ended.
  await Promise.allSettled(working);
  await Promise.all(working);
  const { runs } = repository, kept: string[] = [];
  for (const run of runs) {
    assertEquals(run.state, "ended");
    const bytes = (await bytesOfRun(run)).toHex();
    assertEquals(seen.get(run.id) ?? bytes, bytes);
    kept.push(bytes);
    seen.delete(run.id);
  }
  assertEquals([...seen.keys()], []);
  assertEquals(kept, written);
  assertEquals(await ask(), [...failing].sort());
});

Deno.test("a writer that is killed leaves whole packets and a torn run", async () => {
  using repository = new TempRepository();
  const many = concat(Array(50).fill(RUN));
  for (let round = 0; round < (isCi ? 12 : 1); round++) {
    // It reads what is written here, and ends when this test does.
    const [program, ...args] = [...commandOf("subunit-load"), "-q"];
    const writer = new Deno.Command(program, {
      args: [...args, repository.repo],
      stdin: "piped",
      stdout: "null",
    }).spawn();
    const input = writer.stdin.getWriter();
    for (let chunk = 0; chunk < 10 + round; chunk++) await input.write(many);
    await within(
      until(() =>
        exists(`${repository.path}/runs`) &&
        repository.runs.filter(({ fileBytes }) => fileBytes > 1000).length >
          round
      ),
    );
    writer.kill("SIGKILL");
    await input.abort().catch(() => {});
    await writer.status;
  }
  for (const run of repository.runs) {
    assertEquals(run.state, "torn");
    const items = itemsIn(await bytesOfRun(run));
    assert(items.length > 1);
    // A kill may cut the write that it meets, which only the end shows.
    const inside = items.slice(0, -1);
    assertEquals(inside.filter(({ kind }) => kind === "damage"), []);
  }
});

/** Waits until something holds. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
