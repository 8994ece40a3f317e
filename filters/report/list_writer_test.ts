import { assertEquals } from "@std/assert";
import {
  isFailure,
  OUTCOMES,
  PacketDecoder,
  TEST_STATUSES,
} from "@subunit/codec";
import fc from "fast-check";
import { memoryOutput } from "../../tests/support/memory.ts";
import { noisyStream, stream } from "../../tests/support/streams.ts";
import { Verdict } from "../kit/stream/verdict.ts";
import { type ListOptions, ListWriter } from "./list_writer.ts";
import { FORMATS, ORDERS } from "./listing.ts";

const SEED = 20130814;

Deno.test(`ListWriter lists rows as it does tests (seed ${SEED})`, () => {
  const runOfTests = fc.array(fc.record({
    testId: fc.constantFrom("a", "тест", "", "a\nb\x1b", "x".repeat(300)),
    status: fc.constantFrom(...TEST_STATUSES),
  })).map((events) => stream(...events));
  const options: fc.Arbitrary<ListOptions> = fc.record({
    outcomes: fc.constantFrom(
      new Set(OUTCOMES),
      new Set(OUTCOMES.filter(isFailure)),
    ),
    order: fc.constantFrom("stream", ...ORDERS),
    limit: fc.constantFrom(Infinity, 0, 2),
    format: fc.constantFrom("plain", ...FORMATS),
    times: fc.boolean(),
    tree: fc.constantFrom(false, false, true),
    null: fc.boolean(),
    count: fc.constantFrom(false, false, true),
  });
  fc.assert(
    fc.property(
      fc.oneof(runOfTests, noisyStream),
      options,
      (bytes, options) => {
        const plain = memoryOutput(), fast = memoryOutput();
        const plainList = new ListWriter(plain.out, options);
        const list = new ListWriter(fast.out, options);
        const plainVerdict = new Verdict(), verdict = new Verdict();
        const decoder = new PacketDecoder();
        decoder.push(bytes);
        decoder.end();
        decoder.drainRows((rows) => {
          for (let i = 0; i < rows.count; i++) {
            const test = plainVerdict.add(rows.packet(i));
            if (test !== undefined) plainList.add(test);
            if (verdict.addRow(rows, i) === 0) continue;
            if (list.takesRows) list.addRow(rows, i);
            else list.add(verdict.endedTest(rows, i));
          }
        }, () => {});
        plainList.end();
        list.end();
        assertEquals(fast.written().toHex(), plain.written().toHex());
      },
    ),
    { seed: SEED, numRuns: 500 },
  );
});
