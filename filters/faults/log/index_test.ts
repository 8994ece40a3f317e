import { assert, assertEquals, assertMatch } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { callTool, outputOfCall } from "../../../tests/support/call.ts";
import { DAY, NOW, packet } from "../../../tests/support/fault_packets.ts";
import { syncFiles } from "../../../tests/support/fault_sync.ts";
import { isCi, runTool, TempDir, text } from "../../../tests/support/run.ts";
import { encodeSighting } from "./collated.ts";
import { encodeEvent } from "./event.ts";

const SEED = 20261128;
const AT = "--at=2026-09-21T14:13:20Z";

const word = fc.oneof(
  fc.constantFrom(
    "state:fail",
    "state:success,skip",
    "tag:t1",
    "tag:t0,t3",
    "seen:10d",
    "seen:60d,2d",
    "seen:99999y",
    "origin:ci-1",
    "origin:ci-0,ci-4",
    "test:pkg/*",
    "test:*3",
    "test:nul*",
    'test:"\ufeffmarked*"',
    'test:"other ?"',
    "kind:k1,k2",
    "id:f",
    "id:f1,f4",
    "title:shop",
    'title:"connection refused"',
    "title:NAÏVE,г_1",
    "title:!",
    "title:a",
  ),
);
const query = fc.record({
  words: fc.array(
    fc.tuple(fc.boolean(), word).map(([not, word]) => not ? `-${word}` : word),
    { maxLength: 2 },
  ),
  options: fc.constantFrom(
    [],
    ["--top=3"],
    ["--by=last", "--top=3"],
    ["--by=runs,tests", "--top=4"],
    ["--by=origins"],
    ["--by=rate,tests", "--since=40d"],
    ["--by=rate", "--top=2"],
    ["--since=20d"],
    ["--top=2", "--since=9999y"],
    ["--conflict"],
    ["--unexplained"],
  ),
  format: fc.constantFrom("plain", "tsv", "json"),
});

const events = fc.array(packet, { minLength: 1, maxLength: 12 });
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ how: fc.constant("append" as const), events }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      how: fc.constantFrom("merge" as const, "sync" as const),
      events,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      how: fc.constantFrom(
        ...["junk", "torn", "cut", "purge", "compact", "drop"] as const,
      ),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/**
 * Does a step to a log or its index.
 *
 * @param packets all that were made; what the step makes is added
 */
async function take(
  step: Step,
  dir: TempDir,
  packets: Uint8Array[],
): Promise<void> {
  const log = `${dir.path}/log`;
  const append = (bytes: Uint8Array) =>
    Deno.writeFileSync(log, bytes, { append: true });
  const call = async (...args: string[]) => {
    const { status, stderr } = await callTool("fault-log", args);
    if (status !== 0) refused(stderr);
  };
  // Nothing but text and what was torn may be in it.
  const refused = (why: string) => assertMatch(why, /is not a fault log/);
  if ("events" in step) {
    const made = step.events.map((make) => {
      const packet = make(packets);
      packets.push(packet);
      return packet;
    });
    if (step.how === "append") return append(concat(made));
    // Some of it is in both.
    const other = dir.file("other", concat([...packets.slice(0, 3), ...made]));
    if (step.how === "merge") return await call("merge", log, other);
    return await syncFiles(log, other).catch((error) => refused(error.message));
  }
  if (step.how === "junk") {
    append(new TextEncoder().encode("text г\n\xb3"));
  } else if (step.how === "torn") {
    append((packets.at(-1) ?? new Uint8Array(0)).subarray(0, 20));
  } else if (step.how === "cut") {
    const bytes = Deno.readFileSync(log);
    Deno.writeFileSync(log, bytes.subarray(0, bytes.length * 0.7));
  } else if (step.how === "purge") {
    await call("purge", log);
  } else if (step.how === "compact") {
    // All of one month, and of what another step may have made.
    append(concat([25, 26, 27].map((days) =>
      encodeSighting({
        fault: "fault:f1",
        origin: "ci-1",
        run: `${days}`,
        time: { seconds: NOW - days * DAY, nanoseconds: 0 },
        count: days,
        tests: [`pkg/test ${days}`],
      })
    )));
    await call("compact", log, "--author=ci-1", "--older=5d", AT);
  } else dir.file("index", "");
}

/** The packet of a sighting. */
function seen(fault: string, seconds: number): Uint8Array {
  return encodeSighting({
    fault: `fault:${fault}`,
    run: "r",
    time: { seconds, nanoseconds: 0 },
    count: 1,
    tests: [],
  });
}

