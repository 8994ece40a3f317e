import { assertEquals, assertMatch } from "@std/assert";
import { houseSources, importsOf, roomOf, violationsIn } from "./imports.ts";

Deno.test("the house keeps its rules about imports", () => {
  assertEquals(violationsIn(houseSources()), []);
});

/** A file that violates one rule, and the message about it. */
const BROKEN: readonly [path: string, text: string, message: RegExp][] = [
  [
    "filters/report/x.ts",
    'import { a } from "../github/y.ts";',
    /imports filters\/github\/y\.ts, which is above it: move/,
  ],
  [
    "filters/select/x.ts",
    'import type { A } from "../merge/y.ts";',
    /a room on the same floor: move what both need to a room below/,
  ],
  [
    "filters/kit/io/x.ts",
    'import {\n  a,\n  b,\n} from "../tool/tool.ts";',
    /above it/,
  ],
  [
    "filters/kit/io/x.ts",
    'const { a } = await import("../python/y.ts");',
    /a room on the same floor/,
  ],
  [
    "filters/report/html/x.ts",
    'import { a } from "./page/y.ts";',
    /imports filters\/report\/html\/page\/y\.ts, which runs in browsers/,
  ],
  [
    "filters/report/html/page/x.ts",
    'import { a } from "../article.ts";',
    /the page may import only from filters\/report\/html\/page\//,
  ],
  [
    "filters/report/html/page/x.ts",
    'import { a } from "@subunit/codec";',
    /the page is bundled for browsers/,
  ],
  [
    "filters/report/x.ts",
    'export { a } from "../subunit-ls.ts";',
    /imports the executable filters\/subunit-ls\.ts: move/,
  ],
  [
    "filters/subunit-ls.ts",
    'import { tool } from "./subunit-stats.ts";',
    /imports the executable/,
  ],
  [
    "filters/report/x_test.ts",
    'import { tool } from "../subunit-ls.ts";',
    /imports the executable/,
  ],
  [
    "filters/report/x.ts",
    'import { a } from "../../codec/event.ts";',
    /by its path: write "@subunit\/codec"/,
  ],
  [
    "codec/v2/x.ts",
    'import { a } from "../../filters/kit/errors.ts";',
    /the codec must not depend on filters/,
  ],
  ["codec/v2/x.ts", 'import { a } from "../results/y.ts";', /above it/],
  [
    "codec/tap/x.ts",
    'import { a } from "../v2/y.ts";',
    /may import only from codec\/text/,
  ],
  ["codec/event.ts", 'import "./v2/y.ts";', /above it/],
  ["codec/v2/x.ts", 'import { a } from "../_testing/y.ts";', /is for tests/],
  ["codec/v2/x.ts", 'import fs from "node:fs";', /the codec runs anywhere/],
  ["codec/v2/x.ts", "const args = Deno.args;", /the codec runs anywhere/],
  ["filters/report/x.ts", "Deno.exit(1);", /only kit\/runtime, kit\/io/],
  ["filters/subunit-ls.ts", "let a: Deno.FsFile;", /use or add a function/],
  [
    "filters/traceback/x.ts",
    'import { a } from "../kit/io/input.ts";',
    /traceback is pure/,
  ],
  ["filters/select/x.ts", "const now = Date.now();", /pass the time/],
  ["filters/report/mod.ts", 'export * from "./x.ts";', /whole module/],
  [
    "filters/report/x.ts",
    'import { a } from "../../scripts/y.ts";',
    /not part of the packages/,
  ],
  ["filters/cellar/x.ts", "", /no floor: add "cellar" to FLOORS/],
];

for (const [path, text, message] of BROKEN) {
  const [line] = text.split("\n");
  Deno.test(`violationsIn refuses ${path} with ${line}`, () => {
    const [found, ...others] = violationsIn([{ path, text }]);
    assertMatch(found.message, message);
    assertEquals(found.path, path);
    assertEquals(others, []);
  });
}

Deno.test("violationsIn takes what stands lower, comments and strings", () => {
  const text = `#!/usr/bin/env -S deno run
/** import { a } from "../github/y.ts"; Deno.exit() */
// import "../github/y.ts"; Deno.exit()
import { b } from "@subunit/codec";
import { c } from "../kit/io/output.ts";
import { d } from "./junit_case.ts";
const words = "Deno.exit() ends it";
`;
  assertEquals(violationsIn([{ path: "filters/report/x.ts", text }]), []);
});

Deno.test("importsOf finds imports of all forms", () => {
  const text = `import a from "a";
import type { B } from "b";
import {
  c,
} from "c";
export { d } from "d";
import "e";
const f = await import("f");
const g = "from";
`;
  assertEquals(importsOf(text), ["a", "b", "c", "d", "e", "f"]);
});

Deno.test("roomOf names rooms by folder, and files of the codec by name", () => {
  const rooms = [
    ["codec/event.ts", "codec/event"],
    ["codec/event_test.ts", "codec/event"],
    ["codec/v2/packet.ts", "codec/v2"],
    ["filters/subunit-ls.ts", "executables"],
    ["filters/kit/errors.ts", "kit/errors"],
    ["filters/kit/io/output.ts", "kit/io"],
    ["filters/signing/openpgp/armor.ts", "signing"],
    ["tests/support/run.ts", undefined],
  ] as const;
  for (const [path, room] of rooms) assertEquals(roomOf(path), room);
});
