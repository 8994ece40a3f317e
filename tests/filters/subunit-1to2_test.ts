import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { formatTimestamp } from "@subunit/codec";
import { concat } from "@std/bytes/concat";
import { callTool, outputOfCall, peerCallTest, test } from "../support/call.ts";
import { assertStatuses } from "../support/checks.ts";
import { peerPath, runPython } from "../support/peers.ts";
import {
  commandOf,
  type Finished,
  fixture,
  isRunning,
  LiveTool,
  peerTest,
  run,
  runTool,
  spawn,
  type Surroundings,
  TempDir,
  text,
  within,
} from "../support/run.ts";
import {
  at,
  damaged,
  equalBytes,
  itemsIn,
  sample,
  stream,
} from "../support/streams.ts";
import { anyStream, asV2, contents, facts } from "../support/v1.ts";

const SEED = 20260131;

function to2(
  args: readonly string[] = [],
  input: Pick<Surroundings, "stdin"> = {},
): Promise<Finished> {
  return callTool("subunit-1to2", args, input);
}

const LOST = "[reason: The input ended before the test did]";

/** The recorded output of each program, as events and text. */
const PRODUCERS: Record<string, string[]> = {
  "check.v1": [
    "text before\n",
    "core:passes: inprogress",
    "text hello\n",
    "core:passes: success",
    "core:fails: inprogress",
    "core:fails: [traceback: v1_check.c:16: Assertion '1 == 2' failed: 1 == 1, 2 == 2\n]",
    "core:fails: fail",
    "core:crashes: inprogress",
    "core:crashes: [traceback: v1_check.c:20: (after this point) Received signal 11 (Segmentation fault)\n]",
    "core:crashes: fail",
    "core:exits: inprogress",
    "core:exits: [traceback: v1_check.c:26: (after this point) Early exit with return value 3\n]",
    "core:exits: fail",
    "text \n3 failed\n",
  ],
  "check_crash.v1": [
    "text before\n",
    "core:passes: inprogress",
    "text hello\n",
    "core:passes: success",
    "core:fails: inprogress",
    "core:fails: [traceback: v1_check.c:16: Assertion '1 == 2' failed: 1 == 1, 2 == 2\n]",
    "core:fails: fail",
    "core:crashes: inprogress",
    `core:crashes: fail ${LOST}`,
  ],
  "python.v1": [
    "text before\n",
    "client.passes: inprogress",
    "client.passes: success",
    "text between: успех г\n",
    "client.fails: inprogress",
    "client.fails: [traceback: Traceback (most recent call last):\n" +
    '  File "/project/v1_client.py", line 34, in <module>\n' +
    '    raise ValueError("no")\nValueError: no\n]',
    "client.fails: fail #all",
    "client.errs: inprogress",
    "client.errs: [dump: \ufffd)\x01\r\n]\n\0]",
    "client.errs: [traceback: boom\n]\n]",
    "client.errs: fail #all",
    "client.skips: inprogress",
    "client.skips: [reason: no time\n]",
    "client.skips: skip #all",
    "client.xfails: inprogress",
    "client.xfails: xfail #all",
    "client.uxsuccess: inprogress",
    "client.uxsuccess: uxsuccess #all",
    "client.dies: inprogress",
    "text after",
    `client.dies: fail ${LOST}`,
  ],
  "perl.v1": [
    "text before\n",
    "perl passes: inprogress",
    "perl passes: success",
    "perl fails: inprogress",
    "text in a test\n",
    "perl fails: [traceback: line one\nline two\n]",
    "perl fails: fail",
    "perl skips: inprogress",
    "perl skips: [reason: why\n]",
    "perl skips: skip",
    "perl xfails: inprogress",
    "perl xfails: [traceback: known\n]",
    "perl xfails: xfail",
    "perl is interrupted: inprogress",
    // The test may have printed that itself.
    "text test: perl dies\nafter\n",
    'perl is interrupted: fail [reason: The test was interrupted by the test "perl dies"]',
    "perl dies: inprogress",
    `perl dies: fail ${LOST}`,
  ],
};

