import { assert, assertEquals } from "@std/assert";
import {
  parseQuery,
  parseSeconds,
  quoted,
  type Searchable,
  toggleWord,
} from "./query.ts";

interface Case {
  readonly id: string;
  readonly outcome?: string;
  readonly seconds?: number;
  readonly route?: string;
  readonly tags?: readonly string[];
  readonly flaky?: boolean;
}

const CASES: readonly Case[] = [
  { id: "pkg.Alpha.test_one", outcome: "success", seconds: 0.2, route: "0" },
  {
    id: "pkg.Alpha.test_two",
    outcome: "fail",
    seconds: 2,
    route: "0/1",
    tags: ["slow", "worker-1"],
  },
  { id: "pkg.beta.Test Three", outcome: "lost", route: "1" },
  { id: "std::vec::push", outcome: "skip", seconds: 1, flaky: true },
  { id: "http://host/x y", outcome: "uxsuccess", seconds: 90 },
];

const TESTS: Searchable = {
  id: (test) => CASES[test].id,
  outcome: (test) => CASES[test].outcome ?? "success",
  seconds: (test) => CASES[test].seconds,
  route: (test) => CASES[test].route ?? "",
  tags: (test) => CASES[test].tags ?? [],
  isFlaky: (test) => CASES[test].flaky ?? false,
  text: (test) => CASES[test].id.toLowerCase(),
};

function found(text: string): number[] {
  const query = parseQuery(text);
  return [...CASES.keys()].filter((test) => query.matches(TESTS, test));
}

const SEARCHES: readonly [text: string, found: number[]][] = [
  ["", [0, 1, 2, 3, 4]],
  ["   ", [0, 1, 2, 3, 4]],
  ["alpha", [0, 1]],
  ["ALPHA two", [1]],
  ["two alpha", [1]],
  ["-alpha", [2, 3, 4]],
  ["-", [0, 1, 2, 3, 4]],
  ['"test three"', [2]],
  ['"Test Three', [2]],
  ['-"test three" pkg', [0, 1]],
  ["status:fail", [1]],
  ["status:FAIL,lost", [1, 2]],
  ["status:failing", [1, 2, 4]],
  ["-status:failing", [0, 3]],
  ["status:", [0, 1, 2, 3, 4]],
  ["tag:slow", [1]],
  ["tag:slo", []],
  ["tag:worker-*", [1]],
  ["-tag:slow status:fail", []],
  ["route:0", [0]],
  ["route:0/*", [1]],
  ["route:0*", [0, 1]],
  ['route:""', [3, 4]],
  ["id:pkg.*", [0, 1, 2]],
  ["id:*Three", [2]],
  ["id:*a*_*o", [1]],
  ["id:one", [0]],
  ['id:"test three"', [2]],
  ["slower:1s", [1, 4]],
  ["slower:1m", [4]],
  ["faster:1s", [0]],
  ["faster:500ms slower:0", [0]],
  ["flaky:true", [3]],
  ["flaky:no alpha", [0, 1]],
  // Ids may look like keys.
  ["std::vec", [3]],
  ["http://host", [4]],
  ["x:y", []],
];

for (const [text, expected] of SEARCHES) {
  Deno.test(`a search for ${JSON.stringify(text)} finds tests`, () => {
    assertEquals(found(text), expected);
    assertEquals(parseQuery(text).hints.length, text === "x:y" ? 1 : 0);
  });
}

const HINTS: readonly [text: string, hint: RegExp][] = [
  ["staus:fail", /^staus: is searched for as text; the keys are status: /],
  ["status:broken", /^status: is one of success/],
  ["slower:fast", /^slower: is a duration/],
  ["faster:1y", /^faster: is a duration/],
  ["flaky:maybe", /^flaky: is true or false/],
  ["constructor:x", /^constructor: is searched for/],
];

for (const [text, hint] of HINTS) {
  Deno.test(`a search for ${text} gives a hint`, () => {
    const { hints } = parseQuery(text);
    assertEquals(hints.length, 1);
    assert(hint.test(hints[0]), hints[0]);
  });
}

Deno.test("parseSeconds reads durations with and without units", () => {
  const texts = ["1", "1s", "1.5", "200ms", "2m", "2min", "1h", ".5s"];
  assertEquals(texts.map(parseSeconds), [1, 1, 1.5, 0.2, 120, 120, 3600, 0.5]);
  for (const text of ["", "s", "1 s", "1y", "-1", "1e3", "."]) {
    assertEquals(parseSeconds(text), undefined, text);
  }
});

Deno.test("quoted gives one word that a search finds", () => {
  for (const { id } of CASES) assert(found(`id:${quoted(id)}`).length > 0, id);
  assertEquals(quoted("a b"), '"a b"');
});

Deno.test("toggleWord replaces a word with the same key, or removes its own", () => {
  assertEquals(toggleWord("", "status:fail"), "status:fail");
  assertEquals(
    toggleWord('status:skip "a b" x', "status:fail"),
    '"a b" x status:fail',
  );
  assertEquals(toggleWord('x status:fail "a', "status:fail"), 'x "a');
});

Deno.test("a search with many stars ends", () => {
  const pattern = `id:${"*a".repeat(40)}*b`;
  const query = parseQuery(pattern);
  const id = "a".repeat(5000);
  assertEquals(query.matches({ ...TESTS, id: () => id }, 0), false);
});
