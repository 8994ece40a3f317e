import { assert, assertEquals, assertMatch } from "@std/assert";
import { concat } from "@std/bytes/concat";
import type { Packet } from "@subunit/codec";
import {
  encodeDescription,
  encodeRun,
  encodeSighting,
  type Sighting,
} from "../../filters/faults/log/collated.ts";
import {
  decodeEvent,
  encodeEvent,
  type EventFields,
  eventId,
} from "../../filters/faults/log/event.ts";
import { callTool, outputOfCall, test } from "../support/call.ts";
import { assertRefused } from "../support/checks.ts";
import { gpgCallTest, gpgOutput, testKey } from "../support/gpg.ts";
import {
  commandOf,
  isCi,
  outputOf,
  peerTest,
  run,
  runTool,
  shell,
  spawn,
  TempDir,
  text,
} from "../support/run.ts";
import { at, damaged, itemsIn, stream } from "../support/streams.ts";

const FAULT = "1-h2ffvs7z1vc6dbmr";
const NOW = "--at=2026-11-23T00:00:00Z";
const HOUR = 3600;

/** A "seen" event; hours count back from the time that queries take as now. */
function seen(
  fault: string,
  origin: string,
  run: string,
  hours: number,
  more: Partial<Sighting> = {},
): Uint8Array {
  const now = Date.parse("2026-11-23T00:00:00Z") / 1000;
  return encodeSighting({
    fault: `fault:${fault}`,
    origin,
    run,
    time: { seconds: now - hours * HOUR, nanoseconds: 0 },
    count: 1,
    tests: [`test ${fault}`],
    ...more,
  });
}

/** The sound packets in a log. */
function packetsIn(log: Uint8Array): Packet[] {
  return itemsIn(log).filter((item) => item.kind === "packet");
}

/** The names in a folder, in order. */
function names(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
}

/** Runs commands on a log in a directory of its own. */
class Logs implements Disposable {
  readonly dir = new TempDir();

  [Symbol.dispose](): void {
    this.dir[Symbol.dispose]();
  }

  path(name: string): string {
    return `${this.dir.path}/${name}`;
  }

  bytes(name: string): Uint8Array {
    return Deno.readFileSync(this.path(name));
  }

  /** Runs `COMMAND NAME ...`, which must succeed; returns what it printed. */
  async run(command: string, name: string, ...args: string[]): Promise<string> {
    const [out, err] = await this.tryRun(command, name, ...args);
    assertEquals(err, "");
    return out;
  }

  async tryRun(
    command: string,
    name: string,
    ...args: string[]
  ): Promise<[out: string, err: string]> {
    const { stdout, stderr, status } = await callTool("fault-log", [
      command,
      this.path(name),
      ...args,
    ]);
    assertEquals(status, 0, stderr);
    return [text(stdout), stderr];
  }
}

test("fault-log writes the vectors of the format", async () => {
  using logs = new Logs();
  await logs.run(
    "append",
    "a",
    FAULT,
    "--title=shop refuses connections",
    "--state=fail",
    "--author=ann",
    "--at=2026-11-22T10:00:00Z",
  );
  assertEquals(
    logs.bytes("a").toHex(),
    "b32a56404f6b02bd2000186661756c743a312d683266667673377a3176633664626d72057469746c6521a20163616e6e03781873686f70207265667573657320636f6e6e656374696f6e7362c00163",
  );
  await logs.run(
    "append",
    "a",
    FAULT,
    "--tag=network",
    "--author=bob",
    "--at=2026-11-22T10:01:00Z",
  );
  await logs.run(
    "set",
    "a",
    "1-h2",
    "--state=fixed",
    "--reason=fixed in 4f2c",
    "--author=ann",
    "--at=2026-11-22T11:00:00Z",
  );
  assertEquals(
    packetsIn(logs.bytes("a")).slice(1).map((packet) => packet.bytes.toHex()),
    [
      "b32ad13b6b02bd5c00186661756c743a312d683266667673377a3176633664626d7201082b6e6574776f726b0374616706a10163626f62cb59bb22",
      "b32a5340566b02cb3000186661756c743a312d683266667673377a3176633664626d7205737461746528a30163616e6e028150adc697cfcf3d764492626bb6ca18031e036d666978656420696e2034663263bcaa3870",
    ],
  );
  assertEquals(
    await logs.run("show", "a", FAULT, NOW),
    `fault:1-h2ffvs7z1vc6dbmr
title    shop refuses connections
state    success (fixed): fixed in 4f2c
tags     network

2026-11-22T10:00:00Z adc697cfcf3d ann title fail shop refuses connections
2026-11-22T10:01:00Z 5e2966f13eba bob tag +network
2026-11-22T11:00:00Z a9b3901be962 ann state success fixed in 4f2c
`,
  );
});

test("fault-log keeps both of two titles, shows the conflict, and settles it", async () => {
  using logs = new Logs();
  await logs.run(
    "append",
    "ann",
    FAULT,
    "--title=refused",
    "--author=ann",
    NOW,
  );
  Deno.copyFileSync(logs.path("ann"), logs.path("bob"));
  await logs.run(
    "set",
    "ann",
    FAULT,
    "--title=no connection",
    "--author=ann",
    NOW,
  );
  await logs.run(
    "set",
    "bob",
    FAULT,
    "--title=shop is down",
    "--author=bob",
    NOW,
  );
  const [, said] = await logs.tryRun("merge", "ann", logs.path("bob"));
  assertEquals(
    said,
    "fault-log: merge: 1 new event, 1 fault needs a decision: fault-log query --conflict\n",
  );
  const shown = await logs.run("show", "ann", FAULT);
  assertMatch(shown, /title ⚠ {2}2 versions:\n {9}.* — \w+, 2026-/);
  for (const title of ["no connection — ann", "shop is down — bob"]) {
    assert(shown.includes(title), shown);
  }
  assertMatch(await logs.run("query", "ann", "--conflict"), /\(conflict\)\n$/);
  const again = await callTool("fault-log", [
    "merge",
    "--exit-status",
    logs.path("ann"),
    logs.path("bob"),
  ]);
  assertEquals(again.status, 1);
  assertMatch(again.stderr, /merge: 0 new events, 1 fault needs/);
  await logs.run("set", "ann", FAULT, "--title=shop refuses", NOW);
  assertEquals(await logs.run("query", "ann", "--conflict"), "");
  assertEquals(
    await logs.run("query", "ann"),
    `${FAULT} fail shop refuses\n`,
  );
  const [, done] = await logs.tryRun("merge", "bob", logs.path("ann"));
  assertMatch(done, /merge: 2 new events, 0 faults need a decision\n$/);
});

