import { createHash } from "node:crypto";
import { assert, assertEquals } from "@std/assert";
import { OUTCOMES } from "@subunit/codec";
import { OUTCOMES as PAGE_OUTCOMES } from "../../filters/report/html/data.ts";
import {
  pageTexts,
  SCRIPT_HASH,
  STYLE_HASH,
} from "../../filters/report/html/page_texts.ts";
import { bundle } from "../../scripts/npm/bundle.ts";
import { TempDir } from "../support/run.ts";
import { bundlePage } from "../../scripts/docs/page_bundle.ts";

Deno.test("the page in subunit2html is that of its sources", async () => {
  const made = await bundlePage();
  assertEquals(await pageTexts(), made, "run: deno task docs");
  const hashes = [made.script, made.style].map((text) =>
    `sha256-${createHash("sha256").update(text).digest("base64")}`
  );
  assertEquals([SCRIPT_HASH, STYLE_HASH], hashes, "run: deno task docs");
});

Deno.test("subunit2html with its page is smaller than 200 kB", async () => {
  using dir = new TempDir();
  const options = ["--minify", "--code-splitting"];
  await bundle(["filters/subunit2html.ts"], dir.path, ...options);
  const size = Array.from(Deno.readDirSync(dir.path)).reduce(
    (sum, { name }) => sum + Deno.statSync(`${dir.path}/${name}`).size,
    0,
  );
  assert(size > 50_000 && size < 200_000, `it has ${size} bytes`);
});

Deno.test("the page has the codec's outcomes", () => {
  assertEquals(PAGE_OUTCOMES, OUTCOMES);
});
