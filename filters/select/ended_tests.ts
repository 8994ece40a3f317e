/**
 * The tests that have ended lately, to be found by their subtests.
 *
 * @module
 */

import { type Rows, type TestKeyBytes, TestTable } from "@subunit/codec";

/**
 * How many ended tests are remembered for subtests that come after them: few
 * until the first subtest shows that there are any.
 */
const MAX_ENDED = 16384;
const MAX_ENDED_AT_FIRST = 64;

/** What subtests need to know of a test. */
export interface Parent {
  /** Whether it is selected; undefined when that is not settled. */
  readonly isSelected: boolean | undefined;
}

const NO_BYTES = new DataView(new ArrayBuffer(0));

/** A test, and its key in the bytes of the present chunk. */
class EndedTest<Test extends Parent> implements TestKeyBytes {
  view: DataView = NO_BYTES;
  idAt = -1;
  idEnd = -1;
  idHash = -1;
  routeAt = -1;
  routeEnd = -1;
  routeHash = -1;
  test: Test | undefined;

  set(key: TestKeyBytes, test: Test): void {
    this.view = key.view;
    this.idAt = key.idAt;
    this.idEnd = key.idEnd;
    this.idHash = key.idHash;
    this.routeAt = key.routeAt;
    this.routeEnd = key.routeEnd;
    this.routeHash = key.routeHash;
    this.test = test;
  }

  setRow(rows: Rows, i: number, test: Test): void {
    this.view = rows.view;
    this.idAt = rows.idAt(i);
    this.idEnd = rows.idEnd(i);
    this.idHash = rows.idHash(i);
    this.routeAt = rows.routeAt(i);
    this.routeEnd = rows.routeEnd(i);
    this.routeHash = rows.routeHash(i);
    this.test = test;
  }
}

/** The tests that have ended lately. */
export class EndedTests<Test extends Parent> {
  /** How many to keep at least; the stream's first subtest shows it pays. */
  #most = MAX_ENDED_AT_FIRST;
  /**
   * Those that are not in a table yet: the first {@linkcode #count}. Objects are
   * used again.
   */
  readonly #new: EndedTest<Test>[] = [];
  #count = 0;
  #young = new TestTable<Test>();
  #old = this.#young;

  /** @param key that of the test, good until the chunk ends */
  add(key: TestKeyBytes, test: Test): void {
    this.#next().set(key, test);
    this.#trim();
  }

  /** The same for the test of a row. */
  addRow(rows: Rows, i: number, test: Test): void {
    this.#next().setRow(rows, i, test);
    this.#trim();
  }

  /** An object for one more. */
  #next(): EndedTest<Test> {
    return this.#new[this.#count++] ??= new EndedTest();
  }

  #trim(): void {
    if (this.#count <= 2 * this.#most) return;
    this.#new.push(...this.#new.splice(0, this.#most));
    this.#count -= this.#most;
  }

  get(key: TestKeyBytes): Test | undefined {
    this.#most = MAX_ENDED;
    this.endChunk();
    return this.#young.get(key) ?? this.#old.get(key);
  }

  /** Outlives the packets. */
  endChunk(): void {
    for (let i = 0; i < this.#count; i++) {
      const ended = this.#new[i];
      if (this.#young.size >= this.#most) {
        const unused = this.#old === this.#young ? undefined : this.#old;
        unused?.clear();
        this.#old = this.#young;
        this.#young = unused ?? new TestTable();
      }
      this.#young.set(ended, ended.test!);
    }
    this.#count = 0;
  }
}