test("fault-log merge gives what it gives of the logs joined by cat", async () => {
  using logs = new Logs();
  const events = Array.from(
    { length: 20 },
    (_, i) =>
      encodeEvent({ fault: `fault:${i % 3}`, kind: "comment", value: i }),
  );
  const gone = encodeEvent({
    fault: "fault:0",
    kind: "redact",
    redacts: [eventId(events[0])],
  });
  const a = concat(events.slice(0, 15)), b = concat([...events.slice(5), gone]);
  logs.dir.file("a", a);
  logs.dir.file("b", b);
  const joined = await outputOfCall("fault-log", ["merge", "-"], {
    stdin: concat([a, b]),
  });
  assertEquals(joined, concat([...events.slice(1), gone]));
  await logs.tryRun("merge", "a", logs.path("b"));
  // What is redacted is in the file until it is purged.
  assertEquals(logs.bytes("a"), concat([a, gone, ...events.slice(15)]));
  await logs.tryRun("purge", "a");
  assertEquals(
    packetsIn(logs.bytes("a")).map(({ bytes }) => bytes.toHex()).sort(),
    packetsIn(joined).map(({ bytes }) => bytes.toHex()).sort(),
  );
});

test("fault-log merge counts the conflicts of faults that it adds to, and of the same ones", async () => {
  using logs = new Logs();
  for (const fault of ["a", "alone"]) {
    await logs.run("append", "log", fault, "--title=one", NOW);
    await logs.run("append", "log", fault, "--title=other", NOW);
  }
  await logs.run("append", "log", "b", "--same=a", NOW);
  await logs.run("append", "c", "c", "--title=calm", NOW);
  await logs.run("append", "new", "b", "--comment=hello", NOW);
  const [, calm] = await logs.tryRun("merge", "log", logs.path("c"));
  assertMatch(calm, /merge: 1 new event, 0 faults need a decision\n$/);
  const [, added] = await logs.tryRun("merge", "log", logs.path("new"));
  assertMatch(added, /merge: 1 new event, 1 fault needs a decision: /);
});

test("fault-log query marks what was seen by a clock that is ahead", async () => {
  using logs = new Logs();
  // A day is what clocks may differ by.
  const ahead = [["late", 25], ["early", 23]] as const;
  logs.dir.file(
    "a",
    concat(ahead.map(([fault, hours]) => seen(fault, "ci", "1", -hours))),
  );
  for (const _ of ["without an index", "with one"]) {
    assertEquals(
      await logs.run("query", "a", NOW),
      `late fail (no title) (in the future)
early fail (no title)
`,
    );
    await logs.run("index", "a");
  }
  const json = (await logs.run("query", "a", "--format=json", NOW))
    .trim().split("\n").map((line) => JSON.parse(line).in_future);
  assertEquals(json, [true, undefined]);
});

test("fault-log redact takes an event back, for good", async () => {
  using logs = new Logs();
  await logs.run("append", "a", FAULT, "--title=first", NOW);
  await logs.run("set", "a", FAULT, "--title=of Bob's salary", NOW);
  Deno.copyFileSync(logs.path("a"), logs.path("copy"));
  const ids = packetsIn(logs.bytes("a")).map(({ bytes }) => eventId(bytes));
  const [, said] = await logs.tryRun("redact", "a", ids[1].slice(0, 8));
  assertMatch(said, /1 event is still in the file, until fault-log purge/);
  const shown = await logs.run("show", "a", FAULT);
  assert(!shown.includes("salary") && !/^title/m.test(shown), shown);
  assert(text(logs.bytes("a")).includes("salary"));
  await logs.tryRun("purge", "a");
  assert(!text(logs.bytes("a")).includes("salary"));
  await logs.tryRun("merge", "a", logs.path("copy"));
  assert(!text(logs.bytes("a")).includes("salary"));
  await logs.tryRun("merge", "copy", logs.path("a"));
  assert(!(await logs.run("show", "copy", FAULT)).includes("salary"));
  const redaction = packetsIn(logs.bytes("a")).map(({ bytes }) => bytes)
    .find((bytes) => decodeEvent(bytes).kind === "redact")!;
  for (
    const [id, message] of [
      ["abcdef", /0 events in/],
      ["xyz", /at least 6 digits/],
      [eventId(redaction), /it is a redaction, which stays/],
    ] as const
  ) {
    const refused = await callTool("fault-log", ["redact", logs.path("a"), id]);
    assertRefused(refused, "fault-log", message);
  }
});

test("fault-log purge rewrites the log that a link leads to, and no other file", async () => {
  using logs = new Logs();
  await logs.run("append", "a", FAULT, "--title=of Bob's salary", NOW);
  const [{ bytes }] = packetsIn(logs.bytes("a"));
  Deno.symlinkSync("a", logs.path("link"));
  const others = ["a.new", "link.new"];
  for (const name of others) logs.dir.file(name, new Uint8Array(3));
  await logs.tryRun("redact", "link", eventId(bytes));
  await logs.tryRun("purge", "link");
  assert(!text(logs.bytes("a")).includes("salary"));
  assertEquals(Deno.readLinkSync(logs.path("link")), "a");
  for (const name of others) {
    assertEquals(logs.bytes(name), new Uint8Array(3));
  }
  assertEquals(names(logs.dir.path), ["a", "a.new", "link", "link.new"]);
});

/** What three origins saw, and what people said. */
const TEAM = concat([
  seen("loop", "ci-1", "r1", 1, { count: 1000 }),
  ...Array.from({ length: 4 }, (_, i) => seen("wide", `ci-${i}`, "r1", 30 + i)),
  ...Array.from({ length: 3 }, (_, i) => seen("old", "ci-1", `o${i}`, 24 * 40)),
  ...Array.from(
    { length: 9 },
    (_, i) => seen("robot", "bot", `b${i}`, 3, { isAutomated: true }),
  ),
  seen("robot", "ci-1", "r1", 3),
  ...[1, 2, 3, 4].map((i) => encodeRun({ origin: "ci-1", run: `r${i}` })),
  encodeDescription("fault:wide", {
    kind: "k1",
    type: "OSError",
    message: "Connection refused",
  }),
  encodeEvent({ fault: "fault:loop", kind: "title", value: "the Café loops" }),
  encodeEvent({ fault: "fault:old", kind: "state", state: "success" }),
  encodeEvent({ fault: "fault:old", kind: "tag", tags: ["+network", "+slow"] }),
]);

