#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write
/**
 * subunit2junitxml: the tests of a stream as a JUnit report, a case for each
 * as it ends.
 *
 * Suites have no counts and no times: these would stand before what they sum
 * up. Jenkins adds up the cases, and takes suites with the same name for one
 * (its junit-plugin, `SuiteResult.java` and `TestResult.java`); only the schema
 * of its xUnit plugin, `junit-10.xsd`, asks for counts.
 *
 * @module
 */

import {
  type Attachment,
  isFailure,
  type Outcome,
  PARSER_TEST_ID,
} from "@subunit/codec";
import { pythonRegex } from "./_python_regex.ts";
import {
  type Report,
  type Reported,
  runReport,
  SINK_NOTES,
  SINK_OPTIONS,
} from "./_sink.ts";
import { formatSeconds, textOfContent, visibleLines } from "./_text.ts";
import {
  defineTool,
  parseCount,
  REPORT_STATUS,
  runTool,
  type Tool,
} from "./_tool.ts";
import { xmlElement, xmlStart, xmlText } from "./_xml.ts";

/** The element that says what a test came to, and its message if none is known. */
const VERDICTS: Partial<Record<Outcome, readonly [string, string?]>> = {
  skip: ["skipped"],
  fail: ["failure", "failed"],
  uxsuccess: ["failure", "succeeded, which was not expected"],
  lost: ["error", "started and never ended"],
};

/** Names of files that say why a test came to what it did, best first. */
const REASONS = ["traceback", "reason", "message", "Parser Error"];

const DEFAULT_CHARACTERS = 65536;
const MESSAGE_CHARACTERS = 500;
/** The properties of more routes are not kept at hand. */
const MOST_ROUTES = 1024;

/** One run of a test: what of it gets into the report. */
interface Run {
  readonly testId: string;
  readonly outcome: Outcome;
  readonly seconds: number | undefined;
  /** The element, or nothing. */
  readonly properties: string;
  /** Why it came to its outcome, in one line and in full. */
  readonly message: string | undefined;
  readonly reason: string;
  /** Its other files. */
  readonly output: string;
}

/**
 * A test id as class and name, like Python's tool: at the last dot before the
 * first parenthesis, or else before the last character.
 */
export function splitTestId(testId: string): [classname: string, name: string] {
  const parenthesis = testId.indexOf("(");
  const end = parenthesis < 0 ? testId.length - 1 : parenthesis;
  const dot = testId.slice(0, Math.max(0, end)).lastIndexOf(".");
  return [testId.slice(0, Math.max(0, dot)), testId.slice(dot + 1)];
}

/** Says whether a file is text: by its type, or else by its bytes. */
function isText({ mimeType, bytes }: Attachment): boolean {
  return mimeType
    ? /^(text\/|application\/(json|xml)\b)/.test(mimeType)
    : !bytes.includes(0);
}

/** The first and last of a text, `most` UTF-16 units of it, and a mark between. */
export function cutText(text: string, most: number): string {
  const missing = text.length - most;
  if (missing <= 0) return text;
  const head = Math.ceil(most / 2);
  const mark = `\n[${missing} characters left out]\n`;
  return (text.slice(0, head) + mark + text.slice(head + missing))
    .toWellFormed();
}

/** What of a test gets into the report, `most` characters of each file. */
function runOf(test: Reported, most: number): Run {
  const { testId, outcome, seconds, attachments } = test;
  const [element, message] = VERDICTS[outcome] ?? [];
  const properties = propertiesOf(test);
  if (attachments.length === 0) {
    const reason = "", output = "";
    return { testId, outcome, seconds, properties, message, reason, output };
  }
  const texts = attachments.filter((file) =>
    isText(file) && file.bytes.length > 0
  );
  const reason = element === undefined
    ? undefined
    : reasonIn(texts, isFailure(outcome));
  const text = reason ? cutText(textOfContent(reason.bytes), most) : "";
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  return {
    testId,
    outcome,
    seconds,
    properties,
    // What was raised stands below where it was.
    message: lines.at(reason?.name === "traceback" ? -1 : 0)
      ?.slice(0, MESSAGE_CHARACTERS) ?? message,
    reason: text,
    output: attachments.filter((file) => file !== reason)
      .map((file) => outputOf(file, most)).join(""),
  };
}

/** The file that says why; of a failure the last, when none is called so. */
function reasonIn(
  texts: readonly Attachment[],
  isFailed: boolean,
): Attachment | undefined {
  for (const wanted of REASONS) {
    const reason = texts.find(({ name }) => name === wanted);
    if (reason !== undefined) return reason;
  }
  return isFailed ? texts.at(-1) : undefined;
}

/** The properties of tests with the same tags, by their route codes. */
const madeProperties = new WeakMap<
  readonly string[],
  Map<string | undefined, string>
>();

/** Few sets of properties are in a stream: most are made already. */
function propertiesOf(test: Reported): string {
  const { tags, routeCode, parentTestId } = test;
  if (parentTestId !== undefined || tags.length === 0) {
    return makeProperties(test);
  }
  let made = madeProperties.get(tags);
  if (made === undefined) madeProperties.set(tags, made = new Map());
  let properties = made.get(routeCode);
  if (properties === undefined) {
    if (made.size === MOST_ROUTES) made.clear();
    made.set(routeCode, properties = makeProperties(test));
  }
  return properties;
}

