import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { formatTimestamp, MAX_SECONDS } from "../timestamp.ts";
import { readTime, TIME_BYTES, writeTime } from "./time.ts";

function read(text: string): string | undefined {
  const bytes = new TextEncoder().encode(`>${text}<`);
  const time = readTime(bytes, 1, bytes.length - 1);
  return time && formatTimestamp(time);
}

Deno.test("readTime reads what Python's reader does, and ISO 8601", () => {
  const times: [string, string][] = [
    ["2026-01-31 12:00:00Z", "2026-01-31T12:00:00Z"],
    ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"],
    ["2026-01-31 12:00:00", "2026-01-31T12:00:00Z"],
    [" 2026-01-31 12:00:00Z\r", "2026-01-31T12:00:00Z"],
    ["2026-01-31 12:00:00.123456Z", "2026-01-31T12:00:00.123456Z"],
    ["2026-01-31 12:00:00,5Z", "2026-01-31T12:00:00.5Z"],
    ["2026-01-31 12:00:00.1234567899Z", "2026-01-31T12:00:00.123456789Z"],
    ["2026-01-31 00:00:00+01:30", "2026-01-30T22:30:00Z"],
    ["2026-01-31 00:00:00-0130", "2026-01-31T01:30:00Z"],
    ["2026-01-31 00:00:00-01", "2026-01-31T01:00:00Z"],
    ["1970-01-01 00:00:00Z", "1970-01-01T00:00:00Z"],
    ["2106-02-07 06:28:15Z", "2106-02-07T06:28:15Z"],
    ["2024-02-29 23:59:59Z", "2024-02-29T23:59:59Z"],
  ];
  for (const [text, expected] of times) assertEquals(read(text), expected);
});

Deno.test("readTime rejects what is not a time that a packet can hold", () => {
  const others = [
    "",
    "flies",
    "2026-01-31",
    "2026-01-31 12:00",
    "2026-02-30 12:00:00Z",
    "2026-13-01 12:00:00Z",
    "2026-00-01 12:00:00Z",
    "0026-01-01 12:00:00Z",
    "2026-01-31 24:00:00Z",
    "2026-01-31 12:60:00Z",
    "2026-01-31 12:00:60Z",
    "2026-01-31 12:00:00.Z",
    "2026-01-31 12:00:00 ok",
    "2026-01-31 12:00:00+1",
    "2026-01-31 12:00:00+01:60",
    "2026/01/31 12:00:00Z",
    "20x6-01-31 12:00:00Z",
    "1969-12-31 23:59:59Z",
    "1970-01-01 00:00:00+01:00",
    "2106-02-07 06:28:16Z",
    `2026-01-31 12:00:00.${"0".repeat(64)}Z`,
  ];
  for (const text of others) assertEquals(read(text), undefined, text);
  // A day that does not exist, then one that does: the cache must not help.
  assertEquals(read("2026-02-28 00:00:00Z"), "2026-02-28T00:00:00Z");
});

Deno.test("readTime undoes writeTime, seed 3", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: MAX_SECONDS }),
      fc.oneof(
        fc.integer({ min: 0, max: 999_999_999 }),
        fc.constantFrom(0, 1, 500_000_000, 999_999_999),
      ),
      (seconds, nanoseconds) => {
        const bytes = new Uint8Array(TIME_BYTES);
        const end = writeTime(bytes, 0, seconds, nanoseconds);
        assertEquals(readTime(bytes, 0, end), { seconds, nanoseconds });
        assertEquals(
          new TextDecoder().decode(bytes.subarray(0, end)),
          formatTimestamp({ seconds, nanoseconds }).replace("T", " "),
        );
      },
    ),
    { seed: 3, numRuns: 2000 },
  );
});
