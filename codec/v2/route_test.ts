import { assert, assertEquals, assertThrows } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import { arbitraryEvent, arbitraryText } from "../_testing/arbitrary.ts";
import { packet } from "../_testing/events.ts";
import { crc32 } from "./crc32.ts";
import { PacketDecoder } from "./decoder.ts";
import { PacketChange, PacketEditor } from "./editor.ts";
import { encodePacket } from "./encoder.ts";
import { MAX_PACKET_BYTES } from "./layout.ts";
import { numberOctets, readNumber, writeNumber } from "./number.ts";
import { decodePacket } from "./packet.ts";
import {
  firstElement,
  popRoute,
  pushRoute,
  RouteEditor,
  RouteElement,
} from "./route.ts";

const SEED = 20260716;

/** Pushes or pops all packets of a stream that comes in chunks. */
function moved(
  chunks: readonly Uint8Array[],
  element: RouteElement | undefined,
): Uint8Array {
  const written: Uint8Array[] = [];
  const editor = new RouteEditor((bytes) => written.push(bytes.slice()));
  const decoder = new PacketDecoder();
  const drain = () => {
    decoder.drainRows((rows) => {
      for (let i = 0; i < rows.count; i++) {
        if (element === undefined) editor.pop(rows, i);
        else editor.push(rows, i, element);
      }
    }, (item) => assert(false, item.kind));
    editor.flush();
  };
  for (const chunk of chunks) {
    decoder.push(chunk.slice());
    drain();
  }
  decoder.end();
  drain();
  return concat(written);
}

Deno.test("firstElement says for whom a packet is", () => {
  const of = (routeCode: string | undefined) =>
    firstElement(packet({ testId: "a", routeCode }));
  assertEquals(of(undefined), undefined);
  assertEquals(of("0"), "0");
  assertEquals(of("10/2/3"), "10");
  assertEquals(of("д/x"), "д");
  assertEquals(of(""), "");
  assertEquals(of("/0"), "");
});

Deno.test("RouteElement refuses what is no element", () => {
  for (const name of ["", "a/b", "/", "a\0", "\ud800"]) {
    assertThrows(() => new RouteElement(name), RangeError);
  }
  assertEquals(new RouteElement("д").name, "д");
});

Deno.test("popRoute takes elements off until there is no route code", () => {
  const cases: [from: string | undefined, to: string | undefined][] = [
    ["1/0", "0"],
    ["0", undefined],
    // Not what we write, and kept as it is.
    ["0/", ""],
    ["", undefined],
    ["/0", "0"],
  ];
  for (const [routeCode, expected] of cases) {
    const event = { testId: "a", status: "skip", routeCode } as const;
    const popped = popRoute(packet(event))!;
    assertEquals(
      popped,
      encodePacket({ ...event, routeCode: expected, runnable: true }),
    );
  }
  assertEquals(popRoute(packet({ testId: "a" })), undefined);
});

/** A file in a packet of so many bytes; one less where no file makes as many. */
function packetOfLength(length: number, routeCode: string): Uint8Array {
  const encoded = (size: number) =>
    encodePacket({ fileName: "f", fileBytes: new Uint8Array(size), routeCode });
  // All but the file's content takes 14 to 18 bytes.
  let bytes = encoded(length - 19);
  for (let size = length - 18; bytes.length < length; size++) {
    const longer = encoded(size);
    if (longer.length > length) break;
    bytes = longer;
  }
  return bytes;
}

const EDGES = [63, 64, 16383, 16384, MAX_PACKET_BYTES];

