/**
 * Makes the digest of a run from its packets.
 *
 * @module
 */

import {
  type Damage,
  EventKey,
  type ForeignBytes,
  grown,
  isRunRecordRow,
  RowKey,
  type Rows,
  secondsBetween,
  type Test,
  TestCollator,
  TestNumbers,
} from "@subunit/codec";
import { faultTagIn } from "../../kit/stream/fault_tag.ts";
import { isTest } from "../../kit/stream/not_tests.ts";
import { compareText } from "../../kit/text/order.ts";
import {
  CODE,
  decides,
  hasOutcome,
  RUN_FLAG,
  type RunFacts,
  TEST_BIT,
} from "./digest.ts";

/** What the packets of a run say of its tests. */
export interface RunContent extends RunFacts {
  /** In the order of their bytes. */
  readonly ids: readonly string[];
  /** The outermost elements of their routes, where these matter. */
  readonly routes: readonly (string | undefined)[];
  /** A byte for each test: see `digest.ts`. */
  readonly tests: Uint8Array;
  readonly seconds: Float32Array;
}

const QUARANTINED = "quarantined";
const SLASH = 0x2f;

/**
 * Which test a row is of: its id, whatever route it came on, or the outermost
 * element of that route too.
 */
export class RunKey extends RowKey {
  readonly #byRoute: boolean;

  constructor(byRoute: boolean) {
    super();
    this.#byRoute = byRoute;
  }

  override of(rows: Rows, i: number): this {
    this.anywhere(rows, i);
    if (this.#byRoute) {
      this.routeAt = rows.routeAt(i);
      this.routeEnd = outermostEnd(rows.view, this.routeAt, rows.routeEnd(i));
    }
    return this;
  }

  ofTest(
    { testId, routeCode }: Pick<Test, "testId" | "routeCode">,
    eventKey: EventKey,
  ): this {
    const route = this.#byRoute ? routeCode : undefined;
    this.set(eventKey.of({ testId, routeCode: route }));
    this.routeEnd = outermostEnd(this.view, this.routeAt, this.routeEnd);
    // Routes are few, and their hash does not matter.
    this.routeHash = -1;
    return this;
  }
}

/** Where the first element of a route ends. */
function outermostEnd(view: DataView, start: number, end: number): number {
  for (let at = start; at >= 0 && at < end; at++) {
    if (view.getUint8(at) === SLASH) return at;
  }
  return end;
}

/**
 * Takes the rows of a run and makes its content. Of several attempts at a test,
 * the one that started last is decisive.
 */
export class DigestBuilder {
  readonly #collator = new TestCollator();
  readonly #numbers = new TestNumbers();
  readonly #key: RunKey;
  /** By the numbers of the tests, as are the others. */
  #tests = new Uint8Array(64);
  #seconds = new Float32Array(64);
  /** When the decisive attempt started. */
  #starts = new Float64Array(64);
  #first = Infinity;
  #last = -Infinity;
  #flags = 0;
  #hasTests = false;
  #bytes = 0;

  /** @param byRoute whether tests of different workers are different tests */
  constructor(byRoute = false) {
    this.#key = new RunKey(byRoute);
  }

  addRows(rows: Rows): void {
    for (let i = 0; i < rows.count; i++) this.#addRow(rows, i);
    if (rows.count > 0) this.#bytes += rows.end(rows.count - 1) - rows.start(0);
  }

  /** Takes what is no packet. */
  addOther({ kind, byteLength }: ForeignBytes | Damage): void {
    this.#bytes += byteLength;
    if (kind === "damage") this.#flags |= RUN_FLAG.DAMAGED;
  }

