import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import { isFailureStatus, type StatusEvent } from "../event.ts";
import {
  assertCuts,
  assertEnds,
  cuts,
  decodeChunks,
  isWritable,
  lostTests,
  show,
} from "../_testing/decode_chunks.ts";
import { formatTimestamp, parseTimestamp } from "../timestamp.ts";
import { encodePackets } from "../v2/encoder.ts";
import { JunitDecoder } from "./decoder.ts";

const encoder = new TextEncoder();

/** The events of a report, and why it breaks off, if it does. */
function decode(
  ...chunks: (string | Uint8Array)[]
): { events: StatusEvent[]; error: string | undefined } {
  const decoder = new JunitDecoder();
  const bytes = chunks.map((chunk) =>
    typeof chunk === "string" ? encoder.encode(chunk) : chunk
  );
  const events = decodeChunks(decoder, bytes);
  return { events, error: decoder.error };
}

/** The events of a sound report, starts left out. */
function shown(report: string | Uint8Array): string[] {
  const { events, error } = decode(report);
  assertEquals(error, undefined);
  return events.filter(({ status }) => status !== "inprogress").map(show);
}

/** What a report is for, the report, its events without the starts. */
type Vector = [name: string, report: string, events: string[]];

const VECTORS: Vector[] = [
  ["a report without suites", "<testsuites/>", []],
  [
    "cases of all outcomes",
    `<?xml version="1.0"?>
<testsuites><testsuite name="s" tests="5" failures="1" errors="1">
  <testcase classname="a.B" name="good"/>
  <testcase classname="a.B" name="failed"><failure message="m" type="T">at x
</failure></testcase>
  <testcase classname="a.B" name="broken"><error>boom</error></testcase>
  <testcase classname="a.B" name="left out"><skipped message="no time"/></testcase>
  <testcase classname="a.B" name="bare"><skipped/></testcase>
</testsuite></testsuites>`,
    [
      "a.B.good: success #suite:s",
      "a.B.failed: [traceback: T: m\nat x]",
      "a.B.failed: fail #suite:s",
      "a.B.broken: [traceback: boom]",
      "a.B.broken: fail #suite:s",
      "a.B.left out: [reason: no time]",
      "a.B.left out: skip #suite:s",
      "a.B.bare: skip #suite:s",
    ],
  ],
  [
    "names that are not there",
    `<testsuite><testcase name="a"/><testcase classname="b"/><testcase/>
<testcase classname="" name="c"/></testsuite>`,
    ["a: success", "b: success", "testcase: success", "c: success"],
  ],
  [
    "suites in suites",
    `<testsuites name="run"><testsuite name="a"><testsuite name="b &amp; c">
<testcase name="x"/></testsuite><testsuite><testcase name="y"/></testsuite>
</testsuite></testsuites>`,
    ["a > b & c > x: success #suite:a #suite:b & c", "a > y: success #suite:a"],
  ],
  [
    "output of cases and of suites, to the byte",
    `<testsuite><properties><property name="os" value="a&#10;b"/></properties>
<testcase name="x"><system-out> a<![CDATA[ <b> ]]]]>&lt;
</system-out><system-err>e</system-err><system-out>more</system-out></testcase>
<system-out>
 all</system-out><system-err></system-err></testsuite>`,
    [
      "[properties: os=a\nb\n]",
      "x: [stdout:  a <b> ]]<\n]",
      "x: [stderr: e]",
      "x: [stdout-2: more]",
      "x: success",
      "[stdout: \n all]",
    ],
  ],
  [
    "failures of all sorts in one case",
    `<testsuite><testcase name="x"><failure message="one"/><error type="E"/>
<failure/><skipped/></testcase></testsuite>`,
    ["x: [traceback: one]", "x: [traceback-2: E]", "x: fail"],
  ],
  [
    "failures that were expected, and errors that were not",
    `<testsuite><testcase name="x"><skipped message="may fail"/>
<failure message="one"/></testcase>
<testcase name="y"><failure message="one"/><skipped/></testcase>
<testcase name="z"><skipped/><error message="one"/></testcase>
<testcase name="w" status="failed"><skipped/></testcase></testsuite>`,
    [
      "x: [reason: may fail]",
      "x: [traceback: one]",
      "x: xfail",
      "y: [traceback: one]",
      "y: xfail",
      "z: [traceback: one]",
      "z: fail",
      "w: fail",
    ],
  ],
  [
    "failures whose text repeats the message, or a part of it",
    `<testsuite><testcase name="x"><failure type="T" message="one&#10;two">
T: one
two
at y</failure><failure message="one">on</failure>
<failure message="one">one</failure><failure message="one">

  one</failure></testcase></testsuite>`,
    [
      "x: [traceback: T: one\ntwo\nat y]",
      "x: [traceback-2: one\non]",
      "x: [traceback-3: one]",
      "x: [traceback-4: one\n  one]",
      "x: fail",
    ],
  ],
  [
    "properties of cases, and attributes that mean nothing here",
    `<testsuite><testcase name="x" file="a.py" line="7"><properties>
<property name="p" value="1"/><property name="q">text</property></properties>
<failure message="m" at="b"/></testcase></testsuite>`,
    [
      "x: [q: text]",
      "x: [traceback: m]",
      "x: [properties: file=a.py\nline=7\np=1\nq=\nfailure.at=b]",
      "x: fail",
    ],
  ],
  [
    "attributes named as properties of objects",
    `<testsuite><testcase name="x" __proto__="p" hasOwnProperty="h"/></testsuite>`,
    ["x: [properties: __proto__=p\nhasOwnProperty=h]", "x: success"],
  ],
  [
    "elements named as properties of objects",
    `<testsuite><testcase name="x"><constructor a="b"/><__proto__>c</__proto__></testcase></testsuite>`,
    ["x: [__proto__: c]", "x: [properties: constructor.a=b]", "x: success"],
  ],
  [
    "elements that are not known",
    `<testsuite>loose<testcase name="x">text <note lang="en">n<b>o</b></note>
</testcase></testsuite>`,
    [
      "[testsuite: loose]",
      "x: [testcase: text]",
      "x: [note: n]",
      "x: [b: o]",
      "x: [note: ]",
      "x: [testcase: ]",
      "x: [properties: note.lang=en]",
      "x: success",
      "[testsuite: ]",
    ],
  ],
  [
    "what pytest, Node and GoogleTest say in their own way",
    `<testsuite><testcase name="x"><skipped type="pytest.xfail" message="known"/></testcase>
<testcase name="y"><skipped type="todo"/><failure/></testcase>
<testcase name="z"><skipped type="todo" message="true"/></testcase>
<testcase name="g" status="notrun"/><testcase name="h" status="failed"/>
<testcase name="i" status="run"/><testcase name="j" status="run" result="completed"/>
<testcase name="k" status="run" result="skipped"/>
<testcase name="l" status="notrun" result="suppressed"/>
<testcase name="m" status="SKIPPED"/><testcase name="n" status="ERRORED"/></testsuite>`,
    [
      "x: [reason: pytest.xfail: known]",
      "x: xfail",
      "y: [reason: todo]",
      "y: xfail",
      "z: [reason: todo: true]",
      "z: skip",
      "g: skip",
      "h: fail",
      "i: success",
      "j: success",
      "k: skip",
      "l: skip",
      "m: skip",
      "n: fail",
    ],
  ],
  [
    "a test that passes at last, as Surefire writes it",
    `<testsuite tests="1"><testcase name="x">
  <flakyFailure message="one" type="T"> trace
    <system-out>out 1</system-out>
  </flakyFailure>
  <flakyError message="two">
    <stackTrace><![CDATA[at y
]]></stackTrace>
    <system-err>err 2</system-err>
  </flakyError>
  <system-out>out 3</system-out>
</testcase></testsuite>`,
    [
      "x: [attempt-1 traceback: T: one\n trace]",
      "x: [attempt-1 stdout: out 1]",
      "x: [attempt-1 traceback: ]",
      "x: [attempt-2 traceback: two\nat y]",
      "x: [attempt-2 stderr: err 2]",
      "x: [attempt-2 traceback: ]",
      "x: [stdout: out 3]",
      "x: success #attempt-1 #attempt-2 #attempt-3 #flaky",
    ],
  ],
  [
    "a test that fails each time, as Surefire writes it",
    `<testsuite tests="1" errors="1"><testcase name="x">
  <error message="one" type="T"/>
  <system-out>out 1</system-out>
  <rerunError message="two"><stackTrace>at y</stackTrace></rerunError>
  <rerunFailure message="three"><system-out>out 3</system-out></rerunFailure>
</testcase></testsuite>`,
    [
      "x: [traceback: T: one]",
      "x: [stdout: out 1]",
      "x: [attempt-2 traceback: two\nat y]",
      "x: [attempt-3 stdout: out 3]",
      "x: [attempt-3 traceback: three]",
      "x: fail #attempt-1 #attempt-2 #attempt-3",
    ],
  ],
  [
    "failures outside of cases",
    `<testsuite name="s" errors="1"><error message="setup"/><testcase name="x"/></testsuite>`,
    ["s: [traceback: setup]", "s: fail #suite:s", "s > x: success #suite:s"],
  ],
  [
    "failures of suites in suites",
    `<testsuite name="s"><testsuite name="t"><error message="setup"/></testsuite></testsuite>`,
    ["s > t: [traceback: setup]", "s > t: fail #suite:s #suite:t"],
  ],
  [
    "suites that declare more failures than they contain",
    `<testsuites tests="3"><testsuite name="s" tests="2" errors="1"><testcase name="x"/>
</testsuite><testsuite name="t" tests="1"><testcase name="y"/></testsuite></testsuites>`,
    [
      "s > x: success #suite:s",
      "s: [reason: the report declares 1 error but contains 0]",
      "s: fail #suite:s",
      "t > y: success #suite:t",
    ],
  ],
  [
    "a root that declares more failures than its suites contain",
    `<testsuites failures="2"><testsuite failures="x"><testcase name="x"/></testsuite></testsuites>`,
    [
      "x: success",
      "testsuite: [reason: the report declares 2 failures but contains 0]",
      "testsuite: fail",
    ],
  ],
  [
    "two failures in one case, which do not hide the failure of another",
    `<testsuite name="s" tests="2" failures="2" errors="3"><testcase name="x">
<failure message="one"/><failure message="two"/></testcase><testcase name="y"/></testsuite>`,
    [
      "s > x: [traceback: one]",
      "s > x: [traceback-2: two]",
      "s > x: fail #suite:s",
      "s > y: success #suite:s",
      "s: [reason: the report declares 2 failures and 3 errors but contains 1]",
      "s: fail #suite:s",
    ],
  ],
  [
    "a suite that fails itself and declares more",
    `<testsuite name="s" tests="1" errors="2"><testcase name="x"/><error message="no plan"/></testsuite>`,
    ["s > x: success #suite:s", "s: [traceback: no plan]", "s: fail #suite:s"],
  ],
  [
    "a suite that declares more tests than it contains",
    `<testsuites tests="9"><testsuite name="s" tests="6"><testcase name="x" status="run"/>
</testsuite></testsuites>`,
    ["s > x: success #suite:s"],
  ],
  [
    "errors that are also counted as failures, as Criterion does",
    `<testsuite name="s" tests="2" failures="2" errors="1"><testcase name="x" status="FAILED">
<failure message="one"/></testcase><testcase name="y" status="ERRORED"/></testsuite>`,
    [
      "s > x: [traceback: one]",
      "s > x: fail #suite:s",
      "s > y: fail #suite:s",
    ],
  ],
  [
    "counts of assertions, as Catch2 writes them",
    `<testsuite name="s" tests="8" failures="3"><testcase classname="c" name="x">
<failure message="one"/><failure message="two"/><failure/></testcase>
<testcase classname="c" name="y"/></testsuite>`,
    [
      "c.x: [traceback: one]",
      "c.x: [traceback-2: two]",
      "c.x: fail #suite:s",
      "c.y: success #suite:s",
    ],
  ],
  [
    "counts that include tests that passed in the end",
    `<testsuite name="s" tests="1" failures="1"><testcase name="x"><flakyFailure message="one"/>
</testcase></testsuite>`,
    [
      "s > x: [attempt-1 traceback: one]",
      "s > x: success #suite:s #attempt-1 #attempt-2 #flaky",
    ],
  ],
  [
    "classes that identify nothing, or that the id does not show",
    `<testsuites><testcase classname="test" name="total"/><testsuite name="cart">
<testcase classname="test" name="adds"/><testcase classname="a b" name="c"/>
<testcase classname="cart" name="adds 1.5"/></testsuite></testsuites>`,
    [
      "total: success #class:test",
      "cart > adds: success #suite:cart #class:test",
      "a b.c: success #suite:cart #class:a b",
      "cart.adds 1.5: success #suite:cart",
    ],
  ],
  [
    "the hosts of suites, where Playwright writes its projects",
    `<testsuites><testsuite name="cart.spec.ts" hostname="webkit"><testcase classname="cart.spec.ts" name="adds">
<failure message="no"/></testcase></testsuite><testsuite name="cart.spec.ts" hostname="chromium">
<testcase classname="cart.spec.ts" name="adds"/><testsuite name="s"><testcase name="x"/></testsuite>
</testsuite></testsuites>`,
    [
      "cart.spec.ts.adds: [traceback: no]",
      "cart.spec.ts.adds: fail #suite:cart.spec.ts #host:webkit",
      "cart.spec.ts.adds: success #suite:cart.spec.ts #host:chromium",
      "cart.spec.ts > s > x: success #suite:cart.spec.ts #suite:s #host:chromium",
    ],
  ],
  [
    "suites with the same name, which contain different tests",
    `<testsuites><testsuite name="cart"><testcase name="adds"><failure message="no"/></testcase>
<testcase name="adds"/><testsuite name="cart"><testcase name="adds"/></testsuite></testsuite>
<testsuite name="cart"><testcase name="adds"/><testsuite name="cart"><testcase name="adds"/></testsuite>
<testsuite name="cart"><testcase name="adds"/></testsuite></testsuite><testcase name="total"/><testcase name="total"/></testsuites>
<testsuite name="cart"><testcase name="adds"/></testsuite>`,
    [
      "cart > adds: [traceback: no]",
      "cart > adds: fail #suite:cart",
      "cart > adds: success #suite:cart",
      "cart > cart > adds: success #suite:cart #suite:cart",
      "cart > adds: success #suite:cart #repeat:1",
      "cart > cart > adds: success #suite:cart #suite:cart #repeat:1",
      "cart > cart > adds: success #suite:cart #suite:cart #repeat:1.1",
      "total: success",
      "total: success #repeat:1",
      "cart > adds: success #suite:cart",
    ],
  ],
  [
    "counts of producers that count otherwise",
    `<testsuites tests="9"><testsuite name="pytest" tests="2" errors="1"><testcase name="x">
<error>teardown</error></testcase></testsuite><testsuite name="node" tests="2">
<testcase name="y"/><testsuite name="none" tests="0"/></testsuite><testsuite tests="5">
<testcase name="a"/><testcase name="b"/><testcase name="c"/><testcase name="d"/>
<testcase name="e"/></testsuite></testsuites>`,
    [
      "x: [traceback: teardown]",
      "x: fail #suite:pytest",
      "node > y: success #suite:node",
      ...["a", "b", "c", "d", "e"].map((name) => `${name}: success`),
    ],
  ],
  [
    "reports behind one another",
    `<testsuite name="a"><testcase name="x"/></testsuite>
<?xml version="1.0"?><testsuite name="b"><testcase name="x"/></testsuite>`,
    ["a > x: success #suite:a", "b > x: success #suite:b"],
  ],
  [
    "reports behind one another, without declarations",
    `<testsuite><testcase name="x"/></testsuite><testsuite><testcase name="x">
<failure>no</failure></testcase></testsuite>`,
    ["x: success", "x: [traceback: no]", "x: fail"],
  ],
  [
    "namespaces, comments, processing instructions and a document type",
    `<!DOCTYPE testsuite SYSTEM "j.dtd"><?x y?><j:testsuite xmlns:j="u">
<!-- no <testcase/> --><j:testcase name="x"/></j:testsuite>`,
    ["x: success"],
  ],
  [
    "references to characters, those that XML has no room for as well",
    `<testsuite><testcase name="&#60;&#x263a;&quot;&apos;"><system-out>&#27;[1m&#x1B;&#0;&#xd83d;&#12z;
</system-out></testcase></testsuite>`,
    [
      "<☺\"': [stdout: \x1b[1m\x1b&#0;&#xd83d;&#12z;\n]",
      "<☺\"': success",
    ],
  ],
];

