/**
 * What a list of excuses is good for, over several runs.
 *
 * @module
 */

import { ForeignFormat } from "../kit/stream/foreign_format.ts";
import type { ToolIO } from "../kit/tool/tool.ts";
import {
  dayAfter,
  type Entry,
  isAboutFault,
  nameInList,
  type QuarantineList,
} from "../select/quarantine_list.ts";
import { Attempts } from "./attempts.ts";
import { Faults } from "./attempt_tags.ts";
import { addRun, flakyIn, type History } from "./flips.ts";
import { Quarantine } from "./quarantine.ts";

/** How long an entry that is suggested excuses. */
const SUGGESTED_DAYS = 30;

/** Reads older runs, one per file. */
export function readRuns(
  io: ToolIO,
  files: readonly string[],
  list: QuarantineList,
): Quarantine[] {
  return files.map((file) => {
    const run = new Quarantine(list);
    io.forEachRows(
      [file],
      (rows) => run.takeRows(rows),
      (item) => run.takeOther(item),
      () => run.endChunk(),
    );
    run.end(() => true);
    return run;
  });
}

/**
 * Returns a line for each entry: its state, the last day, the runs passed in a
 * row, the failures in the newest run, what it names; with tabs between.
 *
 * @param runs oldest first
 */
export function entryLines(
  list: QuarantineList,
  runs: readonly Quarantine[],
): string[] {
  return list.entries.map((entry) => {
    const newest = runs.at(-1)!.met(entry);
    return [
      stateOf(entry, newest),
      entry.until,
      passedInARow(entry, runs),
      newest?.failures ?? 0,
      entry.what,
    ].join("\t");
  });
}

function stateOf(
  entry: Entry,
  met: ReturnType<Quarantine["met"]>,
): string {
  if (entry.isExpired) return "expired";
  if (met === undefined) {
    return isAboutFault(entry) ? "not seen" : "stale";
  }
  return met.failures > 0 ? "failing" : "passing";
}

/** How many of the newest runs had what an entry names, and no failure of it. */
function passedInARow(entry: Entry, runs: readonly Quarantine[]): number {
  let count = 0;
  for (const run of runs.toReversed()) {
    const met = run.met(entry);
    if (met !== undefined && met.failures > 0) break;
    if (met !== undefined || isAboutFault(entry) && run.tests > 0) count++;
  }
  return count;
}

/** Flaky tests, over several runs. */
export class Suggestions {
  readonly #history: History = new Map();
  readonly #faults = new Faults<string>();

  /**
   * Reads a run; the oldest comes first.
   *
   * @returns why the input is no stream at all, if it is results in another format
   */
  read(io: ToolIO, files: readonly string[]): string | undefined {
    const attempts = new Attempts();
    const text = new ForeignFormat();
    const faults = new Faults();
    io.forEachRows(files, (rows) => {
      for (let i = 0; i < rows.count; i++) {
        const attempt = attempts.addRow(rows, i);
        if (attempt < 0 || !rows.isFinal(i) || !attempts.fails(attempt)) {
          continue;
        }
        faults.add(attempts.testOf(attempt), rows.tags(i));
      }
    }, (item) => {
      if (item.kind === "foreign") text.add(item.bytes);
    });
    addRun(this.#history, attempts, attempts.judge("last"));
    for (let test = 0; test < attempts.tests; test++) {
      const fault = faults.of(test);
      if (fault === undefined) continue;
      this.#faults.addFault(attempts.nameOf(test), fault);
    }
    return attempts.packets === 0 ? text.complaint : undefined;
  }

  /**
   * Lines for the list: flaky tests, never those that are just broken, without
   * those that it has. Where all failures are one fault, the line names that.
   */
  lines(list: QuarantineList, today: string): string[] {
    const until = dayAfter(today, SUGGESTED_DAYS);
    const lines = new Map<string, string>();
    for (const [id, { flips, runs }] of flakyIn(this.#history)) {
      const fault = this.#faults.of(id) ?? undefined;
      if (list.naming(id).length > 0) continue;
      if (fault !== undefined && list.withFault([fault]).length > 0) continue;
      const what = nameInList(id, fault);
      if (lines.has(what)) continue;
      lines.set(
        what,
        [what, until, "TICKET", `flaky in ${flips} of ${runs} runs`].join("\t"),
      );
    }
    return [...lines.values()];
  }
}
