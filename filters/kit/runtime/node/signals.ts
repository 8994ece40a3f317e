/**
 * Signals.
 *
 * @module
 */

import process from "node:process";
import type { Signal } from "../runtime.ts";

/** Calls `listener` for each signal of a name, instead of what it does. */
export function addSignalListener(signal: Signal, listener: () => void): void {
  process.on(signal, listener);
}

/** Undoes {@linkcode addSignalListener}. */
export function removeSignalListener(
  signal: Signal,
  listener: () => void,
): void {
  process.off(signal, listener);
}
