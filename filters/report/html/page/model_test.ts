import { assertEquals } from "@std/assert";
import { OUTCOMES, type TestLine } from "../data.ts";
import { foldersOf, folderTimes, slowestFolders } from "./folders.ts";
import { groupFailures } from "./groups.ts";
import { criticalPath, type Span, timelineOf } from "./lanes.ts";
import { readLines, Tests } from "./model.ts";

interface Fields {
  readonly outcome?: typeof OUTCOMES[number];
  readonly started?: number;
  readonly seconds?: number;
  readonly route?: string;
  readonly tags?: readonly string[];
  readonly parent?: string;
  readonly headline?: string;
}

function line(id: string, fields: Fields = {}): TestLine {
  return [
    id,
    OUTCOMES.indexOf(fields.outcome ?? "success"),
    fields.started ?? null,
    fields.seconds ?? null,
    fields.route ?? null,
    fields.tags ?? [],
    fields.parent ?? null,
    0,
    fields.headline ?? null,
  ];
}

const ids = (tests: Tests, positions: Iterable<number>) =>
  Array.from(positions, (test) => tests.id(test));

Deno.test("readLines reads a block, and leaves out a line that is cut off", () => {
  const lines = [line("a"), line('b "\u2028\n,'), line("c")];
  const block = `\n${lines.map((one) => JSON.stringify(one)).join("\n")}\n`;
  assertEquals(readLines(block), lines);
  assertEquals(readLines(""), []);
  for (let end = 0; end < block.trimEnd().length; end++) {
    const read = readLines(block.slice(0, end));
    assertEquals(read, lines.slice(0, read.length));
    assertEquals(
      read.length,
      block.slice(0, end).split("]").length - 1 >> 1,
      String(end),
    );
  }
});

Deno.test("Tests knows the attempts at a test, and which tests are flaky", () => {
  const tests = new Tests([
    line("retried", { outcome: "fail", route: "0" }),
    line("retried", { outcome: "fail", route: "1" }),
    line("tagged", { tags: ["flaky"] }),
    line("retried", { route: "0" }),
    line("broken", { outcome: "fail" }),
    line("broken", { outcome: "fail" }),
    line("repeated"),
    line("repeated"),
  ]);
  assertEquals(tests.attempts(0), [0, 3]);
  assertEquals(tests.attempts(3), [0, 3]);
  assertEquals(tests.attempts(1), [1]);
  assertEquals(tests.flakyTests(), [2, 3]);
  assertEquals(
    [0, 1, 2, 3, 4, 5, 6, 7].filter((test) => tests.isFlaky(test)),
    [0, 2, 3],
  );
});

Deno.test("Tests lists tests of any route below what is no test and above it", () => {
  const group = (id: string, route?: string): TestLine => {
    const nine = line(id, { route }).slice(0, 9) as unknown as TestLine;
    return [...nine, 1] as unknown as TestLine;
  };
  const tests = new Tests([
    line("a", { parent: "g", route: "0/1" }),
    line("b", { parent: "g", route: "1" }),
    line("c", { parent: "h", route: "1" }),
    group("g"),
    group("g", "0"),
    group("h", "0"),
  ]);
  assertEquals([0, 1, 2].map((test) => tests.parentOf(test)), [
    4,
    3,
    undefined,
  ]);
});

Deno.test("Tests lists subtests below their parents, to any depth", () => {
  const tests = new Tests([
    line("a (i=1)", { parent: "a" }),
    line("b"),
    line("a (i=1) (j=2)", { parent: "a (i=1)" }),
    line("a"),
    line("other", { parent: "missing" }),
    line("a (i=2)", { parent: "a" }),
    line("a (i=3)", { parent: "a", route: "1" }),
    line("x", { parent: "y" }),
    line("y", { parent: "x" }),
    line("self", { parent: "self" }),
  ]);
  const order = tests.order(undefined);
  assertEquals(ids(tests, order), [
    "b",
    "a",
    "a (i=1)",
    "a (i=1) (j=2)",
    "a (i=2)",
    "other",
    "a (i=3)",
    "self",
    "x",
    "y",
  ]);
  assertEquals(
    Array.from(order, (test) => tests.depth(test)),
    [0, 0, 1, 2, 1, 0, 0, 0, 0, 1],
  );
  assertEquals(tests.children(3), [0, 5]);
  assertEquals([0, 2, 3, 4].map((test) => tests.parentOf(test)), [
    3,
    0,
    undefined,
    undefined,
  ]);
});

Deno.test("Tests sorts by each column, tests without a value last", () => {
  const tests = new Tests([
    line("b", { seconds: 2, route: "1" }),
    line("a", { outcome: "fail", tags: ["x"] }),
    line("c", { seconds: 1, outcome: "skip", route: "0", started: 5 }),
    line("d", { seconds: 2, started: 4 }),
  ]);
  const sorted = (column: Parameters<Tests["order"]>[0]) =>
    ids(tests, tests.order(column)).join("");
  assertEquals(sorted({ column: "id", descending: false }), "abcd");
  assertEquals(sorted({ column: "id", descending: true }), "dcba");
  assertEquals(sorted({ column: "seconds", descending: false }), "cbda");
  assertEquals(sorted({ column: "seconds", descending: true }), "bdca");
  assertEquals(sorted({ column: "route", descending: false }), "cbad");
  assertEquals(sorted({ column: "outcome", descending: false }), "acbd");
  assertEquals(sorted({ column: "started", descending: true }), "cdba");
  assertEquals(sorted({ column: "tags", descending: false }), "abcd");
});

