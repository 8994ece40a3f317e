/**
 * The failures of the small shops in `tests/fixtures/faults/`, and which of them
 * have one cause.
 *
 * @module
 */

import CAUSES from "../fixtures/faults/causes.json" with { type: "json" };

/** A line of `corpus.jsonl`; see `scripts/faults/record.ts`. */
export interface Recorded {
  readonly language: string;
  /** What printed it. */
  readonly tool: string;
  readonly variant: string;
  readonly testId: string;
  /** The name of the file. */
  readonly name: string;
  readonly text: string;
}

/** A failed test with its files. */
export interface FailedTest extends Omit<Recorded, "name" | "text"> {
  readonly texts: readonly { readonly name: string; readonly text: string }[];
}

/**
 * For each shop the tests that fail because of each fault. Tests of no fault
 * fail because their subtests do.
 */
const causes: Readonly<Record<string, Readonly<Record<string, string[]>>>> =
  CAUSES;

const CORPUS = new URL("../fixtures/faults/corpus.jsonl", import.meta.url);

/** The tests of the corpus, each with all of its files. */
export function failuresOfShops(): FailedTest[] {
  const tests = new Map<string, FailedTest & { texts: unknown[] }>();
  for (const line of Deno.readTextFileSync(CORPUS).trim().split("\n")) {
    const { name, text, ...test }: Recorded = JSON.parse(line);
    const key = JSON.stringify(test);
    let failed = tests.get(key);
    if (failed === undefined) tests.set(key, failed = { ...test, texts: [] });
    failed.texts.push({ name, text });
  }
  return [...tests.values()];
}

/** The fault because of which a test fails. */
export function causeOf({ language, testId }: FailedTest): string | undefined {
  const faults = Object.entries(causes[language.split(" ")[0]]);
  return faults.find(([, tests]) => tests.some((name) => isNamed(testId, name)))
    ?.[0];
}

function isNamed(testId: string, name: string): boolean {
  return testId === name ||
    testId.endsWith(name) && /[.:#]/.test(testId.at(-name.length - 1) ?? "");
}
