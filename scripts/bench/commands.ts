/**
 * The command lines that are measured.
 *
 * @module
 */

import { pathOf, quote, toolCommand } from "../tool_path.ts";
import type { Corpus } from "./corpora.ts";

/** What the benchmark's own script measures in a process of its own. */
export type Worker = "crc" | "scan" | "hop" | "tap-parser";

/** The worker that only decodes: the bound for every tool. */
export const SCAN = "scan" satisfies Worker;
/** The worker that moves packets one hop, as a multiplexer does. */
export const HOP = "hop" satisfies Worker;

/** The Python of Debian's packages. */
const PYTHON = "/usr/bin/python3";
const BENCH = quote(pathOf(new URL("bench.ts", import.meta.url)));

/** Where corpora and what is compiled are kept. */
export const SCRATCH = new URL(".corpora/", import.meta.url);

/** Returns the command line of a tool, with the permissions of its first line. */
export function commandLine(tool: string, args: readonly string[]): string {
  const isWorker = tool === SCAN || tool === HOP;
  const command = isWorker ? workerCommand(tool) : toolCommand(tool);
  return [command, ...args].join(" ");
}

/** Returns the command line of a worker. */
export function workerCommand(worker: Worker): string {
  const deno = quote(Deno.execPath());
  return `${deno} run --quiet --allow-read --allow-env ${BENCH} --worker ${worker}`;
}

/** Returns the command line of `walk.c`; undefined without a compiler. */
export function walkCommand(): string | undefined {
  Deno.mkdirSync(SCRATCH, { recursive: true });
  const program = pathOf(new URL("walk", SCRATCH));
  const source = pathOf(new URL("walk.c", import.meta.url));
  try {
    const { success } = new Deno.Command("gcc", {
      args: ["-O2", "-o", program, source],
    }).outputSync();
    return success ? quote(program) : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the command line of a Python tool; undefined if it is not installed. */
export function pythonCommandLine(
  tool: string,
  args: readonly string[],
): string | undefined {
  if (!isPythonTool(tool)) return undefined;
  return [PYTHON, quote(pythonPath(tool)), ...args].join(" ");
}

/** Returns the path of a tool; that of a script is given. */
export function pythonPath(tool: string): string {
  return tool.startsWith("/") ? tool : `/usr/bin/${tool}`;
}

/** Returns whether a tool of Python's, not ours, is installed. */
export function isPythonTool(tool: string): boolean {
  try {
    const path = pythonPath(tool);
    const [shebang] = Deno.readTextFileSync(path).split("\n", 1);
    return path.endsWith(".py") || shebang.includes("python");
  } catch {
    return false;
  }
}

/**
 * Returns undefined if there is no command or no corpus.
 *
 * @param readers the commands that read its output, one after another
 */
export function fromPipe(
  command: string | undefined,
  corpus: Corpus | undefined,
  readers: readonly string[] = [],
): string | undefined {
  if (command === undefined || corpus === undefined) return undefined;
  // One command, as `exec` wants it: that which ends last.
  const line = [command, ...readers].reduce(
    (line, reader) => `${reader} < <(${line})`,
    `cat ${quote(corpus.path)}`,
  );
  return `${line} > /dev/null`;
}

export function onNothing(command: string): string {
  return `${command} < /dev/null > /dev/null`;
}
