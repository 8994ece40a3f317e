/**
 * Files that can be made again: whoever cannot write one goes without.
 *
 * @module
 */

import { ToolError } from "../errors.ts";
import type { FsFile } from "../runtime/runtime.ts";
import { isRegularFile, openFile, readAt } from "./files.ts";
import { makeFolder, replaceWith } from "./stored_files.ts";

/** A file to be read at any place. */
export class PlaceFile implements Disposable {
  readonly size: number;
  readonly #file: FsFile;

  private constructor(file: FsFile) {
    this.#file = file;
    this.size = file.statSync().size;
  }

  /**
   * Opens a file; undefined when it cannot be read, or is not a regular file.
   *
   * @param isRegular whether that is known already
   */
  static open(path: string, isRegular = false): PlaceFile | undefined {
    // To open a named pipe would wait for a writer, for ever.
    if (!isRegular && !isRegularFile(path)) return undefined;
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

/** Writes a file and makes its folder, if that can be done: the disk may be full. */
export function writeCached(path: string, bytes: Uint8Array): void {
  try {
    makeFolder(path.slice(0, path.lastIndexOf("/")));
    replaceWith(path, bytes);
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
  }
}
