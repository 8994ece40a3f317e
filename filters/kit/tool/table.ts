/**
 * The table an executable is declared by: its name, options, exit status and
 * examples.
 *
 * @module
 */

import type { Grammar, OptionTable, OptionValues } from "./options.ts";
import type { ToolIO } from "./tool_io.ts";

/** An executable: parsing, `--help` and documentation follow from it. */
export interface Tool<Table extends OptionTable = OptionTable> extends Grammar {
  readonly name: string;
  /** What it is for: one sentence without a full stop. */
  readonly summary: string;
  /** Its operands as `--help` shows them: "[FILE...]". */
  readonly operands: string;
  readonly options: Table;
  /** What `--help` shows behind the options. */
  readonly notes?: string;
  /** The meaning of exit statuses 0 and 1, or of all of them from 0 on. */
  readonly exitStatus: readonly [string, string, ...string[]];
  readonly examples: readonly string[];
  /**
   * Whether the process exits when the tool is done, even where open sources or
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

/** Returns a tool as it is; for the types of its options. */
export function defineTool<const Table extends OptionTable>(
  tool: Tool<Table>,
): Tool<Table> {
  return tool;
}
