import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  characterLength,
  characterStart,
  hashText,
  INCOMPLETE,
  isText,
  NOT_TEXT,
} from "./utf8.ts";

const SEED = 20130814;

function oracle(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return !bytes.includes(0);
  } catch {
    return false;
  }
}

function check(bytes: Uint8Array): void {
  // In the middle of other bytes, which must not be looked at.
  const around = new Uint8Array(bytes.length + 8).fill(0xb3);
  around.set(bytes, 4);
  const view = new DataView(around.buffer);
  const end = 4 + bytes.length;
  const hash = hashText(around, view, 4, end);
  assertEquals(hash !== NOT_TEXT, oracle(bytes), bytes.toHex());
  assertEquals(isText(around, 4, end), oracle(bytes), bytes.toHex());
}

Deno.test("hashText agrees with TextDecoder on each sequence of two bytes", () => {
  for (let word = 0; word < 0x10000; word++) {
    check(Uint8Array.of(word >>> 8, word & 0xff));
  }
});

Deno.test(`hashText agrees with TextDecoder (seed ${SEED})`, () => {
  const edges = fc.constantFrom(
    "e0a080",
    "e09fbf",
    "eda080",
    "ed9fbf",
    "f0908080",
    "f08fbfbf",
    "f48fbfbf",
    "f4908080",
    "61",
    "00",
    "80",
    "d0b3",
    "6162636465",
  );
  fc.assert(
    fc.property(fc.array(edges, { maxLength: 6 }), (parts) => {
      check(Uint8Array.fromHex(parts.join("")));
    }),
    { seed: SEED, numRuns: 2000 },
  );
});

Deno.test("characterLength tells sound, cut and broken characters apart", () => {
  const cases: [hex: string, length: number][] = [
    ["41", 1],
    ["d0b3", 2],
    ["e282ac", 3],
    ["f09f9880", 4],
    ["d0", INCOMPLETE],
    ["e2b3", INCOMPLETE],
    ["f0b3b3", INCOMPLETE],
    ["b3", 0],
    ["c0b3", 0],
    ["f4b3", 0],
    ["e2b329", 0],
  ];
  for (const [hex, length] of cases) {
    const bytes = Uint8Array.fromHex(hex);
    assertEquals(characterLength(bytes, 0, bytes.length), length, hex);
  }
});

Deno.test("characterStart finds the character a byte is part of", () => {
  const cases: [hex: string, at: number, start: number][] = [
    ["d0b3", 1, 0],
    ["61b3", 1, 1],
    ["d0b3b3", 2, 2],
    ["f09fb380", 2, 0],
    ["e2b3", 1, 0],
    ["e2b329", 1, 1],
  ];
  for (const [hex, at, start] of cases) {
    const bytes = Uint8Array.fromHex(hex);
    assertEquals(characterStart(bytes, 0, at, bytes.length), start, hex);
  }
  // The character begins before the bytes that may be looked at.
  assertEquals(characterStart(Uint8Array.of(0xd0, 0xb3), 1, 1, 2), 1);
});
