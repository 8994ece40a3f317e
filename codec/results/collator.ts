/**
 * Folds events into tests.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import {
  checkStatus,
  isFailureStatus,
  isFinalStatus,
  type StatusEvent,
  type TestStatus,
} from "../event.ts";
import { secondsBetween, type Timestamp } from "../timestamp.ts";
import { BothEnds, type Omission } from "./both_ends.ts";
import { RecycledBytes } from "./recycled.ts";
import {
  EventKey,
  type KeyedEvent,
  type TestKey,
  type TestKeyBytes,
  TestTable,
} from "./test_table.ts";

/**
 * The outcome of a test: its final status, or "lost" when it started and never
 * ended.
 */
export type Outcome = Exclude<TestStatus, "exists" | "inprogress"> | "lost";

/** Every {@linkcode Outcome}. */
export const OUTCOMES: readonly Outcome[] = [
  "success",
  "uxsuccess",
  "skip",
  "fail",
  "xfail",
  "lost",
];

/** Returns whether a test with this outcome makes the run fail. */
export function isFailure(outcome: Outcome): boolean {
  return outcome === "lost" || isFailureStatus(outcome);
}

/** A file of a test, its parts joined. */
export interface Attachment {
  readonly name: string;
  /** The first type given; undefined when none was. */
  readonly mimeType: string | undefined;
  readonly bytes: Uint8Array;
  /** What is missing in its middle; undefined when nothing is. */
  readonly omitted?: Omission;
}

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** A file of a test in progress. */
interface OpenFile {
  readonly test: Progress;
  mimeType: string | undefined;
  /** All of it; nothing when only both ends are kept. */
  parts: Uint8Array[];
  /** How many of the parts, counted from the first, are copies. */
  owned: number;
  /** Whether others are not, and it is in the list of those. */
  isBorrower: boolean;
  /** How many bytes the parts have. */
  byteLength: number;
  ends: BothEnds | undefined;
}

/** The parts of files whose bytes are joined only when they are read. */
const partsOf = new WeakMap<Attachment, readonly Uint8Array[]>();

/** The bytes of a file in parts: joined they would take memory twice. */
export function attachmentParts(file: Attachment): readonly Uint8Array[] {
  return partsOf.get(file) ?? [file.bytes];
}

function attachmentOf(
  name: string,
  { mimeType, parts, ends }: OpenFile,
): Attachment {
  if (ends !== undefined) {
    return { name, mimeType, bytes: ends.bytes, omitted: ends.end() };
  }
  if (parts.length === 1) return { name, mimeType, bytes: parts[0] };
  let joined: Uint8Array | undefined;
  const file = {
    name,
    mimeType,
    get bytes(): Uint8Array {
      return joined ??= concat(parts);
    },
  };
  partsOf.set(file, parts);
  return file;
}

/** What is known of a test before its last event. */
interface Progress {
  /** Increases in the order in which tests start; -1 before. */
  order: number;
  runnable: boolean;
  started: Timestamp | undefined;
  tags: readonly string[] | undefined;
  parentTestId: string | undefined;
  files: Map<string, OpenFile> | undefined;
  /** Whether the test's last event has been added. */
  hasEnded: boolean;
}

/** A function and not a closure, which would be made for every event. */
function notStarted(): Progress {
  return {
    order: -1,
    runnable: false,
    started: undefined,
    tags: undefined,
    parentTestId: undefined,
    files: undefined,
    hasEnded: false,
  };
}

/** A test that has ended, or never will. */
export class Test {
  readonly outcome: Outcome;
  readonly #last: StatusEvent | undefined;
  readonly #progress: Progress | undefined;
  readonly #key: TestKey | undefined;

  /** @internal */
  constructor(
    outcome: Outcome,
    last: StatusEvent | undefined,
    progress: Progress | undefined,
    key?: TestKey,
  ) {
    this.outcome = outcome;
    this.#last = last;
    this.#progress = progress;
    this.#key = key;
  }

  get testId(): string {
    return this.#last === undefined ? this.#key!.testId : this.#last.testId!;
  }

  get routeCode(): string | undefined {
    return this.#last === undefined
      ? this.#key!.routeCode
      : this.#last.routeCode;
  }

