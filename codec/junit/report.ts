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
import { caseTestId, classTag, REPEAT_TAG, suitesId } from "./names.ts";
import { type Attributes, type Place, placeTags, Suite } from "./suite.ts";
import { TestCase } from "./test_case.ts";
import {
  type FileOwner,
  type FilePart,
  TextFile,
  TrimmedFile,
} from "./text_file.ts";
import { readSeconds, readTime, spanOf } from "./times.ts";

/** The test that fails when a report breaks off outside any suite. */
const REPORT_ID = "junit report";
/** Reports with deeper nesting are refused. */
const MAX_DEPTH = 256;
/** How many characters of names are kept, to detect repeated ones. */
const MAX_NAMES_LENGTH = 4 * 1024 * 1024;

/** The host in all reports of Catch2: "to be determined". */
const UNKNOWN_HOST = "tbd";

const SUITES = ["testsuites", "testsuite"];

/**
 * Elements whose text goes into a file unchanged, and the names of the files.
 */
const OUTPUTS: Record<string, string> = {
  "system-out": "stdout",
  "system-err": "stderr",
};

/** Attributes that are read; others are kept as properties of the case. */
const READ = new Map<string, readonly string[]>([
  [
    "testcase",
    ["name", "classname", "time", "timestamp", "status", "result"],
  ],
  ["property", ["name", "value"]],
]);
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
 * - A test's id is `classname.name`; if the class identifies nothing, it is the
 *   suites and the name, separated by " > ". Its tags are `suite:NAME` for each
 *   enclosing suite that has a name, `host:NAME` for the suite's `hostname`, and
 *   `class:NAME` if the id does not show the class.
 * - Suites with the same names contain different tests: those of later suites are
 *   tagged `repeat:1`, `repeat:2` and so on. All runs of a test are in one suite.
 * - A `failure` or `error` makes a test fail and becomes its file "traceback":
 *   a line "type: message" and the text. `skipped` becomes the file "reason".
 *   Tests that pytest marks as xfail are xfail, and so are failing tests that
 *   Node marks as todo, and those with both a `failure` and a `skipped`.
 * - `system-out` and `system-err` become the files "stdout" and "stderr", of
 *   the test or of no test. Properties, and attributes without a meaning here,
 *   become the file "properties"; those of suites are dropped. Unknown elements
 *   become files with their own names, so that no text is lost.
 * - Runs that do not count, such as Surefire's reruns, become files of the one
 *   test: "attempt-1 traceback", "attempt-1 stdout". The test has a tag for
 *   each attempt, and `flaky` if it passed in the end: such a build is green.
 * - A failure outside a case, and a suite that declares more failures or errors
 *   than it has failed cases, become failures of tests named after the suite.
 */
export class JunitReport {
  readonly #emit: (event: StatusEvent) => void;
  readonly #now: (() => Timestamp) | undefined;
  readonly #open: Element[] = [];
  readonly #suites: Suite[] = [];
  #case: TestCase | undefined;
  /** How often suites, and tests outside any suite, have had the same names. */
  readonly #names = new Map<string, number>();
  #namesLength = 0;
  /** How many names were not looked up. */
  #unknown = 0;

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
    if (this.#open.length === 0) {
      if (!SUITES.includes(name)) {
        throw new RangeError(
          `the root element is <${name}>, expected <testsuites> or <testsuite>`,
        );
      }
      this.#names.clear();
      this.#namesLength = 0;
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
    if (ends === "case") {
      if (name === "testcase") this.#suites.at(-1)!.addCase(this.#case!.isBad);
      this.#endCase();
    }
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
    const { timestamp } = attributes;
    const around = this.#suites.at(-1);
    const time = readTime(timestamp);
    const clock = time || !around ? { time } : around.clock;
    const place = around?.place ?? NO_PLACE;
    const isSuite = element === "testsuite";
    const own = isSuite ? this.#placeIn(place, attributes) : place;
    const tags = own === place && around !== undefined
      ? around.tags
      : placeTags(own).map(cutId);
    this.#suites.push(new Suite(element, own, tags, attributes, clock));
    return {
      name: element,
      file: this.#words(element, {}),
      prefix: "",
      ends: "suite",
    };
  }

