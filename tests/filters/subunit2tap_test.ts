import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  isFailure,
  isFinalStatus,
  PARSER_TEST_ID,
  type Test,
  type TestStatus,
} from "@subunit/codec";
import { TapDecoder } from "@subunit/codec/tap";
import fc from "fast-check";
import { Parser, type Result } from "tap-parser";
import { callTool, peerCallTest, test } from "../support/call.ts";
import { assertForwards } from "../support/checks.ts";
import {
  type Finished,
  fixture,
  LiveTool,
  run,
  TempDir,
  text,
} from "../support/run.ts";
import {
  anyEvent,
  anyRun,
  at,
  damaged,
  type EventFields,
  file,
  forEachPrefix,
  noisyStream,
  sample,
  stream,
  testsIn as foundIn,
  textFile,
} from "../support/streams.ts";

const SEED = 20220419;
const HEAD = "TAP version 14\n";

function convert(input: Uint8Array, ...args: string[]): Promise<Finished> {
  return callTool("subunit2tap", args, { stdin: input });
}

/** The report of a stream, without its first line. */
async function reportOf(...parts: (EventFields | string | Uint8Array)[]) {
  const { stdout } = await convert(stream(...parts));
  const report = text(stdout);
  assert(report.startsWith(HEAD), report);
  return report.slice(HEAD.length);
}

// --- Readers of TAP

/** A test point, and the subtests before it. */
interface Point {
  readonly name: string;
  readonly status: TestStatus;
  readonly below: readonly Point[];
  /** Its diagnostics. */
  // deno-lint-ignore no-explicit-any -- YAML can have any value
  readonly diag: Record<string, any>;
}

/** The test points as tap-parser reads them; all must be well-formed. */
function parsed(report: string): Point[] {
  const parser = new Parser({ strict: true });
  const points = pointsOf(parser);
  parser.end(report);
  return points;
}

function pointsOf(parser: Parser): Point[] {
  const points: Point[] = [];
  let below: Point[] = [];
  parser.on("child", (child: Parser) => below = pointsOf(child));
  parser.on("assert", (result: Result) => {
    assertEquals(result.tapError, null);
    points.push({
      name: result.name,
      status: statusOf(result),
      below,
      diag: { ...(result.diag ?? {}), duration_ms: result.time ?? undefined },
    });
    below = [];
  });
  parser.on("extra", (line: string) => assert(false, `no TAP: ${line}`));
  parser.on("complete", ({ failures, count, fail }) => {
    const errors = failures.filter(({ tapError }: Result) => tapError);
    assertEquals(errors, []);
    assertEquals(count, points.length);
    assertEquals(fail, points.filter(isNotOk).length);
  });
  return points;
}

function statusOf({ ok, skip, todo }: Result): TestStatus {
  if (skip) return "skip";
  if (todo) return ok ? "uxsuccess" : "xfail";
  return ok ? "success" : "fail";
}

function isNotOk({ status }: Point): boolean {
  return status === "fail" || status === "xfail";
}

/** The test points as our reader reads them. */
function readBack(report: string): Point[] {
  // Ids with numbers, so that repeated names stay as they are.
  const decoder = new TapDecoder({ numbered: true, strictTodo: true });
  const events = [...decoder.push(stream(report)), ...decoder.end()];
  const below = new Map<string | undefined, Point[]>();
  for (const { testId, status, parentTestId, fileName } of events) {
    if (testId === undefined) assertEquals(fileName, undefined, "text");
    if (status === undefined || status === "inprogress") continue;
    // This is a plan without tests.
    if (testId === "file skip") continue;
    const own = parentTestId === undefined
      ? testId!
      : testId!.slice(`${parentTestId} > `.length);
    const siblings = below.get(parentTestId) ?? [];
    below.set(parentTestId, siblings);
    siblings.push({
      name: /^test \d+(?: - (.*))?$/s.exec(own)?.[1] ?? "",
      status,
      below: below.get(testId) ?? [],
      diag: {},
    });
  }
  return below.get(undefined) ?? [];
}

