import { assert, assertEquals, assertMatch } from "@std/assert";
import { concat } from "@std/bytes/concat";
import type { StatusEvent } from "@subunit/codec";
import { CONTROL_TYPE, encodeControl } from "@subunit/codec/control";
import { pathOf } from "../../scripts/tool_path.ts";
import {
  commandOf,
  type Finished,
  isRunning,
  longTest,
  outputOf,
  peerTest,
  ROOT,
  runTool,
  type Surroundings,
  TempDir,
  text,
  within,
} from "../support/run.ts";
import { keepRun, keepRuns } from "../support/kept_runs.ts";
import { callOrRun } from "../support/call.ts";
import { loadRun, TempRepository } from "../support/runs.ts";
import { printf, workerScript } from "../support/sh_worker.ts";
import { at, eventsIn, stream } from "../support/streams.ts";

const PEER = pathOf(new URL("tests/peers/worker.py", ROOT));

/** Runs the tool with a worker of Python's library, whose tests are given. */
function runPeer(
  args: readonly string[],
  tests: readonly string[],
  surroundings: Surroundings = {},
): Promise<Finished> {
  const worker = ["/usr/bin/python3", PEER, ...tests];
  return runTool("subunit-run", [...args, "--", ...worker], surroundings);
}

/** The statuses in a stream but exists: "id status #tag". */
function statuses(stdout: Uint8Array): string[] {
  return eventsIn(stdout)
    .filter(({ status }) => status !== undefined && status !== "exists")
    .map(({ testId, status, tags = [] }) =>
      [testId, status, ...tags.map((tag) => `#${tag}`)].join(" ")
    );
}

/** Those that end a test, sorted. */
function outcomes(stdout: Uint8Array): string[] {
  return statuses(stdout).filter((line) => !line.includes(" inprogress"))
    .sort();
}

function assertNoControl(events: readonly StatusEvent[]): void {
  assert(events.every(({ mimeType }) => mimeType !== CONTROL_TYPE));
}

peerTest(
  "subunit-run lists and runs all tests, and strips what workers say",
  ["python3-subunit"],
  async () => {
    const { stdout, stderr, status } = await runPeer([], ["a=pass", "b=fail"]);
    assertEquals(stderr, "");
    assertEquals(status, 1);
    const events = eventsIn(stdout);
    assertNoControl(events);
    assertEquals(
      events.map((event) =>
        `${event.routeCode} ${event.testId} ${event.status}`
      ),
      [
        "0 a exists",
        "0 b exists",
        "0 a inprogress",
        "0 a success",
        "0 b inprogress",
        "0 b fail",
        "undefined subunit.run exists",
      ],
    );
    const listed = await runPeer(["--list", "b"], ["a=pass", "b=fail"]);
    assertEquals(listed.status, 0);
    assertEquals(
      eventsIn(listed.stdout).map(({ testId, status }) => [testId, status]),
      [["b", "exists"]],
    );
    const none = await runPeer(["--list", "c", "d"], ["a=pass", "b=fail"]);
    assertEquals(none.status, 1);
    assertEquals(
      none.stderr,
      'subunit-run: No test begins with "c" or "d": check the worker and its paths\n',
    );
    assertEquals(
      eventsIn(none.stdout).map(({ testId, status }) => [testId, status]),
      [["(list)", "fail"]],
    );
  },
);

