import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import { callTool, test } from "../support/call.ts";
import { type Command, commandsIn } from "../support/github_runner.ts";
import {
  fixture,
  LiveTool,
  runTool,
  shell,
  TempDir,
  text,
} from "../support/run.ts";
import {
  anyEvent,
  damaged,
  equalBytes,
  type EventFields,
  forEachPrefix,
  noisyStream,
  sample,
  stream,
  testsIn,
  textFile,
} from "../support/streams.ts";

const SEED = 20191113;
const ROOT = ["--root", "/project"];

function fails(
  testId: string,
  traceback = `  File "/project/a.py", line 3\n`,
): EventFields {
  return { testId, status: "fail", ...textFile("traceback", traceback) };
}

/** The annotations of a stream. */
async function annotationsOf(
  parts: (EventFields | string | Uint8Array)[],
  ...args: string[]
): Promise<Command[]> {
  const { stdout } = await callTool("subunit2github", [...ROOT, ...args], {
    stdin: stream(...parts),
  });
  const commands = commandsIn(stdout);
  // Every line is a command of ours.
  assertEquals(text(stdout).split("\n").length, commands.length + 1);
  return commands;
}

test("subunit2github annotates what is wrong, worst first", async () => {
  const input = stream(
    { testId: "a.ok", status: "success" },
    { testId: "a.skip", status: "skip" },
    { testId: "a.known", status: "xfail" },
    { testId: "a.flaky", status: "success", tags: ["attempt-1", "flaky"] },
    { testId: "a.wrong", status: "uxsuccess", routeCode: "0" },
    { testId: "a.hangs", status: "inprogress" },
    {
      testId: "a.fails",
      status: "fail",
      ...textFile(
        "traceback",
        '  File "/project/s/a.py", line 3, in f\nE: 100%\n',
      ),
    },
    damaged({ testId: "b" }),
    damaged({ testId: "c" }),
  );
  const { stdout, stderr, status } = await callTool("subunit2github", ROOT, {
    stdin: input,
  });
  assertEquals(status, 1);
  const [damage, ...lines] = text(stdout).split("\n");
  assert(
    damage.startsWith("::error title=The stream is damaged::Cannot decode"),
    damage,
  );
  assertEquals(lines, [
    "::error title=a.hangs started and never ended::started and never ended",
    '::error file=s/a.py,line=3,title=a.fails failed::E: 100%25%0A%0A  File "/project/s/a.py", line 3, in f%0AE: 100%25',
    "::error title=a.wrong (route 0) succeeded%2C which was not expected::succeeded, which was not expected",
    "::warning title=a.flaky passed%2C but not at once::passed, but not at once",
    "::notice title=GitHub shows 10 annotations of a kind::Left out: 1 damaged",
    "",
  ]);
  assertEquals(stderr.match(/^subunit2github: Cannot decode/gm)!.length, 2);
  const good = await callTool("subunit2github", [], {
    stdin: stream({ testId: "a", status: "success" }),
  });
  assertEquals([good.status, text(good.stdout)], [0, ""]);
  const wrong = await callTool("subunit2github", ["--format=xml"]);
  assertEquals([wrong.status, text(wrong.stdout)], [2, ""]);
});

test("subunit2github keeps GitHub's limits, whatever fails", async () => {
  using dir = new TempDir();
  const path = `${dir.path}/summary`;
  const huge = `${"é<\n".repeat(40_000)}Error: the end\n`;
  const tests = Array.from({ length: 1000 }, (_, i): EventFields[] => [
    { testId: `t${i}`, status: "inprogress" },
    i % 100 === 0
      ? { testId: `u${i}`, status: "success", tags: ["flaky"] }
      : { testId: `v${i}`, status: "skip" },
    i < 990 ? fails(`t${i}`, i % 10 === 5 ? huge : undefined) : {},
  ]).flat();
  const commands = await annotationsOf(
    [
      ...tests,
      ...Array.from({ length: 12 }, (_, i): EventFields => ({
        testId: `w${i}`,
        status: "success",
        tags: ["flaky"],
      })),
    ],
    "--summary",
    path,
  );
  const namesOf = (name: string) =>
    commands.filter((command) => command.name === name);
  assertEquals(commands.length, 21);
  assertEquals(
    namesOf("error").map(({ properties }) => properties.title),
    Array.from({ length: 10 }, (_, i) => `t${990 + i} started and never ended`),
  );
  assertEquals(namesOf("warning").length, 10);
  assertEquals(
    namesOf("notice")[0].data,
    "Left out: 990 failed, 12 flaky",
  );
  const summary = Deno.readTextFileSync(path);
  assert(Deno.statSync(path).size <= 1024 * 1024);
  assert(summary.startsWith("## 1000 of 2012 tests failed\n"), summary);
  const listed = summary.match(/<code>t\d+<\/code> failed/g)!.length;
  assert(listed > 100);
  assertStringIncludes(summary, `Not listed: ${990 - listed} failed.`);
  assertStringIncludes(summary, "Error: the end\n</pre>");
});