async function query(...args: string[]): Promise<string[]> {
  const out = await outputOfCall("fault-log", ["query", NOW, ...args], {
    stdin: TEAM,
  });
  return text(out).split("\n").slice(0, -1);
}

const idsIn = (rows: string[]) =>
  rows.map((row) => row.replace(/^\d+ runs?,.*?: /, "").split(" ")[0]);

test("fault-log query finds faults by words", async () => {
  const cases: [where: string, ids: string[]][] = [
    [" ", ["loop", "robot", "wide", "old"]],
    ["state:fail", ["loop", "robot", "wide"]],
    ["state:open,fixed", ["loop", "robot", "wide", "old"]],
    ["-state:fail", ["old"]],
    ["tag:network", ["old"]],
    ["-tag:slow state:success", []],
    ["tag:none,slow", ["old"]],
    ["seen:2h", ["loop"]],
    ["seen:1d", ["loop", "robot"]],
    ["-seen:30d", ["old"]],
    ["origin:ci-3", ["wide"]],
    ["origin:bot,ci-2", ["robot", "wide"]],
    ["test:*o*", ["loop", "robot", "old"]],
    ['test:"test wide"', ["wide"]],
    ["kind:k1", ["wide"]],
    ["id:lo", ["loop"]],
    ["id:fault:lo,wi…", ["loop", "wide"]],
    ["title:CAFÉ", ["loop"]],
    ['title:"connection refused"', ["wide"]],
    ['title:"refused connection"', []],
    ["caf", []],
    ['loops "the café"', ["loop"]],
  ];
  for (const [where, ids] of cases) {
    assertEquals(idsIn(await query(`--where=${where}`)), ids, where);
  }
});

test("fault-log query refuses words that it does not know", async () => {
  const cases: [args: string[], message: string][] = [
    [["--where=colour:red"], 'query word "colour:red": expected state, tag'],
    [["--where=state:broken"], 'no state "broken": expected fail (open)'],
    [["--where=seen:often"], 'age "often": expected a number and m, h, d'],
    [["--where=tag:"], '"tag:": it has no value'],
    [['--where=title:"a'], "a quote is not closed"],
    [["--by=luck"], "expected runs, origins, tests, rate"],
    [["--top=all"], "expected a whole number"],
    [["--since=now"], "Cannot read age"],
    [["--format=xml"], "expected plain, tsv, json"],
    [["--at=now"], "expected a time as"],
    [["--at=1969-12-31T00:00:00Z"], "from 1970 to 2106"],
    [["--at=2200-01-01T00:00:00Z"], "from 1970 to 2106"],
  ];
  for (const [args, message] of cases) {
    const refused = await callTool("fault-log", ["query", ...args]);
    assertRefused(refused, "fault-log", message);
  }
});

test("fault-log query --top ranks by distinct runs and origins, not by counts", async () => {
  assertEquals(await query("--top=9", "--since=30d"), [
    "4 runs, 4 origins, 100.0 %: wide fail OSError: Connection refused",
    "1 run, 1 origin, 25.0 %: loop fail the Café loops",
    "1 run, 1 origin (and 9 automated runs), 25.0 %: robot fail (no title)",
  ]);
  assertEquals(idsIn(await query("--top=2")), ["wide", "old"]);
  const newest = idsIn(await query());
  assertEquals(idsIn(await query("--by=last", "--top=2")), newest.slice(0, 2));
  assertEquals(idsIn(await query("--by=tests,runs", "--top=1")), ["wide"]);
  assertEquals(
    await query("--by=rate", "--where=id:loop", "--format=tsv"),
    ["fault:loop\tfail\tthe Café loops\t\t2026-11-22T23:00:00Z\t1\t1\t1\t0.250"],
  );
  using dir = new TempDir();
  const runs = dir.file("runs", "ci-1 r1\nci-1 r2\n\nci-1\tr2\n");
  const [row] = await query("--top=1", "--where=id:loop", `--runs=${runs}`);
  assertMatch(row, /50\.0 %/);
});

test("fault-log query lists what nobody explained, and ids for scripts", async () => {
  assertEquals(idsIn(await query("--unexplained")), ["robot", "wide"]);
  const ids = await outputOfCall(
    "fault-log",
    ["query", "-0", "--where=id:loop,wide", NOW],
    { stdin: TEAM },
  );
  assertEquals(text(ids), "fault:loop\0fault:wide\0");
  const [json] = await query("--format=json", "--where=id:old");
  assertEquals(JSON.parse(json), {
    fault: "fault:old",
    state: "success",
    tags: ["network", "slow"],
    last_seen: "2026-10-14T00:00:00Z",
  });
});

test("fault-log cat writes the whole timelines of what matches", async () => {
  const out = await outputOfCall(
    "fault-log",
    ["cat", "--where=tag:network", NOW],
    { stdin: TEAM },
  );
  assertEquals(
    packetsIn(out).map(({ testId, fileName }) => `${testId} ${fileName}`),
    [...Array(3).fill("fault:old seen"), "fault:old state", "fault:old tag"],
  );
  assertEquals(await outputOfCall("fault-log", ["cat"], { stdin: TEAM }), TEAM);
});

test("fault-log shows faults that are the same as one", async () => {
  using logs = new Logs();
  logs.dir.file(
    "a",
    concat([
      seen("new", "ci-1", "r2", 1),
      seen("first", "ci-1", "r1", 50),
      seen("first", "ci-1", "r2", 1),
    ]),
  );
  await logs.run("append", "a", "new", "--same=first", "--title=twins", NOW);
  assertEquals(idsIn((await logs.run("query", "a")).trimEnd().split("\n")), [
    "first",
  ]);
  const shown = await logs.run("show", "a", "new", NOW);
  assertMatch(shown, /^fault:first\nsame as {2}fault:new\ntitle {4}twins\n/);
  assertMatch(shown, /seen {5}2 runs, 1 origin, first 2026-11-20T22/);
  await logs.run("append", "a", "new", "--same=-first", NOW);
  assertEquals(
    idsIn((await logs.run("query", "a")).trimEnd().split("\n")).sort(),
    ["first", "new"],
  );
  await logs.run("append", "fresh", "x", "--same=y", "--tag=-z", NOW);
  assertMatch(await logs.run("show", "fresh", "x", NOW), /same fault:y\n/);
  await logs.run("append", "a", "alone", "--same=missing", "--comment=x", NOW);
  assertMatch(await logs.run("query", "a", "--where=id:alone"), /^alone fail/);
});

