#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read
/**
 * cbor2subunit: converts a CBOR sequence, as subunit2cbor writes it, to a
 * stream. Items that are not events are left out, and the exit status is 2.
 *
 * @module
 */

import { PacketEncoder } from "@subunit/codec";
import { CborDecoder, eventFromCbor } from "@subunit/codec/cbor";
import { isBadInput } from "./kit/errors.ts";
import { defineTool, runTool, type Tool, ToolError } from "./kit/tool/tool.ts";

export const tool: Tool = defineTool({
  name: "cbor2subunit",
  summary:
    "Convert a CBOR sequence, as subunit2cbor writes it, to a subunit stream",
  operands: "[FILE...]",
  options: {},
  notes:
    `Items that are not events are reported on standard error and left out. After
bytes that are not CBOR nothing can be read.`,
  exitStatus: ["every item was an event", "never"],
  examples: [
    "cbor2subunit < run.cbor | subunit-ls --failing",
    "./stored-run | cbor2subunit | subunit2junitxml > report.xml",
  ],
  run(io, _options, files) {
    const encoder = new PacketEncoder();
    const write = (packet: Uint8Array) => io.out.write(packet);
    let number = 0, bad = 0;
    const take = (item: unknown) => {
      try {
        encoder.encodeEach(eventFromCbor(item), write);
      } catch (error) {
        if (!isBadInput(error)) throw error;
        bad++;
        io.warn(`Item ${number}: ${error.message}`);
      }
      number++;
    };
    const decoder = new CborDecoder();
    try {
      for (const chunk of io.chunks(files)) decoder.push(chunk, take);
      decoder.end();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw new ToolError(`${error.message}: the rest was not read`);
    }
    if (bad > 0) {
      throw new ToolError(`${bad} of ${number} items are not events: left out`);
    }
  },
});

if (import.meta.main) runTool(tool);
