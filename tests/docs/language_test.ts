/** The words of the documents and of `--help`: habits that we have dropped. */

import { assertEquals } from "@std/assert";
import { helpText } from "../../filters/kit/tool/help.ts";
import { loadTools } from "../../scripts/docs/docs.ts";
import { DOCUMENTS } from "../support/readme.ts";
import { ROOT } from "../support/run.ts";

const NOUNS = "event|file|item|line|packet|row|test|test id";

/** A phrase without a right use here, what to write, and a text that has it. */
const DROPPED: readonly [phrase: RegExp, instead: string, example: string][] = [
  [/\blest\b/i, '"so that … not"', "in brackets, lest it be read as one"],
  [/\bas far as (it|they|one) can\b/i, "no such phrase", "as far as it can be"],
  [/\bwhat is no\b/i, "a noun for it", "What is no result becomes text"],
  [
    new RegExp(`(?<!there )\\b(is|are) no (${NOUNS})s?\\b`, "i"),
    '"is not a …", "are not …"',
    "lines that are no event",
  ],
  [/\bof no test\b/i, '"without a test"', "files of no test"],
  [
    new RegExp(`\\ban? (${NOUNS}) an? (${NOUNS})\\b`, "i"),
    '"one … per …"',
    "a CBOR sequence, an event\nan item",
  ],
  [/\btold of\b/i, '"reported"', "failures are told of at the end"],
  [/\bsa(y|ys|id) of\b/i, '"reports about"', "what is said of a test"],
  [/\bhears?\b/i, '"receives"', "the hub hears from its workers"],
  [
    /\bwhat [\w ]{1,30}\b(came|comes?) to\b/i,
    '"outcome", "result"',
    "reports what each test came to",
  ],
  [/\bwhat became of\b/i, '"outcome"', "counts tests by what became of them"],
];

/** The dropped phrases in a text, each with its line and a replacement. */
function droppedIn(text: string): string[] {
  // A phrase may be on two lines.
  const oneLine = text.replaceAll("\n", " ");
  return DROPPED.flatMap(([phrase, instead]) =>
    Array.from(
      oneLine.matchAll(new RegExp(phrase.source, "gi")),
      ({ 0: found, index }) => {
        const line = text.slice(0, index).split("\n").length;
        return `line ${line}: "${found}": write ${instead}`;
      },
    )
  );
}

for (const [phrase, , example] of DROPPED) {
  Deno.test(`droppedIn finds ${phrase.source}`, () => {
    assertEquals(droppedIn(example).length, 1, example);
  });
}

Deno.test("droppedIn leaves the right uses alone", () => {
  const text =
    `There is no test left. The tool came to a stop, and the names are
told apart. A line is an event. What comes next is a test.`;
  assertEquals(droppedIn(text), []);
});

for (
  const [path, markdown] of [
    ...DOCUMENTS,
    [
      "CONTRIBUTING.md",
      Deno.readTextFileSync(new URL("CONTRIBUTING.md", ROOT)),
    ],
  ]
) {
  Deno.test(`${path} has no dropped phrase`, () => {
    assertEquals(droppedIn(markdown), []);
  });
}

Deno.test("no --help has a dropped phrase", async () => {
  for (const tool of await loadTools()) {
    assertEquals(droppedIn(helpText(tool)), [], tool.name);
  }
});
