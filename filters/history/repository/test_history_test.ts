import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { CODE, TEST_BIT } from "./digest.ts";
import { wilsonLow } from "../statistics.ts";
import { Histories, type TestHistory } from "./test_history.ts";
import type { Unit } from "./units.ts";

const SEED = 17;

function unit(id: string, commit?: string): Unit {
  const run = {
    id,
    seconds: 0,
    isTorn: false,
    variant: "",
    scope: undefined,
    group: undefined,
    part: undefined,
    commit,
    branch: undefined,
    dirty: false,
  };
  return {
    parts: [run],
    variant: "",
    scope: undefined,
    isTorn: false,
    missing: 0,
    isWide: () => Promise.resolve(true),
  };
}

/**
 * The history of a test, in letters from the oldest run on: P pass, F fail, S
 * skip, X xfail, D attempts that disagree, "." not in the run; a digit before
 * one is the commit.
 */
function historyOf(letters: string): TestHistory {
  const runs = [...letters.matchAll(/(\d?)([PFSXD.])/g)].map(
    ([, commit, letter], i) => ({
      unit: unit(`run${i}`, commit || undefined),
      tests: {
        P: [CODE.SUCCESS],
        F: [CODE.FAIL],
        S: [CODE.SKIP],
        X: [CODE.XFAIL],
        D: [CODE.SUCCESS | TEST_BIT.SEVERAL | TEST_BIT.DISAGREE],
      }[letter] ?? [],
    }),
  );
  const histories = new Histories();
  for (const { unit, tests } of runs.reverse()) {
    histories.add(unit, {
      numbers: Int32Array.from(tests, () => 0),
      tests: Uint8Array.from(tests),
      isStopped: false,
      seconds: () => new Float32Array(tests.length).fill(NaN),
    });
  }
  return histories.end()[0];
}

Deno.test("Histories counts what is evidence of a flaky test", () => {
  const cases: [letters: string, blips: number][] = [
    ["PPPP", 0],
    // Broken, repaired, and both.
    ["PPFF", 0],
    ["FFPP", 0],
    ["FPPF", 0],
    ["PFP", 1],
    ["PFFFP", 1],
    ["PFSFP", 1],
    ["PFPFP", 2],
    ["FPFP", 1],
    ["PFPF", 1],
    // One commit, different outcomes.
    ["1P1F", 1],
    ["1F1P", 1],
    ["1P1F1P", 1],
    ["1P1F2P", 1],
    ["1P2F2P", 1],
    ["1P2F", 0],
    // In one run.
    ["D", 1],
    ["PDP", 1],
    ["PFDFP", 2],
    ["SXS", 0],
  ];
  for (const [letters, blips] of cases) {
    assertEquals([letters, historyOf(letters).blips], [letters, blips]);
  }
});

Deno.test("Histories finds the runs that a test is bad and good in", () => {
  const places = (letters: string) => {
    const { firstBad, lastGood, first, isFailing, streak } = historyOf(letters);
    const id = (unit?: Unit) => unit?.parts[0].id.slice(3) ?? "-";
    return `${id(firstBad)} ${id(lastGood)} ${
      id(first)
    } ${isFailing} ${streak}`;
  };
  assertEquals(places("PPFF"), "2 1 0 true 2");
  assertEquals(places(".PFSF."), "2 1 1 true 2");
  assertEquals(places("FF"), "0 - 0 true 2");
  assertEquals(places("PFFPP"), "1 4 0 false 0");
  assertEquals(places("PFPFP"), "3 4 0 false 0");
  assertEquals(places("PP"), "- 1 0 false 0");
});

Deno.test("excursions are counted as in a fold forward", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[PFS.]{1,20}$/), (letters) => {
      const sequence = letters.replaceAll(/[S.]/g, "");
      const excursions = [...sequence.matchAll(/(?<=P)F+(?=P)/g)].length;
      const history = historyOf(letters);
      if (sequence === "") return;
      assertEquals(history.blips, excursions);
      assertEquals(history.runs, sequence.length);
      assertEquals(history.fails, [...sequence.matchAll(/F/g)].length);
    }),
    { seed: SEED, numRuns: 500 },
  );
});

