import { assert, assertEquals, assertMatch } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { isRunRecord, type StatusEvent } from "@subunit/codec";
import {
  encodeRecord,
  recordAtStart,
} from "../../filters/history/repository/record.ts";
import {
  commandOf,
  type Finished,
  fixture,
  LiveTool,
  peerTest,
  runTool,
  shell,
  type Surroundings,
  TempDir,
  text,
  within,
} from "../support/run.ts";
import {
  at,
  type EventFields,
  eventsIn as allEventsIn,
  fileIn,
  stream,
} from "../support/streams.ts";

/** The events of a stream, without those that describe the run. */
function eventsIn(bytes: Uint8Array): StatusEvent[] {
  return allEventsIn(bytes).filter((event) => !isRunRecord(event));
}

/** Runs a shell script under the tool. */
function exec(
  script: string,
  args: readonly string[] = [],
  surroundings: Surroundings = {},
): Promise<Finished> {
  const words = [...args, "--", "sh", "-c", script];
  return runTool("subunit-exec", words, surroundings);
}

/** Events as "file: text" and "test status: text", with each file joined. */
function described(events: readonly StatusEvent[]): string[] {
  const words: string[] = [];
  for (const { testId, status, fileName, fileBytes } of events) {
    const content = fileBytes === undefined ? "" : text(fileBytes);
    const what = testId === undefined
      ? `${fileName}: `
      : `${testId} ${status ?? fileName}: `;
    const before = words.findIndex((one) => one.startsWith(what));
    if (testId === undefined && before >= 0) words[before] += content;
    else words.push(what + content);
  }
  return words;
}

/** The event about the end of sh. */
function ended(status: string, reason: string): string {
  return `sh: exit status ${status}: ${reason}`;
}

Deno.test("subunit-exec keeps all that a command prints, and how it ends", async () => {
  const { stdout, stderr, status } = await exec(
    "echo out; echo err >&2; printf more",
  );
  assertEquals(stderr, "");
  assertEquals(status, 0);
  assertEquals(
    described(eventsIn(stdout)).sort(),
    [
      ended("exists", "exit status 0"),
      "stderr: err\n",
      "stdout: out\nmore",
    ].sort(),
  );
  const last = eventsIn(stdout).at(-1)!;
  assertEquals(last.runnable, false);
  assert(last.timestamp !== undefined);
});

Deno.test("subunit-exec fails where the results are in a format that it does not read", async () => {
  const xml = "<testsuite><testcase name='a'/></testsuite>";
  const tap = "1..1\\nok 1 - a\\n";
  const cases: [args: string[], output: string, converter: string][] = [
    [[], `${xml}\\n`, "junitxml2subunit"],
    [["--v1"], xml, "junitxml2subunit"],
    [["--v2"], tap, "tap2subunit"],
  ];
  for (const [args, output, converter] of cases) {
    const { stdout, status } = await exec(`printf "${output}"`, args);
    const printed = output.replaceAll("\\n", "\n");
    const reason =
      `exit status 0, with results in another format: put ${converter} behind it`;
    assertEquals(
      described(eventsIn(stdout)),
      [`stdout: ${printed}`, ended("fail", reason)],
      output,
    );
    assertEquals(status, 1, output);
  }
  // Behind a test it is text.
  const { status } = await exec(`printf "${tap}"; echo "${xml}"`);
  assertEquals(status, 0);
});