test("subunit-1to2 reads what check, Python's client and Perl's print", async () => {
  for (const [name, found] of Object.entries(PRODUCERS)) {
    const recorded = Deno.readFileSync(fixture(`v1/${name}`));
    assertEquals(contents(await asV2(recorded)), found, name);
  }
});

test("subunit-1to2 tells the time it is told, before that the present", async () => {
  const before = Math.floor(Date.now() / 1000);
  const [first, second] = itemsIn(
    await asV2("test: a\ntime: 2026-01-31 12:00:00.5Z\nsuccess: a\n"),
  );
  assert(first?.kind === "packet" && second?.kind === "packet");
  assert(first.timestamp!.seconds >= before);
  assertEquals(formatTimestamp(second.timestamp!), "2026-01-31T12:00:00.5Z");
});

test("subunit-1to2 passes on text and packets as they came", async () => {
  const packets = stream(
    { testId: "a", status: "inprogress", timestamp: at("01:02:03") },
    { fileName: "stdout", fileBytes: stream("test: no\n") },
    { testId: "a", status: "success" },
  );
  const inputs = [
    packets,
    stream(packets, "г", packets, "line\n", packets),
    stream("a", damaged({ testId: "b" }), "\n", packets),
    packets.subarray(0, 30),
    stream("success: a\n]\n time: x\n", Uint8Array.of(0xff, 0xd0)),
  ];
  for (const input of inputs) {
    assertEquals(await asV2(input), input);
  }
  const mixed = await asV2(stream("test: b\n", packets, "success: b\nx"));
  assertEquals(contents(mixed), [
    "b: inprogress",
    ...contents(packets),
    "b: success",
    "text x",
  ]);
});

test("subunit-1to2 --no-detect writes text that no reader takes for a packet", async () => {
  const line = stream("10 m", Uint8Array.of(0xb3), " an hour\n");
  const stdin = stream("test: a\n", line, "success: a\n");
  const stdout = await outputOfCall("subunit-1to2", ["--no-detect"], { stdin });
  const files = itemsIn(stdout).map((item) => {
    assert(item.kind === "packet");
    return item.testId === undefined ? item.fileBytes! : new Uint8Array(0);
  });
  assertEquals(concat(files), line);
});

test("subunit-1to2 --no-detect takes packets for text", async () => {
  const packet = stream({
    testId: "a",
    fileName: "f",
    fileBytes: stream("\ntest: b\n"),
  });
  const found = await asV2(packet, ["--no-detect"]);
  assertStringIncludes(text(found), "b");
  assert(!equalBytes(found, packet));
  assertEquals(await asV2(packet, ["--detect"]), packet);
  assertEquals(await asV2(packet, ["--no-detect", "--detect"]), packet);
});

test("subunit-1to2 reads files one after another, and gives a route", async () => {
  using dir = new TempDir();
  const files = [
    dir.file("one", "test: a\nsucc"),
    dir.file("two", "ess: a\ntest: b"),
  ];
  const { stdout } = await to2(["--route", "r/1", ...files]);
  assertEquals(contents(stdout), [
    "a: (r/1) inprogress",
    "a: (r/1) success",
    "b: (r/1) inprogress",
    `b: (r/1) fail ${LOST}`,
  ]);
});

test("subunit-1to2 --exit-status judges tests, packets and damage", async () => {
  const judged: [string | Uint8Array, number][] = [
    ["test: a\nsuccess: a\ntext\n", 0],
    ["test: a\nfailure: a\n", 1],
    ["test: a\nuxsuccess: a\n", 1],
    ["test: a\n", 1],
    ["test: a\nxfail: a [\nx\n]\n", 0],
    [stream({ testId: "a", status: "success" }), 0],
    [stream({ testId: "a", status: "fail" }), 1],
    [stream({ testId: "a", status: "inprogress" }), 1],
    [damaged({ testId: "a" }), 1],
  ];
  const passed = judged.map((
    [stdin],
  ): [string | Uint8Array, number] => [stdin, 0]);
  await assertStatuses("subunit-1to2", [], passed);
  await assertStatuses("subunit-1to2", ["--exit-status"], judged);
});

