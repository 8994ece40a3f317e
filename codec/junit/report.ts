/**
 * Makes events from the elements of a JUnit report.
 *
 * ```text
 * testsuites? > testsuite* > testcase > failure error skipped
 *                                       rerunFailure rerunError > stackTrace
 *                                       flakyFailure flakyError   system-out …
 *                                       system-out system-err properties
 *                          > properties > property
 *                          > system-out system-err testsuite
 * ```
 *
 * There is no specification. Source: the schema of Surefire's reports, and the
 * output of pytest, Node, Deno and GoogleTest.
 *
 * @module
 */

import { type StatusEvent, textFile } from "../event.ts";
import { cutId } from "../text/ids.ts";
import type { Timestamp } from "../timestamp.ts";
import { type Attributes, Suite } from "./suite.ts";
import { TestCase } from "./test_case.ts";
import { type FilePart, TextFile, TrimmedFile } from "./text_file.ts";
import { readSeconds, readTime, spanOf } from "./times.ts";

/** The test that fails when a report breaks off outside any suite. */
const REPORT_ID = "junit report";
/** Reports with deeper nesting are refused. */
const MAX_DEPTH = 256;

const SUITES = ["testsuites", "testsuite"];

/**
 * Elements whose text goes into a file unchanged, and the names of the files.
 */
const OUTPUTS: Record<string, string> = {
  "system-out": "stdout",
  "system-err": "stderr",
};

/** Attributes that are read; others are kept as properties of the case. */
const READ: Record<string, readonly string[]> = {
  testcase: ["name", "classname", "time", "timestamp", "status"],
  property: ["name", "value"],
};
const READ_ELSEWHERE = ["type", "message"];

/** An open element. */
interface Element {
  readonly name: string;
  /** Where its text goes; undefined if it can only be layout. */
  readonly file: TextFile | undefined;
  /** The beginning of the names of files in it: "attempt-1 ". */
  readonly prefix: string;
  /** What ends with it. */
  readonly ends?: "suite" | "case" | undefined;
}

/**
 * Makes events from the elements of a report.
 *
 * - A test's id is `classname.name`. Its tags are `suite:NAME` for each
 *   enclosing suite that has a name.
 * - A `failure` or `error` makes a test fail and becomes its file "traceback":
 *   a line "type: message" and the text. `skipped` becomes the file "reason".
 *   Tests that pytest marks as xfail are xfail, and so are failing tests that
 *   Node marks as todo.
 * - `system-out` and `system-err` become the files "stdout" and "stderr", of
 *   the test or of no test. Properties, and attributes without a meaning here,
 *   become the file "properties"; those of suites are dropped. Unknown elements
 *   become files with their own names, so that no text is lost.
 * - Runs that do not count, such as Surefire's reruns, become files of the one
 *   test: "attempt-1 traceback", "attempt-1 stdout". The test has a tag for
 *   each attempt, and `flaky` if it passed in the end: such a build is green.
 * - A failure outside a case, and a suite that declares more tests or failures
 *   than it contains, become failures of tests named after the suite.
 */
export class JunitReport {
  readonly #emit: (event: StatusEvent) => void;
  readonly #now: (() => Timestamp) | undefined;
  readonly #open: Element[] = [];
  readonly #suites: Suite[] = [];
  #case: TestCase | undefined;

  constructor(
    emit: (event: StatusEvent) => void,
    now: (() => Timestamp) | undefined,
  ) {
    this.#emit = emit;
    this.#now = now;
  }

  /**
   * Reads the beginning of an element.
   *
   * @throws {RangeError} when it cannot be part of a report
   */
  open(name: string, attributes: Attributes): void {
    if (this.#open.length === 0 && !SUITES.includes(name)) {
      throw new RangeError(
        `the root element is <${name}>, expected <testsuites> or <testsuite>`,
      );
    }
    if (this.#open.length === MAX_DEPTH) {
      throw new RangeError(`elements are nested deeper than ${MAX_DEPTH}`);
    }
    this.#open.at(-1)?.file?.interrupt();
    this.#open.push(this.#begin(name, attributes));
  }

  /** Reads all or part of an element's text. */
  text(text: string): void {
    this.#open.at(-1)?.file?.write(text);
  }

  /** Reads the end of an element. */
  close(): void {
    const { name, ends } = this.#closeFile();
    if (ends === "case") this.#endCase();
    if (ends === "suite") this.#endSuite();
    if (name === "properties" && this.#case === undefined) {
      this.#emitSuiteProperties();
    }
  }

