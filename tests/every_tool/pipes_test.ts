import { encodeEvent } from "../../filters/faults/log/event.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { eventToJson } from "@subunit/codec";
import { eventToCbor } from "@subunit/codec/cbor";
import {
  assertMessage,
  assertRefused,
  runOnTerminal,
} from "../support/checks.ts";
import { callOrRun, callTool, test } from "../support/call.ts";
import {
  checkoutCommandOf,
  fixture,
  isCi,
  LiveTool,
  peerTest,
  runTool,
  shell,
  some,
  TempDir,
  testsCheckout,
  text,
  TOOLS,
  variants,
  within,
} from "../support/run.ts";
import { quote, toolScript } from "../../scripts/tool_path.ts";
import { workerScript, writingScript } from "../support/sh_worker.ts";
import {
  at,
  damaged,
  equalBytes,
  type EventFields,
  FAILED,
  PASSED,
  stream,
} from "../support/streams.ts";

/** A folder for output that no test reads. */
const SCRATCH = Deno.makeTempDirSync({ prefix: "subunit-" });
globalThis.addEventListener(
  "unload",
  () => Deno.removeSync(SCRATCH, { recursive: true }),
);

/** A repository with a run, and one that can be pruned. */
const RUNS = `${SCRATCH}/streams`;
Deno.mkdirSync(RUNS);
Deno.writeFileSync(`${RUNS}/run`, stream("text\n", PASSED));
/** One with a test that fails, and controls a terminal. */
const FAILED_RUNS = `${SCRATCH}/failed`;
Deno.mkdirSync(FAILED_RUNS);
Deno.writeFileSync(
  `${FAILED_RUNS}/run`,
  stream({ testId: "a\x1b[2J\r\u202e", status: "fail" }),
);
Deno.mkdirSync(`${SCRATCH}/pruned/runs`, { recursive: true });
for (const name of ["20260101T000000-00000000", "20260102T000000-00000000"]) {
  Deno.writeFileSync(`${SCRATCH}/pruned/runs/${name}.subunit`, stream(PASSED));
}

/** Tools that exit 2 when input or output fails; the other one uses 0 to 6. */
const CONVENTIONAL = TOOLS.filter((name) => name !== "gpg-signed-stream");
/** Tools that read FILEs. */
const READERS = CONVENTIONAL.filter((name) =>
  ![
    // It reads logs twice before it writes.
    "fault-log",
    "subunit-attach",
    "subunit-conform",
    "subunit-ctl",
    "subunit-diff",
    "subunit-exec",
    "subunit-failing",
    "subunit-history",
    "subunit-last",
    "subunit-load",
    "subunit-merge",
    "subunit-output",
    "subunit-progress",
    "subunit-prune",
    "subunit-run",
    "subunit-runs",
    "subunit-serve",
    "subunit-shard",
    "subunit-tags",
    "subunit-tee",
    "subunit-worker",
  ].includes(name)
);
/** Tools for which a word with one dash is an option. */
const DASHED: readonly string[] = TOOLS.filter((name) =>
  !["subunit-last", "subunit-tags"].includes(name)
);
/** Tools that read nothing that a command line names. */
const NAMELESS = [
  "subunit-history",
  "subunit-last",
  "subunit-output",
  "subunit-prune",
];

/** A test that passed, as Go prints it. */
const GO_LINE = '{"Action":"pass","Package":"p","Test":"T"}\n';
/** A test that passed, in a JUnit report. */
const JUNIT_CASE =
  '<testcase name="passed"><system-out>line&#10;</system-out></testcase>';
const jsonLine = (event: EventFields) =>
  eventToJson({ runnable: true, ...event }) + "\n";

/** Input for a tool, one event long. */
function inputOf(name: string): Uint8Array {
  if (name === "json2subunit") return stream(jsonLine(PASSED));
  if (name === "cbor2subunit") {
    return eventToCbor({ runnable: true, ...PASSED });
  }
  if (name === "gojson2subunit") return stream(GO_LINE);
  if (name === "junitxml2subunit") {
    return stream(`<testsuite>${JUNIT_CASE}</testsuite>`);
  }
  if (name === "subunit-select") return stream("text\n", FAILED);
  if (name === "tap2subunit") return stream("1..1\nok 1 - passed\n");
  if (name === "fault-log") {
    return encodeEvent({ fault: "fault:a", kind: "title", value: "a" });
  }
  if (name === "subunit-load") {
    // Without times, equal streams may be two runs, and that is said.
    return stream("text\n", { ...PASSED, timestamp: at("01:02:03") });
  }
  // They read commands.
  if (["subunit-serve", "subunit-ctl"].includes(name)) return stream();
  return stream("text\n", PASSED);
}

/** Asks for the test of the input. */
const GUIDELINE = fixture("conform/passed.json");

/** A worker that passes one test. */
const WORKER = ["sh", "-c", writingScript(stream(PASSED))];

