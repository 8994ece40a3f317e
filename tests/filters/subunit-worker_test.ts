import { assert, assertEquals, assertMatch } from "@std/assert";
import { encodePacket, type StatusEvent } from "@subunit/codec";
import { idsBody } from "@subunit/codec/control";
import description from "process-warning/package.json" with { type: "json" };
import { namesIn } from "../../filters/kit/io/files.ts";
import {
  commandOf,
  fixture,
  longTest,
  peerTest,
  ROOT,
  run,
  runTool,
  TempDir,
  testsCheckout,
  text,
} from "../support/run.ts";
import {
  bodyOf,
  filesOf,
  isReply,
  LiveWorker,
  RUNTIME_PATH,
  statusesOf,
  verdictsOf,
  WORDS,
} from "../support/worker.ts";

/** Starts a worker in a directory. */
function worker(cwd: string, ...args: string[]): LiveWorker {
  return new LiveWorker([...commandOf("subunit-worker"), ...args], {
    cwd,
    env: { PATH: RUNTIME_PATH, NO_COLOR: "1" },
  });
}

/** The verdicts as lines, in their order; ids without the path of the file. */
function verdicts(events: readonly StatusEvent[]): string[] {
  return Array.from(
    verdictsOf(events),
    ([id, [status, ...more]]) => {
      assertEquals(more, [], `${id} has more than one result`);
      return `${id.replace(/^.*?::/, "")} ${status}`;
    },
  );
}

/** The text of a file of a test. */
function fileOf(
  events: readonly StatusEvent[],
  id: string,
  name: string,
): string {
  return filesOf(events).get(`${id} ${name}`) ?? "";
}

const DENO_TESTS = `
import { greeting } from "./below.ts";
Deno.test("prints", () => {
  console.log(greeting);
  console.error("on the other");
});
Deno.test("fails", () => {
  throw new Error("no such luck");
});
Deno.test({ name: "ignored", ignore: true, fn() {} });
Deno.test.ignore("ignored too", () => {});
Deno.test("steps", async (t) => {
  await t.step("one", () => {});
  await t.step({ name: "left out", ignore: true, fn() {} });
  await t.step("two", async (t) => {
    await t.step("deep", () => { throw new Error("deep down"); });
  });
});
Deno.test(function named() {});
Deno.test({ name: "optional" }, () => {});
Deno.test("same", () => {});
Deno.test("same", () => { throw new Error("the second"); });
Deno.test("exits", () => Deno.exit(0));
Deno.test("sets its exit code", () => { Deno.exitCode = 3; });
Deno.test("throws late", async () => {
  setTimeout(() => { throw new Error("too late"); }, 1);
  await new Promise((resolve) => setTimeout(resolve, 10_000));
});
Deno.test("rejects late", async () => {
  Promise.reject(new Error("nobody catches"));
  await new Promise((resolve) => setTimeout(resolve, 10_000));
});
Deno.test("waits for nothing", () => new Promise(() => {}));
Deno.test("leaves a step", (t) => { t.step("slow", () => new Promise(() => {})); });
Deno.test({ name: "retried", retry: 2, fn() { if (++tries < 3) throw new Error("once more"); } });
let tries = 0;
Deno.test.each([[1, 1], [2, 3]])("%d is %d", (a, b) => { if (a !== b) throw new Error("no"); });
Deno.test("ends its process", () => Deno.kill(Deno.pid, "SIGKILL"));
Deno.test("is the last", () => {});
`;

const DENO_VERDICTS = [
  "prints success",
  "fails fail",
  "ignored skip",
  "ignored too skip",
  "steps fail",
  "named success",
  "optional success",
  "same success",
  "same #2 fail",
  "exits fail",
  "sets its exit code fail",
  "throws late fail",
  "rejects late fail",
  "waits for nothing fail",
  "leaves a step fail",
  "retried success",
  "1 is 1 success",
  "2 is 3 fail",
  "ends its process fail",
  "is the last success",
];

