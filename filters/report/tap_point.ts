/**
 * Tests as the lines of TAP 14: test points, with YAML diagnostics.
 *
 * Source: the TAP 14 specification, testanything.org; for YAML, version 1.2 of
 * its specification, within what Perl's prove(1) reads of it.
 *
 * @module
 */

import { type Attachment, isFailure, type Outcome } from "@subunit/codec";
import { cutLine } from "../kit/text/shorten.ts";
import { headlineOf, isText, reasonIn } from "../traceback/reason.ts";
import type { ReportedTest } from "./report.ts";
import {
  byteLengthOf,
  cutContent,
  MAX_FILE_LENGTH,
} from "../kit/text/content.ts";
import {
  unicodeEscape,
  visibleLines,
  visibleText,
} from "../kit/text/visible.ts";

/** What a subtest stands further in than its parent. */
export const SUBTEST_INDENT = "    ";
/** Where a block stands in a list of diagnostics. */
const BLOCK_INDENT = "      ";

/**
 * Longer lines are broken, longer names cut. Readers of TAP hold whole lines:
 * ours takes one past 1 MiB for text, and with it the diagnostics it is in.
 */
const MAX_CHARACTERS = 65536;
const MAX_MESSAGE_CHARACTERS = 500;
/** A longer name is whole in the diagnostics only. */
export const MAX_NAME_CHARACTERS = 1024;

/** Messages for the outcomes that TAP does not have. */
const MESSAGES: Partial<Record<Outcome, string>> = {
  uxsuccess: "succeeded, which was not expected",
  lost: "started and never ended",
};

/**
 * What has a reason. A `uxsuccess` is no TODO: to readers of TAP a TODO that
 * succeeds is a success.
 */
const DIRECTIVES: Partial<Record<Outcome, string>> = {
  skip: "SKIP",
  xfail: "TODO",
};
/** What tells a success of a TODO, as tap2subunit reads it. */
const TODO_TAG = "todo";

/** The beginning of a subtest's id where it repeats the parent's. */
const SEPARATOR = " > ";

/** A test in TAP, but for its number and its place. */
export interface TestPoint {
  readonly isOk: boolean;
  /** The description, escaped; it may be empty. */
  readonly name: string;
  /** The description below the parent, if it is another one. */
  readonly nameInParent?: string;
  /** " # SKIP reason", say. */
  readonly directive: string;
  /** Lines of YAML, with their line ends. */
  readonly diagnostics: string;
}

/** The test point of a test. */
export function testPointOf(test: ReportedTest): TestPoint {
  const { testId, outcome, attachments } = test;
  const ownId = idInParent(test);
  const name = oneLine(testId);
  const nameInParent = oneLine(ownId);
  const needsId = name !== testId || nameInParent !== ownId;
  const directive = directiveOf(test);
  const isOk = !isFailure(outcome) && outcome !== "xfail";
  const point = (directive: string, files: readonly Attachment[]) => ({
    isOk,
    name: tapEscape(name),
    ...(ownId !== testId && { nameInParent: tapEscape(nameInParent) }),
    directive,
    diagnostics: diagnosticsOf(test, needsId, files),
  });
  if (directive === undefined) return point("", attachments);
  const file = attachments.find((file) =>
    file.name === "reason" && isText(file)
  );
  if (file === undefined) return point(` # ${directive}`, attachments);
  const reason = cutContent(file, MAX_FILE_LENGTH).trim();
  const said = oneLine(reason);
  return point(
    ` # ${directive} ${tapEscape(said)}`.trimEnd(),
    said === reason ? attachments.filter((one) => one !== file) : attachments,
  );
}

/**
 * The id as tap2subunit will put it behind the parent's: so it is the same when
 * the report is read back.
 */
function idInParent({ testId, parentTestId }: ReportedTest): string {
  if (parentTestId === undefined) return testId;
  const beginning = parentTestId + SEPARATOR;
  return testId.startsWith(beginning) && testId.length > beginning.length
    ? testId.slice(beginning.length)
    : testId;
}

function directiveOf({ outcome, tags }: ReportedTest): string | undefined {
  const isTodo = outcome === "success" && tags.includes(TODO_TAG);
  return isTodo ? "TODO" : DIRECTIVES[outcome];
}

