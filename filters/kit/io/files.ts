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

/**
 * Makes a file without a name, for nobody else, in the directory for temporary
 * files. It is gone when it is closed.
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

/** The next read of a file starts at its beginning. */
export function rewind(file: FsFile): void {
  file.seekSync(0, Deno.SeekMode.Start);
}

/**
 * Opens a file to be read and appended to, and makes it where there is none.
 * Waits until no other process has it open so.
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