Deno.test("subunit-exec makes a failure of a command that fails without one", async () => {
  const cases: [script: string, words: string[], status: number][] = [
    ["exit 3", [ended("fail", "exit status 3")], 1],
    ["kill -9 $$", [ended("fail", "killed by SIGKILL")], 1],
    ["printf '1..1\\nok 1 - a\\n'; exit 3", [
      "a success: ",
      ended("fail", "exit status 3"),
    ], 1],
    // A failed test explains it.
    ["printf '1..1\\nnot ok 1 - a\\n'; exit 1", [
      "a fail: ",
      ended("exists", "exit status 1"),
    ], 1],
    ["printf '1..1\\nnot ok 1 - a\\n'", [
      "a fail: ",
      ended("exists", "exit status 0"),
    ], 1],
    ["printf '1..1\\nok 1 - a\\n'", [
      "a success: ",
      ended("exists", "exit status 0"),
    ], 0],
  ];
  for (const [script, words, expected] of cases) {
    const { stdout, status } = await exec(script);
    assertEquals(described(eventsIn(stdout)), words, script);
    assertEquals(status, expected, script);
  }
});

Deno.test("subunit-exec lets a later stage fail the build without pipefail", async () => {
  const { stdout, status } = await shell(
    "subunit-exec -- sh -c 'exit 3' | subunit-ls --failing",
  );
  assertEquals(text(stdout), "sh: exit status\n");
  assertEquals(status, 1);
});

Deno.test("subunit-exec passes packets on as they came, and fails those that are lost", async () => {
  using dir = new TempDir();
  const packets = stream(
    { testId: "a", status: "inprogress", routeCode: "0", tags: ["t"] },
    { testId: "b", status: "success", timestamp: at("01:02:03") },
  );
  const file = dir.file("run", packets);
  const { stdout, status } = await exec(
    'cat "$FILE"; echo last words >&2; kill -SEGV $$',
    [],
    { env: { FILE: file } },
  );
  assertEquals(status, 1);
  const hex = stdout.toHex();
  const each: EventFields[] = eventsIn(packets);
  assert(each.every((event) => hex.includes(stream(event).toHex())));
  const lost = eventsIn(stdout).filter(({ tags }) => tags?.includes("lost"));
  assertEquals(
    lost.map(({ testId, status, routeCode, tags }) => [
      testId,
      status,
      routeCode,
      tags,
    ]),
    [["a", "fail", "0", ["lost", "t"]]],
  );
  const words = described(eventsIn(stdout));
  assert(words.includes("a last output: last words\n"), words.join());
  assertEquals(words.at(-1), ended("fail", "killed by SIGSEGV"));
});

Deno.test("subunit-exec takes the results from a descriptor", async () => {
  const { stdout, status } = await exec(
    "echo '1..1' >&3; echo 'ok 1 - out'; echo 'ok 1 - real' >&3; echo err >&2",
    ["--fd", "3"],
  );
  assertEquals(status, 0);
  assertEquals(
    described(eventsIn(stdout)).sort(),
    [
      "output: ok 1 - out\nerr\n",
      ended("exists", "exit status 0"),
      "real success: ",
    ].sort(),
  );
});

Deno.test("subunit-exec --detect waits for a line that shows the form", async () => {
  const cases: [printed: string, words: string[]][] = [
    ["ok\\nnot ok\\nok then\\n1..x\\n", [
      "stdout: ok\nnot ok\nok then\n1..x\n",
    ]],
    ["building\\nTAP version 13\\nok 1\\n1..1\\n", [
      "stdout: building\n",
      "test 1 success: ",
    ]],
    ["1..1\\nok 1", ["test 1 success: "]],
    ["ok 1", ["test 1 success: ", "tap plan fail: "]],
    ["text without end", ["stdout: text without end"]],
    ["time flies\\ntest results:\\nsuccess: a\\n", [
      "stdout: time flies\ntest results:\nsuccess: a\n",
    ]],
    ["building\\ntest: a\\nsuccess: a\\nok 1\\n", [
      "stdout: building\nok 1\n",
      "a inprogress: ",
      "a success: ",
    ]],
    [
      '{"no": "result"}\\n{"Action":"start","Package":"p"}\\n{"Action":"fail","Package":"p","Test":"T"}\\n{"Action":"fail","Package":"p"}\\n',
      [
        'stdout: {"no": "result"}\n',
        "p.T fail: ",
      ],
    ],
  ];
  for (const [printed, words] of cases) {
    for (const delay of ["", "sleep 0.05; "]) {
      const script = printed.split("\\n").map((line, i, all) =>
        `printf '${line}${i < all.length - 1 ? "\\n" : ""}'; ${delay}`
      ).join("");
      const { stdout } = await exec(script);
      const all = described(eventsIn(stdout)).slice(0, -1);
      assertEquals(
        all.map((one) => one.replace(/(tap plan fail: ).*/s, "$1")),
        words,
        script,
      );
    }
  }
});

