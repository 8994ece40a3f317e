/**
 * Runs a command, records what it writes and how it ends, and ends it when it
 * takes too long.
 *
 * @module
 */

import { passSignals, startCommand } from "../kit/io/command.ts";
import { signalGroup } from "../kit/io/process_group.ts";
import type { Packet } from "@subunit/codec";
import type { ChildProcess, CommandStatus } from "../kit/runtime/runtime.ts";
import {
  commandEnding,
  endingId,
  writeEnding,
} from "../kit/stream/failures.ts";
import { FailingTests } from "../kit/stream/failing_tests.ts";
import type { ToolIO } from "../kit/tool/tool.ts";
import { type CommandLimits, Limits, progressLines } from "./limits.ts";
import { Recorder, redirected } from "./recorder.ts";
import type { Format } from "./results_reader.ts";

/** A command, and how it is recorded. */
export interface CommandPlan {
  readonly words: readonly string[];
  /** The test id of its ending. */
  readonly testId: string;
  readonly format: Format;
  /** The descriptor of the results; undefined for standard output. */
  readonly fd: number | undefined;
  readonly limits: CommandLimits;
  /** How long it may take to end at a limit, in seconds. */
  readonly graceSeconds: number;
  /** Whether that counts for signals that are passed on, too. */
  readonly hasGrace: boolean;
  /** Takes the results of tests. */
  readonly failing?: FailingTests;
  /** Which attempt at its tests it is; undefined for the first. */
  readonly attempt?: number;
}

/** How a command went. */
export interface RecordedCommand {
  /** Whether no test failed or was lost, and nothing is damaged. */
  readonly isGood: boolean;
  /** Whether it failed, and no test shows why. */
  readonly hasFailed: boolean;
  /** Whether a test never ended: those after it may not have run. */
  readonly hasLost: boolean;
  /** Whether the output of tests is damaged. */
  readonly isDamaged: boolean;
  /** Whether a signal or a limit ended it: tests may not have run at all. */
  readonly isInterrupted: boolean;
  readonly status: CommandStatus;
  /** The last packet that describes a run, if there is one. */
  readonly record: Packet | undefined;
}

/**
 * Runs a command to its end.
 *
 * @throws {ToolError} when it cannot be started
 */
export async function recordCommand(
  io: ToolIO,
  plan: CommandPlan,
): Promise<RecordedCommand> {
  const { words, testId, format, fd, limits, failing, attempt } = plan;
  const isLimited = limits.timeout !== undefined ||
    limits.noOutput !== undefined || plan.hasGrace;
  let command: ChildProcess;
  try {
    const all = fd === undefined ? words : redirected(words, fd);
    command = startCommand(all, "piped", isLimited);
  } catch (error) {
    const reason = "it could not be started";
    writeEnding(io.out, { testId, status: "fail", reason });
    throw error;
  }
  const signals = passSignals(command, isLimited, () => {
    if (plan.hasGrace) ender?.expectEnd();
  });
  const recorder = new Recorder(io.out, { failing, attempt, isLimited });
  const ender = isLimited
    ? new Ender(io, plan, command, recorder, signals.send)
    : undefined;
  const textName = fd === undefined ? "stderr" : "output";
  await Promise.all([
    recorder.recordResults(command.stdout, format, signals.released),
    recorder.recordText(command.stderr, textName, signals.released),
  ]);
  const status = await command.status;
  ender?.stop();
  const reason = ender?.reason;
  const isGood = recorder.end(
    reason && `The test never ended. The command was ended: ${reason}.`,
  );
  const { converter } = recorder;
  const ending = commandEnding({ testId }, status, !isGood);
  const problem = reason !== undefined
    ? `${reason}, and was ended: ${ending.reason}`
    : converter !== undefined
    ? `${ending.reason}, with results in another format: put ${converter} behind it`
    : undefined;
  const shown = problem === undefined
    ? ending
    : { ...ending, status: "fail", reason: problem } as const;
  writeEnding(io.out, shown);
  // Until then no signal ends the tool; those that follow are for the next command.
  if (failing !== undefined) signals.stop();
  return {
    isGood: isGood && problem === undefined && status.success,
    hasFailed: shown.status === "fail",
    hasLost: recorder.hasLost,
    isDamaged: recorder.isDamaged,
    isInterrupted: signals.isInterrupted || reason !== undefined,
    status,
    record: recorder.record,
  };
}

