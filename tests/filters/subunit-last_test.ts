import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import { callTool, outputOfCall, test } from "../support/call.ts";
import { assertMessage, assertRefused } from "../support/checks.ts";
import { keepRuns, runId } from "../support/kept_runs.ts";
import { isCi, runTool, text } from "../support/run.ts";
import { loadRun, TempRepository } from "../support/runs.ts";
import {
  anyBytes,
  equalBytes,
  type EventFields,
  eventsIn,
  FAILED,
  itemsIn,
  noisyStream,
  PASSED,
  stream,
  testsIn,
} from "../support/streams.ts";

const test2: EventFields = { testId: "second", status: "success" };

test("subunit-last finds runs by every form of REF", async () => {
  using repository = new TempRepository();
  const wide = stream(PASSED, test2);
  const a = await loadRun(repository, 1, wide, "--meta=branch=main");
  const b = await loadRun(
    repository,
    2,
    stream(FAILED, test2),
    "--meta=branch=main",
    "--meta=commit=4f2c1ab00",
    "--variant=py3",
  );
  const c = await loadRun(repository, 3, stream(PASSED), "--meta=branch=fix");
  const d = await loadRun(repository, 4, stream(FAILED), "--partial");
  const found = async (...args: string[]) => {
    const { status, stdout } = await callTool("subunit-last", [
      repository.repo,
      "--record",
      ...args,
    ]);
    return status === 1 ? undefined : JSON.parse(text(stdout)).id;
  };
  const cases: [ref: string[], id: string | undefined][] = [
    [[], d],
    [["-1"], d],
    [["-2"], c],
    [["-4"], a],
    [["-5"], undefined],
    [[a], a],
    [[b.slice(0, 10)], b],
    [[c.slice(16, 20)], c],
    [["ffffffffff"], undefined],
    [["@main"], b],
    [["@main,pass"], a],
    [["@main,-2"], a],
    [["@pass"], c],
    [["@fail"], d],
    [["@fail,main"], b],
    [["@4f2c1ab"], b],
    [["@commit:4f2c1ab"], b],
    [["@branch:fix"], c],
    [["@variant:py3"], b],
    // The newest of all tests: c has half of those of a, and d says it is not.
    [["@full"], b],
    [["@full,pass"], a],
    [["@gone"], undefined],
  ];
  for (const [ref, id] of cases) {
    assertEquals(await found(...ref), id, `${ref}`);
  }
});

test("subunit-last @full is the run of all tests that subunit-failing begins with", async () => {
  using repository = new TempRepository();
  // The second has as many results, but of one test; the third is cut off.
  keepRuns(repository, "a P b F c P d P", "a P a P a P a P", {
    tests: "a P b P c P d P",
    isTorn: true,
  });
  const full = await outputOfCall("subunit-last", [
    repository.repo,
    "--record",
    "@full",
  ]);
  assertEquals(JSON.parse(text(full)).id, runId(0));
  // Of a group, a part that says nothing does not make it one of all tests.
  using groups = new TempRepository();
  const start = (part: string) => ({ group: "g", part, variant: "v" });
  keepRuns(
    groups,
    { tests: "a P b P c P d P", start: { variant: "v" } },
    { tests: "a P", start: { ...start("1/2"), scope: "full" } },
    { tests: "b P", start: start("2/2") },
  );
  const ofGroups = await outputOfCall("subunit-last", [
    groups.repo,
    "--record",
    "@full",
  ]);
  assertEquals(JSON.parse(text(ofGroups)).id, runId(0));
});

test("subunit-last writes the run as it came, with or without records", async () => {
  using repository = new TempRepository();
  const bytes = concat([
    stream("text"),
    stream(FAILED),
    new Uint8Array([0xb3]),
  ]);
  await loadRun(repository, 1, bytes);
  const bare = await outputOfCall("subunit-last", [repository.repo, "--bare"]);
  assertEquals(bare, bytes);
  const all = await outputOfCall("subunit-last", [repository.repo]);
  const at = text(all).indexOf("text");
  assert(at > 0 && all.length > bytes.length + at);
  const [first, ...rest] = itemsIn(all).filter((item) =>
    item.kind === "packet"
  );
  assertEquals([first.testId, first.fileName], ["subunit.run", "start"]);
  const last = rest.at(-1)!;
  assertEquals([last.testId, last.fileName], ["subunit.run", "end"]);
  const path = await outputOfCall("subunit-last", [repository.repo, "--path"]);
  assertEquals(text(path), `${repository.runs[0].path}\n`);
});

