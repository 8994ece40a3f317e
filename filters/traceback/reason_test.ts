import { assertEquals } from "@std/assert";
import { headlineOf, isText, reasonIn } from "./reason.ts";

const fixtures = new URL("../../tests/fixtures/tracebacks", import.meta.url);

function files(...names: string[]) {
  const bytes = Uint8Array.of(0x61);
  return names.map((name) => ({ name, mimeType: undefined, bytes }));
}

Deno.test("isText goes by the type, or else by the bytes", () => {
  const cases: [mimeType: string | undefined, bytes: number[], is: boolean][] =
    [
      ["text/plain;charset=utf8", [0], true],
      ["application/json", [], true],
      ["image/png", [0x61], false],
      [undefined, [0x61], true],
      ["", [0x61], true],
      [undefined, [0], false],
    ];
  for (const [mimeType, bytes, is] of cases) {
    const file = { name: "f", mimeType, bytes: Uint8Array.from(bytes) };
    assertEquals(isText(file), is, `${mimeType} ${bytes}`);
  }
});

Deno.test("reasonIn prefers names that say so", () => {
  const cases: [names: string[], isFailed: boolean, reason?: string][] = [
    [["log", "reason", "traceback", "stderr"], true, "traceback"],
    [["log", "reason"], false, "reason"],
    [["a", "b"], true, "b"],
    [["a", "b"], false, undefined],
    [[], true, undefined],
    [
      ["attempt-1 traceback", "attempt-2 traceback", "attempt-2 stdout"],
      true,
      "attempt-2 traceback",
    ],
    [["attempt-1 traceback", "traceback"], true, "traceback"],
    [["nottraceback", "z"], true, "z"],
  ];
  for (const [names, isFailed, reason] of cases) {
    assertEquals(reasonIn(files(...names), isFailed)?.name, reason);
  }
});

Deno.test("reasonIn reads files whose names do not decide", () => {
  const file = (name: string, text: string) => ({
    name,
    mimeType: "text/plain",
    bytes: new TextEncoder().encode(text),
  });
  const crash = file(
    "output",
    "=== RUN   TestX\npanic: no price\n\ngoroutine 6",
  );
  const logged = file("output", "=== RUN   TestX\n    x_test.go:3: a log\n");
  const lost = file("reason", "no result");
  const yaml = file("tap yaml", "  duration_ms: 1.5\n  error: 'no price'\n");
  const timed = file("tap yaml", "  duration_ms: 1.5\n");
  const more = file("tap comment", "#   Failed test 'a'\n#   at a.t line 3.\n");
  const chat = file("tap comment", "# adding up\n");
  const meta = file("tap meta", "the plan has no such test");
  const cases: [files: ReturnType<typeof file>[], reason: string][] = [
    [[crash, lost], crash.name],
    [[logged, lost], lost.name],
    [[crash, file("reason", "no result"), file("traceback", "x")], "traceback"],
    [[chat, yaml, meta], yaml.name],
    [[more, timed, meta], more.name],
    [[chat, timed, meta], meta.name],
    [[file("stdout", "Error: x\n    at f (a.js:1:2)"), chat], chat.name],
  ];
  for (const [files, reason] of cases) {
    assertEquals(reasonIn(files, true)?.name, reason);
  }
  // Why a test was skipped is in no output.
  assertEquals(reasonIn([crash, lost], false)?.name, lost.name);
  assertEquals(reasonIn([crash], false), undefined);
});

Deno.test("headlineOf never quotes a duration or a decoration", () => {
  const cases: [name: string, text: string, headline: string | undefined][] = [
    ["tap yaml", "  duration_ms: 1.5\n", undefined],
    [
      "tap yaml",
      "  operator: fail\n  at: Test.<anonymous> (/a.js:1:2)\n",
      undefined,
    ],
    [
      "tap yaml",
      "  operator: equal\n  expected: 3\n  actual:   2\n",
      "expected 3, actual 2",
    ],
    [
      "tap yaml",
      "  found: 2\n  wanted: 3\n  compare: ===\n",
      "expected 3, actual 2",
    ],
    ["tap yaml", "  message: 'it''s off'\n  severity: fail\n", "it's off"],
    ["tap yaml", '  message: "a \\"b\\""\n', 'a "b"'],
    [
      "tap yaml",
      "  error: |-\n    first\n    second\n  code: 1\n  stack: |-\n    f (a.js:1:2)\n",
      "first",
    ],
    ["tap yaml", '  {"message":"Error: cut\\n at', "Error: cut"],
    ["output", "=== RUN   TestX\n--- FAIL: TestX (0.00s)\n", undefined],
    ["output", "=== RUN   TestX\nexit status 1\nFAIL\tp\t0.1s\n", undefined],
    [
      "output",
      "=== RUN   TestX\n=== PAUSE TestX\n=== CONT  TestX\nboom\n",
      "boom",
    ],
    [
      "traceback",
      "AssertionError: 'a' != 'b'\n- a\n+ b\n? ^\n",
      "AssertionError: 'a' != 'b'",
    ],
    ["traceback", "# time=9.294ms {", undefined],
    ["tap comment", "# out of memory", "out of memory"],
    ["reason", "\x1b[31mred\x1b[0m", "red"],
  ];
  for (const [name, text, headline] of cases) {
    assertEquals(headlineOf(name, text), headline, text);
  }
});

