/** The npm package's reporter, in real runs of `node --test`. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  installed,
  installedNodes,
  installPackage,
  oldestNodes,
  projectWithPackage,
  succeed,
} from "../support/package.ts";
import {
  type Finished,
  isCi,
  peer,
  peerTest,
  run,
  runTool,
  TempDir,
  text,
  within,
} from "../support/run.ts";
import { eventsIn, itemsIn, testsIn } from "../support/streams.ts";
import { isFinalStatus, type StatusEvent } from "@subunit/codec";

const REPORTER = "--test-reporter=subunit-tools/reporter/node";

const SUITES = {
  "all.test.mjs": `import assert from "node:assert";
import { before, describe, it, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
test("passes", (t) => t.diagnostic("by the way"));
test("compares", () => assert.strictEqual(1 + 1, 3));
test("same", () => {});
test("same", () => {});
test("skipped", { skip: "no network" }, () => {});
test("to do, fails", { todo: true }, () => { throw new Error("later"); });
test("to do, passes", { todo: true }, () => {});
test("throws with a cause", () => {
  throw new TypeError("outer", { cause: new RangeError("inner") });
});
test("throws no error", () => { throw "text"; });
test("has steps", async (t) => {
  await t.test("one", () => {});
  await t.test("two", (t) => t.test("deep", () => {}));
});
test("leaves a step behind", (t) => {
  t.test("unfinished", () => sleep(50));
});
test("times out", { timeout: 20 }, () => sleep(200));
test("rejects", async () => { await sleep(1); throw new Error("late"); });
describe("suite", () => {
  it("first", () => {});
  describe("inner", () => { it("second", () => {}); });
});
describe("no database", () => {
  before(() => { throw new Error("refused"); });
  it("cannot run", () => {});
});
describe("side by side", { concurrency: 2 }, () => {
  for (const name of ["left", "right"]) {
    describe(name, { concurrency: 2 }, () => {
      for (const step of [3, 2]) it("waits", () => sleep(step));
    });
  }
});
test("schöne Grüße 📦\\n\\u0000", () => {});
`,
  "broken.test.mjs": 'import "./missing.mjs";\n',
  "prints.test.mjs": `import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
console.log("loading");
const prints = (name, bytes) => test(name, async () => {
  await sleep(50);
  process.stdout.write(bytes);
  process.stderr.write("oh\\n");
  await sleep(50);
});
prints("a packet's first byte", Buffer.from([0xb3, 0x29, 0x0a]));
prints("half a line", "half");
`,
  "steps.mjs": `export const step = (t) => t.test("step", () => {});
`,
  "uses.test.mjs": `import { test } from "node:test";
import { step } from "./steps.mjs";
test("uses a module", step);
`,
} as const;

/** The outcomes of the suites, in the order of their ends. */
const OUTCOMES = `success all.test.mjs::passes
fail all.test.mjs::compares
success all.test.mjs::same
success all.test.mjs::same #2
skip all.test.mjs::skipped
xfail all.test.mjs::to do, fails
success all.test.mjs::to do, passes
fail all.test.mjs::throws with a cause
fail all.test.mjs::throws no error
success all.test.mjs::has steps > one
success all.test.mjs::has steps > two > deep
success all.test.mjs::has steps > two
success all.test.mjs::has steps
fail all.test.mjs::leaves a step behind > unfinished
fail all.test.mjs::leaves a step behind
fail all.test.mjs::times out
fail all.test.mjs::rejects
success all.test.mjs::suite > first
success all.test.mjs::suite > inner > second
success all.test.mjs::suite > inner
success all.test.mjs::suite
fail all.test.mjs::no database > cannot run
fail all.test.mjs::no database
success all.test.mjs::side by side > left > waits
success all.test.mjs::side by side > left > waits #2
success all.test.mjs::side by side > left
success all.test.mjs::side by side > right > waits
success all.test.mjs::side by side > right > waits #2
success all.test.mjs::side by side > right
success all.test.mjs::side by side
success all.test.mjs::schöne Grüße 📦\\n\u2400
fail broken.test.mjs
success prints.test.mjs::a packet's first byte
success prints.test.mjs::half a line
success uses.test.mjs::uses a module > step
success uses.test.mjs::uses a module
`;

