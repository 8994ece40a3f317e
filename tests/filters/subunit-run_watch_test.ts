import { assertEquals } from "@std/assert";
import { isFinalStatus, type StatusEvent } from "@subunit/codec";
import { commandOf, isCi, run, TempDir } from "../support/run.ts";
import { eventsIn } from "../support/streams.ts";
import {
  LiveWorker,
  PYTHON,
  PYTHON_ENGINE,
  RUNTIME_PATH,
} from "../support/worker.ts";

/** A project with two files of tests, one of which imports a module. */
interface Project {
  readonly worker: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  /** The module, as the test wants it and not. */
  readonly lib: string;
  readonly good: string;
  readonly bad: string;
  /** The file whose test failed, mended. */
  readonly mended: [name: string, content: string];
  /** A file with one more test. */
  readonly added: [name: string, content: string];
  /** The tests: of the first file, of the second, and of the added file. */
  readonly ids: readonly [string, string, string];
  /** What the first file is when it does not load. */
  readonly unloaded: string;
}

const worker = (...args: string[]) => [...commandOf("subunit-worker"), ...args];

const PROJECTS: Record<string, Project> = {
  deno: {
    worker: worker("deno"),
    lib: "lib.ts",
    good: "export const one = 1;",
    bad: "export const one = 1 + 1;",
    files: {
      "deno.json": `{ "imports": { "lib": "./lib.ts" } }`,
      "a_test.ts": `import { one } from "lib";
Deno.test("a", () => { if (one !== 1) throw new Error("not one"); });`,
      "b_test.ts": `Deno.test("b", () => { throw new Error("no"); });`,
    },
    mended: ["b_test.ts", `Deno.test("b", () => {});`],
    added: ["c_test.ts", `Deno.test("c", () => {});`],
    ids: ["a_test.ts::a", "b_test.ts::b", "c_test.ts::c"],
    unloaded: "a_test.ts::(load)",
  },
  node: {
    worker: worker("node"),
    lib: "lib.mjs",
    good: "export const one = 1;",
    bad: "export const one = 1 + 1;",
    files: {
      "a.test.mjs": `import test from "node:test";
import { one } from "./lib.mjs";
test("a", () => { if (one !== 1) throw new Error("not one"); });`,
      "b.test.cjs": `const test = require("node:test");
test("b", () => { throw new Error("no"); });`,
    },
    mended: [
      "b.test.cjs",
      `const test = require("node:test"); test("b", () => {});`,
    ],
    added: [
      "c.test.mjs",
      `import test from "node:test"; test("c", () => {});`,
    ],
    ids: ["a.test.mjs::a", "b.test.cjs::b", "c.test.mjs::c"],
    unloaded: "a.test.mjs::(load)",
  },
  python: {
    worker: [PYTHON, PYTHON_ENGINE, "suite"],
    lib: "suite/lib.py",
    good: "one = 1",
    bad: "one = 1 + 1",
    files: {
      "suite/__init__.py": "",
      "suite/test_a.py": `import unittest
from . import lib
class A(unittest.TestCase):
    def test_a(self):
        self.assertEqual(lib.one, 1)
`,
      "suite/test_b.py": `import unittest
class B(unittest.TestCase):
    def test_b(self):
        self.fail("no")
`,
    },
    mended: [
      "suite/test_b.py",
      `import unittest
class B(unittest.TestCase):
    def test_b(self):
        pass
`,
    ],
    added: [
      "suite/test_c.py",
      `import unittest
class C(unittest.TestCase):
    def test_c(self):
        pass
`,
    ],
    ids: [
      "suite.test_a.A.test_a",
      "suite.test_b.B.test_b",
      "suite.test_c.C.test_c",
    ],
    unloaded: "suite.test_a::(load)",
  },
};

/** Whether an event ends a test, or reports that a file does not load. */
function isEnd({ testId, status, runnable }: StatusEvent): boolean {
  const isTest = runnable || testId?.endsWith("::(load)");
  return isTest === true && isFinalStatus(status);
}

function outcome({ testId, status }: StatusEvent): string {
  return `${testId} ${status}`;
}

for (const [engine, project] of Object.entries(PROJECTS)) {
  Deno.test({
    name:
      `subunit-run --watch runs with ${engine} what failed and what edits affect, as a cold run does`,
    // One engine shows it to whoever works on it.
    ignore: !isCi && engine !== "deno",
    async fn() {
      using dir = new TempDir();
      using drafts = new TempDir();
      /** Replaces a file at once: half of it is never seen. */
      const save = (name: string, content: string) =>
        Deno.renameSync(drafts.file("draft", content), `${dir.path}/${name}`);
      if (engine === "python") Deno.mkdirSync(`${dir.path}/suite`);
      const { lib, good, bad, mended, added, files } = project;
      for (const [name, content] of Object.entries(files)) {
        dir.file(name, content);
      }
      dir.file(lib, good);
      const place = {
        cwd: dir.path,
        env: { PATH: RUNTIME_PATH, NO_COLOR: "1" },
      };
      const command = [...commandOf("subunit-run"), "--", ...project.worker];
      const watching = command.toSpliced(
        -project.worker.length - 1,
        0,
        "--watch",
      );
      await using tool = new LiveWorker(watching, place);
      const { ids: [a, b, c], unloaded } = project;
      /** All results, the last one of each test. */
      const last = new Map<string, string>();
      const round = async (...expected: string[]) => {
        const got: string[] = [];
        while (got.length < expected.length) {
          const event = (await tool.untilEvent(isEnd)).at(-1)!;
          got.push(outcome(event));
          // The file has either its test or none.
          if (event.testId === a) last.delete(unloaded);
          if (event.testId === unloaded) last.delete(a);
          last.set(event.testId!, outcome(event));
        }
        assertEquals(got, expected);
        const cold = await run(command, place);
        assertEquals(
          [...last.values()].sort(),
          eventsIn(cold.stdout).filter(isEnd).map(outcome).sort(),
        );
      };
      await round(`${a} success`, `${b} fail`);
      // What failed comes first.
      save(lib, bad);
      await round(`${b} fail`, `${a} fail`);
      save(...mended);
      await round(`${b} success`, `${a} fail`);
      save(lib, good);
      await round(`${a} success`);
      save(...added);
      await round(`${c} success`);
      Deno.removeSync(`${dir.path}/${added[0]}`);
      last.delete(c);
      // What does not load is reported, and runs again when it is mended.
      save(lib, "export (");
      await round(`${unloaded} fail`);
      save(lib, good);
      await round(`${a} success`);
      Deno.removeSync(`${dir.path}/${lib}`);
      await round(`${unloaded} fail`);
      save(lib, good);
      await round(`${a} success`);
    },
  });
}
