/**
 * Source maps with the paths of the repository, not those of the machine that
 * built the package.
 *
 * @module
 */

import { dirname, relative, resolve } from "node:path";
import { scriptsIn } from "./bundle.ts";
import { ROOT } from "./project.ts";

/** A file of a package in Deno's cache: its own name follows the registry. */
const CACHED = /\/npm\/[^/]+\/(.*)$/;
/**
 * A chunk without sources: the bundler's own helpers, which all modules of the
 * library share.
 */
const HELPERS = /\/chunk-\w+\.js$/;

/**
 * Renames the sources of all maps in a folder of the package, relative to the
 * package: "filters/subunit-ls.ts" or "npm/cbor-x/1.6.8/encode.js".
 *
 * @throws if a source is neither ours nor from a package
 */
export function renameSources(npm: string, folder: string): void {
  for (const script of scriptsIn(`${npm}/${folder}`)) {
    const path = `${npm}/${folder}/${script}.map`;
    const map = JSON.parse(Deno.readTextFileSync(path));
    const up = relative(dirname(path), npm);
    const sources: string[] = map.sources.map((source: string) =>
      resolve(dirname(path), source)
    );
    if (sources.every((source) => isBundled(source, script))) {
      map.sources = [];
      map.mappings = "";
    } else {
      map.sources = sources.map((source) => `${up}/${nameOf(source)}`);
    }
    Deno.writeTextFileSync(path, JSON.stringify(map));
  }
}

/** Returns whether a script is its own source, as the bundler's helpers are. */
function isBundled(source: string, script: string): boolean {
  return !source.startsWith(ROOT) && source.endsWith(`/${script}`);
}

function nameOf(path: string): string {
  const [, cached] = CACHED.exec(path) ?? [];
  if (cached !== undefined) return `npm/${cached}`;
  if (path.startsWith(ROOT)) return path.slice(ROOT.length);
  if (HELPERS.test(path)) return "npm/esbuild/helpers.js";
  throw new Error(`Cannot name the source ${path}`);
}
