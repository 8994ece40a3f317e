/**
 * Encodes tests in version 1.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { change, type StatusEvent, TEXT_TYPE } from "../event.ts";
import type { Attachment } from "../results/test_files.ts";
import {
  type Outcome as TestOutcome,
  type Test,
  TestCollator,
} from "../results/collator.ts";
import {
  type EncoderStreamOptions,
  EventEncoderStream,
} from "../stream_pair.ts";
import { type Timestamp, timestampOf } from "../timestamp.ts";
import { Packet } from "../v2/packet.ts";
import type { Rows } from "../v2/rows.ts";
import { isText } from "../text/utf8.ts";
import { TextBuilder } from "./builder.ts";
import { bracketedFile, TRACEBACK } from "./files.ts";
import { CR, isBlank, LF, type Outcome, SPACE } from "./line.ts";
import { TextQuoter } from "./quoting.ts";
import { isTag } from "./tags.ts";

const BRACKET = 0x5d;

/** The keyword of each outcome that most readers know. */
const KEYWORDS: Readonly<Record<TestOutcome, string>> = {
  success: "success: ",
  uxsuccess: "uxsuccess: ",
  skip: "skip: ",
  fail: "failure: ",
  xfail: "xfail: ",
  lost: "failure: ",
};

/** The explanation of a test that started and never ended. */
const LOST: Attachment = {
  name: "reason",
  mimeType: TEXT_TYPE,
  bytes: new TextEncoder().encode("The test started and never ended\n"),
};

/** The type of files without one, according to version 2. */
const NO_TYPE = "application/octet-stream";
/** What Python's reader accepts as a type: one slash, no line end. */
const READABLE_TYPE = /^[^\/\r\n]+\/[^\/\r\n]+$/;
/** Charsets that readers of bracketed details, who expect UTF-8, misread. */
const OTHER_CHARSET = /charset\s*=\s*"?(?!utf-?8|us-ascii)/i;

/** How many bytes are collected before they are emitted. */
const RUN_BYTES = 32 * 1024;
/** Longer lines of tags, or more than this many, are not cached. */
const MAX_TAG_LINE_BYTES = 256;
const MOST_TAG_LINES = 1024;

const textEncoder = new TextEncoder();

/**
 * What version 1 cannot represent, named for people, and how often it occurred.
 */
export type V1Losses = Record<
  | "route codes"
  | "parents of tests"
  | "tags with blanks or a dash"
  | "line ends in test ids"
  | "line ends in names of files"
  | "types of files"
  | "types of text"
  | "files that are no text",
  number
>;

/** Options of a {@linkcode V1Encoder}. */
export interface V1EncoderOptions {
  /**
   * Whether details are always lines of text in brackets, for readers that know
   * nothing else (Perl's). Files then lose their names and types, and those
   * that are not text are left out.
   */
  readonly plain?: boolean;
}

/**
 * Encodes tests in version 1, one after another.
 *
 * A test has its times, its tags and its files. A single file of the kind that
 * readers make of bracketed details is written in brackets; others become
 * multipart details, which have names, types and bytes. A lost test is a
 * failure with an explanation.
 *
 * @example
 * ```ts
 * import { decodePacket, encodePacket, TestCollator } from "@subunit/codec";
 * import { V1Encoder } from "@subunit/codec/v1";
 *
 * const test = new TestCollator().add(decodePacket(encodePacket({
 *   testId: "foo",
 *   status: "skip",
 *   runnable: true,
 * })))!;
 * const encoder = new V1Encoder((bytes) => {
 *   console.log(new TextDecoder().decode(bytes)); // test: foo, skip: foo
 * });
 * encoder.add(test);
 * encoder.flush();
 * ```
 */
export class V1Encoder {
  /** What was left out or changed. */
  readonly losses: V1Losses = {
    "route codes": 0,
    "parents of tests": 0,
    "tags with blanks or a dash": 0,
    "line ends in test ids": 0,
    "line ends in names of files": 0,
    "types of files": 0,
    "types of text": 0,
    "files that are no text": 0,
  };
  readonly #take: (text: Uint8Array) => void;
  readonly #plain: boolean;
  readonly #out = new TextBuilder(2 * RUN_BYTES);
  /** Recent lines of tags: a stream has few different sets. */
  readonly #tagLines = new Map<readonly string[], TagLine>();