/** A project with suites and the package. */
function project(suites: Readonly<Record<string, string>>): TempDir {
  const dir = projectWithPackage();
  for (const [name, suite] of Object.entries(suites)) dir.file(name, suite);
  return dir;
}

/** Runs `node --test`; the environment is that of a terminal without colors. */
function nodeTest(
  node: string,
  dir: TempDir,
  ...args: readonly string[]
): Promise<Finished> {
  return run([node, "--test", ...args], {
    cwd: dir.path,
    env: { NO_COLOR: "1" },
  });
}

function outcomesOf(bytes: Uint8Array): string {
  return eventsIn(bytes).filter(({ status }) => isFinalStatus(status))
    .map(({ status, testId }) =>
      `${status} ${testId!.replaceAll("\n", "\\n")}\n`
    ).join("");
}

/** The content of a file of a test, or of none. */
function fileOf(
  events: readonly StatusEvent[],
  testId: string | undefined,
  name: string,
): string {
  return events.filter((it) => it.testId === testId && it.fileName === name)
    .map(({ fileBytes }) => text(fileBytes!)).join("");
}

/** The first numbers of a summary: all, passed, failed and skipped tests. */
async function countsOf(bytes: Uint8Array): Promise<string> {
  const { stdout } = await runTool("subunit-stats", ["--no-passthrough"], {
    stdin: bytes,
  });
  return text(stdout).split("\n").slice(0, 4).join("\n");
}

