/** The arguments of subunit-select, and the runners that are called with them. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import {
  commandsFor,
  lineOf,
  targetsOf,
} from "../../filters/select/commands.ts";
import {
  type Runner,
  RUNNER_NAMES,
  RUNNERS,
} from "../../filters/select/runners.ts";
import { callTool, peerCallTest, test } from "../support/call.ts";
import { assertRefused } from "../support/checks.ts";
import { quote } from "../../scripts/tool_path.ts";
import {
  commandOf,
  type Finished,
  isCi,
  type Peer,
  peerTest,
  run,
  runTool,
  shell,
  TempDir,
  text,
} from "../support/run.ts";
import {
  damaged,
  type EventFields,
  eventsIn,
  stream,
} from "../support/streams.ts";

const SEED = 20261128;

/** Calls the tool with ids on lines. */
function select(
  ids: readonly string[],
  ...args: string[]
): Promise<Finished> {
  return callTool("subunit-select", args, {
    stdin: ids.map((id) => `${id}\n`).join(""),
  });
}

function linesIn({ stdout }: Finished): string[] {
  return text(stdout).split("\n").slice(0, -1);
}

// --- Ids to arguments

const CASES: readonly [
  runner: keyof typeof RUNNERS,
  ids: string[],
  lines: string[],
][] = [
  ["go", ["ex.com/a/b.TestX/sub_1"], ["ex.com/a/b -run '^(TestX)$/^(sub_1)$'"]],
  // Exactly these: not TestX/y, not TestY/x.
  ["go", ["a.TestX/x", "a.TestY/y", "b.TestZ", "a.TestX/z(1)"], [
    "a -run '^(TestX)$/^(x|z\\(1\\))$'",
    "a -run '^(TestY)$/^(y)$'",
    "b -run '^(TestZ)$'",
  ]],
  // A test fails because a subtest did: the others need not run again.
  ["go", ["a.TestX/b/c", "a.TestX/b", "a.TestX"], [
    "a -run '^(TestX)$/^(b)$/^(c)$'",
  ]],
  ["go", ["gopkg.in/yaml.v2.TestA/x.TestB", "a.Test", "a.FuzzF", "a/b"], [
    "gopkg.in/yaml.v2 -run '^(TestA)$/^(x\\.TestB)$'",
    "a -run '^(Test|FuzzF)$'",
    "a/b",
  ]],
  ["pytest", ["t/a.py::C::test_p[1 - 2]", "-a.py::test_x"], [
    "'t/a.py::C::test_p[1 - 2]' ./-a.py::test_x",
  ]],
  ["unittest", ["a.b.C.test_x", "a.b.C.test_é"], [
    "a.b.C.test_x 'a.b.C.test_é'",
  ]],
  ["stestr", ["a.b.C.test_x", "a.test_y(1)"], [
    "'^a\\.b\\.C\\.test_x$' '^a\\.test_y\\(1\\)$'",
  ]],
  ["testr", ["a\tb"], ["'^a\tb$'"]],
  // A file whose tests are others has its own command.
  ["deno", ["a.ts::x", "b.ts::y", "c.ts::x", "a.ts::y", "./d.ts::x"], [
    "a.ts --filter '/^(x|y)$/'",
    "b.ts --filter '/^(y)$/'",
    "c.ts ./d.ts --filter '/^(x)$/'",
  ]],
  ["node", ["a.js::cart > adds", "a.js::x #2", "-b.js::x"], [
    "'--test-name-pattern=^(cart(?: [>›])? adds|x(?: #2)?)$' a.js",
    "'--test-name-pattern=^(x)$' ./-b.js",
  ]],
  ["node20", ["a.js::cart > full > adds"], [
    "'--test-name-pattern=^((?:cart(?: [>›])? full(?: [>›])? )?adds)$' a.js",
  ]],
  ["jest", ["a.js::cart > adds"], [
    "--runTestsByPath a.js -t '^(cart(?: [>›])? adds)$'",
  ]],
  ["vitest", ["a.js::adds"], ["a.js -t '^(adds)$'"]],
  ["playwright", ["t/b.ts:3:1 › cart › adds", "t/b.ts:9"], [
    "'/t/b\\.ts$:3' '/t/b\\.ts$:9'",
  ]],
  ["playwright", ["t/b.ts › cart › adds"], [
    "-g '(?:^| )(?:t/b\\.ts(?: [>›])? cart(?: [>›])? adds)(?:$| @)'",
  ]],
  ["cargo", ["c::m::t", "c::m::u", "d::it.t", "d::bin/x.m::t", "e.t"], [
    "-p c -- --exact m::t m::u",
    "-p d --test it -- --exact t",
    "-p d --bin x -- --exact m::t",
    "-p e -- --exact t",
  ]],
  ["nextest", ["c::m::t", "d::it.t"], [
    "-E '(package(=c) & test(=m::t)) + (binary_id(=d::it) & test(=t))'",
  ]],
  ["ctest", ["a", "b c", "$(x)"], ["-R '^(a|b c|\\$\\(x\\))$'"]],
  // As CTest's own reports have it.
  ["ctest", ["a b.a b", "c.d"], ["-R '^(a b\\.a b|a b|c\\.d)$'"]],
];

