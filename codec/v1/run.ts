/**
 * Makes events from the lines of version 1.
 *
 * @module
 */

import { copyBytes, sameBytes } from "../text/bytes.ts";
import { TEXT_TYPE } from "../event.ts";
import type { Timestamp } from "../timestamp.ts";
import { hashText, NOT_TEXT } from "../text/utf8.ts";
import { Details, type DetailsReader, type FilePart } from "./details.ts";
import { V1Event } from "./event.ts";
import { bracketedFile } from "./files.ts";
import {
  CR,
  directiveAt,
  isBlank,
  LF,
  mayGetKeyword,
  type Outcome,
  parameterAt,
  SPACE,
} from "./line.ts";
import { TagScopes } from "./tags.ts";
import { decodeLegacy } from "./text.ts";
import { MAX_TIME_BYTES, readTime, SECOND_BYTES } from "./time.ts";

/** Longer lines are text: no packet could hold such a test id. */
const MAX_LINE_BYTES = 256 * 1024;
/** Longer parameters are not progress. */
const MAX_PROGRESS_BYTES = 64;

/** The file with the reason of a failure that has no outcome of its own. */
const REASON = "reason";

const PROGRESS = /^\s*(?:[+-]?\d+|push|pop)\s*$/;

const encoder = new TextEncoder();
const TIME = encoder.encode("time: ");
const TEST = encoder.encode("test: ");
const BRACKETED = encoder.encode(" [");
const MULTIPART = encoder.encode(" [ multipart");

/** Bytes that are kept from one line to the next. */
class KeptBytes {
  bytes = new Uint8Array(256);
  view = new DataView(this.bytes.buffer);
  end = 0;

  keep(view: DataView, start: number, end: number): void {
    this.end = end - start;
    if (this.end > this.bytes.length) {
      this.bytes = new Uint8Array(2 * this.end);
      this.view = new DataView(this.bytes.buffer);
    }
    copyBytes(view, start, end, this.view, 0);
  }
}

/** Options of a {@linkcode V1Run}. */
export interface V1RunOptions {
  /** A clock, for events before the first `time:` line. */
  readonly now?: () => Timestamp;
  /** The route code of all events. */
  readonly routeCode?: string;
}

/** Reads lines and keeps the state that following lines depend on. */
export class V1Run {
  readonly #emit: (event: V1Event) => void;
  readonly #now: (() => Timestamp) | undefined;
  readonly #routeCode: string | undefined;
  #clock: Timestamp | undefined;
  readonly #tags = new TagScopes();
  #isInTest = false;
  /** The name of the test in progress, as in its lines. */
  readonly #label = new KeptBytes();
  /** Its id in packets: mostly the same bytes, otherwise converted to UTF-8. */
  readonly #recoded = new KeptBytes();
  #id = this.#label;
  /** The outcome of the test whose details are being read. */
  #outcome: Outcome = "fail";
  #reader: DetailsReader | undefined;
  readonly #details = new Details((part) => this.#emitEvent(undefined, part));

  /** @param emit receives events, which are valid until it returns */
  constructor(
    emit: (event: V1Event) => void,
    { now, routeCode }: V1RunOptions,
  ) {
    this.#emit = emit;
    this.#now = now;
    this.#routeCode = routeCode;
  }

  /** Whether a test has started and not ended. */
  get isInTest(): boolean {
    return this.#isInTest;
  }

  /** Whether details of an outcome come next, instead of lines. */
  get isInDetails(): boolean {
    return this.#reader !== undefined;
  }

