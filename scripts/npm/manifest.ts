/**
 * The manifest of the npm package.
 *
 * @module
 */

import { NODE_VERSIONS } from "./executables.ts";
import { LIBRARY_EXPORTS } from "./library.ts";
import {
  NAME,
  OPTIONAL_PACKAGES,
  pinnedVersion,
  PROJECT,
  ROOT,
  TOOLS,
} from "./project.ts";
import { REPORTER_EXPORTS } from "./reporter.ts";

/** Returns the manifest; nothing that it depends on is needed to install it. */
export function makeManifest() {
  return {
    name: NAME,
    version: PROJECT.version,
    description: "Unix pipe filters for subunit test results, and their codec",
    keywords: ["subunit", "test", "tap", "junit", "ci", "cli"],
    license: LICENSE,
    author: holder(),
    ...addresses(PROJECT.repository),
    type: "module",
    engines: { node: NODE_VERSIONS },
    optionalDependencies: Object.fromEntries(
      OPTIONAL_PACKAGES.map((name) => [name, pinnedVersion(name)]),
    ),
    exports: { ...LIBRARY_EXPORTS, ...REPORTER_EXPORTS },
    bin: Object.fromEntries(
      [NAME, ...TOOLS].map((name) => [name, `bin/${name}`]),
    ),
    man: [
      ...TOOLS.map((tool) => `share/man/man1/${tool}.1`),
      "share/man/man7/subunit-tools.7",
    ],
    files: [
      "bin",
      "tools",
      "lib",
      "types",
      "reporter",
      "share",
      "LICENSES.md",
    ],
    sideEffects: ["./bin/*", "./tools/*"],
  };
}

/** Our license, and that of OpenPGP.js in gpg-signed-stream. */
const LICENSE = "MIT AND LGPL-3.0-or-later";

/** Returns the holder of the copyright. */
function holder(): string {
  const license = Deno.readTextFileSync(`${ROOT}LICENSE`);
  const [, name] = /^Copyright \(c\) \d+ (.*)$/m.exec(license)!;
  return name;
}

/**
 * Returns the addresses that follow from `repository` in `deno.json`, the
 * project's address on the web; without one, none.
 */
export function addresses(repository: string | undefined) {
  if (repository === undefined) return {};
  return {
    repository: { type: "git", url: `git+${repository}.git` },
    homepage: `${repository}#readme`,
    bugs: { url: `${repository}/issues` },
  };
}
