/**
 * The project a traceback is about.
 *
 * @module
 */

import { resolve } from "node:path";
import type { Project } from "./source_place.ts";

/** How many files are remembered to be there, or not. */
const MAX_KNOWN_FILES = 10_000;

/** The project in a directory, as far as its files can be seen. */
export function projectIn(directory: string): Project {
  const root = resolve(directory);
  const known = new Map<string, boolean>();
  return {
    root,
    exists(path) {
      let isThere = known.get(path);
      if (isThere !== undefined) return isThere;
      try {
        isThere = Deno.statSync(`${root}/${path}`).isFile;
      } catch {
        isThere = false;
      }
      if (known.size === MAX_KNOWN_FILES) known.clear();
      known.set(path, isThere);
      return isThere;
    },
  };
}
