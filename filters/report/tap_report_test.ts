import { assert, assertEquals } from "@std/assert";
import type { StatusEvent } from "@subunit/codec";
import fc from "fast-check";
import { assertSameFromRows } from "../../tests/support/reports.ts";
import {
  anyEvent,
  anyRun,
  anyTimestamp,
  noisyStream,
  sample,
  stream,
} from "../../tests/support/streams.ts";
import { endsFor, MAX_FILE_LENGTH } from "../kit/text/content.ts";
import type { ReportNeeds } from "./report.ts";
import { TapReport } from "./tap_report.ts";

const SEED = 14;
const NEEDS: ReportNeeds = { attachments: endsFor(MAX_FILE_LENGTH) };

/** Ids at the limits of what needs escapes. */
const anyId = fc.array(
  fc.constantFrom(
    ..." \t{}#\\-axZ09\x7f\u00e9\u2028",
    "x".repeat(500),
    "package.Test.",
  ),
  { maxLength: 4 },
).map((characters) => characters.join(""));

/** Events with everything that a row can have, and most often no more. */
const anyEnd: fc.Arbitrary<StatusEvent> = fc.record({
  testId: anyId,
  status: fc.constantFrom(
    "inprogress",
    "success",
    "uxsuccess",
    "skip",
    "fail",
    "xfail",
  ),
  tags: fc.subarray(["todo", "slow", "", "x".repeat(70), "\u00e9"]),
  routeCode: fc.constantFrom("0", "1/2", "", "slow", "\u00e9"),
  timestamp: fc.oneof(
    anyTimestamp(1),
    anyTimestamp(1000),
    fc.nat(3_000_000).map((ms) => ({
      seconds: 1_000_000 + Math.floor(ms / 1000),
      nanoseconds: ms % 1000 * 1_000_000 + 500_000,
    })),
  ),
  runnable: fc.boolean(),
}, { requiredKeys: ["testId", "status", "runnable"] });

Deno.test(`TapReport writes rows of packets as tests (seed ${SEED})`, () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 5, arbitrary: anyEnd }, anyEvent())),
      anyRun({ routes: [undefined, "0"], parents: true }),
      fc.boolean(),
      fc.integer({ min: 1, max: 2000 }),
      (events, run, hasRun, size) => {
        const starts = events.filter((_, index) => index % 3 > 0)
          .map((event) => ({ ...anyStartOf(event) }));
        assertSameFromRows(
          (out) => new TapReport(out),
          stream(...starts, ...(hasRun ? run : []), ...events),
          size,
          NEEDS,
        );
      },
    ),
    { seed: SEED, numRuns: 1000 },
  );
});

/** The start of a test, a little before an event of it. */
function anyStartOf(
  { testId, routeCode, timestamp, runnable }: StatusEvent,
): StatusEvent {
  const { seconds = 0, nanoseconds = 0 } = timestamp ?? {};
  return {
    testId,
    routeCode,
    status: "inprogress",
    runnable,
    timestamp: {
      seconds: Math.max(0, seconds - nanoseconds % 7),
      nanoseconds: nanoseconds >>> 1,
    },
  };
}

Deno.test(`TapReport writes rows of any stream as tests (seed ${SEED})`, () => {
  fc.assert(
    fc.property(
      noisyStream,
      fc.integer({ min: 1, max: 400 }),
      (bytes, size) => {
        assertSameFromRows((out) => new TapReport(out), bytes, size, NEEDS);
      },
    ),
    { seed: SEED, numRuns: 300 },
  );
});

Deno.test("TapReport writes rows whose ids begin and end with any ASCII character", () => {
  const characters = Array.from(
    { length: 127 },
    (_, code) => String.fromCharCode(code + 1),
  );
  const events = characters.flatMap((c) =>
    [c, `${c}x`, `x${c}`, `x${c}x`].map((testId) => ({
      testId,
      status: "success" as const,
    }))
  );
  const report = assertSameFromRows(
    (out) => new TapReport(out),
    stream(...events),
    100_000,
  );
  assert(report.endsWith(`1..${events.length}\n`));
});

Deno.test("TapReport writes more rows than it gathers", () => {
  const events = sample(fc.array(anyEnd, { minLength: 60 }), 40, SEED).flat();
  const report = assertSameFromRows(
    (out) => new TapReport(out),
    stream(...Array(20).fill(events).flat()),
    70_000,
  );
  assert(report.length > 3 * 64 * 1024);
  assertEquals(report.slice(-1), "\n");
});
