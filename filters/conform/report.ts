/**
 * Verdicts in words.
 *
 * @module
 */

import { visibleText } from "../kit/text/visible.ts";
import type { Output } from "../kit/tool/tool.ts";
import type { Guideline, GuidelineTest } from "./guideline.ts";
import type { Answer } from "./judge.ts";
import type { Requirements } from "./requirements.ts";
import {
  type CapabilityVerdict,
  type Judged,
  type Miss,
  total,
} from "./verdict.ts";

/**
 * A line of columns. Names are escaped: a line feed in one would start a line
 * that could be another verdict.
 */
function columns(...cells: readonly (string | number)[]): string {
  return cells.map((cell) => visibleText(`${cell}`)).join("\t");
}

/** A test that did not pass, in a line. */
export function missLine({ test: { name, flag }, answer }: Miss): string {
  if (flag === undefined) return visibleText(`${answer}: ${name}`);
  const reason = flag === "" ? "" : `: ${flag}`;
  return visibleText(`${answer}, flagged: ${name}${reason}`);
}

/** The verdict, and the figures it stands on. */
export function summaryLines(
  { product, verdict, counts, flagged, doubts }: Judged,
): string[] {
  const flags = total(flagged);
  return [
    visibleText(`${verdict}: ${product}`),
    `${counts.passed} of ${
      total(counts)
    } required tests passed, ${counts.failed} failed, ${counts.skipped} were skipped, ${
      counts["not run"]
    } were not run`,
    ...(flags > 0
      ? [
        `${flagged.passed} of ${flags} flagged tests passed; they do not count`,
      ]
      : []),
    ...doubts.map(visibleText),
  ];
}

const WORDS: Readonly<Record<CapabilityVerdict["outcome"], string>> = {
  success: "passed",
  fail: "failed",
  skip: "undecided",
  xfail: "reported",
};

/** The verdict with the capabilities that are not plainly passed. */
export function verdictLines(judged: Judged): string[] {
  const lines = summaryLines(judged);
  for (const { name, status, outcome, misses } of judged.capabilities) {
    if (outcome === "success" && misses.length === 0) continue;
    lines.push(visibleText(`${WORDS[outcome]} (${status}): ${name}`));
    for (const miss of misses) lines.push(`  ${missLine(miss)}`);
  }
  return lines;
}

/** Verdicts on several products, a line each: tabs between the columns. */
export function matrixLines(products: readonly Judged[]): string[] {
  return products.map(({ product, verdict, counts }) =>
    columns(
      verdict,
      `${counts.passed}/${total(counts)}`,
      counts.failed,
      counts.skipped,
      counts["not run"],
      product,
    )
  );
}

/**
 * The tests to run, each name once: those of capabilities that still exist.
 *
 * @param isWanted whether a test is one of them
 */
export function testsToRun(
  products: readonly Requirements[],
  isWanted: (test: GuidelineTest) => boolean = () => true,
): GuidelineTest[] {
  const tests = new Map<string, GuidelineTest>();
  for (const { requirements } of products) {
    for (const { status, tests: listed } of requirements) {
      if (status === "removed") continue;
      for (const test of listed) {
        if (!tests.has(test.name) && isWanted(test)) tests.set(test.name, test);
      }
    }
  }
  return [...tests.values()];
}

/**
 * Writes the names of tests as ids for a runner: escaped on a terminal only.
 *
 * @param end what each ends with: a line feed, or NUL where names may have one
 */
export function writeIds(
  out: Pick<Output, "writeName" | "writeText">,
  tests: readonly GuidelineTest[],
  end: "\n" | "\0",
): void {
  for (const { name } of tests) {
    out.writeName(name);
    out.writeText(end);
  }
}

/** How capabilities were chosen: name and score, and the score they needed. */
export function scoreLines({ capabilities, scoring }: Guideline): string[] {
  const { cutoff, weights } = scoring;
  return [
    ...(cutoff === undefined ? [] : [columns(cutoff, "cutoff")]),
    ...Array.from(capabilities.values(), ({ name, achievements }) => {
      const score = achievements
        .reduce((sum, criterion) => sum + (weights.get(criterion) ?? 0), 0);
      return columns(score, name);
    }),
  ];
}

/** What a product asks of one test: whether it counts, and what the run shows. */
interface Asked {
  readonly test: GuidelineTest;
  readonly capability: string;
  readonly counts: boolean;
}

function askedBy({ requirements }: Requirements): Map<string, Asked> {
  const asked = new Map<string, Asked>();
  for (const { name: capability, status, tests } of requirements) {
    if (status !== "required") continue;
    for (const test of tests) {
      const counts = test.flag === undefined;
      const before = asked.get(test.name);
      if (before === undefined || counts && !before.counts) {
        asked.set(test.name, { test, capability, counts });
      }
    }
  }
  return asked;
}

/** A run judged by one version of a guideline. */
export interface Version {
  readonly requirements: Requirements;
  readonly judged: Judged;
  answer(test: GuidelineTest): Answer;
}

/**
 * What a newer guideline changes for the same run: the verdicts, then the tests
 * whose part in it changes: change, answer, capability, test, with tabs between.
 */
export function changeLines(old: Version, now: Version): string[] {
  const before = askedBy(old.requirements), after = askedBy(now.requirements);
  const oldNames = new Map<string, Asked>();
  // Its own name goes before the alias of another test.
  for (const asked of before.values()) {
    for (const alias of asked.test.aliases) oldNames.set(alias, asked);
  }
  for (const [name, asked] of before) oldNames.set(name, asked);
  const matched = new Set<Asked>();
  const lines = [
    columns(
      "verdict",
      old.judged.verdict,
      now.judged.verdict,
      now.judged.product,
    ),
  ];
  const add = (change: string, answer: Answer, { capability, test }: Asked) =>
    lines.push(columns(change, answer, capability, test.name));
  for (const asked of after.values()) {
    const { test, counts } = asked;
    const other = [test.name, ...test.aliases]
      .map((name) => oldNames.get(name))
      .find((other) => other !== undefined);
    if (other !== undefined) matched.add(other);
    const answer = now.answer(test);
    const passedBefore = other === undefined || !other.counts ||
      old.answer(other.test) === "passed";
    if (
      counts && passedBefore && (answer === "failed" || answer === "skipped")
    ) {
      add("newly failing", answer, asked);
    } else if (other === undefined) {
      add(counts ? "newly required" : "newly flagged", answer, asked);
    } else if (counts && !other.counts) {
      add("no longer flagged", answer, asked);
    } else if (!counts && other.counts) {
      add("newly flagged", answer, asked);
    }
  }
  for (const asked of before.values()) {
    if (matched.has(asked) || !asked.counts) continue;
    add("no longer required", old.answer(asked.test), asked);
  }
  return lines;
}
