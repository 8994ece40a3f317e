import { assert, assertEquals } from "@std/assert";
import {
  PacketDecoder,
  type StatusEvent,
  type TestStatus,
} from "@subunit/codec";
import fc from "fast-check";
import { fixture } from "../../tests/support/run.ts";
import { pieces, stream } from "../../tests/support/streams.ts";
import { type Policy, replaces } from "../history/attempts.ts";
import {
  type Guideline,
  type GuidelineTest,
  parseGuideline,
} from "./guideline.ts";
import { Judge, uniqueUuids } from "./judge.ts";
import { requirementsOf } from "./requirements.ts";
import { type Judged, judgeProduct, type ProductVerdict } from "./verdict.ts";

const SEED = 20261128;

interface Run {
  readonly policy?: Policy;
  readonly refstack?: boolean;
  readonly chunkBytes?: number;
}

/** Judges one product by a stream. */
function judge(
  guideline: Guideline,
  product: string,
  bytes: Uint8Array,
  { policy = "last", refstack = false, chunkBytes = 65536 }: Run = {},
): Judged {
  const { components } = guideline.products.get(product)!;
  const requirements = requirementsOf(
    product,
    components.map(({ name }) => ({ name })),
    [guideline],
  );
  const judge = new Judge(
    requirements.requirements.flatMap(({ tests }) => tests),
    uniqueUuids([guideline]),
    policy,
  );
  const decoder = new PacketDecoder();
  for (const piece of pieces(bytes, chunkBytes)) {
    decoder.push(piece);
    decoder.drainRows((rows) => {
      for (let i = 0; i < rows.count; i++) judge.addRow(rows, i);
    }, () => {});
  }
  judge.end();
  return judgeProduct(requirements, (test) => judge.answer(test), {
    refstack,
    damage: 0,
  });
}

const passed = (testId: string) => ({ testId, status: "success" as const });

// --- What RefStack counts.

const published: Readonly<Record<string, object>> = JSON.parse(
  Deno.readTextFileSync(fixture("conform/guidelines.json")),
);
type Row = [
  file: string,
  product: string,
  seed: number,
  required: number,
  passed: number,
  flaggedPassed: number,
  flaggedMissed: number,
];
const rows: readonly Row[] = JSON.parse(
  Deno.readTextFileSync(fixture("conform/judgements.json")),
);

/** The tests that pass in a run, as record.py has them. */
function passes(guideline: Guideline, seed: number): string[] {
  return [...guideline.capabilities.values()].flatMap(({ tests }) =>
    tests.flatMap(({ name, aliases }) => {
      const number = Number(name.slice(1));
      if (seed > 0 && (number * 7 + seed * 13) % (3 * seed) === 0) return [];
      return [aliases.length > 0 && number % 3 === 0 ? aliases[0] : name];
    })
  );
}

for (const file of Object.keys(published)) {
  Deno.test(`products of ${file} are judged as RefStack judges them`, () => {
    const guideline = parseGuideline(JSON.stringify(published[file]));
    const judgements = rows.filter(([of]) => of === file);
    assertEquals(
      [...new Set(judgements.map(([, product]) => product))],
      [...guideline.products.keys()],
    );
    for (const [, product, seed, ...expected] of judgements) {
      const ids = [...new Set(passes(guideline, seed))];
      // With attributes, as a run of Tempest has them.
      const run = stream(
        ...ids.map((id, i) => passed(i % 2 ? id : `${id}[id-${i},smoke]`)),
      );
      const { counts, flagged, verdict, doubts } = judge(
        guideline,
        product,
        run,
        {
          refstack: true,
        },
      );
      const [required, good, flaggedPassed, flaggedMissed] = expected;
      assertEquals(
        [
          counts.passed + counts["not run"],
          counts.passed,
          flagged.passed,
          flagged["not run"],
        ],
        expected,
        `${product} ${seed}`,
      );
      assertEquals([required, good, flaggedPassed, flaggedMissed], expected);
      if (doubts.length > 0) continue;
      assertEquals(verdict === "conformant", good === required);
    }
  });
}

// --- Our own rules.

