/**
 * Registers the tests beside the sources.
 *
 * @module
 */

import { ROOT } from "./run.ts";

/**
 * Imports all test files in a folder of the sources. Deno starts a worker for
 * each file that it is given, which takes longer than most of these run.
 */
export async function importTestsIn(folder: string): Promise<void> {
  for (const url of [...testsIn(new URL(`${folder}/`, ROOT))].sort()) {
    await import(url);
  }
}

function* testsIn(folder: URL): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* testsIn(new URL(`${name}/`, folder));
    else if (name.endsWith("_test.ts")) yield new URL(name, folder).href;
  }
}
