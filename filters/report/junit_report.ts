/**
 * JUnit reports: a case for each test, in suites.
 *
 * A suite begins with the count of its cases, so these are held until it ends;
 * a long suite is written in parts to bound that. Jenkins reads suites with the
 * same name as one (its junit-plugin, `TestResult.java`).
 *
 * @module
 */

import {
  isFailure,
  type Outcome,
  PARSER_TEST_ID,
  type Rows,
} from "@subunit/codec";
import { ByteWriter } from "../kit/io/byte_writer.ts";
import { Output } from "../kit/io/output.ts";
import type { Verdict } from "../kit/stream/verdict.ts";
import { formatSeconds } from "../kit/python/format.ts";
import { visibleLines } from "../kit/text/visible.ts";
import { xmlStart } from "../kit/text/xml.ts";
import {
  type Attempt,
  attemptOf,
  caseOf,
  type CaseOptions,
  OUTCOME_ELEMENTS,
  type Place,
} from "./junit_case.ts";
import { JunitRows } from "./junit_rows.ts";
import type { Report, ReportedTest } from "./report.ts";

/** A suite with more characters than this is written in parts. */
const SUITE_CHARACTERS = 1024 * 1024;

/** What a report depends on besides the tests. */
export interface JunitOptions extends Omit<CaseOptions, "showsPlaces"> {
  /** Matches the part of a test id that names its suite, instead of its tags. */
  readonly suiteFrom: RegExp | undefined;
  /** Whether the failed attempts at a test are one case. */
  readonly retries: boolean;
}

/** The start and the end of a suite: names and counts. */
class Suite {
  readonly place: Place;
  tests = 0;
  failure = 0;
  error = 0;
  skipped = 0;
  seconds = 0;

  constructor(place: Place) {
    this.place = place;
  }

  add({ outcome, seconds = 0 }: Pick<Attempt, "outcome" | "seconds">): void {
    const [element] = OUTCOME_ELEMENTS[outcome] ?? [];
    this.tests++;
    this.seconds += seconds;
    if (element !== undefined) this[element]++;
  }

  /** Enclosing suites have the same counts. */
  get start(): string {
    return this.#names.map((name) =>
      xmlStart("testsuite", {
        name,
        tests: `${this.tests}`,
        failures: `${this.failure}`,
        errors: `${this.error}`,
        skipped: `${this.skipped}`,
        time: formatSeconds(this.seconds),
        hostname: this.place.host,
      }) + "\n"
    ).join("");
  }

  get end(): string {
    return "</testsuite>\n".repeat(this.#names.length);
  }

  get #names(): readonly string[] {
    const { suites } = this.place;
    return suites.length === 0 ? [""] : suites;
  }
}

/** Writes a report, a suite at a time. */
export class JunitReport implements Report {
  readonly #out: Output;
  readonly #options: JunitOptions & CaseOptions;
  /** The suite that is open, and its cases. */
  #suite: Suite | undefined;
  readonly #cases = new Gathered();
  /** Whether rows are cases by themselves. */
  readonly #takesRows: boolean;
  #rows: JunitRows | undefined;
  /** Attempts that failed, by route code, test id and place. */
  readonly #failed = new Map<string, Attempt[]>();

  constructor(out: Output, options: JunitOptions) {
    this.#out = out;
    const showsPlaces = options.suiteFrom !== undefined;
    this.#options = { ...options, showsPlaces };
    this.#takesRows = !showsPlaces && !options.retries && !out.isTerminal;
    this.#write('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n');
  }

  add(test: ReportedTest): void {
    const attempt = attemptOf(test, this.#options);
    // Damage in two places is not one test that ran twice.
    if (!this.#options.retries || test.testId === PARSER_TEST_ID) {
      return this.#writeCase(attempt, []);
    }
    // A pass in another suite or on another host is no retry.
    const key = JSON.stringify([test.routeCode, test.testId, attempt.place]);
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

  addRow(rows: Rows, i: number, tests: Verdict): void {
    if (!this.#takesRows) return this.add(tests.endedTest(rows, i));
    const fast = this.#rows ??= new JunitRows(this.#options);
    const place = fast.read(rows, i, tests);
    if (place === undefined) return this.add(tests.endedTest(rows, i));
    const { seconds } = fast;
    this.#suiteIn(place).add({ outcome: rows.status(i) as Outcome, seconds });
    this.#cases.length += fast.write(this.#cases.bytes, rows, i);
    this.#endLongSuite();
  }

  end(): void {
    for (const [first, ...others] of this.#failed.values()) {
      this.#writeCase(first, others);
    }
    this.#endSuite();
    this.#write("</testsuites>\n");
  }

  #writeCase(counted: Attempt, others: readonly Attempt[]): void {
    const { suiteFrom } = this.#options;
    const place = suiteFrom === undefined
      ? counted.place
      : placeIn(counted.testId, suiteFrom);
    this.#suiteIn(place).add(counted);
    for (const part of caseOf(counted, others)) {
      this.#cases.write(this.#shown(part));
    }
    this.#endLongSuite();
  }

  /** The suite for a case: the one that is open, or a new one. */
  #suiteIn(place: Place): Suite {
    if (!isSame(place, this.#suite?.place)) {
      this.#endSuite();
      this.#suite = new Suite(place);
    }
    return this.#suite!;
  }

  #endLongSuite(): void {
    if (this.#cases.length > SUITE_CHARACTERS) this.#endSuite();
  }

  #endSuite(): void {
    if (this.#suite === undefined) return;
    this.#write(this.#suite.start);
    this.#cases.moveTo(this.#out);
    this.#write(this.#suite.end);
    this.#suite = undefined;
  }

  #write(xml: string): void {
    this.#out.writeText(this.#shown(xml));
  }

  #shown(xml: string): string {
    return this.#out.isTerminal ? visibleLines(xml) : xml;
  }
}

/** Held cases, as bytes: strings would be joined and copied again and again. */
class Gathered {
  /** Reused: V8 is late to collect garbage outside its heap. */
  #memory = new Uint8Array(SUITE_CHARACTERS);
  #count = 0;
  readonly #out = new Output({
    writeSync: (bytes) => this.#append(bytes),
    isTerminal: () => false,
  }, "memory");
  /** For cases that are written as bytes. */
  readonly bytes: ByteWriter = new ByteWriter(this.#out);
  /** In UTF-16 units. */
  length = 0;

  write(text: string): void {
    this.bytes.flush();
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
    this.bytes.flush();
    this.#out.flush();
    out.write(this.#memory.subarray(0, this.#count));
    this.#count = 0;
    this.length = 0;
  }
}

/** The suite that the group, or the expression, names in a test id. */
function placeIn(testId: string, suiteFrom: RegExp): Place {
  const match = suiteFrom.exec(testId);
  const name = match?.groups?.g1 ?? match?.[0] ?? "";
  return { suites: [name], host: undefined, repeat: undefined };
}

function isSame(a: Place, b: Place | undefined): boolean {
  if (a === b || b === undefined) return a === b;
  return a.host === b.host && a.repeat === b.repeat &&
    a.suites.length === b.suites.length &&
    a.suites.every((suite, i) => suite === b.suites[i]);
}
