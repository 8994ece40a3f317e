/**
 * The text of `--help`, from a tool's table.
 *
 * @module
 */

import { levenshteinDistance } from "@std/text/levenshtein-distance";
import { COMMON_OPTIONS, type Option } from "./options.ts";
import type { Tool } from "./table.ts";

/** Returns the text of `--help`. */
export function helpText(tool: Tool): string {
  const options = Object.entries<Option>({
    ...tool.options,
    ...COMMON_OPTIONS,
  });
  const rows = options.map(([name, { short, value, bare, help }]) => [
    `${short && !tool.takesDashes ? `-${short}, ` : "    "}--${name}${
      bare ? `[=${value}]` : value ? `=${value}` : ""
    }`,
    help,
  ]);
  const statuses = exitStatuses(tool).map((
    meaning,
    status,
  ) => [String(status), meaning]);
  return [
    `Usage: ${tool.name} [OPTION...] ${tool.operands}`.trimEnd(),
    `${tool.summary}.`,
    "",
    "Options:",
    ...columns(rows),
    ...(tool.notes ? ["", tool.notes] : []),
    "",
    "Exit status:",
    ...columns(statuses),
    "",
    "Examples:",
    ...tool.examples.map((example) => `  ${example}`),
    "",
  ].join("\n");
}

/** Returns the long option that an unknown one was likely meant to be, if any. */
export function nearestOption(tool: Tool, unknown: string): string | undefined {
  if (!unknown.startsWith("--")) return undefined;
  const options = Object.keys({ ...tool.options, ...COMMON_OPTIONS })
    .map((name) => `--${name}`);
  const longer = options.filter((option) => option.startsWith(unknown));
  if (longer.length === 1) return longer[0];
  const [nearest] = options
    .map((option) => ({ option, far: levenshteinDistance(unknown, option) }))
    .sort((a, b) => a.far - b.far);
  return nearest.far <= Math.max(2, unknown.length / 3)
    ? nearest.option
    : undefined;
}

/** Returns the meanings of a tool's exit statuses, from 0 on. */
export function exitStatuses({ exitStatus }: Tool): readonly string[] {
  return exitStatus.length > 2
    ? exitStatus
    : [...exitStatus, "wrong usage, or input or output failed"];
}

/**
 * Formats rows as two columns. Where the first column is too wide, the second
 * starts a new line.
 */
function columns(rows: readonly (readonly string[])[]): string[] {
  const width = Math.min(28, Math.max(...rows.map(([left]) => left.length)));
  return rows.map(([left, right]) =>
    left.length > width
      ? `  ${left}\n  ${" ".repeat(width)}  ${right}`
      : `  ${left.padEnd(width)}  ${right}`
  );
}
