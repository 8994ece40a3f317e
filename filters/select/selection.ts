/**
 * Which packets of a stream belong to tests that are selected.
 *
 * @module
 */

import {
  isFinalStatus,
  type Outcome,
  type Packet,
  parentKey,
  TestTable,
} from "@subunit/codec";
import { HeldPackets } from "../kit/stream/held_packets.ts";
import { EndedTests, type Parent as SettledParent } from "./ended_tests.ts";
import { Names, SAME_NAMES } from "./names.ts";
import type { Rewriter } from "./rewriter.ts";
import {
  holdForName,
  holdForRest,
  type Known,
  type OutcomeOrExists,
  type Rules,
} from "./rules.ts";

/** Which tests are selected, and who takes their packets. */
export interface SelectionOptions {
  readonly rules: Rules;
  /** Whether a test is selected when its parent is. */
  readonly followsParents: boolean;
  /** What changes on the way; the rules are for what leaves. */
  readonly rewriter?: Rewriter;
  /**
   * Takes each packet, once it is settled whether its test is selected.
   *
   * @param names the ids that it leaves with
   */
  take(packet: Packet, isSelected: boolean, names: Names): void;
  /** Is called with what cannot be done as asked. */
  warn(message: string): void;
}

/**
 * What subtests may hold that have ended and wait for their parents to. Those
 * of a run's tests in progress stay far below; those whose parents never come
 * would add up to the whole stream.
 */
const MAX_WAITING_BYTES = 32 * 1024 * 1024;

/** A test that may have subtests. */
export interface Parent extends SettledParent {
  /** Subtests that are not settled before it is. */
  waiting?: OpenTest[];
}

/**
 * A test of which not every packet has come and been settled. It holds all
 * that came before it was settled; the present one is the last.
 */
class OpenTest extends HeldPackets implements Known, Parent {
  readonly names: Names;
  /** Counts up in the order in which tests are first named. */
  readonly order: number;
  outcome: OutcomeOrExists | undefined = undefined;
  /** Whether the rules select it by itself. */
  isWanted: boolean | undefined = undefined;
  isSelected: boolean | undefined = undefined;
  parent: Parent | undefined = undefined;
  waiting: OpenTest[] | undefined = undefined;

  constructor(order: number, names: Names) {
    super();
    this.order = order;
    this.names = names;
  }

  get testId(): string {
    return this.names.testIdOf(this.last!);
  }

  get routeCode(): string | undefined {
    return this.last!.routeCode;
  }

  get tags(): readonly string[] {
    const tagged = this.packets.findLast(({ tags }) => tags && tags.length > 0);
    return tagged?.tags ?? [];
  }

  get byteLength(): number {
    return this.packets.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }
}

const NO_TESTS: readonly OpenTest[] = [];

/**
 * Separates the packets of selected tests from others. A packet is held while
 * that is open, in the bytes that came; those of one test stay in order.
 *
 * A subtest follows its parent: when the rules do not select it, it waits until
 * its parent is selected or not.
 */
export class Selection {
  readonly #options: SelectionOptions;
  readonly #open = new TestTable<OpenTest>();
  /** For subtests that come after them. */
  readonly ended: EndedTests<Parent> = new EndedTests();
  /** Tests that have ended and wait for their parents. */
  readonly #waiting = new Set<OpenTest>();
  #waitingBytes = 0;
  /** Tests that may hold packets of the present chunk. */
  #fresh: OpenTest[] = [];
  #order = 0;
  #followsParents: boolean;

  constructor(options: SelectionOptions) {
    this.#options = options;
    this.#followsParents = options.followsParents;
  }

