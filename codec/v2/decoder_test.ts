import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import type { StatusEvent } from "../event.ts";
import { GOOD, STREAMS, VECTORS } from "../_testing/vectors.ts";
import { arbitraryEvent } from "../_testing/arbitrary.ts";
import { lent } from "../_testing/decode_chunks.ts";
import { PacketDecoder, type StreamItem } from "./decoder.ts";
import { encodePacket } from "./encoder.ts";

const SEED = 20130814;

/** The items of chunks, copied, neighbouring foreign bytes joined. */
function decode(chunks: Iterable<Uint8Array>): StreamItem[] {
  const decoder = new PacketDecoder();
  const items: StreamItem[] = [];
  const drain = () => {
    decoder.drain((item) => {
      items.push(item.copy());
    });
  };
  for (const chunk of lent(chunks, 0xb3)) {
    decoder.push(chunk);
    drain();
  }
  decoder.end();
  drain();
  return items;
}

/** The comparable parts of items: kind, bytes, and the report of damage. */
function describe(items: readonly StreamItem[]): string[] {
  const lines: string[] = [];
  let foreign = "";
  const endForeign = () => {
    if (foreign !== "") lines.push(`f ${foreign}`);
    foreign = "";
  };
  for (const item of items) {
    if (item.kind === "foreign") {
      foreign += item.bytes.toHex();
      continue;
    }
    endForeign();
    lines.push(
      item.kind === "packet"
        ? `p ${item.bytes.toHex()}`
        : `d ${item.bytes.toHex()} ${item.code} ${item.reason}`,
    );
  }
  endForeign();
  return lines;
}

function join(items: readonly StreamItem[]): string {
  return items.map((item) => item.bytes.toHex()).join("");
}

/** The items as the vectors write them: kind, code of damage, count of bytes. */
function summarize(items: readonly StreamItem[]): string[] {
  return describe(items).map((line) => {
    const [kind, hex, code] = line.split(" ");
    return kind === "d"
      ? `d ${code} ${hex.length / 2}`
      : `${kind} ${hex.length / 2}`;
  });
}

const ALL = [
  ...STREAMS,
  ...VECTORS.map(({ name, hex }) => ({
    name,
    hex,
    items: [`p ${hex.length / 2}`],
  })),
];

Deno.test("PacketDecoder splits each vector correctly", () => {
  for (const { name, hex, items } of ALL) {
    assertEquals(summarize(decode([Uint8Array.fromHex(hex)])), items, name);
  }
});

Deno.test("PacketDecoder gives the same items however the input is cut", () => {
  for (const { name, hex } of ALL) {
    const bytes = Uint8Array.fromHex(hex);
    const whole = describe(decode([bytes]));
    const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
    assertEquals(describe(decode(single)), whole, `${name}, byte by byte`);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const halves = [bytes.subarray(0, cut), bytes.subarray(cut)];
      assertEquals(describe(decode(halves)), whole, `${name}, cut at ${cut}`);
    }
  }
});

Deno.test(`PacketDecoder loses no byte and no sound packet between any bytes (seed ${SEED})`, () => {
  const junk = fc.uint8Array({ maxLength: 20 });
  // What is likely to mislead: signatures, headers, halves of characters.
  const bait = fc.constantFrom(
    "b3",
    "b329",
    "b32901",
    "b3290130",
    "b32901bfffff",
    "b320000a",
    "d0",
    "d0b3",
    "e2",
    "e2b3",
    "f0b3",
    "0a",
    "b3b3b3",
    "b329010d00000000000000e2",
    "b3200014",
    "b329461e04636166e9036c6f670cb329010c03666f6f08555f1be3afe531",
  ).map((hex) => Uint8Array.fromHex(hex));
  const packet = arbitraryEvent.map(encodePacket);
  const cut = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(
      fc.array(fc.oneof(junk, bait, packet), { maxLength: 12 }),
      fc.array(cut, { minLength: 1 }),
      (parts, cuts) => {
        const bytes = concat(parts);
        const items = decode([bytes]);
        assertEquals(join(items), bytes.toHex());
        assertEquals(
          describe(decode(cutUp(bytes, cuts))),
          describe(items),
        );
      },
    ),
    { seed: SEED, numRuns: 1000 },
  );
});

