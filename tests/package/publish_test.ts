/** The workspace's packages, as JSR would take them. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { run, TempDir, text } from "../support/run.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
/** What the packages are made of; a dry run writes into the lock beside it. */
const PARTS = ["deno.json", "deno.lock", "mod.ts", "codec", "filters"];

Deno.test("deno publish would take both packages, with no slow types", async () => {
  using dir = new TempDir();
  const parts = PARTS.map((part) => ROOT + part);
  await run(["cp", "-r", ...parts, dir.path]);
  Deno.mkdirSync(`${dir.path}/types`);
  Deno.copyFileSync(`${ROOT}types/std.d.ts`, `${dir.path}/types/std.d.ts`);
  const command = [Deno.execPath(), "publish", "--dry-run", "--allow-dirty"];
  const { status, stdout, stderr } = await run(command, { cwd: dir.path });
  const words = text(stdout) + stderr;
  assertEquals(status, 0, words);
  for (const name of ["codec", "filters"]) {
    assertStringIncludes(words, `@subunit/${name}@`);
  }
  assertStringIncludes(words, "Dry run complete");
});
