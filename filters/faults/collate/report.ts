/**
 * A report on the faults of a run, those with the most tests first. Faults that
 * look the same are together: a wrong value shows itself in many places.
 *
 * @module
 */

import type { Output } from "../../kit/io/output.ts";
import { FAULT_TAG } from "../../kit/stream/fault_tag.ts";
import { cutLine } from "../../kit/text/shorten.ts";
import { visibleText } from "../../kit/text/visible.ts";
import type { Fingerprint } from "../fingerprint/fingerprint.ts";
import type { Contrast } from "./contrast.ts";
import { type Found, OVERFLOW_TAG } from "./finder.ts";

/** How many tests of a fault are named. */
const MAX_NAMED = 3;
/** How many tests of a fault a log names. */
const MAX_TESTS = 5;
const MAX_LINE = 200;
/** How many characters of a message are a sample. */
const MAX_SAMPLE = 1000;
/** How many faults are compared for similarity. */
const MAX_COMPARED = 1000;

/** A fault in a run. */
export interface RunFault {
  readonly tag: string;
  readonly found: Found;
  count: number;
  /** The first of its tests, by name. */
  readonly tests: string[];
  /** What tests printed, as it is: the first of it by its characters. */
  readonly samples: string[];
  /** How many paths led to it; at most the few that are kept. */
  readonly paths: Set<string>;
}

/** The faults of a run, in memory bounded by how many there may be. */
export class RunFaults {
  readonly #faults = new Map<string, RunFault>();
  readonly #maxSamples: number;
  #count = 0;

  /** @param maxSamples how many different messages are kept of a fault */
  constructor(maxSamples: number = 0) {
    this.#maxSamples = maxSamples;
  }

  add(found: Found): void {
    this.#count++;
    const { tag, testId, fingerprint } = found;
    let fault = this.#faults.get(tag);
    if (fault === undefined) {
      fault = {
        tag,
        found: { ...found, fingerprint: copyOf(fingerprint) },
        count: 0,
        tests: [],
        samples: [],
        paths: new Set(),
      };
      this.#faults.set(tag, fault);
    }
    fault.count++;
    keepFirst(fault.tests, testId, MAX_TESTS);
    if (this.#maxSamples > 0 && fingerprint.sample !== "") {
      keepFirst(
        fault.samples,
        fingerprint.sample.slice(0, MAX_SAMPLE).toWellFormed(),
        this.#maxSamples,
      );
    }
    if (fault.paths.size < MAX_NAMED) {
      const path = fingerprint.path.join(" < ");
      if (!fault.paths.has(path)) fault.paths.add(copyOf(path));
    }
  }

  /** How many tests failed with a fault. */
  get count(): number {
    return this.#count;
  }

  /** The faults, those with the most tests first. */
  get faults(): RunFault[] {
    return [...this.#faults.values()].sort((a, b) =>
      b.count - a.count || (a.tag < b.tag ? -1 : 1)
    );
  }
}

/** Keeps the first few of different names, in order. */
function keepFirst(names: string[], name: string, most: number): void {
  if (names.length === most && name >= names[most - 1]) return;
  if (names.includes(name)) return;
  names.push(copyOf(name));
  names.sort();
  if (names.length > most) names.pop();
}

/**
 * A copy that can be kept: in V8 a part of a text has all of it in memory, and a
 * test has texts of up to 256 KiB.
 */
function copyOf<T extends string | Fingerprint>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}

/** What a report shows besides the faults. */
export interface ReportFacts {
  /** Tests that failed because their subtests did. */
  readonly partsFailed: number;
  readonly contrast?: Contrast;
  /** Leaves out the faults that are known. */
  readonly isKnown?: (tag: string) => boolean;
  /** A known fault that looks like a new one, and what they share. */
  readonly knownLike?: (fingerprint: Fingerprint) => string | undefined;
}

