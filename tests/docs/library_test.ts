/** The examples of the library print what their comments say. */

import { assert, assertEquals } from "@std/assert";
import { DOCUMENTS } from "../support/readme.ts";

const ROOT = new URL("../../", import.meta.url);

/** The examples of a text, which may be those of a doc comment. */
function examplesIn(text: string): string[] {
  const examples = text.matchAll(/^([ *]*)```ts\n(.*?)^\1```$/gms);
  return Array.from(
    examples,
    ([, prefix, code]) =>
      code.split("\n").map((line) => line.slice(prefix.length)).join("\n"),
  );
}

/** The lines that an example says it prints: its comments, in order. */
function promisedBy(example: string): string[] {
  return Array.from(
    example.matchAll(/(?:^|\s)\/\/ (.*)$/gm),
    ([, line]) => line,
  ).filter((line) => !line.endsWith(" …"));
}

/** Runs an example and returns the lines that it prints. */
async function printedBy(example: string): Promise<string[]> {
  const code = example.replaceAll(
    /(?<=\bfrom )"(@subunit\/[^"]+)"/g,
    (_, name) => JSON.stringify(import.meta.resolve(name)),
  );
  const lines: string[] = [];
  const { log } = console;
  console.log = (...values: unknown[]) => {
    const shown = values.map((value) =>
      typeof value === "string" ? value : Deno.inspect(value)
    );
    lines.push(shown.join(" "));
  };
  try {
    await import(`data:application/typescript,${encodeURIComponent(code)}`);
  } finally {
    console.log = log;
  }
  return lines;
}

const SOURCES = ["codec/control", "codec/results"].flatMap((folder) =>
  Array.from(
    Deno.readDirSync(new URL(`${folder}/`, ROOT)),
    ({ name }) => `${folder}/${name}`,
  )
).concat("codec/v2/route.ts").filter((path) => !path.endsWith("_test.ts"))
  .sort();

const TEXTS: [string, string][] = [
  ["docs/library.md", DOCUMENTS.get("docs/library.md")!],
  ...SOURCES.map((path): [string, string] => [
    path,
    Deno.readTextFileSync(new URL(path, ROOT)),
  ]),
];

for (const [path, text] of TEXTS) {
  examplesIn(text).forEach((example, index) => {
    Deno.test(`example ${index + 1} of ${path} prints what it says`, async () => {
      const promised = promisedBy(example);
      assert(promised.length > 0, "it says nothing");
      assertEquals(await printedBy(example), promised);
    });
  });
}

Deno.test("every function and class of the family has an example", async () => {
  const family = await import("@subunit/codec/results");
  const examples = TEXTS.flatMap(([, text]) => examplesIn(text)).join("\n");
  for (const name of Object.keys(family)) {
    // Those of the codec's main module have theirs in its documents.
    if (["isFailure", "OUTCOMES", "Summary"].includes(name)) continue;
    assert(new RegExp(`\\b${name}\\b`).test(examples), `${name} has none`);
  }
});
