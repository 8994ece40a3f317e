/** The pictures of subunit2html's report show the report as it is. */

import { assert, assertEquals } from "@std/assert";
import {
  ARGUMENTS,
  HASH_FILE,
  hashOf,
  screenshotRun,
  SCREENSHOTS,
  screenshotUrl,
} from "../../scripts/docs/screenshots.ts";
import { callTool, test } from "../support/call.ts";
import { text } from "../support/run.ts";

test("the screenshots are those of deno task screenshots", async () => {
  const { stdout, stderr } = await callTool("subunit2html", ARGUMENTS, {
    stdin: screenshotRun(),
  });
  assertEquals(stderr, "");
  assertEquals(
    await hashOf(text(stdout)),
    Deno.readTextFileSync(HASH_FILE).trim(),
    "The report has changed: run deno task screenshots, and look at docs/images/",
  );
});

for (const screenshot of SCREENSHOTS) {
  test(`${screenshot.name} is a PNG of less than 200 kB`, () => {
    const bytes = Deno.readFileSync(screenshotUrl(screenshot));
    assertEquals(bytes.subarray(1, 4), new TextEncoder().encode("PNG"));
    assert(bytes.length < 200_000, `${bytes.length} bytes`);
  });
}
