import { assertEquals } from "@std/assert";
import { formatClock, tickStep } from "./format.ts";

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
