/**
 * What the packages inside our bundles ask to be told of them.
 *
 * @module
 */

import { ROOT } from "./project.ts";

/** A package in Deno's cache, as `deno bundle` names it above its modules. */
const PACKAGE = /^\/\/ (.*\/npm\/[^/]+\/((?:@[^/]+\/)?[^/]+\/[^/]+))\//gm;

/** The file in which a package has its license. */
const LICENSE = /^licen[cs]e(\.|$)/i;

/** The packages in bundles: where they are cached, by name and version. */
export function packagesIn(bundles: readonly string[]): Map<string, string> {
  const found = bundles.flatMap((bundle) => [...bundle.matchAll(PACKAGE)]);
  return new Map(found.map(([, path, name]) => [name, ROOT + path]));
}

/** The licenses of packages, one after another. */
export function licensesOf(packages: ReadonlyMap<string, string>): string {
  const parts = [...packages].sort().map(([name, path]) => {
    const { license, repository } = JSON.parse(
      Deno.readTextFileSync(`${path}/package.json`),
    );
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
