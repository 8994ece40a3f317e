import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  encodePacket,
  type EventInput,
  isFinalStatus,
  type Timestamp,
} from "@subunit/codec";
import {
  type NodeEvent,
  type NodeEventData,
  NodeEvents,
} from "./node_events.ts";

/** Events of Node with the time at which each arrives, in milliseconds. */
type Timed = readonly [type: string, data?: NodeEventData, at?: number];

/** Where the clock of the tests begins. */
const EPOCH = 1_700_000_000_000;

/** Converts events; "pause" and "end" are calls. */
function convert(events: readonly Timed[], exitStatus = 0): EventInput[] {
  const written: EventInput[] = [];
  let time = EPOCH;
  const converter = new NodeEvents({
    cwd: "/project",
    now: () => time,
    write: (event) => written.push(event),
  });
  for (const [type, data, at] of events) {
    if (at !== undefined) time = EPOCH + at;
    if (type === "pause") converter.pause();
    else converter.add({ type: `test:${type}`, data } as NodeEvent);
  }
  converter.end(exitStatus);
  // A packet can hold each of them.
  for (const event of written) encodePacket(event);
  return written;
}

const at = (name: string, line: number, nesting = 0, file = "a.test.js") => ({
  name,
  nesting,
  line,
  column: 1,
  file: `/project/${file}`,
});

const took = (duration_ms: number) => ({ details: { duration_ms } });

function failed(message: string, failureType = "testCodeFailure") {
  const error = Object.assign(new Error(message), {
    code: "ERR_TEST_FAILURE",
    failureType,
    cause: message,
  });
  return { details: { duration_ms: 1, error } };
}

function ended(exitCode: number | null, signal: string | null = null) {
  const { details } = failed("test failed");
  Object.assign(details.error, { exitCode, signal });
  return { details };
}

function milliseconds(timestamp: Timestamp | Date | undefined): number {
  const { seconds, nanoseconds } = timestamp as Timestamp;
  return seconds * 1000 + nanoseconds / 1e6 - EPOCH;
}

/** Events in short: status and id, and the files that they have. */
function shown(events: readonly EventInput[]): string[] {
  return events.map(({ testId, status, fileName, fileBytes }) => {
    const text = new TextDecoder().decode(fileBytes);
    const file = fileName && `${fileName}=${JSON.stringify(text)}`;
    return [status, testId, file].filter((it) => it !== undefined).join(" ");
  });
}

Deno.test("NodeEvents reports a test when it is queued, starts and ends", () => {
  const events = convert([
    ["enqueue", at("adds", 1), 0],
    ["dequeue", at("adds", 1), 5],
    ["complete", { ...at("adds", 1), ...took(2.5) }, 8],
    ["start", at("adds", 1)],
    ["pass", { ...at("adds", 1), ...took(2.5) }],
  ]);
  assertEquals(
    events.map(({ timestamp, ...event }) => [milliseconds(timestamp), event]),
    [
      [0, { testId: "a.test.js::adds", status: "exists", runnable: true }],
      [5, { testId: "a.test.js::adds", status: "inprogress", runnable: true }],
      [7.5, { testId: "a.test.js::adds", status: "success", runnable: true }],
    ],
  );
});

