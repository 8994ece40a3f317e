#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-env=SUBUNIT_REPO
/**
 * subunit-runs: lists the runs of a repository, oldest first, or checks them.
 *
 * @module
 */

import { TABLE_FORMATS, writeLines } from "./history/repository/columns.ts";
import {
  type Column,
  COLUMNS,
  NUMBERS,
  outcomeIn,
  problemsOf,
  rowOf,
  shownValue,
} from "./history/repository/listing.ts";
import { RUN_OPTIONS, selectRuns } from "./history/repository/selection.ts";
import { type Run, runsOf } from "./history/repository/store.ts";
import { visibleText } from "./kit/text/visible.ts";
import {
  defineTool,
  parseChoice,
  runTool,
  type Tool,
  type ToolIO,
} from "./kit/tool/tool.ts";

/** Checks runs, and writes what is wrong. Returns the exit status. */
async function check(
  io: ToolIO,
  runs: readonly Run[],
  now: number,
): Promise<number> {
  let status = 0;
  for (const run of runs) {
    if (run.state === "running") continue;
    for (const problem of await problemsOf(run, now)) {
      io.out.writeText(`${run.id}\t${visibleText(problem)}\n`);
      io.out.flush();
      status = 1;
    }
  }
  return status;
}

export const tool: Tool = defineTool({
  name: "subunit-runs",
  summary: "List the runs of a repository, oldest first",
  operands: "[FILE...]",
  options: {
    ...RUN_OPTIONS,
    test: { value: "ID", help: "only runs of this test; --status is then its" },
    format: { value: "FORM", help: "text (default), tsv or json" },
    columns: { value: "LIST", help: `only these: ${COLUMNS.join(",")}` },
    null: { short: "0", help: "end rows with NUL, for xargs -0" },
    count: { short: "c", help: "print only the number of runs" },
    check: { help: "read each run and print what is wrong with it" },
  },
  notes:
    `A run is running, torn (its writer was killed: what it has is kept) or ended. Each
FILE is a run, or a folder of runs, and replaces the repository; so does --repo of
stestr, testr or inquest. In text, columns of which nothing is known are left out.
A run is thinned when subunit-prune --thin took the files of passed tests out of it.
--check finds compressed data that is cut, bytes that are not those that were written,
damage, times before the start or in the future, and a cache of other bytes.`,
  exitStatus: ["the runs were listed", "with --check: something is wrong"],
  examples: [
    "subunit-runs --branch main -n 20",
    "subunit-runs --test shop.test_pay --status fail --columns id,commit",
  ],
  async run(io, options, files) {
    const format = parseChoice(
      "format",
      options.format ?? "text",
      TABLE_FORMATS,
    );
    const columns: readonly Column[] = options.columns === undefined
      ? COLUMNS
      : options.columns.split(",").map((name) =>
        parseChoice("columns", name, COLUMNS)
      );
    const { test } = options;
    const now = Math.floor(Date.now() / 1000);
    let runs = await selectRuns(
      runsOf(options, files),
      test === undefined ? options : { ...options, status: undefined },
      now,
    );
    if (test !== undefined) {
      const having: Run[] = [];
      for (const run of runs) {
        const outcome = await outcomeIn(run, test);
        const isListed = outcome !== undefined &&
          (options.status === undefined || outcome === options.status);
        if (isListed) having.push(run);
      }
      runs = having;
    }
    if (options.check) return await check(io, runs, now);
    if (options.count) {
      io.out.writeText(`${runs.length}\n`);
      return 0;
    }
    const end = options.null ? "\0" : "\n";
    const cells: string[][] = [];
    for (const run of runs) {
      const { row, problem } = await rowOf(run);
      if (problem !== undefined) io.warn(problem);
      const values = columns.map((column) =>
        visibleText(shownValue(row, column))
      );
      if (format === "json") {
        const known = columns.map((column) => [column, row[column]]);
        io.out.writeRow(JSON.stringify(Object.fromEntries(known)));
      } else if (format === "tsv" || options.null) {
        io.out.writeText(values.join("\t") + end);
      } else {
        cells.push(values);
      }
    }
    const isFixed = options.columns !== undefined;
    writeLines(io.out, columns, cells, NUMBERS, isFixed);
    return 0;
  },
});

if (import.meta.main) runTool(tool);