Deno.test("subunit-exec reads the form it is told, however results begin", async () => {
  const script = "echo 'ok 1'; echo 1..1";
  const plain = eventsIn((await exec(script, ["--v2"])).stdout);
  assertEquals(described(plain)[0], "stdout: ok 1\n1..1\n");
  const tap = eventsIn((await exec("echo ok; echo 1..1", ["--tap"])).stdout);
  assertEquals(described(tap)[0], "test 1 success: ");
  const v1 = eventsIn(
    (await exec("echo test a; echo success a", ["--v1"])).stdout,
  );
  assertEquals(described(v1).slice(0, 2), ["a inprogress: ", "a success: "]);
  const go = '{"Action":"pass","Package":"p","Test":"T"}';
  const gojson = eventsIn((await exec(`echo '${go}'`, ["--gojson"])).stdout);
  assertEquals(described(gojson)[0], "p.T success: ");
});

Deno.test("subunit-exec gives the command its own standard input", async () => {
  const { stdout } = await exec("cat", [], { stdin: "from outside" });
  assertEquals(described(eventsIn(stdout))[0], "stdout: from outside");
});

Deno.test("subunit-exec reads both pipes at a time", async () => {
  const { stdout, status } = await exec(
    "head -c 1000000 /dev/zero >&2; head -c 1000000 /dev/zero; echo 1..0",
  );
  assertEquals(status, 0);
  const bytes = (name: string) =>
    fileIn(eventsIn(stdout), undefined, name).length;
  assertEquals(bytes("stderr"), 1000000);
  assert(bytes("stdout") >= 1000000);
});

Deno.test("subunit-exec is live", async () => {
  await using tool = new LiveTool("subunit-exec", ["--", "cat"]);
  const packet = stream({ testId: "a", status: "success" });
  await within(tool.write(packet));
  let out = await tool.read(1);
  const start = recordAtStart(out)?.byteLength ?? 0;
  out = await tool.read(start + packet.length);
  assertEquals(out.slice(start), packet);
});

Deno.test("subunit-exec passes signals on, and lives to tell", async () => {
  for (
    const [signal, trap, words] of [
      ["SIGTERM", "trap 'exit 0' TERM", ended("exists", "exit status 0")],
      ["SIGINT", "trap 'exit 5' INT", ended("fail", "exit status 5")],
      ["SIGHUP", "trap - HUP", ended("fail", "killed by SIGHUP")],
    ] as const
  ) {
    const script = `${trap}; echo ready; while :; do sleep 0.05; done`;
    const [program, ...args] = commandOf("subunit-exec");
    const process = new Deno.Command(program, {
      args: [...args, "--", "sh", "-c", script],
      stdin: "null",
      stdout: "piped",
    }).spawn();
    const chunks: Uint8Array[] = [];
    for await (const chunk of process.stdout) {
      if (chunks.length === 0) process.kill(signal);
      chunks.push(chunk.slice());
    }
    assertEquals(described(eventsIn(concat(chunks))).at(-1), words, signal);
  }
});

Deno.test("subunit-exec ends when its reader leaves", async () => {
  const { status, stderr } = await shell(
    "subunit-exec -- yes | head -c 1 > /dev/null; exit ${PIPESTATUS[0]}",
  );
  assertEquals(stderr, "");
  assertEquals(status, 141);
});

