/**
 * The list of tools and the version, in all manifests. The tools are the files
 * at the top of `filters/`, and the version is the one in `deno.json`.
 *
 * @module
 */

import { toolNames } from "../tool_path.ts";

/** A file, the generated part of it, and the text of that part. */
type Part = readonly [path: string, part: RegExp, text: string];

/** Returns the text of each manifest, by its path in the repository. */
export function makeManifests(root: URL): Map<string, string> {
  const read = (path: string) => Deno.readTextFileSync(new URL(path, root));
  const { version } = JSON.parse(read("deno.json"));
  const exports = [
    [".", "./mod.ts"],
    ...toolNames().map((name) => [`./${name}`, `./filters/${name}.ts`]),
  ];
  const parts: Part[] = [
    [
      "deno.json",
      /"exports": \{[^}]*\}/,
      `"exports": {\n${
        exports.map(([name, path]) => `    "${name}": "${path}"`).join(",\n")
      }\n  }`,
    ],
    ["codec/deno.json", /"version": "[^"]*"/, `"version": "${version}"`],
    [
      "filters/kit/tool/tool.ts",
      /(?<=^export const VERSION = )".*"(?=;$)/m,
      `"${version}"`,
    ],
    [
      "examples/gitlab-ci.yml",
      /subunit-tools-[\d.]+\d\S*(?=\.tgz)/,
      `subunit-tools-${version}`,
    ],
  ];
  return new Map(parts.map(([path, part, text]) => {
    const old = read(path);
    if (!part.test(old)) throw new Error(`${path} has no ${part}`);
    return [path, old.replace(part, () => text)];
  }));
}
