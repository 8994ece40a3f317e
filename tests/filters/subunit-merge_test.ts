import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { concat } from "@std/bytes/concat";
import {
  encodePacket,
  itemEvents,
  PacketDecoder,
  type StatusEvent,
} from "@subunit/codec";
import { assertMessage, assertRefused } from "../support/checks.ts";
import { linesByPython } from "../support/peers.ts";
import {
  commandOf,
  ENDING_SIGNALS,
  type Finished,
  outputOf,
  peerTest,
  run,
  runTool,
  shell,
  type Surroundings,
  TempDir,
  text,
  within,
} from "../support/run.ts";
import {
  anyEvent,
  damaged,
  equalBytes,
  type EventFields,
  eventsIn,
  FAILED,
  itemsIn,
  noisyStream,
  PASSED,
  sample,
  stream,
  textFile,
} from "../support/streams.ts";
import { quote } from "../../scripts/tool_path.ts";

const SEED = 20130301;

function merge(
  args: readonly string[],
  surroundings?: Surroundings,
): Promise<Finished> {
  return runTool("subunit-merge", args, surroundings);
}

/** The events of a merge that succeeds without a message. */
async function mergedEvents(
  args: readonly string[],
  surroundings?: Surroundings,
): Promise<StatusEvent[]> {
  return eventsIn(await outputOf("subunit-merge", args, surroundings));
}

/** An event as it is written, with `runnable`. */
function event(fields: EventFields): StatusEvent {
  return { runnable: true, ...fields };
}

/** An event about a command or a shard, without its time. */
function outcome(
  testId: string,
  status: "exists" | "fail",
  reason: string,
  routeCode?: string,
): StatusEvent {
  return {
    testId,
    status,
    runnable: false,
    ...textFile("reason", reason),
    ...(routeCode === undefined ? {} : { routeCode }),
  };
}

function untimed({ timestamp: _, ...event }: StatusEvent): StatusEvent {
  return event;
}

// --- Labels

Deno.test("subunit-merge makes the label the first step of the route code", async () => {
  using dir = new TempDir();
  const routes = [undefined, "3", "1/2", "", "г³", "3"];
  const events = routes.map((routeCode, index): EventFields => ({
    testId: `test ${index}`,
    status: "success",
    tags: ["x"],
    parentTestId: "parent",
    ...(routeCode === undefined ? {} : { routeCode }),
  }));
  const file = dir.file("run", stream(...events));
  const expected = ["0", "0/3", "0/1/2", "0/", "0/г³", "0/3"];
  assertEquals(
    await mergedEvents([`0=${file}`]),
    events.map((fields, index) =>
      event({ ...fields, routeCode: expected[index] })
    ),
  );
});

Deno.test("subunit-merge --prefix-ids puts the label before test and parent ids", async () => {
  using dir = new TempDir();
  const file = dir.file(
    "run",
    stream(
      { testId: "a", parentTestId: "p", routeCode: "3" },
      { testId: "", status: "skip" },
      { fileName: "log" },
    ),
  );
  assertEquals(await mergedEvents(["--prefix-ids", `w 1=${file}`]), [
    event({ testId: "w 1: a", parentTestId: "w 1: p", routeCode: "w 1/3" }),
    event({ testId: "w 1: ", status: "skip", routeCode: "w 1" }),
    event({
      fileName: "log",
      fileBytes: new Uint8Array(0),
      routeCode: "w 1",
    }),
  ]);
});

/** The test "foo" by a newer writer: three bytes follow the fields we know. */
const NEWER = Uint8Array.fromHex("b329030f03666f6faabbcc28657f50");
/** The same with the route code "0" before those bytes. */
const NEWER_ROUTED = Uint8Array.fromHex("b32d031103666f6f0130aabbcce5af5080");

Deno.test("subunit-merge keeps of a packet what it does not know", async () => {
  const { stdout } = await merge(["0=-"], { stdin: NEWER });
  assertEquals(stdout.toHex(), NEWER_ROUTED.toHex());
});

Deno.test(`subunit-merge passes packets without a label on as they came (seed ${SEED})`, async () => {
  const input = stream(NEWER, ...sample(anyEvent(), 1000, SEED), NEWER);
  const { stdout, stderr } = await merge(["-"], { stdin: input });
  assertEquals(stderr, "");
  assert(equalBytes(stdout, input));
});

