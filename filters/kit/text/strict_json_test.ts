import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type Json, parseStrictJson } from "./strict_json.ts";

const SEED = 20261128;

/** The value as JSON.parse has it. */
function plain(value: Json): unknown {
  if (value instanceof Map) {
    return Object.fromEntries(
      Array.from(value, ([name, value]) => [name, plain(value)]),
    );
  }
  return Array.isArray(value) ? value.map(plain) : value;
}

Deno.test(`parseStrictJson reads what JSON.parse reads (seed ${SEED})`, () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), fc.nat(3), (text, space) => {
      const value = JSON.parse(text);
      // A name of JavaScript's own is an own property of Object.fromEntries.
      const shown = JSON.stringify(value, null, space);
      assertEquals(
        JSON.stringify(plain(parseStrictJson(shown))),
        JSON.stringify(value),
      );
    }),
    { seed: SEED, numRuns: 300 },
  );
});

Deno.test(`parseStrictJson refuses what JSON.parse refuses (seed ${SEED})`, () => {
  const broken = fc.tuple(
    fc.json(),
    fc.nat(),
    fc.constantFrom(...'{}[]",:\\0-e.ntx \n\x01'),
  )
    .map(([text, at, character]) => {
      const cut = at % (text.length + 1);
      return text.slice(0, cut) + character + text.slice(cut);
    });
  fc.assert(
    fc.property(broken, (text) => {
      let isJson = true;
      try {
        JSON.parse(text);
      } catch {
        isJson = false;
      }
      try {
        parseStrictJson(text);
        assert(isJson, text);
      } catch (error) {
        assert(error instanceof SyntaxError);
        assert(!isJson || /twice|deeper/.test(error.message), text);
      }
    }),
    { seed: SEED, numRuns: 1000 },
  );
});

Deno.test("parseStrictJson names the line of what it refuses", () => {
  const cases: [text: string, message: string][] = [
    ["", "line 1: expected a value"],
    ['{\n"a": 1,\n"a": 2}', 'line 3: the name "a" is there twice'],
    [
      '{"__proto__": 1, "__proto__": 2}',
      'line 1: the name "__proto__" is there twice',
    ],
    ['{"a": 1, "\\u0061": 2}', 'line 1: the name "a" is there twice'],
    [
      `{"${"a".repeat(1000)}": 1, "${"a".repeat(1000)}": 2}`,
      `line 1: the name "${"a".repeat(100)}…${"a".repeat(99)}" is there twice`,
    ],
    ["[".repeat(100_000), "line 1: deeper than 32 values"],
    [`[${"{},".repeat(1_999_999)}{}]`, "line 1: more than 2000000 values"],
    ["[1\n2]", 'line 2: expected "," or "]"'],
    ['"a\nb"', "line 1: expected a string that ends"],
    ["{} {}", "line 1: expected the end"],
    ['{"a" 1}', 'line 1: expected ":"'],
    ["[1,]", "line 1: expected a value"],
    ["{1: 2}", "line 1: expected a name"],
    ["01", "line 1: expected the end"],
    ["NaN", "line 1: expected a value"],
  ];
  for (const [text, message] of cases) {
    assertThrows(() => parseStrictJson(text), SyntaxError, message);
  }
});

Deno.test("parseStrictJson gives no name a meaning", () => {
  const value = parseStrictJson(
    '{"__proto__": {"polluted": true}, "constructor": 1}',
  );
  assert(value instanceof Map);
  assertEquals([...value.keys()], ["__proto__", "constructor"]);
  assertEquals(({} as Record<string, unknown>).polluted, undefined);
});
