import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import { cuts } from "../_testing/decode_chunks.ts";
import { ToUtf8, toUtf8, type ToUtf8Options } from "./to_utf8.ts";

const encoder = new TextEncoder();

function utf16(text: string, bigEndian = false): Uint8Array {
  const bytes = new Uint8Array(2 * text.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < text.length; i++) {
    view.setUint16(2 * i, text.charCodeAt(i), !bigEndian);
  }
  return bytes;
}

function convert(
  chunks: Iterable<Uint8Array>,
  options?: ToUtf8Options,
): Uint8Array {
  return concat(Array.from(toUtf8(chunks, options), (chunk) => chunk.slice()));
}

const TEXT = "1..1\r\nok 1 - тест ³ 😀\r\n";

Deno.test("toUtf8 reads UTF-8 and UTF-16 with a byte order mark", () => {
  const marked = "\ufeff" + TEXT;
  for (
    const bytes of [
      encoder.encode(TEXT),
      encoder.encode(marked),
      utf16(marked),
      utf16(marked, true),
    ]
  ) {
    for (const mayHoldPackets of [false, true]) {
      assertEquals(convert([bytes], { mayHoldPackets }), encoder.encode(TEXT));
      for (const chunks of cuts(bytes)) {
        assertEquals(
          convert(chunks, { mayHoldPackets }),
          encoder.encode(TEXT),
        );
      }
    }
  }
});

Deno.test("toUtf8 replaces what is not UTF-16", () => {
  const chunks = [utf16("\ufeffa\ud800b"), Uint8Array.of(0x61)];
  assertEquals(convert(chunks), encoder.encode("a\ufffdb\ufffd"));
});

Deno.test("toUtf8 leaves alone what has no mark", () => {
  const all: [name: string, bytes: number[]][] = [
    ["nothing", []],
    ["half a mark", [0xef, 0xbb]],
    ["half a mark of UTF-16", [0xff]],
    ["half a mark, and text", [0xef, 0xbb, 0x61]],
    ["a mark further on", [0x61, 0xef, 0xbb, 0xbf]],
    ["UTF-16 without a mark", [0x61, 0, 0x62, 0]],
    ["UTF-32", [0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]],
  ];
  for (const [name, values] of all) {
    const bytes = Uint8Array.from(values);
    assertEquals(convert([bytes]), bytes, name);
    for (const chunks of cuts(bytes)) assertEquals(convert(chunks), bytes);
  }
});

Deno.test("toUtf8 takes a mark before packets for no UTF-16", () => {
  const beginnings = [[0xff, 0xfe], [0xfe, 0xff]];
  for (const beginning of beginnings) {
    for (const rest of [[], [0x61], [0xb3, 0x29, 0x01], [0x61, 0xb3]]) {
      const bytes = Uint8Array.from([...beginning, ...rest]);
      const options = { mayHoldPackets: true };
      assertEquals(convert([bytes], options), bytes);
      for (const chunks of cuts(bytes)) {
        assertEquals(convert(chunks, options), bytes);
      }
    }
  }
});

Deno.test("ToUtf8 passes on the very chunks, and at once", () => {
  const converter = new ToUtf8();
  for (const text of ["a", "", "\ufeff", "ok 1\n"]) {
    const chunk = encoder.encode(text);
    assert(converter.push(chunk) === chunk);
  }
  const marked = new ToUtf8();
  assertEquals(marked.push(Uint8Array.of(0xef, 0xbb)).length, 0);
  assertEquals(marked.push(Uint8Array.of(0xbf)).length, 0);
  const chunk = encoder.encode("ok 1\n");
  assert(marked.push(chunk) === chunk);
});

Deno.test("toUtf8 changes nothing but what is marked, seed 6", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), fc.boolean(), (chunks, packets) => {
      const bytes = concat(chunks);
      const isMarked = [0xef, 0xff, 0xfe].includes(bytes[0]);
      fc.pre(!isMarked);
      assertEquals(convert(chunks, { mayHoldPackets: packets }), bytes);
    }),
    { seed: 6, numRuns: 300 },
  );
});