/** The part that both readers return. */
function shapeOf(points: readonly Point[]): unknown[] {
  return points.map((
    { name, status, below },
  ) => [name, status, shapeOf(below)]);
}

/** All test points, each with its parent. */
function* flat(
  points: readonly Point[],
  parent?: Point,
): Generator<[Point, Point | undefined]> {
  for (const point of points) {
    yield* flat(point.below, point);
    yield [point, parent];
  }
}

/** Reads a report with both readers, which must agree. */
function pointsIn(report: string): Point[] {
  const points = parsed(report);
  assertEquals(shapeOf(readBack(report)), shapeOf(points));
  return points;
}

// --- Encoding

test("subunit2tap writes names that come back as they are", async () => {
  const names = [
    "plain",
    "5",
    "- dash",
    "a # SKIP it",
    "a #todo",
    "#",
    "\\",
    "\\\\# TODO",
    "C:\\# SKIP",
    "ok 2 - x",
    "1..0",
    "Bail out!",
    "тест ³ 😀",
    "a  b",
    "{}",
    "say \"hi\": 'x'",
  ];
  const tests = names.map((testId): EventFields => ({
    testId,
    status: "success",
  }));
  const points = pointsIn(HEAD + await reportOf(...tests));
  assertEquals(points.map(({ name }) => name), names);
  assertEquals(points.map(({ status }) => status), names.map(() => "success"));
});

test("subunit2tap tells a name it must change in the diagnostics", async () => {
  const names = ["", " ", "a\nok 2 - b", "x {", "\x1b[2J", "\u2028", "\ufeff"];
  const tests = names.map((testId): EventFields => ({
    testId,
    status: "fail",
  }));
  const points = pointsIn(HEAD + await reportOf(...tests));
  assertEquals(
    points.map(({ name, diag }) => diag.id ?? name),
    names,
  );
  const long = "é".repeat(100_000);
  const [point] = pointsIn(
    HEAD + await reportOf({ testId: long, status: "success" }),
  );
  assertEquals(point.name.length, 1024);
  assertEquals(point.diag.id.length, 65536);
});

// --- Reports

test("subunit2tap writes a test point for each test, and exits as the stream is", async () => {
  const input = stream(
    { testId: "a", status: "inprogress", timestamp: at("01:00:00") },
    { testId: "l", status: "inprogress" },
    {
      testId: "b",
      status: "skip",
      tags: ["x", "y: z"],
      routeCode: "0",
      ...textFile("reason", "no # disk\n"),
    },
    { testId: "a", status: "success", timestamp: at("01:00:01.5") },
    { testId: "e", status: "exists" },
    { testId: "c", status: "uxsuccess" },
    { testId: "d", status: "xfail", ...textFile("reason", "later") },
    { testId: "f", status: "fail", ...textFile("traceback", "A\n  b\nC\n") },
    { testId: "g", status: "skip" },
    { testId: "h", status: "success" },
  );
  const { stdout, stderr, status } = await convert(input);
  assertEquals(stderr, "");
  assertEquals(status, 1);
  assertEquals(
    text(stdout),
    `${HEAD}ok 1 - b # SKIP no \\# disk
  ---
  route: "0"
  tags: ["x", "y: z"]
  ...
ok 2 - a
  ---
  duration_ms: 1500
  ...
not ok 3 - c
  ---
  message: "succeeded, which was not expected"
  ...
not ok 4 - d # TODO later
not ok 5 - f
  ---
  message: "C"
  attachments:
    - name: "traceback"
      text: |
        A
          b
        C
  ...
ok 6 - g # SKIP
ok 7 - h
not ok 8 - l
  ---
  message: "started and never ended"
  ...
1..8
`,
  );
  pointsIn(text(stdout));
  const good = await convert(stream({ testId: "a", status: "xfail" }));
  assertEquals(good.status, 0);
  const none = await convert(stream());
  assertEquals(text(none.stdout), `${HEAD}1..0\n`);
  assertEquals(none.status, 0);
});