Deno.test("subunit-worker deno runs tests in all their forms", async () => {
  using dir = new TempDir();
  dir.file("a_test.ts", DENO_TESTS);
  dir.file("below.ts", `export const greeting = "hello";`);
  await using tool = worker(dir.path, "deno", "--", "--allow-run");
  const [ready] = await tool.until("ready");
  const { pid: _pid, ...described } = bodyOf(ready);
  assertEquals(described, {
    protocol: 1,
    engine: "deno",
    can: WORDS,
  });
  const listed = await tool.run("list");
  assertEquals(
    statusesOf(listed),
    DENO_VERDICTS.map((line) =>
      `a_test.ts::${line.replace(/ \w+$/, "")} exists`
    ),
  );
  const events = await tool.run("run", { req: "all" });
  assertEquals(verdicts(events), DENO_VERDICTS);
  assertEquals(bodyOf(events.at(-1)!), {
    req: "all",
    ran: DENO_VERDICTS.length,
    unrun: [],
  });
  const text = (id: string, name: string) =>
    fileOf(events, `a_test.ts::${id}`, name);
  assertEquals(text("prints", "stdout"), "hello\n");
  assertEquals(text("prints", "stderr"), "on the other\n");
  assertMatch(
    text("fails", "traceback"),
    /^Error: no such luck\n {4}at .*a_test.ts:8:9\n$/,
  );
  assertMatch(text("throws late", "traceback"), /too late/);
  assertMatch(text("rejects late", "traceback"), /nobody catches/);
  assertMatch(text("waits for nothing", "traceback"), /still pending/);
  assertMatch(text("exits", "traceback"), /attempted to exit/);
  assertEquals(
    text("ends its process", "worker"),
    "its process was killed by SIGKILL\n",
  );
  const steps = events.filter(({ parentTestId }) => parentTestId !== undefined);
  assert(steps.every(({ runnable }) => !runnable));
  assertEquals(
    statusesOf(steps).filter((line) => line.includes("::steps")),
    [
      "a_test.ts::steps > one inprogress",
      "a_test.ts::steps > one success",
      "a_test.ts::steps > left out skip",
      "a_test.ts::steps > two inprogress",
      "a_test.ts::steps > two > deep inprogress",
      "a_test.ts::steps > two > deep fail",
      "a_test.ts::steps > two fail",
    ],
  );
});

Deno.test("subunit-worker deno runs hooks around the tests of a unit", async () => {
  using dir = new TempDir();
  dir.file(
    "a_test.ts",
    `
for (const kind of ["beforeAll", "beforeEach", "afterEach", "afterAll"]) {
  for (const n of [1, 2]) Deno.test[kind](() => console.log(kind, n));
}
for (const name of "abc") Deno.test(name, () => console.log(name));
`,
  );
  dir.file(
    "b_test.ts",
    `
Deno.test.beforeAll(() => { throw new Error("not set up"); });
Deno.test.afterAll(() => { throw new Error("not torn down"); });
Deno.test("d", () => {});
`,
  );
  await using tool = worker(dir.path, "deno");
  const body = idsBody(["a_test.ts::c", "a_test.ts::a", "b_test.ts::d"]);
  const events = await tool.run("run", { body });
  assertEquals(verdicts(events), ["c success", "a success", "d fail"]);
  const printed = events.filter(({ fileName }) => fileName === "stdout")
    .map(({ fileBytes }) => new TextDecoder().decode(fileBytes)).join("");
  assertEquals(printed.trim().split("\n"), [
    ...["beforeAll 1", "beforeAll 2"],
    ...["beforeEach 1", "beforeEach 2", "c", "afterEach 2", "afterEach 1"],
    ...["beforeEach 1", "beforeEach 2", "a", "afterEach 2", "afterEach 1"],
    ...["afterAll 2", "afterAll 1"],
  ]);
  const d = "b_test.ts::d";
  assertMatch(fileOf(events, d, "traceback"), /not set up/);
  assert(statusesOf(events).includes("b_test.ts::(afterAll) fail"));
});

