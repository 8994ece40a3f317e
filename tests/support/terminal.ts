/**
 * A real terminal for tests: tmux, which knows what is on the screen.
 *
 * @module
 */

import { assert } from "@std/assert";
import { quote } from "../../scripts/tool_path.ts";
import { TempDir, within } from "./run.ts";

/** The state of a terminal after a command. */
export interface TerminalState {
  /** Whether the cursor is visible: "1". */
  readonly cursor: string;
  /** The modes, as `stty -g` prints them. */
  readonly modes: string;
}

/** A terminal with a shell in it, on a tmux server of its own. */
export class Terminal implements AsyncDisposable {
  readonly #dir = new TempDir();

  private constructor() {}

  /** Opens a terminal; the shell shows no prompt. */
  static async open(columns: number, rows: number): Promise<Terminal> {
    const terminal = new Terminal();
    const shell =
      "env -u NO_COLOR -u FORCE_COLOR PS1= bash --norc --noprofile --noediting";
    await terminal.#tmux(
      ...["-f", "/dev/null", "new-session", "-d"],
      ...["-x", String(columns), "-y", String(rows), shell],
    );
    return terminal;
  }

  async #tmux(...args: string[]): Promise<string> {
    const { success, stdout, stderr } = await new Deno.Command("tmux", {
      args: ["-S", `${this.#dir.path}/socket`, ...args],
      env: { TERM: "xterm-256color", LC_ALL: "C.UTF-8" },
    }).output();
    const decoder = new TextDecoder();
    assert(success, `tmux ${args[0]}: ${decoder.decode(stderr)}`);
    return decoder.decode(stdout);
  }

  /** Types a line. */
  async type(line: string): Promise<void> {
    await this.#tmux("send-keys", "-l", line);
    await this.press("Enter");
  }

  /** Presses a key: "C-c". */
  async press(key: string): Promise<void> {
    await this.#tmux("send-keys", key);
  }

  /** Makes a fifo that a command in the terminal can read. */
  async fifo(name: string): Promise<string> {
    const path = `${this.#dir.path}/${name}`;
    await new Deno.Command("mkfifo", { args: [path] }).output();
    return path;
  }

  /** The screen, without the spaces at the ends of its lines. */
  async screen(hasColors = false): Promise<string> {
    const words = hasColors ? ["-p", "-e"] : ["-p"];
    return (await this.#tmux("capture-pane", ...words)).trimEnd();
  }

  /** Waits until the screen is as `isReady` wants it, and returns it. */
  async sees(
    isReady: RegExp | ((screen: string) => boolean),
    hasColors = false,
  ): Promise<string> {
    let screen = "";
    const wait = async () => {
      for (;;) {
        screen = await this.screen(hasColors);
        const found = isReady instanceof RegExp
          ? isReady.test(screen)
          : isReady(screen);
        if (found) return screen;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    try {
      return await within(wait());
    } catch {
      throw new Error(`The screen stays:\n${screen}`);
    }
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux(
      "resize-window",
      "-x",
      String(columns),
      "-y",
      String(rows),
    );
  }

  /** Whether the cursor is visible: "1". */
  async cursor(): Promise<string> {
    return (await this.#tmux("display", "-p", "#{cursor_flag}")).trim();
  }

  /** The state; a shell has to be there. */
  async state(): Promise<TerminalState> {
    const file = `${this.#dir.path}/modes`;
    await this.type(
      `stty -g > ${quote(file)}.new; mv ${quote(file)}.new ${quote(file)}`,
    );
    const modes = await within((async () => {
      for (;;) {
        try {
          return Deno.readTextFileSync(file).trim();
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }
    })());
    Deno.removeSync(file);
    return { cursor: await this.cursor(), modes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux("kill-server");
    this.#dir[Symbol.dispose]();
  }
}