/** Options with which a tool writes output, and those that it requires. */
function argsOf(name: string): string[] {
  if (name === "subunit-output") return ["--success=passed"];
  if (name === "subunit-filter") return ["--keep-all"];
  if (/^subunit2(csv|html|junitxml|pyunit|tap|trace)$/.test(name)) {
    return ["--no-passthrough"];
  }
  if (name === "subunit2disk") return ["-f", "-d", SCRATCH];
  if (name === "subunit2github") return ["--format=gitlab", "--no-passthrough"];
  if (name === "subunit-progress") return ["--forward"];
  if (name === "subunit-exec") return ["--", "cat"];
  if (name === "subunit-run") return ["passed", "--", ...WORKER];
  if (name === "subunit-serve") {
    return ["--no-socket", "--worker=echo text; cat"];
  }
  if (name === "subunit-ctl") return ["--", "sh", "-c", "echo text; cat"];
  if (name === "subunit-attach") return ["--list", "--socket=/none/s.sock"];
  if (name === "fault-log") return ["cat"];
  if (name === "subunit-merge") return ["-"];
  if (name === "subunit-last") return ["--repo", RUNS];
  if (name === "subunit-load") return ["--repo", `${SCRATCH}/.subunit`];
  if (name === "subunit-prune") {
    return ["--repo", `${SCRATCH}/pruned`, "--keep=1", "--dry-run"];
  }
  if (name === "subunit-failing") return ["--repo", FAILED_RUNS, "--list"];
  if (name === "subunit-history") return ["--repo", FAILED_RUNS];
  if (name === "subunit-runs") return ["--repo", RUNS];
  if (name === "subunit-select") return ["--as=ctest"];
  if (name === "subunit-conform") return [GUIDELINE];
  if (name === "subunit-quarantine") return ["/dev/null"];
  if (name === "subunit-shard") return ["1/1"];
  if (name === "subunit-worker") return ["--run=true", "exec"];
  return name === "subunit-diff" ? ["/dev/null", "-"] : [];
}

if (!isCi) {
  console.log("left out: most starts of a process for each tool; CI has them");
}

// --- Help and version

for (const name of some(TOOLS, 0)) {
  Deno.test(`${name} can be executed, with the permissions it is tested with`, () => {
    const [, ...flags] = checkoutCommandOf(name);
    const path = flags.pop()!;
    const [shebang] = Deno.readTextFileSync(path).split("\n");
    assertEquals(shebang, `#!/usr/bin/env -S deno ${flags.join(" ")}`);
    assertEquals(Deno.statSync(path).mode! & 0o111, 0o111);
  });
}

for (const name of TOOLS) {
  test(`${name} --help shows purpose, options, exit status, two examples`, async () => {
    const { status, stdout, stderr } = await callTool(name, ["--help"]);
    const [usage, purpose, ...rest] = text(stdout).split("\n");
    assertMatch(usage, new RegExp(`^Usage: ${name} \\[OPTION\\.\\.\\.\\]`));
    assertEquals(usage.trimEnd(), usage);
    assertMatch(purpose, /^[A-Z].*\.$/);
    const help = rest.join("\n");
    assertMatch(help, /\nOptions:\n(?: {2,}-.*\n)+/);
    assertMatch(help, /\nExit status:\n {2}0 .*\n {2}1 .*\n {2}2 /);
    const [, examples] = help.split("\nExamples:\n");
    assertEquals(examples.split("\n").length, 3);
    assertEquals(examples.split(name).length, 3, "an example without the tool");
    assertEquals(stderr, "");
    assertEquals(status, 0);
    if (DASHED.includes(name)) {
      assertEquals((await callTool(name, ["-h"])).stdout, stdout);
    }
  });

  test(`${name} --version names the tool and a version`, async () => {
    const { status, stdout, stderr } = await callTool(name, ["--version"]);
    assertMatch(text(stdout), new RegExp(`^${name} .*\\d+\\.\\d+\\.\\d+\\n$`));
    assertEquals(stderr, "");
    assertEquals(status, 0);
  });
}

// --- Wrong usage

for (const name of some(TOOLS, 1)) {
  Deno.test(`${name} --nonsense exits 2 and points to --help`, async () => {
    const stdin = inputOf(name);
    const finished = await runTool(name, ["--nonsense"], { stdin });
    const words = ['Unknown option "--nonsense"', "see --help"];
    assertRefused(finished, name, ...words);
  });
}

