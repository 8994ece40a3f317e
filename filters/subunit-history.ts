#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write --allow-env=SUBUNIT_REPO
/**
 * subunit-history: the outcomes of tests in the runs of a repository: how often
 * they failed, whether they are flaky, whether they take longer than before.
 *
 * @module
 */

import { TABLE_FORMATS, writeTable } from "./history/repository/columns.ts";
import {
  bisectCommand,
  findHistories,
  HISTORY_COLUMNS,
  HISTORY_ORDERS,
  historyRow,
  orderHistories,
  RUN_COLUMNS,
  runRows,
  slowRuns,
  writeStream,
} from "./history/repository/history_report.ts";
import { askAbout, QUESTION_OPTIONS } from "./history/repository/question.ts";
import { SLOWER_RULE } from "./history/repository/test_history.ts";
import {
  defineTool,
  parseChoice,
  parseCount,
  parseNumber,
  runTool,
  type Tool,
  UsageError,
} from "./kit/tool/tool.ts";

export const tool: Tool = defineTool({
  name: "subunit-history",
  summary: "Show the outcomes of tests over the runs of a repository",
  operands: "[TEST...]",
  options: {
    sort: {
      value: HISTORY_ORDERS.join("|"),
      help: "which tests, and in which order (default: all, by id)",
    },
    top: { value: "N", help: "only the first N" },
    "min-runs": {
      value: "N",
      help: "take no test of fewer runs as flaky or slower (5)",
    },
    format: { value: "text|tsv|json|stream", help: "the form (default: text)" },
    "exit-status": { help: "exit 1 when there is something to show" },
    bisect: {
      value: "TEST",
      help: "print the git command that finds the commit since which it fails",
    },
    slower: { value: "N", help: "how many times as long is slower (1.5)" },
    floor: { value: "MS", help: "how many milliseconds at least (50)" },
    newest: { value: "N", help: "compare the newest N runs (3)" },
    baseline: { value: "N", help: "with N runs before them (10)" },
    ...QUESTION_OPTIONS,
  },
  notes: `With TESTs, there is a row for each run that has one of them: ${
    RUN_COLUMNS.join(", ")
  }.
Otherwise there is a row for each test: ${HISTORY_COLUMNS.join(", ")}.
A blip is evidence that a test is flaky: attempts in a run that disagree, runs of one
commit that disagree, or an excursion: good, bad in some runs, good again. A test
that is broken has none. rate is blips by runs, and low the least that it is, at
95 %: flaky tests are sorted by it. since is set for tests that fail now.
median is what a test took before the newest runs, last what it took last, and ratio
how many times as long it takes now: medians of the times in which it passed, each
by the factor of its run, as machines are slow or fast. A test is slower with three
median deviations more, too. The form stream has the newest packets of the tests,
with the tags flaky, slower and since:RUN. In text, columns of which nothing is known
are left out. --bisect leaves out runs without a commit, and those of changed files
(dirty=true).`,
  exitStatus: [
    "the question is answered",
    "with --exit-status: there is a row; with --bisect: there is no answer",
    "there are no runs, or a usage or I/O error",
  ],
  examples: [
    "subunit-history --sort flaky --top 10",
    "subunit-history --sort slower --format stream | subunit-ls --times",
  ],
  async run(io, options, tests) {
    const order = parseChoice("sort", options.sort ?? "id", HISTORY_ORDERS);
    const format = parseChoice("format", options.format ?? "text", [
      ...TABLE_FORMATS,
      "stream",
    ]);
    const number = (name: "slower" | "floor") =>
      options[name] === undefined
        ? undefined
        : parseNumber(name, options[name]);
    const count = (name: "top" | "min-runs" | "newest" | "baseline") =>
      options[name] === undefined ? undefined : parseCount(name, options[name]);
    const minRuns = count("min-runs") ?? 5, top = count("top") ?? Infinity;
    const rule = {
      ratio: number("slower") ?? SLOWER_RULE.ratio,
      floor: (number("floor") ?? 1000 * SLOWER_RULE.floor) /
        1000,
      newest: count("newest") ?? SLOWER_RULE.newest,
      baseline: count("baseline") ?? SLOWER_RULE.baseline,
    };
    for (const name of ["newest", "baseline"] as const) {
      // A median of nothing would find no test that is slower.
      if (rule[name] > 0) continue;
      throw new UsageError(`Option --${name} is "0": expected at least 1`);
    }
    const { bisect } = options;
    if (bisect !== undefined && tests.length > 0) {
      throw new UsageError("Options --bisect and TESTs exclude each other");
    }
    const wanted = bisect === undefined ? tests : [bisect];
    const only = wanted.length === 0 ? undefined : new Set(wanted);
    const question = await askAbout(options, [], only);
    if (tests.length > 0 && format !== "stream") {
      const rows = await runRows(question);
      if (rows.length === 0) {
        io.warn(
          `No run has ${tests.map((id) => JSON.stringify(id)).join(", ")}`,
        );
      }
      const newest = rows.slice(Math.max(0, rows.length - top));
      writeTable(io.out, RUN_COLUMNS, newest, format);
      return options["exit-status"] && rows.length > 0 ? 1 : 0;
    }
    if (bisect !== undefined) {
      const answer = await bisectCommand(question, bisect);
      if (typeof answer !== "string") {
        io.warn(answer.problem);
        return 1;
      }
      io.out.writeText(`${answer}\n`);
      return 0;
    }
    const { histories, newest } = await findHistories(question, rule);
    const found = orderHistories(histories, order, minRuns);
    const rows = found.slice(0, top);
    if (order === "slower") slowRuns(newest).forEach((line) => io.warn(line));
    if (format === "stream") await writeStream(io.out, question, rows, minRuns);
    else writeTable(io.out, HISTORY_COLUMNS, rows.map(historyRow), format);
    return options["exit-status"] && found.length > 0 ? 1 : 0;
  },
});

if (import.meta.main) runTool(tool);
