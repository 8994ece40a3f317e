/**
 * Reports as Python's unittest makes them: a line for each test as it ends,
 * then what failed and how, then the counts.
 *
 * The texts of tests that failed are held, since they are printed at the end.
 *
 * @module
 */

import {
  type Outcome,
  OUTCOMES,
  secondsBetween,
  type Timestamp,
} from "@subunit/codec";
import type { Output } from "../kit/io/output.ts";
import { formatSeconds } from "../kit/python/format.ts";
import { cutContent, MAX_FILE_LENGTH } from "../kit/text/content.ts";
import { visibleLines, visibleText } from "../kit/text/visible.ts";
import { pythonRepr } from "../kit/python/repr.ts";
import { formatDetails } from "./pyunit_details.ts";
import type { Report, ReportedTest } from "./report.ts";

/** What unittest calls an outcome, and the character it has for it. */
const WORDS: Readonly<Record<Outcome, readonly [string, string]>> = {
  success: ["ok", "."],
  uxsuccess: ["unexpected success", "u"],
  skip: ["skipped", "s"],
  fail: ["FAIL", "F"],
  xfail: ["expected failure", "x"],
  lost: ["ERROR", "E"],
};

/** The counts at the end, in their order. */
const COUNTED: readonly (readonly [Outcome, string])[] = [
  ["fail", "failures"],
  ["lost", "errors"],
  ["skip", "skipped"],
  ["xfail", "expected failures"],
  ["uxsuccess", "unexpected successes"],
];

const DOUBLE_RULE = "=".repeat(70) + "\n";
const RULE = "-".repeat(70) + "\n";

/** The exception that testtools prints when it reads a stream. */
const RAISED = "testtools.testresult.real._StringException";

const LOST = "The test started and never ended.\n";

/** How a test failed. */
function failureText({ outcome, attachments }: ReportedTest): string {
  const details = formatDetails(attachments, "traceback");
  if (outcome === "lost") return LOST + (details && `\n${details}\n`);
  return details === "" ? `${RAISED}\n` : `${RAISED}: ${details}\n`;
}

/** Why a test was skipped. */
function skipReason({ attachments }: ReportedTest): string {
  const reason = attachments.find(({ name, bytes }) =>
    name === "reason" && bytes.length > 0
  );
  return reason
    ? cutContent(reason, MAX_FILE_LENGTH)
    : formatDetails(attachments);
}

/** Writes a report; the tests that failed are held until the end. */
export class PyunitReport implements Report {
  readonly #out: Output;
  readonly #isShort: boolean;
  readonly #counts = new Map(OUTCOMES.map((outcome) => [outcome, 0]));
  /** The texts of tests that are printed at the end, by outcome. */
  readonly #held: Record<"lost" | "fail" | "uxsuccess", string[]> = {
    lost: [],
    fail: [],
    uxsuccess: [],
  };
  /** The first and last time in the stream, if it has any. */
  #first: Timestamp | undefined;
  #last: Timestamp | undefined;

  /** @param isShort whether a test is a character, not a line */
  constructor(out: Output, isShort: boolean) {
    this.#out = out;
    this.#isShort = isShort;
  }

  add(test: ReportedTest): void {
    const { outcome } = test;
    this.#counts.set(outcome, this.#counts.get(outcome)! + 1);
    this.#noteTimes(test);
    const [word, character] = WORDS[outcome];
    const title = this.#titleOf(test);
    if (this.#isShort) {
      this.#out.writeText(character);
    } else {
      const reason = outcome === "skip"
        ? ` ${pythonRepr(skipReason(test))}`
        : "";
      this.#out.writeText(`${title} ... ${word}${reason}\n`);
    }
    if (outcome === "uxsuccess") {
      this.#held.uxsuccess.push(`UNEXPECTED SUCCESS: ${title}\n`);
    } else if (outcome === "fail" || outcome === "lost") {
      const text = failureText(test);
      const shown = this.#out.isTerminal ? visibleLines(text) : text;
      this.#held[outcome].push(
        `${DOUBLE_RULE}${word}: ${title}\n${RULE}${shown}\n`,
      );
    }
  }

  end(): void {
    const write = (text: string) => this.#out.writeText(text);
    const { lost, fail, uxsuccess } = this.#held;
    write("\n");
    lost.forEach(write);
    fail.forEach(write);
    if (uxsuccess.length > 0) write(DOUBLE_RULE);
    uxsuccess.forEach(write);
    let total = 0;
    for (const count of this.#counts.values()) total += count;
    const tests = total === 1 ? "test" : "tests";
    write(`${RULE}Ran ${total} ${tests} in ${formatSeconds(this.#seconds)}s\n`);
    const isGood = lost.length + fail.length + uxsuccess.length === 0;
    const counts = COUNTED.filter(([outcome]) => this.#counts.get(outcome)! > 0)
      .map(([outcome, name]) => `${name}=${this.#counts.get(outcome)}`);
    const rest = counts.length > 0 ? ` (${counts.join(", ")})` : "";
    write(`\n${isGood ? "OK" : "FAILED"}${rest}\n`);
  }

  /** A test's id is its name and its description. */
  #titleOf({ testId }: ReportedTest): string {
    const name = this.#out.isTerminal ? visibleText(testId) : testId;
    return name === "" ? "" : `${name}\n${name}`;
  }

  #noteTimes({ started, ended }: ReportedTest): void {
    const first = started ?? ended;
    const last = ended ?? started;
    if (first === undefined || last === undefined) return;
    this.#first ??= first;
    this.#last ??= last;
    if (secondsBetween(first, this.#first) > 0) this.#first = first;
    if (secondsBetween(this.#last, last) > 0) this.#last = last;
  }

  /** How long the run took by its own clock; 0 where it has none. */
  get #seconds(): number {
    return this.#first && this.#last
      ? secondsBetween(this.#first, this.#last)
      : 0;
  }
}
