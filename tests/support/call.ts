/**
 * Calls the executables in the process of the test, with bytes in memory as
 * their standard streams: everything is the tool's own but the process. Where a
 * process is the point (pipes, signals, terminals, permissions, what differs by
 * runtime), tests run one: see `run.ts`.
 *
 * @module
 */

import { assert } from "@std/assert";
import { runWith, type Tool } from "../../filters/kit/tool/tool.ts";
import { ToolIO } from "../../filters/kit/tool/tool_io.ts";
import { toolScript } from "../../scripts/tool_path.ts";
import { memorySink } from "./memory.ts";
import {
  assertNoCrash,
  type Finished,
  longTest,
  outputIn,
  peerTest,
  runTool,
  type Surroundings,
  testsCheckout,
  text,
  TOOLS,
} from "./run.ts";

/** What a pipe holds. */
const PIPE_BYTES = 64 * 1024;

/**
 * These read and write the streams of their process asynchronously;
 * gpg-signed-stream only to sign.
 */
const NEED_PROCESS = [
  "gpg-signed-stream",
  "subunit-attach",
  "subunit-ctl",
  "subunit-exec",
  "subunit-merge",
  "subunit-progress",
  "subunit-run",
  "subunit-serve",
  "subunit-tee",
  "subunit-worker",
];

/** The tools that can be called. */
export const CALLABLE = TOOLS.filter((name) => !NEED_PROCESS.includes(name));

/** The input of a tool that is called: it has no environment of its own. */
interface Input extends Pick<Surroundings, "stdin"> {
  /** The most that one read returns; by default what a pipe holds. */
  readonly chunkBytes?: number;
  /** Whether standard error goes where standard output goes: 2>&1. */
  readonly merges?: boolean;
}

/** Calls a tool in this process; the result is that of a process. */
export function callTool(
  name: string,
  args: readonly string[] = [],
  input: Input = {},
): Promise<Finished> {
  assert(testsCheckout(), "Register the test with test");
  return callCheckoutTool(name, args, input);
}

/** Calls a tool of the checkout, whichever tools are under test. */
export async function callCheckoutTool(
  name: string,
  args: readonly string[] = [],
  { stdin = "", chunkBytes = PIPE_BYTES, merges = false }: Input = {},
): Promise<Finished> {
  const { tool }: { tool: Tool } = await import(toolScript(name).href);
  const out = memorySink(), err = memorySink();
  const io = new ToolIO(name, {
    stdin: reading(
      typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin,
      chunkBytes,
    ),
    stdout: out.sink,
    stderr: merges ? out.sink : err.sink,
  });
  const needsProcess = NEED_PROCESS.includes(name) && args[0] !== "verify" ||
    tool.takesCommand && args.includes("--");
  const status = await runWith(
    // Help and wrong usage need none: they end before it would run.
    needsProcess ? { ...tool, run: refuseRun } : tool,
    io,
    args,
  );
  const stderr = text(err.written());
  assertNoCrash(name, stderr);
  return { status, stdout: out.written(), stderr };
}

function refuseRun(): never {
  throw new Error("the test needs a process");
}

/** Calls a tool of the checkout, and runs an installed one as a process. */
export function callOrRun(
  name: string,
  args: readonly string[] = [],
  input: Pick<Input, "stdin"> = {},
): Promise<Finished> {
  return (testsCheckout() ? callTool : runTool)(name, args, input);
}

function reading(bytes: Uint8Array, chunkBytes: number) {
  let at = 0;
  return {
    readSync(buffer: Uint8Array): number | null {
      const count = Math.min(chunkBytes, buffer.length, bytes.length - at);
      if (count === 0) return null;
      buffer.set(bytes.subarray(at, at + count));
      at += count;
      return count;
    },
  };
}

/**
 * Calls a tool that must succeed without a message.
 *
 * @returns its standard output
 */
export async function outputOfCall(
  name: string,
  args: readonly string[] = [],
  input: Input = {},
): Promise<Uint8Array> {
  const finished = await callTool(name, args, input);
  return outputIn(finished, [name, ...args].join(" "));
}

/**
 * Registers a test that runs no tool as a process, and so is the same on all
 * runtimes: it is left out where the tests of processes run again on Node.
 */
export function test(name: string, test: () => void | Promise<void>): void {
  if (testsCheckout()) Deno.test(name, test);
}

/** Registers such a test that needs peers. */
export function peerCallTest(...test: Parameters<typeof peerTest>): void {
  if (testsCheckout()) peerTest(...test);
}

/** The same for a long test: only CI runs it. */
export function longCallTest(...test: Parameters<typeof longTest>): void {
  if (testsCheckout()) longTest(...test);
}