Deno.test("subunit-exec says what it cannot run, in the stream too", async () => {
  const { status, stdout, stderr } = await runTool("subunit-exec", [
    "--",
    "./no-such-command",
  ]);
  assertMatch(
    stderr,
    /^subunit-exec: Cannot run "\.\/no-such-command": no such command: [^\n]+\n$/,
  );
  assertEquals(described(eventsIn(stdout)), [
    "no-such-command: exit status fail: it could not be started",
  ]);
  assertEquals(status, 2);
});

Deno.test("subunit-exec wants a command, one form and a descriptor", async () => {
  const cases: [string[], string][] = [
    [[], "Expected a command to run, after --: see --help"],
    [
      ["--tap", "--v2", "--", "true"],
      "Options --v2 and --tap exclude each other: see --help",
    ],
    [
      ["--fd=1", "--", "true"],
      'Option --fd is "1": expected 3 to 9: see --help',
    ],
  ];
  for (const [args, words] of cases) {
    const { status, stderr } = await runTool("subunit-exec", args);
    assertEquals(stderr, `subunit-exec: ${words}\n`);
    assertEquals(status, 2);
  }
});

peerTest(
  "subunit-exec tells what became of each test of stestr, and of its workers",
  [
    "stestr",
  ],
  async () => {
    using dir = new TempDir();
    const suite = fixture("stestr/suite/test_shop.py");
    Deno.mkdirSync(`${dir.path}/suite`);
    Deno.copyFileSync(suite, `${dir.path}/suite/test_shop.py`);
    dir.file("suite/__init__.py", "");
    const { stdout, status } = await shell(
      `stestr init 2> init.log
    subunit-exec -- stestr run --subunit --concurrency 2 --test-path ./suite |
      subunit-seal --expect-listed`,
      [],
      { cwd: dir.path },
    );
    assertEquals(status, 0);
    const last = new Map(
      eventsIn(stdout).map((event) => [event.testId, event]),
    );
    for (
      const [name, expected] of [
        ["TestBasket.test_create", "success"],
        ["TestInvoice.test_total", "fail"],
        ["TestMail.test_known", "xfail"],
        ["TestStock.test_later", "skip"],
        // Its worker dies, and the tests that it had not begun are lost.
        ["TestMail.test_dies", "fail"],
      ]
    ) {
      const { status, tags } = last.get(`suite.test_shop.${name}`)!;
      assert(
        status === expected || tags?.includes("lost"),
        `${name}: ${status}`,
      );
    }
    // With --subunit it always exits 0.
    assertEquals(last.get("stestr: exit status")!.status, "exists");
  },
);

Deno.test("subunit-exec takes bytes that begin as a packet for text in text formats", async () => {
  const script = "printf '1..3\\nok 1\\n# 10 m\\263 per hour\\nok 2\\nok 3\\n'";
  // Without a packet in the stream, detection has the same result.
  for (const args of [["--tap"], []]) {
    const { stdout, status } = await exec(script, args);
    const statuses = eventsIn(stdout).map(({ status }) => status)
      .filter((status) => status !== undefined && status !== "inprogress");
    assertEquals(statuses, ["success", "success", "success", "exists"]);
    assertEquals(status, 0);
  }
});

// --- Limits: long enough for a shell to start on a machine that is busy

/** A test in progress, and its last words. */
const HANGS = "echo 'test: hangs'; echo 'waiting for the lock'";

