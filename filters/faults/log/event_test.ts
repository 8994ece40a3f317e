import { assertEquals, assertThrows } from "@std/assert";
import { change, decodePacket, encodePacket } from "@subunit/codec";
import fc from "fast-check";
import {
  canonicalBytes,
  decodeEvent,
  encodeEvent,
  type EventFields,
  eventId,
  isEvent,
} from "./event.ts";
import { decodeValue, encodeValue, type Value } from "./cbor.ts";

const FAULT = "fault:1-h2ffvs7z1vc6dbmr";
const TEN = { seconds: 1795341600, nanoseconds: 0 };

const SEED = 20261128;

/** Events and their packets, each the one that follows from the page of the format. */
const VECTORS: [hex: string, id: string | undefined, event: EventFields][] = [
  [
    "b32a56404f6b02bd2000186661756c743a312d683266667673377a3176633664626d72057469746c6521a20163616e6e03781873686f70207265667573657320636f6e6e656374696f6e7362c00163",
    "adc697cfcf3d764492626bb6ca18031e",
    {
      fault: FAULT,
      state: "fail",
      time: TEN,
      kind: "title",
      author: "ann",
      value: "shop refuses connections",
    },
  ],
  [
    "b32ad13b6b02bd5c00186661756c743a312d683266667673377a3176633664626d7201082b6e6574776f726b0374616706a10163626f62cb59bb22",
    undefined,
    {
      fault: FAULT,
      time: { seconds: TEN.seconds + 60, nanoseconds: 0 },
      tags: ["+network"],
      kind: "tag",
      author: "bob",
    },
  ],
  [
    "b32a5340566b02cb3000186661756c743a312d683266667673377a3176633664626d7205737461746528a30163616e6e028150adc697cfcf3d764492626bb6ca18031e036d666978656420696e2034663263bcaa3870",
    undefined,
    {
      fault: FAULT,
      state: "success",
      time: { seconds: TEN.seconds + 3600, nanoseconds: 0 },
      kind: "state",
      author: "ann",
      supersedes: ["adc697cfcf3d764492626bb6ca18031e"],
      value: "fixed in 4f2c",
    },
  ],
];

/** Without what is undefined. */
function fieldsOf(event: object): object {
  return Object.fromEntries(
    Object.entries(event).filter(([key, value]) =>
      value !== undefined && key !== "bytes"
    ),
  );
}

Deno.test("encodeEvent and decodeEvent agree with the vectors of the format", () => {
  for (const [hex, id, event] of VECTORS) {
    const packet = encodeEvent(event);
    assertEquals(packet.toHex(), hex);
    if (id !== undefined) assertEquals(eventId(packet), id);
    assertEquals(fieldsOf(decodeEvent(packet)), { ...event });
    assertEquals(decodeEvent(packet).id, eventId(packet));
  }
});

const text = fc.string({ unit: "grapheme", maxLength: 20 })
  .filter((text) => !text.includes("\0"));
const id = fc.uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => bytes.toHex());
const sorted = (of: fc.Arbitrary<string>, maxLength: number) =>
  fc.uniqueArray(of, { minLength: 1, maxLength }).map((list) => list.sort());

Deno.test("decodeEvent undoes encodeEvent", () => {
  const event = fc.record<EventFields>({
    fault: text.filter((name) => name !== "").map((name) => `fault:${name}`),
    kind: text,
    state: fc.constantFrom("fail", "inprogress", "xfail", "skip", "success"),
    time: fc.record({
      seconds: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      nanoseconds: fc.integer({ min: 0, max: 999999999 }),
    }),
    tags: sorted(text, 4),
    author: text,
    supersedes: sorted(id, 4),
    value: text,
    run: text,
    count: fc.maxSafeNat(),
    tests: sorted(text, 5),
    redacts: sorted(id, 4),
    ends: sorted(text, 4),
    others: fc.constant(new Map([[99, [1, -1, true, null, "x"]]])),
  }, { requiredKeys: ["fault", "kind"] });
  fc.assert(
    fc.property(event, (event) => {
      assertEquals(
        fieldsOf(decodeEvent(encodeEvent(event))),
        fieldsOf({ ...event }),
      );
    }),
    { seed: SEED },
  );
});

