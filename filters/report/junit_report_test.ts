import { assertEquals } from "@std/assert";
import { encodePackets, PacketDecoder, TestCollator } from "@subunit/codec";
import { JunitDecoder } from "@subunit/codec/junit";
import fc from "fast-check";
import { SaxesParser } from "saxes";
import { Output } from "../kit/io/output.ts";
import { JunitReport } from "./junit_report.ts";

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
  const parts: Uint8Array[] = [];
  const out = new Output({
    writeSync: (bytes) => parts.push(bytes.slice()) && bytes.length,
    isTerminal: () => false,
  }, "memory");
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
  out.flush();
  return parts.map((part) => new TextDecoder().decode(part)).join("");
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