  /**
   * @param take receives what is written, in large pieces, valid until it
   * returns
   */
  constructor(
    take: (text: Uint8Array) => void,
    { plain = false }: V1EncoderOptions = {},
  ) {
    this.#take = take;
    this.#plain = plain;
  }

  /** Encodes a test. */
  add(test: Test): void {
    const out = this.#out;
    const { last, outcome, tags } = test;
    const packet = last instanceof Packet ? last : undefined;
    const ended = test.ended ?? test.started;
    // Without a time of its own it would get that of the previous test.
    const started = test.started ?? ended;
    const { view, start, end } = this.#label(test, packet);
    if (started !== undefined) {
      this.#writeTime(started.seconds, started.nanoseconds);
    }
    out.text("test: ");
    out.range(view, start, end);
    out.byte(LF);
    if (tags.length > 0) this.#writeTags(tags);
    if (ended !== undefined && !isSame(ended, started!)) {
      this.#writeTime(ended.seconds, ended.nanoseconds);
    }
    out.text(KEYWORDS[outcome]);
    out.range(view, start, end);
    this.#writeDetails(test);
    // For a packet, this is known without decoding the route code.
    const isRouted = packet === undefined
      ? test.routeCode !== undefined
      : packet.routeAt >= 0;
    if (isRouted) this.losses["route codes"]++;
    if (test.parentTestId !== undefined) this.losses["parents of tests"]++;
    if (out.size > RUN_BYTES) this.flush();
  }

  /**
   * Encodes the test that a row has ended, if nothing else is known of it but
   * when it started. Returns false, and writes nothing, when its name cannot be
   * written as it is.
   *
   * {@linkcode add} without the objects, and its oracle: `deno task bench
   * subunit-2to1`.
   *
   * @param startSeconds NaN when the start is not known
   * @internal
   */
  addRow(
    rows: Rows,
    i: number,
    startSeconds: number,
    startNanoseconds: number,
  ): boolean {
    const { source, view } = rows;
    const idAt = rows.idAt(i), idEnd = rows.idEnd(i);
    if (!isLabel(source, view, idAt, idEnd)) return false;
    const out = this.#out;
    const hasStart = !Number.isNaN(startSeconds), hasEnd = rows.timeAt(i) >= 0;
    const seconds = hasEnd ? rows.seconds(i) : startSeconds;
    const nanoseconds = hasEnd ? rows.nanoseconds(i) : startNanoseconds;
    if (hasStart) this.#writeTime(startSeconds, startNanoseconds);
    else if (hasEnd) this.#writeTime(seconds, nanoseconds);
    out.text("test: ");
    out.range(view, idAt, idEnd);
    out.byte(LF);
    const tags = rows.tags(i);
    if (tags !== undefined && tags.length > 0) this.#writeTags(tags);
    const isLater = hasStart &&
      (seconds !== startSeconds || nanoseconds !== startNanoseconds);
    if (isLater) this.#writeTime(seconds, nanoseconds);
    out.text(KEYWORDS[rows.status(i) as TestOutcome]);
    out.range(view, idAt, idEnd);
    out.byte(LF);
    if (rows.routeAt(i) >= 0) this.losses["route codes"]++;
    if (out.size > RUN_BYTES) this.flush();
    return true;
  }

  /** Emits what has been written and not emitted yet. */
  flush(): void {
    if (this.#out.size > 0) this.#take(this.#out.take());
  }

  #writeTime(seconds: number, nanoseconds: number): void {
    this.#out.text("time: ");
    this.#out.time(seconds, nanoseconds);
    this.#out.byte(LF);
  }

