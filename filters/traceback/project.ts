/**
 * The project that a traceback belongs to.
 *
 * @module
 */

import type { Project } from "./source_place.ts";

/** How many answers are remembered. */
const MAX_KNOWN_FILES = 10_000;

/**
 * The project in a directory.
 *
 * @param root an absolute path
 * @param workingDirectory where its tests ran, an absolute path
 * @param isFile whether there is a file at an absolute path; its answers are
 * remembered
 */
export function projectIn(
  root: string,
  workingDirectory: string,
  isFile: (path: string) => boolean,
): Project {
  const known = new Map<string, boolean>();
  return {
    root,
    workingDirectory,
    exists(path) {
      let isThere = known.get(path);
      if (isThere !== undefined) return isThere;
      isThere = isFile(`${root}/${path}`);
      if (known.size === MAX_KNOWN_FILES) known.clear();
      known.set(path, isThere);
      return isThere;
    },
  };
}
