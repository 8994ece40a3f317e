import { assertEquals } from "@std/assert";
import { CodeQuality, hashOf } from "./code_quality.ts";
import type { Finding } from "./findings.ts";

function finding(fields: Partial<Finding>): Finding {
  return {
    kind: "fail",
    name: "t",
    words: "failed",
    headline: undefined,
    text: "",
    place: undefined,
    ...fields,
  };
}

/** The fingerprints of a report. */
function fingerprintsOf(findings: readonly Partial<Finding>[]): string[] {
  const report = new CodeQuality();
  return findings.map((fields) =>
    JSON.parse(report.issueOf(finding(fields))).fingerprint
  );
}

Deno.test("hashOf is FNV-1a", () => {
  // Vectors of its authors.
  const cases: [text: string, hash: bigint][] = [
    ["", 0xcbf29ce484222325n],
    ["a", 0xaf63dc4c8601ec8cn],
    ["foobar", 0x85944171f73967e8n],
  ];
  for (const [text, hash] of cases) assertEquals(hashOf(text), hash);
});

Deno.test("CodeQuality tells the failures of a report apart", () => {
  const findings = [
    {},
    { text: "another attempt" },
    {},
    { kind: "lost" as const },
    { kind: "flaky" as const },
    { name: "u" },
    { name: "t (route 0)" },
    { name: "The stream", kind: "damage" as const, text: "at byte 1: CRC" },
    { name: "The stream", kind: "damage" as const, text: "at byte 9: CRC" },
    { name: "The stream", kind: "damage" as const, text: "at byte 9: length" },
  ];
  const prints = fingerprintsOf(findings);
  assertEquals(new Set(prints).size, findings.length);
  for (const print of prints) assertEquals(/^[0-9a-f]{16}$/.test(print), true);
});

Deno.test("CodeQuality gives the same fingerprints in the next run", () => {
  const before: Partial<Finding>[] = [
    { name: "a", text: "at a.py:3", place: { path: "a.py", line: 3 } },
    { name: "b" },
    { name: "b" },
    {
      name: "The stream",
      kind: "damage",
      text:
        "Cannot decode packet 17 at byte 40213: stored CRC-32 is 0x78335100",
    },
  ];
  // Other tests fail besides, lines have moved, and so has the damage.
  const after: Partial<Finding>[] = [
    { name: "c" },
    { name: "a", text: "at a.py:5", place: { path: "a.py", line: 5 } },
    { name: "b" },
    { name: "d" },
    { name: "b" },
    {
      name: "The stream",
      kind: "damage",
      text:
        "Cannot decode packet 19 at byte 50001: stored CRC-32 is 0x1a335fff",
    },
  ];
  const prints = fingerprintsOf(after);
  assertEquals(fingerprintsOf(before), [1, 2, 4, 5].map((at) => prints[at]));
});

Deno.test("CodeQuality remembers many failures", () => {
  const names = Array.from({ length: 5000 }, (_, i) => ({ name: `t${i}` }));
  const prints = fingerprintsOf([...names, ...names]);
  assertEquals(new Set(prints).size, 10_000);
  assertEquals(prints.slice(0, 5000), fingerprintsOf(names));
});
