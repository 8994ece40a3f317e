/**
 * The errors that end a tool with exit status 2, and what those of the runtime
 * mean.
 *
 * @module
 */

/** Something outside the tool failed; says what, where, and what to do. */
export class ToolError extends Error {
  override name = "ToolError";
}

/** The command line is wrong. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** The command line has an option that the tool does not have. */
export class UnknownOptionError extends UsageError {
  /** As it was given, with its dashes. */
  readonly option: string;

  constructor(option: string) {
    super(`Unknown option "${option}"`);
    this.option = option;
  }
}

/** Whether there is no such file, or no such command. */
export function isNotFound(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound;
}

/** Whether a write failed because the reader of the pipe has left. */
export function isReaderGone(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe;
}

/** Why an operation of the runtime failed, as part of a sentence. */
export function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotCapable) {
    return "the runtime was not given the permission";
  }
  const message = error instanceof Error ? error.message : String(error);
  const [reason] = message.split(" (os error");
  return reason.charAt(0).toLowerCase() + reason.slice(1);
}

/**
 * Whether an error is about the content of the input, not about reading or
 * writing it.
 */
export function isBadInput(error: unknown): error is Error {
  return error instanceof SyntaxError || error instanceof TypeError ||
    error instanceof RangeError;
}

/**
 * Whether a read or write must be tried again: a signal interrupted it, or the
 * descriptor was not ready, as another process has set it not to block.
 */
function isTemporary(error: unknown): boolean {
  const { Interrupted, WouldBlock } = Deno.errors;
  return error instanceof Interrupted || error instanceof WouldBlock;
}

const PAUSE_MILLISECONDS = 1;
const pause = new Int32Array(new SharedArrayBuffer(4));

/** The same; in this case it waits for a millisecond. */
export function isNotReady(error: unknown): boolean {
  if (!isTemporary(error)) return false;
  Atomics.wait(pause, 0, 0, PAUSE_MILLISECONDS);
  return true;
}

/** The same, without blocking signal handlers. */
export async function isNotReadyAsync(error: unknown): Promise<boolean> {
  if (!isTemporary(error)) return false;
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS));
  return true;
}
