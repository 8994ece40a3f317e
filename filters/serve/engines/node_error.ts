/**
 * The errors of `node:test` as text.
 *
 * @module
 */

import { inspect } from "node:util";

/** What Node puts around whatever a test threw. */
interface TestError {
  readonly code?: unknown;
  readonly failureType?: unknown;
  readonly cause?: unknown;
  readonly message?: unknown;
  /** How the process of a file ended. */
  readonly exitCode?: number | null;
  readonly signal?: string | null;
}

/** Errors may be causes of each other, or of themselves. */
const MAX_CAUSES = 10;

/** Values in an error may be large. */
const SHOWN = { depth: 4, maxStringLength: 10_000, breakLength: 80 };

/** How the process of a file ended, if that is the error. */
export function endingOf(error: unknown): string | undefined {
  const { exitCode, signal } = objectOf<TestError>(error);
  if (signal) return `killed by ${signal}`;
  return exitCode === undefined || exitCode === null
    ? undefined
    : `exit status ${exitCode}`;
}

/**
 * The message of an error with its stack and those of its causes.
 *
 * @param place the test's, which stands for a stack where there is none:
 * "a.test.js:3:1"
 */
export function tracebackOf(error: unknown, place: string | undefined): string {
  const thrown = thrownIn(error);
  if (isError(thrown)) return stackOf(thrown, MAX_CAUSES);
  const text = typeof thrown === "string" ? thrown : inspect(thrown, SHOWN);
  return place === undefined ? text : `${text}\n    at ${place}`;
}

/**
 * What else an error has, a line for each: its kind, code, and values that were
 * compared.
 */
export function detailsOf(error: unknown, place: string | undefined): string {
  const { failureType, message } = objectOf<TestError>(error);
  const thrown = thrownIn(error);
  const lines = [`failureType: ${failureType}`];
  if (place !== undefined) lines.push(`location: ${place}`);
  if (isError(thrown)) {
    if (message !== thrown.message) lines.push(`message: ${message}`);
    for (const [key, value] of Object.entries(thrown)) {
      if (OMITTED.has(key)) continue;
      const text = typeof value === "string" ? value : inspect(value, SHOWN);
      lines.push(`${key}: ${text}`);
    }
  }
  return lines.join("\n");
}

/** They are in the traceback, or of no interest to a reader. */
const OMITTED: ReadonlySet<string> = new Set([
  "name",
  "message",
  "stack",
  "cause",
  "errors",
  "generatedMessage",
]);

/** What the test threw, without what Node put around it. */
function thrownIn(error: unknown): unknown {
  const { code, cause, message } = objectOf<TestError>(error);
  if (code !== "ERR_TEST_FAILURE") return error;
  return cause ?? message;
}

/** An error; those of child processes have lost their class. */
function isError(value: unknown): value is Error {
  const { message, stack } = objectOf<Error>(value);
  return typeof message === "string" &&
    (value instanceof Error || typeof stack === "string");
}

function objectOf<T>(value: unknown): Partial<T> {
  return typeof value === "object" && value !== null ? value : {};
}

function stackOf(error: Error, depth: number): string {
  const { name, message, stack } = error;
  const title = message === "" ? `${name}` : `${name}: ${message}`;
  const text = typeof stack !== "string" || stack === ""
    ? title
    // Some libraries change the message afterwards.
    : stack.includes(message)
    ? stack
    : `${title}\n${stack}`;
  if (depth === 0) return text;
  const { cause, errors } = error as { cause?: unknown; errors?: unknown };
  const inner = [
    ...(cause === undefined ? [] : [["cause", cause]]),
    ...(Array.isArray(errors)
      ? errors.slice(0, MAX_CAUSES).map((each) => ["error", each])
      : []),
  ];
  return [
    text,
    ...inner.map(([key, each]) => {
      const below = isError(each)
        ? stackOf(each, depth - 1)
        : inspect(each, SHOWN);
      return `  [${key}]: ${below.replaceAll("\n", "\n  ")}`;
    }),
  ].join("\n");
}
