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
import {
  type EngineSurroundings,
  serveLeaf,
} from "./serve/worker/serve_leaf.ts";
import { ProcessEngine } from "./serve/engines/process_engine.ts";

export const ENGINES = ["deno", "node"] as const;

export const tool: Tool = defineTool({
  name: "subunit-worker",
  summary: "List and run tests on demand, commanded by packets",
  operands: "deno [PATH...] [-- FLAG...]",
  takesCommand: true,
  options: {
    timeout: { value: "SECONDS", help: "end a test after SECONDS (60)" },
    "load-timeout": {
      value: "SECONDS",
      help: "end the loading of a unit after SECONDS (120)",
    },
    "on-ask": {
      value: "wait|eof|fail",
      help: "what a test gets that reads its standard input (wait)",
    },
    eager: { help: "start the first process before the first command" },
  },
  exitStatus: ["the commands ended", "(not used)"],
  examples: ["subunit-worker deno tests/ -- --allow-read"],
  forcesExit: true,
  async run(io, options, [engine, ...paths], flags = []) {
    if (engine === undefined) throw new UsageError("Expected an engine");
    const name = parseChoice("engine", engine, ENGINES);
    const onAsk = parseChoice("on-ask", options["on-ask"] ?? "wait", ON_ASK);
    // Each loads modules that the other does not need.
    const how = name === "deno"
      ? (await import("./serve/engines/deno_engine.ts")).denoEngine
      : (await import("./serve/engines/node_engine.ts")).nodeEngine;
    const makeEngine = (surroundings: EngineSurroundings) => {
      const made = new ProcessEngine({
        ...how(paths, flags),
        ...surroundings,
      });
      if (options.eager) made.prepare();
      return made;
    };
    return await serveLeaf(io.out, makeEngine, {
      timeoutSeconds: parseCount("timeout", options.timeout ?? "60"),
      loadSeconds: parseCount("load-timeout", options["load-timeout"] ?? "120"),
      onAsk,
    });
  },
});

if (import.meta.main) runTool(tool);
