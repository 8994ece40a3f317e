/**
 * The attempts at a test in one run, and which of them decides.
 *
 * @module
 */

import {
  grown,
  isFailure,
  type Outcome,
  OUTCOMES,
  RowKey,
  type Rows,
  TestNumbers,
} from "@subunit/codec";

/** Which attempt decides: the last, the first, any that passed, or one that failed. */
export const POLICIES = ["last", "any", "all", "first"] as const;
export type Policy = typeof POLICIES[number];

/** What an attempt shows about its test. */
export type Result = "passed" | "failed" | "skipped";

/** Expected failures pass, as they do in a run without retries. */
export function resultOf(outcome: Outcome): Result {
  if (outcome === "skip") return "skipped";
  return isFailure(outcome) ? "failed" : "passed";
}

/**
 * Returns whether an attempt decides in place of another one of the same test.
 * A skipped attempt decides only where all were skipped: it repairs nothing.
 *
 * @param isLater whether `now` started after `before`
 */
export function replaces(
  policy: Policy,
  before: Result,
  now: Result,
  isLater = true,
): boolean {
  if (now === "skipped" || before === "skipped") {
    return now !== "skipped" ||
      before === "skipped" && isLater === (policy !== "first");
  }
  switch (policy) {
    case "last":
      return isLater;
    case "first":
      return !isLater;
    case "any":
      return before === now ? isLater : now === "passed";
    case "all":
      return before === now ? isLater : now === "failed";
  }
}

const LOST = OUTCOMES.indexOf("lost");

/**
 * The attempts of a stream, as numbers: about 20 bytes for each, beside the id
 * of each test.
 */
export class Attempts {
  /** No test is removed, so that numbers count up from 0. */
  readonly #tests = new TestNumbers();
  /** The attempts in progress, by route and id. */
  readonly #open = new TestNumbers();
  readonly #key = new RowKey();
  readonly #byRoute: boolean;
  /** The attempt of each number of {@linkcode #open}. */
  #openAttempts = new Uint32Array(64);
  #packets = 0;
  #count = 0;
  // By attempt, in the order in which they started:
  #test = new Uint32Array(64);
  #outcome = new Uint8Array(64);
  #last = new Float64Array(64);
  // By test:
  #attempts = new Uint32Array(64);

  /** @param byRoute whether results on another route are another test's */
  constructor(byRoute = false) {
    this.#byRoute = byRoute;
  }

  /** How many attempts there were. */
  get count(): number {
    return this.#count;
  }

  /** How many tests were attempted. */
  get tests(): number {
    return this.#tests.size;
  }

  /** How many packets were added. */
  get packets(): number {
    return this.#packets;
  }

  /**
   * Adds the packet of a row. Returns the attempt it belongs to, -1 if it has
   * none.
   */
  addRow(rows: Rows, i: number): number {
    const packet = this.#packets++;
    if (rows.idAt(i) < 0 || rows.isExists(i)) return -1;
    const open = this.#open.addRow(rows, i);
    if (this.#open.isNew) this.#begin(open, rows, i);
    const attempt = this.#openAttempts[open];
    this.#last[attempt] = packet;
    if (rows.isFinal(i)) {
      this.#outcome[attempt] = OUTCOMES.indexOf(rows.status(i) as Outcome);
      this.#open.deleteRow(rows, i);
    }
    return attempt;
  }

  #begin(open: number, rows: Rows, i: number): void {
    if (open >= this.#openAttempts.length) {
      this.#openAttempts = grown(this.#openAttempts, 2 * open);
    }
    const attempt = this.#count++;
    if (attempt >= this.#test.length) {
      this.#test = grown(this.#test, 2 * attempt);
      this.#outcome = grown(this.#outcome, 2 * attempt);
      this.#last = grown(this.#last, 2 * attempt);
    }
    const test = this.#byRoute
      ? this.#tests.addRow(rows, i)
      : this.#tests.add(this.#key.anywhere(rows, i));
    if (test >= this.#attempts.length) {
      this.#attempts = grown(this.#attempts, 2 * test);
    }
    this.#attempts[test]++;
    this.#openAttempts[open] = attempt;
    this.#test[attempt] = test;
    this.#outcome[attempt] = LOST;
  }

  /** What people call a test: its id, and its route where that matters. */
  nameOf(test: number): string {
    const { testId, routeCode } = this.#tests.key(test);
    return routeCode === undefined ? testId : `${testId} (route ${routeCode})`;
  }

  /** How many attempts there were at a test. */
  attemptsAt(test: number): number {
    return this.#attempts[test];
  }

  /** The attempts that started and never ended, in that order. */
  *lost(): Generator<number> {
    for (let i = 0; i < this.#count; i++) {
      if (this.#outcome[i] === LOST) yield i;
    }
  }

  /** The test of an attempt. */
  testOf(attempt: number): number {
    return this.#test[attempt];
  }

  /** The number of the last packet of an attempt. */
  lastPacket(attempt: number): number {
    return this.#last[attempt];
  }

  /** Whether an attempt failed, or has not ended. */
  fails(attempt: number): boolean {
    return isFailure(this.outcomeOf(attempt));
  }

  outcomeOf(attempt: number): Outcome {
    return OUTCOMES[this.#outcome[attempt]];
  }

  /** Judges the tests, after the last packet. */
  judge(policy: Policy): Judgement {
    return new Judgement(this, policy);
  }
}

/** What a policy makes of the attempts of a stream. */
export class Judgement {
  readonly #attempts: Attempts;
  /** The decisive attempt of each test. */
  readonly #decisive: Int32Array;
  /** Which results each test had, as bits. */
  readonly #results: Uint8Array;
  /** The place of each attempt among those of its test, from 1. */
  readonly #number: Uint32Array;

  constructor(attempts: Attempts, policy: Policy) {
    this.#attempts = attempts;
    const { count, tests } = attempts;
    this.#decisive = new Int32Array(tests).fill(-1);
    this.#results = new Uint8Array(tests);
    this.#number = new Uint32Array(count);
    const seen = new Uint32Array(tests);
    for (let i = 0; i < count; i++) {
      const test = attempts.testOf(i);
      const now = resultOf(attempts.outcomeOf(i));
      this.#number[i] = ++seen[test];
      this.#results[test] |= BITS[now];
      const before = this.#decisive[test];
      if (
        before < 0 ||
        replaces(policy, resultOf(attempts.outcomeOf(before)), now)
      ) this.#decisive[test] = i;
    }
  }

  /** The place of an attempt among those of its test, from 1. */
  numberOf(attempt: number): number {
    return this.#number[attempt];
  }

  /** Whether attempts at the test passed and failed. */
  isFlaky(test: number): boolean {
    return (this.#results[test] & FLAKY) === FLAKY;
  }

  /** The attempt that decides. */
  decisive(test: number): number {
    return this.#decisive[test];
  }

  isDecisive(attempt: number): boolean {
    return this.#decisive[this.#attempts.testOf(attempt)] === attempt;
  }

  /** How many tests fail: those whose decisive attempt does. */
  get failed(): number {
    let failed = 0;
    for (const attempt of this.#decisive) {
      if (isFailure(this.#attempts.outcomeOf(attempt))) failed++;
    }
    return failed;
  }

  /** How many tests are flaky. */
  get flaky(): number {
    let flaky = 0;
    for (const results of this.#results) {
      if ((results & FLAKY) === FLAKY) flaky++;
    }
    return flaky;
  }
}

const BITS: Readonly<Record<Result, number>> = {
  passed: 1,
  failed: 2,
  skipped: 4,
};
const FLAKY = BITS.passed | BITS.failed;
