/**
 * A suite for the demonstration, run by `deno test`. Its name keeps it out of
 * the project's own tests: some of it fails on purpose. It is JavaScript, so that
 * no time is spent on type checks.
 *
 * @module
 */

import assert from "node:assert/strict";

const PLANETS = ["Mercury", "Venus", "Earth", "Mars"];

Deno.test("planets are counted", () => assert.equal(PLANETS.length, 4));

Deno.test("Pluto is a planet", () => {
  assert.ok(PLANETS.includes("Pluto"), "Pluto is not in the list");
});

Deno.test("orbits", async (t) => {
  await t.step("Earth takes a year", () => assert.equal(365 + 0.25, 365.25));
  await t.step("Mars takes two years", () => assert.equal(687, 730));
});

Deno.test({
  name: "moons of Planet Nine",
  ignore: true, // why: the demonstration shows a skipped test
  fn: () => assert.fail(),
});