  #addRow(rows: Rows, i: number): void {
    if (rows.idAt(i) < 0 || isRunRecordRow(rows, i)) return;
    const time = rows.timeAt(i) < 0
      ? NaN
      : rows.seconds(i) + rows.nanoseconds(i) / 1e9;
    if (time < this.#first) this.#first = time;
    if (time > this.#last) this.#last = time;
    const collator = this.#collator;
    const code = collator.addRow(rows, i);
    if (code === 0) {
      if (rows.isExists(i)) this.#addExisting(rows, i);
      return;
    }
    const runnable = rows.isRunnable(i);
    if (!this.#hasTests) {
      const testId = rows.packet(i).testId!;
      this.#hasTests = isTest({ testId, runnable });
    }
    const start = collator.startSeconds + collator.startNanoseconds / 1e9;
    let bits = runnable ? code : code | TEST_BIT.NOT_RUNNABLE;
    if (rows.tagsAt(i) >= 0 || collator.hasExtras) {
      const tags = collator.endedTags(rows, i);
      if (tags.includes(QUARANTINED)) bits |= TEST_BIT.QUARANTINED;
      if (faultTagIn(tags) !== undefined) this.#flags |= RUN_FLAG.FAULTS;
    }
    const seconds = rows.timeAt(i) < 0 ? NaN : secondsBetween(
      {
        seconds: collator.startSeconds,
        nanoseconds: collator.startNanoseconds,
      },
      { seconds: rows.seconds(i), nanoseconds: rows.nanoseconds(i) },
    );
    this.#addAttempt(this.#key.of(rows, i), bits, start, seconds);
  }

  #addExisting(rows: Rows, i: number): void {
    const number = this.#add(this.#key.of(rows, i));
    // Of what was run, it says nothing.
    if (hasOutcome(this.#tests[number])) return;
    if (rows.isRunnable(i)) this.#tests[number] = CODE.EXISTS;
  }

  #addAttempt(
    key: RunKey,
    bits: number,
    start: number,
    seconds: number,
  ): void {
    const number = this.#add(key);
    const before = this.#tests[number];
    if (hasOutcome(before)) {
      bits |= TEST_BIT.SEVERAL | before & TEST_BIT.DISAGREE;
      const code = before & TEST_BIT.OUTCOME;
      if (code !== (bits & TEST_BIT.OUTCOME)) bits |= TEST_BIT.DISAGREE;
      // A start that is unknown is taken as later.
      if (!decides(before, bits, !(start < this.#starts[number]))) {
        this.#tests[number] = before |
          bits & (TEST_BIT.SEVERAL | TEST_BIT.DISAGREE);
        return;
      }
    }
    this.#tests[number] = bits;
    this.#starts[number] = start;
    // A clock may be set back.
    this.#seconds[number] = seconds >= 0 ? seconds : NaN;
  }

  #add(key: RunKey): number {
    const number = this.#numbers.add(key);
    if (number >= this.#tests.length) {
      const { capacity } = this.#numbers;
      this.#tests = grown(this.#tests, capacity);
      this.#seconds = grown(this.#seconds, capacity);
      this.#starts = grown(this.#starts, capacity);
    }
    if (this.#numbers.isNew) this.#seconds[number] = NaN;
    return number;
  }

  /** Ends the run: tests that are in progress are lost. */
  end(): RunContent {
    const eventKey = new EventKey();
    let lost = 0;
    for (const test of this.#collator.lost()) {
      lost++;
      this.#hasTests ||= isTest(test);
      const { started } = test;
      const start = started === undefined
        ? NaN
        : started.seconds + started.nanoseconds / 1e9;
      const key = this.#key.ofTest(test, eventKey);
      const bits = test.runnable ? 0 : TEST_BIT.NOT_RUNNABLE;
      this.#addAttempt(key, CODE.LOST | bits, start, NaN);
    }
    const order = Array.from(this.#numbers.values(), (number) => {
      const { testId, routeCode } = this.#numbers.key(number);
      return { number, testId, routeCode };
    });
    order.sort((a, b) =>
      compareText(a.testId, b.testId) ||
      compareText(a.routeCode ?? "", b.routeCode ?? "")
    );
    return {
      ids: order.map(({ testId }) => testId),
      routes: order.map(({ routeCode }) => routeCode),
      tests: Uint8Array.from(order, ({ number }) => this.#tests[number]),
      seconds: Float32Array.from(order, ({ number }) => this.#seconds[number]),
      first: toMicroseconds(this.#first),
      last: toMicroseconds(this.#last),
      lost,
      flags: this.#flags | (this.#hasTests ? 0 : RUN_FLAG.TESTLESS),
      bytes: this.#bytes,
    };
  }
}

function toMicroseconds(seconds: number): number | undefined {
  return Number.isFinite(seconds) ? Math.round(seconds * 1e6) : undefined;
}
