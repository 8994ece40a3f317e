import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { createHash } from "../../kit/runtime/builtin.ts";
import { encodeId, type Fingerprint, Fingerprinter } from "./fingerprint.ts";
import type { Rules } from "./fingerprint.ts";

const SEED = 20261128;

function sha256(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}

/** The fingerprint of a test with one traceback. */
function of(
  text: string,
  { testId = "shop.ShopTest.test_refund", ...rules }: Rules & {
    testId?: string;
  } = {},
): Fingerprint {
  const fingerprinter = new Fingerprinter(sha256, rules);
  const texts = [{ name: "traceback", text }];
  return fingerprinter.of({ testId, outcome: "fail", texts })!;
}

/** The key without its version: types, frame, source line and message. */
function keyOf(text: string, testId?: string): readonly string[] {
  return of(text, { testId }).key.slice(1);
}

Deno.test("encodeId gives the vector", () => {
  const key = [
    "v1",
    "ConnectionRefusedError",
    "client.py:connect",
    's.connect(("127.0.0.1", self.port))',
    "[Errno <n>] Connection refused",
  ];
  const hash = sha256(JSON.stringify(key));
  assertEquals(hash.subarray(0, 10).toHex(), "889efde4ff0ed866ae98");
  assertEquals(encodeId(hash), "h2ffvs7z1vc6dbmr");
});

