/**
 * A run read and judged by guidelines.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import {
  type Damage,
  type ForeignBytes,
  PacketDecoder,
  type Rows,
} from "@subunit/codec";
import type { Policy } from "../history/attempts.ts";
import { isBadInput } from "../kit/errors.ts";
import { ForeignFormat } from "../kit/stream/foreign_format.ts";
import {
  chosenOption,
  isStdin,
  ToolError,
  type ToolIO,
  UsageError,
} from "../kit/tool/tool.ts";
import {
  type Guideline,
  type GuidelineTest,
  parseGuideline,
  quoted,
} from "./guideline.ts";
import { Judge, uniqueUuids } from "./judge.ts";
import { changeLines, testsToRun } from "./report.ts";
import {
  type Requirements,
  requirementsOf,
  undefinedIn,
} from "./requirements.ts";
import { type Judged, judgeProduct } from "./verdict.ts";
import type { VerdictStream } from "./verdict_stream.ts";

/** Far more than a hundred thousand tests take. */
const MAX_GUIDELINE_BYTES = 64 * 1024 * 1024;

/**
 * Reads a guideline from a file, or from standard input for "-".
 *
 * @throws {ToolError} when it cannot be read, or is not one
 */
export function readGuideline(io: ToolIO, path: string): Guideline {
  const parts: Uint8Array[] = [];
  let size = 0;
  for (const chunk of io.chunks([path])) {
    size += chunk.length;
    if (size > MAX_GUIDELINE_BYTES) {
      throw notGuideline(
        path,
        `it is longer than ${MAX_GUIDELINE_BYTES} bytes`,
      );
    }
    parts.push(chunk.slice());
  }
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    return parseGuideline(decoder.decode(concat(parts)));
  } catch (error) {
    if (!isBadInput(error)) throw error;
    const isText = error instanceof SyntaxError;
    throw notGuideline(path, isText ? error.message : "it is not UTF-8");
  }
}

function notGuideline(path: string, reason: string): ToolError {
  return new ToolError(
    `Cannot read guideline "${path}": ${reason}: see docs/conformance.md`,
  );
}

/** What is wrong with a guideline, a line each. */
export function problemsOf(guideline: Guideline): string[] {
  const { oddities, capabilities, components, products } = guideline;
  const required = new Set(
    Array.from(components.values()).flatMap((names) =>
      Array.from(names).flatMap(([name, status]) =>
        status === "required" ? [name] : []
      )
    ),
  );
  return [
    ...oddities,
    ...lostComponents(guideline),
    ...undefinedIn(guideline).map(([component, name, status]) =>
      `component ${quoted(component)} names the ${status} capability ${
        quoted(name)
      }, which is not defined`
    ),
    ...Array.from(capabilities.values()).flatMap(({ name, tests }) =>
      required.has(name) && tests.length === 0
        ? [`the required capability ${quoted(name)} has no tests`]
        : []
    ),
    ...(products.size === 0 ? ["it has no products"] : []),
  ];
}

/** Components that products name in vain; one with a source is for --extra. */
function lostComponents({ products, components }: Guideline): string[] {
  return Array.from(products.values()).flatMap((product) =>
    product.components
      .filter(({ name, source }) => !source && !components.has(name))
      .map(({ name }) =>
        `product ${quoted(product.name)} names the component ${
          quoted(name)
        }, which is not defined`
      )
  );
}

/** What is printed in place of the stream. */
const FORMS = ["list", "missing", "against", "score", "check"] as const;
export type Form = typeof FORMS[number] | "text";
/** Those for which no run is read. */
const RUNLESS: readonly (Form | undefined)[] = ["list", "score", "check"];

/** What is asked for, of which files. */
export interface Request extends Readonly<Record<Form, unknown>> {
  readonly extra: readonly string[];
  readonly against: string | undefined;
}

/**
 * What is printed; undefined for the stream.
 *
 * @param file has the guideline
 * @param files have the run; without one, standard input has it
 * @throws {UsageError} when options ask for two things, `files` have a run that
 * would not be read, or standard input would be read twice
 */
