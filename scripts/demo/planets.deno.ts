/**
 * A small suite for the demonstration, run by `deno test`. Its name keeps it
 * out of the project's own tests: some of it fails on purpose.
 *
 * @module
 */

const PLANETS = ["Mercury", "Venus", "Earth", "Mars"];

function equal(actual: unknown, expected: unknown): void {
  if (!Object.is(actual, expected)) {
    throw new Error(`found ${actual}, expected ${expected}`);
  }
}

Deno.test("planets are counted", () => equal(PLANETS.length, 4));

Deno.test("Pluto is a planet", () => equal(PLANETS.includes("Pluto"), true));

Deno.test("orbits", async (t) => {
  await t.step("Earth takes a year", () => equal(365 + 0.25, 365.25));
  await t.step("Mars takes two years", () => equal(687, 730));
});

Deno.test({
  name: "moons of Planet Nine",
  ignore: true, // why: the demonstration shows a skipped test
  fn: () => equal(1, 2),
});