/** How each language prints a failure, as the key of its fingerprint. */
const ROWS: readonly {
  readonly name: string;
  readonly text: string;
  readonly testId?: string;
  readonly key: readonly string[];
}[] = [
  {
    name: "a group of exceptions",
    text: `  + Exception Group Traceback (most recent call last):
  |   File "/srv/shop/test_shop.py", line 3, in test_refund
  |     run(all)
  | ExceptionGroup: unhandled errors in a TaskGroup (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/srv/shop/till.py", line 9, in pay
    |     raise ValueError("no tea")
    | ValueError: no tea
    +---------------- 2 ----------------
    | Traceback (most recent call last):
    |   File "/srv/shop/till.py", line 12, in other
    |     raise KeyError("x")
    | KeyError: 'x'
    +------------------------------------
`,
    key: [
      "ValueError<ExceptionGroup",
      "till.py:pay",
      'raise ValueError("no tea")',
      "no tea",
    ],
  },
  {
    name: "an exception during the handling of another",
    text: `Traceback (most recent call last):
  File "/srv/a.py", line 3, in first
    raise ValueError("first")
ValueError: first

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/srv/b.py", line 3, in second
    raise KeyError("second")
KeyError: 'second'
`,
    key: ["KeyError", "b.py:second", 'raise KeyError("second")', "<q>"],
  },
  {
    name: "a syntax error",
    text: `Traceback (most recent call last):
  File "/usr/lib/python3.11/importlib/__init__.py", line 126, in import_module
    return _bootstrap._gcd_import(name[level:], package, level)
  File "/srv/shop/till.py", line 5
    def pay(:
            ^
SyntaxError: invalid syntax
`,
    key: ["SyntaxError", "till.py", "def pay(:", "invalid syntax"],
  },
  {
    name: "a cause in Node",
    text: `Error: no price
    at Shop.price (/srv/shop/index.js:5:9)
    at TestContext.<anonymous> (/srv/shop/shop.test.js:3:1)
    at Test.run (node:internal/test_runner/test:1:1) {
  code: 'NO_PRICE',
  [cause]: TypeError: x is not a function
      at new Till (/srv/shop/till-4f3a2b1c.js:2:3)
      at async Shop.till [as open] (/srv/shop/index.js:9:1) {
    code: 1
  }
}`,
    key: ["TypeError<Error", "till.js:new Till", "", "x is not a function"],
  },
  {
    name: "a matcher of Playwright",
    text: `Error: expect(locator).toHaveText(expected) failed

Locator: getByText('tea')
Expected: "tea"
Received: "milk"

    at buy (/srv/shop/pages/basket.ts:12:20)
    at /srv/shop/shop.spec.ts:8:3`,
    key: [
      "Error",
      "basket.ts:buy",
      "",
      "expect(locator).toHaveText(expected) failed",
    ],
  },
  {
    name: "a cause in Vitest",
    text: ` FAIL  shop.test.ts > pays
Error: no till
 ❯ Till.pay src/till.ts:3:9
 ❯ shop.test.ts:9:3

Caused by: RangeError: too low: -3
 ❯ Till.check src/index.ts:7:1
`,
    key: ["RangeError<Error", "src/index.ts:check", "", "too low: <n>"],
  },
  {
    name: "a suppressed exception of the JVM",
    testId: "com.example.ShopTest.pays",
    text: `java.lang.IllegalStateException: no till
\tat com.example.Shop.pay(Shop.java:5)
\tat com.example.ShopTest.pays(ShopTest.java:9)
\tSuppressed: java.io.IOException: closed
\t\tat com.example.Other.close(Other.java:5)
Caused by: java.io.IOException: port 8
\tat java.base/java.net.Socket.connect(Socket.java:1)
\tat com.example.Shop.lambda$pay$3(Shop.java:7)
\t... 2 more
`,
    key: [
      "java.io.IOException<java.lang.IllegalStateException",
      "com.example.Shop.lambda$pay$",
      "",
      "port <n>",
    ],
  },
  {
    name: "inner exceptions of .NET",
    testId: "Shop.Tests.TillTest.Pays",
    text: `System.InvalidOperationException : no price
---- System.FormatException : no number
 ---> System.FormatException: no number in "tea"
   at System.Number.ParseInt32(String s)
   at Shop.Till.<PriceAsync>d__5.MoveNext() in /srv/Till.cs:line 7
   --- End of inner exception stack trace ---
   at Shop.Till.Pay(Int32 amount) in /srv/Till.cs:line 12
   at Shop.Tests.TillTest.Pays() in /srv/TillTest.cs:line 5
`,
    key: [
      "System.FormatException<System.InvalidOperationException",
      "Shop.Till.PriceAsync",
      "",
      "no number in <q>",
    ],
  },
  {
    name: "a failure of .NET without inner exceptions",
    testId: "Shop.Tests.TillTest.Pays",
    text: `System.ArgumentOutOfRangeException : amount 5
   at Shop.Till.Pay(Int32 amount)
   at Shop.Tests.TillTest.<>c.<Pays>b__0_1() in /srv/TillTest.cs:line 5
`,
    key: [
      "System.ArgumentOutOfRangeException",
      "Shop.Till.Pay",
      "",
      "amount <n>",
    ],
  },
  {
    name: "a failure of GoogleTest",
    text: `shop_test.cc:12: Failure
Value of: shop.isOpen(8)
  Actual: false
Expected: true
`,
    key: ["Failure", "shop_test.cc", "shop.isOpen(8)", "Value of"],
  },
  {
    name: "an assertion of Check",
    text:
      `check_money.c:9:F:Core:test_create:0: Assertion 'amount == 5' failed: amount == 4, 5 == 5
`,
    testId: "Core:test_create",
    key: [
      "Assertion",
      "check_money.c:test_create",
      "amount == 5",
      "failed",
    ],
  },
  {
    name: "a crash in Check",
    text: `Running suite(s): Money
0%: Checks: 1, Failures: 0, Errors: 1
check_money.c:5:E:Core:test_create:0: (after this point) Received signal 11 (Segmentation fault)
`,
    key: [
      "Assertion",
      "check_money.c:test_create",
      "",
      "(after this point) Received signal 11 (Segmentation fault)",
    ],
  },
  {
    name: "an exception in Catch2",
    text: `shop.cpp:6: FAILED:
  REQUIRE( till.pay(5) )
due to unexpected exception with message:
  no tea: 7
`,
    key: ["exception", "shop.cpp", "REQUIRE( till.pay(5) )", "no tea: <n>"],
  },
  {
    name: "a fault in RSpec with a cause",
    text: `  1) shop pays
     Failure/Error: raise KeyError, "no tea"

     KeyError:
       no tea
     # ./lib/till.rb:3:in \`block in pay'
     # ./spec/shop_spec.rb:7:in \`block (2 levels) in <top (required)>'
`,
    key: ["KeyError", "till.rb:pay", 'raise KeyError, "no tea"', "no tea"],
  },
  {
    name: "an uncaught exception of Ruby",
    text: `shop.rb:5:in 'Till#pay': no tea: 5 (ArgumentError)
\tfrom shop.rb:9:in 'block in Till#refund'
\tfrom shop.rb:12:in '<main>'
`,
    key: ["ArgumentError", "shop.rb:pay", "", "no tea: <n>"],
  },
  {
    name: "an uncaught exception of PHP",
    text:
      `PHP Fatal error:  Uncaught RuntimeException: no tea: 5 in /srv/src/Till.php:14
Stack trace:
#0 /srv/src/Shop.php(20): Shop\\Till->pay()
#1 /srv/vendor/phpunit/phpunit/src/TestCase.php(1): ShopTest->testPay()
#2 {main}
  thrown in /srv/src/Till.php on line 14
`,
    key: ["RuntimeException", "Till.php:pay", "", "no tea: <n>"],
  },
  {
    name: "a recursion with a helper",
    text: `Traceback (most recent call last):
${
      Array(30).fill(`  File "/srv/tree.py", line 3, in walk
    step(node)
  File "/srv/tree.py", line 9, in step
    walk(node)
`).join("")
    }  File "/srv/tree.py", line 12, in assert_small
    raise AssertionError("large")
AssertionError: large
`,
    key: ["AssertionError", "tree.py:step", "walk(node)", "large"],
  },
  {
    name: "a module that is missing in Node",
    text: `Error: Cannot find module '/srv/shop/rates'
Require stack:
- /srv/shop/a.js
    at Module._resolveFilename (node:internal/modules/cjs/loader:1:1)
    at Object.<anonymous> (/srv/shop/a.js:3:1) {
  code: 'MODULE_NOT_FOUND'
}`,
    key: ["Error", "", "", "Cannot find module '<path>/rates'"],
  },
];

