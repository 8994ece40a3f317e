/**
 * The packets of chosen tests, out of the run that has them.
 *
 * @module
 */

import {
  EventKey,
  type Packet,
  type Rows,
  TestCollator,
  TestTable,
} from "@subunit/codec";
import { HeldPackets } from "../../kit/stream/held_packets.ts";
import { CODE, decides } from "./digest.ts";
import { RunKey } from "./digest_builder.ts";
import type { Run } from "./store.ts";

/** A test that is looked for in a run. */
export interface Wanted {
  readonly id: string;
  /** The outermost element of its route, where that matters. */
  readonly route?: string;
  /** Whether the run has several attempts at it; then the decisive one counts. */
  readonly isSeveral: boolean;
}

/** The packets of an attempt, the last one at the end. */
export interface Attempt {
  readonly packets: readonly Packet[];
  /** All tags of the test. */
  readonly tags: readonly string[];
}

/** An attempt that waits for the end of the run. */
interface Waiting extends Attempt {
  /** Of its outcome: see `digest.ts`. */
  readonly code: number;
  /** In seconds since 1970; NaN when it is unknown. */
  readonly start: number;
}

/**
 * Calls `take` with the decisive attempt at each wanted test: tests with one
 * attempt when it ends, the others at the end of the run.
 *
 * @param take gets packets that are valid until it returns
 */
export async function takeAttempts<One extends Wanted>(
  run: Run,
  wanted: readonly One[],
  take: (one: One, attempt: Attempt) => void,
): Promise<void> {
  const search = new Search(wanted, take);
  try {
    await run.forEachRows(
      (rows) => search.addRows(rows),
      () => {},
      () => search.endChunk(),
    );
  } finally {
    // Of a run that is cut, what is there.
    search.end();
  }
}

class Search<One extends Wanted> {
  readonly #take: (one: One, attempt: Attempt) => void;
  readonly #wanted = new TestTable<{ one: One; waiting?: Waiting }>();
  readonly #all: { one: One; waiting?: Waiting }[];
  readonly #key: RunKey;
  readonly #eventKey = new EventKey();
  readonly #collator = new TestCollator();
  readonly #open = new TestTable<HeldPackets>();
  #fresh: HeldPackets[] = [];

  constructor(
    wanted: readonly One[],
    take: (one: One, attempt: Attempt) => void,
  ) {
    this.#take = take;
    this.#key = new RunKey(wanted.some(({ route }) => route !== undefined));
    this.#all = wanted.map((one) => ({ one }));
    for (const entry of this.#all) {
      const { id: testId, route: routeCode } = entry.one;
      const key = this.#key.ofTest({ testId, routeCode }, this.#eventKey);
      this.#wanted.set(key, entry);
    }
  }

  addRows(rows: Rows): void {
    for (let i = 0; i < rows.count; i++) {
      if (rows.idAt(i) < 0 || rows.isExists(i)) continue;
      const entry = this.#wanted.get(this.#key.of(rows, i));
      if (entry !== undefined) this.#addRow(rows, i, entry);
    }
  }

  #addRow(rows: Rows, i: number, entry: { one: One; waiting?: Waiting }) {
    const collator = this.#collator, packet = rows.packet(i);
    const code = collator.addRow(rows, i);
    if (code === 0) {
      const held = this.#open.getOrAdd(packet, () => new HeldPackets());
      held.hold(packet);
      this.#fresh.push(held);
      return;
    }
    const held = this.#open.delete(packet);
    const packets = [...held?.packets ?? [], packet];
    const start = collator.startSeconds + collator.startNanoseconds / 1e9;
    const tags = collator.endedTags(rows, i);
    this.#end(entry, { packets, tags, start, code });
    // Otherwise they would be copied at the end of the chunk.
    held?.release(() => {});
  }

  #end(
    entry: { one: One; waiting?: Waiting },
    attempt: Waiting,
  ): void {
    if (!entry.one.isSeveral) return this.#take(entry.one, attempt);
    const { waiting } = entry;
    const isLater = waiting === undefined || !(attempt.start < waiting.start);
    if (waiting && !decides(waiting.code, attempt.code, isLater)) return;
    const packets = attempt.packets.map((packet) => packet.copy());
    entry.waiting = { ...attempt, packets };
  }

  endChunk(): void {
    for (const held of this.#fresh) held.own();
    this.#fresh = [];
  }

  /** Ends the run: tests in progress are lost. */
  end(): void {
    for (const test of this.#collator.lost()) {
      const { testId, routeCode, started, tags } = test;
      const open = this.#eventKey.of({ testId, routeCode });
      const packets = this.#open.get(open)?.packets ?? [];
      const entry = this.#wanted.get(this.#key.ofTest(test, this.#eventKey));
      if (entry === undefined || packets.length === 0) continue;
      const start = started === undefined
        ? NaN
        : started.seconds + started.nanoseconds / 1e9;
      this.#end(entry, { packets, tags, start, code: CODE.LOST });
    }
    for (const { one, waiting } of this.#all) {
      if (waiting !== undefined) this.#take(one, waiting);
    }
  }
}
