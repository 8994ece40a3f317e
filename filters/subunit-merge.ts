#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-run=sh
/**
 * subunit-merge: merges many streams into one as their bytes arrive. Packets
 * pass on whole, under the label of their source; bytes between them become
 * packets too, so that they cannot hide packets of another source.
 *
 * @module
 */

import { writeEnding } from "./kit/stream/failures.ts";
import {
  defineTool,
  EXIT_STATUS_OPTION,
  parseCount,
  runTool,
  type Tool,
  UsageError,
} from "./kit/tool/tool.ts";
import { Lane, mergeLanes } from "./merge/lane.ts";
import { missingLabel, missingShards, readManifest } from "./merge/shards.ts";
import { readSources } from "./merge/sources.ts";

export const tool: Tool = defineTool({
  name: "subunit-merge",
  summary: "Merge subunit streams into one, live, each under a label",
  operands: "[[LABEL=]FILE...]",
  options: {
    run: {
      value: "LABEL=COMMAND",
      list: true,
      help: "merge the output of a shell command; may be repeated",
    },
    "prefix-ids": { help: 'also put "LABEL: " before test ids' },
    expect: {
      value: "N",
      help: "fail when fewer than N sources delivered a packet",
    },
    manifest: {
      value: "FILE",
      help: "fail for each label in the file that delivered no packet",
    },
    ...EXIT_STATUS_OPTION,
  },
  notes:
    `LABEL becomes the route code of a packet, or its first step: "3" becomes
"LABEL/3". Text between packets becomes the file "stdout", without a test. How a
COMMAND ended is the event "LABEL: exit status". FILE may be a fifo (31 at most) or
- for standard input; write ./FILE if its name has a "=". A signal is passed on to
the commands, and the merge ends when they end.`,
  exitStatus: [
    "everything was merged",
    "a shard is missing; with --exit-status: a test or command failed, or a stream is damaged",
  ],
  examples: [
    "subunit-merge linux=linux.subunit mac=mac.subunit | subunit-stats --by route",
    "subunit-merge --run a='./shard 1' --run b='./shard 2' --expect 2 > run.subunit",
  ],
  // Open sources and signal listeners would keep the process alive.
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
