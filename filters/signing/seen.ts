/**
 * The streams verified before, so that none is accepted twice.
 *
 * @module
 */

import { reasonOf } from "../kit/errors.ts";
import { openLocked } from "../kit/io/files.ts";
import { writeAll } from "../kit/io/output.ts";
import type { FsFile } from "../kit/runtime/runtime.ts";
import { EXIT, SignedStreamError } from "./errors.ts";

/**
 * A file with one line per stream that was verified to its end: its id and the
 * time. Other streams are not listed: otherwise anybody could block a good
 * stream by sending its first packet ahead.
 */
export class SeenStreams {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Checks that a stream is not listed.
   *
   * @throws {SignedStreamError} status 1 when it is, 5 when the file cannot be
   * read
   */
  check(stream: string): void {
    this.#open((file) => this.#expectNone(file, stream));
  }

  /**
   * Checks once more, because another process may have listed the stream since,
   * and adds it.
   *
   * @throws as {@linkcode check} does
   */
  add(stream: string): void {
    this.#open((file) => {
      this.#expectNone(file, stream);
      const line = `${stream} ${new Date().toISOString()}\n`;
      writeAll(file, new TextEncoder().encode(line));
      file.syncSync();
    });
  }

  #expectNone(file: FsFile, stream: string): void {
    const { size } = file.statSync();
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size;) {
      at += file.readSync(bytes.subarray(at)) ?? size;
    }
    const known = new TextDecoder().decode(bytes);
    if (!known.split("\n").some((line) => line.startsWith(stream))) return;
    throw new SignedStreamError(
      EXIT.bad,
      `Cannot trust the stream: it is a replay, ${stream} is in "${this.#path}"`,
    );
  }

  /** Nobody else has the file open in here. */
  #open(use: (file: FsFile) => void): void {
    try {
      using file = openLocked(this.#path);
      use(file);
    } catch (error) {
      if (error instanceof SignedStreamError) throw error;
      throw new SignedStreamError(
        EXIT.trouble,
        `Cannot use "${this.#path}": ${reasonOf(error)}: check the path`,
      );
    }
  }
}
