#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write
/**
 * subunit-stats: count the tests of a stream by what became of them. Text
 * between the packets passes through.
 *
 * @module
 */

import { Summary, type Test } from "@subunit/codec";
import { heldRows, holdRow, type Row } from "./report/listing.ts";
import { Verdict } from "./kit/stream/verdict.ts";
import { compareText, formatSeconds } from "./kit/text/visible.ts";
import type { Top } from "./report/first_few.ts";
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

const GROUPINGS = ["tag", "route"] as const;
type Grouping = typeof GROUPINGS[number];

/** What is counted beside the tests themselves. */
export class Stats {
  readonly tags: Set<string> = new Set();
  readonly groups: Map<string, Summary> = new Map();
  #lastTags: readonly string[] | undefined;
  readonly #slowest: Top<Row>;
  readonly #keepsTimes: boolean;
  readonly #grouping: Grouping | undefined;

  constructor(
    { slowest = 0, by }: { slowest?: number; by?: Grouping } = {},
  ) {
    this.#slowest = heldRows("time", slowest);
    this.#grouping = by;
    this.#keepsTimes = slowest > 0;
  }

  add(test: Test): void {
    const { tags } = test;
    // Tests with the same tags mostly share the array.
    if (tags !== this.#lastTags) {
      for (const tag of tags) this.tags.add(tag);
      this.#lastTags = tags;
    }
    if (this.#keepsTimes && test.seconds !== undefined) {
      this.#slowest.add(holdRow(test));
    }
    if (this.#grouping === "route") this.#group(test.routeCode ?? "").add(test);
    if (this.#grouping === "tag") {
      const groups = tags.length > 0 ? new Set(tags) : [""];
      for (const tag of groups) this.#group(tag).add(test);
    }
  }

  /** The tests that took longest, those without times left out. */
  get slowest(): readonly Row[] {
    return this.#slowest.values();
  }

  #group(name: string): Summary {
    let group = this.groups.get(name);
    if (group === undefined) this.groups.set(name, group = new Summary());
    return group;
  }
}

/** The report as the Python tool prints it, and what was asked for beside. */
export function statsLines(
  summary: Summary,
  stats: Stats,
  by?: Grouping,
): string[] {
  const lines = [
    `Total tests:   ${number(summary.total)}`,
    `Passed tests:  ${number(summary.passed)}`,
    `Failed tests:  ${number(summary.failed)}`,
    `Skipped tests: ${number(summary.skipped)}`,
    `Seen tags: ${[...stats.tags].sort(compareText).join(", ")}`,
  ];
  if (stats.slowest.length > 0) {
    lines.push("Slowest tests:");
    for (const { testId, seconds } of stats.slowest) {
      lines.push(`${formatSeconds(seconds!).padStart(10)}  ${testId}`);
    }
  }
  if (by !== undefined) {
    lines.push(` total passed failed skipped  ${by}`);
    for (const [name, group] of sortedGroups(stats)) {
      const { total, passed, failed, skipped } = group;
      lines.push(
        `${number(total, 6)} ${number(passed, 6)} ${number(failed, 6)} ${
          number(skipped, 7)
        }  ${name || "(none)"}`,
      );
    }
  }
  return lines;
}

function number(count: number, width = 5): string {
  return String(count).padStart(width);
}

function sortedGroups(stats: Stats): [string, Summary][] {
  return [...stats.groups].sort(([a], [b]) => compareText(a, b));
}

/** The report as one JSON object. */
export function statsJson(
  summary: Summary,
  stats: Stats,
  by?: Grouping,
): string {
  return JSON.stringify({
    ...counts(summary),
    outcomes: summary.outcomes,
    damage: summary.damage,
    tags: [...stats.tags].sort(compareText),
    slowest: stats.slowest.map(({ testId, routeCode, outcome, seconds }) => ({
      test_id: testId,
      route_code: routeCode,
      outcome,
      seconds,
    })),
    [`by_${by}`]: by === undefined ? undefined : Object.fromEntries(
      sortedGroups(stats).map(([name, group]) => [name, counts(group)]),
    ),
  });
}

function counts({ total, passed, failed, skipped }: Summary) {
  return { total, passed, failed, skipped };
}

export const tool: Tool = defineTool({
  name: "subunit-stats",
  summary: "Count the tests of a subunit stream by what became of them",
  operands: "[FILE...]",
  options: {
    ...PASSTHROUGH_OPTION,
    ...OUTPUT_OPTIONS,
    json: { help: "report as one JSON object" },
    slowest: { value: "N", help: "name the N tests that took longest" },
    by: { value: "GROUP", help: "count by tag or by route as well" },
    "min-tests": { value: "N", help: "fail when there are fewer tests" },
  },
  notes:
    `Unexpected successes, lost tests (started, never ended) and damage are failures.
With --forward and no --output-to the report goes to standard error.`,
  exitStatus: [REPORT_STATUS[0], `${REPORT_STATUS[1]}, or tests are too few`],
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
    const report = io.openReport(options);
    const text = options.json && report === io.out ? io.err : io.out;
    const pass = io.passthrough(options, text);

    const verdict = new Verdict();
    const stats = new Stats({ slowest, by });
    io.forEachItem(files, (item) => {
      if (item.kind === "damage") io.reportDamage(item);
      pass(item);
      const test = verdict.add(item);
      if (test !== undefined) stats.add(test);
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

    if (summary.total >= least) return verdict.exitStatus;
    io.warn(`${summary.total} tests, expected at least ${least}`);
    return 1;
  },
});

if (import.meta.main) runTool(tool);
