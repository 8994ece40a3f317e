#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write
/**
 * subunit2tap: reports the tests of a stream as TAP 14, one test point per test
 * when it ends, with subtests before their parents.
 *
 * @module
 */

import { REPORT_NOTES, REPORT_OPTIONS, runReport } from "./report/report.ts";
import { TapReport } from "./report/tap_report.ts";
import { endsFor, MAX_FILE_LENGTH } from "./kit/text/content.ts";
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
    `Subtests are written with their parent, when it ends. They stand alone and name
their parent if they exceed 8 MiB before that, or if the parent has already ended or
has no events; so do subtests that fail below a parent that passes, so that they are
not overlooked. A uxsuccess, a lost test and damage are "not ok".
A name takes one line, with control characters escaped; the diagnostics have names
that were changed or cut. Files of more than 1.5 million characters are cut in the
middle. Perl's prove reads TAP 14 since Test::Harness 3.48.
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
      (out) => new TapReport(out),
      { attachments: endsFor(MAX_FILE_LENGTH) },
    );
  },
});

if (import.meta.main) runTool(tool);
