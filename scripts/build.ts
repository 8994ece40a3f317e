/**
 * Builds the npm package `subunit-tools`: the directory `npm/` and a tarball
 * beside it, in `dist/` or the directory named on the command line.
 *
 * @module
 */

import { checkLibrary, checkTools } from "./npm/check.ts";
import { buildExecutables, NODE_VERSIONS } from "./npm/executables.ts";
import { buildLibrary, LIBRARY_EXPORTS } from "./npm/library.ts";
import { PROJECT, ROOT, run, TOOLS } from "./npm/project.ts";

/** Of the package, and of its tarball. */
const NAME = "subunit-tools";

/** What the package says of itself; it needs no other. */
const MANIFEST = {
  name: NAME,
  version: PROJECT.version,
  description: "Unix pipe filters for subunit test results, and their codec",
  keywords: ["subunit", "test", "tap", "junit", "ci", "cli"],
  license: "MIT",
  type: "module",
  engines: { node: NODE_VERSIONS },
  exports: LIBRARY_EXPORTS,
  bin: Object.fromEntries(TOOLS.map((tool) => [tool, `bin/${tool}`])),
  man: [
    ...TOOLS.map((tool) => `share/man/man1/${tool}.1`),
    "share/man/man7/subunit-tools.7",
  ],
  files: ["bin", "lib", "types", "share", "LICENSES.md"],
  sideEffects: false,
};

/** Builds into a directory, which is made anew. Returns the tarball's path. */
async function build(dist: string): Promise<string> {
  const npm = `${dist}/npm`;
  const scratch = Deno.makeTempDirSync({ prefix: "subunit-build-" });
  try {
    await Deno.remove(npm, { recursive: true }).catch(() => {});
    Deno.mkdirSync(npm, { recursive: true });
    const licenses = await buildExecutables(`${npm}/bin`, scratch);
    await buildLibrary(npm, scratch);
    await checkTools(scratch);
    await checkLibrary(scratch);
    for (const file of ["LICENSE", "README.md"]) {
      Deno.copyFileSync(ROOT + file, `${npm}/${file}`);
    }
    await run(["cp", "-r", "share", npm]);
    Deno.writeTextFileSync(`${npm}/LICENSES.md`, licenses);
    const manifest = JSON.stringify(MANIFEST, undefined, 2) + "\n";
    Deno.writeTextFileSync(`${npm}/package.json`, manifest);
    await run(["npm", "pack", "--pack-destination", dist], npm);
    return `${dist}/${NAME}-${MANIFEST.version}.tgz`;
  } finally {
    Deno.removeSync(scratch, { recursive: true });
  }
}

if (import.meta.main) {
  const [dist = `${ROOT}dist`] = Deno.args;
  Deno.mkdirSync(dist, { recursive: true });
  console.log(await build(Deno.realPathSync(dist)));
}
