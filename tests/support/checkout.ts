/**
 * A checkout that a test may write into.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { run, TempDir } from "./run.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** What is copied: not what tools have made, nor the corpora of the bench. */
const COPY = `
cp -r deno.* *.md LICENSE mod.ts codec examples filters share tests types "$0"
mkdir "$0/scripts"
cp -r scripts/*.ts scripts/docs scripts/npm "$0/scripts"
`;

/** Copies this checkout into a directory that goes away with the test. */
export async function copyCheckout(): Promise<TempDir> {
  const dir = new TempDir();
  const { status, stderr } = await run(["sh", "-ec", COPY, dir.path], {
    cwd: ROOT,
  });
  assertEquals(status, 0, stderr);
  return dir;
}
