/**
 * What a list of excuses is good for, over several runs.
 *
 * @module
 */

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
import { forEachEarlierRun, type RunTaker } from "./earlier_runs.ts";
import { addRun, flakyIn, type History } from "./flips.ts";
import { Quarantine } from "./quarantine.ts";

/** How long an entry that is suggested excuses. */
const SUGGESTED_DAYS = 30;

/** What a run has to do with the entries of a list. */
export type ListedRun = Pick<Quarantine, "tests" | "met">;

/** Reads older runs, oldest first: files, and those of repositories. */
export async function readRuns(
  io: ToolIO,
  paths: readonly string[],
  list: QuarantineList,
): Promise<ListedRun[]> {
  const runs: ListedRun[] = [];
  await forEachEarlierRun(io, paths, () => {
    const run = new Quarantine(list);
    return {
      takeRows: (rows) => run.takeRows(rows),
      takeOther: (item) => run.takeOther(item),
      endChunk: () => run.endChunk(),
      end() {
        run.end(() => true);
        const { tests } = run;
        // The tests of hundreds of runs need not stay in memory.
        const met = new Map(list.entries.map((one) => [one, run.met(one)]));
        runs.push({ tests, met: (entry) => met.get(entry) });
      },
    };
  });
  return runs;
}

/**
 * Returns a line for each entry: its state, the last day, the runs passed in a
 * row, the failures in the newest run, what it names; with tabs between.
 *
 * @param runs oldest first
 */
export function entryLines(
  list: QuarantineList,
  runs: readonly ListedRun[],
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
  if (met.failures > 0) return "failing";
  return met.passes > 0 ? "passing" : "undecided";
}

/** How many of the newest runs passed what an entry names, without a failure. */
function passedInARow(entry: Entry, runs: readonly ListedRun[]): number {
  let count = 0;
  for (const run of runs.toReversed()) {
    const met = run.met(entry);
    if (met !== undefined && met.failures > 0) break;
    const isGood = isAboutFault(entry) ? run.tests > 0 : (met?.passes ?? 0) > 0;
    if (isGood) count++;
  }
  return count;
}

/** Flaky tests, over several runs. */
export class Suggestions {
  readonly #history: History = new Map();
  readonly #faults = new Faults<string>();

  /** Begins a run; the oldest comes first. */
  begin(): RunTaker {
    const attempts = new Attempts();
    const faults = new Faults();
    return {
      takeRows(rows) {
        for (let i = 0; i < rows.count; i++) {
          const attempt = attempts.addRow(rows, i);
          if (attempt < 0 || !rows.isFinal(i) || !attempts.fails(attempt)) {
            continue;
          }
          faults.add(attempts.testOf(attempt), rows.tags(i));
        }
      },
      end: () => this.#add(attempts, faults),
    };
  }

  #add(attempts: Attempts, faults: Faults): void {
    addRun(this.#history, attempts, attempts.judge("last"));
    for (let test = 0; test < attempts.tests; test++) {
      const fault = faults.of(test);
      if (fault === undefined) continue;
      this.#faults.addFault(attempts.nameOf(test), fault);
    }
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
