/**
 * The tests of a file that Node runs, and which belongs to which.
 *
 * @module
 */

import { relative, resolve, sep } from "node:path";
import type { NodeEventData } from "./node_events.ts";

/** Between the names of a test and of the one around it. */
const SEPARATOR = " > ";
/** The longest id, in UTF-16 units. */
const MAX_LENGTH = 16384;

/** A path from the working directory, with "/" on every system. */
export function pathFrom(cwd: string, file: string): string {
  return relative(cwd, resolve(cwd, file)).replaceAll(sep, "/");
}

/** A test that Node has not reported yet. */
export class NodeTest {
  /** Undefined until its parent is known. */
  id: string | undefined;
  parent: NodeTest | undefined;
  /** Whether its parent is known, which a test at the top has none of. */
  isPlaced = false;
  /** Whether Node said that it runs. */
  isDequeued = false;
  /** Whether that may have been another test that looks the same. */
  isUnsure = false;
  /** Whether the reports below it are being made, or its own. */
  isReporting = false;
  /** Whether its start has been written. */
  hasBegun = false;
  /** Milliseconds since 1970, as far as they are known. */
  started: number | undefined;
  /** When the last test within it ended. */
  latest = 0;
  /** The event that it is complete, which comes before the report. */
  completed: NodeEventData | undefined;
  /** The names of the output that it has got. */
  readonly output = new Set<string>();
  /** The names of tests within it. */
  readonly names = new Names();

  constructor(
    readonly key: string,
    readonly name: string,
    readonly nesting: number,
    /** The path that the id begins with. */
    readonly path: string,
  ) {}
}

/** Makes ids unique: the second "a" is "a #2". */
class Names {
  #counts: Map<string, number> | undefined;

  take(name: string): string {
    const counts = this.#counts ??= new Map();
    let number = counts.get(name);
    if (number === undefined) {
      counts.set(name, 1);
      return name;
    }
    let numbered;
    do numbered = `${name} #${++number}`; while (counts.has(numbered));
    counts.set(name, number);
    counts.set(numbered, 1);
    return numbered;
  }
}

/** A file of tests. */
export class NodeFile {
  readonly path: string;
  /** How its process ended, once it has. */
  ending: string | undefined;
  /** Whether Node holds back what it has to report of this file. */
  isHeldBack = false;
  /** Whether any of that has come. */
  hasArrived = false;
  /** Whether Node reported the file as a test. */
  isReported = false;
  /** When its process started, in milliseconds since 1970. */
  started: number | undefined;
  /** The time as it was for the tests that are held back. */
  clock = 0;
  /** What it printed while no test was in progress; the end of it. */
  output = "";
  readonly #names = new Names();
  /** The tests that are not reported, in the order in which they came. */
  readonly #tests = new Set<NodeTest>();
  /** The same by what identifies them in events; several may look the same. */
  readonly #alike = new Map<string, NodeTest[]>();
  /** The tests in progress, by nesting. */
  readonly #inProgress: Set<NodeTest>[] = [];
  /** The test that is being reported, at the end, and those around it. */
  #reporting: NodeTest[] = [];

  readonly #pathOf: (file: string) => string;

  /**
   * @param path empty for tests of any file that run in this process
   * @param pathOf returns the path of a file that ids begin with
   */
  constructor(path: string, pathOf: (file: string) => string) {
    this.path = path;
    this.#pathOf = pathOf;
  }

  /** Adds a test that has been queued. */
  add(data: NodeEventData): NodeTest {
    const test = this.#create(data);
    if (test.nesting === 0) this.#put(test, undefined);
    else {
      const parent = this.#parentIn(data) ?? this.#onlyOne(test.nesting - 1);
      if (parent?.id !== undefined) this.#put(test, parent);
    }
    return test;
  }

  /** The test that starts. */
  begin(data: NodeEventData): NodeTest {
    const test = this.#find(data, ({ isDequeued }) => !isDequeued) ??
      this.add(data);
    test.isDequeued = true;
    test.isUnsure = this.#alike.get(test.key)!.some((it) =>
      it !== test &&
      (it.isUnsure || (!it.isDequeued && it.parent !== test.parent))
    );
    (this.#inProgress[test.nesting] ??= new Set()).add(test);
    return test;
  }

  /** The test that is complete; undefined when it has been reported. */
  complete(data: NodeEventData): NodeTest | undefined {
    const test = this.#find(data, (it) => it.isDequeued && !it.completed) ??
      this.#find(data, ({ completed }) => completed === undefined);
    if (test === undefined) return undefined;
    test.completed = data;
    this.#inProgress[test.nesting]?.delete(test);
    return test;
  }