longTest(
  "subunit-run records the full scope of what it ran, and of nothing less",
  ["python3-subunit"],
  async () => {
    const all = ["a=pass", "b=fail", "c=pass"];
    using repository = new TempRepository();
    let day = 0;
    /** The scope of the run as it is kept, and whether it is that of all tests. */
    const kept = async (stdout: Uint8Array, ...args: string[]) => {
      const id = await loadRun(repository, ++day, stdout, ...args);
      const run = repository.runs.find((one) => one.id === id)!;
      const full = await callOrRun("subunit-last", [
        repository.repo,
        "--record",
        "@full",
      ]);
      const isFull = full.status === 0 &&
        JSON.parse(text(full.stdout)).id === id;
      return [(await run.end())?.scope, isFull];
    };
    // A larger run came before: with fewer tests, another one would be partial.
    const larger = "abcdefghij".split("").map((testId) =>
      ({ testId, status: "fail" }) as const
    );
    assertEquals(await kept(stream(...larger)), [undefined, true]);
    const { stdout } = await runPeer([], all);
    assertEquals(await kept(stdout), ["full", true]);
    const failing = await callOrRun("subunit-failing", [
      repository.repo,
      "--list",
    ]);
    assertEquals(text(failing.stdout), "b\n");
    assertMatch(failing.stderr, /7 gone: renamed or deleted/);

    const repeated = await runPeer(["--repeat=2", "-j2"], all);
    assertEquals(await kept(repeated.stdout), ["full", true]);
    // What somebody says counts more.
    assertEquals(await kept(stdout, "--partial"), ["full", false]);
    // A filter takes tests out, and a cut stream has lost them.
    const filter = (...args: string[]) =>
      outputOf("subunit-filter", args, { stdin: stdout });
    assertEquals(await kept(await filter("-s")), ["full", true]);
    assertEquals((await kept(await filter()))[0], undefined);
    assertEquals((await kept(stdout.subarray(0, 60)))[0], undefined);
    // All of fewer tests is not all that there is; with more, it is.
    const fewer = await runPeer([], ["a=pass", "b=pass"]);
    assertEquals(await kept(fewer.stdout), ["full", false]);
    assertEquals(await kept(fewer.stdout, "--full"), ["full", true]);
    const more = await runPeer([], [...all, "d=pass"]);
    assertEquals(await kept(more.stdout), ["full", true]);
    for (
      const args of [["a", "b", "c"], ["--fail-fast"], ["--list"], [
        "--bisect=b",
      ]]
    ) {
      const some = await runPeer(args, all);
      const records = eventsIn(some.stdout).filter(({ testId }) =>
        testId === "subunit.run"
      );
      assertEquals([args, records], [args, []]);
    }
    // Where the list cannot be made, nothing is known of what there is.
    const none = await runTool("subunit-run", ["--", "false"]);
    assertEquals(
      eventsIn(none.stdout).map(({ testId }) => testId),
      ["(list)"],
    );
  },
);

peerTest(
  "subunit-run gives each id one result, whatever its worker does",
  ["python3-subunit"],
  async () => {
    const behaviours = {
      pass: "success",
      fail: "fail",
      die: "fail #lost",
      "die-quietly": "fail #lost #unstarted",
      exit: "fail #lost",
      twice: "success",
      silent: "fail #lost",
      ask: "fail",
    };
    const names = Object.keys(behaviours);
    const { stdout, status } = await runPeer(
      ["-j2", "unknown", ...names.map((name) => `${name}-x`)],
      names.map((name) => `${name}-x=${name}`),
    );
    assertEquals(status, 1);
    assertEquals(
      outcomes(stdout),
      [
        ...Object.entries(behaviours).map(([name, end]) => `${name}-x ${end}`),
        "unknown fail #unknown",
      ].sort(),
      // What happened depends on which worker got which test.
      eventsIn(stdout).map(({ testId, status, routeCode, fileBytes }) =>
        `${routeCode} ${testId} ${status} ${fileBytes && text(fileBytes)}`
      ).join("\n"),
    );
    const reason = text(
      eventsIn(stdout).find(({ testId, status }) =>
        testId === "die-x" && status === "fail"
      )!.fileBytes!,
    );
    assertMatch(reason, /^The worker has ended: killed by SIGKILL/);
    // One that has no result when the next one ends the worker has begun, too.
    const one = await runPeer(["silent-x", "die-x", "pass-x"], [
      "silent-x=silent",
      "die-x=die",
      "pass-x=pass",
    ]);
    assertEquals(outcomes(one.stdout), [
      "die-x fail #lost",
      "pass-x success",
      "silent-x fail #lost",
    ]);
  },
);

peerTest(
  "subunit-run keeps what a worker prints beside the protocol, and does not wait for it",
  ["python3-subunit"],
  async () => {
    const { stdout } = await runPeer(["a", "b"], ["a=print", "b=pass"]);
    assertEquals(outcomes(stdout).filter((line) => /^[ab] /.test(line)), [
      "a success",
      "b success",
    ]);
    const printed = eventsIn(stdout)
      .filter(({ fileName }) => fileName === "stdout" || fileName === "stderr")
      .map(({ fileName, fileBytes }) => `${fileName}: ${text(fileBytes!)}`);
    assert(printed.join().includes("stderr: words"), printed.join());
    assert(printed.join().includes("stdout: text"), printed.join());
  },
);

