/**
 * A debugger of a process that waits for one: `node inspect` knows the protocol
 * of Node and of Deno.
 *
 * @module
 */

import { readStreamAsync } from "../../kit/io/input.ts";
import {
  type GroupGuard,
  signalGroup,
  startGroup,
} from "../../kit/io/process_group.ts";
import type { ChildProcess } from "../../kit/runtime/runtime.ts";
import { lastLine } from "./prompt.ts";

/** What the process writes to its standard error when it waits. */
const ADDRESS = /\bws:\/\/((?:127\.0\.0\.1|\[::1\]):\d+)\//;
/** It comes first. */
const MAX_LOOK_CHARACTERS = 64 * 1024;
/** What the debugger writes when it has stopped the process. */
const STOPPED = /\b(?:break|exception|promiseRejection|assert)\b.* in \S/i;
/** `node inspect` writes one before each line. */
const BACKSPACE = 0x08;

/** What a debugger does. */
export interface DebuggerReports {
  output(bytes: Uint8Array): void;
  /** It waits for a command. */
  asks(prompt: string): void;
  flush(): void;
}

/** The debugger of one process. */
export class InspectedProcess {
  readonly #words: readonly string[];
  readonly #guard: GroupGuard;
  readonly #reports: DebuggerReports;
  #errors: string | undefined = "";
  #child: ChildProcess | undefined;
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  /** What was typed before the debugger ran. */
  readonly #typed: Uint8Array[] = [];
  #isInputOver = false;
  #hasStopped = false;
  #isOver = false;
  #prompt: Uint8Array = new Uint8Array(0);
  #reading: Promise<unknown> = Promise.resolve();

  /** @param words the command of the debugger; the address comes behind it */
  constructor(
    words: readonly string[],
    guard: GroupGuard,
    reports: DebuggerReports,
  ) {
    this.#words = words;
    this.#guard = guard;
    this.#reports = reports;
  }

  /** Looks for the address in what the process writes; starts the debugger. */
  look(errors: Uint8Array): void {
    if (this.#errors === undefined || this.#isOver) return;
    this.#errors += new TextDecoder().decode(errors);
    const address = ADDRESS.exec(this.#errors)?.[1];
    if (address !== undefined) this.#start(address);
    else if (this.#errors.length < MAX_LOOK_CHARACTERS) return;
    this.#errors = undefined;
  }

  #start(address: string): void {
    let child: ChildProcess;
    try {
      child = startGroup([...this.#words, address]);
    } catch {
      const text = `Cannot run "${this.#words[0]}": attach to ${address}\n`;
      return this.#take(new TextEncoder().encode(text));
    }
    this.#child = child;
    this.#guard.add(child.pid);
    this.#writer = child.stdin.getWriter();
    this.#writer.closed.catch(() => {});
    for (const bytes of this.#typed.splice(0)) this.#write(bytes);
    if (this.#isInputOver) this.#close();
    const released = child.status.then(() => signalGroup(child.pid, "SIGKILL"));
    const read = async (stream: ReadableStream<Uint8Array>) => {
      for await (const chunk of readStreamAsync(stream, "debugger", released)) {
        this.#take(chunk);
      }
    };
    this.#reading = Promise.all([
      read(child.stdout),
      read(child.stderr),
      child.status,
    ]).finally(() => this.#guard.remove(child.pid));
  }

  #take(chunk: Uint8Array): void {
    if (this.#isOver) return;
    const bytes = chunk.filter((byte) => byte !== BACKSPACE);
    if (bytes.length === 0) return;
    this.#prompt = lastLine(this.#prompt, bytes);
    this.#reports.output(bytes);
    this.#hasStopped ||= STOPPED.test(new TextDecoder().decode(bytes));
    // Until it has stopped there is nothing to be asked.
    if (this.#hasStopped && this.#prompt.length > 0) {
      this.#reports.asks(new TextDecoder().decode(this.#prompt));
    }
    this.#reports.flush();
  }

  /** Gives it a command. */
  input(bytes: Uint8Array, isEnd: boolean): void {
    if (this.#isInputOver) return;
    this.#prompt = new Uint8Array(0);
    if (bytes.length > 0) this.#write(bytes.slice());
    if (!isEnd) return;
    this.#isInputOver = true;
    this.#close();
  }

  #write(bytes: Uint8Array): void {
    if (this.#writer === undefined) this.#typed.push(bytes);
    else this.#writer.write(bytes).catch(() => {});
  }

  #close(): void {
    this.#writer?.close().catch(() => {});
  }

  /** Ends it; resolves when it has ended. */
  async end(): Promise<void> {
    this.#isOver = true;
    if (this.#child !== undefined) signalGroup(this.#child.pid, "SIGKILL");
    await this.#reading;
  }
}