test("subunit2github spends one annotation on a fault", async () => {
  const fault = (name: string, tag: string): EventFields => ({
    ...fails(name),
    tags: [tag],
  });
  using dir = new TempDir();
  const summary = `${dir.path}/summary.md`;
  const commands = await annotationsOf(
    [
      ...Array.from({ length: 40 }, (_, i) => fault(`a${i}`, "fault:1-a")),
      ...Array.from({ length: 12 }, (_, i) => fault(`b${i}`, `fault:1-b${i}`)),
      fault("c0", "fault:1-b0"),
      fault("d0", "other"),
    ],
    "--summary",
    summary,
  );
  const titles = commands.map(({ properties }) => properties.title);
  assertEquals(titles, [
    "a0 failed, and 39 others with this fault",
    "b0 failed, and 1 other with this fault",
    ...Array.from({ length: 8 }, (_, i) => `b${i + 1} failed`),
    "GitHub shows 10 annotations of a kind",
  ]);
  assertEquals(commands.at(-1)!.data, "Left out: 4 failed");
  // The summary has room for each of them.
  const page = Deno.readTextFileSync(summary);
  for (const name of ["a39", "b11", "c0"]) assertStringIncludes(page, name);
});

test("subunit2github cuts titles and messages to what GitHub takes", async () => {
  const [{ properties, data }] = await annotationsOf([
    fails("x".repeat(10_000), `${"é%\n".repeat(100_000)}the end\n`),
  ]);
  assertEquals(properties.title.length, 255);
  assert(properties.title.endsWith("xxx failed"), properties.title);
  assert(data.length <= 4096 && data.length > 4000);
  assert(data.startsWith("the end\n\né%\n"), data.slice(0, 20));
  assert(data.endsWith("é%\nthe end"));
  assertStringIncludes(data, "characters left out]");
});

Deno.test("subunit2github finds places under its root, or where it runs", async () => {
  using dir = new TempDir();
  Deno.mkdirSync(`${dir.path}/src/test/java/com/example`, { recursive: true });
  dir.file("src/test/java/com/example/ShopTest.java", "");
  const input = stream(
    fails("java", "\tat com.example.ShopTest.total(ShopTest.java:7)\n"),
    fails("here", `    at f (${dir.path}/src/a.js:1:2)\n`),
    fails("elsewhere", "    at f (/elsewhere/a.js:1:2)\n"),
  );
  const places = [
    "src/test/java/com/example/ShopTest.java:7: java: at com",
    "src/a.js:1: here: at f",
    "elsewhere: at f",
  ];
  const format = ["--format", "plain"];
  const parent = dir.path.split("/").slice(0, -1).join("/");
  const cases: [args: string[], cwd: string | undefined][] = [
    [[...format, "--root", dir.path], undefined],
    [format, dir.path],
    [[...format, "--root", dir.path.split("/").at(-1)!], parent],
  ];
  for (const [args, cwd] of cases) {
    const { stdout } = await runTool("subunit2github", args, {
      stdin: input,
      cwd,
    });
    const lines = text(stdout).trimEnd().split("\n");
    assertEquals(lines.length, places.length);
    for (const [i, place] of places.entries()) {
      assert(lines[i].startsWith(place), lines[i]);
    }
  }
});