/** Runs a shell script under subunit-1to2. */
function wrap(
  script: string,
  args: readonly string[] = [],
  surroundings: Surroundings = {},
): Promise<Finished> {
  const command = ["--", "sh", "-c", script, "sh", "-x"];
  return runTool("subunit-1to2", [...args, ...command], surroundings);
}

Deno.test("subunit-1to2 runs a command, and ends as it does", async () => {
  const ended = (status: string, reason: string) =>
    `sh: exit status: ${status} [reason: ${reason}]`;
  const cases: [string, number, string[], string][] = [
    [
      'echo "test: $1"; cat; echo "success: $1"; echo said >&2',
      0,
      [
        "-x: inprogress",
        "text typed\n",
        "-x: success",
        ended("exists", "exit status 0"),
      ],
      "said\n",
    ],
    ["echo text; exit 3", 3, [
      "text text\n",
      ended("fail", "exit status 3"),
    ], ""],
    ["printf 'test: a\\n\\320'; kill -9 $$", 137, [
      "a: inprogress",
      "text \ufffd\n",
      `a: fail ${LOST}`,
      ended("fail", "killed by SIGKILL"),
    ], ""],
    ["printf '\\320'", 0, [
      "text \ufffd\n",
      ended("exists", "exit status 0"),
    ], ""],
  ];
  for (const [script, expected, found, words] of cases) {
    const { stdout, stderr, status } = await wrap(script, [], {
      stdin: "typed\n",
    });
    assertEquals(contents(stdout), found, script);
    assertEquals(stderr, words);
    assertEquals(status, expected);
  }
  const judged = await wrap("echo test: a", ["--exit-status", "--route=r"]);
  assertEquals(judged.status, 1);
  assertEquals(
    contents(judged.stdout).at(-1),
    "sh: exit status: (r) exists [reason: exit status 0]",
  );
});

Deno.test("subunit-1to2 says in one line what is wrong with a command", async () => {
  using dir = new TempDir();
  const plain = dir.file("plain", "text");
  const cases: [string[], RegExp, string[]][] = [
    [["--"], /Expected a command after "--": see --help/, []],
    [[plain, "--", "true"], /Cannot read a FILE and run a command/, []],
    [
      ["--route", "0", "--", "/no/such"],
      /Cannot run "\/no\/such": no such command/,
      [
        "such: exit status: (0) fail [reason: it could not be run to completion]",
      ],
    ],
    [["--", plain], /Cannot run ".*plain": .*: check the command/, [
      "plain: exit status: fail [reason: it could not be run to completion]",
    ]],
    [[`${dir.path}/none`], /Cannot open/, []],
  ];
  for (const [args, words, found] of cases) {
    const { stdout, stderr, status } = await runTool("subunit-1to2", args);
    assertMatch(stderr, words);
    assertMatch(stderr, /^subunit-1to2: .*\n$/);
    assertEquals(contents(stdout), found);
    assertEquals(status, 2);
  }
});

Deno.test("subunit-1to2 passes signals on to its command, live", async () => {
  for (const [signal, status] of [["SIGTERM", 143], ["SIGINT", 5]] as const) {
    const tool = spawn([
      ...commandOf("subunit-1to2"),
      "--",
      "sh",
      "-c",
      `trap 'echo success: a; exit 5' INT; echo time: 2026-01-31 01:02:03Z
      echo test: a; sleep 60 > /dev/null & wait`,
    ]);
    const reader = tool.stdout.getReader();
    const started = stream({
      testId: "a",
      status: "inprogress",
      timestamp: at("01:02:03"),
    });
    let read: Uint8Array = new Uint8Array(0);
    while (read.length < started.length) {
      read = concat([read, (await within(reader.read())).value!]);
    }
    assertEquals(read, started);
    tool.kill(signal);
    assertEquals((await within(tool.status)).code, status);
    await reader.cancel();
    await tool.stdin.close();
  }
});

