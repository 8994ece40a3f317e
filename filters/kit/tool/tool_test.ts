import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import deno from "../../../deno.json" with { type: "json" };
import { lines, regroup } from "../io/lines.ts";
import { formatRow, type Row, treeOf } from "../../report/listing.ts";
import { formatSeconds } from "../python/format.ts";
import { compareText } from "../text/order.ts";
import { visibleLines, visibleText } from "../text/visible.ts";
import { helpText, nearestOption } from "./help.ts";
import { parseOptions } from "./options.ts";
import {
  defineTool,
  parseChoice,
  parseCount,
  parseNumber,
  type Tool,
  ToolError,
  UsageError,
  VERSION,
} from "./tool.ts";
import { Top } from "../../report/first_few.ts";

const table = {
  "no-passthrough": { help: "a flag that begins with no" },
  null: { short: "0", help: "a flag with a digit" },
  top: { short: "n", value: "N", help: "with a value" },
  tag: { value: "TAG", list: true, help: "more than once" },
} as const;

Deno.test("parseOptions reads flags, values, lists and operands", () => {
  const cases: [args: string[], options: object, operands: string[]][] = [
    [[], {}, []],
    [["--no-passthrough", "-0"], { "no-passthrough": true, null: true }, []],
    [["--top", "5", "-"], { top: "5" }, ["-"]],
    [["--top=-5", "7"], { top: "-5" }, ["7"]],
    [["-n5", "a"], { top: "5" }, ["a"]],
    [["--tag", "a", "--tag=b"], { tag: ["a", "b"] }, []],
    [["--", "--top"], {}, ["--top"]],
    [["a", "--null", "true", "-"], { null: true }, ["a", "true", "-"]],
    [["-0n", "5", "b"], { null: true, top: "5" }, ["b"]],
    [["--top", "-", "--tag", "-x"], { top: "-", tag: ["-x"] }, []],
    [["--top", "1", "--top=a=b"], { top: "a=b" }, []],
  ];
  for (const [args, expected, operands] of cases) {
    const parsed = parseOptions(table, args);
    const { "no-passthrough": no, null: nul, top, tag } = parsed.options;
    assertEquals(
      { "no-passthrough": no, null: nul, top, tag },
      {
        "no-passthrough": false,
        null: false,
        top: undefined,
        tag: [],
        ...expected,
      } as Record<string, unknown>,
    );
    assertEquals(parsed.operands, operands);
  }
});

Deno.test("parseOptions reads flags and their opposites, pairs and bare options", () => {
  const table = {
    success: { short: "s", help: "a flag" },
    "no-success": { help: "its opposite" },
    skip: { help: "a flag" },
    "no-skip": { help: "its opposite" },
    only: { short: "F", means: ["no-success", "no-skip"], help: "two at once" },
    rename: { value: "FROM TO", list: true, pair: true, help: "two values" },
    strip: { value: "GLOB", list: true, bare: "*", help: "one if any" },
  } as const;
  const none = {
    success: false,
    "no-success": false,
    skip: false,
    "no-skip": false,
    only: false,
    rename: [],
    strip: [],
  };
  const cases: [args: string[], options: object, operands?: string[]][] = [
    [["-s", "--no-success"], { "no-success": true }],
    [["--no-success", "-s"], { success: true }],
    [["-s", "-F"], { only: true, "no-success": true, "no-skip": true }],
    [["-Fs"], { only: true, success: true, "no-skip": true }],
    [["--skip", "--skip"], { skip: true }],
    [["--rename", "a", "", "b"], { rename: ["a", ""] }, ["b"]],
    [["--rename=a", "--x", "--rename", "-", "b"], {
      rename: ["a", "--x", "-", "b"],
    }],
    [["--strip", "a"], { strip: ["*"] }, ["a"]],
    [["--strip=a*", "--strip"], { strip: ["a*", "*"] }],
  ];
  for (const [args, expected, operands = []] of cases) {
    const parsed = parseOptions(table, args);
    const { help: _help, version: _version, ...options } = parsed.options;
    const named = Object.fromEntries(
      Object.keys(none).map((name) => [name, options[name]]),
    );
    assertEquals(named, { ...none, ...expected }, args.join(" "));
    assertEquals(parsed.operands, operands);
  }
  for (const args of [["--rename", "a"], ["--rename"], ["--rename", "", "b"]]) {
    assertThrows(() => parseOptions(table, args), UsageError, "two values");
  }
});

