import { assertEquals } from "@std/assert";
import { counted, formatClock, formatSeconds, tickStep } from "./format.ts";

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

Deno.test("tickStep gives steps that people count in", () => {
  const least = [0.0003, 0.001, 0.03, 0.6, 1, 3, 7, 11, 40, 4000, 90000];
  const steps = [0.0005, 0.001, 0.05, 1, 1, 5, 10, 15, 60, 7200, 90000];
  least.forEach((value, i) => {
    assertEquals(Number(tickStep(value).toPrecision(6)), steps[i]);
  });
});

Deno.test("formatClock writes the time of the day, and nothing beyond Date", () => {
  assertEquals(formatClock(1.5), "00:00:01.500");
  assertEquals(formatClock(1e20), "");
});