  /**
   * The event that ended the test, as it was added; undefined for a lost test.
   */
  get last(): StatusEvent | undefined {
    return this.#last;
  }

  get runnable(): boolean {
    return (this.#last ?? this.#progress!).runnable;
  }

  /** The last tags given; events without tags do not remove them. */
  get tags(): readonly string[] {
    const tags = this.#last?.tags;
    return tags !== undefined && tags.length > 0
      ? tags
      : this.#progress?.tags ?? [];
  }

  get parentTestId(): string | undefined {
    return this.#last?.parentTestId ?? this.#progress?.parentTestId;
  }

  /** The time of the first event that had one, the last event excluded. */
  get started(): Timestamp | undefined {
    return this.#progress?.started;
  }

  /** The time of the last event. */
  get ended(): Timestamp | undefined {
    return this.#last?.timestamp;
  }

  /** Its duration in seconds, if both times are known. */
  get seconds(): number | undefined {
    const { started, ended } = this;
    return started && ended && secondsBetween(started, ended);
  }

  /**
   * Its files, in the order in which they began; see {@linkcode TestCollator}.
   */
  get attachments(): Attachment[] {
    const files = this.#progress?.files;
    if (files === undefined) return [];
    return Array.from(files, ([name, file]) => attachmentOf(name, file));
  }
}

/**
 * Folds events into tests, keyed by route code and test id.
 *
 * Events may come from packets, from JSON or CBOR, or from anywhere else, and
 * those of one test from several sources. Events that no packet can hold,
 * because an id is too long or a time out of range, are accepted too.
 *
 * `exists` means that a test was not run, so it is not part of a test. Events
 * that follow a test's last event are a new test with the same id, as in
 * testtools.
 *
 * @example
 * ```ts
 * import { eventFromJson, TestCollator } from "@subunit/codec";
 *
 * const lines = [
 *   '{"test_id":"a","test_status":"inprogress","timestamp":"2026-01-31T12:00:00Z"}',
 *   '{"test_id":"b","test_status":"inprogress"}',
 *   '{"test_id":"a","test_status":"fail","timestamp":"2026-01-31T12:00:02.5Z"}',
 * ];
 * const collator = new TestCollator();
 * for (const line of lines) {
 *   const test = collator.add(eventFromJson(line));
 *   if (test) console.log(test.testId, test.outcome, test.seconds); // a fail 2.5
 * }
 * for (const test of collator.end()) console.log(test.testId, test.outcome); // b lost
 * ```
 * @example A CBOR sequence, and a packet
 * ```ts
 * import { decodePacket, encodePacket, TestCollator } from "@subunit/codec";
 * import { CborDecoder, eventFromCbor, eventToCbor } from "@subunit/codec/cbor";
 *
 * const started = { testId: "a", status: "inprogress", runnable: true } as const;
 * const ended = { testId: "a", status: "success", runnable: true } as const;
 *
 * const collator = new TestCollator();
 * collator.add(decodePacket(encodePacket(started)));
 * new CborDecoder().push(eventToCbor(ended), (item) => {
 *   console.log(collator.add(eventFromCbor(item))?.outcome); // success
 * });
 * ```
 */
export class TestCollator {
  readonly #open = new TestTable<Progress>();
  readonly #eventKey = new EventKey();
  readonly #keepsAttachments: boolean;
  /** How many bytes are kept of each end of a file. */
  readonly #endBytes: number;
  readonly #borrows: boolean;
  /** Files with bytes that belong to events. */
  #borrowers: OpenFile[] = [];
  /** Tests with files that have ended since. */
  #ended: Progress[] = [];
  readonly #memory = new RecycledBytes();
  #started = 0;

  /**
   * @param options.attachments whether to keep the files of tests in progress:
   * the bytes of their events, until {@linkcode TestCollator.own} is called;
   * otherwise {@linkcode Test.attachments} is empty. With `endBytes`, no more than
   * so many bytes are kept of each end of a file, in memory of its own
   * @param options.borrows whether the bytes of events may change; with false
   * {@linkcode TestCollator.own} is not needed and does nothing
   */
  constructor({ attachments = false, borrows = true }: {
    attachments?: boolean | { readonly endBytes: number };
    borrows?: boolean;
  } = {}) {
    this.#keepsAttachments = attachments !== false;
    this.#endBytes = typeof attachments === "object"
      ? attachments.endBytes
      : Infinity;
    this.#borrows = borrows;
  }

