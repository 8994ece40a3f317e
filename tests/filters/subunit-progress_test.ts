import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { concat } from "@std/bytes/concat";
import {
  assertMessage,
  assertMissing,
  assertRefused,
  runOnTerminal,
} from "../support/checks.ts";
import { quote } from "../../scripts/tool_path.ts";
import { keepRuns } from "../support/kept_runs.ts";
import { ended, started, TRACEBACK } from "../support/live.ts";
import {
  commandOf,
  ENDING_SIGNALS,
  endProcess,
  peerTest,
  runTool,
  shell,
  TempDir,
  text,
  within,
} from "../support/run.ts";
import { TempRepository } from "../support/runs.ts";
import {
  at,
  damaged,
  equalBytes,
  type EventFields,
  FAILED,
  noisyStream,
  PASSED,
  sample,
  stream,
  textFile,
} from "../support/streams.ts";

const SEED = 20130301;
const NAME = "subunit-progress";

/** A run of 3 seconds by its own clock, with an event of each kind. */
const RUN: EventFields[] = [
  { testId: "good", status: "exists" },
  { testId: "bad", status: "exists" },
  started("good", { timestamp: at("01:00:00") }),
  started("bad", { timestamp: at("01:00:00"), routeCode: "1" }),
  {
    testId: "bad",
    routeCode: "1",
    ...textFile("traceback", TRACEBACK),
  },
  ended("good", "success", { timestamp: at("01:00:02") }),
  ended("bad", "fail", { timestamp: at("01:00:03"), routeCode: "1" }),
];
const FAILURE = `FAIL  [1] bad  3.000 s
      AssertionError: 4 != 3
      Traceback (most recent call last):
        File "tests/test_cart.py", line 12, in test_total
          self.assertEqual(cart.total(), 3)
`;
const END = `Failed
  [1] bad
      AssertionError: 4 != 3
Slowest
  3.000 s  [1] bad
  2.000 s  good
Failed  2 tests: 1 passed, 1 failed, in 0:03
`;

