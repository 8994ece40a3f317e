/**
 * What a run resulted in, in numbers.
 *
 * @module
 */

import {
  isRunRecordRow,
  type Outcome,
  type Rows,
  secondsBetween,
  type Test,
  type Timestamp,
} from "@subunit/codec";
import { ToolError } from "../../kit/errors.ts";
import { Verdict } from "../../kit/stream/verdict.ts";
import type { RunCounts } from "./record.ts";
import type { Run } from "./store.ts";

/** The numbers of a run. */
export interface RunStats {
  readonly counts: RunCounts;
  /** All tests, lost ones among them, without damage. */
  readonly tests: number;
  /** fail, uxsuccess and lost tests, and damage. */
  readonly failed: number;
  /** From the first to the last timestamp; undefined when there are none. */
  readonly seconds: number | undefined;
  /** Why the file could not be read to its end. */
  readonly problem?: string;
  /** Why it is not a stream of packets at all, where that was looked at. */
  readonly complaint?: string;
}

const NO_COUNTS: RunCounts = {
  success: 0,
  uxsuccess: 0,
  skip: 0,
  fail: 0,
  xfail: 0,
  lost: 0,
  damage: 0,
};

/** Returns the sums of counts. */
export function statsFrom(
  counts: RunCounts,
  seconds: number | undefined,
  problem?: string,
): RunStats {
  const { damage, ...outcomes } = counts;
  const { fail, uxsuccess, lost } = outcomes;
  return {
    counts,
    tests: Object.values(outcomes).reduce((sum, count) => sum + count, 0),
    failed: fail + uxsuccess + lost + damage + (problem === undefined ? 0 : 1),
    seconds,
    problem,
  };
}

/** Counts the tests of a stream, and finds its first and last time. */
export class RunCounter {
  readonly #verdict = new Verdict();
  #first: Timestamp | undefined;
  #last: Timestamp | undefined;

  /** Those of `Run.forEachRows`. */
  readonly takeRows: Parameters<Run["forEachRows"]>[0] = (rows) => {
    for (let i = 0; i < rows.count; i++) {
      this.#verdict.addRow(rows, i);
      if (rows.timeAt(i) >= 0 && !isRunRecordRow(rows, i)) {
        this.#addTime(rows, i);
      }
    }
  };
  readonly takeOther: Parameters<Run["forEachRows"]>[1] = (item) => {
    this.#verdict.add(item);
  };
  readonly endChunk = (): void => this.#verdict.endChunk();

  #addTime(rows: Rows, i: number): void {
    const seconds = rows.seconds(i), nanoseconds = rows.nanoseconds(i);
    if (this.#first === undefined) {
      this.#first = this.#last = { seconds, nanoseconds };
      return;
    }
    if (isBefore(seconds, nanoseconds, this.#first)) {
      this.#first = { seconds, nanoseconds };
    } else if (!isBefore(seconds, nanoseconds, this.#last!)) {
      this.#last = { seconds, nanoseconds };
    }
  }

  /** Why it is not a stream of packets at all, if it is not. */
  get complaint(): string | undefined {
    return this.#verdict.complaint;
  }

  /** Ends the stream: tests in progress are lost. */
  end(problem?: string): RunStats {
    this.#verdict.end();
    const { outcomes, damage } = this.#verdict.summary;
    return statsFrom(
      { ...outcomes as Record<Outcome, number>, damage },
      this.#first && secondsBetween(this.#first, this.#last!),
      problem,
    );
  }
}

function isBefore(seconds: number, nanoseconds: number, time: Timestamp) {
  return seconds < time.seconds ||
    seconds === time.seconds && nanoseconds < time.nanoseconds;
}

const known = new WeakMap<Run, RunStats>();

/**
 * Returns the numbers of a run: those of its record, or, when it has none, as a
 * torn run has not, by reading all of it.
 */
export async function statsOf(run: Run): Promise<RunStats> {
  const stats = known.get(run) ?? await recordedStats(run) ??
    await countedStats(run);
  known.set(run, stats);
  return stats;
}

/**
 * Calls `take` with each test of a run, lost ones at the end; of a damaged run
 * with those that there are.
 */
export async function forEachTest(
  run: Run,
  take: (test: Test) => void,
  options: ConstructorParameters<typeof Verdict>[0] = {},
): Promise<void> {
  const verdict = new Verdict(options);
  const takeRows = (rows: Rows) => {
    for (let i = 0; i < rows.count; i++) {
      if (verdict.addRow(rows, i) !== 0) take(verdict.endedTest(rows, i));
    }
  };
  try {
    await run.forEachRows(takeRows, () => {}, () => verdict.endChunk());
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
  }
  for (const test of verdict.end()) take(test);
}

/** Whether a run has ended and all is well in it. */
export async function isGood(run: Run): Promise<boolean> {
  return run.state === "ended" && (await statsOf(run)).failed === 0;
}

/** The same by the file, which may have changed since its record was written. */
export async function isGoodAsRead(run: Run): Promise<boolean> {
  return run.state === "ended" && (await countedStats(run)).failed === 0;
}

async function recordedStats(run: Run): Promise<RunStats | undefined> {
  const end = await run.end();
  // A command's own counts miss what was added to its stream.
  if (end?.of === "command") return undefined;
  return end?.counts &&
    statsFrom({ ...NO_COUNTS, ...end.counts }, end.seconds);
}

async function countedStats(run: Run): Promise<RunStats> {
  const counter = new RunCounter();
  try {
    await run.forEachRows(
      counter.takeRows,
      counter.takeOther,
      counter.endChunk,
    );
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    return counter.end(error.message);
  }
  return { ...counter.end(), complaint: counter.complaint };
}
