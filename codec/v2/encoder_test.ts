import { assert, assertEquals, assertThrows } from "@std/assert";
import { VECTORS } from "../_testing/vectors.ts";
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
    [{ timestamp: { seconds: 0, nanoseconds: 1e9 } }, "0 to 999999999"],
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
