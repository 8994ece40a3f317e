import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { CODE, MEANING, MEANINGS } from "./digest.ts";
import { failingTests } from "./failing.ts";
import { type RunRow, type RunTests, testsOf, unitsOf } from "./units.ts";

const NAMES = Object.keys(CODE) as (keyof typeof CODE)[];

/** A run in a few words: the codes of its tests by their letters. */
interface Short {
  readonly tests: Readonly<Record<string, keyof typeof CODE>>;
  readonly scope?: "full" | "partial";
  readonly isTorn?: boolean;
  readonly isStopped?: boolean;
  readonly variant?: string;
  readonly group?: string;
  readonly part?: string;
}

const SEED = 17;
const LETTERS = "abcdef";

function numberOf(letter: string, variant = ""): number {
  return LETTERS.indexOf(letter) + (variant === "" ? 0 : LETTERS.length);
}

function history(shorts: readonly Short[]) {
  const loaded = new Map<RunRow, RunTests>();
  const runs = shorts.map((short, i): RunRow => {
    const { tests, scope, isTorn = false, variant = "" } = short;
    const run: RunRow = {
      id: `run${i}`,
      seconds: i,
      isTorn,
      variant,
      scope,
      group: short.group,
      part: short.part,
      commit: undefined,
      branch: undefined,
      dirty: false,
    };
    loaded.set(run, {
      numbers: Int32Array.from(
        Object.keys(tests),
        (letter) => numberOf(letter, variant),
      ),
      tests: Uint8Array.from(Object.values(tests), (name) => CODE[name]),
      isStopped: short.isStopped ?? false,
      seconds: () => new Float32Array(Object.keys(tests).length),
    });
    return run;
  });
  return { runs, load: (run: RunRow) => loaded.get(run)! };
}

/** What `failingTests` says, by letters; since "≤run" when it is not known. */
async function failing(shorts: readonly Short[], skipClears = false) {
  const { runs, load } = history(shorts);
  const found = { failing: {} as Record<string, string>, gone: "", unrun: "" };
  const letter = (number: number) => (LETTERS + LETTERS.toUpperCase())[number];
  for (const units of unitsOf(runs, load).values()) {
    const { tests, unrun } = await failingTests(
      units,
      (unit) => testsOf(unit, load),
      { skipClears, needsSince: true },
    );
    for (const { number, isGone, since, isSinceKnown, newest } of tests) {
      if (isGone) found.gone += letter(number);
      else {
        const [{ id }] = since.parts;
        found.failing[letter(number)] = `${isSinceKnown ? "" : "≤"}${id} ${
          newest.parts.at(-1)!.id
        }`;
      }
    }
    for (const number of unrun) found.unrun += letter(number);
  }
  found.gone = [...found.gone].sort().join("");
  found.unrun = [...found.unrun].sort().join("");
  return found;
}

Deno.test("a filtered run forgets no failure, as testr's and stestr's do", async () => {
  const all = { a: "SUCCESS", b: "FAIL", c: "FAIL" } as const;
  assertEquals(
    (await failing([
      { tests: all },
      // A rerun of the failing ones, one of which passes now.
      { tests: { b: "SUCCESS", c: "FAIL" } },
      // Then a filtered run of a passing test.
      { tests: { a: "SUCCESS" } },
    ])).failing,
    { c: "≤run0 run1" },
  );
});

Deno.test("two writers lose none of forty failures, as testr and stestr do", async () => {
  const shorts: Short[] = [
    { tests: { a: "SUCCESS" }, scope: "full" },
  ];
  const names = Array.from(
    LETTERS,
    (letter) => ({ [letter]: "FAIL" as const }),
  );
  for (const tests of names) shorts.push({ tests, scope: "partial" });
  assertEquals(Object.keys((await failing(shorts)).failing).length, 6);
});

Deno.test("a failing test that a newer wide run does not have is gone", async () => {
  const found = await failing([
    { tests: { a: "SUCCESS", b: "FAIL" }, scope: "full" },
    { tests: { a: "SUCCESS", c: "SUCCESS" }, scope: "full" },
  ]);
  assertEquals(found, { failing: {}, gone: "b", unrun: "" });
});

Deno.test("what a run lists and does not run fails as before", async () => {
  const found = await failing([
    { tests: { a: "SUCCESS", b: "FAIL" } },
    { tests: { a: "SUCCESS", b: "EXISTS" }, scope: "full" },
  ]);
  assertEquals(found.failing, { b: "≤run0 run0" });
  // The exit status of a command that ends well now is not to be run.
  const ended = await failing([
    { tests: { a: "SUCCESS", b: "FAIL" } },
    { tests: { a: "SUCCESS", b: "NOTHING" }, scope: "full" },
  ]);
  assertEquals(ended.failing, {});
});

Deno.test("a skip ends a failure only if it is said to", async () => {
  const shorts: Short[] = [
    { tests: { a: "FAIL", b: "FAIL" }, scope: "full" },
    { tests: { a: "SKIP", b: "XFAIL" }, scope: "full" },
  ];
  assertEquals(Object.keys((await failing(shorts)).failing), ["a", "b"]);
  assertEquals((await failing(shorts, true)).failing, {});
});

