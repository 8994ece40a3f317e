/**
 * Bundles the script and the style of HTML reports into a module, so that the
 * tool is complete without reading files. Part of `deno task docs`.
 *
 * @module
 */

import { bundle } from "../npm/bundle.ts";

/** Where the module is in the repository. */
export const PATH = "filters/report/html/page_bundle.ts";

const ROOT = new URL("../../", import.meta.url);
const PAGE = "filters/report/html/page";

/** Returns the text of the module. */
export async function makePageBundle(): Promise<string> {
  const directory = await Deno.makeTempDir({ prefix: "subunit-tools-" });
  try {
    const sources = ["page.ts", "page.css"].map((name) =>
      new URL(`${PAGE}/${name}`, ROOT).pathname
    );
    await bundle(sources, directory, "--minify");
    const read = async (name: string) =>
      (await Deno.readTextFile(`${directory}/${name}`)).trim();
    return await moduleOf(await read("page.js"), await read("page.css"));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** An element ends at the first of these, whatever its language. */
const END = /<\/(?:script|style)|<!--/i;

async function moduleOf(script: string, style: string): Promise<string> {
  for (const text of [script, style]) {
    const end = END.exec(text);
    if (end !== null) {
      throw new Error(`The page has "${end[0]}": write it in parts`);
    }
    // As browsers read files: with LF, and U+FFFD for NUL.
    if (/[\r\0]/.test(text)) throw new Error("The page has a CR or NUL");
  }
  return `// Made by "deno task docs" from page/: do not edit.
// deno-fmt-ignore-file
// deno-lint-ignore-file

/** The script of reports, bundled and minified. */
export const SCRIPT: string = ${JSON.stringify(script)};

/** Its hash for a content security policy. */
export const SCRIPT_HASH: string = "${await hashOf(script)}";

/** The style of reports, minified. */
export const STYLE: string = ${JSON.stringify(style)};

/** Its hash for a content security policy. */
export const STYLE_HASH: string = "${await hashOf(style)}";
`;
}

async function hashOf(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `sha256-${btoa(String.fromCharCode(...hash))}`;
}

if (import.meta.main) {
  await Deno.writeTextFile(new URL(PATH, ROOT), await makePageBundle());
}
