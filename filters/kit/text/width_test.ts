import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { arbitraryText } from "../../../codec/_testing/arbitrary.ts";
import { peerCallTest } from "../../../tests/support/call.ts";
import { run, text } from "../../../tests/support/run.ts";
import { cutToWidth, widthOf } from "./width.ts";

const SEED = 20130814;

Deno.test("widthOf counts cells", () => {
  const cases: [shown: string, width: number][] = [
    ["", 0],
    ["a b~", 4],
    ["naïve", 5],
    ["nai\u0308ve", 5],
    ["a\u0301\u0302\u0303", 1],
    ["測試", 4],
    ["ｆｕｌｌ", 8],
    ["ｶﾅ", 2],
    ["\u1100\u1161\u11a8", 2],
    ["각", 2],
    ["г", 1],
    ["…─█", 3],
    ["👍", 2],
    // Drawn as one or as all: the most that it takes.
    ["👍🏽", 4],
    ["👨‍👩‍👧", 6],
    ["❤\ufe0f", 2],
    ["👍\ufe0f", 2],
    ["🇩🇪", 2],
    ["a\u200bb", 2],
    ["soft\u00adhyphen", 11],
    ["\u{20000}", 2],
    ["\ud800", 1],
  ];
  for (const [shown, width] of cases) {
    assertEquals(widthOf(shown), width, JSON.stringify(shown));
  }
});

Deno.test("cutToWidth keeps what fits, and whole characters", () => {
  const cases: [text: string, width: number, keepsEnd: boolean, cut: string][] =
    [
      ["abcdef", 6, false, "abcdef"],
      ["abcdef", 5, false, "abcd…"],
      ["abcdef", 5, true, "ab…ef"],
      ["abcdef", 4, true, "a…ef"],
      ["abcdef", 1, true, "…"],
      ["abcdef", 0, true, ""],
      ["abcdef", -1, false, ""],
      ["測試測試", 8, false, "測試測試"],
      ["測試測試", 7, false, "測試測…"],
      ["測試測試", 6, false, "測試…"],
      ["測試測試", 7, true, "測…測試"],
      ["測", 1, true, "…"],
      ["e\u0301e\u0301e\u0301", 2, false, "e\u0301…"],
      ["👨‍👩‍👧x", 6, false, "…"],
      ["x👨‍👩‍👧", 6, true, "x…"],
    ];
  for (const [text, width, keepsEnd, cut] of cases) {
    assertEquals(cutToWidth(text, width, keepsEnd), cut, `${text} ${width}`);
  }
});

Deno.test(`cutToWidth never exceeds the width (seed ${SEED})`, () => {
  const anyText = fc.oneof(
    arbitraryText(),
    fc.array(
      fc.constantFrom("a", "測", "👍", "\u0301", "\u200d", "🏽", "\ufe0f"),
    )
      .map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(anyText, fc.nat(30), fc.boolean(), (text, width, keepsEnd) => {
      const cut = cutToWidth(text, width, keepsEnd);
      assert(widthOf(cut) <= width, JSON.stringify(cut));
      if (widthOf(text) <= width) assertEquals(cut, text);
    }),
    { seed: SEED },
  );
});

Deno.test("cutToWidth takes no time that grows with a very long text", () => {
  const endless = "e\u0301\u0302".repeat(2_000_000);
  assertEquals(widthOf(cutToWidth(endless, 20, true)), 20);
  assertEquals(
    cutToWidth("a" + "\u0301".repeat(1e6), 5, true).length < 3000,
    true,
  );
});

peerCallTest(
  "widthOf has two cells where Python's Unicode data has W or F",
  ["python3"],
  async () => {
    const script = `
import unicodedata as u
for code in range(0x110000):
    c = chr(code)
    if u.category(c) not in ("Cn", "Cs", "Mn", "Me", "Cf", "Cc") and not 0x1160 <= code <= 0x11ff and not 0xd7b0 <= code <= 0xd7ff:
        print(code, 2 if u.east_asian_width(c) in "WF" else 1)
`;
    const { stdout } = await run(["/usr/bin/python3", "-c", script]);
    // Wide since Unicode 16.0: signs of the Yijing and others.
    const widened = new RegExp(
      "[\u2630-\u2637\u268a-\u268f\u4dc0-\u4dff\u{1d300}-\u{1d356}\u{1d360}-\u{1d376}]",
      "u",
    );
    let count = 0;
    for (const line of text(stdout).trimEnd().split("\n")) {
      const [code, width] = line.split(" ").map(Number);
      const character = String.fromCodePoint(code);
      if (widened.test(character)) continue;
      assertEquals(widthOf(character), width, code.toString(16));
      count++;
    }
    assert(count > 100_000);
  },
);
