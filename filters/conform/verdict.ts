/**
 * Verdicts on products.
 *
 * @module
 */

import type { TestStatus } from "@subunit/codec";
import type { GuidelineTest, Status } from "./guideline.ts";
import type { Answer } from "./judge.ts";
import type { Requirement, Requirements } from "./requirements.ts";

/** Whether a run shows that a product does what it must. */
export type ProductVerdict = "conformant" | "not conformant" | "undecided";

/** How many tests have each answer. */
export type Counts = Record<Answer, number>;

/** A test that did not pass. */
export interface Miss {
  readonly test: GuidelineTest;
  readonly answer: Answer;
}

/** A capability, and what the run shows of it. */
export interface CapabilityVerdict {
  readonly name: string;
  readonly status: Status;
  /** As the outcome of a test: `skip` is undecided. */
  readonly outcome: TestStatus & ("success" | "fail" | "skip" | "xfail");
  /** Of the tests that count. */
  readonly counts: Counts;
  /** Of the flagged ones. */
  readonly flagged: Counts;
  /** The tests that did not pass, in the order of the guideline. */
  readonly misses: readonly Miss[];
}

/** A product, and what the run shows of it. */
export interface Judged {
  readonly product: string;
  readonly verdict: ProductVerdict;
  readonly capabilities: readonly CapabilityVerdict[];
  /** Of the tests of required capabilities that are not flagged. */
  readonly counts: Counts;
  /** Of the flagged tests of required capabilities. */
  readonly flagged: Counts;
  /** Why it is undecided, apart from tests. */
  readonly doubts: readonly string[];
}

/** How a verdict is reached. */
export interface VerdictOptions {
  /** Whether tests that were not run count as not passed, as in RefStack. */
  readonly refstack: boolean;
  /** What the run lacks: damage may have been anything. */
  readonly damage: number;
}

export function noCounts(): Counts {
  return { passed: 0, failed: 0, skipped: 0, "not run": 0 };
}

function addCounts(sum: Counts, counts: Counts): void {
  for (const answer of Object.keys(sum) as Answer[]) {
    sum[answer] += counts[answer];
  }
}

export function total(counts: Counts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** Judges a capability by the answers of its tests. */
export function judgeCapability(
  { name, status, tests }: Requirement,
  answerOf: (test: GuidelineTest) => Answer,
  refstack: boolean,
): CapabilityVerdict {
  const counts = noCounts(), flagged = noCounts();
  const misses: Miss[] = [];
  for (const test of tests) {
    const answer = answerOf(test);
    (test.flag === undefined ? counts : flagged)[answer]++;
    if (answer !== "passed") misses.push({ test, answer });
  }
  const outcome = status === "required"
    ? requiredOutcome(counts, flagged, refstack)
    : reportedOutcome(counts, flagged);
  return { name, status, outcome, counts, flagged, misses };
}

function requiredOutcome(
  counts: Counts,
  flagged: Counts,
  refstack: boolean,
): CapabilityVerdict["outcome"] {
  // A skipped test proves nothing about a product that must have it.
  if (counts.failed + counts.skipped > 0) return "fail";
  if (counts["not run"] > 0) return refstack ? "fail" : "skip";
  if (total(counts) + total(flagged) === 0) {
    return refstack ? "success" : "skip";
  }
  return flagged.failed > 0 ? "xfail" : "success";
}

/** It is reported and decides nothing. */
function reportedOutcome(
  counts: Counts,
  flagged: Counts,
): CapabilityVerdict["outcome"] {
  if (counts.failed + flagged.failed > 0) return "xfail";
  return counts.passed > 0 && total(counts) === counts.passed
    ? "success"
    : "skip";
}

/** Judges a product by the answers of its tests. */
export function judgeProduct(
  { product, requirements, gaps }: Requirements,
  answerOf: (test: GuidelineTest) => Answer,
  { refstack, damage }: VerdictOptions,
): Judged {
  const capabilities = requirements.map((requirement) =>
    judgeCapability(requirement, answerOf, refstack)
  );
  const required = capabilities.filter(({ status }) => status === "required");
  const counts = noCounts(), flagged = noCounts();
  for (const capability of required) {
    addCounts(counts, capability.counts);
    addCounts(flagged, capability.flagged);
  }
  const doubts = gaps.filter(({ isRequired }) => isRequired)
    .map(({ what }) => what);
  if (total(counts) === 0) doubts.push("it requires no test");
  if (damage > 0) doubts.push(`the run is damaged in ${damage} places`);
  const has = (outcome: TestStatus) =>
    required.some((capability) => capability.outcome === outcome);
  const verdict = has("fail")
    ? "not conformant"
    : has("skip") || doubts.length > 0
    ? "undecided"
    : "conformant";
  return { product, verdict, capabilities, counts, flagged, doubts };
}
