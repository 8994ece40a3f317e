#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write
/**
 * subunit2cbor: converts a stream to a CBOR sequence, one item per event. Text
 * becomes the file "stdout", and damage the test subunit.parser.
 *
 * @module
 */

import {
  defineTool,
  EXIT_STATUS_OPTION,
  OUTPUT_OPTIONS,
  runTool,
  type Tool,
  TRANSFORM_STATUS,
  UsageError,
} from "./kit/tool/tool.ts";
import { CBOR_NOTATION } from "./report/cbor_records.ts";
import { writeRecords } from "./report/record_rows.ts";

export const tool: Tool = defineTool({
  name: "subunit2cbor",
  summary: "Convert a subunit stream to a CBOR sequence, one item per event",
  operands: "[FILE...]",
  options: {
    "output-to": {
      ...OUTPUT_OPTIONS["output-to"],
      help: "write the sequence to FILE",
    },
    forward: {
      ...OUTPUT_OPTIONS.forward,
      help: "with -o, pass the stream on to standard output, unchanged",
    },
    ...EXIT_STATUS_OPTION,
  },
  notes:
    `Keys: test_id test_status test_tags runnable file_name file_bytes eof mime_type
route_code timestamp parent_test_id; only runnable is always present.
cbor2subunit is the exact inverse.`,
  exitStatus: TRANSFORM_STATUS,
  examples: [
    "subunit2cbor run.subunit > run.cbor",
    "./runner | subunit2cbor --exit-status | ./store",
  ],
  run(io, options, files) {
    if (options.forward && options["output-to"] === undefined) {
      throw new UsageError("Option --forward needs --output-to FILE");
    }
    const out = io.openReport(options, files);
    try {
      return writeRecords(io, options, files, out, CBOR_NOTATION);
    } finally {
      out.flush();
    }
  },
});

if (import.meta.main) runTool(tool);