const GUIDELINE = parseGuideline(JSON.stringify({
  product: "P",
  capabilities: {
    all: { tests: ["a", "b"] },
    flagged: { tests: ["c", "d"], flagged: ["d"] },
    advisory: { status: "advisory", tests: ["e"] },
  },
}));

Deno.test("four answers are kept apart, and three verdicts", () => {
  const verdictOf = (run: Record<string, TestStatus>, refstack = false) =>
    judge(
      GUIDELINE,
      "P",
      stream(
        ...Object.entries(run).map(([testId, status]) => ({ testId, status })),
      ),
      { refstack },
    ).verdict;
  const good = { a: "success", b: "success", c: "success" } as const;
  const cases: [
    run: Record<string, TestStatus>,
    ProductVerdict,
    refstack: ProductVerdict,
  ][] = [
    [good, "conformant", "conformant"],
    [{ ...good, d: "fail", e: "fail" }, "conformant", "conformant"],
    [{ ...good, a: "fail" }, "not conformant", "not conformant"],
    [{ ...good, a: "uxsuccess" }, "not conformant", "not conformant"],
    [{ ...good, a: "xfail" }, "not conformant", "not conformant"],
    [{ ...good, a: "skip" }, "not conformant", "not conformant"],
    [{ ...good, a: "inprogress" }, "not conformant", "not conformant"],
    [{ ...good, a: "exists" }, "undecided", "not conformant"],
    [{ a: "success", b: "success" }, "undecided", "not conformant"],
    [{}, "undecided", "not conformant"],
    [{ a: "fail" }, "not conformant", "not conformant"],
  ];
  for (const [run, verdict, refstack] of cases) {
    assertEquals(verdictOf(run), verdict, JSON.stringify(run));
    assertEquals(verdictOf(run, true), refstack, JSON.stringify(run));
  }
});

Deno.test("capabilities have the outcomes of tests", () => {
  const outcomes = (run: Record<string, TestStatus>) =>
    judge(
      GUIDELINE,
      "P",
      stream(
        ...Object.entries(run).map(([testId, status]) => ({ testId, status })),
      ),
    )
      .capabilities.map(({ name, outcome }) => `${name} ${outcome}`);
  assertEquals(
    outcomes({
      a: "success",
      b: "success",
      c: "success",
      d: "fail",
      e: "fail",
    }),
    [
      "all success",
      "flagged xfail",
      "advisory xfail",
    ],
  );
  assertEquals(outcomes({ a: "skip", c: "success", d: "success" }), [
    "all fail",
    "flagged success",
    "advisory skip",
  ]);
});

Deno.test("what a guideline leaves open is undecided", () => {
  const empty = parseGuideline(JSON.stringify({
    platform: { required: ["x"] },
    components: { x: { required: ["some", "none"], removed: ["gone"] } },
    capabilities: { some: { tests: ["a"] }, none: { tests: [] } },
  }));
  const run = stream(passed("a"));
  assertEquals(judge(empty, "platform", run).verdict, "undecided");
  assertEquals(
    judge(empty, "platform", run, { refstack: true }).verdict,
    "conformant",
  );
  const gap = parseGuideline(JSON.stringify({
    platform: { required: ["x"] },
    components: { x: { required: ["some", "gone"] } },
    capabilities: { some: { tests: ["a"] } },
  }));
  const judged = judge(gap, "platform", run);
  assertEquals(judged.verdict, "undecided");
  assertEquals(judged.doubts, ['required capability "gone" is not defined']);
  const nothing = parseGuideline('{"product": "P", "capabilities": {}}');
  assertEquals(judge(nothing, "P", run).doubts, ["it requires no test"]);
});

Deno.test("a capability of several components has the most binding status", () => {
  const guideline = parseGuideline(JSON.stringify({
    platform: { required: ["x", "y"] },
    components: { x: { advisory: ["c"] }, y: { required: ["c"] } },
    capabilities: { c: { tests: ["a"] } },
  }));
  assertEquals(
    judge(guideline, "platform", stream()).capabilities[0].status,
    "required",
  );
  assertEquals(
    judge(guideline, "x", stream()).capabilities[0].status,
    "advisory",
  );
});

