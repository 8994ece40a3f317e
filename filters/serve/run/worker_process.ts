/**
 * A worker as a process: its pipes, its end, and its next start.
 *
 * @module
 */

import {
  change,
  itemEvents,
  now,
  type Packet,
  PacketEncoder,
  type StatusEvent,
  type StreamItem,
} from "@subunit/codec";
import {
  type ControlInput,
  ControlReader,
  encodeControl,
  encodeStdin,
  isControl,
  pushRoute,
  RouteElement,
} from "@subunit/codec/control";
import { isNotFound, reasonOf, ToolError } from "../../kit/errors.ts";
import { readStreamAsync } from "../../kit/io/input.ts";
import {
  type GroupGuard,
  signalGroup,
  startGroup,
} from "../../kit/io/process_group.ts";
import type { ChildProcess, SentSignal } from "../../kit/runtime/runtime.ts";
import {
  describeEnding,
  lostTest,
  type Missing,
} from "../../kit/stream/failures.ts";
import { Verdict } from "../../kit/stream/verdict.ts";
import { PatientDecoder } from "./patient_decoder.ts";
import type { Session } from "./session.ts";

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

/** What all workers share. */
export interface Surroundings {
  readonly session: Session;
  readonly guard: GroupGuard;
  /** Writes packets to the stream. */
  readonly write: (bytes: Uint8Array) => void;
  readonly flush: () => void;
  /** Writes the failure of a test. */
  readonly fail: (test: Missing) => void;
  /** The tag of all results, if any. */
  readonly tag: () => string | undefined;
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
export class WorkerProcess {
  readonly #slot: string;
  readonly #words: readonly string[];
  readonly #around: Surroundings;
  readonly #element: RouteElement;
  readonly #encoder = new PacketEncoder();
  #child: ChildProcess | undefined;
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #reader = new ControlReader();
  #verdict = new Verdict();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isReady = false;
  #isQuitting = false;
  #doom: string | undefined;
  #restarts = 0;
  #failedStarts = 0;
  /** The exit status of a tool that judges what it wrote. */
  exitStatus = 0;

  constructor(slot: string, words: readonly string[], around: Surroundings) {
    this.#slot = slot;
    this.#words = words;
    this.#around = around;
    this.#element = new RouteElement(slot);
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
    this.#write(encodeControl({ ...command, routeCode: this.#below(route) }));
    this.#watch();
  }

  /** Sends bytes to the test of the worker, or of one below it. */
  input(route: string, bytes: Uint8Array, isEnd: boolean): void {
    const routeCode = this.#below(route);
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
    this.#doom ??= reason;
    this.#signal("SIGKILL");
  }

  /** Writes an event as the worker's. */
  report(event: StatusEvent): void {
    this.#verdict.add(event);
    this.#writeEvent(event);
  }

  #below(route: string): string | undefined {
    return route === this.#slot
      ? undefined
      : route.slice(this.#slot.length + 1);
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
      this.#doom = `it was silent for ${seconds} s`;
      this.#signal("SIGKILL");
    });
  }

  async #runOnce(): Promise<string> {
    const { session, guard, flush, fail } = this.#around;
    this.#isReady = false;
    this.#doom = undefined;
    this.#reader = new ControlReader();
    this.#verdict = new Verdict();
    const child = this.#child = start(this.#words);
    guard.add(child.pid);
    this.#writer = child.stdin.getWriter();
    this.#after(READY_SECONDS, () => {
      this.#doom = `it was not ready after ${READY_SECONDS} s`;
      this.#signal("SIGKILL");
    });
    const ended = child.status.then((status) => {
      // Whatever it left behind must not hold its pipes.
      signalGroup(child.pid, "SIGKILL");
      return status;
    });
    try {
      await Promise.all([this.#readStream(child), this.#readErrors(child)]);
    } finally {
      // A worker that closes its output is of no use.
      signalGroup(child.pid, "SIGKILL");
    }
    const status = await ended;
    clearTimeout(this.#timer);
    guard.remove(child.pid);
    this.#child = undefined;
    const ending = this.#doom ?? describeEnding(status);
    session.gone(this.#slot, ending);
    for (const test of this.#verdict.end()) {
      const { routeCode } = test;
      const route = routeCode === undefined
        ? this.#slot
        : `${this.#slot}/${routeCode}`;
      fail({ ...lostTest(test), routeCode: route });
    }
    this.exitStatus ||= this.#verdict.exitStatus;
    flush();
    return ending;
  }

  async #readStream({ stdout }: ChildProcess): Promise<void> {
    const stream = new PatientDecoder((item) => this.#take(item), () => {
      this.#verdict.endChunk();
      this.#around.flush();
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    for await (const chunk of readStreamAsync(stdout, `worker ${this.#slot}`)) {
      clearTimeout(timer);
      stream.push(chunk);
      this.#watch();
      if (stream.isHolding) {
        timer = setTimeout(() => stream.settle(), SETTLE_MILLISECONDS);
      }
    }
    clearTimeout(timer);
    stream.end();
  }

  async #readErrors({ stderr }: ChildProcess): Promise<void> {
    for await (const chunk of readStreamAsync(stderr, `worker ${this.#slot}`)) {
      this.#writeEvent(textEvent("stderr", chunk));
      this.#around.flush();
    }
  }

  #take(item: StreamItem): void {
    if (item.kind === "foreign") {
      return this.#writeEvent(textEvent("stdout", item.bytes));
    }
    if (item.kind === "damage") {
      this.#verdict.add(item);
      for (const event of itemEvents(item)) this.#writeEvent(event);
      return;
    }
    const { session } = this.#around;
    const { routeCode } = item;
    const route = routeCode === undefined
      ? this.#slot
      : `${this.#slot}/${routeCode}`;
    if (isControl(item)) {
      const message = this.#reader.add(item);
      if (message === undefined) return;
      if (message.word === "ready") {
        this.#isReady = true;
        this.#failedStarts = 0;
        this.#watch();
      }
      return session.message(route, message);
    }
    if (session.event(route, item) === "pass") {
      this.#verdict.add(item);
      if (this.#around.tag() !== undefined && item.testId !== undefined) {
        this.#writeEvent(item);
      } else this.#passOn(item);
    } else if (item.fileName !== undefined) {
      this.#writeEvent(change(item, { status: undefined }));
    }
  }

  #passOn(packet: Packet): void {
    let pushed: Uint8Array;
    try {
      pushed = pushRoute(packet, this.#element);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      // It has no room for the element.
      return this.#writeEvent(packet);
    }
    this.#around.write(pushed);
  }

  #writeEvent(event: StatusEvent): void {
    const { routeCode, testId, tags = [] } = event;
    const tag = testId === undefined ? undefined : this.#around.tag();
    const routed = change(event, {
      routeCode: routeCode === undefined
        ? this.#slot
        : `${this.#slot}/${routeCode}`,
      ...(tag === undefined ? {} : { tags: [...tags, tag].sort() }),
    });
    this.#encoder.encodeEach(routed, this.#around.write);
  }
}

/** Text as part of a file without a test. */
function textEvent(fileName: string, text: Uint8Array): StatusEvent {
  return { runnable: false, fileName, fileBytes: text, timestamp: now() };
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
