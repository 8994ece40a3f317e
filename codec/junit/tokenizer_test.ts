import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { SaxesParser } from "saxes";
import { peerTest, run, TempDir } from "../../tests/support/run.ts";
import { type XmlAttributes, XmlTokenizer } from "./tokenizer.ts";

/** The parts of a document, one on a line, with neighbouring texts joined. */
class Parts {
  readonly lines: string[] = [];
  #text = "";

  open(name: string, attributes: XmlAttributes): void {
    this.#endText();
    this.lines.push(`<${name} ${JSON.stringify({ ...attributes })}`);
  }

  close(): void {
    this.#endText();
    this.lines.push(">");
  }

  text(text: string): void {
    assert(text !== "");
    this.#text += text;
  }

  #endText(): void {
    if (this.#text !== "") this.lines.push(JSON.stringify(this.#text));
    this.#text = "";
  }

  end(): string[] {
    this.#endText();
    return this.lines;
  }
}

interface Outcome {
  readonly parts: string[];
  /** Why the document is refused, and where; undefined if it is not. */
  readonly error: string | undefined;
}

function read(...chunks: string[]): Outcome {
  const parts = new Parts();
  const tokenizer = new XmlTokenizer(parts);
  let error: string | undefined;
  try {
    for (const chunk of chunks) tokenizer.push(chunk);
    tokenizer.end();
  } catch (thrown) {
    assert(thrown instanceof RangeError, String(thrown));
    const { line, column } = tokenizer.position;
    error = `${line}:${column}: ${thrown.message}`;
  }
  return { parts: parts.end(), error };
}

function readBySaxes(document: string): Outcome {
  const parts = new Parts();
  const parser = new SaxesParser();
  let error: string | undefined;
  let depth = 0;
  const text = (text: string) => {
    if (depth > 0 && text !== "") parts.text(text);
  };
  parser.on("error", ({ message }) => error ??= message);
  parser.on("opentag", ({ name, attributes }) => {
    depth++;
    parts.open(name, attributes);
  });
  parser.on("closetag", () => {
    depth--;
    parts.close();
  });
  parser.on("text", text);
  parser.on("cdata", text);
  parser.write(document).close();
  return { parts: parts.end(), error };
}

/** Checks that cuts change neither the parts nor the error. */
function assertCuts(document: string): Outcome {
  const whole = read(document);
  assertEquals(read(...document.split("")), whole, document);
  for (let at = 1; at < document.length; at++) {
    const cut = read(document.slice(0, at), "", document.slice(at));
    assertEquals(cut, whole, `${document} cut at ${at}`);
  }
  return whole;
}

const SOUND: [name: string, document: string, parts: string[]][] = [
  ["an empty element", "<a/>", ["<a {}", ">"]],
  [
    "attributes in quotes of both kinds, with white space around",
    `<a b="1'" c = '"&lt;&#x41;' \n d\t=\n"">\n</a >`,
    [`<a {"b":"1'","c":"\\"<A","d":""}`, '"\\n"', ">"],
  ],
  [
    "text with references, brackets and all kinds of line ends",
    "<a>x &amp;&gt;&quot;&apos;&#65;&#x1F600; ]] ] > ]&gt;\r\n\r</a>",
    ["<a {}", JSON.stringify("x &>\"'A\u{1f600} ]] ] > ]>\r\n\r"), ">"],
  ],
  [
    "CDATA sections",
    "<a>x<![CDATA[<b>&amp;]] ]>]]]]><![CDATA[]]><![CDATA[>]]></a>",
    ["<a {}", '"x<b>&amp;]] ]>]]>"', ">"],
  ],
  [
    "comments and processing instructions",
    "<?xml version='1.0'?><!-- <a> - -> --><?b?><a>1<!---->2<?c <d>? ?>3</a><!--e-->",
    ["<a {}", '"123"', ">"],
  ],
  [
    "a document type",
    `<!DOCTYPE a PUBLIC '>"' "]>" [<!ELEMENT a ANY><!-- ' ]> --><?b " ]>?>] ><a/>`,
    ["<a {}", ">"],
  ],
  [
    "names in other alphabets",
    '<имя-1._:é ключ·="1"><名前\u{20000}/></имя-1._:é>',
    ['<имя-1._:é {"ключ·":"1"}', "<名前\u{20000} {}", ">", ">"],
  ],
  [
    "attributes that objects have",
    '<a __proto__="1" constructor="2"/>',
    ['<a {"__proto__":"1","constructor":"2"}', ">"],
  ],
];

for (const [name, document, parts] of SOUND) {
  Deno.test(`XmlTokenizer reads ${name}`, () => {
    assertEquals(assertCuts(document), { parts, error: undefined });
  });
}

