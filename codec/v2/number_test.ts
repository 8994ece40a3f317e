import { assertEquals, assertThrows } from "@std/assert";
import { numberOctets, octetsFor, readNumber, writeNumber } from "./number.ts";

const EDGES: [value: number, hex: string][] = [
  [0, "00"],
  [63, "3f"],
  [64, "4040"],
  [16383, "7fff"],
  [16384, "804000"],
  [4194303, "bfffff"],
  [4194304, "c0400000"],
  [1073741823, "ffffffff"],
];

Deno.test("writeNumber uses the fewest octets, and readNumber reads them", () => {
  for (const [value, hex] of EDGES) {
    const bytes = new Uint8Array(4);
    const end = writeNumber(bytes, 0, value);
    assertEquals(bytes.subarray(0, end).toHex(), hex);
    assertEquals(octetsFor(value), end);
    assertEquals(numberOctets(bytes[0]), end);
    assertEquals(readNumber(bytes, 0), value);
  }
});

Deno.test("readNumber accepts more octets than needed", () => {
  for (const hex of ["05", "4005", "800005", "c0000005"]) {
    assertEquals(readNumber(Uint8Array.fromHex(hex), 0), 5);
  }
});

Deno.test("writeNumber refuses anything but a number of 30 bits", () => {
  for (const value of [-1, 1.5, 1073741824, NaN]) {
    assertThrows(
      () => writeNumber(new Uint8Array(4), 0, value),
      RangeError,
      "expected 0 to 1073741823",
    );
  }
});