for (const [name, report, events] of VECTORS) {
  Deno.test(`JunitDecoder reads ${name}`, () => {
    assertEquals(shown(report), events);
  });
}

Deno.test("JunitDecoder gives the same events however the report is cut", () => {
  for (const [name, report] of VECTORS) {
    assertCuts(encoder.encode(report), (chunks) => decode(...chunks), name);
  }
});

Deno.test("JunitDecoder starts every case before its files", () => {
  const report = `<testsuite name="s"><testcase name="x"><failure>f</failure>
</testcase></testsuite>`;
  assertEquals(decode(report).events.map(show), [
    "s > x: inprogress #suite:s",
    "s > x: [traceback: f]",
    "s > x: fail #suite:s",
  ]);
});

const BROKEN: [name: string, report: string, error: string, last: string][] = [
  [
    "nothing",
    "",
    "the document is empty, expected a JUnit report",
    "junit report: fail",
  ],
  [
    "blank lines",
    " \n ",
    "the document is empty, expected a JUnit report",
    "junit report: fail",
  ],
  [
    "text",
    "hello <",
    "there is no XML in the document, expected a JUnit report",
    "junit report: fail",
  ],
  [
    "a document without an element",
    '<?xml version="1.0"?>\n',
    "line 2, column 0: there is no element",
    "junit report: fail",
  ],
  [
    "a broken report after text",
    'building <1>\nна том: <?xml version="1.0"?><testsuite></oops>',
    "line 2, column 47: found </oops>, expected </testsuite>",
    "junit report: fail",
  ],
  [
    "another root",
    "<html>",
    "line 1, column 6: the root element is <html>, expected <testsuites> or <testsuite>",
    "junit report: fail",
  ],
  [
    "a case that is not closed",
    '<testsuite name="s">\n<testcase name="x"><failure>f</failure>',
    "line 2, column 39: the document ends before </testcase>",
    "s > x: fail #suite:s",
  ],
  [
    "a file that is not closed",
    '<testsuite><testcase name="x"><system-out>so far',
    "line 1, column 48: the document ends before </system-out>",
    "x: fail",
  ],
  [
    "a suite that is not closed",
    '<testsuites><testsuite name="s"><testcase name="x"/>',
    "line 1, column 52: the document ends before </testsuite>",
    "s: fail #suite:s",
  ],
  [
    "an end within a reference",
    '<testsuite><testcase name="x"/>&#1',
    "line 1, column 34: the document ends before </testsuite>",
    "junit report: fail",
  ],
  [
    "tags that do not match",
    '<testsuite><testcase name="x"></testsuite>',
    "line 1, column 42: found </testsuite>, expected </testcase>",
    "x: fail",
  ],
  [
    "an entity that nobody defines",
    '<testsuite><testcase name="x">&nbsp;</testcase></testsuite>',
    'line 1, column 36: unknown entity "&nbsp;"',
    "x: fail",
  ],
  [
    "text behind the root",
    "<testsuite/>oops",
    "line 1, column 13: found text outside any element",
    "junit report: fail",
  ],
  [
    "definitions of entities",
    '<!DOCTYPE t [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><testsuite/>',
    "line 1, column 50: the document defines entities, which is refused",
    "junit report: fail",
  ],
  [
    "an encoding that nobody knows",
    '<?xml version="1.0" encoding="x-mine"?><testsuite/>',
    'line 1, column 0: unknown encoding "x-mine"',
    "junit report: fail",
  ],
  [
    "elements without end",
    "<testsuite>" + "<a>".repeat(300),
    "line 1, column 779: elements are nested deeper than 256",
    "junit report: fail",
  ],
  [
    "attributes named as properties of objects, and an end",
    '<testsuite hasOwnProperty="" __proto__="">',
    "line 1, column 42: the document ends before </testsuite>",
    "junit report: fail",
  ],
];

