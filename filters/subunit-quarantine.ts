#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write
/**
 * subunit-quarantine: excuses the failures that a list names, each for a time and
 * with a ticket. Nothing else in the stream changes.
 *
 * @module
 */

import { forEachEarlierRun, readRun } from "./history/earlier_runs.ts";
import { MOST, parseMost, Quarantine } from "./history/quarantine.ts";
import {
  entryLines,
  readRuns,
  Suggestions,
} from "./history/quarantine_report.ts";
import { readTwice } from "./kit/stream/two_passes.ts";
import { readText } from "./kit/tool/list_file.ts";
import { QuarantineList, startOfDay } from "./select/quarantine_list.ts";
import {
  defineTool,
  EXIT_STATUS_OPTION,
  parseCount,
  runTool,
  type Tool,
  ToolError,
  UsageError,
} from "./kit/tool/tool.ts";

export const tool: Tool = defineTool({
  name: "subunit-quarantine",
  summary: "Excuse the known failures of a subunit stream, each for a time",
  operands: "LIST [FILE...]",
  options: {
    strict: { help: "a quarantined test that passes is unexpected" },
    "max-excused": {
      value: "N|P%",
      help:
        `excuse nothing if it would be more tests (${MOST.tests}, or ${MOST.percent}% if that is more)`,
    },
    "max-days": { value: "N", help: "how far ahead an entry may end (90)" },
    today: { value: "DATE", help: "the day in UTC, such as 2027-01-31" },
    report: { help: "write the state of each entry, in place of the stream" },
    suggest: { help: "write entries for flaky tests, in place of the stream" },
    history: {
      value: "FILE",
      list: true,
      help:
        "with --report or --suggest: an older run, or a repository; oldest first",
    },
    ...EXIT_STATUS_OPTION,
  },
  notes:
    `LIST has an entry per line: WHAT, UNTIL, TICKET and REASON, with tabs between; "#"
begins a comment. WHAT is a test id, "re:" and a Python regular expression that finds
ids, or a tag fault:ID of subunit-faults, which excuses only that fault. UNTIL is the
last day in UTC on which the entry excuses anything.
An excused failure becomes xfail, with the tags quarantined and was:fail and the entry
as the file "quarantine". A parent that fails only for excused subtests is excused too.
Never excused: lost tests, unexpected successes, damage, and what is not a test, such
as how a command ended.
The input is read twice: what is not a file is first kept in a temporary one.
--report has state, UNTIL, runs passed in a row, failures, WHAT, with tabs between.`,
  exitStatus: [
    "done",
    "with --exit-status: a failure is not excused, the stream is damaged, or an entry named no test; with --report or --suggest: the input is in another format",
  ],
  examples: [
    "./suite | subunit-quarantine known.txt --exit-status | subunit2junitxml > report.xml",
    "subunit-quarantine known.txt --suggest --history .subunit run.subunit >> known.txt",
  ],
  async run(io, options, [path, ...files]) {
    if (path === undefined) throw new UsageError("Expected LIST");
    const { report, suggest, history } = options;
    if (report && suggest) {
      throw new UsageError("Options --report and --suggest exclude each other");
    }
    if (history.length > 0 && !report && !suggest) {
      throw new UsageError("Option --history needs --report or --suggest");
    }
    const today = options.today ?? new Date().toISOString().slice(0, 10);
    if (startOfDay(today) === undefined) {
      throw new UsageError(
        `Option --today is "${today}": expected a day like 2027-01-31`,
      );
    }
    const maxDays = parseCount("max-days", options["max-days"] ?? "90");
    const mayExcuse = parseMost(options["max-excused"]);
    let list: QuarantineList;
    try {
      list = new QuarantineList(readText(io, path), { today, maxDays });
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new ToolError(`Cannot read "${path}": ${error.message}`);
    }
    if (suggest) {
      const suggestions = new Suggestions();
      const begin = () => suggestions.begin();
      await forEachEarlierRun(io, history, begin);
      const { complaint } = readRun(io, files, begin());
      for (const line of suggestions.lines(list, today)) io.out.writeRow(line);
      return io.conclude({ exitStatus: complaint ? 1 : 0, complaint });
    }
    const run = new Quarantine(list, options.strict);
    const end = () => {
      run.end(mayExcuse);
      for (const complaint of run.complaints) io.warn(complaint);
    };
    readTwice(
      io,
      files,
      {
        takeRows: (rows) => run.takeRows(rows),
        takeOther(item) {
          if (item.kind === "damage") io.reportDamage(item);
          run.takeOther(item);
        },
        endChunk: () => run.endChunk(),
      },
      report ? undefined : () => {
        end();
        return {
          takeRows: run.writer(io.out),
          takeOther: (item) => io.out.writeItem(item),
        };
      },
    );
    if (report) {
      end();
      const runs = [...await readRuns(io, history, list), run];
      for (const line of entryLines(list, runs)) io.out.writeRow(line);
    }
    const { complaint } = run;
    if (!options["exit-status"]) {
      // A report on what is no stream at all is never good.
      return report
        ? io.conclude({ exitStatus: complaint ? 1 : 0, complaint })
        : 0;
    }
    const isGood = run.isGood && run.stale.length === 0;
    return io.conclude({ exitStatus: isGood ? 0 : 1, complaint });
  },
});

if (import.meta.main) runTool(tool);
