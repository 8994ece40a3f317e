/**
 * The ids of tests, from a list or a stream.
 *
 * @module
 */

import {
  type Damage,
  type ForeignBytes,
  isRunRecordRow,
  PacketDecoder,
} from "@subunit/codec";
import { ToolError } from "../errors.ts";
import { idsIn } from "../tool/list_file.ts";
import type { ToolIO } from "../tool/tool_io.ts";
import { ForeignFormat } from "./foreign_format.ts";
import { isTest } from "./not_tests.ts";

/**
 * Returns the ids of tests, each once: those that a stream has, else those of a
 * list, as `readIds` reads it.
 *
 * @throws {ToolError} as `readIds` does, for results in another format, and for a
 * stream that is damaged, as tests may be missing
 */
export function readTestIds(io: ToolIO, path: string): string[] {
  const ids = new Set<string>();
  const decoder = new PacketDecoder();
  let hasPackets = false;
  let damage: string | undefined;
  const takeOther = (item: ForeignBytes | Damage) => {
    if (item.kind === "damage") damage ??= item.reason;
  };
  const drain = () => {
    decoder.drainRows((rows) => {
      hasPackets = true;
      for (let i = 0; i < rows.count; i++) {
        if (rows.idAt(i) < 0 || isRunRecordRow(rows, i)) continue;
        const { testId, runnable } = rows.packet(i);
        if (isTest({ testId: testId!, runnable })) ids.add(testId!);
      }
    }, takeOther);
  };
  const text: Uint8Array[] = [];
  for (const chunk of io.chunks([path])) {
    decoder.push(chunk);
    drain();
    if (!hasPackets) text.push(chunk.slice());
  }
  decoder.end();
  drain();
  if (hasPackets && damage !== undefined) {
    throw new ToolError(`${damage}, and tests may be missing`);
  }
  if (hasPackets) return [...ids];
  const format = new ForeignFormat();
  for (const chunk of text) format.add(chunk);
  if (format.complaint !== undefined) {
    throw new ToolError(`Cannot read tests: ${format.complaint}`);
  }
  return [...new Set(idsIn(text, path))];
}