Deno.test("eleven reruns of one test are not wide", async () => {
  const found = await failing([
    { tests: { a: "FAIL", b: "FAIL", c: "FAIL" } },
    ...Array.from({ length: 11 }, () => ({ tests: { a: "FAIL" } as const })),
  ]);
  assertEquals(Object.keys(found.failing), ["a", "b", "c"]);
});

Deno.test("a run of no test, of a suite that did not start, is not wide", async () => {
  const found = await failing([
    { tests: { a: "FAIL" } },
    { tests: { b: "EXISTS" }, scope: "full" },
  ]);
  assertEquals(found.failing, { a: "≤run0 run0" });
  assertEquals(found.gone, "");
});

Deno.test("a group is wide when all its parts are there", async () => {
  const old: Short = { tests: { a: "FAIL", b: "SUCCESS" }, scope: "full" };
  const one: Short = {
    tests: { b: "SUCCESS" },
    scope: "full",
    group: "g",
    part: "1/2",
  };
  const two: Short = { ...one, tests: { c: "FAIL" }, part: "2/2" };
  assertEquals((await failing([old, one])).failing, { a: "≤run0 run0" });
  assertEquals(await failing([old, one, two]), {
    failing: { c: "run1 run2" },
    gone: "a",
    unrun: "",
  });
});

Deno.test("variants are different tests", async () => {
  const found = await failing([
    { tests: { a: "FAIL" }, variant: "py3" },
    { tests: { a: "SUCCESS" } },
  ]);
  assertEquals(found.failing, { A: "≤run0 run0" });
});

Deno.test("a torn run leaves tests that were not reached", async () => {
  const all = { a: "SUCCESS", b: "SUCCESS", c: "SUCCESS" } as const;
  const torn: Short = { tests: { a: "LOST", d: "EXISTS" }, isTorn: true };
  assertEquals(await failing([{ tests: all }, torn]), {
    failing: { a: "run1 run1" },
    gone: "",
    unrun: "bcd",
  });
  assertEquals(
    (await failing([{ tests: all }, { ...torn, scope: "partial" }])).unrun,
    "",
  );
  const later: Short = { tests: { b: "SUCCESS" }, scope: "partial" };
  assertEquals((await failing([{ tests: all }, torn, later])).unrun, "cd");
});

/** The same answers from a fold forward over all runs, which knows nothing. */
function model(shorts: readonly Short[], skipClears: boolean) {
  interface State {
    since: string;
    newest: string;
  }
  const found = { failing: {} as Record<string, string>, gone: "" };
  for (const variant of ["", "v"]) {
    const show = (letter: string) =>
      variant === "" ? letter : letter.toUpperCase();
    let state = new Map<string, State>();
    let gone = new Set<string>();
    const cleared = new Set<string>();
    const sizes: number[] = [];
    shorts.forEach(({ tests, scope, isTorn, variant: of = "" }, i) => {
      if (of !== variant) return;
      const size = Object.values(tests)
        .filter((name) => name !== "EXISTS" && name !== "NOTHING").length;
      const largest = Math.max(0, ...sizes);
      sizes.push(size);
      const isWide = !isTorn && size > 0 &&
        (scope === "full" || scope === undefined && size >= 0.9 * largest);
      if (isWide) {
        // What it does not have never was.
        gone = new Set([...state.keys()].filter((name) => !(name in tests)));
        state = new Map([...state].filter(([name]) => name in tests));
        for (const name of LETTERS) if (!(name in tests)) cleared.add(name);
      }
      for (const [name, code] of Object.entries(tests)) {
        gone.delete(name);
        const meaning = MEANINGS[CODE[code]];
        if (meaning === MEANING.BAD) {
          const since = state.get(name)?.since ??
            (cleared.has(name) ? `run${i}` : `≤run${i}`);
          state.set(name, { since, newest: `run${i}` });
        } else if (
          meaning === MEANING.GOOD || code === "NOTHING" ||
          skipClears && meaning === MEANING.UNDECIDED
        ) {
          state.delete(name);
          cleared.add(name);
        }
      }
    });
    for (const name of [...state.keys()].sort()) {
      const { since, newest } = state.get(name)!;
      found.failing[show(name)] = `${since} ${newest}`;
    }
    found.gone += [...gone].map(show).join("");
  }
  found.gone = [...found.gone].sort().join("");
  return found;
}

Deno.test("failingTests equals a fold forward over random histories", async () => {
  const short = fc.record({
    tests: fc.dictionary(
      fc.constantFrom(...LETTERS),
      fc.constantFrom(...NAMES, "FAIL" as const, "SUCCESS" as const),
    ),
    scope: fc.constantFrom(undefined, "full" as const, "partial" as const),
    isTorn: fc.constantFrom(false, false, false, true),
    variant: fc.constantFrom("", "", "v"),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(short, { maxLength: 12 }),
      fc.boolean(),
      async (shorts, skip) => {
        const { unrun: _, ...found } = await failing(shorts, skip);
        const expected = model(shorts, skip);
        assertEquals(found, expected);
      },
    ),
    { seed: SEED, numRuns: 1000 },
  );
});