  /**
   * Reads a line, including its line end; `view` is a view of the same bytes.
   * Returns false when the line is text.
   */
  read(
    source: Uint8Array,
    view: DataView,
    start: number,
    stop: number,
  ): boolean {
    if (stop - start > MAX_LINE_BYTES) return false;
    let end = stop;
    if (source[end - 1] === LF) end--;
    if (end > start && source[end - 1] === CR) end--;
    const directive = directiveAt(source, start, end);
    if (directive === undefined) return false;
    const at = parameterAt(source, start);
    switch (directive) {
      case "test":
        this.#startTest(source, view, at, end);
        return true;
      case "tags":
        return this.#tags.read(
          decodeLegacy(source.subarray(at, end)),
          this.#isInTest,
        );
      case "time":
        return this.#setClock(source, at, end);
      case "progress":
        return this.#readProgress(source.subarray(at, end));
      default:
        return this.#readOutcome(directive, source, view, at, end);
    }
  }

  /**
   * Reads a line of the most common kinds: a time, a start, or the outcome of
   * the test in progress, with an ASCII name, and a colon and a space after the
   * keyword. Returns where the line ends; -1 when it is of another kind, and
   * when that depends on bytes after `end`.
   *
   * The result is that of {@linkcode V1Run.read} in half the time, because such
   * lines need not be searched for their ends, nor for packets in them.
   */
  readKnown(
    source: Uint8Array,
    view: DataView,
    start: number,
    end: number,
  ): number {
    if (end - start < TIME.length) return -1;
    if (startsWith(TIME, source, start)) {
      return this.#readKnownTime(source, start + TIME.length, end);
    }
    if (startsWith(TEST, source, start)) {
      return this.#readKnownStart(source, start + TEST.length, end);
    }
    return this.#isInTest && this.#id === this.#label
      ? this.#readKnownOutcome(source, view, start, end)
      : -1;
  }

  #readKnownTime(source: Uint8Array, start: number, end: number): number {
    const limit = Math.min(end, start + MAX_TIME_BYTES);
    let last = start + SECOND_BYTES;
    while (last < limit && source[last] !== LF) last++;
    return last < limit && this.#setClock(source, start, last) ? last + 1 : -1;
  }

  #readKnownStart(source: Uint8Array, start: number, end: number): number {
    // The test in progress needs its name until it has failed.
    if (this.#isInTest || isBlank(source[start])) return -1;
    const label = this.#label.bytes;
    const limit = Math.min(end, start + label.length);
    let at = start;
    for (let byte; at < limit && (byte = source[at]) >= SPACE; at++) {
      if (byte > 0x7f) return -1;
      label[at - start] = byte;
    }
    if (at === limit || source[at] !== LF) return -1;
    this.#label.end = at - start;
    this.#id = this.#label;
    this.#isInTest = true;
    this.#emitEvent("inprogress");
    return at + 1;
  }

  #readKnownOutcome(
    source: Uint8Array,
    view: DataView,
    start: number,
    end: number,
  ): number {
    const directive = directiveAt(source, start, end);
    switch (directive) {
      case undefined:
      case "test":
      case "tags":
      case "time":
      case "progress":
        return -1;
    }
    const at = parameterAt(source, start);
    const last = at + this.#label.end;
    const isKnown = last < end && source[last] === LF &&
      source[at - 1] === SPACE &&
      sameBytes(view, at, last, this.#label.view, 0);
    if (!isKnown) return -1;
    this.#endTest(directive);
    return last + 1;
  }

  /**
   * Returns whether a line that begins with these bytes may be more than text.
   */
  mayRead(source: Uint8Array, start: number, end: number): boolean {
    if (end - start > MAX_LINE_BYTES) return false;
    const directive = directiveAt(source, start, end);
    if (directive === undefined) return mayGetKeyword(source, start, end);
    const at = parameterAt(source, start);
    switch (directive) {
      case "test":
      case "tags":
        return true;
      case "time":
        return end - at <= MAX_TIME_BYTES;
      case "progress":
        return end - at <= MAX_PROGRESS_BYTES;
      default:
        return this.#isInTest && this.#mayNameTest(source, at, end);
    }
  }

  /**
   * Reads details from bytes that begin where the last call stopped, and
   * returns how many it has read.
   */
  readDetails(bytes: Uint8Array): number {
    const reader = this.#reader!;
    const read = reader.read(bytes);
    if (reader.isDone) this.#endDetails();
    return read;
  }

  /** Ends details with `bytes`, which have not been read yet. */
  endDetails(bytes: Uint8Array): void {
    const reader = this.#reader!;
    reader.end(bytes);
    if (reader.isDone) this.#endDetails();
  }

  /** Ends the input: a test in progress fails. */
  end(): void {
    if (!this.#isInTest) return;
    this.#interrupt(
      this.isInDetails
        ? `The input ended in the details of the outcome "${this.#outcome}"`
        : "The input ended before the test did",
    );
  }

  #startTest(
    source: Uint8Array,
    view: DataView,
    start: number,
    end: number,
  ): void {
    if (this.#isInTest) {
      const other = decodeLegacy(source.subarray(start, end));
      this.#interrupt(`The test was interrupted by the test "${other}"`);
    }
    this.#label.keep(view, start, end);
    this.#id = this.#label;
    if (hashText(source, view, start, end) === NOT_TEXT) {
      const id = encoder.encode(decodeLegacy(source.subarray(start, end)));
      this.#recoded.keep(new DataView(id.buffer), 0, id.length);
      this.#id = this.#recoded;
    }
    this.#isInTest = true;
    this.#emitEvent("inprogress");
  }

  #setClock(source: Uint8Array, start: number, end: number): boolean {
    const time = readTime(source, start, end);
    if (time !== undefined) this.#clock = time;
    return time !== undefined;
  }

  /**
   * Version 2 has no progress; within a test it shows that the test broke off.
   */
  #readProgress(bytes: Uint8Array): boolean {
    if (bytes.length > MAX_PROGRESS_BYTES) return false;
    if (!PROGRESS.test(decodeLegacy(bytes))) return false;
    if (this.#isInTest) {
      this.#interrupt("The test was interrupted by a line of progress");
    }
    return true;
  }

  #readOutcome(
    outcome: Outcome,
    source: Uint8Array,
    view: DataView,
    start: number,
    end: number,
  ): boolean {
    const { view: label, end: length } = this.#label;
    const labelEnd = start + length;
    const isOfTest = this.#isInTest && labelEnd <= end &&
      sameBytes(view, start, labelEnd, label, 0);
    if (!isOfTest) return false;
    const rest = source.subarray(labelEnd, end);
    if (rest.length === 0) {
      this.#endTest(outcome);
    } else if (isWord(rest, BRACKETED)) {
      const { name, mimeType } = bracketedFile(outcome);
      this.#reader = this.#details.bracketed(name, mimeType);
    } else if (isWord(rest, MULTIPART)) {
      this.#reader = this.#details.multipart();
    } else {
      return false;
    }
    this.#outcome = outcome;
    return true;
  }

  /**
   * Returns whether bytes may be the test's name and a bracket, possibly
   * incomplete.
   */
  #mayNameTest(source: Uint8Array, start: number, end: number): boolean {
    const { bytes: label, end: length } = this.#label;
    const name = source.subarray(start, Math.min(end, start + length));
    const rest = source.subarray(start + name.length, end);
    return name.every((byte, i) => byte === label[i]) &&
      rest.every((byte, i) =>
        byte === MULTIPART[i] || byte === CR && i === rest.length - 1
      );
  }

  #endDetails(): void {
    this.#reader = undefined;
    this.#endTest(this.#outcome);
  }

  #interrupt(reason: string): void {
    this.#reader = undefined;
    this.#endTest("fail", {
      name: REASON,
      mimeType: TEXT_TYPE,
      bytes: encoder.encode(reason),
      eof: true,
    });
  }

  #endTest(outcome: Outcome, reason?: FilePart): void {
    this.#emitEvent(outcome, reason);
    this.#isInTest = false;
    this.#tags.endTest();
  }

  #emitEvent(status: V1Event["status"], file?: FilePart): void {
    const { bytes, view, end } = this.#id;
    const isEnd = status !== undefined && status !== "inprogress";
    this.#emit(
      new V1Event(
        bytes,
        view,
        end,
        status,
        isEnd ? this.#tags.current : undefined,
        this.#routeCode,
        this.#clock ?? this.#now?.(),
        file,
      ),
    );
  }
}

function startsWith(word: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < word.length; i++) {
    if (bytes[at + i] !== word[i]) return false;
  }
  return true;
}

function isWord(bytes: Uint8Array, word: Uint8Array): boolean {
  return bytes.length === word.length &&
    word.every((byte, i) => byte === bytes[i]);
}
