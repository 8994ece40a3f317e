import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import { arbitraryEvent, arbitraryText } from "../_testing/arbitrary.ts";
import { lent } from "../_testing/decode_chunks.ts";
import { GOOD } from "../_testing/vectors.ts";
import { useNativeCrc32 } from "./crc32.ts";
import { PacketDecoder, type StreamItem } from "./decoder.ts";
import { encodePacket } from "./encoder.ts";
import { CRC_BYTES, FLAG } from "./layout.ts";
import type { Packet } from "./packet.ts";
import type { Rows } from "./rows.ts";

const SEED = 20130814;

/** Takes the complete items of a decoder, in the order of the stream. */
type Drain = (
  decoder: PacketDecoder,
  take: (item: StreamItem) => void,
) => void;

/** The plain way, one item after another: what the others are compared with. */
const oneByOne: Drain = (decoder, take) => {
  for (let item; (item = decoder.next()) !== undefined;) take(item);
};
const drain: Drain = (decoder, take) => decoder.drain(take);
const drainRows: Drain = (decoder, take) =>
  decoder.drainRows((rows) => {
    for (let i = 0; i < rows.count; i++) take(rows.packet(i));
  }, take);

/** Describes the items of chunks completely, with foreign bytes joined. */
function decode(
  chunks: Iterable<Uint8Array>,
  drain: Drain,
  room = 0,
): string[] {
  const decoder = new PacketDecoder();
  const lines: string[] = [];
  let foreign = "";
  const endForeign = () => {
    if (foreign !== "") lines.push(`f ${foreign}`);
    foreign = "";
  };
  const take = (item: StreamItem) => {
    if (item.kind === "foreign") {
      foreign += item.bytes.toHex();
      return;
    }
    endForeign();
    lines.push(
      item.kind === "packet"
        ? `p ${item.bytes.toHex()} ${placesOf(item)}`
        : `d ${item.bytes.toHex()} ${item.code} ${item.reason}`,
    );
  };
  const push = room === 0 ? lent(chunks, 0xb3) : lentWithRoom(chunks, room);
  for (const chunk of push) {
    decoder.push(chunk, room);
    drain(decoder, take);
  }
  decoder.end();
  drain(decoder, take);
  endForeign();
  return lines;
}

/** Yields the chunks in one buffer, with room before them. */
function* lentWithRoom(
  chunks: Iterable<Uint8Array>,
  room: number,
): Generator<Uint8Array> {
  const buffer = new Uint8Array(room + 1024 * 1024);
  for (const chunk of chunks) {
    buffer.fill(0xb3, 0, room + chunk.length);
    buffer.set(chunk, room);
    yield buffer.subarray(room, room + chunk.length);
  }
}

/** Where the fields of a packet are, counted from its start, and the hashes. */
function placesOf(packet: Packet): string {
  const { start } = packet;
  const places = [
    packet.end,
    packet.bodyAt,
    packet.timeAt,
    packet.idAt,
    packet.idEnd,
    packet.tagsAt,
    packet.tagsEnd,
    packet.mimeTypeAt,
    packet.fileAt,
    packet.routeAt,
    packet.routeEnd,
    packet.parentAt,
    packet.parentEnd,
  ].map((place) => place < 0 ? place : place - start);
  return [packet.flags, ...places, packet.idHash, packet.routeHash].join();
}

/** The bytes in chunks of these sizes, over and over. */
function* cutUp(
  bytes: Uint8Array,
  sizes: readonly number[],
): Generator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; at += sizes[i++ % sizes.length]) {
    yield bytes.subarray(at, at + sizes[i % sizes.length]);
  }
}

/** A packet with these bytes in a file of its own. */
function around(fileBytes: Uint8Array): Uint8Array {
  return encodePacket({ fileName: "f", fileBytes, runnable: true });
}

const packet = arbitraryEvent.map(encodePacket);
/** Around the length up to which packets have rows. */
const longPacket = fc.integer({ min: 980, max: 1040 }).map((length) =>
  around(new Uint8Array(length).fill(length))
);
const run = fc.array(packet, { minLength: 3, maxLength: 12 }).map(concat);
/** More packets than there are rows at a time. */
const longRun = fc.tuple(packet, packet, fc.integer({ min: 120, max: 300 }))
  .map(([a, b, times]) => concat(Array(times).fill([a, b]).flat()));
const damaged = fc.tuple(
  fc.oneof(packet, run, longPacket),
  fc.nat(),
  fc.integer({ min: 1, max: 255 }),
).map(([bytes, place, change]) => {
  const copy = bytes.slice();
  copy[place % copy.length] ^= change;
  return copy;
});
const nested = fc.tuple(run, fc.boolean()).map(([inner, isDamaged]) => {
  const outer = around(inner);
  if (isDamaged) outer[outer.length - CRC_BYTES] ^= 1;
  return outer;
});
const cutOff = fc.tuple(run, fc.nat()).map(([bytes, end]) =>
  bytes.subarray(0, end % bytes.length)
);
const text = fc.oneof(arbitraryText(), fc.constant("мог г ")).map(
  (text) => new TextEncoder().encode(text),
);
const odd = fc.constantFrom(
  GOOD,
  "b3",
  "b329",
  "b3290130",
  "b32901bfffff",
  "b32000bfffff",
  // The longest length field, version 3, four octets of length.
  "b32901c0000c03666f6f",
  "b339010c03666f6f08555f1b",
  // Fields that are wrong under a CRC that is right.
  "b329010d04636166e914474026",
  "b329461e04636166e9036c6f670c" + GOOD + "e3afe531",
).map((hex) => Uint8Array.fromHex(hex));

