import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import { arbitraryEvent } from "../_testing/arbitrary.ts";
import { loadNativeCrc32, useNativeCrc32 } from "./crc32.ts";
import { addPacket, isSoundRun, RUN_START, runTables } from "./crc_run.ts";
import { encodePacket } from "./encoder.ts";

const SEED = 20130814;

/** The CRC that packets add up to, if each has the right one. */
function sumOf(packets: readonly Uint8Array[]): number {
  const tables = runTables()!;
  let register = RUN_START;
  for (const { buffer, byteOffset, length } of packets) {
    const view = new DataView(buffer, byteOffset, length);
    register = addPacket(tables, register, view, length, length);
  }
  return register;
}

Deno.test("runTables are made with the runtime's CRC only", () => {
  useNativeCrc32(false);
  assertEquals(runTables(), undefined);
  useNativeCrc32(true);
  assert(runTables() !== undefined);
});

Deno.test("addPacket gives the CRC of a run with packets of each length", () => {
  useNativeCrc32(true);
  const native = loadNativeCrc32()!;
  const packets = Array.from({ length: 1100 }, (_, length) => {
    const fileBytes = new Uint8Array(length).fill(length);
    return encodePacket({ fileName: "f", fileBytes, runnable: true });
  });
  for (const packet of packets) {
    assertEquals(~sumOf([packet]) >>> 0, native(packet), `${packet.length}`);
  }
  assertEquals(~sumOf(packets) >>> 0, native(concat(packets)));
});

Deno.test(`isSoundRun finds a packet with a wrong CRC (seed ${SEED})`, () => {
  useNativeCrc32(true);
  const packets = fc.array(arbitraryEvent.map(encodePacket), { minLength: 1 });
  fc.assert(
    fc.property(packets, fc.nat(), fc.integer({ min: 1, max: 255 }), (
      packets,
      place,
      change,
    ) => {
      const run = concat(packets);
      assert(isSoundRun(run, sumOf(packets)));
      // Lengths decide what is added up, so the change is to a packet's end.
      const changed = packets[place % packets.length];
      changed[changed.length - 1 - place % 4] ^= change;
      assert(!isSoundRun(concat(packets), sumOf(packets)));
    }),
    { seed: SEED, numRuns: 300 },
  );
});
