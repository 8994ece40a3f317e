/**
 * A worker as a process: its pipes, its end, and its next start.
 *
 * @module
 */

import {
  type ControlInput,
  encodeControl,
  encodeStdin,
} from "@subunit/codec/control";
import { isNotFound, reasonOf, ToolError } from "../../kit/errors.ts";
import { readStreamAsync } from "../../kit/io/input.ts";
import {
  type GroupGuard,
  signalGroup,
  startGroup,
} from "../../kit/io/process_group.ts";
import type { ChildProcess, SentSignal } from "../../kit/runtime/runtime.ts";
import { describeEnding } from "../../kit/stream/failures.ts";
import { PatientDecoder } from "./patient_decoder.ts";
import type { Reported } from "./session.ts";
import {
  type Peer,
  type StreamSurroundings,
  WorkerStream,
} from "./worker_stream.ts";

/** How long a worker may take until it can be commanded. */
const READY_SECONDS = 120;
/** How long a worker that is to end may take, before each harder signal. */
const END_SECONDS = 5;
/** How much longer than a test may take a worker may be silent. */
const SILENT_SECONDS = 130;
/**
 * After how long a header is given up that claims more bytes than have come, and
 * that sound packets have followed: the worker may wait for our answer to these.
 */
const SETTLE_MILLISECONDS = 500;
/** How often a worker is started again, and how often in a row for nothing. */
const MOST_RESTARTS = 10;
const MOST_FAILED_STARTS = 3;

/** What processes of workers share. */
export interface Surroundings extends StreamSurroundings {
  readonly guard: GroupGuard;
  /** A worker will not be started any more. */
  readonly gaveUp: (reason: string) => void;
  /** How long a test may take; undefined where only the worker knows. */
  readonly timeoutSeconds?: number;
}

/** The command of a worker cannot be run. */
export class StartError extends ToolError {
  override name = "StartError";
}

/** A worker: see {@linkcode Surroundings}. */
export class WorkerProcess implements Peer {
  readonly #slot: string;
  readonly #words: readonly string[];
  readonly #around: Surroundings;
  readonly #stream: WorkerStream;
  #child: ChildProcess | undefined;
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isReady = false;
  #isQuitting = false;
  #doom: string | undefined;
  #restarts = 0;
  #failedStarts = 0;

