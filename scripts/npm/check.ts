/**
 * Checks that the tools use only the part of Deno in `kit/runtime/runtime.ts`,
 * that `kit/runtime/node/` implements all of it, and that neither uses anything
 * that Node 20 lacks.
 *
 * @module
 */

import { CODEC, EXECUTABLES, LIBRARY, PROJECT, ROOT, run } from "./project.ts";
import { REPORTER } from "./reporter.ts";

/** The language of Node 20, and its share of the web platform. */
const NODE_LIBRARIES = [
  "es2023",
  "es2024.sharedmemory",
  "es2024.string",
  "esnext.disposable",
  "dom",
  "dom.iterable",
  "dom.asynciterable",
];

/** The globals of the tools, without Deno's own types. */
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

/** The module that makes Node a runtime for the tools. */
const LAYER = "filters/kit/runtime/node/mod.ts";

/**
 * Checks the types of the tools as a program for Node.
 *
 * @param scratch a directory to write into
 * @throws if one uses something that Node lacks
 */
export async function checkTools(scratch: string): Promise<void> {
  Deno.writeTextFileSync(`${scratch}/globals.d.ts`, GLOBALS);
  const modules = [...EXECUTABLES, LAYER];
  await checkModules(modules, scratch, [`${scratch}/globals.d.ts`]);
}

/** Checks the reporter, which Node loads by itself. */
export async function checkReporter(scratch: string): Promise<void> {
  await checkModules([REPORTER], scratch, []);
}

/** Checks the library, which must run without the layer for Node. */
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
  // A copy, because Deno would write new entries into our lock file.
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
