/**
 * The files that README's commands work on, and its blocks.
 *
 * @module
 */

import type { TempDir } from "./run.ts";
import { at, type Said, stream } from "./streams.ts";

/** A block of commands, and what the README says they print. */
export interface Block {
  readonly commands: string;
  readonly printed: string;
}

/** The blocks of commands of a document, in their order. */
export function commandBlocks(markdown: string): Block[] {
  const blocks = markdown.matchAll(
    /^```sh\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?/gms,
  );
  return Array.from(
    blocks,
    ([, commands, printed = ""]) => ({ commands, printed }),
  );
}

const NODE_SUITE = `import { test } from "node:test";
test("lists what it has", () => {});
test("pays with a card", () => { throw new Error("declined"); });
`;

const LEGACY_SUITE = `#!/bin/sh
echo 'test: opens'
echo 'success: opens'
echo 'test: closes'
`;

/** Sends its results as a packet made here: shards need no tools. */
const SHARD = `#!/bin/sh
cat "shard-$1"
`;

const DEPLOY = `#!/bin/sh
echo 'cannot reach the server'
exit 1
`;

/** A run in which a test fails after seven seconds and another is lost. */
function run(): Uint8Array {
  const slow: Said = { testId: "shop.test_slow", routeCode: "0" };
  return stream(
    { testId: "shop.test_list", status: "success", tags: ["nightly"] },
    { ...slow, status: "inprogress", timestamp: at("01:00:00") },
    { testId: "shop.test_lost", status: "inprogress" },
    { ...slow, status: "fail", timestamp: at("01:00:07") },
  );
}

/** Puts into a directory what README's commands need. */
export function furnish(dir: TempDir): void {
  dir.file("shop.test.mjs", NODE_SUITE);
  dir.file("run.subunit", run());
  dir.file("ids", "shop.test_list\nshop.test_slow\nshop.test_never\n");
  dir.file("shard-1", stream({ testId: "shop.test_list", status: "success" }));
  dir.file("shard-2", stream({ testId: "shop.test_pay", status: "fail" }));
  for (
    const [name, script] of [
      ["legacy-suite", LEGACY_SUITE],
      ["shard", SHARD],
      ["deploy", DEPLOY],
    ]
  ) Deno.chmodSync(dir.file(name, script), 0o755);
}