/** Bytes that mislead a reader about what stands behind them. */
const BAIT = [
  "68690a",
  "b3",
  "b32901bfffff",
  "b320003f",
  "b339010c",
  "b329010c0361",
  "d0b30a",
  // A test id in Latin-1 under a good CRC.
  "b329010d04636166e914474026",
  // Halves of characters, and letters of Latin-1.
  "d0",
  "636166c3",
  "e2",
  "e282",
  "f09f",
  "f09f98",
  "ff",
  // Characters that end in a signature, and what they seem to begin.
  "d0b3",
  "d0b320",
  "d0b328",
  "d0b32901bfffff",
  "d0b3290130",
  "d0b3284001f00761626364",
  "e282b320",
].map((hex) => Uint8Array.fromHex(hex));

Deno.test(`PacketDecoder finds every sound packet whatever stands around it (seed ${SEED})`, () => {
  const packet = arbitraryEvent.map(encodePacket);
  const around = fc.array(
    fc.oneof(
      fc.constantFrom(...BAIT),
      fc.uint8Array({ maxLength: 5 }),
      // A packet torn off.
      packet.chain((bytes) =>
        fc.nat(bytes.length - 1).map((end) => bytes.subarray(0, end))
      ),
    ),
    { maxLength: 3 },
  ).map((parts) => concat(parts));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(around, packet), { minLength: 1, maxLength: 8 }),
      around,
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      (pairs, behind, cuts) => {
        const bytes = concat([...pairs.flat(), behind]);
        const expected = pairs.map(([, packet]) => packet.toHex());
        for (const items of [decode([bytes]), decode(cutUp(bytes, cuts))]) {
          const found = items.filter((item) => item.kind === "packet")
            .map((item) => item.bytes.toHex());
          assertEquals(found, expected);
          assertEquals(join(items), bytes.toHex());
        }
      },
    ),
    { seed: SEED, numRuns: 3000 },
  );
});

Deno.test("PacketDecoder finds packets in a frame whose fields are not sound", () => {
  // Its test id is Latin-1; its file holds a packet.
  const frame = "b329461e04636166e9036c6f670c" + GOOD + "e3afe531";
  const items = decode([Uint8Array.fromHex(frame + GOOD)]);
  assertEquals(summarize(items), ["d text 14", "p 12", "f 4", "p 12"]);
});

Deno.test(`PacketDecoder gives the events that were encoded (seed ${SEED})`, () => {
  fc.assert(
    fc.property(fc.array(arbitraryEvent), (events) => {
      const items = decode([concat(events.map(encodePacket))]);
      const decoded = items.map((item): StatusEvent => {
        assert(item.kind === "packet");
        return item.toEvent();
      });
      assertEquals(decoded, events);
    }),
    { seed: SEED, numRuns: 300 },
  );
});

Deno.test("PacketDecoder returns what is complete while the input is open", () => {
  const cases: [hex: string, items: string[]][] = [
    [GOOD, ["p 12"]],
    ["61620a" + GOOD + "6364", ["f 3", "p 12", "f 2"]],
    // The letter ghe must not delay the packets after it.
    ["d188d0b0d0b30a" + GOOD, ["f 7", "p 12"]],
    // Half a character waits for its other half, nothing else does.
    ["6162d0", ["f 2"]],
    // So does a character that ends as a packet begins, while it may be one.
    ["6162d0b3", ["f 2"]],
    ["6162d0b329010c03", ["f 2"]],
    // "мог это", a claim of 4 MiB whose second field runs past it.
    ["d0bcd0bed0b320d18dd182d0be0a", ["f 14"]],
    ["d0b3290130036162630a", ["f 10"]],
    ["636166c3" + GOOD, ["f 4", "p 12"]],
    ["e282" + GOOD + "c3" + GOOD, ["f 2", "p 12", "f 1", "p 12"]],
    // A header that cannot be one holds nothing back.
    ["b3390161", ["d version 1", "f 3"]],
    // A full claimed span settles a doubtful header.
    ["b3290110" + GOOD, ["d checksum 4", "p 12"]],
  ];
  for (const [hex, expected] of cases) {
    const decoder = new PacketDecoder();
    decoder.push(Uint8Array.fromHex(hex));
    const items: StreamItem[] = [];
    decoder.drain((item) => items.push(item));
    assertEquals(summarize(items), expected, hex);
  }
});