for (const [name, report, error, last] of BROKEN) {
  Deno.test(`JunitDecoder breaks off at ${name}`, () => {
    const decoded = decode(report);
    assertEquals(decoded.error, error);
    const [reason, final] = decoded.events.slice(-2).map(show);
    assert(reason.endsWith(`[reason: ${error}]`), reason);
    assertEquals(final, last);
    assertEquals(lostTests(decoded.events), []);
  });
}

Deno.test("JunitDecoder ignores everything after the place where it broke off", () => {
  const decoder = new JunitDecoder();
  decoder.push(encoder.encode("<testsuite></wrong>"));
  const { error } = decoder;
  assertEquals(
    error,
    "line 1, column 19: found </wrong>, expected </testsuite>",
  );
  assertEquals(
    decoder.push(encoder.encode('<testsuite><testcase name="x"/>')),
    [],
  );
  assertEquals(decoder.end(), []);
  assertEquals(decoder.error, error);
});

Deno.test("JunitDecoder fails a report torn at any offset", () => {
  const report = encoder.encode(VECTORS[1][1]);
  const [complete] = [decode(report).events.length];
  for (let at = 0; at < report.length; at++) {
    const { events, error } = decode(report.subarray(0, at));
    assert(error !== undefined, `torn at ${at}`);
    assert(isFailureStatus(events.at(-1)!.status), `torn at ${at}`);
    assert(events.length <= complete + 2);
    assertEquals(lostTests(events), []);
  }
});