Deno.test("NodeEvents keeps what Node reports beside a result", () => {
  const test = at("adds", 1);
  const cause = Object.assign(new TypeError("no number"), {
    stack: "TypeError: no number\n    at a.test.js:1:9",
    expected: { a: 1 },
    code: "ERR_ASSERTION",
    cause: "why",
  });
  const error = Object.assign(new Error("no number"), {
    code: "ERR_TEST_FAILURE",
    failureType: "testCodeFailure",
    cause,
  });
  for (
    const [result, expected] of [
      [["pass", { skip: "" }], ["skip a.test.js::adds"]],
      [["pass", { skip: "why" }], ['skip a.test.js::adds reason="why"']],
      [["pass", { todo: true }], ["success a.test.js::adds"]],
      [["pass", { expectFailure: true }], ["xfail a.test.js::adds"]],
      [
        ["fail", {
          expectFailure: true,
          ...failed("passed", "expectedFailure"),
        }],
        [
          'a.test.js::adds details="failureType: expectedFailure\\nlocation: a.test.js:1:1"',
          'uxsuccess a.test.js::adds traceback="passed\\n    at a.test.js:1:1"',
        ],
      ],
      [
        ["fail", { todo: true, details: { error } }],
        [
          'a.test.js::adds details="failureType: testCodeFailure\\nlocation: a.test.js:1:1\\n' +
          'expected: { a: 1 }\\ncode: ERR_ASSERTION"',
          'xfail a.test.js::adds traceback="TypeError: no number\\n    at a.test.js:1:9\\n' +
          "  [cause]: 'why'\"",
        ],
      ],
      [
        ["fail", failed("timed out", "testTimeoutFailure")],
        [
          'a.test.js::adds details="failureType: testTimeoutFailure\\nlocation: a.test.js:1:1"',
          'fail a.test.js::adds traceback="timed out\\n    at a.test.js:1:1"',
        ],
      ],
    ] as const
  ) {
    const [type, data] = result;
    const events = convert([["start", test], [type, { ...test, ...data }]]);
    assertEquals(shown(events), [...expected]);
    const tags = "todo" in data && type === "pass" ? ["todo"] : undefined;
    assertEquals(events.at(-1)!.tags, tags);
  }
});

Deno.test("NodeEvents attaches diagnostics, which come after the result", () => {
  const test = at("adds", 1);
  const { line, column, file } = test;
  const of = (message: string) => ({ nesting: 0, line, column, file, message });
  const events = convert([
    ["start", test],
    ["pass", test],
    ["diagnostic", of("one")],
    ["diagnostic", of("two")],
    ["diagnostic", { nesting: 0, message: "tests 1" }],
    ["diagnostic", { nesting: 0, message: "duration_ms 12.5" }],
    ["diagnostic", { nesting: 0, message: "the run is odd" }],
  ]);
  assertEquals(shown(events), [
    'success a.test.js::adds diagnostic="one\\ntwo"',
    'diagnostic="the run is odd\\n"',
  ]);
});

Deno.test("NodeEvents writes a result in a pause, and later diagnostics as text", () => {
  const test = at("adds", 1);
  const { line, column, file } = test;
  const events = convert([
    ["start", test],
    ["pass", test],
    ["pause"],
    ["diagnostic", { nesting: 0, line, column, file, message: "late" }],
  ]);
  assertEquals(shown(events), [
    "success a.test.js::adds",
    'diagnostic="late\\n"',
  ]);
});

Deno.test("NodeEvents attaches output to the test in progress, or to no test", () => {
  const { file } = at("", 1);
  const out = (message: string) => ({ file, message });
  const events = convert([
    ["stdout", out("loading\n")],
    ["dequeue", at("parent", 1)],
    ["dequeue", at("child", 2, 1)],
    // Node names files in more than one way.
    ["stdout", { file: "a.test.js", message: "pa" }],
    ["stderr", out("oh\n")],
    ["stdout", out("rt")],
    ["complete", at("child", 2, 1)],
    ["start", at("parent", 1)],
    ["start", at("child", 2, 1)],
    ["pass", at("child", 2, 1)],
    ["dequeue", at("left", 3, 1)],
    ["dequeue", at("right", 4, 1)],
    ["stdout", out("whose?\n")],
  ]);
  assertEquals(
    shown(events).filter((it) => it.includes("=")),
    [
      'stdout="loading\\n"',
      'a.test.js::parent > child stdout="pa"',
      'a.test.js::parent > child stderr="oh\\n"',
      'a.test.js::parent > child stdout="rt"',
      'a.test.js::parent > child stdout=""',
      'success a.test.js::parent > child stderr=""',
      'stdout="whose?\\n"',
    ],
  );
  const last = events.filter(({ eof }) => eof);
  assertEquals(last.map(({ fileName }) => fileName), ["stdout", "stderr"]);
});

