#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read
/**
 * json2subunit: converts JSON lines, as subunit2json writes them, to a stream.
 * Lines that are not events are left out, and the exit status is 2.
 *
 * @module
 */

import { eventFromJson, PacketEncoder } from "@subunit/codec";
import { toUtf8 } from "@subunit/codec/text";
import { lines } from "./kit/io/lines.ts";
import { isBadInput } from "./kit/errors.ts";
import { defineTool, runTool, type Tool, ToolError } from "./kit/tool/tool.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });

function decodeLine(line: Uint8Array): string {
  try {
    return decoder.decode(line);
  } catch {
    throw new TypeError("Cannot read event: the line is not UTF-8");
  }
}

export const tool: Tool = defineTool({
  name: "json2subunit",
  summary:
    "Convert JSON lines, as subunit2json writes them, to a subunit stream",
  operands: "[FILE...]",
  options: {},
  notes:
    "Lines that are not events are reported on standard error and left out.",
  exitStatus: ["every line was an event", "never"],
  examples: [
    "json2subunit < events.jsonl > run.subunit",
    `echo '{"test_id":"deploy","test_status":"success"}' | json2subunit | subunit-ls`,
  ],
  run(io, _options, files) {
    const encoder = new PacketEncoder();
    const write = (packet: Uint8Array) => io.out.write(packet);
    let number = 0, bad = 0;
    for (const line of lines(toUtf8(io.chunks(files)))) {
      number++;
      try {
        const text = decodeLine(line);
        if (text.trim() !== "") encoder.encodeEach(eventFromJson(text), write);
      } catch (error) {
        if (!isBadInput(error)) throw error;
        bad++;
        io.warn(`Line ${number}: ${error.message}`);
      }
    }
    if (bad > 0) {
      throw new ToolError(`${bad} of ${number} lines are not events: left out`);
    }
  },
});

if (import.meta.main) runTool(tool);