/** Documents that are refused, where and why. */
const REFUSED: [document: string, error: string][] = [
  ["", "1:0: there is no element"],
  [" \n<!-- -->\n", "3:0: there is no element"],
  ["<a>\n\n </b>", "3:5: found </b>, expected </a>"],
  ["<a/></a>", "1:8: found </a> outside any element"],
  ["<a/>\nb", "2:1: found text outside any element"],
  ["<![CDATA[b", "1:9: found text outside any element"],
  ["<a", "1:2: the document ends within a tag or a comment"],
  ["<a/><!-- ", "1:9: the document ends within a tag or a comment"],
  ["<a><b c='", "1:9: the document ends before </a>"],
  ["<a>]]", "1:5: the document ends before </a>"],
  ["<a><![CDATA[]]", "1:14: the document ends before </a>"],
  ["< a/>", '1:2: found " " in a tag, expected a name'],
  ["<1/>", '1:2: found "1" in a tag, expected a name'],
  ["<a b/>", '1:5: found "/" in a tag, expected "="'],
  ["<a b=1/>", '1:6: found "1" in a tag, expected a quoted value'],
  ["<a b='<'/>", '1:7: found "<" in a tag, expected a quote or "&lt;"'],
  ["<a b='1'c=''/>", '1:9: found "c" in a tag, expected white space or ">"'],
  [
    "<a ☺/>",
    '1:4: found "☺" in a tag, expected an attribute or ">"',
  ],
  ["<a / >", '1:5: found " " in a tag, expected ">"'],
  ["<a\n b='1'\n b='2'/>", '3:6: found two attributes "b" in a tag'],
  ["<a></ a>", '1:6: found " " in a tag, expected a name'],
  ["<a></a b>", '1:8: found "b" in a tag, expected ">"'],
  ["<a>]]></a>", '1:6: found "]]>" in text, expected "]]&gt;"'],
  ["<a>b & c</a>", '1:7: found "&" without a name and ";", expected "&amp;"'],
  ["<a>b &c</a>", '1:8: found "&" without a name and ";", expected "&amp;"'],
  ["<a>&b;</a>", '1:6: unknown entity "&b;"'],
  ["<a b='&constructor;'/>", '1:19: unknown entity "&constructor;"'],
  ["<a>&AMP;</a>", '1:8: unknown entity "&AMP;"'],
  ["<a><!-- b -- c --></a>", '1:13: found "--" in a comment'],
  ["<a><!-- b ---></a>", '1:13: found "--" in a comment'],
  [
    "<a><!b></a>",
    '1:5: found "<!", expected "<!--", "<![CDATA[" or "<!DOCTYPE"',
  ],
  ["<a><? b?></a>", '1:6: found " " in a tag, expected a name'],
  ["<a><?b=?></a>", '1:7: found "=" in a tag, expected white space or "?>"'],
  ["<a><?xml b?></a>", "1:8: found an XML declaration within an element"],
  ["<a><!DOCTYPE a></a>", "1:15: found a document type, expected an element"],
  [
    "<!DOCTYPE a>\n<!DOCTYPE a><a/>",
    "2:12: found a document type, expected an element",
  ],
  [
    "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>",
    "1:30: the document defines entities, which is refused",
  ],
];

Deno.test("XmlTokenizer refuses what is not well-formed, where it is", () => {
  for (const [document, error] of REFUSED) {
    assertEquals(assertCuts(document).error, error, document);
    assert(
      readBySaxes(document).error !== undefined || ENTITIES.test(document),
      document,
    );
  }
});

const ENTITIES = /<!ENTITY/;

/** Documents that the peers judge otherwise, and why we do not. */
const DIFFERENCES: {
  readonly reason: string;
  readonly document: string;
  readonly isAccepted: boolean;
  readonly bySaxes: boolean;
  readonly byXmllint: boolean;
}[] = [
  {
    reason: "reports in one stream follow one another, each with its mark",
    document: "<a/>\n\ufeff<?xml version='1.0'?><!DOCTYPE a><a/>",
    isAccepted: true,
    bySaxes: false,
    byXmllint: false,
  },
  {
    reason: "white space before the declaration is common in build logs",
    document: " <?xml version='1.0'?><a/>",
    isAccepted: true,
    bySaxes: false,
    byXmllint: false,
  },
  {
    reason: "declarations are read for the encoding, and have no other effect",
    document: "<?xml encoding='utf-8'?><a/>",
    isAccepted: true,
    bySaxes: false,
    byXmllint: false,
  },
  {
    reason: "output of tests contains control characters, written as they are",
    document: "<a>\x1b[1m</a>",
    isAccepted: true,
    bySaxes: false,
    byXmllint: false,
  },
  {
    reason: "or as references",
    document: "<a>&#27;[1m</a>",
    isAccepted: true,
    bySaxes: false,
    byXmllint: false,
  },
  {
    reason: "references to no character are text",
    document: "<a>&#0;&#xd800;&#12z;&#;</a>",
    isAccepted: true,
    bySaxes: false,
    byXmllint: false,
  },
  {
    reason: "the target of a processing instruction ends at white space",
    document: "<?b?c?><a/>",
    isAccepted: false,
    bySaxes: true,
    byXmllint: false,
  },
  {
    reason: "only the end of a document type is looked for",
    document: "<!DOCTYPE 1 [b]><a/>",
    isAccepted: true,
    bySaxes: true,
    byXmllint: false,
  },
  {
    reason: "entities can expand without bounds",
    document: "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>",
    isAccepted: false,
    bySaxes: true,
    byXmllint: true,
  },
];

