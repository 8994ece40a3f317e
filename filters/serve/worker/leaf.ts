/**
 * The leaf of a test server: takes commands, gives units to an engine, and sees
 * to it that every test that was asked for gets one result and every command
 * one answer.
 *
 * It is pure: events, the clock and the engine are handed to it.
 *
 * @module
 */

import {
  change,
  isFinalStatus,
  now,
  type StatusEvent,
  textFile,
} from "@subunit/codec";
import {
  CONTROL_TYPE,
  ControlReader,
  idsIn,
  isControl,
  isStdin,
  type ReadMessage,
  type Reply,
} from "@subunit/codec/control";
import type { Engine, EngineReports, Unit } from "./engine.ts";

/** What happens when a test waits for input: "eof" and "fail" ask nobody. */
export const ON_ASK = ["wait", "eof", "fail"] as const;

/** Options of a {@linkcode Leaf}. */
export interface LeafOptions {
  readonly engine: Engine;
  /** Takes the results and answers, in order. */
  readonly write: (event: StatusEvent) => void;
  /** The time in milliseconds, from any start. */
  readonly clock: () => number;
  /** For one test. */
  readonly timeoutSeconds: number;
  /** For the files of a unit. */
  readonly loadSeconds: number;
  readonly onAsk: typeof ON_ASK[number];
}

/** How long a test may go on once nobody gives commands any more. */
const END_SECONDS = 5;
/** How many bytes a test may be sent that has not asked for any. */
const TYPE_AHEAD_BYTES = 64 * 1024;
/** How many answers are kept, for commands that come twice. */
const KEPT_ANSWERS = 64;

const NOTHING = new Uint8Array(0);

/** A command that takes time. */
interface Job {
  readonly kind: "list" | "run";
  readonly req: string | undefined;
  /** The prefixes of a list. */
  readonly prefixes: readonly string[] | undefined;
  /** The ids without a result; undefined until those of a run of all are known. */
  left: Set<string> | undefined;
  /** The ids that were asked for and have a result. */
  readonly ended: Set<string>;
  readonly timeoutSeconds: number;
  /** Whether its tests have time, and may ask. */
  readonly isDebugged: boolean;
  readonly isWatched: boolean;
  isStopped: boolean;
  readonly excluded: string[];
  /** The failures of files that have been reported; generations repeat them. */
  readonly broken: Set<string>;
  isCareful: boolean;
}

/** A generation, while it lives. */
interface Generation {
  state: "loading" | "running" | "asking";
  /** The file that is being loaded, where that is known. */
  file: string | undefined;
  /** The test in progress. */
  test: string | undefined;
  /** Whether a test has ended in it. */
  hasProgress: boolean;
  /** When the state, or the test, began. */
  since: number;
  /** Why it is being killed. */
  doom: string | undefined;
  /** How many bytes were sent since it asked. */
  typedAhead: number;
  /**
   * The question that came without a test: a debugger has pipes of its own, and
   * may be faster than the event that begins the test it has stopped.
   */
  early: string | undefined;
}

/** A leaf: see {@linkcode LeafOptions}. */
export class Leaf implements EngineReports {
  readonly #options: LeafOptions;
  readonly #engine: Engine;
  readonly #reader = new ControlReader();
  readonly #queue: Job[] = [];
  readonly #answers = new Map<string, StatusEvent>();
  readonly #done = Promise.withResolvers<void>();
  #job: Job | undefined;
  #generation: Generation | undefined;
  #isQuitting = false;
  /** When the test in progress must have ended, after the last command. */
  #endBy: number | undefined;

  constructor(options: LeafOptions) {
    this.#options = options;
    this.#engine = options.engine;
  }

  /** Resolves when everything is answered and no command can come any more. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** Reports that commands may come. */
  begin(pid: number): void {
    const { name: engine, can } = this.#engine;
    this.#answer("ready", { protocol: 1, engine, can, pid });
  }

  /** Takes an event of the commands' stream; others than commands are ignored. */
  take(event: StatusEvent): void {
    if (isStdin(event)) {
      this.#typed(event.fileBytes ?? NOTHING, event.eof ?? false);
    } else if (isControl(event)) {
      const message = this.#reader.add(event);
      if (message !== undefined) this.#obey(message);
    }
  }

  /** No further command comes: the same as `quit`, within a few seconds. */
  endInput(): void {
    this.#endBy ??= this.#options.clock() + END_SECONDS * 1000;
    this.#quit();
    if (this.#generation?.state === "asking") {
      this.#reply(new Uint8Array(0), true);
    }
  }

