#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read
/**
 * subunit2json: converts a stream to JSON lines, one line per event. Text
 * becomes the file "stdout", and damage the test subunit.parser.
 *
 * @module
 */

import {
  defineTool,
  EXIT_STATUS_OPTION,
  runTool,
  type Tool,
  TRANSFORM_STATUS,
} from "./kit/tool/tool.ts";
import { JSON_NOTATION } from "./report/json_records.ts";
import { writeRecords } from "./report/record_rows.ts";

export const tool: Tool = defineTool({
  name: "subunit2json",
  summary: "Convert a subunit stream to JSON lines, one line per event",
  operands: "[FILE...]",
  options: EXIT_STATUS_OPTION,
  notes:
    `Keys: test_id test_status test_tags runnable file_name file_text file_base64 eof
mime_type route_code timestamp parent_test_id; only runnable is always present.
json2subunit is the exact inverse.`,
  exitStatus: TRANSFORM_STATUS,
  examples: [
    "subunit2json run.subunit | jq -r 'select(.test_status==\"fail\").test_id'",
    "subunit2json < run.subunit | grep worker-3 | json2subunit | subunit-ls",
  ],
  run(io, options, files) {
    return writeRecords(io, options, files, io.out, JSON_NOTATION);
  },
});

if (import.meta.main) runTool(tool);
