import { assertEquals } from "@std/assert";
import { formatDetails } from "./pyunit_details.ts";

const TEXT = "text/plain;charset=utf8";
const encoder = new TextEncoder();

Deno.test("formatDetails puts files in order, and the special one last", () => {
  const of = (
    ...files: [name: string, content: string, mimeType?: string][]
  ) =>
    files.map(([name, content, mimeType = TEXT]) => ({
      name,
      mimeType,
      bytes: encoder.encode(content),
    }));
  const cases: [ReturnType<typeof of>, string][] = [
    [of(), ""],
    [of(["log", ""]), ""],
    [of(["log", "one"]), "log: {{{one}}}\n"],
    [of(["log", "\none\ntwo\n\n"]), "log: {{{\none\ntwo\n}}}\n"],
    [of(["traceback", "boom\n"]), "boom\n"],
    [
      of(["traceback", "boom"], ["log", "one"], ["a", "two"]),
      "a: {{{two}}}\nlog: {{{one}}}\n\nboom\n",
    ],
    [
      of(["traceback", "boom"], ["log", "one\ntwo"]),
      "log: {{{\none\ntwo\n}}}\n\nboom\n",
    ],
    [
      of(["log", " \n"], ["b", "x", ""], ["a", "x", "a/b; z=1; c=d"]),
      'Binary content:\n  a (a/b; c="d"; z="1")\n' +
      "  b (application/octet-stream)\nEmpty attachments:\n  log\n",
    ],
    [of(["log", " "], ["x", "y"]), "Empty attachments:\n  log\n\nx: {{{y}}}\n"],
  ];
  for (const [files, text] of cases) {
    assertEquals(formatDetails(files, "traceback"), text);
  }
});
