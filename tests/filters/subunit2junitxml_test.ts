import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { PARSER_TEST_ID } from "@subunit/codec";
import fc from "fast-check";
import { parse as parseJunit, type TestSuite } from "junit2json";
import { xmlText } from "../../filters/kit/text/xml.ts";
import { splitTestId } from "@subunit/codec/junit/names";
import { callTool, peerCallTest, test } from "../support/call.ts";
import { assertForwards } from "../support/checks.ts";
import { runPython } from "../support/peers.ts";
import { fixture, LiveTool, run, TempDir, text } from "../support/run.ts";
import {
  anyEvent,
  anyRun,
  at,
  damaged,
  type EventFields,
  file,
  joinedRuns,
  noisyStream,
  sample,
  stream,
  testsIn,
} from "../support/streams.ts";

const SEED = 20090301;
const HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n';
const FOOT = "</testsuites>\n";

/** The report of a stream, without its constant head and foot. */
async function reportOf(
  parts: (EventFields | string | Uint8Array)[],
  ...args: string[]
): Promise<string> {
  const { stdout } = await callTool("subunit2junitxml", args, {
    stdin: stream(...parts),
  });
  const report = text(stdout);
  assert(report.startsWith(HEAD) && report.endsWith(FOOT), report);
  return report.slice(HEAD.length, -FOOT.length);
}

/** The cases of a report in one suite without a name. */
async function casesOf(
  events: EventFields[],
  ...args: string[]
): Promise<string> {
  const [, cases] = /^<testsuite name="" [^>]*>\n(.*)<\/testsuite>\n$/s.exec(
    await reportOf(events, ...args),
  )!;
  return cases;
}

// --- Reports

test("subunit2junitxml has the fault of a test as a property", async () => {
  const cases = await casesOf([
    { testId: "m.a", status: "fail", tags: ["fault:1-a", "x"] },
  ]);
  assertEquals(
    cases,
    `<testcase classname="m" name="a">
<properties>
<property name="fault" value="1-a"/>
<property name="tag" value="fault:1-a"/>
<property name="tag" value="x"/>
</properties>
<failure type="fail" message="failed"/>
</testcase>
`,
  );
});

test("subunit2junitxml writes a case for each test, and exits as the stream is", async () => {
  const input = stream(
    { testId: "m.a", status: "inprogress", timestamp: at("01:00:00") },
    { testId: "m.b", status: "skip", tags: ["x", "y"], routeCode: "0" },
    { testId: "m.a", status: "success", timestamp: at("01:00:01.5") },
    { testId: "e", status: "exists" },
    { testId: "m.c", status: "uxsuccess", timestamp: at("01:00:02") },
    { testId: "m.d", status: "xfail", parentTestId: "m" },
    { testId: "m.f", status: "fail" },
    { testId: "m.l", status: "inprogress", timestamp: at("01:00:03") },
  );
  const { stdout, stderr, status } = await callTool("subunit2junitxml", [], {
    stdin: input,
  });
  assertEquals(stderr, "");
  assertEquals(status, 1);
  assertEquals(
    text(stdout),
    `${HEAD}<testsuite name="" tests="6" failures="2" errors="1" skipped="1" time="1.500">
<testcase classname="m" name="b">
<properties>
<property name="route" value="0"/>
<property name="tag" value="x"/>
<property name="tag" value="y"/>
</properties>
<skipped/>
</testcase>
<testcase classname="m" name="a" time="1.500"/>
<testcase classname="m" name="c">
<failure type="uxsuccess" message="succeeded, which was not expected"/>
</testcase>
<testcase classname="m" name="d">
<properties>
<property name="parent" value="m"/>
</properties>
</testcase>
<testcase classname="m" name="f">
<failure type="fail" message="failed"/>
</testcase>
<testcase classname="m" name="l">
<error type="lost" message="started and never ended"/>
</testcase>
</testsuite>
${FOOT}`,
  );
  const good = await callTool("subunit2junitxml", [], {
    stdin: stream({ testId: "a", status: "success" }),
  });
  assertEquals(good.status, 0);
  assertEquals(await reportOf([]), "");
});

