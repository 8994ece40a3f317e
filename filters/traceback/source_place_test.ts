import { assertEquals } from "@std/assert";
import { findPlace, ownFrames, type Project } from "./source_place.ts";

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
  const place = findPlace(text, { testId }, where);
  return place && `${place.path}:${place.line}`;
}

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
    ["   at Shop.Total() in /project/src/Shop.cs:line 12", "src/Shop.cs:12"],
    // Boost.Test in a report of JUnit, and where it knows no line.
    [
      "ASSERTION FAILURE:\n- file   : src/a.cpp\n- line   : 6\n- message: no",
      "src/a.cpp:6",
    ],
    [
      'unknown location(0): fatal error: in "a": x\na.cpp(9): last checkpoint',
      "a.cpp:9",
    ],
    // Attributes of JUnit's cases, and diagnostics in YAML.
    [
      "file=/project/tests/ATest.php\nline=7\nassertions=1",
      "tests/ATest.php:7",
    ],
    ["  file: 'lib/a b.js'\n  line: 4\n", "lib/a b.js:4"],
    ["line=7", undefined],
    ["  3:7  error  x is not used", undefined],
    ["/project/src/a b.js\n  3:7  error  x is not used", "src/a b.js:3"],
    ["/project/a.js: line 3, col 7, Error - no", undefined],
    ["    x_test.go:7: a log\n    x_test.go:9: no", "x_test.go:9"],
    // Colors are not part of a name.
    [
      "  at f \x1b[90m(/project/\x1b[39mlib/\x1b[4ma.js\x1b[24m:2:31\x1b[90m)\x1b[39m",
      "lib/a.js:2",
    ],
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

Deno.test("findPlace takes relative paths from where the tests ran", () => {
  const at = (workingDirectory: string, ...files: string[]): Project => ({
    root: "/project",
    workingDirectory,
    exists: (path) => files.includes(path),
  });
  const python = '  File "tests/a.py", line 3';
  const cases: [text: string, project: Project, place?: string][] = [
    [
      python,
      at("/project/pkg/api", "pkg/api/tests/a.py"),
      "pkg/api/tests/a.py",
    ],
    // Both are there, only the root's is, none is.
    [
      python,
      at("/project/pkg", "pkg/tests/a.py", "tests/a.py"),
      "pkg/tests/a.py",
    ],
    [python, at("/project/pkg", "tests/a.py"), "tests/a.py"],
    [python, at("/project/pkg"), "pkg/tests/a.py"],
    // The tests ran elsewhere, above the project or outside of it.
    [python, at("/elsewhere", "tests/a.py"), "tests/a.py"],
    [python, at("/elsewhere"), "tests/a.py"],
    ['  File "project/tests/a.py", line 3', at("/"), "tests/a.py"],
    ['  File "../lib/a.py", line 3', at("/project/pkg"), "lib/a.py"],
    ['  File "../../a.py", line 3', at("/project/pkg"), undefined],
    // Names of packages and classes begin there, too.
    [
      "\tat com.example.A.b(A.java:3)",
      at("/project/pkg", "pkg/src/test/java/com/example/A.java"),
      "pkg/src/test/java/com/example/A.java",
    ],
    [
      "\texample.com/shop/basket/a.go:3 +0x1d",
      at("/project/pkg", "pkg/basket/a.go"),
      "pkg/basket/a.go",
    ],
    // Absolute paths need no such thing.
    ['  File "/project/a.py", line 3', at("/project/pkg"), "a.py"],
  ];
  for (const [text, project, place] of cases) {
    assertEquals(
      shown(text, { project }),
      place && `${place}:3`,
      `${text} ${project.workingDirectory}`,
    );
  }
});

Deno.test("findPlace finds files with blanks, colons and brackets in their names", () => {
  const cases: [file: string, ...texts: string[]][] = [
    [
      "x:y.py",
      '  File "/project/x:y.py", line 3, in f',
      '  File "x:y.py", line 3, in f',
      "x:y.py:3: AssertionError",
    ],
    ['say "a".py', '  File "say "a".py", line 3, in f'],
    ["my tests/a.py", "my tests/a.py:3: AssertionError"],
    [
      "app/(shop)/[id]/a.tsx",
      "    at f (/project/app/(shop)/[id]/a.tsx:3:2)",
      "    at async file:///project/app/(shop)/%5Bid%5D/a.tsx:3:2",
      "    f (/project/app/(shop)/[id]/a.tsx:3:2)",
    ],
    ["a b/c.js", "    at Object.f [as g] (/project/a b/c.js:3:2)"],
    ["a: b.c", "/project/a: b.c:3:7: error: no", "a: b.c:3: Failure"],
    ["src (old)/a.cpp", 'src (old)/a.cpp(3): error: in "a": no'],
    ["my code/lib.rs", "thread 't' panicked at my code/lib.rs:3:9:"],
    ["t/a test.t", "#   at t/a test.t line 3."],
    ["my go/a_test.go", "\t/project/my go/a_test.go:3 +0x1d"],
  ];
  for (const [file, ...texts] of cases) {
    const project = projectOf(file);
    for (const text of texts) {
      assertEquals(shown(text, { project }), `${file}:3`, text);
    }
  }
  // Words before a name are no part of it.
  assertEquals(
    shown("error in src/a.c:3: no", { project: projectOf("src/a.c") }),
    "src/a.c:3",
  );
});

Deno.test("findPlace takes the file that a test is about", () => {
  const text = "line 3, col 7, Error - no (rule)";
  const cases: [testId: string, tags: string[], place?: string][] = [
    ["/project/src/a.js", [], "src/a.js:3"],
    ["test 1 - /project/src/a.js", [], "src/a.js:3"],
    [
      "a.org.eslint.rule",
      ["suite:all", "suite:/project/src/a.js"],
      "src/a.js:3",
    ],
    ["a.org.eslint.rule", ["src/a.js"], undefined],
    ["a.org.eslint.rule", ["suite:/elsewhere/a.js"], undefined],
  ];
  for (const [testId, tags, place] of cases) {
    const found = findPlace(text, { testId, tags }, projectOf());
    assertEquals(found && `${found.path}:${found.line}`, place, testId);
  }
});

Deno.test("findPlace never asks for a file outside the project", () => {
  const asked: string[] = [];
  const nosy: Project = {
    root: "/project",
    workingDirectory: "/project/pkg",
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
    "x:/../../x.py",
    "C:/../x.py",
  ];
  for (const path of hostile) {
    findPlace(
      `  File "${path}", line 1\n${path}:1: x\n at ${path}:1:1`,
      { testId: "t" },
      nosy,
    );
    findPlace(`x.go:1: x`, { testId: "../../etc/p.TestX" }, nosy);
    findPlace(` at ..a..b.c(x.java:1)`, { testId: "t" }, nosy);
  }
  const outside = asked.filter((path) =>
    path.startsWith("/") || path.split("/").includes("..")
  );
  assertEquals(outside, []);
});

Deno.test("ownFrames finds the frames of each line, and those in the project", () => {
  const lines = [
    "Traceback (most recent call last):",
    '  File "/usr/lib/python3/unittest/case.py", line 58, in run',
    '  File "/project/shop/basket.py", line 3, in total',
    "    return 4",
    "AssertionError: 4 != 5",
    "    at total (/project/node_modules/a/b.js:1:2)",
    "    at node:internal/modules:1:2",
    "    at shop/total.js:1:2",
  ];
  assertEquals(ownFrames(lines, { testId: "t" }, projectOf()), [
    undefined,
    false,
    true,
    undefined,
    undefined,
    false,
    false,
    true,
  ]);
});
