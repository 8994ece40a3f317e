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

/** Where the standard streams of a command go, and how else it is run. */
export type CommandStreams =
  & Required<Pick<CommandOptions, "stdin" | "stdout" | "stderr">>
  & Omit<CommandOptions, "args">;

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
 * How long the output of a command that a signal has ended is still read, where
 * a process that it left behind holds the pipe.
 */
const GRACE_MILLISECONDS = 1000;

/** Passes signals on to a command. */
export class SignalPass {
  readonly #child: ChildProcess;
  readonly #release = Promise.withResolvers<void>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #count = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
  }

  /**
   * Resolves when nobody need read the command's output to its end: a signal
   * came and the command has ended, for a while now or at the second signal.
   */
  get released(): Promise<void> {
    return this.#release.promise;
  }

  /** Passes a signal on. */
  send(signal: Signal): void {
    this.#count++;
    signalCommand(this.#child, signal);
    this.#child.status.then(() => {
      clearTimeout(this.#timer);
      if (this.#count > 1) this.#release.resolve();
      else this.#timer = setTimeout(this.#release.resolve, GRACE_MILLISECONDS);
    });
  }

  /** Lets the process end. */
  stop(): void {
    clearTimeout(this.#timer);
  }
}

/**
 * Passes the signals that would end the tool on to a command. Until this is
 * stopped the process stays alive.
 */
export function passSignals(
  child: ChildProcess,
): { readonly released: Promise<void>; stop(): void } {
  const pass = new SignalPass(child);
  const stopListening = onEndingSignal((signal) => pass.send(signal));
  return {
    released: pass.released,
    stop() {
      stopListening();
      pass.stop();
    },
  };
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
  const signals = passSignals(child);
  const name = `the output of "${words[0]}"`;
  try {
    const output = readStreamAsync(child.stdout, name, signals.released);
    for await (const chunk of output) take(chunk);
    return await child.status;
  } catch (error) {
    signalCommand(child, "SIGTERM");
    throw error;
  } finally {
    signals.stop();
  }
}
