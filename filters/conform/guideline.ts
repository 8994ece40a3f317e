/**
 * Guidelines: which tests a product must pass. Schemas 1.2 to 2.0 of
 * openstack/interop (`doc/source/schema/`), and our own small form with the same
 * keys (`docs/guideline.schema.json`).
 *
 * @module
 */

import {
  type Json,
  type JsonObject,
  parseStrictJson,
} from "../kit/text/strict_json.ts";
import { visibleText } from "../kit/text/visible.ts";

/** How much a component asks for a capability, the most binding first. */
export const STATUSES = [
  "required",
  "advisory",
  "deprecated",
  "removed",
] as const;
export type Status = typeof STATUSES[number];

/** A test of a capability. */
export interface GuidelineTest {
  readonly name: string;
  /** Other names that it had or has. */
  readonly aliases: readonly string[];
  /** The id that stays when it is renamed, without "id-"; not always unique. */
  readonly uuid: string | undefined;
  /** Why it does not count for now; undefined when it counts. */
  readonly flag: string | undefined;
}

/** Something that a product can do. */
export interface Capability {
  readonly name: string;
  readonly description: string | undefined;
  readonly tests: readonly GuidelineTest[];
  /** The criteria by which it was chosen. */
  readonly achievements: readonly string[];
}

/** Capabilities by how much they are asked for. */
export type Component = ReadonlyMap<string, Status>;

/** A component of a product, and where it says to find it. */
export interface ComponentName {
  readonly name: string;
  readonly source: string | undefined;
}

/** A choice of components. */
export interface Product {
  readonly name: string;
  readonly components: readonly ComponentName[];
}

/** How capabilities were chosen. It never enters a verdict. */
export interface Scoring {
  readonly cutoff: string | undefined;
  /** The weight of each criterion. */
  readonly weights: ReadonlyMap<string, number>;
}

export interface Guideline {
  readonly id: string;
  readonly products: ReadonlyMap<string, Product>;
  readonly components: ReadonlyMap<string, Component>;
  readonly capabilities: ReadonlyMap<string, Capability>;
  readonly scoring: Scoring;
  /** What is odd about it, though it can be read. */
  readonly oddities: readonly string[];
}

/** The tests of all capabilities. */
export function testsOf(
  { capabilities }: Pick<Guideline, "capabilities">,
): GuidelineTest[] {
  return Array.from(capabilities.values()).flatMap(({ tests }) => tests);
}

/** The ids that tests with different names have: they stand for none of them. */
export function sharedUuids(tests: Iterable<GuidelineTest>): Set<string> {
  return shared(tests, ({ uuid }) => uuid === undefined ? [] : [uuid]);
}

/** The names that stand for several tests: one that passes is each of them. */
function sharedNames(tests: Iterable<GuidelineTest>): Set<string> {
  return shared(tests, ({ name, aliases }) => [name, ...aliases]);
}

/** The words that tests with different names have. */
function shared(
  tests: Iterable<GuidelineTest>,
  wordsOf: (test: GuidelineTest) => readonly string[],
): Set<string> {
  const names = new Map<string, string>(), found = new Set<string>();
  for (const test of tests) {
    for (const word of wordsOf(test)) {
      const other = names.get(word);
      if (other === undefined) names.set(word, test.name);
      else if (other !== test.name) found.add(word);
    }
  }
  return found;
}

/**
 * Reads a guideline.
 *
 * @throws {SyntaxError} when it is not JSON, or has not the form of one
 */
export function parseGuideline(text: string): Guideline {
  return new Reader().read(parseStrictJson(text));
}

/** The name of the one component of our own form. */
const OWN_COMPONENT = "product";
/** What our own form has not. */
const OTHER_KEYS = ["components", "platforms", "add-ons", "platform"];
const KNOWN_SCHEMAS = /^(1\.[2-6]|2\.0)$/;

/** The keys of all schemas. */
const COMPONENT_KEYS: ReadonlySet<string> = new Set([
  "capabilities",
  "description",
  "designated_sections",
  ...STATUSES,
]);
const STATUS_KEYS: ReadonlySet<string> = new Set(STATUSES);
const CAPABILITY_KEYS: ReadonlySet<string> = new Set([
  "achievements",
  "admin",
  "description",
  "flagged",
  "guidelines",
  "name",
  "project",
  "required-since",
  "required_since",
  "status",
  "tests",
]);
const TEST_KEYS: ReadonlySet<string> = new Set([
  "aliases",
  "flag",
  "flagged",
  "idempotent_id",
]);

class Reader {
  readonly #oddities: string[] = [];

