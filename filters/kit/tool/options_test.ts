import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../errors.ts";
import { parseDuration } from "./options.ts";

Deno.test("parseDuration reads seconds, and other units", () => {
  const cases: [value: string, seconds: number][] = [
    ["30s", 30],
    ["30", 30],
    ["1.5m", 90],
    ["500ms", 0.5],
    ["2h", 7200],
    ["0.25s", 0.25],
  ];
  for (const [value, seconds] of cases) {
    assertEquals(parseDuration("every", value), seconds, value);
  }
  for (
    const value of ["0", "0s", "-1", "1d", "soon", "1e3", "", "999999999h"]
  ) {
    assertThrows(
      () => parseDuration("every", value),
      UsageError,
      `Option --every is "${value}": expected a duration, such as 30s`,
    );
  }
});
