#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-run
/**
 * subunit-exec: run a test command. Its results, whatever else it prints and
 * how it ends are one stream, which no later stage can take for a good one
 * when the command was not.
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
  summary: "Run a test command, and make one stream of all that it says",
  operands: "-- COMMAND [ARG...]",
  takesCommand: true,
  options: {
    detect: { help: "find out the form of its results (the default)" },
    v1: { help: "its results are version 1, the line protocol" },
    v2: { help: "its results are packets" },
    tap: { help: "its results are TAP" },
    gojson: { help: "its results are those of go test -json" },
    fd: {
      value: "N",
      help: "its results come from descriptor N, 3 to 9, not standard output",
    },
  },
  notes:
    `What is no result becomes the files "stdout" and "stderr"; with --fd, all that is
printed is the file "output". A test that never ended is a failure. How COMMAND
ended is the event "COMMAND: exit status": a failure when it failed and no failed
test explains that, otherwise one that counts nowhere. Output in a named format is
text, whatever bytes it has. Signals are passed on to COMMAND.`,
  exitStatus: [
    "no test failed or was lost, and the command exited 0",
    "otherwise",
  ],
  examples: [
    "subunit-exec -- node --test --test-reporter=tap | subunit-ls --failing",
    "subunit-exec --fd 3 -- ./suite --results-to /dev/fd/3 > run.subunit",
  ],
  // Pipes and signals that are still listened to would keep it alive.
  forcesExit: true,
  async run(io, options, operands, words = []) {
    if (words.length === 0 || operands.length > 0) {
      throw new UsageError("Expected a command to run, behind --");
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
    passSignals(command);
    await Promise.all([
      recorder.recordResults(command.stdout, format),
      recorder.recordText(
        command.stderr,
        fd === undefined ? "stderr" : "output",
      ),
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
