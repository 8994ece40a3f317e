#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write --allow-run --allow-env=XDG_RUNTIME_DIR,TMPDIR,SUBUNIT_SOCKET --allow-sys=uid --allow-net --deny-net=0.0.0.0/0
/**
 * subunit-ctl: commands a test server by lines, and prints what it sends as
 * lines.
 *
 * @module
 */

import { defineTool, runTool, type Tool, UsageError } from "./kit/tool/tool.ts";
import { connectLink, control, startServer } from "./serve/ctl/control.ts";

export const tool: Tool = defineTool({
  name: "subunit-ctl",
  summary: "Command a test server by lines",
  operands: "[-- COMMAND [ARG...]]",
  takesCommand: true,
  options: {
    socket: {
      value: "PATH",
      help: "the socket of a server that runs; needed where several do",
    },
  },
  notes:
    `Starts COMMAND, a test server, or connects to one that runs. Lines are:

  [@ROUTE] list [PREFIX...]       print the ids of tests
  [@ROUTE] run [#OPTION...] [ID...]
                                  run tests; an option is timeout=SECONDS
  [@ROUTE] .LINE                  a line for the test that asks
  [@ROUTE] eof                    the end of its input
  [@ROUTE] stop | signal NAME | reload | ping | quit

An ID with spaces is written in quotes, as in JSON. When standard input ends, tests get
no more input, and the server ends once all commands are answered.`,
  exitStatus: [
    "no test failed, and every command was answered",
    "a test failed or was lost, a command was refused, or the server failed",
  ],
  examples: [
    "subunit-ctl -- subunit-worker python my.tests",
    "echo run | subunit-ctl -- subunit-worker deno tests/",
  ],
  // The connection and standard input would keep the process alive.
  forcesExit: true,
  async run(io, options, operands, words) {
    if (operands.length > 0) {
      throw new UsageError("Expected a command to run, after --");
    }
    if (words !== undefined && words.length === 0) {
      throw new UsageError("Expected a command to run, after --");
    }
    if (words !== undefined && options.socket !== undefined) {
      throw new UsageError("Option --socket and a command exclude each other");
    }
    const link = words === undefined
      ? await connectLink(options.socket)
      : startServer(words);
    return await control(io, link);
  },
});

if (import.meta.main) runTool(tool);
