/**
 * Manual pages, in man(7)'s language, from the tables of the tools.
 *
 * @module
 */

import manifest from "../../deno.json" with { type: "json" };
import { exitStatuses } from "../../filters/kit/tool/help.ts";
import type { Tool } from "../../filters/kit/tool/tool.ts";
import { optionsOf } from "./completions.ts";

const OVERVIEW = "subunit-tools";

/** Characters that roff takes for its own, or prints as another one. */
const ESCAPES: Record<string, string> = {
  "\\": "\\e",
  "-": "\\-",
  "'": "\\(aq",
  '"': "\\(dq",
  "`": "\\(ga",
  "^": "\\(ha",
  "~": "\\(ti",
};

/** Text as roff that shows it, each line as a line of the source. */
export function roff(text: string): string {
  return text
    .replace(/[\\'"`^~-]/g, (character) => ESCAPES[character])
    .replace(/^(?=[. ])/gm, "\\&");
}

const bold = (text: string) => `\\fB${roff(text)}\\fR`;

/** Roff with each word in capitals, which stands for another, in italics. */
function placeholders(text: string): string {
  return roff(text).replace(/\b[A-Z][A-Z_\d]*\b/g, "\\fI$&\\fR");
}

/** What stands in front of every page. */
function head(name: string, section: number, manual: string): string[] {
  return [
    '.\\" Made by scripts/docs/manual.ts from the tables of options.',
    `.TH ${
      roff(name.toUpperCase())
    } ${section} "" "subunit\\-tools ${manifest.version}" "${manual}"`,
    // Neither hyphens in names nor blanks in commands that are not there.
    ".nh",
    ".ad l",
  ];
}

function options(tool: Tool): string[] {
  return optionsOf(tool).flatMap(([name, { short, value, bare, help }]) => {
    const behind = value === undefined ? "" : placeholders(`=${value}`);
    return [
      ".TP",
      (short ? `${bold(`-${short}`)}, ` : "") + bold(`--${name}`) +
      (bare ? `[${behind}]` : behind),
      roff(help),
    ];
  });
}

/** The other tools that its notes and examples name. */
function seeAlso(tool: Tool): string[] {
  const text = [tool.notes, ...tool.examples].join("\n");
  const named = text.match(/\b(subunit-?\w+|\w+2subunit)\b/g) ?? [];
  return [...new Set(named)].filter((name) => name !== tool.name).sort();
}

/** The page of a tool, in section 1. */
export function manualPage(tool: Tool): string {
  const [first, ...rest] = tool.summary;
  return [
    ...head(tool.name, 1, "User Commands"),
    ".SH NAME",
    `${roff(tool.name)} \\- ${roff(first.toLowerCase() + rest.join(""))}`,
    ".SH SYNOPSIS",
    `${bold(tool.name)} ${
      placeholders(`[OPTION...] ${tool.operands}`.trimEnd())
    }`,
    ".SH DESCRIPTION",
    `${roff(tool.summary)}.`,
    ...(tool.notes ? [".PP", roff(tool.notes)] : []),
    ".SH OPTIONS",
    ...options(tool),
    ".SH EXIT STATUS",
    ...exitStatuses(tool).flatMap((meaning, status) => [
      ".TP",
      bold(String(status)),
      roff(meaning),
    ]),
    ".SH EXAMPLES",
    ".EX",
    tool.examples.map(roff).join("\n\n"),
    ".EE",
    ".SH SEE ALSO",
    ...seeAlso(tool).map((name) => `.BR ${roff(name)} (1),`),
    `.BR ${roff(OVERVIEW)} (7)`,
    "",
  ].join("\n");
}

/** The page about all tools, in section 7. */
export function overviewPage(tools: readonly Tool[]): string {
  return [
    ...head(OVERVIEW, 7, "Miscellaneous"),
    ".SH NAME",
    `${roff(OVERVIEW)} \\- filters for test results that travel through pipes`,
    ".SH DESCRIPTION",
    roff(`subunit is a streaming protocol for test results. These tools stand
between a test runner and a report. What a tool does not change leaves as the
bytes that came in; text between the packets passes on. A test that started
and never ended is a failure, and so is damage.`),
    ".SH TOOLS",
    ...tools.flatMap(({ name, summary }) => [
      ".TP",
      `.BR ${roff(name)} (1)`,
      `${roff(summary)}.`,
    ]),
    "",
  ].join("\n");
}
