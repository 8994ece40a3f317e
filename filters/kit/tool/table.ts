/**
 * The table an executable is declared by: its name, options, exit status and
 * examples.
 *
 * @module
 */

import type { Grammar, OptionTable, OptionValues } from "./options.ts";
import type { ToolIO } from "./tool_io.ts";

/** What an executable is: parsing, `--help` and conduct follow from it. */
export interface Tool<Table extends OptionTable = OptionTable> extends Grammar {
  readonly name: string;
  /** What it is for: one sentence without a full stop. */
  readonly summary: string;
  /** Its operands as `--help` shows them: "[FILE...]". */
  readonly operands: string;
  readonly options: Table;
  /** More to know, behind the options in `--help`. */
  readonly notes?: string;
  /** What its exit statuses 0 and 1 mean, or all of them, from 0 on. */
  readonly exitStatus: readonly [string, string, ...string[]];
  readonly examples: readonly string[];
  /**
   * Whether the process ends with the tool, whatever else would keep it alive:
   * sources that are still open, listeners.
   */
  readonly forcesExit?: boolean;
  /** Does the work and returns the exit status; none is 0. */
  run(
    io: ToolIO,
    options: OptionValues<Table>,
    operands: readonly string[],
    command: readonly string[] | undefined,
  ): number | void | Promise<number | void>;
}

/** {@linkcode Tool.exitStatus} of a tool that judges the stream. */
export const REPORT_STATUS = [
  "the stream is good",
  "a test failed or was lost, or the stream is damaged",
] as const;

/** {@linkcode Tool.exitStatus} of a tool that changes the stream's form. */
export const TRANSFORM_STATUS = [
  "everything was passed on",
  "with --exit-status: a test failed or was lost, or the stream is damaged",
] as const;

/** The option {@linkcode TRANSFORM_STATUS} speaks of. */
export const EXIT_STATUS_OPTION = {
  "exit-status": {
    help: "exit 1 when a test failed or was lost or the stream is damaged",
  },
} as const satisfies OptionTable;

/** The option of tools that show the text between the packets. */
export const PASSTHROUGH_OPTION = {
  "no-passthrough": { help: "hide the text between the packets" },
} as const satisfies OptionTable;

/** The options for where a report goes, and the stream beside it. */
export const OUTPUT_OPTIONS = {
  "output-to": { short: "o", value: "FILE", help: "write the report there" },
  forward: {
    short: "f",
    help: "pass the stream on to standard output, unchanged",
  },
} as const satisfies OptionTable;

/** Types a tool's table; the tool is what is put in. */
export function defineTool<const Table extends OptionTable>(
  tool: Tool<Table>,
): Tool<Table> {
  return tool;
}