/** Says which SQLite is used. */
const SQLITES = ["node:sqlite", "node-sqlite3-wasm"] as const;

/** Takes the runtime's SQLite away, as in Node 20, until it is disposed. */
function only(sqlite: typeof SQLITES[number]): Disposable {
  const { getBuiltinModule } = process;
  if (sqlite === "node-sqlite3-wasm") {
    process.getBuiltinModule = ((name: string) =>
      name === "node:sqlite"
        ? undefined
        : getBuiltinModule(name)) as typeof getBuiltinModule;
  }
  return {
    [Symbol.dispose]() {
      process.getBuiltinModule = getBuiltinModule;
    },
  };
}

for (const sqlite of SQLITES) {
  Deno.test(`query gives with an index of ${sqlite} what it gives without`, async () => {
    using _ = only(sqlite);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(step, fc.array(query, { maxLength: 5 })), {
          minLength: 1,
          maxLength: 6,
        }),
        async (steps) => {
          using dir = new TempDir();
          const log = dir.file("log", ""), index = `${dir.path}/index`;
          const packets: Uint8Array[] = [];
          for (const [step, queries] of steps) {
            await take(step, dir, packets);
            for (const { words, options, format } of queries) {
              const args = [
                ...options,
                ...(words.length > 0 ? [`--where=${words.join(" ")}`] : []),
                `--format=${format}`,
                AT,
                log,
              ];
              const plain = await callTool("fault-log", ["query", ...args]);
              const indexed = await callTool("fault-log", [
                "query",
                `--index=${index}`,
                ...args,
              ]);
              assertEquals(indexed.status, 0, indexed.stderr);
              assertEquals(
                text(indexed.stdout),
                text(plain.stdout),
                args.join(" "),
              );
            }
          }
        },
      ),
      { seed: SEED, numRuns: isCi ? 300 : sqlite === "node:sqlite" ? 12 : 5 },
    );
  });
}

Deno.test("query with an index has a fault once that several names are of", async () => {
  using dir = new TempDir();
  const same = encodeEvent({
    fault: "fault:b",
    kind: "same",
    time: { seconds: NOW, nanoseconds: 0 },
    value: "fault:a",
    supersedes: [],
  });
  const log = dir.file("log", concat([seen("a", NOW), seen("b", NOW), same]));
  for (const since of [[], ["--since=9d"]]) {
    for (const by of [[], ["--by=runs"], ["--by=last"], ["--top=2"]]) {
      const words = ["query", "--where=id:a,b", ...since, ...by, AT, log];
      const index = `--index=${dir.path}/index`;
      const found = text(await outputOfCall("fault-log", [...words, index]));
      const plain = await outputOfCall("fault-log", [...words, "--no-index"]);
      assertEquals(found, text(plain));
      assertEquals(found.split("\n").length, 2, words.join(" "));
    }
  }
});

Deno.test("query with an index needs the runtime's SQLite or the package", async () => {
  using dir = new TempDir();
  const log = dir.file("log", seen("a", NOW)), index = `${dir.path}/index`;
  const query = () => callTool("fault-log", ["query", `--index=${index}`, log]);
  const makers = SQLITES.map((sqlite) => async () => {
    using _ = only(sqlite);
    return await query();
  });
  // Each reads on in what the other has made.
  for (const [i, make] of [...makers, ...makers].entries()) {
    const { stdout, stderr } = await make();
    assertEquals(stderr, "");
    assertEquals(text(stdout).split("\n").length, i + 2);
    Deno.writeFileSync(log, seen(`b${i}`, NOW - i - 1), { append: true });
  }
});

for (const sqlite of SQLITES) {
  Deno.test(`query gives the same when ${sqlite} was killed, or its file is broken`, async () => {
    using dir = new TempDir();
    using _ = only(sqlite);
    const events = Array.from(
      { length: 400 },
      (_, i) => seen(`f${i}`, NOW - i),
    );
    const log = dir.file("log", concat(events)), index = `${log}.index`;
    const query = async (...more: string[]) => {
      const { stdout, stderr } = await callTool("fault-log", [
        ...["query", "--top=400", "--by=runs", AT, ...more, log],
      ]);
      assertEquals(stderr, "");
      return text(stdout);
    };
    const expected = await query();
    await callTool("fault-log", ["index", log]);
    // What a process leaves that is killed in the middle of writing.
    const db = new DatabaseSync(index);
    db.exec("PRAGMA cache_size = 1; BEGIN; UPDATE class SET fault = 'x' || n");
    const [half, journal] = [index, `${index}-journal`].map(Deno.readFileSync);
    db.exec("ROLLBACK");
    db.close();
    const sound = Deno.readFileSync(index);
    assert(sound.some((byte, i) => byte !== half[i]), "it is half written");
    Deno.writeFileSync(index, half);
    Deno.writeFileSync(`${index}-journal`, journal);
    if (sqlite === "node-sqlite3-wasm") Deno.mkdirSync(`${index}.lock`);
    assertEquals(await query(), expected);
    // Only the header and the list of tables are as they were.
    Deno.writeFileSync(
      index,
      sound.map((byte, i) => i < 4096 ? byte : 0xff),
    );
    assertEquals(await query(), expected);
    assertEquals(await query("--no-index"), expected);
    assertEquals(Deno.statSync(index).mode! & 0o777, 0o600);
  });
}