test("subunit2tap attaches files as readers of YAML take them", async () => {
  const cases: [content: string | Uint8Array, text: string][] = [
    ["", ""],
    ["one", "one"],
    ["one\n", "one\n"],
    ["\n\n", "\n\n"],
    ["one\ntwo", "one\ntwo\n"],
    ["one\r\n\r\ntwo\r\n", "one\n\ntwo\n"],
    ["\n\none\n  \n\ttwo\n\n", "\n\none\n  \n\ttwo\n"],
    ["  one\ntwo\n", "  one\ntwo\n"],
    ["\n \none\n", "\n \none\n"],
    ["...\n---\nok 1\n1..0\n", "...\n---\nok 1\n1..0\n"],
    ["# a\n- b: c\n&d *e !f |\n", "# a\n- b: c\n&d *e !f |\n"],
    [
      "\x1b[1ma\nb\rc\x85\ufeff\uffff",
      "\\u001b[1ma\nb\\rc\\u0085\\ufeff\\uffff\n",
    ],
    ["\x1b\0\ufeff", "\x1b\0\ufeff"],
    [Uint8Array.of(0xe9), "é"],
  ];
  const events = cases.map(([content], i): EventFields => ({
    testId: "t",
    ...textFile(`${i}: "#'\n`, content),
  }));
  const points = pointsIn(
    HEAD + await reportOf(...events, { testId: "t", status: "success" }),
  );
  assertEquals(
    points[0].diag.attachments,
    cases.map(([, text], i) => ({ name: `${i}: "#'\n`, text })),
  );
  const [{ diag }] = pointsIn(
    HEAD + await reportOf(
      { testId: "t", ...file("picture", Uint8Array.of(1, 2), "image/png") },
      { testId: "t", status: "fail", ...file("nul", "\0", "") },
    ),
  );
  assertEquals(diag.attachments, [
    { name: "picture", type: "image/png", bytes: 2 },
    { name: "nul", bytes: 1 },
  ]);
});

test("subunit2tap breaks lines that readers could not hold", async () => {
  for (const start of ["", "first\n", "  "]) {
    // It looks like a test point, but it is YAML.
    const hostile = `${start}${"😀".repeat(600_000)}\n    ok 1 - evil\n`;
    const report = HEAD + await reportOf(
      { testId: "t", status: "fail", ...textFile("log", hostile) },
      { testId: "u".repeat(2_000_000), status: "fail" },
    );
    const [point, ...others] = pointsIn(report);
    assertEquals(others.length, 1);
    const [{ text: shown }] = point.diag.attachments;
    assertEquals(shown.replaceAll("\n", ""), hostile.replaceAll("\n", ""));
    assert(report.split("\n").every(({ length }) => length < 200_000));
  }
});

test("subunit2tap says why in one line, and whole where that is not enough", async () => {
  const cases: [reason: string, shown: string, isWhole: boolean][] = [
    ["why", "why", true],
    [" why\n", "why", true],
    ["a # b \\ c", "a # b \\ c", true],
    ["one\ntwo", "one\\ntwo", false],
    ["x {", "x \\u007b", false],
  ];
  for (const [reason, shown, isWhole] of cases) {
    const parser = new Parser({ strict: true });
    let seen: Result | undefined;
    parser.on("assert", (result: Result) => seen = result);
    parser.end(
      HEAD + await reportOf({
        testId: "t",
        status: "skip",
        ...textFile("reason", reason),
      }),
    );
    assertEquals(seen!.skip, shown);
    assertEquals(seen!.diag === null, isWhole);
  }
});

test("subunit2tap leaves text out of the report, and damage in", async () => {
  const input = stream("ok 9 - text\n", damaged({ testId: "a" }), {
    fileName: "f",
    fileBytes: stream("not ok 8 - file\n"),
  });
  const { stdout, stderr, status } = await convert(input);
  const [point, ...others] = pointsIn(text(stdout));
  assertEquals([point.name, point.status], [PARSER_TEST_ID, "fail"]);
  assertStringIncludes(point.diag.attachments[0].text, "Cannot decode packet");
  assertEquals(others, []);
  assert(stderr.startsWith("ok 9 - text\nsubunit2tap: Cannot decode"), stderr);
  assert(stderr.endsWith("not ok 8 - file\n"), stderr);
  assertEquals(status, 1);
});