test("subunit-last --bare is what came, and the rest is records, for any bytes", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(anyBytes, noisyStream),
      fc.boolean(),
      async (bytes, isPlain) => {
        using repository = new TempRepository();
        const { repo } = repository;
        // That there may be no tests in it is said.
        const load = [repo, "-q", "--sync", ...isPlain ? ["--no-gzip"] : []];
        await callTool("subunit-load", load, { stdin: bytes });
        const bare = await outputOfCall("subunit-last", [repo, "--bare"]);
        assertEquals(bare, bytes);
        const [run] = repository.runs, start = run.startPacket;
        const padded = (await run.end())?.padded ? [10] : [];
        const all = await outputOfCall("subunit-last", [repo]);
        const before = Uint8Array.of(...start, ...bytes, ...padded);
        assertEquals(all.slice(0, before.length), before);
        const after = itemsIn(all.slice(before.length));
        assertEquals(after.map((item) => item.kind), ["packet"]);
      },
    ),
    { seed: 17, numRuns: isCi ? 200 : 20 },
  );
});

test("subunit-last @group writes all parts, each under its route", async () => {
  using repository = new TempRepository();
  const part = (number: number, event: EventFields) =>
    loadRun(
      repository,
      number,
      stream({ ...event, routeCode: "0" }, event),
      "--group=gh-1",
      `--part=${number}/2`,
    );
  await part(1, PASSED);
  await part(2, FAILED);
  await loadRun(repository, 3, stream(PASSED));
  const merged = await outputOfCall("subunit-last", [
    repository.repo,
    "@group:gh-1",
  ]);
  const events = eventsIn(merged);
  assertEquals(
    events.map(({ testId, routeCode }) => `${testId} ${routeCode}`),
    [
      "subunit.run 1",
      "passed 1/0",
      "passed 1",
      "subunit.run 1",
      "subunit.run 2",
      "failed 2/0",
      "failed 2",
      "subunit.run 2",
    ],
  );
});

test("subunit-last mentions that a newer run is torn, and finds it by name", async () => {
  using repository = new TempRepository();
  const ended = await loadRun(repository, 1, stream(PASSED), "--no-gzip");
  const torn = `${ended.slice(0, 6)}02T000000-00000000`;
  const bytes = Deno.readFileSync(repository.runs[0].path);
  Deno.writeFileSync(
    `${repository.path}/runs/${torn}.part`,
    bytes.subarray(0, -1),
  );
  const { status, stdout, stderr } = await callTool("subunit-last", [
    repository.repo,
    "--bare",
  ]);
  assertEquals([status, stdout], [0, stream(PASSED)]);
  assertMessage(stderr, "subunit-last", "A newer run is torn", torn);
  const named = await callTool("subunit-last", [repository.repo, torn]);
  assertEquals(testsIn(named.stdout).length > 0, true);
  using held = Deno.openSync(repository.runs[1].path);
  held.lockSync(true);
  assertEquals((await callTool("subunit-last", [repository.repo])).stderr, "");
  const running = await outputOfCall("subunit-last", [
    repository.repo,
    "--running",
    "--path",
  ]);
  assert(text(running).endsWith(`${torn}.part\n`));
});

Deno.test("a run that is long when it is compressed is written, and no more", async () => {
  using repository = new TempRepository();
  const noise = crypto.getRandomValues(new Uint8Array(65_536));
  const long = concat(Array(150).fill(noise));
  await loadRun(repository, 1, long);
  const { status, stdout, stderr } = await runTool("subunit-last", [
    repository.repo,
    "--bare",
  ]);
  assertEquals([status, stderr], [0, ""]);
  assertEquals(equalBytes(stdout, long), true);
});

test("subunit-last --exit-status judges the run", async () => {
  using repository = new TempRepository();
  await loadRun(repository, 1, stream(PASSED));
  await loadRun(repository, 2, stream(FAILED));
  const status = async (...args: string[]) =>
    (await callTool("subunit-last", [repository.repo, ...args])).status;
  assertEquals(await status(), 0);
  assertEquals(await status("--exit-status"), 1);
  assertEquals(await status("--exit-status", "-2"), 0);
  assertEquals(await status("--exit-status", "-3"), 1);
});

test("subunit-last --exit-status judges what it writes, not what was recorded", async () => {
  using repository = new TempRepository();
  await loadRun(repository, 1, stream(PASSED, test2), "--no-gzip");
  const [{ path, startPacket }] = repository.runs;
  const bytes = Deno.readFileSync(path);
  bytes[startPacket.length + 8] ^= 1;
  Deno.writeFileSync(path, bytes);
  const { status, stdout } = await callTool("subunit-last", [
    repository.repo,
    "--exit-status",
  ]);
  assertEquals([status, stdout.toHex()], [1, bytes.toHex()]);
});

test("subunit-last names what it cannot find", async () => {
  using repository = new TempRepository();
  assertRefused(
    await callTool("subunit-last", [repository.repo]),
    "subunit-last",
    "there is no such folder",
  );
  await loadRun(repository, 1, stream(PASSED));
  await loadRun(repository, 1, stream(FAILED));
  assertRefused(
    await callTool("subunit-last", [repository.repo, "2026"]),
    "subunit-last",
    "names 2 runs",
  );
  assertRefused(
    await callTool("subunit-last", [repository.repo, "@a,"]),
    "subunit-last",
    "@WORD",
  );
  assertRefused(
    await callTool("subunit-last", [repository.repo, "--bare", "--record"]),
    "subunit-last",
    "--bare and --record exclude each other",
  );
});
