import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { run, text } from "../support/run.ts";

const ROOT = new URL("../../", import.meta.url);

Deno.test("the demonstration shows each pipeline and what it reports, and exits 0", async () => {
  const { status, stdout } = await run([Deno.execPath(), "task", "demo"], {
    cwd: ROOT.pathname,
  });
  const output = text(stdout);
  assertStringIncludes(
    output,
    "| tap2subunit | subunit-ls --failing\n",
  );
  assertStringIncludes(output, "\ntest 2 - Pluto is a planet\n");
  assertStringIncludes(output, "\nFailed tests:      3\n");
  assertMatch(output, /The tools reported what they should\.\n$/);
  assertEquals(status, 0);
});

Deno.test("every dependency resolves as deno.json maps it", async () => {
  const { Encoder } = await import("cbor-x");
  const options = {
    useRecords: false,
    useTag259ForMaps: false,
    tagUint8Array: false,
  };
  const encoded: Uint8Array = new Encoder(options).encode({
    a: Uint8Array.of(1),
  });
  // RFC 8949: a map of one text key to a plain byte string.
  assertEquals(new Uint8Array(encoded).toHex(), "b900016161" + "4101");
});