  /** Breaks the report off with a reason: open tests fail. */
  breakOff(reason: string): void {
    while (this.#open.length > 0) this.#closeFile();
    this.#emitSuiteProperties();
    this.#case ??= this.#suiteCase(this.#suites.at(-1), REPORT_ID);
    this.#failCase(reason);
  }

  /**
   * Removes the innermost element and ends its file, unless it is its parent's.
   */
  #closeFile(): Element {
    const element = this.#open.pop()!;
    const { file } = element;
    if (file !== this.#open.at(-1)?.file) file?.end();
    return element;
  }

  #begin(name: string, attributes: Attributes): Element {
    const { file, prefix } = this.#open.at(-1) ?? NO_ELEMENT;
    if (this.#case === undefined) {
      if (SUITES.includes(name)) return this.#beginSuite(name, attributes);
      if (name === "testcase") return this.#beginCase(attributes);
    }
    this.#keepAttributes(name, attributes);
    if (Object.hasOwn(OUTPUTS, name)) {
      return { name, file: this.#output(prefix + OUTPUTS[name]), prefix };
    }
    switch (name) {
      case "failure":
      case "error":
        return this.#beginFailure(name, attributes);
      case "skipped":
        this.#case?.skip(attributes.type);
        return { name, file: this.#words("reason", attributes), prefix };
      case "rerunFailure":
      case "rerunError":
      case "flakyFailure":
      case "flakyError":
        return this.#beginAttempt(name, attributes);
      case "stackTrace":
        return { name, file, prefix };
      case "property":
        // In some reports the value is the text.
        return { name, file: this.#words(attributes.name ?? name, {}), prefix };
      default:
        return { name, file: this.#words(prefix + name, {}), prefix };
    }
  }

  // Suites

  #beginSuite(element: string, attributes: Attributes): Element {
    const { name = "", timestamp } = attributes;
    const around = this.#suites.at(-1);
    const time = readTime(timestamp);
    const clock = time || !around ? { time } : around.clock;
    const tags = around?.tags ?? [];
    const isTag = element === "testsuite" && name !== "";
    this.#suites.push(
      new Suite(
        name,
        attributes,
        clock,
        isTag ? [...tags, idText(`suite:${name}`)] : tags,
      ),
    );
    return {
      name: element,
      file: this.#words(element, {}),
      prefix: "",
      ends: "suite",
    };
  }

  #endSuite(): void {
    const suite = this.#suites.pop()!;
    this.#suites.at(-1)?.addSuite(suite);
    const { missing } = suite;
    if (missing === undefined) return;
    this.#case = this.#suiteCase(suite);
    this.#failCase(missing);
  }

  /** A test that represents a suite. */
  #suiteCase(suite: Suite | undefined, id = "testsuite"): TestCase {
    const { name, clock, tags } = suite ?? NO_SUITE;
    const span = spanOf(clock, this.#now);
    return new TestCase(idText(name || id), span, tags);
  }

  // Cases

  #beginCase(attributes: Attributes): Element {
    const { classname, name, time, timestamp, status } = attributes;
    const suite = this.#suites.at(-1)!;
    suite.addTest();
    const span = spanOf(
      suite.clock,
      this.#now,
      readTime(timestamp),
      readSeconds(time),
    );
    const id = [classname, name].filter(Boolean).join(".") || "testcase";
    this.#case = new TestCase(idText(id), span, suite.tags);
    this.#case.readStatus(status);
    this.#keepAttributes("testcase", attributes);
    this.#emit(this.#case.started);
    return {
      name: "testcase",
      file: this.#words("testcase", {}),
      prefix: "",
      ends: "case",
    };
  }

  #beginFailure(name: string, attributes: Attributes): Element {
    const suite = this.#suites.at(-1)!;
    suite.addBad(name);
    const ends = this.#case === undefined ? "case" : undefined;
    this.#case ??= this.#suiteCase(suite);
    this.#case.fail();
    return {
      name,
      file: this.#words("traceback", attributes),
      prefix: "",
      ends,
    };
  }

  #beginAttempt(name: string, attributes: Attributes): Element {
    this.#suites.at(-1)!.addBad(name);
    const number = this.#case?.addAttempt(name.startsWith("flaky")) ?? 1;
    const prefix = `attempt-${number} `;
    return {
      name,
      file: this.#words(`${prefix}traceback`, attributes),
      prefix,
    };
  }

  #endCase(): void {
    const test = this.#case!;
    if (test.properties.length > 0) {
      const name = test.fileName("properties");
      this.#emitPart(textFile(name, test.properties.join("\n")));
    }
    this.#emit(test.ended);
    this.#case = undefined;
  }

  /** Ends the case as a failure, for a reason that the report does not give. */
  #failCase(reason: string): void {
    const test = this.#case!;
    test.fail();
    this.#emitPart(textFile(test.fileName("reason"), reason));
    this.#endCase();
  }

  // Properties

  #keepAttributes(element: string, attributes: Attributes): void {
    const owner = this.#case ?? this.#suites.at(-1)!;
    if (element === "property") {
      const { name = "", value = "" } = attributes;
      owner.properties.push(`${name}=${value}`);
    }
    if (this.#case === undefined) return;
    const read = READ[element] ?? READ_ELSEWHERE;
    const prefix = element === "testcase" ? "" : `${element}.`;
    for (const [name, value] of Object.entries(attributes)) {
      if (!read.includes(name)) {
        this.#case.properties.push(`${prefix}${name}=${value}`);
      }
    }
  }

  #emitSuiteProperties(): void {
    const suite = this.#suites.at(-1);
    if (suite === undefined || suite.properties.length === 0) return;
    const text = suite.properties.join("\n") + "\n";
    suite.properties = [];
    const { eof: _, ...file } = textFile("properties", text);
    this.#emit({ runnable: true, ...file });
  }

  // Files

  #output(name: string): TextFile {
    return new TextFile(() => this.#fileName(name), this.#emitPart);
  }

  #words(name: string, { type = "", message = "" }: Attributes): TextFile {
    const headline = [type, message].filter(Boolean).join(": ");
    return new TrimmedFile(
      () => this.#fileName(name),
      headline,
      this.#emitPart,
    );
  }

  #fileName(name: string): string {
    const text = idText(name);
    return this.#case?.fileName(text) ?? text;
  }

  readonly #emitPart = (part: FilePart): void => {
    const { testId, span } = this.#case ?? {};
    this.#emit({
      ...(testId !== undefined && { testId }),
      runnable: testId === undefined,
      ...part,
      ...(span?.end && { timestamp: span.end }),
    });
  };
}

const NO_ELEMENT = { file: undefined, prefix: "" };
const NO_SUITE = { name: "", clock: { time: undefined }, tags: [] };

/** The text as an id, a tag or the name of a file can contain it. */
function idText(text: string): string {
  return cutId(text.replaceAll("\0", "\\0"));
}
