/**
 * Lines that people type, as commands, and what servers send, as lines.
 *
 * @module
 */

import type { StatusEvent } from "@subunit/codec";
import {
  COMMANDS,
  encodeControl,
  encodeStdin,
  idsBody,
  isControl,
  type ReadMessage,
  readReply,
} from "@subunit/codec/control";

/** Commands that are answered, and so have an id. */
const ANSWERED = ["list", "run", "reload", "ping"];

/** What a line is. */
export interface Typed {
  readonly packets: Uint8Array;
  /** The command, where it is answered. */
  readonly word?: string;
}

/** What cannot be read in a line. */
export class LineError extends Error {
  override name = "LineError";
}

/** What is not UTF-8 is shown all the same. */
const utf8 = new TextDecoder();

const WORD = /"(?:[^"\\]|\\.)*"|\S+/g;

/**
 * Reads a line: `[@ROUTE] WORD ...`, or `.` and a line for the test. Words with
 * spaces are in quotes, as in JSON; those that begin with "#" are options.
 *
 * @param asker the route that a line for the test goes to
 * @returns undefined for an empty line
 * @throws {LineError} when it is neither
 */
export function readLine(
  line: string,
  request: string,
  asker: string | undefined,
): Typed | undefined {
  const [, at, rest] = /^\s*(?:@(\S+)\s*)?(.*)$/s.exec(line)!;
  const routeCode = at ?? asker;
  if (rest.startsWith(".")) {
    const text = rest.slice(rest.startsWith(". ") ? 2 : 1) + "\n";
    const bytes = new TextEncoder().encode(text);
    return { packets: encodeStdin(bytes, { routeCode }) };
  }
  if (rest.trim() === "eof") {
    const none = new Uint8Array(0);
    return { packets: encodeStdin(none, { routeCode, eof: true }) };
  }
  const [word, ...words] = Array.from(rest.matchAll(WORD), ([one]) => one)
    .map(unquoted);
  if (word === undefined) return undefined;
  const command = COMMANDS.find((one) => one === word);
  if (command === undefined) {
    const known = [...COMMANDS, "eof"].join(", ");
    throw new LineError(`No command "${word}": expected ${known}, or ". LINE"`);
  }
  const options = words.filter((one) => one.startsWith("#"))
    .map((one) => one.slice(1));
  const operands = words.filter((one) => !one.startsWith("#"));
  const isIds = command === "run" || command === "list";
  const isAnswered = ANSWERED.includes(command);
  return {
    packets: encodeControl({
      word: command,
      body: isIds ? idsBody(operands) : operands.join(" "),
      request: isAnswered ? request : undefined,
      options: options.length > 0 ? options : undefined,
      routeCode: at,
    }),
    word: isAnswered ? command : undefined,
  };
}

function unquoted(word: string): string {
  if (!word.startsWith('"')) return word;
  try {
    return JSON.parse(word);
  } catch {
    throw new LineError(`Cannot read ${word}: expected a string as in JSON`);
  }
}

/** Returns the text for a message of a server, without its route. */
export function messageText(message: ReadMessage): string {
  const { word, body } = message;
  const ready = readReply("ready", message);
  if (ready !== undefined) {
    return `ready ${ready.engine}: ${ready.can.join(" ")}`;
  }
  const done = readReply("done", message);
  if (done !== undefined) {
    const unrun = done.unrun.length === 0
      ? ""
      : `, not run: ${done.unrun.join(" ")}`;
    return `done ${done.req ?? ""}: ${done.ran} ran${unrun}`;
  }
  const ask = readReply("ask", message);
  if (ask !== undefined) {
    return `${ask.test ?? "a test"} asks: ${ask.prompt ?? ""}`;
  }
  const refusal = readReply("error", message);
  if (refusal !== undefined) return `error ${refusal.code}: ${refusal.text}`;
  return `${word} ${utf8.decode(body)}`.trimEnd();
}

/** Returns the text for an event that is no message; "" if there is none. */
export function eventText(event: StatusEvent): string {
  if (isControl(event)) return "";
  const { testId, status, tags = [], fileBytes, mimeType } = event;
  const lines: string[] = [];
  const isText = mimeType === undefined || mimeType.startsWith("text/");
  if (fileBytes !== undefined && fileBytes.length > 0 && isText) {
    lines.push(utf8.decode(fileBytes).replace(/\n$/, ""));
  }
  if (testId !== undefined && status !== undefined) {
    const marks = tags.map((tag) => `#${tag}`);
    const words = status === "exists" ? [] : [status];
    lines.push([testId, ...words, ...marks].join(" "));
  }
  return lines.join("\n");
}
