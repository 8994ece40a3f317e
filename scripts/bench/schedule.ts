/**
 * Simulates workers that run tests on a clock of their own: how long a schedule
 * takes, against the ideal. Nothing is measured: the same seed gives the same
 * figures on every machine.
 *
 * @module
 */

import {
  Schedule,
  type ScheduleOptions,
  type Unit,
} from "../../filters/serve/run/schedule.ts";

/** What is simulated. */
export interface Simulation
  extends Pick<ScheduleOptions, "secondsOf" | "groupOf" | "keepsOrder"> {
  /** The tests and how long each one takes, in seconds. */
  readonly tests: ReadonlyMap<string, number>;
  readonly workers: number;
  /** What each unit costs before its first test, in seconds. */
  readonly overhead: number;
  /** Whether the workers report that they start a program for each unit. */
  readonly isOneShot?: boolean;
  /** Is called whenever a worker begins a test. */
  readonly onTest?: (worker: string, id: string, unit: Unit) => void;
  /** Is called after all steps at one time, with the workers without a unit. */
  readonly onIdle?: (idle: readonly string[], schedule: Schedule) => void;
  /** How many tests a worker begins until it is killed and started again. */
  readonly killEvery?: number;
}

/** What a simulation results in. */
export interface Simulated {
  /** When the last test ended. */
  readonly seconds: number;
  readonly units: number;
  readonly stops: number;
  /** The tests that were given up. */
  readonly lost: readonly string[];
}

/** A worker and its clock. */
interface Worker {
  readonly name: string;
  readonly units: Unit[];
  /** The position of the next test in the first unit; -1 while it starts. */
  at: number;
  /** When the test, or the start, ends; undefined while there is nothing. */
  due: number | undefined;
  readonly stopped: Set<Unit>;
  begun: number;
}

/** Runs the tests. */
export function simulate(
  { tests, workers: count, overhead, ...options }: Simulation,
): Simulated {
  let now = 0, units = 0, stops = 0;
  const lost: string[] = [];
  const schedule = new Schedule({
    ids: tests.keys(),
    ...options,
    clock: () => now,
  });
  const workers = new Map<string, Worker>();
  const add = (name: string) => {
    const stopped = new Set<Unit>();
    workers.set(name, {
      name,
      units: [],
      at: -1,
      due: undefined,
      stopped,
      begun: 0,
    });
    schedule.addWorker(name, options.isOneShot);
  };
  for (let i = 0; i < count; i++) add(String(i));

  const begin = (worker: Worker) => {
    worker.at = -1;
    worker.due = worker.units.length > 0 ? now + overhead : undefined;
  };
  /** Ends the first unit and begins the next. */
  const end = (worker: Worker) => {
    const unit = worker.units.shift()!;
    worker.stopped.delete(unit);
    lost.push(...schedule.unitEnded(unit));
    begin(worker);
  };
  const obey = () => {
    for (let steps; (steps = schedule.next()).length > 0;) {
      for (const { kind, unit } of steps) {
        const worker = workers.get(unit.worker)!;
        if (kind === "run") {
          units++;
          worker.units.push(unit);
          if (worker.units.length === 1) begin(worker);
        } else {
          stops++;
          if (worker.units[0] === unit) {
            worker.stopped.add(unit);
          } else {
            worker.units.splice(worker.units.indexOf(unit), 1);
            lost.push(...schedule.unitEnded(unit));
          }
        }
      }
    }
    const idle = workers.values().filter(({ units }) => units.length === 0)
      .map(({ name }) => name).toArray();
    options.onIdle?.(idle, schedule);
  };

  obey();
  for (;;) {
    let worker: Worker | undefined;
    for (const one of workers.values()) {
      if (one.due !== undefined && one.due < (worker?.due ?? Infinity)) {
        worker = one;
      }
    }
    if (worker === undefined) break;
    now = worker.due!;
    const [unit] = worker.units;
    if (worker.at >= 0) schedule.testEnded(unit, unit.ids[worker.at]);
    worker.at++;
    if (worker.at === unit.ids.length || worker.stopped.has(unit)) {
      end(worker);
    } else if (worker.begun++ === options.killEvery) {
      lost.push(...schedule.removeWorker(worker.name));
      add(worker.name);
    } else {
      const id = unit.ids[worker.at];
      options.onTest?.(worker.name, id, unit);
      schedule.testStarted(unit);
      worker.due = now + tests.get(id)!;
    }
    obey();
  }
  return { seconds: now, units, stops, lost };
}

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = state + 0x6d2b79f5 >>> 0;
    let mixed = Math.imul(state ^ state >>> 15, state | 1);
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61);
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  };
}

