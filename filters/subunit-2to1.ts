#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read
/**
 * subunit-2to1: converts the tests of a stream to version 1, each when it ends.
 * Text passes on in place. What version 1 cannot hold is counted.
 *
 * @module
 */

import { V1Writer } from "./capture/v1_writer.ts";
import {
  defineTool,
  EXIT_STATUS_OPTION,
  runTool,
  type Tool,
  TRANSFORM_STATUS,
} from "./kit/tool/tool.ts";

export const tool: Tool = defineTool({
  name: "subunit-2to1",
  summary: "Convert a stream to version 1, the legacy text protocol",
  operands: "[FILE...]",
  options: {
    "no-passthrough": { help: "leave out the text between packets" },
    plain: {
      help: "write details only as lines of text, which Perl's reader needs",
    },
    ...EXIT_STATUS_OPTION,
  },
  notes:
    `A test is written when it ends. Its files become bracketed details where these can
hold them, otherwise multipart details; with --plain, text under their names. A lost
test is a failure. A line of text that would be read as version 1 gets a space before
it; a line that a test would cut in two gets a line end. Line ends in test ids become
\\n and \\r. What version 1 cannot hold is counted at the end.`,
  exitStatus: TRANSFORM_STATUS,
  examples: [
    "subunit-2to1 run.subunit > run.v1",
    "./run-tests | subunit-2to1 --plain | ./legacy-reader.pl",
  ],
  run(io, options, files) {
    const writer = new V1Writer(io.out, {
      plain: options.plain,
      dropsText: options["no-passthrough"],
    });
    io.forEachRows(files, (rows) => writer.addRows(rows), (item) => {
      if (item.kind === "damage") io.reportDamage(item);
      writer.add(item);
    }, () => writer.endChunk());
    writer.end();
    io.out.flush();
    if (writer.losses !== undefined) io.warn(writer.losses);
    return options["exit-status"] ? writer.exitStatus : 0;
  },
});

if (import.meta.main) runTool(tool);
