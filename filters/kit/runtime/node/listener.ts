/**
 * Reads and writes that let signal handlers run.
 *
 * A thread that blocks in read(2) or write(2) keeps Node alive: Node joins its
 * threads before it exits. So pipes, sockets and terminals go through the event
 * loop, and threads read only regular files.
 *
 * @module
 */

import fs from "node:fs";
import process from "node:process";
import type { Readable } from "node:stream";
import { denoError } from "./errors.ts";
import { isTerminal } from "./terminal.ts";
import { boundYoungSpace } from "./young_space.ts";

/** The capacity of a pipe, and the most that is read ahead. */
const PIPE_BYTES = 64 * 1024;

function isPipe(fd: number): boolean {
  const stats = fs.fstatSync(fd);
  return stats.isFIFO() || stats.isSocket();
}

function nodeReadable(fd: number): Readable {
  const highWaterMark = PIPE_BYTES;
  if (isPipe(fd)) {
    const { Socket } = process.getBuiltinModule("node:net");
    const options = { fd, readable: true, writable: false, highWaterMark };
    return new Socket(options);
  }
  if (isTerminal(fd)) {
    const { ReadStream } = process.getBuiltinModule("node:tty");
    return new ReadStream(fd);
  }
  return fs.createReadStream("", { fd, highWaterMark });
}

/** What a descriptor delivers, chunk by chunk. */
export class Listener {
  readonly #source: Readable;
  #isOver = false;
  #failure: unknown;
  #wake = () => {};

  /** @param source a descriptor, which is closed at the end, or a stream */
  constructor(source: number | Readable) {
    this.#source = typeof source === "number" ? nodeReadable(source) : source;
    this.#source
      .on("readable", () => this.#wake())
      .on("end", () => this.#endWith(undefined))
      // Closed by the reader, before its end.
      .on("close", () => this.#endWith(undefined))
      .on("error", (error) => this.#endWith(denoError(error)));
  }

  #endWith(failure: unknown): void {
    this.#isOver = true;
    this.#failure ??= failure;
    this.#wake();
  }

  /** Waits for data and reads what is there. Returns null at the end. */
  async read(buffer: Uint8Array): Promise<number | null> {
    boundYoungSpace();
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      // Starts the next read where nothing is left, and finds the end.
      this.#source.read(0);
      const count = Math.min(buffer.length, this.#source.readableLength);
      if (count > 0) {
        buffer.set(this.#source.read(count));
        return count;
      }
      if (this.#isOver) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** The same as a byte stream, which reads into the buffer of its reader. */
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return new ReadableStream({
      type: "bytes",
      autoAllocateChunkSize: PIPE_BYTES,
      pull: async (controller) => {
        const request = controller.byobRequest!;
        const count = await this.read(request.view as Uint8Array);
        if (count === null) controller.close();
        request.respond(count ?? 0);
      },
      cancel: () => this.close(),
    });
  }

  close(): void {
    this.#source.destroy();
  }
}

/** Writes to a descriptor; settles when it is written. */
export class Writer {
  readonly #write: (
    bytes: Uint8Array,
    done: (error?: Error | null, count?: number) => void,
  ) => void;

  constructor(fd: number) {
    if (isPipe(fd)) {
      const { Socket } = process.getBuiltinModule("node:net");
      const socket = new Socket({ fd, readable: false, writable: true });
      // The callback of the write reports it.
      socket.on("error", () => {});
      this.#write = (bytes, done) => socket.write(bytes, done);
    } else {
      this.#write = (bytes, done) => fs.write(fd, bytes, done);
    }
  }

  /** Returns how many bytes were written. */
  write(bytes: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) =>
      this.#write(
        bytes,
        (error, count = bytes.length) =>
          error ? reject(denoError(error)) : resolve(count),
      )
    );
  }
}
