import { assertEquals } from "@std/assert";
import { counted, formatSeconds, formatSize, formatTime } from "./words.ts";

const DURATIONS: readonly [seconds: number, text: string][] = [
  [0, "0 ms"],
  [0.0004, "0.4 ms"],
  [0.0095, "10 ms"],
  [0.0123, "12 ms"],
  [0.9994, "999 ms"],
  [0.9996, "1.00 s"],
  [9.994, "9.99 s"],
  [9.996, "10.0 s"],
  [59.94, "59.9 s"],
  [59.96, "1 min 00 s"],
  [125, "2 min 05 s"],
  [3599.6, "1 h 00 min"],
  [7384, "2 h 03 min"],
  [-1.5, "-1.50 s"],
];

for (const [seconds, text] of DURATIONS) {
  Deno.test(`formatSeconds writes ${seconds} as ${text}`, () => {
    assertEquals(formatSeconds(seconds), text);
  });
}

Deno.test("counted writes a count with its noun", () => {
  assertEquals(counted(1, "test"), "1 test");
  assertEquals(counted(1234567, "test"), "1,234,567 tests");
  assertEquals(counted(0, "reply", "replies"), "0 replies");
});

Deno.test("formatSize has two digits or more", () => {
  assertEquals(
    [0, 1, 999, 1000, 9949, 9950, 999_499, 999_500, 5e9].map(formatSize),
    [
      "0 bytes",
      "1 byte",
      "999 bytes",
      "1.0 kB",
      "9.9 kB",
      "10 kB",
      "999 kB",
      "1.0 MB",
      "5.0 GB",
    ],
  );
});

Deno.test("formatTime is in UTC", () => {
  assertEquals(formatTime(0), "1970-01-01 00:00:00 UTC");
  assertEquals(formatTime(2 ** 32 - 1 + 0.9), "2106-02-07 06:28:15 UTC");
});
