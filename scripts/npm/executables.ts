/**
 * The executables of the npm package, for Node and Deno: commands in `bin/` and
 * their modules in `tools/`.
 *
 * @module
 */

import { loadTools } from "../docs/docs.ts";
import { bundle, lower, scriptsIn } from "./bundle.ts";
import {
  EXECUTABLES,
  NAME,
  OPTIONAL_PACKAGES,
  PROJECT,
  TOOLS,
} from "./project.ts";

/**
 * The first version in which the library can be required. The tools need
 * `process.getBuiltinModule`, which is older.
 */
const OLDEST_NODE = "20.19";

/** The supported versions, for the package's manifest. */
export const NODE_VERSIONS = `^${OLDEST_NODE} || >=22.12`;

/**
 * Code that tools share is in chunks. Smaller chunks are copied into each tool,
 * because loading one more module takes longer than reading so much again.
 */
const SMALLEST_CHUNK = 8192;

/** Saves a third of the size. Names stay, for stack traces. */
const MINIFY = "--minify-whitespace";

/** The module that makes Node a runtime for the tools. */
const LAYER = "node.js";

/**
 * Builds the executables.
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

/** Builds the modules of the tools and the chunks that they share. */
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
    ...OPTIONAL_PACKAGES.map((name) => `--external:${name}`),
    ...chunks.map((chunk) => `--external:./${chunk}`),
    // This must run before everything else.
    `--banner:js=import "./${LAYER}";`,
  );
}

/** A static or dynamic import of one of our modules. */
const IMPORTED = /\b(?:from|import) ?\(?"\.\/([^"\n]+)"/g;

/**
 * Returns the chunks that become modules of their own: large ones, those that
 * are loaded only when needed, and all that these import. So a process never
 * loads the same code twice.
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
      // A program that is imported as text has imports of its own.
      if (chunks.includes(imported)) shared.add(imported);
    }
  }
  return [...shared];
}

/**
 * Builds the layer: a function that loads the modules of Node when it is called.
 * Under Deno it is not called, because loading them would take longer than
 * everything else.
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

/** Builds the command that has the package's name. */
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
 * Returns the script of a command. npm installs a link to it. Node resolves the
 * link before it resolves imports; Deno does not.
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