test("subunit2junitxml says why a test failed, and keeps its other files", async () => {
  const traceback = "Traceback:\n  File\nValueError: <boom>\n\n";
  const cases: [events: EventFields[], content: string][] = [
    [
      [
        { testId: "t", ...file("traceback", traceback, "text/x-traceback") },
        { testId: "t", status: "fail", ...file("log", "\x1b[1mlog") },
      ],
      `<failure type="fail" message="ValueError: &lt;boom&gt;">${
        xmlText(traceback)
      }</failure>
<system-out>log:
\\u001b[1mlog
</system-out>
`,
    ],
    // If no file is called a reason, it is the last text that is not empty.
    [
      [
        { testId: "t", ...file("log", "one\n") },
        { testId: "t", ...file("picture", new Uint8Array(9), "image/png") },
        { testId: "t", ...file("output", "\ntwo\nthree") },
        { testId: "t", status: "fail", ...file("rest", "") },
      ],
      `<failure type="fail" message="two">
two
three</failure>
<system-out>log:
one
picture: image/png, 9 bytes
rest:

</system-out>
`,
    ],
    [
      [{ testId: "t", status: "skip", ...file("reason", "not here") }],
      '<skipped message="not here">not here</skipped>\n',
    ],
    [
      [{ testId: "t", status: "skip", ...file("log", "a\r\nb") }],
      "<skipped/>\n<system-out>log:\na&#13;\nb\n</system-out>\n",
    ],
    [
      [{ testId: "t", status: "xfail", ...file("traceback", "known") }],
      "<system-out>traceback:\nknown\n</system-out>\n",
    ],
    // One file is not text by type or bytes; one is ISO-8859-1, not UTF-8.
    [
      [
        { testId: "t", ...file("nul", "a\0b") },
        { testId: "t", status: "success", ...file("é", Uint8Array.of(0xe9)) },
      ],
      "<system-out>nul: unknown type, 3 bytes\né:\né\n</system-out>\n",
    ],
  ];
  for (const [events, content] of cases) {
    const shown = `<testcase classname="" name="t">\n${content}</testcase>\n`;
    assertEquals(await casesOf(events), shown);
  }
});

test("subunit2junitxml --max-output holds files to a size", async () => {
  const long: EventFields[] = [
    { testId: "t", ...file("log", "0123456789") },
    { testId: "t", status: "fail", ...file("reason", "abcdefghij") },
  ];
  assertEquals(
    await casesOf(long, "--max-output=4"),
    `<testcase classname="" name="t">
<failure type="fail" message="ab">ab
[6 characters left out]
ij</failure>
<system-out>log:
01
[6 characters left out]
89
</system-out>
</testcase>
`,
  );
  const huge = file("log", "x".repeat(300_000) + "the end");
  const report = await casesOf([{ testId: "t", status: "success", ...huge }]);
  assert(report.length < 70_000);
  assertStringIncludes(report, "[234471 characters left out]");
  assertStringIncludes(report, "the end\n");
  const wrong = await callTool("subunit2junitxml", ["--max-output=much"]);
  assertEquals(wrong.status, 2);
  assertEquals(text(wrong.stdout), "");
});

test("subunit2junitxml --suite-from begins a suite where the name changes", async () => {
  const events = ["a.x", "a.y", "b.x", "a.z", "-"]
    .map((testId): EventFields => ({ testId, status: "success" }));
  const cases: [regex: string, names: string[]][] = [
    ["^\\w", ["a", "b", "a", ""]],
    ["\\.(?P<last>.)", ["x", "y", "x", "z", ""]],
    ["^$", [""]],
  ];
  for (const [regex, names] of cases) {
    const report = await reportOf(events, "--suite-from", regex);
    const shown = report.matchAll(/<testsuite name="(.*?)" tests="\d+"/g);
    assertEquals(Array.from(shown, ([, name]) => name), names);
    assertEquals(report.match(/<\/testsuite>/g)!.length, names.length);
    assertEquals(report.match(/<testcase /g)!.length, events.length);
  }
  const wrong = await callTool("subunit2junitxml", ["--suite-from=("]);
  assertEquals(wrong.status, 2);
  assertEquals(text(wrong.stdout), "");
});