const wrongCalls: [string, string[], string][] = [
  ...TOOLS.map((name): [string, string[], string] => [
    name,
    ["--__proto__"],
    'Unknown option "--__proto__"',
  ]),
  ...DASHED.map((name): [string, string[], string] => [
    name,
    ["-x"],
    'Unknown option "-x"',
  ]),
  [
    "subunit-ls",
    ["--falling"],
    'Unknown option "--falling": did you mean --failing?',
  ],
  ["subunit-ls", ["--sort"], "Option --sort needs a value"],
  ["subunit-ls", ["--sort="], "Option --sort needs a value"],
  ["subunit-ls", ["--sort", "--times"], 'Option --sort is "--times"'],
  ["subunit-ls", ["--sort=size"], "expected stream, time, id"],
  ["subunit-ls", ["--format=xml"], "expected plain, tsv, json"],
  ["subunit-ls", ["--status=fail,ok"], 'Option --status is "ok"'],
  ["subunit-ls", ["--top=many"], "expected a whole number"],
  ["subunit-ls", ["-n=-1"], "expected a whole number"],
  ["subunit-ls", ["--count", "--top=1"], "exclude each other"],
  ["subunit-stats", ["-o"], "Option -o needs a value"],
  ["subunit-stats", ["--by=test"], "expected tag, route"],
  ["subunit-stats", ["--slowest=1.5"], "expected a whole number"],
  ["subunit-stats", ["--min-tests=-1"], "expected a whole number"],
  ["subunit-output", ["--tag"], "Option --tag needs a value"],
  ["subunit2junitxml", ["--max-output=x"], 'Option --max-output is "x"'],
  ["subunit2junitxml", ["--suite-from=("], "Cannot use the regular expression"],
];

for (const [name, args, words] of wrongCalls) {
  test(`${name} ${args.join(" ")} exits 2 and points to --help`, async () => {
    const stdin = inputOf(name);
    const finished = await callTool(name, args, { stdin });
    assertRefused(finished, name, words, "see --help");
  });
}

Deno.test("a flag takes no operand for its value: a FILE may be called true", async () => {
  using dir = new TempDir();
  dir.file("true", stream(PASSED));
  const { stdout } = await runTool("subunit-ls", ["--times", "true"], {
    cwd: dir.path,
  });
  assertEquals(text(stdout), "passed -\n");
});

Deno.test("short flags may be joined in any order", async () => {
  for (const flags of ["-0c", "-c0"]) {
    const { stdout } = await runTool("subunit-ls", [flags], {
      stdin: stream(PASSED, FAILED),
    });
    assertEquals(text(stdout), "2\n", flags);
  }
});

Deno.test("a short option takes its value with or without a space", async () => {
  using dir = new TempDir();
  for (const args of [["-o", "report"], ["-oreport"]]) {
    const { status, stderr } = await runTool("subunit-stats", args, {
      stdin: stream(PASSED),
      cwd: dir.path,
    });
    assertEquals(stderr, "");
    assertEquals(status, 0);
    Deno.removeSync(`${dir.path}/report`);
  }
});

Deno.test("what follows -- is a FILE", async () => {
  using dir = new TempDir();
  dir.file("--count", stream(PASSED));
  const { stdout } = await runTool("subunit-ls", ["--", "--count"], {
    cwd: dir.path,
  });
  assertEquals(text(stdout), "passed\n");
});

// --- Files

for (const name of some(READERS, 2)) {
  Deno.test(`${name} exits 2 for a missing file and names it`, async () => {
    const finished = await callOrRun(name, [...argsOf(name), "no/such.file"]);
    const words = ['"no/such.file"', "no such file or directory"];
    assertRefused(finished, name, ...words);
  });

  Deno.test(`${name} exits 2 for a directory and names it`, async () => {
    const { status, stderr } = await callOrRun(name, [...argsOf(name), "/"]);
    assertMessage(stderr, name, '"/"', "is a directory");
    assertEquals(status, 2);
  });

  Deno.test(`${name} writes what it read before a missing file`, async () => {
    using dir = new TempDir();
    const args = name === "subunit-stats" ? ["--forward"] : argsOf(name);
    const { status, stdout, stderr } = await callOrRun(name, [
      ...args,
      dir.file("there", inputOf(name)),
      "no/such.file",
    ]);
    assertMessage(stderr, name, '"no/such.file"');
    // Part of a selection would run as if it were the whole.
    assertEquals(stdout.length > 0, name !== "subunit-select");
    assertEquals(status, 2);
  });

  // Their files are documents; their own tests cover them.
  const takesDocuments = ["gojson2subunit", "junitxml2subunit", "tap2subunit"];
  if (takesDocuments.includes(name)) continue;
  Deno.test(`${name} reads FILEs as cat would, - being standard input`, async () => {
    using dir = new TempDir();
    const whole = name === "cbor2subunit"
      ? concat(
        [PASSED, FAILED, { testId: "lost" }].map((event) =>
          eventToCbor({ runnable: true, ...event })
        ),
      )
      : name === "json2subunit"
      ? stream(jsonLine(PASSED), jsonLine(FAILED), jsonLine({ tags: ["c"] }))
      : stream("one ", PASSED, "two\n", FAILED, "thгree", { testId: "lost" });
    // Every part but the last ends within an event.
    const cuts = [0, 8, 9, whole.length - 9, whole.length];
    const part = (index: number) => whole.slice(cuts[index], cuts[index + 1]);
    const args = name === "subunit-stats" ? ["--forward"] : argsOf(name);
    const parts = await callOrRun(name, [
      ...args,
      dir.file("0", part(0)),
      dir.file("empty", ""),
      dir.file("with space", part(1)),
      "-",
      "-",
      dir.file("3", part(3)),
    ], { stdin: part(2) });
    const one = await callOrRun(name, args, { stdin: whole });
    assertEquals(text(parts.stdout), text(one.stdout));
    assertEquals(parts.stderr, one.stderr);
    assertEquals(parts.status, one.status);
  });
}