  #writeTags(tags: readonly string[]): void {
    const line = this.#tagLines.get(tags) ?? this.#makeTagLine(tags);
    this.#out.bytes(line.bytes);
    this.losses["tags with blanks or a dash"] += line.losses;
  }

  #makeTagLine(tags: readonly string[]): TagLine {
    const line = tagLine(tags);
    if (line.bytes.length <= MAX_TAG_LINE_BYTES) {
      if (this.#tagLines.size === MOST_TAG_LINES) this.#tagLines.clear();
      this.#tagLines.set(tags, line);
    }
    return line;
  }

  /** The id as a line can contain it: mostly the bytes of the packet. */
  #label(test: Test, packet: Packet | undefined): Label {
    if (packet !== undefined) {
      const { source, view, idAt: start, idEnd: end } = packet;
      if (isLabel(source, view, start, end)) return { view, start, end };
    }
    const { testId } = test;
    const label = this.#oneLine(testId, "line ends in test ids");
    const bytes = textEncoder.encode(
      // A line without a name would be text.
      label.trim() === "" ? JSON.stringify(testId) : label,
    );
    return { view: new DataView(bytes.buffer), start: 0, end: bytes.length };
  }

  /** A name with its line ends, if any, escaped. */
  #oneLine(name: string, loss: keyof V1Losses): string {
    const line = name.replaceAll("\n", "\\n").replaceAll("\r", "\\r");
    if (line !== name) this.losses[loss]++;
    return line;
  }

  #writeDetails(test: Test): void {
    const isLost = test.outcome === "lost";
    const outcome = isLost ? "fail" : test.outcome;
    const files = test.attachments;
    if (isLost) files.push({ ...LOST, ...(files.length === 0 && TRACEBACK) });
    if (this.#plain) this.#writePlain(files, outcome);
    else if (files.length === 0) this.#out.byte(LF);
    else if (files.length === 1 && this.#isBracketed(files[0], outcome)) {
      this.#writeBracketed(files[0].bytes);
    } else this.#writeMultipart(files);
  }

  /**
   * Returns whether readers restore this file from bracketed details: its name
   * and bytes exactly, its type as far as they distinguish types of text.
   */
  #isBracketed(file: Attachment, outcome: Outcome): boolean {
    const { name, mimeType } = bracketedFile(outcome);
    if (file.name !== name || !isLines(file.bytes)) return false;
    if (file.mimeType === mimeType) return true;
    if (!isUtf8Type(file.mimeType)) return false;
    this.losses["types of text"]++;
    return true;
  }

  #writeBracketed(lines: Uint8Array): void {
    const out = this.#out;
    out.text(" [\n");
    for (let at = 0; at < lines.length;) {
      const end = lines.indexOf(LF, at) + 1 || lines.length;
      if (lines[at] === BRACKET) out.byte(SPACE);
      out.bytes(lines.subarray(at, end));
      at = end;
    }
    out.text("]\n");
  }

  #writeMultipart(files: readonly Attachment[]): void {
    const out = this.#out;
    out.text(" [ multipart\n");
    for (const { name, mimeType = NO_TYPE, bytes } of files) {
      const isReadable = READABLE_TYPE.test(mimeType);
      if (!isReadable) this.losses["types of files"]++;
      out.text(`Content-Type: ${isReadable ? mimeType : NO_TYPE}\n`);
      out.text(`${this.#oneLine(name, "line ends in names of files")}\n`);
      if (bytes.length > 0) {
        out.text(`${bytes.length.toString(16).toUpperCase()}\r\n`);
        out.bytes(bytes);
      }
      out.text("0\r\n");
    }
    out.text("]\n");
  }

  /**
   * Writes the files that are text, under their names where that adds
   * something.
   */
  #writePlain(files: readonly Attachment[], outcome: Outcome): void {
    const texts = files.filter(({ bytes }) => isText(bytes, 0, bytes.length));
    this.losses["files that are no text"] += files.length - texts.length;
    if (texts.length === 0) {
      this.#out.byte(LF);
      return;
    }
    const isNamed = texts.length > 1 ||
      texts[0].name !== bracketedFile(outcome).name;
    const parts = texts.flatMap(({ name, bytes }) => [
      ...(isNamed
        ? [
          textEncoder.encode(
            `${this.#oneLine(name, "line ends in names of files")}:\n`,
          ),
        ]
        : []),
      bytes,
      ...(bytes.length > 0 && bytes.at(-1) !== LF ? [Uint8Array.of(LF)] : []),
    ]);
    this.#writeBracketed(concat(parts));
  }
}

/** A line of tags. */
interface TagLine {
  readonly bytes: Uint8Array;
  /** How many tags it cannot represent. */
  readonly losses: number;
}

