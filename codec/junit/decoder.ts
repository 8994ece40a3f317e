/**
 * Decodes JUnit's XML reports.
 *
 * @module
 */

// @ts-types="./sax.d.ts"
import sax from "sax";
import type { StatusEvent } from "../event.ts";
import type { Timestamp } from "../timestamp.ts";
import { JunitReport } from "./report.ts";
import { ReportStart } from "./start.ts";
import { ByteOrderReader, XmlTextDecoder } from "./xml_text.ts";

/**
 * Longer attributes and comments are refused. Text may have any length: it is
 * taken from the parser with each chunk.
 */
const MAX_ATTRIBUTE_LENGTH = 16 * 1024 * 1024;

/** The file for text outside the report, as in the other decoders. */
const TEXT_FILE_NAME = "stdout";

const BYTE_ORDER_MARK = "\ufeff";

/** How a {@linkcode JunitDecoder} is to work. */
export interface JunitDecoderOptions {
  /** A clock, for reports without `timestamp`. */
  readonly now?: () => Timestamp;
}

/**
 * Decodes a JUnit report, or several in a row. See {@linkcode JunitReport} for
 * the events.
 *
 * XML must be well-formed. Otherwise the report breaks off: open tests fail,
 * {@linkcode JunitDecoder.error} has the reason, and the rest is ignored.
 * Definitions of entities are refused. Memory does not grow with the output of
 * a test. How the input is split into chunks does not change the events, except
 * how files are split.
 *
 * Text before the first "<?xml" or "<testsuite" becomes the file "stdout" of no
 * test: build tools write to the stream that carries the report.
 *
 * @example
 * ```ts
 * import { JunitDecoder } from "@subunit/codec/junit";
 *
 * const decoder = new JunitDecoder();
 * const report = '<testsuite><testcase classname="a.B" name="c"/></testsuite>';
 * for (const event of decoder.push(new TextEncoder().encode(report))) {
 *   console.log(event.testId, event.status); // a.B.c inprogress, a.B.c success
 * }
 * ```
 */
export class JunitDecoder {
  readonly #bytes = new ByteOrderReader();
  readonly #start = new ReportStart();
  readonly #text = new XmlTextDecoder();
  readonly #parser = sax.parser(true, { strictEntities: true });
  readonly #report: JunitReport;
  #events: StatusEvent[] = [];
  #error: string | undefined;
  #hasWords = false;
  #hasRoot = false;
  #ended = false;

  constructor({ now }: JunitDecoderOptions = {}) {
    const report = new JunitReport((event) => this.#events.push(event), now);
    this.#report = report;
    sax.MAX_BUFFER_LENGTH = MAX_ATTRIBUTE_LENGTH;
    const parser = this.#parser;
    allowControls(parser.ENTITIES);
    parser.onopentag = ({ name, attributes }) => {
      this.#hasRoot = true;
      report.open(localName(name), attributes);
    };
    parser.onclosetag = () => report.close();
    parser.ontext = (text) => report.text(text);
    parser.oncdata = (text) => report.text(text);
    parser.ondoctype = refuseEntities;
    parser.onerror = (error) => {
      const isReference = parser.entity.startsWith("#") &&
        error.message.startsWith("Invalid character");
      const isMark = parser.c === BYTE_ORDER_MARK &&
        error.message.startsWith("Text data outside of root node.");
      if (!isReference && !isMark) throw error;
      // A character that XML does not allow is kept as it is written.
      // Documents in a row have a byte order mark each.
      parser.error = null;
    };
  }

  /** Whether the input contains XML so far. */
  get hasBegun(): boolean {
    return this.#start.isFound;
  }

  /** Why the report broke off, and where; undefined as long as it is sound. */
  get error(): string | undefined {
    return this.#error;
  }

  /**
   * Reads a chunk and returns the events that are complete. They contain no
   * views of the chunk.
   *
   * @throws {TypeError} after `end`
   */
  push(chunk: Uint8Array): StatusEvent[] {
    if (this.#ended) throw new TypeError("Cannot push: the decoder has ended");
    this.#try(() => this.#read(this.#bytes.push(chunk)));
    return this.#takeEvents();
  }

  /** Ends the input and returns the remaining events. */
  end(): StatusEvent[] {
    if (this.#ended) return [];
    this.#ended = true;
    this.#try(() => {
      this.#read(this.#bytes.end());
      this.#passWords(this.#start.end());
      if (!this.#start.isFound) return this.#breakOff(this.#absence);
      this.#parser.write(this.#text.end());
      if (!this.#hasRoot) throw new RangeError("there is no element");
      this.#parser.close();
    });
    return this.#takeEvents();
  }

  #read(bytes: Uint8Array): void {
    const { words, report } = this.#start.push(bytes);
    this.#passWords(words);
    if (!this.#start.isFound) return;
    const text = this.#text.push(report, this.#bytes.isUtf16);
    this.#parser.write(text).flush();
  }

  /** Passes on text before the report. */
  #passWords(words: Uint8Array): void {
    if (words.length === 0) return;
    this.#hasWords = true;
    this.#events.push({
      runnable: true,
      fileName: TEXT_FILE_NAME,
      fileBytes: words.slice(),
    });
    // The parser counts lines and columns.
    this.#parser.write(blankLike(words));
  }

  /** The reason when there is no XML. */
  get #absence(): string {
    return this.#hasWords
      ? "there is no XML in the document, expected a JUnit report"
      : "the document is empty, expected a JUnit report";
  }

  #try(read: () => void): void {
    if (this.#error !== undefined) return;
    try {
      read();
    } catch (error) {
      const { line, column } = this.#parser;
      const [reason] = (error as Error).message.split("\n");
      this.#breakOff(
        `line ${line + 1}, column ${column}: ${
          reason.charAt(0).toLowerCase() + reason.slice(1)
        }`,
      );
    }
  }

  #breakOff(reason: string): void {
    this.#error = reason;
    this.#report.breakOff(reason);
  }

  #takeEvents(): StatusEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }
}

/**
 * Allows references to control characters, "&#27;" and "&#x1b;": reports are
 * full of colours.
 */
function allowControls(entities: Record<string, string>): void {
  for (let code = 1; code < 0x20; code++) {
    entities[`#${code}`] = String.fromCharCode(code);
    entities[`#x${code.toString(16)}`] = String.fromCharCode(code);
  }
}

/** Refuses definitions of entities, so that none can expand without bounds. */
function refuseEntities(doctype: string): void {
  if (/<!ENTITY/i.test(doctype)) {
    throw new RangeError("the document defines entities, which is refused");
  }
}

/** The name without its prefix. */
function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

/** The text with all characters but line ends replaced by blanks. */
function blankLike(words: Uint8Array): string {
  let blanks = "";
  for (const byte of words) {
    if (byte === 0x0a) blanks += "\n";
    else if ((byte & 0xc0) !== 0x80) blanks += " ";
  }
  return blanks;
}
