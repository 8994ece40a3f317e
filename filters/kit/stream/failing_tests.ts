/**
 * The tests whose last result is a failure, to run them again.
 *
 * @module
 */

import {
  EventKey,
  isFailure,
  type Test,
  type TestKey,
  type TestKeyBytes,
  TestTable,
} from "@subunit/codec";
import { isTest } from "./not_tests.ts";

/** What is needed of a test. */
export type Failure = Pick<Test, "testId" | "runnable" | "parentTestId">;

/** A failure that is kept. */
interface Kept extends Failure {
  readonly order: number;
  readonly attempt: number;
}

/**
 * Keeps the tests that fail, on each route, in the order of their failures. To
 * skip a test repairs nothing: many runners report those that they leave out.
 */
export class FailingTests {
  readonly #failures = new TestTable<Kept>();
  readonly #key = new EventKey();
  #count = 0;
  #attempt = 1;
  /** The failures of earlier attempts, by the ids with which they run again. */
  #earlier: ReadonlyMap<string, readonly TestKey[]> = new Map();

  get size(): number {
    return this.#failures.size;
  }

  /** From here on results are those of tests that run again. */
  startAttempt(): void {
    this.#attempt++;
    const earlier = new Map<string, TestKey[]>();
    const idOf = this.#runnableIds();
    for (const [key, failure] of this.#failures.entries()) {
      const id = idOf(failure), keys = earlier.get(id);
      if (keys === undefined) earlier.set(id, [key]);
      else keys.push(key);
    }
    this.#earlier = earlier;
  }

  /** Adds a result: the last one of a test counts, unless it was skipped. */
  add(test: Test): void {
    if (isFailure(test.outcome)) this.fail(test, this.#key.of(test));
    else if (test.outcome !== "skip") this.#pass(test);
  }

  /** Adds a failure. */
  fail({ testId, runnable, parentTestId }: Failure, key: TestKeyBytes): void {
    const known = this.#failures.get(key);
    if (known?.attempt === this.#attempt) return;
    const order = known?.order ?? this.#count++;
    if (known !== undefined) this.#failures.delete(key);
    const attempt = this.#attempt;
    this.#failures.getOrAdd(
      key,
      () => ({ order, attempt, testId, runnable, parentTestId }),
    );
  }

  /** Adds a result that is not a failure, and was not skipped. */
  pass(key: TestKeyBytes): void {
    if (this.size > 0) this.#failures.delete(key);
  }

  /**
   * A test that runs again may do so on another route. Of its steps, a runner may
   * report only those that fail.
   */
  #pass(test: Test): void {
    if (this.size === 0) return;
    const isFound = this.#failures.get(this.#key.of(test)) !== undefined;
    if (isFound) this.#failures.delete(this.#key.of(test));
    for (const earlier of this.#earlier.get(test.testId) ?? []) {
      if (isFound && earlier.testId === test.testId) continue;
      const key = this.#key.of(earlier);
      const failure = this.#failures.get(key);
      if (failure !== undefined && failure.attempt < this.#attempt) {
        this.#failures.delete(key);
      }
    }
  }

  /**
   * The ids to run again. What cannot be run alone, such as a step, runs with its
   * test.
   */
  get ids(): string[] {
    return [
      ...new Set(this.#inOrder().filter(isTest).map(this.#runnableIds())),
    ];
  }

  /** The ids of failures that are not tests. */
  get others(): string[] {
    const others = this.#inOrder().filter((test) => !isTest(test));
    return [...new Set(others.map(({ testId }) => testId))];
  }

  /** Returns a function for the id with which a test runs. */
  #runnableIds(): (test: Failure) => string {
    const byId = new Map(this.#inOrder().map((test) => [test.testId, test]));
    const known = new Map<string, string>();
    return ({ testId, runnable, parentTestId }) => {
      // Steps may be within steps, and a hostile stream may have circles.
      const within = new Set<string>();
      while (!runnable && parentTestId !== undefined && !within.has(testId)) {
        const found = known.get(testId);
        if (found !== undefined) {
          testId = found;
          break;
        }
        within.add(testId);
        testId = parentTestId;
        ({ runnable, parentTestId } = byId.get(testId) ??
          { runnable: true, parentTestId: undefined });
      }
      for (const one of within) known.set(one, testId);
      return testId;
    };
  }

  #inOrder(): Kept[] {
    return this.#failures.entries().map(([, failure]) => failure)
      .sort((a, b) => a.order - b.order);
  }
}