for (const { name, text, testId, key } of ROWS) {
  Deno.test(`a fingerprint is made of the right parts: ${name}`, () => {
    assertEquals(keyOf(text, testId), key);
    // Colors, and lines that end as on Windows.
    const colored = text.split("\n")
      .map((line) => line && `\x1b[31m${line}\x1b[0m`).join("\r\n");
    assertEquals(keyOf(colored, testId), key);
  });
}

/** A Python traceback of a place, at a time. */
function refused(
  { root, line, port, time, pid }: {
    root: string;
    line: number;
    port: number;
    time: string;
    pid: number;
  },
): string {
  return `Traceback (most recent call last):
  File "${root}/tests/test_shop.py", line ${line + 9}, in test_refund
    self.client.refund(7)
  File "${root}/shop/client.py", line ${line}, in connect
    raise Refused(message)
shop.client.Refused: ${time}: 127.0.0.1:${port} refused ${pid} (${root}/run/${pid}.pid)
`;
}

Deno.test(`a fingerprint does not depend on place, time and numbers (seed ${SEED})`, () => {
  const folder = fc.stringMatching(/^[a-z][a-z0-9_-]{0,9}$/);
  const run = fc.record({
    root: fc.array(folder, { minLength: 1, maxLength: 5 })
      .map((parts) => `/${parts.join("/")}`),
    line: fc.integer({ min: 1, max: 99999 }),
    port: fc.integer({ min: 1024, max: 65535 }),
    time: fc.date({
      noInvalidDate: true,
      min: new Date(0),
      max: new Date(4e12),
    })
      .map((date) => date.toISOString()),
    pid: fc.integer({ min: 1, max: 4194304 }),
  });
  const id = of(refused({
    root: "/home/ann/shop",
    line: 5,
    port: 8080,
    time: "2026-11-28T01:02:03Z",
    pid: 7,
  })).id;
  fc.assert(
    fc.property(run, (run) => assertEquals(of(refused(run)).id, id)),
    { seed: SEED, numRuns: 300 },
  );
});

Deno.test("a fingerprint takes the text most likely to hold the reason", () => {
  const fingerprinter = new Fingerprinter(sha256);
  const kindOf = (...texts: [name: string, text: string][]) =>
    fingerprinter.of({
      testId: "t",
      outcome: "fail",
      texts: texts.map(([name, text]) => ({ name, text })),
    })?.kind;
  const crash =
    "panic: no tea\n\ngoroutine 1 [running]:\nmain.pay()\n\t/a.go:3\n";
  assertEquals(
    kindOf(["stdout", "x failed"], ["reason", "y failed"]),
    "text: y failed",
  );
  // A text that is understood counts before one that is not.
  assertEquals(
    kindOf(["reason", "y failed"], ["stdout", crash]),
    "panic: no tea",
  );
  assertEquals(kindOf(["log", ""], ["attempt-1 traceback", "z\n"]), "text: z");
  assertEquals(
    kindOf(["odd", "nothing here\nerror: 5 of it\nbye\n"]),
    "text: error: <n> of it",
  );
  assertEquals(kindOf(), "fail");
});

