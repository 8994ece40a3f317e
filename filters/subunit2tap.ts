#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write
/**
 * subunit2tap: the tests of a stream as TAP 14, a test point for each as it
 * ends, subtests before their parents.
 *
 * @module
 */

import { REPORT_NOTES, REPORT_OPTIONS, runReport } from "./report/report.ts";
import { TapReport } from "./report/tap_report.ts";
import {
  defineTool,
  REPORT_STATUS,
  runTool,
  type Tool,
} from "./kit/tool/tool.ts";

export const tool: Tool = defineTool({
  name: "subunit2tap",
  summary: "Report the tests of a subunit stream as TAP 14, with subtests",
  operands: "[FILE...]",
  options: REPORT_OPTIONS,
  notes:
    `Subtests come with their parent, when that ends. Where they are more than 8 MiB
before that, or their parent has ended already, or has no events of its own, they
stand by themselves and name it; so do those that fail when it passes, lest they
be overlooked. A uxsuccess, a lost test and damage are "not ok".
Names take one line, with control characters shown escaped; those that had to be
changed or cut are in the diagnostics. Perl's prove reads version 14 of TAP from
Test::Harness 3.48 on.
${REPORT_NOTES}`,
  exitStatus: REPORT_STATUS,
  examples: [
    "subunit2tap run.subunit > run.tap",
    "./runner | subunit2tap -f -o run.tap | subunit-ls --failing",
  ],
  run(io, options, files) {
    return runReport(
      io,
      options,
      files,
      (out) => new TapReport((text) => out.writeText(text)),
      { attachments: true },
    );
  },
});

if (import.meta.main) runTool(tool);
