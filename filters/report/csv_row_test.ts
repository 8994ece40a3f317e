import { assertEquals } from "@std/assert";
import { csvField } from "./csv_row.ts";

Deno.test("csvField quotes what it must, and lets no formula through", () => {
  const cases: [text: string, field: string][] = [
    ["", ""],
    ["plain text", "plain text"],
    ["a,b", '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ["two\nlines", '"two\nlines"'],
    ["a\rb", '"a\rb"'],
    ["=1+1", "'=1+1"],
    ["-x", "'-x"],
    ["+x", "'+x"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["\tx", `"'\tx"`],
    ["\n=1+1", `"'\n=1+1"`],
    ["x;=1+1", '"x;=1+1"'],
    ["x\t=1+1", '"x\t=1+1"'],
    [";=1+1", '";=1+1"'],
    ["＝1+1", "'＝1+1"],
    ["＋1", "'＋1"],
    ["－1", "'－1"],
    ["＠A1", "'＠A1"],
    ['=HYPERLINK("x","y")', `"'=HYPERLINK(""x"",""y"")"`],
    ["a=b", "a=b"],
  ];
  for (const [text, field] of cases) assertEquals(csvField(text), field);
});