/** How failed tests run again. */
export interface Reruns {
  /** How often at most. */
  readonly retries: number;
  /** A shell command, with {} for the ids. */
  readonly script: string | undefined;
}

/** Makes the packets that describe a run. */
export interface RunRecords {
  start(words: readonly string[]): Uint8Array;
  end(status: CommandStatus, inner: Packet | undefined): Uint8Array;
}

/**
 * Runs a command, and then its failed tests again, between packets that describe
 * the run. Returns whether all is good in the end.
 *
 * @throws {ToolError} when a command cannot be started
 */
export async function recordAttempts(
  io: ToolIO,
  plan: CommandPlan,
  reruns: Reruns,
  records: RunRecords,
): Promise<boolean> {
  // It leaves with the command's first output.
  io.out.write(records.start(plan.words));
  const failing = reruns.retries === 0 ? undefined : new FailingTests();
  const went = await recordCommand(io, { ...plan, failing });
  const isGood = failing === undefined
    ? went.isGood
    : await runAgain(io, { ...plan, failing }, went, reruns);
  io.out.write(records.end(went.status, went.record));
  return isGood;
}

/** Where the ids go, also in quotes: it becomes one word for each. */
const IDS = /"\{\}"|'\{\}'|\{\}/g;

async function runAgain(
  io: ToolIO,
  plan: CommandPlan & { readonly failing: FailingTests },
  went: RecordedCommand,
  { retries, script = "" }: Reruns,
): Promise<boolean> {
  const { failing } = plan;
  // A rerun is only of the tests that are known: of those it has to pass all.
  const { hasLost } = went;
  let { isGood, hasFailed, isDamaged } = went;
  for (let attempt = 2; attempt <= retries + 1; attempt++) {
    const { ids } = failing;
    if (ids.length === 0 || went.isInterrupted) break;
    failing.startAttempt();
    went = await recordCommand(io, {
      ...plan,
      words: ["sh", "-c", script.replace(IDS, () => '"$@"'), "sh", ...ids],
      testId: endingId(script.trim().split(/\s/)[0]),
      attempt,
    });
    hasFailed ||= went.hasFailed;
    isDamaged ||= went.isDamaged;
    isGood = !hasFailed && !isDamaged && failing.size === 0;
  }
  if (!isGood || !hasLost) return isGood;
  // Later stages have to know, too.
  const reason = "a test never ended, and those after it may not have run";
  writeEnding(io.out, { testId: plan.testId, status: "fail", reason });
  return false;
}

/** Ends a command that takes too long, and all that it has started. */
class Ender {
  readonly #limits: Limits;
  readonly #end: (reason: string) => void;
  readonly #kill: () => void;
  readonly #graceSeconds: number;
  #isKilled = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #command: ChildProcess;
  /** Why it was ended; undefined when it was not. */
  reason: string | undefined;

  constructor(
    io: ToolIO,
    { words, limits, graceSeconds }: CommandPlan,
    command: ChildProcess,
    recorder: Recorder,
    send: (signal: "SIGTERM" | "SIGKILL") => void,
  ) {
    this.#command = command;
    this.#limits = new Limits(limits, performance.now());
    recorder.onOutput = () => this.#limits.hasOutput(performance.now());
    this.#end = (reason) => {
      this.reason = reason;
      io.warn(`Ending "${words[0]}": ${reason}`);
      const lines = progressLines(
        recorder.running(),
        performance.now(),
        (routeCode) => recorder.lastOutput(routeCode),
      );
      for (const line of lines) io.warn(line);
      send("SIGTERM");
      this.expectEnd();
    };
    this.#kill = () => {
      this.#isKilled = true;
      send("SIGKILL");
    };
    this.#graceSeconds = graceSeconds;
    this.#look();
  }

  /** The command has been asked to end: it is killed unless it does. */
  expectEnd(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#kill, 1000 * this.#graceSeconds);
  }

  #look(isSure = false): void {
    const due = this.#limits.look(performance.now());
    if (due === Infinity) return;
    if (typeof due === "number") {
      this.#timer = setTimeout(() => this.#look(), Math.ceil(due));
    } else if (isSure) {
      this.#end(due);
    } else {
      // What is in the pipe counts: the tool may have waited for its reader.
      this.#timer = setTimeout(() => this.#look(true), 20);
    }
  }

  /** The command has ended; nothing that it has started remains after a limit. */
  stop(): void {
    clearTimeout(this.#timer);
    if (this.reason !== undefined || this.#isKilled) {
      signalGroup(this.#command.pid, "SIGKILL");
    }
  }
}
