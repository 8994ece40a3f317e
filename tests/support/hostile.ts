/**
 * What a hostile stream may try against a report that people open: text that
 * could become markup, script, a request or another text, in every place where
 * a stream has text.
 *
 * @module
 */

import type { TestStatus } from "@subunit/codec";
import { concat } from "@std/bytes/concat";
import { at, damaged, type EventFields, stream } from "./streams.ts";

/**
 * A name that shows it if one of the payloads runs: each of them calls or sets
 * `hostile` of the window, or loads something.
 */
export const MARK = "hostile";

/** Text that a packet can hold in any of its fields. */
export const PAYLOADS: Readonly<Record<string, string>> = {
  "script": "<script>hostile()</script>",
  "end of a script": "</script><script>hostile()</script>",
  "end of a script, in capitals": "</SCRIPT\t><ScRiPt>hostile()</sCrIpT>",
  "end of a style": "</style><style>*{display:none}</style>",
  "end of a title": "</title><script>hostile()</script>",
  "end of a noscript": "</noscript><img src=x onerror=hostile()>",
  "end of a block of text": "</pre></details></article><h1>Passed</h1>",
  "end of the page":
    "</section></main></body></html><script>hostile()</script>",
  "comment": "<!-- <script> --><!--> <!---> --!> ",
  "script in a comment": "<!--<script>hostile()</script>",
  "CDATA": "<![CDATA[<script>hostile()</script>]]>",
  "processing instruction": '<?xml-stylesheet href="//hostile.example"?>',
  "image": "<img src=//hostile.example onerror=hostile()>",
  "svg": "<svg onload=hostile()><use href=//hostile.example#a /></svg>",
  "math": '<math><a xlink:href="javascript:hostile()">a</a></math>',
  "template": "<template><script>hostile()</script></template>",
  "frame": '<iframe srcdoc="<script>parent.hostile()</script>">',
  "base": '<base href="//hostile.example/">',
  "refresh": '<meta http-equiv=refresh content="0;url=//hostile.example">',
  "link": '<link rel=stylesheet href="//hostile.example/a.css">',
  "form": '<form action="//hostile.example"><button autofocus>a</form>',
  "id of ours": '<p id="verdict">Passed</p><div id=run>{}</div>',
  "double quotes": '" autofocus onfocus="hostile()" x="',
  "single quotes": "' autofocus onfocus='hostile()' x='",
  "back quotes": "` onfocus=hostile() `${hostile()}`",
  "no quotes": "x onmouseover=hostile() >",
  "string of a script": '";hostile();//\';hostile();//\\";hostile();//',
  "references":
    "&lt;script&gt;hostile()&lt;/script&gt; &#60;b&#62; &amp &quot;",
  "javascript:": "javascript:hostile()",
  "javascript: in parts": "java\tscript:hostile()",
  "data:": "data:text/html,<script>hostile()</script>",
  "vbscript:": "vbscript:hostile()",
  "address": "//hostile.example/a?b=c#d",
  "path": "../../../../etc/passwd",
  "line separators": "a\u2028hostile()\u2029b",
  "line ends": 'a\r\nb\rc\n"d"',
  "control characters": "\x01\x07\x08\x0b\x0c\x1f\x7f\x80\x85\x9b\x9f",
  "right to left": "\u202egnp.exe\u202c \u2066a\u2069 \u200f\u200e\u061c",
  "noncharacters": "\ufffe\uffff\ufdd0\u{1fffe}",
  "byte order mark": "\ufeff<script>hostile()</script>\ufeff",
  "colors": "\x1b[31mred\x1b[0m \x1b[38;2;1;2;3mx\x1b[1;4;7m",
  "colors with quotes": '\x1b[31"onclick=hostile()mx\x1b[<b>m',
  "endless color": "\x1b[" + "1;".repeat(2000) + "m",
  "title of a terminal":
    "\x1b]0;hostile\x07\x1b]8;;javascript:hostile()\x1b\\a",
  "screen of a terminal": "\x1b[2J\x1b[H\x1b[8mhidden\x1b[6n",
  "prototype": "__proto__",
  "constructor": "constructor",
  "JSON": '{"__proto__":{"hostile":1}}',
  "formula": '=HYPERLINK("//hostile.example","a")',
  "selector": 't1"] , * { } #t1 .test:has(*)',
  "fragment": "#q=<img src=x onerror=hostile()>&test=1",
  "search": 'status:fail "quoted -negated (route:0/*',
  "regular expression": "((a+)+)+$[",
  "long word": "x".repeat(5000),
  "half of a surrogate pair": "\\ud800 \\udc00 \\u003c",
  "combining characters": "e" + "\u0301".repeat(200),
  "nothing": "",
  "blanks": "   ",
};

