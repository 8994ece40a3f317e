/**
 * JUnit reports: a case for each test, in suites.
 *
 * A suite begins with the count of its cases, so these are held until it ends;
 * a long suite is written in parts to bound that. Jenkins reads suites with the
 * same name as one (its junit-plugin, `TestResult.java`).
 *
 * @module
 */

import { isFailure, PARSER_TEST_ID } from "@subunit/codec";
import { Output } from "../kit/io/output.ts";
import { formatSeconds } from "../kit/python/format.ts";
import { visibleLines } from "../kit/text/visible.ts";
import { xmlStart } from "../kit/text/xml.ts";
import {
  type Attempt,
  attemptOf,
  caseOf,
  type CaseOptions,
  OUTCOME_ELEMENTS,
} from "./junit_case.ts";
import type { Report, ReportedTest } from "./report.ts";

/** A suite with more characters than this is written in parts. */
const SUITE_CHARACTERS = 1024 * 1024;

/** What a report depends on besides the tests. */
export interface JunitOptions extends CaseOptions {
  /** Matches the part of a test id that names its suite. */
  readonly suiteFrom: RegExp | undefined;
  /** Whether the failed attempts at a test are one case. */
  readonly retries: boolean;
}

/** The start of a suite: its name and its counts. */
class Suite {
  readonly name: string;
  tests = 0;
  failure = 0;
  error = 0;
  skipped = 0;
  seconds = 0;

  constructor(name: string) {
    this.name = name;
  }

  add({ outcome, seconds = 0 }: Attempt): void {
    const [element] = OUTCOME_ELEMENTS[outcome] ?? [];
    this.tests++;
    this.seconds += seconds;
    if (element !== undefined) this[element]++;
  }

  get start(): string {
    return xmlStart("testsuite", {
      name: this.name,
      tests: `${this.tests}`,
      failures: `${this.failure}`,
      errors: `${this.error}`,
      skipped: `${this.skipped}`,
      time: formatSeconds(this.seconds),
    });
  }
}

/** Writes a report, a suite at a time. */
export class JunitReport implements Report {
  readonly #out: Output;
  readonly #options: JunitOptions;
  /** The suite that is open, and its cases. */
  #suite: Suite | undefined;
  readonly #cases = new Gathered();
  /** Attempts that failed, by route code and test id. */
  readonly #failed = new Map<string, Attempt[]>();

  constructor(out: Output, options: JunitOptions) {
    this.#out = out;
    this.#options = options;
    this.#write('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n');
  }

  add(test: ReportedTest): void {
    const attempt = attemptOf(test, this.#options);
    // Damage in two places is not one test that ran twice.
    if (!this.#options.retries || test.testId === PARSER_TEST_ID) {
      return this.#writeCase(attempt, []);
    }
    const key = JSON.stringify([test.routeCode, test.testId]);
    const failed = this.#failed.get(key);
    if (isFailure(attempt.outcome)) {
      if (failed === undefined) this.#failed.set(key, [attempt]);
      else failed.push(attempt);
      return;
    }
    // One that was skipped did not pass: the failure stands.
    const isFlaky = failed !== undefined && attempt.outcome !== "skip";
    if (isFlaky) this.#failed.delete(key);
    this.#writeCase(attempt, isFlaky ? failed : []);
  }

  end(): void {
    for (const [first, ...others] of this.#failed.values()) {
      this.#writeCase(first, others);
    }
    this.#endSuite();
    this.#write("</testsuites>\n");
  }

  #writeCase(counted: Attempt, others: readonly Attempt[]): void {
    const name = suiteOf(counted.testId, this.#options.suiteFrom);
    if (name !== this.#suite?.name) {
      this.#endSuite();
      this.#suite = new Suite(name);
    }
    this.#suite!.add(counted);
    this.#cases.write(this.#shown(caseOf(counted, others)));
    if (this.#cases.length > SUITE_CHARACTERS) this.#endSuite();
  }

  #endSuite(): void {
    if (this.#suite === undefined) return;
    this.#write(`${this.#suite.start}\n`);
    this.#cases.moveTo(this.#out);
    this.#write("</testsuite>\n");
    this.#suite = undefined;
  }

  #write(xml: string): void {
    this.#out.writeText(this.#shown(xml));
  }

  #shown(xml: string): string {
    return this.#out.isTerminal ? visibleLines(xml) : xml;
  }
}

/** Held text, as bytes: strings would be joined and copied again and again. */
class Gathered {
  /** Reused: V8 is late to collect garbage outside its heap. */
  #memory = new Uint8Array(SUITE_CHARACTERS);
  #count = 0;
  readonly #out = new Output({
    writeSync: (bytes) => this.#append(bytes),
    isTerminal: () => false,
  }, "memory");
  /** In UTF-16 units. */
  length = 0;

  write(text: string): void {
    this.#out.writeText(text);
    this.length += text.length;
  }

  #append(bytes: Uint8Array): number {
    const needed = this.#count + bytes.length;
    if (needed > this.#memory.length) {
      const memory = new Uint8Array(2 * needed);
      memory.set(this.#memory.subarray(0, this.#count));
      this.#memory = memory;
    }
    this.#memory.set(bytes, this.#count);
    this.#count = needed;
    return bytes.length;
  }

  moveTo(out: Output): void {
    this.#out.flush();
    out.write(this.#memory.subarray(0, this.#count));
    this.#count = 0;
    this.length = 0;
  }
}

/** The name of a test's suite: what the group matches, or the expression. */
function suiteOf(testId: string, suiteFrom: RegExp | undefined): string {
  const match = suiteFrom?.exec(testId);
  return match?.groups?.g1 ?? match?.[0] ?? "";
}
