/**
 * Runs an executable: reads its command line, sets its exit status and reports
 * its errors.
 *
 * @module
 */

import {
  isReaderGone,
  ToolError,
  UnknownOptionError,
  UsageError,
} from "../errors.ts";
import {
  type OptionTable,
  type OptionValues,
  parseOptions,
} from "./options.ts";
import type { Tool } from "./table.ts";
import { ToolIO } from "./tool_io.ts";

export { ToolError, UsageError } from "../errors.ts";
export { isStdin } from "../io/input.ts";
export { Output } from "../io/output.ts";
export {
  chosenOption,
  parseBytes,
  parseChoice,
  parseCount,
  parseDuration,
  parseNumber,
} from "./options.ts";
export {
  defineTool,
  EXIT_STATUS_OPTION,
  OUTPUT_OPTIONS,
  PASSTHROUGH_OPTION,
  REPORT_STATUS,
  type Tool,
  TRANSFORM_STATUS,
} from "./table.ts";
export type { ToolIO } from "./tool_io.ts";

/** The version of all tools. */
export const VERSION = "0.1.0";

/** The exit status of wrong usage, and of input or output that fails. */
const EXIT_TROUBLE = 2;
/** The exit status when the reader has left; shells show it for SIGPIPE. */
const EXIT_READER_LEFT = 128 + 13;

/**
 * Runs a tool with the streams and the command line of the process, and sets
 * its exit status.
 */
export async function runTool<Table extends OptionTable>(
  tool: Tool<Table>,
): Promise<void> {
  Deno.exitCode = await runWith(tool, new ToolIO(tool.name), Deno.args);
  if (tool.forcesExit) Deno.exit();
}

/**
 * Runs a tool with a command line. Errors become one line on standard error.
 *
 * @returns its exit status
 */
export async function runWith<Table extends OptionTable>(
  tool: Tool<Table>,
  io: ToolIO,
  args: readonly string[],
): Promise<number> {
  try {
    return await start(tool, io, args);
  } catch (error) {
    if (isReaderGone(error)) return EXIT_READER_LEFT;
    io.warn(await describe(tool, error));
    return EXIT_TROUBLE;
  }
}

async function start<Table extends OptionTable>(
  tool: Tool<Table>,
  io: ToolIO,
  args: readonly string[],
): Promise<number> {
  const { options, operands, command } = parseOptions(
    tool.options,
    args,
    tool,
  );
  if (options.help) {
    // Loaded only here: every module adds to the start-up time.
    const { helpText } = await import("./help.ts");
    io.out.writeText(helpText(tool));
    io.out.flush();
    return 0;
  }
  if (options.version) {
    io.out.writeText(`${tool.name} (subunit-tools) ${VERSION}\n`);
    io.out.flush();
    return 0;
  }
  try {
    const status = await tool.run(
      io,
      options as OptionValues<Table>,
      operands,
      command,
    );
    return status ?? 0;
  } finally {
    // After an error too: the output before it is still valid.
    io.out.flush();
    io.err.flush();
  }
}

async function describe<Table extends OptionTable>(
  tool: Tool<Table>,
  error: unknown,
): Promise<string> {
  if (error instanceof UnknownOptionError) {
    const { nearestOption } = await import("./help.ts");
    const name = nearestOption(tool, error.option);
    if (name !== undefined) {
      return `${error.message}: did you mean ${name}? (see --help)`;
    }
  }
  if (error instanceof UsageError) return `${error.message}: see --help`;
  if (error instanceof ToolError) return error.message;
  const message = error instanceof Error ? error.message : String(error);
  return `Cannot continue: ${message}: this is a defect, please report it`;
}
