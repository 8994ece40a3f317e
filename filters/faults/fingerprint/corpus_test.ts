/** Failures that real runners printed: which have one fault, and which do not. */

import { assert, assertEquals } from "@std/assert";
import { createHash } from "../../kit/runtime/builtin.ts";
import {
  causeOf,
  type FailedTest,
  failuresOfShops,
} from "../../../tests/support/fault_corpus.ts";
import { Fingerprinter } from "./fingerprint.ts";

/** Pairs that come apart or meet though they should not: a fix moves the row. */
const KNOWN_FAILURES = new Set<string>();

const fingerprinter = new Fingerprinter((text) =>
  createHash("sha256").update(text).digest()
);

function idOf({ testId, texts }: FailedTest): string | undefined {
  return fingerprinter.of({ testId, outcome: "fail", texts })?.id;
}

Deno.test("the corpus has faults that join and faults that split", () => {
  const found = new Set<string>();
  let joined = 0, split = 0, met = 0;
  const languages = Object.groupBy(
    failuresOfShops(),
    ({ language }) => language,
  );
  for (const [language, failures] of Object.entries(languages)) {
    const known = failures!.map((failure) => ({
      fault: causeOf(failure),
      id: idOf(failure),
      testId: failure.testId,
    })).filter(({ fault }) => fault !== undefined);
    for (const [i, a] of known.entries()) {
      for (const b of known.slice(i + 1)) {
        const isSame = a.fault === b.fault;
        if (isSame && a.id === b.id) joined++;
        else if (isSame) {
          split++;
          found.add(`${language}: ${a.fault} splits`);
        } else if (a.id === b.id) {
          met++;
          found.add(`${language}: ${a.fault} meets ${b.fault}`);
        }
      }
    }
  }
  assertEquals([...found].sort(), [...KNOWN_FAILURES].sort());
  assertEquals(met, 0);
  assert(joined > 1000 && split < joined, `${joined} joined, ${split} split`);
});

Deno.test("a test of the corpus has one fault in all folders, versions and lines", () => {
  const ids = new Map<string, string | undefined>();
  for (const failed of failuresOfShops()) {
    const key = `${failed.language} ${failed.testId}`;
    const id = idOf(failed);
    if (ids.has(key)) assertEquals(id, ids.get(key), key);
    ids.set(key, id);
  }
  assert(ids.size > 80);
});

Deno.test("a test of the corpus that failed for its subtests has no fault", () => {
  const parents = failuresOfShops().filter((failed) =>
    causeOf(failed) === undefined && !failed.testId.endsWith("TestTable")
  );
  assert(parents.length > 0);
  for (const parent of parents) assertEquals(idOf(parent), undefined);
});
