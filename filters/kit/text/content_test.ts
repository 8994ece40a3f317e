import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { cutContent, textOfContent } from "./content.ts";
import { cutText } from "./shorten.ts";

const MIB = 1024 * 1024;

Deno.test("cutContent cuts long content as cutText cuts its text, seed 7", () => {
  const encoder = new TextEncoder();
  const characters = ["a", "\n", "\u00e9", "\u20ac", "\u{1f600}", "\ufeff"];
  const content = fc.tuple(
    fc.array(fc.constantFrom(...characters), { maxLength: 8 }),
    fc.constantFrom(...characters),
    fc.nat(12),
    fc.array(fc.constantFrom(...characters), { maxLength: 8 }),
    fc.boolean(),
  ).map(([head, middle, more, tail, isUtf8]) => {
    const bytes = encoder.encode(
      head.join("") + middle.repeat(MIB / 2 + more) + tail.join(""),
    );
    // Then it is ISO-8859-1.
    if (!isUtf8) bytes[bytes.length >> 1] = 0xff;
    return bytes;
  });
  fc.assert(
    fc.property(content, fc.nat(20), (bytes, most) => {
      assertEquals(
        cutContent(bytes, most),
        cutText(textOfContent(bytes), most),
      );
    }),
    { seed: 7, numRuns: 60 },
  );
});

Deno.test("cutContent leaves content that fits as it is", () => {
  const long = new Uint8Array(MIB + 1).fill(0x61);
  assertEquals(cutContent(long, 2 * MIB), "a".repeat(MIB + 1));
  assertEquals(cutContent(long.subarray(0, 3), 3), "aaa");
});
