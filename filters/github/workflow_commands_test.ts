import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import { commandsIn } from "../../tests/support/github_runner.ts";
import { annotation, CommandFreeText, defuse } from "./workflow_commands.ts";

const SEED = 20191113;
const encoder = new TextEncoder();

function bytes(text: string): Uint8Array {
  return encoder.encode(text);
}

/** What commands are made of, and what gets them past a careless eye. */
const anyHostileText: fc.Arbitrary<string> = fc.array(
  fc.oneof(
    fc.constantFrom("::", ":", "##[", "#", "[", "]", "error", "add-mask"),
    fc.constantFrom("::error::", "##[add-mask]x", "\n::set-output name=a::b"),
    fc.constantFrom("#\u200b#[error]", "\n:\xad:stop-commands::a"),
    fc.constantFrom("set-output name=a", "stop-commands", "ERROR", "]x"),
    fc.constantFrom("\n", "\r", "\r\n", " ", "\t", "\x85", "\u2028", "\xa0"),
    fc.constantFrom("\u200b", "\ufeff", "\xad", "\x07", "\u3164", "\u{e0020}"),
    fc.constantFrom("%0A", "%3A", "%253A", ",", "=", "é", "text"),
  ),
  { maxLength: 30 },
).map((parts) => parts.join(""));

/** The whole of what passes, given in chunks. */
function passed(chunks: readonly Uint8Array[]): Uint8Array {
  const text = new CommandFreeText();
  const lines = chunks.map((chunk) => text.push(chunk));
  return concat([...lines, text.end()]);
}

function passedText(text: string | Uint8Array): string {
  const whole = typeof text === "string" ? bytes(text) : text;
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
    .decode(passed([whole]));
}

Deno.test("commandsIn, the model, finds the commands there are", () => {
  const found = (log: string | Uint8Array) =>
    commandsIn(typeof log === "string" ? bytes(log) : log)
      .map(({ name, properties, data }) =>
        [name, JSON.stringify(properties), data].join(" ")
      );
  const cases: [log: string, commands: string[]][] = [
    ["::error::a", ["error {} a"]],
    ["  \t::Error file=a%2Cb,line=1::a%0Ab%250A", [
      'error {"file":"a,b","line":"1"} a\nb%0A',
    ]],
    ["x ::error::a", []],
    ["::error:a", []],
    ["::unknown::a", []],
    ["x ##[error]a", ["error {} a"]],
    ["##[set-env name=a;x=%5D]b", ['set-env {"name":"a","x":"]"} b']],
    ["## [error]a", []],
    ["\u200b:\xad:error::a", ["error {} a"]],
    ["#\ufeff#[error]a", ["error {} a"]],
    ["a\r::error::b\n\n::debug::c\r\n", ["error {} b", "debug {} c"]],
  ];
  for (const [log, commands] of cases) assertEquals(found(log), commands, log);
  const wide = Uint8Array.from(
    "\ufeff::error::a",
    (character) => character.charCodeAt(0),
  );
  const utf16 = new Uint8Array(
    Uint16Array.from("\ufeff::error::a", (unit) => unit.charCodeAt(0)).buffer,
  );
  assertEquals(found(utf16), ["error {} a"]);
  assertEquals(found(wide).length, 0);
});

Deno.test("annotation is read by a runner as it was meant", () => {
  assertEquals(
    annotation("error", { file: "a,b:c", line: 3, title: "50%" }, "x\r\n%,:"),
    "::error file=a%2Cb%3Ac,line=3,title=50%25::x%0D%0A%25,:\n",
  );
  assertEquals(annotation("notice", { file: undefined }, ""), "::notice ::\n");
  fc.assert(
    fc.property(anyHostileText, anyHostileText, (title, message) => {
      const line = annotation("warning", { title: `<${title}>` }, message);
      const [command, ...more] = commandsIn(bytes(line));
      assertEquals(more, []);
      assertEquals(command.name, "warning");
      assertEquals(command.data, message);
      assertEquals(command.properties.title, `<${title}>`);
    }),
    { seed: SEED, numRuns: 500 },
  );
});

