#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write --allow-run --allow-env=XDG_RUNTIME_DIR,TMPDIR,SUBUNIT_SOCKET --allow-sys=uid --allow-net --deny-net=0.0.0.0/0
/**
 * subunit-serve: starts test servers, starts them again when they die, and makes
 * one server of them: commands go to the one on their route, and what they write
 * comes with the route in front.
 *
 * @module
 */

import {
  makeSocketPath,
  PrivateSocket,
  surroundingSocket,
} from "./kit/io/sockets.ts";
import {
  defineTool,
  parseBytes,
  parseCount,
  runTool,
  type Tool,
  ToolError,
  type ToolIO,
  UsageError,
} from "./kit/tool/tool.ts";
import { serveHub } from "./serve/hub/serve_hub.ts";

export const tool: Tool = defineTool({
  name: "subunit-serve",
  summary: "Make one test server of many, and keep them running",
  operands: "",
  options: {
    worker: {
      value: "COMMAND",
      list: true,
      help: "start COMMAND, a test server, with a shell; may be repeated",
    },
    jobs: { short: "j", value: "N", help: "start each COMMAND N times (1)" },
    name: {
      value: "ROUTE",
      list: true,
      help: "the routes of the workers, in their order (0, 1, 2)",
    },
    "max-restarts": {
      value: "N",
      help: "start each worker again at most N times (10)",
    },
    socket: {
      value: "PATH",
      help:
        "subunit-attach finds the server at PATH; only you may enter its folder",
    },
    "no-socket": { help: "nobody can attach" },
    backlog: {
      value: "BYTES",
      help: "keep BYTES of each route's output for who attaches (64K)",
    },
  },
  notes:
    `Commands are packets on standard input, as for subunit-worker; a route code says which
worker they are for. Without one, list, reload, ping and quit are for all. The test in
progress of a worker that dies fails with the tag "lost"; the worker starts again, after
0, 1, 2 and 4 seconds, and gets the rest. When standard input ends, or nobody reads any
more, the workers end, and so does what they have started.

The socket is in the folder subunit of $XDG_RUNTIME_DIR, or in a folder of yours for
temporary files. Whoever can connect to it can run code: a folder that others can enter is
refused, and there is no port. A server inside another one has no socket of its own.`,
  exitStatus: [
    "the commands ended",
    "a worker ended too often",
  ],
  examples: [
    "subunit-serve -j 4 --worker 'subunit-worker python my.tests'",
    "subunit-serve --worker 'ssh a ./tests-server' --worker 'ssh b ./tests-server'",
  ],
  // Open pipes, sockets and signal listeners would keep the process alive.
  forcesExit: true,
  async run(io, options, operands) {
    if (operands.length > 0) {
      throw new UsageError(`Unexpected operand "${operands[0]}"`);
    }
    if (options.worker.length === 0) throw new UsageError("Expected --worker");
    const jobs = parseCount("jobs", options.jobs ?? "1");
    if (jobs === 0) {
      throw new UsageError('Option --jobs is "0": expected 1 or more');
    }
    const commands = options.worker.flatMap((command) =>
      Array<string>(jobs).fill(command)
    );
    const names = namesOf(options.name, commands.length);
    const socket = options["no-socket"]
      ? undefined
      : await openSocket(io, options.socket);
    return await serveHub({
      commands,
      names,
      socket,
      env: socket === undefined ? {} : { SUBUNIT_SOCKET: socket.path },
      maxRestarts: parseCount("max-restarts", options["max-restarts"] ?? "10"),
      backlogBytes: parseBytes("backlog", options.backlog ?? "64K"),
      warn: (message) => io.warn(message),
    });
  },
});

function namesOf(names: readonly string[], count: number): readonly string[] {
  if (names.length === 0) {
    return Array.from({ length: count }, (_, i) => `${i}`);
  }
  if (names.length !== count || new Set(names).size !== count) {
    throw new UsageError(`Expected ${count} different names, one a worker`);
  }
  const bad = names.find((name) => name === "" || /[/\0]/.test(name));
  if (bad === undefined) return names;
  throw new UsageError(
    `Option --name is "${bad}": expected a name without "/"`,
  );
}

/** Opens the socket; a server runs without one where it was not asked for. */
async function openSocket(
  io: ToolIO,
  path: string | undefined,
): Promise<PrivateSocket | undefined> {
  if (path !== undefined) return await PrivateSocket.open(path);
  if (surroundingSocket() !== undefined) return undefined;
  try {
    return await PrivateSocket.open(await makeSocketPath());
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    io.warn(`${error.message}: nobody can attach`);
    return undefined;
  }
}

if (import.meta.main) runTool(tool);
