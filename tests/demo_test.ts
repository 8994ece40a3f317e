import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { run, text } from "./_run.ts";

const ROOT = new URL("../", import.meta.url);

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

Deno.test("README's first block holds exactly the two commands", () => {
  const readme = Deno.readTextFileSync(new URL("README.md", ROOT));
  const [, block] = /^```\w*\n(.*?)^```$/ms.exec(readme)!;
  assertEquals(
    block,
    "npx -y deno@2.9.6 task demo\nnpx -y deno@2.9.6 task test\n",
  );
});

Deno.test("README names every tool, and no other", () => {
  const readme = Deno.readTextFileSync(new URL("README.md", ROOT));
  const section = readme.split(/^## /m).find((part) =>
    part.startsWith("The tools")
  )!;
  const named = section.match(/^\| `[a-z0-9-]+` /gm)!
    .map((cell) => cell.slice(3, -2));
  const there = Array.from(
    Deno.readDirSync(new URL("filters/", ROOT)),
    ({ name }) => /^([a-z].*)\.ts$/.exec(name)?.[1],
  ).filter((name) => name !== undefined);
  assertEquals(named.sort(), there.sort());
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