Deno.test("a lost test has a fault of its own, unless it crashed", () => {
  const fingerprinter = new Fingerprinter(sha256);
  const lost = (testId: string, text: string) =>
    fingerprinter.of({
      testId,
      outcome: "lost",
      texts: [
        { name: "last output", text },
        { name: "reason", text: "The test started and never ended." },
      ],
    })!;
  assertEquals(lost("a", "").key, ["v1", "lost", "a", "", ""]);
  assert(lost("a", "").id !== lost("b", "").id);
  const crash =
    "Program received signal SIGSEGV, Segmentation fault.\n#0  0x1 in pay (n=3) at till.c:5\n";
  assertEquals(lost("a", crash).id, lost("b", crash).id);
  assertEquals(lost("a", crash).path, ["till.c:pay"]);
});

Deno.test("a test that took too long has a fault of its own, apart from a lost one", () => {
  const fingerprinter = new Fingerprinter(sha256);
  const key = (
    texts: Record<string, string>,
    outcome: "lost" | "fail" = "lost",
  ) =>
    fingerprinter.of({
      testId: "a",
      outcome,
      texts: Object.entries(texts).map(([name, text]) => ({ name, text })),
    })!.key;
  const never = "The test never ended. The command was ended: it ";
  const alone: readonly Record<string, string>[] = [
    { reason: `${never}took longer than 1.5s.` },
    { reason: `${never}wrote nothing for 2m.\n`, "last output": "\n" },
    { worker: "timeout after 0.5 s\n" },
  ];
  for (const texts of alone) {
    assertEquals(key(texts), ["v1", "timeout", "a", "", ""]);
  }
  // As of a lost one, what it said last counts.
  const said = ["v1", "timeout", "", "", "waiting for <address>"];
  const log = "waiting for localhost:80\n";
  assertEquals(key({ reason: `${never}took longer than 1s.`, log }), said);
  assertEquals(key({ log, worker: "timeout after 5 s\n" }), said);
  // Others may use the same words.
  assertEquals(key({ log: "timeout after 5 s\n" }, "fail"), [
    "v1",
    "text",
    "",
    "",
    "timeout after <n>",
  ]);
});

Deno.test("frames of minified and stripped code are left out", () => {
  const text = (name: string, file: string) =>
    `Error: no\n    at ${name} (/srv/${file}:1:2)\n    at pay (/srv/till.js:2:3)\n`;
  assertEquals(of(text("a", "app.min.js")).path, ["till.js:pay"]);
  assertEquals(of(text("t.e", "app-4f3a2b1c.js")).path, ["till.js:pay"]);
  assertEquals(of(text("go", "app.js")).path, ["app.js:go", "till.js:pay"]);
  // They are named, as they may have been the place.
  assertEquals(of(text("a", "app.min.js")).nameless, ["app.min.js:a"]);
  assertEquals(of(text("go", "app.js")).nameless, []);
  const stripped =
    "Program received signal SIGSEGV, Segmentation fault.\n#0  0x1 in ?? ()\n#1  0x2 in pay (n=3) at till.c:5\n";
  const { path, nameless } = of(stripped);
  assertEquals([path, nameless], [["till.c:pay"], ["??"]]);
});

Deno.test("own, library and helpers change which frame counts", () => {
  const text = `Traceback (most recent call last):
  File "/srv/shop/till.py", line 3, in pay
    send(5)
  File "/usr/lib/python3/dist-packages/wire/wire.py", line 5, in send
    retry()
  File "/srv/shop/wire.py", line 9, in retry
    raise Refused()
Refused
`;
  const frame = (rules: Rules) => of(text, rules).path[0];
  assertEquals(frame({}), "wire.py:retry");
  assertEquals(frame({ library: /\/shop\/wire/ }), "till.py:pay");
  assertEquals(
    frame({ own: /dist-packages\/wire/, library: /\/shop\/wire/ }),
    "wire.py:send",
  );
  assertEquals(frame({ helpers: [/^retry$/, /^x/] }), "till.py:pay");
});

/** Texts that are costly to search, by length. */
const COSTLY: readonly ((length: number) => string)[] = [
  ..."a 0[(<'\"`/.:-+@#=\\|\t{,".split("").map((c) => (n: number) =>
    c.repeat(n)
  ),
  ...[
    "a.",
    "a:",
    "1.",
    "1,",
    "1:",
    "/a",
    "a/",
    "a@",
    "<n>",
    "<n> ",
    "'a",
    "[1",
    "at a",
    "at a (",
    ":1",
    ":1:1",
    " in ",
    "://",
    "a::",
    "\n",
    " \n",
    "\nat ",
    "\n    at a (b:1:1)",
    '\n  File "a", line 1, in b',
    "\nCaused by: ",
    "\nTraceback (most recent call last):",
    "panicked at ",
    "Sanitizer: ",
    ".php:1",
    "a.php:1\n",
    "\n#0 a",
    "E   a\n",
    "Jan 1 ",
    "HTTP 1",
    "tmpa",
  ].map((part) => (n: number) => part.repeat(n / part.length)),
];