export function chosenForm(
  request: Request,
  file: string,
  files: readonly string[],
): Form | undefined {
  const form = chosenOption(request, FORMS);
  const isRunless = RUNLESS.includes(form);
  if (isRunless && files.length > 0) {
    throw new UsageError(`Option --${form} reads no run: leave out the files`);
  }
  const run = isRunless || files.length > 0 ? files : ["-"];
  const guidelines = [file, ...request.extra, request.against ?? ""];
  if ([...guidelines, ...run].filter(isStdin).length > 1) {
    throw new UsageError("Cannot read standard input twice");
  }
  // All others are text.
  return form ?? (request.text ? "text" : undefined);
}

/** Which products are judged. */
export interface Choice {
  readonly product: readonly string[];
  readonly component: readonly string[];
  readonly "all-products": boolean;
}

/**
 * The products that are judged, and what each asks for.
 *
 * @param guidelines the one that has the products first
 * @throws {UsageError} when it is not clear which, or the guideline has it not
 */
export function chosenProducts(
  choice: Choice,
  guidelines: readonly Guideline[],
): Requirements[] {
  const { product: names, component } = choice;
  const [{ products }] = guidelines;
  const given = [names, component, choice["all-products"] ? ["all"] : []];
  if (given.filter(({ length }) => length > 0).length > 1) {
    throw new UsageError(
      "Options --product, --component and --all-products exclude each other",
    );
  }
  const known = `it has ${Array.from(products.keys(), quoted).join(", ")}`;
  if (component.length > 0) {
    for (const name of component) {
      if (guidelines.some(({ components }) => components.has(name))) continue;
      throw new UsageError(`No guideline has the component ${quoted(name)}`);
    }
    return [productOf(component, guidelines)];
  }
  const isAny = choice["all-products"] || names.length === 0;
  if (isAny && products.size === 0) {
    throw new UsageError("The guideline has no products: give --component");
  }
  if (isAny && !choice["all-products"] && products.size > 1) {
    throw new UsageError(
      `The guideline has several products: give --product; ${known}`,
    );
  }
  return [...new Set(isAny ? products.keys() : names)].map((name) => {
    const product = products.get(name);
    if (product === undefined) {
      throw new UsageError(
        `The guideline has no product ${quoted(name)}: ${known}`,
      );
    }
    return requirementsOf(name, product.components, guidelines);
  });
}

/** A product of chosen components. */
function productOf(
  component: readonly string[],
  guidelines: readonly Guideline[],
): Requirements {
  const components = component.map((name) => ({ name }));
  return requirementsOf(component.join(" + "), components, guidelines);
}

/**
 * What an older guideline asks for: the chosen components, or all of its
 * products, since those of a newer one may not be among them.
 */
export function earlierProducts(
  { component }: Choice,
  guidelines: readonly Guideline[],
): Requirements[] {
  if (component.length > 0) return [productOf(component, guidelines)];
  return Array.from(
    guidelines[0].products.values(),
    ({ name, components }) => requirementsOf(name, components, guidelines),
  );
}

/** What the products name and no guideline defines. */
export function gapsOf(products: readonly Requirements[]): Set<string> {
  return new Set(products.flatMap(({ gaps }) => gaps.map(({ what }) => what)));
}

/** How a run is judged. */
export interface Rules {
  readonly policy: Policy;
  readonly refstack: boolean;
}

/** A run as it is judged by a guideline and its extras. */
export class Sitting {
  readonly products: readonly Requirements[];
  readonly judge: Judge;
  readonly #refstack: boolean;
  #damage = 0;
  #foreign: ForeignFormat | undefined = new ForeignFormat();

  constructor(
    guidelines: readonly Guideline[],
    products: readonly Requirements[],
    { policy, refstack }: Rules,
  ) {
    this.products = products;
    const tests = products.flatMap(({ requirements }) =>
      requirements.flatMap(({ tests }) => tests)
    );
    this.judge = new Judge(tests, uniqueUuids(guidelines), policy);
    this.#refstack = refstack;
  }

  /** @param stream takes each row that the guidelines have, and its name */
  addRows(rows: Rows, stream?: VerdictStream): void {
    this.#foreign = undefined;
    const { judge } = this;
    for (let i = 0; i < rows.count; i++) {
      const name = judge.addRow(rows, i);
      if (name >= 0) stream?.addRow(rows, i, name);
    }
  }

