/**
 * How fast failures get their faults, and how well that joins them: F1 on faults
 * that were injected, beside the rules of others.
 *
 * @module
 */

import { Fingerprinter } from "../../filters/faults/fingerprint/fingerprint.ts";
import { createHash } from "../../filters/kit/runtime/builtin.ts";
import {
  type Labelled,
  readInjected,
  readShops,
  RULES,
  score,
} from "../faults/study.ts";
import { type Goal, goal, packetsPerSecond } from "./goals.ts";
import { median } from "./measure.ts";
import type { Plan, Row } from "./rows.ts";

const FIXTURES = new URL("../../tests/fixtures/faults/", import.meta.url);
const FAILURES = 60_000;

/** The failures of the corpus, as often as it takes. */
function failures(count: number): Labelled[] {
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

/** A corpus, and the F1 that is the goal; of those held out it is 0.87. */
interface Corpus {
  readonly name: string;
  readonly least?: number;
  read(): readonly Labelled[];
}

function injected(project: string, kind: string): Labelled[] {
  return readInjected(new URL(`${project}_${kind}.jsonl`, FIXTURES))
    .map((failure) => ({ ...failure, fault: `${kind} ${failure.fault}` }));
}

const LEAST = 0.87;

/**
 * Projects that no rule was made for. Wrong values show themselves in the
 * assertions of many tests: they are measured apart, too.
 */
const HELD_OUT = ["testtools", "subunit", "std"].flatMap(
  (project): Corpus[] => {
    const read = (kind: string) => () => injected(project, kind);
    return [
      {
        name: project,
        read: () => ["raise", "value"].flatMap((kind) => read(kind)()),
      },
      { name: `${project}, exceptions`, read: read("raise") },
      { name: `${project}, wrong values`, read: read("value") },
    ];
  },
);

const CORPORA: readonly Corpus[] = [
  { name: "the shops", least: 0.95, read: readShops },
  ...HELD_OUT,
];

/** What F1 is compared with. */
const OTHERS = Object.entries(RULES).filter(([name]) => name !== "ours");

const JOIN_ROWS: readonly Row[] = CORPORA.map((
  { name, least = LEAST, read },
) => ({
  name: `F1 of faults, ${name} (not seconds)`,
  tool: "subunit-faults",
  pythonTool: undefined,
  goals: [goal(`F1 ${least}`, ({ best }) => best, { least })],
  measure() {
    const labelled = read();
    const { f1 } = score(RULES.ours, labelled);
    return Promise.resolve({
      best: f1,
      median: f1,
      others: Object.fromEntries(
        OTHERS.map(([rule, each]) => [rule, score(each, labelled).f1]),
      ),
    });
  },
}));

export const FAULT_ROWS: readonly Row[] = [SPEED_ROW, ...JOIN_ROWS];