Deno.test("subunit2tap passes the stream on, the report beside it", async () => {
  const input = stream("text\n", { testId: "a", status: "success" });
  const report = await assertForwards("subunit2tap", input);
  assertEquals(report, `${HEAD}ok 1 - a\n1..1\n`);
});

Deno.test("subunit2tap is live: a test point is there when its test ends", async () => {
  await using tool = new LiveTool("subunit2tap");
  await tool.write(stream({ testId: "a", status: "success" }));
  const report = `${HEAD}ok 1 - a\n`;
  assertEquals(text(await tool.read(report.length)), report);
  await tool.write(stream(
    { testId: "c", status: "success", parentTestId: "b" },
    { testId: "b", status: "success" },
  ));
  const block = "# Subtest: b\n    ok 1 - c\n    1..1\nok 2 - b\n";
  const both = report + block;
  assertEquals(text(await tool.read(both.length)), both);
});

// --- Subtests

test("subunit2tap puts subtests before their parents", async () => {
  const passes = (testId: string, parentTestId?: string): EventFields => ({
    testId,
    parentTestId,
    status: "success",
  });
  const fails = (testId: string, parentTestId?: string): EventFields => ({
    ...passes(testId, parentTestId),
    status: "fail",
  });
  const starts = (testId: string, parentTestId?: string): EventFields => ({
    ...passes(testId, parentTestId),
    status: "inprogress",
  });
  const parent = (name: string) => `  ---\n  parent: "${name}"\n  ...\n`;
  const message = (indent = "") =>
    `  ---\n  message: "started and never ended"\n  ...\n`
      .replaceAll(/^/gm, indent).slice(0, -indent.length || undefined);
  const cases: [what: string, events: EventFields[], report: string][] = [
    [
      "to any depth",
      [starts("p"), passes("c1", "b"), passes("b", "p"), fails("p")],
      `# Subtest: p
    # Subtest: b
        ok 1 - c1
        1..1
    ok 1 - b
    1..1
not ok 1 - p
1..1
`,
    ],
    [
      "of parents that run side by side",
      [
        passes("a1", "a"),
        passes("b1", "b"),
        passes("a2", "a"),
        passes("x"),
        passes("b"),
        passes("a"),
      ],
      `ok 1 - x
# Subtest: b
    ok 1 - b1
    1..1
ok 2 - b
# Subtest: a
    ok 1 - a1
    ok 2 - a2
    1..2
ok 3 - a
1..3
`,
    ],
    [
      "but for those that come too late, or have none",
      [passes("a"), passes("late", "a"), passes("lone", "nobody"), passes("z")],
      `ok 1 - a
ok 2 - z
ok 3 - late
${parent("a")}ok 4 - lone
${parent("nobody")}1..4
`,
    ],
    [
      "of the same route",
      [
        { ...passes("c", "p"), routeCode: "0" },
        passes("p"),
        { ...passes("p"), routeCode: "0" },
      ],
      `ok 1 - p
# Subtest: p
    ok 1 - c
      ---
      route: "0"
      ...
    1..1
ok 2 - p
  ---
  route: "0"
  ...
1..2
`,
    ],
    [
      "but for failures that would hide behind a pass",
      [
        passes("c", "p"),
        fails("d", "p"),
        { ...passes("p", "q"), status: "xfail" },
        passes("q"),
      ],
      `not ok 1 - d
${parent("p")}# Subtest: q
    # Subtest: p
        ok 1 - c
        1..1
    not ok 1 - p # TODO
    1..1
ok 2 - q
1..2
`,
    ],
    [
      "or behind one of a parent that failed",
      [fails("d", "p"), passes("p", "q"), fails("q")],
      `not ok 1 - d
${parent("p")}# Subtest: q
    ok 1 - p
    1..1
not ok 2 - q
1..2
`,
    ],
    [
      "of tests that are lost, whichever started first",
      [
        starts("c", "p"),
        starts("d", "p"),
        passes("b", "p"),
        starts("p"),
        starts("z"),
      ],
      `# Subtest: p
    ok 1 - b
    not ok 2 - c
${message("    ")}    not ok 3 - d
${message("    ")}    1..3
not ok 1 - p
${message()}not ok 2 - z
${message()}1..2
`,
    ],
    [
      "before what is lost, whose own they are not",
      [starts("z"), passes("lone", "nobody")],
      `ok 1 - lone
${parent("nobody")}not ok 2 - z
${message()}1..2
`,
    ],
    [
      "but not of their own",
      [passes("a", "a"), passes("b", "c"), passes("c", "b")],
      `ok 1 - a
${parent("a")}# Subtest: c
    ok 1 - b
    1..1
ok 2 - c
${parent("b")}1..2
`,
    ],
    [
      "with no name",
      [passes("c", ""), passes("")],
      `# Subtest
    ok 1 - c
    1..1
ok 1
1..1
`,
    ],
  ];
  for (const [what, events, report] of cases) {
    assertEquals(await reportOf(...events), report, what);
    pointsIn(HEAD + report);
  }
});

