import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { isYamlEnd, type Line, mayBecomeTap, parseLine } from "./line.ts";

const encoder = new TextEncoder();

function parse(text: string): Line {
  const bytes = encoder.encode(text);
  return parseLine(bytes, 0, bytes.length);
}

function mayBecome(text: string): boolean {
  const bytes = encoder.encode(text);
  return mayBecomeTap(bytes, 0, bytes.length);
}

Deno.test("parseLine tells the kinds of lines apart", () => {
  const kinds: [string, string][] = [
    ["TAP version 13\n", "version"],
    ["    TAP version 14\n", "version"],
    ["KTAP version 1\n", "version"],
    ["TAP version\n", "other"],
    ["TAP version x\n", "other"],
    ["tap version 14\n", "other"],
    ["1..3\n", "plan"],
    ["1..0 # SKIP why\n", "plan"],
    ["1..3#why\n", "plan"],
    ["1..3 why\n", "other"],
    ["1..3x\n", "other"],
    ["1..\n", "other"],
    ["1.3\n", "other"],
    ["2024-01-31 12:00\n", "other"],
    ["1..9999999999999999\n", "other"],
    ["ok\n", "point"],
    ["ok\r\n", "point"],
    ["ok", "point"],
    ["\tnot ok\n", "point"],
    ["okay\n", "other"],
    ["ok:\n", "other"],
    ["Ok 1\n", "other"],
    ["o\n", "other"],
    ["not okay\n", "other"],
    ["not  ok\n", "other"],
    ["not\n", "other"],
    ["Bail out!\n", "bailout"],
    ["BAIL OUT! now\n", "bailout"],
    ["Bail out\n", "other"],
    ["  ---\n", "yaml"],
    ["---  \n", "yaml"],
    ["--- a/file.c\n", "other"],
    ["----\n", "other"],
    ["}\n", "brace"],
    ["    } \n", "brace"],
    ["},\n", "other"],
    ["#\n", "comment"],
    ["    # note\n", "comment"],
    ["# Subtest\n", "subtest"],
    ["# Subtest: name\n", "subtest"],
    ["# Subtests\n", "comment"],
    ["#Subtest: name\n", "comment"],
    ["pragma +strict\n", "other"],
    ["", "blank"],
    ["\n", "blank"],
    ["\r\n", "blank"],
    [" \t \n", "blank"],
    ["\0\n", "other"],
    [" ".repeat(1024) + "ok\n", "point"],
    [" ".repeat(1025) + "ok\n", "other"],
    [" ".repeat(1025) + "\n", "other"],
  ];
  for (const [text, kind] of kinds) {
    assertEquals(parse(text).kind, kind, JSON.stringify(text));
  }
});