Deno.test("subunit-merge splits an attachment that leaves no room for the label", async () => {
  const whole = new Uint8Array(4194303 - 15).fill(0xb3);
  const input = stream({ fileName: "f", fileBytes: whole, eof: true });
  assertEquals(input.length, 4194303);
  const events = await mergedEvents(["label=-"], { stdin: input });
  assertEquals(events.map(({ routeCode }) => routeCode), ["label", "label"]);
  assertEquals(events.map(({ eof }) => eof), [undefined, true]);
  const parts = events.map(({ fileBytes }) => fileBytes!);
  assert(equalBytes(concat(parts), whole));
});

Deno.test("subunit-merge passes on what no split can help, says so and exits 2", async () => {
  const input = stream({ testId: "x".repeat(4194303 - 14) });
  const { stdout, stderr, status } = await merge(["label=-"], {
    stdin: input,
  });
  assertMatch(stderr, /^subunit-merge: .*without a label\n$/);
  assert(equalBytes(stdout, input));
  assertEquals(status, 2);
});

Deno.test("subunit-merge takes an operand for a path when a / is before the =", async () => {
  using dir = new TempDir();
  dir.file("a=b", stream(PASSED));
  for (const operand of ["./a=b", `${dir.path}/a=b`, "label=a=b"]) {
    const { stdout, stderr } = await merge([operand], { cwd: dir.path });
    assertEquals(stderr, "");
    assertEquals(
      eventsIn(stdout).map(({ routeCode }) => routeCode),
      [operand.startsWith("label") ? "label" : undefined],
    );
  }
});

// --- Bytes between the packets

Deno.test("subunit-merge makes packets of text and damage, under the label", async () => {
  const broken = damaged(FAILED);
  const input = stream("text г", PASSED, broken, "³\n", FAILED, "half \xd0");
  const half = concat([input.subarray(0, -2), Uint8Array.of(0xd0)]);
  for (const label of ["0", undefined]) {
    const { stdout, stderr, status } = await merge(
      [label === undefined ? "-" : `${label}=-`],
      { stdin: half },
    );
    const routed = (fields: EventFields) =>
      event(label === undefined ? fields : { ...fields, routeCode: label });
    const file = (bytes: Uint8Array) =>
      routed({ fileName: "stdout", fileBytes: bytes });
    const events = joinText(eventsIn(stdout));
    const { fileBytes: reason, ...parserError } = events[3];
    assertStringIncludes(text(reason!), "Cannot decode packet 1 at byte");
    assertEquals([...events.slice(0, 3), ...events.slice(4)], [
      file(stream("text г")),
      routed(PASSED),
      routed({
        testId: "subunit.parser",
        fileName: "Packet data",
        fileBytes: broken,
        mimeType: "application/octet-stream",
        eof: true,
      }),
      file(stream("³\n")),
      routed(FAILED),
      file(stream("half ", Uint8Array.of(0xd0))),
    ]);
    assertEquals(
      parserError,
      routed({
        testId: "subunit.parser",
        status: "fail",
        fileName: "Parser Error",
        mimeType: "text/plain;charset=utf8",
        eof: true,
      }),
    );
    assertEquals(
      stderr,
      `subunit-merge: ${label ?? "-"}: ${
        text(reason!)
      } (${broken.length} bytes are damaged)\n`,
    );
    assertEquals(status, 0);
  }
});

Deno.test("subunit-merge --prefix-ids names the damage of a source after it", async () => {
  const { stdout } = await merge(["--prefix-ids", "0=-"], {
    stdin: damaged(PASSED),
  });
  assertEquals(
    eventsIn(stdout).map(({ testId }) => testId),
    ["0: subunit.parser", "0: subunit.parser"],
  );
});

/** The events with adjacent text of the same source joined. */
function joinText(events: readonly StatusEvent[]): StatusEvent[] {
  const joined: StatusEvent[] = [];
  for (const event of events) {
    const last = joined.at(-1);
    if (
      last !== undefined && isText(last) && isText(event) &&
      last.routeCode === event.routeCode
    ) {
      const parts = [last.fileBytes!, event.fileBytes!];
      joined[joined.length - 1] = { ...last, fileBytes: concat(parts) };
    } else {
      joined.push(event);
    }
  }
  return joined;
}

function isText({ testId, fileName, ...rest }: StatusEvent): boolean {
  return testId === undefined && fileName === "stdout" &&
    rest.mimeType === undefined && rest.timestamp === undefined &&
    rest.tags === undefined && rest.eof === undefined;
}

// --- Arbitrary streams

