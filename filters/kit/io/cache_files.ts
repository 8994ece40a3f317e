/**
 * Files that can be made again: whoever cannot write one goes without.
 *
 * @module
 */

import { ToolError } from "../errors.ts";
import type { FsFile } from "../runtime/runtime.ts";
import { openFile, readAt, readFully } from "./files.ts";
import { writeAll } from "./output.ts";
import {
  infoOf,
  listFolder,
  makeFolder,
  newFile,
  remove,
  rename,
  replaceWith,
  temporaryBeside,
} from "./stored_files.ts";

/** A file to be read at any place. */
export class PlaceFile implements Disposable {
  readonly size: number;
  readonly #file: FsFile;
  /** Where the next read is. */
  #at = 0;

  private constructor(file: FsFile, size: number) {
    this.#file = file;
    this.size = size;
  }

  /**
   * Opens a file; undefined when it cannot be read, or is not a regular file.
   *
   * @param size its size, where it is known to be a regular file
   */
  static open(path: string, size?: number): PlaceFile | undefined {
    try {
      // Of an open file, Deno looks at each folder above it once more: what is
      // put in its place in between is taken for one that is cut.
      const known = size ?? regularSize(path);
      // To open a named pipe would wait for a writer, for ever.
      return known === undefined
        ? undefined
        : new PlaceFile(openFile(path), known);
    } catch {
      return undefined;
    }
  }

  /** The bytes at a place; fewer where the file ends, none if it is unreadable. */
  read(at: number, count: number): Uint8Array {
    try {
      const bytes = at === this.#at
        ? readFully(this.#file, count)
        : readAt(this.#file, at, count);
      this.#at = at + bytes.length;
      return bytes;
    } catch {
      // The file will be made again.
      return new Uint8Array(0);
    }
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

function regularSize(path: string): number | undefined {
  const { isFile, size } = Deno.statSync(path);
  return isFile ? size : undefined;
}

/** The names in a folder; none where it is no folder, or cannot be read. */
export function listCached(folder: string): readonly string[] {
  try {
    return listFolder(folder).names;
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    return [];
  }
}

/** Removes a file, if there is one and it can be removed. */
export function removeCached(path: string): void {
  try {
    if (infoOf(path)?.isFile) remove(path);
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
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

/**
 * Appends to a file that is there, or writes it anew and makes its folder, if
 * that can be done.
 *
 * @param make makes the bytes, if it can, and is not called if they cannot be
 * written
 */
export function addCached(
  path: string,
  isAppended: boolean,
  make: () => Uint8Array | undefined,
): void {
  const written = isAppended ? path : temporaryBeside(path);
  using file = isAppended ? openToAppend(path) : openNew(written);
  if (file === undefined) return;
  const bytes = make();
  let isWritten = false;
  try {
    if (bytes !== undefined) {
      writeAll(file, bytes);
      if (!isAppended) rename(written, path);
      isWritten = true;
    }
  } catch {
    // The disk is full. What is cut here is seen by the next reader.
  }
  if (!isWritten && !isAppended) remove(written);
}

function openToAppend(path: string): FsFile | undefined {
  try {
    // A link would lead to a file that is not of the cache.
    if (infoOf(path)?.isFile !== true) return undefined;
    return Deno.openSync(path, { append: true });
  } catch {
    return undefined;
  }
}

function openNew(path: string): FsFile | undefined {
  try {
    makeFolder(path.slice(0, path.lastIndexOf("/")));
    return newFile(path);
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    return undefined;
  }
}
