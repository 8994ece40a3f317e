import { assertEquals, assertThrows } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import { change } from "../event.ts";
import { arbitraryEvent } from "../_testing/arbitrary.ts";
import {
  type ChangedFields,
  NO_FILE,
  PacketChange,
  PacketEditor,
} from "./editor.ts";
import { encodePacket } from "./encoder.ts";
import { decodePacket } from "./packet.ts";

const SEED = 20130814;

/** Some of the fields that can be changed, each to a value or to nothing. */
const arbitraryChange: fc.Arbitrary<ChangedFields> = fc.tuple(
  arbitraryEvent,
  fc.subarray(
    [
      "testId",
      "tags",
      "mimeType",
      "routeCode",
      "parentTestId",
      "status",
      "eof",
    ] as const,
  ),
).map(([values, names]) =>
  Object.fromEntries(names.map((name) => [name, values[name]]))
);

Deno.test(`PacketEditor gives the packet of the event with the fields changed (seed ${SEED})`, () => {
  const editor = new PacketEditor();
  const content = fc.option(fc.uint8Array({ maxLength: 200 }), {
    nil: undefined,
  });
  fc.assert(
    fc.property(
      arbitraryEvent,
      arbitraryChange,
      content,
      (event, fields, c) => {
        const all = c && event.fileName !== undefined
          ? { ...fields, fileBytes: c }
          : fields;
        const packet = decodePacket(encodePacket(event));
        const edited = editor.edit(packet, new PacketChange(all));
        assertEquals(edited.toHex(), encodePacket(change(event, all)).toHex());
      },
    ),
    { seed: SEED, numRuns: 1000 },
  );
});

Deno.test(`PacketEditor takes out files and all that belongs to them (seed ${SEED})`, () => {
  const editor = new PacketEditor();
  const without = new PacketChange(NO_FILE);
  fc.assert(
    fc.property(arbitraryEvent, (event) => {
      const edited = editor.edit(decodePacket(encodePacket(event)), without);
      assertEquals(
        edited.toHex(),
        encodePacket(change(event, NO_FILE)).toHex(),
      );
    }),
    { seed: SEED },
  );
});

Deno.test("PacketEditor keeps numbers longer than needed and a newer writer's fields", () => {
  // From the decoder's vectors: test "foo", then three bytes nobody knows.
  const packet = decodePacket(
    Uint8Array.fromHex("b329030f03666f6faabbcc28657f50"),
  );
  const tagged = new PacketEditor()
    .edit(packet, new PacketChange({ tags: ["a"], parentTestId: "p" }));
  assertEquals(
    tagged.slice(4, -4).toHex(),
    "03666f6f" + "010161" + "0170" + "aabbcc",
  );
  assertEquals(decodePacket(tagged).tags, ["a"]);
});

Deno.test("PacketEditor lengthens the length where it must", () => {
  const editor = new PacketEditor();
  for (const [bytes, octets] of [[60, 1], [61, 2], [16370, 2], [16379, 3]]) {
    const testId = "x".repeat(bytes - 12);
    const packet = decodePacket(encodePacket({ testId, runnable: true }));
    const edited = editor.edit(packet, new PacketChange({ tags: ["abcd"] }));
    assertEquals((edited[3] >>> 6) + 1, octets, `${bytes}`);
    assertEquals(decodePacket(edited).testId, testId);
  }
});

Deno.test("PacketEditor refuses what no packet can hold, and splits attachments", () => {
  const fileBytes = new Uint8Array(4194303 - 20).fill(0xb3);
  const packet = decodePacket(
    encodePacket({ runnable: true, fileName: "f", fileBytes }),
  );
  const editor = new PacketEditor();
  const tagged = new PacketChange({ tags: ["a tag"] });
  assertThrows(
    () => editor.edit(packet, tagged),
    RangeError,
    "expected at most 4194303",
  );
  const parts: Uint8Array[] = [];
  editor.editEach(packet, tagged, (bytes) => {
    parts.push(decodePacket(bytes).fileBytes!.slice());
  });
  assertEquals(parts.length, 2);
  assertEquals(concat(parts).every((byte) => byte === 0xb3), true);
  assertEquals(concat(parts).length, fileBytes.length);
});

Deno.test("PacketChange fits in packets of 4194303 bytes at most", () => {
  const change = new PacketChange({ tags: ["a"] });
  for (const [room, fits] of [[3, true], [2, false]] as const) {
    const fileBytes = new Uint8Array(4194303 - 15 - room);
    const bytes = encodePacket({ fileName: "x", fileBytes, runnable: false });
    assertEquals(bytes.length, 4194303 - room);
    assertEquals(change.fits(decodePacket(bytes)), fits);
  }
});

Deno.test("PacketChange refuses what no string can hold", () => {
  for (const testId of ["a\0b", "\ud800"]) {
    assertThrows(() => new PacketChange({ testId }), RangeError);
  }
});
