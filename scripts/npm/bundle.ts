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

/**
 * Lowers the scripts of a directory for Node 20, each in its place. They are
 * the main modules of what they are in.
 */
export async function lower(directory: string): Promise<void> {
  const files = [...scriptsIn(directory)];
  await run([
    "npx",
    "-y",
    ESBUILD,
    ...files,
    `--outdir=${directory}`,
    `--outbase=${directory}`,
    "--allow-overwrite",
    "--target=node20",
    "--log-level=warning",
    // Names stay: they stand in the trace of a defect.
    "--minify-whitespace",
    "--define:import.meta.main=true",
  ]);
  for (const file of files) {
    const script = Deno.readTextFileSync(file);
    Deno.writeTextFileSync(file, script.replaceAll(CACHED, "$1"));
  }
}

/** Where a package's module was cached: the bundler calls it so, and it shows. */
const CACHED = /(?<=")[^"\n]*\/npm\/[^"\n/]+\/([^"\n]+)(?="\()/g;

function* scriptsIn(directory: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(directory)) {
    const path = `${directory}/${name}`;
    if (isDirectory) yield* scriptsIn(path);
    else if (name.endsWith(".js")) yield path;
  }
}