for (const { reason, document, isAccepted, bySaxes } of DIFFERENCES) {
  Deno.test(`XmlTokenizer differs because ${reason}`, () => {
    assertEquals(assertCuts(document).error === undefined, isAccepted);
    assertEquals(readBySaxes(document).error === undefined, bySaxes);
  });
}

Deno.test("XmlTokenizer does not normalise white space: output stays as it is", () => {
  const document = "<a b='1\n\t2'>3\r\n4\r</a>";
  assertEquals(read(document).parts, [
    '<a {"b":"1\\n\\t2"}',
    '"3\\r\\n4\\r"',
    ">",
  ]);
  assertEquals(readBySaxes(document).parts, [
    '<a {"b":"1  2"}',
    '"3\\n4\\n"',
    ">",
  ]);
});

// Generated documents

const anyName = fc.constantFrom("a", "bc", "n:d", "é-1", "_.x");
const anyText = fc.array(
  fc.constantFrom(
    "x",
    " ",
    "\n",
    "é",
    "\u{1f600}",
    "]",
    "]]",
    ">",
    "'",
    "-",
    "&amp;",
    "&lt;",
    "&#65;",
    "&#x1F600;",
  ),
  { maxLength: 5 },
).map((parts) => parts.join("").replaceAll("]]>", "]>").replace(/\]+$/, ""));
const anyValue = anyText.map((text) => text.replaceAll("\n", ""));
const anyAttributes = fc.uniqueArray(
  fc.tuple(anyName, anyValue, fc.constantFrom("=", " = ")),
  { selector: ([name]) => name, maxLength: 3 },
).map((attributes) =>
  attributes.map(([name, value, equals]) => {
    const quote = value.includes("'") ? '"' : "'";
    return ` ${name}${equals}${quote}${value}${quote}`;
  }).join("")
);
const anyAside = fc.oneof(
  anyText.map((text) => `<!--${text.replaceAll("-", "")}-->`),
  anyText.map((text) => `<?pi ${text.replaceAll("?", "")}?>`),
);

const { element: anyElement } = fc.letrec<{ element: string }>((tie) => ({
  element: fc.tuple(
    anyName,
    anyAttributes,
    fc.array(
      fc.oneof(
        { maxDepth: 3 },
        anyText,
        anyText.map((text) => `<![CDATA[<&${text}]]>`),
        anyAside,
        tie("element"),
      ),
      { maxLength: 4 },
    ),
  ).map(([name, attributes, content]) =>
    content.length === 0
      ? `<${name}${attributes}/>`
      : `<${name}${attributes}>${content.join("")}</${name} >`
  ),
}));

const anySound = fc.tuple(
  fc.constantFrom("", '<?xml version="1.0"?>\n', "<!DOCTYPE a>", "<!---->"),
  anyElement,
  fc.oneof(fc.constant("\n"), anyAside),
).map((parts) => parts.join(""));

/** Documents with one place damaged, most of which must be refused. */
const anyDamaged = fc.tuple(
  anySound,
  fc.nat(),
  fc.nat(2),
  fc.constantFrom(
    "",
    "<",
    ">",
    "&",
    ";",
    '"',
    "'",
    "]]>",
    "--",
    "<!--",
    "-->",
    "<?",
    "?>",
    "<![CDATA[",
    " ",
    "=",
    "/",
    "a",
    "a=''",
    "</a>",
    "<a>",
    "<!DOCTYPE a>",
    "1",
    "é",
  ),
).map(([document, place, deleted, inserted]) => {
  const at = place % document.length;
  // A pair of surrogates is not cut.
  const isPair = /[\ud800-\udfff]/.test(document.slice(at - 1, at + 3));
  return document.slice(0, at) + inserted +
    document.slice(at + (isPair ? 0 : deleted));
}).filter((document) => document.isWellFormed());