Deno.test("NodeEvents waits for the report of a test that could have two parents", () => {
  const left = at("left", 1), right = at("left", 1);
  const child = at("child", 9, 1);
  const events = convert([
    ["dequeue", left, 0],
    ["dequeue", right, 1],
    ["enqueue", child, 2],
    ["dequeue", child, 3],
    ["complete", { ...child, ...took(4) }, 7],
    ["start", left],
    ["pass", left],
    ["start", right],
    ["start", child],
    ["pass", { ...child, ...took(4) }],
    ["pass", right],
  ]);
  assertEquals(
    events.map(({ testId, status, parentTestId, runnable, timestamp }) => [
      status,
      testId,
      parentTestId,
      runnable,
      milliseconds(timestamp),
    ]),
    [
      ["inprogress", "a.test.js::left", undefined, true, 0],
      ["inprogress", "a.test.js::left #2", undefined, true, 1],
      ["success", "a.test.js::left", undefined, true, 0],
      [
        "inprogress",
        "a.test.js::left #2 > child",
        "a.test.js::left #2",
        false,
        3,
      ],
      ["success", "a.test.js::left #2 > child", "a.test.js::left #2", false, 7],
      ["success", "a.test.js::left #2", undefined, true, 7],
    ],
  );
});

Deno.test("NodeEvents takes the parent, the file and the tags that Node 24 names", () => {
  const of = (name: string, testId: number, parentId: number) => ({
    ...at(name, 9, parentId === 0 ? 0 : 1, "shared.js"),
    entryFile: "/project/a.test.js",
    testId,
    parentId,
    tags: testId === 4 ? ["slow", "half \ud83d"] : [],
  });
  const child = of("child", 4, 2);
  const events = convert([
    ["dequeue", of("same", 1, 0)],
    ["dequeue", of("same", 2, 0)],
    ["dequeue", of("child", 3, 1)],
    ["dequeue", child],
    ["stdout", { file: "a.test.js", message: "whose?\n" }],
    ["complete", of("child", 3, 1)],
    ["complete", of("same", 1, 0)],
    ["stdout", { file: "a.test.js", message: "of the second\n" }],
    ["start", of("same", 1, 0)],
    ["start", of("child", 3, 1)],
    ["pass", of("child", 3, 1)],
    ["pass", of("same", 1, 0)],
    ["start", of("same", 2, 0)],
    ["start", child],
    ["pass", child],
    ["pass", of("same", 2, 0)],
  ]);
  assertEquals(shown(events), [
    "inprogress a.test.js::same",
    "inprogress a.test.js::same #2",
    "inprogress a.test.js::same > child",
    "inprogress a.test.js::same #2 > child",
    'stdout="whose?\\n"',
    'a.test.js::same #2 > child stdout="of the second\\n"',
    "success a.test.js::same > child",
    "success a.test.js::same",
    'success a.test.js::same #2 > child stdout=""',
    "success a.test.js::same #2",
  ]);
  assertEquals(
    events.flatMap(({ tags }) => tags ?? []),
    ["slow", "half \ufffd"],
  );
});

Deno.test("NodeEvents gives tests that Node held back times of their own file", () => {
  const fileA = at("a.test.js", 1), fileB = at("b.test.js", 1, 0, "b.test.js");
  const b = (name: string, line: number) => at(name, line, 0, "b.test.js");
  const run = (test: NodeEventData, duration: number): Timed[] => [
    ["dequeue", test],
    ["complete", { ...test, ...took(duration) }],
    ["start", test],
    ["pass", { ...test, ...took(duration) }],
  ];
  const events = convert([
    ["dequeue", fileA, 0],
    ["dequeue", fileB, 10],
    ...run(at("slow", 2), 100),
    ["complete", { ...fileA, ...took(1000) }, 1000],
    ...run(b("first", 2), 20),
    ...run(b("second", 3), 30),
    ["pause", undefined, 1010],
    ["dequeue", b("live", 4), 1020],
    ["pass", { ...b("live", 4), ...took(5) }, 1025],
  ]);
  const times = events.filter(({ testId, status }) =>
    testId?.startsWith("b.") && status !== "exists"
  ).map(({ testId, timestamp }) => [testId, milliseconds(timestamp)]);
  assertEquals(times, [
    ["b.test.js::first", 10],
    ["b.test.js::first", 30],
    ["b.test.js::second", 30],
    ["b.test.js::second", 60],
    ["b.test.js::live", 1020],
    ["b.test.js::live", 1025],
  ]);
});