/** Text with the escapes of TAP. */
function tapEscape(text: string): string {
  return text.replace(/[\\#]/g, "\\$&");
}

/**
 * What a reader would take away: white space at both ends, and the "{" at the
 * end that begins a buffered subtest of node-tap.
 */
const TAKEN_AWAY = /^\s|\s$|\{$/g;

/**
 * Any text as a description: in one line, cut if it is too long, with escapes
 * as in JSON for what cannot stand there.
 */
export function oneLine(text: string): string {
  return visibleText(cutLine(text, MAX_NAME_CHARACTERS))
    .replace(TAKEN_AWAY, unicodeEscape);
}

/** Why a test failed, in one line, where the file with the reason has more. */
function headlineIn(
  { outcome, attachments }: ReportedTest,
): string | undefined {
  if (outcome !== "fail" || attachments.length === 0) return undefined;
  const reason = reasonIn(
    attachments.filter((file) => isText(file) && byteLengthOf(file) > 0),
    true,
  );
  if (reason === undefined) return undefined;
  const text = cutContent(reason, MAX_CHARACTERS);
  const headline = headlineOf(reason.name, text);
  return headline === undefined || headline === text.trim()
    ? undefined
    : cutLine(headline, MAX_MESSAGE_CHARACTERS);
}

/** The diagnostics of a test, as lines of YAML. */
function diagnosticsOf(
  test: ReportedTest,
  needsId: boolean,
  attachments: readonly Attachment[],
): string {
  const { testId, outcome, seconds, routeCode, tags } = test;
  const message = MESSAGES[outcome] ?? headlineIn(test);
  let yaml = "";
  if (needsId) yaml += `id: ${yamlString(testId)}\n`;
  if (message !== undefined) yaml += `message: ${yamlString(message)}\n`;
  if (seconds !== undefined) {
    // To the nanosecond; the rest is what binary fractions leave.
    yaml += `duration_ms: ${Number((seconds * 1000).toFixed(6))}\n`;
  }
  if (routeCode !== undefined) yaml += `route: ${yamlString(routeCode)}\n`;
  if (tags.length > 0) yaml += `tags: [${tags.map(yamlString).join(", ")}]\n`;
  if (attachments.length === 0) return yaml;
  return `${yaml}attachments:\n${attachments.map(yamlAttachment).join("")}`;
}

/** A line of diagnostics for a test that does not stand below its parent. */
export function parentLine(parentTestId: string): string {
  return `parent: ${yamlString(parentTestId)}\n`;
}

/** A file in a list: its text, or of what kind and how long it is. */
function yamlAttachment(file: Attachment): string {
  const { name, mimeType } = file;
  const content = isText(file)
    ? [`text: ${yamlText(cutContent(file, MAX_FILE_LENGTH))}`]
    : [
      ...(mimeType ? [`type: ${yamlString(mimeType)}`] : []),
      `bytes: ${byteLengthOf(file)}`,
    ];
  return [`  - name: ${yamlString(name)}`, ...content].join("\n    ") + "\n";
}

/** What YAML forbids of what {@linkcode visibleText} leaves. */
const FORBIDDEN = /[\ufeff\ufffe\uffff]/g;

/** Text between quotes, in one line. */
function yamlString(text: string): string {
  const json = JSON.stringify(cutLine(text, MAX_CHARACTERS));
  return visibleText(json).replace(FORBIDDEN, unicodeEscape);
}

const PIECE = new RegExp(`.{1,${MAX_CHARACTERS}}`, "gu");

function breakLine(line: string): string {
  return line.length <= MAX_CHARACTERS ? line : line.match(PIECE)!.join("\n");
}

/** Breaks lines that are too long; only these become strings of their own. */
function breakLines(text: string): string {
  let broken = "", from = 0;
  for (let at = 0, end; at < text.length; at = end + 1) {
    end = text.indexOf("\n", at);
    if (end < 0) end = text.length;
    if (end - at <= MAX_CHARACTERS) continue;
    const line = text.slice(at, end).replace(/.+/g, breakLine);
    broken += text.slice(from, at) + line;
    from = end;
  }
  return broken + text.slice(from);
}

/**
 * Text for people: of several lines a block, which shows control characters as
 * escapes, and ends in one line end whatever the text ends in.
 */
function yamlText(text: string): string {
  const lines = breakLines(text.replaceAll("\r\n", "\n"))
    .replace(/\n+$/, "");
  if (!lines.includes("\n")) return yamlString(text);
  // Where the first line is indented, a block must say by how much, and at
  // such a block prove(1) gives up.
  const isIndented = /^\n*[^\S\n]/.test(lines);
  if (isIndented && text.length <= MAX_CHARACTERS) return yamlString(text);
  const block = visibleLines(lines).replace(FORBIDDEN, unicodeEscape);
  const header = isIndented ? "|2" : "|";
  return `${header}\n${block}`.replaceAll("\n", `\n${BLOCK_INDENT}`);
}

/** A test point as lines, indented. */
export function formatTestPoint(
  { isOk, directive, diagnostics }: TestPoint,
  name: string,
  number: number,
  indent: string,
): string {
  const description = name && ` - ${name}`;
  const line = `${isOk ? "ok" : "not ok"} ${number}${description}${directive}`;
  if (diagnostics === "") return `${indent}${line}\n`;
  const yaml = `---\n${diagnostics}...`.replaceAll("\n", `\n${indent}  `);
  return `${indent}${line}\n${indent}  ${yaml}\n`;
}
