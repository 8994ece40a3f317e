import { assertEquals } from "@std/assert";
import { AnsiLines } from "./ansi.ts";

function shown(...lines: string[]): string[] {
  const colors = new AnsiLines();
  return lines.map((line) => colors.write(line));
}

function span(classes: string, text: string): string {
  return `<span class="${classes}">${text}</span>`;
}

Deno.test("AnsiLines.write makes classes of colours and styles", () => {
  const cases: [line: string, html: string][] = [
    ["plain <b>", "plain &lt;b&gt;"],
    ["\x1b[31mred\x1b[0m.", span("fg1", "red") + "."],
    ["\x1b[31mred\x1b[m.", span("fg1", "red") + "."],
    ["\x1b[1;4;92mx", span("fg10 bold underline", "x")],
    ["\x1b[44;30mx\x1b[39my\x1b[49mz", "<..bg4 fg0>x<..bg4>y.z"],
    ["\x1b[107;97mx", span("bg15 fg15", "x")],
    [
      "\x1b[1;2;3;7;9mx\x1b[22;23;27;29my",
      "<..bold dim italic inverse strike>x.y",
    ],
    // Of the 256.
    ["\x1b[38;5;1mx", span("fg1", "x")],
    ["\x1b[38;5;196mx", span("fg9", "x")],
    ["\x1b[48;5;232mx", span("bg0", "x")],
    ["\x1b[48;5;255mx", span("bg7", "x")],
    ["\x1b[38;5;999mx", "x"],
    // Any color.
    ["\x1b[38;2;250;5;0mx", span("fg9", "x")],
    ["\x1b[38:2::0:200:10mx", span("fg2", "x")],
    ["\x1b[38:2:0:200:10mx", span("fg2", "x")],
    ["\x1b[38;2mx", "x"],
    ["\x1b[38mx", "x"],
    // What follows a colour is not part of it.
    ["\x1b[38;5;1;1mx", span("fg1 bold", "x")],
    ["\x1b[38;2;250;5;0;4mx", span("fg9 underline", "x")],
    // Nothing that a report shows.
    ["\x1b[5;8;10;53mx", "x"],
    ["\x1b[2Kx\x1b]0;a\x07", "\\u001b[2Kx\\u001b]0;a\\u0007"],
    ['\x1b[31"m', "\\u001b[31&quot;m"],
  ];
  for (const [line, html] of cases) {
    const expected = html.replace(
      /<\.\.([^>]+)>([a-z])\.?/g,
      (_, classes, text) => span(classes, text),
    );
    assertEquals(shown(line), [expected], JSON.stringify(line));
  }
});

Deno.test("AnsiLines.write ends elements with the line, and goes on in the next", () => {
  assertEquals(shown("a\x1b[31mb", "c", "", "\x1b[1md\x1b[0me", "f"), [
    "a" + span("fg1", "b"),
    span("fg1", "c"),
    "",
    span("fg1 bold", "d") + "e",
    "f",
  ]);
});
