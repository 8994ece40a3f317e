/**
 * What traces have of a test besides its name: a span of time, and the reason for
 * its outcome.
 *
 * @module
 */

import { isFailure, type Timestamp } from "@subunit/codec";
import type { Verdict } from "../../kit/stream/verdict.ts";
import { byteLengthOf, cutContent } from "../../kit/text/content.ts";
import { cutLine } from "../../kit/text/shorten.ts";
import { visibleLines } from "../../kit/text/visible.ts";
import { withoutColors } from "../../traceback/grammars.ts";
import {
  headlineOf,
  isText,
  MAX_READ_LENGTH,
  reasonIn,
} from "../../traceback/reason.ts";
import type { ReportedTest } from "../report.ts";

const MAX_REASON_LENGTH = 500;

/** Why a test did not simply pass, in one line; undefined if no file says so. */
export function reasonOf(
  { outcome, attachments }: Pick<ReportedTest, "outcome" | "attachments">,
): string | undefined {
  if (attachments.length === 0) return undefined;
  const files = attachments.filter((file) =>
    isText(file) && byteLengthOf(file) > 0
  );
  const reason = reasonIn(files, isFailure(outcome));
  if (reason === undefined) return undefined;
  const text = withoutColors(cutContent(reason, MAX_READ_LENGTH));
  const line = headlineOf(reason.name, visibleLines(text));
  return line && cutLine(line, MAX_REASON_LENGTH).toWellFormed();
}

/** Which times of a test its events have. */
export type KnownTimes = "both" | "start" | "end" | "none";

/** A span of time. */
export interface Span<Time> {
  readonly start: Time;
  readonly end: Time;
  readonly known: KnownTimes;
}

/** Makes spans of the times of tests, one test after another. */
export class Spans<Time extends number | bigint> {
  readonly #read: (time: Timestamp) => Time;
  /** The first time of a test, and the last one so far. */
  first: Time | undefined;
  latest: Time | undefined;

  constructor(read: (time: Timestamp) => Time) {
    this.#read = read;
  }

  /**
   * The span of a test. One whose end is unknown lasts until the latest time of
   * the tests before it; one whose end is earlier than its start has no duration.
   *
   * @returns undefined if none of its times is known
   */
  of({ started, ended }: ReportedTest): Span<Time> | undefined {
    const from = started && this.#read(started);
    const to = ended && this.#read(ended);
    const start = from ?? to;
    if (start === undefined) return undefined;
    this.#note(start);
    if (to !== undefined) this.#note(to);
    const end = to ?? this.latest!;
    return {
      start,
      end: end < start ? start : end,
      known: from === undefined ? "end" : to === undefined ? "start" : "both",
    };
  }

  #note(time: Time): void {
    if (this.first === undefined || time < this.first) this.first = time;
    if (this.latest === undefined || time > this.latest) this.latest = time;
  }
}

/** A test within a stream. */
export type TestName = Pick<ReportedTest, "testId" | "routeCode">;

/** A key for a test. Neither a test id nor a route code can have a NUL. */
export function keyOf({ testId, routeCode }: TestName): string {
  return routeCode === undefined ? testId : `${routeCode}\0${testId}`;
}

/**
 * The tests that are not yet in a trace. Lost ones are held: they are reported in
 * the order in which they started, and added the other way round, so that
 * subtests come before their parents, as elsewhere; the latest time is known by
 * then.
 */
export class OpenTests {
  readonly #tests: Verdict;
  readonly #lost: ReportedTest[] = [];
  /** Lost tests that are in the trace. */
  readonly #added = new Set<string>();

  constructor(tests: Verdict) {
    this.#tests = tests;
  }

  /** A test that is in progress. */
  get(test: TestName): ReturnType<Verdict["inProgress"]> {
    return this.#added.size > 0 && this.#added.has(keyOf(test))
      ? undefined
      : this.#tests.inProgress(test);
  }

  hold(test: ReportedTest): void {
    this.#lost.push(test);
  }

  /** Notes the times of lost tests, then adds them. Returns how many there are. */
  addLost<Time extends number | bigint>(
    spans: Spans<Time>,
    add: (test: ReportedTest) => void,
  ): number {
    const count = this.#lost.length;
    for (const test of this.#lost) spans.of(test);
    for (let test; (test = this.#lost.pop()) !== undefined;) {
      // A test is not its own parent.
      this.#added.add(keyOf(test));
      add(test);
    }
    return count;
  }
}
