/**
 * The Python engine, by itself: the file that `subunit-worker python` runs.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import { encodePacket, type EventInput } from "@subunit/codec";
import { CONTROL_TYPE } from "@subunit/codec/control";
import { arbitraryEvent } from "../../codec/_testing/arbitrary.ts";
import { runPython } from "../support/peers.ts";
import { longTest, peerTest, run, TempDir, text } from "../support/run.ts";
import { eventsIn } from "../support/streams.ts";
import {
  bodyOf,
  command,
  filesOf,
  lines,
  PYTHON,
  PYTHON_ENGINE,
  PYTHON_SUITES,
  startPython,
  statusesOf,
  typed,
  verdictsOf,
  WORDS,
} from "../support/worker.ts";

const bytes = (body: string) => new TextEncoder().encode(body);

/** SERVER.md's examples: packets, and what their first and last bytes are. */
const CONTROL = { mimeType: CONTROL_TYPE, runnable: false, eof: true } as const;
const RUN = {
  ...CONTROL,
  testId: "subunit.req.7",
  tags: ["timeout=30"],
  fileName: "run",
  fileBytes: bytes("a.t\nb.t\n"),
};
const VECTORS: readonly (readonly [EventInput, number, string, string])[] = [
  [
    { ...CONTROL, fileName: "list", fileBytes: bytes("") },
    44,
    "b320702c1d",
    "0b005d28",
  ],
  [{ ...RUN, routeCode: "1/0" }, 82, "b32cf040520d", "b45bda13"],
  [{ ...RUN, routeCode: "0" }, 80, "b32cf040500d", "c6e0614d"],
  [RUN, 78, "b328f0404e0d", "eb8ef9c2"],
  [
    {
      fileName: "stdin",
      fileBytes: bytes("p x\n"),
      routeCode: "1/0",
      runnable: false,
    },
    23,
    "b32440170573",
    "46c1a52a",
  ],
  [
    {
      ...CONTROL,
      fileName: "ask",
      fileBytes: bytes('{"test":"a.t","prompt":"(Pdb) "}'),
      routeCode: "1/0",
    },
    80,
    "b3247040501d",
    "5117f6b6",
  ],
];

/** What the worker's own codec makes of streams, in pieces of a size. */
async function readByWorker(
  streams: readonly Uint8Array[],
  size: number,
): Promise<Record<string, string>[][]> {
  const script = `${PYTHON_SUITES}packets.py`;
  const { stdout, stderr, status } = await run(
    [PYTHON, script, PYTHON_ENGINE, String(size)],
    {
      stdin: lines(streams.map((stream) => stream.toHex())),
      env: { PYTHONDONTWRITEBYTECODE: "1" },
    },
  );
  assertEquals(status, 0, stderr);
  return text(stdout).trimEnd().split("\n").map((line) => JSON.parse(line));
}

peerTest("the Python worker reads and writes the packets of the protocol", [
  "python3",
], async () => {
  for (const [event, length, head, crc] of VECTORS) {
    const hex = encodePacket(event).toHex();
    assertEquals(hex.length, 2 * length);
    assert(hex.startsWith(head) && hex.endsWith(crc), hex);
  }
  const sizes = [0, 1, 20, 50, 60, 16300, 4194200].flatMap((size) =>
    Array.from({ length: size < 4194200 ? 90 : 45 }, (_, more) => size + more)
  ).filter((size) => size < 200 || size % 45 < 3);
  const packets = [
    ...VECTORS.map(([event]) => encodePacket(event)),
    ...sizes.map((size) =>
      encodePacket({ fileName: "f", fileBytes: new Uint8Array(size) })
    ),
    ...fc.sample(arbitraryEvent, { numRuns: 300, seed: 16 })
      .filter(({ tags }) => tags?.length !== 0)
      .map((event) => encodePacket(event)),
  ];
  for (const size of [1 << 23, 7]) {
    const some = packets.filter((packet) => packet.length < 2000 * size);
    assertEquals(
      await readByWorker(some, size),
      some.map((packet) => [{ packet: packet.toHex() }]),
    );
  }
});

