/**
 * Runs commands in turns, and measures time and memory.
 *
 * @module
 */

import { quote } from "../tool_path.ts";
import type { Measured } from "./goals.ts";

/** Longer runs count as hanging. */
const LONGEST_RUN_MS = 300_000;
const MEMORY_POLL_MS = 10;

interface Sample {
  readonly seconds: number;
  readonly peakMemory: number;
}

/**
 * Runs commands in turns, without those that are undefined. The first turn warms
 * the caches and does not count.
 */
export async function takeTurns<Name extends string>(
  commands: Record<Name, string | undefined>,
  runs: number,
): Promise<Partial<Record<Name, Measured>>> {
  const samples: Partial<Record<Name, Sample[]>> = {};
  for (let turn = 0; turn <= runs; turn++) {
    for (const name in commands) {
      const command = commands[name];
      if (command === undefined) continue;
      const sample = await run(command);
      if (turn > 0) (samples[name] ??= []).push(sample);
    }
  }
  const measured: Partial<Record<Name, Measured>> = {};
  for (const name in samples) measured[name] = summarize(samples[name]!);
  return measured;
}

function summarize(samples: readonly Sample[]): Measured {
  const seconds = samples.map(({ seconds }) => seconds);
  return {
    best: Math.min(...seconds),
    median: median(seconds),
    peakMemory: Math.max(...samples.map(({ peakMemory }) => peakMemory)) ||
      undefined,
  };
}

/** The best of each of these commands that was measured. */
export function bestOf(
  samples: Readonly<Record<string, Measured | undefined>>,
  names: readonly string[],
): Record<string, number> {
  return Object.fromEntries(
    names.map((name) => [name, samples[name]?.best])
      .filter((entry): entry is [string, number] => entry[1] !== undefined),
  );
}

/** Returns the middle value, or the mean of the two middle values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]
    : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Runs a command until it ends. Bash replaces itself with the command, so that
 * the process that we started is the one to measure.
 */
async function run(command: string): Promise<Sample> {
  const errors = Deno.makeTempFileSync();
  const begun = performance.now();
  const child = new Deno.Command("bash", {
    args: ["-c", `exec 2> ${quote(errors)}; exec ${command}`],
    stdin: "null",
    stdout: "piped",
    env: { NO_COLOR: "1" },
    signal: AbortSignal.timeout(LONGEST_RUN_MS),
  }).spawn();
  let peakMemory = 0;
  const poll = setInterval(() => {
    peakMemory = Math.max(peakMemory, peakMemoryOf(child.pid));
  }, MEMORY_POLL_MS);
  const { code, signal, stdout } = await child.output();
  const seconds = (performance.now() - begun) / 1000;
  clearInterval(poll);
  const complaints = Deno.readTextFileSync(errors);
  Deno.removeSync(errors);
  checkRun(code, signal, complaints);
  // Only a command that times itself writes to our standard output.
  const printed = new TextDecoder().decode(stdout);
  return { seconds: printed === "" ? seconds : Number(printed), peakMemory };
}

/** Returns the peak of a process's resident memory so far, in MiB. */
function peakMemoryOf(pid: number): number {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** A status of 1 means that tests failed, but a crash has it too. */
function checkRun(code: number, signal: string | null, errors: string): void {
  const crash = /^(error: |Traceback ).*/m.exec(errors)?.[0];
  if (code < 2 && signal === null && crash === undefined) return;
  const words = crash ?? errors.split("\n", 1)[0];
  throw new Error(signal ? `ended by ${signal}` : `exit ${code}: ${words}`);
}
