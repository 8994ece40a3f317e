/**
 * An engine whose generations are processes. The next one waits, started, while
 * the last one runs: a unit costs no more than its own files.
 *
 * A generation reads its unit as one line of JSON from its standard input; the
 * rest of that is for the tests. It writes packets to its standard output, with
 * a route code that only it knows. Everything else there was written by tests.
 *
 * @module
 */

import {
  change,
  PacketDecoder,
  type StatusEvent,
  type StreamItem,
  TEXT_TYPE,
} from "@subunit/codec";
import { namesIn, stampOf } from "../../kit/io/files.ts";
import { readStreamAsync } from "../../kit/io/input.ts";
import {
  GroupGuard,
  signalGroup,
  signalProcess,
  startGroup,
} from "../../kit/io/process_group.ts";
import type {
  ChildProcess,
  CommandStatus,
  SentSignal,
} from "../../kit/runtime/runtime.ts";
import { CONTROL_TYPE } from "@subunit/codec/control";
import type { Engine, EngineReports, Unit } from "../worker/engine.ts";
import { InspectedProcess } from "./debugger.ts";
import { lastLine } from "./prompt.ts";
import { type SourceFiles, SourceWatch } from "./source_watch.ts";
import { SyncedStreams } from "./synced_streams.ts";

/** The signals that a client may send to a test. */
export const SIGNALS: Readonly<Record<string, SentSignal>> = {
  INT: "SIGINT",
  QUIT: "SIGQUIT",
  TERM: "SIGTERM",
  WINCH: "SIGWINCH",
};

/** How often sources are looked at. */
const LOOK_MILLISECONDS = 150;
const WATCHED_FILES: SourceFiles = { stampOf, namesIn };

/** Converts the events of another runner, in one generation. */
export interface EventMapping {
  /** Returns the events that an event results in. */
  add(event: unknown): StatusEvent[];
}

/** The flag of Node and Deno to wait for a debugger, on any free port. */
export const INSPECT = "--inspect-wait=127.0.0.1:0";

/** How tests are debugged. */
export interface Debugging {
  /** The command that starts a generation. */
  readonly command: readonly string[];
  /** The debugger; the address of the generation comes behind it. */
  readonly debugger: readonly string[];
}

/** How a {@linkcode ProcessEngine} starts its generations. */
export interface ProcessEngineOptions {
  readonly name: string;
  /** The command that starts a generation. */
  readonly command: readonly string[];
  /** The command that starts one that waits for a debugger, and the debugger. */
  readonly debugging?: Debugging;
  /** What the generation is told with every unit. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** How the messages "node" become events. */
  readonly mapping?: () => EventMapping;
  /** What files import, where generations do not say it: pairs of paths. */
  readonly importsOf?: (
    files: readonly string[],
  ) => Promise<(readonly [file: string, imported: string])[]>;
  /** Takes what happens to the unit. */
  readonly reports: EngineReports;
  /** Is called when reports have been made and no more follow at once. */
  readonly flush: () => void;
  /** Is called when a generation cannot be started at all. */
  readonly fail: (error: unknown) => void;
}

/** Runs each unit in a process that is started for it. */
export class ProcessEngine implements Engine {
  readonly can: readonly string[] = [
    "list",
    "run",
    "stdin",
    "stop",
    "signal",
    "reload",
    "ping",
    "quit",
    "watch",
  ];
  readonly #options: ProcessEngineOptions;
  readonly #guard = new GroupGuard();
  #spare: Generation | undefined;
  #current: Generation | undefined;
  #watch: SourceWatch | undefined;
  #watchTimer: ReturnType<typeof setInterval> | undefined;

