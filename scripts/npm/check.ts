/**
 * Checks that the tools use nothing of Deno but `kit/runtime/runtime.ts`, that
 * `kit/runtime/node/` has all of that, and that neither uses what Node 20 lacks.
 *
 * @module
 */

import { CODEC, EXECUTABLES, LIBRARY, PROJECT, ROOT, run } from "./project.ts";

/** The language of Node 20, and its share of the web platform. */
const NODE_LIBRARIES = [
  "es2023",
  "es2024.string",
  "esnext.disposable",
  "dom",
  "dom.iterable",
  "dom.asynciterable",
];

/** The globals of the tools; none of Deno's own types are in reach. */
const GLOBALS = `
import type { Runtime } from "${ROOT}filters/kit/runtime/runtime.ts";
import "${ROOT}filters/kit/runtime/node/ecmascript.ts";

declare global {
  interface ImportMeta {
    main: boolean;
  }
  const Deno: Runtime;
}
`;

/** What makes Node a runtime for the tools. */
const LAYER = "filters/kit/runtime/node/mod.ts";

/**
 * Checks the types of the tools as a program for Node.
 *
 * @param scratch a directory to write into
 * @throws when one uses what is not there
 */
export async function checkTools(scratch: string): Promise<void> {
  Deno.writeTextFileSync(`${scratch}/globals.d.ts`, GLOBALS);
  const modules = [...EXECUTABLES, LAYER];
  await checkModules(modules, scratch, [`${scratch}/globals.d.ts`]);
}

/** Checks the library as one for any runtime; the layer is not beside it. */
export async function checkLibrary(scratch: string): Promise<void> {
  await checkModules(LIBRARY, scratch, []);
}

async function checkModules(
  modules: readonly string[],
  scratch: string,
  types: readonly string[],
): Promise<void> {
  const config = `${scratch}/deno.json`;
  const codec = Object.entries(CODEC.exports).map(([name, path]) => [
    name.replace(/^\./, "@subunit/codec"),
    path.replace(/^\./, `${ROOT}codec`),
  ]);
  // A copy: what is resolved from elsewhere would be written into ours.
  Deno.copyFileSync(`${ROOT}deno.lock`, `${scratch}/deno.lock`);
  Deno.writeTextFileSync(
    config,
    JSON.stringify({
      imports: { ...PROJECT.imports, ...Object.fromEntries(codec) },
      nodeModulesDir: "none",
      compilerOptions: {
        lib: NODE_LIBRARIES,
        types: [`${ROOT}types/std.d.ts`, ...types],
      },
    }),
  );
  const check = ["check", "--quiet", "--config", config, ...modules];
  await run([Deno.execPath(), ...check]);
}
