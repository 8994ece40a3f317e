import { runInNewContext } from "node:vm";
import {
  assert,
  assertEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { VECTORS } from "../_testing/vectors.ts";
import type { EventInput } from "../event.ts";
import { CborDecoder, eventFromCbor, eventToCbor } from "../record/cbor.ts";
import { eventFromJson, eventToJson } from "../record/json.ts";
import { TestCollator } from "../results/collator.ts";
import { type ChangedFields, PacketChange } from "./editor.ts";
import {
  ATTACHMENT_PART_BYTES,
  encodePacket,
  encodePackets,
} from "./encoder.ts";
import { PacketError } from "./errors.ts";
import { decodePacket } from "./packet.ts";

Deno.test("encodePacket and decodePacket agree with each golden vector", () => {
  for (const { name, hex, event } of VECTORS) {
    assertEquals(encodePacket(event).toHex(), hex, name);
    assertEquals(decodePacket(Uint8Array.fromHex(hex)).toEvent(), event, name);
  }
});

/** A packet of `length` bytes: a test id fills it. */
function packetOf(length: number, lengthOctets: number): Uint8Array {
  const idOctets = length < 70 ? 1 : length < 16394 ? 2 : 3;
  const id = "x".repeat(length - 7 - lengthOctets - idOctets);
  return encodePacket({ testId: id, runnable: true });
}

Deno.test("encodePacket counts its length field in the length, around each edge", () => {
  const cases: [length: number, octets: number][] = [
    [62, 1],
    [63, 1],
    // 64 bytes with one octet do not fit it; two make 65.
    [65, 2],
    [66, 2],
    [16382, 2],
    [16383, 2],
    [16385, 3],
    [4194302, 3],
    [4194303, 3],
  ];
  for (const [length, octets] of cases) {
    const packet = packetOf(length, octets);
    assertEquals(packet.length, length);
    assertEquals((packet[3] >>> 6) + 1, octets);
    assertEquals(decodePacket(packet).byteLength, length);
  }
  assertThrows(
    () => packetOf(4194304, 3),
    RangeError,
    "has 4194304 bytes, expected at most 4194303",
  );
});

Deno.test("encodePackets splits an attachment that does not fit", () => {
  const fileBytes = new Uint8Array(2 * ATTACHMENT_PART_BYTES + 5);
  fileBytes[ATTACHMENT_PART_BYTES] = 1;
  const common = {
    testId: "t",
    tags: ["a"],
    runnable: true,
    fileName: "log",
    fileBytes,
    mimeType: "text/plain",
    eof: true,
    routeCode: "0",
    timestamp: { seconds: 1, nanoseconds: 2 },
    parentTestId: "p",
  };
  for (const status of ["fail", "inprogress"] as const) {
    const parts = encodePackets({ ...common, status }).map(decodePacket);
    assertEquals(
      parts.map((part) => part.fileBytes!.length),
      [ATTACHMENT_PART_BYTES, ATTACHMENT_PART_BYTES, 5],
    );
    assertEquals(parts[1].fileBytes![0], 1);
    assertEquals(parts.map((part) => part.eof), [false, false, true]);
    assertEquals(
      parts.map((part) => part.status),
      status === "fail"
        ? [undefined, undefined, "fail"]
        : ["inprogress", undefined, undefined],
    );
    assertEquals(parts.map((part) => part.tags), [
      ["a"],
      undefined,
      undefined,
    ]);
    assertEquals(parts.map((part) => part.timestamp?.nanoseconds), [
      2,
      undefined,
      undefined,
    ]);
    for (const part of parts) {
      assertEquals(
        [part.testId, part.fileName, part.routeCode, part.parentTestId],
        ["t", "log", "0", "p"],
      );
    }
  }
});

Deno.test("encodePacket refuses what the format cannot hold", () => {
  const cases: [event: Record<string, unknown>, message: string][] = [
    [{ testId: "a\0b" }, "test id"],
    [{ tags: ["ok", "\0"] }, "tag"],
    [{ routeCode: "\ud800" }, "half a surrogate pair"],
    [{ timestamp: { seconds: -1, nanoseconds: 0 } }, "from 1970 to 2106"],
    [{ timestamp: { seconds: 2 ** 32, nanoseconds: 0 } }, "from 1970 to 2106"],
    [{ timestamp: { seconds: NaN, nanoseconds: 0 } }, "from 1970 to 2106"],
    [{ timestamp: { seconds: 0.5, nanoseconds: 0 } }, "from 1970 to 2106"],
    [{ timestamp: { seconds: 0, nanoseconds: 1e9 } }, "0 to 999999999"],
    [{ timestamp: { seconds: 0, nanoseconds: -1 } }, "0 to 999999999"],
    [{ timestamp: { seconds: 0, nanoseconds: NaN } }, "0 to 999999999"],
    [{ testId: "x".repeat(5000000) }, "expected at most 4194303"],
  ];
  for (const [event, message] of cases) {
    assertThrows(
      () => encodePackets({ runnable: true, ...event }),
      RangeError,
      message,
    );
  }
  assertThrows(
    () => encodePacket({ runnable: true, fileBytes: new Uint8Array(1) }),
    TypeError,
    "without a fileName",
  );
});

/** Values that no field of an event may have, with the error's words. */
const WRONG_FIELDS: [event: unknown, message: string][] = [
  [undefined, "the event is undefined, expected an object"],
  [null, "the event is null"],
  ["fail", 'the event is "fail"'],
  [{ testId: 7 }, "testId is 7, expected a string"],
  [{ testId: null }, "testId is null, expected a string"],
  [{ testId: ["a"] }, "testId is an array"],
  [
    { status: "failed" },
    'status is "failed", expected one of exists inprogress success uxsuccess skip fail xfail',
  ],
  [{ status: "" }, 'status is ""'],
  [{ status: "toString" }, 'status is "toString"'],
  [{ status: 6 }, "status is 6"],
  [{ status: null }, "status is null"],
  [{ tags: "slow" }, 'tags is "slow", expected an array of strings'],
  [{ tags: 3 }, "tags is 3, expected an array of strings"],
  [{ tags: new Set(["a"]) }, "tags is an object, expected an array"],
  [{ tags: ["a", undefined] }, "one of tags is undefined"],
  [{ runnable: "no" }, 'runnable is "no", expected true or false'],
  [{ runnable: null }, "runnable is null"],
  [{ fileName: 1 }, "fileName is 1, expected a string"],
  [
    { fileName: "f", fileBytes: "text" },
    'fileBytes is "text", expected a Uint8Array',
  ],
  [{ fileName: "f", fileBytes: [1] }, "fileBytes is an array"],
  [{ fileName: "f", fileBytes: new ArrayBuffer(1) }, "fileBytes is an object"],
  [{ fileName: "f", fileBytes: new Uint16Array(1) }, "fileBytes is an object"],
  [{ fileBytes: new Uint8Array(1) }, "fileBytes without a fileName"],
  [{ mimeType: {} }, "mimeType is an object, expected a string"],
  [{ eof: 1 }, "eof is 1, expected true or false"],
  [{ routeCode: 0 }, "routeCode is 0, expected a string"],
  [{ routeCode: Symbol("r") }, "routeCode is Symbol(r)"],
  [{ parentTestId: () => "p" }, "parentTestId is a function"],
  [{ timestamp: 1234 }, "timestamp is 1234, expected a Date, or"],
  [{ timestamp: 12n }, "timestamp is 12, expected a Date, or"],
  [{ timestamp: null }, "timestamp is null"],
  [{ timestamp: "2026-01-31" }, 'timestamp is "2026-01-31"'],
  [{ timestamp: { seconds: 1 } }, "timestamp is an object"],
  [{ timestamp: { seconds: 1n, nanoseconds: 0n } }, "timestamp is an object"],
];

Deno.test("encodePacket names the field that has the wrong type", () => {
  for (const [event, message] of WRONG_FIELDS) {
    for (const encode of [encodePacket, encodePackets]) {
      const error = assertThrows(
        () => encode(event as EventInput),
        TypeError,
        "Cannot write packet: ",
      );
      assertStringIncludes(error.message, message);
    }
  }
});

Deno.test("eventToJson and eventToCbor name the field that has the wrong type", () => {
  for (const [event, message] of WRONG_FIELDS.slice(3)) {
    for (const encode of [eventToJson, eventToCbor]) {
      const error = assertThrows(
        () => encode(event as EventInput),
        TypeError,
        "Cannot write event: ",
      );
      assertStringIncludes(error.message, message);
    }
  }
});

Deno.test("eventToJson and eventToCbor write what is left out as encodePacket does", () => {
  const timestamp = new Date("2026-01-31T12:00:00.25Z");
  const event = { testId: "a", fileName: "log", timestamp };
  const expected = decodePacket(encodePacket(event)).toEvent();
  assertEquals(eventFromJson(eventToJson(event)), expected);
  let read: unknown;
  new CborDecoder().push(eventToCbor(event), (item) => read = item);
  assertEquals(eventFromCbor(read), expected);
});

Deno.test("PacketChange names the field that has the wrong type", () => {
  const fields = { status: "failed" } as unknown as ChangedFields;
  assertThrows(
    () => new PacketChange(fields),
    TypeError,
    'Cannot change packet: status is "failed"',
  );
});

Deno.test("encodePacket takes a Date, of milliseconds", () => {
  const cases: [time: string, seconds: number, nanoseconds: number][] = [
    ["1970-01-01T00:00:00Z", 0, 0],
    ["2026-01-31T12:00:00.007Z", 1769860800, 7000000],
    ["2106-02-07T06:28:15.999Z", 2 ** 32 - 1, 999000000],
  ];
  for (const [time, seconds, nanoseconds] of cases) {
    const packet = encodePacket({ timestamp: new Date(time) });
    assertEquals(decodePacket(packet).timestamp, { seconds, nanoseconds });
  }
  for (
    const time of ["1969-12-31T23:59:59.999Z", "2106-02-07T06:28:16Z", "never"]
  ) {
    assertThrows(
      () => encodePacket({ timestamp: new Date(time) }),
      RangeError,
      "whole seconds from 1970 to 2106",
    );
  }
});

Deno.test("encodePacket takes dates and bytes of other realms", () => {
  const other = runInNewContext("({ Date, Uint8Array })");
  const event = {
    timestamp: new other.Date(1500),
    fileName: "f",
    fileBytes: other.Uint8Array.of(1, 2),
  };
  const { timestamp, fileBytes } = decodePacket(encodePacket(event));
  assertEquals(timestamp, { seconds: 1, nanoseconds: 500000000 });
  assertEquals(fileBytes, Uint8Array.of(1, 2));
});

Deno.test("encodePacket takes a test for runnable, as testtools does, and an empty string for a value", () => {
  const read = (event: EventInput) => decodePacket(encodePacket(event));
  assertEquals(read({ testId: "a" }).runnable, true);
  assertEquals(read({ testId: "a", runnable: undefined }).runnable, true);
  assertEquals(read({ testId: "a", runnable: false }).runnable, false);
  assertEquals(read({ testId: "", routeCode: "" }).toEvent(), {
    testId: "",
    routeCode: "",
    runnable: true,
  });
});

Deno.test("encodePackets loses no test that only exists", () => {
  const event = {
    testId: "t",
    status: "exists",
    tags: ["a"],
    fileName: "log",
    fileBytes: new Uint8Array(2 * ATTACHMENT_PART_BYTES + 5).fill(7),
    mimeType: "text/plain",
    eof: true,
    timestamp: { seconds: 1, nanoseconds: 0 },
  } as const;
  const parts = encodePackets(event).map(decodePacket);
  const collator = new TestCollator({ attachments: true });
  for (const part of parts) assertEquals(collator.add(part), undefined);
  assertEquals(collator.end(), []);
  assertEquals(parts.map(({ status }) => status), Array(3).fill("exists"));
  assertEquals(parts.map(({ tags }) => tags), Array(3).fill(["a"]));
  assertEquals(
    parts.map(({ mimeType }) => mimeType),
    Array(3).fill("text/plain"),
  );
  assertEquals(parts.map(({ eof }) => eof), [false, false, true]);
  assertEquals(
    parts.reduce((sum, { fileBytes }) => sum + fileBytes!.length, 0),
    event.fileBytes.length,
  );
});

Deno.test("decodePacket reports why bytes are not a packet", () => {
  const good = VECTORS[0].hex;
  const cases: [hex: string, code: string][] = [
    ["", "field"],
    ["00" + good.slice(2), "field"],
    ["b339" + good.slice(4), "version"],
    [good.slice(0, -2), "truncated"],
    ["b329", "truncated"],
    [good + "00", "length"],
    ["b3290107", "length"],
    [good.slice(0, -2) + "1c", "checksum"],
  ];
  for (const [hex, code] of cases) {
    const error = assertThrows(
      () => decodePacket(Uint8Array.fromHex(hex)),
      PacketError,
      "Cannot decode packet: ",
    );
    assert(error.code === code, `${hex}: ${error.code}`);
  }
});

Deno.test("Packet.timestamp carries nanoseconds of a second or more", () => {
  // A number has 30 bits, which is more than a second.
  const packet = encodePacket({
    runnable: true,
    timestamp: { seconds: 1, nanoseconds: 999999999 },
  });
  packet.set([0xff, 0xff, 0xff, 0xff], 8);
  const body = packet.subarray(0, -4);
  let crc = ~0;
  for (const byte of body) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc >>> 1) ^ ((crc & 1) * 0xedb88320);
    }
  }
  new DataView(packet.buffer).setUint32(body.length, ~crc);
  assertEquals(decodePacket(packet).timestamp, {
    seconds: 2,
    nanoseconds: 73741823,
  });
});
