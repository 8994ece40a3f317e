import { assert, assertEquals } from "@std/assert";
import {
  encodePackets,
  PacketDecoder,
  type StatusEvent,
  TestCollator,
} from "@subunit/codec";
import { JunitDecoder } from "@subunit/codec/junit";
import fc from "fast-check";
import { SaxesParser } from "saxes";
import { assertSameFromRows } from "../../tests/support/reports.ts";
import {
  anyEvent,
  anyRun,
  anyTimestamp,
  noisyStream,
  stream,
} from "../../tests/support/streams.ts";
import type { Output } from "../kit/io/output.ts";
import { memoryOutput } from "../../tests/support/memory.ts";
import { endsFor } from "../kit/text/content.ts";
import { charactersRead } from "./junit_case.ts";
import { type JunitOptions, JunitReport } from "./junit_report.ts";

const SEED = 2311;
const FIXTURES = new URL("../../tests/fixtures/junit/", import.meta.url);

/** A case, as a reader of XML sees it. */
interface Case {
  readonly suites: readonly string[];
  readonly host: string;
  readonly classname: string;
  readonly name: string;
}

/** The cases of a report, in order; white space and banners before it aside. */
function casesIn(xml: string): Case[] {
  const parser = new SaxesParser();
  const cases: Case[] = [];
  const open: { name: string; suite?: string; host?: string }[] = [];
  parser.on("opentag", ({ name, attributes }) => {
    const { name: own = "", classname = "", hostname } = attributes;
    if (name === "testcase") {
      cases.push({
        suites: open.flatMap(({ suite }) => suite ? [suite] : []),
        host: open.findLast(({ host }) => host)?.host ?? "",
        classname,
        name: own,
      });
    }
    const isSuite = name === "testsuite";
    open.push(isSuite ? { name, suite: own, host: hostname } : { name });
  });
  parser.on("closetag", () => void open.pop());
  parser.write(xml.slice(xml.indexOf("<"))).close();
  return cases;
}

/** JUnit into packets into JUnit, as the tools do it. */
function thereAndBack(xml: string, retries = false): string {
  const junit = new JunitDecoder();
  const events = [...junit.push(new TextEncoder().encode(xml)), ...junit.end()];
  assertEquals(junit.error, undefined);
  const packets = new PacketDecoder();
  for (const event of events) {
    encodePackets(event).forEach((p) => packets.push(p));
  }
  packets.end();
  const { out, written } = memoryOutput();
  const report = new JunitReport(out, {
    suiteFrom: undefined,
    most: 1000,
    attachments: undefined,
    retries,
  });
  const collator = new TestCollator({ attachments: true });
  packets.drain((item) => {
    const test = item.kind === "packet" ? collator.add(item) : undefined;
    if (test !== undefined) report.add(test);
  });
  for (const test of collator.end()) report.add(test);
  report.end();
  return new TextDecoder().decode(written());
}

/** Failures outside of cases become cases: they have the names of suites. */
function withoutSuiteCases(cases: readonly Case[], names: ReadonlySet<string>) {
  return cases.filter(({ name }) => names.has(name));
}

for (const { name } of Deno.readDirSync(FIXTURES)) {
  if (!name.endsWith(".xml")) continue;
  Deno.test(`${name} keeps its suites, hosts, classes and names there and back`, () => {
    const xml = Deno.readTextFileSync(new URL(name, FIXTURES));
    // Catch2 writes it until it finds out.
    const before = casesIn(xml).map((one) =>
      one.host === "tbd" ? { ...one, host: "" } : one
    );
    const names = new Set(before.map(({ name }) => name));
    const once = thereAndBack(xml);
    assertEquals(withoutSuiteCases(casesIn(once), names), before);
    assertEquals(casesIn(thereAndBack(once)), casesIn(once));
  });
}

/** A suite of a generated report. */
interface Suite {
  readonly name: string;
  readonly host: string | undefined;
  readonly inner: readonly (Suite | Pick<Case, "classname" | "name">)[];
}

const words = [
  "a",
  "B1",
  "1.5",
  ".",
  " ",
  " > ",
  "test",
  "[x.y]",
  "(",
  "é",
  '&<"',
];
const anyName = fc.array(fc.constantFrom(...words), {
  minLength: 1,
  maxLength: 4,
}).map((parts) => parts.join("")).filter((name) => name.trim() !== "");

const { suite: anySuite } = fc.letrec<{ suite: Suite }>((tie) => ({
  suite: fc.record({
    name: anyName,
    host: fc.option(fc.constantFrom("webkit", "vm"), { nil: undefined }),
    inner: fc.array(
      fc.oneof(
        { maxDepth: 3 },
        fc.record({
          classname: fc.oneof(anyName, fc.constantFrom("", "test")),
          name: anyName,
        }),
        tie("suite"),
      ),
      { maxLength: 4 },
    ),
  }),
}));

function attribute(name: string, text: string | undefined): string {
  return text === undefined
    ? ""
    : ` ${name}="${text.replace(/[&<"]/g, (c) => `&#${c.charCodeAt(0)};`)}"`;
}

function xmlOf(inner: Suite["inner"]): string {
  return inner.map((one) =>
    "inner" in one
      ? `<testsuite${attribute("name", one.name)}${
        attribute("hostname", one.host)
      }>${xmlOf(one.inner)}</testsuite>`
      : `<testcase${attribute("classname", one.classname)}${
        attribute("name", one.name)
      }/>`
  ).join("");
}

