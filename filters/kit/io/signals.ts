/**
 * The signals that end a tool.
 *
 * @module
 */

/** Each with the exit status that shells give it. */
const ENDING_SIGNALS = [
  ["SIGHUP", 129],
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const;

/** A signal that ends a tool. */
export type EndingSignal = typeof ENDING_SIGNALS[number][0];

/**
 * Calls `take` for each signal that would end the tool, instead of ending it.
 *
 * @returns a function that stops this; until then the process stays alive
 */
export function onEndingSignal(
  take: (signal: EndingSignal, exitStatus: number) => void,
): () => void {
  const listeners = ENDING_SIGNALS.map(([signal, exitStatus]) => {
    const listener = () => take(signal, exitStatus);
    Deno.addSignalListener(signal, listener);
    return () => Deno.removeSignalListener(signal, listener);
  });
  return () => listeners.forEach((stop) => stop());
}

/**
 * Ends the tool on a signal, but never in the middle of a write.
 *
 * @param ignored signals that do nothing
 * @param before is called first
 * @returns a function that stops this; until then the process stays alive
 */
export function exitOnEndingSignal(
  ignored: readonly EndingSignal[] = [],
  before: (signal: EndingSignal) => void = () => {},
): () => void {
  return onEndingSignal((signal, exitStatus) => {
    if (ignored.includes(signal)) return;
    try {
      before(signal);
    } finally {
      Deno.exit(exitStatus);
    }
  });
}
