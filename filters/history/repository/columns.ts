/**
 * Tables of answers: for people, for programs, and for both.
 *
 * @module
 */

import type { Output } from "../../kit/io/output.ts";
import { visibleText } from "../../kit/text/visible.ts";

/** The forms of a table. */
export const TABLE_FORMATS = ["text", "tsv", "json"] as const;
export type TableFormat = typeof TABLE_FORMATS[number];

/** What stands in a column; nothing where nothing is known. */
export type Cell = string | number | boolean | undefined;

/** The digits of a number that is no count. */
const DECIMALS = 3;

/**
 * Writes a table: as fields between tabs, as one JSON object a line, or for
 * people: aligned under its headings, with short names of commits and without
 * columns of which nothing is known.
 */
export function writeTable(
  out: Output,
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
  format: TableFormat,
): void {
  if (format === "json") {
    for (const row of rows) {
      const fields = columns.map((name, i) => [name, jsonOf(row[i])]);
      out.writeRow(JSON.stringify(Object.fromEntries(fields)));
    }
  } else if (format === "tsv") {
    for (const row of rows) {
      out.writeRow(row.map((cell) => escapeField(textOf(cell))).join("\t"));
    }
  } else {
    writeAligned(out, columns, rows);
  }
}

function writeAligned(
  out: Output,
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
): void {
  const cells = rows.map((row) =>
    columns.map((name, i) => {
      const text = visibleText(textOf(row[i]));
      return (name.endsWith("commit") ? shortCommit(text) : text) || "-";
    })
  );
  writeLines(out, columns, cells);
}

/**
 * Writes the lines of an aligned table, under its headings; "-" stands where
 * nothing is known.
 *
 * @param numbers the columns that are aligned to the right
 * @param isFixed whether columns of which nothing is known stay
 */
export function writeLines(
  out: Output,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: ReadonlySet<string> = new Set(),
  isFixed = false,
): void {
  if (rows.length === 0) return;
  const lines = [columns, ...rows];
  const shown = columns.map((name, i) => ({
    i,
    isNumber: numbers.has(name),
    width: lines.reduce((width, line) => Math.max(width, line[i].length), 0),
  })).filter(({ i }) => isFixed || rows.some((row) => row[i] !== "-"));
  for (const line of lines) {
    const cells = shown.map(({ i, isNumber, width }) =>
      isNumber ? line[i].padStart(width) : line[i].padEnd(width)
    );
    out.writeText(`${cells.join("  ").trimEnd()}\n`);
  }
}

/** How many digits of a commit people are shown; git takes them as its name. */
const COMMIT_DIGITS = 12;

/** Returns the beginning of a commit's name, as people are shown it. */
export function shortCommit(commit: string): string {
  return commit.slice(0, COMMIT_DIGITS);
}

function jsonOf(cell: Cell): Cell {
  return typeof cell === "number" && !Number.isFinite(cell) ? undefined : cell;
}

function textOf(cell: Cell): string {
  if (cell === undefined) return "";
  if (typeof cell !== "number" || Number.isInteger(cell)) return String(cell);
  return Number.isFinite(cell) ? cell.toFixed(DECIMALS) : "";
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\t": "\\t",
  "\n": "\\n",
  "\r": "\\r",
};

function escapeField(text: string): string {
  return text.replace(/[\\\t\n\r]/g, (character) => ESCAPES[character]);
}
