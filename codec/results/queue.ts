/**
 * Runs as messages: from several producers to one reader.
 *
 * @module
 */

import { change, type StatusEvent } from "../event.ts";
import type { EventSink } from "./sinks.ts";

/** What a sink is called with, as a value. */
export type RunMessage =
  | { readonly type: "start"; readonly routeCode: string }
  | { readonly type: "status"; readonly event: StatusEvent }
  | { readonly type: "stop"; readonly routeCode: string };

/**
 * Makes a sink that appends a message for each call (StreamToQueue). The events
 * own their bytes, are plain objects, and have `routeCode` as the first step of
 * their route.
 *
 * @param queue a {@linkcode RunQueue}, an array, or what posts to another
 * thread
 * @example
 * ```ts
 * import { type RunMessage, toQueue } from "@subunit/codec/results";
 *
 * const messages: RunMessage[] = [];
 * const sink = toQueue(messages, "linux");
 * sink.start();
 * sink.status({ testId: "a", routeCode: "1", runnable: true });
 * sink.stop();
 * console.log(messages.map(({ type }) => type)); // [ "start", "status", "stop" ]
 * const [, message] = messages;
 * if (message.type === "status") console.log(message.event.routeCode); // linux/1
 * ```
 */
export function toQueue(
  queue: { push(message: RunMessage): unknown },
  routeCode: string,
): Required<EventSink> {
  return {
    start: () => void queue.push({ type: "start", routeCode }),
    status(event) {
      const { routeCode: rest, fileBytes } = event;
      queue.push({
        type: "status",
        event: change(event, {
          routeCode: rest === undefined ? routeCode : `${routeCode}/${rest}`,
          fileBytes: fileBytes?.slice(),
        }),
      });
    },
    stop: () => void queue.push({ type: "stop", routeCode }),
  };
}

/** How many messages wait in a queue before producers should. */
const CAPACITY = 256;

/**
 * A queue of messages, to be read with `for await`.
 *
 * `push` never drops a message and never waits; a producer that awaits
 * `ready` between events is as fast as the reader.
 *
 * @example Two producers
 * ```ts
 * import { RunQueue, RunSummary, toQueue } from "@subunit/codec/results";
 *
 * const queue = new RunQueue();
 * async function produce(routeCode: string): Promise<void> {
 *   const sink = toQueue(queue, routeCode);
 *   for (const testId of ["a", "b"]) {
 *     await queue.ready;
 *     sink.status({ testId, status: "success", runnable: true });
 *   }
 * }
 * Promise.all([produce("0"), produce("1")]).finally(() => queue.close());
 *
 * const summary = new RunSummary();
 * for await (const message of queue) {
 *   if (message.type === "status") summary.status(message.event);
 * }
 * console.log(summary.counts.total); // 4
 * ```
 */
export class RunQueue implements AsyncIterableIterator<RunMessage> {
  readonly #capacity: number;
  #messages: RunMessage[] = [];
  /** The index of the first message that has not been read. */
  #first = 0;
  /** Producers that wait for room. */
  readonly #producers: (() => void)[] = [];
  /** Calls of `next` that wait for a message. */
  readonly #readers: ((result: IteratorResult<RunMessage>) => void)[] = [];
  #isClosed = false;
  #isCancelled = false;

  /** @param options.capacity how many messages may wait until `ready` does */
  constructor({ capacity = CAPACITY }: { capacity?: number } = {}) {
    if (!(capacity >= 1)) {
      throw new RangeError(`Capacity is ${capacity}: expected 1 or more`);
    }
    this.#capacity = capacity;
  }

  /** How many messages wait to be read. */
  get size(): number {
    return this.#messages.length - this.#first;
  }

  /** Whether the reader has left: nobody reads what is pushed. */
  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** Pending while as many messages wait as the queue's capacity. */
  get ready(): Promise<void> {
    if (this.size < this.#capacity) return Promise.resolve();
    return new Promise((resolve) => this.#producers.push(resolve));
  }

  /**
   * Appends a message; without effect once the reader has left.
   *
   * @throws {TypeError} after `close`
   */
  push(message: RunMessage): void {
    if (this.#isCancelled) return;
    if (this.#isClosed) throw new TypeError("Cannot push: the queue is closed");
    const reader = this.#readers.shift();
    if (reader === undefined) this.#messages.push(message);
    else reader({ value: message, done: false });
  }

  /** Ends the queue: the reader ends after the messages that wait. */
  close(): void {
    this.#isClosed = true;
    for (const reader of this.#readers.splice(0)) reader(END);
  }

  next(): Promise<IteratorResult<RunMessage>> {
    if (this.size > 0) {
      return Promise.resolve({ value: this.#take(), done: false });
    }
    if (this.#isClosed) return Promise.resolve(END);
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  /** Ends reading: the messages that wait are dropped. */
  return(): Promise<IteratorResult<RunMessage>> {
    this.#isCancelled = true;
    this.#messages = [];
    this.#first = 0;
    this.close();
    this.#release();
    return Promise.resolve(END);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(): RunMessage {
    const message = this.#messages[this.#first++];
    // The rest moves when it is the shorter half: a long queue stays linear.
    if (2 * this.#first >= this.#messages.length) {
      this.#messages.splice(0, this.#first);
      this.#first = 0;
    }
    if (this.size < this.#capacity) this.#release();
    return message;
  }

  #release(): void {
    for (const resume of this.#producers.splice(0)) resume();
  }
}

const END: IteratorReturnResult<undefined> = { value: undefined, done: true };
