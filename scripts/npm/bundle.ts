/**
 * Modules with all they import, in files that run on Node 20.
 *
 * `deno bundle` knows the workspace, the import map and the pinned packages,
 * and makes one file of each module. It leaves the language as it is; what
 * Node 20 cannot read yet, as `using`, esbuild lowers. (`deno bundle` is
 * esbuild inside; this is the version it has, but asked for by name.)
 *
 * @module
 */

import { run } from "./project.ts";

const ESBUILD = "esbuild@0.25.5";

/**
 * Bundles modules into a directory, under the names they have.
 *
 * @param options those of `deno bundle`
 */
export async function bundle(
  modules: readonly string[],
  directory: string,
  ...options: string[]
): Promise<void> {
  await bundleWith([
    Deno.execPath(),
    "bundle",
    "--quiet",
    // In a browser's bundle nothing of Node is loaded that nobody asks for;
    // under Deno each such module costs as much as the start of a tool.
    "--platform=browser",
    "--external=node:*",
    `--outdir=${directory}`,
    ...options,
    ...modules,
  ]);
  forgetCache(directory);
}

/** How often two of them may meet. */
const ATTEMPTS = 5;

/**
 * Runs `deno bundle`. The first one on a machine puts its esbuild in place, and
 * fails when another one does so at the same time.
 */
async function bundleWith(command: readonly string[]): Promise<void> {
  for (let attempt = 1;; attempt++) {
    try {
      return await run(command);
    } catch (error) {
      const isRace = (error as Error).message.includes("copy esbuild binary");
      if (!isRace || attempt === ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000 * attempt));
    }
  }
}

/** Where a package's module was cached: the bundler calls it so, and it shows. */
const CACHED = /(?<=^ *")[^"\n]*\/npm\/[^"\n/]+\/([^"\n]+)(?="\()/gm;

/** Takes this machine's paths out of the names of modules. */
function forgetCache(directory: string): void {
  for (const file of scriptsIn(directory)) {
    const path = `${directory}/${file}`;
    const script = Deno.readTextFileSync(path);
    Deno.writeTextFileSync(path, script.replaceAll(CACHED, "$1"));
  }
}

/**
 * Lowers scripts for Node 20, into another directory, with source maps. They
 * are the main modules of what they are in.
 *
 * @param files their paths in `from`, and in `to` when this is done
 * @param options those of esbuild
 */
export async function lower(
  files: readonly string[],
  from: string,
  to: string,
  ...options: string[]
): Promise<void> {
  await run([
    "npx",
    "-y",
    ESBUILD,
    ...files.map((file) => `${from}/${file}`),
    `--outdir=${to}`,
    `--outbase=${from}`,
    "--target=node20",
    "--log-level=warning",
    "--sourcemap",
    "--sources-content=false",
    "--define:import.meta.main=true",
    ...options,
  ]);
}

/** The paths of the scripts in a directory, at any depth. */
export function scriptsIn(directory: string, folder = ""): string[] {
  return Array.from(Deno.readDirSync(`${directory}/${folder}`)).flatMap(
    ({ name, isDirectory }) =>
      isDirectory
        ? scriptsIn(directory, `${folder}${name}/`)
        : name.endsWith(".js")
        ? [folder + name]
        : [],
  ).sort();
}