Deno.test("query ranks a long window where most was seen before it", async () => {
  using dir = new TempDir();
  const sighting = (fault: string, run: string, days: number) =>
    encodeSighting({
      fault: `fault:${fault}`,
      run,
      time: { seconds: NOW - days * DAY, nanoseconds: 0 },
      count: 1,
      tests: [],
    });
  // More than are looked at by what was seen of them ever.
  const old = Array.from({ length: 5100 }, (_, i) => [
    sighting(`old${i}`, "1", 400),
    sighting(`old${i}`, "2", 300),
  ]).flat();
  const recent = Array.from(
    { length: 60 },
    (_, i) => sighting(`new${i}`, "3", i),
  );
  const log = dir.file("log", concat([...old, ...recent]));
  for (const since of ["100d", "350d", "10d"]) {
    const args = ["--top=3", "--by=runs", `--since=${since}`, AT, log];
    const [plain, indexed] = await Promise.all(
      [["--no-index"], [`--index=${dir.path}/index`]].map((more) =>
        outputOfCall("fault-log", ["query", ...more, ...args])
      ),
    );
    assertEquals(text(indexed), text(plain), since);
    assertEquals(text(plain).split("\n").length, 4);
  }
});

Deno.test("query finds the newest of many, in whatever order the index has them", async () => {
  using dir = new TempDir();
  const faults = Array.from({ length: 1500 }, (_, i) => `fault:f${i}`);
  const sighting = (fault: string, days: number) =>
    encodeSighting({
      fault,
      run: `${days}`,
      time: { seconds: NOW - days * DAY, nanoseconds: 0 },
      count: 1,
      tests: [],
    });
  const titled = (fault: string, value: string) =>
    encodeEvent({ fault, kind: "title", value });
  const log = dir.file(
    "log",
    concat(faults.flatMap((fault, i) => [
      titled(fault, i % 3 === 0 ? "cart timeout" : "shop closed"),
      ...(i % 5 === 0 ? [] : [sighting(fault, 2 + i * 7919 % 997)]),
    ])),
  );
  const check = async () => {
    for (
      const words of [
        "shop",
        "title:cart,shop",
        '"cart timeout"',
        "closed seen:300d",
        "closed -id:f1",
      ]
    ) {
      for (const top of [1, 40]) {
        const args = ["--by=last", `--top=${top}`, `--where=${words}`, AT, log];
        const [plain, indexed] = await Promise.all(
          [["--no-index"], [`--index=${dir.path}/index`]].map((more) =>
            outputOfCall("fault-log", ["query", ...more, ...args])
          ),
        );
        assertEquals(text(indexed), text(plain), args.join(" "));
      }
    }
  };
  await check();
  // What is read on gets the largest numbers: up to 1792, a multiple of 256,
  // which is given again; then as many as are looked at first.
  for (
    const packets of [
      faults.slice(0, 292).map((fault, i) => sighting(fault, 500 + i)),
      [sighting(faults[291], 0)],
      faults.slice(400, 417).map((fault) => sighting(fault, 1)),
      faults.slice(0, 700).map((fault) => titled(fault, "shop closed")),
    ]
  ) {
    Deno.writeFileSync(log, concat(packets), { append: true });
    await check();
  }
});

Deno.test("queries at the same time make one index, and all use it", async () => {
  using dir = new TempDir();
  const events = Array.from({ length: 3000 }, (_, i) => seen(`f${i}`, NOW - i));
  const log = dir.file("log", concat(events)), index = `${dir.path}/index`;
  const queries = await Promise.all(
    Array.from(
      { length: 4 },
      () => runTool("fault-log", ["query", `--index=${index}`, log]),
    ),
  );
  for (const { status, stdout, stderr } of queries) {
    assertEquals([stderr, status], ["", 0]);
    assertEquals(text(stdout).split("\n").length, 3001);
  }
  assertEquals(Array.from(Deno.readDirSync(dir.path)).length, 2);
});