Deno.test("JunitDecoder emits text without holding it", () => {
  const decoder = new JunitDecoder();
  const push = (text: string) => decoder.push(encoder.encode(text)).map(show);
  push('<testsuite><testcase name="x"><system-out>');
  assertEquals(push("one\n"), []);
  assertEquals(push("two\n"), ["x: [stdout: one\n]"]);
  push("<![CDATA[");
  assertEquals(push("three\n"), ["x: [stdout: two\n]"]);
  assertEquals(push("]]></system-out>"), ["x: [stdout: three\n]"]);
});

Deno.test("JunitDecoder accepts text of any length", () => {
  const text = "x".repeat(20_000_000);
  const report = `<testsuite><testcase name="x"><failure message="${
    "y".repeat(1_000_000)
  }">${text}</failure></testcase></testsuite>`;
  const [, file] = decode(report).events;
  assertEquals(file.fileBytes!.length, 21_000_001);
});

Deno.test("JunitDecoder makes events that packets can hold", () => {
  const long = "\u{1f600}".repeat(3_000_000);
  const report = `<testsuite name="${long}"><testcase name="${long}\0">
<properties><property name="\0${long}">p</property></properties><${
    "a".repeat(5_000_000)
  }>text</${"a".repeat(5_000_000)}>${
    "<flakyFailure/>".repeat(500_000)
  }</testcase></testsuite>`;
  const { events, error } = decode(report);
  assertEquals(error, undefined);
  for (const event of events) encodePackets(event);
  assertEquals(events.at(-1)!.tags!.length, 102);
  assertEquals(events.filter(({ fileName }) => fileName).length, 3);
});

