/**
 * The signals that tools hear.
 *
 * @module
 */

/** Those that end a tool, and the exit status a shell knows each by. */
export const ENDING_SIGNALS = [
  ["SIGHUP", 129],
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const;