Deno.test("runs that share a list of tests are as runs that do not", () => {
  const anyTest = fc.constantFrom(
    ...Object.values(CODE),
    CODE.SUCCESS,
    CODE.SUCCESS,
    CODE.FAIL | TEST_BIT.SEVERAL | TEST_BIT.DISAGREE,
  );
  const size = 11;
  const anyRun = fc.record({
    tests: fc.uint8Array({ minLength: size, maxLength: size }),
    codes: fc.array(anyTest, { minLength: size, maxLength: size }),
    // Whether it is as the one before, but for a few tests.
    differs: fc.constantFrom(0, 1, 2, 255),
    commit: fc.constantFrom(undefined, "a", "b"),
    list: fc.constantFrom(0, 0, 0, 1),
  });
  fc.assert(
    fc.property(fc.array(anyRun, { maxLength: 12 }), (runs) => {
      const lists = [0, 3].map((from) =>
        Int32Array.from({ length: size }, (_, i) => i + from)
      );
      const shared = new Histories(), separate = new Histories();
      let before = new Uint8Array(size).fill(CODE.SUCCESS);
      for (const [i, run] of runs.entries()) {
        before = Uint8Array.from(
          before,
          (test, j) =>
            run.tests[j] < run.differs ** 2 * 10 ? run.codes[j] : test,
        );
        const tests = before.slice(), numbers = lists[run.list];
        const one = unit(`run${i}`, run.commit), isStopped = false;
        const seconds = () => new Float32Array(size).fill(1 + i);
        shared.add(one, { numbers, tests, isStopped, seconds });
        const own = numbers.slice();
        separate.add(one, { numbers: own, tests, isStopped, seconds });
      }
      assertEquals(shared.end(), separate.end());
    }),
    { seed: SEED, numRuns: 300 },
  );
});

Deno.test("wilsonLow ranks by what is known for sure", () => {
  const cases: [events: number, trials: number, low: number][] = [
    [0, 0, 0],
    [0, 10, 0],
    [1, 1, 0.21],
    [1, 10, 0.02],
    [3, 10, 0.11],
    [30, 100, 0.22],
  ];
  for (const [events, trials, low] of cases) {
    assertEquals(Math.round(100 * wilsonLow(events, trials)) / 100, low);
  }
});

/** Numbers by chance, the same each time. */
function random(seed: number): () => number {
  return () => {
    seed = seed + 0x6d2b79f5 | 0;
    let t = Math.imul(seed ^ seed >>> 15, 1 | seed);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) / 2 ** 32;
  };
}

Deno.test("slower tests are found, in spite of noise and slow runs", () => {
  const chance = random(SEED), tests = 5000, slowed = 40;
  const normal = () =>
    Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(2 * Math.PI * chance());
  const usual = Float64Array.from(
    { length: tests },
    () => Math.exp(-2.5 + 1.2 * normal()),
  );
  // Where half a second more can be seen at all.
  const isSlowed = (test: number) => test < slowed;
  for (let i = 0; i < slowed; i++) usual[i] = Math.max(usual[i], 0.06);
  const histories = new Histories();
  for (let place = 0; place < 13; place++) {
    const factor = place === 1 ? 1.4 : Math.exp(0.15 * normal());
    const seconds = Float32Array.from({ length: tests }, (_, test) => {
      const spike = chance() < 0.01 ? 3 : 1;
      const slow = isSlowed(test) && place < 3 ? 2 : 1;
      return usual[test] * factor * spike * slow * Math.exp(0.2 * normal());
    });
    histories.add(unit(`run${place}`), {
      numbers: Int32Array.from({ length: tests }, (_, i) => i),
      tests: new Uint8Array(tests).fill(CODE.SUCCESS),
      isStopped: false,
      seconds: () => seconds,
    });
  }
  const slower = histories.end().filter(({ isSlower }) => isSlower);
  const found = slower.filter(({ number }) => isSlowed(number)).length;
  assert(found >= 30, `${found} of ${slowed} are found`);
  assert(
    slower.length - found <= 20,
    `${slower.length - found} are not slower`,
  );
  // A slow machine is one line.
  const factors = histories.factors();
  assert(factors[1].factor > 1.2, `${factors[1].factor}`);
});