Deno.test("parseOptions reads values of options that begin with no", () => {
  const table = {
    "no-output": { value: "TIME", help: "with a value" },
  } as const;
  for (const args of [["--no-output", "1"], ["--no-output=1"]]) {
    const { options } = parseOptions(table, args);
    assertEquals(options["no-output"], "1");
    assertEquals("output" in options, false);
  }
  assertEquals(parseOptions(table, []).options["no-output"], undefined);
});

Deno.test("parseOptions tells a command from operands where a tool takes one", () => {
  const read = (args: string[]) => {
    const { operands, command } = parseOptions(table, args, {
      takesCommand: true,
    });
    return { operands, command };
  };
  assertEquals(read(["a", "-0"]), { operands: ["a"], command: undefined });
  assertEquals(read(["a", "--", "b", "--tag", "--"]), {
    operands: ["a"],
    command: ["b", "--tag", "--"],
  });
  assertEquals(read(["--"]), { operands: [], command: [] });
  assertEquals(parseOptions(table, ["--", "b"]).operands, ["b"]);
});

Deno.test("parseOptions refuses what the table does not have", () => {
  const cases: [args: string[], message: string][] = [
    [["--bogus"], `Unknown option "--bogus"`],
    [["-q"], `Unknown option "-q"`],
    [["--no-top"], `Unknown option "--no-top"`],
    [["--top"], "Option --top needs a value: write --top=N"],
    [["--tag="], "Option --tag needs a value"],
    [["-n"], "Option -n needs a value: write --top=N"],
    [["-0q"], `Unknown option "-q"`],
    [["--null=yes"], "Option --null takes no value"],
    [["--toString"], `Unknown option "--toString"`],
  ];
  for (const [args, message] of cases) {
    assertThrows(() => parseOptions(table, args), UsageError, message);
  }
});

Deno.test("nearestOption finds what was meant, or nothing", () => {
  const tool = defineTool({
    name: "tool",
    summary: "A tool",
    operands: "",
    options: table,
    exitStatus: ["good", "bad"],
    examples: [],
    run() {},
  });
  const cases: [unknown: string, nearest: string | undefined][] = [
    ["--tagg", "--tag"],
    ["--nul", "--null"],
    ["--no-passthru", "--no-passthrough"],
    ["--pass-through", "--no-passthrough"],
    ["--versoin", "--version"],
    ["--t", "--top"],
    ["--h", "--help"],
    ["--anything", undefined],
    ["-x", undefined],
    ["-v", undefined],
  ];
  for (const [unknown, nearest] of cases) {
    assertEquals(nearestOption(tool as Tool, unknown), nearest, unknown);
  }
});

Deno.test("parseCount, parseNumber and parseChoice refuse what is none", () => {
  assertEquals(parseCount("top", "12"), 12);
  for (const value of ["-1", "1.5", "", "many", "1e3"]) {
    assertThrows(() => parseCount("top", value), UsageError, "whole number");
  }
  assertEquals(parseNumber("slower", "1.5"), 1.5);
  for (const value of ["-1", "1.", ".5", "", "0x7", "50ms", "1e3"]) {
    assertThrows(
      () => parseNumber("slower", value, "a percentage"),
      UsageError,
      `Option --slower is "${value}": expected a percentage`,
    );
  }
  assertEquals(parseChoice("by", "tag", ["tag", "route"]), "tag");
  assertThrows(
    () => parseChoice("by", "id", ["tag", "route"]),
    UsageError,
    `Option --by is "id": expected tag, route`,
  );
});

Deno.test("helpText gives purpose, options, exit status and examples", () => {
  const tool = defineTool({
    name: "subunit-x",
    summary: "Do a thing",
    operands: "[FILE...]",
    options: table,
    exitStatus: ["good", "bad"],
    examples: ["subunit-x a", "subunit-x b"],
    run() {},
  });
  assertEquals(
    helpText(tool),
    `Usage: subunit-x [OPTION...] [FILE...]
Do a thing.

Options:
      --no-passthrough  a flag that begins with no
  -0, --null            a flag with a digit
  -n, --top=N           with a value
      --tag=TAG         more than once
  -h, --help            show this text
      --version         show the version

Exit status:
  0  good
  1  bad
  2  wrong usage, or input or output failed

Examples:
  subunit-x a
  subunit-x b
`,
  );
});