  /** Takes a packet of a test. */
  add(packet: Packet): void {
    const { status } = packet;
    if (status === "exists") {
      // That it exists is no part of a test, and is settled by itself.
      this.#consider(this.#begin(), packet, "exists");
      return;
    }
    const isFinal = isFinalStatus(status);
    const test = isFinal
      ? this.#open.delete(packet) ?? this.#begin()
      : this.#open.getOrAdd(packet, this.#begin);
    const outcome = isFinal ? this.#outcomeOf(packet, test) : undefined;
    if (test.isSelected === undefined) {
      this.#consider(test, packet, outcome);
    } else {
      this.#options.take(packet, test.isSelected, test.names);
    }
    if (isFinal && this.#followsParents) this.ended.add(packet, test);
  }

  /** Makes what is held its own; before the bytes of the chunk are gone. */
  endChunk(): void {
    for (const test of this.#fresh) test.own();
    this.#fresh = [];
    this.ended.endChunk();
  }

  /** Is called after the last packet: tests in progress are lost. */
  end(): void {
    const open = this.#open.entries().map(([, test]) => test)
      .sort((a, b) => a.order - b.order);
    for (const test of open) {
      if (test.isSelected !== undefined) continue;
      if (test.count === 0) {
        // Only named as a parent.
        test.isWanted = false;
      } else {
        test.outcome = "lost";
        this.#judge(test);
      }
      this.#settle(test);
    }
    // What is left waits for itself, or for a parent that does.
    for (const test of [...open, ...this.#waiting]) {
      if (test.isSelected === undefined) this.#decide(test, false);
    }
  }

  readonly #begin = (): OpenTest => {
    const rename = this.#options.rewriter?.rename;
    const names = rename === undefined ? SAME_NAMES : new Names(rename);
    return new OpenTest(this.#order++, names);
  };

  /** The outcome that a test leaves with; `packet` is its last. */
  #outcomeOf(packet: Packet, { names }: OpenTest): Outcome {
    const { rewriter } = this.#options;
    const status = rewriter?.statusOf(packet, names) ?? packet.status;
    return status as Outcome;
  }

  #consider(
    test: OpenTest,
    packet: Packet,
    outcome: OutcomeOrExists | undefined,
  ): void {
    test.hold(packet);
    test.outcome = outcome;
    if (test.isWanted === undefined) this.#judge(test);
    if (test.isWanted !== true && packet.parentAt >= 0) {
      this.#adopt(test, packet);
    }
    this.#settle(test);
    if (test.isSelected !== undefined) return;
    this.#fresh.push(test);
    if (outcome !== undefined) this.#wait(test);
  }

  /** Asks the rules. */
  #judge(test: OpenTest): void {
    const { rules } = this.#options;
    const isNamed = rules.names.length > 0 && test.count === 1;
    test.isWanted = (!isNamed || holdForName(rules, test)) &&
      holdForRest(rules, test);
  }

  #adopt(test: OpenTest, packet: Packet): void {
    if (!this.#followsParents || test.parent !== undefined) return;
    if (packet.parentTestId === packet.testId) return;
    const parent = this.#parentOf(packet, test.names);
    test.parent = parent;
    if (parent.isSelected === undefined) (parent.waiting ??= []).push(test);
  }

  #parentOf(packet: Packet, names: Names): Parent {
    const key = parentKey(packet);
    const known = this.#open.get(key) ?? this.ended.get(key);
    if (known !== undefined) return known;
    const { rules } = this.#options;
    if (rules.others.length > 0) return this.#open.getOrAdd(key, this.#begin);
    // No need to wait where the name decides.
    const testId = names.parentTestIdOf(packet);
    const { routeCode } = packet;
    return { isSelected: holdForName(rules, { testId, routeCode }) };
  }

  /** Decides about a test, and its subtests, if rules and parents let it. */
  #settle(test: OpenTest): void {
    const answer = this.#answer(test);
    if (answer !== undefined) this.#decide(test, answer);
  }

  #answer({ isWanted, parent }: OpenTest): boolean | undefined {
    if (isWanted === true) return true;
    if (parent === undefined || !this.#followsParents) return isWanted;
    return parent.isSelected === false ? isWanted : parent.isSelected;
  }

  #decide(test: OpenTest, isSelected: boolean): void {
    let next = this.#end(test, isSelected);
    // Not by recursion: a hostile stream nests as deep as it likes.
    while (next.length > 0) {
      const waiting: OpenTest[] = [];
      for (const subtest of next) {
        if (subtest.isSelected !== undefined) continue;
        const answer = this.#answer(subtest);
        if (answer === undefined) continue;
        for (const more of this.#end(subtest, answer)) waiting.push(more);
      }
      next = waiting;
    }
  }

  /** Lets the packets of a test go. Returns the subtests that waited for it. */
  #end(test: OpenTest, isSelected: boolean): readonly OpenTest[] {
    const { waiting = NO_TESTS } = test;
    if (this.#waiting.size > 0 && this.#waiting.delete(test)) {
      this.#waitingBytes -= test.byteLength;
    }
    test.isSelected = isSelected;
    test.waiting = undefined;
    test.release((packet) =>
      this.#options.take(packet, isSelected, test.names)
    );
    return waiting;
  }

  /** Keeps an ended test until its parent is settled, within bounds. */
  #wait(test: OpenTest): void {
    this.#waiting.add(test);
    this.#waitingBytes += test.byteLength;
    if (this.#waitingBytes <= MAX_WAITING_BYTES) return;
    this.#followsParents = false;
    this.#options.warn(
      `More than ${MAX_WAITING_BYTES} bytes of subtests wait for parents that have not ended: subtests are judged on their own from here on`,
    );
    for (const waiting of this.#waiting) this.#settle(waiting);
  }
}
