import { assertEquals, assertThrows } from "@std/assert";
import { decodePacket } from "@subunit/codec";
import { ToolError } from "../../kit/errors.ts";
import {
  encodeRecord,
  isRunName,
  MAX_RECORD_BYTES,
  nameSeconds,
  readRecord,
  recordAtEnd,
  recordAtStart,
  runName,
} from "./record.ts";

/** Of the format's description: the end of a run. */
const END =
  "b32a71404e6b097d4f000b737562756e69742e72756e1e6170706c69636174696f" +
  "6e2f782d737562756e69742d72756e2b6a736f6e03656e64107b2276223a312c226578697422" +
  "3a317dbaaff7f6";

Deno.test("encodeRecord writes the end of a run as the format has it", () => {
  const timestamp = { seconds: 0x6b097d4f, nanoseconds: 0 };
  const record = encodeRecord("end", { v: 1, exit: 1 }, timestamp);
  assertEquals(record.toHex(), END);
  assertEquals(readRecord(decodePacket(record)), {
    name: "end",
    value: { v: 1, exit: 1 },
  });
});

Deno.test("readRecord reads the start of a run, and keeps unknown keys", () => {
  const value = {
    v: 1,
    id: "20261127T125335-9f3c21aa",
    command: ["pytest", "-q"],
    commit: "4f2c1ab",
    branch: "main",
  } as const;
  const record = encodeRecord("start", value, {
    seconds: 0x6b097d4f,
    nanoseconds: 0,
  });
  assertEquals(record.length, 165);
  assertEquals(readRecord(decodePacket(record)), { name: "start", value });
  const wider = { ...value, later: { kept: [1] } };
  assertEquals(
    readRecord(decodePacket(encodeRecord("start", wider)))?.value,
    wider,
  );
});

Deno.test("readRecord takes nothing for a record that has other types", () => {
  const refused = (value: object) =>
    assertEquals(
      readRecord(decodePacket(encodeRecord("start", value as { v: 1 }))),
      undefined,
      JSON.stringify(value),
    );
  refused([]);
  refused({ branch: 1 });
  refused({ meta: { a: 1 } });
  refused({ meta: "a" });
  refused({ counts: { fail: "1" } });
  refused({ a: [[[[[[[[1]]]]]]]] });
});

Deno.test("encodeRecord refuses what readers would", () => {
  assertThrows(
    () => encodeRecord("start", { branch: "x".repeat(MAX_RECORD_BYTES) }),
    ToolError,
    "expected at most",
  );
});

Deno.test("records are found at both ends of a buffer, and nowhere else", () => {
  const start = encodeRecord("start", { v: 1 });
  const end = encodeRecord("end", { v: 1, exit: 3 });
  const all = Uint8Array.of(...start, 0xb3, 0x29, 0x0a, ...end);
  assertEquals(recordAtStart(all)?.byteLength, start.length);
  const found = recordAtEnd(all);
  assertEquals([found?.value.exit, found?.byteLength], [3, end.length]);
  assertEquals(recordAtEnd(all.subarray(0, -1)), undefined);
  assertEquals(recordAtStart(all.subarray(1)), undefined);
  assertEquals(recordAtStart(start.subarray(0, 4)), undefined);
});

Deno.test("runName names the second of the start, in UTC", () => {
  const start = { seconds: 1795784015, nanoseconds: 5 };
  const name = runName(start, 0x9f3c21aa);
  assertEquals(name, "20261127T125335-9f3c21aa");
  assertEquals(isRunName(name), true);
  assertEquals(isRunName(`${name}x`), false);
  assertEquals(nameSeconds(name), start.seconds);
  assertEquals(runName(start, -1).slice(-8), "ffffffff");
});
