/**
 * Runs as the questions see them: the parts of a group are one run, and some
 * runs are wide.
 *
 * @module
 */

import { countOutcomes, hasOutcome } from "./digest.ts";

/**
 * How many runs before it a run is compared with: so that a test that is run
 * again and again does not make a run of it alone look like all tests.
 */
const COMPARED = 50;
/** How many of their tests it must have, at least. */
const SHARE = 0.9;

/** What is known of a run without reading its tests. */
export interface RunRow {
  readonly id: string;
  /** When it began, in seconds since 1970. */
  readonly seconds: number;
  readonly isTorn: boolean;
  readonly variant: string;
  readonly scope: "full" | "partial" | undefined;
  /** The build that it is part of, and which part: `2/4`. */
  readonly group: string | undefined;
  readonly part: string | undefined;
  readonly commit: string | undefined;
  readonly branch: string | undefined;
  readonly dirty: boolean;
}

/** The tests of a run: a byte for each, and the number of its id. */
export interface RunTests {
  readonly numbers: Int32Array;
  readonly tests: Uint8Array;
  /** Whether it may have been cut short: by a signal, or by damage. */
  readonly isStopped: boolean;
  /** Whether not all of it could be read. */
  readonly isDamaged?: boolean;
  /** Whether a record says that all tests were run. */
  readonly isFull?: boolean;
  /** Which worker said so, and where; 0 where it is unknown. */
  readonly suite?: number;
  /** Whether nothing of what has an outcome is a test. */
  readonly isTestless?: boolean;
  /** How long each took, NaN where that is unknown. */
  seconds(): Float32Array;
}

/** Reads the tests of a run. */
export type LoadRun = (run: RunRow) => RunTests | Promise<RunTests>;

/** A run, or the parts of one. */
export interface Unit {
  /** Oldest first. */
  readonly parts: readonly RunRow[];
  readonly variant: string;
  readonly scope: "full" | "partial" | undefined;
  readonly isTorn: boolean;
  /** How many parts of the group are not there. */
  readonly missing: number;
  /**
   * Whether it ran about all tests that there are: it has ended and says so, or,
   * when it says nothing, has nearly as many tests as those before it. A damaged
   * run may have had tests that it lacks now.
   */
  isWide(): Promise<boolean>;
}

/** A test that has another id in older runs. */
export interface Rename {
  readonly from: string;
  readonly to: string;
  /** Runs that began earlier have the old id; in seconds since 1970. */
  readonly before: number;
}

/** Numbers for tests: a variant and an id, perhaps with a route. */
export class TestNames {
  readonly #numbers = new Map<string, Map<string, number>>();
  readonly #renames: readonly Rename[];
  /** The ids that matter, if not all do. */
  readonly only: ReadonlySet<string> | undefined;
  /** By number. */
  readonly ids: string[] = [];
  readonly variants: string[] = [];
  readonly routes: (string | undefined)[] = [];

  constructor(
    renames: readonly Rename[] = [],
    only?: ReadonlySet<string>,
  ) {
    this.#renames = renames;
    this.only = only;
  }

  /** Whether only some tests matter. */
  get isPartial(): boolean {
    return this.only !== undefined;
  }

  /** Which renames the ids of a run need. */
  renamesOf({ seconds }: RunRow): number[] {
    return this.#renames
      .flatMap(({ before }, i) => seconds < before ? [i] : []);
  }

  /** The ids that a test may have in a run, its newest one first. */
  idsIn(run: RunRow, id: string): string[] {
    const ids = [id];
    for (const i of this.renamesOf(run).reverse()) {
      const { from, to } = this.#renames[i];
      if (ids.includes(to)) ids.push(from);
    }
    return ids;
  }

  /**
   * The numbers of the tests of a run, new ones where they had none; -1 of those
   * that do not matter.
   */
  numbersOf(
    run: RunRow,
    ids: readonly string[],
    routes?: readonly (string | undefined)[],
  ): Int32Array {
    const renames = this.renamesOf(run).map((i) => this.#renames[i]);
    // A run that has both ids has two tests.
    const taken = renames.length === 0 ? undefined : new Set(ids);
    return Int32Array.from(ids, (id, i) => {
      let now = id;
      for (const { from, to } of renames) {
        if (now === from && !taken!.has(to)) now = to;
      }
      taken?.add(now);
      if (this.only?.has(now) === false) return -1;
      return this.#add(run.variant, now, routes?.[i]);
    });
  }

  #add(variant: string, id: string, route: string | undefined): number {
    const name = route === undefined ? variant : `${variant}\0${route}`;
    let numbers = this.#numbers.get(name);
    if (numbers === undefined) this.#numbers.set(name, numbers = new Map());
    let number = numbers.get(id);
    if (number === undefined) {
      number = this.ids.length;
      numbers.set(id, number);
      this.ids.push(id);
      this.variants.push(variant);
      this.routes.push(route);
    }
    return number;
  }
}

/**
 * Groups runs by variant and joins the parts of groups. Units are newest first,
 * each at the place of its newest part. Whether they are wide is found out when
 * it is asked for.
 *
 * @param runs oldest first
 */
