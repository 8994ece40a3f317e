/**
 * The terminal that standard error is: its size, and whether it has colors.
 *
 * @module
 */

import type { ConsoleSize, Signal } from "../runtime/runtime.ts";
import { variable } from "./environment.ts";

export type { ConsoleSize } from "../runtime/runtime.ts";

/** What a terminal has that reports no size, as that of a pty without one. */
const USUAL_SIZE: ConsoleSize = { columns: 80, rows: 24 };

/** The size of the terminal. */
export function terminalSize(): ConsoleSize {
  try {
    const { columns, rows } = Deno.consoleSize();
    return columns > 0 && rows > 0 ? { columns, rows } : USUAL_SIZE;
  } catch {
    return USUAL_SIZE;
  }
}

/** Whether a terminal can move its cursor: the one of an editor may not. */
export function movesCursor(read = variable): boolean {
  return read("TERM") !== "dumb";
}

/**
 * Whether output has colors. FORCE_COLOR decides, as on Node, then NO_COLOR; empty
 * ones do not count. See https://force-color.org and https://no-color.org.
 */
export function hasColors(isTerminal: boolean, read = variable): boolean {
  const forced = read("FORCE_COLOR");
  if (forced) return forced !== "0" && forced !== "false";
  return isTerminal && !read("NO_COLOR") && movesCursor(read);
}

/**
 * Calls `take` for a signal, instead of what it does.
 *
 * @returns a function that stops this; undefined where there is no such signal
 */
export function onSignal(
  signal: Signal,
  take: () => void,
): (() => void) | undefined {
  try {
    Deno.addSignalListener(signal, take);
    return () => Deno.removeSignalListener(signal, take);
  } catch {
    return undefined;
  }
}
