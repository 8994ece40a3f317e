/**
 * The command of fault-log that makes logs equal.
 *
 * @module
 */

import { type Packet, PacketDecoder, type Timestamp } from "@subunit/codec";
import { isNotFound, reasonOf, UsageError } from "../../kit/errors.ts";
import { spawn } from "../../kit/io/command.ts";
import { readStreamAsync } from "../../kit/io/input.ts";
import type { ChildProcess } from "../../kit/runtime/runtime.ts";
import { ToolError, type ToolIO } from "../../kit/tool/tool.ts";
import { appendEvents } from "./append.ts";
import { faultsIn, readClasses } from "./classes.ts";
import { timeOf } from "./commands.ts";
import { LogFiles } from "./log_file.ts";
import type { Options } from "./option_table.ts";
import { among } from "./named_faults.ts";
import { readerFor } from "./pass.ts";
import { matcher, parseQuery } from "./query.ts";
import {
  type SyncChannel,
  SyncClient,
  type SyncLog,
  SyncServer,
} from "./sync.ts";

/**
 * Makes a log and that of another end equal. Without another end it answers on
 * the standard streams.
 */
export async function sync(
  io: ToolIO,
  options: Options,
  operands: readonly string[],
  command: readonly string[] | undefined,
): Promise<void> {
  const [log, peer, ...rest] = operands;
  if (log === undefined || rest.length > 0 || (peer && command)) {
    throw new UsageError(
      "The command needs one LOG, and a ssh:// address or -- and a command",
    );
  }
  const append = (packets: readonly Uint8Array[]) =>
    packets.length === 0
      ? 0
      : appendEvents(log, packets, { sync: options.sync }).added;
  const open = (where: string | undefined, now: Timestamp) =>
    openLog(io, log, where, now);
  const words = peer === undefined ? command : sshCommand(peer);
  // The log is made if there is none, as the other end may have events.
  appendEvents(log, []);
  if (words === undefined) return serve(io, open, append);
  const now = { seconds: timeOf(options).seconds, nanoseconds: 0 };
  const { where } = options;
  const isBoth = options.push === options.pull;
  const mine = open(where, now);
  const channel = new CommandChannel(words);
  const result = await channel.use(() =>
    new SyncClient(channel, mine, append).run({
      where,
      now,
      pushes: isBoth || options.push,
      pulls: isBoth || options.pull,
    })
  );
  io.warn(
    `sync: ${result.pulled} new events here, ${result.pushed} there, found in ${result.rounds} rounds and ${result.answerBytes} bytes`,
  );
}

function openLog(
  io: ToolIO,
  log: string,
  where: string | undefined,
  now: Timestamp,
): SyncLog {
  const source = new LogFiles(io, [log]);
  if (where === undefined) return { source, isChosen: undefined };
  const words = parseQuery(where), reader = readerFor(source, words, now);
  const chosen = faultsIn(readClasses(reader, { now }), matcher(words, now));
  return { source, isChosen: among(chosen).has };
}

function serve(
  io: ToolIO,
  open: (where: string | undefined, now: Timestamp) => SyncLog,
  append: (packets: readonly Uint8Array[]) => number,
): void {
  const server = new SyncServer(open, append, (bytes) => io.out.write(bytes));
  const decoder = new PacketDecoder();
  for (const chunk of io.chunks(["-"])) {
    // Reading the log uses the same buffer.
    decoder.push(chunk.slice());
    decoder.drain((item) => {
      if (item.kind === "packet") server.take(item);
    });
    if (server.isDone) return;
  }
}

const ADDRESS =
  /^ssh:\/\/((?:[^@/:\s-][^@/:\s]*@)?[^@/:\s-][^@/:\s]*)(?::(\d+))?(\/.+)$/;

/** The command that an address stands for: "ssh://[USER@]HOST[:PORT]/PATH". */
export function sshCommand(address: string): string[] {
  const match = ADDRESS.exec(address);
  if (match === null) {
    throw new UsageError(
      `Cannot sync with "${address}": expected ssh://[USER@]HOST[:PORT]/PATH, or -- and a command`,
    );
  }
  const [, host, port, path] = match;
  return [
    "ssh",
    ...(port === undefined ? [] : ["-p", port]),
    "--",
    host,
    "fault-log",
    "sync",
    // A shell there reads the words.
    `'${path.replaceAll("'", "'\\''")}'`,
  ];
}

/** The standard streams of a command whose other end answers. */
class CommandChannel implements SyncChannel {
  readonly #words: readonly string[];
  readonly #child: ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #chunks: AsyncGenerator<Uint8Array>;
  readonly #decoder = new PacketDecoder();
  #packets: Packet[] = [];
  #isEnded = false;

  constructor(words: readonly string[]) {
    this.#words = words;
    try {
      this.#child = spawn(words, {
        stdin: "piped",
        stdout: "piped",
        stderr: "inherit",
      });
    } catch (error) {
      const reason = isNotFound(error) ? "no such command" : reasonOf(error);
      throw new ToolError(
        `Cannot run "${words[0]}": ${reason}: check the command`,
      );
    }
    this.#writer = this.#child.stdin.getWriter();
    this.#chunks = readStreamAsync(
      this.#child.stdout,
      `the output of "${words[0]}"`,
    );
  }

  async send(bytes: Uint8Array): Promise<void> {
    try {
      await this.#writer.write(bytes);
    } catch {
      throw new ToolError(
        `Cannot sync: "${
          this.#words[0]
        }" does not read: see its message, and run it again`,
      );
    }
  }

  async receive(): Promise<Packet | undefined> {
    while (this.#packets.length === 0 && !this.#isEnded) {
      const { value, done } = await this.#chunks.next();
      if (done) {
        this.#isEnded = true;
        this.#decoder.end();
      } else this.#decoder.push(value);
      this.#decoder.drain((item) => {
        if (item.kind === "packet") this.#packets.push(item.copy());
      });
      this.#packets.reverse();
    }
    return this.#packets.pop();
  }

  /** Does the work, and ends the command. */
  async use<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      await this.#writer.close().catch(() => {});
      return result;
    } catch (error) {
      await this.#writer.abort().catch(() => {});
      throw error;
    } finally {
      await this.#chunks.return(undefined);
      await this.#child.status;
    }
  }
}
