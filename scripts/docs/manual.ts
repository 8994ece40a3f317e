/**
 * Manual pages in the language of man(7), generated from the tables of the
 * tools.
 *
 * @module
 */

import manifest from "../../deno.json" with { type: "json" };
import { exitStatuses } from "../../filters/kit/tool/help.ts";
import type { Tool } from "../../filters/kit/tool/tool.ts";
import { optionsOf } from "./completions.ts";

const OVERVIEW = "subunit-tools";

/** Characters that roff interprets, or prints as other ones. */
const ESCAPES: Record<string, string> = {
  "\\": "\\e",
  "-": "\\-",
  "'": "\\(aq",
  '"': "\\(dq",
  "`": "\\(ga",
  "^": "\\(ha",
  "~": "\\(ti",
};

/** Returns the roff source of a text, line by line. */
export function roff(text: string): string {
  return text
    .replace(/[\\'"`^~-]/g, (character) => ESCAPES[character])
    .replace(/^(?=[. ])/gm, "\\&");
}

/**
 * Returns the roff source of notes: a paragraph that has lines with blanks in
 * front of them is a table, and keeps its lines.
 */
function paragraphs(notes: string): string {
  return notes.split(/\n{2,}/).map((paragraph) =>
    /^ /m.test(paragraph) ? `.EX\n${roff(paragraph)}\n.EE` : roff(paragraph)
  ).join("\n.PP\n");
}

const bold = (text: string) => `\\fB${roff(text)}\\fR`;

/** Returns the roff source of a text with its placeholders in italics. */
function placeholders(text: string): string {
  return roff(text).replace(/\b[A-Z][A-Z_\d]*\b/g, "\\fI$&\\fR");
}

/** Returns the first lines of every page. */
function head(name: string, section: number, manual: string): string[] {
  return [
    '.\\" Made by scripts/docs/manual.ts from the tables of options.',
    `.TH ${
      roff(name.toUpperCase())
    } ${section} "" "subunit\\-tools ${manifest.version}" "${manual}"`,
    // No hyphenation of names, no extra blanks in commands.
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

/** Returns the other tools that a tool's notes and examples name. */
function seeAlso(tool: Tool): string[] {
  const text = [tool.notes, ...tool.examples].join("\n");
  const named = text.match(/\b(subunit-?\w+|\w+2subunit)\b/g) ?? [];
  return [...new Set(named)].filter((name) => name !== tool.name).sort();
}

/** Returns the page of a tool, in section 1. */
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
    ...(tool.notes ? [".PP", paragraphs(tool.notes)] : []),
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

/** Returns the page about all tools, in section 7. */
export function overviewPage(tools: readonly Tool[]): string {
  return [
    ...head(OVERVIEW, 7, "Miscellaneous"),
    ".SH NAME",
    `${roff(OVERVIEW)} \\- filters for test results that travel through pipes`,
    ".SH DESCRIPTION",
    roff(`subunit is a streaming protocol for test results. These tools run
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
