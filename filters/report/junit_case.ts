/**
 * The cases of a JUnit report.
 *
 * @module
 */

import { type Attachment, isFailure, type Outcome } from "@subunit/codec";
import { cutText } from "../kit/text/shorten.ts";
import { reasonOf, ToolError } from "../kit/errors.ts";
import { makeNewDirectory, writeNewFile } from "../kit/io/new_file.ts";
import { headlineOf, isText, reasonIn } from "../traceback/reason.ts";
import type { ReportedTest } from "./report.ts";
import { formatSeconds } from "../kit/python/format.ts";
import { textOfContent } from "../kit/text/content.ts";
import { xmlElement, xmlText } from "../kit/text/xml.ts";

/** The elements for outcomes. */
type OutcomeElement = "skipped" | "failure" | "error";

/** The element of an outcome; its message where the test has none. */
export const OUTCOME_ELEMENTS: Partial<
  Record<Outcome, readonly [OutcomeElement, message?: string]>
> = {
  skip: ["skipped"],
  fail: ["failure", "failed"],
  uxsuccess: ["failure", "succeeded, which was not expected"],
  lost: ["error", "started and never ended"],
};

const MESSAGE_CHARACTERS = 500;
/** How many routes' properties are kept for reuse. */
const MOST_ROUTES = 1024;

/** What the cases of a report depend on besides the tests. */
export interface CaseOptions {
  /** How many characters of each file the report takes. */
  readonly most: number;
  /** The directory for files beside the report. */
  readonly attachments: string | undefined;
}

/** One attempt at a test: what the report needs of it. */
export interface Attempt {
  readonly testId: string;
  readonly outcome: Outcome;
  readonly seconds: number | undefined;
  /** The element, or nothing. */
  readonly properties: string;
  /** The reason for its outcome, in one line. */
  readonly message: string | undefined;
  /** The reason in full. */
  readonly reason: string;
  /** Its other files, as XML. */
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

/** A test as one attempt. */
export function attemptOf(test: ReportedTest, options: CaseOptions): Attempt {
  const { testId, outcome, seconds, attachments } = test;
  const [element, message] = OUTCOME_ELEMENTS[outcome] ?? [];
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
  const text = reason ? cutText(textOfContent(reason.bytes), options.most) : "";
  return {
    testId,
    outcome,
    seconds,
    properties,
    message: (reason && headlineOf(reason.name, text))
      ?.slice(0, MESSAGE_CHARACTERS) ?? message,
    reason: text,
    output: outputOf(
      testId,
      attachments.filter((file) => file !== reason),
      options,
    ),
  };
}

/** The properties of tests with the same tags, by their route codes. */
const madeProperties = new WeakMap<
  readonly string[],
  Map<string | undefined, string>
>();

/** A stream has few sets of properties: most are made already. */
function propertiesOf(test: ReportedTest): string {
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

function makeProperties(
  { routeCode, parentTestId, tags }: ReportedTest,
): string {
  const properties: [name: string, value: string | undefined][] = [
    ["route", routeCode],
    ["parent", parentTestId],
    ...tags.map((tag): [string, string] => ["tag", tag]),
  ];
  const lines = properties.filter(([, value]) => value !== undefined)
    .map(([name, value]) => xmlElement("property", { name, value })).join("");
  return lines && xmlElement("properties", {}, `\n${lines}`);
}

/** Files other than the reason, as XML: their text, or their paths. */
function outputOf(
  testId: string,
  files: readonly Attachment[],
  { most, attachments }: CaseOptions,
): string {
  if (files.length === 0) return "";
  if (attachments === undefined) {
    return contentText(files.map((file) => shownFile(file, most)).join(""));
  }
  const paths = writtenTo(attachments, testId, files);
  return xmlText(paths.map((path) => `[[ATTACHMENT|${path}]]\n`).join(""));
}

/** A file among others: its text, or of what kind and how long it is. */
function shownFile(file: Attachment, most: number): string {
  const { name, mimeType, bytes } = file;
  if (!isText(file)) {
    return `${name}: ${mimeType || "unknown type"}, ${bytes.length} bytes\n`;
  }
  const text = cutText(textOfContent(bytes), most);
  return `${name}:\n${text}${text.endsWith("\n") ? "" : "\n"}`;
}

/**
 * Files written into a directory of the test's own.
 *
 * @returns their paths
 * @throws {ToolError} when the file system fails
 */
function writtenTo(
  directory: string,
  testId: string,
  files: readonly Attachment[],
): string[] {
  try {
    const own = `${directory}/${
      makeNewDirectory(directory, plainName(testId))
    }`;
    return files.map(({ name, bytes }) =>
      `${own}/${writeNewFile(own, plainName(name), bytes)}`
    );
  } catch (error) {
    throw new ToolError(
      `Cannot write into "${directory}": ${
        reasonOf(error)
      }: what follows is missing there`,
    );
  }
}

/** A name without what ends the mention of an attachment. */
function plainName(name: string): string {
  return name.replace(/[[\]|]/g, "_");
}

/**
 * Text from a stream as the content of an element. Only we mention attachments:
 * Jenkins and GitLab would fetch any file that a test's output asks for.
 */
function contentText(text: string): string {
  return xmlText(text.replaceAll(/\[\[(?=ATTACHMENT\|)/gi, "[\\u005b"));
}

/** The case of a test, from the attempt that counts and the others. */
export function caseOf(counted: Attempt, others: readonly Attempt[]): string {
  const { testId, outcome, seconds, properties, output } = counted;
  const [classname, name] = splitTestId(testId);
  const element = OUTCOME_ELEMENTS[outcome]?.[0];
  let content = properties;
  if (element) {
    content += outcomeXml(element, counted, contentText(counted.reason));
  }
  for (const other of others) content += otherXml(other, isFailure(outcome));
  if (output) content += xmlElement("system-out", {}, output);
  const time = seconds === undefined ? undefined : formatSeconds(seconds);
  return xmlElement(
    "testcase",
    { classname, name, time },
    content && `\n${content}`,
  );
}

function outcomeXml(
  element: string,
  { outcome, message }: Attempt,
  content: string,
): string {
  // There is but one type of these, and the schema knows none.
  const type = outcome === "skip" ? undefined : outcome;
  return xmlElement(element, { type, message }, content);
}

/** An attempt that does not count, in the words of Maven's Surefire. */
function otherXml(attempt: Attempt, isFailed: boolean): string {
  const { outcome, reason, output } = attempt;
  const kind = outcome === "lost" ? "Error" : "Failure";
  const content = [
    reason && xmlElement("stackTrace", {}, contentText(reason)),
    output && xmlElement("system-out", {}, output),
  ].join("");
  return outcomeXml(`${isFailed ? "rerun" : "flaky"}${kind}`, attempt, content);
}