/** The expected events of a source, under its label. */
function eventsUnder(label: string, bytes: Uint8Array): StatusEvent[] {
  const events = itemsIn(bytes).flatMap((item) =>
    item.kind === "packet" ? [item.toEvent()] : itemEvents(item)
  );
  return joinText(events.map((event) => ({
    ...event,
    routeCode: event.routeCode === undefined
      ? label
      : `${label}/${event.routeCode}`,
  })));
}

function hexOf(events: readonly StatusEvent[]): string[] {
  return events.map((event) => encodePacket(event).toHex());
}

Deno.test(`subunit-merge keeps the events of each source, and their order (seed ${SEED})`, async () => {
  using dir = new TempDir();
  const labels = ["0", "1", "л", "x y"];
  const streams = labels.map((_, index) =>
    concat(sample(noisyStream, 60, SEED + index))
  );
  const { stdout, status } = await merge(
    labels.map((label, index) =>
      `${label}=${dir.file(String(index), streams[index])}`
    ),
  );
  assertEquals(status, 0);
  const merged = eventsIn(stdout);
  labels.forEach((label, index) => {
    const own = merged.filter(({ routeCode }) =>
      routeCode === label || routeCode!.startsWith(`${label}/`)
    );
    assertEquals(
      hexOf(joinText(own)),
      hexOf(eventsUnder(label, streams[index])),
    );
  });
});

peerTest(
  `Python's reader finds every event of a merge (seed ${SEED})`,
  ["python3-subunit"],
  async () => {
    using dir = new TempDir();
    // Python has microseconds.
    const events = sample(anyEvent({ nanoseconds: 1000 }), 900, SEED);
    const part = (from: number) =>
      dir.file(
        `from ${from}`,
        stream(
          ...events.slice(from, from + 300).flatMap((event) => [event, "г"]),
        ),
      );
    const { stdout } = await merge([
      `0=${part(0)}`,
      `1=${part(300)}`,
      part(600),
    ]);
    const dumped = await linesByPython("dump_events.py", stdout);
    assertEquals(dumped.stderr, "");
    const found = dumped.lines.map((line) => JSON.parse(line));
    const expected = eventsIn(stdout);
    assert(expected.length > 900);
    assertEquals(
      found.map((event) => [
        event.route_code,
        event.test_id,
        event.test_status,
        event.file_bytes,
      ]),
      expected.map(({ routeCode, testId, status, fileBytes }) => [
        routeCode ?? null,
        testId ?? null,
        status ?? null,
        fileBytes?.toHex() ?? null,
      ]),
    );
  },
);

// --- Live

/** A running merge and its output. */
class LiveMerge implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new PacketDecoder();

  constructor(args: readonly string[]) {
    // Tests run in the background ignore interrupts, and so would commands.
    this.#process = new Deno.Command("env", {
      args: ["--default-signal", ...commandOf("subunit-merge"), ...args],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#reader = this.#process.stdout.getReader();
  }

  /** The next event; undefined at the end. */
  next(): Promise<StatusEvent | undefined> {
    return within(this.#next());
  }

  async #next(): Promise<StatusEvent | undefined> {
    for (;;) {
      const item = this.#decoder.next();
      if (item !== undefined) {
        assert(item.kind === "packet", `there is ${item.kind} in the stream`);
        return item.toEvent();
      }
      const { value } = await this.#reader.read();
      if (value === undefined) return undefined;
      this.#decoder.push(value);
    }
  }

  /** The remaining events. */
  async rest(): Promise<StatusEvent[]> {
    const events: StatusEvent[] = [];
    for (let event; (event = await this.next()) !== undefined;) {
      events.push(event);
    }
    return events;
  }

  kill(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  get status(): Promise<Deno.CommandStatus> {
    return within(this.#process.status);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has already ended.
    }
    await this.#reader.cancel();
    await this.#process.status;
  }
}

async function makeFifo(dir: TempDir, name: string): Promise<string> {
  const path = `${dir.path}/${name}`;
  assertEquals((await run(["mkfifo", path])).status, 0);
  return path;
}

/** Opens a fifo; pending until there is a reader. */
function openFifo(path: string): Promise<Deno.FsFile> {
  return within(Deno.open(path, { write: true }));
}

async function write(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  assertEquals(await within(file.write(bytes)), bytes.length);
}

