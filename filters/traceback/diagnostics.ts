/**
 * Diagnostics in YAML, as TAP producers write them, and properties from JUnit.
 *
 * @module
 */

import { firstMatch, type Grammar, joined } from "./frame.ts";
import { comparison } from "./grammar/v8.ts";

export const diagnostics: Grammar = {
  frames: [
    { pattern: /^\s+fileName: (?<file>\S.*)$/ },
    { pattern: /^\s+lineNumber: (?<line>\d+)$/ },
    { pattern: /^\s*file: ["']?(?<file>\S.*?)["']?$/ },
    { pattern: /^\s*line: (?<line>\d+)$/ },
    { pattern: /"at":\{"file":"(?<file>[^"]+)","line":(?<line>\d+)\}/ },
    { pattern: /^file=(?<file>\S.*)$/ },
    { pattern: /^line=(?<line>\d+)$/ },
  ],
  headline(lines) {
    const flow = flowMessage(lines);
    if (flow !== undefined) return flow;
    const fields = fieldsOf(lines);
    return fields && headlineOf(fields);
  },
};

/** Keys of diagnostics: text without any of them is something else. */
const KNOWN =
  /^(?:at|assertion|compare|diff|duration_ms|failureType|message|operator|severity|stack)$/;
const KEY = /^(?<key>[\w.]+|"[^"]*"|'[^']*')\s*:(?: +(?<value>.*))?$/;

/**
 * The fields of a block, nested ones as `error.message`; undefined when the text
 * is not a block of diagnostics. Reads the subset of YAML that TAP producers use.
 */
function fieldsOf(
  lines: readonly string[],
): ReadonlyMap<string, readonly string[]> | undefined {
  const fields = new Map<string, string[]>();
  /** Keys that are open, and how far they are indented. */
  const open: { indent: number; key: string }[] = [];
  /** Of a text of several lines, and how far its key is indented. */
  let block: { indent: number; lines: string[] } | undefined;
  for (const line of lines) {
    const indent = line.search(/\S/);
    if (block !== undefined && (indent < 0 || indent > block.indent)) {
      block.lines.push(line.trim());
      continue;
    }
    block = undefined;
    if (indent < 0 || /^(?:---|\.\.\.)$/.test(line.trim())) continue;
    while (open.length > 0 && open.at(-1)!.indent >= indent) open.pop();
    // Only the first entry of a list is read.
    const groups = KEY.exec(line.trim().replace(/^- /, ""))?.groups;
    if (groups === undefined) {
      if (open.length === 0) return undefined;
      continue;
    }
    open.push({ indent, key: unquoted(groups.key) });
    const path = open.map(({ key }) => key).join(".");
    const value = groups.value?.trim() ?? "";
    if (fields.has(path)) continue;
    if (/^[|>][-+\d]*$/.test(value)) {
      block = { indent, lines: [] };
      fields.set(path, block.lines);
    } else if (value !== "") fields.set(path, [unquoted(value)]);
  }
  const keys = Array.from(fields.keys(), (path) => path.split(".")[0]);
  return keys.some((key) => KNOWN.test(key)) ? fields : undefined;
}

/**
 * Deno's diagnostics are one line of JSON, which may have been cut. The first
 * line of its message is read.
 */
const FLOW = /^\s*\{"message":"(?<said>(?:[^"\\]|\\[^n])*)/;

function flowMessage(lines: readonly string[]): string | undefined {
  const first = lines.find((line) => !/^\s*(?:---)?$/.test(line));
  const said = FLOW.exec(first ?? "")?.groups?.said;
  return said && unquoted(`"${said}"`);
}

/** The text of a scalar, without quotes and escapes. */
function unquoted(value: string): string {
  if (/^'.*'$/.test(value)) return value.slice(1, -1).replaceAll("''", "'");
  if (!/^".*"$/.test(value)) return value;
  try {
    return String(JSON.parse(value));
  } catch {
    // YAML has escapes that JSON lacks.
    return value.slice(1, -1);
  }
}

function headlineOf(
  fields: ReadonlyMap<string, readonly string[]>,
): string | undefined {
  const said = messageIn(fields);
  const [expected, actual] = comparedIn(fields);
  const isSaid = said !== undefined &&
    [expected, actual].every((value) =>
      value === undefined || said.includes(value)
    );
  if (expected === undefined && actual === undefined || isSaid) return said;
  const values = [
    expected !== undefined ? `expected ${expected}` : undefined,
    actual !== undefined ? `actual ${actual}` : undefined,
  ];
  return said === undefined
    ? joined(values)
    : joined([said.endsWith(":") ? said : `${said}:`, ...values]);
}

/** Fields that hold a message, the likeliest first. */
const MESSAGES = ["error", "error.message", "message", "data.message"];

function messageIn(
  fields: ReadonlyMap<string, readonly string[]>,
): string | undefined {
  for (const name of MESSAGES) {
    const lines = fields.get(name)?.filter((line) => line !== "") ?? [];
    if (lines.length > 0) return comparison(lines[0], lines.slice(1));
  }
  // tape has the message in the stack; AVA names the assertion.
  const [first] = fields.get("stack") ?? [];
  return /^\w*Error: (.+)/.exec(first ?? "")?.[1] ??
    fields.get("assertion")?.[0];
}

/** The expected and the actual value, if both fit in a line. */
function comparedIn(
  fields: ReadonlyMap<string, readonly string[]>,
): [expected: string | undefined, actual: string | undefined] {
  const valueOf = (...names: string[]) => {
    const lines = names.map((name) => fields.get(name)).find(Boolean);
    return lines?.length === 1 ? lines[0] : undefined;
  };
  const expected = valueOf("expected", "wanted", "data.expect");
  const actual = valueOf("actual", "found", "got", "data.got");
  if (expected !== undefined && actual !== undefined) return [expected, actual];
  for (const [path, lines] of fields) {
    const isDifference = path === "diff" || /difference/i.test(path);
    if (!isDifference) continue;
    // AVA marks the actual value with "-".
    const isActual = /- actual/.test(path);
    const less = ofSign(lines, /^-(?!--)\s*(.*)/);
    const more = ofSign(lines, /^\+(?!\+\+)\s*(.*)/);
    return isActual ? [more, less] : [less, more];
  }
  return [undefined, undefined];
}

function ofSign(lines: readonly string[], sign: RegExp): string | undefined {
  return firstMatch(lines, sign)?.replace(/,$/, "");
}
