import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  crc32,
  loadNativeCrc32,
  skipZeros,
  updateRegister,
  updateRegisterPlainly,
} from "./crc32.ts";
import { RunningCrc } from "./running_crc.ts";

const SEED = 20130814;

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Bytes without a pattern, the same at each run. */
function noise(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = Math.imul(state, 1103515245) + 12345;
    return state >>> 16;
  });
}

Deno.test("crc32 gives the check value of CRC-32/ISO-HDLC", () => {
  const check = new TextEncoder().encode("123456789");
  assertEquals(crc32(viewOf(check)), 0xcbf43926);
});

Deno.test("updateRegister agrees with its plain form at every length and offset", () => {
  const view = viewOf(noise(400));
  for (let start = 0; start < 5; start++) {
    for (let end = start; end < 200; end++) {
      assertEquals(
        updateRegister(-1, view, start, end),
        updateRegisterPlainly(-1, view, start, end),
      );
    }
  }
});

Deno.test("crc32 agrees with the runtime's own before and after it takes over", () => {
  const native = loadNativeCrc32()!;
  const bytes = noise(3 * 1024 * 1024);
  // Enough rounds for the switch to the native CRC to happen in between.
  for (let round = 0; round < 24; round++) {
    const part = bytes.subarray(round);
    assertEquals(crc32(viewOf(part)), native(part));
  }
});

Deno.test("skipZeros does what passing zeros through the register does", () => {
  for (const count of [0, 1, 2, 255, 256, 257, 65535, 65536, 65537, 4194303]) {
    const zeros = viewOf(new Uint8Array(count));
    assertEquals(
      skipZeros(0x12345678, count),
      updateRegister(0x12345678, zeros, 0, count),
    );
  }
});

Deno.test(`RunningCrc gives the CRC of any ascending ranges (seed ${SEED})`, () => {
  const bytes = noise(20000);
  const view = viewOf(bytes);
  const range = fc.tuple(fc.nat(600), fc.nat(4000));
  fc.assert(
    fc.property(fc.array(range), fc.nat(500), (steps, base) => {
      const running = new RunningCrc();
      let start = 0, window = 0;
      for (const [step, length] of steps) {
        start += step;
        // Now and then the bytes before the range are no longer there.
        if (step % 7 === 0) window = start;
        if (start + length > bytes.length) break;
        const rest = new DataView(view.buffer, window);
        assertEquals(
          running.range(
            rest,
            base + window,
            base + start,
            base + start + length,
          ),
          crc32(view, start, start + length),
        );
      }
    }),
    { seed: SEED },
  );
});
