import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ReadBuffer } from "./read_buffer.ts";

const SEED = 20130814;

Deno.test("ReadBuffer reads chunks in place", () => {
  const buffer = new ReadBuffer();
  const chunk = Uint8Array.of(1, 2, 3);
  assertEquals(buffer.push(chunk), 0);
  assertEquals(buffer.source, chunk);
  assertEquals(buffer.source.buffer, chunk.buffer);
  buffer.at = 3;
  assertEquals(buffer.release(), 0);
  assertEquals(buffer.push(Uint8Array.of(4)), 3);
  assertEquals([buffer.base, buffer.at, buffer.end], [3, 0, 1]);
});

Deno.test(`ReadBuffer keeps undecided bytes (seed ${SEED})`, () => {
  const step = fc.record({
    size: fc.oneof(fc.nat(9), fc.nat(200_000)),
    // How much of the available bytes is decided then.
    part: fc.constantFrom(0, 0.3, 0.999, 1),
    room: fc.constantFrom(0, 10, 300_000),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const buffer = new ReadBuffer();
      let next = 0, decided = 0;
      for (const { size, part, room } of steps) {
        const chunk = new Uint8Array(room + size).subarray(room);
        for (let i = 0; i < size; i++) chunk[i] = next++;
        const before = buffer.base;
        const moved = buffer.push(chunk, room);
        assertEquals(buffer.base, before + moved);
        buffer.at += Math.floor(part * (buffer.end - buffer.at));
        decided = buffer.base + buffer.at;
        const released = buffer.release();
        chunk.fill(0x21);
        assertEquals(buffer.base, before + moved + released);
        assertEquals(buffer.base + buffer.at, decided);
        assertEquals(buffer.base + buffer.end, next);
        assertEquals(buffer.source.length, buffer.end);
        assert(undecidedIs(buffer, decided), "an undecided byte is wrong");
      }
    }),
    { seed: SEED, numRuns: 100 },
  );
});

Deno.test("ReadBuffer puts undecided bytes before a chunk that has room", () => {
  const buffer = new ReadBuffer();
  buffer.push(Uint8Array.of(1, 2, 3));
  buffer.at = 1;
  assertEquals(buffer.release(), 1);
  const chunk = Uint8Array.of(9, 9, 9, 4, 5).subarray(3);
  assertEquals(buffer.push(chunk, 3), 0);
  assertEquals(buffer.source.buffer, chunk.buffer);
  assertEquals([...buffer.source], [2, 3, 4, 5]);
  assertEquals([buffer.base, buffer.at, buffer.end], [1, 0, 4]);
});

Deno.test("ReadBuffer needs no chunk that is decided: its owner may transfer it", () => {
  const buffer = new ReadBuffer();
  const chunk = Uint8Array.of(1, 2, 3);
  buffer.push(chunk);
  buffer.at = 3;
  buffer.release();
  chunk.buffer.transfer();
  assertEquals(buffer.push(Uint8Array.of(4)), 3);
  assertEquals([...buffer.source], [4]);
});

/** Whether each undecided byte is that of its offset in the stream. */
function undecidedIs(
  { source, view, at, end }: ReadBuffer,
  offset: number,
): boolean {
  for (let i = at; i < end; i++) {
    const byte = (offset + i - at) & 0xff;
    if (source[i] !== byte || view.getUint8(i) !== byte) return false;
  }
  return true;
}