Deno.test("standard input has its other names as well", async () => {
  for (const name of ["-", "/dev/stdin", "/dev/fd/0"]) {
    const { stdout, stderr } = await runTool("subunit-ls", [name], {
      stdin: stream(PASSED),
    });
    assertEquals(stderr, "");
    assertEquals(text(stdout), "passed\n");
  }
});

Deno.test("subunit-ls reads what a process substitution gives", async () => {
  using dir = new TempDir();
  const file = dir.file("run", stream(PASSED));
  const { stdout, stderr } = await shell("subunit-ls <(cat $1)", [file]);
  assertEquals(stderr, "");
  assertEquals(text(stdout), "passed\n");
});

// --- Readers that leave, full disks, closed streams

/** Pipelines that never end unless the tool does. */
const endless: [string, string][] = [
  ["subunit-ls", "yes | subunit-ls"],
  ["subunit-ls", "while cat $1; do :; done | subunit-ls"],
  ["subunit-stats", "yes | subunit-stats"],
  ["subunit-stats", "while cat $1; do :; done | subunit-stats --forward"],
  ["subunit2cbor", "while cat $1; do :; done | subunit2cbor"],
  [
    "cbor2subunit",
    "while cat $1; do :; done | subunit2cbor 2> /dev/null | cbor2subunit",
  ],
  [
    "subunit2junitxml",
    "while cat $1; do :; done | subunit2junitxml --no-passthrough",
  ],
  ["subunit2csv", "while cat $1; do :; done | subunit2csv --no-passthrough"],
  ["subunit2html", "while cat $1; do :; done | subunit2html --no-passthrough"],
  ["subunit2json", "while cat $1; do :; done | subunit2json"],
  ["json2subunit", 'yes \'{"test_id":"a"}\' | json2subunit'],
  ["subunit-output", "yes | subunit-output --fail=a --attach-file=-"],
  ["tap2subunit", "yes ok | tap2subunit"],
  [
    "junitxml2subunit",
    `{ echo '<testsuite>'; yes '${JUNIT_CASE}'; } | junitxml2subunit`,
  ],
  [
    "gojson2subunit",
    `yes '{"Action":"output","Package":"p","Output":"line\\n"}' | gojson2subunit`,
  ],
  ["subunit-filter", "while cat $1; do :; done | subunit-filter -s"],
  ["subunit-faults", "while cat $1; do :; done | subunit-faults"],
  ["subunit-tags", "while cat $1; do :; done | subunit-tags a"],
  ["subunit-seal", "while cat $1; do :; done | subunit-seal"],
  ["subunit-1to2", "yes 'success: a' | subunit-1to2"],
  ["subunit-2to1", "while cat $1; do :; done | subunit-2to1"],
  ["subunit-exec", "yes | subunit-exec -- cat"],
  ["subunit-run", `subunit-run a -- sh -c ${quote(workerScript("yes"))}`],
  ["subunit-merge", "while cat $1; do :; done | subunit-merge a=- $1"],
  ["subunit-merge", "yes | subunit-merge - --run 'a=yes'"],
  ["subunit-tee", "while cat $1; do :; done | subunit-tee"],
  [
    "subunit-progress",
    "while cat $1; do :; done | subunit-progress --forward",
  ],
];

for (const [index, [name, pipeline]] of endless.entries()) {
  for (const reader of variants(["true", "head -c 1", "head -n 1"], index)) {
    Deno.test(`${name} ends quietly when its reader leaves: ${pipeline} | ${reader}`, async () => {
      using dir = new TempDir();
      const packets = dir.file(
        "packets",
        stream("line\n", ...Array(1000).fill(PASSED)),
      );
      const { status, stderr } = await shell(
        `${pipeline} | ${reader} > /dev/null; exit \${PIPESTATUS[@]: -2:1}`,
        [packets],
      );
      assertEquals(stderr, "");
      // The exit status that a shell shows after SIGPIPE.
      assertEquals(status, 141);
    });
  }
}

/** Tools that read a stream and write one, with usual options. */
const STAGES = [
  "subunit-filter --keep-all",
  "subunit-tags a",
  "subunit-faults",
  "subunit-tee",
  "subunit-seal",
  "subunit-attempts",
  "subunit-quarantine /dev/null",
  `subunit-conform ${GUIDELINE}`,
  "subunit-1to2",
  "subunit-merge -",
  "subunit-exec -- cat",
  "subunit-diff /dev/null",
];