Deno.test("encodeEvent gives equal events equal bytes", () => {
  const event: EventFields = {
    fault: FAULT,
    kind: "seen",
    author: "ci-7",
    run: "r1",
    count: 2,
    tests: ["b", "a"],
    versions: new Map<string, Value>([["shop", "1.2"], ["api", 3]]),
  };
  const other: EventFields = {
    ...event,
    tests: ["a", "b", "a"],
    versions: new Map<string, Value>([["api", 3], ["shop", "1.2"]]),
  };
  assertEquals(encodeEvent(event), encodeEvent(other));
});

Deno.test("encodeEvent refuses what is no event", () => {
  const cases: [event: EventFields, message: string][] = [
    [{ fault: "a", kind: "tag" }, `of "a": expected "fault:" and a name`],
    [{ fault: "fault:", kind: "tag" }, "expected"],
    [
      { fault: FAULT, kind: "text", value: "x".repeat(1 << 20) },
      "expected at most 1048575",
    ],
    [{ fault: FAULT, kind: "seen", count: 0.5 }, "whole number"],
    [{ fault: FAULT, kind: "text", value: "\ud800" }, "surrogate"],
    [{ fault: "fault:\0", kind: "text" }, "NUL"],
  ];
  for (const [event, message] of cases) {
    assertThrows(() => encodeEvent(event), RangeError, message);
  }
});

Deno.test("canonicalBytes takes the route of a multiplexer off", () => {
  const [[hex]] = VECTORS;
  const packet = decodePacket(Uint8Array.fromHex(hex));
  const routed = encodePacket(change(packet, { routeCode: "0/ci" }));
  assertEquals(canonicalBytes(decodePacket(routed)).toHex(), hex);
  assertEquals(canonicalBytes(packet).toHex(), hex);
});

Deno.test("isEvent tells events from other packets", () => {
  const is = (event: Parameters<typeof encodePacket>[0]) =>
    isEvent(decodePacket(encodePacket(event)));
  assertEquals(is({ testId: "fault:a", status: "fail" }), true);
  assertEquals(is({ testId: "a", status: "fail" }), false);
  assertEquals(is({ status: "fail" }), false);
  assertEquals(is({ testId: "fault:a", fileName: "text" }), false);
  assertEquals(is({ testId: "fault:a", parentTestId: "a" }), false);
});

Deno.test("decodeEvent keeps an event whose content it cannot read", () => {
  const cases: [content: Value | string, reason: string][] = [
    ["ff", "a tag or a float"],
    ["a1", "cut off"],
    ["a201010101", "a key twice"],
    ["9f01ff", "without a length"],
    ["1bffffffffffffffff", "too large"],
    ["63ffffff", "not UTF-8"],
    ["9a00001001", "more than 4096 items"],
    ["81".repeat(9) + "01", "deeper than 8"],
    ["0000", "bytes follow"],
    ["a1f501", "neither text nor a number"],
    ["01", "expected a map"],
    [new Map([[1, 2]]), "expected a text as author"],
    [new Map([[2, [new Uint8Array(3)]]]), "expected 16 bytes as an id"],
    [new Map([[5, -1]]), "expected a number as the count"],
    [new Map([[6, [1]]]), "expected a text as tests"],
    [new Map([[7, 1]]), "expected a map as versions"],
  ];
  for (const [content, reason] of cases) {
    const fileBytes = typeof content === "string"
      ? Uint8Array.fromHex(content)
      : encodeValue(content);
    const { unreadable, kind, state } = decodeEvent(encodePacket({
      testId: FAULT,
      status: "fail",
      fileName: "title",
      fileBytes,
      eof: true,
    }));
    assertEquals(unreadable?.includes(reason), true, unreadable);
    assertEquals(kind, "title");
    assertEquals(state, undefined);
  }
});

Deno.test("decodeValue never fails but with a TypeError", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      try {
        const value = decodeValue(bytes);
        assertEquals(decodeValue(encodeValue(value)), value);
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
      }
    }),
    { seed: SEED },
  );
});
