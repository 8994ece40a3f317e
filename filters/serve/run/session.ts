/**
 * Commands workers, and sees to it that each test that was asked for gets exactly
 * one result, whatever the workers do.
 *
 * It is pure: what workers report and the clock are handed to it.
 *
 * @module
 */

import {
  isFinalStatus,
  type StatusEvent,
  type TestStatus,
} from "@subunit/codec";
import {
  type Ask,
  type ControlInput,
  idsBody,
  type ReadMessage,
  readReply,
  type Ready,
} from "@subunit/codec/control";
import { Schedule, type ScheduleOptions, type Unit } from "./schedule.ts";

/** What a test gets that no worker has run. */
export interface Verdictless {
  readonly testId: string;
  readonly status: "fail" | "skip";
  readonly tags: readonly string[];
  readonly reason: string;
  /** The worker that had it. */
  readonly route?: string;
}

/** The result of a test, for the worker that had it. */
export interface Reported extends StatusEvent {
  readonly route: string;
}

/** What a session does; all of it is done at once. */
export interface Actions {
  /** Sends a command to a worker. */
  send(route: string, command: ControlInput): void;
  /** Ends the input of the test of a worker. */
  endInput(route: string): void;
  /** A test waits for input that somebody will give. */
  asked(route: string): void;
  /** Writes the result of a test that no worker has run. */
  report(test: Verdictless): void;
  /** Reports what failed that is not a test. */
  fail(what: string, reason: string): void;
  /** Writes a line for people. */
  warn(text: string): void;
}

/** Options of a {@linkcode Session}. */
export interface SessionOptions extends Actions {
  /** The time in seconds, from any start. */
  readonly clock: () => number;
  /** Options of the command `run`. */
  readonly runOptions?: readonly string[];
  /** After how many failed tests no further one is started. */
  readonly maxFailures?: number;
  /** Whether a test that asks for input waits for it. */
  readonly answersAsks?: boolean;
  /** What the ids of requests begin with. */
  readonly requestPrefix?: string;
  /** Calls a function once nobody can be expected to attach any more. */
  readonly whenNobodyComes?: (work: () => void) => void;
  /** The command that attaches to a test, without its route. */
  readonly attach?: string;
  /** Whether others command the same workers: their tests are left out. */
  readonly isShared?: boolean;
}

/** What a run of some tests results in. */
export interface RunResult {
  /** The tests that failed. */
  readonly failed: ReadonlySet<string>;
  /** Whether some tests were not run because it was ended. */
  readonly isCut: boolean;
}

/** A worker that may be commanded. */
interface Worker {
  readonly isOneShot: boolean;
  /** Whether it reports edits. */
  readonly canWatch: boolean;
  readonly units: { readonly req: string; readonly unit: Unit }[];
  /** The test in progress. */
  test: string | undefined;
  /** All tests that have begun and have no result: some have been forgotten. */
  readonly begun: Set<string>;
  /** Whether the unit that it has begun last has begun a test. */
  hasBegun: boolean;
}

/** The worker that has a test, and in which unit. */
interface Place {
  readonly route: string;
  readonly unit: Unit;
}

/** A run in progress. */
interface Run {
  readonly schedule: Schedule;
  /** The tests without a result, and where each one is. */
  readonly left: Map<string, Place | undefined>;
  readonly failed: Set<string>;
  readonly settled: PromiseWithResolvers<RunResult>;
  isCut: boolean;
  /** Why tests are not started any more. */
  cutReason: string | undefined;
}

/** A list in progress. */
interface List {
  readonly ids: Map<string, true>;
  readonly prefixes: readonly string[];
  readonly isWatched: boolean;
  readonly settled: PromiseWithResolvers<string[] | undefined>;
  route: string | undefined;
  req: string | undefined;
  tries: number;
}

const LIST_TRIES = 3;

/** How long an id may be: a packet must have room for its result, too. */
export const MAX_ID_LENGTH = 1024 * 1024;

/** What becomes of an event of a worker. */
export type Fate = "pass" | "without status" | "drop";

