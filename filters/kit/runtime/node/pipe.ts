/**
 * Pipes for a command's output.
 *
 * Node's own are sockets, which cannot be opened by name: `tee /dev/stdout` and
 * `--results-to /dev/fd/3` would fail in a command. A fifo that is opened and
 * removed at once is the same as a pipe of pipe(2). Node has neither call; the
 * command mkfifo takes about 6 ms.
 *
 * @module
 */

import fs from "node:fs";
import os from "node:os";
import process from "node:process";

/** The descriptors of a pipe. */
export interface Pipe {
  /** Does not block. */
  readonly readEnd: number;
  readonly writeEnd: number;
}

/** Makes `count` pipes; the caller closes their ends. */
export function makePipes(count: number): Pipe[] {
  if (count === 0) return [];
  const { spawnSync } = process.getBuiltinModule("node:child_process");
  const { O_RDONLY, O_NONBLOCK, O_WRONLY } = fs.constants;
  const folder = fs.mkdtempSync(`${os.tmpdir()}/subunit-`);
  try {
    const paths = Array.from({ length: count }, (_, i) => `${folder}/${i}`);
    const { error, stderr } = spawnSync("mkfifo", paths, { encoding: "utf8" });
    if (error ?? stderr) {
      throw new Error(`Cannot make a pipe: ${error?.message ?? stderr.trim()}`);
    }
    return paths.map((path) => ({
      // In this order: a fifo without a reader cannot be opened for writing.
      readEnd: fs.openSync(path, O_RDONLY | O_NONBLOCK),
      writeEnd: fs.openSync(path, O_WRONLY),
    }));
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}