function registerTests(node: string, version: string): void {
  const on = `on Node ${version}`;

  Deno.test(`the reporter reports what each test came to ${on}`, async () => {
    using dir = project(SUITES);
    const { stdout, stderr, status } = await nodeTest(node, dir, REPORTER);
    assertEquals(stderr, "");
    assertEquals(outcomesOf(stdout), OUTCOMES);
    assertEquals(status, 1);
    const events = eventsIn(stdout);
    assert(itemsIn(stdout).every(({ kind }) => kind === "packet"));
    // Each but the one whose suite never ran has started before, and no test
    // is left.
    const started = events.filter((it) => it.status === "inprogress");
    assertEquals(started.length, OUTCOMES.split("\n").length - 2);
    assert(testsIn(stdout).every((it) => "outcome" in it));
    // Those at the top can be run by themselves.
    for (const { testId, parentTestId, runnable } of events) {
      const [, parent] = /^(.*) > /s.exec(testId ?? "") ?? [];
      assertEquals(parentTestId, parent);
      if (testId !== undefined) assertEquals(runnable, parent === undefined);
    }
    const listed = events.filter(({ status }) => status === "exists");
    assert(listed.some(({ testId }) => testId === "all.test.mjs::suite"));
    const tagged = events.filter(({ tags }) => tags !== undefined);
    assertEquals(
      tagged.map(({ testId, tags }) => [testId, tags]),
      [["all.test.mjs::to do, passes", ["todo"]]],
    );
  });

  Deno.test(`the reporter attaches reasons and output ${on}`, async () => {
    using dir = project(SUITES);
    const { stdout } = await nodeTest(node, dir, REPORTER);
    const events = eventsIn(stdout);
    const file = (testId: string | undefined, name: string) =>
      fileOf(events, testId && `all.test.mjs::${testId}`, name);
    assertEquals(file("passes", "diagnostic"), "by the way");
    assertEquals(file("skipped", "reason"), "no network");
    const at = `file://${Deno.realPathSync(dir.path)}/all.test.mjs`;
    assertMatch(
      file("compares", "traceback"),
      new RegExp(
        `^AssertionError \\[ERR_ASSERTION\\]: [^]*2 !== 3\n\n +at [^]*\\(${at}:5:31\\)`,
      ),
    );
    assertEquals(
      file("compares", "details").split("\n").slice(0, 6),
      [
        "failureType: testCodeFailure",
        "location: all.test.mjs:5:1",
        "code: ERR_ASSERTION",
        "actual: 2",
        "expected: 3",
        "operator: strictEqual",
      ],
    );
    assertMatch(
      file("throws with a cause", "traceback"),
      /^TypeError: outer\n +at [^]+\n {2}\[cause\]: RangeError: inner\n +at /,
    );
    assertMatch(
      file("throws no error", "traceback"),
      /^text\n {4}at all\.test\.mjs:\d+:1$/,
    );
    assertMatch(
      file("times out", "traceback"),
      /^test timed out after 20ms\n {4}at all\.test\.mjs:\d+:1$/,
    );
    assertMatch(file("no database", "traceback"), /^Error: refused\n/);
    assertMatch(file("no database", "details"), /failureType: hookFailed\n/);
    assertMatch(
      file("no database > cannot run", "details"),
      /failureType: cancelledByParent\n/,
    );
    assertMatch(
      fileOf(events, "broken.test.mjs", "traceback"),
      /ERR_MODULE_NOT_FOUND[^]*missing\.mjs[^]*\n\nexit status 1$/,
    );
    const prints = "prints.test.mjs::";
    const output = (name: string) =>
      ["stdout", "stderr"].map((it) => fileOf(events, prints + name, it));
    // Node has made text of the bytes.
    assertEquals(output("a packet's first byte"), ["\ufffd)\n", "oh\n"]);
    assertEquals(output("half a line"), ["half", "oh\n"]);
    assertMatch(fileOf(events, undefined, "stdout"), /loading\n/);
    const printed = fileOf(events, undefined, "stderr");
    assertMatch(printed, /ERR_MODULE_NOT_FOUND/);
  });

  Deno.test(`the reporter gives tests the times that Node measured ${on}`, async () => {
    using dir = project(SUITES);
    const raw = dir.file(
      "raw.mjs",
      `export default async function* (source) {
  for await (const { type, data } of source) {
    if (/^test:(pass|fail)$/.test(type)) yield data.details.duration_ms + "\\n";
  }
}
`,
    );
    const args = ["--test-concurrency=3", REPORTER, `--test-reporter=${raw}`];
    const { stdout } = await nodeTest(
      node,
      dir,
      ...args,
      "--test-reporter-destination=run.subunit",
      "--test-reporter-destination=stdout",
    );
    const measured = text(stdout).trimEnd().split("\n").map(Number);
    const bytes = Deno.readFileSync(`${dir.path}/run.subunit`);
    assertEquals(outcomesOf(bytes), OUTCOMES);
    const seconds = testsIn(bytes).map((it) => "seconds" in it && it.seconds);
    assertEquals(seconds.length, measured.length);
    seconds.forEach((each, index) => {
      // Unknown for the test that never ran. Suites last as long as their tests.
      if (each === undefined) return;
      assert(Number(each) * 1000 > measured[index] - 0.01);
    });
  });

  Deno.test(`the reporter counts as Node and TAP do ${on}`, async () => {
    // TAP counts a name with a line feed otherwise.
    const [simple] = SUITES["all.test.mjs"].split('test("schöne');
    for (
      const [name, suites] of [
        ["all", { ...SUITES, "all.test.mjs": simple }],
        ["good", { "a.test.mjs": 'import "node:test";\n' }],
        ["todo", {
          "a.test.mjs": `import { describe, it, test } from "node:test";
test("a", { todo: true }, () => { throw new Error("no"); });
describe("b", { todo: true }, () => { it("c", () => {}); });
`,
        }],
      ] as const
    ) {
      using dir = project(suites);
      const tap = await nodeTest(node, dir, "--test-reporter=tap");
      const ours = await nodeTest(node, dir, REPORTER);
      assertEquals(ours.status, tap.status, name);
      const converted = await runTool("tap2subunit", [], { stdin: tap.stdout });
      const counts = await countsOf(ours.stdout);
      assertEquals(counts, await countsOf(converted.stdout), name);
      const judged = await runTool("subunit-stats", [], { stdin: ours.stdout });
      assertEquals(judged.status === 0, ours.status === 0, name);
      const number = (word: string) =>
        Number(
          new RegExp(`^# ${word} (\\d+)$`, "m").exec(text(tap.stdout))![1],
        );
      assertEquals(
        Number(/Total tests: +(\d+)/.exec(counts)![1]),
        number("tests") + number("suites"),
        name,
      );
    }
  });

  Deno.test(`the reporter reports the tests that Node selects ${on}`, async () => {
    const suite = `import { describe, it, test } from "node:test";
test("pays", () => {});
test("lists", () => { throw new Error("no"); });
describe("cart", { only: true }, () => {
  it("is paid", () => {});
  it.only("is listed", () => {});
});
`;
    using dir = project({ "shop.test.mjs": suite });
    const passed = async (arg: string) => {
      const { stdout, status } = await nodeTest(node, dir, REPORTER, arg);
      assertEquals(status, 0, arg);
      const lost = testsIn(stdout).filter((it) =>
        !("outcome" in it) || it.outcome === "lost"
      );
      assertEquals(lost, []);
      return eventsIn(stdout).filter((it) => it.status === "success")
        .map(({ testId }) => testId);
    };
    const front = "shop.test.mjs::";
    const byName = await passed("--test-name-pattern=pa[iy]");
    assert(byName.includes(`${front}pays`));
    assert(byName.includes(`${front}cart > is paid`));
    const only = await passed("--test-only");
    assert(only.includes(`${front}cart > is listed`));
    assert(!only.includes(`${front}pays`));
  });

  Deno.test(`the reporter shows what ended a run, a file and a test ${on}`, async () => {
    const waits = 'import { setTimeout as sleep } from "node:timers/promises";';
    using dir = project({
      "dies.test.mjs": `import { test } from "node:test";
${waits}
test("dies", async () => {
  console.log("altitude 1200 m");
  await sleep(100);
  process.kill(process.pid, "SIGKILL");
});
test("never", () => {});
`,
      "exits.test.mjs": `import { test } from "node:test";
${waits}
test("exits", async () => { await sleep(100); process.exit(0); });
`,
    });
    const { stdout, status } = await nodeTest(node, dir, REPORTER);
    assertEquals(status, 1);
    const events = eventsIn(stdout);
    // Node counts a file in which no test ended.
    assertEquals(
      testsIn(stdout).map((it) =>
        "outcome" in it && `${it.testId} ${it.outcome}`
      ).toSorted(),
      [
        "dies.test.mjs fail",
        "dies.test.mjs::dies lost",
        "exits.test.mjs success",
        "exits.test.mjs::exits lost",
      ],
    );
    assertMatch(
      fileOf(events, "dies.test.mjs", "traceback"),
      /(?:^|\n\n)killed by SIGKILL$/,
    );
    assertEquals(
      fileOf(events, "dies.test.mjs::dies", "traceback"),
      "killed by SIGKILL before the test ended",
    );
    assertEquals(
      fileOf(events, "exits.test.mjs::exits", "traceback"),
      "exit status 0 before the test ended",
    );
    const printed = ["dies.test.mjs::dies", undefined]
      .map((testId) => fileOf(events, testId, "stdout"));
    assertEquals(printed.join(""), "altitude 1200 m\n");
    const { stdout: sealed } = await runTool(
      "subunit-seal",
      ["--expect-listed"],
      { stdin: stdout },
    );
    assertMatch(outcomesOf(sealed), /^fail dies\.test\.mjs::never$/m);
  });

  Deno.test(`the reporter's stream is whole when Node is killed ${on}`, async () => {
    using dir = project({
      "hangs.test.mjs": `import { test } from "node:test";
test("ends", () => {});
const parent = process.ppid;
test("hangs", () => new Promise((resolve) => {
  // Its runner is killed, and must not leave it behind.
  setInterval(() => process.ppid === parent || process.exit(), 50);
}));
`,
    });
    await using node_ = new Deno.Command(node, {
      args: ["--test", REPORTER],
      cwd: dir.path,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    let bytes = new Uint8Array(0);
    const hangs = ({ testId, status }: StatusEvent) =>
      testId === "hangs.test.mjs::hangs" && status === "inprogress";
    const reader = node_.stdout.getReader();
    for (;;) {
      const { value, done } = await within(reader.read());
      if (done) break;
      bytes = new Uint8Array([...bytes, ...value]);
      // It is live: nothing else will come.
      if (eventsIn(bytes).some(hangs)) node_.kill("SIGKILL");
    }
    assertEquals(
      testsIn(bytes).map((it) => "outcome" in it && [it.testId, it.outcome]),
      [["hangs.test.mjs::ends", "success"], ["hangs.test.mjs::hangs", "lost"]],
    );
  });

  Deno.test(`the reporter works in one process, and with run() ${on}`, async () => {
    using dir = project({
      "a.test.mjs": `import { test } from "node:test";
test("adds", () => {});
`,
      "main.mjs": `import { run } from "node:test";
import Reporter from "subunit-tools/reporter/node";
run({ files: ["a.test.mjs"] }).pipe(new Reporter()).pipe(process.stdout);
`,
    });
    for (const args of [[REPORTER, "a.test.mjs"], ["main.mjs"]]) {
      const { stdout } = await run([node, ...args], { cwd: dir.path });
      assertEquals(outcomesOf(stdout), "success a.test.mjs::adds\n");
    }
  });

  Deno.test(`the reporter reports a file that runs again in watch mode ${on}`, async () => {
    const suite = (body: string) =>
      `import { test } from "node:test";\ntest("adds", () => { ${body} });\n`;
    using dir = project({ "a.test.mjs": suite('throw new Error("no")') });
    await using watching = new Deno.Command(node, {
      args: ["--test", "--watch", REPORTER, "a.test.mjs"],
      cwd: dir.path,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    let bytes = new Uint8Array(0);
    const reader = watching.stdout.getReader();
    const outcomes = "fail a.test.mjs::adds\nsuccess a.test.mjs::adds\n";
    while (outcomesOf(bytes) !== outcomes) {
      const { value, done } = await within(reader.read());
      assert(!done, outcomesOf(bytes));
      bytes = new Uint8Array([...bytes, ...value]);
      if (outcomesOf(bytes) === "fail a.test.mjs::adds\n") {
        dir.file("a.test.mjs", suite(""));
      }
    }
    watching.kill("SIGKILL");
    await reader.cancel();
  });

  peerTest(
    `subunit-stats of Debian counts what the reporter writes ${on}`,
    ["subunit", "python3-subunit"],
    async () => {
      using dir = project(SUITES);
      const { stdout } = await nodeTest(node, dir, REPORTER);
      const debian = await run(
        ["/usr/bin/subunit-stats", "--no-passthrough"],
        { stdin: stdout },
      );
      const counts = text(debian.stdout).split("\n").slice(0, 4).join("\n");
      assertEquals(counts, await countsOf(stdout));
      assertEquals(debian.status, 1);
    },
  );
}

if (peer("node") && peer("npm")) {
  await installPackage();
  const oldest = isCi ? await oldestNodes() : [];
  for (const node of [...await installedNodes(), ...oldest]) {
    const version = await succeed([node, "-p", "process.versions.node"]);
    registerTests(node, version.trim());
  }

  Deno.test("the reporter's types are those of a stream", async () => {
    using dir = new TempDir();
    Deno.copyFileSync(
      `${installed}/reporter/node.d.ts`,
      `${dir.path}/node.d.ts`,
    );
    const main = dir.file(
      "main.ts",
      `import type Reporter from "./node.d.ts";
import type { Transform } from "node:stream";
export const asStream = (reporter: Reporter): Transform => reporter;
// @ts-expect-error: without types this would pass
export const asText = (reporter: Reporter): string => reporter;
`,
    );
    await succeed([Deno.execPath(), "check", "--quiet", "--no-config", main]);
  });
}