for (const [runner, ids, expected] of CASES) {
  test(`subunit-select --as ${runner} names ${ids.join(", ")}`, async () => {
    const result = await select(ids, "--as", runner);
    assertEquals(result.stderr, "");
    assertEquals(linesIn(result), expected);
    assertEquals(result.status, 0);
  });
}

test("subunit-select finds the file of an id in JUnit's format", async () => {
  const files = ["tests/test_a.py", "./a_test.ts", "a.b/c.test.js"];
  const words = (runner: Runner, id: string) => {
    const { targets } = targetsOf(runner, [id], (path) => files.includes(path));
    return commandsFor(runner, targets).map(lineOf);
  };
  assertEquals(words(RUNNERS.pytest, "tests.test_a.TestX.test_p[1.5-2]"), [
    "'tests/test_a.py::TestX::test_p[1.5-2]'",
  ]);
  assertEquals(words(RUNNERS.pytest, "tests.test_b.test_x"), []);
  assertEquals(words(RUNNERS.deno, "./a_test.ts.adds 1.5"), [
    "./a_test.ts --filter '/^(adds 1\\.5)$/'",
  ]);
  assertEquals(words(RUNNERS.vitest, "a.b/c.test.js.cart > adds"), [
    "a.b/c.test.js -t '^(cart(?: [>›])? adds)$'",
  ]);
  await Promise.resolve();
});

test("subunit-select exits 1 and names ids that a runner cannot be given", async () => {
  const cases: [runner: string, ids: string[]][] = [
    ["go", ["rm -rf /", "a.BenchmarkX\n", "-exec", "a.Testify me"]],
    ["pytest", ["no.such.module.test"]],
    ["unittest", ["one", "a.b; rm", "-f.x", "a..b"]],
    ["deno", ["no file", "::x", "a.ts::"]],
    ["playwright", ["no file"]],
    ["cargo", ["t", "-p::t", "c::m::t --ignored", "c::../x.t"]],
    ["nextest", ["c::t) + all("]],
  ];
  for (const [runner, ids] of cases) {
    const result = await select(ids, "--as", runner);
    assertEquals(text(result.stdout), "", runner);
    assertEquals(result.status, 1, runner);
    const { length } = result.stderr.split("\n");
    assert(length > ids.length, result.stderr);
    assertMatch(
      result.stderr,
      /^subunit-select: Cannot select ".*": expected /,
    );
  }
  const mixed = await select(["a.TestX", "x y"], "--as", "go");
  assertEquals(linesIn(mixed), ["a -run '^(TestX)$'"]);
  assertEquals(mixed.status, 1);
});