Deno.test("query reads on, and reads the log where an index does not help", async () => {
  using dir = new TempDir();
  const log = dir.file("log", seen("a", NOW)), index = `${dir.path}/index`;
  const list = async (...more: string[]) =>
    text(
      await outputOfCall("fault-log", [
        "query",
        `--index=${index}`,
        AT,
        log,
        ...more,
      ]),
    );
  assertEquals(await list(), "a fail (no title)\n");
  assertEquals(Deno.statSync(index).mode! & 0o777, 0o600);
  const made = Deno.statSync(index).ino;
  Deno.writeFileSync(log, seen("b", NOW - 1), { append: true });
  assertEquals(await list(), "a fail (no title)\nb fail (no title)\n");
  assertEquals(Deno.statSync(index).ino, made, "it was not made again");
  // It is dated later than a day from now: what it is sorts by is now.
  Deno.writeFileSync(log, seen("c", NOW + 10 * DAY), { append: true });
  assertEquals((await list()).split("\n").length, 4);
  assertEquals(await list("--no-index"), await list());
  const copy = dir.file("copy", concat([seen("z", NOW)]));
  const other = await callTool("fault-log", [
    "query",
    `--index=${index}`,
    copy,
  ]);
  assertEquals(text(other.stdout), "z fail (no title)\n");
});

Deno.test("query uses the index beside a log, and does without a broken one", async () => {
  using dir = new TempDir();
  const log = dir.file(
    "log",
    encodeEvent({ fault: "fault:a", kind: "title", value: "x" }),
  );
  assertEquals(
    await outputOfCall("fault-log", ["index", log]),
    new Uint8Array(0),
  );
  const index = `${log}.index`, before = Deno.statSync(index).size;
  assert(before > 0);
  const list = () => callTool("fault-log", ["query", log]);
  assertEquals(text((await list()).stdout), "a fail x\n");
  Deno.writeFileSync(index, new TextEncoder().encode("x".repeat(before)));
  const { stdout, stderr, status } = await list();
  assertEquals([text(stdout), status], ["a fail x\n", 0]);
  assertMatch(stderr, /something else, or broken.*the log is read instead/);
});

Deno.test("query touches no file that is not an index", async () => {
  using dir = new TempDir();
  const log = dir.file("log", ""), other = dir.file("thesis", "x".repeat(5000));
  const { status, stderr } = await callTool("fault-log", [
    "query",
    `--index=${other}`,
    log,
  ]);
  assertEquals(status, 2);
  assertMatch(stderr, /it is something else, or broken: remove it or choose/);
  assert(Deno.readTextFileSync(other).startsWith("xxx"));
  const two = await callTool("fault-log", ["query", "--index=i", log, log]);
  assertMatch(two.stderr, /An index is of one LOG/);
});

/** Makes a file one of another user until it is disposed. */
function givenAway(path: string): Disposable {
  const { uid } = Deno;
  // Only root can give files away; anybody else is another user meanwhile.
  if (uid() === 0) Deno.chownSync(path, 12345, null);
  else Deno.uid = () => 12345;
  return {
    [Symbol.dispose]() {
      Deno.uid = uid;
      if (uid() === 0) Deno.chownSync(path, 0, null);
    },
  };
}

Deno.test("query uses no index and no journal that another user made", async () => {
  using dir = new TempDir();
  const log = dir.file("log", seen("a", NOW)), index = `${log}.index`;
  const query = (...more: string[]) =>
    callTool("fault-log", ["query", AT, log, ...more]);
  await outputOfCall("fault-log", ["index", log]);
  // Whoever makes up an index makes up faults.
  const db = new DatabaseSync(index);
  db.exec(`UPDATE class SET list = replace(list, '"fault:a"', '"fault:b"')`);
  db.close();
  assertEquals(text((await query()).stdout), "b fail (no title)\n");
  for (const path of [index, dir.file("log.index-journal", "")]) {
    using _ = givenAway(path);
    const { stdout, stderr, status } = await query();
    assertEquals([text(stdout), status], ["a fail (no title)\n", 0]);
    assertMatch(stderr, /belongs to another user.*the log is read instead/);
    const named = await query(`--index=${index}`);
    assertEquals([text(named.stdout), named.status], ["", 2]);
    assertMatch(named.stderr, /belongs to another user: remove it or choose/);
  }
  assertEquals((await query()).stderr, "");
});