for (const engine of ["deno", "node"] as const) {
  const isDeno = engine === "deno";
  peerTest(
    `subunit-worker ${engine} reports what fails after the last test`,
    isDeno ? [] : ["node"],
    async () => {
      const late: [name: string, body: string][] = [
        ["a timer", 'setTimeout(() => { throw new Error("too late"); }, 0);'],
        ["a promise", 'Promise.reject(new Error("too late"));'],
      ];
      for (const [name, body] of late) {
        using dir = new TempDir();
        const file = isDeno ? "a_test.ts" : "a.test.mjs";
        const begin = isDeno ? "Deno." : 'import test from "node:test"; ';
        dir.file(file, `${begin}test("leaves it", () => { ${body} });`);
        await using tool = worker(dir.path, engine);
        const events = await tool.run("run");
        // The error of a promise may come before the result.
        assertEquals(statusesOf(events).sort(), [
          "(unit)::(uncaught) fail",
          `${file}::leaves it inprogress`,
          `${file}::leaves it success`,
        ], name);
        const traceback = fileOf(events, "(unit)::(uncaught)", "traceback");
        assertMatch(traceback, /too late/);
      }
    },
  );
}

Deno.test("subunit-worker runs only the tests that are marked so", async () => {
  using dir = new TempDir();
  dir.file(
    "a_test.ts",
    `Deno.test("a", () => {}); Deno.test.only("b", () => {});`,
  );
  await using tool = worker(dir.path, "deno");
  assertEquals(verdicts(await tool.run("run")), ["b success"]);
});