for (const [index, stage] of some([...STAGES.entries()], 5)) {
  const title = stage.replace(GUIDELINE, "GUIDELINE");
  Deno.test(`${title} is the first, the middle and the last stage of a pipeline whose reader leaves`, async () => {
    using dir = new TempDir();
    const file = dir.file(
      "run",
      stream("line\n", ...Array(20000).fill(FAILED)),
    );
    const from = stage === "subunit-diff /dev/null" ? `${stage} -` : stage;
    const pipelines = [
      `${from} < $1 | subunit-tags b | subunit-filter`,
      `subunit-tags b < $1 | ${from} | subunit-filter`,
      `subunit-filter $1 | subunit-tags b | ${from}`,
    ];
    for (const pipeline of variants(pipelines, index)) {
      const { status, stdout, stderr } = await shell(
        `${pipeline} | head -c 1 | wc -c
        for status in "\${PIPESTATUS[@]}"; do
          case $status in 0 | 1 | 141) ;; *) exit $status ;; esac
        done`,
        [file],
      );
      assertEquals(stderr, "", pipeline);
      assertEquals(text(stdout).trim(), "1", pipeline);
      assertEquals(status, 0, pipeline);
    }
  });
}

Deno.test("a tool ends quietly when its reader leaves before the list at the end", async () => {
  using dir = new TempDir();
  const file = dir.file("run", stream(...Array(20000).fill(PASSED)));
  const { status, stderr } = await shell(
    "subunit-ls --sort=id $1 | true; exit ${PIPESTATUS[0]}",
    [file],
  );
  assertEquals(stderr, "");
  assertEquals(status, 141);
});

for (const [index, name] of some([...CONVENTIONAL.entries()], 6)) {
  const help = ["--help", ["--help"], ""] as const;
  const outputs = name === "subunit-attach"
    // Its output is that of a test: see its own tests.
    ? [help]
    : [["its output", argsOf(name), inputOf(name)] as const, help];
  for (const [what, args, input] of variants(outputs, index)) {
    Deno.test(`${name} exits 2 when ${what} does not fit on the disk`, async () => {
      const { status, stderr } = await shell(
        `${name} "$@" > /dev/full`,
        args,
        { stdin: input },
      );
      assertMessage(stderr, name, "standard output", "no space left");
      assertEquals(status, 2);
    });
  }

  Deno.test(`${name} fails cleanly or not at all with closed streams`, async () => {
    using dir = new TempDir();
    const args = [
      ...argsOf(name),
      ...(NAMELESS.includes(name) ? [] : [dir.file("in", inputOf(name))]),
    ];
    const streams = ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"];
    const tried = testsCheckout()
      ? some(streams, index)
      : variants(streams, index);
    for (const closed of tried) {
      const { status, stderr } = await shell(`${name} "$@" ${closed}`, args);
      assert(status === 0 || status === 2, `${closed} exits ${status}`);
      // Standard error is where it shows the run.
      if (name === "subunit-progress" && status === 0) continue;
      if (status === 0 || closed.includes("2>")) assertEquals(stderr, "");
      else assertMessage(stderr, name);
    }
  });
}

for (const name of some(READERS, 3)) {
  Deno.test(`${name} reads nothing or exits 2 when standard input is closed`, async () => {
    const { status, stderr } = await shell(`${name} "$@" <&-`, argsOf(name));
    const ofNothing = name === "subunit-select" ? 3 : 0;
    assert(status === ofNothing || status === 2, `exits ${status}`);
    if (status === 2) assertMessage(stderr, name, "standard input");
    else assertEquals(stderr, "");
  });

  Deno.test(`${name} exits 2 when standard input cannot be read`, async () => {
    const { status, stderr } = await shell(`${name} "$@" < /`, argsOf(name));
    assertMessage(stderr, name, "standard input", "is a directory");
    assertEquals(status, 2);
  });
}

for (
  const [name, arg, stdin] of [
    ["subunit-filter", "--load-list=-", "passed\n"],
    ["subunit-faults", "--helpers=-", "check\n"],
    ["subunit-quarantine", "-", "# nothing\n"],
  ]
) {
  Deno.test(`${name} ${arg} takes no empty stream for the rest of standard input`, async () => {
    const { status, stderr } = await runTool(name, [arg], { stdin });
    assertMessage(stderr, name, "standard input twice");
    assertEquals(status, 2);
  });
}

Deno.test("subunit-stats exits 2 for a report it cannot make", async () => {
  for (const path of ["/dev/full", "no/such/directory"]) {
    const { status, stderr } = await runTool("subunit-stats", ["-o", path], {
      stdin: stream(PASSED),
    });
    assertMessage(stderr, "subunit-stats", `"${path}"`);
    assertEquals(status, 2);
  }
});

Deno.test("subunit-stats exits 2 for a report that does not fit", async () => {
  using dir = new TempDir();
  const report = `${dir.path}/report`;
  const { status, stderr } = await shell(
    // No file may grow; with the signal ignored, the write fails.
    "trap '' XFSZ; ulimit -f 0; subunit-stats -o $1",
    [report],
    { stdin: stream(PASSED) },
  );
  assertMessage(stderr, "subunit-stats", `"${report}"`, "file too large");
  assertEquals(status, 2);
});

