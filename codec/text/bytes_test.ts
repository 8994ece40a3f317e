import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { copyBytes, sameBytes } from "./bytes.ts";

const SEED = 20261128;

/** Bytes and a range in them, at a place for the same range elsewhere. */
const range = fc.tuple(
  fc.uint8Array({ minLength: 48, maxLength: 64 }),
  fc.nat({ max: 8 }),
  fc.nat({ max: 40 }),
  fc.nat({ max: 8 }),
);

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

Deno.test(`copyBytes copies a range and nothing else (seed ${SEED})`, () => {
  fc.assert(
    fc.property(range, ([from, start, length, at]) => {
      const end = start + length;
      const to = new Uint8Array(64).fill(0xaa);
      const expected = to.slice();
      expected.set(from.subarray(start, end), at);
      copyBytes(viewOf(from), start, end, viewOf(to), at);
      assertEquals(to, expected);
    }),
    { seed: SEED, numRuns: 2000 },
  );
});

Deno.test(`sameBytes finds one bit that differs, and none outside (seed ${SEED})`, () => {
  fc.assert(
    fc.property(
      range,
      fc.nat({ max: 63 }),
      fc.nat({ max: 7 }),
      ([from, start, length, at], place, bit) => {
        const end = start + length;
        const other = new Uint8Array(64).fill(0xaa);
        other.set(from.subarray(start, end), at);
        const same = () =>
          sameBytes(viewOf(from), start, end, viewOf(other), at);
        assertEquals(same(), true);
        other[place] ^= 1 << bit;
        assertEquals(same(), place < at || place >= at + length);
      },
    ),
    { seed: SEED, numRuns: 2000 },
  );
});