for (const engine of ["deno", "node"] as const) {
  const extension = engine === "deno" ? "_test.mjs" : ".test.mjs";
  const test = engine === "deno"
    ? "const test = Deno.test;"
    : `import { test } from "node:test";`;

  Deno.test(`subunit-worker ${engine} sees edits of tests and of modules below`, async () => {
    using dir = new TempDir();
    const write = (name: string, value: number) => {
      dir.file("below.mjs", `export const value = ${value};`);
      dir.file(
        `a${extension}`,
        `${test} import { value } from "./below.mjs";
test("${name}", () => { console.log(value); });`,
      );
    };
    await using tool = worker(dir.path, engine, "--eager");
    for (const [name, value] of [["one", 1], ["one", 2], ["two", 2]] as const) {
      write(name, value);
      const listed = await tool.run("list");
      assertEquals(statusesOf(listed), [`a${extension}::${name} exists`]);
      const id = `a${extension}::${name}`;
      const events = await tool.run("run", { body: idsBody([id]) });
      assertEquals(verdicts(events), [`${name} success`]);
      assertEquals(fileOf(events, id, "stdout"), `${value}\n`);
    }
    const gone = await tool.run("run", { body: `a${extension}::one` });
    assertEquals(statusesOf(gone).at(-1), `a${extension}::one fail #unknown`);
  });

  Deno.test(`subunit-worker ${engine} ends tests that spin, and goes on`, async () => {
    using dir = new TempDir();
    dir.file(
      `a${extension}`,
      `${test}
test("a", () => {});
test("spins", () => { console.log("round and round"); while (true); });
test("b", () => {});`,
    );
    await using tool = worker(dir.path, engine);
    const events = await tool.run("run", { tags: ["timeout=1"] });
    assertEquals(verdicts(events), ["a success", "spins fail", "b success"]);
    const id = `a${extension}::spins`;
    assertEquals(fileOf(events, id, "worker"), "timeout after 1 s\n");
    assertEquals(fileOf(events, id, "stdout"), "round and round\n");
  });

  Deno.test(`subunit-worker ${engine} blames the files that do not load`, async () => {
    using dir = new TempDir();
    dir.file(`a${extension}`, `${test} test("a", () => {});`);
    dir.file(`b${extension}`, `import "./nowhere.mjs";`);
    dir.file(
      `c${extension}`,
      engine === "deno" ? "Deno.exit(3);" : "process.exit(3);",
    );
    dir.file(`d${extension}`, "while (true);");
    await using tool = worker(dir.path, "--load-timeout=2", engine);
    const ids = ["a", "b", "c", "d"].map((name) => `${name}${extension}::a`);
    const events = await tool.run("run", { body: idsBody(ids) });
    assertEquals(
      statusesOf(events).filter((line) => !line.includes("inprogress")).sort(),
      [
        `a${extension}::a success`,
        `b${extension}::(load) fail`,
        `b${extension}::a fail #lost`,
        `c${extension}::(load) fail #lost`,
        `c${extension}::a fail #lost`,
        `d${extension}::(load) fail #lost`,
        `d${extension}::a fail #lost`,
      ],
    );
    assertEquals(verdictsOf(events).size, 4);
    const [last] = events.slice(-1);
    assertEquals(bodyOf(last), { ran: 4, unrun: [] });
  });

  Deno.test(`subunit-worker ${engine} reports files that are not there`, async () => {
    using dir = new TempDir();
    dir.file(`a${extension}`, `${test} test("a", () => {});`);
    dir.file(`b${extension}`, `import "./gone.mjs";`);
    const paths = [
      `a${extension}`,
      `b${extension}`,
      `none${extension}`,
      "no/where",
    ];
    await using tool = worker(dir.path, engine, ...paths);
    const broken = [
      `b${extension}::(load)`,
      `none${extension}::(load)`,
      "no/where::(load)",
    ];
    for (const [word, ending] of [["list", "exists"], ["run", "success"]]) {
      const events = await tool.run(word);
      assertEquals(
        statusesOf(events).filter((line) => !line.includes("inprogress"))
          .sort(),
        [`a${extension}::a ${ending}`, ...broken.map((id) => `${id} fail`)]
          .sort(),
      );
      for (const id of broken) {
        const reason = fileOf(events, id, "traceback")!;
        assert(reason.includes(dir.path), reason);
        assert(!/data:|\[eval1\]|\(unit\)/.test(reason), reason);
        const braces = reason.replace(/[^{}]/g, "");
        assert(["", "{}"].includes(braces), reason);
      }
    }
  });

  Deno.test(`subunit-worker ${engine} routes standard input to the test that asks`, async () => {
    using dir = new TempDir();
    const question = engine === "deno"
      ? `const answer = prompt("name?");`
      : `import { createInterface } from "node:readline/promises";
async function ask() {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  lines.on("close", () => resolve(null));
  let resolve;
  const closed = new Promise((done) => resolve = done);
  const answer = await Promise.race([lines.question("name? "), closed]);
  lines.close();
  return answer;
}`;
    dir.file(
      `a${extension}`,
      `${test} ${engine === "deno" ? "" : question}
test("asks", async () => {
  ${engine === "deno" ? question : "const answer = await ask();"}
  if (answer !== "Ada") throw new Error("it is " + answer);
});
test("b", () => {});`,
    );
    const id = `a${extension}::asks`;
    {
      await using tool = worker(dir.path, "--on-ask=wait", engine);
      await tool.send("run");
      const before = await tool.until("ask");
      assertEquals(bodyOf(before.at(-1)!), { test: id, prompt: "name? " });
      await tool.type("Ada\n");
      const events = await tool.until("done");
      assertEquals(verdicts([...before, ...events]), [
        "asks success",
        "b success",
      ]);
    }
    await using tool = worker(dir.path, engine);
    const events = await tool.run("run");
    assertEquals(verdicts(events), ["asks fail", "b success"]);
    assertMatch(fileOf(events, id, "traceback"), /it is null/);
    assert(events.some((event) => isReply(event, "ask")));
  });

  Deno.test(`subunit-worker ${engine} spells a test outside its folder in one way`, async () => {
    using dir = new TempDir();
    using elsewhere = new TempDir();
    dir.file(`a${extension}`, `${test} test("t", () => {});`);
    const path = `${dir.path}/a${extension}`;
    await using tool = worker(elsewhere.path, engine, path);
    const listed = await tool.run("list");
    assertEquals(statusesOf(listed), [`${path}::t exists`]);
    const body = idsBody([`${path}::t`]);
    for (const fields of [{ body }, {}]) {
      const events = await tool.run("run", fields);
      assertEquals([...verdictsOf(events)], [[`${path}::t`, ["success"]]]);
    }
  });

  Deno.test(`subunit-worker ${engine} takes no word of a test for its own`, async () => {
    using dir = new TempDir();
    const forged = encodePacket({ testId: `a${extension}::b`, status: "fail" });
    const bytes = [...new TextEncoder().encode("г"), 0xb3, 0x29, 0x01, 10];
    dir.file(
      `a${extension}`,
      `${test} import { writeSync } from "node:fs";
test("a", () => {
  writeSync(1, Uint8Array.of(${[...bytes, ...forged].join()}));
  writeSync(2, "\\0 not a mark\\n");
});
test("b", () => {});`,
    );
    const flags = engine === "deno" ? ["--", "--allow-all"] : [];
    await using tool = worker(dir.path, engine, ...flags);
    const events = await tool.run("run");
    assertEquals(verdicts(events), ["a success", "b success"]);
    const id = `a${extension}::a`;
    const printed = events.filter((event) =>
      event.testId === id && event.fileName === "stdout"
    ).flatMap(({ fileBytes }) => [...fileBytes!]);
    assertEquals(printed, [...bytes, ...forged]);
    assertEquals(fileOf(events, id, "stderr"), "\0 not a mark\n");
  });

  Deno.test(`subunit-worker ${engine} stops after the test in progress`, async () => {
    using dir = new TempDir();
    dir.file(
      `a${extension}`,
      `${test}
for (let n = 0; n < 50; n++) {
  test("t" + n, () => new Promise((resolve) => setTimeout(resolve, 30)));
}`,
    );
    await using tool = worker(dir.path, engine);
    await tool.send("run", { req: "1" });
    await tool.untilEvent(({ status }) => status === "inprogress");
    await tool.send("stop", { body: "1" });
    const { ran, unrun } = bodyOf((await tool.until("done")).at(-1)!);
    assertEquals(Number(ran) + (unrun as string[]).length, 50);
    assert(Number(ran) < 25, `${ran} ran`);
  });

  for (const ending of ["SIGTERM", "SIGKILL", "end of input"] as const) {
    Deno.test(`subunit-worker ${engine} leaves no process behind after ${ending}`, async () => {
      using dir = new TempDir();
      dir.file(`a${extension}`, `${test} test("a", () => { while (true); });`);
      await using tool = worker(dir.path, engine);
      await tool.send("run");
      await tool.untilEvent(({ status }) => status === "inprogress");
      assert(tool.processes().length > 0);
      if (ending === "end of input") {
        await tool.close();
        const events = await tool.rest();
        assertEquals(verdicts(events), ["a fail"]);
        assertEquals((await tool.status).code, 0);
      } else {
        tool.kill(ending);
        await tool.status;
      }
      await tool.assertNoneLeft();
    });
  }
}

