#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write
/**
 * subunit2pyunit: reports the tests of a stream as Python's unittest does: one
 * line per test when it ends, then the failures, then a summary.
 *
 * @module
 */

import { PyunitReport } from "./report/pyunit_report.ts";
import { REPORT_NOTES, REPORT_OPTIONS, runReport } from "./report/report.ts";
import { endsFor, MAX_FILE_LENGTH } from "./kit/text/content.ts";
import {
  defineTool,
  REPORT_STATUS,
  runTool,
  type Tool,
} from "./kit/tool/tool.ts";

export const tool: Tool = defineTool({
  name: "subunit2pyunit",
  summary: "Report the tests of a subunit stream as Python's unittest does",
  operands: "[FILE...]",
  options: {
    progress: { help: "show one character per test, not a line" },
    ...REPORT_OPTIONS,
  },
  notes:
    `Failures are held, and reported at the end. A lost test is an error, and damage
is a failure. The seconds are those between the first and the last time in the
stream, not those that the report took. Files of more than 1.5 million characters
are cut in the middle.
${REPORT_NOTES}`,
  exitStatus: REPORT_STATUS,
  examples: [
    "subunit2pyunit run.subunit",
    "./runner | subunit2pyunit --progress --forward > run.subunit",
  ],
  run(io, options, files) {
    return runReport(
      io,
      options,
      files,
      (out) => new PyunitReport(out, options.progress),
      { attachments: endsFor(MAX_FILE_LENGTH) },
    );
  },
});

if (import.meta.main) runTool(tool);