peerTest(
  "the Python worker finds packets between other bytes",
  ["python3"],
  async () => {
    const packet = command("ping", { req: "subunit.req.1" });
    const others = [
      bytes("text\n"),
      bytes("³ of b³ 5"),
      Uint8Array.of(0xb3, 0x28, 0xf0, 0x40),
      Uint8Array.of(0xb3),
      packet.with(-1, packet.at(-1)! ^ 1),
      packet.subarray(0, 20),
    ];
    const streams = others.flatMap((other) => [
      concat([other, packet, packet]),
      concat([packet, other, packet]),
      concat([packet, other]),
    ]);
    const expected = others.flatMap((other) => {
      const [one, it] = [{ bytes: other.toHex() }, { packet: packet.toHex() }];
      return [[one, it, it], [it, one, it], [it, one]];
    });
    for (const size of [1000, 1]) {
      assertEquals(await readByWorker(streams, size), expected);
    }
  },
);

peerTest("the Python worker lists tests, and answers each command once", [
  "python3",
], async () => {
  await using worker = startPython(["kinds", "dying"]);
  const [ready] = await worker.until("ready");
  assertEquals(bodyOf(ready), {
    protocol: 1,
    engine: "python",
    can: WORDS,
    pid: worker.pid,
  });
  // Nothing is imported before the first command.
  assertEquals(worker.processes(), []);
  const events = await worker.run("list", { req: "all" });
  assertEquals(bodyOf(events.at(-1)!), { req: "all", ran: 16, unrun: [] });
  assertEquals(statusesOf(events).at(0), "kinds.Broken.test_a exists");
  assertEquals(statusesOf(events).length, 16);
  for (
    const [body, count] of [
      ["kinds.Kinds.\n", 7],
      ["kinds.Kinds.test_x\nkinds.Torn\n", 2],
      ["./dying.py\n", 5],
      ["none\n", 0],
    ] as const
  ) {
    assertEquals(statusesOf(await worker.run("list", { body })).length, count);
  }
  await worker.send("ping", { body: "any \0 bytes" });
  assertEquals(
    text((await worker.until("pong")).at(-1)!.fileBytes!),
    "any \0 bytes",
  );
  for (
    const [packet, req, code] of [
      [command("dance", { req: "1" }), "1", "unknown-command"],
      [encodePacket({ testId: "2", status: "fail" }), "2", "unknown-command"],
      [
        command("run", { req: "3", body: Uint8Array.of(0xff, 10) }),
        "3",
        "bad-body",
      ],
      [
        command("run", { req: "4", tags: ["timeout=soon"] }),
        "4",
        "bad-body",
      ],
      [command("signal", { req: "5", body: "HUP" }), "5", "bad-body"],
      [command("signal", { req: "6", body: "INT" }), "6", "no-reader"],
      [typed("too early\n"), null, "no-reader"],
      [
        encodePacket({ ...RUN, testId: "7", routeCode: "0" }),
        "7",
        "no-route",
      ],
      [bytes("hello\n"), null, "bad-body"],
    ] as const
  ) {
    await worker.write(packet);
    const [error] = await worker.until("error");
    const body = bodyOf(error);
    assertEquals([body.req, body.code], [req, code]);
  }
  // A late stop is nobody's.
  await worker.send("stop", { body: "all" });
  await worker.run("reload", { req: "r" });
  await worker.close();
  assertEquals(await worker.rest(), []);
  assertEquals((await worker.status).code, 0);
});

