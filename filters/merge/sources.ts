/**
 * What subunit-merge merges: files and commands, and their bytes as they come.
 *
 * @module
 */

import { signalCommand, spawn } from "../kit/io/command.ts";
import { reasonOf, ToolError, UsageError } from "../kit/errors.ts";
import {
  isStdin,
  mayWait,
  readInputAsync,
  readStreamAsync,
} from "../kit/io/input.ts";
import type {
  ChildProcess,
  CommandStatus,
  Signal,
} from "../kit/runtime/runtime.ts";

/** Where one of the merged streams comes from. */
export interface Source {
  readonly label: string | undefined;
  /** What it is called when something is said of it. */
  readonly name: string;
  /**
   * Its bytes. A chunk is good until the next one is asked for.
   *
   * @throws {ToolError} when the source cannot be opened or read
   */
  chunks(): AsyncGenerator<Uint8Array>;
}

/**
 * How many files may keep a read waiting at the same time. The runtime reads
 * them in 32 threads; the last is left to the files that never wait.
 */
const MOST_WAITING = 31;

/** A label may be a step of a route code, and stands before a "=". */
const LABEL = /^[^=/\0]+$/;
const LABELLED = /^([^=/\0]+)=(.+)$/s;

/** Says whether sources may be called so. */
export function isLabel(text: string): boolean {
  return LABEL.test(text);
}

/**
 * The sources that operands and `--run` options name.
 *
 * @throws {UsageError} when they cannot be merged
 */
export function readSources(
  operands: readonly string[],
  runs: readonly string[],
): Source[] {
  const files = operands.map(readOperand);
  const sources = [...files, ...runs.map(readRun)];
  if (sources.length === 0) {
    throw new UsageError("Expected a FILE or --run to merge");
  }
  const labels = sources.map(({ label }) => label)
    .filter((label) => label !== undefined);
  const twice = labels.find((label, index) => labels.indexOf(label) < index);
  if (twice !== undefined) {
    throw new UsageError(`Cannot label two sources "${twice}"`);
  }
  if (files.filter(({ isStdin }) => isStdin).length > 1) {
    throw new UsageError("Cannot read standard input twice");
  }
  if (files.filter(({ mayWait }) => mayWait).length > MOST_WAITING) {
    throw new UsageError(
      `Cannot wait for more than ${MOST_WAITING} FILEs: merge some of them first`,
    );
  }
  return sources;
}

function readOperand(operand: string): FileSource {
  const [, label, path] = LABELLED.exec(operand) ?? [, undefined, operand];
  return new FileSource(path, label);
}

function readRun(value: string): CommandSource {
  const [, label, command] = LABELLED.exec(value) ?? [];
  if (label === undefined) {
    throw new UsageError(
      `Option --run is "${value}": expected LABEL=COMMAND, no "/" in LABEL`,
    );
  }
  return new CommandSource(command, label);
}

/** A file, a fifo or standard input. */
class FileSource implements Source {
  readonly label: string | undefined;
  readonly #path: string;

  constructor(path: string, label: string | undefined) {
    this.#path = path;
    this.label = label;
  }

  get name(): string {
    return this.label ?? this.#path;
  }

  get isStdin(): boolean {
    return isStdin(this.#path);
  }

  /** Whether its reads may have to wait for a writer. */
  get mayWait(): boolean {
    return mayWait(this.#path);
  }

  chunks(): AsyncGenerator<Uint8Array> {
    return readInputAsync(this.#path);
  }
}

/** A command of the shell; its standard output is the stream. */
export class CommandSource implements Source {
  readonly label: string;
  readonly #command: string;
  #child: ChildProcess | undefined;

  constructor(command: string, label: string) {
    this.#command = command;
    this.label = label;
  }

  get name(): string {
    return this.label;
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    try {
      this.#child = spawn(["sh", "-c", this.#command], {
        stdin: "null",
        stdout: "piped",
        stderr: "inherit",
      });
    } catch (error) {
      // LD_LIBRARY_PATH in the environment takes the unrestricted permission.
      throw new ToolError(
        `Cannot run "${this.#command}": ${
          reasonOf(error)
        }: run the tool with --allow-run`,
      );
    }
    const turns = new Turns();
    for await (
      const chunk of readStreamAsync(this.#child.stdout, `"${this.label}"`)
    ) {
      yield chunk;
      await turns.next();
    }
  }

  /** How it ended, undefined if it never began; after its last chunk. */
  async status(): Promise<CommandStatus | undefined> {
    return await this.#child?.status;
  }

  /** Passes a signal on, if it has begun and not ended. */
  kill(signal: Signal): void {
    if (this.#child !== undefined) signalCommand(this.#child, signal);
  }
}

/**
 * Turns of the event loop. The next chunk of a busy command is there without
 * waiting, and the runtime goes on with that for 8 MiB before it looks whether
 * a file's is, unless a message has to go through the loop first.
 */
class Turns {
  readonly #channel = new MessageChannel();

  /** Resolves when all that is ready has had its turn. */
  next(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#channel.port1.onmessage = () => resolve();
    this.#channel.port2.postMessage(undefined);
    return promise;
  }
}