test("fault-log compact leaves an origin one event a month, and the counts", async () => {
  using logs = new Logs();
  logs.dir.file("a", TEAM);
  await logs.run("append", "a", "old", "--comment=stays", NOW);
  Deno.copyFileSync(logs.path("a"), logs.path("copy"));
  const before = await logs.run("query", "a", "--top=9", "--format=tsv", NOW);
  const [, said] = await logs.tryRun(
    "compact",
    "a",
    "--author=ci-1",
    "--older=30d",
    NOW,
  );
  assertMatch(said, /compact: 3 events are now 1\n$/);
  assertEquals(
    await logs.run("query", "a", "--top=9", "--format=tsv", NOW),
    before,
  );
  // A copy that was not compacted brings nothing back, and counts nothing twice.
  await logs.tryRun("merge", "copy", logs.path("a"));
  assertEquals(
    await logs.run("query", "copy", "--top=9", "--format=tsv", NOW),
    before,
  );
  // Nobody else can do that.
  const old = packetsIn(TEAM).filter(({ testId }) => testId === "fault:old");
  const forged: EventFields = {
    fault: "fault:old",
    kind: "seen",
    author: "mallory",
    run: "2026-10",
    supersedes: old.map(({ bytes }) => eventId(bytes)),
  };
  logs.dir.file("forged", concat([TEAM, encodeEvent(forged)]));
  const [row] =
    (await logs.run("query", "forged", "--where=id:old", "--top=1", NOW))
      .split("\n");
  assertMatch(row, /^4 runs, 2 origins/);
});

test("fault-log compact counts automated runs apart, as before", async () => {
  using logs = new Logs();
  const runs = ["a", "b"].flatMap((run) =>
    [true, false].map((isAutomated) =>
      seen("x", "ci", `${run} ${isAutomated}`, 24 * 40, { isAutomated })
    )
  );
  logs.dir.file("a", concat(runs));
  const ask = () => logs.run("query", "a", "--top=9", "--format=json", NOW);
  const before = await ask();
  assertMatch(before, /"runs":2,.*"automated_runs":2}/);
  const age = "--older=30d";
  const [, said] = await logs.tryRun("compact", "a", "--author=ci", age, NOW);
  assertMatch(said, /compact: 4 events are now 2\n$/);
  assertEquals(await ask(), before);
});

test("fault-log names what is not an event, and goes on", async () => {
  const input = stream(
    "text\n",
    { testId: "a test", status: "fail" },
    encodeEvent({ fault: "fault:a", kind: "title", value: "x" }),
    damaged({ testId: "fault:b" }),
  );
  const { stdout, stderr, status } = await callTool("fault-log", ["query"], {
    stdin: input,
  });
  assertEquals([text(stdout), status], ["a fail x\n", 0]);
  assertMatch(
    stderr,
    /bytes are damaged\)\n.*5 bytes of other text.*\n.*1 packets are not events/,
  );
});

