#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read
/**
 * tap2subunit: converts TAP (versions 12, 13 and 14) to a stream. Other output
 * becomes the file "stdout".
 *
 * @module
 */

import { now } from "@subunit/codec";
import { TapDecoder } from "@subunit/codec/tap";
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
  name: "tap2subunit",
  summary: "Convert the Test Anything Protocol (TAP) to a subunit stream",
  operands: "[FILE...]",
  options: {
    numbered: {
      help: 'call tests "test N - NAME", as the Python tool does',
    },
    "strict-todo": { help: "report a TODO test that passes as uxsuccess" },
    ...EXIT_STATUS_OPTION,
  },
  notes:
    `The id of a test is its description, with " #2" after it for the second test of
that name, or "test N" without a description. Subtests name their parent. A TODO
test that passes has the tag "todo". A test that the plan promises and the producer
does not report is a failure, and so are a test beyond the plan, a document without
a plan, and input without TAP. One document may follow another.`,
  exitStatus: TRANSFORM_STATUS,
  examples: [
    "node --test --test-reporter=tap | tap2subunit | subunit-ls --failing",
    "prove -v t/*.t | tap2subunit | subunit-stats",
  ],
  run(io, options, files) {
    const writer = new EventWriter(io, options);
    const { numbered, "strict-todo": strictTodo } = options;
    const tap = new TapDecoder({ now, numbered, strictTodo });
    // Each file is a document with its own numbers and plan.
    for (const file of files.length > 0 ? files : ["-"]) {
      for (const part of partsOf(toUtf8(io.chunks([file])))) {
        writer.write(tap.push(part));
      }
      writer.write(tap.endInput());
    }
    return writer.end();
  },
});

if (import.meta.main) runTool(tool);
