import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { TestNumbers } from "./numbers.ts";

function numbersOf(...all: number[]): TestNumbers {
  const numbers = new TestNumbers();
  for (const number of all) numbers.add(number);
  return numbers;
}

Deno.test("TestNumbers knows the gaps", () => {
  const cases: [number[], number, [number, number][]][] = [
    [[], 1, []],
    [[1, 2, 3], 4, []],
    [[3], 4, [[1, 2]]],
    [[9], 10, [[1, 8]]],
    [[9, 4], 10, [[1, 3], [5, 8]]],
    [[9, 4, 1, 8], 10, [[2, 3], [5, 7]]],
    [[3, 2, 1], 4, []],
    [[1, 1, 0], 2, []],
  ];
  for (const [all, next, gaps] of cases) {
    const numbers = numbersOf(...all);
    assertEquals(numbers.next, next);
    assertEquals(numbers.gaps.map(({ first, last }) => [first, last]), gaps);
  }
});

Deno.test("TestNumbers.add is false for a number that was used before, and for 0", () => {
  const numbers = numbersOf(1, 4);
  assertEquals([1, 4, 0, 2, 2].map((number) => numbers.add(number)), [
    false,
    false,
    false,
    true,
    false,
  ]);
});

Deno.test("TestNumbers.takeGap settles the lowest gap", () => {
  const numbers = numbersOf(3, 6);
  assertEquals(numbers.takeGap(), { first: 1, last: 2 });
  assertEquals(numbers.add(2), false);
  assertEquals(numbers.gaps, [{ first: 4, last: 5 }]);
});

Deno.test("TestNumbers agrees with a set, seed 2", () => {
  const small = fc.integer({ min: 1, max: 12 });
  fc.assert(
    fc.property(fc.array(small), small, (all, plan) => {
      const numbers = new TestNumbers();
      const seen = new Set<number>();
      for (const number of all) {
        assertEquals(numbers.add(number), !seen.has(number));
        seen.add(number);
      }
      const within = (ranges: { first: number; last: number }[]) =>
        Array.from({ length: 13 }, (_, number) => number).filter((number) =>
          ranges.some(({ first, last }) => first <= number && number <= last)
        );
      const sorted = [...seen].sort((a, b) => a - b);
      assertEquals(
        within(numbers.beyond(plan)),
        sorted.filter((number) => number > plan),
      );
      assertEquals(
        within([...numbers.gaps]),
        Array.from({ length: numbers.next - 1 }, (_, i) => i + 1)
          .filter((number) => !seen.has(number)),
      );
    }),
    { seed: 2, numRuns: 500 },
  );
});
