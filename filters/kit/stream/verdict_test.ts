import { assertEquals } from "@std/assert";
import { PacketDecoder, TEST_STATUSES } from "@subunit/codec";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import { noisyStream, pieces, stream } from "../../../tests/support/streams.ts";
import { Verdict } from "./verdict.ts";

const SEED = 20130814;

/** Starts and ends of few tests, so that they meet. */
const runOfTests = fc.array(fc.record({
  testId: fc.constantFrom("a", "b", "c", "", undefined),
  routeCode: fc.constantFrom(undefined, "0"),
  status: fc.constantFrom(...TEST_STATUSES, undefined),
})).map((events) => stream(...events));

Deno.test(`Verdict judges rows as it does packets (seed ${SEED})`, () => {
  const parts = fc.array(fc.oneof(noisyStream, runOfTests), { maxLength: 5 });
  const size = fc.integer({ min: 1, max: 3000 });
  fc.assert(
    fc.property(parts, size, (parts, size) => {
      const plain = new Verdict(), fast = new Verdict();
      const plainDecoder = new PacketDecoder(), decoder = new PacketDecoder();
      const ended: unknown[] = [], found: unknown[] = [];
      const drain = () => {
        plainDecoder.drain((item) => {
          const test = plain.add(item);
          if (test !== undefined) ended.push([test.testId, test.outcome]);
        });
        decoder.drainRows((rows) => {
          for (let i = 0; i < rows.count; i++) {
            const code = fast.addRow(rows, i);
            if (code === 0) continue;
            const { testId, outcome } = fast.endedTest(rows, i);
            assertEquals(outcome as string, TEST_STATUSES[code - 1]);
            found.push([testId, outcome]);
          }
        }, (item) => fast.add(item));
        assertEquals(fast.size, plain.size);
      };
      for (const piece of pieces(concat(parts), size)) {
        plainDecoder.push(piece);
        decoder.push(piece);
        drain();
      }
      plainDecoder.end();
      decoder.end();
      drain();
      const lost = Array.from(plain.end(), ({ testId }) => testId);
      assertEquals(Array.from(fast.end(), ({ testId }) => testId), lost);
      assertEquals(plain.summary.outcomes.lost, lost.length);
      assertEquals(found, ended);
      assertEquals(fast.summary, plain.summary);
      assertEquals(fast.exitStatus, plain.exitStatus);
      assertEquals(fast.complaint, plain.complaint);
    }),
    { seed: SEED, numRuns: 300 },
  );
});