Deno.test("subunit-merge lets no source wait for half a packet of another", async () => {
  using dir = new TempDir();
  const labels = ["slow", "0", "1", "2"];
  const paths = await Promise.all(labels.map((name) => makeFifo(dir, name)));
  await using tool = new LiveMerge(
    paths.map((path, index) => `${labels[index]}=${path}`),
  );
  const [slow, ...others] = await Promise.all(paths.map(openFifo));
  const packet = stream({ testId: "slow", status: "success" });
  const pieces = [packet.slice(0, 1), packet.slice(1, 10), packet.slice(10)];
  for (const [round, piece] of pieces.entries()) {
    for (const [index, file] of others.entries()) {
      const testId = `test ${round}`;
      await write(file, stream({ testId }));
      const routeCode = labels[index + 1];
      assertEquals(await tool.next(), event({ testId, routeCode }));
    }
    await write(slow, piece);
  }
  assertEquals(
    await tool.next(),
    event({ testId: "slow", status: "success", routeCode: "slow" }),
  );
  for (const file of [slow, ...others]) file.close();
  assertEquals(await tool.next(), undefined);
  assertEquals((await tool.status).code, 0);
});

Deno.test("subunit-merge reads before every fifo has a writer", async () => {
  using dir = new TempDir();
  const silent = await makeFifo(dir, "silent");
  const spoken = await makeFifo(dir, "spoken");
  await using tool = new LiveMerge([`0=${silent}`, `1=${spoken}`]);
  using file = await openFifo(spoken);
  await write(file, stream(PASSED));
  assertEquals(await tool.next(), event({ ...PASSED, routeCode: "1" }));
  (await openFifo(silent)).close();
});

Deno.test("subunit-merge reads process substitutions and standard input", async () => {
  using dir = new TempDir();
  const file = dir.file("run", stream(PASSED));
  const { stdout, stderr } = await shell(
    "subunit-merge 0=<(cat $1) 1=<(cat $1) <(cat $1) 3=- < $1",
    [file],
  );
  assertEquals(stderr, "");
  assertEquals(
    eventsIn(stdout).map(({ routeCode }) => routeCode ?? "none").sort(),
    ["0", "1", "3", "none"],
  );
});

Deno.test("subunit-merge lets no source starve while others never stop", async () => {
  using dir = new TempDir();
  const packets = dir.file("packets", stream(...Array(1000).fill(PASSED)));
  const long = Array(50_000).fill(PASSED);
  const file = dir.file("long", stream(...long, FAILED));
  const fifo = await makeFifo(dir, "fifo");
  const endless = `while cat ${quote(packets)}; do :; done`;
  const shell = ["-c", `${endless} > ${quote(fifo)}`];
  const writer = new Deno.Command("sh", { args: shell }).spawn();
  {
    await using tool = new LiveMerge([
      `endless fifo=${fifo}`,
      `--run=endless command=${endless}`,
      `file=${file}`,
      `--run=command=cat ${quote(file)}`,
    ]);
    const ended = new Set<string>();
    while (ended.size < 2) {
      const { testId, routeCode } = (await tool.next())!;
      if (testId === FAILED.testId) ended.add(routeCode!);
    }
    assertEquals([...ended].sort(), ["command", "file"]);
  }
  // Its reader has left.
  await within(writer.status);
});

// --- Commands

Deno.test("subunit-merge says how a command ended, behind all of its output", async () => {
  using dir = new TempDir();
  const file = dir.file("run", stream(PASSED));
  for (
    const [ending, status, reason] of [
      ["true", "exists", "exit status 0"],
      ["exit 3", "fail", "exit status 3"],
      ["kill -9 $$", "fail", "killed by SIGKILL"],
      ["no-such-command 2> /dev/null", "fail", "exit status 127"],
    ] as const
  ) {
    const command = `cat ${quote(file)}; echo text; ${ending}`;
    const events = await mergedEvents(["--run", `w=${command}`]);
    const [{ timestamp }] = events.splice(-1, 1, untimed(events.at(-1)!));
    assert(timestamp !== undefined);
    assertEquals(joinText(events), [
      event({ ...PASSED, routeCode: "w" }),
      event({
        fileName: "stdout",
        fileBytes: stream("text\n"),
        routeCode: "w",
      }),
      outcome("w: exit status", status, reason, "w"),
    ]);
  }
});