Deno.test("groupFailures groups by fault, or else by first line, largest first", () => {
  const tests = new Tests([
    line("a", { outcome: "fail", headline: "E: 1" }),
    line("b", { outcome: "fail", headline: "E: 2" }),
    line("c", { headline: "E: 2" }),
    line("d", { outcome: "lost", headline: "E: 2" }),
    line("e", { outcome: "fail", headline: "E: 2", tags: ["fault:E: 2"] }),
    line("f", { outcome: "uxsuccess" }),
  ]);
  assertEquals(groupFailures(tests), [
    { title: "E: 2", isFault: false, tests: [1, 3] },
    { title: "E: 1", isFault: false, tests: [0] },
    { title: "E: 2", isFault: true, tests: [4] },
    { title: "", isFault: false, tests: [5] },
  ]);
});

const FOLDERS: readonly [id: string, folders: string[]][] = [
  ["", []],
  ["test", []],
  ["pkg.mod.Case.test", ["pkg.", "mod.", "Case."]],
  ["tests/test_a.py::Case::test[1.5/2]", ["tests/", "test_a.py::", "Case::"]],
  ["a.b.test (i='x.y')", ["a.", "b."]],
  ["a/b/", ["a/", "b/"].slice(0, 1)],
  ["/abs/x", ["/", "abs/"]],
  ["std::vec::push", ["std::", "vec::"]],
  ["words with a.dot", []],
];

for (const [id, folders] of FOLDERS) {
  Deno.test(`foldersOf splits "${id}"`, () => {
    assertEquals(foldersOf(id), folders);
  });
}

Deno.test("folderTimes adds up folders, and joins those that do not fork", () => {
  const root = folderTimes(
    new Tests([
      line("top.pkg.a.x", { seconds: 1 }),
      line("top.pkg.b.deep.y", { seconds: 3, outcome: "fail" }),
      line("top.pkg.b.deep.y (i=1)", {
        seconds: 2,
        outcome: "fail",
        parent: "top.pkg.b.deep.y",
      }),
      line("top.pkg.a.z"),
    ]),
  );
  assertEquals(
    [root.name, root.tests, root.seconds, root.failures],
    ["top.pkg.", 4, 4, 2],
  );
  assertEquals(
    slowestFolders(root).map((folder) => [
      folder.name,
      folder.prefix,
      folder.tests,
      folder.seconds,
    ]),
    [["b.deep.", "top.pkg.b.deep.", 2, 3], ["a.", "top.pkg.a.", 2, 1]],
  );
});

const at = (id: string, route: string, from: number, to: number) =>
  line(id, { route, started: 1000 + from, seconds: to - from });

Deno.test("timelineOf makes a lane of each route, with rows and gaps", () => {
  const { lanes, began, length, untimed } = timelineOf(
    new Tests([
      at("b", "10", 2, 4),
      at("a", "9", 0, 1),
      at("c", "9", 0, 3),
      line("untimed"),
      line("unended", { started: 1000 }),
      at("d", "9", 6, 8),
    ]),
  );
  assertEquals([began, length, untimed], [1000, 8, 2]);
  assertEquals(lanes.map(({ route }) => route), ["9", "10"]);
  assertEquals(
    lanes[0].spans.map(({ test, row }) => [test, row]),
    [[2, 0], [1, 1], [5, 0]],
  );
  assertEquals(lanes.map(({ gaps }) => gaps), [[[3, 6]], [[0, 2], [4, 8]]]);
  assertEquals(lanes.map(({ busy }) => busy), [5, 2]);
});

Deno.test("timelineOf has no lanes without times", () => {
  assertEquals(timelineOf(new Tests([line("a")])).lanes, []);
});

function pathOf(lines: TestLine[]): string {
  const tests = new Tests(lines);
  const path: Span[] = criticalPath(
    timelineOf(tests),
    (test) => tests.children(test).length > 0,
  );
  return ids(tests, path.map(({ test }) => test)).join(" ");
}

Deno.test("criticalPath walks back on a busy lane", () => {
  assertEquals(
    pathOf([
      at("a", "0", 0, 50),
      at("b", "1", 0, 50.05),
      at("c", "0", 50.1, 100),
      at("d", "1", 50.2, 90),
    ]),
    "a c",
  );
});

Deno.test("criticalPath changes lanes where one was idle", () => {
  assertEquals(
    pathOf([
      at("setup", "0", 0, 30),
      at("early", "1", 0, 10),
      at("waits", "1", 30, 80),
      at("short", "0", 30, 50),
    ]),
    "setup waits",
  );
});

Deno.test("criticalPath takes subtests instead of their parents", () => {
  const child = (id: string, from: number, to: number): TestLine => {
    const { 1: outcome, 2: started, 3: seconds } = at(id, "0", from, to);
    return [id, outcome, started, seconds, "0", [], "all", 0, null];
  };
  assertEquals(
    pathOf([at("all", "0", 0, 9), child("x", 0, 4), child("y", 4, 9)]),
    "x y",
  );
});

Deno.test("criticalPath ends with tests of no length", () => {
  assertEquals(
    pathOf([at("a", "0", 0, 0), at("b", "0", 0, 0), at("c", "1", 0, 0)]),
    "a b c",
  );
  assertEquals(pathOf([line("untimed")]), "");
});
