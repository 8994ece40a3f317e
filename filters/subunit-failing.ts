#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write --allow-env=SUBUNIT_REPO
/**
 * subunit-failing: the tests that fail now, by the newest wide run and all runs
 * after it, as a stream of their newest packets.
 *
 * @module
 */

import { encodePacket } from "@subunit/codec";
import { TABLE_FORMATS, writeTable } from "./history/repository/columns.ts";
import {
  FAILING_COLUMNS,
  failingRows,
  findFailing,
  incompleteRuns,
  rerunOf,
} from "./history/repository/failing_report.ts";
import {
  askAbout,
  QUESTION_OPTIONS,
  takeSought,
} from "./history/repository/question.ts";
import { Retagger } from "./kit/stream/retagger.ts";
import {
  defineTool,
  parseChoice,
  runTool,
  type Tool,
  UsageError,
} from "./kit/tool/tool.ts";

/** How many failures are named that are not tests. */
const MAX_NAMED = 10;

export const tool: Tool = defineTool({
  name: "subunit-failing",
  summary: "Write the tests that fail now, by the newest runs of a repository",
  operands: "[FILE...]",
  options: {
    list: { short: "l", help: "write only the ids to run again" },
    null: { short: "0", help: "end ids with NUL, for xargs -0" },
    format: { value: "text|tsv|json", help: "write a table instead" },
    gone: { help: "also write tests that failed and are in no new run" },
    unrun: { help: "also write tests that a run named and did not reach" },
    "skip-clears": { help: "take tests that are skipped now as repaired" },
    ...QUESTION_OPTIONS,
  },
  notes:
    `Counts the newest wide run, and each run after it: a filtered run forgets nothing.
A run is wide when its record says that its scope is full, or has at least nine
tests for ten of the largest of the 50 runs before it. One that is torn or damaged
is not, and is named on standard error where it is newer. Where subunit-run says it,
only runs of workers with other words are compared. Tests that fail, are lost
or pass unexpectedly fail; those that are skipped later fail still. Tests of
another variant are other tests. A test that failed and is not in a newer wide
run is gone, which is said on standard error.
A list has only what can be run: of a step its test, and of how a command ended, a
build or a plan nothing, which is said on standard error.
The stream has the packets of each test from the newest run in which it failed;
the last one has the tag since:RUN. The columns of tables are ${
      FAILING_COLUMNS.join(", ")
    }.
since is the first run in which it failed after the last good one, or the oldest that is known; runs is in how many it failed since then. In text, columns
of which nothing is known are left out.
A FILE is a stream or a folder of streams, which replaces the repository.`,
  exitStatus: [
    "no test fails",
    "a test fails, or with --unrun was not reached",
    "there are no runs, or a usage or I/O error",
  ],
  examples: [
    "subunit-failing | subunit-ls",
    "subunit-failing -l0 --unrun | subunit-run --load-list - -- subunit-worker deno tests/",
  ],
  async run(io, options, files) {
    const { list } = options;
    const format = options.format === undefined
      ? undefined
      : parseChoice("format", options.format, TABLE_FORMATS);
    if (list && format !== undefined) {
      throw new UsageError("Options --list and --format exclude each other");
    }
    if (options.null && !list) {
      throw new UsageError("Option -0 needs --list");
    }
    const question = await askAbout(options, files);
    const { failing, gone, unrun, steps } = await findFailing(
      question,
      {
        skipClears: options["skip-clears"],
        needsSince: !list,
      },
    );
    for (const warning of await incompleteRuns(question)) io.warn(warning);
    if (gone.length > 0 && !options.gone) {
      io.warn(`${gone.length} gone: renamed or deleted? (see --gone)`);
    }
    const written = options.gone ? [...failing, ...gone] : failing;
    const { names } = question;
    const named = options.unrun ? unrun : [];
    if (list) {
      const end = options.null ? "\0" : "\n";
      const { ids, others } = await rerunOf(question, written, named, steps);
      for (const id of ids) {
        io.out.writeName(id);
        io.out.writeText(end);
      }
      for (const id of others.slice(0, MAX_NAMED)) {
        io.warn(`Cannot list "${id}": it is not a test`);
      }
      const more = others.length - MAX_NAMED;
      if (more > 0) io.warn(`Cannot list ${more} more`);
    } else if (format !== undefined) {
      const rows = await failingRows(question, written);
      for (const number of named) rows.push([names.ids[number], "unrun"]);
      writeTable(io.out, FAILING_COLUMNS, rows, format);
    } else {
      const retagger = new Retagger(io.out);
      await takeSought(question, written, (fact, { packets, tags }) => {
        for (const packet of packets.slice(0, -1)) io.out.write(packet.bytes);
        const all = new Set([...tags, `since:${fact.sinceId}`]);
        retagger.write(packets.at(-1)!, [...all].sort());
      });
      for (const number of named) {
        const routeCode = names.routes[number], testId = names.ids[number];
        io.out.write(encodePacket({ testId, status: "exists", routeCode }));
      }
    }
    return failing.length > 0 || named.length > 0 ? 1 : 0;
  },
});

if (import.meta.main) runTool(tool);
