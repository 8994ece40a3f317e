/**
 * Builds the npm package `subunit-tools`: the directory `npm/` and a tarball,
 * in `dist/` or in the directory named on the command line.
 *
 * @module
 */

import { checkLibrary, checkReporter, checkTools } from "./npm/check.ts";
import { buildExecutables } from "./npm/executables.ts";
import { buildLibrary } from "./npm/library.ts";
import { licensesOf, packagesIn } from "./npm/licenses.ts";
import { makeManifest } from "./npm/manifest.ts";
import { NAME, PROJECT, ROOT, run } from "./npm/project.ts";
import { buildReporter } from "./npm/reporter.ts";
import { renameSources } from "./npm/source_maps.ts";

/** Builds into a directory, which it replaces. Returns the tarball's path. */
async function build(dist: string): Promise<string> {
  const npm = `${dist}/npm`;
  const scratch = Deno.realPathSync(
    Deno.makeTempDirSync({ prefix: "subunit-build-" }),
  );
  try {
    await Deno.remove(npm, { recursive: true }).catch(() => {});
    Deno.mkdirSync(npm, { recursive: true });
    await buildExecutables(npm, `${scratch}/executables`);
    await buildLibrary(npm, `${scratch}/library`);
    await buildReporter(npm, `${scratch}/reporter`);
    for (const folder of ["tools", "lib", "reporter"]) {
      renameSources(npm, folder);
    }
    await checkTools(scratch);
    await checkLibrary(scratch);
    await checkReporter(scratch);
    Deno.copyFileSync(`${ROOT}LICENSE`, `${npm}/LICENSE`);
    Deno.copyFileSync(`${ROOT}scripts/npm/README.md`, `${npm}/README.md`);
    await run(["cp", "-r", "share", npm]);
    const licenses = licensesOf(packagesIn(scratch));
    Deno.writeTextFileSync(`${npm}/LICENSES.md`, licenses);
    const manifest = JSON.stringify(makeManifest(), undefined, 2) + "\n";
    Deno.writeTextFileSync(`${npm}/package.json`, manifest);
    await run(["npm", "pack", "--pack-destination", dist], npm);
    return `${dist}/${NAME}-${PROJECT.version}.tgz`;
  } finally {
    Deno.removeSync(scratch, { recursive: true });
  }
}

if (import.meta.main) {
  const [dist = `${ROOT}dist`] = Deno.args;
  Deno.mkdirSync(dist, { recursive: true });
  console.log(await build(Deno.realPathSync(dist)));
}
