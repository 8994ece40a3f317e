import { assertEquals } from "@std/assert";
import { findPlace, type Project } from "./source_place.ts";

const fixtures = new URL("../../tests/fixtures/", import.meta.url).pathname;
const suites = `${fixtures}tracebacks/suites`;

/** A project at `/project` that has the files of a suite, or none. */
function project(suite?: string): Project {
  return {
    root: "/project",
    exists(path) {
      if (suite === undefined) return false;
      try {
        return Deno.statSync(`${suites}/${path}`).isFile;
      } catch {
        return false;
      }
    },
  };
}

/** A project whose files are named. */
function projectOf(...files: string[]): Project {
  return { root: "/project", exists: (path) => files.includes(path) };
}

function shown(
  text: string,
  { testId = "t", project: where = projectOf() }: {
    testId?: string;
    project?: Project;
  } = {},
): string | undefined {
  const place = findPlace(text, testId, where);
  return place && `${place.path}:${place.line}`;
}

Deno.test("findPlace finds the place in what real tools print", () => {
  // Run in the suite's directory: relative paths are relative to that.
  const cases: [file: string, place: string, testId?: string][] = [
    ["python_unittest.txt", "python/test_shop.py:8"],
    ["python_library.txt", "python/shop.py:9"],
    ["python_chained.txt", "python/shop.py:16"],
    ["pytest.txt", "test_basket.py:5"],
    ["node_test.txt", "node/shop.test.mjs:10"],
    ["node_tap.txt", "node/shop.test.mjs:10"],
    ["node_uncaught.txt", "node/shop.cjs:5"],
    ["deno_test.txt", "deno/shop.ts:2"],
    ["go_test.txt", "basket_test.go:7", "example.com/shop/basket.TestTotal"],
    ["go_panic.txt", "go/basket/basket.go:4"],
    ["go_trimpath.txt", "example.com/shop/basket/basket.go:4"],
    ["rust_assert.txt", "src/lib.rs:9"],
    ["rust_backtrace.txt", "src/lib.rs:2"],
    ["java_total.txt", "com/example/shop/TotalTest.java:10"],
    ["java_price.txt", "com/example/shop/Basket.java:8"],
    ["c_assert.txt", "shop_assert.c:8"],
    ["c_check.txt", "shop_check.c:5"],
    ["c_asan.txt", "c/shop_asan.c:5"],
    ["cc_gtest.txt", "shop_test.cc:4"],
  ];
  for (const [file, place, testId] of cases) {
    const text = Deno.readTextFileSync(`${fixtures}tracebacks/${file}`);
    assertEquals(shown(text, { testId, project: project() }), place, file);
  }
  const files = Deno.readDirSync(`${fixtures}tracebacks`);
  const recorded = Array.from(files).filter(({ name }) =>
    name.endsWith(".txt")
  );
  assertEquals(recorded.length, cases.length);
});

Deno.test("findPlace finds files in the checkout by package and module", () => {
  const cases: [file: string, suite: string, place: string, testId?: string][] =
    [
      [
        "java_total",
        "java",
        "src/test/java/com/example/shop/TotalTest.java:10",
      ],
      ["java_price", "java", "src/main/java/com/example/shop/Basket.java:8"],
      ["go_trimpath", "go", "basket/basket.go:4"],
      [
        "go_test",
        "go",
        "basket/basket_test.go:7",
        "example.com/shop/basket.TestTotal/sub",
      ],
      ["go_test", "go", "basket_test.go:7", "a test of no package"],
      ["cc_gtest", "c", "shop_test.cc:4"],
    ];
  for (const [file, suite, place, testId] of cases) {
    const text = Deno.readTextFileSync(`${fixtures}tracebacks/${file}.txt`);
    const at: Project = {
      root: `/project/${suite}`,
      exists: (path) => project(suite).exists(`${suite}/${path}`),
    };
    assertEquals(shown(text, { testId, project: at }), place, file);
  }
});

