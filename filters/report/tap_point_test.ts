import { assertEquals } from "@std/assert";
import { oneLine } from "./tap_point.ts";

Deno.test("oneLine leaves nothing that a reader of TAP takes away", () => {
  const cases: [text: string, line: string][] = [
    ["", ""],
    ["plain ы 😀 # \\", "plain ы 😀 # \\"],
    ["a\nb\r\tc", "a\\nb\\r\\tc"],
    ["\x1b[1m\x85\u2028", "\\u001b[1m\\u0085\\u2028"],
    [" a ", "\\u0020a\\u0020"],
    ["  ", "\\u0020\\u0020"],
    ["\ufeffa\u00a0", "\\ufeffa\\u00a0"],
    ["a {", "a \\u007b"],
    ["{a}{", "{a}\\u007b"],
    ["- 1 ok", "- 1 ok"],
  ];
  for (const [text, line] of cases) assertEquals(oneLine(text), line);
  assertEquals(oneLine("x".repeat(5000)).length, 1024);
});