function makeProperties({ routeCode, parentTestId, tags }: Reported): string {
  const properties: [name: string, value: string | undefined][] = [
    ["route", routeCode],
    ["parent", parentTestId],
    ...tags.map((tag): [string, string] => ["tag", tag]),
  ];
  const lines = properties.filter(([, value]) => value !== undefined)
    .map(([name, value]) => xmlElement("property", { name, value })).join("");
  return lines && xmlElement("properties", {}, `\n${lines}`);
}

/** A file among others: its text, or of what kind and how long it is. */
function outputOf(file: Attachment, most: number): string {
  const { name, mimeType, bytes } = file;
  if (!isText(file)) {
    return `${name}: ${mimeType || "unknown type"}, ${bytes.length} bytes\n`;
  }
  const text = cutText(textOfContent(bytes), most);
  return `${name}:\n${text}${text.endsWith("\n") ? "" : "\n"}`;
}

/** The case of a test, from the run that counts and the others. */
function caseOf(counted: Run, others: readonly Run[]): string {
  const { testId, outcome, seconds, properties, output } = counted;
  const [classname, name] = splitTestId(testId);
  const verdict = VERDICTS[outcome]?.[0];
  let content = properties;
  if (verdict) content += verdictOf(verdict, counted, xmlText(counted.reason));
  for (const run of others) content += attemptOf(run, isFailure(outcome));
  if (output) content += xmlElement("system-out", {}, xmlText(output));
  const time = seconds === undefined ? undefined : formatSeconds(seconds);
  return xmlElement(
    "testcase",
    { classname, name, time },
    content && `\n${content}`,
  );
}

function verdictOf(element: string, run: Run, content: string): string {
  const { outcome: type, message } = run;
  return xmlElement(element, { type, message }, content);
}

/** A failed run that does not count, in the words of Maven's Surefire. */
function attemptOf(run: Run, isFailed: boolean): string {
  const kind = run.outcome === "lost" ? "Error" : "Failure";
  const content = [
    run.reason && xmlElement("stackTrace", {}, xmlText(run.reason)),
    run.output && xmlElement("system-out", {}, xmlText(run.output)),
  ].join("");
  return verdictOf(`${isFailed ? "rerun" : "flaky"}${kind}`, run, content);
}

/** How a report is to be. */
interface JunitOptions {
  /** What of a test id is the name of its suite. */
  readonly suiteFrom: RegExp | undefined;
  /** How many characters of each file it takes. */
  readonly most: number;
  /** Whether the runs of a test that failed are one case. */
  readonly retries: boolean;
}

/** Writes a report, of which only the runs of `retries` wait for its end. */
class JunitReport implements Report {
  readonly #write: (xml: string) => void;
  readonly #options: JunitOptions;
  /** The suite that is open. */
  #suite: string | undefined;
  /** Runs that failed, by route code and test id. */
  readonly #failed = new Map<string, Run[]>();

  constructor(write: (xml: string) => void, options: JunitOptions) {
    this.#write = write;
    this.#options = options;
    write('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n');
  }

  add(test: Reported): void {
    const run = runOf(test, this.#options.most);
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
    this.#closeSuite();
    this.#write("</testsuites>\n");
  }

  #writeCase(counted: Run, others: readonly Run[]): void {
    const name = suiteOf(counted.testId, this.#options.suiteFrom);
    if (name !== this.#suite) {
      this.#closeSuite();
      this.#write(`${xmlStart("testsuite", { name })}\n`);
      this.#suite = name;
    }
    this.#write(caseOf(counted, others));
  }

  #closeSuite(): void {
    if (this.#suite !== undefined) this.#write("</testsuite>\n");
  }
}

/** The name of a test's suite: the expression's group, or all it matches. */
function suiteOf(testId: string, suiteFrom: RegExp | undefined): string {
  const match = suiteFrom?.exec(testId);
  return match?.groups?.g1 ?? match?.[0] ?? "";
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
    retries: {
      help: "make one case of a test's failed runs, flaky if one passed",
    },
    ...SINK_OPTIONS,
  },
  notes:
    `Suites have no counts: a case is written when its test ends, and when one of
another suite comes, its suite is begun, once more if need be. With --retries
tests that failed are held until they pass, or to the end.
Route, tags and parent are properties. Characters that XML cannot hold, and
control characters, are shown escaped. Files that are not text are named.
${SINK_NOTES}`,
  exitStatus: REPORT_STATUS,
  examples: [
    "./runner | subunit2junitxml > report.xml",
    "subunit2junitxml --suite-from '^([^.]*)' -f -o report.xml run.subunit | subunit-ls",
  ],
  run(io, options, files) {
    const regex = options["suite-from"];
    const most = options["max-output"];
    const report: JunitOptions = {
      suiteFrom: regex === undefined ? undefined : pythonRegex(regex),
      most: most === undefined
        ? DEFAULT_CHARACTERS
        : parseCount("max-output", most),
      retries: options.retries,
    };
    const needs = { attachments: true };
    return runReport(io, options, files, (out) => {
      const write = (xml: string) =>
        out.writeText(out.isTerminal ? visibleLines(xml) : xml);
      return new JunitReport(write, report);
    }, needs);
  },
});

if (import.meta.main) runTool(tool);
