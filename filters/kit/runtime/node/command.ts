/**
 * Commands, as Deno's `Command`.
 *
 * @module
 */

import type { ChildProcess as NodeProcess } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import process from "node:process";
import type { Writable } from "node:stream";
import { denoError, errors } from "./errors.ts";
import { Listener } from "./listener.ts";
import { makePipes } from "./pipe.ts";
import type {
  ChildProcess,
  CommandOptions,
  CommandOutput,
  CommandStatus,
  Signal,
  Stdio,
} from "../runtime.ts";

/** A command that is not run yet. */
export class Command {
  readonly #program: string;
  readonly #options: CommandOptions;

  constructor(program: string, options: CommandOptions = {}) {
    this.#program = program;
    this.#options = options;
  }

  /** Starts it. */
  spawn(): NodeChild {
    const { args = [], stdin, stdout, stderr, detached } = this.#options;
    const env = this.#options.env && { ...process.env, ...this.#options.env };
    const pipes = makePipes([stdout, stderr].filter(isPiped).length);
    const outPipe = isPiped(stdout) ? pipes[0] : undefined;
    const errPipe = isPiped(stderr) ? pipes.at(-1) : undefined;
    const { spawn } = process.getBuiltinModule("node:child_process");
    const child = spawn(this.#program, args, {
      detached,
      env,
      stdio: [
        isPiped(stdin) ? "pipe" : nodeStdio(stdin),
        outPipe?.writeEnd ?? nodeStdio(stdout),
        errPipe?.writeEnd ?? nodeStdio(stderr),
      ],
    });
    // While an end is open here, the pipe does not end.
    for (const { writeEnd } of pipes) fs.closeSync(writeEnd);
    if (child.pid === undefined) {
      // Node reports why, but later, when nothing can be thrown any more.
      child.on("error", () => {});
      for (const { readEnd } of pipes) fs.closeSync(readEnd);
      throw notStarted(this.#program);
    }
    return new NodeChild(child, outPipe?.readEnd, errPipe?.readEnd);
  }
}

function isPiped(stdio: Stdio | undefined): boolean {
  return stdio === "piped";
}

function nodeStdio(stdio: Stdio | undefined): "inherit" | "ignore" {
  return stdio === "null" ? "ignore" : "inherit";
}

/** The error for a program that could not be started. */
function notStarted(program: string): Error {
  const folders = program.includes("/")
    ? [""]
    : (process.env.PATH ?? "").split(":").map((folder) => `${folder}/`);
  const isForbidden = folders.some((folder) => {
    try {
      fs.accessSync(folder + program, fs.constants.X_OK);
    } catch (error) {
      return (error as { code?: string }).code === "EACCES";
    }
  });
  return isForbidden
    ? new Error(`Failed to spawn '${program}': Permission denied (os error 13)`)
    : new errors.NotFound(`Failed to spawn '${program}': entity not found`);
}

/** A command that runs, as Deno's `ChildProcess`. */
export class NodeChild implements ChildProcess {
  readonly #child: NodeProcess;
  readonly #stdout: Listener | undefined;
  readonly #stderr: Listener | undefined;
  readonly status: Promise<CommandStatus>;

  /** @param stdout @param stderr descriptors of pipes, where they are ours */
  constructor(child: NodeProcess, stdout?: number, stderr?: number) {
    this.#child = child;
    if (stdout !== undefined) this.#stdout = new Listener(stdout);
    if (stderr !== undefined) this.#stderr = new Listener(stderr);
    this.status = new Promise((resolve) =>
      child.on("exit", (code, signal) => resolve(statusOf(code, signal)))
    );
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get stdin(): WritableStream<Uint8Array> {
    return writable(this.#child.stdin!);
  }

  get stdout(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#stdout!.readable;
  }

  get stderr(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#stderr!.readable;
  }

  kill(signal: Signal): void {
    if (!this.#child.kill(signal)) throw new Error("It has ended");
  }

  async output(): Promise<CommandOutput> {
    const bytesOf = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) =>
      new Uint8Array(await new Response(stream).arrayBuffer());
    const [stdout, stderr, status] = await Promise.all([
      bytesOf(this.stdout),
      bytesOf(this.stderr),
      this.status,
    ]);
    return { ...status, stdout, stderr };
  }
}

function statusOf(
  code: number | null,
  signal: NodeJS.Signals | null,
): CommandStatus {
  return {
    success: code === 0,
    code: signal === null ? code! : 128 + os.constants.signals[signal],
    signal,
  };
}

function writable(stream: Writable): WritableStream<Uint8Array> {
  // The callback of the write reports it.
  stream.on("error", () => {});
  return new WritableStream({
    write: (bytes) =>
      new Promise((resolve, reject) =>
        stream.write(
          bytes,
          (error) => error ? reject(denoError(error)) : resolve(),
        )
      ),
    close: () => new Promise((resolve) => stream.end(resolve)),
    abort: () => void stream.destroy(),
  });
}
