/**
 * Reports made in memory, from rows and the plain way.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { PacketDecoder } from "@subunit/codec";
import { Output } from "../../filters/kit/io/output.ts";
import { Verdict } from "../../filters/kit/stream/verdict.ts";
import type { Report, ReportNeeds } from "../../filters/report/report.ts";
import { pieces } from "./streams.ts";

/** An output into memory. */
export function memoryOutput(): { out: Output; bytes(): Uint8Array } {
  const parts: Uint8Array[] = [];
  const out = new Output({
    writeSync(bytes) {
      parts.push(bytes.slice());
      return bytes.length;
    },
    isTerminal: () => false,
  }, "memory");
  return {
    out,
    bytes() {
      out.flush();
      return concat(parts);
    },
  };
}

type Begin = (out: Output) => Report;

/** The report of a stream in chunks, whose bytes change after each. */
function reportOf(
  begin: Begin,
  chunks: readonly Uint8Array[],
  needs: ReportNeeds,
  takesRows: boolean,
): string {
  const { out, bytes } = memoryOutput();
  const report = begin(out);
  const verdict = new Verdict(needs);
  const decoder = new PacketDecoder();
  const drain = () => {
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
  };
  for (const chunk of chunks) {
    const lent = chunk.slice();
    decoder.push(lent);
    drain();
    lent.fill(0x21);
  }
  decoder.end();
  drain();
  for (const test of verdict.end()) report.add(test);
  report.end?.();
  return new TextDecoder().decode(bytes());
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
