#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write
/**
 * subunit-stats: counts the tests of a stream by outcome. Text between the
 * packets passes through.
 *
 * @module
 */

import { GROUPINGS, Stats, statsJson, statsLines } from "./report/stats.ts";
import { Verdict } from "./kit/stream/verdict.ts";
import {
  defineTool,
  OUTPUT_OPTIONS,
  parseChoice,
  parseCount,
  PASSTHROUGH_OPTION,
  REPORT_STATUS,
  runTool,
  type Tool,
} from "./kit/tool/tool.ts";

export const tool: Tool = defineTool({
  name: "subunit-stats",
  summary: "Count the tests of a subunit stream by outcome",
  operands: "[FILE...]",
  options: {
    ...PASSTHROUGH_OPTION,
    ...OUTPUT_OPTIONS,
    json: { help: "report as one JSON object" },
    slowest: { value: "N", help: "name the N slowest tests" },
    by: { value: "GROUP", help: "also count by tag or by route" },
    "min-tests": { value: "N", help: "fail when there are fewer tests" },
  },
  notes:
    `Unexpected successes, lost tests (started, never ended) and damage are failures.
With --forward and no --output-to the report goes to standard error.`,
  exitStatus: [
    REPORT_STATUS[0],
    `${REPORT_STATUS[1]}, or there are too few tests`,
  ],
  examples: [
    "subunit-stats --slowest 5 --by route run.subunit",
    "./runner | subunit-stats --forward -o stats.txt | subunit-ls --failing",
  ],
  run(io, options, files) {
    const by = options.by === undefined
      ? undefined
      : parseChoice("by", options.by, GROUPINGS);
    const slowest = parseCount("slowest", options.slowest ?? "0");
    const least = parseCount("min-tests", options["min-tests"] ?? "0");
    const report = io.openReport(options, files);
    const text = options.json && report === io.out ? io.err : io.out;
    const pass = io.passthrough(options, text);

    const verdict = new Verdict();
    const stats = new Stats({ slowest, by });
    io.forEachRows(files, (rows) => {
      io.passRows(rows, options, pass);
      for (let i = 0; i < rows.count; i++) {
        if (verdict.addRow(rows, i) === 0) continue;
        if (!stats.takesOnlyTags) stats.add(verdict.endedTest(rows, i));
        else if (!stats.addRowTags(rows, i)) {
          stats.addTags(verdict.endedTags(rows, i));
        }
      }
    }, (item) => {
      if (item.kind === "damage") io.reportDamage(item);
      pass(item);
      verdict.add(item);
    });
    for (const test of verdict.end()) {
      stats.add(test);
      io.warn(`Test "${test.testId}" is lost: it started and never ended`);
    }
    const { summary } = verdict;
    const lines = options.json
      ? [statsJson(summary, stats, by)]
      : statsLines(summary, stats, by);
    for (const line of lines) report.writeRow(line);
    report.flush();

    const status = io.conclude(verdict);
    if (summary.total >= least) return status;
    io.warn(`${summary.total} tests, expected at least ${least}`);
    return 1;
  },
});

if (import.meta.main) runTool(tool);
