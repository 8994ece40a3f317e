#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read
/**
 * subunit-filter: passes on the packets of the selected tests. Unchanged packets
 * leave as the bytes that came in. Packets are held only until it is known
 * whether their test is selected.
 *
 * @module
 */

import {
  decodePacket,
  isRunRecordRow,
  Packet,
  PacketChange,
  PacketEditor,
  type StreamItem,
} from "@subunit/codec";
import { Verdict } from "./kit/stream/verdict.ts";
import { defineTool, runTool, type Tool } from "./kit/tool/tool.ts";
import { OPTIONS, rewriterOf, routeRule, rulesOf } from "./select/options.ts";
import { RowSelection } from "./select/row_selection.ts";
import { Selection } from "./select/selection.ts";

export const tool: Tool = defineTool({
  name: "subunit-filter",
  summary: "Pass on selected tests of a subunit stream",
  operands: "[FILE...]",
  options: OPTIONS,
  notes:
    `Successes and expected failures are left out, unless --success or --xfail includes
them, or one of the options from --id to --protocol, except --invert and
--judge-subtests, is given. REGEX is a Python regular expression; GLOB is a shell
pattern in which only ** matches "/". Where an option is repeated, one of its values
must match; of --with-tag, all must. Damage always passes on.`,
  exitStatus: [
    "done",
    "with --exit-status: what passes on has a failed or lost test, or damage",
  ],
  examples: [
    "./runner | subunit-filter -F | subunit-ls",
    "subunit-filter --id '^net\\.' --route '0/*' --max-attachment 10000 run.subunit",
  ],
  async run(io, options, files) {
    const { invert } = options;
    const isControl = options["no-control"]
      ? (await import("@subunit/codec/control")).isControlRow
      : undefined;
    const rules = rulesOf(io, options);
    const onRoute = routeRule(options);
    const rewriter = rewriterOf(io, options);
    const editor = new PacketEditor();
    const verdict = options["exit-status"] ? new Verdict() : undefined;
    const pass = (item: StreamItem) => {
      io.out.writeItem(item);
      verdict?.add(item);
    };
    const followsParents = !options["judge-subtests"];
    const packetSelection = new Selection({
      rules,
      rewriter,
      followsParents,
      take(packet, isSelected, names) {
        if (isSelected === invert) return;
        const fields = rewriter?.changesOf(packet, names);
        if (fields === undefined) return pass(packet);
        editor.editEach(packet, new PacketChange(fields), (bytes) => {
          io.out.write(bytes);
          verdict?.add(decodePacket(bytes));
        });
      },
      warn: (message) => io.warn(message),
    });
    const selection = new RowSelection(packetSelection, {
      rules: rewriter === undefined ? rules.atEnd : undefined,
      followsParents,
      takeBytes(source, view, start, end, isSelected) {
        if (isSelected === invert) return;
        io.out.writeRun(source, start, end);
        verdict?.add(Packet.index(source, view, start, end) as Packet);
      },
    });
    /** Returns whether an item without a test passes on; damage always does. */
    const passes = (item: StreamItem) => {
      if (item.kind === "damage") return true;
      if (options["no-passthrough"]) return false;
      return item.kind === "foreign" || onRoute === undefined ||
        onRoute(item) !== invert;
    };
    io.forEachRows(files, (rows) => {
      for (let i = 0; i < rows.count; i++) {
        if (isControl?.(rows, i)) continue;
        // What describes the run is not about one of its tests.
        if (isRunRecordRow(rows, i)) io.out.writeRows(rows, i, i);
        else if (rows.idAt(i) >= 0) selection.add(rows, i);
        else if (passes(rows.packet(i))) pass(rows.packet(i));
      }
    }, (item) => {
      if (passes(item)) pass(item);
    }, () => selection.endChunk());
    selection.end();
    verdict?.end();
    return verdict && io.conclude(verdict);
  },
});

if (import.meta.main) runTool(tool);
