#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read
/**
 * gojson2subunit: what `go test -json` prints as a stream. What is printed
 * outside tests, and lines that are no event of Go, pass on as the file
 * "stdout".
 *
 * @module
 */

import { GoJsonDecoder } from "@subunit/codec/gojson";
import { toUtf8 } from "@subunit/codec/text";
import { EventWriter } from "./kit/stream/event_writer.ts";
import {
  defineTool,
  EXIT_STATUS_OPTION,
  runTool,
  type Tool,
  TRANSFORM_STATUS,
} from "./kit/tool/tool.ts";

export const tool: Tool = defineTool({
  name: "gojson2subunit",
  summary: "Convert what go test -json prints to a subunit stream",
  operands: "[FILE...]",
  options: EXIT_STATUS_OPTION,
  notes:
    `A test is called PACKAGE.TestName/sub, and a subtest names its parent. Tests
that start and get no result are failures; so are packages that fail and have
no failing test to show for it, as those that cannot be built.`,
  exitStatus: TRANSFORM_STATUS,
  examples: [
    "go test -json ./... | gojson2subunit | subunit-ls --failing",
    "go test -json ./... 2>&1 | gojson2subunit --exit-status > run.subunit",
  ],
  run(io, options, files) {
    const writer = new EventWriter(io, options);
    // A file is a run: what it leaves open has failed.
    for (const file of files.length > 0 ? files : ["-"]) {
      const decoder = new GoJsonDecoder();
      for (const chunk of toUtf8(io.chunks([file]))) {
        writer.write(decoder.push(chunk));
      }
      writer.write(decoder.end());
    }
    return writer.end();
  },
});

if (import.meta.main) runTool(tool);
