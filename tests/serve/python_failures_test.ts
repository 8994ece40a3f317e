/**
 * What the Python engine reports when something dies, hangs or is stopped:
 * every id gets one final status, every command one answer, no process is left.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { StatusEvent } from "@subunit/codec";
import { longTest, peerTest, run, TempDir, text } from "../support/run.ts";
import {
  bodyOf,
  command,
  filesOf,
  isReply,
  lines,
  type LiveWorker,
  NUMBERED_TESTS,
  numberedIds,
  parentOf,
  startPython,
  statusesOf,
  until,
  verdictsOf,
} from "../support/worker.ts";

const IDS = ["First.test_a", "First.test_b", "Second.test_c", "Second.test_d"]
  .concat("Third.test_e").map((name) => `dying.${name}`);

/** Checks the law of a run, and returns the verdict of each id with its tags. */
function lawful(
  events: readonly StatusEvent[],
  ids: readonly string[] = IDS,
): Record<string, string> {
  const verdicts = verdictsOf(events);
  for (const id of ids) assertEquals(verdicts.get(id)?.length, 1, id);
  const done = events.filter((event) => isReply(event, "done"));
  assertEquals(done.map(bodyOf).map(({ ran, unrun }) => [ran, unrun]), [
    [ids.length, []],
  ]);
  const found: Record<string, string> = {};
  for (const line of statusesOf(events)) {
    const [id, ...status] = line.split(" ");
    if (ids.includes(id) && status[0] !== "inprogress") {
      found[id.replace("dying.", "")] = status.join(" ");
    }
  }
  return found;
}

const GOOD = {
  "First.test_a": "success",
  "First.test_b": "success",
  "Second.test_c": "success",
  "Second.test_d": "success",
  "Third.test_e": "success",
};

/** How a process can end, and what the report says of it. */
const ENDINGS = {
  SIGKILL: /was killed by signal 9 \(SIGKILL\)/,
  SIGSEGV: /was killed by signal 11 \(SIGSEGV\)/,
  exit: /exited with status 0/,
  spin: /timeout after 0\.3 s/,
};

/** Where it can end, and whom that concerns. */
const PLACES: Record<string, Record<string, string>> = {
  setUp: { "Second.test_c": "fail #lost", "Second.test_d": "fail #lost" },
  test: { "Second.test_c": "fail #lost" },
  cleanup: { "Second.test_c": "fail #lost" },
  tearDown: { "Second.test_c": "fail #lost", "Second.test_d": "fail #lost" },
  last: { "Second.test_d": "fail #lost" },
  // The first two ran before it; the others never started.
  setUpClass: {
    "Second.test_c": "fail #lost #unstarted",
    "Second.test_d": "fail #lost #unstarted",
    "Third.test_e": "fail #lost #unstarted",
  },
  tearDownClass: {},
  setUpModule: Object.fromEntries(
    Object.keys(GOOD).map((id) => [id, "fail #lost #unstarted"]),
  ),
  tearDownModule: {},
};

for (const [how, reason] of Object.entries(ENDINGS)) {
  const register = how === "SIGKILL" ? peerTest : longTest;
  // Only a test that spins is to meet its clock.
  const timeout = how === "spin" ? "--timeout=0.3" : "--timeout=0";
  register(
    `the Python worker survives ${how} anywhere in a test`,
    ["python3"],
    async () => {
      for (const [where, bad] of Object.entries(PLACES)) {
        await using worker = startPython([timeout, "dying"], {
          env: { DIE: `${how} ${where}` },
        });
        await worker.until("ready");
        const events = await worker.run("run", { body: lines(IDS) });
        assertEquals(lawful(events), { ...GOOD, ...bad }, `${how} ${where}`);
        const files = filesOf(events);
        for (const id of Object.keys(bad)) {
          assertMatch(files.get(`dying.${id} worker`)!, reason);
        }
        if (where === "tearDownModule") {
          // It is nobody's fault, and not forgotten.
          assert(statusesOf(events).includes("dying.Third::(exit) fail #lost"));
        }
        if (where === "test") {
          assertEquals(files.get("dying.Second.test_c stdout"), "before\n");
        }
        await worker.send("quit");
        assertEquals(await worker.rest(), []);
        assertEquals((await worker.status).code, 0);
        await worker.assertNoneLeft();
      }
    },
  );
}

peerTest(
  "an error in the syntax of a module has its place, and no frames of the worker",
  [
    "python3",
  ],
  async () => {
    using dir = new TempDir();
    const path = dir.file("broken.py", "import os\nclass Broken(:\n");
    await using worker = startPython(["broken"], { cwd: dir.path });
    const events = await worker.run("list");
    assertMatch(
      filesOf(events).get("broken::(load) traceback")!,
      new RegExp(`^  File "${path}", line 2\n[^]*\nSyntaxError: [^\n]*\n$`),
    );
  },
);