Deno.test("subunit-stats opens no report when it is called wrongly", async () => {
  using dir = new TempDir();
  const { status } = await runTool("subunit-stats", [
    "-o",
    `${dir.path}/report`,
    "--by=nothing",
  ]);
  assertEquals(status, 2);
  assertEquals([...Deno.readDirSync(dir.path)], []);
});

// --- Slow readers, live pipes

const relayed: [name: string, args: string[], block: Uint8Array][] = [
  ["subunit-ls", [], stream("a line of output\n", PASSED)],
  ["subunit-stats", ["--forward"], stream(PASSED)],
  ["subunit2cbor", [], stream(PASSED)],
  ["cbor2subunit", [], inputOf("cbor2subunit")],
  ["subunit2csv", [], stream(PASSED)],
  ["subunit2trace", [], stream(PASSED)],
  ["subunit2trace", ["--otlp"], stream(PASSED)],
  ["subunit2html", [], stream(PASSED)],
  ["subunit2junitxml", [], stream(PASSED)],
  ["subunit2json", [], stream(PASSED)],
  ["json2subunit", [], stream(jsonLine(PASSED))],
  ["subunit-output", ["--fail=a", "--attach-file=-"], stream("line\n")],
  ["tap2subunit", [], stream("ok - a test\n")],
  ["gojson2subunit", [], stream(GO_LINE)],
  ["subunit-filter", ["-s"], stream(PASSED)],
  ["subunit-tags", ["a"], stream(PASSED)],
  ["subunit-faults", [], stream(PASSED)],
  ["subunit-seal", [], stream(PASSED)],
  ["subunit-1to2", [], stream("test: a\nsuccess: a\n", PASSED)],
  ["subunit-2to1", [], stream(PASSED)],
  ["subunit-merge", ["a=-"], stream(PASSED)],
  ["subunit-exec", ["--", "cat"], stream(PASSED)],
  ["subunit-tee", [], stream(PASSED)],
];

for (const [name, args, block] of some(relayed, 6)) {
  Deno.test(`${[name, ...args].join(" ")} takes in little while nobody reads`, async () => {
    await using tool = new LiveTool(name, args);
    const chunk = stream(...Array(1000).fill(block));
    const total = 50 * 1024 * 1024;
    let taken = 0;
    for (; taken < total; taken += chunk.length) {
      // A slower tool could pass by mistake, but never fail by mistake.
      if (await isPending(tool.write(chunk), 500)) break;
    }
    // An attachment leaves in parts of 3.5 MiB.
    const limit = name === "subunit-output" ? 3 * 3670016 : 1024 * 1024;
    assert(taken < limit, `it has taken ${taken} bytes`);
  });
}

async function isPending(promise: Promise<void>, milliseconds: number) {
  // It does not matter how it settles after the test.
  const settled = promise.then(() => false, () => false);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(true), milliseconds);
  });
  try {
    return await Promise.race([settled, late]);
  } finally {
    clearTimeout(timer);
  }
}

const live: [string, string[], [Uint8Array, Uint8Array][]][] = [
  ["subunit-ls", [], [
    [stream(PASSED), stream("passed\n")],
    [stream("no line end"), stream("no line end")],
    // The first byte of a character may be one of a packet's neighbours.
    [stream("г³", FAILED), stream("г³failed\n")],
    [stream({ fileName: "f", fileBytes: stream("part") }), stream("part")],
    [stream("> "), stream("> ")],
  ]],
  ["subunit-stats", ["--forward"], [
    [stream(PASSED), stream(PASSED)],
    [stream("no line end"), stream("no line end")],
    [stream("г", FAILED), stream("г", FAILED)],
  ]],
  ["subunit-stats", [], [
    [stream("no line end"), stream("no line end")],
    [stream(PASSED, "more"), stream("more")],
  ]],
  ["subunit2json", [], [
    [stream(PASSED), stream(jsonLine(PASSED))],
    [
      stream("no line end"),
      stream(
        jsonLine({ fileName: "stdout", fileBytes: stream("no line end") }),
      ),
    ],
    [stream(FAILED), stream(jsonLine(FAILED))],
  ]],
  ["subunit-filter", [], [
    [stream(FAILED), stream(FAILED)],
    [stream(PASSED, "no line end"), stream("no line end")],
  ]],
  ["subunit-tee", [], [
    [stream(PASSED), stream(PASSED)],
    [stream("no line end"), stream("no line end")],
  ]],
  ["subunit-seal", [], [
    [stream(PASSED), stream(PASSED)],
    [stream("no line end"), stream("no line end")],
    [stream({ testId: "a" }), stream({ testId: "a" })],
  ]],
  ["subunit-merge", ["a=-"], [
    [stream(PASSED), stream({ ...PASSED, routeCode: "a" })],
    [
      stream("no line end"),
      stream({
        fileName: "stdout",
        fileBytes: stream("no line end"),
        routeCode: "a",
      }),
    ],
    [stream(FAILED), stream({ ...FAILED, routeCode: "a" })],
  ]],
  ["subunit-faults", [], [
    [stream(PASSED), stream(PASSED)],
    [stream("no line end"), stream("no line end")],
  ]],
  ["subunit-tags", ["a"], [
    [stream(PASSED), stream({ ...PASSED, tags: ["a"] })],
    [stream("no line end"), stream("no line end")],
  ]],
  ["gojson2subunit", [], [
    [
      stream(GO_LINE),
      stream({ testId: "p.T", status: "success" }),
    ],
    [
      stream("no line end"),
      stream({ fileName: "stdout", fileBytes: stream("no line end") }),
    ],
  ]],
  ["json2subunit", [], [
    [stream(jsonLine(PASSED)), stream(PASSED)],
    [stream(jsonLine(FAILED), '{"test_id":'), stream(FAILED)],
    [stream('"a"}\n'), stream({ testId: "a" })],
  ]],
];