  constructor(slot: string, words: readonly string[], around: Surroundings) {
    this.#slot = slot;
    this.#words = words;
    this.#around = around;
    this.#stream = new WorkerStream(slot, around, () => {
      this.#isReady = true;
      this.#failedStarts = 0;
      this.#watch();
    }, (reason) => this.#end(reason));
  }

  get exitStatus(): number {
    return this.#stream.exitStatus;
  }

  /**
   * Starts it, again and again, until it is to end or there is no hope.
   *
   * @throws what writing the stream throws, and what starting a command throws
   * the first time
   */
  async run(): Promise<void> {
    for (;;) {
      const ending = await this.#runOnce();
      if (this.#isQuitting) return;
      this.#failedStarts = this.#isReady ? 0 : this.#failedStarts + 1;
      const isHopeless = this.#failedStarts >= MOST_FAILED_STARTS ||
        ++this.#restarts > MOST_RESTARTS;
      if (isHopeless) return this.#around.gaveUp(ending);
      const seconds = this.#failedStarts === 0
        ? 0
        : 2 ** (this.#failedStarts - 1);
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      if (this.#isQuitting) return;
    }
  }

  /** Sends a command to the worker, or to one below it. */
  send(route: string, command: ControlInput): void {
    this.#write(
      encodeControl({ ...command, routeCode: this.#stream.below(route) }),
    );
    this.#watch();
  }

  /** Sends bytes to the test of the worker, or of one below it. */
  input(route: string, bytes: Uint8Array, isEnd: boolean): void {
    const routeCode = this.#stream.below(route);
    this.#write(encodeStdin(bytes, { routeCode, eof: isEnd }));
  }

  /** Ends it: when it wants, or within a few seconds. */
  quit(): void {
    if (this.#isQuitting) return;
    this.#isQuitting = true;
    this.#write(encodeControl({ word: "quit" }));
    this.#writer?.close().catch(() => {});
    // Node 20 does not reject what is written behind the end: it breaks off.
    this.#writer = undefined;
    this.#after(END_SECONDS, () => {
      this.#signal("SIGTERM");
      this.#after(END_SECONDS, () => this.#signal("SIGKILL"));
    });
  }

  /** Ends it at once. */
  kill(reason: string): void {
    this.#isQuitting = true;
    this.#end(reason);
  }

  report(test: Reported): void {
    this.#stream.report(test);
  }

  #write(bytes: Uint8Array): void {
    // When it has ended, that is noticed by reading.
    this.#writer?.write(bytes).catch(() => {});
  }

  #signal(signal: SentSignal): void {
    if (this.#child !== undefined) signalGroup(this.#child.pid, signal);
  }

  #after(seconds: number, act: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(act, seconds * 1000);
  }

  /** Ends it; it is started again, if it may be. */
  #end(reason: string): void {
    this.#doom ??= reason;
    this.#signal("SIGKILL");
  }

  /** Ends it when it is silent for too long. */
  #watch(): void {
    const { timeoutSeconds } = this.#around;
    if (this.#isQuitting) return;
    if (!this.#isReady) return;
    clearTimeout(this.#timer);
    if (timeoutSeconds === undefined) return;
    const seconds = timeoutSeconds + SILENT_SECONDS;
    this.#after(seconds, () => {
      if (!this.#around.session.isBusy(this.#slot)) return;
      this.#end(`it was silent for ${seconds} s`);
    });
  }

  async #runOnce(): Promise<string> {
    const { session, guard, flush } = this.#around;
    this.#isReady = false;
    this.#doom = undefined;
    const child = this.#child = start(this.#words);
    guard.add(child.pid);
    this.#writer = child.stdin.getWriter();
    this.#after(
      READY_SECONDS,
      () => this.#end(`it was not ready after ${READY_SECONDS} s`),
    );
    const ended = child.status.then((status) => {
      // Whatever it left behind must not hold its pipes.
      signalGroup(child.pid, "SIGKILL");
      return status;
    });
    try {
      const output = this.#readOutput(child).then(() => {
        // A worker that closes its output, and stays, is of no use.
        if (this.#isQuitting) return;
        this.#after(END_SECONDS, () => this.#end("it has closed its output"));
      });
      await Promise.all([output, this.#readErrors(child)]);
    } finally {
      signalGroup(child.pid, "SIGKILL");
    }
    const status = await ended;
    clearTimeout(this.#timer);
    guard.remove(child.pid);
    this.#child = undefined;
    const ending = this.#doom ?? describeEnding(status);
    session.gone(this.#slot, ending);
    this.#stream.end();
    flush();
    return ending;
  }

  async #readOutput({ stdout }: ChildProcess): Promise<void> {
    const stream = this.#stream;
    const decoder = new PatientDecoder(
      (item) => stream.take(item),
      () => stream.endChunk(),
    );
    let timer: ReturnType<typeof setTimeout> | undefined;
    for await (const chunk of readStreamAsync(stdout, `worker ${this.#slot}`)) {
      clearTimeout(timer);
      decoder.push(chunk);
      this.#watch();
      if (decoder.isHolding) {
        timer = setTimeout(() => decoder.settle(), SETTLE_MILLISECONDS);
      }
    }
    clearTimeout(timer);
    decoder.end();
  }

  async #readErrors({ stderr }: ChildProcess): Promise<void> {
    for await (const chunk of readStreamAsync(stderr, `worker ${this.#slot}`)) {
      this.#stream.takeText("stderr", chunk);
    }
  }
}

function start(words: readonly string[]): ChildProcess {
  try {
    return startGroup(words);
  } catch (error) {
    const reason = isNotFound(error) ? "no such command" : reasonOf(error);
    throw new StartError(
      `Cannot run "${words[0]}": ${reason}: check the command`,
    );
  }
}
