/**
 * Attempts marked in a stream, or joined to one outcome for each test.
 *
 * @module
 */

import {
  encodePackets,
  type Packet,
  type Rows,
  type StatusEvent,
  textFile,
} from "@subunit/codec";
import { HeldPackets } from "../kit/stream/held_packets.ts";
import { faultTagIn } from "../kit/stream/fault_tag.ts";
import { Retagger } from "../kit/stream/retagger.ts";
import { Verdict } from "../kit/stream/verdict.ts";
import type { Output } from "../kit/tool/tool.ts";
import type { Attempts, Judgement } from "./attempts.ts";

/** The faults of failed attempts, as their tags name them. */
export class Faults<TestKey = number> {
  /** The only fault of each test; null where there are several, or none. */
  readonly #only = new Map<TestKey, string | null>();

  add(test: TestKey, tags: readonly string[] | undefined): void {
    this.addFault(test, faultTagIn(tags ?? []) ?? null);
  }

  /** @param fault null for several or none */
  addFault(test: TestKey, fault: string | null): void {
    const before = this.#only.get(test);
    this.#only.set(
      test,
      before === undefined || before === fault ? fault : null,
    );
  }

  /** The one fault of a test; null for several or none, undefined if it passed. */
  of(test: TestKey): string | null | undefined {
    return this.#only.get(test);
  }

  /** Whether all failures of a test are one fault. */
  isSame(test: TestKey): boolean {
    return typeof this.#only.get(test) === "string";
  }
}

/** Tags of an earlier call, which no longer hold. */
const OUR_TAGS = /^attempt-\d+$|^decisive$/;

/** How many sets of tags are remembered. */
const MAX_SETS = 1000;

/** Writes the stream again, with the attempts marked. */
export class AttemptTagger {
  readonly #attempts: Attempts;
  readonly #judgement: Judgement;
  readonly #faults: Faults;
  readonly #out: Output;
  readonly #collapses: boolean;
  readonly #retagger: Retagger;
  /** The tests of the second pass, for their tags. */
  readonly #verdict = new Verdict();
  /** The same once more: they have the numbers of the first pass. */
  readonly #again: Attempts;
  /** With collapse: the packets of tests that were attempted again. */
  readonly #held = new Map<number, HeldTest>();
  readonly #lostTags: ReadonlyMap<number, readonly string[]>;
  /** Those that hold a packet of the present chunk. */
  #fresh: HeldPackets[] = [];
  /** By what they are made of: most packets have the same few sets of tags. */
  readonly #sets = new Map<string, readonly string[]>();

  /** @param again counts the packets of the second pass as `attempts` did */
  constructor(
    attempts: Attempts,
    again: Attempts,
    judgement: Judgement,
    faults: Faults,
    lostTags: ReadonlyMap<number, readonly string[]>,
    out: Output,
    collapses: boolean,
  ) {
    this.#attempts = attempts;
    this.#again = again;
    this.#judgement = judgement;
    this.#faults = faults;
    this.#lostTags = lostTags;
    this.#out = out;
    this.#collapses = collapses;
    this.#retagger = new Retagger(out);
  }

  takeRows(rows: Rows): void {
    for (let i = 0; i < rows.count; i++) this.#take(rows, i);
  }

