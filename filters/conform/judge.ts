/**
 * What a run shows about the tests of guidelines.
 *
 * @module
 */

import {
  decodeText,
  EventKey,
  grown,
  RowKey,
  type Rows,
  TestNumbers,
  type TestStatus,
} from "@subunit/codec";
import { type Policy, replaces, type Result } from "../history/attempts.ts";
import {
  type Guideline,
  type GuidelineTest,
  sharedUuids,
  testsOf,
} from "./guideline.ts";

/** What a run shows about a test. */
export type Answer = Result | "not run";

/** From the best answer of the names of a test to the worst. */
const ANSWERS: readonly Answer[] = ["passed", "failed", "skipped", "not run"];

/**
 * Only a success passes. An expected failure shows that the product does not do
 * what the test asks for, whoever expects it; so does a test that never ended.
 */
function resultOf(status: TestStatus | undefined): Result {
  if (status === "success") return "passed";
  return status === "skip" ? "skipped" : "failed";
}

/** The attempts with one id. */
class Attempted {
  /** Of the id's bytes. */
  readonly hash: number;
  result: Result;
  /** Increases in the order in which attempts start. */
  #order: number;

  constructor(hash: number, result: Result, order: number) {
    this.hash = hash;
    this.result = result;
    this.#order = order;
  }

  add(result: Result, order: number, policy: Policy): void {
    if (!replaces(policy, this.result, result, order > this.#order)) return;
    this.result = result;
    this.#order = order;
  }
}

/** How many ids that differ in their attributes are kept apart for a test. */
const MAX_IDS = 64;

/** The attempts with all ids that stand for one name. */
class Name {
  readonly #first: Attempted;
  /** Most names have one id. */
  #others: Attempted[] | undefined;
  /** The worst result of ids that are too many. */
  #rest: Result | undefined;

  constructor(hash: number, result: Result, order: number) {
    this.#first = new Attempted(hash, result, order);
  }

  add(hash: number, result: Result, order: number, policy: Policy): void {
    if (this.#first.hash === hash) {
      return this.#first.add(result, order, policy);
    }
    const others = this.#others ??= [];
    const before = others.find((id) => id.hash === hash);
    if (before !== undefined) before.add(result, order, policy);
    else if (others.length < MAX_IDS) {
      others.push(new Attempted(hash, result, order));
    } else this.#rest = worst(this.#rest ?? "passed", result);
  }

  /**
   * All ids must pass: where they differ in their attributes, as the rows of a
   * table of parameters do, they are not attempts at the same.
   */
  get answer(): Result {
    const first = worst(this.#first.result, this.#rest ?? "passed");
    return this.#others?.reduce(
      (all: Result, { result }) => worst(all, result),
      first,
    ) ?? first;
  }
}

function worst(a: Result, b: Result): Result {
  if (a === "failed" || b === "failed") return "failed";
  return a === "skipped" ? a : b;
}

const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/**
 * The ids of guidelines that stand for one test: those that two tests share say
 * nothing.
 */
export function uniqueUuids(guidelines: readonly Guideline[]): Set<string> {
  const tests = guidelines.flatMap(testsOf), shared = sharedUuids(tests);
  return new Set(
    tests.flatMap(({ uuid }) =>
      uuid === undefined || shared.has(uuid) ? [] : [uuid]
    ),
  );
}

/**
 * The results of the tests of guidelines. Memory depends on the guidelines and on
 * the tests in progress; tests that no guideline has leave nothing.
 */
export class Judge {
  readonly #policy: Policy;
  /** No name is removed, so that numbers count up from 0. */
  readonly #names = new TestNumbers();
  /** By unique id; numbers go on from those of the names. */
  readonly #uuids = new Map<string, number>();
  #results: (Name | undefined)[] = [];
  readonly #tests = new Map<GuidelineTest, readonly number[]>();
  readonly #rowKey = new RowKey();
  readonly #eventKey = new EventKey();
  /** When attempts with a name as their whole id, and no route, have begun. */
  #begun = new Float64Array();
  /** The number of the name that was found last: runs go by lists, too. */
  #last = -1;
  // The other attempts in progress:
  readonly #open = new TestNumbers();
  #openName = new Int32Array(64);
  #openOrder = new Float64Array(64);
  #openHash = new Int32Array(64);
  #started = 0;

  /**
   * @param tests each may be there several times, and in several capabilities
   * @param unique the ids that stand for one test
   */
  constructor(
    tests: Iterable<GuidelineTest>,
    unique: ReadonlySet<string>,
    policy: Policy,
  ) {
    this.#policy = policy;
    const all = new Set(tests);
    const numbers = new Map<GuidelineTest, number[]>();
    const add = (test: GuidelineTest, name: string) =>
      numbers.get(test)!.push(
        this.#names.add(this.#eventKey.of({ testId: name })),
      );
    for (const test of all) {
      numbers.set(test, []);
      add(test, test.name);
      for (const alias of test.aliases) add(test, alias);
    }
    for (const test of all) {
      const { uuid } = test;
      if (uuid === undefined || !unique.has(uuid)) continue;
      let number = this.#uuids.get(uuid);
      if (number === undefined) {
        number = this.#names.size + this.#uuids.size;
        this.#uuids.set(uuid, number);
      }
      numbers.get(test)!.push(number);
    }
    this.#tests = numbers;
    this.#results = new Array(this.size).fill(undefined);
    this.#begun = new Float64Array(this.#names.size).fill(-1);
  }

  /**
   * The numbers of a test's names, its own first and its unique id last: see
   * {@linkcode addRow}.
   */
  numbersOf(test: GuidelineTest): readonly number[] {
    return this.#tests.get(test) ?? [];
  }

  /** How many numbers there are. */
  get size(): number {
    return this.#names.size + this.#uuids.size;
  }

  /**
   * Adds the packet of a row. Returns the number of the name that it has in the
   * guidelines; -1 if it has none there.
   */
  addRow(rows: Rows, i: number): number {
    if (rows.idAt(i) < 0 || rows.isExists(i)) return -1;
    const isFinal = rows.isFinal(i);
    const isRouted = rows.routeAt(i) >= 0;
    const exact = isRouted ? -1 : this.#exactName(rows, i);
    if (exact >= 0) {
      this.#addExact(rows, i, exact, isFinal);
      return exact;
    }
    if (isFinal) {
      // Most tests are in progress: then their names are known.
      const open = this.#open.deleteRow(rows, i);
      if (open >= 0) {
        this.#settle(
          this.#openName[open],
          this.#openHash[open],
          this.#openOrder[open],
          resultOf(rows.status(i)),
        );
        return this.#openName[open];
      }
    }
    let name = isRouted ? this.#exactName(rows, i) : -1;
    if (name < 0) name = this.#bareName(rows, i);
    if (name < 0) return -1;
    if (isFinal) {
      const result = resultOf(rows.status(i));
      this.#settle(name, rows.idHash(i), this.#started++, result);
      return name;
    }
    const open = this.#open.addRow(rows, i);
    if (this.#open.isNew) {
      if (open >= this.#openName.length) {
        this.#openName = grown(this.#openName, 2 * open);
        this.#openOrder = grown(this.#openOrder, 2 * open);
        this.#openHash = grown(this.#openHash, 2 * open);
      }
      this.#openName[open] = name;
      this.#openOrder[open] = this.#started++;
      this.#openHash[open] = rows.idHash(i);
    }
    return name;
  }

  #addExact(rows: Rows, i: number, name: number, isFinal: boolean): void {
    const begun = this.#begun[name];
    if (isFinal) {
      const order = begun < 0 ? this.#started++ : begun;
      this.#begun[name] = -1;
      this.#settle(name, rows.idHash(i), order, resultOf(rows.status(i)));
    } else if (begun < 0) this.#begun[name] = this.#started++;
  }