  read(document: Json): Guideline {
    const root = objectOf(document, "the document");
    const metadata = root.has("metadata")
      ? objectOf(root.get("metadata")!, "metadata")
      : root;
    const schema = optionalText(metadata, "schema", "schema");
    if (schema !== undefined && !KNOWN_SCHEMAS.test(schema)) {
      throw new SyntaxError(
        `the schema is ${
          JSON.stringify(schema)
        }: expected 1.2 to 1.6, 2.0, or none`,
      );
    }
    const isOwn = root.has("product");
    const other = OTHER_KEYS.find((key) => root.has(key));
    if (isOwn && other !== undefined) {
      throw new SyntaxError(
        `it has both product and ${other}: expected one of them`,
      );
    }
    const capabilities = this.#capabilities(root);
    const components = isOwn
      ? new Map([[OWN_COMPONENT, this.#ownComponent(root)]])
      : this.#components(root);
    return {
      id: optionalText(metadata, "id", "id") ?? "guideline",
      products: this.#products(root, components),
      components,
      capabilities,
      scoring: this.#scoring(root, metadata),
      oddities: this.#oddities,
    };
  }

  #products(
    root: JsonObject,
    components: ReadonlyMap<string, Component>,
  ): Map<string, Product> {
    const products = new Map<string, Product>();
    const add = (name: string, components: readonly ComponentName[]) => {
      if (products.has(name)) {
        throw new SyntaxError(`two products are called ${quoted(name)}`);
      }
      products.set(name, { name, components });
    };
    if (root.has("product")) {
      const name = textOf(root.get("product")!, "product");
      add(name, [{ name: OWN_COMPONENT, source: undefined }]);
      return products;
    }
    for (const key of ["platforms", "add-ons"]) {
      for (const [name, value] of entriesOf(root, key)) {
        const where = `${key}.${quoted(name)}`;
        const listed = objectOf(value, where).get("components") ?? [];
        add(name, componentNames(listed, `${where}.components`));
      }
    }
    if (!root.has("platform")) return products;
    // Schemas 1.x: the platform is one product, and each component another.
    const platform = objectOf(root.get("platform")!, "platform");
    const required = textsIn(platform, "required", "platform.required");
    const local = (name: string) => ({ name, source: undefined });
    add("platform", required.map(local));
    for (const name of components.keys()) add(name, [local(name)]);
    return products;
  }

  #components(root: JsonObject): Map<string, Component> {
    const components = new Map<string, Component>();
    for (const [name, value] of entriesOf(root, "components")) {
      const where = `components.${quoted(name)}`;
      const object = objectOf(value, where);
      this.#checkKeys(object, COMPONENT_KEYS, where);
      // Schema 2.0 has them one deeper.
      const deeper = `${where}.capabilities`;
      const listed = object.has("capabilities")
        ? objectOf(object.get("capabilities")!, deeper)
        : object;
      if (listed !== object) this.#checkKeys(listed, STATUS_KEYS, deeper);
      const component = new Map<string, Status>();
      for (const status of STATUSES) {
        for (const name of textsIn(listed, status, `${where}.${status}`)) {
          if (!component.has(name)) component.set(name, status);
          else {
            this.#note(`${where} has ${quoted(name)} twice, also as ${status}`);
          }
        }
      }
      components.set(name, component);
    }
    return components;
  }

  #ownComponent(root: JsonObject): Component {
    return new Map(
      entriesOf(root, "capabilities").map(([name, value]) => {
        const where = `capabilities.${quoted(name)}`, at = `${where}.status`;
        const status = optionalText(objectOf(value, where), "status", at);
        return [name, statusOf(status ?? "required", at)];
      }),
    );
  }

  #capabilities(root: JsonObject): Map<string, Capability> {
    if (!root.has("capabilities")) {
      throw new SyntaxError("it has no capabilities: is it a guideline?");
    }
    const capabilities = new Map<string, Capability>();
    for (const [name, value] of entriesOf(root, "capabilities")) {
      const where = `capabilities.${quoted(name)}`;
      const object = objectOf(value, where);
      this.#checkKeys(object, CAPABILITY_KEYS, where);
      capabilities.set(name, {
        name,
        tests: this.#tests(object, where),
        description: optionalText(
          object,
          "description",
          `${where}.description`,
        ),
        achievements: textsIn(object, "achievements", `${where}.achievements`),
      });
    }
    const tests = testsOf({ capabilities });
    for (const uuid of sharedUuids(tests)) {
      this.#note(`several tests have the id ${quoted(uuid)}: names count`);
    }
    for (const name of sharedNames(tests)) {
      this.#note(`several tests have the name or alias ${quoted(name)}`);
    }
    return capabilities;
  }

  #tests(capability: JsonObject, where: string): GuidelineTest[] {
    const tests = capability.get("tests") ?? [];
    const flags = flagsIn(capability, where);
    const noteOtherFlags = (tested: { has(name: string): boolean }) => {
      for (const name of flags.keys()) {
        if (tested.has(name)) continue;
        this.#note(`${where} flags ${quoted(name)}, which is not its test`);
      }
    };
    if (Array.isArray(tests)) {
      // Schema 1.2.
      const names = textsOf(tests, `${where}.tests`);
      const tested = new Set(names);
      if (tested.size < names.length) {
        this.#note(`${where} has a test twice`);
      }
      noteOtherFlags(tested);
      return Array.from(tested, (name) => ({
        name,
        aliases: [],
        uuid: undefined,
        flag: flags.get(name),
      }));
    }
    if (!(tests instanceof Map)) {
      throw new SyntaxError(`${where}.tests is neither a list nor an object`);
    }
    noteOtherFlags(tests);
    return namesOf(tests, `${where}.tests`).map(
      ([name, value]) => {
        const at = `${where}.tests.${quoted(name)}`;
        // A test without more than its name.
        const test = value === null ? NOTHING : objectOf(value, at);
        this.#checkKeys(test, TEST_KEYS, at);
        const uuid = optionalText(test, "idempotent_id", `${at}.idempotent_id`)
          ?.replace(/^id-/, "").toLowerCase();
        return {
          name,
          aliases: textsIn(test, "aliases", `${at}.aliases`),
          // An empty one is that of no test.
          uuid: uuid === "" ? undefined : uuid,
          flag: flagOf(test, at) ?? flags.get(name),
        };
      },
    );
  }

  #scoring(root: JsonObject, metadata: JsonObject): Scoring {
    const scoring = metadata.has("scoring")
      ? objectOf(metadata.get("scoring")!, "metadata.scoring")
      : root;
    const cutoff = scoring.get("cutoff_score");
    const weights = new Map<string, number>();
    for (const [name, value] of entriesOf(scoring, "criteria")) {
      const weight = objectOf(value, `criteria.${quoted(name)}`).get("weight");
      if (typeof weight === "number") weights.set(name, weight);
    }
    return {
      cutoff: typeof cutoff === "number" || typeof cutoff === "string"
        ? `${cutoff}`
        : undefined,
      weights,
    };
  }

  /** A key that is misspelled says nothing, and nobody sees it. */
  #checkKeys(
    object: JsonObject,
    known: ReadonlySet<string>,
    where: string,
  ): void {
    for (const key of object.keys()) {
      if (!known.has(key)) {
        this.#note(`${where} has the unknown key ${quoted(key)}`);
      }
    }
  }

  #note(oddity: string): void {
    this.#oddities.push(oddity);
  }
}