for (const [name, args, steps] of some(live, 8)) {
  Deno.test(`${[name, ...args].join(" ")} is live: what came in leaves before more comes`, async () => {
    await using tool = new LiveTool(name, args);
    const expected: Uint8Array[] = [];
    for (const [written, read] of steps) {
      await within(tool.write(written));
      expected.push(read);
      const all = stream(...expected);
      assertEquals(text(await tool.read(all.length)), text(all));
    }
  });
}

Deno.test("subunit-ls is live with text in another encoding", async () => {
  await using tool = new LiveTool("subunit-ls");
  const latin1 = stream("caf", Uint8Array.of(0xe9), "\n");
  await within(tool.write(stream(latin1, PASSED)));
  const expected = stream(latin1, "passed\n");
  assertEquals(await tool.read(expected.length), expected);
});

// --- Hostile text

/** ESC, BEL, C1, bidi override, CR, LF, DEL, U+2028. */
const HOSTILE = "a\x1b[2J\x07\x9b1m\u202eb\r\nc\x7f\u2028";
const VISIBLE = "a\\u001b[2J\\u0007\\u009b1m\\u202eb\\r\\nc\\u007f\\u2028";
/** JSON escapes what is below U+0020 by itself. */
const VISIBLE_JSON =
  '"a\\u001b[2J\\u0007\\u009b1m\\u202eb\\r\\nc\\u007f\\u2028"';
const hostile = stream(
  "say \x1b[1m\tloud\n",
  { testId: HOSTILE, status: "inprogress", tags: [HOSTILE] },
  { testId: HOSTILE, status: "success", tags: [HOSTILE] },
  { fileName: "stdout", fileBytes: stream("\x9b\x07 file\n") },
);
const VISIBLE_TEXT = "say \\u001b[1m\tloud\n\\u009b\\u0007 file\n";

for (
  const [name, args, expected] of [
    [
      "subunit-ls",
      [],
      `say \\u001b[1m\tloud\n${VISIBLE}\n\\u009b\\u0007 file\n`,
    ],
    [
      "subunit-ls",
      ["--sort=id", "--times", "--tree"],
      `${VISIBLE_TEXT}${VISIBLE} -\n`,
    ],
    [
      "subunit-ls",
      ["--format=json", "--no-passthrough"],
      `{"test_id":${VISIBLE_JSON},"outcome":"success","tags":[${VISIBLE_JSON}]}\n`,
    ],
    [
      "subunit2json",
      [],
      `{"runnable":true,"file_name":"stdout","file_text":"say \\u001b[1m\\tloud\\n"}
{"test_id":${VISIBLE_JSON},"test_status":"inprogress","test_tags":[${VISIBLE_JSON}],"runnable":true}
{"test_id":${VISIBLE_JSON},"test_status":"success","test_tags":[${VISIBLE_JSON}],"runnable":true}
{"runnable":true,"file_name":"stdout","file_text":"\\u009b\\u0007 file\\n"}
`,
    ],
    [
      "subunit-stats",
      [],
      `${VISIBLE_TEXT}Total tests:       1
Passed tests:      1
Failed tests:      0
Skipped tests:     0
Seen tags: ${VISIBLE}
`,
    ],
  ] as const
) {
  peerTest(
    `${
      [name, ...args].join(" ")
    } shows control characters escaped on a terminal`,
    ["script"],
    async () => {
      using dir = new TempDir();
      const file = dir.file("run", hostile);
      const { status, shown } = await runOnTerminal(name, [...args, file]);
      assertEquals(shown, expected);
      assertEquals(status, 0);
    },
  );
}

/** Input with hostile text, in the format that a tool reads. */
function hostileInputOf(name: string): Uint8Array {
  if (name === "json2subunit") return stream(jsonLine({ testId: HOSTILE }));
  if (name === "cbor2subunit") {
    return eventToCbor({ runnable: true, testId: HOSTILE });
  }
  if (name === "gojson2subunit") {
    return stream(
      JSON.stringify({ Action: "pass", Package: "p", Test: HOSTILE }),
      "\n\x1b[2J\n",
    );
  }
  if (name === "junitxml2subunit") {
    return stream("\x1b[2J<testsuite><testcase name='a\x9b'/></testsuite>");
  }
  if (name === "subunit-select") return stream(`${HOSTILE}\n`);
  if (name === "tap2subunit") return stream("1..1\nok 1 - a\x1b[2J\n\x07\n");
  if (name === "subunit-1to2") {
    return stream("test: a\x1b\nfailure: a\x1b [\n\x9b2J\n]\n\x1b[2J\n");
  }
  return hostile;
}