test("subunit2junitxml takes suites, hosts and classes from tags", async () => {
  const events: EventFields[] = [
    { testId: "a > b > c", tags: ["suite:a", "suite:b", "slow"] },
    { testId: "a > b > d", tags: ["suite:a", "suite:b", "class:test"] },
    { testId: "x.y.adds 1.5", tags: ["suite:x.y", "host:webkit"] },
    { testId: "x.y.adds 1.5", tags: ["suite:x.y", "host:chromium"] },
    {
      testId: "x.y.adds 1.5",
      tags: ["suite:x.y", "host:chromium", "repeat:1"],
    },
    { testId: "m.n" },
  ].map((event) => ({ ...event, status: "success" }));
  const counts = 'failures="0" errors="0" skipped="0" time="0.000"';
  assertEquals(
    await reportOf(events),
    `<testsuite name="a" tests="2" ${counts}>
<testsuite name="b" tests="2" ${counts}>
<testcase classname="" name="c">
<properties>
<property name="tag" value="slow"/>
</properties>
</testcase>
<testcase classname="test" name="d"/>
</testsuite>
</testsuite>
<testsuite name="x.y" tests="1" ${counts} hostname="webkit">
<testcase classname="x.y" name="adds 1.5"/>
</testsuite>
<testsuite name="x.y" tests="1" ${counts} hostname="chromium">
<testcase classname="x.y" name="adds 1.5"/>
</testsuite>
<testsuite name="x.y" tests="1" ${counts} hostname="chromium">
<testcase classname="x.y" name="adds 1.5"/>
</testsuite>
<testsuite name="" tests="1" ${counts}>
<testcase classname="m" name="n"/>
</testsuite>
`,
  );
  // If the option names the suite, the tags remain.
  assertEquals(
    await reportOf(events.slice(2, 3), "--suite-from=^."),
    `<testsuite name="x" tests="1" ${counts}>
<testcase classname="x.y" name="adds 1.5">
<properties>
<property name="tag" value="suite:x.y"/>
<property name="tag" value="host:webkit"/>
</properties>
</testcase>
</testsuite>
`,
  );
});

test("subunit2junitxml splits ids only where they are class and name", async () => {
  const ids = [
    "pkg.test_a.Test.test_v[1.5-2.0]",
    "a.b.test(v=1.5)",
    "adds 1.5 and 2.5",
    "shop.test.ts > cart > adds",
    ".hidden",
  ];
  const cases = await casesOf(
    ids.map((testId) => ({ testId, status: "success" })),
  );
  assertEquals(
    cases,
    `<testcase classname="pkg.test_a.Test" name="test_v[1.5-2.0]"/>
<testcase classname="a.b" name="test(v=1.5)"/>
<testcase classname="" name="adds 1.5 and 2.5"/>
<testcase classname="" name="shop.test.ts &gt; cart &gt; adds"/>
<testcase classname="" name=".hidden"/>
`,
  );
});

test("subunit2junitxml --retries never takes another test for a retry", async () => {
  for (
    const [failed, passed, isRetry] of [
      [["suite:s", "host:webkit"], ["suite:s", "host:chromium"], false],
      [["suite:s"], ["suite:t"], false],
      [["suite:s"], ["suite:s", "suite:t"], false],
      [["suite:s"], ["suite:s", "repeat:1"], false],
      [["host:webkit"], [], false],
      [["suite:s", "attempt-1"], ["suite:s", "attempt-2"], true],
    ] as const
  ) {
    const report = await reportOf([
      { testId: "a.b", status: "fail", tags: failed },
      { testId: "a.b", status: "success", tags: passed },
    ], "--retries");
    assertEquals(report.match(/<testcase /g)!.length, isRetry ? 1 : 2);
    assertEquals(report.includes("<failure "), !isRetry);
    assertEquals(report.includes("<flakyFailure "), isRetry);
  }
});

