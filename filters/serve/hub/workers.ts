/**
 * The processes of a hub's children.
 *
 * @module
 */

import { PacketDecoder } from "@subunit/codec";
import { ToolError } from "../../kit/errors.ts";
import { spawn } from "../../kit/io/command.ts";
import { readStreamAsync } from "../../kit/io/input.ts";
import { GroupGuard, signalGroup } from "../../kit/io/process_group.ts";
import type { ChildProcess, CommandStatus } from "../../kit/runtime/runtime.ts";
import { describeEnding } from "../../kit/stream/failures.ts";

/** How long a process has to end after SIGTERM. */
const TERM_SECONDS = 5;
/** How long a pipe is read after the process that it belonged to has ended. */
const LEFT_MILLISECONDS = 1000;
/** How much a child may be behind with its commands. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** What is done with what a process writes, and with its end. */
export interface WorkerReports {
  /** Takes what is decoded; resolves when more may follow. */
  decoded(worker: number, decoder: PacketDecoder): Promise<void>;
  ended(worker: number, reason: string, isGood: boolean): void;
  /** Something failed that is not about one worker. */
  failed(error: unknown): void;
}

/** Where a shell's exit status names the signal that has ended a command. */
const SIGNALS: Readonly<Record<number, string>> = {
  129: "SIGHUP",
  130: "SIGINT",
  131: "SIGQUIT",
  132: "SIGILL",
  134: "SIGABRT",
  135: "SIGBUS",
  136: "SIGFPE",
  137: "SIGKILL",
  139: "SIGSEGV",
  143: "SIGTERM",
};

/** How a worker ended, in words; its shell may have waited for it. */
function endingOf(status: CommandStatus): string {
  return describeEnding({
    ...status,
    signal: status.signal ?? SIGNALS[status.code] ?? null,
  });
}

/** A process. */
interface Process {
  readonly child: ChildProcess;
  readonly writer: WritableStreamDefaultWriter<Uint8Array>;
  waitingBytes: number;
  isInputOpen: boolean;
}

/** Runs the commands of the workers, each in a process group of its own. */
export class Workers {
  readonly #commands: readonly string[];
  readonly #env: Record<string, string>;
  readonly #reports: WorkerReports;
  readonly #guard = new GroupGuard();
  readonly #processes = new Map<number, Process>();
  readonly #runs = new Set<Promise<void>>();
  #wake = () => {};

  /** @param env variables for the commands */
  constructor(
    commands: readonly string[],
    env: Record<string, string>,
    reports: WorkerReports,
  ) {
    this.#commands = commands;
    this.#env = env;
    this.#reports = reports;
  }

  /** Starts a worker. */
  start(worker: number): void {
    let child: ChildProcess;
    try {
      child = spawn(["sh", "-c", this.#commands[worker]], {
        stdin: "piped",
        stdout: "piped",
        stderr: "inherit",
        env: this.#env,
        detached: true,
      });
    } catch {
      this.#reports.failed(new ToolError('Cannot run "sh": install it'));
      return;
    }
    const writer = child.stdin.getWriter();
    // A worker that has ended reads nothing.
    writer.closed.catch(() => {});
    const process = { child, writer, waitingBytes: 0, isInputOpen: true };
    this.#processes.set(worker, process);
    this.#guard.add(child.pid);
    const run = this.#run(worker, process).catch(this.#reports.failed);
    this.#runs.add(run);
    run.then(() => this.#runs.delete(run));
  }

  async #run(worker: number, { child, writer }: Process): Promise<void> {
    const decoder = new PacketDecoder();
    const exited = child.status.then(() => {
      // What it has left behind would hold the pipe.
      signalGroup(child.pid, "SIGKILL");
      return new Promise<void>((resolve) =>
        setTimeout(resolve, LEFT_MILLISECONDS)
      );
    });
    const name = `the output of worker ${worker}`;
    for await (const chunk of readStreamAsync(child.stdout, name, exited)) {
      decoder.push(chunk);
      await this.#reports.decoded(worker, decoder);
    }
    decoder.end();
    await this.#reports.decoded(worker, decoder);
    const status = await this.#end(child);
    this.#guard.remove(child.pid);
    await writer.abort().catch(() => {});
    this.#processes.delete(worker);
    this.#wake();
    this.#reports.ended(worker, endingOf(status), status.success);
  }

  /** Waits for a process that has closed its output, but not for ever. */
  async #end(child: ChildProcess) {
    const timers = [
      setTimeout(() => signalGroup(child.pid, "SIGTERM"), LEFT_MILLISECONDS),
      setTimeout(
        () => signalGroup(child.pid, "SIGKILL"),
        LEFT_MILLISECONDS + TERM_SECONDS * 1000,
      ),
    ];
    const status = await child.status;
    timers.forEach(clearTimeout);
    return status;
  }

  /** Writes commands, which wait while the worker does not read. */
  send(worker: number, bytes: Uint8Array): void {
    const process = this.#processes.get(worker);
    if (process === undefined || !process.isInputOpen) return;
    process.waitingBytes += bytes.length;
    process.writer.write(bytes).catch(() => {}).then(() => {
      process.waitingBytes -= bytes.length;
      this.#wake();
    });
  }

  /** Ends the commands of a worker. */
  endInput(worker: number): void {
    const process = this.#processes.get(worker);
    if (process === undefined || !process.isInputOpen) return;
    process.isInputOpen = false;
    process.writer.close().catch(() => {});
  }

  /** Ends a worker at once. */
  kill(worker: number): void {
    const process = this.#processes.get(worker);
    if (process !== undefined) signalGroup(process.child.pid, "SIGKILL");
  }

  /** Resolves when further commands may be read. */
  async caughtUp(): Promise<void> {
    const isBehind = (process: Process) =>
      process.waitingBytes > MAX_WAITING_BYTES;
    while ([...this.#processes.values()].some(isBehind)) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** Sends SIGTERM to all, and SIGKILL to those that are left after a while. */
  terminate(): void {
    for (const { child } of this.#processes.values()) {
      signalGroup(child.pid, "SIGTERM");
      setTimeout(() => signalGroup(child.pid, "SIGKILL"), TERM_SECONDS * 1000);
    }
  }

  /** Kills all that is left. */
  async close(): Promise<void> {
    await this.#guard.close();
  }
}
