#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write
/**
 * subunit2disk: writes each test of a stream as a directory with its files and
 * with `test.json`, which has its outcome. Nothing is ever overwritten.
 *
 * @module
 */

import { DiskReport } from "./report/disk_report.ts";
import { REPORT_OPTIONS, runReport } from "./report/report.ts";
import {
  defineTool,
  REPORT_STATUS,
  runTool,
  type Tool,
} from "./kit/tool/tool.ts";

const { "output-to": _, ...OPTIONS } = REPORT_OPTIONS;

export const tool: Tool = defineTool({
  name: "subunit2disk",
  summary: "Write each test of a subunit stream as a directory with its files",
  operands: "[FILE...]",
  options: {
    directory: {
      short: "d",
      value: "DIR",
      help: "write the directories to DIR, not to the working directory",
    },
    ...OPTIONS,
  },
  notes:
    `A directory has the name of its test. Characters that no name can have are escaped
("/" is %2F), long names are cut, and existing files are left alone: another run of
a test has "-1" after its name, and so on. Its test.json has the id in full; it is
empty until all files are written.
Text between the packets goes to standard error.`,
  exitStatus: REPORT_STATUS,
  examples: [
    "subunit2disk -d results run.subunit",
    "./runner | subunit2disk -d results --forward | subunit-ls --failing",
  ],
  run(io, { directory = ".", ...options }, files) {
    return runReport(
      io,
      { ...options, "output-to": undefined },
      files,
      () => new DiskReport(directory),
      { attachments: true },
    );
  },
});

if (import.meta.main) runTool(tool);