  /** The test whose report begins: those within it come first. */
  report(data: NodeEventData): NodeTest {
    const nesting = data.nesting ?? 0;
    const parent = nesting === 0 ? undefined : this.#reporting[nesting - 1];
    const test = this.#find(
      data,
      (it) => !it.isReporting && it.isPlaced && it.parent === parent,
    ) ??
      this.#find(data, ({ isPlaced }) => !isPlaced) ??
      this.#create(data);
    test.isReporting = true;
    if (!test.isPlaced) this.#put(test, parent);
    this.#reporting = [...this.#reporting.slice(0, nesting), test];
    return test;
  }

  /** The test whose result is there; it is no longer among the tests. */
  take(data: NodeEventData): NodeTest {
    const nesting = data.nesting ?? 0;
    const last = this.#reporting[nesting];
    const test = last?.key === keyOf(data) ? last : this.report(data);
    this.#reporting = this.#reporting.slice(0, nesting);
    this.#tests.delete(test);
    this.#inProgress[nesting]?.delete(test);
    const alike = this.#alike.get(test.key)!;
    if (alike.length === 1) this.#alike.delete(test.key);
    else alike.splice(alike.indexOf(test), 1);
    return test;
  }

  /** The file as a test of its own. */
  asTest(): NodeTest {
    const test = new NodeTest("", this.path, 0, this.path);
    test.id = this.#names.take(cleaned(this.path));
    test.isPlaced = true;
    test.started = this.started;
    this.isReported = true;
    return test;
  }

  /** Makes the likeliest of its tests the parent of one, if none is known. */
  place(test: NodeTest): void {
    if (test.isPlaced) return;
    const earlier = [...this.#tests];
    earlier.length = earlier.indexOf(test);
    this.#put(
      test,
      earlier.findLast(({ id, nesting }) =>
        nesting === test.nesting - 1 && id !== undefined
      ),
    );
  }

  /** The innermost test in progress, unless several are side by side. */
  innermost(): NodeTest | undefined {
    const last = this.#inProgress.findLastIndex((tests) => tests?.size > 0);
    for (let nesting = 0; nesting < last; nesting++) {
      if (this.#onlyOne(nesting) === undefined) return undefined;
    }
    return this.#onlyOne(last);
  }

  /** The parent, where Node names it. */
  #parentIn({ parentId }: NodeEventData): NodeTest | undefined {
    if (parentId === undefined) return undefined;
    return this.#alike.get(keyOf({ testId: parentId }))?.[0];
  }

  /** The test in progress at a nesting, if it is certain which. */
  #onlyOne(nesting: number): NodeTest | undefined {
    const tests = this.#inProgress[nesting];
    if (tests?.size !== 1) return undefined;
    const [test] = tests;
    // One of several that look the same is complete: which one?
    const isOther = this.#alike.get(test.key)!
      .some((it) => it !== test && it.isDequeued);
    return test.isUnsure || isOther ? undefined : test;
  }

  /** The tests that are not reported. */
  unreported(): NodeTest[] {
    return [...this.#tests];
  }

  /** Keeps the end of what it printed. */
  keep(text: string, most: number): void {
    this.output = (this.output + text).slice(-most);
  }

  #create(data: NodeEventData): NodeTest {
    const { name = "", nesting = 0 } = data;
    const key = keyOf(data);
    const path = this.path ||
      (data.file === undefined ? "" : this.#pathOf(data.file));
    const test = new NodeTest(key, name, nesting, path);
    this.#tests.add(test);
    const alike = this.#alike.get(key);
    if (alike === undefined) this.#alike.set(key, [test]);
    else alike.push(test);
    return test;
  }

  #find(
    data: NodeEventData,
    isWanted: (test: NodeTest) => boolean,
  ): NodeTest | undefined {
    return this.#alike.get(keyOf(data))?.find(isWanted);
  }

  /** Makes a test one of those within another, which gives it its id. */
  #put(test: NodeTest, parent: NodeTest | undefined): void {
    test.parent = parent;
    test.isPlaced = true;
    const front = parent?.id !== undefined
      ? parent.id + SEPARATOR
      : test.path === ""
      ? ""
      : `${test.path}::`;
    const names = parent?.names ?? this.#names;
    test.id = names.take(cleaned(front + test.name));
  }
}

/** What identifies a test in its events; before Node 24 several may be alike. */
function keyOf(
  { testId, nesting, line, column, name }: NodeEventData,
): string {
  return testId === undefined
    ? `${nesting}:${line}:${column}:${name}`
    : `${testId}`;
}

/** An id or a tag that a packet can hold. */
export function cleaned(id: string): string {
  const text = id.toWellFormed().replaceAll("\0", "\u2400");
  return text.length <= MAX_LENGTH
    ? text
    : text.slice(0, MAX_LENGTH - 1).toWellFormed() + "…";
}
