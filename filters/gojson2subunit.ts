#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read
/**
 * gojson2subunit: converts the output of `go test -json` to a stream. Output
 * outside tests, and lines that are not events of Go, become the file "stdout".
 *
 * @module
 */

import { GoJsonDecoder } from "@subunit/codec/gojson";
import { toUtf8 } from "@subunit/codec/text";
import { EventWriter, partsOf } from "./kit/stream/event_writer.ts";
import {
  defineTool,
  EXIT_STATUS_OPTION,
  runTool,
  type Tool,
  TRANSFORM_STATUS,
} from "./kit/tool/tool.ts";

export const tool: Tool = defineTool({
  name: "gojson2subunit",
  summary: "Convert the output of go test -json to a subunit stream",
  operands: "[FILE...]",
  options: EXIT_STATUS_OPTION,
  notes:
    `A test is called PACKAGE.TestName/sub, and a subtest names its parent. Tests
that start and report no result are failures; so are packages that fail without
a failing test, such as those that do not compile.`,
  exitStatus: TRANSFORM_STATUS,
  examples: [
    "go test -json ./... | gojson2subunit | subunit-ls --failing",
    "go test -json ./... 2>&1 | gojson2subunit --exit-status > run.subunit",
  ],
  run(io, options, files) {
    const writer = new EventWriter(io, options);
    // Each file is a run: tests still open at its end have failed.
    for (const file of files.length > 0 ? files : ["-"]) {
      const decoder = new GoJsonDecoder();
      for (const part of partsOf(toUtf8(io.chunks([file])))) {
        writer.write(decoder.push(part));
      }
      writer.write(decoder.end());
    }
    return writer.end();
  },
});

if (import.meta.main) runTool(tool);
