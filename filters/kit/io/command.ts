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
import { signalGroup } from "./process_group.ts";
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
 * @param detached whether it leads a process group of its own
 * @throws {ToolError} when it cannot be started
 */
export function startCommand(
  words: readonly string[],
  stderr: "inherit" | "piped",
  detached = false,
): ChildProcess {
  try {
    const streams = { stdin: "inherit", stdout: "piped", stderr } as const;
    return spawn(words, { ...streams, detached });
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
  readonly #isGroup: boolean;
  readonly #release = Promise.withResolvers<void>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #count = 0;

  /** @param isGroup whether the command leads a group, which gets the signals */
  constructor(child: ChildProcess, isGroup = false) {
    this.#child = child;
    this.#isGroup = isGroup;
  }

  /**
   * Resolves when nobody need read the command's output to its end: a signal
   * came and the command has ended, for a while now or at the second signal.
   */
  get released(): Promise<void> {
    return this.#release.promise;
  }

  /** Passes a signal on. */
  send(signal: Signal | "SIGKILL"): void {
    this.#count++;
    if (this.#isGroup) signalGroup(this.#child.pid, signal);
    else if (signal !== "SIGKILL") signalCommand(this.#child, signal);
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

/** The signals of the tool, on their way to a command. */
export interface PassedSignals extends Pick<SignalPass, "released" | "send"> {
  /** Whether one came. */
  readonly isInterrupted: boolean;
  /** Ends the passing. */
  stop(): void;
}

/**
 * Passes the signals that would end the tool on to a command. Until this is
 * stopped the process stays alive.
 *
 * @param isGroup whether it leads a process group, which gets the signals
 * @param onSignal is called after each of them
 */
export function passSignals(
  child: ChildProcess,
  isGroup = false,
  onSignal: () => void = () => {},
): PassedSignals {
  const pass = new SignalPass(child, isGroup);
  let isInterrupted = false;
  const stopListening = onEndingSignal((signal) => {
    isInterrupted = true;
    pass.send(signal);
    onSignal();
  });
  return {
    released: pass.released,
    get isInterrupted() {
      return isInterrupted;
    },
    send: (signal) => pass.send(signal),
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
