#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write
/**
 * subunit-faults: tags each failure with its fault, an id that failures with the
 * same cause share. Only the tags of these packets change; text and damage pass on.
 *
 * @module
 */

import {
  FaultRun,
  LOG_OPTIONS,
  RULE_OPTIONS,
} from "./faults/collate/fault_run.ts";
import {
  defineTool,
  EXIT_STATUS_OPTION,
  runTool,
  type Tool,
  UsageError,
} from "./kit/tool/tool.ts";

export const tool: Tool = defineTool({
  name: "subunit-faults",
  summary: "Tag the failures of a subunit stream with their faults",
  operands: "[FILE...]",
  options: {
    report: { help: "list the faults instead, those with most tests first" },
    new: {
      value: "FILE",
      help: "list only faults that are not in the log FILE",
    },
    contrast: {
      help: "with --report: count passing tests that print the same",
    },
    explain: { help: "attach what each fault was computed from" },
    ...LOG_OPTIONS,
    ...RULE_OPTIONS,
    ...EXIT_STATUS_OPTION,
  },
  notes:
    `Tests that fail, succeed unexpectedly or were lost get the tag "fault:1-…": a hash of
the exception, the innermost own function, its source line and the message without
numbers, paths and names. A test that failed only because its subtests did gets none,
and a test that has such a tag keeps it.
A file "fault-key" of a test replaces what is hashed; {default} in a line of its own
stands for that. REGEX is searched in "file:function", and those of --helpers in the
function: the caller of a helper counts.
A log is one of fault-log; a run that is logged twice is there once.
With --explain, a file "fault" is attached to each failure, in JSON; "left_out" has the
frames of minified or stripped code, which count for nothing.`,
  exitStatus: [
    "the stream was passed on, or no fault is listed that is new",
    "with --new, there are new faults or damage; with --exit-status, a test failed or was lost; the input is in another format",
  ],
  examples: [
    "./runner | subunit-faults --log team.faults | subunit2html > report.html",
    'subunit-faults --new main.faults run.subunit && echo "nothing new"',
  ],
  run(io, options, files) {
    const isReport = options.report || options.new !== undefined;
    if (options.contrast && !isReport) {
      throw new UsageError("Option --contrast needs --report");
    }
    if (options.explain && isReport) {
      throw new UsageError("Options --explain and --report exclude each other");
    }
    if (
      options.log === undefined &&
      (options.run !== undefined || options.origin !== undefined)
    ) throw new UsageError("Options --run and --origin need --log");
    if (options.log === undefined && options.samples !== undefined) {
      throw new UsageError("Option --samples needs --log");
    }
    if (options["origin-hash"] !== undefined && options.origin === undefined) {
      throw new UsageError("Option --origin-hash needs --origin");
    }
    const run = new FaultRun(io, { ...options, isReport });
    return run.read(files);
  },
});

if (import.meta.main) runTool(tool);
