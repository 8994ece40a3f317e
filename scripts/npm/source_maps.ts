/**
 * Source maps that name files as the repository has them, not as they lay on
 * the machine that built the package.
 *
 * @module
 */

import { dirname, relative, resolve } from "node:path";
import { scriptsIn } from "./bundle.ts";
import { ROOT } from "./project.ts";

/** A file of a package in Deno's cache: behind the registry, its own name. */
const CACHED = /\/npm\/[^/]+\/(.*)$/;
/**
 * A chunk without sources: the bundler's own helpers, where all modules of the
 * library share them.
 */
const HELPERS = /\/chunk-\w+\.js$/;

/**
 * Renames the sources of all maps in a folder of the package: seen from the
 * package, "filters/subunit-ls.ts" or "npm/sax/1.6.1/lib/sax.js".
 *
 * @throws when one is neither of ours nor from a package
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

/** Says whether a script is its own source: the bundler's helpers are. */
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