test("subunit2tap loses no test of circles that never end", async () => {
  const events = ["ab", "bc", "ca", "xx", "da"].map(([testId, parentTestId]) =>
    ({ testId, parentTestId, status: "inprogress" }) as EventFields
  );
  const points = pointsIn(HEAD + await reportOf(...events));
  const names = Array.from(flat(points), ([{ name }]) => name);
  assertEquals(names.sort(), ["a", "b", "c", "d", "x"]);
});

test("subunit2tap nests as deep as our reader follows, and loses nothing deeper", async () => {
  const depth = 600;
  const events = Array.from({ length: depth }, (_, i): EventFields => ({
    testId: `t${i}`,
    status: "success",
    parentTestId: `t${i + 1}`,
  }));
  const report = HEAD +
    await reportOf(...events, { testId: `t${depth}`, status: "success" });
  const points = readBack(report);
  const names = Array.from(flat(points), ([{ name }]) => name);
  assertEquals(new Set(names).size, depth + 1);
  assertEquals(names.length, depth + 1);
  assertEquals(points.length, 3);
});

test("subunit2tap lets subtests go that are too much to hold", async () => {
  const log = textFile("log", "x".repeat(50_000));
  const count = 400;
  const input = stream(
    ...Array.from({ length: count }, (_, i): EventFields => ({
      testId: `t${i}`,
      status: i % 2 === 0 ? "success" : "fail",
      parentTestId: "p",
      ...log,
    })),
    { testId: "p", status: "fail" },
  );
  const { stdout } = await convert(input);
  const points = readBack(text(stdout));
  const names = Array.from(flat(points), ([{ name }]) => name);
  assertEquals(
    names.toSorted(),
    [
      "p",
      ...Array.from({ length: count }, (_, i) => `t${i}`),
    ].sort(),
  );
  const { name, below } = points.at(-1)!;
  assertEquals(name, "p");
  assert(below.length > 50 && points.length > 150, `${below.length}`);
  assertEquals(points.length + below.length, count + 1);
});

// --- Arbitrary streams

/** The tests of a stream, and the number of damaged places. */
function testsIn(bytes: Uint8Array): { tests: Test[]; damage: number } {
  const found = foundIn(bytes);
  const tests = found.filter((one): one is Test => "outcome" in one);
  return { tests, damage: found.length - tests.length };
}

/** A test as its test point shows it. */
function shown(name: string, status: string, route = ""): string {
  return JSON.stringify([name, status, route]);
}

function shownTest({ testId, outcome, routeCode }: Test): string {
  const isNotOk = outcome === "lost" || outcome === "uxsuccess";
  return shown(testId, isNotOk ? "fail" : outcome, routeCode);
}

function shownPoint({ name, status, diag }: Point): string {
  return shown(diag.id ?? name, status, diag.route);
}

