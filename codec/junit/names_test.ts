import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type CaseNames,
  caseNames,
  caseTestId,
  classTag,
  splitTestId,
  SUITE_TAG,
  taggedNames,
} from "./names.ts";

/** The tags of a case's test. */
function tagsOf(names: CaseNames): string[] {
  const tag = classTag(names);
  return [
    ...names.suites.map((suite) => SUITE_TAG + suite),
    ...tag === undefined ? [] : [tag],
  ];
}

Deno.test("caseTestId puts the suites in front where the class tells nothing", () => {
  const cases: [
    suites: string[],
    classname: string,
    name: string,
    testId: string,
  ][] = [
    [["s"], "a.B", "c", "a.B.c"],
    [["s", "t"], "", "c", "s > t > c"],
    [["s"], " ", "c", "s > c"],
    [[], "", "c", "c"],
    [[], "a.B", "", "a.B"],
    [["s"], "", "", "s > testcase"],
    // Node, inside of a suite and outside.
    [["basket", "full"], "test", "adds", "basket > full > adds"],
    [[], "test", "adds", "adds"],
    // pytest: a module that cannot be read, tests in test.py.
    [["pytest"], "", "test_broken", "test_broken"],
    [["pytest"], "test", "test_total", "test.test_total"],
  ];
  for (const [suites, classname, name, testId] of cases) {
    const names = { classname, name, suites };
    assertEquals(caseTestId(names), testId);
    if (name !== "") {
      assertEquals(caseNames(testId, taggedNames(tagsOf(names))), names);
    }
  }
});

Deno.test("classTag keeps the class only where the id does not show it", () => {
  const cases: [
    suites: string[],
    classname: string,
    name: string,
    tag: string | undefined,
  ][] = [
    [["s"], "a.B", "test_it", undefined],
    [["s"], "a.B", "test_it[1.5-2]", undefined],
    [["s"], "a.B", "adds 1.5 and 2.5", undefined],
    [["./shop_test.ts"], "./shop_test.ts", "basket > adds", undefined],
    [["Sign in"], "Sign in", "good 1.5", undefined],
    [["money"], "money.global", "adds 1.5", undefined],
    [["a.test.js"], "a.test.js", "pay.coins adds", undefined],
    [["cart"], "cart adds", "cart adds", undefined],
    [["cart"], "adds 1.5", "cart adds 1.5", undefined],
    [["cart"], "adds", "cartadds it", undefined],
    [["cart"], "", "1.5 is more", undefined],
    [["cart"], "test", "adds", "class:test"],
    [["s"], "Sign in", "good", "class:Sign in"],
    [["s"], "a", "b.c", "class:a"],
    [["s"], "s", "> t", undefined],
    [["s"], "s > t", "u", "class:s > t"],
    [[], "", "a.b", "class:"],
    [["s"], "b", "", undefined],
  ];
  for (const [suites, classname, name, tag] of cases) {
    assertEquals(classTag({ classname, name, suites }), tag, classname);
  }
});

Deno.test("splitTestId splits ids of the form class and name, and no others", () => {
  const cases: [testId: string, classname: string, name: string][] = [
    ["", "", ""],
    ["a", "", "a"],
    ["a.b.c", "a.b", "c"],
    ["a.", "", "a."],
    ["a.b.", "a", "b."],
    [".", "", "."],
    ["subunit.parser", "subunit", "parser"],
    // A dot in front.
    [".a", "", ".a"],
    ["./parks", "", "./parks"],
    ["../t", "", "../t"],
    ["...a", "", "...a"],
    [".a.b", ".a", "b"],
    // Brackets.
    ["a.b(c.d)", "a", "b(c.d)"],
    ["a.b(c", "a", "b(c"],
    ["a(b.c)", "", "a(b.c)"],
    ["(a.b)", "", "(a.b)"],
    ["a.(b)", "a", "(b)"],
    ["pkg.test_a.Test.test_v[1.5-2.0]", "pkg.test_a.Test", "test_v[1.5-2.0]"],
    ["api.Pay.test_x[id-1.2.3,smoke]", "api.Pay", "test_x[id-1.2.3,smoke]"],
    ["a.b(v=1.5)[c.d]", "a", "b(v=1.5)[c.d]"],
    ["a.b [c.d]", "a", "b [c.d]"],
    ["a.b{c.d}", "a", "b{c.d}"],
    // Numbers.
    ["1.5", "", "1.5"],
    ["a.1.5", "a", "1.5"],
    ["a.5", "a", "5"],
    ["v1.2.test_it", "v1.2", "test_it"],
    // Prose.
    ["adds 1.5 and 2.5", "", "adds 1.5 and 2.5"],
    ["1.5 and 2.5", "", "1.5 and 2.5"],
    ["Adds. And subtracts.", "", "Adds. And subtracts."],
    ["e.g. this", "", "e.g. this"],
    ["Node.js: works", "", "Node.js: works"],
    ["Node.js works", "", "Node.js works"],
    ["config.json is read", "", "config.json is read"],
    ["wait...what", "", "wait...what"],
    ['says "a.b" to c.d', "", 'says "a.b" to c.d'],
    ["money.Till.splits 1.5 evenly.", "money.Till", "splits 1.5 evenly."],
    // Paths, and the ids of other kinds.
    ["shop.test.ts > cart > adds", "", "shop.test.ts > cart > adds"],
    ["com.shop.Cart > adds", "", "com.shop.Cart > adds"],
    ["t/add.t", "", "t/add.t"],
    ["src/shop.test.ts adds", "", "src/shop.test.ts adds"],
    ["./shop_test.ts.total", "./shop_test.ts", "total"],
    ["example.com/shop.TestTotal", "example.com/shop", "TestTotal"],
    ["example.com/shop.TestTotal/a_1.5", "example.com/shop", "TestTotal/a_1.5"],
    ["tests/test_x.py::T::test_b[1.5]", "", "tests/test_x.py::T::test_b[1.5]"],
  ];
  for (const [testId, ...split] of cases) {
    assertEquals(splitTestId(testId), split, testId);
  }
});

Deno.test("caseNames undoes caseTestId and classTag, seed 13", () => {
  const words = [
    ..."abc19.. /[]()>:",
    " > ",
    "test",
    "pytest",
    "cart.test.js",
    "./",
    "Cart",
    "\u{1f600}",
  ];
  const text = fc.array(fc.constantFrom(...words), {
    minLength: 1,
    maxLength: 6,
  }).map((parts) => parts.join(""));
  const names = fc.record({
    classname: fc.oneof(text, fc.constantFrom("", "test")),
    name: text,
    suites: fc.array(text, { maxLength: 3 }),
    /** Whether the class is the suite's name, or the case's. */
    same: fc.constantFrom("suite", "name", "none"),
  }).map(({ classname, name, suites, same }): CaseNames => ({
    classname: same === "suite"
      ? suites.at(-1) ?? ""
      : same === "name"
      ? name
      : classname,
    name,
    suites,
  }));
  fc.assert(
    fc.property(names, (names) => {
      assertEquals(
        caseNames(caseTestId(names), taggedNames(tagsOf(names))),
        names,
      );
    }),
    { seed: 13, numRuns: 20_000 },
  );
});
