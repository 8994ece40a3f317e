/**
 * A case of a report that has not ended.
 *
 * @module
 */

import type { EventDraft, StatusEvent, TestStatus } from "../event.ts";
import type { Span } from "./times.ts";

/** The types of `skipped` with a special meaning. */
const XFAIL_TYPE = "pytest.xfail";
const TODO_TYPE = "todo";

/**
 * Values of `status` and `result`, which some producers use instead of
 * elements.
 */
const NOT_RUN = [
  "notrun",
  "disabled",
  "suppressed",
  "skip",
  "skipped",
  "ignored",
  "pending",
];
const FAILED = ["fail", "failed", "failure", "error", "errored"];

/** Further attempts have no tags of their own: a packet must hold them. */
const MAX_ATTEMPT_TAGS = 100;

/** Collects what determines the outcome of a case. */
export class TestCase {
  readonly testId: string;
  readonly span: Span;
  readonly #tags: readonly string[];
  #skipType: string | undefined;
  #isFailed = false;
  /** Whether it failed in a way that no `skipped` excuses. */
  #isBroken = false;
  /** How many runs failed before the one that counts, or after it. */
  #reruns = 0;
  /** Lines "name=value". */
  readonly properties: string[] = [];
  /** How many files have begun, by name; made for the first. */
  #files: Map<string, number> | undefined;

  constructor(testId: string, span: Span, tags: readonly string[]) {
    this.testId = testId;
    this.span = span;
    this.#tags = tags;
  }

  fail(): void {
    this.#isFailed = true;
    this.#isBroken = true;
  }

  /**
   * Reads a `failure`. With a `skipped` it was expected: so Catch2 reports
   * `[!mayfail]` and `[!shouldfail]`. An `error` beside a `skipped` is one.
   */
  failAssertion(): void {
    this.#isFailed = true;
  }

  /** Reads the type of a `skipped`. */
  skip(type = ""): void {
    this.#skipType ??= type;
  }

  /** Reads the attribute `status` or `result`. */
  readStatus(text: string | undefined): void {
    if (text === undefined) return;
    const status = text.toLowerCase();
    if (NOT_RUN.includes(status)) this.skip();
    if (FAILED.includes(status)) this.fail();
  }

  /** Whether any run failed, even one that does not count. */
  get isBad(): boolean {
    return this.#isFailed || this.#reruns > 0;
  }

  /**
   * Counts a run that does not count as the result, and returns its number
   * among all runs, from 1. Flaky runs come before the result, reruns after it.
   */
  addAttempt(isFlaky: boolean): number {
    this.#reruns++;
    return isFlaky ? this.#reruns : this.#reruns + 1;
  }

  /** A file name that no other file of the test has. */
  fileName(name: string): string {
    this.#files ??= new Map();
    const count = (this.#files.get(name) ?? 0) + 1;
    this.#files.set(name, count);
    return count === 1 ? name : `${name}-${count}`;
  }

  get started(): StatusEvent {
    return this.#event("inprogress", this.#tags, this.span.start);
  }

  get ended(): StatusEvent {
    const status = this.#status;
    const tags = this.#reruns === 0
      ? this.#tags
      : [...this.#tags, ...this.#attemptTags(status)];
    return this.#event(status, tags, this.span.end);
  }

  get #status(): TestStatus {
    if (this.#isFailed) {
      const isExpected = this.#skipType === TODO_TYPE ||
        this.#skipType !== undefined && !this.#isBroken;
      return isExpected ? "xfail" : "fail";
    }
    if (this.#skipType === undefined) return "success";
    return this.#skipType === XFAIL_TYPE ? "xfail" : "skip";
  }

  #attemptTags(status: TestStatus): string[] {
    const attempts = Array.from(
      { length: Math.min(this.#reruns + 1, MAX_ATTEMPT_TAGS) },
      (_, index) => `attempt-${index + 1}`,
    );
    return status === "success" ? [...attempts, "flaky"] : attempts;
  }

  #event(
    status: TestStatus,
    tags: readonly string[],
    timestamp: StatusEvent["timestamp"],
  ): StatusEvent {
    const { testId } = this;
    const event: EventDraft = { testId, status, runnable: false };
    if (tags.length > 0) event.tags = tags;
    if (timestamp !== undefined) event.timestamp = timestamp;
    return event;
  }
}
