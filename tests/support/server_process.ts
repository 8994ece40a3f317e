/**
 * The process of a test server: packets go in, and events come out.
 *
 * @module
 */

import { assert } from "@std/assert";
import { PacketDecoder, type StatusEvent } from "@subunit/codec";
import { endProcess, within } from "./run.ts";

/** A test server that runs, until this is disposed. */
export class ServerProcess implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new PacketDecoder();
  #waiting: StatusEvent[] = [];
  #at = 0;
  #isOver = false;

  constructor(
    [program, ...args]: readonly string[],
    options: Pick<Deno.CommandOptions, "cwd" | "env" | "stderr">,
  ) {
    this.#process = new Deno.Command(program, {
      ...options,
      args,
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#writer = this.#process.stdin.getWriter();
    this.#reader = this.#process.stdout.getReader();
  }

  get pid(): number {
    return this.#process.pid;
  }

  get status(): Promise<Deno.CommandStatus> {
    return within(this.#process.status);
  }

  kill(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  write(packets: Uint8Array): Promise<void> {
    return this.#writer.write(packets);
  }

  /** Ends its input. */
  close(): Promise<void> {
    return this.#writer.close();
  }

  /** Stops reading: it then has no reader. */
  leave(): Promise<void> {
    return this.#reader.cancel();
  }

  /** Returns the next event; undefined after the last one. */
  async next(): Promise<StatusEvent | undefined> {
    if (this.#at === this.#waiting.length) {
      this.#waiting = [];
      this.#at = 0;
    }
    while (this.#waiting.length === 0 && !this.#isOver) {
      const { value } = await within(this.#reader.read());
      if (value === undefined) {
        this.#isOver = true;
        this.#decoder.end();
      } else {
        this.#decoder.push(value);
      }
      this.#decoder.drain((item) => {
        assert(item.kind === "packet", `${item.kind} in its output`);
        this.#waiting.push(item.copy().toEvent());
      });
    }
    return this.#waiting[this.#at++];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endProcess(this.#process, this.#reader, this.#writer);
  }
}