const IDS = parseGuideline(JSON.stringify({
  product: "P",
  capabilities: {
    c: {
      tests: {
        "old.name": { aliases: ["new.name"] },
        "renamed": { idempotent_id: "id-AA" },
        "twin 1": { idempotent_id: "id-bb" },
        "twin 2": { idempotent_id: "id-bb" },
        "scenario(x)": {},
        "param[1]": {},
        "table": {},
        "nameless": { idempotent_id: "id-" },
      },
    },
  },
}));

Deno.test("names, aliases, attributes and unique ids find a test", () => {
  const answers = (...ids: [string, TestStatus][]) => {
    const { capabilities: [{ misses }] } = judge(
      IDS,
      "P",
      stream(...ids.map(([testId, status]) => ({ testId, status }))),
    );
    const missed = new Map(
      misses.map(({ test, answer }) => [test.name, answer]),
    );
    return [...IDS.capabilities.get("c")!.tests]
      .map(({ name }) => [name, missed.get(name) ?? "passed"])
      .filter(([, answer]) => answer !== "not run")
      .map((pair) => pair.join(": "));
  };
  const cases: [testId: string, found: string[]][] = [
    ["old.name", ["old.name: passed"]],
    ["new.name[gate,id-zz]", ["old.name: passed"]],
    ["elsewhere[id-aa]", ["renamed: passed"]],
    ["elsewhere[smoke,id-aa]", ["renamed: passed"]],
    ["elsewhere[aa]", []],
    ["elsewhere[id-]", []],
    ["elsewhere[id-bb]", []],
    ["twin 1[id-bb]", ["twin 1: passed"]],
    ["scenario[id-1](x)", ["scenario(x): passed"]],
    ["scenario[id-1]", []],
    ["param[1]", ["param[1]: passed"]],
    ["param[2]", []],
    ["table[1]", ["table: passed"]],
    ["tabl", []],
    ["table[", []],
    ["table]1[", []],
    ["table[[1]", ["table: passed"]],
    ["table[1][2]", []],
    // Tried at each bracket, an expression would take half an hour.
    ["[".repeat(1 << 20), []],
  ];
  for (const [testId, found] of cases) {
    assertEquals(answers([testId, "success"]), found, testId);
  }
  // An id counts where no name was run.
  assertEquals(answers(["renamed", "fail"], ["copy[id-aa]", "success"]), [
    "renamed: failed",
  ]);
  assertEquals(answers(["copy[id-aa]", "fail"], ["renamed", "success"]), [
    "renamed: passed",
  ]);
  assertEquals(answers(["old[id-aa]", "fail"], ["new[id-aa]", "success"]), [
    "renamed: failed",
  ]);
  // The rows of a table are not attempts at one test.
  assertEquals(answers(["table[1]", "fail"], ["table[2]", "success"]), [
    "table: failed",
  ]);
  assertEquals(answers(["table[1]", "fail"], ["table[1]", "success"]), [
    "table: passed",
  ]);
  assertEquals(answers(["table[2]", "success"], ["table[1]", "skip"]), [
    "table: skipped",
  ]);
});

Deno.test("attempts count by their policy, over routes", () => {
  const run = stream(
    { testId: "a", status: "fail", routeCode: "1" },
    { testId: "a", status: "success", routeCode: "2" },
    passed("b"),
    passed("c"),
    { testId: "b", status: "skip" },
  );
  const verdicts = (["last", "any", "all"] as const).map((policy) =>
    judge(GUIDELINE, "P", run, { policy }).verdict
  );
  assertEquals(verdicts, ["conformant", "conformant", "not conformant"]);
});

// --- Laws.

const names = ["a", "b", "c", "d", "e", "x"];
const anyRun = fc.array(
  fc.record({
    testId: fc.constantFrom(...names),
    status: fc.constantFrom<TestStatus>(
      "success",
      "fail",
      "skip",
      "xfail",
      "uxsuccess",
      "inprogress",
      "exists",
    ),
  }),
  { maxLength: 10 },
);
const RANKS: readonly ProductVerdict[] = [
  "not conformant",
  "undecided",
  "conformant",
];

