/**
 * Findings: what went wrong in a run, worst first.
 *
 * @module
 */

import { type Attachment, PARSER_TEST_ID } from "@subunit/codec";
import { cutLine, cutText } from "../kit/text/shorten.ts";
import { withoutColors } from "../traceback/grammars.ts";
import {
  headlineOf,
  isText,
  MAX_READ_LENGTH,
  reasonIn,
} from "../traceback/reason.ts";
import type { ReportedTest } from "../report/report.ts";
import {
  findPlace,
  type Project,
  type SourcePlace,
} from "../traceback/source_place.ts";
import { byteLengthOf, cutContent } from "../kit/text/content.ts";
import { visibleLines } from "../kit/text/visible.ts";

/**
 * What can go wrong, worst first: damage can hide anything, and a lost test may
 * be where the run died.
 */
export const FINDING_KINDS = [
  "damage",
  "lost",
  "fail",
  "uxsuccess",
  "flaky",
] as const;

/** What a finding is about. */
export type FindingKind = typeof FINDING_KINDS[number];

/** Words for a finding of each kind, and for many of them. */
const WORDS: Record<FindingKind, readonly [ofOne: string, ofMany: string]> = {
  damage: ["is damaged", "damaged"],
  lost: ["started and never ended", "lost"],
  fail: ["failed", "failed"],
  uxsuccess: ["succeeded, which was not expected", "succeeded unexpectedly"],
  flaky: ["passed, but not at once", "flaky"],
};

/** How many UTF-16 units of a reason are kept. */
const MAX_TEXT_LENGTH = 8192;
const MAX_HEADLINE_LENGTH = 500;

/** One thing that went wrong. */
export interface Finding {
  readonly kind: FindingKind;
  /** The test's id, and route code if it has one; or "The stream". */
  readonly name: string;
  /** What happened to it, in words: "failed". */
  readonly words: string;
  /** Why, in one line; undefined when no file says so. */
  readonly headline: string | undefined;
  /** Why, in full: lines without control characters, perhaps none. */
  readonly text: string;
  readonly place: SourcePlace | undefined;
  /** How many other tests have the same fault, if it speaks for them. */
  readonly others?: number;
}

/** The kind of finding a test is; undefined when it is none. */
export function findingKindOf(
  { testId, outcome, tags }: ReportedTest,
): FindingKind | undefined {
  if (testId === PARSER_TEST_ID && outcome === "fail") return "damage";
  if (outcome === "success" && tags.includes("flaky")) return "flaky";
  return FINDING_KINDS.find((kind) => kind === outcome);
}

/** The finding of a test: what happened, why and where. */
export function findingOf(
  { testId, tags, routeCode, attachments }: ReportedTest,
  kind: FindingKind,
  project: Project,
): Finding {
  const files = attachments.filter((file) =>
    isText(file) && byteLengthOf(file) > 0
  );
  const reason = reasonIn(files, true);
  const text = reason === undefined ? "" : textOf(reason);
  const headline = reason && headlineOf(reason.name, text);
  let place = findPlace(text, { testId, tags }, project);
  for (const file of files) {
    if (file === reason) continue;
    place ??= findPlace(textOf(file), { testId, tags }, project);
  }
  return {
    kind,
    name: kind === "damage"
      ? "The stream"
      : routeCode === undefined
      ? testId
      : `${testId} (route ${routeCode})`,
    words: WORDS[kind][0],
    headline: headline && cutLine(headline, MAX_HEADLINE_LENGTH),
    text: cutText(text, MAX_TEXT_LENGTH),
    place,
  };
}

/** The lines of a file, without colors and control characters. */
function textOf(file: Attachment): string {
  const text = cutContent(file, MAX_READ_LENGTH);
  return visibleLines(withoutColors(text)).replaceAll("\r\n", "\n").trimEnd();
}

/** A finding in one line: why, or else what. */
export function messageOf({ kind, words, headline }: Finding): string {
  if (headline === undefined) return words;
  return kind === "fail" || kind === "damage"
    ? headline
    : `${words}: ${headline}`;
}

/** Counts of findings in words: "2 lost, 985 failed". */
export function countsInWords(
  counts: ReadonlyMap<FindingKind, number>,
): string {
  return FINDING_KINDS.filter((kind) => counts.get(kind))
    .map((kind) => `${counts.get(kind)} ${WORDS[kind][1]}`)
    .join(", ");
}

/** A finding that is kept. */
interface Kept {
  readonly finding: Finding;
  readonly fault: string | undefined;
  /** How many findings it speaks for besides. */
  others: number;
}

/** The worst of many findings, in memory bounded by how many are kept. */
export class WorstFindings {
  readonly #limit: number;
  readonly #kept = new Map(
    FINDING_KINDS.map((kind): [FindingKind, Kept[]] => [kind, []]),
  );
  readonly #counts = new Map<FindingKind, number>();

  /** @param limit how many to keep; of damage one speaks for all */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Takes one; `make` is called when it is among the worst so far.
   *
   * @param fault its fault; one finding then speaks for all of that fault
   */
  add(kind: FindingKind, make: () => Finding, fault?: string): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    const kept = this.#kept.get(kind)!;
    const same = fault && kept.find((other) => other.fault === fault);
    if (same) {
      same.others++;
      return;
    }
    let before = 0;
    for (const [other, findings] of this.#kept) {
      before += findings.length;
      if (other === kind) break;
    }
    if (before < (kind === "damage" ? 1 : this.#limit)) {
      kept.push({ finding: make(), fault, others: 0 });
    }
  }

  /** The worst, in the order they came in where they are equally bad. */
  get worst(): Finding[] {
    return [...this.#kept.values()].flat().slice(0, this.#limit)
      .map(({ finding, others }) =>
        others > 0 ? { ...finding, others } : finding
      );
  }

  /** How many there are besides so many of the worst. */
  besides(shown: number): Map<FindingKind, number> {
    const counts = new Map(this.#counts);
    for (const { kind, others = 0 } of this.worst.slice(0, shown)) {
      counts.set(kind, counts.get(kind)! - 1 - others);
    }
    return counts;
  }
}
