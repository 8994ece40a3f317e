/**
 * Events into tests: what each test came to.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { isFailureStatus, isFinalStatus, type TestStatus } from "../event.ts";
import { secondsBetween, type Timestamp } from "../timestamp.ts";
import type { Packet } from "../v2/packet.ts";
import { RecycledBytes } from "./recycled.ts";
import { type TestKey, TestTable } from "./test_table.ts";

/**
 * What became of a test: its final status, or "lost" when it started and
 * never ended.
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

/** Says whether a test with this outcome makes the run fail. */
export function isFailure(outcome: Outcome): boolean {
  return outcome === "lost" || isFailureStatus(outcome);
}

/** A file of a test, its parts joined. */
export interface Attachment {
  readonly name: string;
  /** The type that came first; undefined when none did. */
  readonly mimeType: string | undefined;
  readonly bytes: Uint8Array;
}

interface OpenAttachment {
  mimeType: string | undefined;
  readonly parts: Uint8Array[];
  /** How many of the parts, the first ones, are copies and not views. */
  owned: number;
}

/** What the events of a test said before its last one. */
interface Progress {
  /** Counts up in the order in which tests start. */
  readonly order: number;
  readonly runnable: boolean;
  started: Timestamp | undefined;
  tags: readonly string[] | undefined;
  parentTestId: string | undefined;
  attachments: Map<string, OpenAttachment> | undefined;
  /** Whether the test's last event has come. */
  hasEnded: boolean;
}

/** A test that has ended, or that never will. */
export class Test {
  readonly outcome: Outcome;
  readonly #last: Packet | undefined;
  readonly #progress: Progress | undefined;
  readonly #key: TestKey | undefined;

  /** @internal */
  constructor(
    outcome: Outcome,
    last: Packet | undefined,
    progress: Progress | undefined,
    key?: TestKey,
  ) {
    this.outcome = outcome;
    this.#last = last;
    this.#progress = progress;
    this.#key = key;
  }

  get testId(): string {
    return this.#last?.testId ?? this.#key!.testId;
  }

  get routeCode(): string | undefined {
    return this.#last === undefined
      ? this.#key!.routeCode
      : this.#last.routeCode;
  }

  /** The packet that ended the test, a view; undefined for a lost one. */
  get last(): Packet | undefined {
    return this.#last;
  }

  get runnable(): boolean {
    return (this.#last ?? this.#progress!).runnable;
  }

  /** The last tags given, none of an event that gave none. */
  get tags(): readonly string[] {
    const tags = this.#last?.tags;
    return tags !== undefined && tags.length > 0
      ? tags
      : this.#progress?.tags ?? [];
  }

  get parentTestId(): string | undefined {
    return this.#last?.parentTestId ?? this.#progress?.parentTestId;
  }

  /** The first time of an event before the last; undefined without one. */
  get started(): Timestamp | undefined {
    return this.#progress?.started;
  }

  /** The time of the last event. */
  get ended(): Timestamp | undefined {
    return this.#last?.timestamp;
  }

  /** How long it took in seconds, where both times are known. */
  get seconds(): number | undefined {
    const { started, ended } = this;
    return started && ended && secondsBetween(started, ended);
  }

  /** Its files, in the order in which they began; see {@linkcode TestCollator}. */
  get attachments(): Attachment[] {
    const attachments = this.#progress?.attachments;
    if (attachments === undefined) return [];
    return Array.from(attachments, ([name, { mimeType, parts }]) => ({
      name,
      mimeType,
      bytes: parts.length === 1 ? parts[0] : concat(parts),
    }));
  }
}

/**
 * Folds the events of a stream into tests, keyed by route code and test id.
 *
 * `exists` says that a test was not run, so it is no part of one. Events that
 * follow a test's last are a new test of the same id, as testtools has it.
 *
 * @example
 * ```ts
 * import { decodePacket, encodePacket, TestCollator } from "@subunit/codec";
 *
 * const collator = new TestCollator();
 * const started = { testId: "foo", status: "inprogress", runnable: true } as const;
 * collator.add(decodePacket(encodePacket(started)));
 * for (const test of collator.end()) console.log(test.testId, test.outcome); // foo lost
 * ```
 */
export class TestCollator {
  readonly #open = new TestTable<Progress>();
  readonly #keepsAttachments: boolean;
  /** The tests with files that are views of packets. */
  #borrowers: Progress[] = [];
  /** The tests with files that have ended since. */
  #ended: Progress[] = [];
  readonly #memory = new RecycledBytes();
  #started = 0;

