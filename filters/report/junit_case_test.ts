import { assertEquals } from "@std/assert";
import { splitTestId } from "./junit_case.ts";

Deno.test("splitTestId splits where Python's tool does", () => {
  const cases: [testId: string, classname: string, name: string][] = [
    ["", "", ""],
    ["a", "", "a"],
    ["a.b.c", "a.b", "c"],
    ["a.b(c.d)", "a", "b(c.d)"],
    ["a.b(c", "a", "b(c"],
    ["a(b.c)", "", "a(b.c)"],
    ["(a.b)", "", "(a.b)"],
    ["a.(b)", "a", "(b)"],
    ["a.", "", "a."],
    ["a.b.", "a", "b."],
    [".", "", "."],
    [".a", "", "a"],
  ];
  for (const [testId, ...split] of cases) {
    assertEquals(splitTestId(testId), split, testId);
  }
});