Deno.test(`a superset of passes never makes a verdict worse (seed ${SEED})`, () => {
  fc.assert(
    fc.property(
      anyRun,
      fc.subarray(names),
      fc.constantFrom<Policy>("last", "any", "all"),
      fc.boolean(),
      (run, more, policy, refstack) => {
        // In place of whatever they came to, or beside it for what was not run.
        const wider = [
          ...run.filter(({ testId }) => !more.includes(testId)),
          ...more.map(passed),
        ];
        const rank = (events: typeof run) =>
          RANKS.indexOf(
            judge(GUIDELINE, "P", stream(...events), { policy, refstack })
              .verdict,
          );
        assert(rank(wider) >= rank(run));
      },
    ),
    { seed: SEED, numRuns: 300 },
  );
});

Deno.test(`order and chunks change nothing (seed ${SEED})`, () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...names), anyRun), { maxLength: 4 }),
      fc.infiniteStream(fc.nat()),
      fc.integer({ min: 1, max: 100 }),
      (parts, order, chunkBytes) => {
        const events = parts.flatMap(([, run]) => run);
        // Only attempts at one test have an order.
        const shuffled = names.map((name) =>
          events.filter(({ testId }) => testId === name)
        );
        const moved: typeof events = [];
        while (shuffled.some(({ length }) => length > 0)) {
          const queue = shuffled[order.next().value % shuffled.length];
          const next = queue.shift();
          if (next !== undefined) moved.push(next);
        }
        assertEquals(
          judge(GUIDELINE, "P", stream(...moved), { chunkBytes }),
          judge(GUIDELINE, "P", stream(...events)),
        );
      },
    ),
    { seed: SEED, numRuns: 200 },
  );
});

/** What a run comes to, by strings: attempts by id and route, ids by name. */
function answerOf(
  events: readonly Omit<StatusEvent, "runnable">[],
  name: string,
  policy: Policy,
): string {
  interface Attempt {
    readonly id: string;
    readonly order: number;
    result: "passed" | "failed" | "skipped";
  }
  const attempts: Attempt[] = [], open = new Map<string, Attempt>();
  events.forEach(({ testId: id = "", routeCode, status }, order) => {
    if (status === "exists") return;
    if (id.replace(/\[.*\]/, "") !== name) return;
    const key = JSON.stringify([id, routeCode]);
    const attempt = open.get(key) ?? { id, order, result: "failed" };
    if (!open.has(key)) attempts.push(attempt);
    if (status === undefined || status === "inprogress") {
      return void open.set(key, attempt);
    }
    open.delete(key);
    attempt.result = status === "success"
      ? "passed"
      : status === "skip"
      ? "skipped"
      : "failed";
  });
  const ids = [...new Set(attempts.map(({ id }) => id))];
  const results = ids.map((id) =>
    attempts.filter((attempt) => attempt.id === id).reduce((best, attempt) =>
      replaces(policy, best.result, attempt.result) ? attempt : best
    ).result
  );
  const worst = ["failed", "skipped", "passed"] as const;
  return worst.find((one) => results.includes(one)) ?? "not run";
}

Deno.test(`Judge counts attempts as a map of strings does (seed ${SEED})`, () => {
  const event = fc.record({
    testId: fc.constantFrom("a", "b", "c", "d", "c[1]", "c[2]", "d[1]", "x"),
    routeCode: fc.constantFrom(undefined, undefined, "0", "1"),
    status: fc.constantFrom<TestStatus | undefined>(
      ...["success", "fail", "skip", "xfail", "inprogress"] as const,
      ...["inprogress", "exists", undefined] as const,
    ),
  });
  const tests = ["a", "b", "c", "d"]
    .map((name): GuidelineTest => ({
      ...{ name, aliases: [], uuid: undefined, flag: undefined },
    }));
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 30 }),
      fc.constantFrom<Policy>("last", "any", "all"),
      (events, policy) => {
        const judge = new Judge(tests, new Set(), policy);
        const decoder = new PacketDecoder();
        decoder.push(stream(...events));
        decoder.drainRows((rows) => {
          for (let i = 0; i < rows.count; i++) judge.addRow(rows, i);
        }, () => {});
        judge.end();
        assertEquals(
          tests.map((test) => judge.answer(test)),
          tests.map(({ name }) => answerOf(events, name, policy)),
        );
      },
    ),
    { seed: SEED, numRuns: 2000 },
  );
});