Deno.test("subunit2github finds relative paths where it runs, and colons in names", async () => {
  using dir = new TempDir();
  Deno.mkdirSync(`${dir.path}/pkg/api/tests`, { recursive: true });
  dir.file("pkg/api/tests/test_pay.py", "");
  dir.file("pkg/api/x:y.py", "");
  dir.file("conftest.py", "");
  const input = stream(
    fails("relative", '  File "tests/test_pay.py", line 3\n'),
    fails("absolute", `  File "${dir.path}/pkg/api/x:y.py", line 3\n`),
    fails("above", '  File "../../conftest.py", line 3\n'),
    fails("root", '  File "conftest.py", line 3\n'),
    fails("not there", '  File "tests/gone.py", line 3\n'),
  );
  const expected = [
    "pkg/api/tests/test_pay.py",
    "pkg/api/x:y.py",
    "conftest.py",
    "conftest.py",
    "pkg/api/tests/gone.py",
  ];
  const cwd = `${dir.path}/pkg/api`;
  for (const root of ["../..", dir.path, `${dir.path}/`]) {
    const args = (format: string) => ["--root", root, "--format", format];
    const made = (format: string) =>
      runTool("subunit2github", args(format), { stdin: input, cwd });
    const github = await made("github");
    assertEquals(
      commandsIn(github.stdout).map(({ properties }) => properties.file),
      expected,
    );
    assertStringIncludes(text(github.stdout), "file=pkg/api/x%3Ay.py,");
    const issues: Issue[] = JSON.parse(text((await made("gitlab")).stdout));
    assertEquals(issues.map(({ location }) => location.path), expected);
    const plain = text((await made("plain")).stdout).split("\n");
    for (const [i, path] of expected.entries()) {
      assert(plain[i].startsWith(`${path}:3: `), plain[i]);
    }
  }
});

test("subunit2github, subunit2junitxml and subunit2tap quote the same line", async () => {
  const path = fixture("tap/tape.tap");
  const { stdout: input } = await callTool("tap2subunit", [path]);
  const quoted = "are equal: expected 3, actual 2";
  const cases: [tool: string, args: string[], line: RegExp, line: string][] = [
    ["subunit2github", ROOT, / failed::(.*?)%0A/, quoted],
    ["subunit2junitxml", [], /<failure.* message="(.*?)"/, quoted],
    ["subunit2tap", [], /^ *message: (".*")$/m, `"${quoted}"`],
  ];
  for (const [tool, args, line, expected] of cases) {
    const { stdout } = await callTool(tool, args, { stdin: input });
    assertEquals(line.exec(text(stdout))?.[1], expected, tool);
  }
});

test("subunit2github --format plain writes lines as compilers do", async () => {
  const input = stream(
    fails(
      "a\nb",
      '  File "/project/a.py", line 3\nE: \x1b[1mno\x1b[m\x1b[2J\n',
    ),
    { testId: "c", status: "inprogress" },
    { testId: "d", status: "success", tags: ["flaky"] },
  );
  const args = [...ROOT, "--format", "plain"];
  const { stdout, status } = await callTool("subunit2github", args, {
    stdin: input,
  });
  assertEquals(status, 1);
  assertEquals(
    text(stdout),
    "a.py:3: a\\nb: E: no\\u001b[2J\n" +
      "d: passed, but not at once\n" +
      "c: started and never ended\n",
  );
});

Deno.test("subunit2github --format plain writes a line as soon as a test has failed", async () => {
  await using tool = new LiveTool("subunit2github", ["--format=plain"]);
  await tool.write(stream(fails("a", "boom\n")));
  assertEquals(text(await tool.read(8)), "a: boom\n");
});

/** An issue in GitLab's report, as documented. */
interface Issue {
  readonly description: string;
  readonly check_name: string;
  readonly fingerprint: string;
  readonly severity: string;
  readonly location: { readonly path: string; readonly lines: unknown };
}

async function issuesOf(input: Uint8Array): Promise<Issue[]> {
  const args = [...ROOT, "--format", "gitlab"];
  const { stdout } = await callTool("subunit2github", args, { stdin: input });
  assertEquals(commandsIn(stdout), []);
  const issues: Issue[] = JSON.parse(text(stdout));
  for (const { description, fingerprint, severity, location } of issues) {
    assert(description !== "" && /^[0-9a-f]{16}$/.test(fingerprint));
    assert(["minor", "major", "critical", "blocker"].includes(severity));
    assert(location.path !== "" && !location.path.startsWith("/"));
  }
  return issues;
}