function tagLine(tags: readonly string[]): TagLine {
  const words = tags.filter(isTag);
  const line = words.length === 0 ? "" : `tags: ${words.join(" ")}\n`;
  return {
    bytes: textEncoder.encode(line),
    losses: tags.length - words.length,
  };
}

/** Where the name of a test is. */
interface Label {
  readonly view: DataView;
  readonly start: number;
  readonly end: number;
}

/**
 * Returns whether bytes can follow a keyword as they are: one line, not blank.
 */
function isLabel(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  end: number,
): boolean {
  // Four bytes a step: the subtraction sets the top bit of bytes below 0x20,
  // unless it was set before.
  let suspicious = 0, at = start;
  for (const last = end - 4; at <= last; at += 4) {
    const word = view.getInt32(at, true);
    suspicious |= (word - 0x20202020) & ~word;
  }
  for (; at < end; at++) suspicious |= (bytes[at] - 0x20) & ~bytes[at];
  const isClean = (suspicious & 0x80808080) === 0;
  if (isClean && start < end && bytes[start] > SPACE) return true;
  const label = bytes.subarray(start, end);
  return label.every((byte) => byte !== LF && byte !== CR) &&
    !label.every(isBlank);
}

/**
 * Returns whether bytes are lines that brackets can contain: the last has a
 * line end, and none begins with " ]", from which readers remove the space.
 */
function isLines(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length;) {
    if (bytes[at] === SPACE && bytes[at + 1] === BRACKET) return false;
    at = bytes.indexOf(LF, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

function isUtf8Type(mimeType = NO_TYPE): boolean {
  return mimeType.startsWith("text/") && !OTHER_CHARSET.test(mimeType);
}

function isSame(a: Timestamp, b: Timestamp): boolean {
  return a.seconds === b.seconds && a.nanoseconds === b.nanoseconds;
}

/**
 * Encodes events in version 1: a {@linkcode V1Encoder} as web streams, events
 * in, bytes out. Each test is written when it ends, and lost ones at the end.
 *
 * The bytes of files without a test are written as text, quoted where readers
 * would take it for version 1. An event of the wrong type does not end the
 * stream; see {@linkcode EncoderStreamOptions}.
 *
 * @example
 * ```ts
 * import { TapDecoderStream } from "@subunit/codec/tap";
 * import { V1EncoderStream } from "@subunit/codec/v1";
 *
 * const encoder = new V1EncoderStream();
 * const lines = new Blob(["1..1\nok 1 - adds\n"]).stream()
 *   .pipeThrough(new TapDecoderStream())
 *   .pipeThrough(encoder);
 * console.log(await new Response(lines).text());
 * // test: adds
 * // success: adds
 * console.log(encoder.losses["tests that only exist"]); // 0
 * ```
 */
export class V1EncoderStream extends EventEncoderStream {
  /** What was left out or changed so far. */
  readonly losses: V1Losses & Record<"tests that only exist", number>;

  constructor(
    { onError, ...options }: V1EncoderOptions & EncoderStreamOptions = {},
  ) {
    let written: Uint8Array[] = [];
    const write = (bytes: Uint8Array) => written.push(bytes.slice());
    const take = (to: (bytes: Uint8Array) => void) => {
      encoder.flush();
      const taken = written;
      written = [];
      taken.forEach((bytes) => to(bytes));
    };
    const encoder = new V1Encoder(write, options);
    const quoter = new TextQuoter(write);
    const collator = new TestCollator({ attachments: true, borrows: false });
    const losses = Object.assign(encoder.losses, {
      "tests that only exist": 0,
    });
    const add = (test: Test) => {
      quoter.endLine();
      encoder.add(test);
    };
    super({
      push(event, to) {
        if (event.testId === undefined) {
          if (event.fileBytes !== undefined) quoter.write(event.fileBytes);
        } else if (event.status === "exists") losses["tests that only exist"]++;
        else {
          const { runnable = true, timestamp } = event;
          const test = collator.add({
            ...change(event as StatusEvent, {}),
            runnable,
            timestamp: timestamp && timestampOf(timestamp),
          });
          if (test !== undefined) add(test);
        }
        take(to);
      },
      end(to) {
        quoter.end();
        for (const test of collator.lost()) add(test);
        take(to);
      },
    }, { onError });
    this.losses = losses;
  }
}
