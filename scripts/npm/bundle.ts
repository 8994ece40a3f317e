/**
 * Bundles modules with all that they import into files that run on Node 20.
 *
 * `deno bundle` reads the workspace, the import map and the pinned packages, and
 * writes one file per module. It does not lower the language; esbuild does that
 * for syntax that Node 20 cannot read, such as `using`. (`deno bundle` contains
 * esbuild; this is the same version.)
 *
 * @module
 */

import { OPTIONAL_PACKAGES, run } from "./project.ts";

const ESBUILD = "esbuild@0.25.5";

/**
 * Bundles modules into a directory, under their own names.
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
    // A bundle for browsers loads only the modules of Node that are imported;
    // under Deno each other one would cost as much as the start of a tool.
    "--platform=browser",
    "--external=node:*",
    ...OPTIONAL_PACKAGES.map((name) => `--external=${name}`),
    `--outdir=${directory}`,
    ...options,
    ...modules,
  ]);
  forgetCache(directory);
}

/** How often to retry after a race. */
const ATTEMPTS = 5;

/**
 * Runs `deno bundle`. The first run on a machine installs esbuild, and fails if
 * another run does so at the same time.
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

/** The path of a cached module, which the bundler uses as its name. */
const CACHED = /(?<=^ *")[^"\n]*\/npm\/[^"\n/]+\/([^"\n]+)(?="\()/gm;

/** Removes this machine's paths from the names of modules. */
function forgetCache(directory: string): void {
  for (const file of scriptsIn(directory)) {
    const path = `${directory}/${file}`;
    const script = Deno.readTextFileSync(path);
    Deno.writeTextFileSync(path, script.replaceAll(CACHED, "$1"));
  }
}

/**
 * Lowers scripts for Node 20 into another directory, with source maps. In each
 * of them `import.meta.main` is true.
 *
 * @param files their paths in `from`, and then in `to`
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

/** Returns the paths of the scripts in a directory, at any depth. */
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
