/**
 * The cases of a JUnit report.
 *
 * @module
 */

import {
  type Attachment,
  attachmentParts,
  isFailure,
  type Outcome,
} from "@subunit/codec";
import {
  caseNames,
  HOST_TAG,
  isNameTag,
  REPEAT_TAG,
  type TaggedNames,
  taggedNames,
  tagValues,
} from "@subunit/codec/junit/names";
import { reasonOf, ToolError } from "../kit/errors.ts";
import { makeNewDirectory, writeNewFile } from "../kit/io/new_file.ts";
import {
  headlineOf,
  isText,
  MAX_READ_LENGTH,
  reasonIn,
} from "../traceback/reason.ts";
import { faultIn } from "../kit/stream/fault_tag.ts";
import type { ReportedTest } from "./report.ts";
import { formatSeconds } from "../kit/python/format.ts";
import { byteLengthOf, cutContent } from "../kit/text/content.ts";
import { xmlElement, xmlStart, xmlText } from "../kit/text/xml.ts";

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
/** How many characters of files an attempt takes: they are one string. */
const ATTEMPT_CHARACTERS = 16 * 1024 * 1024;
/** How many routes' properties are kept for reuse. */
const MOST_ROUTES = 1024;

/** What the cases of a report depend on besides the tests. */
export interface CaseOptions {
  /** How many characters of each file the report takes. */
  readonly most: number;
  /** The directory for files beside the report. */
  readonly attachments: string | undefined;
  /** Whether the tags of suites and hosts are properties too. */
  readonly showsPlaces: boolean;
}

/** How many characters of a file are read, given how many are shown. */
export function charactersRead(most: number): number {
  return Math.max(MAX_READ_LENGTH, Math.min(most, ATTEMPT_CHARACTERS));
}