Deno.test("JunitDecoder reads the encodings that reports are written in", () => {
  const body = (declaration: string) =>
    `${declaration}<testsuite><testcase name="naïve"/></testsuite>`;
  const declared = (name: string) =>
    body(`<?xml version="1.0" encoding="${name}"?>`);
  const utf16 = (text: string, isLittle: boolean) => {
    const bytes = new Uint8Array(2 * text.length);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < text.length; i++) {
      view.setUint16(2 * i, text.charCodeAt(i), isLittle);
    }
    return bytes;
  };
  const latin1 = (text: string) =>
    Uint8Array.from(text, (character) => character.charCodeAt(0));
  for (
    const [name, bytes] of [
      ["no declaration", encoder.encode(body(""))],
      ["UTF-8", encoder.encode(declared("UTF-8"))],
      ["UTF-8 with a mark", encoder.encode("\ufeff" + body(""))],
      ["single quotes", encoder.encode(declared("utf-8").replaceAll('"', "'"))],
      ["UTF-16LE with a mark", utf16("\ufeff" + declared("UTF-16"), true)],
      ["UTF-16BE with a mark", utf16("\ufeff" + declared("utf-16"), false)],
      ["UTF-16LE", utf16(declared("UTF-16LE"), true)],
      ["UTF-16BE", utf16(declared("UTF-16BE"), false)],
      ["UTF-16LE without a declaration", utf16(body(""), true)],
      ["UTF-16BE without a declaration", utf16(body(""), false)],
      ["UTF-16 that says UTF-8", utf16("\ufeff" + declared("utf-8"), true)],
      [
        "documents in a row, each with a mark",
        encoder.encode(`\ufeff${body("")}\n\ufeff${declared("utf-8")}`),
      ],
      ["UTF-16 that is not", encoder.encode(declared("utf-16"))],
      ["ISO-8859-1", latin1(declared("ISO-8859-1"))],
      ["Windows-1252", latin1(declared("windows-1252"))],
    ] as const
  ) {
    for (const chunks of cuts(bytes)) {
      const { events, error } = decode(...chunks);
      assertEquals(error, undefined, name);
      assertEquals(events.map(show).at(-1), "naïve: success", name);
    }
  }
});

