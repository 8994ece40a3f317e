/**
 * The sources of subunit-merge: files and commands, and their bytes as they
 * arrive.
 *
 * @module
 */

import { SignalPass, spawn } from "../kit/io/command.ts";
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

/** The source of one of the merged streams. */
export interface Source {
  readonly label: string | undefined;
  /** Its name in messages. */
  readonly name: string;
  /**
   * Yields its bytes. A chunk is valid until the next one.
   *
   * @throws {ToolError} if the source cannot be opened or read
   */
  chunks(): AsyncGenerator<Uint8Array>;
}

/**
 * How many files may block a read at the same time. The runtime reads them in
 * 32 threads; the last thread is for files that never block.
 */
const MOST_WAITING = 31;

/** A label is a step of a route code, and is written before a "=". */
const LABEL = /^[^=/\0]+$/;
const LABELLED = /^([^=/\0]+)=(.+)$/s;

/** Returns whether a text is a valid label. */
export function isLabel(text: string): boolean {
  return LABEL.test(text);
}

/**
 * Returns the sources that operands and `--run` options name.
 *
 * @throws {UsageError} if they cannot be merged
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

  /** Whether its reads may block until a writer writes. */
  get mayWait(): boolean {
    return mayWait(this.#path);
  }

  chunks(): AsyncGenerator<Uint8Array> {
    return readInputAsync(this.#path);
  }
}

/** A shell command; its standard output is the stream. */
export class CommandSource implements Source {
  readonly label: string;
  readonly #command: string;
  #child: ChildProcess | undefined;
  #signals: SignalPass | undefined;

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
      // With LD_LIBRARY_PATH in the environment, Deno demands all of --allow-run.
      throw new ToolError(
        `Cannot run "${this.#command}": ${
          reasonOf(error)
        }: run the tool with --allow-run`,
      );
    }
    const { stdout } = this.#child;
    const { released } = this.#signals = new SignalPass(this.#child);
    const turns = new Turns();
    for await (
      const chunk of readStreamAsync(stdout, `"${this.label}"`, released)
    ) {
      yield chunk;
      await turns.next();
    }
  }

  /** How it ended; undefined if it never began. To call after its last chunk. */
  async status(): Promise<CommandStatus | undefined> {
    return await this.#child?.status;
  }

  /** Passes a signal on to the command while it runs. */
  kill(signal: Signal): void {
    this.#signals?.send(signal);
  }
}

/**
 * Turns of the event loop. The chunks of a busy command are ready without
 * waiting, and the runtime handles 8 MiB of them before it looks for chunks of
 * files, unless a message has to pass through the loop.
 */
class Turns {
  readonly #channel = new MessageChannel();

  /** Resolves when everything that is ready has had its turn. */
  next(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#channel.port1.onmessage = () => resolve();
    this.#channel.port2.postMessage(undefined);
    return promise;
  }
}
