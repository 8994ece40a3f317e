/**
 * Lanes for spans of time, so that on each lane any two are apart or one encloses
 * the other: viewers of traces take everything on a lane for one stack.
 *
 * Tests on one route may overlap, as may subtests of one test. A span is placed
 * when it ends: on the lane that became free last, which needs no more lanes
 * than there are tests at once. The subtests of a test in progress keep its lane
 * for it.
 *
 * Of spans that start at once, chrome://tracing takes the first one for the
 * outer one. So a subtest that starts together with its parent is written after
 * it: these are few, as they do not overlap.
 *
 * @module
 */

import { keyOf, type TestName } from "./spans.ts";

/** Perfetto drops what lies deeper than 255 spans. */
const MAX_DEPTH = 100;
/** How many spans without a duration may lie on top of one another. */
const MAX_TIES = 50;
/** How many lanes a route may have. */
const MAX_LANES = 1000;

/** A test that has not ended. */
export interface OpenTest {
  /** Undefined if it is not known. */
  readonly start: number | undefined;
  readonly parentTestId: string | undefined;
}

/** Room on a lane: all of it, or that within a test in progress. */
class Space {
  readonly lane: number;
  readonly start: number;
  /** Undefined for all of a lane. */
  outer: Space | undefined;
  /** What is within a subtest in progress; nothing else fits meanwhile. */
  inner: Space | undefined;
  /** The latest end of a span in it. */
  end: number;
  /** Write the spans that start together with the one around this. */
  held: (() => void)[] = [];
  /** How many spans without a duration are at the end. */
  #ties = 0;

  constructor(lane: number, start: number, outer?: Space) {
    this.lane = lane;
    this.start = start;
    this.end = start;
    this.outer = outer;
  }

  takes(start: number): boolean {
    if (this.inner !== undefined || start < this.end) return false;
    return start > this.end || this.#ties < MAX_TIES;
  }

  add(start: number, end: number): void {
    this.#ties = start < end ? 0 : start === this.end ? this.#ties + 1 : 1;
    this.end = Math.max(this.end, end);
  }
}

/** The lanes of a route that no test in progress keeps, by their ends. */
class Route {
  readonly #idle: Space[] = [];
  /** How many lanes there are. */
  count = 0;

  /** Takes out the lane that became free last before a span starts. */
  take(start: number): Space | undefined {
    for (let i = this.#countUntil(start); i-- > 0;) {
      if (this.#idle[i].takes(start)) return this.#idle.splice(i, 1)[0];
    }
    return undefined;
  }

  put(lane: Space): void {
    this.#idle.splice(this.#countUntil(lane.end), 0, lane);
  }

  /** How many lanes end by then. */
  #countUntil(time: number): number {
    let low = 0, high = this.#idle.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#idle[middle].end <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Writes spans that start then, unless the one around them comes first. */
function writeIn(space: Space, start: number, spans: (() => void)[]): void {
  if (space.outer !== undefined && start === space.start) {
    space.held.push(...spans);
  } else {
    for (const write of spans) write();
  }
}

/** Places spans on lanes, which have numbers from 0 on. */
export class Lanes {
  readonly #openTest: (test: TestName) => OpenTest | undefined;
  readonly #begin: (lane: number, route: string | undefined, n: number) => void;
  readonly #routes = new Map<string | undefined, Route>();
  /** What is within tests in progress, of those with subtests that ended. */
  readonly #spaces = new Map<string, Space>();
  #count = 0;

  /**
   * @param openTest finds a test that is in progress
   * @param begin is called with each new lane: its number, its route, and how
   * many lanes the route has by then
   */
  constructor(
    openTest: (test: TestName) => OpenTest | undefined,
    begin: (lane: number, route: string | undefined, n: number) => void,
  ) {
    this.#openTest = openTest;
    this.#begin = begin;
  }

  /**
   * Places a test that has ended: on the lane of its parent if the parent is in
   * progress and the test overlaps none of its other subtests.
   *
   * @param write is called with the lane when the test may be written; -1 when
   * its route has too many
   */
  place(
    test: TestName & Pick<OpenTest, "parentTestId">,
    start: number,
    end: number,
    write: (lane: number) => void,
  ): void {
    const { parentTestId, routeCode } = test;
    if (this.#close(test, start, end, write)) return;
    const parent = parentTestId === undefined
      ? undefined
      : this.#within({ testId: parentTestId, routeCode }, 1);
    const space = parent?.takes(start) ? parent : this.#take(routeCode, start);
    if (space === undefined) return write(-1);
    space.add(start, end);
    writeIn(space, start, [() => write(space.lane)]);
    this.#release(space, routeCode);
  }

  /**
   * Ends a test that had subtests on its lane. Returns whether its span encloses
   * them, and is placed; if not, they stay where they are.
   */
  #close(
    test: TestName,
    start: number,
    end: number,
    write: (lane: number) => void,
  ): boolean {
    if (this.#spaces.size === 0) return false;
    const key = keyOf(test);
    const space = this.#spaces.get(key);
    if (space === undefined) return false;
    this.#spaces.delete(key);
    const { lane, inner, held } = space, outer = space.outer!;
    const isAround = inner === undefined && start === space.start &&
      end >= space.end;
    outer.inner = inner;
    if (inner !== undefined) inner.outer = outer;
    outer.add(space.start, isAround ? end : space.end);
    if (isAround) held.unshift(() => write(lane));
    writeIn(outer, space.start, held);
    this.#release(outer, test.routeCode);
    return isAround;
  }

  /** The room within a test in progress; undefined if its start is unknown. */
  #within(test: TestName, depth: number): Space | undefined {
    const key = keyOf(test);
    const known = this.#spaces.get(key);
    if (known !== undefined) return known;
    const { start, parentTestId } = this.#openTest(test) ?? {};
    if (start === undefined || depth === MAX_DEPTH) return undefined;
    const { routeCode } = test;
    let outer: Space | undefined;
    if (parentTestId !== undefined) {
      outer = this.#within({ testId: parentTestId, routeCode }, depth + 1);
      // A test may be its own ancestor.
      const made = this.#spaces.get(key);
      if (made !== undefined) return made;
    }
    if (!outer?.takes(start)) outer = this.#take(routeCode, start);
    if (outer === undefined) return undefined;
    const space = new Space(outer.lane, start, outer);
    outer.inner = space;
    this.#spaces.set(key, space);
    return space;
  }

  /** A lane that is free from then on. */
  #take(routeCode: string | undefined, start: number): Space | undefined {
    const route = this.#route(routeCode);
    const idle = route.take(start);
    if (idle !== undefined || route.count === MAX_LANES) return idle;
    const lane = this.#count++;
    this.#begin(lane, routeCode, ++route.count);
    return new Space(lane, -Infinity);
  }

  /** Frees the lane unless a test in progress keeps it. */
  #release(space: Space, routeCode: string | undefined): void {
    if (space.outer !== undefined || space.inner !== undefined) return;
    this.#route(routeCode).put(space);
  }

  #route(routeCode: string | undefined): Route {
    let route = this.#routes.get(routeCode);
    if (route === undefined) this.#routes.set(routeCode, route = new Route());
    return route;
  }
}
