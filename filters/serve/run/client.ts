/**
 * Connects a session to processes, to the stream and to signals.
 *
 * @module
 */

import { now, PacketEncoder, type StatusEvent, textFile } from "@subunit/codec";
import { readChunkAsync } from "../../kit/io/input.ts";
import { GroupGuard } from "../../kit/io/process_group.ts";
import { onEndingSignal } from "../../kit/io/signals.ts";
import { type Missing, writeFailure } from "../../kit/stream/failures.ts";
import type { ToolIO } from "../../kit/tool/tool.ts";
import type { View } from "./live.ts";
import { Session, type Verdictless } from "./session.ts";
import {
  StartError,
  type Surroundings,
  WorkerProcess,
} from "./worker_process.ts";
import type { Peer } from "./worker_stream.ts";

/** How long a test waits for somebody to attach, where no person sees it. */
const NOBODY_SECONDS = 600;

/** Makes the link to a server that runs. */
export type ServerLinkMaker = (around: Surroundings) => Peer;

/** What is run, and how. */
export interface ClientOptions {
  /** The command of each worker, or a server that runs. */
  readonly command: readonly string[] | ServerLinkMaker;
  /** The command that attaches to tests of that server, without a route. */
  readonly attach?: string;
  readonly workers: number;
  readonly maxFailures?: number;
  readonly timeoutSeconds?: number;
  /** Whether tests are debugged: standard input is theirs. */
  readonly debugs: boolean;
  /** Shows the run to people. */
  readonly view?: View;
  /** Describes a run of all tests, at its end. */
  readonly summary?: RunSummaryWriter;
}

/** Sees the stream, and makes the record at its end. */
export interface RunSummaryWriter {
  push(bytes: Uint8Array): void;
  record(exitStatus: number): Uint8Array;
}

/** The session as the modes of a run need it. */
export interface Client {
  readonly session: Pick<Session, "list" | "run" | "changes">;
  /** Numbers the results of a run; 1 is the first. */
  attempt: number;
  /** Whether a signal ends everything. */
  readonly isInterrupted: boolean;
  warn(text: string): void;
  /** Reports a failure that is not a test. */
  fail(what: string, reason: string): void;
}

/**
 * Starts workers, lets a mode use them, and ends them.
 *
 * @param mode returns whether it ran all tests that there are
 * @returns the exit status
 * @throws what writing the stream throws, and when a command cannot be started
 */
