/**
 * Runs as rows of a table, and what may be wrong with them.
 *
 * @module
 */

import { formatTimestamp, isRunRecordRow } from "@subunit/codec";
import { ToolError } from "../../kit/errors.ts";
import { Verdict } from "../../kit/stream/verdict.ts";
import { createHash } from "../../kit/runtime/builtin.ts";
import { shortCommit } from "./columns.ts";
import type { RunCounts } from "./record.ts";
import { forEachTest, statsOf } from "./stats.ts";
import { MAX_AHEAD_SECONDS, type Run, type RunState } from "./store.ts";

/** What is known of a run; undefined where it is not. */
export interface RunRow {
  readonly id: string;
  readonly state: RunState;
  /** When it began, as RFC 3339. */
  readonly when: string;
  readonly seconds: number | undefined;
  readonly tests: number;
  /** Failed tests, unexpected successes among them. */
  readonly fail: number;
  readonly lost: number;
  readonly skip: number;
  readonly branch: string | undefined;
  readonly commit: string | undefined;
  /** How the command ended: its exit status or the signal. */
  readonly exit: number | string | undefined;
  readonly variant: string | undefined;
  /** With the part, `gh-8812 2/4`. */
  readonly group: string | undefined;
  /** The length of the file. */
  readonly bytes: number;
  /** True when `subunit-prune --thin` took the files of passed tests out. */
  readonly thinned: true | undefined;
}

/** The columns, in the order in which they are shown. */
export const COLUMNS = [
  "id",
  "state",
  "when",
  "seconds",
  "tests",
  "fail",
  "lost",
  "skip",
  "branch",
  "commit",
  "exit",
  "variant",
  "group",
  "bytes",
  // The last: a script may count columns.
  "thinned",
] as const satisfies readonly (keyof RunRow)[];

export type Column = typeof COLUMNS[number];

/** The columns of numbers, which are aligned to the right. */
export const NUMBERS: ReadonlySet<string> = new Set<Column>([
  "seconds",
  "tests",
  "fail",
  "lost",
  "skip",
  "bytes",
]);

/** Returns the row of a run, and why its file could not be read, if so. */
export async function rowOf(
  run: Run,
): Promise<{ readonly row: RunRow; readonly problem: string | undefined }> {
  const { start, state } = run;
  const { counts, tests, seconds, problem } = await statsOf(run);
  const end = await run.end();
  const group = start.group === undefined
    ? undefined
    : [start.group, start.part].filter(Boolean).join(" ");
  const row = {
    id: run.id,
    state,
    when: formatTimestamp({ seconds: run.seconds, nanoseconds: 0 }),
    seconds,
    tests,
    fail: counts.fail + counts.uxsuccess,
    lost: counts.lost,
    skip: counts.skip,
    branch: start.branch,
    commit: start.commit,
    exit: end?.signal ?? end?.exit,
    variant: start.variant,
    group,
    bytes: run.fileBytes,
    thinned: start.thinned === true || undefined,
  } as const;
  return { row, problem };
}

/** Returns a value as it is shown; "-" where it is not known. */
export function shownValue(row: RunRow, column: Column): string {
  const value = row[column];
  if (value === undefined || value === "") return "-";
  if (column === "seconds") return (value as number).toFixed(3);
  if (column === "commit") return shortCommit(String(value));
  return String(value);
}

/** Returns the last outcome of a test in a run, if it was run there. */
export async function outcomeIn(
  run: Run,
  testId: string,
): Promise<string | undefined> {
  let outcome: string | undefined;
  await forEachTest(run, (test) => {
    if (test.testId === testId) outcome = test.outcome;
  });
  return outcome;
}

/**
 * Reads a run as a whole and returns what is wrong with it: compressed data
 * that cannot be unpacked, a hash or counts that differ, damage, times before
 * its start or after `now`, and a digest of other bytes.
 */
export async function problemsOf(run: Run, now: number): Promise<string[]> {
  const problems: string[] = [];
  const end = await run.end();
  const hash = createHash("sha256");
  const from = run.seconds - MAX_AHEAD_SECONDS, to = now + MAX_AHEAD_SECONDS;
  let early = 0, late = 0;
  const verdict = new Verdict();
  try {
    // The end record is not part of what it has the hash of.
    for await (const chunk of run.chunks({ upToEnd: true })) {
      hash.update(chunk);
    }
    await run.forEachRows(
      (rows) => {
        for (let i = 0; i < rows.count; i++) {
          verdict.addRow(rows, i);
          if (rows.timeAt(i) < 0 || isRunRecordRow(rows, i)) continue;
          if (rows.seconds(i) < from) early++;
          if (rows.seconds(i) > to) late++;
        }
      },
      (item) => void verdict.add(item),
      () => verdict.endChunk(),
    );
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    return [error.message];
  }
  verdict.end();
  const { damage, outcomes } = verdict.summary;
  if (end?.sha256 !== undefined && end.sha256 !== hash.digest("hex")) {
    problems.push(
      "its bytes are not those that were written: the SHA-256 differs",
    );
  }
  if (damage > 0) problems.push(`the stream is damaged in ${damage} places`);
  const isCounted = end?.counts === undefined ||
    Object.entries(outcomes).every(([name, count]) =>
      count === (end.counts![name as keyof RunCounts] ?? 0)
    );
  if (!isCounted) problems.push("its record has other counts than the stream");
  // Loaded only here: a list needs no digests.
  const { isStale } = await import("./digests.ts");
  if (run.isOurs && await isStale(run)) {
    problems.push("what is cached of it is of other bytes: remove cache/");
  }
  if (run.seconds > to) problems.push("it begins in the future");
  if (early > 0) problems.push(`${early} times are before its start`);
  if (late > 0) problems.push(`${late} times are in the future`);
  return problems;
}