Deno.test("NodeEvents reports a file that fails, with what it printed", () => {
  const file = at("/project/a.test.js", 1);
  const events = convert([
    ["enqueue", file, 0],
    ["dequeue", file, 1],
    ["stderr", { file: file.file, message: "Error: no module\n" }],
    ["complete", { ...file, ...ended(1) }],
    ["start", file],
    ["fail", { ...file, ...ended(1) }],
  ]);
  assertEquals(shown(events), [
    'stderr="Error: no module\\n"',
    "inprogress a.test.js",
    'a.test.js details="failureType: testCodeFailure\\nlocation: a.test.js:1:1"',
    'fail a.test.js traceback="Error: no module\\n\\nexit status 1"',
  ]);
});

Deno.test("NodeEvents shows what a process did that died", () => {
  const file = at("a.test.js", 1);
  const events = convert([
    ["dequeue", file],
    ["enqueue", at("waits", 2)],
    ["enqueue", at("quick", 3)],
    ["enqueue", at("never", 4)],
    ["dequeue", at("waits", 2)],
    ["dequeue", at("quick", 3)],
    ["complete", { ...at("quick", 3), details: { passed: true } }],
    ["complete", { ...file, ...ended(null, "SIGKILL") }],
    ["pause"],
  ]);
  assertEquals(shown(events).filter((it) => !/^(exists|inprog)/.test(it)), [
    'a.test.js::waits traceback="killed by SIGKILL before the test ended"',
    "success a.test.js::quick",
  ]);
  assertEquals(
    shown(events).at(-1),
    'exists a.test.js traceback="killed by SIGKILL"',
  );
});

Deno.test("NodeEvents gives tests that a module has to the file that runs them", () => {
  const first = at("a.test.js", 1), next = at("b.test.js", 1, 0, "b.test.js");
  // The module is itself run as a test file.
  const module = at("shared.js", 1, 0, "shared.js");
  const step = at("step", 2, 1, "shared.js");
  const use = (test: NodeEventData): Timed[] => [
    ["dequeue", test],
    ["dequeue", step],
    ["complete", { ...step, details: { passed: true } }],
    ["start", test],
    ["start", step],
    ["pass", step],
    ["pass", test],
  ];
  const events = convert([
    ["dequeue", first],
    ["dequeue", next],
    ["dequeue", module],
    ["complete", next],
    ["complete", module],
    ...use(at("uses", 3)),
    ["complete", first],
    ...use(at("uses", 3, 0, "b.test.js")),
    ["start", module],
    ["pass", module],
  ]);
  assertEquals(shown(events).filter((it) => it.startsWith("success")), [
    "success a.test.js::uses > step",
    "success a.test.js::uses",
    "success b.test.js::uses > step",
    "success b.test.js::uses",
    "success shared.js",
  ]);
  const started = events.filter(({ status }) => status === "inprogress");
  assertEquals(started.length, 5);
});

Deno.test("NodeEvents knows the file of a test that Node held back until the file ended", () => {
  const [a, b, c] = ["a.test.js", "b.test.js", "c.test.js"]
    .map((name) => at(name, 1, 0, name));
  const pass = (file: string): Timed => ["pass", at("same", 2, 0, file)];
  const events = convert([
    ["dequeue", a],
    ["dequeue", b],
    ["dequeue", c],
    pass("a.test.js"),
    ["complete", a],
    // Its tests were held back, and nothing came since.
    ["complete", b],
    ["pass", at("shared", 2, 0, "shared.js")],
    pass("b.test.js"),
    ["pass", at("shared", 2, 0, "shared.js")],
    pass("c.test.js"),
    ["pass", at("shared", 2, 0, "shared.js")],
    ["complete", c],
  ]);
  assertEquals(shown(events), [
    "success a.test.js::same",
    "success b.test.js::shared",
    "success b.test.js::same",
    "success b.test.js::shared #2",
    "success c.test.js::same",
    "success c.test.js::shared",
  ]);
});

