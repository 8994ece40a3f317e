/**
 * Decodes JUnit's XML reports.
 *
 * @module
 */

import type { StatusEvent } from "../event.ts";
import type { Timestamp } from "../timestamp.ts";
import { JunitReport } from "./report.ts";
import { ReportStart } from "./start.ts";
import { XmlTokenizer } from "./tokenizer.ts";
import { ByteOrderReader, XmlTextDecoder } from "./xml_text.ts";

/** The file for text outside the report, as in the other decoders. */
const TEXT_FILE_NAME = "stdout";

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
  readonly #tokenizer: XmlTokenizer;
  readonly #report: JunitReport;
  #events: StatusEvent[] = [];
  #error: string | undefined;
  #hasWords = false;
  #ended = false;

  constructor({ now }: JunitDecoderOptions = {}) {
    const report = new JunitReport((event) => this.#events.push(event), now);
    this.#report = report;
    this.#tokenizer = new XmlTokenizer({
      open: (name, attributes) => report.open(localName(name), attributes),
      close: () => report.close(),
      text: (text) => report.text(text),
    });
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
      this.#tokenizer.push(this.#text.end());
      this.#tokenizer.end();
    });
    return this.#takeEvents();
  }

  #read(bytes: Uint8Array): void {
    const { words, report } = this.#start.push(bytes);
    this.#passWords(words);
    if (!this.#start.isFound) return;
    this.#tokenizer.push(this.#text.push(report, this.#bytes.isUtf16));
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
    // The tokenizer counts lines and columns.
    this.#tokenizer.push(blankLike(words));
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
      if (!(error instanceof RangeError)) throw error;
      const { line, column } = this.#tokenizer.position;
      this.#breakOff(`line ${line}, column ${column}: ${error.message}`);
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
