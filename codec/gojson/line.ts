/**
 * Parses one line of the output of `go test -json`.
 *
 * ```text
 * {"Time":"…","Action":"run","Package":"example.com/a","Test":"TestB/c"}
 * {"ImportPath":"example.com/a","Action":"build-output","Output":"…\n"}
 * FAIL	example.com/a [build failed]
 * ```
 *
 * Source: `go doc test2json`, `go help buildjson`. The last form is what Go up
 * to 1.19 prints for packages that cannot be built.
 *
 * @module
 */

import { MAX_SECONDS, parseTimestamp, type Timestamp } from "../timestamp.ts";

const ACTIONS = [
  "start",
  "run",
  "pause",
  "cont",
  "pass",
  "bench",
  "fail",
  "output",
  "skip",
  "attr",
  "build-output",
  "build-fail",
] as const;

/** What happened, in the words of test2json and of the build. */
export type GoAction = typeof ACTIONS[number];

/** A line of JSON. Fields that it lacks are empty or undefined. */
export interface GoEvent {
  readonly action: GoAction;
  readonly time: Timestamp | undefined;
  /** The import path of the tested package. */
  readonly package: string;
  /** Empty when the line is about the package as a whole. */
  readonly test: string;
  /** How long a test ran, in seconds; with its result. */
  readonly elapsed: number | undefined;
  readonly output: string;
  /** The import path of what is built, followed by " [a.test]" for a test. */
  readonly importPath: string;
  /**
   * The import path of the failed build, when a package fails because of it.
   */
  readonly failedBuild: string;
  /** An attribute of a test: key and value. */
  readonly key: string;
  readonly value: string;
}

/** The text fields that a line may have. */
const TEXT_FIELDS = [
  "Package",
  "Test",
  "Output",
  "ImportPath",
  "FailedBuild",
  "Key",
  "Value",
] as const;

type Fields =
  & {
    readonly Action?: unknown;
    readonly Time?: unknown;
    readonly Elapsed?: unknown;
  }
  & { readonly [Name in typeof TEXT_FIELDS[number]]?: string };

/** Parses a line of JSON; undefined when it is not an event of Go. */
export function parseGoEvent(line: string): GoEvent | undefined {
  const fields = tryParse(line);
  const action = fields?.Action;
  if (!fields || !isAction(action)) return undefined;
  for (const name of TEXT_FIELDS) {
    if (fields[name] !== undefined && typeof fields[name] !== "string") {
      return undefined;
    }
  }
  return {
    action,
    time: readTime(fields.Time),
    package: fields.Package ?? "",
    test: fields.Test ?? "",
    elapsed: readElapsed(fields.Elapsed),
    output: fields.Output ?? "",
    importPath: fields.ImportPath ?? "",
    failedBuild: fields.FailedBuild ?? "",
    key: fields.Key ?? "",
    value: fields.Value ?? "",
  };
}

function isAction(action: unknown): action is GoAction {
  return (ACTIONS as readonly unknown[]).includes(action);
}

function tryParse(line: string): Fields | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function readElapsed(elapsed: unknown): number | undefined {
  return typeof elapsed === "number" && elapsed >= 0 ? elapsed : undefined;
}

/** Reads a time that a packet can hold; Go's zero time is in the year 1. */
function readTime(text: unknown): Timestamp | undefined {
  if (typeof text !== "string") return undefined;
  try {
    const time = parseTimestamp(text);
    const { seconds } = time;
    return seconds >= 0 && seconds <= MAX_SECONDS ? time : undefined;
  } catch {
    return undefined;
  }
}

const BROKEN_PACKAGE = /^FAIL\t(\S+) (\[(?:build|setup) failed\])\s*$/;

/** A package that cannot be built, and Go's words for why. */
export interface BrokenPackage {
  readonly name: string;
  readonly reason: string;
}

/** Parses a line of text; undefined unless it reports that a package failed. */
export function parseBrokenPackage(line: string): BrokenPackage | undefined {
  const match = BROKEN_PACKAGE.exec(line);
  return match === null ? undefined : { name: match[1], reason: match[2] };
}

const OPENING_BRACE = 0x7b;
const FAIL = new TextEncoder().encode("FAIL\t");

/**
 * Returns whether a line that begins with bytes `start` to `end` may be parsed.
 */
export function mayBeRead(
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  if (bytes[start] === OPENING_BRACE) return true;
  const length = Math.min(FAIL.length, end - start);
  for (let i = 0; i < length; i++) {
    if (bytes[start + i] !== FAIL[i]) return false;
  }
  return true;
}