Deno.test("VERSION is that of the package", () => {
  assertEquals(VERSION, deno.version);
});

Deno.test("visibleText leaves no control character", () => {
  assertEquals(
    visibleText("a\x1b[2Jb\x07\x9b\x7f"),
    "a\\u001b[2Jb\\u0007\\u009b\\u007f",
  );
  assertEquals(visibleText("a\nb\r\tc"), "a\\nb\\r\\tc");
  assertEquals(visibleText("\u202egnp.exe\u2066"), "\\u202egnp.exe\\u2066");
  assertEquals(visibleText("naïve г 測試 👍"), "naïve г 測試 👍");
});

Deno.test("compareText sorts by code point", () => {
  const sorted = ["", "a", "a b", "ab", "\uff5e", "\u{1f600}", "\u{1f600}a"];
  assertEquals(sorted.toReversed().sort(compareText), sorted);
});

Deno.test("formatSeconds rounds as Python's %0.3f does", () => {
  const cases: [seconds: number, text: string][] = [
    [0, "0.000"],
    [1.2345, "1.234"],
    [0.0625, "0.062"],
    [0.1875, "0.188"],
    [-5355.8125, "-5355.812"],
    [29.3895, "29.390"],
    [1e9 + 0.5, "1000000000.500"],
  ];
  for (const [seconds, text] of cases) {
    assertEquals(formatSeconds(seconds), text);
  }
});

Deno.test("visibleLines leaves line ends and tabs", () => {
  assertEquals(
    visibleLines("a\tb\r\nc\rd\x1b[0m\n"),
    "a\tb\r\nc\\rd\\u001b[0m\n",
  );
});

Deno.test("lines gives the same lines however the input is cut", () => {
  const text = "one\n\nthree\r\nlast";
  const bytes = new TextEncoder().encode(text);
  const decode = (chunks: Uint8Array[]) =>
    Array.from(lines(chunks), (line) => new TextDecoder().decode(line));
  const expected = ["one", "", "three\r", "last"];
  for (let cut = 0; cut <= bytes.length; cut++) {
    assertEquals(
      decode([bytes.subarray(0, cut), bytes.subarray(cut)]),
      expected,
    );
  }
  assertEquals(
    decode(Array.from(bytes, (byte) => Uint8Array.of(byte))),
    expected,
  );
  assertEquals(decode([]), []);
});

Deno.test("lines refuses to collect a line without end", () => {
  const chunk = new Uint8Array(1024 * 1024).fill(0x20);
  let taken = 0;
  function* endless() {
    yield Uint8Array.of(0x31, 0x0a);
    for (; taken < 100; taken++) yield chunk;
  }
  assertThrows(
    () => [...lines(endless())],
    ToolError,
    "Cannot read line 2: it is longer than 67108864 bytes",
  );
  assertEquals(taken, 64);
});

Deno.test("lines offers chunks to a reader of whole lines", () => {
  /** Reads lines of digits. */
  class Digits {
    wholeLines = 0;
    readonly read: string[] = [];
    readWhole(chunk: Uint8Array, start: number): number {
      const text = new TextDecoder().decode(chunk.subarray(start));
      const [digits] = /^(\d+\n)*/.exec(text)!;
      const read = digits.split("\n").slice(0, -1);
      this.read.push(...read);
      this.wholeLines += read.length;
      return start + digits.length;
    }
  }
  const text = new TextEncoder().encode("12\n3\na\n4\nb\nc\n5\n67\n8");
  const all = "12 3 a 4 b c 5 67 8".split(" ");
  for (let cut = 0; cut <= text.length; cut++) {
    const reader = new Digits();
    const chunks = [text.subarray(0, cut), text.subarray(cut)];
    const others = Array.from(
      lines(chunks, reader),
      (line) => new TextDecoder().decode(line),
    );
    assertEquals([...reader.read, ...others].sort(), all.toSorted());
    // A line that is cut is not whole.
    const whole = all.filter((line) => /^[1-7]+$/.test(line)).length;
    assert(reader.wholeLines >= whole - 1);
    assertEquals(others.at(-1), "8");
  }
});

