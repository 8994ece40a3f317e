import { assertEquals } from "@std/assert";
import { clockText, secondsText } from "./duration.ts";

Deno.test("clockText and secondsText are short", () => {
  const clocks: [number, string][] = [
    [0, "0:00"],
    [-3, "0:00"],
    [7.9, "0:07"],
    [754, "12:34"],
    [3599.9, "59:59"],
    [3723, "1:02:03"],
    [360000, "100:00:00"],
  ];
  for (const [seconds, text] of clocks) assertEquals(clockText(seconds), text);
  const times: [number, number, string][] = [
    [0.1234, 3, "0.123 s"],
    [0.1234, 1, "0.1 s"],
    [-1, 1, "0.0 s"],
    [12.345, 3, "12.3 s"],
    [12.345, 0, "12 s"],
    [99.94, 3, "99.9 s"],
    [123.4, 3, "2:03"],
  ];
  for (const [seconds, decimals, text] of times) {
    assertEquals(secondsText(seconds, decimals), text);
  }
});
