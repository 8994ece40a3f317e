#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-run
/**
 * subunit-exec: runs a test command and makes one stream of its results, its
 * other output and how it ended, so that a command that failed fails every
 * later stage.
 *
 * @module
 */

import type { Limit } from "./capture/limits.ts";
import { recordAttempts } from "./capture/recorded_command.ts";
import {
  commandEnd,
  commandStart,
} from "./history/repository/command_records.ts";
import { endingId } from "./kit/stream/failures.ts";
import {
  chosenOption,
  defineTool,
  parseCount,
  parseDuration,
  runTool,
  type Tool,
  UsageError,
} from "./kit/tool/tool.ts";

const FORMATS = ["detect", "v1", "v2", "tap", "gojson"] as const;

export const tool: Tool = defineTool({
  name: "subunit-exec",
  summary: "Run a test command, and make one stream of its results and output",
  operands: "-- COMMAND [ARG...]",
  takesCommand: true,
  options: {
    detect: { help: "detect the format of the results (the default)" },
    v1: { help: "the results are version 1, the text protocol" },
    v2: { help: "the results are packets" },
    tap: { help: "the results are TAP" },
    gojson: { help: "the results are the output of go test -json" },
    fd: {
      value: "N",
      help: "read the results from descriptor N, 3 to 9, not standard output",
    },
    timeout: {
      value: "TIME",
      help: "end COMMAND after TIME, such as 30s or 1h",
    },
    "no-output-timeout": {
      value: "TIME",
      help: "end COMMAND when it writes nothing for TIME",
    },
    grace: {
      value: "TIME",
      help: "kill it TIME after it was asked to end (10s at a time limit)",
    },
    retries: {
      value: "N",
      help: "run failed tests again, up to N times, with --rerun",
    },
    rerun: {
      value: "COMMAND",
      help: "a shell command, with {} for the ids of failed tests",
    },
  },
  notes:
    `Other output becomes the files "stdout" and "stderr"; with --fd, all output is the
file "output". A test that never ended is a failure. How COMMAND ended is the event
"COMMAND: exit status": a failure when it failed and no failed test explains that,
or when its results are in none of these formats, otherwise an event that no tool
counts. Where the format is named, other output is text, whatever bytes it has.
Signals are passed on to COMMAND; after one has ended it, the tool ends too, even if
another process holds its output.
The stream begins with COMMAND and ends with its exit status or signal in packets
that no tool counts; subunit-load keeps them as the record of the run.
At a time limit the tests in progress are named, with the last that they wrote, and
fail. COMMAND and all that it started receive SIGTERM, then SIGKILL.
A test that passes when it runs again has the tag flaky; its first attempts stay in
the stream as they were. {} becomes one word for each id. The last result of each
test decides about the exit status, but to skip it repairs nothing; nor is all good
where a test of COMMAND never ended: tests after it may not have run.`,
  exitStatus: [
    "no test failed or was lost, and the command exited 0",
    "otherwise",
  ],
  examples: [
    "subunit-exec -- node --test --test-reporter=tap | subunit-ls --failing",
    "subunit-exec --fd 3 -- ./suite --results-to /dev/fd/3 > run.subunit",
  ],
  // Open pipes and signal listeners would keep the process alive.
  forcesExit: true,
  async run(io, options, operands, words = []) {
    if (words.length === 0 || operands.length > 0) {
      throw new UsageError("Expected a command to run, after --");
    }
    const format = chosenOption(options, FORMATS) ?? "detect";
    const retries = parseCount("retries", options.retries ?? "0");
    const { rerun } = options;
    if ((retries > 0) !== (rerun !== undefined)) {
      throw new UsageError("Options --retries and --rerun need each other");
    }
    if (rerun !== undefined && !rerun.includes("{}")) {
      throw new UsageError(`Option --rerun is "${rerun}": expected {} in it`);
    }
    const limit = (
      name: "timeout" | "no-output-timeout",
    ): Limit | undefined => {
      const text = options[name];
      return text === undefined
        ? undefined
        : { seconds: parseDuration(name, text), text };
    };
    const plan = {
      words,
      testId: endingId(words[0]),
      format,
      fd: options.fd === undefined ? undefined : parseFd(options.fd),
      limits: {
        timeout: limit("timeout"),
        noOutput: limit("no-output-timeout"),
      },
      graceSeconds: parseDuration("grace", options.grace ?? "10s"),
      hasGrace: options.grace !== undefined,
    };
    const reruns = { retries, script: rerun };
    const isGood = await recordAttempts(io, plan, reruns, {
      start: commandStart,
      end: commandEnd,
    });
    return isGood ? 0 : 1;
  },
});

function parseFd(value: string): number {
  if (/^[3-9]$/.test(value)) return Number(value);
  throw new UsageError(`Option --fd is "${value}": expected 3 to 9`);
}

if (import.meta.main) runTool(tool);