  constructor(options: ProcessEngineOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  /** Starts the generation of the next unit. */
  prepare(): void {
    this.#spare ??= new Generation(this.#options, this.#guard);
  }

  start(unit: Unit): void {
    const { debugging } = this.#options;
    let generation: Generation;
    try {
      if (unit.kind === "run" && unit.isDebugged && debugging !== undefined) {
        generation = new Generation(this.#options, this.#guard, debugging);
      } else {
        this.prepare();
        generation = this.#spare!;
        this.#spare = undefined;
      }
    } catch (error) {
      return this.#options.fail(error);
    }
    this.#current = generation;
    const since = Date.now();
    generation.run(unit, () => this.#prepareQuietly()).then((reason) => {
      this.#current = undefined;
      if (unit.isWatched) this.#watchSources(generation.sources, since);
      this.#options.reports.ended(reason);
      this.#options.flush();
    }, this.#options.fail);
  }

  /** The next unit reports it when there can be no further generation. */
  #prepareQuietly(): void {
    try {
      this.prepare();
    } catch {
      this.#spare = undefined;
    }
  }

  /** Reports edits of these, until the end. */
  #watchSources(sources: Sources, since: number): void {
    const watch = this.#watch ??= new SourceWatch(WATCHED_FILES);
    for (const file of sources.files) watch.addTests(file, since);
    for (const pair of sources.imports) watch.addImport(...pair, since);
    for (const [path, names] of sources.folders) watch.addFolder(path, names);
    this.#options.importsOf?.(sources.files).then((pairs) => {
      for (const pair of pairs) watch.addImport(...pair, since);
    }).catch(this.#options.fail);
    this.#watchTimer ??= setInterval(() => {
      const files = watch.look();
      if (files.length === 0) return;
      this.#options.reports.changed(files);
      this.#options.flush();
    }, LOOK_MILLISECONDS);
  }

  input(bytes: Uint8Array, isEnd: boolean): void {
    this.#current?.input(bytes, isEnd);
  }

  stop(): void {
    this.#current?.stop();
  }

  kill(): void {
    this.#current?.kill();
  }

  signal(name: string): boolean {
    const signal = SIGNALS[name];
    if (signal !== undefined) this.#current?.signal(signal);
    return signal !== undefined;
  }

  /** The code of a generation is fresh anyway. */
  reload(): void {}

  /** Ends what still runs. */
  async close(): Promise<void> {
    clearInterval(this.#watchTimer);
    this.#current?.kill();
    this.#spare?.kill();
    await this.#guard.close();
  }
}

const text = new TextDecoder();

/** What a generation has loaded, or looked at. */
interface Sources {
  readonly files: string[];
  readonly imports: [file: string, imported: string][];
  readonly folders: [path: string, names: readonly string[]][];
}

/** The answers of a generation; they have no test id. */
interface Message {
  readonly file?: string;
  readonly imported?: string;
  readonly path?: string;
  readonly names?: readonly string[];
  readonly ids?: readonly string[];
}

/** A process that runs one unit. */
class Generation {
  readonly #options: ProcessEngineOptions;
  readonly #guard: GroupGuard;
  readonly #child: ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  #isInputClosed = false;
  readonly #secret = crypto.randomUUID();
  readonly #decoder = new PacketDecoder();
  readonly #streams: SyncedStreams;
  readonly #mapping: EventMapping | undefined;
  readonly #debugger: InspectedProcess | undefined;
  /** Whether the test itself has asked, and not its debugger. */
  #asksItself = false;
  #test: string | undefined;
  #prompt: Uint8Array = new Uint8Array(0);
  /** The tests that a run of all tests has found. */
  readonly #ids: string[] = [];
  readonly sources: Sources = { files: [], imports: [], folders: [] };
  #isStopped = false;
  #hasEnded = false;
  #onLoaded = () => {};

