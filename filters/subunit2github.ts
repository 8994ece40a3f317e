#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write
/**
 * subunit2github: failures with their places in the sources, as annotations for a
 * GitHub workflow, as a Code Quality report for GitLab, or as plain lines.
 *
 * @module
 */

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
import { absolutePath } from "./kit/io/paths.ts";
import { endsFor } from "./kit/text/content.ts";
import { REPORT_NOTES, REPORT_OPTIONS, runReport } from "./report/report.ts";
import { projectIn } from "./traceback/project.ts";
import { MAX_READ_LENGTH } from "./traceback/reason.ts";
import {
  defineTool,
  parseChoice,
  REPORT_STATUS,
  runTool,
  type Tool,
} from "./kit/tool/tool.ts";

export const tool: Tool = defineTool({
  name: "subunit2github",
  summary: "Annotate a GitHub workflow with the failures of a subunit stream",
  operands: "[FILE...]",
  options: {
    format: {
      value: "NAME",
      help: `the format of the report: ${FORMAT_NAMES.join(", ")}`,
    },
    root: {
      value: "DIR",
      help: "make paths in the report relative to DIR",
    },
    summary: {
      value: "FILE",
      help: "append a page about all tests, in Markdown, to FILE",
    },
    ...REPORT_OPTIONS,
  },
  notes:
    `Errors, worst first: damage (one annotation for all), lost tests, failures,
unexpected successes. Tests that passed but are tagged "flaky" are warnings.
Tests with the same tag "fault:…", from subunit-faults, share one annotation.
GitHub shows ${MAX_ANNOTATIONS} annotations of each kind; a notice counts the rest. The summary
lists up to ${MAX_LISTED} findings of each kind, within the size that GitHub accepts.
With --format gitlab the report is for Code Quality; with --format plain it is a
line for each finding, as compilers print them.
The place is the innermost frame of the test's traceback that is in the project.
Relative paths in it are resolved against the working directory.
Text from the stream cannot issue workflow commands: it is shown line by line,
with "\\u003a" or "\\u005b" where one would start. With --forward that is up to
what reads the stream.
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
    const here = absolutePath(".");
    const project = projectIn(
      absolutePath(options.root ?? "."),
      here,
      isRegularFile,
    );
    return runReport(io, options, files, (out) => {
      const jobSummary = options.summary === undefined
        ? undefined
        : new JobSummaryFile(options.summary);
      return new FindingsReport(out, makeFormat(), project, jobSummary);
    }, { attachments: endsFor(MAX_READ_LENGTH), text: new CommandFreeText() });
  },
});

if (import.meta.main) runTool(tool);
