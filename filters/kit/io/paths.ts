/**
 * Paths of the process. `node:path` takes 7 ms to load.
 *
 * @module
 */

import { resolve } from "@std/path/posix/resolve";

/** The absolute path of a path. */
export function absolutePath(path: string): string {
  return resolve(Deno.cwd(), path);
}

/** The directory in which the process runs. */
export function currentFolder(): string {
  return Deno.cwd();
}
