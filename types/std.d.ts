/**
 * Types of what we use of the npm package that stands in for `@std/*`, which
 * ships none. With JSR at hand the modules bring their own: see README,
 * "Dependencies".
 */

declare module "@std/assert" {
  export function assert(
    condition: unknown,
    message?: string,
  ): asserts condition;
  export function assertEquals<T>(
    actual: T,
    expected: T,
    message?: string,
  ): void;
  export function assertMatch(
    actual: string,
    expected: RegExp,
    message?: string,
  ): void;
  export function assertStringIncludes(
    actual: string,
    expected: string,
    message?: string,
  ): void;
  // deno-lint-ignore no-explicit-any
  type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;
  export function assertThrows<E extends Error>(
    run: () => unknown,
    error?: ErrorClass<E>,
    includes?: string,
    message?: string,
  ): E;
  export function assertRejects<E extends Error>(
    run: () => PromiseLike<unknown>,
    error?: ErrorClass<E>,
    includes?: string,
    message?: string,
  ): Promise<E>;
}

declare module "@std/bytes/concat" {
  export function concat(buffers: readonly Uint8Array[]): Uint8Array;
}

declare module "@std/cli/parse-args" {
  interface ParseOptions {
    boolean?: string[];
    string?: string[];
    collect?: string[];
    alias?: Record<string, string>;
    unknown?: (argument: string, key?: string, value?: unknown) => unknown;
  }
  export function parseArgs(
    args: string[],
    options?: ParseOptions,
  ): { _: string[] } & Record<string, unknown>;
}

declare module "@std/path/posix/resolve" {
  export function resolve(...pathSegments: string[]): string;
}

declare module "@std/path/posix/glob-to-regexp" {
  interface GlobOptions {
    /** Whether "**" crosses slashes. */
    globstar?: boolean;
  }
  export function globToRegExp(glob: string, options?: GlobOptions): RegExp;
}

declare module "@std/streams/to-array-buffer" {
  export function toArrayBuffer(
    stream: ReadableStream<Uint8Array>,
  ): Promise<ArrayBuffer>;
}

declare module "@std/text/closest-string" {
  export function closestString(
    word: string,
    possible: readonly string[],
  ): string;
}

declare module "@std/text/levenshtein-distance" {
  export function levenshteinDistance(a: string, b: string): number;
}