test("subunit2github --format gitlab writes a Code Quality report", async () => {
  const [issue, other, again, flaky, damage1, damage2, lost, ...more] =
    await issuesOf(stream(
      fails("a", '  File "/project/s/a.py", line 3\nE: ##[error] "no"\n'),
      { ...fails("a"), routeCode: "0" },
      fails("a", "another reason\n"),
      { testId: "f", status: "success", tags: ["flaky"] },
      damaged({ testId: "x" }),
      damaged({ testId: "x" }),
      { testId: "l", status: "inprogress" },
    ));
  assertEquals(more, []);
  assertEquals(issue, {
    description: 'a: E: ##[error] "no"',
    check_name: "fail",
    fingerprint: issue.fingerprint,
    severity: "major",
    location: { path: "s/a.py", lines: { begin: 3 } },
  });
  // GitLab shows one issue per fingerprint.
  const prints = [issue, other, again, flaky, damage1, damage2, lost]
    .map(({ fingerprint }) => fingerprint);
  assertEquals(new Set(prints).size, prints.length);
  assertEquals(lost.severity, "critical");
  assertEquals(lost.location, { path: "unknown", lines: { begin: 1 } });
  assertEquals(await issuesOf(stream()), []);
});

test("subunit2github --format gitlab has a fingerprint for each attempt", async () => {
  const attempts = stream(
    fails("a", "E: first\n"),
    fails("a", "E: second\n"),
    { ...fails("a", "E: second\n"), tags: ["attempt-2"] },
  );
  const before = await issuesOf(attempts);
  const after = await issuesOf(stream(fails("b"), attempts, fails("c")));
  const prints = (issues: Issue[]) => issues.map((issue) => issue.fingerprint);
  assertEquals(new Set(prints(before)).size, 3);
  assertEquals(prints(after).slice(1, 4), prints(before));
});

test("subunit2github --summary appends, and leaves what does not fit", async () => {
  using dir = new TempDir();
  const path = dir.file("summary", "before\n");
  const input = stream(fails("a"), { testId: "b", status: "success" });
  const args = ["--summary", path, "--format", "plain"];
  await callTool("subunit2github", args, { stdin: input });
  const { status } = await callTool("subunit2github", args, {
    stdin: stream(),
  });
  assertEquals(status, 0);
  const summary = Deno.readTextFileSync(path);
  assert(summary.startsWith("before\n## 1 of 2 tests failed\n"), summary);
  assertStringIncludes(summary, "\n## No tests\n");
  const full = dir.file("full", "x".repeat(1024 * 1024 - 32_800));
  const cut = await callTool("subunit2github", ["--summary", full], {
    stdin: input,
  });
  assertEquals(cut.status, 2);
  assertEquals(commandsIn(cut.stdout).length, 1);
  assertStringIncludes(cut.stderr, `subunit2github: Cannot write "${full}"`);
  assertEquals(Deno.statSync(full).size, 1024 * 1024 - 32_800);
  const nowhere = await callTool("subunit2github", [
    "--summary",
    `${dir.path}/no/file`,
  ], { stdin: input });
  assertEquals(nowhere.status, 2);
  assertEquals(text(nowhere.stdout), "");
});

// --- Hostile input

/** Parts of commands. */
const anyHostileText: fc.Arbitrary<string> = fc.array(
  fc.oneof(
    fc.constantFrom("::error::", "##[add-mask]x", "\n::set-output name=a::b"),
    fc.constantFrom("\n::stop-commands::x", "#\u200b#[error]", ":\xad:debug::"),
    fc.constantFrom(":", "#", "[", "]", "::", "\n", "\r", " ", ",", "=", "%0A"),
    fc.constantFrom("\n/project/a.c:3: ", "\ufeff", "\x1b[m", "é", '"', "text"),
  ),
  { maxLength: 8 },
).map((parts) => parts.join(""));

const OURS = new Set(["error", "warning", "notice"]);

/** Events and text with commands wherever they can be. */
const anyHostileStream: fc.Arbitrary<Uint8Array> = fc.array(
  fc.oneof(
    anyHostileText.map((text) => stream(text)),
    fc.uint8Array({ maxLength: 4 }),
    fc.record({
      testId: anyHostileText,
      status: fc.constantFrom("fail", "inprogress", "success", "uxsuccess"),
      tags: fc.constantFrom([], ["flaky"]),
      routeCode: fc.option(anyHostileText, { nil: undefined }),
      content: anyHostileText,
    }).map(({ content, ...event }) =>
      stream({ ...event, ...textFile("reason", content) } as EventFields)
    ),
    anyHostileText.map((content) => stream(textFile("stdout", content))),
  ),
  { maxLength: 40 },
).map((parts) => concat(parts));

