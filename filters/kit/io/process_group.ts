/**
 * Commands that are ended together with everything they have started.
 *
 * @module
 */

import type { ChildProcess, SentSignal } from "../runtime/runtime.ts";

/**
 * The program that runs a script for Deno or Node: the one that runs the tool,
 * where it is the right one.
 */
export function runtimeProgram(name: "deno" | "node"): string {
  const isOurs = (Deno.build === undefined) === (name === "node");
  return isOurs ? Deno.execPath() : name;
}

/**
 * Starts a command that leads a process group, with pipes for its standard
 * streams.
 *
 * @throws what the runtime throws when it cannot
 */
export function startGroup(
  [program, ...args]: readonly string[],
): ChildProcess {
  return new Deno.Command(program, {
    args,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    detached: true,
  }).spawn();
}

/** Sends a signal to a process group; does nothing when it is gone. */
export function signalGroup(pid: number, signal: SentSignal): void {
  try {
    Deno.kill(-pid, signal);
  } catch {
    // It has ended.
  }
}

/** Sends a signal to a process; does nothing when it is gone. */
export function signalProcess(pid: number, signal: SentSignal): void {
  try {
    Deno.kill(pid, signal);
  } catch {
    // It has ended.
  }
}

/** Kills the groups in the last line that it reads, once its input ends. */
const GUARD = `trap "" HUP INT TERM
while read -r line; do groups=$line; done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
exit 0`;

/**
 * Kills process groups when this process is gone, however it ended: a command
 * that does not read its input would not notice.
 */
export class GroupGuard {
  readonly #groups = new Set<number>();
  #guard: ChildProcess | undefined;
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;

  add(pid: number): void {
    this.#groups.add(pid);
    this.#report();
  }

  remove(pid: number): void {
    this.#groups.delete(pid);
    this.#report();
  }

  /** Kills the groups that are left, and ends. */
  async close(): Promise<void> {
    await this.#writer?.close().catch(() => {});
    await this.#guard?.status;
  }

  #report(): void {
    if (this.#writer === undefined) {
      this.#guard = new Deno.Command("sh", {
        args: ["-c", GUARD],
        stdin: "piped",
        stdout: "null",
        stderr: "null",
        detached: true,
      }).spawn();
      this.#writer = this.#guard.stdin.getWriter();
    }
    const line = new TextEncoder().encode([...this.#groups].join(" ") + "\n");
    this.#writer.write(line).catch(() => {});
  }
}
