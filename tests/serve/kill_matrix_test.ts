/**
 * Processes of a run are killed at each of its packets: whatever dies, each test
 * has one result, and nothing is left.
 */

import { assert, assertEquals } from "@std/assert";
import { isFinalStatus, type StatusEvent } from "@subunit/codec";
import { CONTROL_TYPE } from "@subunit/codec/control";
import { quote } from "../../scripts/tool_path.ts";
import { commandOf, isCi, peerTest, TempDir } from "../support/run.ts";
import {
  LiveWorker,
  parentOf,
  PYTHON,
  PYTHON_ENGINE,
  RUNTIME_PATH,
} from "../support/worker.ts";

/** The tests of an engine, of which the last is in progress until it is killed. */
interface Suite {
  /** The programs that it needs. */
  readonly peers: Parameters<typeof peerTest>[1];
  readonly file: string;
  readonly text: string;
  readonly ids: readonly string[];
  readonly waiting: string;
  readonly worker: readonly string[];
}

const NAMES = ["a", "b", "c", "d"];
const PAUSES = NAMES.map((name) =>
  `test("${name}", async () => {
  console.log("words");
  await new Promise((resolve) => setTimeout(resolve, 30));
});
`
).join("");
const WAITS = `test("waits", () => new Promise((resolve) => {
  setTimeout(resolve, 1e8);
}));
`;

const SUITES: Readonly<Record<string, Suite>> = {
  python: {
    peers: ["python3"],
    file: "tests.py",
    text: `import signal
import time
import unittest

class Tests(unittest.TestCase):
    def test_a(self):
        print("words")
        time.sleep(0.03)
    def test_b(self):
        with self.subTest(i=1):
            time.sleep(0.03)
    def test_c(self):
        time.sleep(0.03)
    def test_d(self):
        time.sleep(0.03)
    def test_waits(self):
        while True:
            signal.pause()
`,
    ids: NAMES.map((name) => `tests.Tests.test_${name}`),
    waiting: "tests.Tests.test_waits",
    worker: ["exec", PYTHON, PYTHON_ENGINE, "tests"],
  },
  deno: {
    peers: [],
    file: "tests.ts",
    text: `const { test } = Deno;\n${PAUSES}${WAITS}`,
    ids: NAMES.map((name) => `tests.ts::${name}`),
    waiting: "tests.ts::waits",
    worker: ["exec", ...commandOf("subunit-worker"), "deno", "tests.ts"],
  },
  node: {
    peers: ["node"],
    file: "tests.mjs",
    text: `import test from "node:test";\n${PAUSES}${WAITS}`,
    ids: NAMES.map((name) => `tests.mjs::${name}`),
    waiting: "tests.mjs::waits",
    worker: ["exec", ...commandOf("subunit-worker"), "node", "tests.mjs"],
  },
};

/** A run over a multiplexer, whose tests take some time. */
class Run extends LiveWorker {
  constructor(cwd: string, suite: Suite, ids: readonly string[]) {
    const worker = suite.worker.map(quote).join(" ");
    const server = [...commandOf("subunit-serve"), "--no-socket", "-j2"];
    const command = [...commandOf("subunit-run"), ...ids];
    super([...command, "--", ...server, "--worker", worker], {
      cwd,
      env: { PYTHONDONTWRITEBYTECODE: "1", PATH: RUNTIME_PATH },
    });
  }

  /** The processes that stand for a part of the run. */
  #victims(part: Part): number[] {
    if (part === "client") return [this.pid];
    // The command of a server has that of its workers in one of its words.
    const isLeaf = (pid: number): boolean => {
      const words = wordsOf(pid);
      return words[1] === PYTHON_ENGINE && !isBelowLeaf(pid) ||
        words.some((word) => /^[^ ]*\/subunit-worker(\.ts)?$/.test(word));
    };
    const isBelowLeaf = (pid: number): boolean => {
      try {
        const parent = parentOf(pid);
        return wordsOf(parent)[1] === PYTHON_ENGINE || isLeaf(parent);
      } catch {
        // It has ended meanwhile.
        return false;
      }
    };
    return this.processes().filter((pid) => {
      if (part === "multiplexer") return wordsOf(pid).includes("--no-socket");
      if (part === "leaf") return isLeaf(pid);
      // What watches over its processes is a shell.
      return isBelowLeaf(pid) && !/(^|\/)sh$/.test(wordsOf(pid)[0]);
    });
  }

  /** Ends a part; returns whether there was one. */
  killPart(part: Part, signal: Deno.Signal): boolean {
    let hasKilled = false;
    for (const pid of this.#victims(part)) {
      try {
        Deno.kill(pid, signal);
        hasKilled = true;
      } catch {
        // It has ended meanwhile.
      }
    }
    return hasKilled;
  }
}

