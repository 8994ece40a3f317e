import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { peerTest, ROOT, run, TempDir, text } from "../support/run.ts";

Deno.test("the demonstration shows each pipeline and what it reports, and exits 0", async () => {
  const { status, stdout } = await run([Deno.execPath(), "task", "demo"], {
    cwd: ROOT.pathname,
  });
  const output = text(stdout);
  assertStringIncludes(
    output,
    "| tap2subunit | subunit-ls --failing\n",
  );
  assertStringIncludes(output, "\nPluto is a planet\n");
  assertStringIncludes(output, "\nFailed tests:      3\n");
  // A lost test with its last output, and one that never started.
  assertMatch(
    output,
    /\nnot ok 2 - lands on Mars\n(.*\n)+?.*altitude.*\n(.*\n)+?.*never ended/,
  );
  assertMatch(output, /\nnot ok 3 - phones home\n(.*\n)+?.*never started/);
  assertStringIncludes(
    output,
    '\nsubunit-merge: Packets came from 1 of 2 shards, none from "mac"\n',
  );
  assertStringIncludes(output, "\nplanets_test.js:16: ");
  assertStringIncludes(output, "\n::error file=tides.test.mjs,line=17,");
  assertMatch(output, /The tools reported what they should\.\n$/);
  assertEquals(status, 0);
  // The output is not a terminal here.
  assert(!output.includes("\x1b"));
});

Deno.test("the demonstration fails when a step prints something else", async () => {
  using dir = new TempDir();
  Deno.chmodSync(dir.file("node", "#!/bin/sh\n"), 0o755);
  const demo = new URL("scripts/demo/demo.ts", ROOT).pathname;
  const words = ["run", "--quiet", "--allow-all", demo];
  const { status, stdout } = await run([Deno.execPath(), ...words], {
    env: { PATH: `${dir.path}:${Deno.env.get("PATH")}` },
  });
  assertMatch(text(stdout), /\nThis is wrong\. Expected exit status 1 and:\n/);
  assertMatch(text(stdout), /\nSomething is wrong\.\n$/);
  assertEquals(status, 1);
});

function readJson(path: string) {
  return JSON.parse(Deno.readTextFileSync(new URL(path, ROOT)));
}

Deno.test("Deno does not warn of build scripts: all are refused by name", () => {
  const { npm } = readJson("deno.lock") as {
    npm: Record<string, { scripts?: boolean }>;
  };
  const scripted = Object.keys(npm).filter((name) => npm[name].scripts)
    .map((name) => `npm:${name.replace(/(.)@.*/, "$1")}`);
  assertEquals(readJson("deno.json").allowScripts, { deny: scripted });
});

peerTest("npx prints no notices in a checkout", ["npm"], async () => {
  for (
    const [name, value] of [["update-notifier", "false"], ["loglevel", "warn"]]
  ) {
    const words = ["npm", "config", "get", name];
    const { stdout } = await run(words, { cwd: ROOT.pathname });
    assertEquals(text(stdout), `${value}\n`);
  }
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