  #placeIn(around: Place, { name = "", hostname = "" }: Attributes): Place {
    const suites = name === ""
      ? around.suites
      : [...around.suites, idText(name)];
    const host = hostname === "" || hostname === UNKNOWN_HOST
      ? around.host
      : idText(hostname);
    const repeat = this.#repeatOf(around, host, idText(name));
    return { suites, host, repeat: repeat ?? around.repeat };
  }

  /** Returns a number for names that may repeat, undefined for new ones. */
  #repeatOf(
    { suites, repeat }: Place,
    ...names: readonly string[]
  ): string | undefined {
    const depth = this.#suites.length;
    const key = JSON.stringify([depth, repeat, suites, ...names]);
    const count = this.#names.get(key);
    if (count !== undefined) {
      this.#names.set(key, count + 1);
      return repeat === undefined ? `${count}` : `${repeat}.${count}`;
    }
    this.#namesLength += key.length;
    // Names that are not kept may repeat.
    if (this.#namesLength > MAX_NAMES_LENGTH) return `${++this.#unknown}?`;
    this.#names.set(key, 1);
    return undefined;
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
    const { place, clock, tags } = suite ?? NO_SUITE;
    const span = spanOf(clock, this.#now);
    const testId = cutId(suitesId(place.suites)) || idText(suite?.name || id);
    return new TestCase(testId, span, tags);
  }

  // Cases

  #beginCase(attributes: Attributes): Element {
    const { time, timestamp, status, result } = attributes;
    const suite = this.#suites.at(-1)!;
    const span = spanOf(
      suite.clock,
      this.#now,
      readTime(timestamp),
      readSeconds(time),
    );
    const [testId, tags] = this.#namesOf(suite, attributes);
    this.#case = new TestCase(testId, span, tags);
    this.#case.readStatus(status);
    this.#case.readStatus(result);
    this.#keepAttributes("testcase", attributes);
    this.#emit(this.#case.started);
    return {
      name: "testcase",
      file: this.#words("testcase", {}),
      prefix: "",
      ends: "case",
    };
  }

  /** The id and the tags of a case's test. */
  #namesOf(
    { element, place, tags }: Suite,
    { classname = "", name = "" }: Attributes,
  ): [testId: string, tags: readonly string[]] {
    const names = {
      classname: withoutNul(classname),
      name: withoutNul(name),
      suites: place.suites,
    };
    const testId = cutId(caseTestId(names));
    const own: string[] = [];
    // Node writes tests of all files outside suites, and runs each once.
    const repeat = element === "testsuites"
      ? this.#repeatOf(place, testId)
      : undefined;
    if (repeat !== undefined) own.push(`${REPEAT_TAG}${repeat}`);
    const tag = classTag(names);
    if (tag !== undefined) own.push(cutId(tag));
    return [testId, own.length === 0 ? tags : [...tags, ...own]];
  }

  #beginFailure(name: string, attributes: Attributes): Element {
    const suite = this.#suites.at(-1)!;
    suite.addElement(name);
    const ends = this.#case === undefined ? "case" : undefined;
    if (this.#case === undefined) {
      suite.addFailure();
      this.#case = this.#suiteCase(suite);
    }
    if (name === "failure") this.#case.failAssertion();
    else this.#case.fail();
    return {
      name,
      file: this.#words("traceback", attributes),
      prefix: "",
      ends,
    };
  }

  #beginAttempt(name: string, attributes: Attributes): Element {
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
    const read = READ.get(element) ?? READ_ELSEWHERE;
    for (const name in attributes) {
      if (read.includes(name)) continue;
      const prefix = element === "testcase" ? "" : `${element}.`;
      this.#case.properties.push(`${prefix}${name}=${attributes[name]}`);
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
    return new TextFile(this.#files, name);
  }

  #words(name: string, { type = "", message = "" }: Attributes): TextFile {
    const separator = type === "" || message === "" ? "" : ": ";
    return new TrimmedFile(this.#files, name, type + separator + message);
  }

  #emitPart(part: FilePart): void {
    const { testId, span } = this.#case ?? {};
    this.#emit({
      ...(testId !== undefined && { testId }),
      runnable: testId === undefined,
      ...part,
      ...(span?.end && { timestamp: span.end }),
    });
  }

  /** Makes files of the open case, or of none. */
  readonly #files: FileOwner = {
    fileName: (name) => {
      const text = idText(name);
      return this.#case?.fileName(text) ?? text;
    },
    emitPart: (part) => this.#emitPart(part),
  };
}

const NO_ELEMENT = { file: undefined, prefix: "" };
const NO_PLACE: Place = { suites: [], host: "", repeat: undefined };
const NO_SUITE = {
  name: "",
  place: NO_PLACE,
  clock: { time: undefined },
  tags: [],
};

/** The text as an id, a tag or the name of a file can contain it. */
function idText(text: string): string {
  return cutId(withoutNul(text));
}

function withoutNul(text: string): string {
  return text.includes("\0") ? text.replaceAll("\0", "\\0") : text;
}