test("subunit2junitxml --retries makes one case of runs that failed", async () => {
  const fails = (testId: string, reason: string): EventFields => ({
    testId,
    status: "fail",
    ...file("reason", reason),
  });
  const report = await casesOf(
    [
      fails("flaky", "one"),
      fails("flaky", "two"),
      fails("broken", "three"),
      fails("gone", "four"),
      { testId: "gone", status: "skip" },
      // Another test, because it has a route.
      { testId: "broken", status: "success", routeCode: "0" },
      { testId: "flaky", status: "success" },
      { testId: "flaky", status: "success" },
      { testId: "broken", status: "inprogress" },
    ],
    "--retries",
  );
  assertEquals(
    report,
    `<testcase classname="" name="gone">
<skipped/>
</testcase>
<testcase classname="" name="broken">
<properties>
<property name="route" value="0"/>
</properties>
</testcase>
<testcase classname="" name="flaky">
<flakyFailure type="fail" message="one"><stackTrace>one</stackTrace>
</flakyFailure>
<flakyFailure type="fail" message="two"><stackTrace>two</stackTrace>
</flakyFailure>
</testcase>
<testcase classname="" name="flaky"/>
<testcase classname="" name="broken">
<failure type="fail" message="three">three</failure>
<rerunError type="lost" message="started and never ended"/>
</testcase>
<testcase classname="" name="gone">
<failure type="fail" message="four">four</failure>
</testcase>
`,
  );
  const broken = damaged({ testId: "a" });
  const twice = await reportOf([broken, "text\n", broken], "--retries");
  assertEquals(twice.match(/<failure /g)!.length, 2);
});

test("subunit2junitxml leaves text out of the report, and damage in", async () => {
  const { stdout, stderr, status } = await callTool("subunit2junitxml", [], {
    stdin: stream("text\n", damaged({ testId: "a" }), file("f", "file\n")),
  });
  assertEquals(status, 1);
  assert(stderr.startsWith("text\nsubunit2junitxml: Cannot decode"), stderr);
  assert(stderr.endsWith("file\n"), stderr);
  const report = text(stdout);
  assert(!/text|file/.test(report), report);
  assertStringIncludes(report, '<testcase classname="subunit" name="parser">');
  assertStringIncludes(report, '<failure type="fail" message="Cannot decode');
});

Deno.test("subunit2junitxml passes the stream on, the report beside it", async () => {
  const input = stream("text\n", { testId: "a", status: "success" });
  assertEquals(
    await assertForwards("subunit2junitxml", input),
    `${HEAD}<testsuite name="" tests="1" failures="0" errors="0" skipped="0" time="0.000">
<testcase classname="" name="a"/>
</testsuite>
${FOOT}`,
  );
});

Deno.test("subunit2junitxml writes a suite as soon as another one comes", async () => {
  await using tool = new LiveTool("subunit2junitxml", ["--suite-from=^."]);
  await tool.write(stream(
    { testId: "a", status: "success" },
    { testId: "a", status: "fail" },
    { testId: "b", status: "success" },
  ));
  const expected =
    `${HEAD}<testsuite name="a" tests="2" failures="1" errors="0" skipped="0" time="0.000">
<testcase classname="" name="a"/>
<testcase classname="" name="a">
<failure type="fail" message="failed"/>
</testcase>
</testsuite>
`;
  assertEquals(text(await tool.read(expected.length)), expected);
});

test("subunit2junitxml writes long suites in parts, wherever chunks are cut", async () => {
  const log = "line\n".repeat(2000);
  const suites = ["a", "b"].map((suite) =>
    Array.from({ length: 150 }, (_, i): EventFields => ({
      testId: `${suite}.${i}`,
      status: "success",
      ...file("log", `${i}\n${log}`),
    }))
  );
  const report = await reportOf(suites.flat(), "--suite-from=^.");
  const ids = report.matchAll(/<testcase classname="(.)" name="(\d+)">/g);
  assertEquals(
    Array.from(ids, ([, suite, name]) => `${suite}.${name}`),
    suites.flat().map(({ testId }) => testId),
  );
  const parts = report.matchAll(/<testsuite name="(.)" tests="(\d+)"/g);
  assertEquals(
    Array.from(parts, ([, suite, tests]) => [suite, tests]),
    [["a", "105"], ["a", "45"], ["b", "105"], ["b", "45"]],
  );
  const { stdout } = await callTool("subunit2junitxml", ["--suite-from=^."], {
    stdin: stream(...suites.flat()),
    chunkBytes: 1000,
  });
  assertEquals(text(stdout), HEAD + report + FOOT);
});

