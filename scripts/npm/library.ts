/**
 * The library of the npm package: ES modules and their types.
 *
 * @module
 */

import { bundle, lower, scriptsIn } from "./bundle.ts";
import { CODEC, LIBRARY, ROOT, run } from "./project.ts";

/** The `exports` of the package. */
export const LIBRARY_EXPORTS = Object.fromEntries(
  Object.entries(CODEC.exports).map(([name, path]) => {
    const module = path.replace(/^\.(.*)\.ts$/, "$1");
    return [name, {
      types: `./types${module}.d.ts`,
      default: `./lib${module}.js`,
    }];
  }),
);

/**
 * Builds `lib/` and `types/`.
 *
 * @param npm the directory of the package
 * @param scratch a directory to write into
 */
export async function buildLibrary(
  npm: string,
  scratch: string,
): Promise<void> {
  await buildModules(`${scratch}/modules`, `${npm}/lib`);
  await buildTypes(`${npm}/types`, scratch);
}

/** Bundles our dependencies into the modules; shared code is in chunks. */
async function buildModules(from: string, to: string): Promise<void> {
  await bundle(LIBRARY, from, "--code-splitting", "--sourcemap=linked");
  await lower(scriptsIn(from), from, to);
}

/** Takes the types from the package that `deno pack` makes of the codec. */
async function buildTypes(directory: string, scratch: string): Promise<void> {
  const tarball = `${scratch}/codec.tgz`;
  const pack = ["pack", "--allow-dirty", "--ignore=**/*_test.ts"];
  await run(
    [Deno.execPath(), ...pack, "--output", tarball],
    `${ROOT}codec`,
  );
  Deno.mkdirSync(directory, { recursive: true });
  await run([
    "tar",
    "--extract",
    `--file=${tarball}`,
    `--directory=${directory}`,
    "--strip-components=1",
    "--wildcards",
    "*.d.ts",
  ]);
}
