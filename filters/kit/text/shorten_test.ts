import { assertEquals } from "@std/assert";
import { cutText } from "./shorten.ts";

Deno.test("cutText keeps both ends, and says how much it leaves out", () => {
  const cases: [text: string, most: number, cut: string][] = [
    ["abcdef", 6, "abcdef"],
    ["abcdef", 5, "abc\n[1 characters left out]\nef"],
    ["abcdef", 1, "a\n[5 characters left out]\n"],
    ["abcdef", 0, "\n[6 characters left out]\n"],
    // Half a character is none.
    ["a😀bcd", 3, "a\ufffd\n[3 characters left out]\nd"],
  ];
  for (const [text, most, cut] of cases) {
    assertEquals(cutText(text, most), cut);
  }
});