export function unitsOf(
  runs: readonly RunRow[],
  load: LoadRun,
): Map<string, Unit[]> {
  const byVariant = new Map<string, RunUnit[]>();
  const groups = new Map<string, RunUnit>();
  for (const run of runs) {
    const { variant, group } = run;
    const units = byVariant.get(variant) ?? [];
    byVariant.set(variant, units);
    const name = group === undefined
      ? undefined
      : JSON.stringify([variant, group]);
    let unit = name === undefined ? undefined : groups.get(name);
    if (unit === undefined) unit = new RunUnit(variant, units, load);
    else units.splice(units.indexOf(unit), 1);
    if (name !== undefined) groups.set(name, unit);
    unit.add(run);
    units.push(unit);
  }
  for (const units of byVariant.values()) units.reverse();
  return byVariant;
}

class RunUnit implements Unit {
  readonly parts: RunRow[] = [];
  readonly variant: string;
  /** All of its variant. */
  readonly #units: readonly RunUnit[];
  readonly #load: LoadRun;
  #isWide: boolean | undefined;
  #tests: number | undefined;
  #isFull = false;
  #isDamaged = false;
  #suite = 0;

  constructor(
    variant: string,
    units: readonly RunUnit[],
    load: LoadRun,
  ) {
    this.variant = variant;
    this.#units = units;
    this.#load = load;
  }

  add(run: RunRow): void {
    this.parts.push(run);
  }

  get scope(): "full" | "partial" | undefined {
    if (this.parts.some(({ scope }) => scope === "partial")) return "partial";
    return this.parts.every(({ scope }) => scope === "full")
      ? "full"
      : undefined;
  }

  get isTorn(): boolean {
    return this.parts.some(({ isTorn }) => isTorn);
  }

  get missing(): number {
    const numbers = new Set<number>();
    let all = 0;
    for (const { part } of this.parts) {
      const [, number, of] = /^(\d{1,6})\/(\d{1,6})$/.exec(part ?? "") ?? [];
      if (number === undefined) continue;
      numbers.add(Number(number));
      all = Math.max(all, Number(of));
    }
    return Math.max(0, all - numbers.size);
  }

  async isWide(): Promise<boolean> {
    return this.#isWide ??= await this.#judge();
  }

  async #judge(): Promise<boolean> {
    const { scope } = this;
    if (this.isTorn || this.missing > 0 || scope === "partial") return false;
    // A suite that could not even start is not all tests.
    if (await this.#countTests() === 0 || this.#isDamaged) return false;
    if (scope === "full") return true;
    const place = this.#units.indexOf(this);
    let largest = 0;
    for (const unit of this.#units.slice(place + 1, place + 1 + COMPARED)) {
      const tests = await unit.#countTests();
      if (!this.#isFull || this.#isElsewhere(unit)) {
        largest = Math.max(largest, tests);
      }
    }
    return await this.#countTests() >= SHARE * largest;
  }

  /**
   * Whether another run was of all that another worker lists. It says nothing of
   * what this one lists, which may have been given fewer paths.
   */
  #isElsewhere(unit: RunUnit): boolean {
    return this.#suite !== 0 && unit.#isFull && unit.#suite !== 0 &&
      unit.#suite !== this.#suite;
  }

  /** How many tests have an outcome: none if only a command has one. */
  async #countTests(): Promise<number> {
    if (this.#tests !== undefined) return this.#tests;
    const {
      tests,
      isFull = false,
      isDamaged = false,
      suite = 0,
      isTestless,
    } = await testsOf(this, this.#load);
    this.#isFull = isFull;
    this.#isDamaged = isDamaged;
    this.#suite = suite;
    return this.#tests = isTestless ? 0 : countOutcomes(tests);
  }
}

/** The newest unit of all tests, of those of a variant, newest first. */
export async function newestWide(
  units: readonly Unit[],
): Promise<Unit | undefined> {
  for (const unit of units) if (await unit.isWide()) return unit;
  return undefined;
}

/** The tests of a unit; of a test in several parts, the last one counts. */
export async function testsOf(
  { parts }: Unit,
  load: LoadRun,
): Promise<RunTests> {
  if (parts.length === 1) return await load(parts[0]);
  const runs: RunTests[] = [];
  /** Which run decided on a test, and where in it. */
  const found = new Map<number, { run: number; at: number }>();
  for (const part of parts) {
    const loaded = await load(part), run = runs.push(loaded) - 1;
    for (const [at, number] of loaded.numbers.entries()) {
      if (hasOutcome(loaded.tests[at]) || !found.has(number)) {
        found.set(number, { run, at });
      }
    }
  }
  const places = [...found.values()];
  return {
    numbers: Int32Array.from(found.keys()),
    tests: Uint8Array.from(places, ({ run, at }) => runs[run].tests[at]),
    isStopped: runs.some(({ isStopped }) => isStopped),
    isDamaged: runs.some(({ isDamaged }) => isDamaged),
    isFull: runs.every(({ isFull }) => isFull),
    suite: runs.every(({ suite }) => suite === runs[0].suite)
      ? runs[0].suite
      : 0,
    isTestless: runs.every(({ isTestless }) => isTestless),
    seconds: () => {
      const seconds = runs.map((run) => run.seconds());
      return Float32Array.from(places, ({ run, at }) => seconds[run][at]);
    },
  };
}

/** The part of a unit that decided on a test: the last that has an outcome. */
export async function partOf(
  { parts }: Unit,
  number: number,
  load: LoadRun,
): Promise<RunRow> {
  if (parts.length === 1) return parts[0];
  for (const part of parts.toReversed()) {
    const { numbers, tests } = await load(part);
    const at = numbers.indexOf(number);
    if (at >= 0 && hasOutcome(tests[at])) return part;
  }
  return parts[0];
}