Deno.test("subunit-worker deno gives tests the permissions of its flags", async () => {
  using dir = new TempDir();
  dir.file(
    "a_test.ts",
    `
const reads = () => { Deno.readTextFileSync("a_test.ts"); };
Deno.test("reads", reads);
Deno.test({ name: "reads without", permissions: { read: false }, fn: reads });
Deno.test({ name: "none", permissions: "none", fn: reads });
Deno.test("reads again", reads);
`,
  );
  const cases: [flags: string[], expected: string[]][] = [
    [[], ["fail", "fail", "fail", "fail"]],
    [["--allow-read"], ["success", "fail", "fail", "success"]],
    [["-A"], ["success", "fail", "fail", "success"]],
    [["--allow-read=."], ["success", "fail", "fail", "success"]],
  ];
  for (const [flags, expected] of cases) {
    await using tool = worker(dir.path, "deno", "--", ...flags);
    const events = await tool.run("run");
    assertEquals(
      verdicts(events).map((line) => line.replace(/^.* /, "")),
      expected,
      flags.join(" "),
    );
  }
});

longTest("subunit-worker runs 100,000 tests in one run", [], async () => {
  using dir = new TempDir();
  dir.file(
    "a_test.ts",
    `for (let n = 0; n < 100_000; n++) Deno.test("the test number " + n, () => {});`,
  );
  await using tool = worker(dir.path, "deno");
  const ids = Array.from(
    { length: 100_000 },
    (_, n) => `a_test.ts::the test number ${n}`,
  ).reverse();
  const events = await tool.run("run", { body: idsBody(ids) });
  const found = verdictsOf(events);
  assert([...found.keys()].join("\n") === ids.join("\n"));
  assert(found.values().every(([status]) => status === "success"));
});