Deno.test("defuse changes commands, and nothing else", () => {
  const cases: [text: string, defused: string][] = [
    ["", ""],
    ["::error::a", ":\\u003aerror::a"],
    [" \t::a\n\x85\u2028::b", " \t:\\u003aa\n\x85\u2028:\\u003ab"],
    ["a\r::b", "a\r:\\u003ab"],
    ["\u200b:\xad\u0301:a", "\u200b:\xad\u0301\\u003aa"],
    ["a ##[b] ##[c]", "a ##\\u005bb] ##\\u005bc]"],
    ["#\x07#\ufeff[a", "#\x07#\ufeff\\u005ba"],
    ["std::string a; : :: ::\n: :\n", "std::string a; : :: ::\n: :\n"],
    [
      "## [1.0.0]\n#[derive(A)] #![a] # #[b]",
      "## [1.0.0]\n#[derive(A)] #![a] # #[b]",
    ],
  ];
  for (const [text, defused] of cases) assertEquals(defuse(text), defused);
  const json = JSON.stringify({ a: "##[error]", b: ["::error::"] });
  assertEquals(JSON.parse(defuse(json)), JSON.parse(json));
});

Deno.test(`CommandFreeText lets no command through (seed ${SEED})`, () => {
  let commands = 0;
  fc.assert(
    fc.property(
      anyHostileText,
      fc.uint8Array({ maxLength: 4 }),
      (text, noise) => {
        const log = concat([noise, bytes(text)]);
        commands += commandsIn(log).length;
        assertEquals(commandsIn(passed([log])), []);
      },
    ),
    { seed: SEED, numRuns: 3000 },
  );
  // Or else nothing was tried.
  assert(commands > 100, `${commands} commands`);
});

Deno.test("CommandFreeText passes on what is harmless, line by line", () => {
  const cases: [text: string | Uint8Array, passed: string][] = [
    ["", ""],
    ["a\nb\n", "a\nb\n"],
    ["a\r\n\n\tb", "a\r\n\n\tb\n"],
    ["\ufeffы 😀\n", "\ufeffы 😀\n"],
    // ISO-8859-1 in one line does not change the others.
    [
      concat([bytes("é\n"), Uint8Array.of(0xe9, 0x0a), bytes("é\n")]),
      "é\né\né\n",
    ],
    // Nothing is left of marks that would turn the log into UTF-16.
    [Uint8Array.of(0xff, 0xfe, 0x3a, 0), "ÿþ:\0\n"],
  ];
  for (const [text, expected] of cases) {
    assertEquals(passedText(text), expected);
  }
});

Deno.test("CommandFreeText does the same whatever the chunks", () => {
  const log = concat([
    bytes("г::\n ::error::x\r\n\u200b::a"),
    Uint8Array.of(0xe9, 0x0a),
    bytes("##[b]\nend"),
  ]);
  const whole = passed([log]);
  assertEquals(passed(Array.from(log, (byte) => Uint8Array.of(byte))), whole);
  for (let cut = 0; cut <= log.length; cut++) {
    assertEquals(passed([log.subarray(0, cut), log.subarray(cut)]), whole);
  }
});

Deno.test("CommandFreeText cuts lines that are too long, at one place", () => {
  const long = bytes(`${"é".repeat(100_000)}::error::\n::error::`);
  const lines = passedText(long).split("\n");
  assertEquals(lines.map((line) => line.length), [
    32768,
    32768,
    32768,
    1705,
    14,
    0,
  ]);
  for (const size of [1000, 65535, 65536, 65537, 70_001]) {
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < long.length; at += size) {
      chunks.push(long.subarray(at, at + size));
    }
    assertEquals(passed(chunks), passed([long]), String(size));
  }
  // What follows a cut begins a line.
  const hidden = passed([bytes(`${"x".repeat(65536)}::error::`)]);
  assertEquals(commandsIn(hidden), []);
});
