import { assertEquals } from "@std/assert";
import type { Client } from "./client.ts";
import { groupBy, usualGroup } from "./groups.ts";
import { bisect, type Plan, runPlan, watch } from "./modes.ts";
import { shuffled } from "./shuffle.ts";

/** A client whose tests fail as a function says, in the order of a run. */
function clientOf(
  all: readonly string[],
  fails: (id: string, before: readonly string[], attempt: number) => boolean,
  edits: readonly (readonly string[])[] = [],
) {
  const runs: string[][] = [], words: string[] = [], left = [...edits];
  const client: Client = {
    attempt: 1,
    isInterrupted: false,
    warn: (text) => words.push(text),
    fail: (what) => words.push(`fail ${what}`),
    session: {
      list: (names) =>
        Promise.resolve(
          all.filter((id) =>
            names.length === 0 || names.some((name) => id.startsWith(name))
          ),
        ),
      run({ ids }) {
        const order = [...ids];
        runs.push(order);
        const failed = order.filter((id, index) =>
          fails(id, order.slice(0, index), client.attempt)
        );
        return Promise.resolve({ failed: new Set(failed), isCut: false });
      },
      changes: () => Promise.resolve(left.shift()),
    },
  };
  return { client, runs, words };
}

const ONCE: Plan = { ids: undefined, repeats: 1, untilFailure: false };
const IDS = Array.from({ length: 20 }, (_, index) => `t${index}`);

Deno.test("runPlan repeats, until a test fails, each time in another order", async () => {
  const { client, runs } = clientOf(
    IDS,
    (id, _, attempt) => id === "t3" && attempt === 3,
  );
  await runPlan(client, {
    ...ONCE,
    seed: 7,
    repeats: Infinity,
    untilFailure: true,
  });
  assertEquals(runs, [7, 8, 9].map((seed) => shuffled(IDS, seed)));
});

Deno.test("runPlan fails where there are no tests, and runs an id once", async () => {
  const none = clientOf([], () => false);
  await runPlan(none.client, ONCE);
  assertEquals(none.runs, []);
  assertEquals(none.words[0], "fail (list)");
  const { client, runs } = clientOf([], () => false);
  await runPlan(client, { ...ONCE, ids: ["a", "b", "a"] });
  assertEquals(runs, [["a", "b"]]);
});

Deno.test("bisect finds the test after which another one fails", async () => {
  for (const culprit of ["t0", "t6", "t15", "t18"]) {
    const { client, runs, words } = clientOf(
      IDS,
      (id, before) => id === "t19" && before.includes(culprit),
    );
    await bisect(client, ONCE, "t19");
    assertEquals(words, [`t19 fails after ${culprit}`]);
    assertEquals(runs.length <= 8, true);
  }
});

Deno.test("bisect tells when there is nothing to find, or more than one test", async () => {
  const cases: [
    fails: (before: readonly string[]) => boolean,
    words: string,
  ][] = [
    [() => true, "t9 fails alone"],
    [() => false, "t9 does not fail after the other tests"],
    [
      (before) => before.includes("t2") && before.includes("t5"),
      "t9 fails after the first 6 tests, the last of them t5",
    ],
  ];
  for (const [fails, expected] of cases) {
    const { client, words } = clientOf(
      IDS,
      (id, before) => id === "t9" && fails(before),
    );
    await bisect(client, ONCE, "t9");
    assertEquals(words, [expected]);
  }
});

Deno.test("bisect fails without running a test when the one it is about is not there", async () => {
  for (
    const [all, expected] of [
      [IDS, 'There is no test "t99": check the worker and its paths'],
      [[], "There are no tests: check the worker and its paths"],
    ] as const
  ) {
    const { client, runs, words } = clientOf(all, () => true);
    await bisect(client, ONCE, "t99");
    assertEquals(words, ["fail (list)", expected]);
    assertEquals(runs, []);
  }
});

Deno.test("watch runs what failed, then what the edited files have", async () => {
  const all = ["a.ts::1", "a.ts::2", "b.ts::1"];
  const { client, runs } = clientOf(
    all,
    (id, _, attempt) => id === "b.ts::1" && attempt < 3,
    [["a.ts"], ["b.ts"], ["a.ts"]],
  );
  await watch(client, ONCE);
  assertEquals(runs, [
    all,
    ["b.ts::1", "a.ts::1", "a.ts::2"],
    ["b.ts::1"],
    ["a.ts::1", "a.ts::2"],
  ]);
});

Deno.test("usualGroup is the file or the class of a test, if its id shows one", () => {
  const cases: [id: string, group: string | undefined][] = [
    ["tests/a_test.ts::adds", "tests/a_test.ts"],
    ["tests/a_test.ts::adds::twice", "tests/a_test.ts"],
    ["pkg.mod.Class.test_x", "pkg.mod.Class"],
    ["pkg.mod.Class.test_x(a.b)", "pkg.mod.Class"],
    ["pkg.mod.Class.test_x (i=3)", "pkg.mod.Class"],
    ["parser::tests::nested", undefined],
    ["github.com/a/b/TestX", undefined],
    ["one", undefined],
  ];
  for (const [id, group] of cases) assertEquals(usualGroup(id), group, id);
  assertEquals(groupBy(/a(.)/)("xab"), "b");
  assertEquals(groupBy(/a./)("xab"), "ab");
  assertEquals(groupBy(/a./)("x"), undefined);
});
