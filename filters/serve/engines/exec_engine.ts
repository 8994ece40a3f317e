/**
 * The engine for any runner that takes a list of ids: commands of the user.
 *
 * @module
 */

import {
  change,
  isFinalStatus,
  PacketDecoder,
  type StatusEvent,
  textFile,
} from "@subunit/codec";
import { ResultsReader } from "../../capture/results_reader.ts";
import { ToolError } from "../../kit/errors.ts";
import { readStreamAsync } from "../../kit/io/input.ts";
import {
  GroupGuard,
  signalGroup,
  startGroup,
} from "../../kit/io/process_group.ts";
import type { ChildProcess, CommandStatus } from "../../kit/runtime/runtime.ts";
import { describeEnding } from "../../kit/stream/failures.ts";
import { idsIn } from "../../kit/tool/list_file.ts";
import type { Engine, EngineReports, Unit } from "../worker/engine.ts";
import { endingText, SIGNALS } from "./process_engine.ts";

/** The commands, for `sh -c`. */
export interface Commands {
  /** Prints ids, one a line, or as packets with the status `exists`. */
  readonly list: string | undefined;
  /** Runs the ids in the file $IDFILE, one a line. */
  readonly run: string;
  /** Makes what the others need. */
  readonly build: string | undefined;
}

/** How an {@linkcode ExecEngine} is made. */
export interface ExecEngineOptions {
  readonly commands: Commands;
  readonly reports: EngineReports;
  readonly flush: () => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Runs $1 with the first $2 bytes of standard input as $IDFILE, a file without a
 * name: nobody has to remove it, whatever ends the command.
 */
const WITH_IDS = `ids=$(mktemp) && head -c "$2" > "$ids" &&
exec 9< "$ids" && rm -f "$ids" && IDFILE=/dev/fd/9 && export IDFILE && eval "$1"`;

/** Runs each unit with a command. */
export class ExecEngine implements Engine {
  readonly name = "exec";
  readonly can: readonly string[];
  readonly #options: ExecEngineOptions;
  readonly #guard = new GroupGuard();
  #child: ChildProcess | undefined;
  #input: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #isBuilt = false;
  /** Why there is nothing to run. */
  #buildFailure: string | undefined;
  #test: string | undefined;
  #isStopping = false;
  #isStopped = false;

  constructor(options: ExecEngineOptions) {
    this.#options = options;
    const { list, build } = options.commands;
    this.can = [
      ...list === undefined ? [] : ["list"],
      "run",
      "stdin",
      "stop",
      "signal",
      ...build === undefined ? [] : ["reload"],
      "ping",
      "quit",
    ];
  }

  start(unit: Unit): void {
    this.#test = undefined;
    this.#isStopping = this.#isStopped = false;
    this.#run(unit).then((reason) => {
      this.#options.reports.ended(reason);
      this.#options.flush();
    }, this.#options.fail);
  }

  input(bytes: Uint8Array, isEnd: boolean): void {
    // It may have ended: nobody would read this.
    if (bytes.length > 0) this.#input?.write(bytes.slice()).catch(() => {});
    if (!isEnd) return;
    this.#input?.close().catch(() => {});
    // Node 20 does not reject what is written behind the end: it breaks off.
    this.#input = undefined;
  }

  stop(): void {
    this.#isStopping = true;
  }