/** Of generated documents, those that the table of differences is about. */
function differs(document: string): boolean {
  return /&#(?!65;|x1F600;)/.test(document) ||
    /^.+<\?xml|<\?xml (?!version="1\.0"\?>)|<\?xml.*<\?xml/s.test(document) ||
    /<!DOCTYPE(?! a>)|^.+<!DOCTYPE/s.test(document);
}

Deno.test("XmlTokenizer reads generated documents as saxes does, seed 21", () => {
  fc.assert(
    fc.property(anySound, (document) => {
      const { parts, error } = assertCuts(document);
      assertEquals(error, undefined, document);
      assertEquals(readBySaxes(document), { parts, error }, document);
    }),
    { seed: 21, numRuns: 300 },
  );
});

Deno.test("XmlTokenizer and saxes read the same or both refuse, seed 22", () => {
  let refused = 0;
  fc.assert(
    fc.property(anyDamaged, (document) => {
      const { parts, error } = assertCuts(document);
      if (error !== undefined) refused++;
      if (differs(document)) return;
      const peer = readBySaxes(document);
      assertEquals(
        error === undefined,
        peer.error === undefined,
        `${document}: ${error}, saxes: ${peer.error}`,
      );
      if (error !== undefined) return;
      const spaced = (lines: string[]) =>
        lines.map((line) => line.replaceAll("\\n", " "));
      assertEquals(spaced(parts), spaced(peer.parts), document);
    }),
    { seed: 22, numRuns: 1000 },
  );
  assert(refused > 300, `${refused}`);
});

/** Returns which of the documents xmllint accepts. */
async function acceptedByXmllint(documents: string[]): Promise<boolean[]> {
  using dir = new TempDir();
  const paths = documents.map((document, i) => dir.file(`${i}.xml`, document));
  const { stderr } = await run(["xmllint", "--noout", "--nonet", ...paths]);
  const refused = new Set(
    Array.from(
      stderr.matchAll(/^(.*?):\d+: parser error/gm),
      ([, path]) => path,
    ),
  );
  return paths.map((path) => !refused.has(path));
}

peerTest(
  "XmlTokenizer and xmllint agree on what is well-formed, seed 23",
  ["xmllint"],
  async () => {
    const documents = [
      ...SOUND.map(([, document]) => document),
      ...REFUSED.map(([document]) => document),
      ...fc.sample(anyDamaged, { seed: 23, numRuns: 1500 }),
    ].filter((document) => !differs(document) && !ENTITIES.test(document));
    const accepted = await acceptedByXmllint(documents);
    documents.forEach((document, i) => {
      const { error } = read(document);
      assertEquals(error === undefined, accepted[i], `${document}: ${error}`);
    });
    assertEquals(
      await acceptedByXmllint(DIFFERENCES.map(({ document }) => document)),
      DIFFERENCES.map(({ byXmllint }) => byXmllint),
    );
  },
);

// Limits

Deno.test("XmlTokenizer reads a long tag once, however small its parts", () => {
  const value = "> ' ".repeat(200_000);
  const document = `<a b="${value}"/>`;
  const chunks = document.match(/[^]{1,7}/g)!;
  assertEquals(read(...chunks), read(document));
  assertEquals(read(document).error, undefined);
});

Deno.test("XmlTokenizer refuses tags and references that are too long", () => {
  const long = "x".repeat(1024 * 1024);
  const longer = Array.from({ length: 17 }, () => long);
  for (
    const [begin, end, error] of [
      ['<a b="', '"/>', "1:16777216: a tag is longer than 16777216 characters"],
      ["<a>&", ";</a>", "1:65539: a tag is longer than 65536 characters"],
      ["<!DOCTYPE ", "><a/>", "1:65536: a tag is longer than 65536 characters"],
    ]
  ) {
    assertEquals(read(begin, ...longer, end).error, error);
    assertEquals(read(begin + longer.join("") + end).error, error);
  }
});

Deno.test("XmlTokenizer passes on text, CDATA and comments as they arrive", () => {
  const lengths: number[] = [];
  const tokenizer = new XmlTokenizer({
    open() {},
    close() {},
    text: ({ length }) => lengths.push(length),
  });
  tokenizer.push("<a>");
  for (
    const [begin, end] of [["", ""], ["<![CDATA[", "]]>"], ["<!--", "-->"]]
  ) {
    tokenizer.push(begin);
    for (let i = 0; i < 3; i++) tokenizer.push("x".repeat(1000));
    tokenizer.push(end);
  }
  tokenizer.push("</a>");
  tokenizer.end();
  assertEquals(lengths, Array(6).fill(1000));
});
