/**
 * The tests that have ended lately, to be found by their subtests.
 *
 * @module
 */

import {
  RowKey,
  type Rows,
  type TestKeyBytes,
  TestTable,
} from "@subunit/codec";

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

/** A test, and its key in the bytes of the present chunk. */
class EndedTest<Test extends Parent> extends RowKey {
  test: Test | undefined;
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
    this.#next().set(key).test = test;
    this.#trim();
  }

  /** The same for the test of a row. */
  addRow(rows: Rows, i: number, test: Test): void {
    this.#next().of(rows, i).test = test;
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
