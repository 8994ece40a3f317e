import { assert, assertEquals, assertRejects } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { encodePacket } from "@subunit/codec";
import { TempDir } from "../../../tests/support/run.ts";
import { writeAlso } from "./also.ts";
import { statsOf } from "./stats.ts";
import { Repository, type Run } from "./store.ts";
import { type BeforeStep, makeRepository, RunWriter } from "./writer.ts";

/** What a process that is killed throws at every step from then on. */
class Killed extends Error {}

const FIRST_SECOND = 1795784015;

/** Keeps a run of three tests, one of which fails. */
function keep(repository: Repository, number: number): void {
  const time = { seconds: FIRST_SECOND + 60 * number, nanoseconds: 0 };
  const writer = new RunWriter(repository, { scope: "full" }, time);
  const events = ["a", "b", "c"].flatMap((testId, place) => [
    { testId, status: "inprogress" as const, timestamp: time },
    {
      testId,
      status: place === number ? "fail" as const : "success" as const,
      timestamp: {
        seconds: time.seconds + 1 + number,
        nanoseconds: number * 250_000_000,
      },
    },
  ]);
  writer.write(concat(events.map((event) => encodePacket(event))));
  writer.end(time);
  writer.pack();
}

/** Copies the last run as `subunit-load --also` does. */
async function copyLast(
  { path }: Repository,
  also: string,
  beforeStep?: BeforeStep,
): Promise<void> {
  const runs = new Repository(path).runs();
  await writeAlso(also, runs.at(-1)!, runs, beforeStep);
}

/** The files of a folder, by name. */
function filesIn(folder: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const { name } of Deno.readDirSync(folder)) {
    // What a writer left that was killed; nobody reads it.
    if (name.endsWith(".tmp")) continue;
    files.set(name, Deno.readTextFileSync(`${folder}/${name}`));
  }
  return files;
}

/** The times as Python's `dbm.dumb` finds them. */
function timesIn(files: ReadonlyMap<string, string>): Record<string, string> {
  const data = files.get("times.dbm.dat") ?? "";
  const times: Record<string, string> = {};
  const lines = (files.get("times.dbm.dir") ?? "").split("\n").slice(0, -1);
  for (const line of lines) {
    const [, key, at, length] = /^'(.*)', \((\d+), (\d+)\)$/.exec(line)!;
    times[key] = data.slice(Number(at), Number(at) + Number(length));
  }
  return times;
}

/** What stestr reads: its runs, which fail, and how long each test took. */
function theirs(files: ReadonlyMap<string, string>) {
  const next = Number(files.get("next-stream") ?? 0);
  const runs = Array.from({ length: next }, (_, i) => files.get(`${i}`));
  return { runs, failing: files.get("failing"), times: timesIn(files) };
}

async function testsIn(runs: readonly Run[]): Promise<number[]> {
  return await Promise.all(runs.map(async (run) => (await statsOf(run)).tests));
}