  /** The name that is the whole id of a row; -1 if there is none. */
  #exactName(rows: Rows, i: number): number {
    const key = this.#rowKey.anywhere(rows, i), last = this.#last;
    const name = this.#names.get(key, rows.isFinal(i) ? last : last + 1);
    if (name >= 0) this.#last = name;
    return name;
  }

  /** Ends the run: tests in progress are lost, and have failed. */
  end(): void {
    for (const [name, order] of this.#begun.entries()) {
      if (order < 0) continue;
      const { testId } = this.#names.key(name);
      const { idHash } = this.#eventKey.of({ testId });
      this.#settle(name, idHash, order, "failed");
    }
    this.#begun.fill(-1);
    for (const open of this.#open.values()) {
      this.#settle(
        this.#openName[open],
        this.#openHash[open],
        this.#openOrder[open],
        "failed",
      );
    }
    this.#open.clear();
  }

  #settle(number: number, hash: number, order: number, result: Result): void {
    const name = this.#results[number];
    if (name !== undefined) name.add(hash, result, order, this.#policy);
    else this.#results[number] = new Name(hash, result, order);
  }

  /**
   * The best answer of a test's names; of its unique id where none was run. Of a
   * test that has a copy with its id, as Tempest's inherited ones do, a pass of
   * the copy hides no failure.
   */
  answer(test: GuidelineTest): Answer {
    const notRun = ANSWERS.length - 1;
    let best = notRun;
    for (const number of this.numbersOf(test)) {
      if (number >= this.#names.size && best < notRun) break;
      const result = this.#results[number]?.answer ?? "not run";
      best = Math.min(best, ANSWERS.indexOf(result));
    }
    return ANSWERS[best];
  }

  /**
   * The name of a row without the attributes in its id, as in
   * "test_x[gate,id-0146f675-…]"; -1 if there is none. An expression that looks
   * for a pair would take the square of a hostile id's length.
   */
  #bareName(rows: Rows, i: number): number {
    const { source } = rows, start = rows.idAt(i), end = rows.idEnd(i);
    let open = start;
    while (open < end && source[open] !== OPEN_BRACKET) open++;
    let close = open;
    while (close < end && source[close] !== CLOSE_BRACKET) close++;
    if (close === end) return -1;
    const testId = decodeText(source, start, open) +
      decodeText(source, close + 1, end);
    const bare = this.#names.get(this.#eventKey.of({ testId }));
    if (bare >= 0 || this.#uuids.size === 0) return bare;
    const uuid = decodeText(source, open + 1, close).split(",")
      .find((word) => word.startsWith("id-"));
    return uuid === undefined
      ? -1
      : this.#uuids.get(uuid.slice(3).toLowerCase()) ?? -1;
  }
}
