/** The kept inputs of the fuzzer, through all tools that read their format. */

import { assert, assertEquals } from "@std/assert";
import { READERS } from "../../scripts/fuzz/codec_laws.ts";
import { breachesOf } from "../../scripts/fuzz/fuzz.ts";
import { CORPUS, FORMATS, readInput } from "../../scripts/fuzz/inputs.ts";
import { CALLS, UNDER_TEST } from "../../scripts/fuzz/tool_laws.ts";
import { isCi, some, TOOLS } from "../support/run.ts";

const SETUP = { readers: READERS, calls: CALLS, runtimes: [UNDER_TEST] };

if (!isCi) {
  console.log("shorter: kept inputs, each through a part of the calls");
}

const NAMES = Array.from(Deno.readDirSync(CORPUS), ({ name }) => name)
  .filter((name) => name !== "README.md").sort();

for (const [turn, name] of NAMES.entries()) {
  Deno.test(`no law is broken by ${name}`, async () => {
    const input = readInput(`${CORPUS}/${name}`);
    const calls = some(CALLS, turn);
    const setup = { ...SETUP, calls };
    const breaches = await Array.fromAsync(breachesOf(setup, input));
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
