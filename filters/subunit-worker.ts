#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-run
/**
 * subunit-worker: lists and runs tests on demand. It reads commands as packets
 * from standard input, and writes results and answers to standard output.
 *
 * @module
 */

import {
  defineTool,
  parseChoice,
  parseCount,
  runTool,
  type Tool,
  UsageError,
} from "./kit/tool/tool.ts";
import { ON_ASK } from "./serve/worker/leaf.ts";
import type { EngineSurroundings } from "./serve/worker/serve_leaf.ts";

const ENGINES = ["deno", "node", "python", "exec"] as const;

export const tool: Tool = defineTool({
  name: "subunit-worker",
  summary: "List and run tests on demand, as packets on standard input ask for",
  operands: `${ENGINES.join("|")} [PATH|MODULE...] [-- FLAG...]`,
  takesCommand: true,
  options: {
    timeout: { value: "SECONDS", help: "end a test after SECONDS (60)" },
    "load-timeout": {
      value: "SECONDS",
      help: "end loading after SECONDS (120)",
    },
    "on-ask": {
      value: "wait|eof|fail",
      help:
        "a test that reads its input waits for the client to answer, reads the \
end of input (the default), or fails",
    },
    debugger: {
      value: "COMMAND",
      help:
        "deno, node: the debugger of tests that are run to be debugged, such as \
node inspect",
    },
    eager: { help: "get ready before the first command" },
    list: { value: "COMMAND", help: "exec: COMMAND prints the ids of tests" },
    run: {
      value: "COMMAND",
      help: "exec: COMMAND runs the ids in the file $IDFILE",
    },
    build: {
      value: "COMMAND",
      help: "exec: COMMAND makes what the others need, at first and on reload",
    },
  },
  notes:
    `FLAGs are those of deno run, node or python3; under Deno, tests have the permissions in them
and no others. Each run has a fresh process, so it sees every edit. Standard output
and standard error of a test become its files "stdout" and "stderr". A test that
ends the process, or takes too long, fails with the tag "lost"; the others go on.
A test that is run to be debugged, by subunit-run --debug, has no time limit and waits
for answers; with --debugger, its process waits for a debugger on a port of this
machine, and standard input is that debugger's. When standard input ends, so does the
test in progress, within seconds, and nothing that it has started is left. Commands run
code: never connect standard input to a network.`,
  exitStatus: ["the commands ended", "not used"],
  examples: [
    "subunit-worker deno tests/ -- --allow-read",
    `subunit-worker --list './unit --list' --run './unit --only-in "$IDFILE"' exec`,
  ],
  // Open pipes and signal listeners would keep the process alive.
  forcesExit: true,
  async run(io, options, [engine, ...paths], flags = []) {
    if (engine === undefined) {
      throw new UsageError(`Expected an engine: ${ENGINES.join(", ")}`);
    }
    const name = parseChoice("engine", engine, ENGINES);
    const { list, run, build } = options;
    const isRuntime = name === "deno" || name === "node";
    if (options.debugger !== undefined && !isRuntime) {
      throw new UsageError(
        "Option --debugger is for the engines deno and node",
      );
    }
    const commands = [list, run, build].filter((one) => one !== undefined);
    if (name === "exec" ? paths.length + flags.length > 0 : commands.length) {
      throw new UsageError(
        name === "exec"
          ? "Expected no paths and no flags for the engine exec"
          : "Options --list, --run and --build are for the engine exec",
      );
    }
    const settings = {
      timeoutSeconds: parseCount("timeout", options.timeout ?? "60"),
      loadSeconds: parseCount("load-timeout", options["load-timeout"] ?? "120"),
      onAsk: parseChoice("on-ask", options["on-ask"] ?? "eof", ON_ASK),
    };
    if (name === "python") {
      if (paths.length === 0) throw new UsageError("Expected a module");
      const { servePython } = await import("./serve/engines/python_engine.ts");
      const words = [
        `--timeout=${settings.timeoutSeconds}`,
        `--load-timeout=${settings.loadSeconds}`,
        `--on-ask=${settings.onAsk}`,
        ...options.eager ? ["--eager"] : [],
        "--",
        ...paths,
      ];
      return await servePython(words, flags);
    }
    const { serveLeaf } = await import("./serve/worker/serve_leaf.ts");
    if (name === "exec") {
      if (run === undefined) throw new UsageError("Expected --run");
      const { ExecEngine } = await import("./serve/engines/exec_engine.ts");
      return await serveLeaf(
        io.out,
        (surroundings) =>
          new ExecEngine({ commands: { list, run, build }, ...surroundings }),
        settings,
      );
    }
    const debuggerWords = options.debugger?.split(/\s+/).filter(Boolean);
    // Each loads modules that the other does not need.
    const how = name === "deno"
      ? (await import("./serve/engines/deno_engine.ts")).denoEngine
      : (await import("./serve/engines/node_engine.ts")).nodeEngine;
    const { ProcessEngine } = await import("./serve/engines/process_engine.ts");
    const makeEngine = (surroundings: EngineSurroundings) => {
      const made = new ProcessEngine({
        ...how(paths, flags, debuggerWords),
        ...surroundings,
      });
      if (options.eager) made.prepare();
      return made;
    };
    return await serveLeaf(io.out, makeEngine, settings);
  },
});

if (import.meta.main) runTool(tool);
