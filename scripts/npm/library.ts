/**
 * The library of the npm package: ES modules and their types.
 *
 * @module
 */

import { bundle, lower } from "./bundle.ts";
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
 * Makes `lib/` and `types/`.
 *
 * @param directory where they go
 * @param scratch a directory to write into
 */
export async function buildLibrary(
  directory: string,
  scratch: string,
): Promise<void> {
  await Promise.all([
    buildModules(`${directory}/lib`),
    buildTypes(`${directory}/types`, scratch),
  ]);
}

/** Our dependencies are in the modules, and what they share is in chunks. */
async function buildModules(directory: string): Promise<void> {
  await bundle(LIBRARY, directory, "--code-splitting");
  await lower(directory);
}

/** `deno pack` makes a package of one member; its types are what we need. */
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