peerTest(
  "subunit-run repeats the tests, until one fails",
  ["python3-subunit"],
  async () => {
    const { stdout, status } = await runPeer(["--repeat=3"], ["a=pass"]);
    assertEquals(status, 0);
    assertEquals(outcomes(stdout), [
      "a success",
      "a success #attempt=2",
      "a success #attempt=3",
    ]);
    const failed = await runPeer(["--until-failure"], ["a=pass", "b=fail"]);
    assertEquals(failed.status, 1);
    assertEquals(outcomes(failed.stdout), ["a success", "b fail"]);
  },
);

peerTest(
  "subunit-run --shuffle runs in the order of a seed",
  ["python3-subunit"],
  async () => {
    const names = Array.from({ length: 20 }, (_, index) => `t${index}`);
    const order = async (seed: string) => {
      const { stdout } = await runPeer(
        ["--shuffle", seed],
        names.map((name) => `${name}=pass`),
      );
      return statuses(stdout).filter((line) => line.endsWith(" success"));
    };
    const [first, again, other] = [
      await order("1"),
      await order("1"),
      await order("2"),
    ];
    assertEquals(first, again);
    assert(first.join() !== other.join());
    assertEquals(first.toSorted(), other.toSorted());
  },
);

peerTest(
  "subunit-run gives standard input to the test that asks, with --debug",
  ["python3-subunit"],
  async () => {
    const { stdout, stderr, status } = await runPeer(
      ["--debug", "a", "b"],
      ["a=ask", "b=pass"],
      { stdin: "c\n" },
    );
    assertEquals(stderr, "subunit-run: 0 a is waiting at (Pdb) \n");
    assertEquals(status, 0);
    assertEquals(outcomes(stdout), ["a success", "b success"]);
  },
);

peerTest(
  "subunit-run answers a question that nobody can answer with the end of input",
  ["python3-subunit"],
  async () => {
    const { stdout, stderr, status } = await runPeer(["a"], ["a=ask"]);
    assertMatch(stderr, /^subunit-run: 0 a asks \(Pdb\) : nobody answers/);
    assertEquals(status, 1);
    assertEquals(outcomes(stdout), ["a fail"]);
  },
);

Deno.test("subunit-run runs the tests of real workers, on as many as it is told", async () => {
  using dir = new TempDir();
  for (const name of ["a", "b", "c"]) {
    dir.file(
      `${name}_test.mjs`,
      `import test from "node:test";
      for (let i = 0; i < 3; i++) {
        test("test " + i, () => {
          if ("${name}" === "b" && i === 1) throw new Error("no");
          if ("${name}" === "c" && i === 1) process.kill(process.pid, "SIGKILL");
        });
      }`,
    );
  }
  const { stdout, status } = await runTool("subunit-run", [
    "-j2",
    "--",
    ...commandOf("subunit-worker"),
    "node",
    ".",
  ], { cwd: dir.path });
  assertEquals(status, 1);
  const ends = outcomes(stdout);
  assertEquals(
    ends.filter((line) => line.endsWith(" success")).length,
    7,
    ends.join("\n"),
  );
  assertEquals(ends.length, 9);
  assert(ends.includes("c_test.mjs::test 1 fail #lost"), ends.join("\n"));
  assertNoControl(eventsIn(stdout));
});

Deno.test("subunit-run fails each id when no worker becomes ready", async () => {
  const cases: [command: string[], status: number, message: RegExp][] = [
    [
      ["no/such command"],
      2,
      /^subunit-run: Cannot run "no\/such command": no such command: check the command\n$/,
    ],
    [
      ["sh", "-c", "exit 3"],
      1,
      /^subunit-run: No worker is left: exit status 3\n$/,
    ],
  ];
  for (const [command, expected, message] of cases) {
    const { stdout, stderr, status } = await runTool(
      "subunit-run",
      ["-j2", "a", "b", "a", "--", ...command],
    );
    assertEquals(status, expected);
    assertMatch(stderr, message);
    assertEquals(outcomes(stdout), [
      "a fail #lost #unstarted",
      "b fail #lost #unstarted",
    ]);
  }
});

