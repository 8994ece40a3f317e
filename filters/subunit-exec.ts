#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-run
/**
 * subunit-exec: runs a test command and makes one stream of its results, its
 * other output and how it ended, so that a command that failed fails every
 * later stage.
 *
 * @module
 */

import { Recorder, redirected } from "./capture/recorder.ts";
import { passSignals, startCommand } from "./kit/io/command.ts";
import type { ChildProcess } from "./kit/runtime/runtime.ts";
import { commandEnding, writeEnding } from "./kit/stream/failures.ts";
import { defineTool, runTool, type Tool, UsageError } from "./kit/tool/tool.ts";

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
  },
  notes:
    `Other output becomes the files "stdout" and "stderr"; with --fd, all output is the
file "output". A test that never ended is a failure. How COMMAND ended is the event
"COMMAND: exit status": a failure when it failed and no failed test explains that,
otherwise an event that no tool counts. Where the format is named, other output is
text, whatever bytes it has. Signals are passed on to COMMAND; after one has ended
it, the tool ends too, even if another process holds its output.`,
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
    const [format = "detect", another] = FORMATS.filter((one) => options[one]);
    if (another !== undefined) {
      throw new UsageError(
        `Options --${format} and --${another} exclude each other`,
      );
    }
    const fd = options.fd === undefined ? undefined : parseFd(options.fd);
    const testId = `${words[0].split("/").at(-1)}: exit status`;
    const recorder = new Recorder(io.out);
    let command: ChildProcess;
    try {
      const all = fd === undefined ? words : redirected(words, fd);
      command = startCommand(all, "piped");
    } catch (error) {
      const reason = "it could not be started";
      writeEnding(io.out, { testId, status: "fail", reason });
      throw error;
    }
    const { released } = passSignals(command);
    const textName = fd === undefined ? "stderr" : "output";
    await Promise.all([
      recorder.recordResults(command.stdout, format, released),
      recorder.recordText(command.stderr, textName, released),
    ]);
    const status = await command.status;
    const isGood = recorder.end();
    writeEnding(io.out, commandEnding({ testId }, status, !isGood));
    return isGood && status.success ? 0 : 1;
  },
});

function parseFd(value: string): number {
  if (/^[3-9]$/.test(value)) return Number(value);
  throw new UsageError(`Option --fd is "${value}": expected 3 to 9`);
}

if (import.meta.main) runTool(tool);
