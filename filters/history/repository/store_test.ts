import { assert, assertEquals, assertRejects } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { encodePacket } from "@subunit/codec";
import { gzipSync } from "../../kit/runtime/builtin.ts";
import { encodeRecord } from "./record.ts";
import { selectRuns } from "./selection.ts";
import { statsOf } from "./stats.ts";
import { Repository, type Run, runsAt } from "./store.ts";

const STREAM = concat([
  encodePacket({ testId: "a", status: "success" }),
  new TextEncoder().encode("a line\n"),
  encodePacket({ testId: "b", status: "fail" }),
]);

const at = (second: number) => `20261127T1253${second}`;

/** The bytes of a run as `subunit-load` leaves them. */
function recorded(id: string, start: object = {}, end: object = {}) {
  const before = encodeRecord("start", { v: 1, id, ...start });
  const after = encodeRecord("end", { v: 1, ...end });
  return { before, after, all: concat([before, STREAM, after]) };
}

/** Packed as `subunit-load` does it: the end by itself. */
function packed(id: string, start: object = {}, end: object = {}) {
  const { before, after } = recorded(id, start, end);
  return concat([gzipSync(concat([before, STREAM])), gzipSync(after)]);
}

async function withRepository(
  files: Record<string, Uint8Array>,
  use: (repository: Repository) => Promise<void> | void,
) {
  const path = Deno.makeTempDirSync();
  try {
    Deno.mkdirSync(`${path}/runs`);
    Deno.writeTextFileSync(`${path}/format`, "subunit-runs 1\n");
    for (const [name, bytes] of Object.entries(files)) {
      Deno.writeFileSync(`${path}/runs/${name}`, bytes);
    }
    await use(new Repository(path));
  } finally {
    Deno.removeSync(path, { recursive: true });
  }
}

async function bytesOf(run: Run, bare = false): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of run.chunks({ bare })) chunks.push(chunk.slice());
  return concat(chunks);
}

const A = `${at(10)}-00000000`, B = `${at(11)}-11111111`;
const C = `${at(12)}-22222222`, D = `${at(13)}-33333333`;

Deno.test("Repository lists runs by time, with their states", async () => {
  await withRepository({
    [`${D}.part`]: recorded(D).before,
    [`${B}.subunit`]: recorded(B, { branch: "main" }, { exit: 1 }).all,
    [`${A}.subunit.gz`]: packed(A, {}, { exit: 0 }),
    [`${C}.subunit`]: recorded(C).all.slice(0, -3),
    [`${C}.new`]: new Uint8Array(3),
    "notes.txt": new Uint8Array(1),
  }, async (repository) => {
    const runs = repository.runs();
    assertEquals(runs.map(({ id, state }) => `${id} ${state}`), [
      `${A} ended`,
      `${B} ended`,
      `${C} torn`,
      `${D} torn`,
    ]);
    assertEquals(repository.skipped, 1);
    assertEquals(runs[1].start.branch, "main");
    assertEquals((await runs[0].end())?.exit, 0);
    assertEquals((await runs[1].end())?.exit, 1);
    assertEquals(await runs[2].end(), undefined);
    using file = Deno.openSync(runs[3].path);
    file.lockSync(true);
    assertEquals(repository.runs()[3].state, "running");
  });
});

Deno.test("Repository finds a run by its name, as the list has it", async () => {
  await withRepository({
    [`${A}.subunit.gz`]: packed(A),
    [`${A}.subunit`]: recorded(A).all,
    [`${B}.subunit.gz`]: packed(B),
    [`${B}.subunit`]: recorded(B).all.slice(0, -3),
    [`${C}.part`]: recorded(C).before,
    "notes.subunit": recorded(A).all,
  }, (repository) => {
    Deno.mkdirSync(`${repository.path}/runs/${D}.subunit`);
    const runs = repository.runs(), none = `${at(10)}-44444444`;
    const link = `${repository.path}/runs/${none}.subunit`;
    Deno.symlinkSync(runs[0].path, link);
    const facts = (run?: Run) => run && [run.id, run.path, run.state];
    const ids = [A, B, C, D, none, "notes", `../runs/${A}`];
    for (const id of ids) {
      const listed = runs.find((run) => run.id === id);
      assertEquals(facts(repository.find(id)), facts(listed), id);
    }
    const all = repository.unordered();
    assertEquals(all.map(facts).sort(), runs.map(facts));
  });
});

