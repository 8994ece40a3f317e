/**
 * Standard output, to which every byte is written once.
 *
 * @module
 */

import { isNotReady } from "../errors.ts";
import type { Sink } from "./output.ts";

/**
 * What a pipe takes whole or not at all: PIPE_BUF, of which POSIX promises 512
 * bytes. Stream sockets do the same up to this size, except TCP's on Linux.
 */
const ATOMIC_BYTES = Deno.build?.os === "linux" ? 4096 : 512;
/** A terminal promises this for single bytes only. */
const ATOMIC_TERMINAL_BYTES = 1;

/** The most that standard output takes whole or not at all. */
export function atomicBytes(): number {
  return Deno.stdout.isTerminal() ? ATOMIC_TERMINAL_BYTES : ATOMIC_BYTES;
}

/** The sink for standard output. Only Deno's counts are not exact. */
export function stdoutSink(): Sink {
  return Deno.build === undefined ? Deno.stdout : new PiecewiseStdout();
}

/** Standard output under Deno. */
class PiecewiseStdout implements Sink {
  #atomicBytesOf: ((bytes: number) => number) | undefined;

  /** Writes all of `bytes`; waits while the descriptor is not ready. */
  writeSync(bytes: Uint8Array): number {
    this.#atomicBytesOf ??= atomicBytesAfter(atomicBytes());
    const pieces = piecesOf(bytes, this.#atomicBytesOf(bytes.length));
    for (let next = pieces.next(); !next.done;) {
      let count: number | undefined;
      try {
        count = Deno.stdout.writeSync(next.value);
      } catch (error) {
        if (!isNotReady(error)) throw error;
      }
      next = pieces.next(count);
    }
    return bytes.length;
  }

  isTerminal(): boolean {
    return Deno.stdout.isTerminal();
  }

  close(): void {
    Deno.stdout.close();
  }
}

/**
 * Looks, once that pays, whether standard output is a regular file or the null
 * device: these are always ready, so that they take anything whole.
 *
 * This uses nothing outside itself: its text runs in a worker, too.
 *
 * @param atomicBytes what it takes whole before the look
 * @returns the same, given how many bytes are to be written next
 */
export function atomicBytesAfter(
  atomicBytes: number,
): (bytes: number) => number {
  // Only Node's interface tells what a descriptor is. Loading it takes as long
  // as a file takes longer in pieces for so many bytes: 30 ms.
  let left = 24 * 1024 * 1024;
  let most = atomicBytes;
  return (bytes) => {
    if (left <= 0) return most;
    left -= bytes;
    if (left <= 0) {
      const { process } = globalThis as {
        process?: { getBuiltinModule(name: string): typeof import("node:fs") };
      };
      const STDOUT = 1, NULL_DEVICE = 0x103; // 1:3, on Linux
      const stats = process?.getBuiltinModule("node:fs").fstatSync(STDOUT);
      const isNull = Deno.build?.os === "linux" && stats?.rdev === NULL_DEVICE;
      if (isNull || stats?.isFile()) most = Infinity;
    }
    return most;
  };
}

/**
 * What to write to standard output under Deno, one piece after the other; takes
 * how much of it was written, undefined when the descriptor was not ready.
 *
 * When another process has set the descriptor not to block and it is full, Deno
 * does not say how much of a write it accepted: it writes through Rust's
 * `std::io::Stdout` and flushes that, and the error of the flush hides the count
 * of the write. To write all of it again would repeat what has left.
 * (library/std/src/io/buffered/linewritershim.rs, `write`: what ends with the
 * last line feed goes to the descriptor; as much of the rest as fits is put into
 * a buffer of 1024 bytes.)
 *
 * So an error has to say what was accepted. It does of a piece
 *
 * - that ends with a line feed and is written whole or not at all: nothing;
 * - without a line feed, shorter than the buffer: all of it. What the buffer
 *   holds leaves when nothing more is written;
 * - without a line feed, at least as long as the buffer: nothing. Without an
 *   error the count is exact, because it bypasses the buffer.
 *
 * Standard error and files have no buffer, nor has anything on Node: their
 * counts are exact.
 *
 * This uses nothing outside itself: its text runs in a worker, too.
 *
 * @param atomicBytes the most that is written whole or not at all
 */
export function* piecesOf(
  bytes: Uint8Array,
  atomicBytes: number,
): Generator<Uint8Array, void, number | undefined> {
  const LF = 0x0a, BUFFER_BYTES = 1024;
  const { length } = bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  // Sixteen bytes a step: CBOR has no line feeds for a long time, and indexOf
  // takes a nanosecond for each byte. A byte's top bit ends up set when it was a
  // line feed.
  const lineFeedFrom = (start: number): number => {
    let at = start;
    for (const last = length - 16; at <= last; at += 16) {
      const a = view.getInt32(at) ^ 0x0a0a0a0a;
      const b = view.getInt32(at + 4) ^ 0x0a0a0a0a;
      const c = view.getInt32(at + 8) ^ 0x0a0a0a0a;
      const d = view.getInt32(at + 12) ^ 0x0a0a0a0a;
      const found = (a - 0x01010101) & ~a | (b - 0x01010101) & ~b |
        (c - 0x01010101) & ~c | (d - 0x01010101) & ~d;
      if ((found & 0x80808080) !== 0) break;
    }
    return bytes.indexOf(LF, at);
  };
  for (let at = 0, end = 0; at < length;) {
    if (at >= end) {
      const limit = Math.min(at + atomicBytes, length);
      // The byte in front is a line feed, or this one is: the search is short.
      end = bytes.lastIndexOf(LF, limit - 1) + 1;
      if (end <= at) end = lineFeedFrom(limit);
      if (end < 0) end = length;
    }
    const piece = bytes.subarray(at, end);
    const count = yield piece;
    if (count !== undefined) {
      at += count;
    } else if (piece.length < BUFFER_BYTES && bytes[end - 1] !== LF) {
      at = end;
      while ((yield bytes.subarray(at, at)) === undefined);
    }
  }
}
