import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  formatTimestamp,
  secondsBetween,
  type StatusEvent,
} from "@subunit/codec";
import { callTool, outputOfCall, peerCallTest, test } from "../support/call.ts";
import { assertMissing, assertStatuses } from "../support/checks.ts";
import { runPython } from "../support/peers.ts";
import {
  type Finished,
  fixture,
  LiveTool,
  run,
  runTool,
  TempDir,
  text,
} from "../support/run.ts";
import {
  at,
  type EventFields,
  eventsIn,
  fileIn,
  outcomesIn,
  stream,
  textFile,
} from "../support/streams.ts";

function convert(report: string | Uint8Array): Promise<Finished> {
  return callTool("junitxml2subunit", [], { stdin: report });
}

/** The events of a recorded report. */
async function convertFixture(name: string): Promise<StatusEvent[]> {
  const path = fixture(`junit/${name}`);
  return eventsIn(await outputOfCall("junitxml2subunit", [path]));
}

/** The outcomes of the tests, in order, with their tags. */
function outcomesOf(events: readonly StatusEvent[]): string[] {
  return outcomesIn(events).map(({ testId, status, tags = [] }) =>
    [testId, status, ...tags.map((tag) => `#${tag}`)].join(" ")
  );
}

test("junitxml2subunit reads pytest's report", async () => {
  const events = await convertFixture("pytest.xml");
  assertEquals(
    outcomesOf(events),
    [
      "test_broken fail",
      "test_shop.test_total success",
      "test_shop.test_wrong fail",
      "test_shop.test_later skip",
      "test_shop.test_known xfail",
      "test_shop.test_price[1] success",
      "test_shop.test_price[na\\xefve \\u2713] success",
      "test_shop.test_price[\\x1b[31m] success",
      "test_shop.test_till fail",
      "test_shop.TestBasket.test_empty success",
    ].map((line) => `${line} #suite:pytest #host:vm`),
  );
  const wrong = "test_shop.test_wrong";
  assertStringIncludes(
    fileIn(events, wrong, "traceback"),
    'AssertionError: two "and" two\nassert 4 == 5\n',
  );
  assertStringIncludes(fileIn(events, wrong, "stdout"), "about to fail\n");
  assertStringIncludes(fileIn(events, wrong, "stderr"), "a warning\n");
  assertEquals(fileIn(events, wrong, "properties"), "basket=tea & <milk>");
  assertEquals(
    fileIn(events, "test_shop.test_later", "reason"),
    "pytest.skip: no time\n/project/py/test_shop.py:22: no time",
  );
  assertEquals(
    events
      .filter(({ testId, status }) => testId === wrong && status)
      .map(({ timestamp }) => formatTimestamp(timestamp!)),
    ["2026-11-22T20:28:27.176575Z", "2026-11-22T20:28:27.177575Z"],
  );
});

test("junitxml2subunit reads Node's report, suites in suites", async () => {
  const events = await convertFixture("node.xml");
  assertEquals(outcomesOf(events), [
    "total success #class:test",
    "basket > is empty success #suite:basket #host:vm #class:test",
    "basket > is wrong fail #suite:basket #host:vm #class:test",
    "basket > with <tea> & milk > adds up > deep success #suite:basket #suite:with <tea> & milk #suite:adds up #host:vm #class:test",
    "basket > comes later skip #suite:basket #host:vm #class:test",
    "basket > is to do xfail #suite:basket #host:vm #class:test",
  ]);
  // Node does not report when a test began.
  const [started, ended] = events;
  assertEquals(
    secondsBetween(started.timestamp!, ended.timestamp!),
    0.001351,
  );
});

test("junitxml2subunit reads Deno's report", async () => {
  const events = await convertFixture("deno.xml");
  assertEquals(
    outcomesOf(events),
    [
      "total success",
      "basket fail",
      "comes <later> skip",
      "basket > is empty success",
      "basket > is wrong fail",
    ].map((line) => `./shop_test.ts.${line} #suite:./shop_test.ts`),
  );
  assertEquals(
    fileIn(events, "./shop_test.ts.total", "properties"),
    "line=1\ncol=6",
  );
});