test("subunit-select exits 3 and prints nothing when no test is left", async () => {
  const passed = stream({ testId: "a", status: "success" });
  for (
    const stdin of [
      "",
      "\n\n",
      passed,
      stream("text\n", {
        fileName: "x",
      }),
    ]
  ) {
    const args = ["--as", "ctest"];
    const result = await callTool("subunit-select", args, { stdin });
    assertEquals(result, { status: 3, stdout: new Uint8Array(0), stderr: "" });
  }
});

test("subunit-select takes the tests of a stream whose last result is a failure", async () => {
  const on = (testId: string, status: EventFields["status"]): EventFields => ({
    testId,
    status,
  });
  const result = await callTool("subunit-select", ["--as", "ctest"], {
    stdin: stream(
      "ok 1 - text\n",
      on("b", "fail"),
      on("flaky", "fail"),
      on("passes", "success"),
      on("a", "uxsuccess"),
      on("xfail", "xfail"),
      on("skip", "skip"),
      on("flaky", "success"),
      on("a", "skip"),
      { ...on("routed", "fail"), routeCode: "1" },
      { ...on("routed", "success"), routeCode: "2" },
      on("b", "fail"),
      on("lost", "inprogress"),
      // A step runs with its test.
      { ...on("step", "fail"), runnable: false, parentTestId: "whole" },
      // Cases of JUnit are not runnable.
      { ...on("case", "fail"), runnable: false },
    ),
  });
  assertEquals(linesIn(result), ["-R '^(b|a|routed|whole|case|lost)$'"]);
  assertEquals(result.status, 0);
});

test("subunit-select reports damage and endings that are not tests", async () => {
  const ending: EventFields = {
    testId: "sh: exit status",
    status: "fail",
    runnable: false,
  };
  const failed = { testId: "a", status: "fail" } as const;
  const args = ["--as", "ctest"];
  for (
    const [stdin, message] of [
      [stream(failed, ending), /"sh: exit status": it is not a test\n$/],
      [
        stream(failed, { ...ending, testId: "subunit-merge: missing shards" }),
        /"subunit-merge: missing shards": it is not a test\n$/,
      ],
      [
        stream(failed, { ...ending, testId: "(list)" }),
        /"\(list\)": it is not a test\n$/,
      ],
      [
        // Damage that was written as a test by another tool.
        stream(failed, { testId: "subunit.parser", status: "fail" }),
        /"subunit.parser": it is not a test\n$/,
      ],
      [
        stream(failed, damaged(failed)),
        /"subunit.parser": it is not a test\n$/,
      ],
    ] as const
  ) {
    const result = await callTool("subunit-select", args, { stdin });
    assertEquals(linesIn(result), ["-R '^(a)$'"]);
    assertMatch(result.stderr, message);
    assertEquals(result.status, 1);
  }
  const tap = await callTool("subunit-select", args, {
    stdin: "TAP version 13\n1..1\nnot ok 1 - a\n",
  });
  assertMatch(tap.stderr, /put tap2subunit in front/);
  assertEquals([tap.status, text(tap.stdout)], [1, ""]);
});

test("subunit-select takes ids ended with NUL, and ends words with it", async () => {
  const ids = "a\nb\0c d\0";
  const result = await callTool("subunit-select", ["--as=stestr", "-0"], {
    stdin: ids,
  });
  assertEquals(text(result.stdout), "^a\\nb$\0^c d$\0");
  // The same rule as that of `subunit-run --load-list`.
  assertRefused(
    await callTool("subunit-select", ["--as=stestr"], { stdin: "a\0b" }),
    "subunit-select",
    `Cannot read "-": line 1 has a NUL: expected one name a line`,
  );
  const several = await callTool("subunit-select", ["--as=go", "-0"], {
    stdin: "a.TestX\nb.TestX\n",
  });
  assertEquals(several.status, 2);
  assertMatch(several.stderr, /^subunit-select: Cannot write 2 commands/);
});