Deno.test("headlineOf reads what else languages print", () => {
  const cases: [text: string, headline: string][] = [
    // Python: groups, messages that begin on the next line, errors of syntax.
    [
      '  + Exception Group Traceback (most recent call last):\n  |   File "a.py", line 1, in f\n  |     raise g\n  | ExceptionGroup: two (2 sub-exceptions)\n  +-+---------------- 1 ----------------\n    | ValueError: x\n',
      "ExceptionGroup: two (2 sub-exceptions)",
    ],
    [
      'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    check()\nAssertionError: \nNot equal to tolerance rtol=1e-07\n',
      "AssertionError: Not equal to tolerance rtol=1e-07",
    ],
    [
      'Traceback (most recent call last):\n  File "a.py", line 1\n    x =\n       ^\nSyntaxError: invalid syntax\n',
      "SyntaxError: invalid syntax",
    ],
    // Rust before 1.73, and without values.
    [
      "thread 'a' panicked at 'assertion failed: `(left == right)`\n  left: `4`,\n right: `5`', src/a.rs:3:9",
      "assertion failed: `(left == right)`, left: `4`, right: `5`",
    ],
    ["thread 'a' panicked at 'no: x, y', src/a.rs:3:9", "no: x, y"],
    [
      "thread 'a' panicked at src/a.rs:3:9:\nassertion failed: ok\n",
      "assertion failed: ok",
    ],
    // Java: messages of several lines, Kotlin.
    [
      "java.lang.AssertionError: \nExpecting:\n <4>\nto be equal to:\n <5>\n\tat com.example.A.b(A.java:3)",
      "java.lang.AssertionError: Expecting: <4>, to be equal to: <5>",
    ],
    [
      "org.opentest4j.AssertionFailedError: expected: <5> but was: <4>\norg.opentest4j.AssertionFailedError: expected: <5> but was: <4>\n\tat app//com.example.A.b(A.kt:3)",
      "org.opentest4j.AssertionFailedError: expected: <5> but was: <4>",
    ],
    // Go: races, crashes of the runtime, panics with errors.
    [
      "    x_test.go:9: adding\n    testing.go:1319: race detected during execution of test\n",
      "testing.go:1319: race detected during execution of test",
    ],
    [
      "fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [select]:\n",
      "fatal error: all goroutines are asleep - deadlock!",
    ],
    // V8: errors of other names, causes, promises.
    [
      "Uncaught TypeError: x is null\n    at f (a.js:1:2)",
      "TypeError: x is null",
    ],
    [
      "Error: outer\n    at f (a.js:1:2) {\n  [cause]: Error: inner\n      at g (a.js:2:2)\n}",
      "Error: outer",
    ],
    [
      "TimeoutError: no answer\n    at async f (file:///a.js:1:2)",
      "TimeoutError: no answer",
    ],
    // node:assert, with a message of one's own: what it does not say is added.
    [
      "AssertionError [ERR_ASSERTION]: 14 m, not 0.3 m\n\n14 !== 0.3\n\n    at f (a.js:1:2)",
      "AssertionError [ERR_ASSERTION]: 14 m, not 0.3 m",
    ],
    [
      "AssertionError [ERR_ASSERTION]: the tide\n\n14 !== 0.3\n\n    at f (a.js:1:2)",
      "AssertionError [ERR_ASSERTION]: the tide: 14 !== 0.3",
    ],
    // C++: GoogleTest with MSVC, exceptions in Catch2, Boost.Test in JUnit.
    [
      "shop_test.cc(12): error: Value of: ok\n  Actual: false\nExpected: true\n",
      "Value of: ok, Actual: false, Expected: true",
    ],
    [
      "a.cpp:4: FAILED:\n  price()\ndue to unexpected exception with message:\n  no price\n",
      "price(), due to unexpected exception with message: no price",
    ],
    [
      "ASSERTION FAILURE:\n- file   : a.cpp\n- line   : 6\n- message: check 4 == 5 has failed\n",
      "check 4 == 5 has failed",
    ],
    // What is like none of them.
    ["no answer from shop.example:443", "no answer from shop.example:443"],
  ];
  for (const [text, headline] of cases) {
    assertEquals(headlineOf("traceback", text), headline, text);
  }
});

Deno.test("headlineOf takes long and hostile texts", () => {
  const parts = [
    "a".repeat(1e5),
    " ".repeat(1e5),
    "at ".repeat(3e4),
    "(".repeat(1e5),
  ];
  parts.push(
    "Failure/Error: ".repeat(1e4),
    "# ".repeat(5e4),
    "a: ".repeat(3e4),
  );
  parts.push("\n".repeat(1e5), "E   \n".repeat(2e4), "x.py:1: \n".repeat(1e4));
  parts.push('{"message":"'.repeat(1e4), "'".repeat(1e5), "[".repeat(1e5));
  for (const part of parts) {
    const said = headlineOf(
      "traceback",
      `${part}\nError: x\n    at f (a.js:1:2)`,
    );
    assertEquals(said === undefined, false, part.slice(0, 20));
  }
});

Deno.test("headlineOf says what was raised", () => {
  const cases: [name: string, text: string, headline: string | undefined][] = [
    ["reason", "\n \nfirst\nsecond\n", "first"],
    ["traceback", "Traceback:\n  File\nError: x\n  more\n", "Error: x"],
    ["attempt-1 traceback", "Error: x\r\n    at f (a.js:1:2)\r\n", "Error: x"],
    ["traceback", "  File\n  Error: x", "Error: x"],
    ["traceback", " \n", undefined],
    ["reason", "", undefined],
  ];
  for (const [name, text, headline] of cases) {
    assertEquals(headlineOf(name, text), headline);
  }
  const java = Deno.readTextFileSync(`${fixtures.pathname}/java_price.txt`);
  const [, trace] = /^1\).*\n((?:.|\n)*)\nFAILURES/m.exec(java)!;
  assertEquals(
    headlineOf("traceback", trace),
    "Caused by: java.lang.IndexOutOfBoundsException: Index: 3 Size: 1",
  );
});
