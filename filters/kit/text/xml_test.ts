import { assertEquals } from "@std/assert";
import { xmlElement, xmlText } from "./xml.ts";

Deno.test("xmlText leaves no character that XML forbids or a terminal obeys", () => {
  const cases: [text: string, xml: string][] = [
    ["", ""],
    ["plain ы 😀 \ufffd\u{1fffe}", "plain ы 😀 \ufffd\u{1fffe}"],
    [`<a b="c">&amp;</a>`, '&lt;a b="c"&gt;&amp;amp;&lt;/a&gt;'],
    ["]]>", "]]&gt;"],
    ["a\tb\nc\r\n", "a\tb\nc&#13;\n"],
    ["\x1b[31mred\x1b[0m", "\\u001b[31mred\\u001b[0m"],
    ["\x00\x08\x0b\x0c\x1f", "\\u0000\\u0008\\u000b\\u000c\\u001f"],
    ["\x7f\x85\x9b", "\\u007f\\u0085\\u009b"],
    ["\ud800 \udfff \ufffe\uffff", "\\ud800 \\udfff \\ufffe\\uffff"],
  ];
  for (const [text, xml] of cases) assertEquals(xmlText(text), xml);
});

Deno.test("xmlElement keeps the white space and quotes of attributes", () => {
  const cases: [attribute: string | undefined, content: string, xml: string][] =
    [
      ["plain", "", '<e a="plain"/>\n'],
      [undefined, "", "<e/>\n"],
      ["", "text", '<e a="">text</e>\n'],
      [
        "\"'<>&\t\r\n\x1b",
        "<f/>",
        `<e a="&quot;'&lt;&gt;&amp;&#9;&#13;&#10;\\u001b"><f/></e>\n`,
      ],
    ];
  for (const [a, content, xml] of cases) {
    assertEquals(xmlElement("e", { a }, content), xml);
  }
});
