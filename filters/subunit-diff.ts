#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read
/**
 * subunit-diff: writes the tests of a run whose outcome differs from an older
 * run, tagged with the difference.
 *
 * @module
 */

import { encodePackets } from "@subunit/codec";
import {
  forEachTest,
  NewRun,
  OldRun,
  vanishedEvent,
} from "./history/run_diff.ts";
import { Retagger } from "./kit/stream/retagger.ts";
import {
  defineTool,
  parseChoice,
  parseNumber,
  runTool,
  type Tool,
  UsageError,
} from "./kit/tool/tool.ts";

export const tool: Tool = defineTool({
  name: "subunit-diff",
  summary: "Show the tests whose outcome differs from an older run",
  operands: "OLD NEW",
  options: {
    slower: {
      value: "PCT",
      help: "also show tests that take PCT percent longer",
    },
    format: {
      value: "FORM",
      help: "stream (default), or text (default on a terminal)",
    },
  },
  notes:
    `These tests of NEW are written as a stream, each with a tag: new-fail, fixed,
appeared, changed (anything else) or slower; tests of OLD alone are written as
skipped, with the tag vanished. Tests are matched by id, and by route code where
both runs have it. Of attempts at a test the last one counts, unless it was skipped:
one that fails and then passes leaves as new-fail, then with the tag flaky.
On a terminal, or with --format text, the tests are listed for people: what has
changed, and for each new failure the line of its reason that one would quote.`,
  exitStatus: [
    "no test fails that did not fail before",
    "a test fails or is lost that did not before, or NEW is damaged or has no tests",
  ],
  examples: [
    "subunit-diff yesterday.subunit today.subunit | subunit-stats --by tag",
    "subunit-diff --slower 50 main.subunit - < branch.subunit | subunit-ls",
  ],
  async run(io, options, operands) {
    if (operands.length !== 2) {
      throw new UsageError("Expected two streams: OLD NEW");
    }
    const slower = options.slower === undefined
      ? undefined
      : 1 + parseNumber("slower", options.slower, "a percentage") / 100;
    const isText = options.format === undefined
      ? io.out.isTerminal
      : parseChoice("format", options.format, ["stream", "text"]) === "text";
    // Loaded only here: it finds reasons in many languages.
    const view = isText
      ? new (await import("./history/diff_view.ts")).DiffView()
      : undefined;
    const [oldFile, newFile] = operands;
    const old = new OldRun(slower !== undefined);
    forEachTest(io, oldFile, false, (test, key) => old.add(key, test));
    const retagger = new Retagger(io.out);
    const now = new NewRun(slower);
    let attempts = 0;
    const damage = forEachTest(io, newFile, true, (test, key, packetsOf) => {
      attempts++;
      const before = old.find(key, test);
      const tags = now.add(key, test, before);
      if (tags === undefined) return;
      if (view !== undefined) {
        return view.add(key, test, tags, before, packetsOf);
      }
      if (tags.length === 0) return;
      const packets = packetsOf(), last = packets.at(-1)!;
      for (const packet of packets.slice(0, -1)) io.out.write(packet.bytes);
      const all = [...new Set([...test.tags, ...tags])].sort();
      retagger.write(last, all);
    });
    const { vanished } = old, { newFailures } = now;
    for (const testId of vanished) {
      if (view !== undefined) view.addVanished(testId);
      else encodePackets(vanishedEvent(testId)).forEach((p) => io.out.write(p));
    }
    view?.end(io.out);
    if (newFailures > 0 && view === undefined) {
      io.warn(`${newFailures} tests fail that did not before`);
    }
    // A suite that did not even start has no failures.
    const isLost = attempts === 0 && vanished.length > 0;
    if (isLost) io.warn(`All tests have vanished: "${newFile}" has none`);
    // What damage has cost may be a failure.
    return newFailures > 0 || damage > 0 || isLost ? 1 : 0;
  },
});

if (import.meta.main) runTool(tool);