for (const edge of EDGES) {
  Deno.test(`pushRoute and popRoute change the length around ${edge}`, () => {
    const seen = new Set<string>();
    for (let length = edge - 12; length <= edge + 12; length++) {
      if (length > MAX_PACKET_BYTES) continue;
      const small = packetOfLength(length, "0");
      const view = decodePacket(small);
      if (small.length + 2 > MAX_PACKET_BYTES) continue;
      const pushed = pushRoute(view, new RouteElement("1"));
      const change = new PacketChange({ routeCode: "1/0" });
      assertEquals(pushed.length, change.lengthOf(view));
      const expected = new PacketEditor().edit(view, change);
      assert(equal(pushed, expected), `${length}`);
      const back = popRoute(decodePacket(pushed))!;
      assert(equal(back, small), `${length}`);
      seen.add(`${numberOctets(small[3])} ${numberOctets(pushed[3])}`);
    }
    // The length field grows and shrinks somewhere here.
    if (edge < MAX_PACKET_BYTES) {
      const octets = edge < 100 ? 1 : 2;
      assert(seen.has(`${octets} ${octets + 1}`), [...seen].join());
    }
  });
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

Deno.test("RouteEditor splits a file that leaves no room for a route code", () => {
  const full = packetOfLength(MAX_PACKET_BYTES, "0");
  assertThrows(
    () => pushRoute(decodePacket(full), new RouteElement("1".repeat(40))),
    RangeError,
    "expected at most 4194303",
  );
  const bytes = moved([full], new RouteElement("1".repeat(40)));
  const decoder = new PacketDecoder();
  decoder.push(bytes);
  decoder.end();
  let content = 0;
  decoder.drain((item) => {
    assert(item.kind === "packet");
    assertEquals(item.routeCode, `${"1".repeat(40)}/0`);
    content += item.fileBytes!.length;
  });
  assertEquals(content, decodePacket(full).fileBytes!.length);
  const id = encodePacket({ testId: "x".repeat(MAX_PACKET_BYTES - 20) });
  assertThrows(
    () => moved([id], new RouteElement("1".repeat(40))),
    RangeError,
    "expected at most 4194303",
  );
});

/** A number in more octets than it needs. */
function longNumber(value: number, octets: number): Uint8Array {
  const bytes = new Uint8Array(octets);
  for (let i = octets - 1, rest = value; i >= 0; i--, rest >>>= 8) {
    bytes[i] = rest;
  }
  bytes[0] |= (octets - 1) << 6;
  return bytes;
}

/** A packet whose length has an octet more than it needs. */
function withSpareOctet(bytes: Uint8Array): Uint8Array {
  const octets = numberOctets(bytes[3]);
  const more = Math.min(3, octets + 1);
  const length = bytes.length - octets + more;
  return sealed(concat([
    bytes.subarray(0, 3),
    longNumber(length, more),
    bytes.subarray(3 + octets, -4),
  ]));
}

/** Bytes with their CRC. */
function sealed(bytes: Uint8Array): Uint8Array {
  const packet = concat([bytes, new Uint8Array(4)]);
  const view = new DataView(packet.buffer);
  view.setUint32(bytes.length, crc32(view, 0, bytes.length));
  return packet;
}

/** A packet whose route code has its length in more octets than it needs. */
function withLongRoute(routeCode: string, octets: number): Uint8Array {
  const text = new TextEncoder().encode(routeCode);
  const body = concat([longNumber(text.length, octets), text]);
  const length = new Uint8Array(1);
  writeNumber(length, 0, 3 + 1 + body.length + 4);
  return sealed(
    concat([Uint8Array.of(0xb3, 0x24, 0x00), length, body]),
  );
}

/** A packet with bytes behind the fields that we know. */
function withMoreFields(bytes: Uint8Array, more: Uint8Array): Uint8Array {
  const octets = numberOctets(bytes[3]);
  const without = bytes.length - octets + more.length;
  const length = without + 1 < 64
    ? without + 1
    : without + 2 < 16384
    ? without + 2
    : without + 3;
  const field = new Uint8Array(length - without);
  writeNumber(field, 0, length);
  return sealed(concat([
    bytes.subarray(0, 3),
    field,
    bytes.subarray(3 + octets, -4),
    more,
  ]));
}

const element = arbitraryText({ minLength: 1, maxLength: 70 })
  .map((text) => text.replaceAll(/[\0/]/g, "0"))
  .map((name) => new RouteElement(name));

const anyPacket: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 3, arbitrary: arbitraryEvent.map(encodePacket) },
  arbitraryEvent.map((event) => withSpareOctet(encodePacket(event))),
  fc.tuple(fc.constantFrom("", "0", "1/0", "д"), fc.constantFrom(2, 3))
    .map(([routeCode, octets]) => withLongRoute(routeCode, octets)),
  fc.tuple(arbitraryEvent, fc.uint8Array({ minLength: 1, maxLength: 90 }))
    .map(([event, more]) => withMoreFields(encodePacket(event), more)),
);

Deno.test(`popRoute undoes pushRoute, byte for byte (seed ${SEED})`, () => {
  fc.assert(
    fc.property(anyPacket, element, element, (bytes, one, two) => {
      const before = decodePacket(bytes);
      const once = pushRoute(before, one);
      const up = decodePacket(once);
      assertEquals(
        up.routeCode,
        before.routeCode === undefined
          ? one.name
          : `${one.name}/${before.routeCode}`,
      );
      const twice = decodePacket(pushRoute(up, two));
      assertEquals(firstElement(twice), two.name);
      const back = decodePacket(popRoute(twice)!);
      assertEquals(back.bytes, once);
      assertEquals(popRoute(back), bytes);
    }),
    { seed: SEED, numRuns: 1000 },
  );
});

Deno.test(`pushRoute writes what the PacketEditor writes (seed ${SEED})`, () => {
  fc.assert(
    fc.property(arbitraryEvent, element, (event, one) => {
      const before = packet(event);
      const { routeCode } = event;
      const change = new PacketChange({
        routeCode: routeCode === undefined
          ? one.name
          : `${one.name}/${routeCode}`,
      });
      assertEquals(
        pushRoute(before, one),
        new PacketEditor().edit(before, change),
      );
    }),
    { seed: SEED, numRuns: 500 },
  );
});

Deno.test(`RouteEditor does the same wherever a stream is cut (seed ${SEED})`, () => {
  fc.assert(
    fc.property(
      fc.array(anyPacket, { minLength: 1, maxLength: 4 }),
      element,
      (packets, one) => {
        const stream = concat(packets);
        const up = concat(
          packets.map((bytes) => pushRoute(decodePacket(bytes), one)),
        );
        assertEquals(moved([stream], one), up);
        for (let cut = 0; cut <= stream.length; cut += 7) {
          const parts = [stream.subarray(0, cut), stream.subarray(cut)];
          assertEquals(moved(parts, one), up);
        }
        for (let cut = 0; cut <= up.length; cut += 7) {
          const parts = [up.subarray(0, cut), up.subarray(cut)];
          assertEquals(moved(parts, undefined), stream);
        }
      },
    ),
    { seed: SEED, numRuns: 60 },
  );
});

Deno.test("RouteEditor gathers packets of any length in order", () => {
  const sizes = [10, 70_000, 20, 200_000, 5, 127, 128, 129];
  const packets = sizes.map((size, i) =>
    encodePacket({
      fileName: `f${i}`,
      fileBytes: new Uint8Array(size),
      routeCode: i % 2 === 0 ? "0" : undefined,
    })
  );
  const one = new RouteElement("1");
  const up = moved([concat(packets)], one);
  assert(equal(moved([up], undefined), concat(packets)));
  assertEquals(readNumber(up, 3), packets[0].length + 2);
});
