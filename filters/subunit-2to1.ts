#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read
/**
 * subunit-2to1: the tests of a stream in version 1, each written when it ends.
 * Text passes on in its place. What version 1 cannot hold is counted.
 *
 * @module
 */

import {
  type Damage,
  decodePacket,
  encodePackets,
  itemEvents,
  type Packet,
  type StreamItem,
  Summary,
  type Test,
  TestCollator,
} from "@subunit/codec";
import { TextQuoter, V1Encoder } from "@subunit/codec/v1";
import { textOf } from "./kit/io/item_bytes.ts";
import {
  defineTool,
  EXIT_STATUS_OPTION,
  runTool,
  type Tool,
  TRANSFORM_STATUS,
} from "./kit/tool/tool.ts";

/** What was left out or altered, in one line; undefined when nothing was. */
export function lossText(
  losses: Readonly<Record<string, number>>,
): string | undefined {
  const lost = Object.entries(losses).filter(([, count]) => count > 0)
    .map(([what, count]) => `${what} (${count})`);
  return lost.length === 0
    ? undefined
    : `Version 1 cannot hold ${lost.join(", ")}`;
}

export const tool: Tool = defineTool({
  name: "subunit-2to1",
  summary: "Convert a stream to version 1, the legacy text protocol",
  operands: "[FILE...]",
  options: {
    "no-passthrough": { help: "leave out the text between packets" },
    plain: {
      help: "write details as lines of text only, as Perl's reader needs them",
    },
    ...EXIT_STATUS_OPTION,
  },
  notes:
    `A test is written when it ends. Its files are details in brackets where these
say the same, else multipart details; with --plain they are text under their names.
A lost test is a failure. A line of text that would be read as version 1 gets a
space before it; a line that a test would cut in two gets a line end. Line ends in
test ids become \\n and \\r. What version 1 cannot hold is counted at the end.`,
  exitStatus: TRANSFORM_STATUS,
  examples: [
    "subunit-2to1 run.subunit > run.v1",
    "./run-tests | subunit-2to1 --plain | ./legacy-reader.pl",
  ],
  run(io, options, files) {
    const summary = new Summary();
    const collator = new TestCollator({ attachments: true });
    const write = (bytes: Uint8Array) => io.out.write(bytes);
    const tests = new V1Encoder(write, { plain: options.plain });
    const text = new TextQuoter(write);
    let enumerated = 0, besideOthers = 0;

    const writeTest = (test: Test) => {
      summary.add(test);
      text.endLine();
      tests.add(test);
    };
    const takePacket = (packet: Packet) => {
      if (packet.status === "exists") enumerated++;
      const test = collator.add(packet);
      if (test === undefined) return;
      if (collator.size > 0) besideOthers++;
      writeTest(test);
    };
    const takeDamage = (damage: Damage) => {
      summary.damage++;
      io.reportDamage(damage);
      for (const event of itemEvents(damage)) {
        for (const packet of encodePackets(event)) {
          takePacket(decodePacket(packet));
        }
      }
    };
    io.forEachItem(files, (item: StreamItem) => {
      const found = textOf(item);
      if (found !== undefined) {
        if (options["no-passthrough"]) return;
        tests.flush();
        text.write(found);
      } else if (item.kind === "packet") takePacket(item);
      else if (item.kind === "damage") takeDamage(item);
    }, () => {
      tests.flush();
      collator.own();
    });
    text.end();
    for (const test of collator.end()) writeTest(test);
    tests.flush();
    io.out.flush();
    const losses = lossText({
      ...tests.losses,
      'tests that only exist ("exists")': enumerated,
      "tests side by side": besideOthers,
      "text that looks like it": text.quoted,
    });
    if (losses !== undefined) io.warn(losses);
    return options["exit-status"] && !summary.isGood ? 1 : 0;
  },
});

if (import.meta.main) runTool(tool);