for (const isFirst of [true, false]) {
  const what = isFirst ? "a new repository of stestr" : "one that has runs";
  Deno.test(
    `a copy into ${what} is there or not, wherever the process is killed`,
    async () => {
      using dir = new TempDir();
      const repository = makeRepository(`${dir.path}/.subunit`);
      const before = `${dir.path}/before`, after = `${dir.path}/after`;
      for (const also of [before, after]) Deno.mkdirSync(`${also}.stestr`);
      if (!isFirst) {
        keep(repository, 0);
        await copyLast(repository, `${before}.stestr`);
        await copyLast(repository, `${after}.stestr`);
      }
      keep(repository, 1);
      const steps: string[] = [];
      await copyLast(repository, `${after}.stestr`, (step) => steps.push(step));
      assertEquals(steps, [
        "make their folder",
        ...isFirst
          ? [
            "write next-stream",
            "rename next-stream",
            "write format",
            "rename format",
          ]
          : [],
        "write the copy",
        ...["failing", "times.dbm.dat", "times.dbm.dir", "times.dbm.bak"]
          .flatMap((name) => [`write ${name}`, `rename ${name}`]),
        "give the copy its number",
        "write next-stream",
        "rename next-stream",
        "remove the other name",
      ]);
      const old = filesIn(`${before}.stestr`),
        whole = filesIn(`${after}.stestr`);
      const ours = filesIn(`${repository.path}/runs`);
      const oldRuns = isFirst ? 0 : 1;
      for (let killedAt = 0; killedAt < steps.length; killedAt++) {
        const name = `killed before "${steps[killedAt]}"`;
        const also = `${dir.path}/${killedAt}.stestr`;
        Deno.mkdirSync(also);
        for (const [name, text] of old) {
          Deno.writeTextFileSync(`${also}/${name}`, text);
        }
        let made = 0;
        const kill = () => {
          if (made++ >= killedAt) throw new Killed();
        };
        await assertRejects(() => copyLast(repository, also, kill), Killed);

        const files = filesIn(also);
        for (const [file, text] of files) {
          const known = [old.get(file) ?? "0\n", whole.get(file)];
          assert(known.includes(text), `${file} is cut, ${name}`);
        }
        const { runs, failing, times } = theirs(files);
        const isThere = killedAt > steps.lastIndexOf("rename next-stream");
        assertEquals(runs.length, oldRuns + (isThere ? 1 : 0), name);
        assert(!runs.includes(undefined), `the last run is missing, ${name}`);
        if (isThere) {
          assertEquals({ runs, failing, times }, theirs(whole), name);
        }
        const known = [timesIn(old), timesIn(whole)].map((some) =>
          JSON.stringify(some)
        );
        assert(known.includes(JSON.stringify(times)), `times, ${name}`);
        // What was left of it is no run, torn or not.
        const isMade = files.has("next-stream");
        const read = isMade ? new Repository(also).runs() : [];
        const has = files.has(`${oldRuns}`);
        assertEquals(
          await testsIn(read),
          Array(oldRuns + (has ? 1 : 0)).fill(3),
        );
        assert(read.every(({ state }) => state === "ended"), name);
        assertEquals(filesIn(`${repository.path}/runs`), ours, name);

        // The next one is copied, and is their last.
        const next = new Repository(`${dir.path}/${killedAt}/.subunit`);
        makeRepository(next.path);
        for (const file of ours.keys()) {
          const to = `${next.path}/runs/${file}`;
          Deno.copyFileSync(`${repository.path}/runs/${file}`, to);
        }
        keep(next, 2);
        await copyLast(next, also);
        const later = theirs(filesIn(also));
        assertEquals(later.runs.length, oldRuns + (has ? 2 : 1), name);
        assert(!later.runs.includes(undefined), name);
        assert(later.runs.at(-1)?.includes("failure: c"), name);
        assert(later.failing?.includes("failure: c"), name);
        assertEquals(later.times, { a: "3.5", b: "3.5", c: "3.5" }, name);
      }
    },
  );
}

Deno.test(
  "several that copy into one repository of stestr at once have a number each",
  async () => {
    using dir = new TempDir();
    const also = `${dir.path}/.stestr`;
    const repository = makeRepository(`${dir.path}/.subunit`);
    keep(repository, 0);
    await copyLast(repository, also);
    // What another one does in between, which is one step ahead.
    const takeNumber = (number: number) => () => {
      Deno.writeTextFileSync(`${also}/${number}`, "test: other\n");
      Deno.writeTextFileSync(`${also}/next-stream`, `${number + 1}\n`);
    };
    for (
      const [step, number, other] of [
        ["give the copy its number", 2, takeNumber(1)],
        ["rename next-stream", 3, takeNumber(4)],
      ] as const
    ) {
      await copyLast(repository, also, (one) => {
        if (one === step) other();
      });
      const files = filesIn(also), { runs } = theirs(files);
      assert(files.get(`${number}`)?.includes("failure: a"), step);
      assertEquals(files.has(`${runs.length}`), false, step);
      assert(!runs.includes(undefined), step);
    }
    assertEquals(theirs(filesIn(also)).runs.length, 5);
  },
);
