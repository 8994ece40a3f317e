/**
 * The tests of a report, in the order of the file: positions count from 0, so
 * that the test at position 16 is `#t17`.
 *
 * @module
 */

import { DAMAGE_TITLE, isDamage, OUTCOMES, type TestLine } from "../data.ts";
import { findParent } from "../../../kit/text/parent.ts";
import type { Column, Sort } from "./fragment.ts";
import type { Searchable } from "./query.ts";

const FAILURES = new Set(["fail", "uxsuccess", "lost"]);

/** Returns whether tests with an outcome fail the run. */
export function isFailure(outcome: string): boolean {
  return FAILURES.has(outcome);
}

/**
 * Reads the lines of a block of data. A line that is cut off, which can only be
 * the last one, is left out.
 */
export function readLines(block: string): TestLine[] {
  const text = block.trim();
  if (text === "") return [];
  try {
    // All at once: four times as fast as line by line.
    return JSON.parse(`[${text.replaceAll("\n", ",")}]`);
  } catch {
    return text.split("\n").flatMap((line) => {
      try {
        const parsed = JSON.parse(line);
        return Array.isArray(parsed) ? [parsed as unknown as TestLine] : [];
      } catch {
        return [];
      }
    });
  }
}

/** The tests of a report. */
export class Tests implements Searchable {
  readonly #lines: readonly TestLine[];
  readonly #texts: string[] = [];
  readonly #orders = new Map<string, Uint32Array>();
  readonly #attempts: ReadonlyMap<number, readonly number[]>;
  readonly #flaky: ReadonlySet<number>;
  #depths: Uint8Array | undefined;
  #children: Map<number, number[]> | undefined;
  #parents: Map<number, number> | undefined;