/** The words of the command of a process. */
function wordsOf(pid: number): string[] {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`).split("\0");
  } catch {
    return [];
  }
}

const PARTS = ["child", "leaf", "multiplexer", "client"] as const;
type Part = typeof PARTS[number];

/** How often each test has a result. */
function resultsIn(
  events: readonly StatusEvent[],
  ids: readonly string[],
): Map<string, number> {
  const results = new Map(ids.map((id) => [id, 0]));
  for (const { testId, status, parentTestId } of events) {
    if (parentTestId !== undefined || !isFinalStatus(status)) continue;
    const count = results.get(testId!);
    if (count !== undefined) results.set(testId!, count + 1);
  }
  return results;
}

/**
 * Kills a part when a packet has come, or when the test that waits has begun.
 * Returns what came.
 */
async function killAt(
  cwd: string,
  suite: Suite,
  part: Part,
  signal: Deno.Signal,
  at: number | "waiting",
): Promise<StatusEvent[]> {
  const { waiting } = suite;
  const ids = at === "waiting" ? [...suite.ids, waiting] : suite.ids;
  await using run = new Run(cwd, suite, ids);
  const events: StatusEvent[] = [];
  let hasKilled = at === 0 && run.killPart(part, signal);
  for (let event; (event = await run.next().catch(() => undefined));) {
    events.push(event);
    const { testId, status } = event;
    const isWaiting = testId === waiting && status === "inprogress";
    if (events.length === at || at === "waiting" && isWaiting) {
      hasKilled = run.killPart(part, signal);
    }
  }
  const status = await run.status;
  const where = `${part}, ${signal} at packet ${at} of ${events.length}`;
  const isClient = part === "client" && hasKilled;
  for (const [id, count] of resultsIn(events, ids)) {
    // A client that is killed can write nothing more; nor can one that is told
    // to end before it listens.
    const isSilent = isClient && (signal === "SIGKILL" || at === 0);
    if (isSilent) assert(count <= 1, `${where}: ${id}`);
    else assertEquals(count, 1, `${where}: ${id} has ${count} results`);
  }
  assert(events.every(({ mimeType }) => mimeType !== CONTROL_TYPE), where);
  const hasFailed = events.some(({ status }) => status === "fail");
  if (hasFailed || isClient) {
    assert(status.code !== 0, where);
  } else {
    assertEquals(status.code, 0, where);
  }
  await run.assertNoneLeft();
  return events;
}

/** Every engine and signal in CI; otherwise one of them has all parts. */
const MATRIX = Object.keys(SUITES).flatMap((engine) =>
  (["SIGKILL", "SIGTERM"] as const).flatMap((signal) =>
    PARTS.map((part) => ({ engine, signal, part }))
  )
).filter(({ engine, signal }) =>
  isCi || engine === "python" && signal === "SIGKILL"
);

for (const { engine, signal, part } of MATRIX) {
  const suite = SUITES[engine];
  peerTest(
    `each test of a run with ${engine} has one result, and nothing is left, when the ${part} gets ${signal}`,
    suite.peers,
    async () => {
      using dir = new TempDir();
      dir.file(suite.file, suite.text);
      const kill = (at: number | "waiting") =>
        killAt(dir.path, suite, part, signal, at);
      const { length: count } = await kill(Infinity);
      // A few packets locally; the kinds of moments are all there.
      const isWhole = isCi && engine === "python" && signal === "SIGKILL";
      const points = isWhole
        ? Array.from({ length: count }, (_, at) => at)
        : isCi
        ? [0, 2, Math.floor(count / 2), count - 2]
        : [Math.floor(count / 2)];
      for (const at of points) await kill(at);
      // Whatever the machine is busy with, here a test is in progress.
      const events = await kill("waiting");
      if (part === "client") return;
      assertEquals(
        events.filter(({ testId, status }) =>
          testId === suite.waiting && isFinalStatus(status)
        ).map(({ status }) => status),
        ["fail"],
      );
    },
  );
}