const stream = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: run },
    { weight: 1, arbitrary: longRun },
    longPacket,
    damaged,
    nested,
    cutOff,
    text,
    odd,
    fc.uint8Array({ maxLength: 20 }),
  ),
  { maxLength: 10 },
).map((parts) => concat(parts));
const sizes = fc.array(
  fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 4000 })),
  { minLength: 1, maxLength: 10 },
);

for (const isSummed of [false, true]) {
  const crcs = isSummed ? "CRCs added up" : "CRCs from tables";
  Deno.test(`drain and drainRows give the items of next, ${crcs} (seed ${SEED})`, () => {
    useNativeCrc32(isSummed);
    fc.assert(
      fc.property(stream, sizes, (bytes, sizes) => {
        const expected = decode([bytes], oneByOne);
        for (const fast of [drain, drainRows]) {
          assertEquals(decode([bytes], fast), expected);
          assertEquals(decode(cutUp(bytes, sizes), fast), expected);
          assertEquals(decode(cutUp(bytes, sizes), fast, 500), expected);
        }
      }),
      { seed: SEED, numRuns: 400 },
    );
  });

  Deno.test(`drain and drainRows find wrong CRCs in a run, ${crcs}`, () => {
    useNativeCrc32(isSummed);
    const good = Uint8Array.fromHex(GOOD);
    const bytes = concat(Array(600).fill(good));
    for (const wrong of [[0], [1], [255], [256], [599], [3, 4], [10, 300]]) {
      const changed = bytes.slice();
      for (const i of wrong) changed[i * good.length + 7] ^= 0x20;
      const expected = decode([changed], oneByOne);
      assertEquals(
        expected.filter((line) => line.startsWith("d")).length,
        wrong.length,
      );
      for (const fast of [drain, drainRows]) {
        assertEquals(decode([changed], fast), expected);
        assertEquals(decode(cutUp(changed, [1000]), fast), expected);
      }
    }
  });
}

Deno.test(`Rows has the words of each packet (seed ${SEED})`, () => {
  const check = (rows: Rows) => {
    for (let i = 0; i < rows.count; i++) {
      const packet = rows.packet(i);
      const { timestamp } = packet;
      assertEquals(rows.start(i), packet.start);
      assertEquals(rows.end(i), packet.end);
      assertEquals(rows.flags(i), packet.flags);
      assertEquals(rows.status(i), packet.status);
      assertEquals(rows.statusCode(i), packet.flags & FLAG.STATUS);
      assertEquals(rows.isRunnable(i), packet.runnable);
      assertEquals(rows.isEof(i), packet.eof);
      assertEquals(rows.timeAt(i), packet.timeAt);
      assertEquals(rows.timeAt(i) < 0, timestamp === undefined);
      if (timestamp !== undefined) {
        assertEquals(rows.seconds(i), timestamp.seconds);
        assertEquals(rows.nanoseconds(i), timestamp.nanoseconds);
      }
      assertEquals(rows.idAt(i), packet.idAt);
      assertEquals(rows.idEnd(i), packet.idEnd);
      assertEquals(rows.idHash(i), packet.idHash);
      assertEquals(rows.tagsAt(i), packet.tagsAt);
      assertEquals(rows.tagsEnd(i), packet.tagsEnd);
      assertEquals(rows.mimeTypeAt(i), packet.mimeTypeAt);
      assertEquals(rows.fileAt(i), packet.fileAt);
      assertEquals(rows.routeAt(i), packet.routeAt);
      assertEquals(rows.routeEnd(i), packet.routeEnd);
      assertEquals(rows.routeHash(i), packet.routeHash);
      assertEquals(rows.parentAt(i), packet.parentAt);
      assertEquals(rows.parentEnd(i), packet.parentEnd);
    }
  };
  fc.assert(
    fc.property(fc.array(arbitraryEvent), (events) => {
      const decoder = new PacketDecoder();
      decoder.push(concat(events.map(encodePacket)));
      const found: unknown[] = [];
      decoder.drainRows((rows) => {
        check(rows);
        for (let i = 0; i < rows.count; i++) {
          found.push(rows.packet(i).toEvent());
        }
      }, () => assert(false));
      assertEquals(found, events);
    }),
    { seed: SEED, numRuns: 300 },
  );
});

Deno.test("drain keeps packets valid until the next push", () => {
  const bytes = concat(
    Array.from(
      { length: 1000 },
      (_, i) => encodePacket({ testId: `test ${i}`, runnable: true }),
    ),
  );
  const decoder = new PacketDecoder();
  decoder.push(bytes);
  const packets: StreamItem[] = [];
  decoder.drain((item) => packets.push(item));
  assertEquals(
    packets.map((item) => item.kind === "packet" && item.testId),
    Array.from({ length: 1000 }, (_, i) => `test ${i}`),
  );
});

Deno.test("drain goes on where a function stopped that threw, or took items itself", () => {
  const bytes = Uint8Array.fromHex(GOOD.repeat(10));
  const decoder = new PacketDecoder();
  decoder.push(bytes);
  let taken = 0;
  try {
    decoder.drain(() => {
      if (++taken === 3) throw new Error("full");
    });
  } catch {
    // Items that were not taken are still there.
  }
  decoder.drain((item) => {
    taken++;
    if (taken === 5 && decoder.next() !== undefined) taken++;
    assertEquals(item.kind, "packet");
  });
  assertEquals(taken, 10);
});