Deno.test("subunit-merge gives commands no input, and their errors to its own", async () => {
  const { stdout, stderr, status } = await merge([
    "--run=a=cat; echo from a >&2",
    "--run=b=echo from b >&2",
  ], { stdin: "not for them" });
  assertEquals(stderr.split("\n").sort(), ["", "from a", "from b"]);
  assertEquals(
    eventsIn(stdout).map(({ testId }) => testId).sort(),
    ["a: exit status", "b: exit status"],
  );
  assertEquals(status, 0);
});

for (const [signal, status] of ENDING_SIGNALS) {
  Deno.test(`subunit-merge passes ${signal} on and ends when the commands have`, async () => {
    using dir = new TempDir();
    const fifo = await makeFifo(dir, "fifo");
    const name = signal.slice("SIG".length);
    const waits = "echo ready; while :; do sleep 0.05; done";
    await using tool = new LiveMerge([
      `--run=heeds=trap 'echo cleared; exit 5' ${name}; ${waits}`,
      `--run=dies=${waits}`,
      fifo,
    ]);
    using _ = await openFifo(fifo);
    const ready = [await tool.next(), await tool.next()];
    assertEquals(
      ready.map((event) => event!.routeCode).sort(),
      ["dies", "heeds"],
    );
    tool.kill(signal);
    const events = (await tool.rest()).map(untimed);
    assertEquals((await tool.status).code, status);
    assertEquals(events.filter(({ routeCode }) => routeCode === "heeds"), [
      event({
        fileName: "stdout",
        fileBytes: stream("cleared\n"),
        routeCode: "heeds",
      }),
      outcome("heeds: exit status", "fail", "exit status 5", "heeds"),
    ]);
    assertEquals(events.filter(({ routeCode }) => routeCode === "dies"), [
      outcome("dies: exit status", "fail", `killed by ${signal}`, "dies"),
    ]);
  });

  Deno.test(`subunit-merge without commands ends at once on ${signal}`, async () => {
    using dir = new TempDir();
    const fifo = await makeFifo(dir, "fifo");
    await using tool = new LiveMerge([fifo]);
    using file = await openFifo(fifo);
    await write(file, stream(PASSED, FAILED).subarray(0, -1));
    assertEquals(await tool.next(), event(PASSED));
    tool.kill(signal);
    assertEquals(await tool.next(), undefined);
    assertEquals((await tool.status).code, status);
  });
}

// --- Readers that leave

Deno.test("subunit-merge ends quietly, and its commands, when its reader leaves", async () => {
  using dir = new TempDir();
  const packets = dir.file("packets", stream(...Array(1000).fill(PASSED)));
  const { status, stderr } = await shell(
    `mkfifo $2/fifo $2/unopened
    sleep 1000 > $2/fifo 2> /dev/null & holder=$!
    subunit-merge $2/fifo $2/unopened a=<(while cat $1; do :; done) \\
      --run "b=trap ': > $2/ended; exit' TERM; while :; do sleep 0.05; done" |
      head -c 1 > /dev/null
    status=\${PIPESTATUS[0]}
    kill $holder
    until [ -e $2/ended ]; do sleep 0.05; done
    exit $status`,
    [packets, dir.path],
  );
  assertEquals(stderr, "");
  assertEquals(status, 141);
});

// --- Missing shards

Deno.test("subunit-merge --expect fails when fewer sources delivered packets", async () => {
  using dir = new TempDir();
  const [a, b, empty] = [stream(PASSED), stream(FAILED), "text"]
    .map((content, index) => dir.file(String(index), content));
  const enough = await merge(["--expect=2", a, b, empty]);
  assertEquals(enough.stderr, "");
  assertEquals(enough.status, 0);
  for (
    const [args, reason] of [
      [["--expect=3", a, b], "Packets came from 2 of 3 shards"],
      [
        ["--expect=3", a, b, `c=${empty}`, "--run=d=true"],
        'Packets came from 2 of 3 shards, none from "c", "d"',
      ],
    ] as const
  ) {
    const { stdout, stderr, status } = await merge(args);
    assertEquals(
      untimed(eventsIn(stdout).at(-1)!),
      outcome("subunit-merge: missing shards", "fail", reason),
    );
    assertEquals(stderr, `subunit-merge: ${reason}\n`);
    assertEquals(status, 1);
  }
});

