import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { helpText } from "../../filters/kit/tool/help.ts";
import { defineTool, type Tool } from "../../filters/kit/tool/tool.ts";
import { loadTools } from "../../scripts/docs/docs.ts";
import { manualPage, overviewPage, roff } from "../../scripts/docs/manual.ts";
import { peerTest, ROOT, run, TempDir, text } from "../support/run.ts";

const SECTIONS = [
  "NAME",
  "SYNOPSIS",
  "DESCRIPTION",
  "OPTIONS",
  "EXIT STATUS",
  "EXAMPLES",
  "SEE ALSO",
];

/** Text that roff would interpret everywhere. */
const HOSTILE = `.\\" no comment
.so /etc/passwd
'br is no request
a \\fBback\\fR slash, \\n, \\(aq, \\\\
"quoted" 'single' \`grave\` ^hat ~tilde
--long-option a-b - c
 indented
%5d|$x.
`;

function hostileTool(): Tool {
  return defineTool({
    name: "probe-tool",
    summary: "Show a \\ and a 'quote'",
    operands: "[FILE...] | -- COMMAND",
    options: {
      odd: { short: "o", value: "A.B", help: '.leading dot, "quote", \\e' },
      bare: { value: "GLOB", bare: "**", help: "'leading quote" },
    },
    notes: HOSTILE,
    exitStatus: [".good", "'bad", "\\other", "three"],
    examples: [".\\probe-tool '^a\\.b$' \"x\" > ~/out", "'probe' `-o`"],
    run() {},
  });
}

/** Renders a page, which must cause no warning, as text. */
async function render(page: string): Promise<string> {
  // Wide enough for every line.
  const groff = ["groff", "-man", "-ww", "-Kutf8", "-Tutf8", "-rLL=5000n"];
  const { stdout, stderr, status } = await run([...groff, "-P-cbou"], {
    stdin: page,
  });
  assertEquals(stderr, "");
  assertEquals(status, 0);
  return text(stdout);
}

/** Text with single blanks. */
function flat(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** The text of the section of a rendered page. */
function section(rendered: string, heading: string): string {
  const [, behind] = rendered.split(`\n${heading}\n`);
  assert(behind !== undefined, `there is no section ${heading}`);
  return behind.split(/^(?=\S)/m)[0];
}

Deno.test("roff escapes what is roff's own, and nothing else", () => {
  for (
    const [plain, expected] of [
      ["a word, (two)", "a word, (two)"],
      [".so x", "\\&.so x"],
      ["a.b", "a.b"],
      [" x\n.y", "\\& x\n\\&.y"],
      ["'x'", "\\(aqx\\(aq"],
      ["a\\fBb", "a\\efBb"],
      ["--a-b", "\\-\\-a\\-b"],
      ['"^`~', "\\(dq\\(ha\\(ga\\(ti"],
    ]
  ) {
    assertEquals(roff(plain), expected);
  }
});

peerTest(
  "a manual page keeps the lines of a table in notes",
  ["groff"],
  async () => {
    const table = "Lines are:\n\n  a   one\n  [b] two\n";
    const notes = `${table}\nBehind\nit.`;
    const rendered = await render(manualPage({ ...hostileTool(), notes }));
    assertStringIncludes(
      rendered.replace(/^ {7}/gm, ""),
      `${table}\nBehind it.\n`,
    );
  },
);

peerTest("a manual page shows hostile text as it is", ["groff"], async () => {
  const tool = hostileTool();
  const rendered = await render(manualPage(tool));
  assertStringIncludes(flat(rendered), flat(HOSTILE));
  for (const example of tool.examples) {
    assertEquals(rendered.split("\n").includes(`       ${example}`), true);
  }
  assertEquals(
    flat(section(rendered, "OPTIONS")),
    '-o, --odd=A.B .leading dot, "quote", \\e --bare[=GLOB] \'leading quote ' +
      "-h, --help show this text --version show the version",
  );
  assertEquals(
    flat(section(rendered, "EXIT STATUS")),
    "0 .good 1 'bad 2 \\other 3 three",
  );
});

peerTest("manual pages hold what --help says", ["groff"], async () => {
  for (const tool of await loadTools()) {
    const rendered = await render(manualPage(tool));
    const headings = rendered.match(/^[A-Z][A-Z ]+$/gm);
    assertEquals(headings, SECTIONS, tool.name);
    const help = helpText(tool);
    const [, statuses] = /^Exit status:\n(.*?)\n\n/ms.exec(help)!;
    assertEquals(flat(section(rendered, "EXIT STATUS")), flat(statuses));
    const [, listed] = /^Options:\n(.*?)\n\n/ms.exec(help)!;
    assertEquals(flat(section(rendered, "OPTIONS")), flat(listed));
    const synopsis = flat(section(rendered, "SYNOPSIS"));
    assertEquals(`Usage: ${synopsis}`, help.split("\n", 1)[0]);
    assertEquals(
      flat(section(rendered, "DESCRIPTION")),
      flat(`${tool.summary}. ${tool.notes ?? ""}`),
    );
    assertEquals(
      flat(section(rendered, "EXAMPLES")),
      flat(tool.examples.join("\n")),
    );
  }
});

peerTest("the page about all tools names each", ["groff"], async () => {
  const tools = await loadTools();
  const rendered = section(await render(overviewPage(tools)), "TOOLS");
  assertEquals(
    flat(rendered),
    tools.map(({ name, summary }) => `${name}(1) ${summary}.`).join(" "),
  );
});

peerTest("man shows the pages, and finds no fault", ["man"], async () => {
  const folder = new URL("share/man", ROOT).pathname;
  for (const { name } of await loadTools()) {
    const { stdout, stderr } = await run(
      ["man", "-M", folder, "--warnings", "-E", "UTF-8", name],
      { env: { MANROFFOPT: "", MANWIDTH: "200", MANPAGER: "cat" } },
    );
    assertEquals(stderr, "");
    assertStringIncludes(text(stdout), `${name} - `);
  }
});

peerTest("mandoc finds no fault in the pages", ["mandoc"], async () => {
  using dir = new TempDir();
  const tools = await loadTools();
  const paths = [
    dir.file("overview.7", overviewPage(tools)),
    ...[hostileTool(), ...tools].map((tool) =>
      dir.file(`${tool.name}.1`, manualPage(tool))
    ),
  ];
  const { stdout } = await run(["mandoc", "-Tlint", "-Wwarning", ...paths]);
  const faults = text(stdout).split("\n").filter((line) =>
    // Pages have no date, so that they do not change from day to day.
    line !== "" && !line.includes('missing date, using "": TH')
  );
  assertEquals(faults, []);
});
