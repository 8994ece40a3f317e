#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write --allow-run=sh --allow-env=XDG_RUNTIME_DIR,TMPDIR,SUBUNIT_SOCKET --allow-sys=uid --allow-net --deny-net=0.0.0.0/0
/**
 * subunit-attach: a terminal on a test that waits for input, such as one that has
 * stopped in a debugger. Other tests go on.
 *
 * @module
 */

import {
  defineTool,
  parseCount,
  runTool,
  type Tool,
  UsageError,
} from "./kit/tool/tool.ts";
import { attach, listRoutes } from "./serve/attach/attach.ts";
import { connectToServer } from "./serve/attach/connection.ts";

export const tool: Tool = defineTool({
  name: "subunit-attach",
  summary: "Talk to a test that waits for input",
  operands: "[ROUTE]",
  options: {
    list: { help: "print what each route does; those that ask come first" },
    next: { help: "talk to the test that asks next" },
    "read-only": { help: "only watch; any number of people can" },
    steal: { help: "take over from whoever gives the input now" },
    lines: {
      value: "N",
      help: "begin with the last N lines of the output before (40)",
    },
    socket: {
      value: "PATH",
      help: "the socket of the server; needed where several run",
    },
  },
  notes:
    `The terminal edits the line, and Enter sends it. Ctrl-C interrupts the test, Ctrl-D
ends its input, and Ctrl-] leaves while the test goes on waiting. The session ends with
the test. Without a terminal, standard input is the input of the test.

--list prints route, test, state, seconds in that state, and what the test asks, with
tabs between them. Control characters in output are escaped on a terminal.`,
  exitStatus: ["the test ended, or you left", "the server ended"],
  examples: ["subunit-attach --next", "subunit-attach 1/0 --lines 100"],
  // The connection and standard input would keep the process alive.
  forcesExit: true,
  async run(io, options, operands) {
    const [route, ...more] = operands;
    const ways = Number(options.list) + Number(options.next) + operands.length;
    if (ways !== 1 || more.length > 0) {
      throw new UsageError("Expected a ROUTE, --next or --list");
    }
    const lines = parseCount("lines", options.lines ?? "40");
    const server = await connectToServer(options.socket);
    if (options.list) {
      await listRoutes(io, server);
      return 0;
    }
    return await attach(io, server, {
      route,
      lines,
      isReadOnly: options["read-only"],
      steals: options.steal,
    });
  },
});

if (import.meta.main) runTool(tool);
