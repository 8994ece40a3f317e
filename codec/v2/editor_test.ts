import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { arbitraryEvent } from "./_arbitrary.ts";
import { encodeTags, PacketEditor } from "./editor.ts";
import { encodePacket } from "./encoder.ts";
import { decodePacket } from "./packet.ts";

const SEED = 20130814;

Deno.test(`PacketEditor.setTags gives the packet of the event with those tags (seed ${SEED})`, () => {
  const editor = new PacketEditor();
  const tags = fc.array(fc.string({ maxLength: 30 }), { maxLength: 4 })
    .map((tags) => tags.map((tag) => tag.replaceAll("\0", "")));
  fc.assert(
    fc.property(
      arbitraryEvent,
      fc.option(tags, { nil: undefined }),
      (event, tags) => {
        const packet = decodePacket(encodePacket(event));
        const edited = editor.setTags(packet, tags && encodeTags(tags));
        assertEquals(
          edited.toHex(),
          encodePacket({ ...event, tags }).toHex(),
        );
      },
    ),
    { seed: SEED, numRuns: 500 },
  );
});

Deno.test("PacketEditor.setTags keeps what a newer writer put behind the fields", () => {
  // From the decoder's vectors: test "foo", then three bytes nobody knows.
  const packet = decodePacket(
    Uint8Array.fromHex("b329030f03666f6faabbcc28657f50"),
  );
  const edited = new PacketEditor().setTags(packet, encodeTags(["a"]));
  assertEquals(edited.slice(4, -4).toHex(), "03666f6f" + "010161" + "aabbcc");
  assertEquals(decodePacket(edited).tags, ["a"]);
});

Deno.test("PacketEditor.setTags lengthens the length where it must", () => {
  const editor = new PacketEditor();
  for (const [bytes, octets] of [[60, 1], [61, 2], [16370, 2], [16379, 3]]) {
    const testId = "x".repeat(bytes - 12);
    const packet = decodePacket(encodePacket({ testId, runnable: true }));
    const edited = editor.setTags(packet, encodeTags(["abcd"]));
    assertEquals((edited[3] >>> 6) + 1, octets, `${bytes}`);
    assertEquals(decodePacket(edited).testId, testId);
  }
});

Deno.test("PacketEditor refuses what no packet can hold, and says so before", () => {
  const packet = decodePacket(encodePacket({
    runnable: true,
    fileName: "f",
    fileBytes: new Uint8Array(4194303 - 20),
  }));
  const editor = new PacketEditor();
  const field = encodeTags(["a tag"]);
  assert(!editor.fits(packet, field));
  assertThrows(
    () => editor.setTags(packet, field),
    RangeError,
    "expected at most 4194303",
  );
});