/** Content of files that is no text. */
const CONTENTS: Readonly<Record<string, Uint8Array>> = {
  "NUL": bytesOf("a\0b</pre>\0<script>hostile()</script>"),
  "lone 0xB3": Uint8Array.of(0xb3, 0x3c, 0x62, 0x3e, 0xb3),
  "bytes that are not UTF-8": Uint8Array.of(0xff, 0xfe, 0x3c, 0x00, 0xc0, 0xbc),
  "UTF-7": bytesOf("+ADw-script+AD4-hostile()+ADw-/script+AD4-"),
  "document": bytesOf("<!doctype html><script>hostile()</script>"),
  "drawing": bytesOf(
    '<svg xmlns="http://www.w3.org/2000/svg" onload="hostile()"><script>hostile()</script></svg>',
  ),
  "image that is a document": concat([
    bytesOf("GIF89a"),
    bytesOf("=1;hostile();/*<script>hostile()</script>*/"),
  ]),
  "image that is broken": concat([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    bytesOf("</img><script>hostile()</script>"),
  ]),
};

/** Types that a stream may give to any content. */
const TYPES = [
  "text/plain",
  "text/html",
  "image/svg+xml",
  "image/png",
  "application/xhtml+xml",
  "application/octet-stream",
  "text/html;charset=utf-7",
];

const STATUSES: readonly TestStatus[] = [
  "fail",
  "success",
  "uxsuccess",
  "skip",
  "xfail",
];

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The test of a payload, in every field that can hold text. */
function testOf(payload: string, number: number): EventFields[] {
  const named = {
    testId: `${payload} ${number}`,
    routeCode: payload === "" ? undefined : payload,
  };
  return [
    {
      ...named,
      status: "inprogress",
      tags: [payload, "flaky", `fault:${payload}`],
      parentTestId: payload === "" ? undefined : payload,
      timestamp: at("01:02:03"),
    },
    ...["traceback", payload, `attempt-1 ${payload}`, "reason"].map((
      fileName,
      i,
    ) => ({
      ...named,
      fileName,
      fileBytes: bytesOf(`${payload}\n  File "${payload}", line 1\n${payload}`),
      mimeType: i === 0 ? "text/plain" : i === 1 ? payload : undefined,
      eof: true,
    })),
    {
      ...named,
      status: STATUSES[number % STATUSES.length],
      timestamp: at("01:02:04"),
    },
  ];
}

/** Each content with each type, under names that end like it. */
function contentTests(): EventFields[] {
  return Object.entries(CONTENTS).flatMap(([name, content]) => [
    ...TYPES.map((mimeType, i): EventFields => ({
      testId: `content ${name}`,
      fileName: `page-${i}.html`,
      fileBytes: content,
      mimeType,
      eof: true,
    })),
    { testId: `content ${name}`, status: "fail" } as const,
  ]);
}

/** A stream with all of it: tests of every outcome, lost ones, text, damage. */
export function hostileStream(): Uint8Array {
  const payloads = Object.values(PAYLOADS);
  return stream(
    ...payloads.flatMap((payload, i): (EventFields | string | Uint8Array)[] => [
      // Every payload with every outcome.
      ...STATUSES.flatMap((_, turn) =>
        testOf(payload, payloads.length * turn + i)
      ),
      { testId: `${payload}: exit status`, status: "exists", runnable: false },
      `${payload}\n`,
      damaged({ testId: payload || "damaged" }),
      { testId: `lost ${payload}`, status: "inprogress", tags: [payload] },
    ]),
    ...contentTests(),
    {
      testId: "<b>a command</b>: exit status",
      status: "exists",
      fileName: "reason",
      fileBytes: bytesOf("exit status </dd><script>hostile()</script>"),
    },
  );
}
