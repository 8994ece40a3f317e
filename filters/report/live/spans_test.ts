import { assertEquals } from "@std/assert";
import { widthOf } from "../../kit/text/width.ts";
import { type Line, Style } from "./spans.ts";

const plain = new Style(false), colored = new Style(true);

Deno.test("Style colors parts by their meaning, or not at all", () => {
  const line: Line = [["a", "good"], ["b"], ["c", "name"], ["", "bad"], [
    "d",
    "faint",
  ]];
  assertEquals(plain.text(line), "abcd");
  assertEquals(colored.text(line), "\x1b[32ma\x1b[39mbc\x1b[2md\x1b[22m");
  assertEquals(colored.fitted(line, 80), {
    plain: "abcd",
    styled: "\x1b[32ma\x1b[39mbc\x1b[2md\x1b[22m",
  });
});

Deno.test("Style escapes what could rewrite the screen", () => {
  const line: Line = [["a\x1b[2J\n", "name"], ["\u202eb\x9b"]];
  assertEquals(plain.text(line), "a\\u001b[2J\\n\\u202eb\\u009b");
  assertEquals(plain.fitted(line, 80).plain, "a\\u001b[2J\\n\\u202eb\\u009b");
});

Deno.test("Style fits a line by cells, and keeps the end of a name", () => {
  const line: Line = [["  1.0 s  "], ["tests.測試.test_end", "name"], [
    " note",
  ]];
  const cases: [width: number, shown: string][] = [
    [33, "  1.0 s  tests.測試.test_end note"],
    [30, "  1.0 s  tests.測試.test_end …"],
    [20, "  1.0 s  tests…t_end"],
    [9, "  1.0 s  "],
    [4, "  1…"],
    [0, ""],
  ];
  for (const [width, shown] of cases) {
    const { plain: text } = plain.fitted(line, width);
    assertEquals(text, shown);
    assertEquals(widthOf(text) <= width, true);
  }
});

Deno.test("Style shortens parts that never end", () => {
  assertEquals(plain.text([["x".repeat(5e6), "name"]]).length, 1000);
  assertEquals(colored.fitted([["x".repeat(5e6)]], 5).plain, "xxxx…");
});