test("subunit2junitxml --attachments writes files beside the report, and nowhere else", async () => {
  using dir = new TempDir();
  const output = "[[ATTACHMENT|/etc/passwd]] [[attachment|x]]";
  const events: EventFields[] = [
    { testId: "../t", ...file("traceback", `no\n${output}`) },
    { testId: "../t", ...file("../log", output) },
    { testId: "../t", ...file("a]]\nb|", new Uint8Array(9), "image/png") },
    { testId: "../t", status: "fail", ...file("../log", " more") },
    { testId: "none", status: "success" },
    { testId: "../t", status: "success", ...file("log", "again") },
  ];
  const files = `${dir.path}/files`;
  const report = await casesOf(events, "--attachments", files);
  assertEquals(
    report,
    `<testcase classname="" name="../t">
<failure type="fail" message="[[ATTACHMENT|/etc/passwd]] [[attachment|x]]">no
[\\u005bATTACHMENT|/etc/passwd]] [\\u005battachment|x]]</failure>
<system-out>[[ATTACHMENT|${files}/..%2Ft/..%2Flog]]
[[ATTACHMENT|${files}/..%2Ft/a__%0Ab_]]
</system-out>
</testcase>
<testcase classname="" name="none"/>
<testcase classname="" name="../t">
<system-out>[[ATTACHMENT|${files}/..%2Ft-1/log]]
</system-out>
</testcase>
`,
  );
  assertEquals(
    Deno.readTextFileSync(`${files}/..%2Ft/..%2Flog`),
    `${output} more`,
  );
  assertEquals(Deno.readTextFileSync(`${files}/..%2Ft-1/log`), "again");
  assertEquals([...Deno.readDirSync(dir.path)].length, 1);
  // Without a directory the output is in the report, without attachments.
  const plain = await casesOf(events);
  assert(!/system-out>[^<]*\[\[attachment/i.test(plain), plain);
  const missing = await callTool("subunit2junitxml", [
    "--attachments=/dev/null/x",
  ], { stdin: stream(...events) });
  assertEquals(missing.status, 2);
  assertStringIncludes(missing.stderr, "Cannot make directory");
});

// --- Other readers

/** Reads several reports with a strict parser. */
const READER = `
import json, sys, xml.etree.ElementTree as etree
cases = []
for report in json.load(sys.stdin):
    root = etree.fromstring(report.encode("utf-8"))
    if root.tag == "testsuites":
        for suite in root:
            assert suite.tag == "testsuite"
            assert int(suite.get("tests")) == len(suite.findall("testcase"))
            for element, count in (
                ("failure", "failures"), ("error", "errors"),
                ("skipped", "skipped"),
            ):
                assert int(suite.get(count)) == len(
                    suite.findall("testcase/" + element)), count
    cases.append([
        dict(case.attrib, outcome=next(
            (e.tag for e in case if e.tag in ("failure", "error", "skipped")),
            "",
        ))
        for case in root.iter("testcase")
    ])
json.dump(cases, sys.stdout)
`;

/** A case as a parser returns it. */
interface Case {
  readonly classname: string;
  readonly name: string;
  readonly time?: string;
  readonly outcome: string;
}

async function parse(reports: readonly string[]): Promise<Case[][]> {
  const { stdout, stderr } = await run(["/usr/bin/python3", "-c", READER], {
    stdin: JSON.stringify(reports),
  });
  assertEquals(stderr, "");
  return JSON.parse(text(stdout));
}

/** The ids of the tests of a stream, in the order of their ends. */
function idsIn(input: Uint8Array): string[] {
  return testsIn(input)
    .map((found) => "outcome" in found ? found.testId : PARSER_TEST_ID);
}

/** The class and name of a test id as a parser returns them. */
function shownId(testId: string): Pick<Case, "classname" | "name"> {
  const [classname, name] = splitTestId(testId).map((text) =>
    xmlText(text).replaceAll("&#13;", "\r").replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">").replaceAll("&amp;", "&")
  );
  return { classname, name };
}

async function reportsOf(
  inputs: readonly Uint8Array[],
  args: readonly string[],
): Promise<string[]> {
  const reports: string[] = [];
  for (const stdin of inputs) {
    const { stdout } = await callTool("subunit2junitxml", args, { stdin });
    reports.push(text(stdout));
  }
  return reports;
}

/** Any events, as a stream. */
const anyEvents = fc.array(anyEvent(), { maxLength: 40 })
  .map((events) => stream(...events));

/** Checks that reports are XML, and have each test of their streams. */
async function assertComplete(
  inputs: readonly Uint8Array[],
  ...args: string[]
) {
  const parsed = await parse(await reportsOf(inputs, args));
  inputs.forEach((input, i) => {
    const shown = parsed[i].map(({ classname, name }) => ({ classname, name }));
    assertEquals(shown, idsIn(input).map(shownId), `report ${i}`);
  });
}

peerCallTest(
  "subunit2junitxml writes XML wherever the stream breaks off",
  ["python3"],
  async () => {
    const input = stream(
      { testId: "a<&\x1b.b", status: "success" },
      { testId: "c", status: "inprogress", tags: ["]]>"] },
      "г text",
      { testId: "c", status: "fail", ...file("reason", "]]>\x00") },
    );
    const ends = Array.from({ length: input.length + 1 }, (_, end) => end);
    await assertComplete(
      ends.filter((end) => end % 3 === 0).map((end) => input.subarray(0, end)),
    );
  },
);

peerCallTest(
  `subunit2junitxml writes XML of whatever comes, no test missing (seed ${SEED})`,
  ["python3"],
  async () => {
    await assertComplete([
      ...sample(anyEvents, 30, SEED),
      ...sample(noisyStream, 20, SEED),
    ], "--suite-from=.");
  },
);

peerCallTest(
  `subunit2junitxml tells what Python's tells of sound streams (seed ${SEED})`,
  ["python3", "subunit", "python3-junitxml"],
  async () => {
    const names = ["", "(p.q)", ".Class.test(1.5)", "."];
    const events = joinedRuns(
      sample(anyRun(), 40, SEED),
      (testId, run) => `r${run}.<"&>.${testId}${names[run % names.length]}`,
    );
    const input = stream(
      ...events.filter(({ status }) => status !== "exists"),
    );
    const theirs = await runPython("subunit2junitxml", [], { stdin: input });
    const ours = await callTool("subunit2junitxml", [], { stdin: input });
    const [theirCases, ourCases] = await parse([
      text(theirs.stdout),
      text(ours.stdout),
    ]);
    assert(theirCases.length > 150);
    assertEquals(ourCases.length, theirCases.length);
    // In Python's, lost tests are failures in reverse order.
    const lost = ourCases.findIndex(({ outcome }) => outcome === "error");
    assert(lost > 100);
    for (const [i, ourCase] of ourCases.slice(0, lost).entries()) {
      // In Python's, a test of one event takes 0 s; in ours its time is unknown.
      assertEquals({ time: "0.000", ...ourCase }, theirCases[i]);
    }
    assert(ourCases.some(({ time }) => Number(time) > 0));
    const idsOf = (cases: Case[]) =>
      cases.map(({ classname, name }) => `${classname}.${name}`).sort();
    assertEquals(idsOf(ourCases), idsOf(theirCases));
  },
);

/** What Jenkins reads today and its schema of 2010 does not have. */
const EXTENSIONS: [known: string, extended: string][] = [
  // The reason of a skip, as in its schema junit-10.xsd.
  [
    '<xs:element name="skipped" type="xs:string"/>',
    `<xs:element name="skipped">
      <xs:complexType mixed="true">
        <xs:attribute name="message" type="xs:string"/>
      </xs:complexType>
    </xs:element>
    <xs:element name="flakyFailure" type="xs:anyType"/>
    <xs:element name="flakyError" type="xs:anyType"/>
    <xs:element name="rerunFailure" type="xs:anyType"/>
    <xs:element name="rerunError" type="xs:anyType"/>`,
  ],
  // Properties of cases, as pytest writes them.
  [
    '<xs:element ref="skipped" minOccurs="0" maxOccurs="1"/>',
    `<xs:element ref="properties" minOccurs="0"/>
     <xs:element ref="skipped" minOccurs="0" maxOccurs="1"/>`,
  ],
  // Runs that do not count, as Surefire writes them.
  [
    '<xs:element ref="system-out" minOccurs="0" maxOccurs="unbounded"/>',
    `<xs:choice minOccurs="0" maxOccurs="unbounded">
       <xs:element ref="flakyFailure"/><xs:element ref="flakyError"/>
       <xs:element ref="rerunFailure"/><xs:element ref="rerunError"/>
     </xs:choice>
     <xs:element ref="system-out" minOccurs="0" maxOccurs="unbounded"/>`,
  ],
];

/** Checks reports against Jenkins' schema, with or without extensions. */
async function assertValid(
  reports: readonly string[],
  extensions: typeof EXTENSIONS,
): Promise<void> {
  using dir = new TempDir();
  let schema = Deno.readTextFileSync(fixture("junit/jenkins-junit.xsd"));
  for (const [known, extended] of extensions) {
    assertStringIncludes(schema, known);
    schema = schema.replace(known, extended);
  }
  const files = reports.map((report, i) => dir.file(`${i}.xml`, report));
  const { status, stderr } = await run([
    "xmllint",
    "--noout",
    "--huge",
    "--schema",
    dir.file("schema", schema),
    ...files,
  ]);
  assertEquals(status, 0, stderr);
}

peerCallTest(
  `subunit2junitxml writes what Jenkins' schema wants (seed ${SEED})`,
  ["xmllint"],
  async () => {
    // The schema has no reasons of skips, tags, routes and parents.
    const plain = sample(anyRun(), 20, SEED).map((run) =>
      stream(
        ...run.map(({ tags: _, ...event }): EventFields =>
          event.status === "skip" ? { ...event, status: "success" } : event
        ),
        { testId: "<&\x1b]]>.\ufffe\0".replace("\0", ""), status: "skip" },
        damaged({ testId: "a" }),
      )
    );
    await assertValid(await reportsOf(plain, ["--suite-from=[^.]*$"]), []);
    const rich = [
      ...sample(anyEvents, 15, SEED),
      ...sample(noisyStream, 15, SEED),
    ];
    const reports = await reportsOf(rich, ["--retries"]);
    await assertValid(reports, EXTENSIONS);
    const broken = reports[0].replace(' tests="', ' checks="');
    await assertRejects(() => assertValid([broken], EXTENSIONS));
  },
);

test("subunit2junitxml is understood by a parser of Jenkins' reports", async () => {
  const { stdout } = await callTool("subunit2junitxml", [
    "--suite-from=^(\\w+)",
    "--retries",
  ], {
    stdin: stream(
      { testId: "a.fl<a>ky", status: "fail", ...file("traceback", "once") },
      { testId: "a.skipped", status: "skip", ...file("reason", "no \x1b net") },
      { testId: "a.fl<a>ky", status: "success", tags: ["slow"] },
      { testId: "a.lost", status: "inprogress" },
      { testId: "b.ok", status: "inprogress", timestamp: at("01:00:00") },
      { testId: "b.ok", ...file("log", "]]> & so on") },
      { testId: "b.ok", status: "success", timestamp: at("01:00:00.25") },
    ),
  });
  const report = await parseJunit(text(stdout));
  assert(report && "testsuite" in report);
  const testsuite = report.testsuite as TestSuite[];
  assertEquals(
    testsuite.map(({ name, tests, skipped, errors, time, testcase }) => ({
      counts: [name, tests, skipped, errors, time],
      cases: testcase!.map(({ name }) => name),
    })),
    [
      { counts: ["a", 2, 1, 0, 0], cases: ["skipped", "fl<a>ky"] },
      { counts: ["b", 1, 0, 0, 0.25], cases: ["ok"] },
      { counts: ["a", 1, 0, 1, 0], cases: ["lost"] },
    ],
  );
  const [skipped] = testsuite[0].testcase!;
  assertEquals(skipped.skipped![0].message, "no \\u001b net");
  const [ok] = testsuite[1].testcase!;
  assertEquals(ok["system-out"], ["log:\n]]> & so on\n"]);
  const [lost] = testsuite[2].testcase!;
  assertEquals(lost.error![0].message, "started and never ended");
});
