/**
 * The table that declares an executable: its name, options, exit status and
 * examples.
 *
 * @module
 */

import type { Grammar, OptionTable, OptionValues } from "./options.ts";
import type { ToolIO } from "./tool_io.ts";

/** An executable; its parsing, `--help` and documentation follow from this. */
export interface Tool<Table extends OptionTable = OptionTable> extends Grammar {
  readonly name: string;
  /** Its purpose: one sentence without a full stop. */
  readonly summary: string;
  /** Its operands in `--help`: "[FILE...]". */
  readonly operands: string;
  readonly options: Table;
  /** More text for `--help`, after the options. */
  readonly notes?: string;
  /** The meaning of exit statuses 0 and 1, or of all of them from 0 on. */
  readonly exitStatus: readonly [string, string, ...string[]];
  readonly examples: readonly string[];
  /**
   * Whether the process exits when the tool is done, even if open sources or
   * listeners would keep it alive.
   */
  readonly forcesExit?: boolean;
  /** Does the work and returns the exit status; undefined is 0. */
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

/** The option that {@linkcode TRANSFORM_STATUS} names. */
export const EXIT_STATUS_OPTION = {
  "exit-status": {
    help: "exit 1 when a test failed or was lost or the stream is damaged",
  },
} as const satisfies OptionTable;

/** The option of tools that print the text between the packets. */
export const PASSTHROUGH_OPTION = {
  "no-passthrough": { help: "hide the text between the packets" },
} as const satisfies OptionTable;

/** The options of reports for the destinations of report and stream. */
export const OUTPUT_OPTIONS = {
  "output-to": { short: "o", value: "FILE", help: "write the report to FILE" },
  forward: {
    short: "f",
    help: "pass the stream on to standard output, unchanged",
  },
} as const satisfies OptionTable;

/** Returns the tool unchanged; infers the types of its options. */
export function defineTool<const Table extends OptionTable>(
  tool: Tool<Table>,
): Tool<Table> {
  return tool;
}
