import { assertEquals } from "@std/assert";
import { formatClock, limitText, resultsText, tickStep } from "./format.ts";

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

Deno.test("resultsText and limitText count tests, and those in the table", () => {
  assertEquals(resultsText(1, 1), "1 test");
  assertEquals(resultsText(12, 500_000), "12 of 500,000 tests");
  assertEquals(
    resultsText(500_000, 500_000) + limitText(400_000),
    "500,000 tests; the table has the first 400,000",
  );
});
