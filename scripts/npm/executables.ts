/**
 * The executables of the npm package, for Node and Deno: `bin/` has a command
 * each, `tools/` the modules.
 *
 * @module
 */

import { loadTools } from "../docs/docs.ts";
import { bundle, lower, scriptsIn } from "./bundle.ts";
import { EXECUTABLES, NAME, PROJECT, TOOLS } from "./project.ts";

/**
 * From here on the library can be required: `process.getBuiltinModule`, which
 * the tools need, is older.
 */
const OLDEST_NODE = "20.19";

/** What the package's manifest says of that. */
export const NODE_VERSIONS = `^${OLDEST_NODE} || >=22.12`;

/**
 * What tools share is in chunks. Those below this size are in each tool again:
 * to load one more module takes longer than to read so much twice.
 */
const SMALLEST_CHUNK = 8192;

/** A third is read less. Names stay: they stand in the trace of a defect. */
const MINIFY = "--minify-whitespace";

/** The module that makes Node a runtime for the tools. */
const LAYER = "node.js";

/**
 * Makes the executables.
 *
 * @param npm the directory of the package
 * @param scratch a directory to write into
 */
export async function buildExecutables(
  npm: string,
  scratch: string,
): Promise<void> {
  const to = `${npm}/tools`;
  await buildTools(scratch, to);
  await buildLayer(`${scratch}/layer`, to);
  await buildDispatcher(`${scratch}/dispatcher`, to);
  Deno.mkdirSync(`${npm}/bin`);
  for (const name of [NAME, ...TOOLS]) {
    Deno.writeTextFileSync(`${npm}/bin/${name}`, command(name), {
      mode: 0o755,
    });
  }
}

/** Makes the modules of the tools and what they share. */
async function buildTools(from: string, to: string): Promise<void> {
  await bundle(EXECUTABLES, from, "--code-splitting", "--sourcemap=linked");
  const tools = TOOLS.map((name) => `${name}.js`);
  const chunks = sharedChunks(from, tools);
  await lower(
    [...tools, ...chunks],
    from,
    to,
    MINIFY,
    "--bundle",
    "--format=esm",
    "--platform=neutral",
    "--external:node:*",
    ...chunks.map((chunk) => `--external:./${chunk}`),
    // Before everything else.
    `--banner:js=import "./${LAYER}";`,
  );
}

/** A module that one of ours imports, now or later. */
const IMPORTED = /\b(?:from|import) ?\(?"\.\/([^"\n]+)"/g;

/**
 * The chunks that are to be modules of their own: those of some size, those
 * that are loaded only when needed, and all that these import. A module is
 * never in two places at once in one process.
 */
function sharedChunks(directory: string, tools: readonly string[]): string[] {
  const read = (file: string) => Deno.readTextFileSync(`${directory}/${file}`);
  const chunks = scriptsIn(directory).filter((file) => !tools.includes(file));
  const shared = new Set(
    chunks.filter((file) =>
      !file.startsWith("chunk-") || read(file).length >= SMALLEST_CHUNK
    ),
  );
  for (const file of shared) {
    for (const [, imported] of read(file).matchAll(IMPORTED)) {
      shared.add(imported);
    }
  }
  return [...shared];
}

/**
 * Makes the layer: a function, whose modules of Node are loaded where it is
 * run. Under Deno it is passed over, and nothing of Node is loaded: that would
 * take longer than all the rest.
 */
async function buildLayer(from: string, to: string): Promise<void> {
  await bundle(
    ["filters/kit/runtime/node/mod.ts"],
    from,
    "--format=cjs",
    "--sourcemap=linked",
  );
  await lower(
    ["mod.js"],
    from,
    to,
    MINIFY,
    `--entry-names=${LAYER.replace(".js", "")}`,
    `--banner:js=if (!("Deno" in globalThis)) ((require) => {
if (require === undefined) {
  const name = process.argv[1].replace(/.*[\\\\/]/, "");
  console.error(name + ": Cannot run on Node " + process.version + ": ${OLDEST_NODE} or later is needed");
  process.exit(2);
}`,
    "--footer:js=})(process.getBuiltinModule);",
  );
}

/** Makes the command that has the package's name. */
async function buildDispatcher(from: string, to: string): Promise<void> {
  const tools = await loadTools();
  const summaries = Object.fromEntries(
    tools.map(({ name, summary }) => [name, summary]),
  );
  await bundle([`scripts/npm/${NAME}.ts`], from, "--sourcemap=linked");
  await lower(
    [`${NAME}.js`],
    from,
    to,
    MINIFY,
    `--define:SUMMARIES=${JSON.stringify(summaries)}`,
    `--define:VERSION=${JSON.stringify(PROJECT.version)}`,
    `--banner:js=import "./${LAYER}";`,
  );
}

/**
 * A command. npm links to it from where it is found. To Node a link is the file
 * that it leads to; to Deno it is not, and nothing is beside it.
 */
function command(name: string): string {
  const module = `"../tools/${name}.js"`;
  return `#!/usr/bin/env node
import(${module}).catch((error) => {
  if (!("Deno" in globalThis)) throw error;
  const url = new URL(import.meta.url);
  url.pathname = Deno.realPathSync(import.meta.filename).replaceAll("%", "%25");
  return import(new URL(${module}, url));
});
`;
}
