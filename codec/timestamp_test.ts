import { assertEquals, assertThrows } from "@std/assert";
import {
  addSeconds,
  formatTimestamp,
  MAX_SECONDS,
  parseTimestamp,
  secondsBetween,
} from "./timestamp.ts";

Deno.test("parseTimestamp undoes formatTimestamp, to the nanosecond", () => {
  const cases: [text: string, seconds: number, nanoseconds: number][] = [
    ["1970-01-01T00:00:00Z", 0, 0],
    ["2001-12-12T12:59:59.000045Z", 0x3c1754cf, 45000],
    ["2026-11-22T00:00:00.1Z", 1795305600, 100000000],
    ["2038-01-19T03:14:08.000000001Z", 2147483648, 1],
    ["2106-02-07T06:28:15.999999999Z", 4294967295, 999999999],
  ];
  for (const [text, seconds, nanoseconds] of cases) {
    assertEquals(parseTimestamp(text), { seconds, nanoseconds });
    assertEquals(formatTimestamp({ seconds, nanoseconds }), text);
  }
});

Deno.test("formatTimestamp carries nanoseconds of a second or more", () => {
  assertEquals(
    formatTimestamp({ seconds: 1, nanoseconds: 1073741823 }),
    "1970-01-01T00:00:02.073741823Z",
  );
});

Deno.test("parseTimestamp reads zone offsets", () => {
  assertEquals(parseTimestamp("1970-01-01T01:30:00+01:30").seconds, 0);
  assertEquals(parseTimestamp("1969-12-31T23:00:00-01:00").seconds, 0);
});

Deno.test("parseTimestamp refuses what is not RFC 3339 or no day", () => {
  for (
    const text of [
      "",
      "yesterday",
      "2026-01-01",
      "2026-02-30T00:00:00Z",
      "2026-01-01T24:00:00Z",
      "2026-01-01T00:00:00",
      "2026-01-01T00:00:00.1234567890Z",
      "2026-01-01T00:00:00+99:00",
    ]
  ) {
    assertThrows(() => parseTimestamp(text), RangeError, "expected RFC 3339");
  }
});

Deno.test("secondsBetween is negative when the end is earlier", () => {
  const early = { seconds: 1, nanoseconds: 5e8 };
  const late = { seconds: 3, nanoseconds: 0 };
  assertEquals(secondsBetween(early, late), 1.5);
  assertEquals(secondsBetween(late, early), -1.5);
});

Deno.test("secondsBetween rounds as Python's timedelta does", () => {
  const start = { seconds: 14, nanoseconds: 727755000 };
  const end = { seconds: 44, nanoseconds: 117255000 };
  assertEquals(secondsBetween(start, end), 29 + 0.3895);
});

Deno.test("addSeconds carries in both directions, within what a packet can hold", () => {
  const cases: [seconds: number, nanoseconds: number, more: number, unknown][] =
    [
      [10, 0, 0, [10, 0]],
      [10, 5e8, 1.5, [12, 0]],
      [10, 0, -0.25, [9, 750000000]],
      [10, 5e8, -1.75, [8, 750000000]],
      [10, 999999999, 1e-9, [11, 0]],
      [0, 0, -1e-9, undefined],
      [MAX_SECONDS, 0, 0.999999999, [MAX_SECONDS, 999999999]],
      [MAX_SECONDS, 0, 1, undefined],
      [10, 0, Infinity, undefined],
      [10, 0, NaN, undefined],
    ];
  for (const [seconds, nanoseconds, more, expected] of cases) {
    const sum = addSeconds({ seconds, nanoseconds }, more);
    assertEquals(sum && [sum.seconds, sum.nanoseconds], expected, `${more}`);
  }
});

Deno.test("formatTimestamp refuses years of more than four digits, and what is no number", () => {
  const last = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;
  assertEquals(
    formatTimestamp({ seconds: last, nanoseconds: 0 }),
    "9999-12-31T23:59:59Z",
  );
  for (const seconds of [last + 1, NaN, -Infinity]) {
    assertThrows(
      () => formatTimestamp({ seconds, nanoseconds: 0 }),
      RangeError,
      `Cannot write time ${seconds} s: expected a year from 0 to 9999`,
    );
  }
});
