/**
 * How long a command may take, and how long it may be silent.
 *
 * @module
 */

import type { RunningTest } from "@subunit/codec";

/** A limit: its length, and how the user wrote it. */
export interface Limit {
  readonly seconds: number;
  readonly text: string;
}

/** The limits of a command. */
export interface CommandLimits {
  readonly timeout?: Limit;
  readonly noOutput?: Limit;
}

/** Watches the time of a command. Times are in milliseconds, of any clock. */
export class Limits {
  readonly #limits: CommandLimits;
  readonly #started: number;
  #output: number;

  constructor(limits: CommandLimits, now: number) {
    this.#limits = limits;
    this.#started = this.#output = now;
  }

  /** The command has written something, and it has been passed on. */
  hasOutput(now: number): void {
    this.#output = now;
  }

  /**
   * Returns why the command must end now; otherwise after how many milliseconds
   * to look again.
   */
  look(now: number): string | number {
    const { timeout, noOutput } = this.#limits;
    const left = (limit: Limit | undefined, since: number) =>
      limit === undefined ? Infinity : since + 1000 * limit.seconds - now;
    const leftInAll = left(timeout, this.#started);
    if (leftInAll <= 0) return `it took longer than ${timeout!.text}`;
    const leftSilent = left(noOutput, this.#output);
    if (leftSilent <= 0) return `it wrote nothing for ${noOutput!.text}`;
    return Math.min(leftInAll, leftSilent);
  }
}

/** How many tests are named, and how many of the last lines of each. */
const MAX_NAMED = 20, LAST_LINES = 3, MAX_LINE_LENGTH = 300;

const decoder = new TextDecoder();

/** The last lines of a text, shortened. */
function lastLines(text: Uint8Array | undefined): string[] {
  if (text === undefined || text.includes(0)) return [];
  return decoder.decode(text).split(/\r?\n|\r/)
    .map((line) => line.trimEnd().slice(-MAX_LINE_LENGTH))
    .filter((line) => line !== "")
    .slice(-LAST_LINES);
}

/**
 * Lines that name the tests in progress, each with the last that it wrote.
 *
 * @param outputOf returns the last output of a route
 */
export function progressLines(
  running: readonly RunningTest[],
  now: number,
  outputOf: (routeCode: string | undefined) => Uint8Array | undefined,
): string[] {
  if (running.length === 0) {
    const lines = lastLines(outputOf(undefined));
    const what = lines.length > 0 ? "; the last output:" : "";
    return [`No test is in progress${what}`, ...lines.map(indented)];
  }
  const lines = running.slice(0, MAX_NAMED).flatMap((test) => {
    const file = test.files()
      .findLast(({ bytes }) => bytes.length > 0 && !bytes.includes(0));
    const said = lastLines(file?.bytes ?? outputOf(test.routeCode));
    const seconds = ((now - test.first) / 1000).toFixed(1);
    const what = said.length > 0 ? ", after:" : "";
    return [
      `In progress for ${seconds} s: ${test.testId}${what}`,
      ...said.map(indented),
    ];
  });
  const more = running.length - MAX_NAMED;
  return more > 0 ? [...lines, `${more} more tests are in progress`] : lines;
}

function indented(line: string): string {
  return `  ${line}`;
}