Deno.test("JunitDecoder passes on text before the report", () => {
  const report = '<testsuite><testcase name="x"/></testsuite>';
  const utf16 = (text: string) =>
    concat(
      Array.from(
        "\ufeff" + text,
        (character) =>
          Uint8Array.of(character.charCodeAt(0), character.charCodeAt(0) >> 8),
      ),
    );
  const banner = "\n  Rstest v0.12.0 \u2713\n> a < b <? <test\n";
  for (
    const [document, words] of [
      [banner + report, banner],
      [`${banner}<?xml version="1.0"?>${report}`, banner],
      [`\ufeff${banner}${report}`, banner],
      [utf16(banner + report), banner],
      [
        concat([
          encoder.encode(`words <?xml version="1.0" encoding="latin1"?>`),
          encoder.encode(report),
        ]),
        "words ",
      ],
      [` \n${report}`, ""],
      [` \n<?xml version="1.0"?>${report}`, ""],
    ] as const
  ) {
    const bytes = typeof document === "string"
      ? encoder.encode(document)
      : document;
    for (const chunks of cuts(bytes)) {
      const { events, error } = decode(...chunks);
      assertEquals(error, undefined);
      assertEquals(
        events.map(show),
        [
          ...words === "" ? [] : [`[stdout: ${words}]`],
          "x: inprogress",
          "x: success",
        ],
      );
    }
  }
});

Deno.test("JunitDecoder passes on text as it arrives", () => {
  const decoder = new JunitDecoder();
  const push = (text: string) => decoder.push(encoder.encode(text)).map(show);
  assertEquals(push("building <t"), ["[stdout: building ]"]);
  assertEquals(push("ests>\n"), ["[stdout: <tests>\n]"]);
  assertEquals(push("<testsuit"), []);
  assertEquals(push('e><testcase name="x"/>'), [
    "x: inprogress",
    "x: success",
  ]);
});

Deno.test("JunitDecoder keeps a bounded number of names", () => {
  const suites = Array.from(
    { length: 1100 },
    (_, i) => `<testsuite name="${i}${"x".repeat(5000)}"/>`,
  );
  const suite = '<testsuite name="a"><testcase name="b"/></testsuite>';
  const report = `<testsuites>${suites.join("")}${suite}${suite}</testsuites>`;
  const tags = decode(report).events.flatMap(({ status, tags }) =>
    status === "success" ? [tags!.at(-1)!] : []
  );
  // Names that are not kept may repeat.
  assert(tags.every((tag) => /^repeat:\d+\?$/.test(tag)), tags.join());
  assert(tags[0] !== tags[1]);
});

Deno.test("JunitDecoder reads U+FFFD for what is not in the encoding", () => {
  const bytes = concat([
    encoder.encode('<testsuite><testcase name="a'),
    Uint8Array.of(0xff, 0x00),
    encoder.encode('b"/></testsuite>'),
  ]);
  assertEquals(shown(bytes), ["a\ufffd\\0b: success"]);
});