test(`subunit2github lets no command from a stream through (seed ${SEED})`, async () => {
  using dir = new TempDir();
  let tried = 0;
  for (const input of sample(anyHostileStream, 12, SEED)) {
    tried += commandsIn(input).length;
    const path = dir.file("input", input);
    for (const format of ["github", "gitlab", "plain"]) {
      const args = ["--format", format, path];
      const apart = await callTool("subunit2github", args);
      const both = await callTool("subunit2github", args, { merges: true });
      assertEquals(commandsIn(new TextEncoder().encode(apart.stderr)), []);
      const ours = text(apart.stdout).split("\n").length - 1;
      for (const { stdout } of [apart, both]) {
        const commands = commandsIn(stdout);
        assertEquals(commands.length, format === "github" ? ours : 0);
        const names = new Set(commands.map(({ name }) => name));
        assertEquals(names.difference(OURS), new Set());
      }
    }
  }
  // Otherwise the test would prove nothing.
  assert(tried > 25, `${tried} commands`);
});

test("subunit2github shows text, in whole lines, without its commands", async () => {
  const input = stream(
    "text\n::stop-commands::x\nno end ##[error]",
    fails("a"),
    textFile("f", " of it\n::debug::b"),
  );
  const args = ["--format", "plain", ...ROOT];
  const { stdout, stderr } = await callTool("subunit2github", args, {
    stdin: input,
  });
  assertStringIncludes(text(stdout), "a.py:3: a: ");
  assertEquals(
    stderr,
    "text\n:\\u003astop-commands::x\nno end ##\\u005berror] of it\n:\\u003adebug::b\n",
  );
  const silent = await callTool("subunit2github", ["--no-passthrough"], {
    stdin: input,
  });
  assertEquals(silent.stderr, "");
});

// --- Truncated streams

test("subunit2github writes whole reports wherever the stream breaks off", async () => {
  using dir = new TempDir();
  const input = stream(
    fails("a"),
    "text\n",
    { testId: "c", status: "inprogress" },
    fails("b", "::error::\n"),
  );
  await forEachPrefix(input, async (stdin) => {
    const issues = await issuesOf(stdin);
    const path = `${dir.path}/summary${stdin.length}`;
    const annotations = await annotationsOf([stdin], "--summary", path);
    const isNotice = ({ name }: Command) => name === "notice";
    assertEquals(
      annotations.filter((one) => !isNotice(one)).length,
      issues.length,
    );
    const summary = Deno.readTextFileSync(path);
    assert(/^## .*\n\n\| Tests \| \|\n(.|\n)*\n\n$/.test(summary), summary);
    const count = (tag: string) => summary.split(tag).length;
    assertEquals(count("<details>"), count("</details>"));
    assertEquals(count("<pre>"), count("</pre>"));
  }, 4);
});

test(`subunit2github reports every problem in any stream (seed ${SEED})`, async () => {
  const hostile = fc.array(anyEvent(), { maxLength: 40 })
    .map((events) => stream(...events));
  const inputs = [
    ...sample(hostile, 10, SEED),
    ...sample(noisyStream, 15, SEED),
  ];
  for (const input of inputs) {
    const issues = await issuesOf(input);
    assertEquals(issues.length, problemsIn(input));
    const lines = await callTool("subunit2github", ["--format=plain"], {
      stdin: input,
    });
    assertEquals(text(lines.stdout).split("\n").length - 1, issues.length);
    assertEquals(lines.status, issues.length > 0 ? 1 : 0);
  }
});

/** The number of tests that failed or were lost, and of damaged places. */
function problemsIn(input: Uint8Array): number {
  return testsIn(input).filter((found) =>
    !("outcome" in found) ||
    ["fail", "uxsuccess", "lost"].includes(found.outcome)
  ).length;
}

Deno.test("subunit2github passes the stream on, the report beside it", async () => {
  using dir = new TempDir();
  const input = stream("::error::x\n", fails("a"), damaged({ testId: "b" }));
  const path = `${dir.path}/report`;
  const { stdout, stderr } = await shell(
    "subunit2github -f --root /project -o $1",
    [path],
    { stdin: input },
  );
  assert(equalBytes(stdout, input));
  assert(stderr.startsWith("subunit2github: Cannot decode"), stderr);
  assertEquals(commandsIn(Deno.readFileSync(path)).length, 2);
  const beside = await shell(
    "subunit2github -f 2>$1 | subunit2github -f 2>$1.2 | subunit-ls --failing",
    [path],
    { stdin: stream(fails("a")) },
  );
  assertEquals(text(beside.stdout), "a\n");
  assertEquals(commandsIn(Deno.readFileSync(path)).length, 1);
  assertEquals(Deno.readTextFileSync(`${path}.2`), Deno.readTextFileSync(path));
});
