/**
 * What a live view shows of a run: the block on a terminal, a line of it, and the
 * tests that run.
 *
 * @module
 */

import type { Outcome, Summary } from "@subunit/codec";
import type { ConsoleSize } from "../../kit/io/terminal.ts";
import { widthOf } from "../../kit/text/width.ts";
import { clockText, secondsText } from "./duration.ts";
import { nameSpans } from "./failure.ts";
import type { LiveRun } from "./run.ts";
import type { Line, Meaning, Span } from "./spans.ts";

/** Counts in their order, with a word for each. */
const COUNTED: readonly (readonly [Outcome, string, Meaning])[] = [
  ["success", "passed", "good"],
  ["fail", "failed", "bad"],
  ["uxsuccess", "unexpectedly passed", "bad"],
  ["lost", "lost", "bad"],
  ["skip", "skipped", "skipped"],
  ["xfail", "failed as expected", "odd"],
];

/** The widest bar, in cells. */
const MAX_BAR = 60;
/** The narrowest bar that shows anything. */
const MIN_BAR = 4;
/** Parts of a line are this far from each other. */
const GAP = "  ";
/** More tests are never listed at once where a line each is written. */
const MAX_LISTED = 100;

/** Counts by outcome, but those that are 0; at least one. */
export function countSpans({ outcomes, damage }: Summary): Span[] {
  const spans = COUNTED
    .filter(([outcome]) => outcome === "success" || outcomes[outcome] > 0)
    .map(([outcome, word, meaning]): Span => [
      `${outcomes[outcome]} ${word}`,
      outcomes[outcome] > 0 ? meaning : undefined,
    ]);
  return damage === 0 ? spans : [...spans, [`${damage} damaged`, "bad"]];
}

/** How fast the run is, and how long it takes. */
function paceSpans(run: LiveRun): Span[] {
  const { elapsed, done, secondsLeft, total } = run;
  const spans: Span[] = [[clockText(elapsed)]];
  if (done > 0 && elapsed >= 1) {
    const speed = done / elapsed;
    spans.push([`${speed.toFixed(speed < 10 ? 1 : 0)} tests/s`]);
  }
  if (secondsLeft !== undefined && (total === undefined || done < total)) {
    spans.push([`${clockText(Math.ceil(secondsLeft))} left`]);
  }
  return spans;
}

/** The bar, in the colors of what has ended, if the total is known. */
function barLine(run: LiveRun, width: number): Line | undefined {
  const { total, done, summary: { outcomes } } = run;
  if (total === undefined) return undefined;
  const share = total === 0 ? 1 : done / total;
  const percent = `${Math.floor(100 * share)}%`;
  const counts = ` ${done} of ${total}  ${percent}`;
  const cells = Math.min(MAX_BAR, width - counts.length - 2);
  if (cells < MIN_BAR) return [[counts.slice(1)]];
  const filled = Math.floor(cells * share);
  const { fail, uxsuccess, skip } = outcomes;
  const failed = fail + uxsuccess;
  // Whatever is there shows, if there is room at all.
  const part = (count: number) =>
    count === 0 ? 0 : Math.max(1, Math.round(filled * count / done));
  const bad = Math.min(filled, part(failed));
  const skipped = Math.min(filled - bad, part(skip));
  return [
    ["["],
    ["=".repeat(filled - bad - skipped), "good"],
    ["-".repeat(skipped), "skipped"],
    ["#".repeat(bad), "bad"],
    [" ".repeat(cells - filled)],
    ["]"],
    [counts],
  ];
}

/** Puts parts into as few lines as they need. */
function packed(spans: readonly Span[], width: number): Line[] {
  const lines: Span[][] = [];
  let used = Infinity;
  for (const span of spans) {
    const own = widthOf(span[0]);
    if (used + GAP.length + own <= width) {
      lines.at(-1)!.push([GAP], span);
      used += GAP.length + own;
    } else {
      lines.push([span]);
      used = own;
    }
  }
  return lines;
}

/** A test that runs, and for how long. */
function runningLines(run: LiveRun, most: number): Line[] {
  const tests = run.running(most);
  const times = tests.map((test) => secondsText(run.secondsOf(test), 1));
  const width = Math.max(6, ...times.map(({ length }) => length));
  return tests.map((test, index) => [
    [`  ${times[index].padStart(width)}  `, "faint"],
    ...nameSpans(test),
  ]);
}

/** How many tests run beside those that are named. */
function moreLines(count: number): Line[] {
  return count > 0 ? [[[`  and ${count} more`, "faint"]]] : [];
}

/** The lines of the block, as many as suit a screen. */
export function blockLines(
  run: LiveRun,
  { columns, rows }: ConsoleSize,
): Line[] {
  // The last column stays free: a character there makes terminals wait to wrap.
  const width = columns - 1;
  const bar = barLine(run, width);
  const state = [
    ...bar === undefined ? [] : [bar],
    ...packed([...countSpans(run.summary), ...paceSpans(run)], width),
  ];
  // Half of the screen is for what scrolls.
  const room = Math.max(1, Math.min(rows - 1, Math.floor(rows / 2)));
  const forTests = room - state.length;
  const { size } = run;
  if (size === 0 || forTests <= 0) return state.slice(0, room);
  const named = size <= forTests ? size : forTests - 1;
  return [...state, ...runningLines(run, named), ...moreLines(size - named)];
}

/** How far the run is, in one line. */
export function progressLine(run: LiveRun): Line {
  const { done, total, size, secondsLeft, elapsed } = run;
  const [first, ...counts] = countSpans(run.summary);
  const parts: Span[][] = [
    [[
      total === undefined
        ? `${done} ${done === 1 ? "test" : "tests"}`
        : `${done} of ${total} tests`,
    ]],
    [first],
    ...counts.map((span) => [span]),
  ];
  if (size > 0) {
    const [longest] = run.running(1);
    parts.push([
      [`${size} running, for ${secondsText(run.secondsOf(longest), 1)} `],
      ...nameSpans(longest),
    ]);
  }
  if (secondsLeft !== undefined && done < total!) {
    parts.push([[`${clockText(Math.ceil(secondsLeft))} left`]]);
  }
  return [
    [clockText(elapsed), "title"],
    ...parts.flatMap((
      part,
      index,
    ): Span[] => [[index === 0 ? GAP : ", "], ...part]),
  ];
}

/** How far the run is, and all tests that run. */
export function statusLines(run: LiveRun): Line[] {
  const named = Math.min(run.size, MAX_LISTED);
  return [
    progressLine(run),
    ...runningLines(run, named),
    ...moreLines(run.size - named),
  ];
}