Deno.test("a command's own records are part of its stream", async () => {
  const start = encodeRecord("start", { v: 1, command: ["make"] });
  const counts = {
    ...{ success: 9, uxsuccess: 0, skip: 0, fail: 0, xfail: 0, lost: 0 },
    damage: 0,
  };
  const end = encodeRecord("end", { v: 1, of: "command", exit: 1, counts });
  const own = concat([start, STREAM, end]);
  const { before, after } = recorded(A, { commit: "4f2c1ab" });
  await withRepository({
    [`${A}.subunit`]: concat([before, own, after]),
    // Their writers died before the last record.
    [`${B}.subunit`]: concat([recorded(B).before, own]),
    [`${C}.subunit.gz`]: gzipSync(concat([recorded(C).before, own])),
  }, async (repository) => {
    const runs = repository.runs();
    for (const run of runs) assertEquals(await bytesOf(run, true), own);
    assertEquals(runs[0].start.command, ["make"]);
    assertEquals(runs[0].start.commit, "4f2c1ab");
    assertEquals(runs[0].state, "ended");
    assertEquals(runs[1].state, "torn");
    assertEquals(await runs[1].end(), undefined);
    assertEquals(await runs[2].end(), undefined);
  });
  const file = Deno.makeTempFileSync();
  try {
    // What no repository has written has no records around it.
    Deno.writeFileSync(file, own);
    const [run] = runsAt(file);
    assertEquals(await bytesOf(run, true), own);
    assertEquals(run.start.command, ["make"]);
    assertEquals((await run.end())?.exit, 1);
    // What is in it counts, not what its command says.
    assertEquals((await statsOf(run)).failed, 1);
  } finally {
    Deno.removeSync(file);
  }
});

Deno.test("Run.chunks returns the run, and bare what came", async () => {
  await withRepository({
    [`${A}.subunit.gz`]: packed(A),
    [`${B}.subunit`]: recorded(B).all,
    [`${C}.subunit.gz`]: gzipSync(recorded(C, {}, { exit: 3 }).all),
    [`${D}.part`]: concat([recorded(D).before, STREAM]),
  }, async (repository) => {
    const [a, b, c, d] = repository.runs();
    for (const run of [a, b, c, d]) {
      assertEquals(await bytesOf(run, true), STREAM);
    }
    for (const run of [a, b]) {
      assertEquals(await bytesOf(run), recorded(run.id).all);
    }
    // Packed by another program: its end is found all the same.
    assertEquals((await c.end())?.exit, 3);
    assertEquals(await bytesOf(d), concat([recorded(D).before, STREAM]));
    for (const run of [a, b, c, d]) {
      const { tests, failed } = await statsOf(run);
      assertEquals([tests, failed], [2, 1]);
    }
  });
});

Deno.test("Run.chunks without records passes over the padding", async () => {
  const { before, after } = recorded(A, {}, { padded: true });
  const cut = Uint8Array.of(0xd0);
  await withRepository({
    [`${A}.subunit`]: concat([before, cut, Uint8Array.of(10), after]),
  }, async (repository) => {
    assertEquals(await bytesOf(repository.runs()[0], true), cut);
  });
});

Deno.test("a compressed run that is cut is half a run and a problem", async () => {
  // The text does not compress: half the file is about half the stream.
  const noise = crypto.getRandomValues(new Uint8Array(60_000));
  const whole = gzipSync(concat([recorded(A).before, noise]));
  await withRepository({
    [`${A}.subunit.gz`]: whole.subarray(0, whole.length / 2),
  }, async (repository) => {
    const [run] = repository.runs();
    let count = 0;
    await assertRejects(
      async () => {
        for await (const chunk of run.chunks()) count += chunk.length;
      },
      Error,
      "Cannot read",
    );
    assert(count > 20_000, `${count} bytes`);
    const { problem, failed } = await statsOf(run);
    assert(problem !== undefined && failed > 0);
  });
});

Deno.test("of two files of one run, the whole one counts", async () => {
  await withRepository({
    [`${A}.subunit.gz`]: packed(A),
    [`${A}.subunit`]: recorded(A).all,
    [`${B}.subunit.gz`]: packed(B),
    [`${B}.subunit`]: recorded(B).before,
    [`${C}.part`]: recorded(C).before,
    [`${C}.subunit.gz`]: packed(C),
  }, (repository) => {
    const names = repository.runs().map(({ path }) => path.split("/").at(-1));
    assertEquals(names, [
      `${A}.subunit`,
      `${B}.subunit.gz`,
      `${C}.subunit.gz`,
    ]);
  });
});

Deno.test("links and folders among the runs are passed over", async () => {
  await withRepository({ [`${A}.subunit.gz`]: packed(A) }, (repository) => {
    const folder = `${repository.path}/runs`;
    Deno.symlinkSync(`${folder}/${A}.subunit.gz`, `${folder}/${B}.subunit.gz`);
    Deno.mkdirSync(`${folder}/${C}.subunit`);
    assertEquals(repository.runs().map(({ id }) => id), [A]);
    assertEquals(repository.skipped, 2);
  });
});