Deno.test("parseLine reads a test point's parts", () => {
  const nothing = {
    kind: "point",
    indent: 0,
    ok: true,
    number: undefined,
    description: "",
    directive: undefined,
    reason: "",
    comment: "",
    opensBrace: false,
  };
  const points: [string, Record<string, unknown>][] = [
    ["ok", {}],
    ["not ok 7", { ok: false, number: 7 }],
    ["    ok 007\r\n", { indent: 4, number: 7 }],
    ["ok 1 - name", { number: 1, description: "- name" }],
    ["ok 1 name", { number: 1, description: "name" }],
    ["ok   1   name  ", { number: 1, description: "name" }],
    ["ok 1-name", { description: "1-name" }],
    ["ok 1name", { description: "1name" }],
    ["ok -1 name", { description: "-1 name" }],
    ["ok 9999999999999999", { description: "9999999999999999" }],
    ["ok # SKIP", { directive: "skip" }],
    ["ok 1 # skip why not", {
      number: 1,
      directive: "skip",
      reason: "why not",
    }],
    ["ok 1# skip", { number: 1, directive: "skip" }],
    ["ok a # Skipped: no disk ", {
      description: "a",
      directive: "skip",
      reason: "no disk",
    }],
    ["not ok a #todo later", {
      ok: false,
      description: "a",
      directive: "todo",
      reason: "later",
    }],
    ["ok a# ToDo later", {
      description: "a",
      directive: "todo",
      reason: "later",
    }],
    ["ok - #SkIp why", {
      description: "-",
      directive: "skip",
      reason: "why",
    }],
    ["ok page.html#skip is a URL", { description: "page.html#skip is a URL" }],
    ["ok issue #12", { description: "issue #12" }],
    ["ok C# is fine", { description: "C# is fine" }],
    ["ok a # time=3ms", { description: "a", comment: "# time=3ms" }],
    ["ok a # 42", { description: "a # 42" }],
    ["ok a # b # todo", { description: "a # b # todo" }],
    ["ok a # time = 3.5ms", { description: "a", comment: "# time = 3.5ms" }],
    ["ok a # in 76 ms", { description: "a", comment: "# in 76 ms" }],
    ["ok a # 2s later", { description: "a # 2s later" }],
    ["ok a # exit=1", { description: "a", comment: "# exit=1" }],
    ["ok a # TIMEOUT 45 s", { description: "a", comment: "# TIMEOUT 45 s" }],
    ["ok a # timeout 45 s", { description: "a # timeout 45 s" }],
    ["ok a # time=1s # todo", {
      description: "a",
      comment: "# time=1s # todo",
    }],
    ["ok a # todos", { description: "a", comment: "# todos" }],
    ["ok a # TODOlist", { description: "a", comment: "# TODOlist" }],
    ["ok a # todoé", { description: "a", comment: "# todoé" }],
    ["ok a # skipper", { description: "a", comment: "# skipper" }],
    ["ok a #todos", { description: "a #todos" }],
    ["ok a # TODO(me) b", {
      description: "a",
      directive: "todo",
      reason: "(me) b",
    }],
    ["ok a # XFAIL b", { description: "a # XFAIL b" }],
    ["ok a #", { description: "a", comment: "#" }],
    ["ok a \\# skip", { description: "a # skip" }],
    ["ok a \\\\# skip", { description: "a \\", directive: "skip" }],
    ["ok a \\\\\\# todo", { description: "a \\# todo" }],
    ["ok \\a \\\\ \\# b", { description: "\\a \\ # b" }],
    ["ok # TODO the \\# and # todo", {
      directive: "todo",
      reason: "the # and # todo",
    }],
    ["ok 1 - a {", { number: 1, description: "- a {", opensBrace: true }],
    ["ok a # time=3ms {", {
      description: "a",
      comment: "# time=3ms {",
      opensBrace: true,
    }],
    ["ok a{", { description: "a{" }],
    ["ok nul \0 here", { description: "nul \\0 here" }],
  ];
  for (const [text, parts] of points) {
    assertEquals<unknown>(parse(text), { ...nothing, ...parts }, text);
  }
});

Deno.test("parseLine reads the comments of the Linux kernel's dialect", () => {
  const points: [string, unknown[]][] = [
    ["ok 1 a # XFAIL b", ["a", "todo", "b", ""]],
    ["ok 1 a # xfailed b", ["a", undefined, "", "# xfailed b"]],
    ["ok 1 a # SKIP b", ["a", "skip", "b", ""]],
    ["ok 1 a # TODO b", ["a", "todo", "b", ""]],
    ["not ok 1 a # ERROR b", ["a", undefined, "", "# ERROR b"]],
    ["ok 1 a # 42", ["a", undefined, "", "# 42"]],
  ];
  for (const [text, parts] of points) {
    const bytes = encoder.encode(text);
    const line = parseLine(bytes, 0, bytes.length, "ktap");
    assert(line.kind === "point");
    const { description, directive, reason, comment } = line;
    assertEquals<unknown>([description, directive, reason, comment], parts);
  }
});