  /**
   * @param options.attachments whether to keep the files of tests in progress:
   * as views of their packets until {@linkcode TestCollator.own} is called;
   * without it {@linkcode Test.attachments} is empty
   */
  constructor({ attachments = false }: { attachments?: boolean } = {}) {
    this.#keepsAttachments = attachments;
  }

  /** How many tests are in progress. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Takes an event. Returns the test it ends, if it does: a view, with the
   * lifetime of `packet`.
   */
  add(packet: Packet): Test | undefined {
    if (packet.idAt < 0) return undefined;
    const { status } = packet;
    if (status === "exists") return undefined;
    if (!isFinalStatus(status)) {
      this.#note(packet, this.#progress(packet));
      return undefined;
    }
    if (this.#keepsAttachments && packet.fileAt >= 0) {
      this.#keepAttachment(packet, this.#progress(packet));
    }
    const progress = this.#open.delete(packet);
    if (progress?.attachments !== undefined) {
      progress.hasEnded = true;
      this.#ended.push(progress);
    }
    return new Test(status as Outcome, packet, progress);
  }

  /**
   * Makes the files of tests in progress its own, before the bytes of their
   * packets are gone; those of tests that have ended are gone with them. Most
   * tests have ended by then, and their files are never copied.
   */
  own(): void {
    for (const { attachments } of this.#ended) {
      for (const { parts, owned } of attachments!.values()) {
        for (let i = 0; i < owned; i++) this.#memory.release(parts[i]);
      }
    }
    for (const { hasEnded, attachments } of this.#borrowers) {
      if (hasEnded) continue;
      for (const attachment of attachments!.values()) {
        const { parts } = attachment;
        for (let i = attachment.owned; i < parts.length; i++) {
          parts[i] = this.#memory.copy(parts[i]);
        }
        attachment.owned = parts.length;
      }
    }
    this.#ended = [];
    this.#borrowers = [];
  }

  /** Says that no more events come: the lost tests, first started first. */
  end(): Test[] {
    return this.#open.entries()
      .sort(([, a], [, b]) => a.order - b.order)
      .map(([key, progress]) => new Test("lost", undefined, progress, key));
  }

  #progress(packet: Packet): Progress {
    return this.#open.getOrAdd(packet, this.#start);
  }

  readonly #start = (packet: Packet): Progress => ({
    order: this.#started++,
    runnable: packet.runnable,
    started: undefined,
    tags: undefined,
    parentTestId: undefined,
    attachments: undefined,
    hasEnded: false,
  });

  #note(packet: Packet, progress: Progress): void {
    progress.started ??= packet.timestamp;
    if (packet.tagsAt >= 0 && packet.tags!.length > 0) {
      progress.tags = packet.tags;
    }
    progress.parentTestId ??= packet.parentTestId;
    if (this.#keepsAttachments && packet.fileAt >= 0) {
      this.#keepAttachment(packet, progress);
    }
  }

  #keepAttachment(packet: Packet, progress: Progress): void {
    progress.attachments ??= new Map();
    const name = packet.fileName!;
    let open = progress.attachments.get(name);
    if (open === undefined) {
      open = { mimeType: undefined, parts: [], owned: 0 };
      progress.attachments.set(name, open);
    }
    open.mimeType ??= packet.mimeType;
    open.parts.push(packet.fileBytes!);
    if (this.#borrowers.at(-1) !== progress) this.#borrowers.push(progress);
  }
}
