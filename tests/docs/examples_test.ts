import { assert, assertEquals } from "@std/assert";
import { pathOf } from "../../scripts/tool_path.ts";
import { peerTest, ROOT, shell, TempDir, text } from "../support/run.ts";

const REPORTER = pathOf(new URL("examples/node_reporter.mjs", ROOT));

/** Runs suites with the reporter and returns the rows of a pipeline. */
async function report(
  suites: Record<string, string>,
  pipeline: string,
): Promise<string[]> {
  using dir = new TempDir();
  for (const [name, suite] of Object.entries(suites)) dir.file(name, suite);
  const { stdout } = await shell(
    `node --test --test-reporter='${REPORTER}' | json2subunit | ${pipeline}`,
    [],
    { cwd: dir.path },
  );
  return text(stdout).trimEnd().split("\n");
}

const ROWS = "subunit-ls --no-passthrough --format tsv | cut -f 1,2,4";

peerTest("node_reporter reports what each test came to", ["node"], async () => {
  const rows = await report({
    "a.test.mjs": `import { before, describe, it, test } from "node:test";
test("passes", () => {});
test("fails", () => { throw new Error("no"); });
test("is skipped", { skip: "" }, () => {});
test("is to do", { todo: true }, () => { throw new Error("no"); });
test("has steps", async (t) => {
  for (const step of [1, 2]) await t.test("step", () => {});
});
describe("suite", () => { it("inner", () => {}); });
describe("no database", () => {
  before(() => { throw new Error("no database"); });
  it("is cancelled", () => {});
});
`,
    "b.test.mjs": `import { test } from "node:test";
test("passes", () => {});
`,
    "dies.test.mjs": "process.exit(7);\n",
  }, ROWS);
  assertEquals(
    rows.toSorted(),
    [
      "dies.test.mjs\tfail\tdies.test.mjs",
      "fails\tfail\ta.test.mjs",
      "has steps > step\tsuccess\ta.test.mjs",
      "has steps > step\tsuccess\ta.test.mjs",
      "has steps\tsuccess\ta.test.mjs",
      "is skipped\tskip\ta.test.mjs",
      "is to do\txfail\ta.test.mjs",
      "no database > is cancelled\tfail\ta.test.mjs",
      "no database\tfail\ta.test.mjs",
      "passes\tsuccess\ta.test.mjs",
      "passes\tsuccess\tb.test.mjs",
      "suite > inner\tsuccess\ta.test.mjs",
      "suite\tsuccess\ta.test.mjs",
    ].toSorted(),
  );
});

const DYING = `import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
test("hangs", async () => {
  console.log("waiting for the bank");
  // What was written leaves first: that takes turns, not time.
  for (let turn = 0; turn < 1000; turn++) await setImmediate();
  process.kill(process.pid, "SIGKILL");
});
test("never starts", () => {});
`;

peerTest(
  "node_reporter shows what a worker did when it died",
  ["node"],
  async () => {
    const lines = await report(
      { "a.test.mjs": DYING },
      "subunit-seal --expect-listed | subunit-filter --with-tag lost --no-passthrough | subunit2tap",
    );
    assertEquals(lines.filter((line) => /^not ok|text:/.test(line)), [
      "not ok 1 - hangs",
      String.raw`      text: "waiting for the bank\n"`,
      '      text: "The test started and never ended."',
      "not ok 2 - never starts",
      '      text: "The test never started."',
    ]);
  },
);

peerTest(
  "node_reporter reports reasons, and how long tests took",
  ["node"],
  async () => {
    const suites = {
      "a.test.mjs": `import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
test("slow", async () => { await setTimeout(300); throw new Error("late"); });
`,
    };
    const [reason] = await report(suites, "subunit2github --format plain");
    assertEquals(reason, "a.test.mjs:3: slow (route a.test.mjs): Error: late");
    const [row] = await report(suites, "subunit-ls --times");
    const [, seconds] = /^slow ([\d.]+)$/.exec(row)!;
    assert(Number(seconds) >= 0.29, row);
  },
);
