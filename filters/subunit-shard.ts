#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read
/**
 * subunit-shard: prints the tests for one of several machines, so that all take
 * about as long.
 *
 * @module
 */

import { forEachTest } from "./history/run_diff.ts";
import { divide, Durations } from "./history/shard.ts";
import { isDirectory } from "./kit/io/files.ts";
import { pythonRegex } from "./kit/python/regex.ts";
import { readTestIds } from "./kit/stream/test_ids.ts";
import {
  defineTool,
  parseNumber,
  runTool,
  type Tool,
  UsageError,
} from "./kit/tool/tool.ts";

const DEFAULT = "p75";

export const tool: Tool = defineTool({
  name: "subunit-shard",
  summary: "Print the tests that one of several machines should run",
  operands: "N/M",
  options: {
    list: { value: "FILE", help: "read the tests from FILE, not stdin" },
    history: {
      value: "FILE",
      list: true,
      help: "take durations from an older run or a repository; may be repeated",
    },
    default: {
      value: "TIME",
      help:
        "the duration of an unknown test: a percentile of the known ones (p75), or seconds",
    },
    "group-regex": {
      value: "REGEX",
      help: "keep tests together that have the same match, or the same group",
    },
    null: { short: "0", help: "end ids with NUL, for xargs -0" },
  },
  notes:
    `The tests are the lines of the input, or those that a stream in it has: every test
is in one of the shards 1/M to M/M. The longest goes first, into the emptiest shard;
its duration is the median of those with which it passed. The same tests and history
result in the same shards, whatever their order. REGEX is a Python regular expression.
A shard without tests prints nothing: many runners would then run all of them.`,
  exitStatus: ["done", "there are no tests to divide"],
  examples: [
    "./runner --list | subunit-shard 2/4 --history last.subunit > ids",
    "subunit-ls --exists tests.subunit | subunit-shard 1/3 --group-regex '^[^:]+' -0 | xargs -0 ./runner",
  ],
  async run(io, options, operands) {
    if (operands.length !== 1) {
      throw new UsageError(
        `There are ${operands.length} operands: expected N/M, such as 2/4`,
      );
    }
    const [, shard, shards] = /^(\d{1,5})\/(\d{1,5})$/.exec(operands[0]) ?? [];
    if (
      shard === undefined || Number(shard) === 0 ||
      Number(shard) > Number(shards)
    ) {
      throw new UsageError(
        `The shard is "${operands[0]}": expected N/M, such as 2/4`,
      );
    }
    const durationOf = parseDefault(options.default ?? DEFAULT);
    const regex = options["group-regex"] === undefined
      ? undefined
      : pythonRegex(options["group-regex"]);
    const durations = new Durations();
    for (const file of options.history) {
      if (isDirectory(file)) {
        // Loaded only here: every module adds to the start-up time.
        const { Past } = await import("./history/repository/past.ts");
        const past = await Past.read(io, file);
        for (const [id, seconds] of past.seconds) {
          durations.add(id, !past.isFailing(id), seconds);
        }
        continue;
      }
      forEachTest(io, file, false, ({ testId, outcome, seconds }) => {
        if (seconds === undefined || seconds < 0 || outcome === "skip") return;
        durations.add(testId, outcome === "success", seconds);
      });
    }
    const unknown = durationOf(durations);
    const testIds = readTestIds(io, options.list ?? "-");
    if (testIds.length === 0) {
      io.warn("There are no tests to divide: is the list complete?");
      return 1;
    }
    const made = divide(
      testIds,
      Number(shards),
      (testId) => durations.get(testId) ?? unknown,
      (testId) => {
        const match = regex?.exec(testId);
        return match ? match[1] ?? match[0] : undefined;
      },
    );
    const mine = made[Number(shard) - 1];
    if (mine.length === 0) io.warn(`Shard ${operands[0]} has no tests`);
    for (const testId of mine) {
      if (options.null) io.out.writeText(`${testId}\0`);
      else io.out.writeRow(testId);
    }
  },
});

/** Returns what computes the duration of tests without one. */
function parseDefault(value: string): (durations: Durations) => number {
  const [, percent] = /^p(\d{1,2}|100)$/.exec(value) ?? [];
  if (percent !== undefined) {
    // Without any history all tests are alike.
    return (durations) => durations.percentile(Number(percent)) ?? 1;
  }
  const expected = "seconds, or a percentile such as p75";
  const seconds = parseNumber("default", value, expected);
  return () => seconds;
}

if (import.meta.main) runTool(tool);
