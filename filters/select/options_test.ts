import { assertEquals } from "@std/assert";
import { OUTCOMES, type Packet } from "@subunit/codec";
import fc from "fast-check";
import type { OptionValues } from "../kit/tool/options.ts";
import type { ToolIO } from "../kit/tool/tool.ts";
import { OPTIONS, rulesOf } from "./options.ts";
import { holdForRest } from "./rules.ts";

const SEED = 20130814;

type Options = OptionValues<typeof OPTIONS>;

/** The values of no options. */
const NOTHING = Object.fromEntries(
  Object.entries(OPTIONS).map(([name, option]) => [
    name,
    "list" in option ? [] : "value" in option ? undefined : false,
  ]),
) as unknown as Options;

Deno.test(`rulesOf gives the same rules for the end of a test (seed ${SEED})`, () => {
  const flags = fc.subarray(
    [
      "success",
      "no-success",
      "no-skip",
      "xfail",
      "no-xfail",
      "no-failure",
      "only-genuine-failures",
      "keep-all",
    ] as const,
  ).map((names) => Object.fromEntries(names.map((name) => [name, true])));
  const tags = fc.subarray(["a", "b", "c"]);
  const values = fc.record({
    status: fc.constantFrom([], [], ["fail"], ["skip,success", "lost"]),
    "with-tag": fc.oneof(fc.constant([]), tags),
    "without-tag": fc.oneof(fc.constant([]), tags),
    id: fc.constantFrom([], [], [], ["a"]),
    with: fc.constantFrom([], [], [], ["a"]),
  });
  fc.assert(
    fc.property(flags, values, tags, (flags, values, tags) => {
      const options: Options = { ...NOTHING, ...flags, ...values };
      const rules = rulesOf(undefined as unknown as ToolIO, options);
      if (rules.atEnd === undefined) return;
      const { outcomes, hasTags = () => true } = rules.atEnd;
      for (const outcome of [...OUTCOMES, "exists"] as const) {
        const packets: Packet[] = [];
        assertEquals(
          outcomes.has(outcome) && hasTags(tags),
          holdForRest(rules, { testId: "t", tags, packets, outcome }),
        );
      }
      assertEquals(rules.names, []);
    }),
    { seed: SEED, numRuns: 500 },
  );
});