/** Checks that the report has each test once, in an allowed place. */
function assertAllThere(report: string, input: Uint8Array): Point[] {
  const points = pointsIn(report);
  const all = Array.from(flat(points));
  const { tests, damage } = testsIn(input);
  assertEquals(
    all.map(([point]) => shownPoint(point)).sort(),
    [
      ...tests.map(shownTest),
      ...Array(damage).fill(shown(PARSER_TEST_ID, "fail")),
    ].sort(),
  );
  for (const [{ status, diag }, parent] of all) {
    if (parent === undefined) continue;
    assert(status !== "fail" || parent.status === "fail", "a hidden failure");
    assertEquals([diag.route, diag.parent], [parent.diag.route, undefined]);
  }
  return points;
}

test("subunit2tap leaves a well-formed report wherever the stream breaks off", async () => {
  const input = stream(
    { testId: "a", status: "success", parentTestId: "p" },
    { testId: "p", status: "inprogress" },
    "text",
    { testId: "c", status: "inprogress", parentTestId: "p" },
    { testId: "c", status: "fail", ...textFile("log", "one\ntwo\n") },
    { testId: "p", status: "success" },
  );
  await forEachPrefix(input, async (cut) => {
    const { stdout } = await convert(cut);
    assertAllThere(text(stdout), cut);
  });
});

test(`subunit2tap loses nothing of streams of any kind (seed ${SEED})`, async () => {
  const events = fc.array(anyEvent(), { maxLength: 40 })
    .map((events) => stream(...events));
  const streams = [
    ...sample(noisyStream, 25, SEED),
    ...sample(events, 25, SEED),
  ];
  for (const input of streams) {
    const { stdout, status } = await convert(input);
    const points = assertAllThere(text(stdout), input);
    const isGood = Array.from(flat(points)).every(([{ status }]) =>
      status !== "fail"
    );
    assertEquals(status, isGood ? 0 : 1);
  }
});

/** Runs on two routes in which three of four tests are subtests. */
function runs(count: number): Uint8Array[] {
  const run = anyRun({ maxTests: 16, routes: [...Array(5), "0"] });
  return sample(run, count, SEED).map((events) => {
    const ids = Array.from(new Set(events.map(({ testId }) => testId!)));
    return stream(...events.map((event) => {
      const i = ids.indexOf(event.testId!);
      const parentTestId = ids[(5 * i + 1) % ids.length];
      return i % 4 === 0 ? event : { ...event, parentTestId };
    }));
  });
}

test(`tap2subunit reads back what subunit2tap writes (seed ${SEED})`, async () => {
  let nested = 0;
  for (const input of runs(120)) {
    const { stdout } = await convert(input);
    const points = assertAllThere(text(stdout), input);
    const all = Array.from(flat(points));
    const key = (name: string, route = "") => JSON.stringify([name, route]);
    const { tests } = testsIn(input);
    const order = new Map(
      tests.map(({ testId, routeCode }, i) => [key(testId, routeCode), i]),
    );
    const parentOf = new Map(
      all.map(([{ name, diag }, parent]) =>
        [key(name, diag.route), parent?.name] as const
      ),
    );
    for (const { testId, routeCode, parentTestId, outcome } of tests) {
      if (parentTestId === undefined || outcome === "lost") continue;
      const at = order.get(key(testId, routeCode))!;
      const parentAt = order.get(key(parentTestId, routeCode)) ?? -1;
      const mayStand = parentAt > at &&
        (isFailure(tests[parentAt].outcome) || !isFailure(outcome));
      if (!mayStand) continue;
      assertEquals(parentOf.get(key(testId, routeCode)), parentTestId);
      nested++;
    }
    // Subtests below their parents are in the stream's order.
    for (const { below } of [{ below: points }, ...all.map(([one]) => one)]) {
      const places = below.filter(({ diag }) => diag.parent === undefined)
        .map(({ name, diag }) => order.get(key(name, diag.route))!);
      assertEquals(places, places.toSorted((a, b) => a - b));
    }
  }
  assert(nested > 50, `only ${nested} subtests`);
});

