import { assertEquals, assertThrows } from "@std/assert";
import { decodeBase64, encodeBase64 } from "./base64.ts";

Deno.test("encodeBase64 writes the vectors of RFC 4648, and decodeBase64 reads them", () => {
  const cases = [
    ["", ""],
    ["f", "Zg=="],
    ["fo", "Zm8="],
    ["foo", "Zm9v"],
    ["foob", "Zm9vYg=="],
    ["fooba", "Zm9vYmE="],
    ["foobar", "Zm9vYmFy"],
  ];
  for (const [text, base64] of cases) {
    const bytes = new TextEncoder().encode(text);
    assertEquals(encodeBase64(bytes), base64);
    assertEquals(decodeBase64(base64), bytes);
  }
});

Deno.test("decodeBase64 is the inverse of encodeBase64 for bytes of any length", () => {
  for (const length of [1, 255, 256, 32767, 32768, 32769, 200_000]) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 7) & 0xff);
    const base64 = encodeBase64(bytes);
    assertEquals(base64.length, 4 * Math.ceil(length / 3));
    assertEquals(decodeBase64(base64), bytes);
  }
});

Deno.test("decodeBase64 refuses what is not base64", () => {
  for (
    const text of [
      "Zg",
      "Zg=",
      "Z===",
      "=Zg=",
      "Zg==Zg==",
      "Zm 9v",
      "Zm-_",
      "Zmé9",
    ]
  ) {
    assertThrows(() => decodeBase64(text), SyntaxError);
  }
});
