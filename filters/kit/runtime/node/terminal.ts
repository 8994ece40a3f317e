/**
 * Finding out whether a descriptor is a terminal.
 *
 * @module
 */

import fs from "node:fs";
import process from "node:process";

/** Whether a descriptor is a terminal; loads nothing when it is a pipe. */
export function isTerminal(fd: number): boolean {
  try {
    return fs.fstatSync(fd).isCharacterDevice() &&
      process.getBuiltinModule("node:tty").isatty(fd);
  } catch {
    // It is closed.
    return false;
  }
}