Deno.test("subunit-1to2 leaves no command behind when its reader leaves", async () => {
  const tool = spawn([
    ...commandOf("subunit-1to2"),
    "--",
    "sh",
    "-c",
    "echo $$; while :; do echo line; done",
  ]);
  const reader = tool.stdout.getReader();
  const { value } = await within(reader.read());
  const pid = /^\d+/.exec(text(value!))![0];
  await reader.cancel();
  assertEquals((await within(tool.status)).code, 141);
  await tool.stdin.close();
  await within((async () => {
    while (isRunning(pid)) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  })());
});

Deno.test("subunit-1to2 is live", async () => {
  await using tool = new LiveTool("subunit-1to2");
  const packet = stream({ testId: "z", status: "exists" });
  const test = { testId: "a", timestamp: at("01:02:03") };
  const steps: [written: Uint8Array, read: Uint8Array][] = [
    [
      stream("time: 2026-01-31 01:02:03Z\ntest: a\n", "a prompt> "),
      stream({ ...test, status: "inprogress" }, "a prompt> "),
    ],
    [
      stream("\nsuccess: a\n", packet, "testi"),
      stream("\n", { ...test, status: "success" }, packet),
    ],
  ];
  const expected: Uint8Array[] = [];
  for (const [written, read] of steps) {
    await within(tool.write(written));
    expected.push(read);
    const all = stream(...expected);
    assertEquals(await tool.read(all.length), all);
  }
});

peerCallTest(
  `subunit-1to2 agrees with Python's on any sound stream (seed ${SEED})`,
  ["subunit"],
  async () => {
    const v1 = sample(anyStream, 60, SEED).join("");
    const theirs = await runPython("subunit-1to2", [], { stdin: v1 });
    assertEquals(theirs.stderr, "");
    const ours = await asV2(v1);
    assertEquals(facts(ours), facts(theirs.stdout));
  },
);

peerTest("subunit-1to2 reads Python's client as it runs", [
  "python3-subunit",
], async () => {
  const { stdout, status } = await runTool(
    "subunit-1to2",
    ["--", "/usr/bin/python3", peerPath("v1_client.py")],
    { cwd: Deno.cwd() },
  );
  const found = contents(stdout)
    .map((line) =>
      line.replace(/File ".*\/v1_client/, 'File "/project/v1_client')
    );
  assertEquals(found, [
    ...PRODUCERS["python.v1"],
    "python3: exit status: exists [reason: exit status 0]",
  ]);
  assertEquals(status, 0);
});

peerTest(
  "subunit-1to2 reads check's tests as they run, a crash as a failure",
  ["check, libsubunit-dev, gcc and pkg-config"],
  async () => {
    using dir = new TempDir();
    const program = `${dir.path}/v1_check`;
    const compiled = await run([
      "sh",
      "-c",
      'cd "$1" && gcc v1_check.c -o "$2" $(pkg-config --cflags --libs check) -lsubunit',
      "sh",
      peerPath(""),
      program,
    ]);
    assertEquals(compiled.status, 0, compiled.stderr);
    const ended = (status: string, how: string) =>
      `v1_check: exit status: ${status} [reason: ${how}]`;
    const forked = await runTool("subunit-1to2", ["--", program]);
    assertEquals(contents(forked.stdout), [
      ...PRODUCERS["check.v1"],
      // The failed tests explain it.
      ended("exists", "exit status 1"),
    ]);
    assertEquals(forked.status, 1);
    const crashed = await runTool("subunit-1to2", ["--", program, "crash"]);
    assertEquals(contents(crashed.stdout), [
      ...PRODUCERS["check_crash.v1"],
      ended("fail", "killed by SIGSEGV"),
    ]);
    assertEquals(crashed.status, 139);
  },
);
