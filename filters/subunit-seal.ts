#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read
/**
 * subunit-seal: passes a stream on unchanged and appends a failure for every
 * test that started and never ended, or that was expected and never started.
 *
 * @module
 */

import type { StreamItem, Timestamp } from "@subunit/codec";
import { readList } from "./kit/tool/list_file.ts";
import {
  absentTest,
  Expected,
  paddingBehind,
} from "./kit/stream/expected_tests.ts";
import { textOf } from "./kit/io/item_bytes.ts";
import { lostTest, type Missing, writeFailure } from "./kit/stream/failures.ts";
import { Verdict } from "./kit/stream/verdict.ts";
import { TextTails } from "./kit/stream/text_tails.ts";
import {
  defineTool,
  EXIT_STATUS_OPTION,
  runTool,
  type Tool,
  TRANSFORM_STATUS,
} from "./kit/tool/tool.ts";

export const tool: Tool = defineTool({
  name: "subunit-seal",
  summary: "Append a failure to a subunit stream for every test that it lost",
  operands: "[FILE...]",
  options: {
    expect: {
      value: "FILE",
      help: "fail the tests in the file that never started",
    },
    "expect-listed": {
      help: "fail the tests reported to exist that never started",
    },
    ...EXIT_STATUS_OPTION,
  },
  notes:
    `The stream passes on unchanged. A test that started and never ended gets a
failure with the tag "lost" and the last output. FILE has one test id per line.`,
  exitStatus: TRANSFORM_STATUS,
  examples: [
    "./runner | subunit-seal > run.subunit",
    "./runner --load-list ids | subunit-seal --expect ids | subunit-ls --failing",
  ],
  run(io, options, files) {
    const ids = options.expect === undefined
      ? []
      : readList(io, options.expect);
    const expected = new Expected(ids, options["expect-listed"]);
    const verdict = new Verdict();
    const tails = new TextTails();
    let latest: Timestamp | undefined;
    let padding = 0;
    /** Takes a packet without a test, or anything that is no packet. */
    const keepText = (item: StreamItem) => {
      const text = textOf(item);
      if (text === undefined) return;
      tails.add(item.kind === "packet" ? item.routeCode : undefined, text);
    };
    io.forEachRows(files, (rows) => {
      io.out.writeRows(rows);
      padding = 0;
      let last = -1;
      for (let i = 0; i < rows.count; i++) {
        verdict.addRow(rows, i);
        if (rows.timeAt(i) >= 0) last = i;
        if (rows.idAt(i) < 0) keepText(rows.packet(i));
        else if (expected.looks) expected.see(rows.packet(i));
      }
      if (last >= 0) latest = rows.packet(last).timestamp;
    }, (item) => {
      io.out.writeItem(item);
      padding = paddingBehind(item);
      verdict.add(item);
      keepText(item);
    });
    let missing = 0;
    const fail = (test: Missing) => {
      if (missing++ === 0) io.out.writeText("\n".repeat(padding));
      writeFailure(io.out, test, tails.get(test.routeCode), latest);
    };
    for (const test of verdict.end()) fail(lostTest(test));
    for (const testId of expected.absent) fail(absentTest(testId));
    if (!options["exit-status"]) return 0;
    return io.conclude(verdict) || (missing > 0 ? 1 : 0);
  },
});

if (import.meta.main) runTool(tool);