/** A tool that a test writes to and whose standard error it reads. */
class Watched implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  shown = "";

  constructor(...args: string[]) {
    const [program, ...words] = commandOf(NAME);
    this.#process = new Deno.Command(program, {
      args: [...words, ...args],
      stdin: "piped",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#writer = this.#process.stdin.getWriter();
    this.#reader = this.#process.stderr.getReader();
  }

  async write(...parts: Parameters<typeof stream>): Promise<void> {
    await this.#writer.write(stream(...parts));
  }

  kill(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  /** Waits until standard error has this. */
  async sees(pattern: RegExp): Promise<void> {
    await within((async () => {
      while (!pattern.test(this.shown)) {
        const { value } = await this.#reader.read();
        assert(value !== undefined, `It ended with: ${this.shown}`);
        this.shown += text(value);
      }
    })());
  }

  /** Waits until it ends by itself, with its input still open. */
  async ends(): Promise<number> {
    const { code } = await within(this.#process.status);
    for (;;) {
      const { value } = await within(this.#reader.read());
      if (value === undefined) return code;
      this.shown += text(value);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endProcess(this.#process, this.#reader, this.#writer);
  }
}

// --- What it shows

Deno.test("subunit-progress shows failures and text as they come, then the end", async () => {
  const { status, stdout, stderr } = await runTool(NAME, [], {
    stdin: stream("text between\n", ...RUN),
  });
  assertEquals(stderr, `text between\n${FAILURE}${END}`);
  assertEquals(stdout.length, 0);
  assertEquals(status, 1);
});

Deno.test("subunit-progress exits as reports do", async () => {
  const cases: [stdin: Uint8Array | string, status: number, last: RegExp][] = [
    ["", 0, /^Passed {2}0 tests: 0 passed, in 0:\d\d\n$/],
    [stream(PASSED), 0, /Passed {2}1 test: 1 passed/],
    [stream(FAILED), 1, /Failed {2}1 test: 0 passed, 1 failed/],
    [stream(started("a")), 1, /^Lost: started and never ended\n {2}a\nFailed/],
    [
      damaged(PASSED),
      1,
      /^DAMAGE {2}.*CRC.*\(\d+ bytes are damaged\)\nFailed {2}1 test: 0 passed, 1 damaged/,
    ],
    ["TAP version 13\n1..1\nok 1\n", 1, /put tap2subunit in front\n$/],
  ];
  for (const [stdin, expected, last] of cases) {
    const { status, stderr } = await runTool(NAME, [], { stdin });
    assertMatch(stderr, last);
    assertEquals(status, expected, stderr);
  }
});

Deno.test("subunit-progress reads FILEs, and - as standard input", async () => {
  using dir = new TempDir();
  const whole = stream(...RUN);
  // In the middle of an event.
  const cut = whole.length - 9;
  const files = [
    dir.file("one", whole.subarray(0, 30)),
    dir.file("empty", ""),
    "-",
    dir.file("two", whole.subarray(cut)),
  ];
  const { status, stderr, stdout } = await runTool(NAME, ["-f", ...files], {
    stdin: whole.subarray(30, cut),
  });
  assertEquals(stderr, FAILURE + END);
  assert(equalBytes(stdout, whole));
  assertEquals(status, 1);
});

Deno.test("subunit-progress exits 2 for what it cannot read, after what it could", async () => {
  using dir = new TempDir();
  await assertMissing("no/such.file", NAME);
  const directory = await runTool(NAME, ["/"]);
  assertMessage(directory.stderr, NAME, '"/"', "is a directory");
  assertEquals(directory.status, 2);
  const { status, stdout, stderr } = await runTool(NAME, [
    "-f",
    dir.file("run", stream(...RUN)),
    "no/such.file",
  ]);
  assert(equalBytes(stdout, stream(...RUN)));
  assertMatch(
    stderr,
    /^FAIL {2}\[1\] bad[^]*\nsubunit-progress: .*no such file/,
  );
  assertEquals(status, 2);
  const history = await runTool(NAME, ["--history", "no/such.file"]);
  assertMessage(history.stderr, NAME, '"no/such.file"');
  assertEquals(history.status, 2);
});

Deno.test("subunit-progress names a history without tests", async () => {
  using dir = new TempDir();
  const file = dir.file("history", "a build log\n");
  const call = await runTool(NAME, ["--history", file], {
    stdin: stream({ testId: "a", status: "success" }),
  });
  assertStringIncludes(
    call.stderr,
    `subunit-progress: ${file} has no test that ended\n`,
  );
  assertEquals(call.status, 0);
});

Deno.test("subunit-progress refuses values that make no sense", async () => {
  const cases: [args: string[], words: string][] = [
    [["--format=line"], "expected bar, names, dots, github"],
    [["--every=often"], "expected a duration, such as 30s, 5m or 1h"],
    [["--stall=0s"], 'Option --stall is "0s"'],
    [["--total=many"], "expected a whole number"],
  ];
  for (const [args, words] of cases) {
    const { status, stderr } = await runTool(NAME, args);
    assertRefused({ status, stderr, stdout: new Uint8Array(0) }, NAME, words);
  }
  const history = await runTool(NAME, ["--history=-"]);
  assertMessage(history.stderr, NAME, "--history takes no standard input");
});

Deno.test("subunit-progress shows names, letters or groups of all tests", async () => {
  const formats: [format: string, shown: string][] = [
    ["bar", FAILURE],
    ["names", `ok    good  2.000 s\n${FAILURE}`],
    ["dots", `.F\n${FAILURE}`],
    ["github", `::group::${FAILURE}::endgroup::\n`],
  ];
  for (const [format, shown] of formats) {
    const { stderr } = await runTool(NAME, ["--format", format], {
      stdin: stream(...RUN),
    });
    assert(stderr.startsWith(shown), `${format}: ${stderr}`);
    assertMatch(stderr, /Failed {2}2 tests: 1 passed, 1 failed, in 0:03\n$/);
  }
});

Deno.test("subunit-progress with names is safe: what controls a terminal is escaped", async () => {
  const hostile = "a\x1b[2J\nFAIL  b\x9b";
  const { stderr } = await runTool(NAME, ["--format=names"], {
    stdin: stream({ testId: hostile, status: "skip", routeCode: "\x07" }),
  });
  assertMatch(stderr, /^skip {2}\[\\u0007\] a\\u001b\[2J\\nFAIL {2}b\\u009b\n/);
});

// --- The stream passes on

Deno.test(`subunit-progress --forward passes any stream on (seed ${SEED})`, async () => {
  const input = concat(sample(noisyStream, 60, SEED));
  const { stdout, status } = await runTool(NAME, ["--forward"], {
    stdin: input,
  });
  assert(equalBytes(stdout, input));
  assertEquals(status, 1);
});

Deno.test("subunit-progress --forward passes a long stream on, and counts it", async () => {
  using dir = new TempDir();
  // Long enough for all ways to write; chunks end anywhere in an event.
  const block = stream(
    ...Array.from({ length: 20_000 }, (_, i) => ended(`test ${i % 100}`)),
    "text г\n",
  );
  const file = dir.file("run", concat(Array(7).fill(block)));
  const { stderr } = await shell(
    "cat $1 | subunit-progress -f > $2; cmp $1 $2",
    [file, `${dir.path}/copy`],
  );
  assertMatch(stderr, /^Passed {2}140000 tests: 140000 passed, in \d+:\d\d\n$/);
});

Deno.test("subunit-progress --no-passthrough hides the text, and --forward passes it on only", async () => {
  for (const option of ["--no-passthrough", "--forward"]) {
    const { stderr } = await runTool(NAME, [option], {
      stdin: stream("text\n", PASSED),
    });
    assertMatch(stderr, /^Passed {2}1 test: .*\n$/);
  }
});

Deno.test("subunit-progress passes an event on as soon as it comes", async () => {
  const [program, ...words] = [...commandOf(NAME), "--forward"];
  const tool = new Deno.Command(program, {
    args: words,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = tool.stdin.getWriter(), reader = tool.stdout.getReader();
  const packet = stream(PASSED);
  for (let i = 0; i < 3; i++) {
    await writer.write(packet);
    const { value } = await within(reader.read());
    assert(equalBytes(value!, packet));
  }
  await writer.close();
  await reader.cancel();
  assertEquals((await within(tool.status)).code, 0);
});

// --- While nothing comes

Deno.test("subunit-progress has a line from time to time while the pipe is silent", async () => {
  await using tool = new Watched("--every=200ms", "--total=4");
  await tool.write(ended("one"), started("two", { routeCode: "0/1" }));
  await tool.sees(
    /^\d+:\d\d {2}1 of 4 tests, 1 passed, 1 running, for [\d.]+ s \[0\/1\] two, \d+:\d\d left\n/,
  );
  // And again.
  await tool.sees(/\n\d+:\d\d {2}1 of 4 tests, 1 passed, 1 running/);
});

Deno.test("subunit-progress --stall names silent tests, and what they wrote last", async () => {
  await using tool = new Watched("--stall=300ms");
  await tool.write(started("slow", { routeCode: "0" }), {
    testId: "slow",
    routeCode: "0",
    ...textFile("log", "one\ntwo\nwaiting for the lock\n"),
  });
  await tool.sees(
    /^STALLED {2}\[0\] slow {2}silent for [\d.]+ s, after:\n {6}one\n {6}two\n {6}waiting for the lock\n/,
  );
  // It goes on.
  await tool.write(ended("other", "fail"));
  await tool.sees(/\nFAIL {2}other\n/);
});

Deno.test("subunit-progress --stall-fail reports a stall, and ends with 1", async () => {
  await using tool = new Watched("--stall-fail", "--stall=200ms");
  await tool.write(started("slow"));
  assertEquals(await tool.ends(), 1);
  assertMatch(
    tool.shown,
    /^STALLED {2}slow {2}silent for [\d.]+ s\nStill running\n {2}slow\nEnded by --stall-fail\nFailed {2}1 test: 0 passed, 1 lost, in \d+:\d\d\n$/,
  );
});

Deno.test("subunit-progress --stall-fail kills nothing", async () => {
  using dir = new TempDir();
  const file = dir.file("run", stream(started("slow")));
  const { status, stdout } = await shell(
    "exec 3>&1; { cat $1; sleep 1; echo goes on >&3; } | subunit-progress --stall-fail --stall=100ms 2> /dev/null; exit ${PIPESTATUS[1]}",
    [file],
  );
  assertEquals(text(stdout), "goes on\n");
  assertEquals(status, 1);
});

Deno.test("subunit-progress --stall-fail is no failure where nothing stalls", async () => {
  const { status } = await runTool(NAME, ["--stall-fail"], {
    stdin: stream(PASSED),
  });
  assertEquals(status, 0);
});

Deno.test("subunit-progress says what runs on SIGUSR1, and goes on", async () => {
  await using tool = new Watched("--format=names");
  await tool.write(
    ended("done"),
    started("a"),
    started("b", { routeCode: "2" }),
  );
  await tool.sees(/^ok {4}done\n/);
  tool.kill("SIGUSR1");
  await tool.sees(
    /\n\d+:\d\d {2}1 test, 1 passed, 2 running, for [\d.]+ s a\n +[\d.]+ s {2}a\n +[\d.]+ s {2}\[2\] b\n/,
  );
  await tool.write(ended("a"));
  await tool.sees(/\nok {4}a\n/);
});

for (const [signal, status] of ENDING_SIGNALS) {
  Deno.test(`subunit-progress shows what there is on ${signal}, and exits ${status}`, async () => {
    await using tool = new Watched("--format=names");
    await tool.write(ended("bad", "fail"), started("slow"));
    await tool.sees(/^FAIL {2}bad\n/);
    tool.kill(signal);
    assertEquals(await tool.ends(), status);
    assertMatch(
      tool.shown,
      new RegExp(
        `^FAIL  bad\nFailed\n  bad\nStill running\n  slow\nEnded by ${signal}\nFailed  2 tests: 0 passed, 1 failed, 1 lost, in \\d+:\\d\\d\n$`,
      ),
    );
  });
}

Deno.test("subunit-progress ends on a signal while nobody reads what it passes on", async () => {
  using dir = new TempDir();
  const file = dir.file("run", stream(...Array(50_000).fill(PASSED)));
  const { status } = await shell(
    `mkfifo $2/fifo; exec 3<> $2/fifo
    ${commandOf(NAME).map(quote).join(" ")} -f --format=names \
      < $1 > $2/fifo 2> $2/err &
    tool=$!
    until [ -s $2/err ]; do sleep 0.05; done
    kill -TERM $tool; wait $tool`,
    [file, dir.path],
  );
  assertEquals(status, 143);
});

// --- How much there is to come

Deno.test("subunit-progress knows the time left by an earlier stream", async () => {
  using dir = new TempDir();
  const history = dir.file("last", stream(...RUN));
  await using tool = new Watched("--every=100ms", "--history", history);
  await tool.write(started("good"), started("bad"), ended("good"));
  await tool.sees(
    /1 of 2 tests, 1 passed, 1 running, for [\d.]+ s bad, \d+:\d\d left/,
  );
});

Deno.test("subunit-progress knows the time left by the newest wide run of a repository", async () => {
  using repository = new TempRepository();
  keepRuns(repository, "good P2 bad P8", "good P2", {
    tests: "good P2",
    start: { scope: "partial" },
  });
  await using tool = new Watched(
    "--every=100ms",
    "--history",
    repository.path,
  );
  await tool.write(started("good"), started("bad"), ended("good"));
  await tool.sees(
    /1 of 2 tests, 1 passed, 1 running, for [\d.]+ s bad, \d+:\d\d left/,
  );
});

// --- Colors

Deno.test("subunit-progress has no colors in a pipe, unless FORCE_COLOR asks for them", async () => {
  const stdin = stream(FAILED);
  for (
    const [env, isColored] of [
      [{}, false],
      [{ FORCE_COLOR: "1" }, true],
      [{ FORCE_COLOR: "0" }, false],
      [{ FORCE_COLOR: "1", NO_COLOR: "1" }, true],
    ] as const
  ) {
    const { stderr } = await runTool(NAME, [], { stdin, env });
    assertEquals(stderr.includes("\x1b[31mFAIL\x1b[39m"), isColored);
    assertEquals(stderr.includes("\x1b"), isColored);
  }
});

peerTest(
  "subunit-progress hides the cursor on a terminal, and shows it at the end",
  ["script"],
  async () => {
    using dir = new TempDir();
    const file = dir.file("run", stream("text г \x1b[2J\n", ...RUN));
    const { status, shown } = await runOnTerminal(NAME, [], file);
    assertEquals(status, 1);
    assert(!shown.includes("\x1b[2J"));
    const hidden = shown.lastIndexOf("\x1b[?25l"),
      there = shown.lastIndexOf("\x1b[?25h");
    assert(hidden < there || hidden < 0, shown);
    assertMatch(
      // deno-lint-ignore no-control-regex -- colors start with one
      shown.replaceAll(/\x1b\[[\d;?]*[a-zA-Z]/g, "").replaceAll("\r", ""),
      /text г \\u001b\[2J\nFAIL {2}\[1\] bad/,
    );
  },
);