Deno.test("subunit-exec --no-output-timeout names the tests in progress, which fail", async () => {
  // It ignores the first signal, and leaves a process behind.
  const script = `trap '' TERM; ${HANGS}; sleep 300 & sleep 300`;
  const limits = ["--v1", "--no-output-timeout=1500ms", "--grace=200ms"];
  const { stdout, stderr, status } = await exec(script, limits);
  assertEquals(status, 1);
  assertMatch(
    stderr,
    /^subunit-exec: Ending "sh": it wrote nothing for 1500ms\nsubunit-exec: In progress for [\d.]+ s: hangs, after:\nsubunit-exec: {3}waiting for the lock\n$/,
  );
  const words = described(eventsIn(stdout));
  assertEquals(words.slice(0, 2), [
    "hangs inprogress: ",
    "stdout: waiting for the lock\n",
  ]);
  assertEquals(
    words.at(-1),
    ended(
      "fail",
      "it wrote nothing for 1500ms, and was ended: killed by SIGKILL",
    ),
  );
  assert(words.some((one) => one.startsWith("hangs fail: ")), words.join());
});

Deno.test("subunit-exec fails tests of packets that a limit ended, with the reason", async () => {
  using dir = new TempDir();
  const file = dir.file(
    "run",
    stream(
      { testId: "done", status: "success" },
      { testId: "a", status: "inprogress" },
      { testId: "a", fileName: "log", fileBytes: stream("opening\nlocked\n") },
    ),
  );
  const { stdout, stderr, status } = await exec(
    'cat "$FILE"; exec sleep 300',
    ["--timeout=1500ms"],
    { env: { FILE: file } },
  );
  assertEquals(status, 1);
  assertMatch(
    stderr,
    /: a, after:\nsubunit-exec: {3}opening\nsubunit-exec: {3}locked\n$/,
  );
  const words = described(eventsIn(stdout));
  assertEquals(words.slice(-2), [
    "a fail: The test never ended. The command was ended: it took longer than 1500ms.",
    ended(
      "fail",
      "it took longer than 1500ms, and was ended: killed by SIGTERM",
    ),
  ]);
});

Deno.test("subunit-exec fails a command that ends well at a limit", async () => {
  const { stdout, status } = await exec(
    "trap 'echo bye; exit 0' TERM; while :; do sleep 0.02; done",
    ["--timeout=1500ms"],
  );
  assertEquals(status, 1);
  const words = described(eventsIn(stdout));
  // A shell may report that its command was terminated.
  assertEquals(words.filter((one) => !one.startsWith("stderr: ")), [
    "stdout: bye\n",
    ended("fail", "it took longer than 1500ms, and was ended: exit status 0"),
  ]);
});

Deno.test("subunit-exec changes nothing for a command within its limits", async () => {
  const script = "echo 1..1; echo ok 1 - a; echo err >&2; exit 3";
  const limits = ["--timeout=1h", "--no-output-timeout=1h", "--grace=1h"];
  const timeless = ({ stdout, ...rest }: Finished) => ({
    ...rest,
    words: described(eventsIn(stdout)).sort(),
  });
  assertEquals(
    timeless(await exec(script, limits)),
    timeless(await exec(script)),
  );
});