longTest(
  "subunit-worker deno and deno test agree about our own tests",
  [],
  async () => {
    // The engine is the same one on Node. The properties of codec/v1 and /v2
    // take most of the time, and are tests as others are.
    const folders = testsCheckout()
      ? ["control", "gojson", "junit", "results", "tap", "text"]
        .map((name) => `codec/${name}`)
      : ["codec/results", "codec/tap"];
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: [
        "test",
        "--allow-read",
        "--no-check",
        "--reporter=junit",
        ...folders,
      ],
      cwd: ROOT,
      env: { NO_COLOR: "1" },
    }).output();
    const report = new TextDecoder().decode(stdout);
    const expected = Array.from(
      report.matchAll(/<testcase name="([^"]*)"[^>]*?(\/>|>\s*<\/?(\w+))/g),
      ([, name, , child]) =>
        `${decoded(name)} ${child === "failure" ? "fail" : "success"}`,
    ).filter((line) => !line.includes(" > ")).sort();
    assert(expected.length > 100);
    await using tool = worker(
      ROOT.pathname,
      "deno",
      ...folders,
      "--",
      "--allow-read",
    );
    // Its ids number the tests of a file that have one name.
    const found = verdicts(await tool.run("run"))
      .map((line) => line.replace(/ #2(?= \w+$)/, "")).sort();
    assertEquals(found, expected);
  },
);

/** Text of XML without its references. */
function decoded(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"').replaceAll("&apos;", "'").replaceAll(
      "&#39;",
      "'",
    ).replaceAll("&amp;", "&");
}

const NODE_TESTS = `
import test, { after, before, beforeEach, describe, it } from "node:test";
import assert from "node:assert/strict";
let count = 0;
before(() => { count = 10; });
beforeEach(() => { count++; });
after(() => {});
test("hooks", () => assert.ok(count > 10));
test("fails", (t) => { t.diagnostic("by the way"); assert.deepEqual({ a: 1 }, { a: 2 }); });
test("same", () => {});
test("same", () => { throw new Error("the second"); });
test.skip("skipped", () => {});
test("skips itself", (t) => t.skip("no time"));
test("todo", { todo: "later" }, () => { throw new Error("not yet"); });
describe("suite", () => {
  before(() => {});
  it("inner", () => {});
  describe("deep", () => { it("bad", () => { throw new TypeError("deep down"); }); });
});
describe.skip("skipped suite", () => { it("inner", () => {}); });
test("subtests", async (t) => {
  await t.test("one", () => {});
  await t.test("two", () => { throw 7; });
});
test("throws late", async () => {
  setTimeout(() => { throw new Error("too late"); }, 1);
  await new Promise((resolve) => setTimeout(resolve, 50));
});
test("calls back", (t, done) => setTimeout(done, 1));
test("calls back with an error", (t, done) => done(new Error("called back")));
test("times out", { timeout: 10 }, () => new Promise((resolve) => setTimeout(resolve, 200)));
test("mocks", (t) => { const f = t.mock.fn(() => 1); assert.equal(f(), 1); });
test(function named() {});
test("is the last", async () => {});
`;

/** Prints the results of tests at the top, one a line. */
const NODE_REPORTER = `
export default async function* (events) {
  for await (const { type, data } of events) {
    if (data.nesting !== 0 || !/pass|fail/.test(type)) continue;
    const isPassed = type === "test:pass";
    const status = data.skip !== undefined ? "skip"
      : data.todo !== undefined && !isPassed ? "xfail"
      : isPassed ? "success" : "fail";
    yield data.name + " " + status + "\\n";
  }
}`;

