#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write
/**
 * subunit2csv: writes the tests of a stream as comma-separated values, one row
 * per test when it ends.
 *
 * @module
 */

import { CsvReport } from "./report/csv_report.ts";
import { COLUMN_NAMES } from "./report/csv_row.ts";
import { REPORT_NOTES, REPORT_OPTIONS, runReport } from "./report/report.ts";
import {
  defineTool,
  parseChoice,
  REPORT_STATUS,
  runTool,
  type Tool,
} from "./kit/tool/tool.ts";

const DEFAULT_COLUMNS = "test,status,start_time,stop_time";

export const tool: Tool = defineTool({
  name: "subunit2csv",
  summary: "List the tests of a subunit stream as comma-separated values",
  operands: "[FILE...]",
  options: {
    columns: {
      value: "LIST",
      help: `any of ${COLUMN_NAMES.join(", ")}`,
    },
    ...REPORT_OPTIONS,
  },
  notes: `The default columns are ${DEFAULT_COLUMNS}. A field that a
spreadsheet would read as a formula has "'" before it.
${REPORT_NOTES}`,
  exitStatus: REPORT_STATUS,
  examples: [
    "subunit2csv run.subunit > run.csv",
    "./runner | subunit2csv --columns test,seconds -f -o run.csv | subunit-ls",
  ],
  run(io, options, files) {
    const columns = (options.columns ?? DEFAULT_COLUMNS).split(",")
      .map((name) => parseChoice("columns", name, COLUMN_NAMES));
    return runReport(
      io,
      options,
      files,
      (out) => new CsvReport(out, columns),
    );
  },
});

if (import.meta.main) runTool(tool);
