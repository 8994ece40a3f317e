/**
 * Commands that tools run for their users.
 *
 * @module
 */

import { reasonOf, ToolError } from "../errors.ts";
import { readStreamAsync } from "./input.ts";
import { onEndingSignal } from "./signals.ts";

/**
 * Starts a command with our standard input; its output is a pipe.
 *
 * @throws {ToolError} when it cannot be started
 */
export function startCommand(
  [program, ...args]: readonly string[],
  stderr: "inherit" | "piped",
): Deno.ChildProcess {
  try {
    return new Deno.Command(program, {
      args,
      stdin: "inherit",
      stdout: "piped",
      stderr,
    }).spawn();
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound
      ? "no such command"
      : reasonOf(error);
    throw new ToolError(
      `Cannot run "${program}": ${reason}: check the command`,
    );
  }
}

/** Sends a command a signal, if it has not ended. */
export function signalCommand(
  child: Deno.ChildProcess,
  signal: Deno.Signal,
): void {
  try {
    child.kill(signal);
  } catch {
    // It has ended.
  }
}

/**
 * Passes the signals that would end us on to a command.
 *
 * @returns stops that; until then the tool does not end by itself
 */
export function passSignals(child: Deno.ChildProcess): () => void {
  return onEndingSignal((signal) => signalCommand(child, signal));
}

/**
 * Runs a command to its end, with our standard input and standard error, and
 * calls `take` with what it prints, as it comes. It does not outlive us when
 * `take` fails.
 *
 * @throws {ToolError} when it cannot be started
 */
export async function runCommand(
  words: readonly string[],
  take: (chunk: Uint8Array) => void,
): Promise<Deno.CommandStatus> {
  const child = startCommand(words, "inherit");
  const stop = passSignals(child);
  try {
    const output = readStreamAsync(child.stdout, `the output of "${words[0]}"`);
    for await (const chunk of output) take(chunk);
    return await child.status;
  } catch (error) {
    signalCommand(child, "SIGTERM");
    throw error;
  } finally {
    stop();
  }
}