peerTest("subunit-worker node and node --test agree", ["node"], async () => {
  using dir = new TempDir();
  const file = dir.file("a.test.mjs", NODE_TESTS);
  dir.file(
    "b.test.cjs",
    `const { test } = require("node:test"); test("common", () => {});`,
  );
  const reporter = dir.file("reporter.mjs", NODE_REPORTER);
  const { stdout } = await new Deno.Command("node", {
    args: ["--test", `--test-reporter=${reporter}`, file],
    env: { PATH: RUNTIME_PATH },
    stderr: "null",
  }).output();
  const expected = new TextDecoder().decode(stdout).trim().split("\n");
  assertEquals(expected.length, 17);
  let hasOne = false;
  const numbered = expected.map((line) => {
    if (!line.startsWith("same ")) return line;
    if (hasOne) return line.replace("same", "same #2");
    hasOne = true;
    return line;
  });
  await using tool = worker(dir.path, "node");
  const events = await tool.run("run");
  assertEquals(verdicts(events), [...numbered, "common success"]);
  const id = "a.test.mjs::fails";
  assertEquals(fileOf(events, id, "diagnostic"), "by the way");
  assertMatch(fileOf(events, id, "details"), /location: a.test.mjs:9:1\n/);
  assert(
    statusesOf(events).includes("a.test.mjs::suite > deep > bad fail"),
    statusesOf(events).join("\n"),
  );
  // In another order, and a few of them.
  const ids = ["same #2", "suite", "hooks"].map((name) =>
    `a.test.mjs::${name}`
  );
  const some = await tool.run("run", { body: idsBody(ids) });
  assertEquals(verdicts(some), ["same #2 fail", "suite fail", "hooks success"]);
});

/** The folder of a package of npm, as its authors have published it. */
async function packageFolder(name: string, version: string): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json"],
  }).output();
  const { npmCache } = JSON.parse(new TextDecoder().decode(stdout));
  const [registry] = Array.from(
    Deno.readDirSync(npmCache),
    (entry) => `${npmCache}/${entry.name}/${name}/${version}`,
  ).filter((path) => namesIn(path).length > 0);
  return registry;
}

longTest(
  "subunit-worker node and node --test agree about the suite of a package",
  ["node"],
  async () => {
    using dir = new TempDir();
    const from = await packageFolder("process-warning", description.version);
    await run(["cp", "-r", `${from}/.`, dir.path]);
    const reporter = dir.file("reporter.mjs", NODE_REPORTER);
    // One file has no tests, for which node --test makes one up.
    const files = namesIn(`${dir.path}/test`)
      .filter((name) => name.endsWith(".test.js") && !name.startsWith("jest"))
      .map((name) => `test/${name}`);
    const { stdout } = await run(
      ["node", "--test", `--test-reporter=${reporter}`, ...files],
      { cwd: dir.path, env: { PATH: RUNTIME_PATH } },
    );
    const expected = text(stdout).trim().split("\n").sort();
    assert(expected.length > 15, text(stdout));
    await using tool = worker(dir.path, "node", ...files);
    assertEquals(verdicts(await tool.run("run")).sort(), expected);
  },
);

Deno.test("subunit-worker exec reads lists of any length, and refuses what is none", async () => {
  using dir = new TempDir();
  const COUNT = 150_000;
  const long = dir.file("long", "größe\n".repeat(COUNT));
  const ends = dir.file("ends", "a\nb\0c\0");
  const nul = dir.file("nul", "a\n\0b\n");
  const listed = async (file: string) => {
    const list = `--list=cat ${file}`;
    await using tool = worker(dir.path, list, "--run=true", "exec");
    return statusesOf(await tool.run("list"));
  };
  const all = await listed(long);
  assertEquals(all.length, COUNT);
  assertEquals(new Set(all), new Set(["größe exists"]));
  assertEquals(await listed(ends), ["a\nb exists", "c exists"]);
  assertEquals(await listed(nul), ["(load) fail #lost"]);
});

