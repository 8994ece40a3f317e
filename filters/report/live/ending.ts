/**
 * What a live view shows at the end of a run.
 *
 * @module
 */

import type { Summary } from "@subunit/codec";
import { clockText, secondsText } from "./duration.ts";
import { type Failure, nameSpans, WORDS } from "./failure.ts";
import { countSpans } from "./screen.ts";
import type { LiveRun } from "./run.ts";
import type { Line, Span } from "./spans.ts";

/** A group of lines under a title. */
export interface Section {
  readonly title: Line;
  readonly lines: readonly Line[];
}

/**
 * The sections at the end of a run, but those that are empty.
 *
 * @param lost the tests that have not ended
 * @param isOver whether they are lost: nothing comes any more
 */
export function endSections(
  run: LiveRun,
  lost: readonly Failure[],
  isOver: boolean,
): Section[] {
  const { failures, unlisted, flaky, unlistedFlaky, slowest } = run;
  const more: Line[] = unlisted > 0
    ? [[[`  and ${unlisted} more failures, which subunit-ls --failing lists`]]]
    : [];
  return [
    section("Failed", "bad", [...failures.flatMap(failedLines), ...more]),
    section(
      isOver ? "Lost: started and never ended" : "Still running",
      "bad",
      lost.flatMap(failedLines),
    ),
    section(
      "Flaky: passed, but not at once",
      "odd",
      [
        ...flaky.map(({ hasFailed, ...name }): Line => [
          ["  "],
          ...nameSpans(name),
          [hasFailed ? "" : '  tagged "flaky"', "faint"],
        ]),
        ...unlistedFlaky > 0
          ? [[[`  and ${unlistedFlaky} more tagged "flaky"`]] as Line]
          : [],
      ],
    ),
    section(
      "Slowest",
      "title",
      slowest.map(({ seconds, ...name }) => [
        [`  ${secondsText(seconds).padStart(7)}  `, "faint"],
        ...nameSpans(name),
      ]),
    ),
  ].filter(({ lines }) => lines.length > 0);
}

function section(
  title: string,
  meaning: Span[1],
  lines: readonly Line[],
): Section {
  return { title: [[title, meaning]], lines };
}

/** A failure by its name and headline: its reason was shown when it happened. */
function failedLines({ outcome, headline, ...name }: Failure): Line[] {
  const note: Span[] = outcome === "uxsuccess"
    ? [[`  ${WORDS[outcome][0]}`, "bad"]]
    : [];
  const first: Line = [["  "], ...nameSpans(name), ...note];
  return headline === undefined
    ? [first]
    : [first, [["      "], [headline, "faint"]]];
}

/** The counts and the time. */
export function endLine(summary: Summary, seconds: number): Line {
  const { total, isGood } = summary;
  return [
    [isGood ? "Passed" : "Failed", isGood ? "good" : "bad"],
    [`  ${total} ${total === 1 ? "test" : "tests"}: `],
    ...countSpans(summary)
      .flatMap((span, index): Span[] => index === 0 ? [span] : [[", "], span]),
    [`, in ${clockText(seconds)}`],
  ];
}
