#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-run=sh
/**
 * subunit-merge: many streams into one, as their bytes come. Packets pass on
 * whole, under the label of their source; what is between them becomes packets
 * too, lest it hide those of another source.
 *
 * @module
 */

import { readList } from "./kit/tool/list_file.ts";
import { Lane } from "./merge/lane.ts";
import { CommandSource, isLabel, readSources } from "./merge/sources.ts";
import { type Ending, writeEnding } from "./kit/stream/failures.ts";
import { onEndingSignal } from "./kit/io/signals.ts";
import {
  defineTool,
  EXIT_STATUS_OPTION,
  parseCount,
  runTool,
  type Tool,
  ToolError,
  type ToolIO,
  UsageError,
} from "./kit/tool/tool.ts";

/** What is missing when fewer than `count` sources delivered a packet. */
function missingShards(count: number, lanes: readonly Lane[]): Ending[] {
  const silent = lanes.filter(({ hasDelivered }) => !hasDelivered)
    .map(({ source }) => `"${source.name}"`);
  const came = lanes.length - silent.length;
  if (came >= count) return [];
  const from = silent.length > 0 ? `, none from ${silent.join(", ")}` : "";
  const reason = `Packets came from ${came} of ${count} shards${from}`;
  const testId = "subunit-merge: missing shards";
  return [{ testId, status: "fail", reason }];
}

/** What is missing when a label delivered no packet. */
function missingLabel(label: string, lanes: readonly Lane[]): Ending[] {
  const lane = lanes.find(({ source }) => source.label === label);
  if (lane?.hasDelivered) return [];
  const reason = lane === undefined
    ? `No source has the label "${label}"`
    : `No packet came from "${label}"`;
  const testId = `${label}: missing shard`;
  return [{ testId, status: "fail", reason, routeCode: label }];
}

/** The labels in a file, one a line. */
function readManifest(io: ToolIO, path: string): string[] {
  const labels = [...new Set(readList(io, path))];
  const wrong = labels.find((label) => !isLabel(label));
  if (wrong !== undefined) {
    throw new ToolError(
      `Cannot use "${wrong}" in "${path}" as a label: write one a line, without "/" and "="`,
    );
  }
  return labels;
}

/**
 * Merges all lanes to their ends, or until a signal, which is passed on to the
 * commands, has ended these.
 *
 * @returns the exit status the signal asks for; 0 without one
 */
async function mergeLanes(lanes: readonly Lane[]): Promise<number> {
  const commands = lanes.map(({ source }) => source)
    .filter((source) => source instanceof CommandSource);
  const interruption = Promise.withResolvers<void>();
  let status = 0;
  onEndingSignal((signal, exitStatus) => {
    status = exitStatus;
    commands.forEach((command) => command.kill(signal));
    interruption.resolve();
  });
  const runs = new Map(lanes.map((lane) => [lane.source, lane.run()]));
  try {
    await Promise.race([
      Promise.all(runs.values()),
      interruption.promise.then(() =>
        Promise.all(commands.map((command) => runs.get(command)))
      ),
    ]);
  } finally {
    // A reader that has left is to leave no command behind.
    commands.forEach((command) => command.kill("SIGTERM"));
  }
  return status;
}

export const tool: Tool = defineTool({
  name: "subunit-merge",
  summary: "Merge subunit streams into one, live, under a label each",
  operands: "[[LABEL=]FILE...]",
  options: {
    run: {
      value: "LABEL=COMMAND",
      list: true,
      help: "merge the output of a shell command; more than once",
    },
    "prefix-ids": { help: 'put "LABEL: " before test ids as well' },
    expect: {
      value: "N",
      help: "fail when fewer sources than N delivered a packet",
    },
    manifest: {
      value: "FILE",
      help: "fail when a label in the file delivered no packet",
    },
    ...EXIT_STATUS_OPTION,
  },
  notes:
    `LABEL becomes the route code of a packet, or is put before the one it has: "3"
becomes "LABEL/3". Text between packets becomes the file "stdout" of no test.
How a COMMAND ends is the test "LABEL: exit status". FILE may be a fifo (31 at the
most) or - for standard input; one with a "=" in its name is written ./FILE.
A signal is passed on to the commands, and the merge ends when they have.`,
  exitStatus: [
    "everything was merged",
    "a shard is missing; with --exit-status: a test or a command failed, or a stream is damaged",
  ],
  examples: [
    "subunit-merge linux=linux.subunit mac=mac.subunit | subunit-stats --by route",
    "subunit-merge --run a='./shard 1' --run b='./shard 2' --expect 2 > run.subunit",
  ],
  // Sources that are still open would keep it alive, and so would listeners.
  forcesExit: true,
  async run(io, options, operands) {
    const sources = readSources(operands, options.run);
    const expected = parseCount("expect", options.expect ?? "0");
    const labels = options.manifest === undefined
      ? []
      : readManifest(io, options.manifest);
    if (
      options.manifest !== undefined &&
      sources.every(({ label }) => label === undefined)
    ) {
      throw new UsageError("Option --manifest needs sources with labels");
    }
    const lanes = sources.map((source) =>
      new Lane(source, io, {
        prefixesIds: options["prefix-ids"],
        judges: options["exit-status"],
      })
    );
    const signalStatus = await mergeLanes(lanes);
    const missing = [
      ...missingShards(expected, lanes),
      ...labels.flatMap((label) => missingLabel(label, lanes)),
    ];
    for (const shard of missing) {
      writeEnding(io.out, shard);
      io.warn(shard.reason);
    }
    if (signalStatus > 0) return signalStatus;
    if (lanes.some(({ isWhole }) => !isWhole)) return 2;
    const isGood = !options["exit-status"] ||
      lanes.every(({ isGood }) => isGood);
    return isGood && missing.length === 0 ? 0 : 1;
  },
});

if (import.meta.main) runTool(tool);