  constructor(
    options: ProcessEngineOptions,
    guard: GroupGuard,
    debugging?: Debugging,
  ) {
    this.#options = options;
    this.#guard = guard;
    this.#mapping = options.mapping?.();
    this.#child = startGroup(debugging?.command ?? options.command);
    this.#debugger = debugging &&
      new InspectedProcess(debugging.debugger, guard, {
        output: (bytes) => this.#output("stdout", bytes),
        asks: (prompt) => options.reports.asks(prompt),
        flush: options.flush,
      });
    guard.add(this.#child.pid);
    this.#input = this.#child.stdin.getWriter();
    this.#streams = new SyncedStreams(this.#secret, {
      event: (event) => this.#take(event),
      errors: (bytes) => this.#output("stderr", bytes),
    });
  }

  /** Runs a unit; resolves to how the process ended, unless in order. */
  async run(unit: Unit, onLoaded: () => void): Promise<string | undefined> {
    this.#onLoaded = onLoaded;
    const line = JSON.stringify({
      ...this.#options.settings,
      ...unit,
      secret: this.#secret,
    });
    this.#write(new TextEncoder().encode(`${line}\n`), false);
    // What it leaves behind may hold its pipes, and must not go on.
    const released = this.#child.status.then(() => this.kill());
    const [status] = await Promise.all([
      this.#child.status,
      this.#readOutput(released),
      this.#readErrors(released),
    ]);
    this.#guard.remove(this.#child.pid);
    await this.#debugger?.end();
    return this.#hasEnded ? undefined : `its process ${endingText(status)}`;
  }

  input(bytes: Uint8Array, isEnd: boolean): void {
    if (this.#debugger !== undefined && !this.#asksItself) {
      return this.#debugger.input(bytes, isEnd);
    }
    this.#asksItself = false;
    this.#write(bytes, isEnd);
  }

  #write(bytes: Uint8Array, isEnd: boolean): void {
    // Node 20 does not reject what is written behind the end: it breaks off.
    if (this.#isInputClosed) return;
    // It may have ended, or closed its input: nobody would read this.
    if (bytes.length > 0) this.#input.write(bytes.slice()).catch(() => {});
    if (!isEnd) return;
    this.#isInputClosed = true;
    this.#input.close().catch(() => {});
  }

  /** Starts no further test, from the next time that it asks on. */
  stop(): void {
    this.#isStopped = true;
  }

  signal(signal: SentSignal): void {
    signalProcess(this.#child.pid, signal);
  }

  kill(): void {
    signalGroup(this.#child.pid, "SIGKILL");
  }

  async #readOutput(released: Promise<void>): Promise<void> {
    const { stdout } = this.#child;
    const chunks = readStreamAsync(stdout, "a generation", released);
    for await (const chunk of chunks) {
      this.#decoder.push(chunk);
      this.#drain();
    }
    this.#decoder.end();
    this.#drain();
    this.#streams.endEvents();
    this.#options.flush();
  }

  async #readErrors(released: Promise<void>): Promise<void> {
    const { stderr } = this.#child;
    const chunks = readStreamAsync(stderr, "a generation", released);
    for await (const chunk of chunks) {
      this.#streams.addErrors(chunk);
      this.#debugger?.look(chunk);
      this.#options.flush();
    }
    this.#streams.endErrors();
    this.#options.flush();
  }

  #drain(): void {
    this.#decoder.drain((item) => {
      const event = this.#eventOf(item);
      const isOther = event.fileName === "node" &&
        event.mimeType === CONTROL_TYPE && this.#mapping !== undefined;
      const events = isOther
        ? this.#mapping!.add(JSON.parse(text.decode(event.fileBytes)))
        : [event];
      for (const one of events) this.#streams.addEvent(one);
    });
    this.#options.flush();
  }

  /** What is in an item; packets of others are output of the test. */
  #eventOf(item: StreamItem): StatusEvent {
    if (item.kind === "packet" && item.routeCode === this.#secret) {
      return change(item, {
        routeCode: undefined,
        fileBytes: item.fileBytes?.slice(),
      });
    }
    return {
      runnable: true,
      fileName: "stdout",
      fileBytes: item.bytes.slice(),
    };
  }

  #take(event: StatusEvent): void {
    const { reports } = this.#options;
    if (event.mimeType === CONTROL_TYPE) return this.#obey(event);
    if (event.fileName === "stdout" && event.testId === undefined) {
      return this.#output("stdout", event.fileBytes!);
    }
    if (event.runnable && event.parentTestId === undefined) {
      if (event.status === "inprogress") this.#test = event.testId;
      else if (event.status !== undefined) this.#test = undefined;
    }
    this.#prompt = new Uint8Array(0);
    reports.event(event);
  }

  #obey({ fileName, fileBytes }: StatusEvent): void {
    const { reports } = this.#options;
    const message: Message = JSON.parse(text.decode(fileBytes));
    const { sources } = this;
    if (fileName === "loading") reports.loading(message.file!);
    else if (fileName === "source") sources.files.push(message.file!);
    else if (fileName === "import") {
      sources.imports.push([message.file!, message.imported!]);
    } else if (fileName === "folder") {
      sources.folders.push([message.path!, message.names!]);
    } else if (fileName === "ask") {
      this.#asksItself = true;
      reports.asks(text.decode(this.#prompt));
    } else if (fileName === "next") {
      const word = this.#isStopped ? "stop" : "go";
      const line = `\0${word} ${this.#secret}\n`;
      this.#write(new TextEncoder().encode(line), false);
    } else if (fileName === "end") {
      this.#hasEnded = true;
      // The process waits until its debugger has left.
      this.#debugger?.end();
    } else if (fileName === "ids") this.#ids.push(...message.ids!);
    else if (fileName === "loaded") {
      reports.loaded(this.#ids);
      this.#onLoaded();
    }
  }

  /** Reports output, as part of a file of the test in progress. */
  #output(fileName: string, fileBytes: Uint8Array): void {
    if (fileName === "stdout") this.#prompt = lastLine(this.#prompt, fileBytes);
    this.#options.reports.event({
      testId: this.#test,
      runnable: true,
      fileName,
      fileBytes,
      mimeType: TEXT_TYPE,
    });
  }
}

/** How a process ended, as part of a sentence. */
export function endingText({ code, signal }: CommandStatus): string {
  return signal === null
    ? `ended with exit status ${code}`
    : `was killed by ${signal}`;
}
