#!/usr/bin/env -S deno run --quiet --no-prompt --allow-read
/**
 * tap2subunit: the results of a TAP producer (versions 12, 13 and 14) as a
 * stream. What is not TAP passes on as the file "stdout".
 *
 * @module
 */

import {
  decodePacket,
  encodePackets,
  now,
  type StatusEvent,
  TapDecoder,
} from "@subunit/codec";
import { Verdict } from "./_stream.ts";
import {
  defineTool,
  EXIT_STATUS_OPTION,
  runTool,
  TRANSFORM_STATUS,
} from "./_tool.ts";

export const tool = defineTool({
  name: "tap2subunit",
  summary: "Convert the Test Anything Protocol (TAP) to a subunit stream",
  operands: "[FILE...]",
  options: EXIT_STATUS_OPTION,
  notes:
    `Tests the plan promises and the producer does not deliver are failures, as are
tests beyond the plan. Subtests name their parent.`,
  exitStatus: TRANSFORM_STATUS,
  examples: [
    "node --test --test-reporter=tap | tap2subunit | subunit-ls --failing",
    "prove -v t/*.t | tap2subunit | subunit-stats",
  ],
  run(io, options, files) {
    const tap = new TapDecoder({ now });
    const verdict = new Verdict();
    const write = (events: readonly StatusEvent[]) => {
      for (const packet of events.flatMap(encodePackets)) {
        io.out.write(packet);
        if (options["exit-status"]) verdict.add(decodePacket(packet));
      }
    };
    for (const chunk of io.chunks(files)) write(tap.push(chunk));
    write(tap.end());
    verdict.end();
    return verdict.exitStatus;
  },
});

if (import.meta.main) runTool(tool);
