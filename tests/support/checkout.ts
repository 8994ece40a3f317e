/**
 * A copy of the checkout, for tests that write into it.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { ROOT, run, TempDir } from "./run.ts";

/** Leaves out what builds and the bench have written. */
const COPY = `
cp -r deno.* *.md LICENSE mod.ts codec examples filters share tests types "$0"
mkdir "$0/scripts"
cp -r scripts/*.ts scripts/docs scripts/npm "$0/scripts"
`;

/** Copies this checkout into a directory that is removed after the test. */
export async function copyCheckout(): Promise<TempDir> {
  const dir = new TempDir();
  const { status, stderr } = await run(["sh", "-ec", COPY, dir.path], {
    cwd: ROOT.pathname,
  });
  assertEquals(status, 0, stderr);
  return dir;
}
