/**
 * The title and the text of a fault in somebody's editor: with all versions that
 * did not see each other, and the one that they come from.
 *
 * @module
 */

import { formatTimestamp } from "@subunit/codec";
import { ToolError, UsageError } from "../../kit/errors.ts";
import { spawn } from "../../kit/io/command.ts";
import { variable } from "../../kit/io/environment.ts";
import {
  makeTemporary,
  openFile,
  readAt,
  removeFile,
} from "../../kit/io/files.ts";
import { onEndingSignal } from "../../kit/io/signals.ts";
import { visibleText } from "../../kit/text/visible.ts";
import type { LogEvent } from "./event.ts";
import type { FaultState, Register, Version } from "./fold.ts";

/** What somebody made of a title and a text; undefined if it stays. */
export interface Edited {
  readonly title?: string;
  readonly text?: string;
}

/** A file for an editor. */
export interface EditFile {
  readonly content: string;
  /** The length of the marks between versions: no line of these has as many. */
  readonly markLength: number;
}

/** What stands below is not read. */
const SCISSORS = "# ------------------------ >8 ------------------------";
const MARKS = "<|=>";
const SHORTEST_MARK = 7;
/** How many digits of an event's id are shown. */
const SHORT_ID = 12;
/** So much fits into an event, whatever the characters are and it replaces. */
const MAX_CHARACTERS = 256 * 1024;

/** Makes the file: the title, an empty line, the text, and what to do. */
export function editFileOf(known: FaultState): EditFile {
  const { title, text } = known;
  const values = [title, text].flatMap((register) => [
    ...register.versions.map(({ value }) => value),
    parentOf(known, register)?.value ?? "",
  ]);
  const longest = values.flatMap((value) => linesOf(`${value}`)).map((line) =>
    /^([<|=>])\1*/.exec(line)?.[0].length ?? 0
  );
  const markLength = Math.max(SHORTEST_MARK, ...longest.map((n) => n + 1));
  const marks = [...MARKS].map((mark) => mark.repeat(markLength));
  const lines = [
    // A title is a line, whatever somebody else wrote.
    ...title.versions.length === 0
      ? [""]
      : blockOf(known, title, marks, (value) => [titleLine(value)]),
    "",
    ...blockOf(known, text, marks, linesOf),
    SCISSORS,
    `# ${visibleText(known.fault)}: its title, an empty line, and its text.`,
  ];
  if (title.isConflict || text.isConflict) {
    lines.push(
      `# Some versions did not see each other: between ${marks[0]} and ${
        marks[3]
      }, around`,
      `# the one that they come from. Write the right one in place of all of them.`,
    );
  }
  return { content: `${lines.join("\n")}\n`, markLength };
}

function titleLine(title: string): string {
  return visibleText(title.replace(/\s+/g, " ").trim());
}

/** Lines without what controls terminals and editors. */
function linesOf(text: string): string[] {
  return text === ""
    ? []
    : text.replace(/\r\n?/g, "\n").split("\n").map((line) =>
      line.split("\t").map(visibleText).join("\t").trimEnd()
    );
}

function blockOf(
  known: FaultState,
  register: Register,
  [ours, base, between, theirs]: readonly string[],
  lines: (value: string) => string[],
): string[] {
  const { versions, isConflict } = register;
  if (!isConflict) {
    return versions.slice(0, 1).flatMap(({ value }) => lines(value));
  }
  const [first, ...others] = versions, parent = parentOf(known, register);
  return [
    `${ours} ${nameOf(first.event)}`,
    ...lines(first.value),
    `${base}${parent === undefined ? "" : ` ${nameOf(parent.event)}`}`,
    ...parent === undefined ? [] : lines(parent.value),
    ...others.flatMap(({ value, event }) => [
      `${between} ${nameOf(event)}`,
      ...lines(value),
    ]),
    theirs,
  ];
}

