/**
 * Makes events from the lines of version 1.
 *
 * @module
 */

import { copyBytes, sameBytes } from "../text/bytes.ts";
import { TEXT_TYPE } from "../event.ts";
import type { Timestamp } from "../timestamp.ts";
import { decodeText, hashText, NOT_TEXT } from "../text/utf8.ts";
import { Interned } from "../v2/interned.ts";
import { Details, type DetailsReader, type FilePart } from "./details.ts";
import { V1Event } from "./event.ts";
import { bracketedFile, TRACEBACK } from "./files.ts";
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
/** Longer lines outside of a test are not failures of their own. */
const MAX_STRAY_BYTES = 4096;
/** How many lines in a test that may have started another one are kept. */
const MAX_STARTS = 64;
/** Longer parameters are not progress. */
const MAX_PROGRESS_BYTES = 64;

/** Longer lines of tags are not read at once. */
const MAX_KNOWN_TAGS_BYTES = 64;
/** A stream has few lines of tags. */
const tagTexts = new Interned(decodeText);

/** The file with the reason of a failure that has no outcome of its own. */
const REASON = "reason";

/** A failure outside of a test: its name, and its details on the same line. */
const STRAY_LINE = /^(.*?\S) \[ (.*) \]$/s;

const PROGRESS = /^\s*(?:[+-]?\d+|push|pop)\s*$/;

const encoder = new TextEncoder();
const latin1 = new TextDecoder("latin1");
const COLON = 0x3a;
const TIME = encoder.encode("time: ");
const TEST = encoder.encode("test: ");
const TAGS = encoder.encode("tags: ");
const NOTHING = new Uint8Array(0);
const BRACKETED = encoder.encode(" [");
const MULTIPART = encoder.encode(" [ multipart");

/** Bytes that are kept from one line to the next. */
class KeptBytes {
  bytes = new Uint8Array(256);
  view = new DataView(this.bytes.buffer);
  end = 0;

  /** The bytes kept, a view. */
  get name(): Uint8Array {
    return this.bytes.subarray(0, this.end);
  }

  keep(view: DataView, start: number, end: number): void {
    this.end = end - start;
    if (this.end > this.bytes.length) {
      this.bytes = new Uint8Array(2 * this.end);
      this.view = new DataView(this.bytes.buffer);
    }
    copyBytes(view, start, end, this.view, 0);
  }
}

/**
 * A line in a test that looks like the start of another one. The test may have
 * printed it, so it is text unless an outcome names it.
 */
interface PossibleStart {
  readonly label: Uint8Array<ArrayBuffer>;
  readonly clock: Timestamp | undefined;
  /** Whether it has a colon, as what runners print: prose mostly has none. */
  readonly hasColon: boolean;
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
  /** The lines in the test that may have started others, in their order. */
  #starts: PossibleStart[] = [];
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
        if (this.#isInTest) return this.#noteStart(source, at, end);
        this.#startTest(source, view, at, end);
        return true;
      case "suite failure":
        return this.#failSuite(source, view, at, end);
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
   * Reads a line of the most common kinds: a time, tags, a start, or the outcome
   * of the test in progress, in ASCII, with a colon and a space after the
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
    if (startsWith(TAGS, source, start)) {
      return this.#readKnownTags(source, view, start + TAGS.length, end);
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

  #readKnownTags(
    source: Uint8Array,
    view: DataView,
    start: number,
    end: number,
  ): number {
    if (isBlank(source[start])) return -1;
    const limit = Math.min(end, start + MAX_KNOWN_TAGS_BYTES);
    let at = start;
    while (at < limit && source[at] >= SPACE && source[at] < 0x80) at++;
    if (at === limit || source[at] !== LF) return -1;
    const text = tagTexts.get(source, view, start, at);
    return this.#tags.read(text, this.#isInTest) ? at + 1 : -1;
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
      case "suite failure":
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
      case "suite failure":
      case "tags":
        return true;
      case "time":
        return end - at <= MAX_TIME_BYTES;
      case "progress":
        return end - at <= MAX_PROGRESS_BYTES;
      case "fail":
        if (!this.#isInTest) return end - start <= MAX_STRAY_BYTES;
    }
    return this.#isInTest && this.#mayNameTest(source, at, end);
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
    this.#interruptAll(
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
    this.#name(source, view, start, end);
    this.#emitEvent("inprogress");
  }

  /** Makes bytes the name of the test in progress. */
  #name(source: Uint8Array, view: DataView, start: number, end: number): void {
    this.#label.keep(view, start, end);
    this.#id = this.#label;
    if (hashText(source, view, start, end) === NOT_TEXT) {
      const id = encoder.encode(decodeLegacy(source.subarray(start, end)));
      this.#recoded.keep(new DataView(id.buffer), 0, id.length);
      this.#id = this.#recoded;
    }
    this.#isInTest = true;
  }