Deno.test("NodeEvents begins anew with a file that runs again", () => {
  const file = at("a.test.js", 1);
  const run: Timed[] = [
    ["dequeue", file],
    ["enqueue", at("same", 2)],
    ["dequeue", at("same", 2)],
    ["start", at("same", 2)],
    ["pass", at("same", 2)],
    ["complete", file],
    ["watch:drained"],
  ];
  const [first, second] = [convert(run), convert([...run, ...run])];
  assertEquals(shown(second), [...shown(first), ...shown(first)]);
  // It may be in a module that the file imports.
  const shared = at("same", 2, 0, "shared.js");
  const pass: Timed = ["pass", shared];
  const again = convert([
    ["dequeue", file],
    pass,
    ["complete", file],
    ["watch:drained"],
    ["dequeue", file],
    pass,
  ]);
  const id = "success a.test.js::same";
  assertEquals(shown(again), [id, id]);
});

Deno.test("NodeEvents fails a run that fails though no test did", () => {
  const test = at("adds", 1);
  const passes: Timed[] = [["start", test], ["pass", test]];
  const remark: Timed = ["diagnostic", {
    nesting: 0,
    message: "Error: 50% line coverage does not meet threshold of 100%.",
  }];
  const summary: Timed = ["summary", { success: false }];
  for (
    const [events, exitStatus, last] of [
      [passes, 0, "success a.test.js::adds"],
      [passes, 1, 'fail node --test traceback="exit status 1"'],
      [
        [...passes, remark, summary],
        0,
        'fail node --test traceback="Error: 50% line coverage does not meet threshold of 100%.\\n"',
      ],
      [
        [["start", test], ["fail", { ...test, ...failed("no") }], summary],
        1,
        'fail a.test.js::adds traceback="no\\n    at a.test.js:1:1"',
      ],
    ] as [Timed[], number, string][]
  ) {
    assertEquals(shown(convert(events, exitStatus)).at(-1), last);
  }
});

Deno.test("NodeEvents makes ids that packets can hold", () => {
  for (
    const [name, id] of [
      ["a\0b", "a.test.js::a\u2400b"],
      ["half \ud83d", "a.test.js::half \ufffd"],
      ["line\nfeed", "a.test.js::line\nfeed"],
      ["x".repeat(20_000), `a.test.js::${"x".repeat(16384 - 12)}…`],
    ]
  ) {
    const [event] = convert([["start", at(name, 1)], ["pass", at(name, 1)]]);
    assertEquals(event.testId, id);
  }
  const outside = { ...at("up", 1), file: "/other/b.js" };
  const nowhere = { ...at("none", 1), file: undefined };
  assertEquals(
    shown(convert([["pass", outside], ["pass", nowhere]])),
    ["success ../other/b.js::up", "success none"],
  );
});

/** A test of a random suite, and those in it. */
interface Tree {
  readonly name: string;
  readonly line: number;
  readonly isPassed: boolean;
  readonly children: readonly Tree[];
}

const { tree: anyTree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.record({
    name: fc.constantFrom("a", "b", "a #2"),
    line: fc.integer({ min: 1, max: 3 }),
    isPassed: fc.boolean(),
    children: fc.oneof(
      { depthSize: "small" },
      fc.constant([]),
      fc.array(tie("tree"), { maxLength: 3 }),
    ),
  }),
}));

/**
 * What Node reports of a suite: queue, start and end of each test in any order
 * that concurrency allows, and the reports in the order of the suite.
 */