/** What subunit-progress and subunit-run draw with; the hostile input has none of it. */
const DRAWING =
  // deno-lint-ignore no-control-regex -- they begin with one
  /\x1b\[(?:32m|39m|\?(?:2026|25|7)[hl]|\d*A|K|J)/g;

for (const name of some(TOOLS, 4)) {
  // It needs signed input, and writes what it releases as the others do.
  if (name === "gpg-signed-stream") continue;
  peerTest(
    `${name} writes no control characters to a terminal`,
    ["script"],
    async () => {
      using dir = new TempDir();
      const file = dir.file("input", hostileInputOf(name));
      const { shown } = await runOnTerminal(name, argsOf(name), file);
      // That is not where a stream goes that is kept.
      assert(shown.length > 0 || name === "subunit-load");
      // deno-lint-ignore no-control-regex -- they are what is looked for
      const control = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e]/;
      const draws = ["subunit-progress", "subunit-run"].includes(name);
      const others = draws ? shown.replaceAll(DRAWING, "") : shown;
      assert(!control.test(others), JSON.stringify(shown));
    },
  );
}

for (const name of TOOLS) {
  test(`${name} writes no report over what it reads`, async () => {
    const { tool } = await import(toolScript(name).href);
    if (!("output-to" in tool.options)) return;
    using dir = new TempDir();
    const input = inputOf(name), file = dir.file("input", input);
    Deno.linkSync(file, `${dir.path}/other`);
    for (const output of [file, `${dir.path}/other`]) {
      const args = ["--no-passthrough", "--output-to", output];
      const usable = args.filter((word) =>
        word !== "--no-passthrough" || "no-passthrough" in tool.options
      );
      const finished = await callOrRun(name, [...usable, file]);
      assertRefused(finished, name, "is read as well");
      assertEquals(Deno.readFileSync(file), input);
    }
  });
}

Deno.test("subunit-ls and subunit-stats write raw bytes when nobody looks", async () => {
  const listed = await runTool("subunit-ls", [], { stdin: hostile });
  assertEquals(
    listed.stdout,
    stream("say \x1b[1m\tloud\n", `${HOSTILE}\n`, "\x9b\x07 file\n"),
  );
  const raw = stream(Uint8Array.of(0xff, 0x9b, 0x00, 0xd0), "\x1b\r\n");
  for (const name of ["subunit-ls", "subunit-stats"]) {
    const { stdout } = await runTool(name, [], { stdin: raw });
    assertEquals(stdout.subarray(0, raw.length), raw);
  }
});

Deno.test("what is said of a stream takes one line, whatever is in it", async () => {
  const { stderr } = await runTool("subunit-ls", ["--sort=\n\x1b[2J"]);
  assertMessage(stderr, "subunit-ls", "\\n\\u001b[2J");
  const missing = await runTool("subunit-ls", ["a\nb\x1b"]);
  assertMessage(missing.stderr, "subunit-ls", "a\\nb\\u001b");
});

// --- Streams that another process has set not to block

/**
 * Sets a descriptor of the pipeline not to block, for all processes that share
 * it. The other side sleeps so that a read or a write finds the pipe empty or
 * full; on a machine where it does not, the tool has nothing to wait for.
 */
const UNBLOCK = `/usr/bin/python3 -c '
import os, sys
os.set_blocking(int(sys.argv[1]), False)' `;

for (
  const [what, pipeline] of [
    [
      "input",
      `{ head -c 5000 $1; sleep 0.3; tail -c +5001 $1; } |
       { ${UNBLOCK} 0; subunit-stats --forward 2> /dev/null; }`,
    ],
    [
      "output",
      `{ ${UNBLOCK} 1; subunit-stats --forward $1 2> /dev/null; } |
       { sleep 0.3; cat; }`,
    ],
  ]
) {
  peerTest(
    `a tool works with standard ${what} set not to block`,
    ["python3"],
    async () => {
      using dir = new TempDir();
      const input = stream(...Array(50000).fill(PASSED), damaged(FAILED));
      const file = dir.file("run", input);
      const { stdout, stderr } = await shell(pipeline, [file]);
      assertEquals(stderr, "");
      assert(equalBytes(stdout, input));
    },
  );
}

for (const reader of ["subunit-tee", "subunit-merge -"]) {
  peerTest(
    `${reader} reads standard input set not to block`,
    ["python3"],
    async () => {
      using dir = new TempDir();
      const input = stream(...Array(50000).fill(PASSED));
      const { stdout, stderr } = await shell(
        `{ head -c 5000 $1; sleep 0.3; tail -c +5001 $1; } |
         { ${UNBLOCK} 0; ${reader}; }`,
        [dir.file("run", input)],
      );
      assertEquals(stderr, "");
      assert(equalBytes(stdout, input));
    },
  );
}
