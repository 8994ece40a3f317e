/**
 * What the packages inside our bundles ask to be told of them.
 *
 * @module
 */

import { scriptsIn } from "./bundle.ts";
import { ROOT } from "./project.ts";

/** A package in Deno's cache, as `deno bundle` names it above its modules. */
const PACKAGE =
  /^\/\/ (.*\/npm\/[^/\n]+\/((?:@[^/\n]+\/)?[^/\n]+\/[^/\n]+))\//gm;

/** The file in which a package has its license. */
const LICENSE = /^licen[cs]e(\.|$)/i;

/** The packages in a directory of bundles: where they are cached, by name. */
export function packagesIn(directory: string): Map<string, string> {
  const found = scriptsIn(directory).flatMap((file) => [
    ...Deno.readTextFileSync(`${directory}/${file}`).matchAll(PACKAGE),
  ]);
  return new Map(found.map(([, path, name]) => [name, ROOT + path]));
}

/**
 * Licenses that the manifest's own stands for: those that ask for no more than
 * to be repeated, and the LGPL, which is named there.
 */
const KNOWN = ["MIT", "BlueOak-1.0.0", "LGPL-3.0+"];

/**
 * The licenses of packages, one after another.
 *
 * @throws when the manifest does not stand for one
 */
export function licensesOf(packages: ReadonlyMap<string, string>): string {
  const parts = [...packages].sort().map(([name, path]) => {
    const { license, repository } = JSON.parse(
      Deno.readTextFileSync(`${path}/package.json`),
    );
    if (!KNOWN.includes(license)) {
      throw new Error(
        `Cannot bundle ${name}: the manifest knows no ${license}`,
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
