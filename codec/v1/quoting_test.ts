import { assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import { V1Decoder } from "./decoder.ts";
import { TextQuoter } from "./quoting.ts";

const encoder = new TextEncoder();

/** What is written of text, an undefined part being the end of a line. */
function quote(parts: readonly (string | Uint8Array | undefined)[]): string {
  const written: Uint8Array[] = [];
  const quoter = new TextQuoter((bytes) => written.push(bytes.slice()));
  for (const part of parts) {
    if (part === undefined) quoter.endLine();
    else quoter.write(typeof part === "string" ? encoder.encode(part) : part);
  }
  quoter.end();
  return new TextDecoder().decode(concat(written));
}

Deno.test("TextQuoter puts a space before what readers take for more", () => {
  const lines: [string, boolean][] = [
    ["test: a", true],
    ["test a", true],
    ["testing a", true],
    ["tags: a", true],
    ["time flies", true],
    ["progress is nice", true],
    // Of these Perl's reader makes outcomes.
    ["error: a", true],
    ["success: a", true],
    ["fail: a", true],
    ["knownfail: a", true],
    ["error a", false],
    ["error:a", false],
    ["error::a", false],
    ["failure:\ta", false],
    ["test:", false],
    ["tested: a", false],
    [" test: a", false],
    ["]", false],
    ["a", false],
    ["", false],
  ];
  for (const [line, isQuoted] of lines) {
    const expected = `${isQuoted ? " " : ""}${line}`;
    for (const end of ["\n", "\r\n", ""]) {
      assertEquals(quote([line + end]), expected + end, line);
      assertEquals(quote([...line + end]), expected + end, line);
      assertEquals(
        quote(["x\n" + line + end, "y"]),
        // Without an end, the line goes on.
        "x\n" + expected + end + "y",
        line,
      );
    }
  }
});

Deno.test("TextQuoter ends the line that a test would cut", () => {
  assertEquals(quote([undefined]), "");
  assertEquals(quote(["a\n", undefined, "b"]), "a\nb");
  assertEquals(quote(["a", undefined, "test: b"]), "a\n test: b");
  assertEquals(quote(["tes", undefined, "t: a"]), "tes\nt: a");
  assertEquals(quote(["a ", "test: b"]), "a test: b");
});

Deno.test("no reader finds more than text in what TextQuoter writes, seed 10", () => {
  const words = fc.constantFrom(
    ..."test|testing|success|failure|error|skip|tags|time|progress|:|: | |a|1|\n|\r\n|[|]|push"
      .split("|"),
  );
  fc.assert(
    fc.property(
      fc.array(words, { maxLength: 30 }),
      fc.array(fc.nat(60), { maxLength: 5 }),
      (parts, cuts) => {
        const text = parts.join("");
        const places = [0, ...cuts.toSorted((a, b) => a - b), text.length];
        const pieces = places.slice(1).map((end, i) =>
          text.slice(places[i], end)
        );
        const quoted = quote(pieces);
        assertEquals(quoted, quote([text]));
        assertEquals(
          quoted.replaceAll(/^ /gm, ""),
          text.replaceAll(/^ /gm, ""),
        );
        let found = "";
        const decoder = new V1Decoder({
          event() {},
          packet() {},
          text: (bytes) => found += new TextDecoder().decode(bytes),
        });
        decoder.push(encoder.encode(quoted));
        decoder.end();
        assertEquals(found, quoted);
      },
    ),
    { seed: 10, numRuns: 3000 },
  );
});
