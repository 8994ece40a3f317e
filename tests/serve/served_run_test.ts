/**
 * Runs over multiplexers that are long, written to a slow reader, or read by
 * others.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { encodePacket, isFinalStatus } from "@subunit/codec";
import { quote } from "../../scripts/tool_path.ts";
import {
  commandOf,
  isCi,
  longTest,
  peerTest,
  run,
  runTool,
  TempDir,
  text,
} from "../support/run.ts";
import { leafCommand, LiveServer } from "../support/server.ts";
import { eventsIn } from "../support/streams.ts";
import {
  NUMBERED_TESTS,
  numberedIds,
  PYTHON,
  pythonIn,
} from "../support/worker.ts";

/** A multiplexer, as words. */
function server(...args: string[]): string[] {
  return [...commandOf("subunit-serve"), "--no-socket", ...args];
}

const OUTCOMES = `import sys, unittest

class Outcomes(unittest.TestCase):
    def test_pass(self):
        print("words with г and ³", flush=True)
    def test_fail(self):
        self.fail("no")
    def test_error(self):
        raise ValueError
    @unittest.skip("not today")
    def test_skip(self):
        pass
    @unittest.expectedFailure
    def test_expected(self):
        self.fail("as expected")
    @unittest.expectedFailure
    def test_unexpected(self):
        pass
`;

peerTest(
  "subunit-stats counts a served run as a run without a server",
  ["python3-subunit"],
  async () => {
    using dir = new TempDir();
    dir.file("outcomes.py", OUTCOMES);
    const place = { cwd: dir.path, env: { PYTHONDONTWRITEBYTECODE: "1" } };
    const stats = async (stdin: Uint8Array) => {
      const { stdout, status } = await run(["/usr/bin/subunit-stats"], {
        stdin,
      });
      return [status, text(stdout).replace(/^.*(?=Total)/s, "")];
    };
    const cold = await run([PYTHON, "-m", "subunit.run", "outcomes"], place);
    const expected = await stats(cold.stdout);
    assertMatch(String(expected), /Total tests: +6$/m);
    const words = server("--worker", pythonIn(dir, "outcomes", "--timeout=0"));
    const ran = await runTool("subunit-run", ["--", ...words], place);
    assertEquals(await stats(ran.stdout), expected);
    // What the server itself writes has replies, which count nowhere.
    await using live = new LiveServer(words, place.env);
    const served: Uint8Array[] = [];
    await live.send("run", { route: "0", request: "R" });
    for (let event; (event = await live.next()) !== undefined;) {
      served.push(encodePacket(event));
      if (event.fileName === "done") break;
    }
    assertEquals(await stats(concat(served)), expected);
  },
);

const MANY = 100_000;
const MANY_TESTS = `import unittest

${NUMBERED_TESTS}
def load_tests(loader, tests, pattern):
    return unittest.TestSuite(map(Numbered, range(${MANY})))
`;

peerTest(
  "100,000 ids are one run, in a body of more than 4 MiB, over a client and two multiplexers",
  ["python3"],
  async () => {
    using dir = new TempDir();
    dir.file("many.py", MANY_TESTS);
    const ids = numberedIds(isCi ? MANY : 2000);
    const list = dir.file("ids", ids.map((id) => `${id}\n`).join(""));
    const inner = server("--worker", pythonIn(dir, "many", "--timeout=0")).map(
      quote,
    );
    const { stdout, stderr, status } = await runTool("subunit-run", [
      // One group is one unit, and one command.
      ...["--group=many", `--load-list=${list}`, "--"],
      ...server("--worker", inner.join(" ")),
    ]);
    assertEquals([status, stderr], [0, ""]);
    const ended = eventsIn(stdout).filter(({ status }) =>
      isFinalStatus(status)
    );
    assert(ended.every(({ status }) => status === "success"));
    assertEquals(
      ended.map(({ testId }) => testId).sort().join("\n"),
      ids.join("\n"),
    );
  },
);

/** How many bytes a process has written. */
function writtenBy(pid: number): number {
  const io = Deno.readTextFileSync(`/proc/${pid}/io`);
  return Number(/^wchar: (\d+)/m.exec(io)![1]);
}

/** The most memory that a process had, in MiB. */
function peakOf(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/^VmHWM:\s*(\d+)/m.exec(status)![1]) / 1024;
}

longTest(
  "subunit-serve reads no further ahead than its reader",
  [],
  async () => {
    await using live = new LiveServer(server("--worker", leafCommand()));
    await live.until("- ready");
    const ids = Array.from({ length: 6 }, (_, n) => `big ${n}`);
    await live.send("run", { route: "0", ids });
    // It waits when it has written no more for a while.
    let before = -1;
    const hasStopped = async () => {
      const written = writtenBy(live.pid);
      const isSame = written === before;
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 500));
      return isSame;
    };
    while (!await hasStopped());
    assert(before < 4 * 1024 * 1024, `${before} bytes are written`);
    let lines = 0, successes = 0;
    for (let event; (event = await live.next())?.fileName !== "done";) {
      assert(event !== undefined);
      if (event.fileName === "stdout") lines++;
      if (event.status === "success") successes++;
    }
    assertEquals([lines, successes], [6 * 20_000, 6]);
    // 95 to 105 MiB; with all of it, 180 at least.
    const peak = peakOf(live.pid);
    assert(peak < 140, `${peak} MiB for 120 MB that wait`);
  },
);
