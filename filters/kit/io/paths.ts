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

/**
 * A folder and those around it, upwards. The root is "", so that `${folder}/name`
 * is a path in each of them.
 */
export function* foldersUpwards(from = currentFolder()): Generator<string> {
  for (let folder = from === "/" ? "" : from;;) {
    yield folder;
    if (folder === "") return;
    folder = folder.slice(0, folder.lastIndexOf("/"));
  }
}
