/**
 * Splitting chunks into lines, or into parts of equal size.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { ToolError } from "../errors.ts";

const LF = 0x0a;

/** Far more than any line needs: an event's packet has at most 4 MiB. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

/** Reads many whole lines at once. */
export interface WholeLines {
  /**
   * Reads whole lines in `chunk` from `start` on, as many as it likes. Returns
   * where they end.
   */
  readWhole(chunk: Uint8Array, start: number): number;
  /** How many lines it has read so far. */
  readonly wholeLines: number;
}

/**
 * The lines in `chunks`, without their line ends; the last may have none. A
 * line is good until the next one.
 *
 * @param reader is offered the chunk at each beginning of a line; the lines that
 * it reads are not among those returned
 * @throws {ToolError} when a line is longer than 64 MiB
 */
export function* lines(
  chunks: Iterable<Uint8Array>,
  reader?: WholeLines,
): Generator<Uint8Array> {
  /** The beginning of a line that has not ended yet. */
  let parts: Uint8Array[] = [];
  let held = 0, returned = 0;
  for (const chunk of chunks) {
    let start = 0;
    for (;;) {
      if (reader !== undefined && held === 0) {
        start = reader.readWhole(chunk, start);
      }
      const end = chunk.indexOf(LF, start);
      if (end < 0) break;
      const rest = chunk.subarray(start, end);
      yield parts.length === 0 ? rest : concat([...parts, rest]);
      parts = [];
      held = 0;
      returned++;
      start = end + 1;
    }
    if (start < chunk.length) parts.push(chunk.slice(start));
    held += chunk.length - start;
    if (held > MAX_LINE_BYTES) {
      const number = returned + (reader?.wholeLines ?? 0) + 1;
      throw new ToolError(
        `Cannot read line ${number}: it is longer than ${MAX_LINE_BYTES} bytes: the rest was not read`,
      );
    }
  }
  if (parts.length > 0) yield concat(parts);
}

/**
 * The same bytes in parts of `size`, the last one shorter; none when there are
 * no bytes. The parts are their owner's to keep.
 */
export function* regroup(
  chunks: Iterable<Uint8Array>,
  size: number,
): Generator<Uint8Array> {
  let part = new Uint8Array(size), count = 0;
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      const piece = chunk.subarray(at, at + size - count);
      part.set(piece, count);
      count += piece.length;
      at += piece.length;
      if (count === size) {
        yield part;
        part = new Uint8Array(size);
        count = 0;
      }
    }
  }
  if (count > 0) yield part.subarray(0, count);
}