Deno.test("subunit-run waits for no worker that cannot run tests or be understood", async () => {
  const say = (word: "ready" | "done", body: string) =>
    printf(encodeControl({ word, body }));
  const ready = say("ready", '{"protocol":1,"engine":"sh","can":["run"]}');
  const good = printf(stream({ testId: "a", status: "success" }));
  const failed = "a fail #lost #unstarted", parser = "subunit.parser fail";
  const cases: [name: string, script: string, outcomes: string[]][] = [
    ["ready is no JSON", `${say("ready", "{")}; cat`, [
      failed,
      parser,
      parser,
      parser,
    ]],
    [
      "it runs nothing",
      `${say("ready", '{"protocol":1,"engine":"sh","can":[]}')}; cat`,
      [failed],
    ],
    [
      "its answer is no JSON",
      `${ready}; head -c 1 > /dev/null; ${good}; ${say("done", "null")}; cat`,
      ["a success", parser],
    ],
    [
      "its answer has another type",
      `${ready}; head -c 1 > /dev/null; ${good}; ${
        say("done", '{"req":"subunit.req.1","ran":1,"unrun":"a"}')
      }; cat`,
      ["a success", parser],
    ],
  ];
  for (const [name, script, expected] of cases) {
    const { stdout, status } = await runTool(
      "subunit-run",
      ["a", "--", "sh", "-c", script.replaceAll("; cat", "; cat > /dev/null")],
    );
    assertEquals(outcomes(stdout), expected, name);
    assertEquals(status, 1, name);
  }
});

Deno.test("subunit-run ends a worker that closes its output and stays", async () => {
  using dir = new TempDir();
  const good = workerScript(
    printf(stream({ testId: "a", status: "success" })),
  );
  const script = `test -e ${dir.path}/again || {
    touch ${dir.path}/again; exec >&-; sleep 600; }; ${good}`;
  const { stdout, stderr, status } = await runTool(
    "subunit-run",
    ["a", "--", "sh", "-c", script],
  );
  assertEquals([stderr, outcomes(stdout), status], ["", ["a success"], 0]);
});

peerTest(
  "subunit-run reads ids from lists, and runs the longest first by earlier streams",
  ["python3-subunit"],
  async () => {
    using dir = new TempDir();
    const list = dir.file("list", "a\n\nb\nc\n");
    const took = (testId: string, seconds: number) =>
      [
        { testId, status: "inprogress", timestamp: at("00:00:01") },
        { testId, status: "success", timestamp: at(`00:00:0${1 + seconds}`) },
      ] as const;
    const one = dir.file("one", stream(...took("a", 8), ...took("c", 2)));
    const two = dir.file("two", stream(...took("b", 4), ...took("a", 1)));
    const { stdout, status } = await runPeer(
      [`--load-list=${list}`, `--history=${one}`, `--history=${two}`],
      ["a=pass", "b=pass", "c=pass", "d=pass"],
    );
    assertEquals(status, 0);
    assertEquals(
      statuses(stdout).filter((line) => line.endsWith(" success")),
      ["b success", "c success", "a success"],
    );
  },
);

peerTest(
  "subunit-run takes times, failures and lists from a repository",
  ["python3-subunit"],
  async () => {
    using repository = new TempRepository();
    keepRuns(repository, "a P1 b P9 c F1 d P4");
    const history = `--history=${repository.path}`;
    const run = async (...args: string[]) => {
      const tests = ["a=pass", "b=pass", "c=pass", "d=pass"];
      const { stdout, stderr, status } = await runPeer(args, tests);
      assertEquals([stderr, status], ["", 0]);
      return statuses(stdout).filter((line) => line.endsWith(" success"))
        .map((line) => line[0]).join("");
    };
    // What has never passed is taken to last as long as most.
    assertMatch(await run(history), /^b..a$/);
    assertEquals(await run(history, "--failing-first"), "cbda");
    assertEquals(await run(history, "--failing"), "c");
    const list = `${repository.folder}/list`;
    Deno.writeTextFileSync(list, "c\0a\0");
    assertEquals([...await run(`--load-list=${list}`)].sort(), ["a", "c"]);
    // Nothing fails any more: nothing runs.
    keepRun(repository, 1, { tests: "c P" });
    assertEquals(await run(history, "--failing"), "");
    const log = `${repository.folder}/log`;
    Deno.writeTextFileSync(log, "a build log\n");
    const none = `${repository.folder}/none`;
    Deno.mkdirSync(none);
    for (const empty of [log, none]) {
      const { stderr } = await runPeer([`--history=${empty}`], ["a=pass"]);
      assertEquals(stderr, `subunit-run: ${empty} has no test that ended\n`);
    }
    const { status, stderr } = await runPeer(["--failing"], ["a=pass"]);
    assertMatch(stderr, /--failing needs --history=DIR/);
    assertEquals(status, 2);
  },
);

