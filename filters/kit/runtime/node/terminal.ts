/**
 * Finding out whether a descriptor is a terminal, and its size.
 *
 * @module
 */

import fs from "node:fs";
import process from "node:process";
import type { WriteStream } from "node:tty";
import type { ConsoleSize } from "../runtime.ts";

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

/** Undefined until the size of a terminal is asked for. */
let stream: WriteStream | undefined;

/** The size of the terminal that standard output or error is. */
export function consoleSize(): ConsoleSize {
  if (stream === undefined) {
    const found = [process.stderr, process.stdout].find(({ isTTY }) => isTTY);
    if (found === undefined) throw new Error("There is no terminal");
    stream = found as WriteStream;
  }
  // Node asks the terminal again at each SIGWINCH, before later listeners run.
  const [columns, rows] = stream.getWindowSize();
  return { columns, rows };
}