Deno.test("lines counts whole lines in its error", () => {
  const chunk = new Uint8Array(1024 * 1024).fill(0x20);
  function* endless() {
    yield new TextEncoder().encode("1\n2\n3\nx\n");
    for (;;) yield chunk;
  }
  const reader = {
    wholeLines: 0,
    readWhole(chunk: Uint8Array, start: number): number {
      if (chunk[start] !== 0x31) return start;
      this.wholeLines = 3;
      return start + 6;
    },
  };
  assertThrows(
    () => [...lines(endless(), reader)],
    ToolError,
    "Cannot read line 5: it is longer than 67108864 bytes",
  );
});

Deno.test("regroup gives parts of one size, the last one shorter", () => {
  const sizes = (chunks: number[], size: number) =>
    Array.from(
      regroup(chunks.map((length) => new Uint8Array(length)), size),
      (part) => part.length,
    );
  assertEquals(sizes([], 4), []);
  assertEquals(sizes([4], 4), [4]);
  assertEquals(sizes([1, 2, 6], 4), [4, 4, 1]);
  assertEquals(sizes([10], 4), [4, 4, 2]);
  const bytes = Uint8Array.from({ length: 10 }, (_, i) => i);
  assertEquals(
    Array.from(regroup([bytes], 4), (part) => [...part]).flat(),
    [...bytes],
  );
});

Deno.test("Top keeps the first few of an order, equal ones in theirs", () => {
  const top = new Top<[number, string]>(3, ([a], [b]) => b - a);
  for (let i = 0; i < 5000; i++) top.add([i % 1000, `first ${i}`]);
  assertEquals(top.values().map(([, name]) => name), [
    "first 999",
    "first 1999",
    "first 2999",
  ]);
});

function row(testId: string, parentTestId?: string): Row {
  return {
    testId,
    parentTestId,
    routeCode: undefined,
    outcome: "fail",
    seconds: undefined,
    tags: [],
  };
}

Deno.test("treeOf puts subtests behind their parents, at any depth", () => {
  const rows = [
    row("a > b > c", "a > b"),
    row("a > b", "a"),
    row("a > d", "a"),
    row("a"),
    row("orphan", "elsewhere"),
  ];
  assertEquals(
    treeOf(rows).map(({ row, depth }) => `${depth} ${row.testId}`),
    ["0 a", "1 a > b", "2 a > b > c", "1 a > d", "0 orphan"],
  );
});

Deno.test("treeOf finds what is no test above the route of what is below it", () => {
  const on = (routeCode: string | undefined, row: Row) => ({
    ...row,
    routeCode,
  });
  const rows = [
    on("0/1", row("a > b", "a")),
    on("0", row("a > c", "a")),
    row("a > d", "a"),
    on("1", row("x > y", "x")),
    { ...row("a"), runnable: false },
    { ...on("0", row("a")), runnable: false },
    { ...on("2", row("x")), runnable: false },
    on("0", row("t > u", "t")),
    { ...row("t"), runnable: true },
  ];
  assertEquals(
    treeOf(rows).map(({ row, depth }) =>
      `${depth} ${row.routeCode ?? "-"} ${row.testId}`
    ),
    [
      "0 1 x > y",
      "0 - a",
      "1 - a > d",
      "0 0 a",
      "1 0/1 a > b",
      "1 0 a > c",
      "0 2 x",
      "0 0 t > u",
      "0 - t",
    ],
  );
});

Deno.test("treeOf loses no row of a circle, nor of a very deep tree", () => {
  assertEquals(treeOf([row("a", "b"), row("b", "a"), row("c", "c")]).length, 3);
  const deep = Array.from(
    { length: 100000 },
    (_, i) => row(`${i}`, i > 0 ? `${i - 1}` : undefined),
  );
  assertEquals(treeOf(deep).at(-1)!.depth, 99999);
});

Deno.test("formatRow gives each form one line", () => {
  const odd: Row = {
    ...row("a\tb\n", "p"),
    routeCode: "0",
    seconds: 1.5,
    tags: ["x"],
  };
  assertEquals(formatRow(odd, "plain", true), "a\tb\n 1.500");
  assertEquals(formatRow(row("a"), "plain", true), "a -");
  assertEquals(formatRow(odd, "tsv", false), "a\\tb\\n\tfail\t1.500\t0");
  assertEquals(
    formatRow(odd, "json", false),
    `{"test_id":"a\\tb\\n","outcome":"fail","seconds":1.5,"tags":["x"],"route_code":"0","parent_test_id":"p"}`,
  );
  assertMatch(
    formatRow(row("a"), "json", false),
    /^\{"test_id":"a","outcome":"fail"\}$/,
  );
});