Deno.test("subunit-run runs nothing when its list is empty, and says so", async () => {
  using dir = new TempDir();
  const started = `${dir.path}/started`;
  const worker = ["sh", "-c", 'touch "$0"; cat', started];
  for (const mode of [[], ["--list"], ["--repeat=2"]]) {
    for (const stdin of ["", "\n", "\0"]) {
      const args = [...mode, "--load-list", "-", "--", ...worker];
      const { stdout, stderr, status } = await runTool("subunit-run", args, {
        stdin,
      });
      assertEquals(stderr, "subunit-run: Nothing to run: the list is empty\n");
      assertEquals([status, stdout.length], [0, 0]);
    }
  }
  assertEquals([...Deno.readDirSync(dir.path)], []);
});

Deno.test("subunit-run ends with its workers when it is told to, and reports", async () => {
  const cases: [signal: "SIGTERM" | "SIGINT", code: number, ids: string[]][] = [
    ["SIGTERM", 143, ["a", "b"]],
    ["SIGINT", 130, ["a", "b"]],
    // All tests: the worker that should list them never does.
    ["SIGTERM", 143, []],
    ["SIGINT", 130, []],
  ];
  for (const [signal, code, ids] of cases) {
    using dir = new TempDir();
    const script =
      `echo $$ > ${dir.path}/new; mv ${dir.path}/new ${dir.path}/pid; sleep 600`;
    const [program, ...args] = commandOf("subunit-run");
    const worker = ids.length > 0 ? workerScript(script) : script;
    const tool = new Deno.Command(program, {
      args: [...args, ...ids, "--", "sh", "-c", worker],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const reader = tool.stdout.getReader();
    const pid = await within(content(`${dir.path}/pid`));
    tool.kill(signal);
    const chunks: Uint8Array[] = [];
    let isTwice = signal !== "SIGINT";
    for (;;) {
      const { value } = await within(reader.read());
      if (value === undefined) break;
      chunks.push(value);
      // The first one lets tests end: this one never does.
      if (isTwice || !text(value).includes("interrupted")) continue;
      isTwice = true;
      tool.kill(signal);
    }
    const { code: status } = await within(tool.status);
    const stdout = concat(chunks);
    assertEquals(status, code);
    assert(!isRunning(pid));
    const ends = outcomes(stdout);
    assertEquals(
      ends.filter((line) => /^[ab] /.test(line)).length,
      ids.length,
    );
    assert(ends.includes("subunit-run fail"), ends.join());
    assertEquals(ends.includes("(list) fail"), ids.length === 0);
  }
});

Deno.test("subunit-run leaves no worker behind when it is killed, or its reader leaves", async () => {
  for (const ending of ["killed", "without a reader"]) {
    using dir = new TempDir();
    const prints = ending === "killed" ? "true" : "yes";
    const script = workerScript(
      `echo $$ > ${dir.path}/new; mv ${dir.path}/new ${dir.path}/pid; ${prints}; sleep 600`,
    );
    const [program, ...args] = commandOf("subunit-run");
    const tool = new Deno.Command(program, {
      args: [...args, "a", "--", "sh", "-c", script],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const pid = await within(content(`${dir.path}/pid`));
    if (ending === "killed") tool.kill("SIGKILL");
    await tool.stdout.cancel();
    await within(tool.status);
    await within(gone(pid));
  }
});

async function gone(pid: string): Promise<void> {
  while (isRunning(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
}

async function content(path: string): Promise<string> {
  for (;;) {
    try {
      return Deno.readTextFileSync(path).trim();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

Deno.test("subunit-run refuses what it cannot do", async () => {
  using dir = new TempDir();
  const long = dir.file("ids", `a\n${"x".repeat(2_000_000)}\n`);
  const cases: [args: string[], message: RegExp][] = [
    [[], /Expected a worker to run, after --/],
    [["a"], /Expected a worker to run, after --/],
    [["a", "", "--", "true"], /An ID is empty/],
    [["-j0", "--", "true"], /Option --jobs is "0": expected at least 1/],
    [
      ["--list", "--watch", "--", "true"],
      /--list and --watch exclude each other/,
    ],
    [["--connect=/none/s.sock"], /No server is at "\/none\/s.sock": start/],
    [["--group=(", "--", "true"], /Cannot read|regular expression|pattern/],
    [
      [`--load-list=${long}`, "--", "true"],
      /: An ID is longer than 1048576 characters: see --help\n$/,
    ],
  ];
  for (const [args, message] of cases) {
    const { status, stderr } = await runTool("subunit-run", args);
    assertEquals(status, 2);
    assertMatch(stderr, message);
  }
});
