/**
 * Standard output, written without blocking signal handlers.
 *
 * @module
 */

import { isNotReadyAsync } from "../errors.ts";
import { visibleLines } from "../text/visible.ts";
import { cannotWrite } from "./output.ts";
import { atomicBytes, atomicBytesAfter, piecesOf } from "./stdout.ts";

/**
 * How much is written before a worker takes over. A piece takes ten times as
 * long asynchronously as in a worker, which takes as long to start as 500 of
 * them, and 20 MB.
 */
const BYTES_BEFORE_WORKER = 1024 * 1024;
/** How much is handed over to the worker at once. */
const PART_BYTES = 256 * 1024;

/** Standard output, written without blocking signal handlers. */
export class AsyncStdout implements Disposable {
  #count = 0;
  #isTerminal: boolean | undefined;
  #atomicBytes: number | undefined;
  #worker: StdoutWorker | undefined;

  /**
   * Writes all of `bytes`, with control characters escaped on a terminal; waits
   * while the descriptor is not ready.
   *
   * @throws {ToolError} when writing fails; when the reader has left, the
   * runtime's error
   */
  async write(bytes: Uint8Array): Promise<void> {
    this.#isTerminal ??= Deno.stdout.isTerminal();
    const all = this.#isTerminal ? visibleBytes(bytes) : bytes;
    try {
      if (Deno.build === undefined) await this.#writeWhole(all);
      else await this.#writeDeno(all, this.#atomicBytes ??= atomicBytes());
    } catch (error) {
      throw cannotWrite("standard output", error);
    }
  }

  /** Lets the process end. */
  [Symbol.dispose](): void {
    this.#worker?.close();
  }

  /** On Node a count is exact. */
  async #writeWhole(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      at += await writeOnce(bytes.subarray(at)) ?? 0;
    }
  }

  async #writeDeno(bytes: Uint8Array, atomicBytes: number): Promise<void> {
    this.#count += bytes.length;
    if (this.#count > BYTES_BEFORE_WORKER) {
      this.#worker ??= new StdoutWorker(atomicBytes);
      await this.#worker.write(bytes);
      return;
    }
    const pieces = piecesOf(bytes, atomicBytes);
    for (let next = pieces.next(); !next.done;) {
      next = pieces.next(await writeOnce(next.value));
    }
  }
}

function visibleBytes(bytes: Uint8Array): Uint8Array {
  return new TextEncoder().encode(
    visibleLines(new TextDecoder().decode(bytes)),
  );
}

/** How much was written; undefined when the descriptor was not ready. */
async function writeOnce(bytes: Uint8Array): Promise<number | undefined> {
  try {
    return await Deno.stdout.write(bytes);
  } catch (error) {
    if (!await isNotReadyAsync(error)) throw error;
    return undefined;
  }
}

/** Why a worker could not write. */
interface Failure {
  readonly isReaderGone: boolean;
  readonly message: string;
}

/**
 * Where the words are that the threads share, and what the first may be.
 *
 * @internal
 */
export const CONTROL = {
  state: 0,
  length: 1,
  idle: 0,
  full: 1,
  failed: 2,
  closed: 3,
} as const;

/**
 * Standard output under Deno, written by a thread of its own. The threads wait
 * for shared words: a message would cost as much as decoding what is written.
 */
class StdoutWorker {
  readonly #worker: Worker;
  readonly #control = new Int32Array(new SharedArrayBuffer(8));
  /** What is to be written. */
  readonly #part = new Uint8Array(new SharedArrayBuffer(PART_BYTES));
  readonly #failure = Promise.withResolvers<Failure>();

  constructor(atomicBytes: number) {
    this.#worker = new Worker(workerUrl(atomicBytes), { type: "module" });
    this.#worker.onmessage = ({ data }) => this.#failure.resolve(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#failure.resolve({ isReaderGone: false, message: event.message });
      this.#set(CONTROL.failed);
    };
    this.#worker.postMessage([this.#control, this.#part]);
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += PART_BYTES) {
      const part = bytes.subarray(at, at + PART_BYTES);
      this.#part.set(part);
      this.#control[CONTROL.length] = part.length;
      this.#set(CONTROL.full);
      // What the caller does meanwhile often takes longer than writing.
      await undefined;
      await this.#untilWritten();
    }
  }

  async #untilWritten(): Promise<void> {
    const { state, idle, full } = CONTROL;
    while (Atomics.load(this.#control, state) === full) {
      await Atomics.waitAsync(this.#control, state, full).value;
    }
    if (Atomics.load(this.#control, state) === idle) return;
    const { isReaderGone, message } = await this.#failure.promise;
    throw new (isReaderGone ? Deno.errors.BrokenPipe : Error)(message);
  }

  #set(state: number): void {
    Atomics.store(this.#control, CONTROL.state, state);
    Atomics.notify(this.#control, CONTROL.state);
  }

  close(): void {
    // A thread that waits for a word does not end by itself.
    this.#set(CONTROL.closed);
    this.#worker.terminate();
  }
}

/**
 * The module of a worker that writes standard output. Its first message has the
 * shared words, and the bytes to write.
 *
 * @internal
 */
export function workerUrl(atomicBytes: number): string {
  const script =
    `(${work})(self, ${piecesOf}, (${atomicBytesAfter})(${atomicBytes}), ${
      JSON.stringify(CONTROL)
    });`;
  return `data:text/javascript,${encodeURIComponent(script)}`;
}

/** What the worker runs: it uses nothing outside itself. */
function work(
  main: Pick<Worker, "onmessage" | "postMessage">,
  pieces: typeof piecesOf,
  atomicBytesOf: ReturnType<typeof atomicBytesAfter>,
  { state, length, idle, full, failed }: typeof CONTROL,
): void {
  const { BrokenPipe, Interrupted, WouldBlock } = Deno.errors;
  const pause = new Int32Array(new SharedArrayBuffer(4));

  function writeOnce(bytes: Uint8Array): number | undefined {
    try {
      return Deno.stdout.writeSync(bytes);
    } catch (error) {
      if (error instanceof Interrupted) return undefined;
      if (!(error instanceof WouldBlock)) throw error;
      Atomics.wait(pause, 0, 0, 1);
      return undefined;
    }
  }

  function writeAll(bytes: Uint8Array): Failure | undefined {
    try {
      const all = pieces(bytes, atomicBytesOf(bytes.length));
      for (let next = all.next(); !next.done;) {
        next = all.next(writeOnce(next.value));
      }
    } catch (error) {
      const isReaderGone = error instanceof BrokenPipe;
      return { isReaderGone, message: (error as Error).message };
    }
  }

  main.onmessage = ({ data }) => {
    const [control, part]: [Int32Array, Uint8Array] = data;
    for (;;) {
      Atomics.wait(control, state, idle);
      const now = Atomics.load(control, state);
      // It was woken late, for a part that it had seen and written already.
      if (now === idle) continue;
      if (now !== full) return;
      const failure = writeAll(part.subarray(0, control[length]));
      if (failure !== undefined) main.postMessage(failure);
      // It may have been closed meanwhile.
      const next = failure === undefined ? idle : failed;
      Atomics.compareExchange(control, state, full, next);
      Atomics.notify(control, state);
    }
  };
}
