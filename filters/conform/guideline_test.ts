import { assertEquals, assertThrows } from "@std/assert";
import { ROOT } from "../../tests/support/run.ts";
import { parseGuideline, STATUSES } from "./guideline.ts";

const parse = (document: unknown) => parseGuideline(JSON.stringify(document));

Deno.test("parseGuideline reads lists of tests, as schema 1.2 has them", () => {
  const guideline = parse({
    id: "2015.03",
    schema: "1.2",
    platform: { required: ["compute"], advisory: [] },
    components: { compute: { required: ["x"], removed: ["y"] } },
    capabilities: { x: { tests: ["a", "b"], flagged: ["b", "c"] } },
    criteria: { atomic: { weight: 8 } },
  });
  assertEquals(guideline.id, "2015.03");
  assertEquals([...guideline.products.keys()], ["platform", "compute"]);
  assertEquals([...guideline.components.get("compute")!], [["x", "required"], [
    "y",
    "removed",
  ]]);
  const nothing = { aliases: [], uuid: undefined };
  assertEquals(guideline.capabilities.get("x")!.tests, [
    { name: "a", ...nothing, flag: undefined },
    { name: "b", ...nothing, flag: "" },
  ]);
  assertEquals(guideline.scoring.weights.get("atomic"), 8);
  assertEquals(guideline.oddities, [
    'capabilities."x" flags "c", which is not its test',
  ]);
});

Deno.test("parseGuideline reads platforms and add-ons, as schema 2.0 has them", () => {
  const guideline = parse({
    metadata: { id: "2020.06", schema: "2.0", scoring: { cutoff_score: 74 } },
    platforms: { P: { components: [{ name: "c" }] } },
    "add-ons": { A: { components: [{ name: "d", source: "other.json" }] } },
    components: { c: { capabilities: { required: ["x"] } } },
    capabilities: {
      x: {
        tests: {
          a: {
            idempotent_id: "id-AB",
            aliases: ["z"],
            flagged: { reason: "why" },
          },
          b: { idempotent_id: "id-ab" },
        },
      },
    },
  });
  assertEquals([...guideline.products.values()], [
    { name: "P", components: [{ name: "c", source: undefined }] },
    { name: "A", components: [{ name: "d", source: "other.json" }] },
  ]);
  assertEquals(guideline.capabilities.get("x")!.tests, [
    { name: "a", aliases: ["z"], uuid: "ab", flag: "why" },
    { name: "b", aliases: [], uuid: "ab", flag: undefined },
  ]);
  assertEquals(guideline.scoring.cutoff, "74");
  assertEquals(guideline.oddities, [
    'several tests have the id "ab": names count',
  ]);
});

Deno.test("parseGuideline reads our own form", () => {
  const guideline = parse({
    id: "shop-1",
    product: "Shop",
    capabilities: {
      orders: { tests: ["a"] },
      refunds: { status: "advisory", tests: { b: null, c: { flagged: true } } },
    },
  });
  assertEquals([...guideline.products.keys()], ["Shop"]);
  const [{ components: [{ name }] }] = guideline.products.values();
  assertEquals([...guideline.components.get(name)!], [
    ["orders", "required"],
    ["refunds", "advisory"],
  ]);
});

Deno.test("parseGuideline notes keys that nothing reads", () => {
  const { oddities } = parse({
    components: {
      flat: { requried: ["x"], required: ["x"] },
      deep: { capabilities: { requried: ["x"] }, designated_sections: [] },
    },
    capabilities: { x: { tests: { y: {} }, test: [], flagged: ["y", "z"] } },
  });
  assertEquals(oddities, [
    'capabilities."x" has the unknown key "test"',
    'capabilities."x" flags "z", which is not its test',
    'components."flat" has the unknown key "requried"',
    'components."deep".capabilities has the unknown key "requried"',
  ]);
});

Deno.test("parseGuideline gives no name a meaning", () => {
  const guideline = parseGuideline(
    '{"product": "P", "capabilities": {"__proto__": {"tests": {"constructor": {}}}}}',
  );
  assertEquals([...guideline.capabilities.keys()], ["__proto__"]);
});

Deno.test("parseGuideline says what is wrong, and where", () => {
  const cases: [text: string, message: string][] = [
    ["[]", "the document is not an object"],
    ["{}", "it has no capabilities: is it a guideline?"],
    ['{"capabilities": []}', "capabilities is not an object"],
    [
      '{"schema": "3.0", "capabilities": {}}',
      'the schema is "3.0": expected 1.2',
    ],
    [
      '{"capabilities": {"x": {"tests": 3}}}',
      'capabilities."x".tests is neither a list nor an object',
    ],
    [
      '{"capabilities": {"x": {"tests": [3]}}}',
      'capabilities."x".tests[0] is not a string',
    ],
    ['{"capabilities": {"x": {"tests": ["a\\u0000"]}}}', "has a NUL"],
    ['{"capabilities": {"x": {"tests": ["\\ud800"]}}}', "half a character"],
    [
      '{"product": "P", "capabilities": {"x": {"status": "must"}}}',
      'is "must": expected required',
    ],
    [
      '{"product": "P", "components": {}, "capabilities": {}}',
      "both product and components",
    ],
    [
      '{"product": "P", "platforms": {}, "capabilities": {}}',
      "both product and platforms",
    ],
    [
      '{"capabilities": {"x": {"tests": {"a": {"idempotent_id": 3}}}}}',
      'capabilities."x".tests."a".idempotent_id is not a string',
    ],
    [
      '{"product": "P", "capabilities": {"x": {"status": 3}}}',
      'capabilities."x".status is not a string',
    ],
    [
      '{"platforms": {"P": {}}, "add-ons": {"P": {}}, "capabilities": {}}',
      'two products are called "P"',
    ],
    [
      '{"platforms": {"P": {"components": ["c"]}}, "capabilities": {}}',
      "components[0] is not an object",
    ],
    [
      '{"capabilities": {"x": {"tests": ["a"], "tests": []}}}',
      'the name "tests" is there twice',
    ],
    ["[".repeat(1000), "deeper than 32"],
  ];
  for (const [text, message] of cases) {
    assertThrows(() => parseGuideline(text), SyntaxError, message);
  }
});

Deno.test("the schema of our own form has the keys that parseGuideline reads", () => {
  const url = new URL("docs/guideline.schema.json", ROOT);
  const { properties, $defs: { capability, test } } = JSON.parse(
    Deno.readTextFileSync(url),
  );
  assertEquals(capability.properties.status.enum, STATUSES);
  const tests = {
    a: Object.fromEntries(
      Object.keys(test.properties).map((key) => [key, null]),
    ),
  };
  const document = Object.fromEntries(
    Object.keys(properties).map((key) => [key, key]),
  );
  const { oddities } = parse({
    ...document,
    capabilities: {
      x: {
        ...Object.fromEntries(
          Object.keys(capability.properties).map((key) => [key, null]),
        ),
        tests,
      },
    },
  });
  // Every key of the schema is known.
  assertEquals(oddities, []);
});
