import { assertEquals } from "@std/assert";
import { countText, durationText, sizeText, timeText } from "./words.ts";

Deno.test("durationText writes seconds, minutes and hours", () => {
  const cases: [seconds: number, text: string][] = [
    [0, "0.000 s"],
    [0.0004, "0.000 s"],
    [0.25, "0.250 s"],
    [1, "1.00 s"],
    [12.34, "12.3 s"],
    [59.9, "59.9 s"],
    [60, "1 min 00 s"],
    [125.4, "2 min 05 s"],
    [3599.9, "1 h 00 min"],
    [7320, "2 h 02 min"],
    [3.6e9, "1,000,000 h 00 min"],
    [-2.5, "-2.50 s"],
    [-61, "-1 min 01 s"],
  ];
  for (const [seconds, text] of cases) {
    assertEquals(durationText(seconds), text);
  }
});

Deno.test("countText has commas", () => {
  assertEquals([0, 999, 1000, 1234567].map(countText), [
    "0",
    "999",
    "1,000",
    "1,234,567",
  ]);
});

Deno.test("sizeText has two digits or more", () => {
  assertEquals(
    [0, 1, 999, 1000, 9949, 9950, 999_499, 999_500, 5e9].map(sizeText),
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

Deno.test("timeText is in UTC", () => {
  assertEquals(timeText(0), "1970-01-01 00:00:00 UTC");
  assertEquals(timeText(2 ** 32 - 1 + 0.9), "2106-02-07 06:28:15 UTC");
});