Deno.test("subunit-worker exec runs the commands of any runner", async () => {
  using dir = new TempDir();
  dir.file("build.sh", `echo building; echo built >> log`);
  dir.file(
    "run.sh",
    `while read -r id; do
  echo "test: $id"
  case $id in
    bad) echo "failure: $id [" ; echo "it is bad"; echo "]";;
    dies) kill -9 $$;;
    silent) ;;
    asks) read -r answer <&3; echo "got $answer"; echo "success: $id";;
    *) echo "words of $id" >&2; echo "success: $id";;
  esac
done < "$IDFILE"`,
  );
  await using tool = worker(
    dir.path,
    "--build=sh build.sh",
    "--list=printf '%s\\n' good bad",
    "--run=exec 3<&0; sh run.sh",
    "exec",
  );
  const [ready] = await tool.until("ready");
  assertEquals(bodyOf(ready).engine, "exec");
  assertEquals(statusesOf(await tool.run("list")), [
    "good exists",
    "bad exists",
  ]);
  assertEquals(verdicts(await tool.run("run")), ["good success", "bad fail"]);
  const ids = ["bad", "dies", "good", "unheard of"];
  const events = await tool.run("run", { body: idsBody(ids) });
  assertEquals(verdicts(events), [
    "bad fail",
    "dies fail",
    "good success",
    "unheard of success",
  ]);
  await tool.send("run", { body: "asks" });
  await tool.untilEvent(({ status }) => status === "inprogress");
  await tool.type("something\n");
  assertEquals(verdicts(await tool.until("done")), ["asks success"]);
  assertEquals(Deno.readTextFileSync(`${dir.path}/log`), "built\n");
  await tool.run("reload");
  dir.file("build.sh", "echo broken; exit 3");
  const broken = await tool.run("run", { body: "good" });
  assertEquals(statusesOf(broken), [
    "(build) fail",
    "(load) fail #lost",
    "good fail #lost #unstarted",
  ]);
  assertEquals(
    fileOf(broken, "good", "worker"),
    "--build ended with exit status 3\n",
  );
});

peerTest("subunit-worker exec builds tests of Go once and runs the binary", [
  "go",
], async () => {
  using dir = new TempDir();
  const shop = "example.com/shop/basket";
  await using tool = worker(
    fixture("gojson/shop"),
    `--build=go test -c -o ${dir.path}/unit ./basket`,
    `--list=${dir.path}/unit -test.list . | grep -E '^(Test|Example)' | sed 's,^,${shop}.,'`,
    `--run=cd basket && go tool test2json -p ${shop} ${dir.path}/unit -test.v -test.run "^($(sed 's,.*[.],,' $IDFILE | paste -sd '|'))\\$"`,
    "exec",
  );
  const listed = await tool.run("list");
  assert(statusesOf(listed).includes(`${shop}.TestSum exists`));
  const body = idsBody([`${shop}.TestWrong`, `${shop}.TestSum`]);
  const events = await tool.run("run", { body });
  const found = verdictsOf(events);
  assertEquals(found.get(`${shop}.TestWrong`), ["fail"]);
  assertEquals(found.get(`${shop}.TestSum`), ["success"]);
  assertEquals(bodyOf(events.at(-1)!), { ran: 2, unrun: [] });
});

peerTest(
  "subunit-worker python runs the tests of a module",
  ["python3"],
  async () => {
    using dir = new TempDir();
    dir.file(
      "sums.py",
      `import unittest
class Sums(unittest.TestCase):
    def test_adds(self): self.assertEqual(1 + 1, 2)
    def test_fails(self): self.assertEqual(1 + 1, 3)
`,
    );
    await using tool = worker(dir.path, "--eager", "python", "sums");
    const [ready] = await tool.until("ready");
    assertEquals(bodyOf(ready).engine, "python");
    const events = await tool.run("run");
    assertEquals(verdicts(events), [
      "sums.Sums.test_adds success",
      "sums.Sums.test_fails fail",
    ]);
    await tool.close();
    assertEquals((await tool.status).code, 0);
  },
);

Deno.test("subunit-worker refuses what it cannot do", async () => {
  const cases: [args: string[], message: RegExp][] = [
    [[], /Expected an engine: deno, node, python/],
    [["ruby"], /engine is "ruby": expected deno, node, python/],
    [["python"], /^subunit-worker: Expected a module: see --help\n$/],
    [["exec"], /Expected --run/],
    [["exec", "--run=x", "tests"], /no paths and no flags for the engine exec/],
    [["deno", "--run=x"], /are for the engine exec/],
    [["deno", "--timeout=soon"], /--timeout is "soon"/],
    [["deno", "--on-ask=never"], /expected wait, eof, fail/],
  ];
  for (const [args, message] of cases) {
    const { status, stderr, stdout } = await runTool("subunit-worker", args);
    assertEquals([status, stdout.length], [2, 0], args.join(" "));
    assertMatch(stderr, message);
  }
});
