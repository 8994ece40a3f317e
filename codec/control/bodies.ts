/**
 * The bodies of messages: lists of ids, and replies in JSON.
 *
 * @module
 */

import type { ControlMessage, Reply } from "./message.ts";

const LINE_FEED = 0x0a;

/**
 * The body of `run` and of `list`: each id with a line feed behind it, or with a
 * NUL if one of them has a line feed.
 *
 * @throws {RangeError} when an id has a NUL, which no packet can hold
 */
export function idsBody(ids: readonly string[]): Uint8Array {
  const nul = ids.find((id) => id.includes("\0"));
  if (nul !== undefined) {
    throw new RangeError(
      `Cannot write id ${JSON.stringify(nul)}: it holds a NUL`,
    );
  }
  const end = ids.some((id) => id.includes("\n")) ? "\0" : "\n";
  return new TextEncoder().encode(ids.map((id) => id + end).join(""));
}

/**
 * The ids in such a body, without empty ones; none means all. They are separated
 * by NUL if the body ends in NUL, otherwise by line feeds; the last one needs
 * none.
 *
 * @throws {RangeError} when the body is not UTF-8
 */
export function idsIn(body: Uint8Array): string[] {
  const separator = body.at(-1) === 0 ? 0 : LINE_FEED;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(body);
  } catch {
    throw new RangeError("Cannot read ids: they are not UTF-8");
  }
  return text.split(String.fromCharCode(separator)).filter((id) => id !== "");
}

/** What a server says first, and again after each restart. */
export interface Ready {
  /** The version of the protocol: 1. */
  readonly protocol: number;
  /** What runs the tests: "deno". */
  readonly engine: string;
  /** The commands that it takes. */
  readonly can: readonly string[];
  /** The process of the server. */
  readonly pid?: number;
  /** The path of the socket at which people can attach to its tests. */
  readonly socket?: string;
}

/** The end of a command; there is one for each, also after a crash. */
export interface Done {
  /** The request that ends. */
  readonly req?: string;
  /** How many tests ran. */
  readonly ran: number;
  /** The ids that were asked for and did not run. */
  readonly unrun: readonly string[];
}

/** A test waits for standard input, and its clock is stopped. */
export interface Ask {
  /** The id of the test. */
  readonly test?: string;
  /** The end of what it has written: "(Pdb) ". */
  readonly prompt?: string;
  /** The same question as before, now with its test. */
  readonly again?: true;
}

/** Why a command did nothing. */
export const ERROR_CODES = [
  "unknown-command",
  "no-route",
  "bad-body",
  "busy",
  "no-reader",
] as const;

/** A command did nothing. */
export interface Refusal {
  /** The request that is refused. */
  readonly req?: string;
  /** Of {@linkcode ERROR_CODES}, or one of a newer writer. */
  readonly code: string;
  /** The reason, for people. */
  readonly text: string;
}

/** Files that were edited. */
export interface Changed {
  /** Their paths. */
  readonly files: readonly string[];
}

/** The bodies of replies in JSON, by their words. */
export interface ReplyBodies {
  /** The server may be commanded. */
  readonly ready: Ready;
  /** A command has ended. */
  readonly done: Done;
  /** A test waits for input. */
  readonly ask: Ask;
  /** A command was refused. */
  readonly error: Refusal;
  /** Files were edited. */
  readonly changed: Changed;
}

/** A reply whose body is JSON. */
export type JsonReply = Exclude<Reply, "pong">;

/** The body of a reply, as JSON. */
export function replyBody<Word extends JsonReply>(
  _word: Word,
  body: ReplyBodies[Word],
): string {
  return JSON.stringify(body);
}

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const isTextOrAbsent: Check = (value) => value === undefined || isText(value);
const isCount: Check = (value) => Number.isSafeInteger(value);
const isList: Check = (value) => Array.isArray(value) && value.every(isText);

/** The types of the keys that are read; others are left as they are. */
const KEYS: { [Word in JsonReply]: Record<keyof ReplyBodies[Word], Check> } = {
  ready: {
    protocol: isCount,
    engine: isText,
    can: isList,
    pid: (value) => value === undefined || isCount(value),
    socket: isTextOrAbsent,
  },
  done: { req: isTextOrAbsent, ran: isCount, unrun: isList },
  ask: {
    test: isTextOrAbsent,
    prompt: isTextOrAbsent,
    again: (value) => value === undefined || value === true,
  },
  error: { req: isTextOrAbsent, code: isText, text: isText },
  changed: { files: isList },
};

/**
 * Reads the body of a reply with this word. Keys that are unknown are kept, and
 * known ones that are null are left out.
 *
 * @returns undefined when it is another message, or its body is not JSON or has
 * other types: whoever wrote it is no server
 */
export function readReply<Word extends JsonReply>(
  word: Word,
  message: Pick<ControlMessage, "word" | "body">,
): ReplyBodies[Word] | undefined {
  if (message.word !== word) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(message.body));
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const checks: Record<string, Check> = KEYS[word];
  // In other languages, what is absent is null.
  const fields: Record<string, unknown> = Object.fromEntries(
    Object.entries(value).filter(([key, field]) =>
      field !== null || !Object.hasOwn(checks, key)
    ),
  );
  return Object.entries(checks).every(([key, check]) => check(fields[key]))
    ? fields as unknown as ReplyBodies[Word]
    : undefined;
}

/**
 * Whether {@linkcode readReply} can read a message, if it is a reply in JSON.
 * Whoever waits for one that cannot be read waits for ever.
 */
export function isReadable(
  message: Pick<ControlMessage, "word" | "body">,
): boolean {
  const { word } = message;
  return !Object.hasOwn(KEYS, word) ||
    readReply(word as JsonReply, message) !== undefined;
}
