/**
 * How fast failures get their faults, and how well that joins them: F1 on faults
 * that were injected, beside the rules of others.
 *
 * @module
 */

import { Fingerprinter } from "../../filters/faults/fingerprint/fingerprint.ts";
import { createHash } from "../../filters/kit/runtime/builtin.ts";
import { type Injected, readInjected, RULES, score } from "../faults/study.ts";
import { type Goal, goal, packetsPerSecond } from "./goals.ts";
import { median } from "./measure.ts";
import type { Plan, Row } from "./rows.ts";

const FIXTURES = new URL("../../tests/fixtures/faults/", import.meta.url);
const FAILURES = 60_000;

/** The failures of the corpus, as often as it takes. */
function failures(count: number): Injected[] {
  const all = readInjected(new URL("corpus.jsonl", FIXTURES));
  return Array.from({ length: count }, (_, i) => all[i % all.length]);
}

const PER_SECOND: Goal = goal("60,000 failures/s", packetsPerSecond, {
  least: 60_000,
});

const SPEED_ROW: Row = {
  name: "fingerprints in process",
  tool: "subunit-faults",
  pythonTool: undefined,
  goals: [PER_SECOND],
  measure({ runs, scale }: Plan) {
    const corpus = failures(Math.round(scale * FAILURES));
    const seconds = Array.from({ length: runs + 1 }, () => {
      const fingerprinter = new Fingerprinter((text) =>
        createHash("sha256").update(text).digest()
      );
      const start = performance.now();
      for (const { testId, text } of corpus) {
        const texts = [{ name: "traceback", text }];
        fingerprinter.of({ testId, outcome: "fail", texts });
      }
      return (performance.now() - start) / 1000;
    }).slice(1);
    return Promise.resolve({
      best: Math.min(...seconds),
      median: median(seconds),
      packets: corpus.length,
      bytes: corpus.reduce((sum, { text }) => sum + text.length, 0),
    });
  },
};

/** Faults that were injected, and the F1 that is the goal. */
const INJECTED: readonly (readonly [file: string, least: number])[] = [
  ["testtools_raise", 0.87],
  ["subunit_raise", 0.87],
  // Wrong values show themselves in the assertions of many tests.
  ["subunit_value", 0.5],
];

/** What F1 is compared with. */
const OTHERS = Object.entries(RULES).filter(([name]) => name !== "ours");

const JOIN_ROWS: readonly Row[] = INJECTED.map(([file, least]) => ({
  name: `F1 of faults, ${file.replace("_", " ")} (not seconds)`,
  tool: "subunit-faults",
  pythonTool: undefined,
  goals: [goal(`F1 ${least}`, ({ best }) => best, { least })],
  measure() {
    const injected = readInjected(new URL(`${file}.jsonl`, FIXTURES));
    const { f1 } = score(RULES.ours, injected);
    return Promise.resolve({
      best: f1,
      median: f1,
      others: Object.fromEntries(
        OTHERS.map(([name, rule]) => [name, score(rule, injected).f1]),
      ),
    });
  },
}));

export const FAULT_ROWS: readonly Row[] = [SPEED_ROW, ...JOIN_ROWS];
