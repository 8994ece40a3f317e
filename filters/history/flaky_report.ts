/**
 * The flaky tests of a run, and how often they were so in older runs.
 *
 * @module
 */

import { visibleText } from "../kit/text/visible.ts";
import type { ToolIO } from "../kit/tool/tool.ts";
import { Attempts, type Judgement, type Policy } from "./attempts.ts";
import { forEachEarlierRun } from "./earlier_runs.ts";
import { addRun, flakyIn, type History } from "./flips.ts";

/** Reads older runs, oldest first: files, and those of repositories. */
export async function readHistory(
  io: ToolIO,
  paths: readonly string[],
  policy: Policy,
  byRoute: boolean,
): Promise<History> {
  const history: History = new Map();
  await forEachEarlierRun(io, paths, () => {
    const attempts = new Attempts(byRoute);
    return {
      takeRows(rows) {
        for (let i = 0; i < rows.count; i++) attempts.addRow(rows, i);
      },
      end: () => addRun(history, attempts, attempts.judge(policy)),
    };
  });
  return history;
}

/**
 * Returns a line for each test that is flaky in this run, or was in older ones:
 * the most certain first.
 *
 * @param history gains this run
 */
export function flakyLines(
  history: History,
  attempts: Attempts,
  judgement: Judgement,
): string[] {
  addRun(history, attempts, judgement);
  const outcomes = new Map<string, string[]>();
  for (let i = 0; i < attempts.count; i++) {
    const test = attempts.testOf(i), id = attempts.nameOf(test);
    if (history.get(id)!.flips === 0) continue;
    let all = outcomes.get(id);
    if (all === undefined) outcomes.set(id, all = []);
    all.push(attempts.outcomeOf(i));
  }
  return flakyIn(history).map(([id, flips]) =>
    [
      flips.low.toFixed(2),
      `${flips.flips}/${flips.runs}`,
      outcomes.get(id)?.join(",") ?? "-",
      visibleText(id),
    ].join("\t")
  );
}
