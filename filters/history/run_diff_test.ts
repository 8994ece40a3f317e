import { assertEquals } from "@std/assert";
import {
  EventKey,
  isFailure,
  type Outcome,
  type Test,
  TestCollator,
  type TestStatus,
} from "@subunit/codec";
import fc from "fast-check";
import { OldRun } from "./run_diff.ts";

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
    routes.set(routeCode, outcome);
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
