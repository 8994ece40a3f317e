#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write
/**
 * subunit2junitxml: reports the tests of a stream as JUnit XML, one case per
 * test, in suites.
 *
 * @module
 */

import { reasonOf } from "./kit/errors.ts";
import { makeDirectories } from "./kit/io/new_file.ts";
import { pythonRegex } from "./kit/python/regex.ts";
import { endsFor } from "./kit/text/content.ts";
import { charactersRead } from "./report/junit_case.ts";
import { type JunitOptions, JunitReport } from "./report/junit_report.ts";
import { REPORT_NOTES, REPORT_OPTIONS, runReport } from "./report/report.ts";
import {
  defineTool,
  parseCount,
  REPORT_STATUS,
  runTool,
  type Tool,
  ToolError,
} from "./kit/tool/tool.ts";

const DEFAULT_CHARACTERS = 65536;

/** @throws {ToolError} when it cannot be made */
function makeDirectory(path: string): void {
  try {
    makeDirectories(path);
  } catch (error) {
    throw new ToolError(
      `Cannot make directory "${path}": ${reasonOf(error)}: check the path`,
    );
  }
}

export const tool: Tool = defineTool({
  name: "subunit2junitxml",
  summary: "Report the tests of a subunit stream as JUnit XML",
  operands: "[FILE...]",
  options: {
    "suite-from": {
      value: "REGEX",
      help: "name suites by the match in the id, or by its group",
    },
    "max-output": {
      value: "COUNT",
      help: `keep COUNT characters of each file (${DEFAULT_CHARACTERS})`,
    },
    attachments: {
      value: "DIR",
      help: "write files other than the reason to DIR, and name them instead",
    },
    retries: {
      help: "join the failed runs of a test, which is flaky if one passed",
    },
    ...REPORT_OPTIONS,
  },
  notes:
    `A suite is written when a test of another suite ends, or when its cases exceed a
million characters; later tests of it begin it again. With --retries, failed tests
are held until they pass or the stream ends.
Suites and hosts come from the tags suite:NAME and host:NAME of junitxml2subunit,
unless --suite-from names the suites. All runs of a test are in one suite and on
one host. Route code, other tags and parent are properties. Control characters, and
others that XML cannot hold, are escaped. Files that are not text are only named.
With --attachments, each test with files has a directory in DIR; the output names
them as [[ATTACHMENT|PATH]], which Jenkins and GitLab read.
${REPORT_NOTES}`,
  exitStatus: REPORT_STATUS,
  examples: [
    "./runner | subunit2junitxml > report.xml",
    "subunit2junitxml --suite-from '^([^.]*)' -f -o report.xml run.subunit | subunit-ls",
  ],
  run(io, options, files) {
    const { attachments, retries } = options;
    const regex = options["suite-from"];
    const most = options["max-output"];
    const report: JunitOptions = {
      suiteFrom: regex === undefined ? undefined : pythonRegex(regex),
      most: most === undefined
        ? DEFAULT_CHARACTERS
        : parseCount("max-output", most),
      attachments,
      retries,
    };
    if (attachments !== undefined) makeDirectory(attachments);
    const needs = {
      attachments: attachments === undefined
        ? endsFor(charactersRead(report.most))
        : true,
    };
    return runReport(
      io,
      options,
      files,
      (out) => new JunitReport(out, report),
      needs,
    );
  },
});

if (import.meta.main) runTool(tool);