/** The times of a report's events: "id status start-or-end". */

Deno.test("JunitDecoder keeps a U+FEFF in text, however the report is cut", () => {
  const report = encoder.encode(
    '<testsuite><testcase name="a"><system-out>x\ufeffy</system-out></testcase></testsuite>',
  );
  assertCuts(report, (chunks) => decode(...chunks));
  const [file] = decode(report).events.filter(({ fileName }) => fileName);
  assertEquals(file.fileBytes, encoder.encode("x\ufeffy"));
});

function times(report: string, now?: string): string[] {
  const decoder = new JunitDecoder(
    now === undefined ? {} : { now: () => parseTimestamp(now) },
  );
  return decodeChunks(decoder, [encoder.encode(report)]).map((event) =>
    `${show(event)} ${
      event.timestamp ? formatTimestamp(event.timestamp).slice(11) : "-"
    }`
  );
}

Deno.test("JunitDecoder lets the cases of a suite follow one another", () => {
  const report = `<testsuite timestamp="2026-01-31T12:00:00">
<testcase name="a" time="0.5"/><testcase name="b" time="1.000000001"/>
<testsuite><testcase name="c" time="1"/></testsuite>
<testsuite timestamp="2026-01-31T13:00:00+01:00"><testcase name="d" time="1"/></testsuite>
<testcase name="e" time="1" timestamp="2026-01-31T12:30:00.25Z"/>
<testcase name="f"/></testsuite>`;
  assertEquals(times(report, "2026-01-31T23:00:00Z"), [
    "a: inprogress 12:00:00Z",
    "a: success 12:00:00.5Z",
    "b: inprogress 12:00:00.5Z",
    "b: success 12:00:01.500000001Z",
    "c: inprogress 12:00:01.500000001Z",
    "c: success 12:00:02.500000001Z",
    // Another suite without a name.
    "d: inprogress #repeat:1 12:00:00Z",
    "d: success #repeat:1 12:00:01Z",
    "e: inprogress 12:30:00.25Z",
    "e: success 12:30:01.25Z",
    // Its duration is unknown.
    "f: inprogress -",
    "f: success 12:00:02.500000001Z",
  ]);
});

Deno.test("JunitDecoder lets cases end now when the report has no times", () => {
  const report = '<testsuite><testcase name="a" time="1.5"/></testsuite>';
  assertEquals(times(report, "2026-01-31T12:00:01Z"), [
    "a: inprogress 11:59:59.5Z",
    "a: success 12:00:01Z",
  ]);
  assertEquals(times(report), ["a: inprogress -", "a: success -"]);
  const unknown = '<testsuite><testcase name="a"/></testsuite>';
  assertEquals(times(unknown, "2026-01-31T12:00:01Z"), [
    "a: inprogress -",
    "a: success 12:00:01Z",
  ]);
});

Deno.test("JunitDecoder reads times in any notation, and ignores nonsense", () => {
  for (
    const [attribute, end, start = undefined] of [
      ['timestamp="2026-01-31T12:00:00" time="1"', "12:00:01Z", "12:00:00Z"],
      ['timestamp="2026-01-31 12:00:00Z" time="1e-3"', "12:00:00.001Z"],
      [
        'timestamp="2026-01-31T12:00:00.1234567+0100" time="1"',
        "11:00:01.1234567Z",
      ],
      ['timestamp="2026-01-31T12:00:00" time="1,800.5"', "12:30:00.5Z"],
      ['timestamp="2026-01-31T12:00:00" time="0,800"', "12:00:00.8Z"],
      ['timestamp="2026-01-31T12:00:00" time="12,5"', "12:00:12.5Z"],
      ['timestamp="2026-01-31T12:00:00" time="1.800,5"', "12:30:00.5Z"],
      ['timestamp="2026-01-31T12:00:00" time="0."', "12:00:00Z", "12:00:00Z"],
      ['timestamp="2026-01-31T12:00:00" time=".5"', "12:00:00.5Z"],
      ['timestamp="2026-01-31T12:00:00" time="80.8us"', "12:00:00Z", "-"],
      ['timestamp="2026-01-31T12:00:00" time="0:00:01.5"', "12:00:00Z", "-"],
      ['timestamp="1970-01-01T00:00:00" time="0"', "-", "-"],
      ['timestamp="1970-01-01T01:00:00.000" time="0"', "-", "-"],
      ['timestamp="1970-01-01T13:00:00+13:00" time="0"', "-", "-"],
      ['timestamp="1970-01-02T00:00:00+13:00" time="0"', "-", "-"],
      ['timestamp="1970-01-02T00:00:00" time="0"', "00:00:00Z"],
      ['timestamp="2026-01-31T12:00:00" time="-1"', "12:00:00Z", "-"],
      ['timestamp="2026-01-31T12:00:00" time="1e300"', "12:00:00Z", "-"],
      ['timestamp="2026-01-31T12:00:00" time=""', "12:00:00Z", "-"],
      ['timestamp="1969-12-31T23:59:59" time="1"', "-"],
      ['timestamp="2106-02-07T06:28:15" time="9"', "06:28:15Z"],
      ['timestamp="yesterday" time="1"', "-"],
    ] as const
  ) {
    const report = `<testsuite><testcase name="a" ${attribute}/></testsuite>`;
    const [started, ended] = times(report);
    assertEquals(ended, `a: success ${end}`, attribute);
    if (start === undefined) continue;
    assertEquals(started, `a: inprogress ${start}`, attribute);
  }
});

