import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Names } from "./names.ts";

function taken(...all: string[]): string[] {
  const names = new Names();
  return all.map((name) => names.take(name));
}

Deno.test("Names numbers what comes again", () => {
  const cases: [string[], string[]][] = [
    [["a", "b", "a", "a"], ["a", "b", "a #2", "a #3"]],
    [["a", "a #2", "a", "a"], ["a", "a #2", "a #3", "a #4"]],
    [["a", "a", "a #2"], ["a", "a #2", "a #2 #2"]],
    [["", ""], ["", " #2"]],
  ];
  for (const [names, ids] of cases) assertEquals(taken(...names), ids);
});

Deno.test("Names gives each name once, seed 7", () => {
  const name = fc.constantFrom("a", "b", "a #2", "a #3", "a #2 #2", "b #2");
  fc.assert(
    fc.property(fc.array(name, { maxLength: 60 }), (all) => {
      const ids = taken(...all);
      assertEquals(new Set(ids).size, all.length);
      const firsts = new Set(all);
      for (const [i, id] of ids.entries()) {
        if (id === all[i]) firsts.delete(id);
        else assertEquals(id.replace(/ #\d+$/, ""), all[i]);
      }
    }),
    { seed: 7, numRuns: 500 },
  );
});

Deno.test("Names keeps many names apart", () => {
  const names = new Names();
  const all = Array.from({ length: 300_000 }, (_, i) => `test ${i}`);
  for (const name of all) assertEquals(names.take(name) === name, true, name);
  for (const name of all.slice(0, 1000)) {
    assertEquals(names.take(name), `${name} #2`);
  }
});

Deno.test("Names numbers one name many times in linear time", () => {
  const names = new Names();
  // Ten thousand million searches, if each began at 2 again: many minutes;
  // scripts/bench/growth.ts measures it.
  for (let i = 2; i < 100_000; i++) names.take(`a #${i}`);
  assertEquals(names.take("a"), "a");
  for (let i = 0; i < 100_000; i++) {
    assertEquals(names.take("a") === `a #${100_000 + i}`, true, `${i}`);
  }
});

Deno.test("Names stores no more than half a million names", () => {
  const names = new Names();
  for (let i = 0; i < 500_000; i++) names.take(`test ${i}`);
  assertEquals([names.take("late"), names.take("late")], ["late", "late"]);
  assertEquals(names.take("test 499999"), "test 499999 #2");
});