  /** Notes a line in a test that may start another one; it is text. */
  #noteStart(source: Uint8Array, at: number, end: number): false {
    this.#starts.push({
      label: source.slice(at, end),
      clock: this.#clock,
      hasColon: source[at - 2] === COLON,
    });
    if (this.#starts.length > MAX_STARTS) this.#starts.shift();
    return false;
  }

  /** Starts a test that a line in another one, which it interrupts, started. */
  #startNoted(index: number): void {
    const starts = this.#starts;
    const later = starts.slice(index + 1);
    for (let i = 0; i <= index; i++) {
      // What came before it is not named by an outcome, and may be prose.
      if (i < index && !starts[i].hasColon) continue;
      this.#switchTo(starts[i]);
    }
    this.#starts = later;
  }

  /** Interrupts the test in progress by another one. */
  #switchTo({ label, clock }: PossibleStart): void {
    const present = this.#clock;
    this.#clock = clock;
    const other = decodeLegacy(label);
    this.#interrupt(`The test was interrupted by the test "${other}"`);
    this.#startTest(label, new DataView(label.buffer), 0, label.length);
    this.#clock = present;
  }

  /** Interrupts the test in progress, and those that it may have hidden. */
  #interruptAll(reason: string): void {
    const starts = this.#starts.filter(({ hasColon }) => hasColon);
    for (const start of starts) this.#switchTo(start);
    this.#interrupt(reason);
  }

  /** Reads a line that a whole suite failed. */
  #failSuite(
    source: Uint8Array,
    view: DataView,
    start: number,
    end: number,
  ): boolean {
    if (this.#isInTest) this.#interruptAll("Its suite failed before it ended");
    if (this.#readStray(source, view, start, end)) return true;
    this.#name(source, view, start, end);
    this.#interrupt("The suite failed");
    return true;
  }

  /**
   * Reads a failure outside of a test, such as that of a suite's set-up. Prose
   * and compilers say "error:" too: only a line with details is one.
   */
  #readStray(
    source: Uint8Array,
    view: DataView,
    start: number,
    end: number,
  ): boolean {
    const line = source.subarray(start, end);
    const word = [MULTIPART, BRACKETED].find((word) =>
      line.length > word.length &&
      !isBlank(line[line.length - word.length - 1]) &&
      isWord(line.subarray(line.length - word.length), word)
    );
    if (word !== undefined) {
      this.#name(source, view, start, end - word.length);
      this.#outcome = "fail";
      this.#reader = word === MULTIPART
        ? this.#details.multipart()
        : this.#details.bracketed(TRACEBACK.name, TRACEBACK.mimeType);
      return true;
    }
    const [, name, details] = STRAY_LINE.exec(latin1.decode(line)) ?? [];
    if (name === undefined) return false;
    this.#name(source, view, start, start + name.length);
    const detailsAt = line.length - " ]".length - details.length;
    this.#endTest("fail", {
      ...TRACEBACK,
      bytes: line.subarray(detailsAt, line.length - " ]".length),
      eof: true,
    });
    return true;
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
      this.#interruptAll("The test was interrupted by a line of progress");
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
    if (!this.#isInTest) {
      return outcome === "fail" && this.#readStray(source, view, start, end);
    }
    const parameter = source.subarray(start, end);
    let rest = restBehind(this.#label.name, parameter);
    for (let i = this.#starts.length - 1; rest === undefined && i >= 0; i--) {
      rest = restBehind(this.#starts[i].label, parameter);
      if (rest !== undefined) this.#startNoted(i);
    }
    if (rest === undefined) return false;
    if (rest === NOTHING) {
      this.#endTest(outcome);
    } else if (rest === MULTIPART) {
      this.#reader = this.#details.multipart();
    } else {
      const { name, mimeType } = bracketedFile(outcome);
      this.#reader = this.#details.bracketed(name, mimeType);
    }
    this.#outcome = outcome;
    return true;
  }

  /**
   * Returns whether bytes may be the name of the test, or of one that may have
   * started, and a bracket, possibly incomplete.
   */
  #mayNameTest(source: Uint8Array, start: number, end: number): boolean {
    const parameter = source.subarray(start, end);
    return mayBeNamed(this.#label.name, parameter) ||
      this.#starts.some(({ label }) => mayBeNamed(label, parameter));
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
    if (this.#starts.length > 0) this.#starts = [];
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

/** What follows the name of a test in an outcome. */
type Rest = typeof NOTHING | typeof BRACKETED | typeof MULTIPART;

/** What follows a name in the parameter of an outcome that names it. */
function restBehind(
  name: Uint8Array,
  parameter: Uint8Array,
): Rest | undefined {
  if (!isWord(parameter.subarray(0, name.length), name)) return undefined;
  const rest = parameter.subarray(name.length);
  return [NOTHING, BRACKETED, MULTIPART].find((word) => isWord(rest, word));
}

/** Returns whether a parameter may become a name and a bracket. */
function mayBeNamed(name: Uint8Array, parameter: Uint8Array): boolean {
  const length = Math.min(name.length, parameter.length);
  const rest = parameter.subarray(length);
  return isWord(parameter.subarray(0, length), name.subarray(0, length)) &&
    rest.every((byte, i) =>
      byte === MULTIPART[i] || byte === CR && i === rest.length - 1
    );
}

function isWord(bytes: Uint8Array, word: Uint8Array): boolean {
  return bytes.length === word.length &&
    word.every((byte, i) => byte === bytes[i]);
}
