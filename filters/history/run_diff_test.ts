import { assert, assertEquals } from "@std/assert";
import {
  EventKey,
  isFailure,
  type Outcome,
  type Test,
  TestCollator,
  type TestStatus,
} from "@subunit/codec";
import fc from "fast-check";
import { NewRun, OldRun } from "./run_diff.ts";

const SEED = 20260101;

/** A test that ends at once. */
function ended(
  testId: string,
  routeCode: string | undefined,
  status: TestStatus,
): Test {
  return new TestCollator().add(
    {
      testId,
      routeCode,
      status,
      runnable: true,
    } as Parameters<TestCollator["add"]>[0],
  )!;
}

/** What {@linkcode OldRun} does, with strings. */
class PlainRun {
  readonly #outcomes = new Map<string, Map<string | undefined, Outcome>>();

  add({ testId, routeCode, outcome }: Test): void {
    let routes = this.#outcomes.get(testId);
    if (routes === undefined) this.#outcomes.set(testId, routes = new Map());
    const decides = outcome !== "skip" || !routes.has(routeCode);
    if (decides) routes.set(routeCode, outcome);
  }

  find({ testId, routeCode }: Test): Outcome | undefined {
    const routes = this.#outcomes.get(testId);
    const outcomes = [...routes?.values() ?? []];
    return routes?.get(routeCode) ?? outcomes.find(isFailure) ?? outcomes[0];
  }

  vanished(now: readonly Test[]): string[] {
    const ids = new Set(now.map(({ testId }) => testId));
    return [...this.#outcomes.keys()].filter((testId) => !ids.has(testId));
  }
}

const anyTest = fc.tuple(
  fc.constantFrom("a", "b", "c", "d", "\ufeffa", "é"),
  fc.constantFrom(undefined, "", "0", "1/0"),
  fc.constantFrom<TestStatus>("success", "fail", "skip", "uxsuccess", "xfail"),
).map(([testId, routeCode, status]) => ended(testId, routeCode, status));
const anyTests = fc.array(anyTest, { maxLength: 12 });

Deno.test("OldRun finds tests by route, else by id, and names those that vanished", () => {
  fc.assert(
    fc.property(anyTests, anyTests, (before, now) => {
      const run = new OldRun(true), plain = new PlainRun();
      const key = new EventKey();
      for (const test of before) {
        run.add(key.of(test), test);
        plain.add(test);
      }
      for (const test of now) {
        assertEquals(run.find(key.of(test), test)?.outcome, plain.find(test));
      }
      assertEquals(run.vanished, plain.vanished(now));
    }),
    { seed: SEED, numRuns: 1000 },
  );
});

/** The attempt at each test that decides, by its key. */
function decisive(tests: readonly Test[]): Map<string, Test> {
  const found = new Map<string, Test>();
  for (const test of tests) {
    const key = JSON.stringify([test.testId, test.routeCode]);
    if (test.outcome !== "skip" || !found.has(key)) found.set(key, test);
  }
  return found;
}

Deno.test("NewRun counts a test that fails in the end, and shows no test otherwise than it ends", () => {
  fc.assert(
    fc.property(anyTests, anyTests, (before, now) => {
      const key = new EventKey();
      const old = new OldRun(false), run = new NewRun();
      for (const test of before) old.add(key.of(test), test);
      const shown: Test[] = [];
      for (const test of now) {
        const found = old.find(key.of(test), test);
        const tags = run.add(key.of(test), test, found);
        if (tags !== undefined && tags.length > 0) shown.push(test);
      }
      const last = decisive(shown);
      let newFailures = 0;
      for (const [name, test] of decisive(now)) {
        const fails = isFailure(test.outcome);
        const found = old.find(key.of(test), test);
        const failed = found !== undefined && isFailure(found.outcome);
        if (fails && !failed) newFailures++;
        const lastShown = last.get(name);
        if (found === undefined || fails !== failed) assert(lastShown);
        if (lastShown && lastShown.outcome !== "skip") {
          assertEquals(isFailure(lastShown.outcome), fails);
        }
      }
      assertEquals(run.newFailures, newFailures);
    }),
    { seed: SEED, numRuns: 5000 },
  );
});

Deno.test("NewRun has no new failures in a run that is compared with itself", () => {
  fc.assert(
    fc.property(anyTests, (tests) => {
      const key = new EventKey();
      const old = new OldRun(false), run = new NewRun();
      for (const test of tests) old.add(key.of(test), test);
      for (const test of tests) {
        run.add(key.of(test), test, old.find(key.of(test), test));
      }
      assertEquals(run.newFailures, 0);
    }),
    { seed: SEED, numRuns: 1000 },
  );
});
