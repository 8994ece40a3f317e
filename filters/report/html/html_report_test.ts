import { assert, assertEquals } from "@std/assert";
import * as codec from "@subunit/codec";
import fc from "fast-check";
import { hostileStream } from "../../../tests/support/hostile.ts";
import { assertSameFromRows } from "../../../tests/support/reports.ts";
import {
  anyEvent,
  anyRun,
  noisyStream,
  sample,
  stream,
} from "../../../tests/support/streams.ts";
import type { Output } from "../../kit/io/output.ts";
import { OUTCOMES } from "./data.ts";
import { HtmlReport } from "./html_report.ts";
import { pageTexts } from "./page_texts.ts";
import { RunFacts } from "./run_facts.ts";

const SEED = 20113;
const page = await pageTexts();

function begin(out: Output): HtmlReport {
  return new HtmlReport(
    out,
    new RunFacts({ title: "a", commit: undefined }),
    {
      page,
      maxAttachmentBytes: 1000,
      project: { root: "/project", exists: () => false },
    },
  );
}

Deno.test(`HtmlReport writes rows of packets as of tests (seed ${SEED})`, () => {
  fc.assert(
    fc.property(
      fc.array(anyEvent()),
      anyRun({
        routes: [undefined, "0"],
        parents: true,
        tags: ["flaky", "slow"],
      }),
      fc.integer({ min: 1, max: 2000 }),
      (events, run, size) => {
        // Each of them ends: only what comes before counts.
        const ends = events.map((event) => ({
          ...event,
          status: "success" as const,
        }));
        assertSameFromRows(
          begin,
          stream(...events, ...run, ...ends),
          size,
          { attachments: true },
        );
      },
    ),
    { seed: SEED, numRuns: 200 },
  );
});

Deno.test(`HtmlReport writes rows of any stream (seed ${SEED})`, () => {
  for (const input of sample(noisyStream, 100, SEED)) {
    assertSameFromRows(begin, input, 100, { attachments: true });
  }
});

Deno.test("HtmlReport writes rows of a hostile stream as of tests", () => {
  assertSameFromRows(begin, hostileStream(), 60_000, { attachments: true });
});

Deno.test("HtmlReport ends a block of data when it is long", () => {
  const html = assertSameFromRows(
    begin,
    stream(
      ...Array.from({ length: 3000 }, (_, i) => ({
        testId: `package.module.Case.test_${i}`,
        status: "success" as const,
        routeCode: "worker",
        timestamp: { seconds: 1e9 + i, nanoseconds: i * 1001 },
      })),
    ),
    10_000,
  );
  const blocks = html.split('class="tests">').slice(1)
    .map((block) => block.slice(0, block.indexOf("</script>")).length);
  assert(blocks.length > 3, `${blocks}`);
  for (const length of blocks) assert(length < 66_000, `${length}`);
});

Deno.test("the page knows the outcomes of the codec", () => {
  assertEquals(OUTCOMES, codec.OUTCOMES);
});
