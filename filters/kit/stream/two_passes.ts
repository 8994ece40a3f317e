/**
 * Reading a stream twice, for what is known at its end only.
 *
 * @module
 */

import {
  type Damage,
  type ForeignBytes,
  PacketDecoder,
  type Rows,
} from "@subunit/codec";
import { reasonOf, ToolError } from "../errors.ts";
import { isRegularFile, TemporaryFile } from "../io/files.ts";
import { roomBefore } from "../io/input.ts";
import type { ToolIO } from "../tool/tool.ts";

/** Takes the items of a stream, as {@linkcode ToolIO.forEachRows} passes them. */
export interface Pass {
  takeRows(rows: Rows): void;
  takeOther?(item: ForeignBytes | Damage): void;
  endChunk?(): void;
}

/**
 * Reads the streams in `files`, then the same again. Regular files are read
 * twice; anything else is kept in a temporary file, which has no name and is gone
 * when the tool ends.
 *
 * @param second is asked for after the first pass; without one there is no
 * second pass, and nothing is kept
 * @throws {ToolError} when the temporary file fails, or a file has changed
 */
export function readTwice(
  io: ToolIO,
  files: readonly string[],
  first: Pass,
  second?: () => Pass,
): void {
  const isKept = second !== undefined &&
    !(files.length > 0 && files.every(isRegularFile));
  using kept = isKept ? temporaryFile() : undefined;
  let size = 0, trouble: unknown;
  try {
    size = decode(io.chunks(files), first, (chunk) => kept?.write(chunk));
  } catch (error) {
    if (kept === undefined) throw error;
    // What was read before passes on.
    trouble = error;
  }
  if (second === undefined) return;
  const chunks = kept === undefined
    ? io.chunks(files)
    : flushed(io, kept.chunks());
  const again = decode(chunks, second());
  if (trouble !== undefined) throw trouble;
  if (again === size) return;
  throw new ToolError(
    `Cannot read the input twice: it has changed from ${size} to ${again} bytes: pass it on standard input`,
  );
}

/** Decodes chunks and returns how many bytes they had. */
function decode(
  chunks: Iterable<Uint8Array>,
  { takeRows, takeOther = () => {}, endChunk = () => {} }: Pass,
  keep: (chunk: Uint8Array) => void = () => {},
): number {
  const decoder = new PacketDecoder();
  let size = 0;
  for (const chunk of chunks) {
    size += chunk.length;
    keep(chunk);
    decoder.push(chunk, roomBefore(chunk));
    decoder.drainRows(takeRows, takeOther);
    endChunk();
  }
  decoder.end();
  decoder.drainRows(takeRows, takeOther);
  endChunk();
  return size;
}

/** A copy of the input. */
function temporaryFile(): TemporaryFile {
  return new TemporaryFile("subunit-", (verb, error) =>
    new ToolError(
      `Cannot ${verb} a temporary file: ${
        reasonOf(error)
      }: set TMPDIR to a directory with room, or pass the stream as a file`,
    ));
}

/** Chunks in one buffer: what is written may be a view of the one before. */
function* flushed(
  io: ToolIO,
  chunks: Iterable<Uint8Array>,
): Generator<Uint8Array> {
  for (const chunk of chunks) {
    yield chunk;
    io.out.flush();
  }
}
