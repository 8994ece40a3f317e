/** The places and headlines of failures that real tools printed. */

import { assertEquals } from "@std/assert";
import { type StatusEvent, type Test, TestCollator } from "@subunit/codec";
import { GoJsonDecoder } from "@subunit/codec/gojson";
import { JunitDecoder } from "@subunit/codec/junit";
import { TapDecoder } from "@subunit/codec/tap";
import { headlineOf, isText, reasonIn } from "./reason.ts";
import { findPlace, type Project } from "./source_place.ts";

const fixtures = new URL("../../tests/fixtures/", import.meta.url).pathname;

/** A project with no files that are known. */
const project: Project = { root: "/project", exists: () => false };

function read(file: string): Uint8Array {
  return Deno.readFileSync(`${fixtures}${file}`);
}

/** A failure, as a row of a table. */
type Row = readonly [place: string | undefined, headline: string | undefined];

Deno.test("findPlace and headlineOf read what real tools print", () => {
  // Run in the suite's directory: relative paths are relative to that.
  const table: [
    file: string,
    place: string | undefined,
    headline: string,
    options?: { from?: string; testId?: string },
  ][] = [
    // Python.
    ["python_unittest", "python/test_shop.py:8", "AssertionError: 4 != 5"],
    [
      "python_library",
      "python/shop.py:9",
      "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
    ],
    ["python_chained", "python/shop.py:16", "LookupError: no price"],
    [
      "python_diff",
      "python/test_more.py:16",
      "AssertionError: {'tea': 2, 'milk': 1} != {'tea': 1, 'milk': 1}",
    ],
    ["pytest", "test_basket.py:5", "assert 4 == 5"],
    [
      "pytest_list",
      "test_more.py:11",
      "AssertionError: the list, assert [1, 2, 3] == [1, 2, 4]",
    ],
    ["pytest_short", "shop.py:16", "LookupError: no price"],
    // JavaScript and TypeScript.
    ["node_test", "node/shop.test.mjs:10", "Error: 4 is not 5"],
    ["node_color", "node/shop.test.mjs:10", "Error: 4 is not 5"],
    [
      "node_uncaught",
      "node/shop.cjs:5",
      "AssertionError [ERR_ASSERTION]: Expected values to be strictly equal: 4 !== 5",
    ],
    [
      "node_mocha",
      "mocha.spec.cjs:5",
      "AssertionError [ERR_ASSERTION]: Expected values to be strictly equal: 4 !== 5",
    ],
    [
      "node_jest",
      "jest.test.cjs:2",
      "expect(received).toBe(expected) // Object.is equality, Expected: 5, Received: 4",
    ],
    [
      "node_vitest",
      "vitest.test.mjs:4",
      "AssertionError: expected 4 to be 5 // Object.is equality",
    ],
    ["node_jasmine", "node/jasmine_spec.cjs:3", "Expected 4 to be 5."],
    [
      "deno_test",
      "deno/shop.ts:2",
      "SyntaxError: Unexpected token 'e', \"tea\" is not valid JSON",
    ],
    [
      "deno_assert",
      "deno/total_test.ts:4",
      "AssertionError: Expected values to be strictly equal: 4 !== 5",
    ],
    [
      "node_eslint",
      "node/lint.js:1",
      "'total' is assigned a value but never used",
    ],
    [
      "node_eslint_unix",
      "node/lint.js:1",
      "/project/node/lint.js:1:5: 'total' is assigned a value but never used. [Error/no-unused-vars]",
    ],
    // Go.
    [
      "go_test",
      "basket_test.go:7",
      "basket_test.go:7: total is 4, expected 5",
      { testId: "example.com/shop/basket.TestTotal" },
    ],
    [
      "go_subtest",
      "more_test.go:8",
      "more_test.go:8: Total() mismatch (-want +got): -5, +4",
    ],
    [
      "go_testify",
      "till_test.go:10",
      "till_test.go:10: Not equal: expected: 5, actual: 4",
    ],
    [
      "go_panic",
      "go/basket/basket.go:4",
      "panic: runtime error: index out of range [0] with length 0",
    ],
    [
      "go_trimpath",
      "example.com/shop/basket/basket.go:4",
      "panic: runtime error: index out of range [0] with length 0",
    ],
    [
      "go_timeout",
      "go/basket/more_test.go:13",
      "panic: test timed out after 100ms",
    ],
    [
      "go_build",
      "broken/broken_test.go:6",
      "broken/broken_test.go:6:5: undefined: total",
    ],
    // Rust.
    [
      "rust_assert",
      "src/lib.rs:9",
      "assertion `left == right` failed: the total, left: 4, right: 5",
    ],
    ["rust_backtrace", "src/lib.rs:2", "attempt to add with overflow"],
    [
      "rust_expect",
      "src/lib.rs:19",
      "no price: ParseIntError { kind: InvalidDigit }",
    ],
    [
      "rust_error",
      "broken.rs:2",
      "error[E0425]: cannot find value `c` in this scope",
    ],
    // Java.
    [
      "java_total",
      "com/example/shop/TotalTest.java:10",
      "java.lang.AssertionError: expected:<5> but was:<4>",
    ],
    [
      "java_price",
      "com/example/shop/Basket.java:8",
      "Caused by: java.lang.IndexOutOfBoundsException: Index: 3 Size: 1",
    ],
    // C and C++.
    ["c_assert", "shop_assert.c:8", "Assertion `total(2, 2) == 5' failed."],
    [
      "c_check",
      "shop_check.c:5",
      "Assertion '2 + 2 == 5' failed: 2 + 2 == 4, 5 == 5",
    ],
    ["c_cmocka", "shop_cmocka.c:10", "0x4 != 0x5"],
    [
      "c_asan",
      "c/shop_asan.c:5",
      "AddressSanitizer: heap-buffer-overflow, WRITE of size 8",
    ],
    [
      "c_ubsan",
      "shop_ubsan.c:5",
      "shop_ubsan.c:5:20: runtime error: signed integer overflow: 1 + 2147483647 cannot be represented in type 'int'",
    ],
    [
      "c_gcc",
      "shop_syntax.c:2",
      "shop_syntax.c:2:16: error: ‘c’ undeclared (first use in this function)",
    ],
    [
      "cc_gtest",
      "shop_test.cc:4",
      "Expected equality of these values: 2 + 2, Which is: 4, 5, the total",
    ],
    [
      "cc_boost",
      "shop_boost.cpp:6",
      "check 2 + 2 == 5 has failed [2 + 2 != 5]",
    ],
    [
      "cc_boost",
      "shop_boost.cpp:9",
      "std::runtime_error: no price",
      { from: "unknown location" },
    ],
    [
      "cc_catch2",
      "shop_catch.cpp:6",
      "REQUIRE( total == 5 ), with expansion: 4 == 5",
    ],
    [
      "cc_doctest",
      "shop_doctest.cpp:6",
      "CHECK( total == 5 ) is NOT correct! values: CHECK( 4 == 5 )",
    ],
    [
      "cc_cppunit",
      "shop_cppunit.cpp:8",
      "equality assertion failed, Expected: 5, Actual: 4",
    ],
    // Perl, shells, PHP, Ruby, Lua, Elixir.
    ["perl_die", "die.t:5", "no price for tea at die.t line 5."],
    ["bash_unset", "price.sh:4", "price.sh: line 4: tea: unbound variable"],
    ["bash_shunit2", undefined, "the total expected:<5> but was:<4>"],
    ["php_phpunit", "php/ShopTest.php:14", "RuntimeException: no price"],
    [
      "php_phpunit",
      "php/ShopTest.php:9",
      "the total, Failed asserting that 4 is identical to 5.",
      { from: "There was 1 failure" },
    ],
    ["ruby_minitest", "test_shop.rb:7", "Expected: 5, Actual: 4"],
    [
      "ruby_minitest",
      "test_shop.rb:11",
      "KeyError: no price",
      { from: "  2) Error" },
    ],
    ["ruby_rspec", "shop_spec.rb:3", "expected: 5, got: 4"],
    [
      "ruby_rspec",
      "shop_spec.rb:7",
      "KeyError: no price",
      { from: "  2) shop prices" },
    ],
    [
      "lua_busted",
      "shop_spec.lua:3",
      "shop_spec.lua:3: Expected objects to be equal. Passed in: (number) 4, Expected: (number) 5",
    ],
    [
      "elixir_exunit",
      "shop_test.exs:7",
      "Assertion with == failed, code: assert 2 + 2 == 5, left: 4, right: 5",
    ],
  ];
  const decoder = new TextDecoder();
  for (const [name, place, headline, options = {}] of table) {
    const { from = "", testId = "t" } = options;
    const all = decoder.decode(read(`tracebacks/${name}.txt`));
    const text = all.slice(all.indexOf(from));
    const found = findPlace(text, { testId }, project);
    assertEquals(
      [found && `${found.path}:${found.line}`, headlineOf("traceback", text)],
      [place, headline],
      name,
    );
  }
  const recorded = Array.from(
    Deno.readDirSync(`${fixtures}tracebacks`),
    ({ name }) => name,
  ).filter((name) => name.endsWith(".txt"));
  const listed = new Set(table.map(([name]) => `${name}.txt`));
  // In the other table.
  listed.add("node_tap.txt");
  assertEquals([...listed].sort(), recorded.sort());
});