/** One attempt at a test: what the report needs of it. */
export interface Attempt {
  readonly testId: string;
  readonly classname: string;
  readonly name: string;
  /** The suite it is in. */
  readonly place: Place;
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

/** What identifies the suite of a test, from its tags. */
export interface Place {
  /** The names of the enclosing suites, outermost first. */
  readonly suites: readonly string[];
  readonly host: string | undefined;
  /** Distinguishes suites with the same names. */
  readonly repeat: string | undefined;
}

/** A test as one attempt. */
export function attemptOf(test: ReportedTest, options: CaseOptions): Attempt {
  const { testId, outcome, seconds, attachments, tags } = test;
  const [element, message] = OUTCOME_ELEMENTS[outcome] ?? [];
  const { place, names } = readTags(tags);
  const { classname, name } = caseNames(testId, names);
  const attempt = {
    testId,
    classname,
    name,
    place,
    outcome,
    seconds,
    properties: propertiesOf(test, options),
    message,
    reason: "",
    output: "",
  };
  if (attachments.length === 0) return attempt;
  const texts = attachments.filter((file) =>
    isText(file) && byteLengthOf(file) > 0
  );
  const reason = element === undefined
    ? undefined
    : reasonIn(texts, isFailure(outcome));
  const most = Math.min(options.most, ATTEMPT_CHARACTERS);
  const text = reason ? cutContent(reason, most) : "";
  return {
    ...attempt,
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

/** What the tags of a test contain. */
interface TagsRead {
  readonly place: Place;
  readonly names: TaggedNames;
}

const NO_TAGS = readNewTags([]);
/** A stream has few sets of tags: most have been read already. */
const tagsRead = new WeakMap<readonly string[], TagsRead>();

/** Returns what the tags of a test contain. */
export function readTags(tags: readonly string[]): TagsRead {
  if (tags.length === 0) return NO_TAGS;
  let read = tagsRead.get(tags);
  if (read === undefined) tagsRead.set(tags, read = readNewTags(tags));
  return read;
}

function readNewTags(tags: readonly string[]): TagsRead {
  const names = taggedNames(tags);
  const [host] = tagValues(tags, HOST_TAG);
  const [repeat] = tagValues(tags, REPEAT_TAG);
  return { place: { suites: names.suites, host, repeat }, names };
}

/** Returns whether a tag is in the place of a test or in its class. */
function isPlaceTag(tag: string): boolean {
  return isNameTag(tag) || tag.startsWith(HOST_TAG) ||
    tag.startsWith(REPEAT_TAG);
}

/** The properties of tests with the same tags, by their route codes. */
type MadeProperties = WeakMap<
  readonly string[],
  Map<string | undefined, string>
>;

const withPlaces: MadeProperties = new WeakMap();
const withoutPlaces: MadeProperties = new WeakMap();

/** What a test has as properties. */
type Properties = Pick<ReportedTest, "tags" | "routeCode" | "parentTestId">;

/** A stream has few sets of properties: most are made already. */
export function propertiesOf(test: Properties, options: CaseOptions): string {
  const { tags, routeCode, parentTestId } = test;
  if (parentTestId !== undefined || tags.length === 0) {
    return makeProperties(test, options);
  }
  const madeByTags = options.showsPlaces ? withPlaces : withoutPlaces;
  let made = madeByTags.get(tags);
  if (made === undefined) madeByTags.set(tags, made = new Map());
  let properties = made.get(routeCode);
  if (properties === undefined) {
    if (made.size === MOST_ROUTES) made.clear();
    made.set(routeCode, properties = makeProperties(test, options));
  }
  return properties;
}

function makeProperties(
  { routeCode, parentTestId, tags }: Properties,
  { showsPlaces }: CaseOptions,
): string {
  const properties: [name: string, value: string | undefined][] = [
    ["route", routeCode],
    ["parent", parentTestId],
    ["fault", faultIn(tags)],
    ...tags.filter((tag) => showsPlaces || !isPlaceTag(tag))
      .map((tag): [string, string] => ["tag", tag]),
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
    let shown = "";
    for (const file of files) {
      const rest = ATTEMPT_CHARACTERS - shown.length;
      shown += shownFile(file, Math.min(most, rest));
    }
    return contentText(shown);
  }
  const paths = writtenTo(attachments, testId, files);
  return xmlText(paths.map((path) => `[[ATTACHMENT|${path}]]\n`).join(""));
}

/** A file among others: its text, or of what kind and how long it is. */
function shownFile(file: Attachment, most: number): string {
  const { name, mimeType } = file;
  if (most < 0 || !isText(file)) {
    return `${name}: ${mimeType || "unknown type"}, ${
      byteLengthOf(file)
    } bytes\n`;
  }
  const text = cutContent(file, most);
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
    return files.map((file) => {
      const parts = attachmentParts(file);
      return `${own}/${writeNewFile(own, plainName(file.name), parts)}`;
    });
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

/** The case of a test, in parts: the attempt that counts, and the others. */
export function caseOf(
  counted: Attempt,
  others: readonly Attempt[],
): string[] {
  const { classname, name, outcome, seconds, properties, output } = counted;
  const element = OUTCOME_ELEMENTS[outcome]?.[0];
  const time = seconds === undefined ? undefined : formatSeconds(seconds);
  const attributes = { classname, name, time };
  let content = properties;
  if (element) {
    content += outcomeXml(element, counted, contentText(counted.reason));
  }
  if (content === "" && others.length === 0 && output === "") {
    return [xmlElement("testcase", attributes)];
  }
  const parts = [`${xmlStart("testcase", attributes)}\n${content}`];
  for (const other of others) parts.push(otherXml(other, isFailure(outcome)));
  if (output) parts.push(xmlElement("system-out", {}, output));
  parts.push("</testcase>\n");
  return parts;
}

/** The element of an outcome, for a test without files; "" if it has none. */
export function elementOf(outcome: Outcome): string {
  const [element, message] = OUTCOME_ELEMENTS[outcome] ?? [];
  return element === undefined
    ? ""
    : outcomeXml(element, { outcome, message }, "");
}

function outcomeXml(
  element: string,
  { outcome, message }: Pick<Attempt, "outcome" | "message">,
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
