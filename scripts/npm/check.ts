/**
 * Checks that the tools use nothing that Node 20 and `kit/runtime/node/` do not have.
 *
 * @module
 */

import { CODEC, FILTERS, IMPORTS, modulesOf, ROOT, run } from "./project.ts";

/** The language of Node 20, and its share of the web platform. */
const NODE_LIBRARIES = [
  "es2023",
  "es2024.string",
  "esnext.disposable",
  "dom",
  "dom.iterable",
  "dom.asynciterable",
];

/** The global as the layer has it; none of Deno's types are in reach. */
const DENO_GLOBAL = `
import type * as command from "${ROOT}filters/kit/runtime/node/command.ts";
import type * as file from "${ROOT}filters/kit/runtime/node/file.ts";
import type * as signals from "${ROOT}filters/kit/runtime/node/signals.ts";
import type { runtime } from "${ROOT}filters/kit/runtime/node/runtime.ts";
import "${ROOT}filters/kit/runtime/node/ecmascript.ts";

declare global {
  interface ImportMeta {
    main: boolean;
  }
  const Deno: typeof runtime;
  namespace Deno {
    type ChildProcess = command.NodeChild;
    type CommandStatus = command.CommandStatus;
    type FsFile = file.NodeFile;
    type Signal = signals.Signal;
  }
}
`;

/**
 * Checks the types of the tools as a program for Node.
 *
 * @param scratch a directory to write into
 * @throws when one uses what is not there
 */
export async function checkTools(scratch: string): Promise<void> {
  Deno.writeTextFileSync(`${scratch}/deno_global.d.ts`, DENO_GLOBAL);
  const types = [`${scratch}/deno_global.d.ts`];
  await checkModules(modulesOf("filters", FILTERS), scratch, types);
}

/** Checks the library as one for any runtime; the layer is not beside it. */
export async function checkLibrary(scratch: string): Promise<void> {
  await checkModules(modulesOf("codec", CODEC), scratch, []);
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
      imports: { ...IMPORTS, ...Object.fromEntries(codec) },
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
