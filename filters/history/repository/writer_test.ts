import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { concat } from "@std/bytes/concat";
import { encodePacket, type Packet } from "@subunit/codec";
import { ToolError } from "../../kit/errors.ts";
import { Recording } from "./loading.ts";
import { encodeRecord, MAX_RECORD_BYTES } from "./record.ts";
import { statsOf } from "./stats.ts";
import { Repository, runsAt } from "./store.ts";
import {
  adoptTorn,
  copyRun,
  makeRepository,
  packRun,
  replaceRun,
  RunWriter,
} from "./writer.ts";

/** What a process that is killed throws at every step from then on. */
class Killed extends Error {}

const PACKETS = Array.from(
  { length: 3 },
  (_, number) => encodePacket({ testId: `test ${number}`, status: "success" }),
);
const STREAM = concat(PACKETS);
const TIME = { seconds: 1795784015, nanoseconds: 0 };

/**
 * Writes a run as `subunit-load` does, in a process that is killed before a
 * step.
 *
 * @returns the names of the steps that it made
 */
function load(path: string, killedAt = Infinity, name?: string): string[] {
  const steps: string[] = [];
  const beforeStep = (step: string) => {
    if (steps.length >= killedAt) throw new Killed();
    steps.push(step);
  };
  const recording = new Recording(
    { warn: (text) => assert(false, text) },
    () => {
      const repository = makeRepository(path, beforeStep);
      adoptTorn(repository.runs(), beforeStep);
      const options = { sync: true, beforeStep };
      return new RunWriter(repository, {}, TIME, options, name);
    },
  );
  try {
    for (const packet of PACKETS) recording.push(packet);
    recording.end();
    recording.pack();
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
  }
  // The kernel closes the files of the dead.
  recording.abandon();
  return steps;
}

Deno.test(
  "RunWriter ends a run whose command has recorded more than fits",
  withFolder((path) => {
    const repository = makeRepository(path);
    const recording = new Recording(
      { warn: (text) => assert(false, text) },
      () => new RunWriter(repository, {}, TIME),
    );
    recording.push(PACKETS[0]);
    const signal = "x".repeat(MAX_RECORD_BYTES - 50);
    recording.push(encodeRecord("end", { v: 1, signal, exit: 3 }));
    recording.end();
    recording.abandon();
    assertEquals(repository.runs().map(({ state }) => state), ["ended"]);
  }),
);

Deno.test(
  "a run that cannot be compressed is kept",
  withFolder((path) => {
    const repository = makeRepository(path);
    const reports: string[] = [];
    const beforeStep = (step: string) => {
      if (step === "pack") throw new ToolError("The disk is full");
    };
    const recording = new Recording(
      { warn: (text) => void reports.push(text) },
      () => new RunWriter(repository, {}, TIME, { beforeStep }),
    );
    recording.push(STREAM);
    recording.end();
    recording.pack();
    assertEquals([recording.hasFailed, reports], [true, ["The disk is full"]]);
    const runs = repository.runs().map(({ id, state }) => [id, state]);
    assertEquals(runs, [[recording.id, "ended"]]);
  }),
);

Deno.test(
  "what does not fit the disk is said to be left as it is",
  withFolder(async (path) => {
    const repository = makeRepository(path);
    const isPlain = true;
    const writer = new RunWriter(repository, {}, TIME, { isPlain });
    writer.write(STREAM);
    writer.end(TIME);
    writer.pack();
    const [run] = repository.runs();
    const target = makeRepository(`${path}/target`);
    const keep = (packet: Packet, write: (bytes: Uint8Array) => void) =>
      write(packet.bytes);
    const { prototype } = Deno.FsFile, { writeSync } = prototype;
    prototype.writeSync = () => {
      throw new Error("No space left on device (os error 28)");
    };
    const said = (left: string) => `no space left on device: ${left}`;
    try {
      assertThrows(
        () => packRun(run.path, () => {}),
        ToolError,
        said("the run is kept uncompressed"),
      );
      assertThrows(
        () => copyRun(target, run, run.id),
        ToolError,
        said("nothing of the run is kept"),
      );
      await assertRejects(
        () => replaceRun(repository, run, {}, keep),
        ToolError,
        said("the run stays as it was"),
      );
    } finally {
      prototype.writeSync = writeSync;
    }
    assertEquals(namesIn(path), [`${run.id}.subunit`]);
    assertEquals(namesIn(target.path), []);
    assertEquals(await bareBytes(path), [STREAM]);
  }),
);