test("subunit-select --max-bytes starts another command, and loses no test", async () => {
  const names = Array.from({ length: 500 }, (_, i) => `test_${i}`);
  for (
    const [runner, front] of [
      ["ctest", ""],
      ["deno", "a.ts::"],
      [
        "pytest",
        "a.py::",
      ],
      ["go", "a.Test"],
      ["cargo", "c::"],
    ] as const
  ) {
    const ids = names.map((name) => front + name);
    const result = await select(ids, `--as=${runner}`, "--max-bytes=1K");
    const all = linesIn(result);
    assert(all.length > 3, runner);
    assert(all.every((line) => line.length < 1024), runner);
    const named = all.join(" ").match(/test_\d+/gi)!
      .map((name) => name.toLowerCase());
    assertEquals([...named].sort(), [...names].sort(), runner);
  }
});

test("subunit-select --file writes the tests to a file", async () => {
  using dir = new TempDir();
  const file = `${dir.path}/list`;
  for (
    const [runner, option] of [
      ["stestr", "--load-list "],
      ["unittest", "--load-list "],
      ["pytest", "@"],
      ["ctest", "--tests-from-file "],
    ]
  ) {
    const result = await select(
      ["a.b::c.d", "e.f"],
      `--as=${runner}`,
      "--file",
      file,
    );
    assertEquals(text(result.stdout), `${option}${file}\n`);
    const written = Deno.readTextFileSync(file);
    assertMatch(written, runner === "unittest" ? /^e\.f\n$/ : /^a\.b::c\.d\n/);
  }
  const input = dir.file("in", "a\n");
  for (
    const args of [["--as=go", `--file=${file}`], [
      "--as=ctest",
      `--file=${input}`,
      input,
    ]]
  ) {
    assertEquals((await callTool("subunit-select", args)).status, 2);
  }
  assertEquals(Deno.readTextFileSync(input), "a\n");
});

test("subunit-select wants a runner that it knows", async () => {
  for (const args of [[], ["--as=make"], ["--as=go", "--max-bytes=x"]]) {
    const { status, stderr } = await callTool("subunit-select", args);
    assertEquals(status, 2);
    assertMatch(stderr, /^subunit-select: .*expected.*: see --help\n$/i);
  }
});

// --- Hostile ids

Deno.test(`a shell and xargs read the words of hostile ids back (seed ${SEED})`, async () => {
  const hostile = fc.string({
    unit: fc.constantFrom(..."ab -'\"\\$`!*?[](){}|&;<>#~=%^\té日"),
    minLength: 1,
    maxLength: 20,
  });
  const words = fc.sample(hostile, { numRuns: 300, seed: SEED });
  const line = lineOf(words);
  const expected = words.map((word) => `${word}\0`).join("");
  const read = [
    ["sh", "-c", `printf '%s\\0' ${line}`],
    ["xargs", "printf", "%s\\0"],
  ];
  for (const command of read) {
    const { stdout } = await run(command, { stdin: `${line}\n` });
    assertEquals(text(stdout), expected, command[0]);
  }
});