/** A client of workers: see {@linkcode SessionOptions}. */
export class Session {
  readonly #options: SessionOptions;
  readonly #workers = new Map<string, Worker>();
  /** The sockets of multiplexers, which take no tests themselves. */
  readonly #sockets = new Map<string, string>();
  #run: Run | undefined;
  #list: List | undefined;
  /** The tests of the run in progress, or of the last one. */
  #asked: ReadonlySet<string> = new Set();
  /** Those of them that failed. */
  #failed = new Set<string>();
  #requests = 0;
  /** Why there will be no worker any more. */
  #dead: string | undefined;
  /** The worker that watches files. */
  #watcher: string | undefined;
  /** What it has reported. */
  readonly #changed = new Set<string>();
  #onChange: ((files: readonly string[] | undefined) => void) | undefined;
  /** Why nothing more is started. */
  #stopReason: string | undefined;
  /** The questions that wait for somebody to attach, by their routes. */
  readonly #questions = new Map<string, ReadMessage>();
  /** Multiplexers that can be commanded. */
  readonly #hubs = new Set<string>();
  /** Questions from below a multiplexer of which nothing is known yet. */
  readonly #early = new Map<string, { ask: Ask; message: ReadMessage }>();
  /** Where standard input was given to a question without a test. */
  readonly #nameless = new Set<string>();
  /** Whether it was said that edits are not reported. */
  #isBlind = false;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /**
   * Lists the tests, or those whose ids or files begin in one of some ways.
   *
   * @param options.isWatched whether edits of their files are reported from now on
   * @returns undefined when no worker can list them, which is reported
   */
  list(
    prefixes: readonly string[],
    { isWatched = false } = {},
  ): Promise<string[] | undefined> {
    const settled = Promise.withResolvers<string[] | undefined>();
    this.#list = {
      ids: new Map(),
      prefixes,
      isWatched,
      settled,
      route: undefined,
      req: undefined,
      tries: 0,
    };
    this.#step();
    return settled.promise;
  }

  /** Runs tests, each once. */
  run(options: Omit<ScheduleOptions, "clock">): Promise<RunResult> {
    const ids = new Set(options.ids);
    const { clock, answersAsks } = this.#options;
    const run: Run = {
      schedule: new Schedule({ ...options, ids, clock, isShort: answersAsks }),
      left: new Map(ids.values().map((id) => [id, undefined] as const)),
      failed: new Set(),
      settled: Promise.withResolvers<RunResult>(),
      isCut: this.#stopReason !== undefined,
      cutReason: this.#stopReason,
    };
    this.#run = run;
    this.#asked = ids;
    this.#failed = run.failed;
    for (const [route, worker] of this.#workers) {
      run.schedule.addWorker(route, worker.isOneShot);
    }
    this.#step();
    return run.settled.promise;
  }

  /** Starts no further test. */
  stop(reason: string): void {
    this.#stopReason = reason;
    this.#endChanges();
    this.#cut(reason);
    this.#step();
  }

  /**
   * Waits for edits of files, also of those before; undefined when none will be
   * reported. Without files, the worker that watches them has ended.
   */
  changes(): Promise<readonly string[] | undefined> {
    return new Promise((resolve) => {
      this.#onChange = resolve;
      this.#endChanges();
    });
  }

  /** Reports what is known of edits, if that is wanted. */
  #endChanges(): void {
    if (this.#onChange === undefined) return;
    let files: readonly string[] | undefined = [...this.#changed];
    const isOver = (this.#stopReason ?? this.#dead) !== undefined;
    if (isOver) files = undefined;
    else if (this.#watcher !== undefined && files.length === 0) return;
    this.#changed.clear();
    this.#onChange(files);
    this.#onChange = undefined;
  }

  /** Whether a worker, or one below it, has something to do. */
  isBusy(slot: string): boolean {
    return this.#workers.entries().some(([route, { units }]) =>
      isWithin(route, slot) &&
      (units.length > 0 || this.#list?.route === route)
    );
  }

  /** Whether tests can be given to a worker, or to one below it. */
  hasWorker(slot: string): boolean {
    return this.#workers.keys().some((route) => isWithin(route, slot));
  }

  /** Takes a message of a worker. */
  message(route: string, message: ReadMessage): void {
    switch (message.word) {
      case "ready": {
        const ready = readReply("ready", message);
        if (ready !== undefined) this.#ready(route, ready);
        break;
      }
      case "done": {
        const done = readReply("done", message);
        if (done?.req !== undefined) this.#done(route, done.req, done.unrun);
        break;
      }
      case "error": {
        const error = readReply("error", message);
        if (error === undefined) break;
        if (error.req !== undefined) this.#refused(route, error);
        else this.#options.warn(`${route}: ${error.text}`);
        break;
      }
      case "ask": {
        const ask = readReply("ask", message);
        if (ask !== undefined) this.#question(route, ask, message);
        break;
      }
      case "changed": {
        const changed = readReply("changed", message);
        if (changed === undefined || route !== this.#watcher) break;
        for (const file of changed.files) this.#changed.add(file);
        this.#endChanges();
      }
    }
    this.#step();
  }

  /** Takes an event of a worker, and returns what becomes of it. */
  event(route: string, event: StatusEvent): Fate {
    const { testId, status, parentTestId } = event;
    if (this.#options.isShared && !this.#isOurs(route, event)) return "drop";
    this.#questions.delete(route);
    this.#early.delete(route);
    if (testId === undefined || status === undefined) return "pass";
    if (status === "exists") {
      if (this.#list?.route === route && event.runnable) {
        if (testId.length <= MAX_ID_LENGTH) this.#list.ids.set(testId, true);
        else this.#options.fail("(list)", "The id of a test is too long.\n");
      }
      return "pass";
    }
    const run = this.#run;
    if (parentTestId !== undefined || !this.#asked.has(testId)) return "pass";
    const place = run?.left.get(testId);
    if (run === undefined || place?.route !== route) {
      if (isFailure(status)) this.#failedAfterwards(route, testId);
      return "without status";
    }
    const worker = this.#workers.get(route)!;
    run.schedule.testStarted(place.unit);
    if (!isFinalStatus(status)) {
      worker.test = testId;
      worker.begun.add(testId);
    } else {
      worker.begun.delete(testId);
      if (worker.test === testId) worker.test = undefined;
      run.schedule.testEnded(place.unit, testId);
      this.#ended(testId, isFailure(status));
    }
    if (!worker.hasBegun) {
      // Only now is it known what starting a unit costs.
      worker.hasBegun = true;
      this.#step();
    }
    return "pass";
  }

  /**
   * A test that has another result, or that is another worker's, fails. It has one
   * result, but nobody may take it for good.
   */
  #failedAfterwards(route: string, testId: string): void {
    if (this.#options.isShared || this.#failed.has(testId)) return;
    this.#failed.add(testId);
    this.#options.fail(
      "(failed afterwards)",
      `The worker ${route} reports that "${testId}" failed, which has another result or is not its test.\n`,
    );
  }

  /** Whether an event of a worker that others command, too, is about our tests. */
  #isOurs(route: string, { testId, status, runnable }: StatusEvent): boolean {
    if (testId !== undefined && this.#asked.has(testId)) return true;
    const worker = this.#workers.get(route);
    if (worker === undefined || worker.test !== undefined) return true;
    if (this.#list?.route === route) return true;
    const isTest = testId !== undefined && (runnable || status === undefined);
    return worker.units.length > 0 && !isTest;
  }

  /**
   * A worker, and all below it, has ended.
   *
   * @param reason how
   */
  gone(slot: string, reason: string): void {
    for (const route of [...this.#workers.keys()]) {
      if (isWithin(route, slot)) this.#lose(route, reason);
    }
    this.#step();
  }

  /** No worker will come any more: what is left is lost. */
  dead(reason: string): void {
    this.#dead = reason;
    this.#endChanges();
    this.#step();
  }

  #ready(
    route: string,
    { engine, can, socket }: Ready,
  ): void {
    if (socket !== undefined) this.#sockets.set(route, socket);
    if (engine === "serve") this.#takeEarly(route);
    // A multiplexer gives tests to nobody: those below it are commanded.
    const isAbove = this.#workers.keys().some((one) =>
      one !== route && isWithin(one, route)
    );
    if (isAbove || engine === "serve" || !can.includes("run")) return;
    // A multiplexer has started it again. It has blamed the test in progress, and
    // gives its successor the rest, or answers for it: nobody else may run that.
    if (this.#workers.has(route)) return this.#forgetWatcher(route);
    const isOneShot = engine === "exec";
    this.#workers.set(route, {
      isOneShot,
      canWatch: can.includes("watch"),
      units: [],
      test: undefined,
      begun: new Set(),
      hasBegun: false,
    });
    this.#run?.schedule.addWorker(route, isOneShot);
  }

  /** A worker that has ended reports no changes any more. */
  #forgetWatcher(route: string): void {
    if (this.#watcher !== route) return;
    this.#watcher = undefined;
    this.#endChanges();
  }

  #lose(route: string, reason: string): void {
    const worker = this.#workers.get(route)!;
    this.#workers.delete(route);
    this.#forgetWatcher(route);
    if (this.#list?.route === route) this.#relist(reason);
    const run = this.#run;
    if (run === undefined) return;
    const cause = `The worker has ended: ${reason}`;
    this.#blame(run, worker, cause, route);
    for (const { unit } of worker.units) this.#unplace(run, unit);
    const lost = run.schedule.removeWorker(route);
    for (const id of lost) this.#lost(id, ["lost", "unstarted"], cause, route);
  }

  /**
   * Fails the tests that have begun on a worker, in one of its units or in any:
   * the last one, and others that it has left without a result.
   */
  #blame(
    run: Run,
    worker: Worker,
    reason: string,
    route: string,
    unit?: Unit,
  ): void {
    for (const test of worker.begun) {
      const place = run.left.get(test);
      if (unit !== undefined && (place?.unit ?? unit) !== unit) continue;
      worker.begun.delete(test);
      if (worker.test === test) worker.test = undefined;
      if (place?.route !== route) continue;
      run.schedule.testEnded(place.unit, test);
      this.#lost(test, ["lost"], reason, route);
    }
  }

  #unplace({ left }: Run, unit: Unit): void {
    for (const id of unit.ids) if (left.has(id)) left.set(id, undefined);
  }

  #done(route: string, req: string, unrun: readonly string[]): void {
    if (this.#list?.req === req && this.#list.route === route) {
      const { settled, ids } = this.#list;
      this.#list = undefined;
      settled.resolve([...ids.keys()]);
      return;
    }
    const reason = "The worker has answered without a result.";
    this.#endUnit(route, req, reason, new Set(unrun));
  }

  /** @param unrun what the worker returns; all that is left unless given */
  #endUnit(
    route: string,
    req: string,
    reason: string,
    unrun?: ReadonlySet<string>,
  ): void {
    const worker = this.#workers.get(route);
    const index = worker?.units.findIndex((one) => one.req === req) ?? -1;
    const run = this.#run;
    if (worker === undefined || index < 0 || run === undefined) return;
    const [{ unit }] = worker.units.splice(index, 1);
    worker.hasBegun = false;
    // They began, and the worker has forgotten them.
    this.#blame(run, worker, reason, route, unit);
    for (const id of unit.ids) {
      if (unrun === undefined || unrun.has(id)) continue;
      if (run.left.get(id)?.unit !== unit) continue;
      run.schedule.testEnded(unit, id);
      this.#lost(id, ["lost", "unstarted"], reason, route);
    }
    this.#unplace(run, unit);
    for (const id of run.schedule.unitEnded(unit)) {
      if (run.cutReason !== undefined) this.#skip(id, run.cutReason);
      else this.#lost(id, ["lost", "unstarted"], reason, route);
    }
  }

  #refused(
    route: string,
    { req, code, text }: { req?: string; code: string; text: string },
  ): void {
    const reason = `The worker has refused it: ${code}: ${text}`;
    if (this.#list?.req === req && this.#list?.route === route) {
      this.#relist(reason);
    } else this.#endUnit(route, req!, reason);
    if (code === "no-route" && this.#workers.has(route)) {
      this.#lose(route, reason);
    }
  }

  /** A multiplexer can be commanded, and has said where people can attach. */
  #takeEarly(hub: string): void {
    this.#hubs.add(hub);
    for (const [route, { ask, message }] of [...this.#early]) {
      if (!isWithin(route, hub)) continue;
      this.#early.delete(route);
      this.#question(route, ask, message);
    }
  }

  #question(
    route: string,
    { test, prompt = "", again }: Ask,
    message: ReadMessage,
  ): void {
    const { answersAsks, warn, endInput, asked, attach = "subunit-attach" } =
      this.#options;
    const isOurs = this.#workers.get(route)?.test !== undefined;
    if (this.#options.isShared && !isOurs) return;
    const who = `${route} ${test ?? ""}`.trim();
    const parts = route.split("/");
    if (
      parts.length > 1 && !this.#options.isShared && !this.#hubs.has(parts[0])
    ) {
      // It starts its other workers meanwhile.
      this.#early.set(route, { ask: { test, prompt, again }, message });
      return;
    }
    const hub = [...this.#sockets.keys()].find((one) => isWithin(route, one));
    if (hub !== undefined) {
      const below = hub === "" ? route : route.slice(hub.length + 1);
      warn(`${who} is waiting at ${prompt}: ${attach} ${below}`);
      this.#questions.set(route, message);
      this.#options.whenNobodyComes?.(() => {
        if (this.#questions.get(route) !== message) return;
        warn(`${who} gets the end of input: nobody came`);
        endInput(route);
      });
    } else if (answersAsks) {
      warn(`${who} is waiting at ${prompt}`);
      const isAnswered = this.#nameless.delete(route) && again;
      if (!isAnswered) asked(route);
      if (test === undefined) this.#nameless.add(route);
    } else if (parts.length === 1) {
      warn(`${who} asks ${prompt}: nobody answers without --debug`);
      endInput(route);
    }
  }

  #relist(reason: string): void {
    const list = this.#list!;
    list.route = list.req = undefined;
    list.ids.clear();
    if (++list.tries < LIST_TRIES) return;
    this.#failList(reason);
  }

  #failList(reason: string): void {
    const { settled } = this.#list!;
    this.#list = undefined;
    this.#options.fail("(list)", `The tests could not be listed: ${reason}`);
    settled.resolve(undefined);
  }

  #lost(
    testId: string,
    tags: readonly string[],
    reason: string,
    route?: string,
  ): void {
    if (!this.#run!.left.has(testId)) return;
    this.#options.report({ testId, status: "fail", tags, reason, route });
    this.#ended(testId, true);
  }

  #skip(testId: string, reason: string): void {
    if (!this.#run!.left.has(testId)) return;
    this.#options.report({
      testId,
      status: "skip",
      tags: ["unstarted"],
      reason,
    });
    this.#ended(testId, false);
  }

  #ended(id: string, isFailure: boolean): void {
    const run = this.#run!;
    run.left.delete(id);
    if (!isFailure) return;
    run.failed.add(id);
    const { maxFailures = Infinity } = this.#options;
    if (run.failed.size < maxFailures) return;
    this.#cut("Not run: enough tests had failed.");
  }

  #cut(reason: string): void {
    const run = this.#run;
    if (run === undefined || run.cutReason !== undefined) return;
    run.cutReason = reason;
    run.isCut = true;
    for (const id of run.schedule.takeRest()) this.#skip(id, reason);
    for (const [route, { units }] of this.#workers) {
      for (const { req } of units.toReversed()) this.#stop(route, req);
    }
  }

  #stop(route: string, req: string): void {
    this.#options.send(route, { word: "stop", body: req });
  }

  #request(): string {
    const { requestPrefix = "subunit.req." } = this.#options;
    return `${requestPrefix}${++this.#requests}`;
  }

  /** Does what can be done now. */
  #step(): void {
    // A list is for a run, and there will be none.
    if (this.#stopReason !== undefined && this.#list !== undefined) {
      this.#failList(this.#stopReason);
    }
    if (this.#dead !== undefined && this.#workers.size === 0) {
      if (this.#list !== undefined) this.#failList(this.#dead);
      for (const id of this.#run?.schedule.takeRest() ?? []) {
        this.#lost(id, ["lost", "unstarted"], this.#dead);
      }
    }
    this.#startList();
    const run = this.#run;
    if (run === undefined) return;
    if (run.cutReason !== undefined) {
      for (const id of run.schedule.takeRest()) this.#skip(id, run.cutReason);
    }
    for (const step of run.schedule.next()) {
      const { worker: route } = step.unit;
      const { units } = this.#workers.get(route)!;
      if (step.kind === "stop") {
        const { req } = units.find(({ unit }) => unit === step.unit)!;
        this.#stop(route, req);
        continue;
      }
      const { unit } = step, req = this.#request();
      units.push({ req, unit });
      for (const id of unit.ids) run.left.set(id, { route, unit });
      this.#options.send(route, {
        word: "run",
        request: req,
        body: idsBody(unit.ids),
        options: this.#options.runOptions,
      });
    }
    if (run.left.size > 0) return;
    if (this.#workers.values().some(({ units }) => units.length > 0)) return;
    this.#run = undefined;
    run.settled.resolve({ failed: run.failed, isCut: run.isCut });
  }

  #startList(): void {
    const list = this.#list;
    if (list === undefined || list.route !== undefined) return;
    const [first] = this.#workers.keys();
    const route = list.isWatched ? this.#watcher ?? first : first;
    if (route === undefined) return;
    if (list.isWatched) {
      this.#watcher = route;
      if (!this.#workers.get(route)!.canWatch && !this.#isBlind) {
        this.#isBlind = true;
        this.#options.warn(`The worker ${route} does not report edits`);
      }
    }
    list.route = route;
    list.req = this.#request();
    this.#options.send(route, {
      word: "list",
      request: list.req,
      body: idsBody(list.prefixes),
      options: list.isWatched ? ["watch"] : undefined,
    });
  }
}

function isFailure(status: TestStatus): boolean {
  return status === "fail" || status === "uxsuccess";
}

function isWithin(route: string, slot: string): boolean {
  return slot === "" || route === slot || route.startsWith(`${slot}/`);
}