function withFolder(use: (path: string) => void | Promise<void>) {
  return async () => {
    const path = Deno.makeTempDirSync();
    try {
      await use(`${path}/.subunit`);
    } finally {
      Deno.removeSync(path, { recursive: true });
    }
  };
}

function namesIn(path: string): string[] {
  return Array.from(Deno.readDirSync(`${path}/runs`), ({ name }) => name);
}

async function bareBytes(path: string): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for (const run of new Repository(path).runs()) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of run.chunks({ bare: true })) {
      chunks.push(chunk.slice());
    }
    all.push(concat(chunks));
  }
  return all;
}

Deno.test(
  "a writer that is killed before any step leaves whole packets, and the other runs",
  withFolder(async (root) => {
    const all = load(`${root}/first`);
    assertEquals(all, [
      "make the folder",
      "write .gitignore",
      "rename .gitignore",
      "write format",
      "rename format",
      "make the file",
      "write the start",
      "begin",
      "write packets",
      "write packets",
      "write packets",
      "write the end",
      "reach the disk",
      "end",
      "pack",
      "name the packed file",
      "remove the plain file",
    ]);
    for (let killedAt = 0; killedAt < all.length; killedAt++) {
      for (const before of [0, 2]) {
        const path = `${root}/${before}-${killedAt}`;
        for (let i = 0; i < before; i++) load(path);
        const steps = before > 0 ? all.slice(5) : all;
        if (killedAt >= steps.length) continue;
        load(path, killedAt);
        const name = `killed before "${steps[killedAt]}"`;

        const runs = Deno.statSync(root) && new Repository(path).runs();
        const packets = steps.slice(0, killedAt)
          .filter((step) => step === "write packets").length;
        const hasBegun = steps.slice(0, killedAt).includes("begin");
        assertEquals(runs.length, before + (hasBegun ? 1 : 0), name);
        const hasEnded = steps.slice(0, killedAt).includes("write the end");
        const states = runs.map(({ state }) => state).sort();
        const expected = Array(before + (hasEnded ? 1 : 0)).fill("ended");
        if (hasBegun && !hasEnded) expected.push("torn");
        assertEquals(states, expected, name);
        const kept = (await bareBytes(path)).map((one) => one.length).sort();
        const whole = Array(before).fill(STREAM.length);
        if (hasBegun) whole.push(packets * PACKETS[0].length);
        assertEquals(kept, whole.sort(), name);

        // The next load adopts it, and loses nothing.
        load(path);
        const later = new Repository(path).runs();
        assertEquals(later.length, before + (hasBegun ? 2 : 1), name);
        assert(!later.some(({ path }) => path.endsWith(".part")), name);
        const tests = await Promise.all(
          later.map(async (run) => (await statsOf(run)).tests),
        );
        const sum = tests.reduce((a, b) => a + b, 0);
        assertEquals(sum, 3 * (before + 1) + (hasBegun ? packets : 0), name);
      }
    }
  }),
);

Deno.test(
  "an import that is killed before any step is not seen, or whole, and can be repeated",
  withFolder(async (root) => {
    const name = "20261127T125335-9f3c21aa";
    const all = load(`${root}/first`, Infinity, name);
    assertEquals(all.slice(-5), [
      "end",
      "remove the other name",
      "pack",
      "name the packed file",
      "remove the plain file",
    ]);
    for (let killedAt = 5; killedAt <= all.length; killedAt++) {
      const path = `${root}/${killedAt}`;
      load(path, killedAt, name);
      const [one, ...others] = new Repository(path).runs();
      const isThere = all.slice(0, killedAt).includes("end");
      assertEquals([one?.state, others], [isThere ? "ended" : undefined, []]);
      load(path, Infinity, name);
      const [again, ...more] = new Repository(path).runs();
      assertEquals([again.id, again.state, more], [name, "ended", []]);
      assertEquals(await bareBytes(path), [STREAM]);
    }
  }),
);

