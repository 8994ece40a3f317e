import { assert } from "@std/assert";
import fc from "fast-check";
import { assertSameFromRows } from "../../tests/support/reports.ts";
import {
  anyEvent,
  anyRun,
  noisyStream,
  sample,
  stream,
} from "../../tests/support/streams.ts";
import { CsvReport } from "./csv_report.ts";
import { type Column, COLUMN_NAMES } from "./csv_row.ts";

const SEED = 4180;

const anyColumns = fc.oneof(
  fc.constant<Column[]>(["test", "status", "start_time", "stop_time"]),
  fc.constant(COLUMN_NAMES),
  fc.array(fc.constantFrom(...COLUMN_NAMES), { minLength: 1, maxLength: 12 }),
);

/** Ids at the limits of what needs quotes. */
const anyId = fc.array(
  fc.constantFrom(...'=+-@\t\r\n",; ax\u00e9\uff1d\x7f', "x".repeat(400)),
  { maxLength: 4 },
).map((characters) => characters.join(""));

Deno.test(`CsvReport writes rows of packets as of tests (seed ${SEED})`, () => {
  fc.assert(
    fc.property(
      anyColumns,
      fc.array(fc.oneof(
        anyEvent(),
        fc.tuple(anyEvent(), anyId, anyId).map((
          [event, testId, routeCode],
        ) => ({
          ...event,
          testId,
          routeCode,
        })),
      )),
      anyRun({ routes: [undefined, "0"], parents: true }),
      fc.integer({ min: 1, max: 2000 }),
      (columns, events, run, size) => {
        // Each of them ends: only what comes before counts.
        const ends = events.map((event) => ({
          ...event,
          status: "skip" as const,
        }));
        assertSameFromRows(
          (out) => new CsvReport(out, columns),
          stream(...events, ...run, ...ends),
          size,
        );
      },
    ),
    { seed: SEED, numRuns: 400 },
  );
});

Deno.test(`CsvReport writes rows of any stream as of tests (seed ${SEED})`, () => {
  fc.assert(
    fc.property(
      anyColumns,
      noisyStream,
      fc.integer({ min: 1, max: 400 }),
      (columns, bytes, size) => {
        assertSameFromRows((out) => new CsvReport(out, columns), bytes, size);
      },
    ),
    { seed: SEED, numRuns: 300 },
  );
});

Deno.test("CsvReport writes long packets, and more than it gathers", () => {
  const events = sample(anyRun({ maxTests: 60 }), 60, SEED).flat();
  const long = { testId: '"'.repeat(5000), status: "fail" } as const;
  const report = assertSameFromRows(
    (out) => new CsvReport(out, COLUMN_NAMES),
    stream(...Array(9).fill([...events, long]).flat()),
    70_000,
  );
  assert(report.length > 3 * 64 * 1024);
});