  constructor(lines: readonly TestLine[]) {
    this.#lines = lines;
    this.#attempts = attemptsIn(lines);
    const flaky = new Set<number>();
    lines.forEach((line, test) => {
      if (line[5].includes("flaky") || this.#isRetried(test)) flaky.add(test);
    });
    this.#flaky = flaky;
  }

  get count(): number {
    return this.#lines.length;
  }

  id(test: number): string {
    return this.#lines[test][0];
  }

  outcome(test: number): string {
    return OUTCOMES[this.#lines[test][1]] ?? "lost";
  }

  isFailure(test: number): boolean {
    return isFailure(this.outcome(test));
  }

  /** Whether it stands for a place where the stream is damaged. */
  isDamage(test: number): boolean {
    return isDamage(this.id(test), this.outcome(test));
  }

  /** In seconds since 1970. */
  started(test: number): number | undefined {
    return this.#lines[test][2] ?? undefined;
  }

  seconds(test: number): number | undefined {
    return this.#lines[test][3] ?? undefined;
  }

  route(test: number): string {
    return this.#lines[test][4] ?? "";
  }

  tags(test: number): readonly string[] {
    return this.#lines[test][5];
  }

  /** The id of its parent. */
  parent(test: number): string | undefined {
    return this.#lines[test][6] ?? undefined;
  }

  hasArticle(test: number): boolean {
    return this.#lines[test][7] === 1;
  }

  headline(test: number): string {
    return this.#lines[test][8] ?? "";
  }

  text(test: number): string {
    const line = this.#lines[test];
    return this.#texts[test] ??= `${line[0]}\n${line[8] ?? ""}\n${
      line[5].join("\n")
    }${this.isDamage(test) ? `\n${DAMAGE_TITLE}` : ""}`.toLowerCase();
  }

  /** The positions of all attempts at a test; only itself if there was one. */
  attempts(test: number): readonly number[] {
    return this.#attempts.get(test) ?? [test];
  }

  isFlaky(test: number): boolean {
    return this.#flaky.has(test);
  }

  /** The flaky tests, once each: their last attempts. */
  flakyTests(): number[] {
    return [...this.#flaky].filter((test) =>
      this.attempts(test).at(-1) === test
    );
  }

  /** A failed attempt that a later one made good, or one of the attempts after. */
  #isRetried(test: number): boolean {
    const attempts = this.#attempts.get(test);
    return attempts !== undefined &&
      attempts.some((one) => this.isFailure(one)) &&
      this.outcome(attempts.at(-1)!) === "success";
  }

  /** How many ancestors of a test are in the report. */
  depth(test: number): number {
    this.order(undefined);
    return this.#depths![test];
  }

  /** The subtests of a test. */
  children(test: number): readonly number[] {
    this.#children ??= childrenIn(this.#lines);
    return this.#children.get(test) ?? [];
  }

  /** The test that a test is a subtest of; undefined if the report has none. */
  parentOf(test: number): number | undefined {
    if (this.#parents === undefined) {
      this.children(test);
      this.#parents = new Map();
      for (const [parent, children] of this.#children!) {
        for (const child of children) this.#parents.set(child, parent);
      }
    }
    return this.#parents.get(test);
  }

  hasSubtests(): boolean {
    this.#children ??= childrenIn(this.#lines);
    return this.#children.size > 0;
  }

  /**
   * All positions in an order; undefined stands for the order of the stream,
   * subtests below their parents.
   */
  order(sort: Sort | undefined): Uint32Array {
    const name = sort === undefined
      ? ""
      : `${sort.descending ? "-" : ""}${sort.column}`;
    let order = this.#orders.get(name);
    if (order === undefined) {
      order = sort === undefined ? this.#treeOrder() : this.#sorted(sort);
      this.#orders.set(name, order);
    }
    return order;
  }

  #treeOrder(): Uint32Array {
    this.#children ??= childrenIn(this.#lines);
    const children = this.#children;
    const order = positions(this.#lines.length);
    this.#depths = new Uint8Array(order.length);
    if (children.size === 0) return order;
    const isChild = new Uint8Array(order.length);
    for (const below of children.values()) {
      for (const child of below) isChild[child] = 1;
    }
    const listed = new Uint8Array(order.length);
    let length = 0;
    const list = (root: number) => {
      if (!children.has(root)) {
        if (listed[root] === 0) order[length++] = root;
        listed[root] = 1;
        return;
      }
      const pending: [number, number][] = [[root, 0]];
      for (let next; (next = pending.pop()) !== undefined;) {
        const [test, depth] = next;
        if (listed[test] === 1) continue;
        listed[test] = 1;
        order[length++] = test;
        this.#depths![test] = Math.min(depth, 255);
        for (const child of (children.get(test) ?? []).toReversed()) {
          pending.push([child, depth + 1]);
        }
      }
    };
    for (let test = 0; test < isChild.length; test++) {
      if (isChild[test] === 0) list(test);
    }
    // Tests that are their own ancestors hang from nothing: they come last.
    for (let test = 0; test < isChild.length; test++) list(test);
    return order;
  }

  #sorted({ column, descending }: Sort): Uint32Array {
    const key = this.#keys(column);
    const order = positions(this.#lines.length);
    const sign = descending ? -1 : 1;
    // Tests without a value are last in both directions, equal ones in file order.
    return order.sort((a, b) => {
      const left = key[a], right = key[b];
      if (left === right) return a - b;
      if (left === undefined) return 1;
      if (right === undefined) return -1;
      return left < right ? -sign : sign;
    });
  }

  #keys(column: Column): readonly (string | number | undefined)[] {
    const lines = this.#lines;
    switch (column) {
      case "id":
        return lines.map((line) => line[0]);
      case "outcome":
        return lines.map((_, test) => SEVERITY.indexOf(this.outcome(test)));
      case "seconds":
        return lines.map((line) => line[3] ?? undefined);
      case "started":
        return lines.map((line) => line[2] ?? undefined);
      case "route":
        return lines.map((line) => line[4] ?? undefined);
      case "tags":
        return lines.map((line) => line[5].join(" ") || undefined);
    }
  }
}

/** Outcomes in the order in which a person wants to see them. */
export const SEVERITY: readonly string[] = [
  "fail",
  "lost",
  "uxsuccess",
  "skip",
  "xfail",
  "success",
];

/** The numbers from 0 on. */
function positions(count: number): Uint32Array {
  const all = new Uint32Array(count);
  for (let i = 0; i < count; i++) all[i] = i;
  return all;
}

/** Positions by route and id. Maps in maps: keys made of both would cost more. */
class Positions {
  readonly #routes = new Map<string | null, Map<string, number>>();

  get(route: string | null, id: string): number | undefined {
    return this.#routes.get(route)?.get(id);
  }

  set(route: string | null, id: string, test: number): void {
    const ids = this.#routes.get(route);
    if (ids === undefined) this.#routes.set(route, new Map([[id, test]]));
    else ids.set(id, test);
  }
}

/** The attempts at tests that were tried more than once, by position. */
function attemptsIn(
  lines: readonly TestLine[],
): ReadonlyMap<number, readonly number[]> {
  const first = new Positions();
  const attempts = new Map<number, number[]>();
  lines.forEach((line, test) => {
    // Places of damage have one id, and are not attempts at anything.
    if (isDamage(line[0], OUTCOMES[line[1]])) return;
    const earlier = first.get(line[4], line[0]);
    if (earlier === undefined) return first.set(line[4], line[0], test);
    const all = attempts.get(earlier) ?? [earlier];
    all.push(test);
    attempts.set(earlier, all);
    attempts.set(test, all);
  });
  return attempts;
}

/** The subtests of each test that has some, by position. */
function childrenIn(lines: readonly TestLine[]): Map<number, number[]> {
  const children = new Map<number, number[]>();
  const parents = new Set<string | null>();
  for (const line of lines) if (line[6] !== null) parents.add(line[6]);
  if (parents.size === 0) return children;
  const byId = new Positions();
  lines.forEach((line, test) => {
    if (parents.has(line[0])) byId.set(line[4], line[0], test);
  });
  lines.forEach((line, test) => {
    if (line[6] === null) return;
    const id = line[6];
    const parent = findParent(
      line[4] ?? undefined,
      (route) => byId.get(route ?? null, id),
      (parent) => lines[parent][9] !== 1,
    );
    if (parent === undefined || parent === test) return;
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [test]);
    else siblings.push(test);
  });
  return children;
}