Deno.test(
  "of two that import one run at once, the first to end it makes it",
  withFolder(async (path) => {
    const repository = makeRepository(path);
    const name = "20261127T125335-9f3c21aa";
    for (const isPlain of [false, true]) {
      const writers = [1, 2].map(() => {
        const writer = new RunWriter(repository, {}, TIME, { isPlain }, name);
        writer.write(STREAM);
        return writer;
      });
      assertEquals(repository.runs().length, 0);
      for (const writer of writers) writer.end(TIME);
      assertEquals(writers.map(({ isThere }) => isThere), [false, true]);
      for (const writer of writers) writer.pack();
      const ending = isPlain ? "subunit" : "subunit.gz";
      assertEquals(namesIn(path), [`${name}.${ending}`]);
      assertEquals(await bareBytes(path), [STREAM]);
      Deno.removeSync(`${path}/runs/${name}.${ending}`);
    }
    new RunWriter(repository, {}, TIME, {}, name).abandon();
    assertEquals(namesIn(path), []);
  }),
);

Deno.test(
  "an import needs no links, and does not replace what is there",
  withFolder(async (path) => {
    const repository = makeRepository(path);
    const name = "20261127T125335-9f3c21aa";
    const link = Deno.linkSync;
    Deno.linkSync = () => {
      throw new Error("Operation not permitted (os error 1)");
    };
    try {
      const writers = [1, 2].map(() => {
        const writer = new RunWriter(repository, {}, TIME, {}, name);
        writer.write(STREAM);
        return writer;
      });
      for (const writer of writers) writer.end(TIME);
      for (const writer of writers) writer.pack();
      assertEquals(writers.map(({ isThere }) => isThere), [false, true]);
    } finally {
      Deno.linkSync = link;
    }
    assertEquals(namesIn(path), [`${name}.subunit.gz`]);
    assertEquals(await bareBytes(path), [STREAM]);
  }),
);

Deno.test(
  "of two that import one run, one finds it that is packed meanwhile",
  withFolder(async (path) => {
    const repository = makeRepository(path);
    const name = "20261127T125335-9f3c21aa";
    const [first, second] = [1, 2].map(() => {
      const writer = new RunWriter(repository, {}, TIME, {}, name);
      writer.write(STREAM);
      return writer;
    });
    const link = Deno.linkSync;
    Deno.linkSync = (from, to) => {
      Deno.linkSync = link;
      first.end(TIME);
      first.pack();
      link(from, to);
    };
    try {
      second.end(TIME);
    } finally {
      Deno.linkSync = link;
    }
    second.pack();
    assertEquals([first.isThere, second.isThere], [false, true]);
    assertEquals(namesIn(path), [`${name}.subunit.gz`]);
    assertEquals(await bareBytes(path), [STREAM]);
  }),
);

Deno.test(
  "a run whose file somebody has removed is not taken for kept",
  withFolder(async (path) => {
    const repository = makeRepository(path);
    const removeAll = (ending: string) => {
      for (const name of namesIn(path).filter((one) => one.endsWith(ending))) {
        Deno.removeSync(`${path}/runs/${name}`);
      }
    };
    for (const name of [undefined, "20261127T125335-9f3c21aa"]) {
      const writer = new RunWriter(repository, {}, TIME, {}, name);
      writer.write(STREAM);
      removeAll("");
      assertThrows(() => writer.end(TIME), ToolError, "Cannot write");
      writer.abandon();
      assertEquals(namesIn(path), []);
    }
    load(path);
    const [run] = repository.runs();
    const beforeStep = (step: string) => {
      if (step === "name the new file") removeAll(".tmp");
    };
    await assertRejects(
      () => replaceRun(repository, run, {}, () => {}, beforeStep),
      ToolError,
      "repeat it",
    );
    assertEquals(await bareBytes(path), [STREAM]);
    const copying = (step: string) => {
      if (step === "name the copy") removeAll(".tmp");
    };
    const copyId = "20261127T125335-9f3c21ab";
    assertThrows(
      () => copyRun(repository, run, copyId, { beforeStep: copying }),
      ToolError,
      "repeat it",
    );
  }),
);