  /** When {@linkcode expire} must be called, by the clock. */
  get deadline(): number | undefined {
    const generation = this.#generation;
    if (generation === undefined || generation.doom !== undefined) {
      return undefined;
    }
    const { state, since } = generation;
    const seconds = state === "loading"
      ? this.#options.loadSeconds
      : state === "running"
      ? this.#job!.timeoutSeconds
      : Infinity;
    const deadline = Math.min(since + seconds * 1000, this.#endBy ?? Infinity);
    return Number.isFinite(deadline) ? deadline : undefined;
  }

  /** Ends what has taken too long. */
  expire(): void {
    const { deadline } = this;
    if (deadline === undefined || this.#options.clock() < deadline) return;
    const generation = this.#generation!;
    if (deadline === this.#endBy) {
      return this.#kill("it was still in progress when the commands ended");
    }
    const { loadSeconds } = this.#options;
    this.#kill(
      generation.state === "loading"
        ? `loading took more than ${loadSeconds} s`
        : `timeout after ${this.#job!.timeoutSeconds} s`,
    );
  }

  loading(file: string): void {
    const generation = this.#generation!;
    generation.file = file;
    generation.since = this.#options.clock();
  }

  loaded(ids?: readonly string[]): void {
    const generation = this.#generation!;
    if (generation.state === "loading") generation.state = "running";
    generation.file = undefined;
    generation.since = this.#options.clock();
    const job = this.#job!;
    if (ids !== undefined && job.kind === "run") job.left ??= new Set(ids);
  }

  event(event: StatusEvent): void {
    const { testId, status } = event;
    const job = this.#job!, generation = this.#generation!;
    if (!event.runnable && status === "fail" && testId?.endsWith("::(load)")) {
      if (job.broken.has(testId)) return;
      job.broken.add(testId);
    }
    const isTest = testId !== undefined && event.runnable &&
      event.parentTestId === undefined && job.kind === "run";
    if (!isTest || status === undefined || status === "exists") {
      return this.#options.write(event);
    }
    if (job.ended.has(testId)) {
      // One result for each test; what else is in the event is kept.
      return this.#options.write(change(event, { status: undefined }));
    }
    this.#options.write(event);
    generation.since = this.#options.clock();
    if (!isFinalStatus(status)) {
      if (generation.state === "loading") generation.state = "running";
      if (job.left?.has(testId) ?? true) this.#begin(testId);
      return;
    }
    if (generation.test === testId) generation.test = undefined;
    // Its debugger goes on asking; the next test has not asked yet.
    if (generation.state === "asking") generation.state = "running";
    this.#finish(testId);
  }

  #begin(test: string): void {
    const generation = this.#generation!;
    const { state, early: prompt } = generation;
    generation.test = test;
    if (state !== "asking" || prompt === undefined) return;
    generation.early = undefined;
    this.#answer("ask", { test, prompt, again: true });
  }

  changed(files: readonly string[]): void {
    this.#answer("changed", { files });
  }

  asks(prompt: string): void {
    const generation = this.#generation!;
    if (generation.state === "asking" || generation.doom !== undefined) return;
    const onAsk = this.#job!.isDebugged ? "wait" : this.#options.onAsk;
    const { test } = generation;
    this.#answer("ask", { test, prompt });
    if (onAsk === "fail") return this.#kill(`it asked for input: ${prompt}`);
    generation.state = "asking";
    generation.early = test === undefined ? prompt : undefined;
    generation.typedAhead = 0;
    if (onAsk === "eof" || this.#endBy !== undefined) {
      this.#reply(new Uint8Array(0), true);
    }
  }

  ended(reason?: string): void {
    const job = this.#job!, generation = this.#generation!;
    this.#generation = undefined;
    const cause = generation.doom ?? reason;
    if (cause !== undefined && generation.state === "loading") {
      return this.#loadAgain(job, generation.file, cause);
    }
    const { test } = generation;
    if (test !== undefined) {
      this.#blame(test, cause ?? "the test has no result", ["lost"]);
      generation.hasProgress = true;
    }
    if (job.kind === "list") {
      if (cause !== undefined) this.#fail("(list)", cause, ["lost"], false);
      return this.#endJob();
    }
    const left = job.left?.size ?? 0;
    if (job.isStopped || left === 0) return this.#endJob();
    if (generation.hasProgress) return this.#startGeneration();
    this.#giveUp(job, cause ?? "the test did not start");
  }

