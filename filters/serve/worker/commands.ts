/**
 * The commands of the test server's protocol, out of events.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import type { StatusEvent } from "@subunit/codec";

/** The MIME type of control packets. */
export const CONTROL_TYPE = "application/x-subunit-control";
/** The file whose bytes are for the standard input of a test. */
const INPUT_FILE = "stdin";

const strictText = new TextDecoder("utf-8", { fatal: true });

/** A complete command. */
export interface Command {
  /** What is to be done: "run". */
  readonly word: string;
  /** The id of the request, if it has one. */
  readonly req: string | undefined;
  readonly tags: readonly string[];
  readonly body: Uint8Array;
  /** Whether this is the last part of `body`: false only of "stdin". */
  readonly isEnd: boolean;
}

/**
 * The most that the parts of a body may have together: 64 MiB, a million ids of
 * 60 characters.
 */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** A body whose end has not come yet. */
interface Parts {
  readonly bytes: Uint8Array[];
  readonly tags: readonly string[];
  count: number;
}

/** Makes commands out of events, whose bodies may come in parts. */
export class CommandReader {
  readonly #parts = new Map<string, Parts>();

  /**
   * Returns the command that an event completes, if any.
   *
   * @throws {RangeError} when its body is too long
   */
  add(event: StatusEvent): Command | undefined {
    const { fileName: word, testId: req, eof: isEnd = false } = event;
    const { fileBytes = new Uint8Array(0), tags = [] } = event;
    if (word === undefined || event.status !== undefined) return undefined;
    if (event.mimeType === undefined && word === INPUT_FILE) {
      return { word, req, tags, body: fileBytes, isEnd };
    }
    const key = JSON.stringify([word, req]);
    const parts = this.#parts.get(key);
    // Only the first part of a file has to have a type.
    if (event.mimeType !== CONTROL_TYPE && parts === undefined) {
      return undefined;
    }
    if (parts === undefined && isEnd) {
      return { word, req, tags, body: fileBytes, isEnd };
    }
    const all = parts ?? { bytes: [], tags, count: 0 };
    all.bytes.push(fileBytes.slice());
    all.count += fileBytes.length;
    if (all.count > MAX_BODY_BYTES) {
      this.#parts.delete(key);
      throw new RangeError(
        `the body has more than ${MAX_BODY_BYTES} bytes: send several commands`,
      );
    }
    this.#parts.set(key, all);
    if (!isEnd) return undefined;
    this.#parts.delete(key);
    return { word, req, tags: all.tags, body: concat(all.bytes), isEnd };
  }
}

/**
 * The names in a body: separated by NUL if it ends in one, otherwise by line
 * feeds. Undefined when the body is not text.
 */
export function namesIn(body: Uint8Array): string[] | undefined {
  let text: string;
  try {
    text = strictText.decode(body);
  } catch {
    return undefined;
  }
  const separator = text.endsWith("\0") ? "\0" : "\n";
  return [...new Set(text.split(separator))].filter((name) => name !== "");
}

/** An answer as a control packet; without a test id no tool counts it. */
export function answer(word: string, body: unknown): StatusEvent {
  return {
    runnable: false,
    fileName: word,
    fileBytes: body instanceof Uint8Array
      ? body
      : new TextEncoder().encode(JSON.stringify(body)),
    mimeType: CONTROL_TYPE,
    eof: true,
  };
}
