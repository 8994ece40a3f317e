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
} from "../support/worker.ts";

const MODULE = `import signal
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
`;
const IDS = ["a", "b", "c", "d"].map((name) => `tests.Tests.test_${name}`);
/** The test that is in progress until it is killed. */
const WAITING = "tests.Tests.test_waits";

/** A run over a multiplexer, whose tests take some time. */
class Run extends LiveWorker {
  constructor(cwd: string, ids: readonly string[]) {
    const worker = ["exec", PYTHON, PYTHON_ENGINE, "tests"].map(quote).join(
      " ",
    );
    const server = [...commandOf("subunit-serve"), "--no-socket", "-j2"];
    const command = [...commandOf("subunit-run"), ...ids];
    super([...command, "--", ...server, "--worker", worker], {
      cwd,
      env: { PYTHONDONTWRITEBYTECODE: "1" },
    });
  }

  /** The processes that stand for a part of the run. */
  #victims(part: Part): number[] {
    if (part === "client") return [this.pid];
    // The command of a server has that of its workers in one of its words.
    const isEngine = (pid: number) => wordsOf(pid)[1] === PYTHON_ENGINE;
    return this.processes().filter((pid) => {
      if (part === "multiplexer") return wordsOf(pid).includes("--no-socket");
      if (!isEngine(pid)) return false;
      try {
        return isEngine(parentOf(pid)) === (part === "child");
      } catch {
        // It has ended meanwhile.
        return false;
      }
    });
  }

  /** Kills a part; returns whether there was one. */
  killPart(part: Part): boolean {
    let hasKilled = false;
    for (const pid of this.#victims(part)) {
      try {
        Deno.kill(pid, "SIGKILL");
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
  part: Part,
  at: number | typeof WAITING,
): Promise<StatusEvent[]> {
  const ids = at === WAITING ? [...IDS, WAITING] : IDS;
  await using run = new Run(cwd, ids);
  const events: StatusEvent[] = [];
  let hasKilled = at === 0 && run.killPart(part);
  for (let event; (event = await run.next().catch(() => undefined));) {
    events.push(event);
    const { testId, status } = event;
    if (events.length === at || testId === at && status === "inprogress") {
      hasKilled = run.killPart(part);
    }
  }
  const status = await run.status;
  const where = `${part} at packet ${at} of ${events.length}`;
  for (const [id, count] of resultsIn(events, ids)) {
    // A client that is killed can write nothing more.
    if (part === "client" && hasKilled) assert(count <= 1, `${where}: ${id}`);
    else assertEquals(count, 1, `${where}: ${id} has ${count} results`);
  }
  assert(events.every(({ mimeType }) => mimeType !== CONTROL_TYPE), where);
  const hasFailed = events.some(({ status }) => status === "fail");
  if (hasFailed || part === "client" && hasKilled) {
    assert(status.code !== 0, where);
  } else {
    assertEquals(status.code, 0, where);
  }
  await run.assertNoneLeft();
  return events;
}

for (const part of PARTS) {
  peerTest(
    `each test of a run has one result, and nothing is left, when the ${part} is killed`,
    ["python3"],
    async () => {
      using dir = new TempDir();
      dir.file("tests.py", MODULE);
      const { length: count } = await killAt(dir.path, part, Infinity);
      // A few packets locally; the kinds of moments are all there.
      const points = isCi
        ? Array.from({ length: count }, (_, at) => at)
        : [Math.floor(count / 2)];
      for (const at of points) await killAt(dir.path, part, at);
      // Whatever the machine is busy with, here a test is in progress.
      const events = await killAt(dir.path, part, WAITING);
      if (part === "client") return;
      assertEquals(
        events.filter(({ testId, status }) =>
          testId === WAITING && isFinalStatus(status)
        ).map(({ status }) => status),
        ["fail"],
      );
    },
  );
}