/** A number of the normal distribution. */
function normal(random: () => number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  return radius * Math.cos(2 * Math.PI * random());
}

/** Tests as suites have them: many short ones, some that take long. */
function sampleTests(
  count: number,
  totalSeconds: number,
  seed: number,
): Map<string, number> {
  const random = randomNumbers(seed);
  const raw = Array.from({ length: count }, () => Math.exp(normal(random)));
  const scale = totalSeconds / raw.reduce((sum, one) => sum + one, 0);
  return new Map(raw.map((one, index) => [`test ${index}`, one * scale]));
}

/** Earlier durations of tests, 30 % off. */
function sampleHistory(
  tests: ReadonlyMap<string, number>,
  seed: number,
): Map<string, number> {
  const random = randomNumbers(seed);
  return new Map(
    tests.entries().map(([id, seconds]) =>
      [id, seconds * Math.exp(0.3 * normal(random))] as const
    ),
  );
}

/** The least that any schedule takes: the start of one unit, and a fair share. */
export function idealSeconds(
  { tests, workers, overhead }: Pick<
    Simulation,
    "tests" | "workers" | "overhead"
  >,
): number {
  let total = 0, longest = 0;
  for (const seconds of tests.values()) {
    total += seconds;
    longest = Math.max(longest, seconds);
  }
  return overhead + Math.max(total / workers, longest);
}

/**
 * How long it takes when each test, in the order given, goes to the first free
 * worker and no start costs anything. Nobody who learns how long a test takes
 * only by running it can be expected to do better.
 */
export function blindSeconds(
  { tests, workers }: Pick<Simulation, "tests" | "workers">,
): number {
  const busyUntil: number[] = Array(workers).fill(0);
  for (const seconds of tests.values()) {
    busyUntil[busyUntil.indexOf(Math.min(...busyUntil))] += seconds;
  }
  return Math.max(...busyUntil);
}

const SEED = 16;

/** The table of simulations: workers, cost of a unit, whether there is history. */
export const SCHEDULES: readonly (readonly [
  workers: number,
  overhead: number,
  hasHistory: boolean,
])[] = [
  [8, 0.01, true],
  [8, 0.01, false],
  [8, 0.3, true],
  [8, 0.3, false],
  [8, 2, true],
  [8, 2, false],
  [64, 0.01, true],
  [64, 0.01, false],
];

/** A row of the table: 10,000 tests of 772 s together. */
export function simulateRow(
  [workers, overhead, hasHistory]: typeof SCHEDULES[number],
  seed = SEED,
): Simulated & { readonly ideal: number; readonly blind: number } {
  const tests = sampleTests(10_000, 772, seed);
  const history = hasHistory ? sampleHistory(tests, seed + 1) : undefined;
  const setting = {
    tests,
    workers,
    overhead,
    isOneShot: overhead >= 0.3,
    secondsOf: (id: string) => history?.get(id),
  };
  return {
    ...simulate(setting),
    ideal: idealSeconds(setting),
    blind: blindSeconds(setting),
  };
}

/** The mean ratios to the ideal over many seeds: ours, and the blind one. */
export function meanRatios(
  row: typeof SCHEDULES[number],
  seeds = 30,
): readonly [ours: number, blind: number] {
  let ours = 0, blind = 0;
  for (let seed = SEED; seed < SEED + seeds; seed++) {
    const simulated = simulateRow(row, seed);
    ours += simulated.seconds / simulated.ideal / seeds;
    blind += simulated.blind / simulated.ideal / seeds;
  }
  return [ours, blind];
}

if (import.meta.main) {
  for (const row of SCHEDULES) {
    const { seconds, units, stops, ideal } = simulateRow(row);
    const [workers, overhead, hasHistory] = row;
    console.log(
      `${workers} workers, ${overhead} s a unit, ${
        hasHistory ? "history" : "no history"
      }: ${seconds.toFixed(1)} s in ${units} units, ${stops} stops: ${
        (seconds / ideal).toFixed(3)
      } of the ideal ${ideal.toFixed(1)} s`,
    );
    if (hasHistory) continue;
    const [ours, blind] = meanRatios(row);
    console.log(
      `  over 30 seeds: ${ours.toFixed(3)}, ${
        blind.toFixed(3)
      } for each test to the first free worker`,
    );
  }
}
