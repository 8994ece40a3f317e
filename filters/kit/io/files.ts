/**
 * Files that a tool looks at, keeps for itself or shares with other processes.
 *
 * @module
 */

import { isNotFound } from "../errors.ts";
import type { FsFile } from "../runtime/runtime.ts";
import { writeAll } from "./output.ts";

/** Whether a regular file, which can be read twice, is at a path. */
export function isRegularFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Whether a folder is at a path. */
export function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/**
 * What changes when a file is edited: the time, in milliseconds since 1970, and
 * the size. Undefined if there is none.
 */
export function stampOf(
  path: string,
): { readonly modified: number; readonly size: number } | undefined {
  try {
    const { mtime, size } = Deno.statSync(path);
    return { modified: mtime?.getTime() ?? 0, size };
  } catch {
    return undefined;
  }
}

/**
 * Whether a file belongs to another user, who is not root; not where there is
 * none, or there are no users.
 */
export function isForeign(path: string): boolean {
  const user = Deno.uid();
  try {
    const owner = Deno.statSync(path).uid;
    return user !== null && owner !== null && owner !== user && owner !== 0;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

/** The names in a folder; none if it is gone. */
export function namesIn(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => name);
  } catch {
    return [];
  }
}

/** Whether two paths lead to one regular file. */
export function isSameFile(path: string, other: string): boolean {
  try {
    const { isFile, dev, ino } = Deno.statSync(path);
    const info = Deno.statSync(other);
    return isFile && ino !== null && ino === info.ino && dev === info.dev;
  } catch {
    return false;
  }
}

/**
 * Opens an empty temporary file that only this process can open: it has no name
 * any more, and is gone when it is closed.
 *
 * @throws what the runtime throws
 */
export function openTemporary(prefix: string): FsFile {
  const path = Deno.makeTempFileSync({ prefix });
  try {
    return Deno.openSync(path, { read: true, write: true });
  } finally {
    Deno.removeSync(path);
  }
}

/**
 * Makes a temporary file that only its user can open, and returns its path. The
 * caller removes it.
 *
 * @throws what the runtime throws
 */
export function makeTemporary(prefix: string, content: Uint8Array): string {
  const path = Deno.makeTempFileSync({ prefix });
  using file = Deno.openSync(path, { write: true });
  writeAll(file, content);
  return path;
}

/** How much is read from a temporary file at a time. */
const TEMPORARY_BYTES = 256 * 1024;

/** Makes the error for what cannot be done with a temporary file. */
type Trouble = (verb: "make" | "write" | "read", error: unknown) => Error;

/** A temporary file, as {@linkcode openTemporary} opens it, and its errors. */
export class TemporaryFile implements Disposable {
  readonly #file: FsFile;
  readonly #trouble: Trouble;

  /** @throws what `trouble` makes, as all methods do */
  constructor(prefix: string, trouble: Trouble) {
    this.#trouble = trouble;
    this.#file = this.#try("make", () => openTemporary(prefix));
  }

  write(bytes: Uint8Array): void {
    this.#try("write", () => writeAll(this.#file, bytes));
  }

  /** All that was written; a chunk is valid until the next. */
  *chunks(): Generator<Uint8Array> {
    const buffer = new Uint8Array(TEMPORARY_BYTES);
    const read = () => this.#try("read", () => this.#file.readSync(buffer));
    this.#try("read", () => rewind(this.#file));
    for (let count; (count = read()) !== null;) yield buffer.subarray(0, count);
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }

  #try<T>(verb: Parameters<Trouble>[0], work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.#trouble(verb, error);
    }
  }
}

/** Makes the next read start at an offset. */
export function seek(file: FsFile, offset: number): void {
  file.seekSync(offset, Deno.SeekMode.Start);
}

/** Reads bytes at an offset; fewer where the file ends. */
export function readAt(
  file: FsFile,
  offset: number,
  length: number,
): Uint8Array {
  seek(file, offset);
  return readFully(file, length);
}

/** Reads so many bytes; fewer where the file ends. */
export function readFully(file: FsFile, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  while (at < length) {
    const count = file.readSync(bytes.subarray(at));
    if (count === null) break;
    at += count;
  }
  return bytes.subarray(0, at);
}

/**
 * Creates a file that only its user may read and write; it must not exist yet.
 *
 * @throws what the runtime throws
 */
export function createPrivateFile(path: string): FsFile {
  return Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
}

/**
 * Removes a file, if there is one.
 *
 * @throws what the runtime throws
 */
export function removeFile(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/**
 * Gives a file another name, in place of one that is there.
 *
 * @throws what the runtime throws
 */
export function renameFile(from: string, to: string): void {
  Deno.renameSync(from, to);
}

/**
 * Opens a file for reading.
 *
 * @throws what the runtime throws
 */
export function openFile(path: string): FsFile {
  return Deno.openSync(path);
}

/** Makes the next read start at the beginning of the file. */
export function rewind(file: FsFile): void {
  seek(file, 0);
}

/**
 * Opens a file to be read and appended to, and creates it if there is none.
 * Waits while another process has it open in this way.
 *
 * @throws what the runtime throws
 */
export function openLocked(path: string): FsFile {
  const options = { read: true, append: true, create: true };
  return locked(path, () => Deno.openSync(path, options), true);
}

/**
 * Opens a file for its lock, which is held until it is closed, and creates it if
 * there is none, for its user alone. Waits for processes that have the lock, if
 * one of the locks is exclusive.
 *
 * @throws what the runtime throws
 */
export function lockFile(path: string, isExclusive: boolean): FsFile {
  return locked(path, () => openOrCreate(path), isExclusive);
}

function openOrCreate(path: string): FsFile {
  try {
    return Deno.openSync(path);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  const options = { read: true, write: true, create: true, mode: 0o600 };
  return Deno.openSync(path, options);
}

function locked(
  path: string,
  open: () => FsFile,
  isExclusive: boolean,
): FsFile {
  for (;;) {
    const file = open();
    try {
      file.lockSync(isExclusive);
      // Whoever had the lock may have put another file in its place.
      if (isAt(path, file)) return file;
    } catch (error) {
      file.close();
      throw error;
    }
    file.close();
  }
}

/** Whether an open file is the one that others find at a path. */
function isAt(path: string, file: FsFile): boolean {
  const { dev, ino } = file.statSync();
  try {
    const there = Deno.statSync(path);
    return there.dev === dev && there.ino === ino;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

/**
 * Puts a file with other content in the place of one, at once: who opens the path
 * finds either. Its permissions stay, and so does a link that leads to it. The
 * content is on the disk before that.
 *
 * @throws what the runtime throws; the file is then as it was
 */
export function replaceFile(
  path: string,
  write: (file: FsFile) => void,
): void {
  const target = Deno.realPathSync(path), { mode } = Deno.statSync(target);
  const temporary = target.replace(/[^/]*$/, ".$&.new");
  // One that was left behind is of nobody: the caller has the lock.
  const file = Deno.openSync(temporary, {
    write: true,
    create: true,
    truncate: true,
  });
  try {
    try {
      if (mode !== null) Deno.chmodSync(temporary, mode & 0o7777);
      write(file);
      file.syncSync();
    } finally {
      file.close();
    }
    renameFile(temporary, target);
  } catch (error) {
    removeFile(temporary);
    throw error;
  }
}
