#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read
/**
 * subunit2cbor: a stream as a CBOR sequence, an event an item. Text and damage
 * are events too: of file "stdout", and of test subunit.parser.
 *
 * @module
 */

import { itemEvents } from "@subunit/codec";
import { eventToCbor } from "@subunit/codec/cbor";
import { Verdict } from "./_stream.ts";
import {
  defineTool,
  EXIT_STATUS_OPTION,
  runTool,
  type Tool,
  TRANSFORM_STATUS,
} from "./_tool.ts";

export const tool: Tool = defineTool({
  name: "subunit2cbor",
  summary: "Convert a subunit stream to a CBOR sequence, an event an item",
  operands: "[FILE...]",
  options: EXIT_STATUS_OPTION,
  notes:
    `Keys: test_id test_status test_tags runnable file_name file_bytes eof mime_type
route_code timestamp parent_test_id; only runnable is always there.
cbor2subunit is the exact inverse.`,
  exitStatus: TRANSFORM_STATUS,
  examples: [
    "subunit2cbor run.subunit > run.cbor",
    "./runner | subunit2cbor --exit-status | ./store",
  ],
  run(io, options, files) {
    const verdict = new Verdict();
    io.forEachItem(files, (item) => {
      if (item.kind === "damage") io.sayDamage(item);
      for (const event of itemEvents(item)) io.out.write(eventToCbor(event));
      if (options["exit-status"]) verdict.add(item);
    });
    verdict.end();
    return verdict.exitStatus;
  },
});

if (import.meta.main) runTool(tool);