Deno.test("PacketDecoder reports what is wrong, and where", () => {
  const [packet, damage] = decode([
    Uint8Array.fromHex(GOOD + "b329010c03666f6f08555f1c"),
  ]);
  assert(packet.kind === "packet" && damage.kind === "damage");
  assertEquals(damage.offset, 12);
  assertEquals(damage.packetIndex, 1);
  assertEquals(damage.code, "checksum");
  assertEquals(
    damage.reason,
    "Cannot decode packet 1 at byte 12: stored CRC-32 is 0x08555f1c, computed 0x08555f1b",
  );
});

Deno.test("PacketDecoder counts offsets over many chunks", () => {
  const good = Uint8Array.fromHex(GOOD);
  const chunks = Array.from({ length: 1000 }, () => good);
  const items = decode([...chunks, Uint8Array.of(0xb3, 0x39)]);
  const damage = items.find((item) => item.kind === "damage");
  assertEquals(damage?.kind === "damage" && damage.offset, 12000);
});

Deno.test("PacketDecoder recovers in linear time from headers nested in one another", () => {
  // Each header claims 4 MiB. Were each CRC computed anew, this would take
  // 4 * 10 ** 12 steps and the test would never end.
  const header = Uint8Array.fromHex("b32000bfffff");
  const hostile = new Uint8Array(6 * 1024 * 1024);
  for (let at = 0; at < hostile.length; at += header.length) {
    hostile.set(header.subarray(0, hostile.length - at), at);
  }
  const good = Uint8Array.fromHex(GOOD);
  const items = decode(cutUp(concat([hostile, good]), [65536]));
  assertEquals(items.at(-1)!.bytes.toHex(), GOOD);
  assertEquals(
    items.reduce((sum, item) => sum + item.byteLength, 0),
    hostile.length + good.length,
  );
});

Deno.test("PacketDecoder reads text in linear time that claims packets in one another", () => {
  // Each letter ghe begins a file that fills the longest packet to the byte.
  const claim = Uint8Array.fromHex("d0b32040bfffff00bffff1");
  const hostile = new Uint8Array(6 * 1024 * 1024);
  for (let at = 0; at < hostile.length; at += claim.length) {
    hostile.set(claim.subarray(0, hostile.length - at), at);
  }
  const good = Uint8Array.fromHex("d0" + GOOD);
  const items = decode(cutUp(concat([hostile, good]), [65536]));
  assertEquals(items.at(-1)!.bytes.toHex(), GOOD);
  assertEquals(summarize(items).length, 2);
});

Deno.test("PacketDecoder holds no more than two packets' length back", () => {
  // A header that claims 4 MiB, and another one just before its end, and so on.
  const doubtful = new Uint8Array(1024 * 1024);
  doubtful.set(Uint8Array.fromHex("b32000bfffff"), 1000);
  const decoder = new PacketDecoder();
  let pushed = 0, taken = 0;
  for (let i = 0; i < 40; i++) {
    decoder.push(doubtful);
    pushed += doubtful.length;
    decoder.drain((item) => {
      taken += item.byteLength;
    });
    const held = pushed - taken;
    assert(held <= 2 * 4194303 + doubtful.length, `${held} bytes are held`);
  }
});

Deno.test("PacketDecoder reads packets as long as the format allows", () => {
  const fileBytes = new Uint8Array(4194303 - 20);
  const packet = encodePacket({ runnable: true, fileName: "f", fileBytes });
  assert(packet.length > 4194290);
  const items = decode(cutUp(packet, [65536]));
  assertEquals(items.map((item) => [item.kind, item.byteLength]), [
    ["packet", packet.length],
  ]);
});

Deno.test("PacketDecoder refuses chunks after its end", () => {
  const decoder = new PacketDecoder();
  decoder.end();
  assertThrows(() => decoder.push(new Uint8Array(1)), TypeError, "has ended");
});

Deno.test("Packet.copy keeps every field when the chunk is gone", () => {
  for (const { hex, event } of VECTORS) {
    const chunk = Uint8Array.fromHex("6162" + hex);
    const decoder = new PacketDecoder();
    decoder.push(chunk);
    decoder.next();
    const packet = decoder.next();
    assert(packet?.kind === "packet");
    const copy = packet.copy();
    chunk.fill(0);
    assertEquals(copy.toEvent(), event);
    assertMatch(copy.bytes.toHex(), new RegExp(`^${hex}$`));
  }
});

/** The bytes in chunks whose sizes are those in `sizes`, over and over. */
function* cutUp(
  bytes: Uint8Array,
  sizes: readonly number[],
): Generator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length];
    yield bytes.subarray(at, at + size);
    at += size;
  }
}
