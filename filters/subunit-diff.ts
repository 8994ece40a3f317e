#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read
/**
 * subunit-diff: writes the tests of a run whose outcome differs from an older
 * run, tagged with the difference.
 *
 * @module
 */

import { encodePackets } from "@subunit/codec";
import {
  changeTags,
  forEachTest,
  OldRun,
  vanishedEvent,
} from "./history/run_diff.ts";
import { Retagger } from "./kit/stream/retagger.ts";
import { defineTool, runTool, type Tool, UsageError } from "./kit/tool/tool.ts";

export const tool: Tool = defineTool({
  name: "subunit-diff",
  summary: "Show the tests whose outcome differs from an older run",
  operands: "OLD NEW",
  options: {
    slower: {
      value: "PCT",
      help: "also show tests that take PCT percent longer",
    },
  },
  notes:
    `These tests of NEW are written as a stream, each with a tag: new-fail, fixed,
appeared, changed (anything else) or slower; tests of OLD alone are written as
skipped, with the tag vanished. Tests are matched by id, and by route code where
both runs have it.`,
  exitStatus: [
    "no test fails that did not fail before",
    "a test fails or is lost that did not before",
  ],
  examples: [
    "subunit-diff yesterday.subunit today.subunit | subunit-stats --by tag",
    "subunit-diff --slower 50 main.subunit - < branch.subunit | subunit-ls",
  ],
  run(io, options, operands) {
    if (operands.length !== 2) {
      throw new UsageError("Expected two streams: OLD NEW");
    }
    const slower = options.slower === undefined
      ? undefined
      : 1 + parsePercent(options.slower) / 100;
    const [oldFile, newFile] = operands;
    const old = new OldRun(slower !== undefined);
    forEachTest(io, oldFile, false, (test, key) => old.add(key, test));
    const retagger = new Retagger(io.out);
    let newFailures = 0;
    forEachTest(io, newFile, true, (test, key, packetsOf) => {
      const tags = changeTags(old.find(key, test), test, slower);
      if (tags.length === 0) return;
      if (tags.includes("new-fail")) newFailures++;
      const packets = packetsOf(), last = packets.at(-1)!;
      for (const packet of packets.slice(0, -1)) io.out.write(packet.bytes);
      const all = [...new Set([...test.tags, ...tags])].sort();
      retagger.write(last, all);
    });
    for (const testId of old.vanished) {
      encodePackets(vanishedEvent(testId)).forEach((p) => io.out.write(p));
    }
    if (newFailures > 0) {
      io.warn(`${newFailures} tests fail that did not before`);
    }
    return newFailures > 0 ? 1 : 0;
  },
});

function parsePercent(value: string): number {
  const percent = Number(value);
  if (value.trim() !== "" && percent >= 0 && percent < Infinity) return percent;
  throw new UsageError(`Option --slower is "${value}": expected a percentage`);
}

if (import.meta.main) runTool(tool);