test("junitxml2subunit reads GoogleTest's report", async () => {
  const events = await convertFixture("gtest.xml");
  assertEquals(
    outcomesOf(events),
    [
      "AddsUp success",
      "IsWrong fail",
      "ComesLater skip",
      "DISABLED_Never skip",
    ].map((line) => `Basket.${line} #suite:Basket`),
  );
  // The message is the beginning of the text, and appears once.
  assertEquals(
    fileIn(events, "Basket.IsWrong", "traceback-2"),
    'shop_test.cc:8\nExpected equality of these values:\n  "tea"\n  "milk"\n<tea> & milk',
  );
  assertStringIncludes(
    fileIn(events, "Basket.IsWrong", "properties"),
    "price=4",
  );
});

/** The outcomes in other recorded reports. */
const RECORDINGS: Record<string, string[]> = {
  "bats.xml": [
    "./cart.bats.adds 1.5 success #suite:./cart.bats #host:vm",
    "./cart.bats.is wrong fail #suite:./cart.bats #host:vm",
    "./cart.bats.comes later skip #suite:./cart.bats #host:vm",
  ],
  "bun.xml": [
    "cart.adds 1.5 and 2.5 success #suite:cart.test.js #suite:cart #host:vm",
    "cart.is wrong fail #suite:cart.test.js #suite:cart #host:vm",
    "cart.comes later skip #suite:cart.test.js #suite:cart #host:vm",
    "cart.to do skip #suite:cart.test.js #suite:cart #host:vm",
    "full > cart.is wrong success #suite:cart.test.js #suite:cart #suite:full #host:vm #class:full > cart",
    "hook.(unnamed) fail #suite:cart.test.js #suite:hook #host:vm",
    "cart.test.js > alone success #suite:cart.test.js #host:vm",
  ],
  "catch2.xml": [
    "money.global.adds coins success #suite:money",
    "money.global.splits a bill/evenly success #suite:money",
    "money.global.splits a bill/odd fail #suite:money",
    "money.global.throws 1.5 coins fail #suite:money",
    "money.Till.till is empty success #suite:money",
  ],
  "criterion.xml": [
    "till > skips skip #suite:till",
    "till > fails success #suite:till",
    "bank > passes success #suite:bank",
    "bank > later skip #suite:bank",
    "bank > crash fail #suite:bank",
    "bank > fails fail #suite:bank",
  ],
  "cucumber.xml": [
    "Cart.adds 1.5 success #suite:Cucumber",
    "Cart.is wrong fail #suite:Cucumber",
    "Cart.undefined fail #suite:Cucumber",
  ],
  "doctest.xml": [
    "money.cc.adds coins success #suite:./money",
    "money.cc.is wrong fail #suite:./money",
    "money.cc.throws fail #suite:./money",
  ],
  // Two files have a test with the same name.
  "jest.xml": [
    "cart is wrong.cart is wrong success #suite:cart",
    "hook opens.hook opens fail #suite:cart",
    "cart adds 1.5 and 2.5.cart adds 1.5 and 2.5 success #suite:cart #repeat:1",
    "cart is wrong.cart is wrong fail #suite:cart #repeat:1",
    "cart comes later.cart comes later skip #suite:cart #repeat:1",
  ],
  "mocha.xml": [
    "stands alone.stands alone success #suite:Root Suite",
    "adds 1.5 and 2.5.cart adds 1.5 and 2.5 success #suite:cart",
    "is wrong.cart is wrong fail #suite:cart",
    "is wrong.cart full is wrong success #suite:full",
    "is wrong.cart is wrong success #suite:cart #repeat:1",
    '"before all" hook for "opens".hook "before all" hook for "opens" fail #suite:hook',
  ],
  // One assertion of two with the same name is in it; a script that throws is
  // only counted.
  "newman.xml": [
    "GetCart.is ok success #suite:get cart",
    "GetCart.is 1.5 pounds fail #suite:get cart",
    "GetCart.comes later success #suite:get cart",
    "TillGetCart.is ok success #suite:till / get cart",
    "till / no server fail #suite:till / no server",
  ],
  "node24.xml": [
    "hook.opens fail #suite:hook #host:vm",
    "good.opens success #suite:good #host:vm",
    "alone success #class:test",
  ],
  "playwright.xml": [
    "adds fail #suite:cart.spec.js #host:webkit",
    "till › opens at 1.5 success #suite:cart.spec.js #host:webkit",
    "till › comes later skip #suite:cart.spec.js #host:webkit",
    "adds success #suite:cart.spec.js #host:chromium",
    "till › opens at 1.5 success #suite:cart.spec.js #host:chromium",
    "till › comes later skip #suite:cart.spec.js #host:chromium",
  ].map((line) => `cart.spec.js.${line}`),
  "playwright_retries.xml": [
    "adds fail #suite:cart.spec.js #host:webkit #attempt-1 #attempt-2",
    "till › opens at 1.5 success #suite:cart.spec.js #host:webkit #attempt-1 #attempt-2 #flaky",
    "till › comes later skip #suite:cart.spec.js #host:webkit",
    "adds success #suite:cart.spec.js #host:chromium",
    "till › opens at 1.5 success #suite:cart.spec.js #host:chromium #attempt-1 #attempt-2 #flaky",
    "till › comes later skip #suite:cart.spec.js #host:chromium",
  ].map((line) => `cart.spec.js.${line}`),
  "prove.xml": [
    "add_t > 1 - sums success #suite:add_t",
    "add_t > 2 - is wrong fail #suite:add_t",
    "add_t > 3 - to do success #suite:add_t",
    "add_t > 4 success #suite:add_t",
    "add_t fail #suite:add_t",
    "sub_t > 1 - sums success #suite:sub_t",
    "sub_t > 2 - is wrong success #suite:sub_t",
    "sub_t fail #suite:sub_t",
  ],
  "rstest.xml": [
    "a.test.js.adds success #suite:a.test.js",
    "a.test.js.cart > is wrong fail #suite:a.test.js",
  ],
  "vitest.xml": [
    "cart.test.js.cart > adds 1.5 and 2.5 success #suite:cart.test.js #host:vm",
    "cart.test.js.cart > is wrong fail #suite:cart.test.js #host:vm",
    "cart.test.js.cart > comes later skip #suite:cart.test.js #host:vm",
    "till.test.js.cart > is wrong success #suite:till.test.js #host:vm",
    "till.test.js.hook > opens skip #suite:till.test.js #host:vm",
    "till.test.js.hook fail #suite:till.test.js #host:vm",
  ],
};

