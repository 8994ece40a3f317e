/**
 * Reports made in memory, from rows and the plain way.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { PacketDecoder } from "@subunit/codec";
import type { Output } from "../../filters/kit/io/output.ts";
import { Verdict } from "../../filters/kit/stream/verdict.ts";
import type { Report, ReportNeeds } from "../../filters/report/report.ts";
import { memoryOutput } from "./memory.ts";
import { pieces } from "./streams.ts";

/**
 * Decodes chunks whose bytes change after each.
 *
 * @param drain takes what there is after each chunk, and at the end
 */
export function decodeLent(
  chunks: readonly Uint8Array[],
  drain: (decoder: PacketDecoder) => void,
): void {
  const decoder = new PacketDecoder();
  for (const chunk of chunks) {
    const lent = chunk.slice();
    decoder.push(lent);
    drain(decoder);
    lent.fill(0x21);
  }
  decoder.end();
  drain(decoder);
}

type Begin = (out: Output) => Report;

/** The report of a stream in chunks, whose bytes change after each. */
function reportOf(
  begin: Begin,
  chunks: readonly Uint8Array[],
  needs: ReportNeeds,
  takesRows: boolean,
): string {
  const { out, written } = memoryOutput();
  const report = begin(out);
  const verdict = new Verdict(needs);
  decodeLent(chunks, (decoder) => {
    if (takesRows) {
      decoder.drainRows((rows) => {
        for (let i = 0; i < rows.count; i++) {
          if (verdict.addRow(rows, i) > 0) report.addRow!(rows, i, verdict);
        }
        report.endRows?.();
      }, (item) => verdict.add(item));
    } else {
      decoder.drain((item) => {
        const test = verdict.add(item);
        if (test !== undefined) report.add(test);
      });
    }
    verdict.endChunk();
  });
  for (const test of verdict.end()) report.add(test);
  report.end?.();
  return new TextDecoder().decode(written());
}

/**
 * Checks that a report of rows is the report of the same tests as objects.
 *
 * @param size of the chunks in which the stream comes
 * @returns the report
 */
export function assertSameFromRows(
  begin: Begin,
  stream: Uint8Array,
  size: number,
  needs: ReportNeeds = {},
): string {
  const chunks = pieces(stream, size);
  const plain = reportOf(begin, chunks, needs, false);
  assertEquals(reportOf(begin, chunks, needs, true), plain);
  return plain;
}
