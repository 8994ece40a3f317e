#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read
/**
 * subunit2cbor: a stream as a CBOR sequence, an event an item. Text and damage
 * are events too: of file "stdout", and of test subunit.parser.
 *
 * @module
 */

import { eventToCbor } from "@subunit/codec/cbor";
import { forEachEvent } from "./_converter.ts";
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
    return forEachEvent(
      io,
      options,
      files,
      (event) => io.out.write(eventToCbor(event)),
    );
  },
});

if (import.meta.main) runTool(tool);