for (const [name, outcomes] of Object.entries(RECORDINGS)) {
  test(`junitxml2subunit reads ${name}`, async () => {
    assertEquals(outcomesOf(await convertFixture(name)), outcomes);
  });
}

test("junitxml2subunit passes on what stands before a report", async () => {
  const [words] = await convertFixture("rstest.xml");
  assertEquals(words.testId, undefined);
  assertEquals(text(words.fileBytes!), "\n  Rstest v0.12.0\n\n");
});

test("junitxml2subunit keeps a flaky build green, and its failures visible", async () => {
  const { stdout, status } = await callTool("junitxml2subunit", [
    "--exit-status",
  ], {
    stdin: `<testsuite tests="1"><testcase classname="a.B" name="c">
<flakyFailure message="one"/></testcase></testsuite>`,
  });
  assertEquals(status, 0);
  const events = eventsIn(stdout);
  assertEquals(outcomesOf(events), [
    "a.B.c success #attempt-1 #attempt-2 #flaky",
  ]);
  assertEquals(fileIn(events, "a.B.c", "attempt-1 traceback"), "one");
});

test("junitxml2subunit reads several files, and goes on behind a broken one", async () => {
  using dir = new TempDir();
  const good = '<testsuite><testcase name="x"/></testsuite>';
  const files = [
    dir.file("one.xml", good),
    dir.file("two.xml", '<testsuite>\n<testcase name="y">'),
    dir.file("three.xml", good),
  ];
  const { stdout, stderr, status } = await callTool("junitxml2subunit", files);
  assertEquals(outcomesOf(eventsIn(stdout)), [
    "x success",
    "y fail",
    "x success",
  ]);
  assertEquals(
    stderr,
    `junitxml2subunit: Cannot read "${
      files[1]
    }", line 2, column 19: the document ends before </testcase>: everything before was converted\n`,
  );
  assertEquals(status, 2);
});