/** Who wrote something, when, and its id. */
function nameOf({ author, time, id }: LogEvent): string {
  return visibleText(
    [author, time && formatTimestamp(time), id.slice(0, SHORT_ID)]
      .filter((part) => part !== undefined).join(" "),
  );
}

/** The newest version that all others come from; undefined if there is none. */
function parentOf(
  { timeline }: FaultState,
  { versions, isConflict }: Register,
): Version | undefined {
  if (!isConflict) return undefined;
  const byId = new Map(timeline.map((event) => [event.id, event]));
  const { kind } = versions[0].event;
  const ancestors = versions.map(({ event }) => {
    const found = new Set<LogEvent>(), stack = [event];
    for (let one; (one = stack.pop()) !== undefined;) {
      for (const id of one.supersedes ?? []) {
        const before = byId.get(id);
        if (before === undefined || found.has(before)) continue;
        found.add(before);
        stack.push(before);
      }
    }
    return found;
  });
  const event = timeline.findLast((event) =>
    event.kind === kind && typeof event.value === "string" &&
    ancestors.every((found) => found.has(event))
  );
  return event && { value: event.value as string, event };
}

/** Reads what an editor left; a text is why it cannot be used. */
export function readEdited(
  content: string,
  { content: before, markLength }: EditFile,
  { title, text }: FaultState,
): Edited | string {
  const mark = new RegExp(`^([<|=>])\\1{${markLength - 1}}(?: |$)`);
  if (linesIn(content).some((line) => mark.test(line))) {
    return "There are still several versions";
  }
  const now = partsOf(content), old = partsOf(before);
  if (now.title === "" && title.versions.length > 0) {
    return "There is no title";
  }
  const length = Math.max(now.title.length, now.text.length);
  if (length > MAX_CHARACTERS) {
    return `There are ${length} characters, expected at most ${MAX_CHARACTERS}`;
  }
  return {
    title: title.isConflict || now.title !== old.title ? now.title : undefined,
    text: text.isConflict || now.text !== old.text ? now.text : undefined,
  };
}

/** The lines above the scissors. */
function linesIn(content: string): string[] {
  const lines = content.replaceAll("\r\n", "\n").split("\n");
  const end = lines.indexOf(SCISSORS);
  return end < 0 ? lines : lines.slice(0, end);
}

function partsOf(content: string): { title: string; text: string } {
  const lines = linesIn(content), empty = lines.indexOf("");
  const end = empty < 0 ? lines.length : empty;
  return {
    title: lines.slice(0, end).join(" ").trim(),
    text: lines.slice(end).join("\n").replace(/^\n+|\s+$/g, ""),
  };
}

/**
 * Lets somebody edit the title and the text of a fault.
 *
 * @throws {ToolError} when that fails; what was written is then still there
 */
export async function edit(known: FaultState): Promise<Edited> {
  const editor = variable("EDITOR");
  if (editor === undefined) {
    throw new UsageError(
      "Cannot edit: EDITOR is not set: set it, or give --title and --text",
    );
  }
  const file = editFileOf(known);
  const path = makeTemporary("fault-", new TextEncoder().encode(file.content));
  await runEditor(editor, path);
  const edited = readEdited(readText(path), file, known);
  if (typeof edited === "string") {
    throw new ToolError(
      `${edited}: nothing was written: what you wrote is in "${path}"`,
    );
  }
  removeFile(path);
  return edited;
}

/** Runs an editor, as Git does: a shell reads its options. */
async function runEditor(editor: string, path: string): Promise<void> {
  // Ctrl-C is for the editor.
  const stop = onEndingSignal(() => {});
  try {
    const child = spawn(["sh", "-c", `${editor} "$@"`, editor, path], {
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
    });
    const { success, code } = await child.status;
    if (success) return;
    removeFile(path);
    throw new ToolError(
      `The editor "${editor}" ended with ${code}: nothing was written`,
    );
  } finally {
    stop();
  }
}

function readText(path: string): string {
  using file = openFile(path);
  return new TextDecoder().decode(readAt(file, 0, file.statSync().size));
}