test("fault-log shows what a newer or broken writer wrote", async () => {
  using logs = new Logs();
  logs.dir.file(
    "a",
    stream(
      encodeEvent({
        fault: "fault:a",
        kind: "weather",
        value: "rain\u001b[2J\u202e",
        others: new Map([[99, "new"]]),
        time: at("09:00:00"),
      }),
      {
        testId: "fault:a",
        fileName: "title",
        fileBytes: stream("x"),
        eof: true,
      },
    ),
  );
  const shown = await logs.run("show", "a", "a", NOW);
  assertMatch(shown, /weather rain\\u001b\[2J\\u202e unknown \{"99":"new"\}\n/);
  assertMatch(shown, /title \(Cannot read value: .*\)\n/);
});

test("fault-log show has an edit behind what it replaces, whatever their times", async () => {
  using logs = new Logs();
  const title = (value: string, time: string, supersedes?: string[]) =>
    encodeEvent({
      fault: "fault:a",
      kind: "title",
      value,
      time: at(time),
      supersedes,
    });
  const first = title("first", "10:00:00");
  const events = [first, title("second", "09:00:00", [eventId(first)])];
  logs.dir.file("one", concat(events));
  const same = encodeEvent({
    fault: "fault:b",
    kind: "same",
    value: "fault:a",
    time: at("09:30:00"),
  });
  logs.dir.file("two", concat([...events, same]));
  for (
    const [log, expected] of [["one", "first second"], [
      "two",
      "first second fault:a",
    ]]
  ) {
    const shown = await logs.run("show", log, "a", NOW);
    const said = [...shown.matchAll(/^2\d+.* - (?:title|same) (.*)$/gm)];
    assertEquals(said.map(([, value]) => value).join(" "), expected);
  }
});

test("fault-log refuses what it cannot do", async () => {
  using logs = new Logs();
  logs.dir.file("a", TEAM);
  const a = logs.path("a"), none = logs.path("none");
  const large = Array.from(
    { length: 17 },
    (_, i) => `--fact=k${i}=${"x".repeat(65536)}`,
  );
  const cases: [args: string[], message: string | RegExp][] = [
    [[], 'The first word is "": expected append, set, merge'],
    [["remove"], 'The first word is "remove"'],
    [["append", a], "needs a LOG and a FAULT"],
    [["append", a, "x"], "nothing to say"],
    [["append", a, "x", "y", "--comment=z"], "one FAULT at a time"],
    [["append", a, "x", "--fact=bug"], "expected NAME=VALUE"],
    [["append", a, "x", "--tag=-"], 'Option --tag is "-": expected a name'],
    [
      ["append", a, "", "--title=x"],
      'Cannot use "" as a fault: it has no name',
    ],
    [["append", a, "x", ...large], "its content has 1114"],
    [["append", a, "x", "--state=bad"], 'no state "bad"'],
    [["set", a, "nothing", "--title=x"], 'Cannot find "nothing"'],
    [["show", a], "needs a LOG and a FAULT"],
    [["show", a, "nothing"], 'Cannot find "nothing"'],
    [["show", "/none", "a"], 'Cannot open "/none"'],
    [["merge", "/none/a", a], /Cannot append to ".none.a": no such file/],
    [["purge"], "needs one LOG"],
    [["purge", none], /Cannot rewrite ".*\/none": no such file/],
    [["index", none], /Cannot open ".*\/none": no such file/],
    [["compact", a], "give its name as --author"],
  ];
  for (const [args, message] of cases) {
    const refused = await callTool("fault-log", args);
    assertRefused(refused, "fault-log", message);
  }
  const before = await callTool("fault-log", ["show", a, ""]);
  assertMatch(before.stderr, /Cannot tell which fault is "": 4 in/);
  assertEquals(names(logs.dir.path), ["a"]);
});

// --- Signatures

gpgCallTest(
  "fault-log signs lists of events, which gpgv verifies as well",
  async () => {
    const ann = await testKey("ed25519"), eve = await testKey("other");
    using logs = new Logs();
    await logs.run("append", "a", FAULT, "--title=x", "--author=ann", NOW);
    await logs.run("append", "a", FAULT, "--comment=y", "--author=eve", NOW);
    const sign = ["sign", `--secret-key=${ann.secretFile}`, "--author=ann"];
    const [, said] = await logs.tryRun(sign[0], "a", ...sign.slice(1));
    assertEquals(said, "fault-log: sign: 1 event signed\n");
    const [, again] = await logs.tryRun(sign[0], "a", ...sign.slice(1));
    assertEquals(again, "fault-log: sign: 0 events signed\n");

    const folder = logs.path("extracted");
    Deno.mkdirSync(folder);
    const verified = await callTool("fault-log", [
      "verify",
      logs.path("a"),
      `--keyring=${ann.publicFile}`,
      `--extract=${folder}`,
    ]);
    assertEquals(verified.status, 1);
    assertMatch(
      text(verified.stdout),
      /^good\t.*title\nunsigned\t.*comment\n$/,
    );
    const ring = logs.path("ring.gpg");
    Deno.writeFileSync(ring, await gpgOutput(["--export", ann.fingerprint]));
    const [name] = [...Deno.readDirSync(folder)].map(({ name }) => name)
      .filter((name) => name.endsWith(".sig"));
    const { status, stderr } = await run([
      "gpgv",
      "--keyring",
      ring,
      `${folder}/${name}`,
      `${folder}/${name.replace(/sig$/, "txt")}`,
    ]);
    assertEquals(status, 0, stderr);
    assertMatch(stderr, /Good signature/);

    // Joined with others, in another order, without what it is over.
    await logs.run("append", "b", "other", "--title=z", NOW);
    const joined = concat([logs.bytes("b"), logs.bytes("a")]);
    const verdictsIn = async (log: Uint8Array, key: string) => {
      const { stdout } = await callTool("fault-log", [
        "verify",
        `--keyring=${key}`,
      ], { stdin: log });
      return text(stdout).split("\n").slice(0, -1)
        .map((line) => line.split("\t")[0]);
    };
    assertEquals(await verdictsIn(joined, ann.publicFile), [
      "unsigned",
      "good",
      "unsigned",
    ]);
    assertEquals(await verdictsIn(joined, eve.publicFile), [
      "unsigned",
      "unknown-key",
      "unsigned",
    ]);
    const filtered = await outputOfCall("fault-log", [
      "cat",
      `--where=id:${FAULT}`,
    ], {
      stdin: joined,
    });
    assertEquals(await verdictsIn(filtered, ann.publicFile), [
      "good",
      "unsigned",
    ]);
    const signature = packetsIn(joined)
      .find(({ testId }) => testId === "fault:signatures")!;
    const { value, ...others } = decodeEvent(signature.bytes.slice());
    const [context, ids, bytes] = value as [string, Uint8Array, Uint8Array];
    const forged = encodeEvent({
      ...others,
      value: [`${context}!`, ids, bytes],
    });
    const withoutIt = packetsIn(joined).filter(({ testId }) =>
      testId !== "fault:signatures"
    );
    assertEquals(
      await verdictsIn(
        concat([...withoutIt.map(({ bytes }) => bytes), forged]),
        ann.publicFile,
      ),
      ["unsigned", "bad", "unsigned"],
    );
  },
);

gpgCallTest(
  "fault-log --trusted lets only signed events change states",
  async () => {
    const ann = await testKey("ed25519");
    using logs = new Logs();
    await logs.run("append", "a", FAULT, "--title=x", "--state=fail", NOW);
    await logs.tryRun("sign", "a", `--secret-key=${ann.secretFile}`);
    await logs.run("set", "a", FAULT, "--state=success", "--title=forged", NOW);
    const id = eventId(packetsIn(logs.bytes("a"))[0].bytes);
    await logs.tryRun("redact", "a", id);
    const trusted = `--trusted=${ann.publicFile}`;
    assertEquals(
      await logs.run("query", "a", trusted),
      `${FAULT} fail x (conflict)\n`,
    );
    const shown = await logs.run("show", "a", FAULT, trusted, NOW);
    assertMatch(shown, /forged/);
    assertMatch(shown, /redact \(not applied\)/);
    assertMatch(
      await logs.run("query", "a", "--where=state:success"),
      /success forged/,
    );
    // Nor takes out of the log what somebody else redacts.
    const counts = async (...args: string[]) => [
      (await outputOfCall("fault-log", ["cat", logs.path("a"), ...args]))
        .length,
      (await logs.tryRun("purge", "a", ...args))[1],
    ];
    const { length } = logs.bytes("a");
    const [{ byteLength }] = packetsIn(logs.bytes("a"));
    for (const args of [[trusted], [trusted, "--where=title:x"]]) {
      assertEquals(await counts(...args), [
        length,
        "fault-log: purge: 0 events are gone\n",
      ]);
    }
    assertEquals(await counts(), [
      length - byteLength,
      "fault-log: purge: 1 event is gone\n",
    ]);
  },
);

gpgCallTest(
  "fault-log --trusted ranks by signed sightings, with an index and without",
  async () => {
    const ann = await testKey("ed25519");
    using logs = new Logs();
    const run = (run: string) =>
      encodeRun({ origin: "ci", run, time: at("12:00:00") });
    const shop = [seen("shop", "ci", "1", 9), seen("shop", "ci", "2", 8)];
    const log = logs.dir.file("a", concat([...shop, run("1"), run("2")]));
    await logs.tryRun("sign", "a", `--secret-key=${ann.secretFile}`);
    // One event for many runs, one of a run that is signed, in place of a signed
    // one, and runs that make the rate of others smaller.
    const [signed] = packetsIn(logs.bytes("a"));
    const forged = encodeEvent({
      fault: "fault:shop",
      kind: "seen",
      author: "ci",
      run: "3",
      supersedes: [eventId(signed.bytes)],
    });
    const flood = [
      ...Array.from({ length: 5 }, (_, i) => seen("loud", `m${i}`, `${i}`, 1)),
      seen("shop", "ci", "2", 0, { tests: ["made up"] }),
      forged,
      ...["3", "4", "5", "6"].map(run),
    ];
    Deno.writeFileSync(log, concat(flood), { append: true });
    const trusted = `--trusted=${ann.publicFile}`;
    const ask = async (...args: string[]) => {
      const answers = [
        await logs.run("query", "a", NOW, "--no-index", ...args),
        await logs.run("query", "a", NOW, ...args),
      ];
      assertEquals(answers[0], answers[1], args.join(" "));
      return answers[0];
    };
    await logs.run("index", "a");
    const fields = (line: string) => line.trimEnd().split("\t").slice(4);
    for (const by of ["runs,origins", "rate", "tests"]) {
      const top = ["--top=3", `--by=${by}`, "--format=tsv"];
      assertEquals((await ask(...top)).split("\n").length, 3, by);
      const signedOnly = await ask(...top, trusted);
      assertMatch(signedOnly, /^fault:shop\t[^\n]*\n$/);
      assertEquals(fields(signedOnly), [
        "2026-11-22T16:00:00Z",
        "2",
        "1",
        "1",
        "1.000",
      ]);
    }
    assertMatch(await ask("--top=1"), /: loud /);
    assertEquals(await ask("--where=seen:2h", trusted), "");
    assertEquals(await ask("--where=origin:m1", trusted), "");
    assertEquals(await ask("--unexplained", trusted), "shop fail (no title)\n");
    assertEquals((await ask(trusted)).split("\n").length, 3);
    const shown = await logs.run("show", "a", "shop", NOW, trusted);
    assertMatch(shown, /\nseen {5}2 runs, 1 origin/);
    assertEquals(shown.match(/ seen \(not applied\)/g)?.length, 2);
  },
);

/** What `show` and `query` print, the latter also with an index. */
async function readings(logs: Logs): Promise<Record<"out" | "err", string[]>> {
  const log = logs.path("log");
  const all = [
    await callTool("fault-log", ["show", log, "a"]),
    await callTool("fault-log", ["query", log, "--no-index"]),
    await callTool("fault-log", ["query", log, `--index=${log}.index`]),
  ];
  return {
    out: all.map(({ stdout }) => text(stdout)),
    err: all.map(({ stderr }) => stderr),
  };
}

for (const isFirst of [true, false]) {
  test(
    `fault-log reads what a kill at any byte leaves of ${
      isFirst ? "the first" : "an"
    } append, and repeats it`,
    async () => {
      using logs = new Logs();
      const log = logs.dir.file("log", "");
      if (!isFirst) await logs.run("append", "log", "a", "--title=x", NOW);
      await logs.run("index", "log");
      const before = logs.bytes("log"), index = logs.bytes("log.index");
      const events = ["a", "--text=long", "--comment=y", "--comment=z", NOW];
      await logs.run("append", "log", ...events);
      const bytes = logs.bytes("log"), all = await readings(logs);
      const idsIn = (log: Uint8Array) =>
        packetsIn(log).map(({ bytes }) => eventId(bytes));
      const ids = idsIn(bytes);
      assertEquals(ids.length, packetsIn(before).length + 3);

      let whole = before.length, out: string[] | undefined;
      for (let end = before.length; end <= bytes.length; end++) {
        const left = bytes.subarray(0, end);
        Deno.writeFileSync(log, left);
        Deno.writeFileSync(`${log}.index`, index);
        const read = await readings(logs);
        const isWhole = read.err[1] === "";
        if (isWhole) {
          whole = end;
          out = read.out;
        }
        // Nothing is there of an event that is half there, and that is said.
        assertEquals(read.out, out, `${end}`);
        assertEquals(read.out[1], read.out[2]);
        assertEquals(idsIn(left), ids.slice(0, idsIn(left).length));
        const length = concat(packetsIn(left).map(({ bytes }) => bytes)).length;
        assertEquals(whole, length);
        if (!isWhole) {
          const torn = end - whole;
          assertMatch(
            read.err[1],
            new RegExp(`\\(${torn} bytes are damaged\\)`),
          );
          assertMatch(
            read.err[2],
            new RegExp(` ${torn} bytes? behind its last event`),
          );
        }
        if (whole > 0) assertEquals(read.err[0], read.err[1]);
        else assertMatch(read.err[0], /^fault-log: Cannot find "a" in/);
        // Done again, all are there once, in front of what comes next.
        await logs.run("append", "log", ...events);
        assertEquals(logs.bytes("log").subarray(0, end), left);
        assertEquals(idsIn(logs.bytes("log")), ids);
        assertEquals((await readings(logs)).out, all.out);
        await logs.run("append", "log", "b", "--title=next", NOW);
        assertEquals(idsIn(logs.bytes("log")).slice(0, -1), ids);
      }
      assertEquals(whole, bytes.length);
    },
  );
}

// --- As processes

Deno.test("fault-log appends nothing to a full disk, and the next one all", async () => {
  using dir = new TempDir();
  const event = seen("a", "ci", "1", 2);
  const text = "x".repeat(900 - event.length);
  const log = dir.file("log", concat([event, stream(text)]));
  const long = "y".repeat(300);
  const { status, stderr } = await shell(
    `(ulimit -f 1; trap '' XFSZ; fault-log append $1 a --comment=${long})`,
    [log],
  );
  assertEquals(status, 2, stderr);
  assertMatch(
    stderr,
    /Cannot append to ".*": .*: no event of these is there\n/,
  );
  assertEquals(Deno.readFileSync(log).length, 900);
  await outputOf("fault-log", ["append", log, "a", `--comment=${long}`]);
  assertEquals(packetsIn(Deno.readFileSync(log)).length, 2);
});

Deno.test("fault-log leaves a log that can be read and appended to when it is killed", async () => {
  using dir = new TempDir();
  const log = `${dir.path}/log`, long = "x".repeat(100_000);
  const kills = isCi ? 40 : 3;
  const append = (text: string) => ["append", log, "a", `--comment=${text}`];
  await outputOf("fault-log", append("first"));
  for (let i = 0; i < kills; i++) {
    const process = spawn([...commandOf("fault-log"), ...append(long + i)]);
    // At any moment, from its start to its end: nothing depends on which.
    await new Promise((resolve) => setTimeout(resolve, 20 + 137 * i % 180));
    try {
      process.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await process.output();
    await process.stdin.abort().catch(() => {});
  }
  await outputOf("fault-log", append("last"));
  const values = packetsIn(Deno.readFileSync(log))
    .map(({ bytes }) => decodeEvent(bytes).value as string);
  assertEquals([values[0], values.at(-1)], ["first", "last"]);
  for (const value of values.slice(1, -1)) {
    assert(value.startsWith(long) && Number(value.slice(long.length)) < kills);
  }
  assertEquals(new Set(values).size, values.length);
});

Deno.test("fault-log loses no event of several writers", async () => {
  using dir = new TempDir();
  const writers = isCi ? 8 : 3, events = isCi ? 10 : 2;
  const { status, stderr } = await shell(
    `for w in $(seq ${writers}); do
       (for e in $(seq ${events}); do
          fault-log append $1 a --comment=$w-$e --sync || exit 9
          [ $w-$e = 2-1 ] && fault-log purge $1 2> /dev/null
        done; true) &
     done; wait`,
    [`${dir.path}/log`],
  );
  assertEquals([status, stderr], [0, ""]);
  const packets = packetsIn(Deno.readFileSync(`${dir.path}/log`));
  const values = packets.map(({ bytes }) => decodeEvent(bytes).value);
  assertEquals(new Set(values).size, writers * events);
  assertEquals(values.length, writers * events);
});

peerTest(
  "Debian's subunit-ls lists a fault log",
  ["python3-subunit"],
  async () => {
    using dir = new TempDir();
    const log = dir.file("log", TEAM);
    const { status, stdout } = await shell(
      `env -i PATH=/usr/bin subunit-ls --exists < $1`,
      [log],
    );
    assert(status <= 1);
    for (const fault of ["wide", "loop", "old", "robot", "runs"]) {
      assert(text(stdout).includes(`fault:${fault}`), text(stdout));
    }
  },
);

Deno.test("fault-log sync makes two logs equal over a pipe", async () => {
  using dir = new TempDir();
  const here = dir.file("here", TEAM), there = `${dir.path}/there`;
  await outputOf("fault-log", ["append", there, "new", "--title=of there"]);
  const sync = (...args: string[]) =>
    runTool("fault-log", [
      "sync",
      ...args,
      "--",
      ...commandOf("fault-log"),
      "sync",
      there,
    ]);
  const part = await sync(here, "--where=id:wide,new", "--pull", NOW);
  assertEquals(part.status, 0, part.stderr);
  assertMatch(part.stderr, /^fault-log: sync: 1 new events here, 0 there, /);
  const all = await sync(here);
  assertMatch(all.stderr, /sync: 0 new events here, 26 there, /);
  const cat = (log: string) =>
    outputOf("fault-log", ["cat", log]).then((log) =>
      packetsIn(log).map(({ bytes }) => bytes.toHex()).sort()
    );
  assertEquals(await cat(here), await cat(there));
  assertMatch(
    (await sync(here)).stderr,
    /0 new events here, 0 there, found in 1 /,
  );
  for (
    const [command, message] of [
      [["false"], /"false" does not read|has left/],
      [["cat"], /sent what is not expected/],
      [["no-such-command"], /Cannot run "no-such-command": no such command/],
    ] as const
  ) {
    const refused = await runTool("fault-log", [
      "sync",
      here,
      "--",
      ...command,
    ]);
    assertRefused(refused, "fault-log", message);
  }
});

/** A log in which Ann and Bob have changed the title and the text of one. */
async function conflicting(dir: TempDir): Promise<string> {
  const log = dir.file("log", seen("f", "ci", "1", 2));
  const set = (path: string, ...words: string[]) =>
    outputOf("fault-log", ["set", path, "f", ...words]);
  await set(
    log,
    "--title=the shop",
    "--text=One.\n=======\nTwo.",
    "--author=cy",
  );
  const copy = dir.file("copy", Deno.readFileSync(log));
  const ann = ["--author=ann", "--at=2026-11-21T09:00:00Z"];
  await set(log, "--title=no route \x1b[2J", "--text=One.\nAnn.", ...ann);
  const bob = ["--author=bob", "--at=2026-11-21T10:00:00Z"];
  await set(copy, "--title=port closed", "--text=One.\nBob.\n", ...bob);
  const all = concat([log, copy].map((path) => Deno.readFileSync(path)));
  Deno.writeFileSync(log, all);
  return log;
}

Deno.test("fault-log set --edit opens all versions, and the one they come from, in $EDITOR", async () => {
  using dir = new TempDir();
  const log = await conflicting(dir), opened = `${dir.path}/opened`;
  // With a word of its own, and a space in its path.
  const editor = dir.file(
    "my editor",
    `#!/bin/sh\n[ "$1" = --wait ] || exit 9\ncp "$2" "$OPENED"\ncp "$ANSWER" "$2"\n`,
  );
  Deno.chmodSync(editor, 0o755);
  const env = {
    EDITOR: `"${editor}" --wait`,
    OPENED: opened,
    ANSWER: dir.file("answer", "the firewall\n\nOne.\n\n  Both.\n\n"),
    TMPDIR: dir.path,
  };
  const words = [
    "set",
    log,
    "f",
    "--edit",
    "--author=cy",
    "--state=inprogress",
  ];
  const done = await runTool("fault-log", words, { env });
  assertEquals([done.stderr, text(done.stdout), done.status], ["", "", 0]);
  const lines = Deno.readTextFileSync(opened)
    .replace(/ [0-9a-f]{12}$/gm, " ID").split("\n");
  const base = lines.find((line) => line.startsWith("|"))!;
  assertMatch(base, /^\|{8} cy \d{4}-\d\d-\d\dT\S+Z ID$/);
  assertEquals(lines.slice(0, 17), [
    "<<<<<<<< bob 2026-11-21T10:00:00Z ID",
    "port closed",
    base,
    "the shop",
    "======== ann 2026-11-21T09:00:00Z ID",
    "no route \\u001b[2J",
    ">>>>>>>>",
    "",
    "<<<<<<<< bob 2026-11-21T10:00:00Z ID",
    "One.",
    "Bob.",
    "",
    base,
    "One.",
    "=======",
    "Two.",
    "======== ann 2026-11-21T09:00:00Z ID",
  ]);
  const shown = JSON.parse(
    text(await outputOf("fault-log", ["show", log, "f", "--json"])),
  );
  assertEquals(JSON.stringify(shown).includes("the firewall"), true);
  const plain = text(await outputOf("fault-log", ["show", log, "f"]));
  assertMatch(plain, /^title +the firewall$/m);
  assertMatch(plain, /^state +inprogress/m);
  assert(!plain.includes("versions:"), plain);
  const conflicts = await outputOf("fault-log", [
    "query",
    log,
    "--conflict",
  ]);
  assertEquals(text(conflicts), "");
  const last = packetsIn(Deno.readFileSync(log))
    .map((packet) => decodeEvent(packet.bytes)).find((
      { kind, author, value },
    ) => kind === "text" && author === "cy" && `${value}`.includes("Both"));
  assertEquals(last?.value, "One.\n\n  Both.");
  assertEquals(
    Array.from(Deno.readDirSync(dir.path), ({ name }) => name).sort(),
    ["answer", "copy", "log", "my editor", "opened"],
    "no temporary file is left",
  );
});

Deno.test("fault-log set --edit writes nothing but what was decided", async () => {
  using dir = new TempDir();
  const log = await conflicting(dir), before = Deno.readFileSync(log);
  const set = (editor: string | undefined, ...words: string[]) =>
    runTool("fault-log", ["set", log, "f", "--edit", ...words], {
      env: { EDITOR: editor ?? "", TMPDIR: dir.path },
    });
  const cases: [editor: string | undefined, message: RegExp, files: number][] =
    [
      // Still with the marks; what was written is kept.
      [
        "true",
        /still several versions: nothing was written: .* is in ".*\/fault-.*"/,
        1,
      ],
      ["false", /The editor "false" ended with 1: nothing was written/, 0],
      ["no-such-editor", /ended with 127: nothing was written/, 0],
      ["sed -i 1,7d", /still several versions/, 1],
      [": >", /There is no title: nothing was written: .* is in "/, 1],
      [
        `sh -c 'head -c 300000 /dev/zero | tr "\\0" x > "$0"'`,
        /There are 300000 characters, expected at most 262144: .* is in "/,
        1,
      ],
      [undefined, /EDITOR is not set: set it, or give --title and --text/, 0],
    ];
  const count = () =>
    Array.from(Deno.readDirSync(dir.path), ({ name }) => name)
      .filter((name) => name.startsWith("fault-")).length;
  for (const [editor, message, files] of cases) {
    const found = count();
    const { status, stderr } = await set(editor);
    assertMatch(stderr, message);
    assertEquals([status, count() - found], [2, files], editor);
    assertEquals(Deno.readFileSync(log), before, editor);
  }
  for (
    const [word, message] of [["--title=x", /--edit excludes --title/]] as const
  ) {
    assertMatch((await set("true", word)).stderr, message);
  }
  const added = await runTool("fault-log", ["append", log, "f", "--edit"]);
  assertMatch(added.stderr, /--edit is for set/);
  // Without a conflict the one version is edited, or left as it is.
  const plain = dir.file("plain", seen("g", "ci", "1", 2));
  const edit = (editor: string) =>
    runTool("fault-log", ["set", plain, "g", "--edit"], {
      env: { EDITOR: editor, TMPDIR: dir.path },
    });
  const left = await edit("true");
  assertEquals(
    [left.stderr, left.status],
    ["fault-log: set: the title and the description are as they were\n", 0],
  );
  assertEquals(packetsIn(Deno.readFileSync(plain)).length, 1);
  assertEquals((await edit("sed -i '1s/^/a title/'")).status, 0);
  assertEquals((await edit("sed -i '2s/^/\\nwords/'")).status, 0);
  const shown = text(await outputOf("fault-log", ["show", plain, "g"]));
  assertMatch(shown, /^title +a title$/m);
  assertMatch(shown, /^text +words$/m);
  assertEquals(packetsIn(Deno.readFileSync(plain)).length, 3);
});

Deno.test("fault-log set --edit keeps what others say meanwhile", async () => {
  using dir = new TempDir();
  const log = await conflicting(dir);
  const meanwhile = `${dir.path}/meanwhile`;
  await outputOf("fault-log", ["append", meanwhile, "f", "--title=dan's"]);
  const editor = dir.file(
    "editor",
    `#!/bin/sh\ncat ${meanwhile} >> ${log}\nprintf 'ours\\n\\ntext\\n' > "$1"\n`,
  );
  Deno.chmodSync(editor, 0o755);
  await runTool("fault-log", ["set", log, "f", "--edit"], {
    env: { EDITOR: editor, TMPDIR: dir.path },
  });
  const shown = text(await outputOf("fault-log", ["show", log, "f"]));
  assertMatch(shown, /^title .* 2 versions:\n(.*\n)? +(ours|dan's) —/m);
  assert(shown.includes("ours —") && shown.includes("dan's —"), shown);
});

test("fault-log writes nothing into a file that is not a log", async () => {
  using dir = new TempDir();
  const record = stream({ testId: "a test", status: "fail" }, "output\n");
  for (const content of ["what I wrote\n", "<testsuite/>\n", record]) {
    const path = dir.file("file", content), before = Deno.readFileSync(path);
    for (
      const words of [
        ["append", path, "f", "--title=x"],
        ["append", path, "f", "--tag=-t"],
        ["set", path, "f", "--title=x"],
        ["redact", path, "abcdef"],
        ["purge", path],
        ["compact", path, "--author=ci"],
        ["merge", path, dir.file("log", seen("a", "ci", "1", 2))],
      ]
    ) {
      const { status, stdout, stderr } = await callTool("fault-log", words);
      assertMatch(
        stderr,
        /^fault-log: Cannot write to ".*": it is not a fault log, as no event is in it: nothing was written\n$/,
      );
      assertEquals([text(stdout), status], ["", 2], words.join(" "));
      assertEquals(Deno.readFileSync(path), before, words.join(" "));
    }
    assertEquals(Array.from(Deno.readDirSync(dir.path)).length, 2);
  }
});

test("fault-log refuses names of faults that lists could not hold", async () => {
  using dir = new TempDir();
  const log = dir.file("log", seen("a", "ci", "1", 2));
  const before = Deno.readFileSync(log);
  for (
    const name of ["a\nb", "a\rb", "a\u2028b", "\x1b[2J", "a\x85", "fault:\n"]
  ) {
    for (
      const words of [
        ["append", log, name, "--title=x"],
        ["append", log, "a", `--same=${name}`],
        ["append", log, "a", `--same=-${name}`],
        ["set", log, name, "--title=x"],
      ]
    ) {
      const { status, stderr } = await callTool("fault-log", words);
      assertMatch(
        stderr,
        /^fault-log: Cannot use ".*" as a fault: it has control characters or line ends.*\n$/,
      );
      assert(!/[\p{Cc}\u2028]/u.test(stderr.slice(0, -1)), stderr);
      assertEquals(status, 2);
    }
  }
  for (const name of ["runs", "fault:signatures"]) {
    const words = ["append", log, name, "--title=x"];
    const { status, stderr } = await callTool("fault-log", words);
    assertMatch(stderr, /as a fault: logs keep other things there/);
    assertEquals(status, 2);
  }
  assertEquals(Deno.readFileSync(log), before);
});
