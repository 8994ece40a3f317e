/**
 * Messages between a test server and its client, as packets.
 *
 * A control packet has no status and is not runnable; its MIME type is
 * {@linkcode CONTROL_TYPE}, its file's name the word of the message, and its
 * file's content the body, in one packet or several. Each of these has the type,
 * so that it is recognized by itself. The route code says for whom it is, or from
 * where it comes.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import type { StatusEvent } from "../event.ts";
import { ATTACHMENT_PART_BYTES, encodePacket } from "../v2/encoder.ts";
import type { Rows } from "../v2/rows.ts";

/** The MIME type of control packets. */
export const CONTROL_TYPE = "application/x-subunit-control";

/**
 * The file that has bytes for the standard input of a test. It has no MIME type;
 * its end is the end of the input.
 */
export const STDIN_FILE_NAME = "stdin";

/** The words of messages to a server. */
export const COMMANDS = [
  "list",
  "run",
  "stop",
  "signal",
  "reload",
  "ping",
  "quit",
] as const;

/** The words of messages from a server. */
export const REPLIES = [
  "ready",
  "done",
  "ask",
  "error",
  "changed",
  "pong",
] as const;

/** The word of a message to a server. */
export type Command = typeof COMMANDS[number];
/** The word of a message from a server. */
export type Reply = typeof REPLIES[number];

/** A message to a server or from one. */
export interface ControlMessage {
  /** Of {@linkcode COMMANDS} or {@linkcode REPLIES}, or one of a newer writer. */
  readonly word: string;
  /** What the message says: ids, JSON, the name of a signal. */
  readonly body: Uint8Array;
  /**
   * The id of a request, which its reply names. Replies have none of their own:
   * Python's tools count whatever has a test id as a test.
   */
  readonly request?: string;
  /** Options such as "timeout=30"; unknown ones can be ignored. */
  readonly options?: readonly string[];
  /** For whom it is, or from where it comes; absent for the reader. */
  readonly routeCode?: string;
}

/** A message to be encoded; a body that is text is encoded as UTF-8. */
export interface ControlInput extends Omit<ControlMessage, "word" | "body"> {
  /** One that this version of the protocol has. */
  readonly word: Command | Reply;
  /** Empty unless given. */
  readonly body?: Uint8Array | string;
}

/**
 * Encodes a message: one packet, or several if its body is longer than
 * {@linkcode ATTACHMENT_PART_BYTES}.
 *
 * @returns bytes that the caller owns
 * @throws {RangeError} as `encodePacket` does
 * @example
 * ```ts
 * import { encodeControl } from "@subunit/codec/control";
 *
 * console.log(encodeControl({ word: "list" }).toHex());
 * // b320702c1d6170706c69636174696f6e2f782d737562756e69742d636f6e74726f6c046c697374000b005d28
 * ```
 */
export function encodeControl(message: ControlInput): Uint8Array {
  const { word, body = "", request, options, routeCode } = message;
  const bytes = typeof body === "string"
    ? new TextEncoder().encode(body)
    : body;
  const packets: Uint8Array[] = [];
  let at = 0;
  do {
    const end = Math.min(bytes.length, at + ATTACHMENT_PART_BYTES);
    packets.push(encodePacket({
      testId: request,
      tags: options,
      mimeType: CONTROL_TYPE,
      fileName: word,
      fileBytes: bytes.subarray(at, end),
      eof: end === bytes.length,
      routeCode,
      runnable: false,
    }));
    at = end;
  } while (at < bytes.length);
  return packets.length === 1 ? packets[0] : concat(packets);
}

/**
 * Encodes bytes for the standard input of the test that runs at a route, at most
 * {@linkcode ATTACHMENT_PART_BYTES}.
 *
 * @param options.eof whether the input ends with them
 * @returns bytes that the caller owns
 */