Deno.test("parseLine replaces in a description what is not UTF-8", () => {
  const bytes = new Uint8Array([...encoder.encode("ok "), 0x61, 0xff, 0x62]);
  const line = parseLine(bytes, 0, bytes.length);
  assert(line.kind === "point");
  assertEquals(line.description, "a\ufffdb");
});

Deno.test("parseLine reads the other lines' parts", () => {
  const lines: [string, Line][] = [
    ["TAP version 14", { kind: "version", indent: 0, version: 14 }],
    ["KTAP version 1", { kind: "version", indent: 0, version: 0 }],
    ["  1..12", { kind: "plan", indent: 2, last: 12, reason: "" }],
    ["1..0 # Skipped: why", {
      kind: "plan",
      indent: 0,
      last: 0,
      reason: "why",
    }],
    ["1..0 # skip", { kind: "plan", indent: 0, last: 0, reason: "" }],
    ["1..3 # some \\# reason", {
      kind: "plan",
      indent: 0,
      last: 3,
      reason: "some # reason",
    }],
    ["Bail out!  \\# is \\\\", {
      kind: "bailout",
      indent: 0,
      text: "# is \\",
    }],
    ["    # Subtest: a \\# b ", { kind: "subtest", indent: 4, text: "a # b" }],
    ["# Subtest", { kind: "subtest", indent: 0, text: "" }],
    ["# Subtest:", { kind: "subtest", indent: 0, text: "" }],
  ];
  for (const [text, line] of lines) assertEquals(parse(text), line, text);
});

Deno.test("mayBecomeTap rules out what can no longer be TAP", () => {
  const beginnings: [string, boolean][] = [
    ["n", true],
    ["not o", true],
    ["not a", false],
    ["ok ", true],
    ["ok, ", false],
    ["    ", true],
    ["    x", false],
    ["12", true],
    ["12.", true],
    ["12..", true],
    ["12..34 ", true],
    ["12:", false],
    ["12.3", false],
    ["1234567890123456", false],
    ["TAP v", true],
    ["TAPE", false],
    ["bail", true],
    ["bait", false],
    ["--", true],
    ["---", true],
    ["--- a", false],
    ["# anything", true],
    ["[42%] ", false],
    ["$ ", false],
    ["\r", true],
    [" ".repeat(1025), false],
  ];
  for (const [text, may] of beginnings) {
    assertEquals(mayBecome(text), may, JSON.stringify(text));
  }
});

Deno.test("isYamlEnd is true of three dots", () => {
  const ends: [string, boolean][] = [
    ["...", true],
    ["... ", true],
    ["..", false],
    ["....", false],
    ["... x", false],
  ];
  for (const [text, isEnd] of ends) {
    const bytes = encoder.encode(text);
    assertEquals(isYamlEnd(bytes, 0, bytes.length), isEnd, text);
  }
});

const WORDS = [
  ..."okTAP123.#\\{}-! \t\r",
  "ok",
  "not ok",
  "TAP version ",
  "KTAP version 1",
  "1..",
  "# Subtest: ",
  "---",
  "Bail out!",
];

Deno.test("mayBecomeTap is true for every beginning of TAP, seed 1", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...WORDS)), (words) => {
      const text = words.join("");
      if (parse(text + "\n").kind === "other") return;
      for (let end = 1; end <= text.length; end++) {
        assert(mayBecome(text.slice(0, end)), JSON.stringify(text));
      }
    }),
    { seed: 1, numRuns: 2000 },
  );
});

Deno.test("parseLine takes linear time on hostile lines", () => {
  const size = 1 << 20;
  for (const part of ["#", "# ", "\\", "\\#", " ", "ok #", "#skip", "1.."]) {
    const line = "ok " + part.repeat(size / part.length) + "x";
    // Steps for each pair of bytes would take an hour; scripts/bench/growth.ts
    // measures it.
    assertEquals(parse(line).kind, "point", part);
    assertEquals(parse("1..1 " + line).kind, "other", part);
  }
});
