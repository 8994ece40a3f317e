import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { divide, Durations, percentile } from "./shard.ts";

const SEED = 20261128;

const alone = () => undefined;

Deno.test("divide puts the longest first, into the emptiest shard", () => {
  const seconds: Record<string, number> = { a: 1, b: 5, c: 3, d: 2, e: 2 };
  assertEquals(divide("abcde", 2, (id) => seconds[id], alone), [
    ["b", "e"],
    ["a", "c", "d"],
  ]);
  assertEquals(divide("ab", 3, () => 1, alone), [["a"], ["b"], []]);
  assertEquals(divide("aabb", 1, () => 1, alone), [["a", "b"]]);
  // Tests that take no time are spread too.
  assertEquals(divide("abcd", 2, () => 0, alone), [["a", "c"], ["b", "d"]]);
});

Deno.test("divide keeps groups together", () => {
  const shards = divide(
    ["x.1", "y.1", "x.2", "y.2", "z"],
    2,
    () => 1,
    (id) => id.split(".")[1] === undefined ? undefined : id[0],
  );
  assertEquals(shards, [["x.1", "x.2", "z"], ["y.1", "y.2"]]);
});

Deno.test(`divide gives each test to one shard, whatever the order (seed ${SEED})`, () => {
  const tests = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3 }), {
    maxLength: 30,
  });
  fc.assert(
    fc.property(tests, fc.integer({ min: 1, max: 5 }), (tests, shards) => {
      const secondsOf = (id: string) => id.charCodeAt(0) / 10;
      const groupOf = (id: string) => id[1];
      const made = divide(tests, shards, secondsOf, groupOf);
      assertEquals(made.flat().sort(), tests.toSorted());
      const turned = divide(tests.toReversed(), shards, secondsOf, groupOf);
      assertEquals(
        turned.map((ids) => ids.toSorted()),
        made.map((ids) => ids.toSorted()),
      );
      const times = made.map((ids) =>
        ids.reduce((sum, id) => sum + secondsOf(id), 0)
      );
      const apart = divide(tests, shards, secondsOf, alone).map((ids) =>
        ids.reduce((sum, id) => sum + secondsOf(id), 0)
      );
      const longest = Math.max(0, ...tests.map(secondsOf));
      assert(Math.max(...apart) - Math.min(...apart) <= longest + 1e-9);
      assert(times.length === shards);
    }),
    { seed: SEED, numRuns: 200 },
  );
});

Deno.test("Durations takes the median of passes, else of whatever there is", () => {
  const durations = new Durations();
  durations.add("a", false, 9);
  durations.add("a", true, 3);
  durations.add("a", true, 1);
  durations.add("a", true, 2);
  durations.add("a", false, 9);
  durations.add("b", false, 7);
  assertEquals([durations.get("a"), durations.get("b")], [2, 7]);
  // As subunit-history has it: of an even number, the mean of the middle two.
  durations.add("d", true, 1);
  durations.add("d", true, 4);
  assertEquals(durations.get("d"), 2.5);
  assertEquals(durations.get("c"), undefined);
  assertEquals(durations.percentile(75), 7);
  assertEquals(percentile([], 50), undefined);
  assertEquals(percentile([4, 1, 3, 2], 75), 3);
});