/** The failed tests in the output of a producer, those with a headline. */
function failuresIn(file: string): Row[] {
  const decoder = file.endsWith(".xml")
    ? new JunitDecoder()
    : file.endsWith(".jsonl")
    ? new GoJsonDecoder()
    : new TapDecoder();
  const collator = new TestCollator({ attachments: true });
  const rows: Row[] = [];
  const add = (event: StatusEvent) => {
    const test = collator.add(event);
    if (test?.outcome === "fail") rows.push(rowOf(test));
  };
  decoder.push(read(file)).forEach(add);
  decoder.end().forEach(add);
  return rows.filter(([, headline]) => headline !== undefined);
}

function rowOf({ testId, tags, attachments }: Test): Row {
  const files = attachments.filter((file) => isText(file));
  const textOf = ({ bytes }: { bytes: Uint8Array }) =>
    new TextDecoder().decode(bytes);
  const reason = reasonIn(files, true);
  if (reason === undefined) return [undefined, undefined];
  const place = [reason, ...files]
    .map((file) => findPlace(textOf(file), { testId, tags }, project))
    .find((place) => place !== undefined);
  return [
    place && `${place.path}:${place.line}`,
    headlineOf(reason.name, textOf(reason)),
  ];
}

Deno.test("findPlace and headlineOf read real runs behind the converters", () => {
  const table: [file: string, ...rows: Row[]][] = [
    ["tracebacks/node_tap.txt", ["node/shop.test.mjs:10", "4 is not 5"]],
    [
      "tracebacks/node_assert.tap",
      [
        "node/assert.test.mjs:4",
        "Expected values to be strictly equal: 4 !== 5",
      ],
      ["node/assert.test.mjs:5", "the total: 4 !== 5"],
      [
        "node/assert.test.mjs:6",
        "Expected values to be strictly deep-equal: actual tea: 2, expected tea: 1",
      ],
      ["node/assert.test.mjs:7", "Missing expected exception."],
      [
        "node/assert.test.mjs:8",
        "Cannot read properties of null (reading 'price')",
      ],
    ],
    [
      "tracebacks/node_tape.tap",
      ["node/shop_tape.cjs:4", "is five: expected 5, actual 4"],
      [
        "node/shop_tape.cjs:9",
        "should be deeply equivalent: expected { tea: 1 }, actual { tea: 2 }",
      ],
    ],
    [
      "tracebacks/node_tap18.tap",
      ["shop_tap.cjs:4", "expected 5, actual 4"],
      ["shop_tap.cjs:9", 'expected "tea": 1, actual "tea": 2'],
    ],
    [
      "tracebacks/node_vitest.tap",
      ["node/vitest.test.mjs:4", "expected 4 to be 5 // Object.is equality"],
    ],
    // Its frame is in the library.
    ["tracebacks/node_ava.tap", [undefined, "t.is(): expected 5, actual 4"]],
    [
      "tracebacks/node_qunit.tap",
      ["node/qunit.cjs:2", "is five: expected 5, actual 4"],
    ],
    [
      "tracebacks/node_eslint.tap",
      ["node/lint.js:1", "'total' is assigned a value but never used."],
    ],
    [
      "tracebacks/node_eslint.xml",
      ["node/lint.js:1", "'total' is assigned a value but never used."],
      ["node/lint.js:3", "Expected '===' and instead saw '=='."],
    ],
    [
      "tracebacks/perl_more.tap",
      ["shop.t:5", "got: '4', expected: '5'"],
      [
        "shop.t:6",
        "Structures begin differing at: $got->{tea} = '2', $expected->{tea} = '1'",
      ],
      ["shop.t:7", "Failed test at shop.t line 7."],
    ],
    [
      "tracebacks/bash_bats.tap",
      ["shop.bats:8", '`[ "$output" = 5 ]\' failed'],
    ],
    [
      "tap/deno.tap",
      ["deno_suite.ts:12", "Error: expected 2, got 3"],
      ["deno_suite.ts:16", "Error: bad"],
      ["deno_suite.ts:14", "1 test step failed."],
    ],
    [
      "tap/node.tap",
      ["node_suite.mjs:14", "2 == 3"],
      ["node_suite.mjs:18", "bad"],
      ["node_suite.mjs:16", "1 subtest failed"],
    ],
    ["tap/node_tap.tap", ["node_tap_suite.cjs:11", "expected 2, actual 1"]],
    [
      "tap/perl.tap",
      ["perl_suite.t:4", "got: '3', expected: '2'"],
      ["perl_suite.t:10", "Failed test 'bad'"],
      ["perl_suite.t:10", "Failed test 'failing subtest'"],
    ],
    ["tap/tape.tap", ["tape_suite.cjs:5", "are equal: expected 3, actual 2"]],
    [
      "junit/pytest.xml",
      [
        "test_broken.py:1",
        "ModuleNotFoundError: No module named 'no_such_module'",
      ],
      [
        "test_shop.py:19",
        'AssertionError: two "and" two, assert 4 == 5',
      ],
      ["test_shop.py:41", "RuntimeError: the till is stuck"],
    ],
    [
      "junit/node.xml",
      ["node/shop.test.mjs:8", "AssertionError [ERR_ASSERTION]: 4 == 5"],
    ],
    [
      "junit/deno.xml",
      ["shop_test.ts:3", "1 test step failed."],
      ["deno/shop_test.ts:6", "Error: 2 + 2 is not 5"],
    ],
    [
      "junit/gtest.xml",
      [
        "shop_test.cc:7",
        "Expected equality of these values: 2 + 2, Which is: 4, 5",
      ],
    ],
    [
      "recipes/vitest.xml",
      [
        "basket.test.js:5",
        "AssertionError: expected 3.3000000000000003 to be 3.3 // Object.is equality",
      ],
    ],
    [
      "recipes/playwright.xml",
      [
        "basket.spec.js:5",
        "Error: expect(received).toBe(expected) // Object.is equality, Expected: 3.3, Received: 3.3000000000000003",
      ],
      [
        "basket.spec.js:8",
        "Error: expect(received).toBe(expected) // Object.is equality, Expected: 1, Received: 0",
      ],
    ],
    [
      "gojson/go1.19.jsonl",
      ["basket_test.go:24", "basket_test.go:24: Sum(2, 2) = 4, want 5"],
      ["basket_test.go:39", "basket_test.go:39: got 3, want 4"],
      // All that it prints before t.Fail().
      [undefined, "in two"],
      [undefined, "[build failed]"],
      [
        "example.com/shop/crash/crash_test.go:14",
        "panic: assignment to entry in nil map",
      ],
      [undefined, "no result when the package ended"],
      [undefined, "no result when the package ended"],
      [undefined, "the package failed, and none of its tests did"],
      [undefined, "[build failed]"],
    ],
    [
      "gojson/go1.19_timeout.jsonl",
      [
        "example.com/shop/slow/slow_test.go:9",
        "panic: test timed out after 100ms",
      ],
    ],
  ];
  for (const [file, ...rows] of table) {
    assertEquals(failuresIn(file), rows, file);
  }
});