peerTest(
  "the Python worker reports every kind of outcome",
  ["python3"],
  async () => {
    await using worker = startPython(["kinds"]);
    await worker.until("ready");
    const events = await worker.run("run", { req: "all" });
    const kinds = "kinds.Kinds.test_";
    assertEquals(
      statusesOf(events).filter((it) => !it.includes(" inprogress")),
      [
        "setUpClass (kinds.Broken) fail",
        "kinds.Broken.test_a fail #unstarted",
        "kinds.Broken.test_b fail #unstarted",
        `${kinds}children (i=0) success`,
        `${kinds}children (i=1) fail`,
        `${kinds}children (i=2) skip`,
        `${kinds}children (i=0)#2 success`,
        `${kinds}children fail`,
        `${kinds}fail fail`,
        `${kinds}skip skip`,
        `${kinds}success success`,
        `${kinds}twice fail`,
        `${kinds}uxsuccess uxsuccess`,
        `${kinds}xfail xfail`,
        "setUpClass (kinds.Skipped) skip",
        "kinds.Skipped.test_a skip",
        "kinds.Torn.test_a success",
        "tearDownClass (kinds.Torn) fail",
      ],
    );
    assertEquals(bodyOf(events.at(-1)!), { req: "all", ran: 11, unrun: [] });
    const children = events.filter((it) => it.parentTestId !== undefined);
    assertEquals(children.length, 8);
    for (const child of children) {
      assertEquals(child.parentTestId, `${kinds}children`);
      assertEquals(child.runnable, false);
    }
    const files = filesOf(events);
    assertEquals(files.get("- stdout"), "module\n");
    assertEquals(
      files.get(`${kinds}success stdout`),
      "out\nshell\n\ufffd)\x01\ufffdraw\n",
    );
    assertEquals(files.get(`${kinds}success stderr`), "err\n");
    assertMatch(files.get(`${kinds}twice traceback`)!, /first/);
    assertMatch(files.get(`${kinds}twice traceback-1`)!, /ZeroDivisionError/);
    assertEquals(files.get(`${kinds}skip reason`), "later");
    assertMatch(files.get("setUpClass (kinds.Broken) traceback")!, /no class/);
    // In the order in which a test writes, whichever way it does; in how many
    // parts is up to the system.
    const names = events.filter(({ testId, fileName }) =>
      testId === `${kinds}success` && fileName !== undefined
    ).map((event) => event.fileName);
    assertEquals(
      names.filter((name, i) => name !== names[i - 1]),
      ["stdout", "stderr", "stdout"],
    );
    for (const { testId, status, timestamp } of events) {
      assert(status === undefined || timestamp !== undefined, testId);
    }
  },
);

peerTest("the Python worker runs ids in the order given, and each once", [
  "python3",
], async () => {
  await using worker = startPython(["kinds", "dying"]);
  await worker.until("ready");
  const order = [
    "dying.Third.test_e",
    "kinds.Kinds.test_skip",
    "no.such.test",
    "dying.First.test_b",
    "dying.First.test_a",
  ];
  const expected = [
    "no.such.test fail #unknown",
    "dying.Third.test_e success",
    "kinds.Kinds.test_skip skip",
    "dying.First.test_b success",
    "dying.First.test_a success",
  ];
  for (
    const body of [
      lines(order),
      [...order, ""].join("\0"),
      lines([...order, ...order]),
      order.join("\n"),
    ]
  ) {
    const events = await worker.run("run", { body });
    assertEquals(
      statusesOf(events).filter((it) => !it.includes(" inprogress")),
      expected,
    );
    assertEquals(bodyOf(events.at(-1)!).ran, 5);
  }
  // The same request, delivered twice, runs once.
  const once = { req: "subunit.req.1", body: lines(order) };
  const first = await worker.run("run", once);
  const second = await worker.run("run", once);
  assertEquals(second.length, 1);
  assertEquals(bodyOf(second[0]), bodyOf(first.at(-1)!));
});

longTest("the Python worker gives the verdicts of subunit.run", [
  "python3-subunit",
  "python3-testscenarios",
], async () => {
  using dir = new TempDir();
  // Debian's tests import a package that Debian no longer has.
  dir.file(
    "all_of_subunit.py",
    "import sys, unittest\n" +
      'sys.modules["unittest2"] = unittest\n' +
      "from subunit.tests import test_suite\n",
  );
  // Some of them depend on the order of sets.
  const env = { PYTHONHASHSEED: "0" };
  // It reports the tests of a script, and nothing under its own id.
  const silent =
    "subunit.tests.test_test_protocol.DoExecTestCase.test_working_script";
  for (
    const suite of ["testtools.tests.test_suite", "all_of_subunit.test_suite"]
  ) {
    await using worker = startPython([suite], { cwd: dir.path, env });
    await worker.until("ready");
    const listed = statusesOf(await worker.run("list"))
      .map((it) => it.replace(/ exists$/, ""));
    assert(listed.length > 500);
    const list = dir.file("list", lines(listed));
    const cold = await run(
      [PYTHON, "-m", "subunit.run", "--load-list", list, suite],
      { cwd: dir.path, env },
    );
    const expected = new Map<string, string>();
    for (const { testId, status } of eventsIn(cold.stdout)) {
      if (status !== undefined && status !== "exists") {
        expected.set(testId!, status);
      }
    }
    const events = await worker.run("run", { body: lines(listed) });
    const verdicts = verdictsOf(events);
    assertEquals([...verdicts.keys()].sort(), listed.toSorted());
    for (const [id, all] of verdicts) {
      const wanted = expected.get(id) ?? (id === silent ? "fail" : undefined);
      assertEquals(all, [wanted], id);
    }
    assertEquals(bodyOf(events.at(-1)!).ran, listed.length);
  }
});