test("junitxml2subunit says in one line what is wrong, and where", async () => {
  for (
    const [report, reason] of [
      [
        "",
        ": the document is empty, expected a JUnit report: check the command that should have written it",
      ],
      [
        "{}",
        ": there is no XML in the document, expected a JUnit report: check the command that should have written it",
      ],
      [
        "TAP version 13\n1..1\nok 1 - a\n",
        ": there is no XML in the document, expected a JUnit report: use tap2subunit",
      ],
      [
        '{"Action":"start","Package":"p"}\n',
        ": there is no XML in the document, expected a JUnit report: use gojson2subunit",
      ],
      [
        "<html/>",
        ", line 1, column 7: the root element is <html>, expected <testsuites> or <testsuite>: everything before was converted",
      ],
      [
        '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><testsuite>&b;</testsuite>',
        ", line 1, column 59: the document defines entities, which is refused: everything before was converted",
      ],
    ] as const
  ) {
    const { stdout, stderr, status } = await convert(report);
    assertEquals(
      stderr,
      `junitxml2subunit: Cannot read standard input${reason}\n`,
    );
    assertEquals(status, 2);
    assertEquals(outcomesOf(eventsIn(stdout)), ["junit report fail"]);
  }
});

Deno.test("junitxml2subunit names what it cannot open", async () => {
  await assertMissing("/nowhere", "junitxml2subunit");
});

test("junitxml2subunit --exit-status judges the tests", async () => {
  const cases = [
    ["<testcase/>", 0],
    ["<testcase><skipped/></testcase>", 0],
    ["<testcase><failure/></testcase>", 1],
    ["<testcase><error/></testcase>", 1],
    ["<error/>", 1],
    ['<testsuite errors="1"/>', 1],
    ["<testcase>", 2],
  ] as const;
  await assertStatuses(
    "junitxml2subunit",
    ["--exit-status"],
    cases.map(([inner, status]) => [
      `<testsuite>${inner}</testsuite>`,
      status,
    ]),
  );
});

Deno.test("junitxml2subunit is live: a case leaves when its end comes", async () => {
  await using tool = new LiveTool("junitxml2subunit");
  await tool.write(stream('<testsuite><testcase name="first" time="1"/>'));
  assertStringIncludes(text(await tool.read(40)), "first");
});

test("deno test's own report comes out right", async () => {
  using dir = new TempDir();
  const suite = dir.file(
    "suite.ts",
    `Deno.test("good", () => {});
Deno.test("bad", () => { throw new Error("no"); });
Deno.test.ignore("left out", () => {});
`,
  );
  const report = `${dir.path}/report.xml`;
  await run(
    [
      Deno.execPath(),
      "test",
      "--no-config",
      `--junit-path=${report}`,
      suite,
    ],
    { env: { NO_COLOR: "1" } },
  );
  const { stdout } = await runTool("junitxml2subunit", [report]);
  assertEquals(
    outcomesIn(eventsIn(stdout))
      .map(({ testId, status }) => `${testId!.split(".ts.")[1]} ${status}`),
    ["good success", "bad fail", "left out skip"],
  );
});

peerCallTest("junitxml2subunit reads what Python's subunit2junitxml writes", [
  "subunit",
], async () => {
  const start = { status: "inprogress", timestamp: at("12:00:00") } as const;
  const test = (testId: string, last: EventFields): EventFields[] => [
    { testId, ...start },
    { testId, timestamp: at("12:00:01"), ...last },
  ];
  const python = await runPython("subunit2junitxml", [], {
    stdin: stream(
      ...test("pkg.mod.Case.good", { status: "success" }),
      ...test("pkg.mod.Case.bad", {
        status: "fail",
        ...textFile("traceback", "<boom> & ✓ ]]>"),
      }),
      ...test("pkg.mod.Case.later", { status: "skip" }),
    ),
  });
  const { stdout, status } = await convert(python.stdout);
  assertEquals(status, 0);
  const events = eventsIn(stdout);
  assertEquals(outcomesOf(events), [
    "pkg.mod.Case.good success",
    "pkg.mod.Case.bad fail",
    "pkg.mod.Case.later skip",
  ]);
  assertStringIncludes(
    fileIn(events, "pkg.mod.Case.bad", "traceback"),
    "<boom> & ✓ ]]>",
  );
});
