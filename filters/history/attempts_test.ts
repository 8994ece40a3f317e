import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { POLICIES, type Policy, replaces, type Result } from "./attempts.ts";
import { Flips } from "./flips.ts";
import { wilsonLow } from "./statistics.ts";

const SEED = 20261128;

/** The attempt that decides, from a whole list. */
function plainDecisive(policy: Policy, results: readonly Result[]): number {
  const ran = results.flatMap((result, i) => result === "skipped" ? [] : [i]);
  const some = ran.length > 0 ? ran : results.map((_, i) => i);
  if (policy === "first") return some[0];
  const wanted = policy === "any"
    ? "passed"
    : policy === "all"
    ? "failed"
    : undefined;
  return some.findLast((i) => results[i] === wanted) ?? some.at(-1)!;
}

const anyResults = fc.array(
  fc.constantFrom<Result>("passed", "failed", "skipped"),
  { minLength: 1, maxLength: 6 },
);

Deno.test(`replaces finds what decides, in whatever order attempts end (seed ${SEED})`, () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...POLICIES),
      anyResults,
      fc.nat(),
      (policy, results, salt) => {
        const order = results.map((_, i) => i)
          .sort((a, b) => ((a * 7 + salt) % 5) - ((b * 7 + salt) % 5));
        const decisive = order.reduce((before, now) =>
          replaces(policy, results[before], results[now], now > before)
            ? now
            : before
        );
        assertEquals(decisive, plainDecisive(policy, results));
      },
    ),
    { seed: SEED, numRuns: 500 },
  );
});

Deno.test("wilsonLow is small where few runs prove little", () => {
  const cases: [events: number, runs: number, low: string][] = [
    [0, 0, "0.00"],
    [0, 9, "0.00"],
    [1, 1, "0.21"],
    [1, 10, "0.02"],
    [3, 10, "0.11"],
    [30, 100, "0.22"],
  ];
  for (const [events, runs, low] of cases) {
    assertEquals(wilsonLow(events, runs).toFixed(2), low);
  }
});

Deno.test("Flips counts excursions, not a test that broke", () => {
  const cases: [runs: string, flips: number][] = [
    ["", 0],
    ["pppfff", 0],
    ["ppfpp", 1],
    ["pfpfp", 2],
    ["ppfsfpp", 1],
    ["pmp", 1],
    ["m", 1],
    ["sss", 0],
  ];
  const results: Record<string, Result> = {
    p: "passed",
    f: "failed",
    s: "skipped",
    m: "passed",
  };
  for (const [runs, expected] of cases) {
    const flips = new Flips();
    for (const run of runs) flips.add(results[run], run === "m");
    assertEquals(flips.flips, expected, runs);
  }
});
