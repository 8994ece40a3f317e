/** Failures that real runners printed: which have one fault, and which do not. */

import { assert, assertEquals } from "@std/assert";
import { createHash } from "../../kit/runtime/builtin.ts";
import { Fingerprinter } from "./fingerprint.ts";

/** A line of the corpus; see `scripts/faults/record.ts`. */
interface Recorded {
  readonly language: string;
  readonly tool: string;
  readonly variant: string;
  readonly testId: string;
  readonly name: string;
  readonly text: string;
}

const CORPUS = new URL(
  "../../../tests/fixtures/faults/corpus.jsonl",
  import.meta.url,
);

/**
 * The faults in each shop: the tests that fail because of each. Tests of no
 * fault fail because their subtests do.
 */
const FAULTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  python: {
    refused: "test_pay|test_refund",
    "status 500": "test_orders|test_order_list",
    "status 404": "test_missing_order",
    lock: "test_lock|test_unlock",
    price: "test_price|test_receipt",
    recursion: "test_tree|test_part",
    colour: "test_colour",
    weight: "test_weight",
    "missing module": "test_convert|test_report",
    total: "test_total|test_more_total",
    stock: "test_stock|test_order",
  },
  node: {
    refused: "pay|refund|parent > pay",
    "status 500": "orders|order list",
    "status 404": "missing order",
    tree: "old tree|new tree",
    price: "price|receipt",
    recursion: "depth",
    total: "total|more total",
  },
  deno: {
    refused: "pay|refund|parent > pay",
    "status 500": "orders",
    "status 404": "missing order",
    tree: "old tree|new tree",
    price: "price|receipt",
    total: "total",
  },
  go: {
    index: "TestTotal|TestReceipt",
    tree: "TestTree",
    large: "TestLarge|TestHuge",
    refused: "TestPay",
    sum: "TestTable/case_1|TestTable/case_2",
  },
  rust: {
    refused: "tests::pays|tests::refunds",
    price: "tests::price|tests::receipt",
    index: "tests::total",
    sum: "tests::sum",
  },
  java: {
    refused: "pay|refund",
    price: "price|receipt",
    recursion: "depth",
    stock: "order",
    total: "total",
  },
  ruby: { refused: "test_pay|test_refund", price: "test_price|test_receipt" },
  php: { refused: "testPay|testRefund", price: "testPrice|testReceipt" },
  c: {
    overflow: "fill|refill",
    null: "price|receipt",
    assertion: "pay|refund",
  },
};

/** Pairs that come apart or meet though they should not: a fix moves the row. */
const KNOWN_FAILURES = new Set([
  // The names in the message are not quoted.
  "python: lock splits",
  // A wrong value shows itself in the assertions of other people.
  "python: total splits",
  // A query is no part of a path.
  "python: status 500 splits",
  "node: status 500 splits",
]);

/** A failed test with its texts. */
interface Failed extends Omit<Recorded, "name" | "text"> {
  readonly texts: { name: string; text: string }[];
}

function corpus(): Failed[] {
  const tests = new Map<string, Failed>();
  for (const line of Deno.readTextFileSync(CORPUS).trim().split("\n")) {
    const { name, text, ...test }: Recorded = JSON.parse(line);
    const key = JSON.stringify(test);
    let failed = tests.get(key);
    if (failed === undefined) tests.set(key, failed = { ...test, texts: [] });
    failed.texts.push({ name, text });
  }
  return [...tests.values()];
}

const fingerprinter = new Fingerprinter((text) =>
  createHash("sha256").update(text).digest()
);

function idOf({ testId, texts }: Failed): string | undefined {
  return fingerprinter.of({ testId, outcome: "fail", texts })?.id;
}

/** The fault that a test fails because of. */
function faultOf({ language, testId }: Failed): string | undefined {
  const faults = Object.entries(FAULTS[language.split(" ")[0]]);
  return faults.find(([, tests]) =>
    tests.split("|").some((name) => isNamed(testId, name))
  )?.[0];
}

function isNamed(testId: string, name: string): boolean {
  return testId === name ||
    testId.endsWith(name) && /[.:#]/.test(testId.at(-name.length - 1) ?? "");
}

Deno.test("the corpus has faults that join and faults that split", () => {
  const found = new Set<string>();
  let joined = 0, split = 0, met = 0;
  const languages = Object.groupBy(corpus(), ({ language }) => language);
  for (const [language, failures] of Object.entries(languages)) {
    const known = failures!.map((failure) => ({
      fault: faultOf(failure),
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
  for (const failed of corpus()) {
    const key = `${failed.language} ${failed.testId}`;
    const id = idOf(failed);
    if (ids.has(key)) assertEquals(id, ids.get(key), key);
    ids.set(key, id);
  }
  assert(ids.size > 80);
});

Deno.test("a test of the corpus that failed for its subtests has no fault", () => {
  const parents = corpus().filter((failed) =>
    faultOf(failed) === undefined && !failed.testId.endsWith("TestTable")
  );
  assert(parents.length > 0);
  for (const parent of parents) assertEquals(idOf(parent), undefined);
});