/** A packet has room for two names, and for a file. */
const MAX_TEXT_LENGTH = 65536;

const NOTHING: JsonObject = new Map();

/** A name as it is shown in a message. */
export function quoted(text: string): string {
  const short = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return visibleText(JSON.stringify(short));
}

function objectOf(value: Json, where: string): JsonObject {
  if (value instanceof Map) return value;
  throw new SyntaxError(`${where} is not an object`);
}

function entriesOf(object: JsonObject, key: string): [string, Json][] {
  const value = object.get(key);
  return value === undefined ? [] : namesOf(objectOf(value, key), key);
}

/** The entries of an object whose keys are names: they get into packets. */
function namesOf(object: JsonObject, where: string): [string, Json][] {
  for (const name of object.keys()) {
    textOf(name, `${where}: the name ${quoted(name)}`);
  }
  return [...object];
}

function textOf(value: Json, where: string): string {
  if (typeof value !== "string") {
    throw new SyntaxError(`${where} is not a string`);
  }
  if (value.includes("\0") || !value.isWellFormed()) {
    throw new SyntaxError(`${where} has a NUL or half a character`);
  }
  if (value.length > MAX_TEXT_LENGTH) {
    throw new SyntaxError(
      `${where} is longer than ${MAX_TEXT_LENGTH} characters`,
    );
  }
  return value;
}

function optionalText(
  object: JsonObject,
  key: string,
  where: string,
): string | undefined {
  const value = object.get(key);
  return value === undefined || value === null
    ? undefined
    : textOf(value, where);
}

function textsOf(value: Json, where: string): string[] {
  if (!Array.isArray(value)) throw new SyntaxError(`${where} is not a list`);
  return value.map((text, i) => textOf(text, `${where}[${i}]`));
}

function textsIn(object: JsonObject, key: string, where: string): string[] {
  const value = object.get(key);
  return value === undefined || value === null ? [] : textsOf(value, where);
}

function statusOf(text: string, where: string): Status {
  const status = STATUSES.find((status) => status === text);
  if (status !== undefined) return status;
  throw new SyntaxError(
    `${where} is ${quoted(text)}: expected ${STATUSES.join(", ")}`,
  );
}

/** Schema 1.2 lists the flagged tests of a capability. */
function flagsIn(capability: JsonObject, where: string): Map<string, string> {
  const names = textsIn(capability, "flagged", `${where}.flagged`);
  return new Map(names.map((name) => [name, ""]));
}

/** Later schemas have the flag at the test, with a reason. */
function flagOf(test: JsonObject, where: string): string | undefined {
  const flag = test.get("flagged") ?? test.get("flag");
  if (flag === undefined || flag === null || flag === false) return undefined;
  if (flag === true) return "";
  const object = objectOf(flag, `${where}.flagged`);
  return optionalText(object, "reason", `${where}.flagged.reason`) ?? "";
}

function componentNames(value: Json, where: string): ComponentName[] {
  if (!Array.isArray(value)) throw new SyntaxError(`${where} is not a list`);
  return value.map((one, i) => {
    const object = objectOf(one, `${where}[${i}]`);
    return {
      name: textOf(object.get("name") ?? null, `${where}[${i}].name`),
      source: optionalText(object, "source", `${where}[${i}].source`),
    };
  });
}