Deno.test("subunit-merge --manifest fails each label that delivered no packet", async () => {
  using dir = new TempDir();
  const run = dir.file("run", stream(PASSED));
  const empty = dir.file("empty", "");
  const good = dir.file("good", "a\r\n\nb\na\n");
  const args = [`b=${run}`, `--run=a=cat ${quote(run)}`, `other=${empty}`];
  assertEquals((await merge(["--manifest", good, ...args])).status, 0);

  const bad = dir.file("bad", "absent г\na\nb\nother\nunreadable");
  const { stdout, stderr, status } = await merge([
    "--manifest",
    bad,
    ...args,
    `unreadable=${dir.path}/none`,
  ]);
  const missing = [
    ["absent г", 'No source has the label "absent г"'],
    ["other", 'No packet came from "other"'],
    ["unreadable", 'No packet came from "unreadable"'],
  ];
  assertEquals(
    eventsIn(stdout).slice(-3).map(untimed),
    missing.map(([label, reason]) =>
      outcome(`${label}: missing shard`, "fail", reason, label)
    ),
  );
  const [unreadable, ...lines] = stderr.trimEnd().split("\n");
  assertStringIncludes(unreadable, 'none": no such file or directory');
  assertEquals(lines, missing.map(([, reason]) => `subunit-merge: ${reason}`));
  assertEquals(status, 2);
  const absent = await merge(["--manifest", bad, ...args]);
  assertEquals(absent.status, 1);
});

Deno.test("subunit-merge exits 2 for a manifest that is none", async () => {
  using dir = new TempDir();
  const asLabel = /^subunit-merge: Cannot use ".*" in ".*manifest" as/;
  for (
    const [line, message] of [
      ["a/b", asLabel],
      ["a=b", asLabel],
      ["a\0", /^subunit-merge: Cannot read ".*manifest": line 2 has a NUL/],
    ] as const
  ) {
    const manifest = dir.file("manifest", `ok\n${line}\n`);
    const { stderr, status } = await merge(
      ["--manifest", manifest, "ok=-"],
    );
    assertMatch(stderr, message);
    assertEquals(status, 2);
  }
});

Deno.test("subunit-merge merges the others when a FILE cannot be read", async () => {
  using dir = new TempDir();
  const file = dir.file("run", stream(PASSED));
  for (
    const [bad, words] of [
      [`${dir.path}/none`, 'none": no such file or directory'],
      ["/", 'Cannot read "/": is a directory'],
    ]
  ) {
    const { stdout, stderr, status } = await merge([`0=${bad}`, `1=${file}`]);
    assertMessage(stderr, "subunit-merge", words);
    assertEquals(eventsIn(stdout), [event({ ...PASSED, routeCode: "1" })]);
    assertEquals(status, 2);
  }
});

// --- Verdicts and wrong calls

Deno.test("subunit-merge --exit-status judges every source for itself", async () => {
  using dir = new TempDir();
  const file = (name: string, ...events: EventFields[]) =>
    dir.file(name, stream(...events));
  const started = file("started", { testId: "a", status: "inprogress" });
  const ended = file("ended", { testId: "a", status: "success" });
  const failed = file("failed", FAILED);
  const broken = dir.file("broken", damaged(PASSED));
  for (
    const [args, expected] of [
      [[ended, `--run=a=cat ${quote(ended)}`], 0],
      [[started, ended], 1],
      [[ended, failed], 1],
      [[ended, broken], 1],
      [[ended, "--run=a=exit 3"], 1],
      [[ended, `--run=a=cat ${quote(failed)}`], 1],
    ] as const
  ) {
    assertEquals((await merge(["--exit-status", ...args])).status, expected);
    assertEquals((await merge(args)).status, 0);
  }
});

for (
  const [args, words] of [
    [[], "Expected a FILE or --run"],
    [["--manifest=/dev/null"], "Expected a FILE or --run"],
    [["--run=true"], 'Option --run is "true": expected LABEL=COMMAND'],
    [["--run==true"], 'Option --run is "=true"'],
    [["--run=a="], 'Option --run is "a="'],
    [["--run=a/b=true"], "expected LABEL=COMMAND"],
    [["a=-", "--run=a=true"], 'Cannot label two sources "a"'],
    [["-", "a=-"], "Cannot read standard input twice"],
    [["--expect=some", "-"], 'Option --expect is "some"'],
    [["--manifest=/dev/null", "-"], "--manifest needs sources with labels"],
    [Array(32).fill("/dev/null"), "Cannot wait for more than 31 FILEs"],
  ] as const
) {
  Deno.test(`subunit-merge ${args.slice(0, 2).join(" ")} exits 2: ${words}`, async () => {
    const finished = await merge(args);
    assertRefused(finished, "subunit-merge", words, /: see --help\n$/);
  });
}
