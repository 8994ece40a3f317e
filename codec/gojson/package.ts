/**
 * A tested package and its tests in progress.
 *
 * @module
 */

import type { TestStatus } from "../event.ts";
import { cutId } from "../text/ids.ts";
import { addSeconds, secondsBetween, type Timestamp } from "../timestamp.ts";
import { Tail } from "./tail.ts";

/** A packet must hold them; all attributes are in the output as well. */
const MAX_TAGS = 100;

const BENCHMARK_RESULT = /\s[\d.]+ ns\/op\b/;
const RESULT_LINE = /--- (PASS|SKIP): (.+) \(\d+\.\d+s\)\n$/;
const RESULT_WORDS: Record<string, TestStatus> = {
  PASS: "success",
  SKIP: "skip",
};

/** The finest unit of the durations that Go reports, in seconds. */
const ELAPSED_UNIT = 0.01;

/** A test that has started and not ended. */
export class GoTest {
  readonly name: string;
  readonly testId: string;
  readonly parentTestId: string | undefined;
  /** Its first time. */
  started: Timestamp | undefined;
  /** Whether part of its output has been emitted. */
  hasOutput = false;
  /** Its attributes, "key=value". */
  readonly tags: string[] = [];
  /** The result according to its output, if no line gives one. */
  #printed: TestStatus | undefined;

  constructor(name: string, testId: string, parentTestId?: string) {
    this.name = name;
    this.testId = testId;
    this.parentTestId = parentTestId;
  }

  get isBenchmark(): boolean {
    return this.name.startsWith("Benchmark");
  }

  /**
   * The time at which it ended.
   *
   * A duration that Go measured counts more than the clock: it leaves out how
   * long a parallel test was paused, and the lines of cached packages and of
   * converted logs have the times of their printing. Where both agree, the
   * clock is more exact.
   */
  endTime(
    time: Timestamp | undefined,
    elapsed: number | undefined,
  ): Timestamp | undefined {
    const { started } = this;
    if (!started || !time || elapsed === undefined) return time;
    const difference = secondsBetween(started, time) - elapsed;
    if (Math.abs(difference) <= ELAPSED_UNIT) return time;
    return addSeconds(started, elapsed) ?? time;
  }

  addAttribute(key: string, value: string): void {
    if (this.tags.length < MAX_TAGS) this.tags.push(idText(`${key}=${value}`));
  }

  /** Looks for a result in the output of the test. */
  notice(output: string): void {
    if (this.isBenchmark) {
      if (BENCHMARK_RESULT.test(output)) this.#printed = "success";
    } else if (output.endsWith("s)\n")) {
      const [, word, name] = RESULT_LINE.exec(output) ?? [];
      if (name === this.name) this.#printed = RESULT_WORDS[word];
    }
  }

  /**
   * The status of a test without a line that gives its result.
   *
   * - Benchmarks that pass have no such line (golang/go#61767), but they print
   *   a result, unless they only run others.
   * - Up to Go 1.19, and where a test binary runs with a plain `-test.v`, tests
   *   whose output ends within a line have none (golang/go#49630): "prompt>---
   *   PASS: TestX (0.00s)". A test can print that itself and then panic, so it
   *   only counts if nothing else needs an explanation.
   *
   * @param isExplained whether the package passes, or a test is known to fail
   */
  impliedStatus(isExplained: boolean): TestStatus {
    if (this.isBenchmark) {
      return this.#printed ?? (isExplained ? "success" : "fail");
    }
    return isExplained && this.#printed || "fail";
  }
}

/** A package that has not ended. */
export class GoPackage {
  readonly name: string;
  /** The tests in progress, by name. */
  readonly tests = new Map<string, GoTest>();
  hasFailure = false;
  readonly output = new Tail();

  constructor(name: string) {
    this.name = name;
  }

  /** The test that a line refers to. */
  find(name: string): GoTest | undefined {
    return this.tests.get(name) ?? this.tests.get(plainBenchmark(name));
  }

  /** Starts a test. */
  start(name: string): GoTest {
    const test = this.newTest(name);
    this.tests.set(name, test);
    return test;
  }

  newTest(name: string): GoTest {
    const parent = this.#parentOf(name);
    return new GoTest(
      name,
      this.#idOf(name),
      parent === undefined ? undefined : this.#idOf(parent),
    );
  }

  /**
   * The name of the test that `name` is a subtest of. Subtests may have slashes
   * in their own names, so that not every prefix is a test; one that is in
   * progress is, and so is the first.
   */
  #parentOf(name: string): string | undefined {
    for (let at = name.length; (at = name.lastIndexOf("/", at - 1)) > 0;) {
      const parent = name.slice(0, at);
      if (this.tests.has(parent)) return parent;
    }
    const first = name.indexOf("/");
    return first > 0 ? name.slice(0, first) : undefined;
  }

  #idOf(name: string): string {
    return idText(this.name === "" ? name : `${this.name}.${name}`);
  }
}

/** The text as an id can contain it. */
export function idText(text: string): string {
  return cutId(text.replaceAll("\0", "\\0").toWellFormed());
}

/**
 * The name of a benchmark without the number of processors that late results
 * append to it (golang/go#61767).
 */
function plainBenchmark(name: string): string {
  return name.startsWith("Benchmark") ? name.replace(/-\d+$/, "") : name;
}
