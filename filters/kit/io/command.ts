/**
 * Starting commands, and passing signals on to them.
 *
 * @module
 */

import { isNotFound, reasonOf, ToolError } from "../errors.ts";
import type {
  ChildProcess,
  CommandOptions,
  CommandStatus,
  Signal,
} from "../runtime/runtime.ts";
import { readStreamAsync } from "./input.ts";
import { onEndingSignal } from "./signals.ts";

/** Where the standard streams of a command go. */
export type CommandStreams = Required<
  Pick<CommandOptions, "stdin" | "stdout" | "stderr">
>;

/**
 * Starts a command.
 *
 * @throws what the runtime throws when it cannot
 */
export function spawn(
  [program, ...args]: readonly string[],
  streams: CommandStreams,
): ChildProcess {
  return new Deno.Command(program, { args, ...streams }).spawn();
}

/**
 * Starts a command given by the user, with our standard input. Its output is a
 * pipe.
 *
 * @throws {ToolError} when it cannot be started
 */
export function startCommand(
  words: readonly string[],
  stderr: "inherit" | "piped",
): ChildProcess {
  try {
    return spawn(words, { stdin: "inherit", stdout: "piped", stderr });
  } catch (error) {
    const reason = isNotFound(error) ? "no such command" : reasonOf(error);
    throw new ToolError(
      `Cannot run "${words[0]}": ${reason}: check the command`,
    );
  }
}

/** Sends a signal to a command; does nothing if it has ended. */
export function signalCommand(
  child: ChildProcess,
  signal: Signal,
): void {
  try {
    child.kill(signal);
  } catch {
    // It has ended.
  }
}

/**
 * Passes the signals that would end the tool on to a command.
 *
 * @returns a function that stops this; until then the process stays alive
 */
export function passSignals(child: ChildProcess): () => void {
  return onEndingSignal((signal) => signalCommand(child, signal));
}

/**
 * Runs a command to its end, with our standard input and standard error, and
 * calls `take` with each chunk of its output. When `take` throws, the command
 * is ended too.
 *
 * @throws {ToolError} when it cannot be started
 */
export async function runCommand(
  words: readonly string[],
  take: (chunk: Uint8Array) => void,
): Promise<CommandStatus> {
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
