/**
 * Files that a tool looks at, keeps for itself or shares with other processes.
 *
 * @module
 */

import type { FsFile } from "../runtime/runtime.ts";

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

/** Makes the next read start at the beginning of the file. */
export function rewind(file: FsFile): void {
  file.seekSync(0, Deno.SeekMode.Start);
}

/**
 * Opens a file to be read and appended to, and creates it if there is none.
 * Waits while another process has it open in this way.
 *
 * @throws what the runtime throws
 */
export function openLocked(path: string): FsFile {
  const file = Deno.openSync(path, { read: true, append: true, create: true });
  try {
    file.lockSync(true);
  } catch (error) {
    file.close();
    throw error;
  }
  return file;
}