Deno.test(
  "a disk that does not take what it has is reported",
  withFolder((path) => {
    const repository = makeRepository(path);
    const reports: string[] = [];
    const recording = new Recording(
      { warn: (text) => void reports.push(text) },
      () => new RunWriter(repository, {}, TIME, { sync: true }),
    );
    recording.push(STREAM);
    const { prototype } = Deno.FsFile, { syncDataSync } = prototype;
    prototype.syncDataSync = () => {
      throw new Error("Input/output error (os error 5)");
    };
    try {
      recording.end();
    } finally {
      prototype.syncDataSync = syncDataSync;
    }
    assertEquals([recording.hasFailed, recording.id], [true, undefined]);
    assertMatch(reports.join(), /input\/output error: .* reached the disk$/);
  }),
);

Deno.test(
  "a run whose start cannot be written leaves no file",
  withFolder((path) => {
    const repository = makeRepository(path);
    const beforeStep = (step: string) => {
      if (step === "write the start") throw new ToolError("The disk is full");
    };
    for (const name of [undefined, "20261127T125335-9f3c21aa"]) {
      const begin = () =>
        new RunWriter(repository, {}, TIME, { beforeStep }, name);
      assertThrows(begin, ToolError, "full");
      assertEquals(namesIn(path), []);
    }
  }),
);

Deno.test(
  "a run that was adopted while its writer was alive ends all the same",
  withFolder(async (path) => {
    const repository = makeRepository(path);
    const writer = new RunWriter(repository, {}, TIME);
    writer.write(PACKETS[0]);
    const [run] = repository.runs();
    assertEquals(run.state, "running");
    // As on a file system without locks.
    Deno.renameSync(run.path, run.path.replace(/part$/, "subunit"));
    writer.write(PACKETS[1]);
    writer.end(TIME);
    writer.pack();
    assertEquals(repository.runs().map(({ state }) => state), ["ended"]);
    assertEquals(await bareBytes(path), [concat(PACKETS.slice(0, 2))]);
  }),
);

Deno.test(
  "packRun keeps every byte, and the end by itself",
  withFolder(async (path) => {
    const repository = makeRepository(path);
    const noise = crypto.getRandomValues(new Uint8Array(60_000));
    // More than one piece.
    const long = concat(Array(40).fill(noise));
    const writer = new RunWriter(repository, {}, TIME, { isPlain: true });
    writer.write(long);
    writer.end(TIME);
    writer.pack();
    const [run] = repository.runs();
    const before = Deno.readFileSync(run.path);
    packRun(run.path, () => {});
    const [packed] = repository.runs();
    const chunks: Uint8Array[] = [];
    for await (const chunk of packed.chunks()) chunks.push(chunk.slice());
    assertEquals(concat(chunks), before);
    assertEquals((await packed.end())?.bytes, long.length);
  }),
);

