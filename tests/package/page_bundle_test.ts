import { assertEquals } from "@std/assert";
import { OUTCOMES } from "@subunit/codec";
import { OUTCOMES as PAGE_OUTCOMES } from "../../filters/report/html/data.ts";
import { makePageBundle, PATH } from "../../scripts/docs/page_bundle.ts";

Deno.test("the page in subunit2html is that of its sources", async () => {
  const found = Deno.readTextFileSync(
    new URL(`../../${PATH}`, import.meta.url),
  );
  assertEquals(found, await makePageBundle(), "run: deno task docs");
});

Deno.test("the page has the codec's outcomes", () => {
  assertEquals(PAGE_OUTCOMES, OUTCOMES);
});