/** Writes the report; returns how many faults it shows. */
export function writeFaults(
  out: Output,
  run: RunFaults,
  facts: ReportFacts,
): number {
  const { partsFailed, isKnown } = facts;
  const all = run.faults;
  const shown = isKnown === undefined
    ? all
    : all.filter(({ tag }) => !isKnown(tag));
  const tests = shown.reduce((sum, { count }) => sum + count, 0);
  const what = isKnown === undefined ? "fault" : "new fault";
  let title = `${counted(shown.length, what)}, ${counted(tests, "test")}`;
  if (partsFailed > 0) {
    title += `; ${counted(partsFailed, "test")} failed for their subtests`;
  }
  out.writeText(`${title}\n`);
  for (const kind of byKind(shown)) writeKind(out, kind, all, facts);
  return shown.length;
}

/** Faults of one kind, and how many tests they have. */
interface Kind {
  readonly kind: string;
  readonly faults: RunFault[];
  count: number;
}

function byKind(faults: readonly RunFault[]): Kind[] {
  const kinds = new Map<string, Kind>();
  for (const fault of faults) {
    const kind = fault.tag === OVERFLOW_TAG
      ? "Other faults"
      : fault.found.fingerprint.kind;
    const known = kinds.get(kind);
    if (known === undefined) {
      kinds.set(kind, { kind, faults: [fault], count: fault.count });
    } else {
      known.faults.push(fault);
      known.count += fault.count;
    }
  }
  return [...kinds.values()].sort((a, b) => b.count - a.count);
}

function writeKind(
  out: Output,
  { kind, faults, count }: Kind,
  all: readonly RunFault[],
  { contrast, knownLike }: ReportFacts,
): void {
  const line = (text: string) =>
    out.writeText(`${visibleText(cutLine(text, MAX_LINE))}\n`);
  out.writeText("\n");
  const several = faults.length > 1 ? ` in ${faults.length} faults` : "";
  line(`${counted(count, "test")}${several}: ${kind}`);
  const [{ found: { fingerprint } }] = faults;
  if (fingerprint.sample !== "" && fingerprint.sample !== fingerprint.message) {
    line(`  sample: ${fingerprint.sample}`);
  }
  const passing = contrast?.of(fingerprint.message) ?? 0;
  if (passing > 0) {
    line(
      `  also in ${passing} of ${counted(contrast!.count, "passing test")}`,
    );
  }
  for (const fault of faults) writeFault(line, fault, all, knownLike);
}

function writeFault(
  line: (text: string) => void,
  fault: RunFault,
  all: readonly RunFault[],
  knownLike: ReportFacts["knownLike"],
): void {
  const { tag, found: { fingerprint: { path, source } }, count, tests } = fault;
  const id = tag.slice(FAULT_TAG.length);
  line(`  ${id}  ${counted(count, "test")}`);
  if (tag === OVERFLOW_TAG) return;
  if (path.length > 0) line(`    at ${path.join(" < ")}`);
  if (fault.paths.size > 1) line(`    by ${fault.paths.size} or more paths`);
  if (source !== "") line(`    ${source}`);
  const named = tests.slice(0, MAX_NAMED).join(", ");
  const more = count - Math.min(count, MAX_NAMED, tests.length);
  line(`    in ${named}${more > 0 ? ` and ${more} more` : ""}`);
  const similar = knownLike?.(fault.found.fingerprint) ?? similarTo(fault, all);
  if (similar !== undefined) line(`    similar to ${similar}`);
}

/** Another fault that may be the same, and what they share. */
function similarTo(
  fault: RunFault,
  all: readonly RunFault[],
): string | undefined {
  const { kind, path: [frame], source } = fault.found.fingerprint;
  for (const other of all.slice(0, MAX_COMPARED)) {
    const print = other.found.fingerprint;
    // Those of the same kind are together already.
    if (other === fault || print.kind === kind) continue;
    const shared = frame !== undefined && print.path[0] === frame
      ? "the frame"
      : source !== "" && print.source === source
      ? "the source line"
      : undefined;
    if (shared === undefined) continue;
    return `${other.tag.slice(FAULT_TAG.length)}, by ${shared}`;
  }
  return undefined;
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