Deno.test(
  "a process that is killed before any step of a copy or a change leaves one whole run",
  withFolder(async (root) => {
    load(`${root}/source`);
    const [source] = new Repository(`${root}/source`).runs();
    const plain = `${root}/${source.id}.subunit`;
    const all: Uint8Array[] = [];
    for await (const chunk of source.chunks()) all.push(chunk.slice());
    Deno.writeFileSync(plain, concat(all));
    const [unpacked] = runsAt(plain);
    const change = (path: string, beforeStep: (step: string) => void) => {
      const repository = makeRepository(path);
      copyRun(repository, unpacked, source.id, { beforeStep });
      const [run] = repository.runs();
      const keep = (packet: Packet, write: (bytes: Uint8Array) => void) =>
        write(packet.bytes);
      return replaceRun(repository, run, { thinned: true }, keep, beforeStep);
    };
    const steps: string[] = [];
    await change(`${root}/whole`, (step) => steps.push(step));
    assertEquals(steps, [
      "copy",
      "name the copy",
      "pack",
      "name the packed file",
      "remove the plain file",
      "write anew",
      "name the new file",
      "remove the old file",
    ]);
    for (let killedAt = 0; killedAt < steps.length; killedAt++) {
      const path = `${root}/${killedAt}`;
      let made = 0;
      const kill = () => {
        if (made++ === killedAt) throw new Killed();
      };
      await assertRejects(async () => await change(path, kill), Killed);
      const runs = new Repository(path).runs();
      const isNamed = killedAt >= 2;
      const states = runs.map(({ id, state }) => [id, state]);
      const expected = isNamed ? [[source.id, "ended"]] : [];
      assertEquals(states, expected, steps[killedAt]);
      if (isNamed) assertEquals(await bareBytes(path), [STREAM]);
      // What it did can be done again.
      await change(path, () => {});
      const [again, ...others] = new Repository(path).runs();
      assertEquals([again.start.thinned, others], [true, []]);
      assertEquals(await bareBytes(path), [STREAM]);
    }
  }),
);

Deno.test(
  "a copy of what was torn later has more, and takes the place of one that has less",
  withFolder(async (root) => {
    const source = makeRepository(`${root}/source`);
    const writer = new RunWriter(source, {}, TIME);
    const target = makeRepository(`${root}/target`);
    const copy = () => copyRun(target, source.runs()[0], writer.id);
    const packets = async () => concat(await bareBytes(target.path));
    writer.write(PACKETS[0]);
    assertEquals([copy(), copy()], [true, false]);
    assertEquals(await packets(), PACKETS[0]);
    writer.write(PACKETS[1]);
    writer.abandon();
    assertEquals([copy(), copy()], [true, false]);
    assertEquals(await packets(), concat(PACKETS.slice(0, 2)));
    assertEquals(target.runs().map(({ state }) => state), ["torn"]);
    // What is torn here and has more is not replaced, either.
    assertEquals(copyRun(source, target.runs()[0], writer.id), false);
  }),
);

Deno.test(
  "a run that is packed while somebody begins to read it is read",
  withFolder(async (path) => {
    const repository = makeRepository(path);
    const writer = new RunWriter(repository, {}, TIME, { isPlain: true });
    writer.write(STREAM);
    writer.end(TIME);
    writer.pack();
    const [run] = repository.runs();
    const chunks = run.chunks({ bare: true });
    // It has looked for the file, and waits before it opens it.
    const first = chunks.next();
    packRun(run.path, () => {});
    const bytes = [(await first).value!.slice()];
    for await (const chunk of chunks) bytes.push(chunk.slice());
    assertEquals(concat(bytes), STREAM);
  }),
);

Deno.test(
  "to copy the files of repositories is to merge them, in any order, and twice",
  withFolder(async (root) => {
    const [a, b] = ["a", "b"].map((name) => `${root}/${name}`);
    for (const path of [a, a, b]) load(path);
    load(b, 9); // torn
    const copy = (from: string, to: string) => {
      makeRepository(to);
      for (const { name } of Deno.readDirSync(`${from}/runs`)) {
        Deno.copyFileSync(`${from}/runs/${name}`, `${to}/runs/${name}`);
      }
    };
    const merged = async (...order: string[]) => {
      const to = `${root}/${order.map((path) => path.at(-1)).join("")}`;
      order.forEach((from) => copy(from, to));
      const runs = new Repository(to).runs();
      return await Promise.all(
        runs.map(async (run) =>
          `${run.id} ${run.state} ${(await statsOf(run)).tests}`
        ),
      );
    };
    const once = await merged(a, b);
    assertEquals(once.length, 4);
    assertEquals(await merged(b, a), once);
    assertEquals(await merged(a, b, a, b), once);
  }),
);