Deno.test("a run behind a link that is named is read like the run", async () => {
  await withRepository({
    [`${A}.subunit.gz`]: packed(A),
    [`${B}.subunit`]: recorded(B).all,
  }, async (repository) => {
    for (const run of repository.runs()) {
      const name = run.path.slice(run.path.lastIndexOf("/") + 1);
      const link = `${repository.path}/${name}`;
      Deno.symlinkSync(`runs/${name}`, link);
      const [behind] = runsAt(link);
      assertEquals(await bytesOf(behind), await bytesOf(run));
      assertEquals(behind.fileBytes, run.fileBytes);
    }
  });
});

Deno.test("selectRuns selects by what the records say", async () => {
  await withRepository({
    [`${A}.subunit`]: recorded(A, {
      branch: "main",
      commit: "4f2c1ab0",
      meta: { os: "linux" },
    }).all,
    [`${B}.subunit`]: recorded(B, { branch: "fix", variant: "py3" }, {
      counts: { success: 1 },
    }).all,
    [`${C}.subunit`]: recorded(C, { branch: "main" }).before,
  }, async (repository) => {
    const none = {
      repo: undefined,
      runs: undefined,
      since: undefined,
      branch: undefined,
      variant: undefined,
      commit: undefined,
      meta: [],
      status: undefined,
    };
    const now = Date.UTC(2026, 10, 27, 12, 53, 20) / 1000;
    const select = async (options: Partial<typeof none> | object) =>
      (await selectRuns(repository.runs(), { ...none, ...options }, now))
        .map(({ id }) => "ABC"[[A, B, C].indexOf(id)]).join("");
    assertEquals(await select({}), "ABC");
    assertEquals(await select({ runs: "2" }), "BC");
    assertEquals(await select({ branch: "main" }), "AC");
    assertEquals(await select({ variant: "py3" }), "B");
    assertEquals(await select({ variant: "" }), "AC");
    assertEquals(await select({ commit: "4f2c" }), "A");
    assertEquals(await select({ meta: ["os=linux"] }), "A");
    assertEquals(await select({ since: "9s" }), "BC");
    assertEquals(await select({ since: "2026-11-27T12:53:12Z" }), "C");
    assertEquals(await select({ since: "1111" }), "BC");
    assertEquals(await select({ status: "torn" }), "C");
    assertEquals(await select({ status: "fail" }), "A" + "C");
    assertEquals(await select({ status: "pass", branch: "fix" }), "B");
    await assertRejects(() => select({ since: "soon" }), Error, "--since");
    await assertRejects(() => select({ meta: ["os"] }), Error, "KEY=VALUE");
  });
});

Deno.test("folders of streams and numbered runs are repositories", async () => {
  const path = Deno.makeTempDirSync();
  try {
    const stream = (second: number) =>
      encodePacket({
        testId: "a",
        status: "success",
        timestamp: { seconds: second, nanoseconds: 0 },
      });
    Deno.writeFileSync(`${path}/z.subunit`, stream(1000));
    Deno.writeFileSync(`${path}/y.gz`, gzipSync(stream(3000)));
    Deno.writeFileSync(`${path}/x`, stream(2000));
    Deno.writeTextFileSync(
      `${path}/v1`,
      "time: 1970-01-01 00:00:01.0Z\ntest: a\nsuccess: a\ntest: b\nfailure: b\n",
    );
    const runs = new Repository(path).runs();
    assertEquals(runs.map(({ id }) => id), ["v1", "z", "x", "y"]);
    const { tests, failed } = await statsOf(runs[0]);
    assertEquals([tests, failed], [2, 1]);
    Deno.writeTextFileSync(`${path}/next-stream`, "12\n");
    for (const name of ["10", "9", "2", "tmpabc"]) {
      Deno.writeFileSync(`${path}/${name}`, stream(5));
    }
    assertEquals(
      new Repository(path).runs().map(({ id, state }) => `${id} ${state}`),
      ["2 ended", "9 ended", "10 ended", "tmpabc torn"],
    );
  } finally {
    Deno.removeSync(path, { recursive: true });
  }
});

Deno.test("a long compressed run is unpacked as a stream, and bounded", async () => {
  const noise = crypto.getRandomValues(new Uint8Array(65_536));
  const long = concat([recorded(A).before, ...Array(150).fill(noise)]);
  const file = gzipSync(long);
  await withRepository({
    [`${A}.subunit.gz`]: file,
    [`${B}.subunit.gz`]: file.subarray(0, -100_000),
  }, async (repository) => {
    const [whole, cut] = repository.runs();
    assertEquals(await bytesOf(whole), long);
    let count = 0;
    await assertRejects(
      async () => {
        for await (const chunk of cut.chunks()) count += chunk.length;
      },
      Error,
      "Cannot read",
    );
    assert(long.length - count < 200_000, `${count} of ${long.length} bytes`);
    await assertRejects(
      async () => {
        for await (const _ of whole.chunks({ most: 100_000 }));
      },
      Error,
      `${A}.subunit.gz": it unpacks to more than 100000 bytes`,
    );
  });
});
