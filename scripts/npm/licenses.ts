/**
 * The licenses of the packages in our bundles.
 *
 * @module
 */

import { scriptsIn } from "./bundle.ts";
import { ROOT } from "./project.ts";

/** A package in Deno's cache, in the comment of `deno bundle` above a module. */
const PACKAGE =
  /^\/\/ (.*\/npm\/[^/\n]+\/((?:@[^/\n]+\/)?[^/\n]+\/[^/\n]+))\//gm;

/** The file with the license of a package. */
const LICENSE = /^licen[cs]e(\.|$)/i;

/** Returns the packages in a directory of bundles: their cached paths by name. */
export function packagesIn(directory: string): Map<string, string> {
  const found = scriptsIn(directory).flatMap((file) => [
    ...Deno.readTextFileSync(`${directory}/${file}`).matchAll(PACKAGE),
  ]);
  return new Map(found.map(([, path, name]) => [name, ROOT + path]));
}

/**
 * Licenses that the manifest's `license` covers: those that only have to be
 * reproduced, and the LGPL, which it names.
 */
const KNOWN = ["MIT", "BlueOak-1.0.0", "LGPL-3.0+"];

/**
 * Returns the licenses of packages as one document.
 *
 * @throws if the manifest does not cover one
 */
export function licensesOf(packages: ReadonlyMap<string, string>): string {
  const parts = [...packages].sort().map(([name, path]) => {
    const { license, repository } = JSON.parse(
      Deno.readTextFileSync(`${path}/package.json`),
    );
    if (!KNOWN.includes(license)) {
      throw new Error(
        `Cannot bundle ${name}: the manifest does not cover ${license}`,
      );
    }
    const texts = Array.from(Deno.readDirSync(path), (entry) => entry.name)
      .filter((file) => LICENSE.test(file))
      .map((file) => Deno.readTextFileSync(`${path}/${file}`).trim());
    const from = repository?.url ?? repository;
    const origin = from === undefined ? "" : `, ${from}`;
    return [`# ${name.replace("/", " ")}: ${license}${origin}`, ...texts]
      .join("\n\n");
  });
  return `The executables and the library contain these packages, unchanged.

${parts.join("\n\n")}
`;
}