Deno.test("JunitDecoder refuses chunks after its end", () => {
  assertEnds(new JunitDecoder());
});

const ELEMENTS = [
  "testsuite",
  "testcase",
  "failure",
  "error",
  "skipped",
  "system-out",
  "properties",
  "property",
  "rerunFailure",
  "flakyError",
  "stackTrace",
  "other",
];

interface Tree {
  readonly name: string;
  readonly attributes: Record<string, string>;
  readonly content: readonly (string | Tree)[];
}

const anyWord = fc.constantFrom("a", "<b>", "&", '"', "\u{1f601}", "\n", " ");
/** What must not be lost: it only occurs in text. */
const WORD = "\u{1f600}";

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.record({
    name: fc.constantFrom(...ELEMENTS),
    attributes: fc.record({
      name: anyWord,
      classname: anyWord,
      type: anyWord,
      message: anyWord,
      time: fc.constantFrom("1", "x"),
      tests: fc.constantFrom("0", "2"),
      errors: fc.constantFrom("0", "2"),
    }, { requiredKeys: [] }),
    content: fc.array(
      fc.oneof({ maxDepth: 4 }, anyWord, fc.constant(WORD), tie("tree")),
      {
        maxLength: 5,
      },
    ),
  }),
}));

function escape(text: string): string {
  return text.replace(/[&<>"\n]/g, (c) => `&#${c.charCodeAt(0)};`);
}

function write({ name, attributes, content }: Tree): string {
  const written = Object.entries(attributes).map(([key, value]) =>
    ` ${key}="${escape(value)}"`
  );
  const inner = content.map((part) =>
    typeof part === "string" ? escape(part) : write(part)
  );
  return `<${name}${written.join("")}>${inner.join("")}</${name}>`;
}

/** How many cases are neither within another nor within a failure. */
function countCases({ name, content }: Tree): number {
  if (name === "testcase") return 1;
  if (name === "failure" || name === "error") return 0;
  return content.reduce(
    (sum, part) => sum + (typeof part === "string" ? 0 : countCases(part)),
    0,
  );
}

Deno.test("JunitDecoder ends every case and keeps every word, seed 8", () => {
  fc.assert(
    fc.property(tree, fc.array(fc.nat(400)), (root, lengths) => {
      const suite = { ...root, name: "testsuite" };
      const bytes = encoder.encode(write(suite));
      const whole = decode(bytes);
      assertEquals(whole.error, undefined);
      assertEquals(lostTests(whole.events), []);
      assert(whole.events.every(isWritable));
      let at = 0;
      const chunks = [...lengths, bytes.length].map((length) =>
        bytes.subarray(at, at += length)
      );
      assertEquals(decode(...chunks), whole);
      const started = whole.events.filter(({ status }) =>
        status === "inprogress"
      );
      assertEquals(started.length, countCases(suite));
      const printed = whole.events.map(show).join("\n");
      assertEquals(
        printed.split(WORD).length,
        JSON.stringify(suite.content).split(WORD).length,
      );
    }),
    { seed: 8, numRuns: 1500 },
  );
});

Deno.test("JunitDecoder takes any bytes, seed 9", () => {
  const part = fc.oneof(
    fc.constantFrom(
      "<testsuite>",
      '<testcase name="',
      "</testcase>",
      "</testsuite>",
      '"',
      ">",
      "<![CDATA[",
      "]]>",
      "<!--",
      "-->",
      "&#",
      "&lt;",
      "<?xml",
      "?>",
      "<!DOCTYPE",
      "[",
    ).map((word) => encoder.encode(word)),
    fc.uint8Array({ maxLength: 6 }),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 30 }), fc.nat(60), (parts, cut) => {
      const bytes = concat([encoder.encode("<testsuite>"), ...parts]);
      const whole = decode(bytes);
      assertEquals(lostTests(whole.events), []);
      assert(whole.events.every(isWritable));
      if (whole.error !== undefined) {
        assertEquals(whole.events.at(-1)!.status, "fail");
      }
      const at = Math.min(cut, bytes.length);
      assertEquals(decode(bytes.subarray(0, at), bytes.subarray(at)), whole);
    }),
    { seed: 9, numRuns: 3000 },
  );
});
