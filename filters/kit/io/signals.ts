/**
 * The signals that tools hear.
 *
 * @module
 */

/** Those that end a tool, and the exit status a shell knows each by. */
const ENDING_SIGNALS = [
  ["SIGHUP", 129],
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const;

/** A signal that ends a tool. */
export type EndingSignal = typeof ENDING_SIGNALS[number][0];

/**
 * Calls `take` for each signal that would end the tool, in place of that.
 *
 * @returns what stops it, lest it keep the tool alive
 */
export function hearSignals(
  take: (signal: EndingSignal, exitStatus: number) => void,
): () => void {
  const listeners = ENDING_SIGNALS.map(([signal, exitStatus]) => {
    const listener = () => take(signal, exitStatus);
    Deno.addSignalListener(signal, listener);
    return () => Deno.removeSignalListener(signal, listener);
  });
  return () => listeners.forEach((stop) => stop());
}