peerTest("Python's tools count a run of the Python worker", [
  "python3-subunit",
], async () => {
  await using worker = startPython(["kinds", "dying"]);
  const ids = [
    "dying.First.test_a",
    ...["fail", "skip", "uxsuccess", "xfail"].map((name) =>
      `kinds.Kinds.test_${name}`
    ),
  ];
  const ready = await worker.until("ready");
  const events = await worker.run("run", { body: lines(ids) });
  const served = concat(
    [...ready, ...events].map((event) => encodePacket(event)),
  );
  using dir = new TempDir();
  const cold = await run([
    PYTHON,
    "-m",
    "subunit.run",
    "--load-list",
    dir.file("list", lines(ids)),
    "kinds",
    "dying",
  ], { cwd: PYTHON_SUITES, env: { PYTHONDONTWRITEBYTECODE: "1" } });
  const counts: unknown[] = [];
  for (const stdin of [served, cold.stdout]) {
    const { stdout, status } = await runPython("subunit-stats", [], { stdin });
    counts.push([status, text(stdout).replace(/^.*(?=Total)/s, "")]);
  }
  assertEquals(counts[0], counts[1]);
  assertMatch(String(counts[0]), /Total tests: +5$/m);
});

peerTest("the Python worker keeps the details and tags of testtools", [
  "python3-subunit",
], async () => {
  using dir = new TempDir();
  dir.file(
    "detailed.py",
    `
import fixtures, testtools, unittest
from testtools.content import text_content

class Detailed(testtools.TestCase):
    def test_a(self):
        self.addDetail("log", text_content("line\\n"))
        self.expectThat(1, testtools.matchers.Equals(2))
        self.expectThat(3, testtools.matchers.Equals(4))

class Fixed(unittest.TestCase):
    value = 0
    def test_b(self): self.assertEqual(Fixed.value, 1)
    def test_c(self): self.assertEqual(Fixed.value, 1)

class Setup(fixtures.Fixture):
    def _setUp(self):
        Fixed.value = 1

def load_tests(loader, tests, pattern):
    fixed = [Fixed("test_b"), Fixed("test_c")]
    return unittest.TestSuite([
        loader.loadTestsFromTestCase(Detailed),
        testtools.FixtureSuite(Setup(), fixed),
        Fixed("test_b"),
    ])
`,
  );
  await using worker = startPython(["detailed"], { cwd: dir.path });
  await worker.until("ready");
  const events = await worker.run("run");
  assertEquals(Object.fromEntries(verdictsOf(events)), {
    "detailed.Detailed.test_a": ["fail"],
    "detailed.Fixed.test_b": ["success"],
    "detailed.Fixed.test_c": ["success"],
    // A second test with the same id, outside of the suite with the fixture.
    "detailed.Fixed.test_b#2": ["success"],
  });
  const files = filesOf(events);
  assertEquals(files.get("detailed.Detailed.test_a log"), "line\n");
  const names = [...files.keys()].filter((it) => it.includes("test_a"));
  assertEquals(names.length, 4, names.join());
  // Only one test of the suite: its fixture is set up.
  const one = await worker.run("run", { body: "detailed.Fixed.test_c\n" });
  assertEquals(Object.fromEntries(verdictsOf(one)), {
    "detailed.Fixed.test_c": ["success"],
  });
});