export async function withWorkers(
  io: ToolIO,
  options: ClientOptions,
  mode: (client: Client) => Promise<boolean | void>,
): Promise<number> {
  const { command, debugs, timeoutSeconds, view } = options;
  const isServer = typeof command === "function";
  const count = isServer ? 1 : options.workers;
  const encoder = new PacketEncoder();
  const guard = new GroupGuard();
  const workers: Peer[] = [];
  let isGood = true, signalStatus = 0;
  const workerOf = (route: string) =>
    workers[isServer ? 0 : Number(route.split("/")[0])];
  const write = (bytes: Uint8Array) => {
    io.out.write(bytes);
    view?.push(bytes);
    options.summary?.push(bytes);
  };
  const warn = (text: string) => {
    if (view === undefined) io.warn(text);
    else view.note(text);
  };
  const writeEvent = (event: StatusEvent) => {
    encoder.encodeEach(event, write);
  };
  const tag = () =>
    client.attempt > 1 ? `attempt=${client.attempt}` : undefined;
  const fail = (testId: string, reason: string) => {
    isGood = false;
    writeEvent({
      testId,
      status: "fail",
      runnable: false,
      timestamp: now(),
      ...textFile("reason", reason),
    });
  };
  const session = new Session({
    clock: () => performance.now() / 1000,
    maxFailures: options.maxFailures,
    answersAsks: debugs,
    whenNobodyComes: io.err.isTerminal
      ? undefined
      : (work) => void setTimeout(work, NOBODY_SECONDS * 1000),
    attach: options.attach,
    isShared: isServer,
    // Others have commanded the server with ids of theirs.
    requestPrefix: isServer
      ? `subunit.req.${crypto.randomUUID().slice(0, 8)}.`
      : undefined,
    runOptions: [
      ...(timeoutSeconds === undefined ? [] : [`timeout=${timeoutSeconds}`]),
      ...(debugs ? ["debug"] : []),
    ],
    send: (route, command) => workerOf(route).send(route, command),
    endInput: (route) => workerOf(route).input(route, new Uint8Array(0), true),
    asked: (route) => answer(workerOf(route), route),
    report({ reason, route, ...test }: Verdictless) {
      const event = {
        ...test,
        runnable: true,
        timestamp: now(),
        ...textFile("reason", reason),
      };
      if (route !== undefined) {
        return workerOf(route).report({ ...event, route });
      }
      isGood &&= test.status !== "fail";
      const own = tag();
      writeEvent(
        own === undefined
          ? event
          : { ...event, tags: [...event.tags, own].sort() },
      );
    },
    fail,
    warn,
  });
  let hopeless = 0;
  const around = {
    session,
    guard,
    write,
    flush: () => io.out.flush(),
    fail(test: Missing) {
      writeFailure({ write }, test, undefined, now());
    },
    tag,
    gaveUp(reason: string) {
      if (++hopeless < count) return;
      warn(`No worker is left: ${reason}`);
      session.dead(`No worker is left: ${reason}.`);
    },
    timeoutSeconds,
  };
  if (isServer) workers.push(command(around));
  else {
    for (let i = 0; i < count; i++) {
      workers.push(new WorkerProcess(String(i), command, around));
    }
  }
  const client = {
    session,
    attempt: 1,
    get isInterrupted() {
      return signalStatus > 0;
    },
    warn,
    fail,
  };
  const stopListening = onEndingSignal((signal, status) => {
    const isSecond = signalStatus > 0;
    if (!isSecond) {
      signalStatus = status;
      fail("subunit-run", `It was interrupted by ${signal}.`);
      session.stop(`Not run: interrupted by ${signal}.`);
      io.out.flush();
      if (signal === "SIGINT") {
        warn("Stopping after the tests in progress; once more to kill them");
        return;
      }
    }
    for (const worker of workers) worker.kill(`killed after ${signal}`);
  });
  const running = Promise.all(workers.map((worker) => worker.run()));
  // What was asked for gets its result also where no worker can be started.
  running.catch((error) => {
    if (error instanceof StartError) session.dead(`${error.message}.`);
  });
  let ranAll = false;
  try {
    const work = mode(client).then((all) => void (ranAll = all === true));
    await Promise.race([
      work,
      running.then(() => work, async (error) => {
        if (error instanceof StartError) await work;
        throw error;
      }),
    ]);
    for (const worker of workers) worker.quit();
    await running;
    view?.end();
  } finally {
    view?.close();
    for (const worker of workers) worker.kill("the run has ended");
    stopListening();
    await guard.close();
  }
  const isAllGood = isGood &&
    workers.every(({ exitStatus }) => exitStatus === 0);
  const exitStatus = signalStatus || (isAllGood ? 0 : 1);
  if (ranAll && signalStatus === 0) {
    const record = options.summary?.record(exitStatus);
    if (record !== undefined) io.out.write(record);
  }
  io.out.flush();
  return exitStatus;
}

/**
 * Gives a test that asks what comes next on standard input, or its end. It is not
 * read before: the tests after it may ask, too.
 */
async function answer(worker: Peer, route: string): Promise<void> {
  let chunk: Uint8Array | undefined;
  try {
    chunk = await readChunkAsync();
  } catch {
    // It is closed, and nobody answers.
  }
  worker.input(route, chunk ?? new Uint8Array(0), chunk === undefined);
}
