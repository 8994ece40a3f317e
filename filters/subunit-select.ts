#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write
/**
 * subunit-select: the arguments with which a test runner runs certain tests and
 * no others, from their ids or from a stream in which they failed.
 *
 * @module
 */

import { isRegularFile, isSameFile } from "./kit/io/files.ts";
import {
  defineTool,
  Output,
  parseBytes,
  parseChoice,
  runTool,
  type Tool,
  type ToolIO,
  UsageError,
} from "./kit/tool/tool.ts";
import { visibleText } from "./kit/text/visible.ts";
import {
  commandsFor,
  lineOf,
  MAX_COMMAND_BYTES,
  targetsOf,
} from "./select/commands.ts";
import { readListedTests } from "./select/listed_tests.ts";
import {
  describeRunners,
  type Runner,
  RUNNER_NAMES,
  RUNNERS,
  type Target,
} from "./select/runners.ts";

/** How many ids are named that cannot be expressed. */
const MAX_NAMED = 10;

export const tool: Tool = defineTool({
  name: "subunit-select",
  summary: "Print the arguments with which a test runner runs certain tests",
  operands: "[FILE...]",
  options: {
    as: { value: "RUNNER", help: "the test runner: see below" },
    null: { short: "0", help: "end words with NUL, for xargs -0" },
    "max-bytes": {
      value: "N",
      help: "start another command before one is longer than N (100K)",
    },
    file: {
      value: "FILE",
      help: "write the tests to FILE, and print the option that names it",
    },
  },
  notes:
    `The input is a list of ids, on lines or ended with NUL, or a stream: its failing
tests. Each line of the output has the arguments of one command, quoted for a shell.
Where one command would run other tests as well, there are several.

  Runner      Ids                     Arguments
${describeRunners()}

In brackets: what else may run. NAME is that of the test and those around it, with
" > " between them. FILE.NAME, as in reports in JUnit's format, is FILE::NAME if FILE
exists. --file is for pytest 8.2 (@FILE), stestr, testr and testtools (--load-list)
and CMake 3.29 (--tests-from-file).`,
  exitStatus: [
    "all arguments were printed",
    "a test cannot be named to the runner, or a failure is not a test",
    "wrong usage, or input or output failed",
    "there is no test to run: nothing was printed",
  ],
  examples: [
    "subunit-select --as pytest -0 run.subunit | xargs -0 -r pytest",
    "subunit-select --as go run.subunit | xargs -r -L 1 go test",
  ],
  run(io, options, files) {
    if (options.as === undefined) {
      throw new UsageError(`Expected --as: ${RUNNER_NAMES.join(", ")}`);
    }
    const name = parseChoice("as", options.as, RUNNER_NAMES);
    const runner: Runner = RUNNERS[name];
    if (options.file !== undefined && runner.fileWords === undefined) {
      throw new UsageError(`Option --file is not for ${name}`);
    }
    const maxBytes = options["max-bytes"] === undefined
      ? MAX_COMMAND_BYTES
      : parseBytes("max-bytes", options["max-bytes"]);
    const { file, null: isNul } = options;
    const { ids, others, complaint } = readListedTests(io, files);
    if (complaint !== undefined) {
      io.warn(complaint);
      return 1;
    }
    const { targets, refused } = targetsOf(runner, ids, isRegularFile, {
      isLines: file !== undefined,
    });
    const isWords = isNul && runner.isPlain;
    const commands = file === undefined
      ? commandsFor(runner, targets, isWords ? Infinity : maxBytes)
      : listFile(runner, targets, file, files);
    if (isNul && commands.length > 1) {
      throw new UsageError(
        `Cannot write ${commands.length} commands with --null, as xargs would join them`,
      );
    }
    for (const words of commands) {
      const text = isNul ? words.join("\0") : lineOf(words);
      io.out.writeText(io.out.isTerminal ? visibleText(text) : text);
      io.out.writeText(isNul ? "\0" : "\n");
    }
    warnOf(io, refused, `expected ${runner.id} for --as ${name}`);
    warnOf(io, others, "it is not a test");
    if (refused.length + others.length > 0) return 1;
    return targets.length === 0 ? 3 : 0;
  },
});

/** Writes targets to a file, and returns the command that names it. */
function listFile(
  runner: Runner,
  targets: readonly Target[],
  path: string,
  inputs: readonly string[],
): string[][] {
  if (targets.length === 0) return [];
  if (inputs.some((input) => isSameFile(input, path))) {
    throw new UsageError(`Cannot write "${path}": it is read as well`);
  }
  const out = Output.toFile(path);
  for (const { name } of targets) {
    for (const one of runner.spellings?.(name) ?? [name]) {
      out.writeText(`${one}\n`);
    }
  }
  out.flush();
  return [runner.fileWords!(path)];
}

/** Names what was left out. */
function warnOf(io: ToolIO, ids: readonly string[], why: string): void {
  for (const id of ids.slice(0, MAX_NAMED)) {
    io.warn(`Cannot select "${id}": ${why}`);
  }
  const more = ids.length - MAX_NAMED;
  if (more > 0) io.warn(`Cannot select ${more} more`);
}

if (import.meta.main) runTool(tool);
