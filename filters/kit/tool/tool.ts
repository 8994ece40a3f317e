/**
 * The conduct of every executable, once: options, standard streams, exit
 * status, and what is said when something fails.
 *
 * @module
 */

import { type Damage, PacketDecoder, type StreamItem } from "@subunit/codec";
import { type Input, openInput, Output, readChunk } from "../io/input.ts";
import { ToolError, UsageError } from "../errors.ts";
import {
  COMMON_OPTIONS,
  type Grammar,
  type Option,
  type OptionTable,
  type OptionValues,
  parseOptions,
} from "./options.ts";
import { visibleText } from "../text/visible.ts";

export { ToolError, UsageError } from "../errors.ts";
export { Output } from "../io/input.ts";
export { parseBytes, parseChoice, parseCount } from "./options.ts";

/** The version of all tools. */
export const VERSION = "0.1.0";

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

/** Exit status of a wrong call, and of input or output that fails. */
const EXIT_TROUBLE = 2;
/** What a shell sees of a program that ends because its reader has left. */
const EXIT_READER_LEFT = 128 + 13;

/** Types a tool's table; the tool is what is put in. */
export function defineTool<const Table extends OptionTable>(
  tool: Tool<Table>,
): Tool<Table> {
  return tool;
}

/** Runs a tool on the command line, the standard streams and the exit status. */
export async function runTool<Table extends OptionTable>(
  tool: Tool<Table>,
): Promise<void> {
  const io = new ToolIO(tool.name);
  try {
    Deno.exitCode = await start(tool, io, Deno.args);
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) {
      Deno.exitCode = EXIT_READER_LEFT;
      return;
    }
    io.say(describe(error));
    Deno.exitCode = EXIT_TROUBLE;
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
    // What was decided before a failure is still true.
    io.out.flush();
  }
}

function describe(error: unknown): string {
  if (error instanceof UsageError) return `${error.message}: see --help`;
  if (error instanceof ToolError) return error.message;
  const message = error instanceof Error ? error.message : String(error);
  return `Cannot go on: ${message}: this is a defect, please report it`;
}

/** The text of `--help`. */
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

/** What the exit statuses of a tool mean, from 0 on. */
export function exitStatuses({ exitStatus }: Tool): readonly string[] {
  return exitStatus.length > 2
    ? exitStatus
    : [...exitStatus, "wrong usage, or input or output failed"];
}

/** Two columns, the second aligned where the first is not too wide. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const width = Math.min(28, Math.max(...rows.map(([left]) => left.length)));
  return rows.map(([left, right]) =>
    left.length > width
      ? `  ${left}\n  ${" ".repeat(width)}  ${right}`
      : `  ${left.padEnd(width)}  ${right}`
  );
}

/** A tool's way to the outside. */
export class ToolIO {
  readonly #name: string;
  /** Standard output; flushed before each read that may wait. */
  readonly out: Output = new Output(Deno.stdout, "standard output");
  /** Standard error, for text from the stream that has no place on stdout. */
  readonly err: Output = new Output(Deno.stderr, "standard error");

  constructor(name: string) {
    this.#name = name;
  }

  /** Says a line on standard error, under the tool's name. */
  say(message: string): void {
    try {
      this.err.writeText(`${this.#name}: ${visibleText(message)}\n`);
      this.err.flush();
    } catch {
      // With standard error gone there is nobody left to tell.
    }
  }

  /** Says where the stream is damaged, behind what was written up to there. */
  sayDamage(damage: Damage): void {
    this.out.flush();
    this.say(`${damage.reason} (${damage.byteLength} bytes are no packet)`);
  }

  /**
   * The chunks of `files`, one after another as `cat` would; of standard input
   * when there are none. A chunk is good until the next one.
   */
  *chunks(files: readonly string[]): Generator<Uint8Array> {
    for (const file of files.length > 0 ? files : ["-"]) {
      const input: Input = openInput(file);
      try {
        for (;;) {
          this.out.flush();
          this.err.flush();
          const chunk = readChunk(input);
          if (chunk === undefined) break;
          yield chunk;
        }
      } finally {
        input.close();
      }
    }
  }

  /**
   * Calls `take` with the items of the stream in `files`. An item is good
   * until `endChunk` is called, after all those of one chunk.
   *
   * A callback, not an iterator: called anew for each chunk and each item, it
   * is compiled well; one long loop over all items takes half as long again.
   */
  forEachItem(
    files: readonly string[],
    take: (item: StreamItem) => void,
    endChunk: () => void = () => {},
  ): void {
    const decoder = new PacketDecoder();
    for (const chunk of this.chunks(files)) {
      decoder.push(chunk);
      decoder.drain(take);
      endChunk();
    }
    decoder.end();
    decoder.drain(take);
    endChunk();
  }
}
