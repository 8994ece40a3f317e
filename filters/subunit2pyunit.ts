#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write
/**
 * subunit2pyunit: the tests of a stream as Python's unittest reports them: a
 * line for each as it ends, then what failed and how, then a summary.
 *
 * @module
 */

import { PyunitReport } from "./report/pyunit_report.ts";
import { REPORT_NOTES, REPORT_OPTIONS, runReport } from "./report/report.ts";
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
    progress: { help: "show a character for each test, not a line" },
    ...REPORT_OPTIONS,
  },
  notes:
    `Tests that failed are told of at the end, and held until then. A lost test is
an error, damage a failure. The seconds are those from the first time in the
stream to the last, not those that the report took.
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
      { attachments: true },
    );
  },
});

if (import.meta.main) runTool(tool);
