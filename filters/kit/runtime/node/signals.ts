/**
 * Signals.
 *
 * @module
 */

import process from "node:process";

/** The name of a signal. */
export type Signal = NodeJS.Signals;

/** Calls a listener for each signal of a name, in place of what it does. */
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