  kill(): void {
    if (this.#child !== undefined) signalGroup(this.#child.pid, "SIGKILL");
  }

  signal(name: string): boolean {
    const signal = SIGNALS[name];
    if (signal !== undefined && this.#child !== undefined) {
      signalGroup(this.#child.pid, signal);
    }
    return signal !== undefined;
  }

  reload(): void {
    this.#isBuilt = false;
    this.#buildFailure = undefined;
  }

  async close(): Promise<void> {
    this.kill();
    await this.#guard.close();
  }

  /** Resolves to how the unit ended, unless in order. */
  async #run({ kind, names }: Unit): Promise<string | undefined> {
    const failure = await this.#build();
    if (failure !== undefined) return failure;
    const { list, run } = this.#options.commands;
    let ids = names;
    if (kind === "list" || ids === undefined) {
      if (list === undefined) return "there is no --list to find tests with";
      const found: string[] = [], printed: Uint8Array[] = [];
      const status = await this.#command(["sh", "-c", list], {
        read: (reader) => readListed(reader, found, printed),
      });
      if (!status.success) return `--list ${endingText(status)}`;
      try {
        // Too many for the arguments of one call.
        for (const id of idsIn(printed, "--list")) found.push(id);
      } catch (error) {
        if (error instanceof ToolError) return error.message;
        throw error;
      }
      if (kind === "list") return this.#report(found, names);
      ids = found;
    }
    this.#options.reports.loaded(names === undefined ? ids : undefined);
    if (ids.length === 0) return undefined;
    const lines = new TextEncoder().encode(ids.map((id) => `${id}\n`).join(""));
    const words = ["sh", "-c", WITH_IDS, "sh", run, String(lines.length)];
    const status = await this.#command(words, {
      input: lines,
      read: (reader) => this.#readResults(reader),
    });
    // A failed test makes most runners fail; what is left shows more.
    return `--run ${endingText(status)}`;
  }

  #report(
    ids: readonly string[],
    prefixes: readonly string[] | undefined,
  ): undefined {
    this.#options.reports.loaded();
    for (const testId of ids) {
      const isWanted = prefixes?.some((prefix) => testId.startsWith(prefix));
      if (isWanted === false) continue;
      this.#options.reports.event({ testId, status: "exists", runnable: true });
    }
  }

  /** Resolves to why there is nothing to run. */
  async #build(): Promise<string | undefined> {
    const { build } = this.#options.commands;
    if (build === undefined || this.#isBuilt) return this.#buildFailure;
    this.#isBuilt = true;
    const status = await this.#command(["sh", "-c", build], {
      read: async (output) => {
        for await (const chunk of output) this.#output("stdout", chunk);
      },
    });
    if (status.success) return undefined;
    const reason = describeEnding(status);
    this.#options.reports.event({
      testId: "(build)",
      status: "fail",
      runnable: false,
      ...textFile("reason", `--build: ${reason}\n`),
    });
    return this.#buildFailure = `--build ${endingText(status)}`;
  }

  async #command(
    words: readonly string[],
    { input, read }: {
      readonly input?: Uint8Array;
      readonly read: (output: AsyncIterable<Uint8Array>) => Promise<void>;
    },
  ): Promise<CommandStatus> {
    const child = startGroup(words);
    this.#guard.add(child.pid);
    this.#child = child;
    this.#input = child.stdin.getWriter();
    if (input !== undefined) this.input(input, false);
    const released = child.status.then(() => signalGroup(child.pid, "SIGKILL"));
    const readErrors = async () => {
      const name = "the command's errors";
      for await (const chunk of readStreamAsync(child.stderr, name, released)) {
        this.#output("stderr", chunk);
      }
    };
    const name = "the command's output";
    const [status] = await Promise.all([
      child.status,
      read(readStreamAsync(child.stdout, name, released)),
      readErrors(),
    ]);
    this.#guard.remove(child.pid);
    this.#child = this.#input = undefined;
    return status;
  }

  async #readResults(output: AsyncIterable<Uint8Array>): Promise<void> {
    const reader = new ResultsReader("detect");
    for await (const chunk of output) this.#take(reader.push(chunk));
    this.#take(reader.end());
  }

  #take(events: readonly StatusEvent[]): void {
    for (const event of events) {
      if (this.#isStopped) return;
      this.#pass(event);
    }
    this.#options.flush();
  }

  #pass(event: StatusEvent): void {
    const { testId, status, fileName, fileBytes } = event;
    if (testId === undefined && fileName === "stdout") {
      return this.#output("stdout", fileBytes!);
    }
    const isTop = event.runnable && event.parentTestId === undefined;
    if (isTop && status === "inprogress") this.#test = testId;
    const isEnd = isTop && isFinalStatus(status);
    if (isEnd) this.#test = undefined;
    this.#options.reports.event(
      change(event, { fileBytes: fileBytes?.slice() }),
    );
    if (isEnd && this.#isStopping) {
      this.#isStopped = true;
      this.kill();
    }
  }

  /** Reports output, as part of a file of the test in progress. */
  #output(fileName: string, bytes: Uint8Array): void {
    this.#options.reports.event({
      testId: this.#test,
      runnable: true,
      fileName,
      fileBytes: bytes.slice(),
    });
    this.#options.flush();
  }
}

/** Reads the ids of packets, and leaves what else is printed. */
async function readListed(
  output: AsyncIterable<Uint8Array>,
  ids: string[],
  printed: Uint8Array[],
): Promise<void> {
  const decoder = new PacketDecoder();
  const drain = () =>
    decoder.drain((item) => {
      if (item.kind !== "packet") printed.push(item.bytes.slice());
      else if (item.testId !== undefined && item.status === "exists") {
        ids.push(item.testId);
      }
    });
  for await (const chunk of output) {
    decoder.push(chunk);
    drain();
  }
  decoder.end();
  drain();
}
