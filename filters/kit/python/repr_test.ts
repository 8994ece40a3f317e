import { assertEquals } from "@std/assert";
import { pythonRepr } from "./repr.ts";

Deno.test("pythonRepr writes strings as Python does", () => {
  const cases: [text: string, literal: string][] = [
    ["", "''"],
    ["plain é 😀", "'plain é 😀'"],
    ["it's", `"it's"`],
    ['say "hi"', `'say "hi"'`],
    [`it's "hi"`, `'it\\'s "hi"'`],
    ["a\\b\t\r\n", "'a\\\\b\\t\\r\\n'"],
    ["\0\x1b[1m\x7f\x85\xa0\xad", "'\\x00\\x1b[1m\\x7f\\x85\\xa0\\xad'"],
    ["\u200e\u2028\ue000\ufeff", "'\\u200e\\u2028\\ue000\\ufeff'"],
    ["\u{e0001}\u{10ffff}", "'\\U000e0001\\U0010ffff'"],
  ];
  for (const [text, literal] of cases) assertEquals(pythonRepr(text), literal);
});