  #take(rows: Rows, i: number): void {
    const number = this.#again.packets;
    const attempt = this.#again.addRow(rows, i);
    const isEnd = this.#verdict.addRow(rows, i) !== 0;
    if (attempt < 0) return this.#out.writeRows(rows, i, i);
    const isLast = this.#attempts.lastPacket(attempt) === number;
    const test = this.#attempts.testOf(attempt);
    if (this.#collapses && this.#attempts.attemptsAt(test) > 1) {
      const tags = isLast ? this.#tagsOf(rows, i, attempt, isEnd) : undefined;
      return this.#hold(test, attempt, rows.packet(i), tags);
    }
    if (!isLast) return this.#out.writeRows(rows, i, i);
    this.#retagger.write(
      rows.packet(i),
      this.#tagsOf(rows, i, attempt, isEnd),
    );
  }

  /** The tags of the last packet of an attempt. */
  #tagsOf(
    rows: Rows,
    i: number,
    attempt: number,
    isEnd: boolean,
  ): readonly string[] {
    const before = isEnd
      ? this.#verdict.endedTags(rows, i)
      : rows.tags(i) ?? this.#lostTags.get(attempt) ?? [];
    const test = this.#attempts.testOf(attempt);
    const isFlaky = this.#judgement.isFlaky(test);
    const added = [
      `attempt-${this.#judgement.numberOf(attempt)}`,
      ...(this.#judgement.isDecisive(attempt) ? ["decisive"] : []),
      ...(isFlaky ? ["flaky"] : []),
      ...(isFlaky && this.#faults.isSame(test) ? ["flaky-same"] : []),
    ];
    const kept = before.filter((tag) =>
      !OUR_TAGS.test(tag) && !added.includes(tag)
    );
    const key = [...kept, "", ...added].join("\0");
    let set = this.#sets.get(key);
    if (set === undefined) {
      if (this.#sets.size >= MAX_SETS) this.#sets.clear();
      this.#sets.set(key, set = [...new Set([...kept, ...added])]);
    }
    return set;
  }

  #hold(
    test: number,
    attempt: number,
    packet: Packet,
    tags: readonly string[] | undefined,
  ): void {
    let held = this.#held.get(test);
    if (held === undefined) {
      this.#held.set(test, held = { attempts: new Map() });
    }
    let one = held.attempts.get(attempt);
    if (one === undefined) {
      held.attempts.set(attempt, one = { packets: new HeldPackets(), tags });
    }
    one.packets.hold(packet);
    this.#fresh.push(one.packets);
    if (tags === undefined) return;
    one.tags = tags;
    const all = [...held.attempts.values()];
    if (all.length < this.#attempts.attemptsAt(test)) return;
    // Of attempts on several routes, one may start last and end first.
    if (all.some(({ tags }) => tags === undefined)) return;
    this.#held.delete(test);
    this.#writeJoined(held.attempts);
  }

  /** Writes the attempt that decides; the files of the others become its files. */
  #writeJoined(attempts: ReadonlyMap<number, HeldAttempt>): void {
    const [decisive] = [...attempts.keys()].filter((attempt) =>
      this.#judgement.isDecisive(attempt)
    );
    const { packets, tags } = attempts.get(decisive)!;
    const last = packets.last!;
    for (const packet of packets.packets) {
      if (packet !== last) this.#out.write(packet.bytes);
    }
    for (const [attempt, other] of attempts) {
      if (attempt !== decisive) this.#attach(attempt, other, last);
    }
    this.#retagger.write(last, tags!);
  }

  #attach(attempt: number, { packets }: HeldAttempt, to: Packet): void {
    const { testId, routeCode, runnable } = to;
    const label = `attempt-${this.#judgement.numberOf(attempt)}`;
    const named = { testId, routeCode, runnable };
    const write = (event: StatusEvent) =>
      encodePackets(event).forEach((bytes) => this.#out.write(bytes));
    const { timestamp, routeCode: route } = packets.last!;
    const outcome = this.#attempts.outcomeOf(attempt);
    const where = route === undefined ? "" : ` on route ${route}`;
    write({
      ...named,
      timestamp,
      ...textFile(label, `${outcome}${where}\n`),
    });
    for (const packet of packets.packets) {
      const { fileName, fileBytes, mimeType, eof } = packet;
      if (fileName === undefined) continue;
      write({
        ...named,
        timestamp: packet.timestamp,
        fileName: `${label}/${fileName}`,
        fileBytes,
        mimeType,
        eof,
      });
    }
  }

  /** Copies what is held before the chunk is overwritten. */
  endChunk(): void {
    this.#verdict.endChunk();
    for (const packets of this.#fresh) packets.own();
    this.#fresh = [];
  }
}

/** The packets of an attempt, and its tags once it has ended. */
interface HeldAttempt {
  readonly packets: HeldPackets;
  tags: readonly string[] | undefined;
}

/** The attempts at a test, in the order in which they started. */
interface HeldTest {
  readonly attempts: Map<number, HeldAttempt>;
}
