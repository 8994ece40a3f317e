/**
 * The executables of the npm package: one file each, for Node and Deno.
 *
 * @module
 */

import { bundle, lower } from "./bundle.ts";
import { licensesOf, packagesIn } from "./licenses.ts";
import { EXECUTABLES, TOOLS } from "./project.ts";

/** The first Node with `process.getBuiltinModule`. */
const OLDEST_NODE = "20.16";

/** What is said of that in the package's manifest. */
export const NODE_VERSIONS = `^${OLDEST_NODE} || >=22.3`;

/**
 * Makes a file of each tool. Returns the licenses of what is in them.
 *
 * @param directory where they go
 * @param scratch a directory to write into
 */
export async function buildExecutables(
  directory: string,
  scratch: string,
): Promise<string> {
  const bundles = `${scratch}/bundles`;
  await bundle(EXECUTABLES, bundles);
  const scripts = TOOLS.map((tool) =>
    Deno.readTextFileSync(`${bundles}/${tool}.js`)
  );
  const licenses = licensesOf(packagesIn(scripts));
  // Apart: a script, whose modules of Node are loaded where it is run.
  await bundle(
    ["filters/kit/runtime/node/mod.ts"],
    `${bundles}/node`,
    "--format=cjs",
  );
  await lower(bundles);
  const layer = Deno.readTextFileSync(`${bundles}/node/mod.js`);
  Deno.mkdirSync(directory, { recursive: true });
  for (const tool of TOOLS) {
    const script = Deno.readTextFileSync(`${bundles}/${tool}.js`);
    Deno.writeTextFileSync(
      `${directory}/${tool}`,
      executable(tool, layer, withoutShebang(script)),
      { mode: 0o755 },
    );
  }
  return licenses;
}

function withoutShebang(script: string): string {
  return script.replace(/^#!.*\n/, "");
}

/**
 * A tool behind the layer that makes Node a runtime for it; a function keeps
 * their names apart. Under Deno the layer is passed over, and nothing of Node
 * is loaded: that would take longer than all the rest.
 */
function executable(name: string, layer: string, script: string): string {
  return `#!/usr/bin/env node
if (!("Deno" in globalThis)) ((require) => {
if (require === undefined) {
  console.error("${name}: Cannot run on Node " + process.version + ": ${OLDEST_NODE} or later is needed");
  process.exit(2);
}
${layer}
})(process.getBuiltinModule);
${script}`;
}
