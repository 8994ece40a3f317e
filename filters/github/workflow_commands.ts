/**
 * Workflow commands in the log of a GitHub job: how to write them, and how to
 * disarm those in text from a stream.
 *
 * A runner reads the output and the errors of a step line by line. A line that
 * begins with "::", after any white space, may be a command, and so may a line
 * with "##[" anywhere in it. The runner compares strings by culture, which
 * ignores invisible characters. Source: actions/runner,
 * `ActionCommand.cs`, `ActionCommandManager.cs`, `OutputManager.cs`.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { textOfContent } from "../kit/text/content.ts";

/** How many annotations of a kind GitHub shows of a step; of a job it is 50. */
export const MAX_ANNOTATIONS = 10;
/** What GitHub takes of a message, in UTF-16 units. */
export const MAX_MESSAGE_LENGTH = 4096;
/** What GitHub's interface for checks takes of a title. */
export const MAX_TITLE_LENGTH = 255;
/** What GitHub takes of a step's summary; of a longer one it takes nothing. */
export const MAX_SUMMARY_BYTES = 1024 * 1024;

/** What kind an annotation is of. */
export type AnnotationKind = "error" | "warning" | "notice";

/** An annotation, as a line. */
export function annotation(
  kind: AnnotationKind,
  properties: Readonly<Record<string, string | number | undefined>>,
  message: string,
): string {
  const given = Object.entries(properties)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${escapeProperty(String(value))}`);
  return `::${kind} ${given.join(",")}::${escapeMessage(message)}\n`;
}

/** The beginning of a group of lines that is folded, as a line. */
export function group(title: string): string {
  return `::group::${escapeMessage(title)}\n`;
}

/** The end of a group, as a line. */
export function endGroup(): string {
  return "::endgroup::\n";
}

function escapeMessage(text: string): string {
  return text.replace(/[%\r\n]/g, percentEscape);
}

function escapeProperty(text: string): string {
  return text.replace(/[%\r\n:,]/g, percentEscape);
}

function percentEscape(character: string): string {
  const code = character.charCodeAt(0).toString(16).toUpperCase();
  return `%${code.padStart(2, "0")}`;
}

/** Characters that do not count, but for line ends. */
const UNSEEN = String.raw`(?:(?![\r\n])[\p{C}\p{M}\p{DI}])*`;
/** The same, and spaces. */
const BLANK = String.raw`(?:(?![\r\n])[\s\p{Z}\p{C}\p{M}\p{DI}])*`;

const COMMAND = new RegExp(`((?:^|[\\r\\n])${BLANK}:${UNSEEN}):`, "gu");
const OLD_COMMAND = new RegExp(`(#${UNSEEN}#${UNSEEN})\\[`, "gu");

/**
 * Text in which no line is a command: the colon or bracket that would start one
 * is escaped as in JSON, which leaves the meaning of JSON unchanged.
 */
export function defuse(text: string): string {
  return text.replace(COMMAND, "$1\\u003a")
    .replace(OLD_COMMAND, "$1\\u005b");
}

/** A longer line is cut up: waiting for its end must not take up memory. */
const MAX_LINE_BYTES = 64 * 1024;
const LINE_FEED = 0x0a;

const encoder = new TextEncoder();
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Passes text on line by line, with its commands disarmed. Lines are passed on
 * whole: the rest of a line after the output of another process could otherwise
 * become a command.
 */
export class CommandFreeText {
  /** The beginning of a line. */
  #held: Uint8Array = new Uint8Array(0);

  /** The lines that are complete now. */
  push(bytes: Uint8Array): Uint8Array {
    const source = concat([this.#held, bytes]);
    const texts: string[] = [];
    let start = 0, lineAt = 0;
    for (;;) {
      const feedAt = source.indexOf(LINE_FEED, lineAt);
      const length = (feedAt < 0 ? source.length : feedAt) - lineAt;
      if (length > MAX_LINE_BYTES) {
        lineAt = characterAt(source, lineAt + MAX_LINE_BYTES);
        texts.push(textOfLines(source.subarray(start, lineAt)), "\n");
        start = lineAt;
      } else if (feedAt < 0) {
        break;
      } else {
        lineAt = feedAt + 1;
      }
    }
    texts.push(textOfLines(source.subarray(start, lineAt)));
    this.#held = source.slice(lineAt);
    return encoder.encode(defuse(texts.join("")));
  }

  /** The rest, as a line of its own. */
  end(): Uint8Array {
    return this.#held.length === 0
      ? this.#held
      : this.push(Uint8Array.of(LINE_FEED));
  }
}

/** Where the character of UTF-8 begins that a place is in. */
function characterAt(text: Uint8Array, place: number): number {
  let at = place;
  while (at > place - 3 && (text[at] & 0xc0) === 0x80) at--;
  return at;
}

/** Each line in UTF-8 where it is that, else in ISO-8859-1. */
function textOfLines(lines: Uint8Array): string {
  try {
    return utf8.decode(lines);
  } catch {
    const texts: string[] = [];
    for (let at = 0; at < lines.length;) {
      const end = lines.indexOf(LINE_FEED, at) + 1 || lines.length;
      texts.push(textOfContent(lines.subarray(at, end)));
      at = end;
    }
    return texts.join("");
  }
}