  /**
   * Loads the files of a job again, after a generation that ended meanwhile:
   * without the file that ended it, or one by one to find that.
   */
  #loadAgain(job: Job, file: string | undefined, cause: string): void {
    if (job.isStopped) return this.#endJob();
    if (file === undefined) {
      if (!job.isCareful) {
        job.isCareful = true;
        return this.#startGeneration();
      }
      this.#fail("(load)", cause, ["lost"], false);
      return this.#giveUp(job, cause);
    }
    job.excluded.push(file);
    this.#fail(`${file}::(load)`, cause, ["lost"], false);
    for (const id of job.left ?? []) {
      if (id.startsWith(`${file}::`)) {
        this.#blame(id, `its file was not loaded: ${cause}`, ["lost"]);
      }
    }
    if (job.kind === "run" && job.left?.size === 0) return this.#endJob();
    this.#startGeneration();
  }

  #giveUp(job: Job, cause: string): void {
    for (const id of job.left ?? []) {
      this.#blame(id, cause, ["lost", "unstarted"]);
    }
    this.#endJob();
  }

  /** Gives a test the result that the generation could not give. */
  #blame(testId: string, cause: string, tags: readonly string[]): void {
    this.#fail(testId, cause, tags, true);
    this.#finish(testId);
  }

  #fail(
    testId: string,
    cause: string,
    tags: readonly string[],
    runnable: boolean,
  ): void {
    this.#options.write({
      testId,
      status: "fail",
      tags,
      runnable,
      timestamp: now(),
      ...textFile("worker", `${cause}\n`),
    });
  }

  #finish(testId: string): void {
    const job = this.#job!;
    // A test that nobody asked for is passed on, and that is all.
    if (job.left !== undefined && !job.left.delete(testId)) return;
    job.ended.add(testId);
    if (this.#generation !== undefined) this.#generation.hasProgress = true;
  }

  #obey(message: ReadMessage): void {
    const { word, request: req, body } = message;
    if (message.isTooLong) {
      return this.#refuse(req, "bad-body", "the body is too long");
    }
    switch (word) {
      case "list":
      case "run":
        return this.#addJob(message, word);
      case "stop":
        return this.#stop(message);
      case "signal":
        return this.#signal(req, new TextDecoder().decode(body));
      case "ping":
        return void this.#answer("pong", body);
      case "reload":
        this.#engine.reload();
        return void this.#answerDone(req, 0, []);
      case "quit":
        return this.#quit();
      default:
        return this.#refuse(req, "unknown-command", `no command "${word}"`);
    }
  }

  #addJob(message: ReadMessage, kind: "list" | "run"): void {
    const { request: req, options = [] } = message;
    if (req !== undefined) {
      const isKnown = [this.#job, ...this.#queue].some((job) =>
        job?.req === req
      );
      if (isKnown) return;
      const answer = this.#answers.get(req);
      if (answer !== undefined) return this.#options.write(answer);
    }
    const ids = this.#idsOf(message);
    if (ids === undefined) return;
    const timeout = options.find((option) => option.startsWith("timeout="));
    const timeoutSeconds = timeout === undefined
      ? this.#options.timeoutSeconds
      : Number(timeout.slice("timeout=".length));
    if (!(timeoutSeconds > 0)) {
      const text = `the option is "${timeout}": expected seconds`;
      return this.#refuse(req, "bad-body", text);
    }
    const isAll = ids.length === 0;
    const isDebugged = options.includes("debug");
    this.#queue.push({
      kind,
      req,
      prefixes: kind === "list" && !isAll ? ids : undefined,
      left: kind === "run" && !isAll ? new Set(ids) : undefined,
      ended: new Set(),
      timeoutSeconds: isDebugged ? Infinity : timeoutSeconds,
      isDebugged,
      isWatched: options.includes("watch"),
      isStopped: this.#isQuitting,
      excluded: [],
      broken: new Set(),
      isCareful: false,
    });
    this.#next();
  }

  /** The ids in a message; undefined where it has been refused. */
  #idsOf({ body, request }: ReadMessage): string[] | undefined {
    try {
      return idsIn(body);
    } catch (error) {
      this.#refuse(request, "bad-body", (error as Error).message);
    }
  }

  #next(): void {
    while (this.#job === undefined && this.#queue.length > 0) {
      this.#job = this.#queue.shift()!;
      if (this.#job.isStopped) this.#endJob();
      else this.#startGeneration();
    }
    if (this.#isQuitting && this.#job === undefined) this.#done.resolve();
  }

  #startGeneration(): void {
    const { kind, prefixes, left, ...job } = this.#job!;
    const { excluded, isCareful, isDebugged, isWatched } = job;
    this.#generation = {
      state: "loading",
      file: undefined,
      test: undefined,
      hasProgress: false,
      since: this.#options.clock(),
      doom: undefined,
      typedAhead: 0,
      early: undefined,
    };
    const names = kind === "list" ? prefixes : left && [...left];
    const how = { excluded, isCareful, isDebugged, isWatched };
    const unit: Unit = { kind, names, ...how };
    this.#engine.start(unit);
  }

  #endJob(): void {
    const { req, ended, left } = this.#job!;
    this.#job = undefined;
    const answer = this.#answerDone(req, ended.size, left);
    if (req !== undefined) {
      this.#answers.set(req, answer);
      const [oldest] = this.#answers.keys();
      if (this.#answers.size > KEPT_ANSWERS) this.#answers.delete(oldest);
    }
    this.#next();
  }

  #typed(bytes: Uint8Array, isEnd: boolean): void {
    const generation = this.#generation;
    if (generation === undefined || this.#job!.kind === "list") {
      // The end of its input may cross the end of a test.
      if (bytes.length === 0) return;
      return this.#refuse(undefined, "no-reader", "no test is in progress");
    }
    if (generation.typedAhead + bytes.length > TYPE_AHEAD_BYTES) {
      const text = "the test does not read its input";
      return this.#refuse(undefined, "no-reader", text);
    }
    this.#reply(bytes, isEnd);
  }

  #reply(bytes: Uint8Array, isEnd: boolean): void {
    const generation = this.#generation!;
    if (generation.state === "asking") {
      generation.state = "running";
      generation.since = this.#options.clock();
    } else {
      generation.typedAhead += bytes.length;
    }
    this.#engine.input(bytes, isEnd);
  }

  #stop(message: ReadMessage): void {
    const isNow = message.options?.includes("now");
    const [wanted] = this.#idsOf(message) ?? [];
    if (wanted === undefined && message.body.length > 0) return;
    for (const job of [this.#job, ...this.#queue]) {
      if (job === undefined) continue;
      if (wanted !== undefined && job.req !== wanted) continue;
      job.isStopped = true;
      if (job !== this.#job) continue;
      if (isNow) this.#kill("it was stopped");
      else if (job.kind === "run") this.#engine.stop();
    }
    this.#dropStopped();
  }

  /** Answers for jobs in the queue that are not to be started. */
  #dropStopped(): void {
    const stopped = this.#queue.filter((job) => job.isStopped);
    if (stopped.length === 0) return;
    const waiting = this.#queue.filter((job) => !job.isStopped);
    this.#queue.splice(0, Infinity, ...waiting);
    for (const { req, left } of stopped) this.#answerDone(req, 0, left);
  }

  #signal(req: string | undefined, text: string): void {
    if (this.#generation === undefined) {
      return this.#refuse(req, "no-reader", "no test is in progress");
    }
    const [name] = text.split(" ");
    if (!this.#engine.signal(name)) {
      this.#refuse(req, "bad-body", `no signal "${text}"`);
    }
  }

  #quit(): void {
    this.#isQuitting = true;
    for (const job of this.#queue) job.isStopped = true;
    if (this.#job?.kind === "run") {
      this.#job.isStopped = true;
      if (this.#generation !== undefined) this.#engine.stop();
    }
    this.#dropStopped();
    this.#next();
  }

  #kill(doom: string): void {
    const generation = this.#generation;
    if (generation === undefined || generation.doom !== undefined) return;
    generation.doom = doom;
    this.#engine.kill();
  }

  #refuse(req: string | undefined, code: string, text: string): void {
    this.#answer("error", { req, code, text });
  }

  #answerDone(
    req: string | undefined,
    ran: number,
    unrun: Iterable<string> = [],
  ): StatusEvent {
    return this.#answer("done", { req, ran, unrun: [...unrun] });
  }

  #answer(word: Reply, body: unknown): StatusEvent {
    const event = {
      runnable: false,
      fileName: word,
      fileBytes: body instanceof Uint8Array
        ? body
        : new TextEncoder().encode(JSON.stringify(body)),
      mimeType: CONTROL_TYPE,
      eof: true,
    };
    this.#options.write(event);
    return event;
  }
}