function* played(
  trees: readonly Tree[],
  pick: (count: number) => number,
): Generator<Timed> {
  const steps = (tree: Tree, nesting: number): Timed[][] => {
    const data = at(tree.name, tree.line, nesting);
    const inner = tree.children.map((it) => steps(it, nesting + 1));
    return [[["enqueue", data]], [["dequeue", data]], ...interleaved(inner), [[
      "complete",
      { ...data, details: { passed: tree.isPassed } },
    ]]];
  };
  const interleaved = (all: Timed[][][]): Timed[][] => {
    const left = all.map((it) => [...it]);
    const merged: Timed[][] = [];
    // Tests of one parent are queued, and start, in the order of the suite.
    for (const each of left) merged.push(each.shift()!);
    let started = 0;
    for (;;) {
      const some = left.slice(0, started).filter((it) => it.length > 0);
      const count = some.length + (started < left.length ? 1 : 0);
      if (count === 0) return merged;
      const next = some[pick(count)] ?? left[started++];
      merged.push(next.shift()!);
    }
  };
  yield* interleaved(trees.map((it) => steps(it, 0))).flat();
  yield* reports(trees, 0);
}

function* reports(trees: readonly Tree[], nesting: number): Generator<Timed> {
  for (const { name, line, isPassed, children } of trees) {
    const data = at(name, line, nesting);
    yield ["start", data];
    yield* reports(children, nesting + 1);
    yield [isPassed ? "pass" : "fail", data];
  }
}

/** The id of each test and how it ended, in the order of the suite. */
function expectedIn(
  trees: readonly Tree[],
  front: string,
): { id: string; status: string }[] {
  return trees.flatMap(({ name, isPassed, children }) => [
    ...expectedIn(children, `${front}${name} > `),
    { id: front + name, status: isPassed ? "success" : "fail" },
  ]);
}

Deno.test("NodeEvents gives each test one result under its parent, in any order", () => {
  fc.assert(
    fc.property(
      fc.array(anyTree, { maxLength: 4 }),
      fc.infiniteStream(fc.nat()),
      (trees, random) => {
        const pick = (count: number) => random.next().value! % count;
        const events = convert([...played(trees, pick)]);
        const finals = events.filter(({ status }) => isFinalStatus(status));
        // The names of the tests are there with and without numbers.
        const plain = (id: string) => id.replaceAll(/(?: #\d+)+(?= > |$)/g, "");
        assertEquals(
          finals.map(({ testId, status }) => [plain(testId!), status]),
          expectedIn(trees, "a.test.js::")
            .map(({ id, status }) => [plain(id), status]),
        );
        const ids = finals.map(({ testId }) => testId);
        assertEquals(new Set(ids).size, ids.length);
        for (const { testId, parentTestId } of finals) {
          const [, parent] = /^(.*) > /.exec(testId!) ?? [];
          assertEquals(parentTestId, parent);
        }
        const started = events.filter(({ status }) => status === "inprogress");
        assertEquals(
          new Set(started.map(({ testId }) => testId)),
          new Set(ids),
        );
      },
    ),
    { seed: 16, numRuns: 500 },
  );
});

Deno.test("NodeEvents converts events in any order to events that can be written", () => {
  const types = [
    "enqueue",
    "dequeue",
    "start",
    "complete",
    "pass",
    "fail",
    "stdout",
    "diagnostic",
    "plan",
    "pause",
  ];
  const anyEvent = fc.record({
    name: fc.constantFrom("a", "b", "a.test.js"),
    nesting: fc.nat(3),
    line: fc.integer({ min: 1, max: 2 }),
    file: fc.constantFrom("/project/a.test.js", "a.test.js", undefined),
    message: fc.string(),
  });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...types), anyEvent)),
      (events) => {
        const results = events.filter(([type]) => /^(pass|fail)$/.test(type));
        const finals = convert(events).filter(({ status }) =>
          isFinalStatus(status)
        );
        assert(finals.length >= results.length);
      },
    ),
    { seed: 16, numRuns: 500 },
  );
});
