/** The kept inputs of the fuzzer, through all tools that read their format. */

import { assert, assertEquals } from "@std/assert";
import { READERS } from "../../scripts/fuzz/codec_laws.ts";
import { breachesOf } from "../../scripts/fuzz/fuzz.ts";
import { CORPUS, FORMATS, readInput } from "../../scripts/fuzz/inputs.ts";
import { CALLS, UNDER_TEST } from "../../scripts/fuzz/tool_laws.ts";
import { TOOLS } from "../support/run.ts";

const SETUP = { readers: READERS, calls: CALLS, runtimes: [UNDER_TEST] };

for (const { name } of Deno.readDirSync(CORPUS)) {
  if (name === "README.md") continue;
  Deno.test(`no law is broken by ${name}`, async () => {
    const input = readInput(`${CORPUS}/${name}`);
    const breaches = await Array.fromAsync(breachesOf(SETUP, input));
    assertEquals(breaches, []);
  });
}

Deno.test("every tool is called by the fuzzer, and every format is tried", () => {
  const called = new Set(CALLS.map(({ tool }) => tool));
  assertEquals([...called].sort(), [...TOOLS]);
  for (const format of FORMATS) {
    assert(CALLS.some(({ reads }) => reads === format), format);
  }
});
