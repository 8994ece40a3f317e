#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write
/**
 * subunit2github: what is wrong in a stream, at its place in the sources: as
 * annotations of a GitHub workflow, and as others want it.
 *
 * @module
 */

import { resolve } from "node:path";
import {
  FindingsReport,
  FORMAT_NAMES,
  FORMATS,
  JobSummaryFile,
  MAX_LISTED,
} from "./github/findings_report.ts";
import {
  CommandFreeText,
  MAX_ANNOTATIONS,
} from "./github/workflow_commands.ts";
import { isRegularFile } from "./kit/io/files.ts";
import { REPORT_NOTES, REPORT_OPTIONS, runReport } from "./report/report.ts";
import { projectIn } from "./traceback/project.ts";
import {
  defineTool,
  parseChoice,
  REPORT_STATUS,
  runTool,
  type Tool,
} from "./kit/tool/tool.ts";

export const tool: Tool = defineTool({
  name: "subunit2github",
  summary: "Annotate a GitHub workflow with what is wrong in a subunit stream",
  operands: "[FILE...]",
  options: {
    format: {
      value: "NAME",
      help: `the form of the report: ${FORMAT_NAMES.join(", ")}`,
    },
    root: {
      value: "DIR",
      help: "paths in the report are relative to this directory",
    },
    summary: {
      value: "FILE",
      help: "append a page in Markdown about all tests to this",
    },
    ...REPORT_OPTIONS,
  },
  notes:
    `Errors are, worst first: damage (one for all), lost tests, failed ones, those
that succeeded unexpectedly. Tests tagged "flaky" that passed are warnings.
GitHub shows ${MAX_ANNOTATIONS} of a kind; a notice counts the others. The summary lists up to
${MAX_LISTED} of a kind, and is no longer than GitHub takes.
gitlab is a Code Quality report, plain a line as compilers print it for each.
The place is the innermost frame of the test's traceback that is in the project.
Relative paths in it are taken from the working directory.
No text from the stream becomes a command of the workflow: it is shown line by
line, with "\\u003a" or "\\u005b" in what would be one. With --forward that is
up to what reads the stream.
${REPORT_NOTES}`,
  exitStatus: REPORT_STATUS,
  examples: [
    './runner | subunit2github --summary "$GITHUB_STEP_SUMMARY"',
    "subunit2github --format gitlab -o gl-code-quality-report.json run.subunit",
  ],
  run(io, options, files) {
    const makeFormat = FORMATS[
      parseChoice("format", options.format ?? "github", FORMAT_NAMES)
    ];
    const here = resolve(".");
    const project = projectIn(
      resolve(options.root ?? "."),
      here,
      isRegularFile,
    );
    return runReport(io, options, files, (out) => {
      const jobSummary = options.summary === undefined
        ? undefined
        : new JobSummaryFile(options.summary);
      return new FindingsReport(out, makeFormat(), project, jobSummary);
    }, { attachments: true, text: new CommandFreeText() });
  },
});

if (import.meta.main) runTool(tool);