  /** How many tests are in progress. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Adds an event. Returns the test that it ends, if any: a view of the event.
   *
   * Packets are the fast form of events: their ids are compared as bytes and
   * never decoded.
   *
   * @throws {TypeError} when the status is unknown, as it may be from JavaScript
   */
  add(event: KeyedEvent): Test | undefined {
    const { status } = event;
    let key = event.testKey;
    if (key === undefined) {
      // An unknown one would end the test, and would be no failure.
      checkStatus("collate event", status);
      key = this.#eventKey.of(event);
    }
    if (key.idAt < 0) return undefined;
    if (status === "exists") return undefined;
    if (!isFinalStatus(status)) {
      this.#note(event, this.#progress(event, key));
      return undefined;
    }
    if (this.#keepsAttachments && event.fileName !== undefined) {
      this.#keepAttachment(event, this.#progress(event, key));
    }
    const progress = this.#open.delete(key);
    if (this.#borrows && progress?.files !== undefined) {
      progress.hasEnded = true;
      this.#ended.push(progress);
    }
    return new Test(status as Outcome, event, progress);
  }

  /**
   * Copies the files of tests in progress, before the bytes of their events
   * change, and discards those of tests that have ended. Most tests have ended
   * by then, so that their files are never copied. Call this before a decoder
   * gets its next chunk, or make the collator with `borrows: false` and add
   * events that own their bytes.
   */
  own(): void {
    for (const { files } of this.#ended) {
      for (const file of files!.values()) this.#release(file);
    }
    for (const file of this.#borrowers) {
      file.isBorrower = false;
      if (file.test.hasEnded) continue;
      const { parts } = file;
      for (let i = file.owned; i < parts.length; i++) {
        parts[i] = this.#memory.copy(parts[i]);
      }
      file.owned = parts.length;
    }
    this.#ended = [];
    this.#borrowers = [];
  }

  /**
   * Ends the input and returns the lost tests, in the order in which they
   * started.
   */
  end(): Test[] {
    return this.#open.entries()
      .sort(([, a], [, b]) => a.order - b.order)
      .map(([key, progress]) => new Test("lost", undefined, progress, key));
  }

  #progress(event: StatusEvent, key: TestKeyBytes): Progress {
    const progress = this.#open.getOrAdd(key, notStarted);
    if (progress.order < 0) {
      progress.order = this.#started++;
      progress.runnable = event.runnable;
    }
    return progress;
  }

  #note(event: StatusEvent, progress: Progress): void {
    progress.started ??= event.timestamp;
    const { tags } = event;
    if (tags !== undefined && tags.length > 0) progress.tags = tags;
    progress.parentTestId ??= event.parentTestId;
    if (this.#keepsAttachments && event.fileName !== undefined) {
      this.#keepAttachment(event, progress);
    }
  }

  #keepAttachment(event: StatusEvent, progress: Progress): void {
    const files = progress.files ??= new Map<string, OpenFile>();
    const name = event.fileName!;
    let file = files.get(name);
    if (file === undefined) files.set(name, file = openFile(progress));
    file.mimeType ??= event.mimeType;
    const part = event.fileBytes ?? NO_BYTES;
    file.byteLength += part.length;
    if (file.ends === undefined && file.byteLength > 2 * this.#endBytes) {
      const ends = file.ends = new BothEnds(this.#endBytes);
      file.parts.forEach((part) => ends.push(part));
      this.#release(file);
    }
    if (file.ends !== undefined) {
      file.ends.push(part);
      return;
    }
    file.parts.push(part);
    if (this.#borrows && !file.isBorrower) {
      file.isBorrower = true;
      this.#borrowers.push(file);
    }
  }

  /** Forgets the parts of a file. */
  #release(file: OpenFile): void {
    const { parts, owned } = file;
    for (let i = 0; i < owned; i++) this.#memory.release(parts[i]);
    file.parts = [];
    file.owned = 0;
  }
}

function openFile(test: Progress): OpenFile {
  return {
    test,
    mimeType: undefined,
    parts: [],
    owned: 0,
    isBorrower: false,
    byteLength: 0,
    ends: undefined,
  };
}