export function encodeStdin(
  bytes: Uint8Array,
  { routeCode, eof }: { readonly routeCode?: string; readonly eof?: boolean } =
    {},
): Uint8Array {
  const fileName = STDIN_FILE_NAME;
  return encodePacket({
    fileName,
    fileBytes: bytes,
    eof,
    routeCode,
    runnable: false,
  });
}

/**
 * Returns whether an event is part of a message. The final end of a stream leaves
 * these out: readers that do not know them take the bodies for output.
 */
export function isControl(event: StatusEvent): boolean {
  return event.status === undefined && !event.runnable &&
    event.fileName !== undefined && event.mimeType === CONTROL_TYPE;
}

const TYPE_BYTES = new TextEncoder().encode(CONTROL_TYPE);

/** The same for a row, without an object for a packet. */
export function isControlRow(rows: Rows, i: number): boolean {
  const at = rows.mimeTypeAt(i);
  if (at < 0 || rows.fileAt(i) < 0) return false;
  if (rows.statusCode(i) !== 0 || rows.isRunnable(i)) return false;
  const start = rows.textAt(at);
  if (rows.textEnd(at) - start !== TYPE_BYTES.length) return false;
  return TYPE_BYTES.every((byte, k) => rows.source[start + k] === byte);
}

/**
 * Returns whether an event on its way to a server is standard input: a file of
 * that name and no type, of no test.
 */
export function isStdin(event: StatusEvent): boolean {
  return event.fileName === STDIN_FILE_NAME && event.testId === undefined &&
    event.status === undefined && event.mimeType === undefined &&
    !event.runnable;
}

/** How much is held by default: bodies of some hundred thousand ids. */
const MAX_HELD_BYTES = 64 * 1024 * 1024;

/** The parts of a message that have come. */
class Body {
  readonly parts: Uint8Array[] = [];
  byteLength = 0;
  isTooLong = false;
}

/** A message that was read. */
export interface ReadMessage extends ControlMessage {
  /** Empty if there are none. */
  readonly options: readonly string[];
  /** Whether there was no room for its body, which is empty then. */
  readonly isTooLong: boolean;
}

/**
 * Reads messages from control packets. Those of several routes and requests may
 * alternate.
 */
export class ControlReader {
  readonly #maxHeldBytes: number;
  readonly #begun = new Map<string, Body>();
  #heldBytes = 0;

  /**
   * @param options.maxHeldBytes how much is held of all bodies that have not
   * ended; one for which there is no room is left out. 64 MiB unless given
   */
  constructor({ maxHeldBytes = MAX_HELD_BYTES } = {}) {
    this.#maxHeldBytes = maxHeldBytes;
  }

  /**
   * Adds an event for which {@linkcode isControl} holds. Returns the message that
   * it completes, if any; it owns its bytes.
   */
  add(event: StatusEvent): ReadMessage | undefined {
    const { fileName = "", fileBytes, testId, routeCode, tags } = event;
    const key = JSON.stringify([routeCode, testId, fileName]);
    const body = this.#begun.get(key) ?? new Body();
    this.#hold(body, fileBytes);
    if (!event.eof) {
      this.#begun.set(key, body);
      return undefined;
    }
    this.#begun.delete(key);
    this.#heldBytes -= body.byteLength;
    return {
      word: fileName,
      body: concat(body.parts),
      request: testId,
      options: tags ?? [],
      routeCode,
      isTooLong: body.isTooLong,
    };
  }

  #hold(body: Body, part: Uint8Array | undefined): void {
    if (body.isTooLong || part === undefined || part.length === 0) return;
    if (this.#heldBytes + part.length > this.#maxHeldBytes) {
      body.isTooLong = true;
      body.parts.length = 0;
      this.#heldBytes -= body.byteLength;
      body.byteLength = 0;
    } else {
      body.parts.push(part.slice());
      body.byteLength += part.length;
      this.#heldBytes += part.length;
    }
  }
}