Deno.test("hostile text gives a fingerprint, and a short one", () => {
  for (const make of COSTLY) {
    const text = make(256 * 1024);
    for (
      const whole of [
        text,
        `Traceback (most recent call last):\n  ${text}\nE: ${text}`,
      ]
    ) {
      const { key, path, kind } = of(whole);
      const length = key.join("").length + path.join("").length + kind.length;
      assert(
        length < 40_000,
        `${JSON.stringify(text.slice(0, 20))}: ${length}`,
      );
    }
  }
});

Deno.test("a helper's own exception is not its caller's", () => {
  const text = (type: string) =>
    `Traceback (most recent call last):
  File "/srv/shop/till.py", line 3, in pay
    check_stock(5)
  File "/srv/shop/stock.py", line 5, in check_stock
    raise it
${type}: out of stock
`;
  assertEquals(of(text("OutOfStock")).path[0], "stock.py:check_stock");
  assertEquals(of(text("AssertionError")).path[0], "till.py:pay");
});

Deno.test("testtools has the name of a class in front of a traceback", () => {
  const text =
    `testtools.testresult.real._StringException: Traceback (most recent call last):
  File "/srv/shop/till.py", line 3, in pay
    raise ValueError(5)
ValueError: 5
`;
  assertEquals(keyOf(text), [
    "ValueError",
    "till.py:pay",
    "raise ValueError(5)",
    "<n>",
  ]);
});

Deno.test("an assertion of a test is told apart by what it calls", () => {
  const idOf = (source: string, test = "test_a", file = "test_shop.py") =>
    of(
      `Traceback (most recent call last):
  File "/srv/shop/${file}", line 3, in ${test}
    ${source}
AssertionError: 4 != 5
`,
      { testId: `shop.ShopTest.${test}` },
    ).id;
  const total = idOf("self.assertEqual(pricing.total(2, 2), 5)");
  // ["v1","AssertionError","test_shop.py","self.assertEqual(pricing.total(<n>, <n>), <n>)","<n> != <n>"]
  assertEquals(total, "1-0bdtnh6ptrn7r7z6");
  assertEquals(
    idOf("self.assertEqual(pricing.total(20, 2.5), 23)", "test_b"),
    total,
  );
  for (
    const other of [
      idOf("self.assertEqual(pricing.sum(2, 2), 5)"),
      idOf('self.assertEqual(pricing.total(2, "2"), 5)'),
      idOf("self.assertEqual(pricing.total(2, 2), 5)", "test_a", "test_b.py"),
    ]
  ) assert(other !== total);
  assert(
    idOf('self.assertEqual(get("/orders"), 200)', "test_b") !==
      idOf('self.assertEqual(get("/users"), 200)'),
  );
  // These call nothing of their own: the test counts, and its numbers.
  for (
    const source of [
      "self.assertEqual(count, 5)",
      "self.assertEqual(len(orders), 5)",
      "self.assertEqual(str(total), Total(5))",
      'self.assertEqual(name, "pricing.total(5)")',
    ]
  ) assert(idOf(source) !== idOf(source, "test_b"), source);
});

Deno.test("a message is told apart by more than the words that its line fills in", () => {
  const keyFor = (message: string, type = "LockError") =>
    keyOf(`Traceback (most recent call last):
  File "/srv/shop/test_shop.py", line 3, in test_refund
    till.open()
  File "/srv/shop/till.py", line 9, in open
    raise ${type}("%s holds the till" % name)
${type}: ${message}
`);
  const ann = keyFor("ann holds the till");
  assertEquals(ann, [
    "LockError",
    "till.py:open",
    'raise LockError("%s holds the till" % name)',
    "<word> holds the till",
  ]);
  assertEquals(
    encodeId(sha256(JSON.stringify(["v1", ...ann]))),
    "3mdtznsebcjzjphv",
  );
  assertEquals(keyFor("bob holds the till"), ann);
  for (const message of ["no one holds the till", "EBUSY holds the till"]) {
    assertEquals(keyFor(message).at(-1), message);
  }
  // There the word is a name.
  assertEquals(
    keyFor("ann holds the till", "NameError").at(-1),
    "ann holds the till",
  );
});
