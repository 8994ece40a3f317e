/**
 * Tests that have been silent for long, and the last that they wrote.
 *
 * @module
 */

import type { RunningTest } from "@subunit/codec";
import { isText } from "../../traceback/reason.ts";
import { linesOf } from "../../traceback/grammars.ts";
import { textOfContent } from "../../kit/text/content.ts";
import { cutLine } from "../../kit/text/shorten.ts";
import { secondsText } from "./duration.ts";
import { expandTabs, nameSpans } from "./failure.ts";
import type { LiveRun } from "./run.ts";
import type { Line } from "./spans.ts";

/** How many tests are named at once. */
const MAX_NAMED = 20;
/** How many of the last lines of a test are shown, and how much of each. */
const LAST_LINES = 3, MAX_LINE_LENGTH = 300;
/** How much of the end of a file is read for them. */
const READ_BYTES = 8192;

/** Finds the tests that have been silent for a time. */
export class Stalls {
  readonly #milliseconds: number;
  /** Tests that were silent up to this time are known. */
  #knownUntil = -Infinity;
  /** When anything came, and whether its silence is known. */
  #received: number;
  #isKnown = false;

  constructor(seconds: number, now: number) {
    this.#milliseconds = seconds * 1000;
    this.#received = now;
  }

  /** Something came. */
  receive(now: number): void {
    this.#received = now;
    this.#isKnown = false;
  }

  /**
   * Returns lines that name the tests that have now been silent for long enough,
   * each once per silence; and the run, when it has no test to name.
   */
  find(run: LiveRun, now: number): Line[] {
    const until = now - this.#milliseconds;
    // Not those that were silent the last time.
    const silent = run.running(Infinity, until, this.#knownUntil);
    this.#knownUntil = Math.max(this.#knownUntil, until);
    const lines = silent.slice(0, MAX_NAMED)
      .flatMap((test) => stallLines(test, now));
    if (silent.length > MAX_NAMED) {
      lines.push([[`and ${silent.length - MAX_NAMED} more silent tests`]]);
    }
    if (run.size > 0 || this.#isKnown || this.#received > until) return lines;
    this.#isKnown = true;
    const seconds = secondsText((now - this.#received) / 1000, 1);
    return [...lines, [
      ["STALLED", "odd"],
      [`  nothing has come for ${seconds}, and no test is running`],
    ]];
  }
}

/** The lines that name a silent test. */
function stallLines(test: RunningTest, now: number): Line[] {
  const seconds = secondsText((now - test.last) / 1000, 1);
  const said = lastLinesOf(test);
  return [
    [["STALLED", "odd"], ["  "], ...nameSpans(test), [
      `  silent for ${seconds}${said.length > 0 ? ", after:" : ""}`,
      "faint",
    ]],
    ...said.map((line): Line => [["      "], [line, "faint"]]),
  ];
}

/** The last lines of the last text that a test has written. */
function lastLinesOf(test: RunningTest): string[] {
  const file = test.files()
    .findLast((file) => file.bytes.length > 0 && isText(file));
  if (file === undefined) return [];
  return linesOf(textOfContent(file.bytes.subarray(-READ_BYTES)))
    .filter((line) => line.trim() !== "")
    .slice(-LAST_LINES)
    .map((line) => cutLine(expandTabs(line.trimEnd()), MAX_LINE_LENGTH));
}
