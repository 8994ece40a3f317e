import { assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { TestCollator } from "@subunit/codec";
import fc from "fast-check";
import { arbitraryText } from "../../../codec/_testing/arbitrary.ts";
import { byteLengthOf, cutContent, endsFor, textOfContent } from "./content.ts";
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
        cutContent({ bytes }, most),
        cutText(textOfContent(bytes), most),
      );
    }),
    { seed: 7, numRuns: 60 },
  );
});

Deno.test("cutContent cuts a file of which both ends are known as the whole file, seed 7", () => {
  const encoder = new TextEncoder();
  const anyPart = fc.oneof(
    { weight: 9, arbitrary: arbitraryText({ maxLength: 40 }) },
    fc.constant("\ufeff"),
  ).map((text) => encoder.encode(text));
  const anyParts = fc.array(
    fc.oneof({ weight: 30, arbitrary: anyPart }, fc.uint8Array()),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(anyParts, fc.nat(40), (parts, most) => {
      const collator = new TestCollator({ attachments: endsFor(most) });
      const event = { testId: "a", fileName: "f", runnable: true };
      for (const fileBytes of [...parts, new Uint8Array()]) {
        // What an event borrows may change when it has been added.
        const borrowed = fileBytes.slice();
        collator.add({ ...event, fileBytes: borrowed });
        collator.own();
        borrowed.fill(0x21);
      }
      const [file] = collator.end()[0].attachments;
      const bytes = concat(parts);
      assertEquals(byteLengthOf(file), bytes.length);
      assertEquals(
        file.omitted?.hasNul ?? file.bytes.includes(0),
        bytes.includes(0),
      );
      assertEquals(
        cutContent(file, most),
        cutText(textOfContent(bytes), most),
      );
    }),
    { seed: 7, numRuns: 500 },
  );
});

Deno.test("cutContent leaves content that fits as it is", () => {
  const long = new Uint8Array(MIB + 1).fill(0x61);
  assertEquals(cutContent({ bytes: long }, 2 * MIB), "a".repeat(MIB + 1));
  assertEquals(cutContent({ bytes: long.subarray(0, 3) }, 3), "aaa");
});
