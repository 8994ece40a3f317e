#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write
/**
 * subunit2trace: writes the tests of a stream as a trace, for Perfetto and
 * chrome://tracing, or for OpenTelemetry.
 *
 * @module
 */

import { endsFor } from "./kit/text/content.ts";
import { REPORT_NOTES, REPORT_OPTIONS, runReport } from "./report/report.ts";
import { ChromeTrace } from "./report/trace/chrome_trace.ts";
import { MAX_READ_LENGTH } from "./traceback/reason.ts";
import {
  defineTool,
  REPORT_STATUS,
  runTool,
  type Tool,
} from "./kit/tool/tool.ts";

export const tool: Tool = defineTool({
  name: "subunit2trace",
  summary: "Write the tests of a subunit stream as a trace",
  operands: "[FILE...]",
  options: {
    otlp: { help: "write lines of OpenTelemetry's JSON, not Chrome's" },
    ...REPORT_OPTIONS,
  },
  notes:
    `Open the trace in ui.perfetto.dev or chrome://tracing: a lane for each route,
more where tests overlap, with subtests within their parents. Failures are marked;
select a test for its outcome, tags and the reason. A trace that breaks off can be
opened too. Lost tests last until the end. Tests with no time are shown in order on
a lane of their own, and counted in the labels of the process.
With --otlp there is one trace for the stream, with a span for each test, below one
for the run. Each line can be posted to a collector (/v1/traces).
${REPORT_NOTES}`,
  exitStatus: REPORT_STATUS,
  examples: [
    "subunit2trace -o trace.json run.subunit",
    "./runner | subunit2trace --otlp -f -o spans.jsonl | subunit-ls",
  ],
  async run(io, options, files) {
    const Trace = options.otlp
      ? (await import("./report/trace/otlp_trace.ts")).OtlpTrace
      : ChromeTrace;
    return runReport(
      io,
      options,
      files,
      (out, tests) => new Trace(out, tests),
      { attachments: endsFor(MAX_READ_LENGTH) },
    );
  },
});

if (import.meta.main) runTool(tool);
