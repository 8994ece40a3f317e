/**
 * Running servers, commanded packet by packet.
 *
 * @module
 */

import { assert } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { PacketDecoder, type StatusEvent } from "@subunit/codec";
import {
  type Command,
  encodeControl,
  encodeStdin,
  idsBody,
  isControl,
} from "@subunit/codec/control";
import { pathOf, quote } from "../../scripts/tool_path.ts";
import { commandOf, ROOT, text, within } from "./run.ts";

/** Runs tests that do what their ids say, as a command of the shell. */
export function leafCommand(...ids: string[]): string {
  const script = pathOf(new URL("tests/support/leaf.ts", ROOT));
  const config = pathOf(new URL("deno.json", ROOT));
  const words = [Deno.execPath(), "run", "-A", "--no-check"];
  return [...words, `--config=${config}`, script, ...ids].map(quote).join(" ");
}

/** An event as "route id status #tag", or "route word body" for a message. */
export function described(event: StatusEvent): string {
  const { routeCode = "-", testId, status, tags = [], fileName } = event;
  const body = event.fileBytes === undefined ? "" : text(event.fileBytes);
  if (isControl(event)) {
    const shown = fileName === "ready" ? JSON.parse(body).engine : body;
    return `${routeCode} ${fileName} ${shown}`;
  }
  const words = status === undefined
    ? [testId, `${fileName}:`, body.trimEnd()]
    : [testId, status, ...tags.map((tag) => `#${tag}`)];
  if (status !== undefined && body !== "") words.push(`(${body})`);
  return [routeCode, ...words].filter((word) => word !== undefined).join(" ");
}

/** A server that runs. */
export class LiveServer implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new PacketDecoder();
  readonly #events: StatusEvent[] = [];
  #isOver = false;

  constructor(
    [program, ...args]: readonly string[],
    env: Record<string, string> = {},
  ) {
    this.#process = new Deno.Command(program, {
      args,
      env,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#writer = this.#process.stdin.getWriter();
    this.#reader = this.#process.stdout.getReader();
  }

  /** Starts a tool. */
  static tool(
    name: string,
    args: readonly string[],
    env: Record<string, string> = {},
  ): LiveServer {
    return new LiveServer([...commandOf(name), ...args], env);
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

  send(
    word: Command,
    { route, ids, request, body }: {
      route?: string;
      ids?: readonly string[];
      request?: string;
      body?: string;
    } = {},
  ): Promise<void> {
    return this.write(encodeControl({
      word,
      routeCode: route,
      request,
      body: ids === undefined ? body : idsBody(ids),
    }));
  }

  type(line: string, route: string): Promise<void> {
    const bytes = new TextEncoder().encode(line);
    return this.write(encodeStdin(bytes, { routeCode: route }));
  }

  write(...packets: Uint8Array[]): Promise<void> {
    return this.#writer.write(concat(packets));
  }

  /** Ends its commands. */
  close(): Promise<void> {
    return this.#writer.close();
  }

  /** Stops reading. */
  leave(): Promise<void> {
    return this.#reader.cancel();
  }

  /** The next event; undefined after the last one. */
  async next(): Promise<StatusEvent | undefined> {
    while (this.#events.length === 0 && !this.#isOver) {
      const { value } = await within(this.#reader.read());
      if (value === undefined) {
        this.#isOver = true;
        this.#decoder.end();
      } else {
        this.#decoder.push(value);
      }
      this.#decoder.drain((item) => {
        assert(item.kind === "packet", `${item.kind} in its output`);
        this.#events.push(item.copy().toEvent());
      });
    }
    return this.#events.shift();
  }

  /** The events, described, up to the first that begins like this. */
  async until(start: string): Promise<string[]> {
    const all: string[] = [];
    for (;;) {
      const event = await this.next();
      assert(event, `it ended without ${start} after\n${all.join("\n")}`);
      all.push(described(event));
      if (all.at(-1)!.startsWith(start)) return all;
    }
  }

  /** The events, described, to the last one. */
  async rest(): Promise<string[]> {
    const all: string[] = [];
    for (let event; (event = await this.next());) all.push(described(event));
    return all;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#reader.cancel();
    await this.#writer.abort().catch(() => {});
    await this.#process.status;
  }
}