  addOther(item: ForeignBytes | Damage): void {
    if (item.kind === "damage") this.#damage++;
    else this.#foreign?.add(item.bytes);
  }

  /** Why the input is no stream at all. */
  get complaint(): string | undefined {
    return this.#foreign?.complaint;
  }

  /** The verdict on a product, after the run has ended. */
  judged(requirements: Requirements): Judged {
    return judgeProduct(requirements, (test) => this.judge.answer(test), {
      refstack: this.#refstack,
      damage: this.#damage,
    });
  }

  /** The tests that were not run: of one name, some may have aliases that were. */
  get missing(): GuidelineTest[] {
    return testsToRun(
      this.products,
      (test) => this.judge.answer(test) === "not run",
    );
  }
}

/**
 * Reads a run for all sittings.
 *
 * @param keyring judge only what a key in it signed
 * @param stream takes each row that the last sitting knows
 */
export async function readRun(
  io: ToolIO,
  keyring: string | undefined,
  files: readonly string[],
  sittings: readonly Sitting[],
  stream: VerdictStream | undefined,
): Promise<void> {
  const last = sittings.length - 1;
  const takeRows = (rows: Rows) =>
    sittings.forEach((sitting, i) =>
      sitting.addRows(rows, i === last ? stream : undefined)
    );
  const takeOther = (item: ForeignBytes | Damage) => {
    if (item.kind === "damage") io.reportDamage(item);
    for (const sitting of sittings) sitting.addOther(item);
  };
  if (keyring === undefined) {
    io.forEachRows(files, takeRows, takeOther, () => stream?.endChunk());
  } else {
    await readSigned(io, keyring, files, takeRows, takeOther);
    stream?.endChunk();
  }
  for (const { judge } of sittings) judge.end();
  const unchanged = stream?.unchanged ?? 0;
  if (unchanged > 0) {
    io.warn(
      `${unchanged} packets have no room for a parent: they are unchanged`,
    );
  }
}

/**
 * What changes for each product between two guidelines, for the same run. A
 * product has its name in both, unless both have one product.
 */
export function changesOf(old: Sitting, now: Sitting): string[] {
  const isOne = old.products.length === 1 && now.products.length === 1;
  return now.products.flatMap((requirements) => {
    const before = old.products
      .find(({ product }) => isOne || product === requirements.product) ??
      { ...requirements, requirements: [], gaps: [] };
    const version = (sitting: Sitting, requirements: Requirements) => ({
      requirements,
      judged: sitting.judged(requirements),
      answer: (test: GuidelineTest) => sitting.judge.answer(test),
    });
    return changeLines(version(old, before), version(now, requirements));
  });
}

/**
 * Reads what a key in a keyring signed, and nothing else.
 *
 * @throws {ToolError} when the stream is not what was signed
 */
async function readSigned(
  io: ToolIO,
  keyring: string,
  files: readonly string[],
  takeRows: (rows: Rows) => void,
  takeOther: (item: ForeignBytes | Damage) => void,
): Promise<void> {
  // Loaded on demand: openpgp takes 50 ms.
  const [{ verifyStream }, { KeyRing }, { ONE_SIGNATURE, SignatureVerifier }] =
    await Promise.all([
      import("../signing/inband/verify.ts"),
      import("../signing/keys.ts"),
      import("../signing/verdicts.ts"),
    ]);
  const decoder = new PacketDecoder();
  const drain = () => decoder.drainRows(takeRows, takeOther);
  const keys = await KeyRing.read([keyring]);
  const verifier = new SignatureVerifier(keys, ONE_SIGNATURE);
  await verifyStream({
    verifier,
    maxWindowBytes: MAX_WINDOW_BYTES,
    maxBytes: Infinity,
    strip: true,
    release(bytes) {
      decoder.push(bytes.slice());
      drain();
    },
  }, io.chunks(files));
  decoder.end();
  drain();
}

/** How much is held until its signature comes. */
const MAX_WINDOW_BYTES = 64 * 1024 * 1024;