peerTest("a module that does not load is a failure, and others run", [
  "python3",
], async () => {
  for (
    const [how, file, reason] of [
      ["raise", "traceback", /File ".*dying\.py"[^]*RuntimeError: on purpose/],
      ["SIGKILL", "worker", /was killed by signal 9/],
      ["exit", "worker", /exited with status 0/],
      ["spin", "worker", /took more than 0\.3 s/],
    ] as const
  ) {
    await using worker = startPython(
      ["kinds", "dying", "--load-timeout=0.3", "--eager"],
      { env: { DIE: `${how} import` } },
    );
    await worker.until("ready");
    const list = await worker.run("list");
    assertEquals(list.filter(({ status }) => status === "fail").length, 1, how);
    const body = `kinds.Kinds.test_skip\n${lines(IDS)}`;
    const events = await worker.run("run", { body });
    const found = lawful(events, ["kinds.Kinds.test_skip", ...IDS]);
    assertEquals(found["kinds.Kinds.test_skip"], "skip");
    assertEquals(found["First.test_a"], "fail #lost #unstarted");
    const load = events.find(({ testId, status }) =>
      testId === "dying::(load)" && status === "fail"
    );
    assertEquals(load?.runnable, false);
    assertMatch(filesOf(events).get(`dying::(load) ${file}`)!, reason);
    // Whoever does not ask for it does not see it.
    const others = await worker.run("run", { body: "kinds.Kinds.test_skip\n" });
    assertEquals(statusesOf(others).length, 2);
  }
});

/** The zygote and its generation, as far as they run. */
function childrenOf(worker: LiveWorker): [number?, number?] {
  const all = worker.processes().filter((pid) => {
    try {
      parentOf(pid);
      return true;
    } catch {
      return false;
    }
  });
  const zygote = all.find((pid) => parentOf(pid) === worker.pid);
  return [zygote, all.find((pid) => parentOf(pid) === zygote)];
}

longTest("the Python worker survives its own processes at every packet", [
  "python3",
], async () => {
  await using recorded = startPython(["dying"]);
  await recorded.until("ready");
  const { length } = await recorded.run("run", { body: lines(IDS) });
  for (const victim of [0, 1]) {
    for (let packet = 1; packet < length; packet++) {
      await using worker = startPython(["dying"]);
      await worker.until("ready");
      await worker.send("run", { body: lines(IDS) });
      let count = 0;
      const before = await worker.untilEvent(() => ++count === packet);
      try {
        const pid = childrenOf(worker)[victim];
        if (pid !== undefined) Deno.kill(pid, "SIGKILL");
      } catch {
        // It has just ended.
      }
      lawful([...before, ...await worker.until("done")]);
      // It still works.
      assertEquals(lawful(await worker.run("run", { body: lines(IDS) })), GOOD);
      await worker.send("quit");
      assertEquals(await worker.rest(), []);
      await worker.assertNoneLeft();
    }
  }
});

peerTest("no process is left when the controller of a Python worker dies", [
  "python3",
], async () => {
  using dir = new TempDir();
  dir.file(
    "stubborn.py",
    `
import os, signal, subprocess, unittest

class Stubborn(unittest.TestCase):
    def test_a(self):
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, signal.SIG_IGN)
        subprocess.Popen(["sleep", "1000"])
        print("started", flush=True)
        while True:
            signal.pause()
    def test_b(self):
        subprocess.Popen(["sleep", "1000"])
`,
  );
  const endings: ((worker: LiveWorker) => Promise<void> | void)[] = [
    (worker) => worker.kill("SIGKILL"),
    (worker) => worker.kill("SIGTERM"),
    (worker) => worker.kill("SIGINT"),
    // Nobody reads any more.
    (worker) => worker.leave(),
    async (worker) => {
      await worker.leave();
      await worker.close();
    },
  ];
  for (const end of endings) {
    await using worker = startPython(["--timeout=0", "stubborn"], {
      cwd: dir.path,
    });
    await worker.until("ready");
    await worker.send("run", { body: "stubborn.Stubborn.test_a\n" });
    await worker.untilEvent(({ fileName }) => fileName === "stdout");
    await until(() => worker.processes().length === 3);
    await end(worker);
    const { code } = await worker.status;
    assert(code !== 0);
    await worker.assertNoneLeft();
  }
  // What a test leaves behind goes with its generation.
  await using worker = startPython(["stubborn"], { cwd: dir.path });
  await worker.until("ready");
  await worker.run("run", { body: "stubborn.Stubborn.test_b\n" });
  await until(() => worker.processes().length === 1);
});