Deno.test("findPlace reads what else prints places", () => {
  const cases: [text: string, place: string | undefined][] = [
    // Rust before 1.73.
    ["thread 'a' panicked at 'no: x, y', src/a.rs:3:9", "src/a.rs:3"],
    ["#   at t/basic.t line 12.", "t/basic.t:12"],
    ["shop.rb:7:in `total': no price (RuntimeError)", "shop.rb:7"],
    ["/project/Shop.kt: (12, 3): error", undefined],
    ["shop_test.cpp(12): error: Value of: a", "shop_test.cpp:12"],
    ["../src/shop.c:7:F:core:test:0: Failure", undefined],
    ["src/../lib/shop.c:7:F:core:test:0: Failure", "lib/shop.c:7"],
    ["./src/shop.c:7: Failure", "src/shop.c:7"],
    ["\tat app//com.a.B$C.<init>(B.java:5)", "com/a/B.java:5"],
    ["\tat com.a.BKt$x$1.invoke(B.kt:5)", "com/a/B.kt:5"],
    ["\tat B.m(B.java:5)", "B.java:5"],
    ["\tat com.a.B.m(Native Method)", undefined],
    ["\tat org.junit.Assert.fail(Assert.java:89)", undefined],
    ["    at Object.f [as g] (/project/a b/c.js:1:2)", "a b/c.js:1"],
    ["    at async file:///project/a%20b/%C3%A9.ts:4:3", "a b/é.ts:4"],
    ["    at f (file:///project/%zz.ts:4:3)", undefined],
    ["    at f (https://example.com/mod.ts:4:3)", undefined],
    ["    at f (ext:core/01_core.js:4:3)", undefined],
    ["    at f (node:internal/test:4:3)", undefined],
    ['"at file:///project/d.ts:12:9"', "d.ts:12"],
    ['  File "<string>", line 1, in <module>', undefined],
    ['  File "/elsewhere/a.py", line 1, in f', undefined],
    ['  File "/projects/a.py", line 1, in f', undefined],
    ['  File "/project/venv/lib/site-packages/a.py", line 1', undefined],
    ['  File "C:\\project\\a.py", line 1', undefined],
    ["a.py:0: x", undefined],
    ["a.c:99999999999: x", undefined],
    ["connect to example.com:443 failed at 12:30:01.123", undefined],
    ["", undefined],
    ["no place\n".repeat(3), undefined],
  ];
  for (const [text, place] of cases) assertEquals(shown(text), place, text);
  const windows: Project = { root: "C:\\project", exists: () => false };
  assertEquals(
    shown('  File "C:\\project\\sub\\a.py", line 1', { project: windows }),
    "sub/a.py:1",
  );
});

Deno.test("findPlace prefers frames whose files are there", () => {
  const text = [
    "    at helper (dist/helper.js:1:1)",
    "    at test (test/a.test.js:2:2)",
    "    at run (test/run.js:3:3)",
  ].join("\n");
  assertEquals(shown(text), "dist/helper.js:1");
  const there = projectOf("test/a.test.js", "test/run.js");
  assertEquals(shown(text, { project: there }), "test/a.test.js:2");
});

Deno.test("findPlace never asks for a file outside the project", () => {
  const asked: string[] = [];
  const nosy: Project = {
    root: "/project",
    exists(path) {
      asked.push(path);
      return false;
    },
  };
  const hostile = [
    "/etc/x.py",
    "../../etc/x.py",
    "a/../../x.py",
    "/project/../x.py",
  ];
  for (const path of hostile) {
    findPlace(
      `  File "${path}", line 1\n${path}:1: x\n at ${path}:1:1`,
      "t",
      nosy,
    );
    findPlace(`x.go:1: x`, "../../etc/p.TestX", nosy);
    findPlace(` at ..a..b.c(x.java:1)`, "t", nosy);
  }
  const outside = asked.filter((path) =>
    path.startsWith("/") || path.split("/").includes("..")
  );
  assertEquals(outside, []);
});
