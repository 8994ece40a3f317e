#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read
/**
 * cbor2subunit: a CBOR sequence as subunit2cbor writes it into a stream. Of an
 * item that is no event nothing is written, and the exit status is 2.
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
    `Items that are no event are named on standard error and left out. What comes
behind bytes that are no CBOR cannot be read.`,
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
      throw new ToolError(`${error.message}: nothing behind it was read`);
    }
    if (bad > 0) {
      throw new ToolError(`${bad} of ${number} items are no event: left out`);
    }
  },
});

if (import.meta.main) runTool(tool);
