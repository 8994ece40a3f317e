/**
 * What the process got from the one that started it.
 *
 * @module
 */

/** The value of an environment variable that the tool may read, if it is set. */
export function variable(name: string): string | undefined {
  try {
    return Deno.env.get(name) || undefined;
  } catch {
    return undefined;
  }
}

/** The number of this process. */
export function ownPid(): number {
  return Deno.pid;
}