/** The ids and statuses in a document of TAP, and the parents that are known. */
function idsIn(tap: Uint8Array): string[] {
  const decoder = new TapDecoder({ strictTodo: false });
  return [...decoder.push(tap), ...decoder.end()]
    .filter(({ status }) => isFinalStatus(status))
    .map(({ testId, status, tags = [] }) =>
      JSON.stringify([testId, status, ...tags])
    ).sort();
}

/** A test point: its description, and the subtests before it. */
interface TapNode {
  readonly name: string;
  readonly isOk: boolean;
  readonly below: readonly TapNode[];
}

/** Documents with names that repeat each other and their parents. */
function tapTree(): fc.Arbitrary<readonly TapNode[]> {
  const name = fc.constantFrom("a", "b", "a #2", "a > b", "- c", "5", "in 5ms");
  const { tree } = fc.letrec<{ tree: readonly TapNode[] }>((tie) => ({
    tree: fc.array(
      fc.record({
        name,
        isOk: fc.boolean(),
        below: fc.oneof({ maxDepth: 3 }, fc.constant([]), tie("tree")),
      }),
      { maxLength: 4 },
    ),
  }));
  return tree;
}

function tapOf(nodes: readonly TapNode[], indent = ""): string {
  const points = nodes.map(({ name, isOk, below }, i) =>
    (below.length > 0 ? tapOf(below, `${indent}    `) : "") +
    `${indent}${isOk ? "ok" : "not ok"} ${i + 1} - ${name}
`
  );
  return `${points.join("")}${indent}1..${nodes.length}
`;
}

test("tap2subunit gives the same ids to what subunit2tap wrote", async () => {
  const documents: Uint8Array[] = [
    ...["deno", "node", "node_tap", "perl", "tape"].map((producer) =>
      Deno.readFileSync(fixture(`tap/${producer}.tap`))
    ),
    stream(`1..7
ok 1
ok 2 - a
ok 3 - a
ok 4 - a #2
    not ok 1 - in 5ms
    ok 2 - in 5ms # TODO
    ok 3 - a > b
    ok 4 - - c
        ok 1 - deep
        1..1
    1..4
not ok 5 - a > b
ok 6 - d \\# SKIP e
    1..0 # SKIP f
ok 7 # SKIP f
`),
    ...sample(tapTree(), 15, SEED).map((nodes) => stream(tapOf(nodes))),
  ];
  for (const tap of documents) {
    const { stdout: events } = await callTool("tap2subunit", [], {
      stdin: tap,
    });
    const { stdout: report } = await convert(events);
    assertEquals(idsIn(report), idsIn(tap));
    parsed(text(report));
  }
});

peerCallTest(
  `prove finds the failures in what subunit2tap writes (seed ${SEED})`,
  ["prove"],
  async () => {
    using dir = new TempDir();
    const hard = stream(
      { testId: "a", ...textFile("indented", "  one\ntwo\n") },
      {
        testId: "a",
        status: "fail",
        ...textFile("long", "x".repeat(100_000)),
        tags: ["a: b", "#"],
      },
    );
    for (const [i, input] of [hard, ...runs(40)].entries()) {
      const { stdout } = await convert(input);
      // Before Test::Harness 3.48, prove rejects version 14.
      const report = text(stdout).replace("version 14", "version 13");
      const points = parsed(report);
      const path = dir.file(`${i}.tap`, report);
      const { stdout: printed, status } = await run(
        ["prove", "--exec", "cat", path],
        { env: { LC_ALL: "C" } },
      );
      const words = text(printed);
      const failed = points.filter(({ status }) => status === "fail").length;
      assert(!words.includes("Parse errors"), words);
      assertStringIncludes(words, `Tests=${points.length},`);
      assertEquals(status, failed === 0 ? 0 : 1, words);
      if (failed > 0) {
        assertStringIncludes(
          words,
          `Failed ${failed}/${points.length} subtests`,
        );
      }
    }
  },
);
