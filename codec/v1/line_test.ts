import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { directiveAt, mayGetKeyword, parameterAt } from "./line.ts";

const encoder = new TextEncoder();

function read(text: string): [string, string] | undefined {
  const bytes = encoder.encode(`> ${text}`);
  const directive = directiveAt(bytes, 2, bytes.length);
  return directive &&
    [
      directive,
      new TextDecoder().decode(bytes.subarray(parameterAt(bytes, 2))),
    ];
}

Deno.test("directiveAt knows keywords, with colons and without", () => {
  const lines: [string, [string, string] | undefined][] = [
    ["test a", ["test", "a"]],
    ["test: a", ["test", "a"]],
    ["testing::: a b", ["test", "a b"]],
    ["success:\ta", ["success", "a"]],
    ["successful  a", ["success", " a"]],
    ["failure: a [", ["fail", "a ["]],
    ["error a", ["fail", "a"]],
    ["progress: push", ["progress", "push"]],
    ["tags: ", undefined],
    ["tags:\r\n", undefined],
    ["time", undefined],
    ["timed out", undefined],
    ["tester a", undefined],
    ["success; a", undefined],
    [": a", undefined],
    ["", undefined],
  ];
  for (const [text, expected] of lines) {
    assertEquals(read(text), expected, text);
  }
});

Deno.test("mayGetKeyword is true for every beginning of a directive, seed 6", () => {
  const words = [
    ..."test testing success successful failure error skip xfail uxsuccess progress tags time"
      .split(" "),
    ..."tseufp: \t\r:",
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...words)), (parts) => {
      const text = parts.join("");
      if (read(text) === undefined) return;
      const bytes = encoder.encode(text);
      for (let end = 1; end < bytes.length; end++) {
        assert(
          directiveAt(bytes, 0, end) ?? mayGetKeyword(bytes, 0, end),
          JSON.stringify(text.slice(0, end)),
        );
      }
    }),
    { seed: 6, numRuns: 5000 },
  );
});

Deno.test("mayGetKeyword rules out what cannot be one", () => {
  const beginnings: [string, boolean][] = [
    ["t", true],
    ["tes", true],
    ["testing:", true],
    ["test: ", true],
    ["testx", false],
    ["Test", false],
    [" test", false],
    ["skipp", false],
    ["$ ", false],
  ];
  for (const [text, may] of beginnings) {
    const bytes = encoder.encode(text);
    assertEquals(mayGetKeyword(bytes, 0, bytes.length), may, text);
  }
});
