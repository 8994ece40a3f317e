/**
 * When each route was busy, and which tests made the run as long as it was.
 *
 * @module
 */

import type { Tests } from "./model.ts";

/** A test on the timeline, in seconds since the first start. */
export interface Span {
  readonly test: number;
  readonly from: number;
  readonly to: number;
  /** The line of the lane that it is drawn on: tests at the same time stand below each other. */
  row: number;
}

/** The tests of a route. */
export interface Lane {
  readonly route: string;
  /** By their starts. */
  readonly spans: readonly Span[];
  readonly rows: number;
  /** Times without a test, between the first and the last of the run. */
  readonly gaps: readonly (readonly [from: number, to: number])[];
  readonly busy: number;
}

/** The run as a whole. */
export interface Timeline {
  readonly lanes: readonly Lane[];
  /** The start of the first test, in seconds since 1970. */
  readonly began: number;
  /** From the first start to the last end, in seconds. */
  readonly length: number;
  /** The tests without times, which it leaves out. */
  readonly untimed: number;
}

/** How many rows a lane has at most; more tests at a time overlap in the last. */
const MAX_ROWS = 8;

/** Makes the timeline of tests; without lanes if none has times. */
export function timelineOf(tests: Tests): Timeline {
  let began = Infinity, ended = -Infinity, untimed = 0;
  const timed: number[] = [];
  for (let test = 0; test < tests.count; test++) {
    const started = tests.started(test), seconds = tests.seconds(test);
    if (started === undefined || seconds === undefined) {
      untimed++;
      continue;
    }
    timed.push(test);
    began = Math.min(began, started);
    ended = Math.max(ended, started + Math.max(0, seconds));
  }
  if (timed.length === 0) return { lanes: [], began: 0, length: 0, untimed };
  const length = ended - began;
  const byRoute = new Map<string, Span[]>();
  for (const test of timed) {
    const from = tests.started(test)! - began;
    const to = from + Math.max(0, tests.seconds(test)!);
    const span: Span = { test, from, to, row: 0 };
    const spans = byRoute.get(tests.route(test));
    if (spans === undefined) byRoute.set(tests.route(test), [span]);
    else spans.push(span);
  }
  const lanes = Array.from(byRoute)
    .sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }))
    .map(([route, spans]) => laneOf(route, spans, length));
  return { lanes, began, length, untimed };
}

function laneOf(route: string, spans: Span[], length: number): Lane {
  // Parents stand above the subtests that start with them.
  spans.sort((a, b) => a.from - b.from || b.to - a.to);
  const ends: number[] = [];
  const gaps: [number, number][] = [];
  let covered = 0, idle = 0;
  for (const span of spans) {
    let row = ends.findIndex((end) => end <= span.from + ROUNDING);
    if (row < 0) row = Math.min(ends.length, MAX_ROWS - 1);
    span.row = row;
    ends[row] = Math.max(ends[row] ?? 0, span.to);
    if (span.from > covered + ROUNDING) {
      gaps.push([covered, span.from]);
      idle += span.from - covered;
    }
    covered = Math.max(covered, span.to);
  }
  if (length > covered + ROUNDING) {
    gaps.push([covered, length]);
    idle += length - covered;
  }
  return { route, spans, rows: ends.length, gaps, busy: length - idle };
}

/** Times are sums of numbers of seconds since 1970: below a microsecond is noise. */
const ROUNDING = 2e-6;
/** How long a lane waits between two tests at most: a share of the run, and seconds. */
const WAIT_SHARE = 0.01, WAIT_SECONDS = 1;

/**
 * The critical path: the tests that determine how long the run took, first to
 * last. It walks back from the test that ends last. Before each test comes the one
 * that ended last before it on its own lane, for which it had to wait; if that
 * lane had been idle for more than a second, or 1 % of the run, the test that
 * ended last before it on any lane. Tests with subtests are left out: their subtests stand
 * for them.
 */
export function criticalPath(
  { lanes, length }: Timeline,
  hasSubtests: (test: number) => boolean,
): Span[] {
  const laneEnds = lanes.map(({ spans }) =>
    spans.filter(({ test }) => !hasSubtests(test))
      .sort((a, b) => a.to - b.to || a.from - b.from)
  );
  const allEnds = laneEnds.flat().sort((a, b) =>
    a.to - b.to || a.from - b.from
  );
  const laneOf = new Map(
    laneEnds.flatMap((spans) => spans.map((span) => [span, spans] as const)),
  );
  const path: Span[] = [];
  const seen = new Set<Span>();
  let current = allEnds.at(-1);
  while (current !== undefined && !seen.has(current)) {
    path.push(current);
    seen.add(current);
    const own = lastBefore(laneOf.get(current)!, current.from, seen);
    const isBusy = own !== undefined &&
      current.from - own.to <= Math.min(WAIT_SHARE * length, WAIT_SECONDS);
    current = isBusy ? own : lastBefore(allEnds, current.from, seen) ?? own;
  }
  return path.reverse();
}

/** The last of spans, sorted by their ends, that ends by a time. */
function lastBefore(
  spans: readonly Span[],
  time: number,
  seen: ReadonlySet<Span>,
): Span | undefined {
  let low = 0, high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans[middle].to <= time + ROUNDING) low = middle + 1;
    else high = middle;
  }
  // Tests of no length may end at the time at which they start.
  while (low > 0 && seen.has(spans[low - 1])) low--;
  return spans[low - 1];
}
