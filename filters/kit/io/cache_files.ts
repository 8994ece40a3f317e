/**
 * Files that can be made again: whoever cannot write one goes without.
 *
 * @module
 */

import { randomBytes } from "../runtime/builtin.ts";
import type { FsFile } from "../runtime/runtime.ts";
import { isRegularFile, openFile, readAt } from "./files.ts";
import { writeAll } from "./output.ts";

/** A file to be read at any place. */
export class PlaceFile implements Disposable {
  readonly size: number;
  readonly #file: FsFile;

  private constructor(file: FsFile) {
    this.#file = file;
    this.size = file.statSync().size;
  }

  /** Opens a file; undefined when it cannot be read, or is not a regular file. */
  static open(path: string): PlaceFile | undefined {
    // To open a named pipe would wait for a writer, for ever.
    if (!isRegularFile(path)) return undefined;
    try {
      return new PlaceFile(openFile(path));
    } catch {
      return undefined;
    }
  }

  /** The bytes at a place; fewer where the file ends, none if it is unreadable. */
  read(at: number, count: number): Uint8Array {
    try {
      return readAt(this.#file, at, count);
    } catch {
      // The file will be made again.
      return new Uint8Array(0);
    }
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** All of a file; undefined when it cannot be read. */
export function readCached(path: string): Uint8Array | undefined {
  using file = PlaceFile.open(path);
  return file?.read(0, file.size);
}

/**
 * Writes a file that others see whole or not at all, and makes its folder.
 * Returns whether it could: the disk may be full, or read-only.
 */
export function writeCached(path: string, bytes: Uint8Array): boolean {
  const temporary = `${path}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    const folder = path.slice(0, path.lastIndexOf("/"));
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
    const options = { write: true, createNew: true, mode: 0o600 };
    using file = Deno.openSync(temporary, options);
    writeAll(file, bytes);
    Deno.renameSync(temporary, path);
    return true;
  } catch {
    try {
      Deno.removeSync(temporary);
    } catch {
      // It was not made.
    }
    return false;
  }
}