peerTest("a Python worker stops where it is told", ["python3"], async () => {
  await using worker = startPython(["asking", "dying", "--timeout=0"]);
  await worker.until("ready");
  const waits = "asking.Asking.test_waits";
  const body = lines(["dying.First.test_a", waits, ...IDS.slice(1)]);
  const open = async (req: string) => {
    await worker.send("run", { req, body });
    return await worker.untilEvent(({ testId, fileName }) =>
      testId === waits && fileName === "stdout"
    );
  };
  // The current test is killed and blamed, the rest is given back.
  await open("1");
  await worker.send("run", { req: "2", body: lines(IDS) });
  await worker.send("stop", { body: "1", tags: ["now"] });
  let events = await worker.until("done");
  assertEquals(statusesOf(events), [`${waits} fail #lost`]);
  assertEquals(bodyOf(events.at(-1)!), {
    req: "1",
    ran: 2,
    unrun: IDS.slice(1),
  });
  // The next command is untouched.
  assertEquals(lawful(await worker.until("done")), GOOD);
  // One that waits is given back whole, and the current test ends first.
  await open("3");
  await worker.send("run", { req: "4", body: lines(IDS) });
  await worker.send("stop", { body: "4" });
  events = await worker.until("done");
  assertEquals(bodyOf(events.at(-1)!), { req: "4", ran: 0, unrun: IDS });
  await worker.send("stop");
  await worker.send("signal", { body: "INT" });
  events = await worker.until("done");
  assertEquals(statusesOf(events), [`${waits} fail`]);
  assertEquals(bodyOf(events.at(-1)!), {
    req: "3",
    ran: 2,
    unrun: IDS.slice(1),
  });
  // Quitting ends the current test, and answers everything.
  await open("5");
  await worker.send("run", { req: "6", body: lines(IDS) });
  await worker.send("list", { req: "7" });
  await worker.send("quit");
  await worker.send("run", { req: "8" });
  await worker.send("signal", { body: "INT" });
  events = await worker.rest();
  const replies = events.filter((event) => isReply(event));
  assertEquals(
    replies.map((event) => [event.fileName, bodyOf(event).req]),
    [["done", "6"], ["error", "7"], ["error", "8"], ["done", "5"]],
  );
  assertEquals(statusesOf(events), [`${waits} fail`]);
  assertEquals((await worker.status).code, 0);
});

peerTest(
  "a Python generation is kept where that is asked for",
  ["python3"],
  async () => {
    using dir = new TempDir();
    dir.file(
      "counting.py",
      `
import os, unittest
count = 0

class Counting(unittest.TestCase):
    def test_a(self):
        global count
        count += 1
        print(count, os.getpid())
    def test_exit(self):
        os._exit(3)
`,
    );
    await using worker = startPython(["counting"], { cwd: dir.path });
    await worker.until("ready");
    const count = async (tags: string[] = [], name = "test_a") => {
      const body = `counting.Counting.${name}\n`;
      const events = await worker.run("run", { body, tags });
      return filesOf(events).get("counting.Counting.test_a stdout")?.split(" ");
    };
    const keep = ["generation=keep"];
    const [[first, pid], [second, same]] = [
      await count(keep),
      await count(keep),
    ]
      .map((it) => it!);
    assertEquals([first, second], ["1", "2"]);
    assertEquals(same, pid);
    assertEquals((await count())![0], "1");
    await count(keep, "test_exit");
    assertEquals((await count(keep))![0], "1");
    assertEquals((await count(keep))![0], "2");
    // Reloading ends it.
    await worker.run("reload");
    assertEquals((await count(keep))![0], "1");
  },
);

