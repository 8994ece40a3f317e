/**
 * Chunks in, events out: reads JUnit's XML reports.
 *
 * @module
 */

// @ts-types="./sax.d.ts"
import sax from "sax";
import type { StatusEvent } from "../event.ts";
import type { Timestamp } from "../timestamp.ts";
import { JunitReport } from "./report.ts";
import { XmlTextDecoder } from "./xml_text.ts";

/**
 * Longer attributes and comments are refused. Text may be of any length: it is
 * taken from the parser with each chunk.
 */
const MAX_ATTRIBUTE_LENGTH = 16 * 1024 * 1024;

/** How a {@linkcode JunitDecoder} is to work. */
export interface JunitDecoderOptions {
  /** A clock, for reports without `timestamp`. */
  readonly now?: () => Timestamp;
}

/**
 * Reads a JUnit report, or several behind one another. See
 * {@linkcode JunitReport} for what it comes to.
 *
 * XML must be well-formed; where it is not, the report breaks off: what is open
 * fails, {@linkcode JunitDecoder.error} says why, and the rest is not looked
 * at. Definitions of entities are refused. Memory does not grow with a test's
 * output. How the input is cut into chunks makes no difference to the events,
 * but for the parts of files.
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
  readonly #text = new XmlTextDecoder();
  readonly #parser = sax.parser(true, { strictEntities: true });
  readonly #report: JunitReport;
  #events: StatusEvent[] = [];
  #error: string | undefined;
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
      if (!isReference) throw error;
      // A character that XML has no room for is kept as it is written.
      parser.error = null;
    };
  }

  /** Why the report broke off, and where; undefined as long as it is sound. */
  get error(): string | undefined {
    return this.#error;
  }

  /**
   * Takes in a chunk and returns the events that are complete now. They hold
   * no view of the chunk.
   *
   * @throws {TypeError} after `end`
   */
  push(chunk: Uint8Array): StatusEvent[] {
    if (this.#ended) throw new TypeError("Cannot push: the decoder has ended");
    this.#try(() => this.#parser.write(this.#text.push(chunk)).flush());
    return this.#takeEvents();
  }

  /** Says that no more chunks come, and returns the rest of the events. */
  end(): StatusEvent[] {
    if (this.#ended) return [];
    this.#ended = true;
    this.#try(() => {
      this.#parser.write(this.#text.end());
      if (!this.#hasRoot) throw new RangeError("there is no element");
      this.#parser.close();
    });
    return this.#takeEvents();
  }

  #try(read: () => void): void {
    if (this.#error !== undefined) return;
    try {
      read();
    } catch (error) {
      const { line, column } = this.#parser;
      const [reason] = (error as Error).message.split("\n");
      this.#error = `line ${line + 1}, column ${column}: ${
        reason.charAt(0).toLowerCase() + reason.slice(1)
      }`;
      this.#report.breakOff(this.#error);
    }
  }

  #takeEvents(): StatusEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }
}

/**
 * Lets references to control characters be read, "&#27;" and "&#x1b;": reports
 * are full of colours.
 */
function allowControls(entities: Record<string, string>): void {
  for (let code = 1; code < 0x20; code++) {
    entities[`#${code}`] = String.fromCharCode(code);
    entities[`#x${code.toString(16)}`] = String.fromCharCode(code);
  }
}

/** No entity is ever defined, so none can grow. */
function refuseEntities(doctype: string): void {
  if (/<!ENTITY/i.test(doctype)) {
    throw new RangeError("the document defines entities, which is refused");
  }
}

/** The name without its prefix. */
function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}
