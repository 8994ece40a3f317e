import { assertEquals } from "@std/assert";
import {
  countsInWords,
  type Finding,
  type FindingKind,
  findingKindOf,
  findingOf,
  messageOf,
  WorstFindings,
} from "./findings.ts";
import type { ReportedTest } from "../report/report.ts";

const project = { root: "/project", exists: () => false };

function reported(fields: Partial<ReportedTest>): ReportedTest {
  return {
    testId: "t",
    outcome: "fail",
    tags: [],
    routeCode: undefined,
    started: undefined,
    ended: undefined,
    seconds: undefined,
    parentTestId: undefined,
    attachments: [],
    ...fields,
  };
}

function file(name: string, text: string, mimeType = "text/plain") {
  return { name, mimeType, bytes: new TextEncoder().encode(text) };
}

Deno.test("findingKindOf names what is wrong", () => {
  const cases: [test: Partial<ReportedTest>, kind: FindingKind | undefined][] =
    [
      [{ outcome: "fail" }, "fail"],
      [{ outcome: "lost" }, "lost"],
      [{ outcome: "uxsuccess", tags: ["flaky"] }, "uxsuccess"],
      [{ outcome: "success" }, undefined],
      [{ outcome: "success", tags: ["attempt-1", "flaky"] }, "flaky"],
      [{ outcome: "skip", tags: ["flaky"] }, undefined],
      [{ outcome: "xfail" }, undefined],
      [{ outcome: "fail", testId: "subunit.parser" }, "damage"],
      [{ outcome: "lost", testId: "subunit.parser" }, "lost"],
    ];
  for (const [test, kind] of cases) {
    assertEquals(findingKindOf(reported(test)), kind, JSON.stringify(test));
  }
});

Deno.test("findingOf says why and where", () => {
  const log = file("log", "first\r\nat a.c:3: x\n\n");
  const traceback = file(
    "traceback",
    '  File "b.py", line 2\n\x1b[31mE\x1b[m: \x1b[2J\n',
  );
  const binary = file("picture", "c.c:4: x", "image/png");
  const cases: [
    test: Partial<ReportedTest>,
    shown: Partial<Finding>,
    message: string,
  ][] = [
    [{}, { headline: undefined, text: "", place: undefined }, "failed"],
    [{ attachments: [traceback, log] }, {
      headline: "E: \\u001b[2J",
      text: '  File "b.py", line 2\nE: \\u001b[2J',
      place: { path: "b.py", line: 2 },
    }, "E: \\u001b[2J"],
    // No place in the reason: then in another file that is text.
    [{ attachments: [file("reason", "broken"), binary, log] }, {
      headline: "broken",
      text: "broken",
      place: { path: "a.c", line: 3 },
    }, "broken"],
    [{ attachments: [binary, log], outcome: "lost", routeCode: "0/1" }, {
      name: "t (route 0/1)",
      headline: "first",
      text: "first\nat a.c:3: x",
      place: { path: "a.c", line: 3 },
    }, "started and never ended: first"],
    [
      { testId: "subunit.parser", attachments: [file("Parser Error", "why")] },
      { name: "The stream", headline: "why" },
      "why",
    ],
  ];
  for (const [fields, shown, message] of cases) {
    const test = reported(fields);
    const finding = findingOf(test, findingKindOf(test)!, project);
    assertEquals({ ...finding, ...shown }, finding);
    assertEquals(messageOf(finding), message);
  }
});

Deno.test("findingOf keeps little of what is long", () => {
  const long = `${"x".repeat(1e6)}\n  at a.js:1:2\n${"y".repeat(1e6)}\nend`;
  const { headline, text } = findingOf(
    reported({ attachments: [file("traceback", long)] }),
    "fail",
    project,
  );
  assertEquals([headline, text.slice(-4)], ["end", "\nend"]);
  assertEquals(text.length < 8300, true);
  const line = findingOf(
    reported({ attachments: [file("reason", "z".repeat(1000))] }),
    "fail",
    project,
  ).headline;
  assertEquals(line, `${"z".repeat(250)}…${"z".repeat(249)}`);
});

Deno.test("WorstFindings keeps the worst in order, and counts all", () => {
  const order: FindingKind[] = [
    ...Array(5).fill("uxsuccess"),
    ...Array(9).fill("fail"),
    ...Array(3).fill("damage"),
    ...Array(2).fill("lost"),
  ];
  const worst = new WorstFindings(4);
  let made = 0;
  for (const [index, kind] of order.entries()) {
    worst.add(kind, () => {
      made++;
      const test = reported({ testId: String(index) });
      return { ...findingOf(test, "fail", project), kind };
    });
  }
  assertEquals(
    worst.worst.map(({ kind, name }) => `${kind} ${name}`),
    ["damage 14", "lost 17", "lost 18", "fail 5"],
  );
  // Of each kind no more than can be shown: memory is bounded.
  assertEquals(made, 4 + 4 + 1 + 2);
  assertEquals(
    countsInWords(worst.besides(3)),
    "2 damaged, 9 failed, 5 succeeded unexpectedly",
  );
  assertEquals(
    countsInWords(worst.besides(10)),
    "2 damaged, 8 failed, 5 succeeded unexpectedly",
  );
  assertEquals(countsInWords(new WorstFindings(1).besides(0)), "");
});
