/**
 * A terminal on which lines are typed.
 *
 * @module
 */

import type { ChildProcess } from "../runtime/runtime.ts";

/** What Ctrl-D writes into a line, and what Ctrl-] does. */
export const END_KEY = 0x04, LEAVE_KEY = 0x1d;

/**
 * Lets both keys end a line, so that they need no Enter, and undoes that when
 * its input ends, however this process has ended. The terminal still edits the
 * line.
 */
const KEYS = `trap "" HUP INT QUIT TERM TSTP TTOU
exec 3< /dev/tty || exit
saved=$(stty -g <&3) || exit
stty eof undef eol '^]' eol2 '^D' <&3
echo
read -r line
stty "$saved" <&3`;

/** Whether standard input is a terminal. */
export function isTyped(): boolean {
  return Deno.stdin.isTerminal();
}

/** The keys of a terminal, until they are released. */
export class TerminalKeys {
  readonly #keeper: ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;

  private constructor(keeper: ChildProcess) {
    this.#keeper = keeper;
    this.#input = keeper.stdin.getWriter();
  }

  static async take(): Promise<TerminalKeys> {
    const keeper = new Deno.Command("sh", {
      args: ["-c", KEYS],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const keys = new TerminalKeys(keeper);
    // A line comes when the keys are set.
    const reader = keeper.stdout.getReader();
    await reader.read();
    await reader.cancel();
    return keys;
  }

  /** Makes the terminal what it was. */
  async release(): Promise<void> {
    await this.#input.close().catch(() => {});
    await this.#keeper.status;
  }
}