Deno.test("generated reports keep suites, hosts, classes and names there and back, seed 13", () => {
  fc.assert(
    fc.property(fc.array(anySuite, { maxLength: 3 }), (suites) => {
      const xml = `<testsuites>${xmlOf(suites)}</testsuites>`;
      assertEquals(casesIn(thereAndBack(xml)), casesIn(xml));
    }),
    { seed: 13, numRuns: 1000 },
  );
});

Deno.test("a failure is never taken for a flake of another test of a report", () => {
  for (const name of ["jest", "mocha", "playwright", "playwright_retries"]) {
    const xml = Deno.readTextFileSync(new URL(`${name}.xml`, FIXTURES));
    const count = (report: string) => report.match(/<failure\b/g)!.length;
    assertEquals(count(thereAndBack(xml, true)), count(xml), name);
  }
});

/** Ids that have a class or seem to. */
const anyId = fc.array(
  fc.constantFrom(
    ..."._-0a1Z/ ",
    "::",
    "..",
    "\u00e9",
    "pkg.Test",
    ".test_it",
    "a.b.",
    "s.",
    "0.1",
    "x".repeat(500),
  ),
  { maxLength: 4 },
).map((parts) => parts.join(""));

/** Ends of tests, with what a row can have. */
const anyEnd: fc.Arbitrary<StatusEvent> = fc.record({
  testId: anyId,
  status: fc.constantFrom("success", "uxsuccess", "skip", "fail", "xfail"),
  tags: fc.subarray([
    "suite:s",
    "suite:pkg.Test",
    "host:h",
    "repeat:2",
    "class:c",
    "<&\u00e9>",
  ], {
    maxLength: 2,
  }),
  routeCode: fc.constantFrom("0", '"', "", "\u00e9"),
  timestamp: fc.oneof(
    anyTimestamp(1),
    fc.nat(1_000_000).map((half) => ({
      seconds: 1_000_000 + Math.floor(half / 2000),
      nanoseconds: half % 2000 * 500_000,
    })),
  ),
  runnable: fc.boolean(),
}, { requiredKeys: ["testId", "status", "runnable"] });

const anyOptions: fc.Arbitrary<JunitOptions> = fc.record({
  suiteFrom: fc.option(fc.constant(/^[^.]*/), { nil: undefined, freq: 8 }),
  most: fc.constant(100),
  attachments: fc.constant(undefined),
  retries: fc.integer({ min: 0, max: 7 }).map((number) => number === 0),
});

Deno.test(`JunitReport writes rows of packets as tests (seed ${SEED})`, () => {
  fc.assert(
    fc.property(
      anyOptions,
      fc.array(fc.oneof({ weight: 5, arbitrary: anyEnd }, anyEvent())),
      anyRun({ routes: [undefined, "0"], parents: true }),
      fc.boolean(),
      fc.integer({ min: 1, max: 2000 }),
      (options, events, run, hasRun, size) => {
        const starts = events.filter((_, index) => index % 3 > 0)
          .map(({ testId, routeCode, timestamp }, index) => ({
            testId,
            routeCode,
            status: "inprogress" as const,
            timestamp: timestamp && {
              seconds: Math.max(0, timestamp.seconds - index % 3),
              nanoseconds: index % 2 * 500_000,
            },
          }));
        assertSameFromRows(
          (out) => new JunitReport(out, options),
          stream(...starts, ...(hasRun ? run : []), ...events),
          size,
          { attachments: endsFor(charactersRead(options.most)) },
        );
      },
    ),
    { seed: SEED, numRuns: 1000 },
  );
});

Deno.test(`JunitReport writes rows of any stream as tests (seed ${SEED})`, () => {
  fc.assert(
    fc.property(
      anyOptions,
      noisyStream,
      fc.integer({ min: 1, max: 400 }),
      (options, bytes, size) => {
        const begin = (out: Output) => new JunitReport(out, options);
        assertSameFromRows(begin, bytes, size, { attachments: true });
      },
    ),
    { seed: SEED, numRuns: 300 },
  );
});

Deno.test("JunitReport ends long suites of rows where it ends those of tests", () => {
  const tests = Array.from({ length: 400 }, (_, i) => ({
    testId: `pkg.test_${i % 7 === 0 ? " " : i}`,
    status: "fail" as const,
    tags: ["\u00e9".repeat(20)],
  }));
  const options = {
    suiteFrom: undefined,
    most: 100,
    attachments: undefined,
    retries: false,
  };
  const report = assertSameFromRows(
    (out) => new JunitReport(out, options),
    stream(...Array(40).fill(tests).flat()),
    70_000,
  );
  assert(report.split("<testsuite ").length > 3);
});

Deno.test("JunitReport names the cases of rows as those of tests, whatever their tags", () => {
  const ids = ["pkg.Test.a.b", "pkg.Test.a", "pkg.a", "a", "pkg.Test", "s.a"];
  const tagSets = [
    [],
    ["slow"],
    ["suite:pkg.Test"],
    ["suite:pkg"],
    ["suite:s", "suite:pkg.Test"],
    ["class:pkg"],
    ["suite:s", "class:pkg.Test"],
    ["host:h"],
    ["repeat:2"],
  ];
  const events = ids.flatMap((testId) =>
    tagSets.map((tags) => ({ testId, status: "success" as const, tags }))
  );
  assertSameFromRows(
    (out) =>
      new JunitReport(out, {
        suiteFrom: undefined,
        most: 100,
        attachments: undefined,
        retries: false,
      }),
    stream(...events),
    100_000,
  );
});