peerTest(
  "edited Python code is run, without a mixture",
  ["python3"],
  async () => {
    using dir = new TempDir();
    const test = (value: number) =>
      dir.file(
        "edited.py",
        `
import os, time, unittest, shared

class Edited(unittest.TestCase):
    def test_a(self):
        print("test ${value} shared", shared.value)
    def test_waits(self):
        print("waiting", flush=True)
        while not os.path.exists("go"):
            time.sleep(0.001)
`,
      );
    const shared = (value: number) =>
      dir.file("shared.py", `value = ${value}\n`);
    test(1);
    shared(1);
    await using worker = startPython([".", "--eager"], { cwd: dir.path });
    await worker.until("ready");
    const output = async () => {
      const events = await worker.run("run", {
        body: "edited.Edited.test_a\n",
      });
      return filesOf(events).get("edited.Edited.test_a stdout") ??
        statusesOf(events).join();
    };
    // Discovery finds files by their names.
    assertEquals(await output(), "edited.Edited.test_a fail #unknown");
    dir.file("test_edited.py", "from edited import Edited\n");
    assertEquals(await output(), "test 1 shared 1\n");
    const zygote = worker.processes();
    assertEquals(await output(), "test 1 shared 1\n");
    assertEquals(worker.processes(), zygote);
    // Within one second, and with the same size: bytecode does not show it.
    for (let value = 2; value < 6; value++) {
      test(value);
      await worker.send("run", { body: "edited.Edited.test_a\n" });
      const [changed, ...events] = await worker.until("done");
      assertEquals(bodyOf(changed), { files: [`${dir.path}/edited.py`] });
      assertEquals(
        filesOf(events).get("edited.Edited.test_a stdout"),
        `test ${value} shared ${value - 1}\n`,
      );
      shared(value);
      assertEquals(await output(), `test ${value} shared ${value}\n`);
    }
    // A shared module that does not load, and its repair.
    dir.file("shared.py", "value = \n");
    assertMatch(
      await output(),
      /^test_edited::\(load\) fail,edited\.Edited\.test_a fail #unknown$/,
    );
    shared(6);
    assertEquals(await output(), "test 5 shared 6\n");
    // An edit during a unit: the unit runs on, and says so.
    const ids = ["edited.Edited.test_waits", "edited.Edited.test_a"];
    await worker.send("run", { body: lines(ids) });
    await worker.untilEvent(({ fileName }) => fileName === "stdout");
    test(6);
    shared(7);
    dir.file("go", "");
    const events = await worker.until("done");
    assertEquals(statusesOf(events).filter((it) => !/inprogress/.test(it)), [
      "edited.Edited.test_waits success #stale",
      "edited.Edited.test_a success #stale",
    ]);
    assertEquals(
      filesOf(events).get("edited.Edited.test_a stdout"),
      "test 5 shared 6\n",
    );
    assertEquals(await output(), "test 6 shared 7\n");
    // As in a cold run.
    const cold = await run(
      ["/usr/bin/python3", "-m", "unittest", "-v", ids[1]],
      { cwd: dir.path },
    );
    assertEquals(text(cold.stdout), "test 6 shared 7\n");
    dir.file("shared.py", "value = 8\n");
    await worker.run("reload");
    assertEquals(await output(), "test 6 shared 8\n");
  },
);

longTest("a Python worker takes 100,000 ids, and waits for a slow reader", [
  "python3",
], async () => {
  using dir = new TempDir();
  dir.file(
    "many.py",
    `
import sys, unittest

class Many(unittest.TestCase):
    def test_long(self):
        for _ in range(512):
            sys.stdout.buffer.write(b"0123456789abcdef" * 4096)
    def test_other(self):
        pass

${NUMBERED_TESTS}
def load_tests(loader, tests, pattern):
    numbered = map(Numbered, range(100000))
    return unittest.TestSuite([Many("test_long"), Many("test_other"), *numbered])
`,
  );
  await using worker = startPython(["many", "--timeout=0"], { cwd: dir.path });
  await worker.until("ready");
  const ids = numberedIds(100_000).reverse();
  const body = new TextEncoder().encode(lines(ids));
  assert(body.length > 4 * 1024 * 1024);
  const packets = command("run", { req: "many", body });
  // The end of the body is all that makes it a command.
  const written = worker.write(packets);
  let at = 0;
  let failures = 0;
  const [done] = (await worker.untilEvent((event) => {
    if (event.status === "inprogress") {
      assertEquals(event.testId, ids[at++]);
    } else if (event.status !== undefined && event.status !== "success") {
      failures++;
    }
    return isReply(event, "done");
  })).slice(-1);
  await written;
  assertEquals(bodyOf(done), { req: "many", ran: 100_000, unrun: [] });
  assertEquals([at, failures], [100_000, 0]);

  // 32 MiB of output that nobody reads yet stay with the test.
  const long = ["many.Many.test_long", "many.Many.test_other"];
  await worker.send("run", { body: lines(long) });
  await until(() => isBlocked(childrenOf(worker)[1]));
  const memory = residentOf(worker.pid);
  assert(memory < 160e6, `${memory} bytes`);
  let size = 0;
  await worker.untilEvent((event) => {
    if (event.fileName === "stdout") size += event.fileBytes!.length;
    return isReply(event, "done");
  });
  assertEquals(size, 512 * 65536);
});

/** Whether a process sleeps because a pipe is full. */
function isBlocked(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    return /pipe_w/.test(Deno.readTextFileSync(`/proc/${pid}/wchan`));
  } catch {
    return false;
  }
}

function residentOf(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return 1024 * Number(/VmRSS:\s*(\d+)/.exec(status)?.[1]);
}