Deno.test("subunit-exec --grace kills a command that does not end at a signal", async () => {
  const script = "trap '' TERM; echo ready; while :; do sleep 0.05; done";
  const [program, ...args] = commandOf("subunit-exec");
  const process = new Deno.Command(program, {
    args: [...args, "--grace=100ms", "--", "sh", "-c", script],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdout) {
    if (chunks.length === 0) process.kill("SIGTERM");
    chunks.push(chunk);
  }
  assertEquals((await process.status).code, 1);
  assertEquals(
    described(eventsIn(concat(chunks))).at(-1),
    ended("fail", "killed by SIGKILL"),
  );
});

// --- Attempts

/** Each test passes once its file exists, which the first failure makes. */
const FLAKY = `run() {
  for name; do
    echo "test: $name"
    case $name in
      bad) echo "failure: $name" ;;
      *flaky*) if [ -e "$DIR/$name" ]; then echo "success: $name"
        else : > "$DIR/$name"; echo "failure: $name"; fi ;;
      *) echo "success: $name" ;;
    esac
    echo "$name" >> "$DIR/ran"
  done
}
run "$@"`;

/** Runs tests that fail at first, and then the failed ones again. */
async function retry(
  names: readonly string[],
  args: readonly string[],
): Promise<Finished & { readonly ran: string[]; readonly words: string[] }> {
  using dir = new TempDir();
  const script = dir.file("suite", FLAKY);
  const finished = await runTool("subunit-exec", [
    "--v1",
    ...args.map((word) => word.replace("SUITE", `sh ${script}`)),
    "--",
    "sh",
    script,
    ...names,
  ], { env: { DIR: dir.path } });
  const ran = Deno.readTextFileSync(`${dir.path}/ran`).trimEnd().split("\n");
  const words = eventsIn(finished.stdout)
    .filter(({ status }) => status !== undefined && status !== "inprogress")
    .map(({ testId, status, tags = [] }) => `${testId} ${status} ${tags}`);
  return { ...finished, ran, words };
}

Deno.test("subunit-exec --retries runs failed tests again, and keeps all attempts", async () => {
  const names = ["good", "flaky it's $HOME", "flaky 2"];
  const result = await retry(names, ["--retries=2", "--rerun", "SUITE {}"]);
  assertEquals(result.ran, [...names, ...names.slice(1)]);
  assertEquals(result.words, [
    "good success ",
    "flaky it's $HOME fail ",
    "flaky 2 fail ",
    "sh: exit status exists ",
    "flaky it's $HOME success attempt-2,flaky",
    "flaky 2 success attempt-2,flaky",
    "sh: exit status exists ",
  ]);
  assertEquals([result.status, result.stderr], [0, ""]);
});

Deno.test("subunit-exec --retries fails when a test never passes", async () => {
  const result = await retry(["flaky", "bad", "good"], [
    "--retries=2",
    "--rerun=SUITE {}",
  ]);
  assertEquals(result.ran, ["flaky", "bad", "good", "flaky", "bad", "bad"]);
  assertEquals(
    result.words.filter((one) => one.startsWith("bad")),
    ["bad fail ", "bad fail attempt-2", "bad fail attempt-3"],
  );
  assertEquals(result.status, 1);
});

Deno.test("subunit-exec --retries is not green when a rerun runs nothing, or fails", async () => {
  const nothing = await retry(["flaky"], ["--retries=1", "--rerun=true {}"]);
  assertEquals(nothing.ran, ["flaky"]);
  assertEquals(nothing.status, 1);
  const failed = await retry(["flaky"], [
    "--retries=1",
    "--rerun=SUITE {}; exit 3",
  ]);
  assertEquals(failed.words.slice(-2), [
    "flaky success attempt-2,flaky",
    "sh: exit status fail ",
  ]);
  assertEquals(failed.status, 1);
  const good = await retry(["good"], ["--retries=1", "--rerun=SUITE {}"]);
  assertEquals([good.ran, good.status], [["good"], 0]);
});

Deno.test("subunit-exec --retries is not green when a test never ended", async () => {
  using dir = new TempDir();
  // Another test would have been next.
  const first = stream(
    { testId: "a", status: "success" },
    { testId: "b", status: "inprogress" },
  );
  const env = {
    FIRST: dir.file("first", first),
    AGAIN: dir.file("again", stream({ testId: "b", status: "success" })),
  };
  for (const exit of [0, 1]) {
    const { stdout, status } = await exec(
      `cat "$FIRST"; exit ${exit}`,
      ["--retries=1", "--rerun=cat $AGAIN; : {}"],
      { env },
    );
    const endings = eventsIn(stdout)
      .filter(({ status }) => status !== "exists" && status !== "inprogress")
      .map(({ testId, status, tags = [] }) => `${testId} ${status} ${tags}`);
    assertEquals(endings, [
      "a success ",
      "b fail lost",
      "b success attempt-2,flaky",
      "sh: exit status fail ",
    ]);
    assert(text(stdout).includes("may not have run"));
    assertEquals(status, 1);
  }
});

Deno.test("subunit-exec --retries is not green when a rerun skips a test", async () => {
  // As Node reports tests that its pattern leaves out.
  const { stdout, status } = await exec(
    "echo 1..1; echo not ok 1 - a; exit 1",
    [
      "--retries=1",
      "--rerun=echo 1..1; echo 'ok 1 - a # SKIP'; : {}",
    ],
  );
  assertEquals(
    eventsIn(stdout).filter(({ testId }) => testId === "a")
      .map(({ status, tags = [] }) => `${status} ${tags}`),
    ["fail ", "skip attempt-2"],
  );
  assertEquals(status, 1);
});

Deno.test("subunit-exec --rerun keeps ids whole where {} is in quotes", async () => {
  const names = ["flaky * it's", "flaky 2"];
  for (const braces of ["{}", '"{}"', "'{}'"]) {
    const args = ["--retries=1", "--rerun", `SUITE ${braces}`];
    const { ran, status } = await retry(names, args);
    assertEquals([ran, status], [[...names, ...names], 0]);
  }
});

Deno.test("subunit-exec --retries does not run tests again after a limit", async () => {
  const { stdout, status } = await exec(`${HANGS}; exec sleep 300`, [
    ...["--v1", "--timeout=1500ms", "--retries=1", "--rerun=echo again {}"],
  ]);
  assert(!text(stdout).includes("again hangs"));
  assertEquals(status, 1);
});

Deno.test("subunit-exec --retries leaves the packets of attempts as they came, but for tags", async () => {
  using dir = new TempDir();
  const failed = stream(
    { testId: "a", status: "fail", routeCode: "0", timestamp: at("01:02:03") },
  );
  const passed = { testId: "a", status: "success", routeCode: "1" } as const;
  const first = dir.file("first", failed);
  const again = dir.file(
    "again",
    stream({ ...passed, tags: ["slow"], timestamp: at("01:02:04") }),
  );
  const { stdout, status } = await exec('cat "$FIRST"', [
    "--retries=1",
    "--rerun=cat $AGAIN; : {}",
  ], { env: { FIRST: first, AGAIN: again } });
  const from = recordAtStart(stdout)!.byteLength;
  assertEquals(stdout.slice(from, from + failed.length), failed);
  const tags = ["attempt-2", "flaky", "slow"];
  const after = stream({ ...passed, tags, timestamp: at("01:02:04") });
  assert(stdout.toHex().includes(after.toHex()));
  assertEquals(status, 0);
});

Deno.test("subunit-exec wants reruns and durations that make sense", async () => {
  for (
    const args of [
      ["--retries=1"],
      ["--rerun=x {}"],
      ["--retries=1", "--rerun=x"],
      ["--retries=x", "--rerun=x {}"],
      ["--timeout=soon"],
      ["--no-output-timeout=0"],
      ["--grace=-1"],
    ]
  ) {
    const { status, stderr } = await exec("exit 0", args);
    assertEquals(status, 2, args.join(" "));
    assertMatch(stderr, /^subunit-exec: Option.*: see --help\n$/);
  }
});

// --- Records

/** The records in a stream, as their names and contents. */
function recordsIn(bytes: Uint8Array): [string, Record<string, unknown>][] {
  return allEventsIn(bytes).filter(isRunRecord).map((
    { fileName, fileBytes },
  ) => [fileName!, JSON.parse(text(fileBytes!))]);
}

Deno.test("subunit-exec records its command and how it ended", async () => {
  using dir = new TempDir();
  Deno.mkdirSync(`${dir.path}/.git`);
  Deno.mkdirSync(`${dir.path}/a/é`, { recursive: true });
  const sh = (script: string) => ["sh", "-c", script];
  const cases: [script: string, cwd: string, end: object][] = [
    ["echo ok; exit 3", "a/é", { v: 1, of: "command", exit: 3 }],
    ["kill -9 $$", "", { v: 1, of: "command", signal: "SIGKILL" }],
  ];
  for (const [script, cwd, end] of cases) {
    const { stdout } = await exec(script, [], { cwd: `${dir.path}/${cwd}` });
    const command = sh(script);
    assertEquals(recordsIn(stdout), [
      ["start", { v: 1, command, cwd: cwd || "." }],
      ["end", end],
    ]);
    const packets = allEventsIn(stdout);
    assertEquals([0, packets.length - 1].map((i) => packets[i].testId), [
      "subunit.run",
      "subunit.run",
    ]);
  }
  // Records are short, whatever is run.
  const words = Array.from({ length: 3000 }, (_, i) => `test-${i}`);
  const { stdout } = await runTool("subunit-exec", ["--", "true", ...words]);
  const [[, { command, wordsLeftOut }]] = recordsIn(stdout);
  assert(Array.isArray(command));
  assertEquals(command, ["true", ...words].slice(0, command.length));
  assertEquals(command.length + Number(wordsLeftOut), 3001);
  const empty = Array(30_000).fill("");
  const many = await runTool("subunit-exec", ["--", "true", ...empty]);
  assertEquals(many.status, 0, many.stderr);
});

Deno.test("subunit-exec | subunit-load keeps the command, and every byte", async () => {
  using dir = new TempDir();
  const { stdout, stderr, status } = await shell(
    `export SUBUNIT_REPO=$1/runs
subunit-exec -- sh -c 'echo text; exit 3' > $1/stream
subunit-load -q < $1/stream
subunit-last --bare | cmp - $1/stream
subunit-last --record
subunit-runs --columns exit,tests --format tsv
subunit-exec -- sh -c 'kill -TERM $$' | subunit-load -q
subunit-runs --columns exit,fail --format tsv -n 1
subunit-last | subunit-ls --exists`,
    [dir.path],
    { cwd: dir.path },
  );
  assertEquals(stderr, "");
  // That of the list: how a command failed is all that is in it.
  assertEquals(status, 1);
  const [record, ...lines] = text(stdout).split("\n");
  const { start, end } = JSON.parse(record);
  assertEquals(start.command, ["sh", "-c", "echo text; exit 3"]);
  assertEquals([end.exit, end.counts.fail], [3, 1]);
  assertEquals(lines, ["3\t1", "SIGTERM\t1", "sh: exit status", ""]);
  // A stream that no repository has is its own, records and all.
  const plain = await shell(
    `mkdir $1/plain && cp $1/stream $1/plain/run
subunit-last --repo $1/plain --bare | cmp - $1/stream
subunit-runs --columns exit --format tsv $1/plain/run`,
    [dir.path],
  );
  assertEquals([text(plain.stdout), plain.stderr], ["3\n", ""]);
});

Deno.test("subunit-exec passes on that a command ran all tests", async () => {
  using dir = new TempDir();
  const counts = {
    ...{ success: 1, uxsuccess: 0, skip: 0, fail: 0, xfail: 0, lost: 0 },
    damage: 0,
  };
  const end = encodeRecord("end", { v: 1, exit: 0, scope: "full", counts });
  const file = dir.file(
    "stream",
    concat([stream({ testId: "a", status: "success" }), end]),
  );
  for (
    const [more, scope] of [["", "full"], ["; echo 'not ok 1'", undefined]]
  ) {
    const { stdout, stderr } = await shell(
      `export SUBUNIT_REPO=$(mktemp -d)/runs
subunit-exec -- sh -c 'cat $1'"$2" -- $1 | subunit-load -q
subunit-last --record`.replace("cat $1", 'cat "$1"'),
      [file, more!],
    );
    assertEquals(stderr, "");
    assertEquals(JSON.parse(text(stdout)).end.scope, scope);
  }
});
