/**
 * Bundles the script and the style of HTML reports into a module, so that the
 * tool is complete without reading files. Part of `deno task docs`.
 *
 * @module
 */

import type { PageTexts } from "../../filters/report/html/page_texts.ts";
import { bundle } from "../npm/bundle.ts";

const ROOT = new URL("../../", import.meta.url);
const MODULE = "filters/report/html/page_bundle.ts";
const PAGE = "filters/report/html/page";

/** Returns the script and the style of reports. */
export async function bundlePage(): Promise<PageTexts> {
  const directory = await Deno.makeTempDir({ prefix: "subunit-tools-" });
  try {
    const sources = ["page.ts", "page.css"].map((name) =>
      new URL(`${PAGE}/${name}`, ROOT).pathname
    );
    await bundle(sources, directory, "--minify");
    const read = async (name: string) =>
      (await Deno.readTextFile(`${directory}/${name}`)).trim();
    return { script: await read("page.js"), style: await read("page.css") };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** An element ends at the first of these, whatever its language. */
const END = /<\/(?:script|style)|<!--/i;

async function moduleOf({ script, style }: PageTexts): Promise<string> {
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

/** The script of reports, bundled and minified: base64 of gzip. */
export const SCRIPT: string = "${await packed(script)}";

/** Its hash for a content security policy. */
export const SCRIPT_HASH: string = "${await hashOf(script)}";

/** The style of reports, minified: base64 of gzip. */
export const STYLE: string = "${await packed(style)}";

/** Its hash for a content security policy. */
export const STYLE_HASH: string = "${await hashOf(style)}";
`;
}

/** Packs a text: base64 of gzip. The bytes may differ from one zlib to another. */
async function packed(text: string): Promise<string> {
  const stream = new Blob([text]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  return base64(await new Response(stream).bytes());
}

async function hashOf(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `sha256-${base64(hash)}`;
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

if (import.meta.main) {
  const text = await moduleOf(await bundlePage());
  await Deno.writeTextFile(new URL(MODULE, ROOT), text);
}
