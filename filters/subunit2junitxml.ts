#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write
/**
 * subunit2junitxml: the tests of a stream as a JUnit report, a case for each
 * in suites.
 *
 * A suite says first how many cases it has, so these wait until it ends; a long
 * suite is written in parts, so that not many do. Jenkins takes suites with the
 * same name for one (its junit-plugin, `TestResult.java`).
 *
 * @module
 */

import { isFailure, PARSER_TEST_ID } from "@subunit/codec";
import { reasonOf } from "./kit/errors.ts";
import { makeDirectories } from "./kit/io/new_file.ts";
import {
  caseOf,
  type CaseOptions,
  type Run,
  runOf,
  VERDICTS,
} from "./report/junit_case.ts";
import { pythonRegex } from "./kit/python/regex.ts";
import {
  type Report,
  type Reported,
  runReport,
  SINK_NOTES,
  SINK_OPTIONS,
} from "./report/report.ts";
import { formatSeconds, visibleLines } from "./kit/text/visible.ts";
import {
  defineTool,
  Output,
  parseCount,
  REPORT_STATUS,
  runTool,
  type Tool,
  ToolError,
} from "./kit/tool/tool.ts";
import { xmlStart } from "./kit/text/xml.ts";

const DEFAULT_CHARACTERS = 65536;
/** A suite whose cases are longer is written, and begun once more. */
const SUITE_CHARACTERS = 1024 * 1024;

/** How a report is to be. */
interface JunitOptions extends CaseOptions {
  /** What of a test id is the name of its suite. */
  readonly suiteFrom: RegExp | undefined;
  /** Whether the runs of a test that failed are one case. */
  readonly retries: boolean;
}

/** What a suite says of its cases. */
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

  add({ outcome, seconds = 0 }: Run): void {
    const [element] = VERDICTS[outcome] ?? [];
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
class JunitReport implements Report {
  readonly #out: Output;
  readonly #options: JunitOptions;
  /** The suite that is open, and its cases. */
  #suite: Suite | undefined;
  readonly #cases = new Gathered();
  /** Runs that failed, by route code and test id. */
  readonly #failed = new Map<string, Run[]>();

  constructor(out: Output, options: JunitOptions) {
    this.#out = out;
    this.#options = options;
    this.#write('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n');
  }

  add(test: Reported): void {
    const run = runOf(test, this.#options);
    // Damage at two places is not one test that ran twice.
    if (!this.#options.retries || test.testId === PARSER_TEST_ID) {
      return this.#writeCase(run, []);
    }
    const key = JSON.stringify([test.routeCode, test.testId]);
    const failed = this.#failed.get(key);
    if (isFailure(run.outcome)) {
      if (failed === undefined) this.#failed.set(key, [run]);
      else failed.push(run);
      return;
    }
    // One that was skipped did not pass: the failure stands.
    const isFlaky = failed !== undefined && run.outcome !== "skip";
    if (isFlaky) this.#failed.delete(key);
    this.#writeCase(run, isFlaky ? failed : []);
  }

  end(): void {
    for (const [first, ...others] of this.#failed.values()) {
      this.#writeCase(first, others);
    }
    this.#endSuite();
    this.#write("</testsuites>\n");
  }

  #writeCase(counted: Run, others: readonly Run[]): void {
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

/** Text that waits, as bytes: strings would be joined and moved about. */
class Gathered {
  /** Used again and again: V8 looks late for garbage outside its heap. */
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

/** The name of a test's suite: the expression's group, or all it matches. */
function suiteOf(testId: string, suiteFrom: RegExp | undefined): string {
  const match = suiteFrom?.exec(testId);
  return match?.groups?.g1 ?? match?.[0] ?? "";
}

/** @throws {ToolError} when it cannot be made */
function makeDirectory(path: string): void {
  try {
    makeDirectories(path);
  } catch (error) {
    throw new ToolError(
      `Cannot make directory "${path}": ${reasonOf(error)}: check the path`,
    );
  }
}

export const tool: Tool = defineTool({
  name: "subunit2junitxml",
  summary: "Report the tests of a subunit stream as JUnit XML",
  operands: "[FILE...]",
  options: {
    "suite-from": {
      value: "REGEX",
      help: "name suites by what this, or its group, finds in the id",
    },
    "max-output": {
      value: "COUNT",
      help: `take so many characters of each file (${DEFAULT_CHARACTERS})`,
    },
    attachments: {
      value: "DIR",
      help: "write other files than the reason there, and name them instead",
    },
    retries: {
      help: "make one case of a test's failed runs, flaky if one passed",
    },
    ...SINK_OPTIONS,
  },
  notes:
    `A suite is written when a test of another one comes or its cases are longer
than a million characters, and begun once more if need be. With --retries tests
that failed are held until they pass, or to the end.
Route, tags and parent are properties. Characters that XML cannot hold, and
control characters, are shown escaped. Files that are not text are named.
With --attachments each test with files has a directory in DIR; output names
them as [[ATTACHMENT|PATH]], which Jenkins and GitLab read.
${SINK_NOTES}`,
  exitStatus: REPORT_STATUS,
  examples: [
    "./runner | subunit2junitxml > report.xml",
    "subunit2junitxml --suite-from '^([^.]*)' -f -o report.xml run.subunit | subunit-ls",
  ],
  run(io, options, files) {
    const { attachments, retries } = options;
    const regex = options["suite-from"];
    const most = options["max-output"];
    const report: JunitOptions = {
      suiteFrom: regex === undefined ? undefined : pythonRegex(regex),
      most: most === undefined
        ? DEFAULT_CHARACTERS
        : parseCount("max-output", most),
      attachments,
      retries,
    };
    if (attachments !== undefined) makeDirectory(attachments);
    const needs = { attachments: true };
    return runReport(
      io,
      options,
      files,
      (out) => new JunitReport(out, report),
      needs,
    );
  },
});

if (import.meta.main) runTool(tool);
