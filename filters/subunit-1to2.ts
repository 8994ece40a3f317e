#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-run
/**
 * subunit-1to2: converts the tests of version 1, the legacy text protocol, to
 * packets. Text and packets in the input pass on unchanged, in place.
 *
 * @module
 */

import { toUtf8 } from "@subunit/codec/text";
import { V1Converter } from "./capture/v1_converter.ts";
import { runCommand } from "./kit/io/command.ts";
import type { CommandStatus } from "./kit/runtime/runtime.ts";
import { commandEnding, endingId, writeEnding } from "./kit/stream/failures.ts";
import {
  defineTool,
  EXIT_STATUS_OPTION,
  runTool,
  type Tool,
  ToolError,
  TRANSFORM_STATUS,
  UsageError,
} from "./kit/tool/tool.ts";

export const tool: Tool = defineTool({
  name: "subunit-1to2",
  summary: "Convert version 1, the legacy text protocol, to a subunit stream",
  operands: "[FILE...] | -- COMMAND [ARG...]",
  takesCommand: true,
  options: {
    route: { value: "CODE", help: "give the tests this route code" },
    detect: { help: "pass on packets in the input (the default)" },
    "no-detect": { help: "read everything as version 1 and text" },
    ...EXIT_STATUS_OPTION,
  },
  notes:
    `A test that is interrupted by another test, by progress or by the end of input is
a failure. Events have the time that the stream gives, and the current time before
it gives one. The output of COMMAND is converted live. How it ended is the event
"COMMAND: exit status": a failure when it failed and no failed test explains that,
otherwise an event that no tool counts. Signals are passed on to COMMAND; the exit
status is its own.`,
  exitStatus: TRANSFORM_STATUS,
  examples: [
    "./legacy-suite | subunit-1to2 | subunit-ls --failing",
    "subunit-1to2 --route legacy -- ./legacy-suite --all > run.subunit",
  ],
  async run(io, options, files, command) {
    if (command?.length === 0) {
      throw new UsageError('Expected a command after "--"');
    }
    if (command !== undefined && files.length > 0) {
      throw new UsageError("Cannot read a FILE and run a command");
    }
    const converter = new V1Converter(io.out, {
      routeCode: options.route,
      detectsPackets: !options["no-detect"],
      judges: options["exit-status"] || command !== undefined,
    });
    if (command === undefined) {
      const chunks = toUtf8(io.chunks(files), { mayHoldPackets: true });
      for (const chunk of chunks) converter.push(chunk);
      return converter.end();
    }
    const ending = {
      testId: endingId(command[0]),
      routeCode: options.route,
    };
    let status: CommandStatus;
    try {
      status = await runCommand(command, (chunk) => {
        converter.push(chunk);
        io.out.flush();
      });
    } catch (error) {
      if (error instanceof ToolError) {
        const reason = "it could not be run to completion";
        writeEnding(io.out, { ...ending, status: "fail", reason });
      }
      throw error;
    }
    const verdict = converter.end();
    converter.makeRoom();
    writeEnding(io.out, commandEnding(ending, status, verdict > 0));
    return status.code || (options["exit-status"] ? verdict : 0);
  },
});

if (import.meta.main) runTool(tool);