test(`an expression for names matches these names only (seed ${SEED})`, () => {
  const name = fc.string({
    unit: fc.constantFrom(..."ab.*+?()[]{}|^$\\/#>›\n "),
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(fc.array(name, { minLength: 1 }), name, (names, other) => {
      const [[word]] = commandsFor(
        RUNNERS.stestr,
        names.slice(0, 1).map((one) => ({ group: "", name: one })),
      );
      const expression = new RegExp(word);
      assert(expression.test(names[0]));
      assertEquals(expression.test(other), other === names[0]);
    }),
    { seed: SEED },
  );
});

// --- The runners

/** Tests that write their names when they run, and some that are selected. */
interface Project {
  readonly peers: readonly Peer[];
  readonly files: Readonly<Record<string, string>>;
  readonly ids: readonly string[];
  /** The names that are written. */
  readonly ran: readonly string[];
  /** Reads the ids from $1; deno is "$DENO". */
  readonly script: string;
  /** Installed from npm first. */
  readonly npm?: string;
}

const NODE_TESTS = (imports: string) =>
  `${imports}
import { appendFileSync } from "node:fs";
const ran = (name) => appendFileSync(process.env.RAN, name + "\\n");
describe("cart", () => {
  it("adds", () => ran("cart adds"));
  it("adds up", () => ran("cart adds up"));
  it("it's $HOME (a|b) [x] \\\\ /", () => ran("hostile"));
});
it("adds", () => ran("adds"));
it("takes", () => ran("takes"));
`;
const NODE_IDS = ["::cart > adds", "::cart > it's $HOME (a|b) [x] \\ /"];
const NODE_FILES = (imports: string) => ({
  "one.test.mjs": NODE_TESTS(imports),
  "two.test.mjs": NODE_TESTS(imports).replaceAll('ran("', 'ran("two '),
});
const nodeProject = (
  imports: string,
  script: string,
): Pick<Project, "files" | "ids" | "ran" | "script"> => ({
  files: NODE_FILES(imports),
  ids: [...NODE_IDS.map((id) => `one.test.mjs${id}`), "two.test.mjs::takes"],
  ran: ["cart adds", "hostile", "two takes"],
  script,
});

const PYTHON = `import os, unittest
def ran(name):
    with open(os.environ["RAN"], "a") as file: file.write(name + "\\n")
class T(unittest.TestCase):
    def test_a(self): ran("a")
    def test_ab(self): ran("ab")
    def test_b(self): ran("b")
`;
const PYTHON_PROJECT = {
  files: {
    "test_one.py": PYTHON,
    ".stestr.conf": "[DEFAULT]\ntest_path=.\n",
    ".testr.conf":
      "[DEFAULT]\ntest_command=/usr/bin/python3 -m subunit.run $LISTOPT $IDOPTION test_one\ntest_id_option=--load-list $IDFILE\ntest_list_option=--list\n",
  },
  ids: ["test_one.T.test_a", "test_one.T.test_b"],
  ran: ["a", "b"],
};

/** A project for each row of the table that a peer tests. */
const PROJECTS: Partial<Record<keyof typeof RUNNERS, Project>> = {
  go: {
    peers: ["go"],
    files: {
      "go.mod": "module ex.com/m\n\ngo 1.19\n",
      "a/a_test.go": `package a
import ("os"; "testing")
func ran(name string) {
	file, _ := os.OpenFile(os.Getenv("RAN"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	file.WriteString(name + "\\n")
	file.Close()
}
func sub(t *testing.T, name string) { t.Run(name, func(t *testing.T) { ran(t.Name()) }) }
func TestX(t *testing.T) { sub(t, "x y"); sub(t, "x"); sub(t, "it's $HOME (a|b)/[c]"); sub(t, "x") }
func TestY(t *testing.T) { sub(t, "x"); sub(t, "y") }
func TestXY(t *testing.T) { ran("TestXY") }
func TestZ(t *testing.T) { ran("TestZ") }
`,
    },
    ids: [
      "ex.com/m/a.TestX",
      "ex.com/m/a.TestX/x_y",
      "ex.com/m/a.TestX/it's_$HOME_(a|b)/[c]",
      "ex.com/m/a.TestX/x#01",
      "ex.com/m/a.TestY/y",
      "ex.com/m/a.TestZ",
    ],
    ran: [
      "TestX/it's_$HOME_(a|b)/[c]",
      "TestX/x#01",
      "TestX/x_y",
      "TestY/y",
      "TestZ",
    ],
    script: "subunit-select --as go $1 | xargs -r -L 1 go test -count=1",
  },
  pytest: {
    peers: ["python3-pytest"],
    files: {
      "t/test_a.py": `import os, pytest
def ran(name):
    with open(os.environ["RAN"], "a") as file: file.write(name + "\\n")
class TestX:
    @pytest.mark.parametrize("p", ["1.5-[x]", "it's $HOME", "::"])
    def test_p(self, p): ran(p)
def test_q(): ran("q")
def test_qq(): ran("qq")
`,
    },
    ids: [
      "t/test_a.py::TestX::test_p[1.5-[x]]",
      "t.test_a.TestX.test_p[it's $HOME]",
      "t.test_a.test_q",
    ],
    ran: ["1.5-[x]", "it's $HOME", "q"],
    script:
      "subunit-select --as pytest -0 $1 | xargs -0 -r /usr/bin/python3 -m pytest -p no:cacheprovider",
  },
  unittest: {
    ...PYTHON_PROJECT,
    peers: ["python3"],
    script:
      "subunit-select --as unittest $1 | xargs -r -L 1 /usr/bin/python3 -m unittest",
  },
  stestr: {
    ...PYTHON_PROJECT,
    peers: ["stestr"],
    script: `subunit-select --as stestr $1 | xargs -r -L 1 stestr run
subunit-select --as stestr --file list $1 | xargs -r -L 1 stestr run`,
    ran: ["a", "a", "b", "b"],
  },
  testr: {
    ...PYTHON_PROJECT,
    peers: ["testrepository", "python3-subunit"],
    script: `testr init
subunit-select --as testr $1 | xargs -r -L 1 testr run
subunit-select --as testr --file list $1 | xargs -r -L 1 testr run`,
    ran: ["a", "a", "b", "b"],
  },
  deno: {
    peers: [],
    files: {
      "one_test.ts": `const ran = (name: string) =>
  Deno.writeTextFileSync(Deno.env.get("RAN")!, name + "\\n", { append: true });
Deno.test("adds", () => ran("adds"));
Deno.test("adds up", () => ran("adds up"));
Deno.test("it's $HOME (a|b) [x] \\\\ / #", () => ran("hostile"));
`,
      "two_test.ts": `const ran = (name: string) =>
  Deno.writeTextFileSync(Deno.env.get("RAN")!, name + "\\n", { append: true });
Deno.test("adds", () => ran("two adds"));
Deno.test("takes", () => ran("two takes"));
`,
    },
    ids: [
      "one_test.ts::adds",
      "./one_test.ts.it's $HOME (a|b) [x] \\ / #",
      "two_test.ts::takes",
    ],
    ran: ["adds", "hostile", "two takes"],
    script:
      'subunit-select --as deno $1 | xargs -r -L 1 "$DENO" test --allow-all',
  },
  node: {
    ...nodeProject(
      'import { describe, it } from "node:test";',
      "subunit-select --as node $1 | xargs -r -L 1 npx -y node@22 --test",
    ),
    peers: ["node 22"],
  },
  node20: {
    ...nodeProject(
      'import { describe, it } from "node:test";',
      "subunit-select --as node20 $1 | xargs -r -L 1 npx -y node@20.19.0 --test",
    ),
    peers: ["node 20.19.0"],
    // "adds" is the name of two tests of the file.
    ran: ["adds", "cart adds", "hostile", "two takes"],
  },
  jest: {
    ...nodeProject(
      'import { describe, it } from "@jest/globals";',
      "subunit-select --as jest $1 | NODE_OPTIONS=--experimental-vm-modules xargs -r -L 1 npx jest --testMatch '**/*.mjs'",
    ),
    peers: ["npm"],
    npm: "jest@30.5.2",
  },
  vitest: {
    ...nodeProject(
      'import { describe, it } from "vitest";',
      "subunit-select --as vitest $1 | xargs -r -L 1 npx vitest run",
    ),
    peers: ["npm"],
    npm: "vitest@4.1.12",
  },
  playwright: {
    files: {
      "t/one.spec.mjs": NODE_TESTS(
        'import { test as it } from "@playwright/test"; const { describe } = it;',
      ),
      "t/xone.spec.mjs": NODE_TESTS(
        'import { test as it } from "@playwright/test"; const { describe } = it;',
      ),
    },
    // The second one is the last line.
    ids: [
      "t/one.spec.mjs.cart › adds",
      "t/one.spec.mjs.cart › it's $HOME (a|b) [x] \\ /",
      "t/one.spec.mjs:10:1 › takes",
    ],
    ran: ["cart adds", "hostile", "takes"],
    script:
      "subunit-select --as playwright $1 | xargs -r -L 1 npx playwright test",
    peers: ["npm"],
    npm: "@playwright/test@1.65.1",
  },
  cargo: {
    peers: ["cargo"],
    files: {
      "Cargo.toml":
        '[package]\nname = "c-d"\nversion = "0.1.0"\nedition = "2021"\n',
      "src/lib.rs": `#[cfg(test)]
mod m {
    use std::io::Write;
    fn ran(name: &str) {
        let mut file = std::fs::OpenOptions::new().append(true).create(true)
            .open(std::env::var("RAN").unwrap()).unwrap();
        // In one write: tests run at once.
        file.write_all(format!("{name}\\n").as_bytes()).unwrap();
    }
    #[test] fn a() { ran("a"); }
    #[test] fn ab() { ran("ab"); }
    #[test] fn b() { ran("b"); }
}
`,
    },
    ids: ["c-d::m::a", "c-d.m::b"],
    ran: ["a", "b"],
    script:
      "subunit-select --as cargo $1 | xargs -r -L 1 cargo test --offline --quiet",
  },
  ctest: {
    peers: ["cmake"],
    files: {
      "CTestTestfile.cmake": ["a", "ab", "b.c", "bxc", "it's $HOME (a|b) [x]"]
        .map((name) =>
          `add_test([=[${name}]=] "sh" "-c" "echo \\"\\$1\\" >> \\"\\$RAN\\"" "sh" [=[${name}]=])\n`
        ).join(""),
    },
    ids: ["a", "b.c.b.c", "it's $HOME (a|b) [x]"],
    ran: ["a", "b.c", "it's $HOME (a|b) [x]"],
    script: "subunit-select --as ctest $1 | xargs -r -L 1 ctest",
  },
};

for (const [runner, project] of Object.entries(PROJECTS)) {
  // They compile and install.
  if (!isCi) {
    console.log(`left out: ${runner} runs what subunit-select prints, in CI`);
    continue;
  }
  const name = `subunit-select: ${runner} runs exactly the selected tests`;
  peerCallTest(name, project.peers, async () => {
    using dir = new TempDir();
    for (const [path, content] of Object.entries(project.files)) {
      Deno.mkdirSync(`${dir.path}/${path}`.replace(/[^/]*$/, ""), {
        recursive: true,
      });
      dir.file(path, content);
    }
    const list = dir.file("ids", project.ids.map((id) => `${id}\n`).join(""));
    const ran = dir.file("ran.log", "");
    const surroundings = {
      cwd: dir.path,
      env: { RAN: ran, DENO: Deno.execPath(), CI: "true", PYTHONPATH: "." },
    };
    if (project.npm !== undefined) {
      dir.file("package.json", "{}");
      const install = [
        "npm",
        "install",
        "--no-audit",
        "--no-fund",
        project.npm,
      ];
      const { status, stderr } = await run(install, surroundings);
      assertEquals(status, 0, stderr);
    }
    const { stdout, stderr } = await shell(
      project.script,
      [list],
      surroundings,
    );
    const tests = (log: string) =>
      Deno.readTextFileSync(log).split("\n").slice(0, -1).sort();
    const expected = [...project.ran].sort();
    assertEquals(tests(ran), expected, text(stdout) + stderr);
    // And as what fails in a repository.
    const again = dir.file("again.log", "");
    const failing = await shell(
      `${RECORD}subunit-failing -l0 > failing
set -- failing
${project.script}`,
      failingRuns(dir, project.ids),
      { ...surroundings, env: { ...surroundings.env, RAN: again } },
    );
    assertEquals(tests(again), expected, text(failing.stdout) + failing.stderr);
  });
}

/** A run in which tests fail, and another one that repairs others. */
function failingRuns(dir: TempDir, ids: readonly string[]): string[] {
  const on = (testId: string, status: EventFields["status"]) => ({
    testId,
    status,
  });
  return [
    dir.file(
      "full",
      stream(
        on("t/test_a.py::test_qq", "success"),
        ...ids.map((id) => on(id, "fail")),
        on("repaired", "fail"),
      ),
    ),
    dir.file("partial", stream(on("repaired", "success"))),
  ];
}

/** Records them. */
const RECORD = `subunit-load --quiet --full < $1
subunit-load --quiet --partial < $2
`;

for (const runner of ["pytest", "deno", "node"] as const) {
  // One that is not here comes from npm.
  if (runner === "node" && !isCi) {
    console.log(`left out: node runs what subunit-failing lists, in CI`);
    continue;
  }
  const { peers, files, ids, ran, script } = PROJECTS[runner]!;
  const name =
    `subunit-failing -l0 | subunit-select: ${runner} runs just those`;
  const test = async () => {
    using dir = new TempDir();
    for (const [path, content] of Object.entries(files)) {
      Deno.mkdirSync(`${dir.path}/${path}`.replace(/[^/]*$/, ""), {
        recursive: true,
      });
      dir.file(path, content);
    }
    const log = dir.file("ran.log", "");
    const { stdout, stderr } = await shell(
      `${RECORD}subunit-failing -l0 | ${
        script.replace(" $1", "").replace("--allow-all", "-A --no-check")
      }`,
      failingRuns(dir, ids),
      {
        cwd: dir.path,
        env: { RAN: log, DENO: Deno.execPath(), CI: "true" },
      },
    );
    assertEquals(
      Deno.readTextFileSync(log).split("\n").slice(0, -1).sort(),
      [...ran].sort(),
      text(stdout) + stderr,
    );
  };
  peerTest(name, peers, test);
}

if (isCi) {
  peerCallTest(
    "subunit-exec runs failed tests of Go again, by way of subunit-select",
    [
      "go",
    ],
    async () => {
      using dir = new TempDir();
      dir.file("go.mod", "module ex.com/m\n\ngo 1.19\n");
      dir.file(
        "a_test.go",
        `package a
import ("os"; "testing")
func once(t *testing.T) {
	if _, err := os.Stat("been here"); err != nil { os.WriteFile("been here", nil, 0o600); t.Fatal("flaky") }
}
func TestGood(t *testing.T) {}
func TestFlaky(t *testing.T) { t.Run("it's (a|b)", once); t.Run("good", func(t *testing.T) {}) }
`,
      );
      const select = commandOf("subunit-select").map(quote).join(" ");
      const go = ["go", "test", "-count=1", "-json"];
      const { stdout, stderr, status } = await runTool("subunit-exec", [
        "--retries=1",
        `--rerun=printf '%s\\n' {} | ${select} --as go | xargs -r -L 1 ${
          go.join(" ")
        }`,
        "--",
        ...go,
        "./...",
      ], { cwd: dir.path });
      assertEquals(stderr, "");
      const results = eventsIn(stdout)
        .filter(({ testId = "", status }) =>
          testId.includes(".Test") && status !== undefined &&
          status !== "inprogress"
        )
        .map(({ testId, status, tags = [] }) => `${testId} ${status} ${tags}`);
      assertEquals(results, [
        "ex.com/m.TestGood success ",
        "ex.com/m.TestFlaky/it's_(a|b) fail ",
        "ex.com/m.TestFlaky/good success ",
        "ex.com/m.TestFlaky fail ",
        "ex.com/m.TestFlaky/it's_(a|b) success attempt-2,flaky",
        "ex.com/m.TestFlaky success attempt-2,flaky",
      ]);
      assertEquals(status, 0);
    },
  );
}

test("--help of subunit-select marks the runners that no test runs", async () => {
  const help = text((await runTool("subunit-select", ["--help"])).stdout);
  for (const name of RUNNER_NAMES) {
    assertEquals(RUNNERS[name].isTested, name in PROJECTS, name);
    assertEquals(
      new RegExp(`^  ${name} .*\\n +\\(.*untested\\)$`, "m").test(help),
      !(name in PROJECTS),
      name,
    );
  }
});
