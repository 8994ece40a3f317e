#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write
/**
 * subunit2html: a report as one HTML file, which opens from the disk in any
 * browser and loads nothing.
 *
 * @module
 */

import { endsFor } from "./kit/text/content.ts";
import {
  defineTool,
  REPORT_STATUS,
  runTool,
  type Tool,
} from "./kit/tool/tool.ts";
import { HtmlReport } from "./report/html/html_report.ts";
import { RunFacts } from "./report/html/run_facts.ts";
import { REPORT_NOTES, REPORT_OPTIONS, runReport } from "./report/report.ts";

export const tool: Tool = defineTool({
  name: "subunit2html",
  summary: "Make one HTML page of a subunit stream, to read and search",
  operands: "[FILE...]",
  options: {
    title: { value: "TEXT", help: 'the heading (default "Test results")' },
    commit: { value: "NAME", help: "the version that was tested" },
    ...REPORT_OPTIONS,
  },
  notes: REPORT_NOTES,
  exitStatus: REPORT_STATUS,
  examples: [
    "subunit2html -o report.html run.subunit",
    './runner | subunit2html --commit "$(git rev-parse HEAD)" > report.html',
  ],
  run(io, options, files) {
    const maxAttachmentBytes = 1024 * 1024;
    const { title = "Test results", commit } = options;
    const facts = new RunFacts({ title, commit });
    return runReport(
      io,
      options,
      files,
      (out) => new HtmlReport(out, facts, { maxAttachmentBytes }),
      {
        attachments: endsFor(maxAttachmentBytes),
        other: (item) => facts.addOther(item),
      },
    );
  },
});

if (import.meta.main) runTool(tool);
