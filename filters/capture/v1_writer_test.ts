import { assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import type { StatusEvent } from "@subunit/codec";
import fc from "fast-check";
import { memoryOutput } from "../../tests/support/memory.ts";
import { decodeLent } from "../../tests/support/reports.ts";
import {
  anyEvent,
  anyRun,
  anyTimestamp,
  noisyStream,
  pieces,
  stream,
} from "../../tests/support/streams.ts";
import { V1Writer, type V1WriterOptions } from "./v1_writer.ts";

const SEED = 21;

/** What a stream in chunks becomes, and what is lost. */
function written(
  chunks: readonly Uint8Array[],
  options: V1WriterOptions,
  takesRows: boolean,
): [text: string, losses: string | undefined, exitStatus: number] {
  const { out, written } = memoryOutput();
  const writer = new V1Writer(out, options);
  decodeLent(chunks, (decoder) => {
    if (takesRows) {
      decoder.drainRows(
        (rows) => writer.addRows(rows),
        (item) => writer.add(item),
      );
    } else {
      decoder.drain((item) => writer.add(item));
    }
    writer.endChunk();
  });
  writer.end();
  const text = new TextDecoder("latin1").decode(written());
  return [text, writer.losses, writer.exitStatus];
}

const anyOptions: fc.Arbitrary<V1WriterOptions> = fc.record({
  plain: fc.boolean(),
  dropsText: fc.boolean(),
});

/** Ids at the limits of what a line can hold. */
const anyId = fc.array(
  fc.constantFrom(..." \t\n\r\v\x1f\x7f\u00e9abcd", "x".repeat(300)),
  { maxLength: 6 },
).map((characters) => characters.join(""));

const anyPlain: fc.Arbitrary<StatusEvent> = fc.record({
  testId: anyId,
  status: fc.constantFrom(
    "exists",
    "inprogress",
    "success",
    "uxsuccess",
    "skip",
    "fail",
    "xfail",
  ),
  tags: fc.subarray(["slow", "a b", "-x", "\u00e9", "x".repeat(300)]),
  routeCode: fc.constantFrom("", "0"),
  timestamp: fc.oneof(
    anyTimestamp(1),
    anyTimestamp(1_000_000),
    fc.constant({ seconds: 1, nanoseconds: 0 }),
  ),
  runnable: fc.boolean(),
}, { requiredKeys: ["testId", "status", "runnable"] });

Deno.test(`V1Writer writes rows as it writes packets (seed ${SEED})`, () => {
  fc.assert(
    fc.property(
      anyOptions,
      fc.array(fc.oneof({ weight: 5, arbitrary: anyPlain }, anyEvent())),
      anyRun({ routes: [undefined, "0"], parents: true }),
      fc.boolean(),
      fc.integer({ min: 1, max: 2000 }),
      (options, events, run, hasRun, size) => {
        const starts = events.map((
          { testId, routeCode, timestamp },
          index,
        ) => ({
          testId,
          routeCode,
          status: "inprogress" as const,
          timestamp: index % 2 > 0 ? timestamp : undefined,
        })).filter((_, index) => index % 3 > 0);
        const bytes = stream(...starts, ...(hasRun ? run : []), ...events);
        const chunks = pieces(bytes, size);
        assertEquals(
          written(chunks, options, true),
          written(chunks, options, false),
        );
      },
    ),
    { seed: SEED, numRuns: 600 },
  );
});

Deno.test(`V1Writer writes rows of any stream as it writes packets (seed ${SEED})`, () => {
  fc.assert(
    fc.property(
      anyOptions,
      fc.array(fc.oneof(noisyStream, anyPlain.map((event) => stream(event)))),
      fc.integer({ min: 1, max: 400 }),
      (options, parts, size) => {
        const chunks = pieces(concat(parts), size);
        assertEquals(
          written(chunks, options, true),
          written(chunks, options, false),
        );
      },
    ),
    { seed: SEED, numRuns: 200 },
  );
});
