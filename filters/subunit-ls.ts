#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read
/**
 * subunit-ls: lists the tests of a stream, each when it ends and lost ones at
 * the end. Text between the packets passes through.
 *
 * @module
 */

import {
  isRunRecordRow,
  PARSER_TEST_ID,
  type Rows,
  secondsBetween,
  type Timestamp,
} from "@subunit/codec";
import { ListWriter } from "./report/list_writer.ts";
import {
  chosenOutcomes,
  DAMAGE_ROW,
  existingRow,
  FORMATS,
  GROUPINGS,
  holdRow,
  ORDERS,
} from "./report/listing.ts";
import { Verdict } from "./kit/stream/verdict.ts";
import {
  defineTool,
  parseChoice,
  parseCount,
  PASSTHROUGH_OPTION,
  REPORT_STATUS,
  runTool,
  type Tool,
  UsageError,
} from "./kit/tool/tool.ts";

export const tool: Tool = defineTool({
  name: "subunit-ls",
  summary: "List the tests of a subunit stream, each when it ends",
  operands: "[FILE...]",
  options: {
    times: { help: "add the seconds each test took, - if they are unknown" },
    exists: { help: "also list tests that are reported to exist" },
    ...PASSTHROUGH_OPTION,
    failing: { help: "list only fail, uxsuccess and lost tests" },
    status: {
      value: "LIST",
      help: "list only these: success,uxsuccess,skip,fail,xfail,lost,exists",
    },
    sort: { value: "ORDER", help: "stream (default), time (slowest) or id" },
    top: { short: "n", value: "N", help: "list only the first N" },
    tree: { help: "list subtests under their parents" },
    by: { value: "GROUP", help: "fault: list failed tests under their faults" },
    format: { value: "FORM", help: "plain (default), tsv or json" },
    null: { short: "0", help: "end rows with NUL, for xargs -0" },
    count: { short: "c", help: "print only the number of tests" },
    history: {
      value: "DIR",
      help: "tag failures with the run of a repository since which they fail",
    },
  },
  notes:
    `A lost test has started and never ended. Damage is listed as ${PARSER_TEST_ID}.
The columns of tsv are id, status, seconds, route code. Text between the packets
goes to standard error when the list is for programs (--format, -0, --count).
With --history, failures have the tag since:RUN if they failed in the repository, or
new-fail, and flaky; these are the tags of json and the next column of tsv.
Faults are tags of subunit-faults; with --by fault, those with the most tests come
first, and the last column of tsv is the fault.`,
  exitStatus: REPORT_STATUS,
  examples: [
    "subunit-ls --failing run.subunit",
    "subunit-faults run.subunit | subunit-ls --by fault",
  ],
  async run(io, options, files) {
    const order = parseChoice("sort", options.sort ?? "stream", ORDERS);
    const format = parseChoice("format", options.format ?? "plain", FORMATS);
    const limit = options.top === undefined
      ? Infinity
      : parseCount("top", options.top);
    if (options.count && options.top !== undefined) {
      throw new UsageError("Options --count and --top exclude each other");
    }
    const isByFault = options.by !== undefined &&
      parseChoice("by", options.by, GROUPINGS) === "fault";
    if (isByFault && (options.tree || options.null || options.count)) {
      throw new UsageError("Option --by excludes --tree, --null and --count");
    }
    const outcomes = chosenOutcomes(options, isByFault);
    const { times, tree, count, history: dir } = options;
    // Loaded only here: every module adds to the start-up time.
    const past = dir === undefined
      ? undefined
      : await (await import("./history/repository/past.ts")).Past.read(io, dir);
    const list = new ListWriter(io.out, {
      outcomes,
      order,
      limit,
      format,
      times,
      tree,
      isByFault,
      null: options.null,
      count,
      // What follows -0 takes ids.
      notesOf: options.null
        ? undefined
        : past && (({ testId, outcome }) => past.tagsOf(testId, outcome)),
    });
    const isForPrograms = format !== "plain" || options.null || options.count;
    const pass = io.passthrough(options, isForPrograms ? io.err : io.out);
    const showsTimes = options.times || order === "time" || format !== "plain";

    const verdict = new Verdict();
    /** The time of the last event of a test. */
    let latest: Timestamp | undefined;
    const listsExisting = outcomes.has("exists");
    const addRow = (rows: Rows, i: number) => {
      if (rows.idAt(i) < 0) pass(rows.packet(i));
      else if (showsTimes) latest = rows.packet(i).timestamp ?? latest;
      const isEnd = verdict.addRow(rows, i) !== 0;
      if (isEnd && list.takesRows) list.addRow(rows, i);
      else if (isEnd) list.add(verdict.endedTest(rows, i));
      else if (listsExisting && rows.status(i) === "exists") {
        if (rows.idAt(i) >= 0 && !isRunRecordRow(rows, i)) {
          list.add(existingRow(rows.packet(i)));
        }
      }
    };
    io.forEachRows(files, (rows) => {
      for (let i = 0; i < rows.count; i++) addRow(rows, i);
    }, (item) => {
      if (item.kind === "damage") io.reportDamage(item);
      pass(item);
      verdict.add(item);
      if (item.kind === "damage") list.add(DAMAGE_ROW);
    });
    // A lost test ran at least until the last event of the others.
    for (const test of verdict.end()) {
      const { started } = test;
      const seconds = started && latest && secondsBetween(started, latest);
      list.add({ ...holdRow(test), seconds });
    }
    list.end();
    return io.conclude(verdict);
  },
});

if (import.meta.main) runTool(tool);
