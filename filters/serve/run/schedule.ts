/**
 * Which worker runs which tests, and when: decided while they run, so that no
 * worker is idle while work is left.
 *
 * It is pure: the clock and what happens are handed to it. Times are in seconds.
 *
 * Where starting a unit costs little, units grow from a tenth of a second and
 * shrink towards the end, so that the first results appear at once and the
 * workers end together. Where it costs much, as with a runner that is started
 * anew each time, every unit is a worker's whole share. In both, an idle worker
 * takes over what others have not started.
 *
 * @module
 */

/** How long a test is taken to last before anything is known. */
const FIRST_GUESS_SECONDS = 0.02;
/** The first unit of a worker; each one after is twice as long. */
const FIRST_UNIT_SECONDS = 0.1;
/** The least that a unit lasts, as a multiple of what starting it costs. */
const LEAST_OVERHEADS = 10;
/** What one of so many parts of the mean share costs to start is dear. */
const DEAR_SHARE = 800;
/**
 * A unit that runs is stopped only where what is left of it lasts for so many
 * starts: both workers pay for one.
 */
const WORTH_OVERHEADS = 2;
/** How often tests are given to a worker that ends without a result. */
const MOST_TRIES = 3;
/**
 * How many tests of a group end their workers before the others are given up,
 * too: it may be the group itself that does, such as a file that is loaded.
 */
const MOST_BLAMED = 2;

/** Tests that run one after the other on one worker. */
interface Group {
  /** In order. */
  readonly ids: readonly string[];
  /** The sum of the durations that are known. */
  readonly knownSeconds: number;
  /** How many durations are not. */
  readonly unknown: number;
  /** How often it was begun in vain. */
  readonly tries: number;
  /** How many of its tests were blamed for that, one after the other. */
  readonly blamed: number;
  /** The worker that has begun it: tests of a group are never on two. */
  readonly owner?: string;
}

/** What a worker is told to run at once. */
export interface Unit {
  readonly worker: string;
  /** In order. */
  readonly ids: readonly string[];
}

/** What must be done now. */
export type Step =
  | { readonly kind: "run"; readonly unit: Unit }
  /** The unit is stopped; what it has not run comes back when it ends. */
  | { readonly kind: "stop"; readonly unit: Unit };

/** A unit that was given to a worker. */
interface Given extends Unit {
  readonly groups: readonly Group[];
  /** When it was sent, or the one before ended if that was later. */
  since: number;
  /** When its first test began. */
  startedAt: number | undefined;
  isStopped: boolean;
  /** Those that have ended. */
  readonly ended: Set<string>;
  /** When the last one of them ended, or the first test began. */
  lastAt: number;
  /** The known durations of the others, and how many are not known. */
  knownLeft: number;
  unknownLeft: number;
}

/** A worker that may be given units. */
interface Worker {
  /** The first one runs, another one waits. */
  readonly units: Given[];
  /** Groups that it has begun, and nobody else may run. */
  readonly own: Group[];
  /** How long its next unit is, unless a bound says otherwise. */
  nextSeconds: number;
  /** Whether it starts a program for each unit. */
  readonly isOneShot: boolean;
}

/** Options of a {@linkcode Schedule}. */
export interface ScheduleOptions {
  /** The tests, in the order in which they run where nothing else matters. */
  readonly ids: Iterable<string>;
  /** The seconds that a test took before; undefined if that is unknown. */
  readonly secondsOf?: (id: string) => number | undefined;
  /** The name of the group of a test; tests without one are alone. */
  readonly groupOf?: (id: string) => string | undefined;
  /** The tests whose groups run before all others. */
  readonly first?: ReadonlySet<string>;
  /** Whether the order is kept, instead of the longest running first. */
  readonly keepsOrder?: boolean;
  /**
   * Whether a unit is one group, and none waits behind another: a test may last
   * for as long as somebody debugs it.
   */
  readonly isShort?: boolean;
  /** The time in seconds, from any start. */
  readonly clock: () => number;
}

/** Gives units to workers: see {@linkcode ScheduleOptions}. */
export class Schedule {
  readonly #clock: () => number;
  readonly #secondsOf: (id: string) => number | undefined;
  /** What nobody has: the next one is the last. */
  readonly #pool: Group[] = [];
  readonly #workers = new Map<string, Worker>();
  readonly #groupOf: (id: string) => string | undefined;
  #poolKnownSeconds = 0;
  #poolUnknown = 0;
  /** What a test lasts of which nothing is known. */
  #guess = FIRST_GUESS_SECONDS;
  #isGuessFixed = false;
  /** Of tests that ended, where no duration was known. */
  #measuredSeconds = 0;
  #measured = 0;
  /** What starting a unit costs; undefined until one has started. */
  #overhead: number | undefined;
  #isEnding = false;
  readonly #isShort: boolean;

  constructor(options: ScheduleOptions) {
    const { ids, secondsOf = () => undefined, clock, keepsOrder } = options;
    this.#clock = clock;
    this.#secondsOf = secondsOf;
    this.#isShort = options.isShort ?? false;
    this.#groupOf = options.groupOf ?? (() => undefined);
    const all = [...ids];
    const known = all.map(secondsOf).filter((seconds) => seconds !== undefined);
    if (known.length > 0) {
      known.sort((a, b) => a - b);
      this.#guess = known[known.length >> 1];
      this.#isGuessFixed = true;
    }
    const groups = this.#groupsOf(all, 0);
    if (!keepsOrder) {
      const { first } = options;
      const isFirst = new Set(
        groups.filter(({ ids }) => ids.some((id) => first?.has(id))),
      );
      groups.sort((a, b) =>
        Number(isFirst.has(b)) - Number(isFirst.has(a)) ||
        this.#secondsIn(b) - this.#secondsIn(a)
      );
    }
    for (const group of groups.reverse()) this.#return(group);
  }

  /** Whether every test was run, as far as this knows. */
  get isDone(): boolean {
    return this.#pool.length === 0 &&
      !this.#workers.values().some(({ units, own }) =>
        units.length > 0 || own.length > 0
      );
  }

  /** How many groups nobody has been given. */
  get waiting(): number {
    return this.#pool.length;
  }

  /** What starting a unit costs, in seconds; undefined until one has started. */
  get overhead(): number | undefined {
    return this.#overhead;
  }

  /**
   * Adds a worker that may be given units.
   *
   * @param isOneShot whether it starts a program for each unit, which is taken to
   * cost much until one has started
   */
  addWorker(name: string, isOneShot = false): void {
    if (this.#workers.has(name)) return;
    this.#workers.set(name, {
      units: [],
      own: [],
      nextSeconds: FIRST_UNIT_SECONDS,
      isOneShot,
    });
  }

  /**
   * Removes a worker that has ended. Its tests are for the others, except those
   * that have been begun in vain too often.
   *
   * @returns these
   */
  removeWorker(name: string): string[] {
    const worker = this.#workers.get(name);
    if (worker === undefined) return [];
    this.#workers.delete(name);
    const [running, ...waiting] = worker.units;
    for (const group of worker.own) {
      this.#return({ ...group, owner: undefined });
    }
    for (const unit of waiting) this.#retry(unit.groups, unended(unit), 0);
    if (running === undefined) return [];
    // Progress was made, and somebody else is to blame.
    const tries = running.ended.size > 0 ? 0 : 1;
    return this.#retry(running.groups, unended(running), tries);
  }

  /** Gives up the tests that no worker has. */
  takeRest(): string[] {
    this.#isEnding = true;
    const workers = this.#workers.values().toArray();
    const groups = [
      ...this.#pool.splice(0),
      ...workers.flatMap(({ own }) => own.splice(0)),
    ];
    this.#poolKnownSeconds = this.#poolUnknown = 0;
    return groups.reverse().flatMap(({ ids }) => ids);
  }

  /** What is to be done now; to be called after each event. */
  next(): Step[] {
    const steps: Step[] = [];
    if (this.#isEnding) return steps;
    // Those without work first.
    for (const room of [0, 1]) {
      for (const [name, worker] of this.#workers) {
        const unit = this.#unitFor(name, worker, room);
        if (unit !== undefined) steps.push({ kind: "run", unit });
      }
    }
    const idle = this.#workers.values()
      .filter(({ units }) => units.length === 0).toArray().length;
    for (let i = this.#stopping(); i < idle; i++) {
      const unit = this.#fullest();
      if (unit === undefined) break;
      unit.isStopped = true;
      steps.push({ kind: "stop", unit });
    }
    return steps;
  }

  /** A test of a worker's unit began, or is the first to end. */
  testStarted(unit: Unit): void {
    const given = this.#find(unit);
    if (given === undefined || given.startedAt !== undefined) return;
    given.startedAt = given.lastAt = this.#clock();
    const cost = given.startedAt - given.since;
    // The first one of a worker may have loaded what the others need, too.
    this.#overhead = Math.min(this.#overhead ?? Infinity, cost);
  }

  /** A test of a worker's unit has a result. */
  testEnded(unit: Unit, id: string): void {
    const given = this.#find(unit);
    if (given === undefined) return;
    this.testStarted(unit);
    if (given.ended.has(id)) return;
    given.ended.add(id);
    const seconds = this.#secondsOf(id);
    if (seconds === undefined) given.unknownLeft--;
    else given.knownLeft -= seconds;
    const now = this.#clock();
    this.#measure(now - given.lastAt);
    given.lastAt = now;
  }

  /**
   * A unit has ended. Tests without a result are run again, except those that
   * have been begun in vain too often.
   *
   * @returns these
   */
  unitEnded(unit: Unit): string[] {
    const given = this.#find(unit);
    if (given === undefined) return [];
    const worker = this.#workers.get(unit.worker)!;
    worker.units.splice(worker.units.indexOf(given), 1);
    const [waiting] = worker.units;
    if (waiting !== undefined) waiting.since = this.#clock();
    const left = unended(given);
    if (left.length === 0) return [];
    if (this.#isEnding) return left;
    if (!given.isStopped) return this.#retry(given.groups, left, 1);
    for (const group of given.groups.toReversed()) {
      const rest = group.ids.filter((id) => !given.ended.has(id));
      if (rest.length === 0) continue;
      if (rest.length < group.ids.length || group.owner !== undefined) {
        worker.own.push(this.#groupFrom(rest, group.tries, unit.worker));
      } else this.#return(group);
    }
    return [];
  }

  #find(unit: Unit): Given | undefined {
    return this.#workers.get(unit.worker)?.units.find((one) => one === unit);
  }

  #measure(seconds: number): void {
    if (this.#isGuessFixed) return;
    this.#measuredSeconds += seconds;
    this.#measured++;
    this.#guess = this.#measuredSeconds / this.#measured;
  }

  /** Puts tests back that were begun in vain. */
  #retry(
    groups: readonly Group[],
    left: readonly string[],
    more: number,
  ): string[] {
    const wanted = new Set(left);
    // Its tests may be too many for the arguments of one call.
    let lost: string[] = [];
    for (const group of groups.toReversed()) {
      const rest = group.ids.filter((id) => wanted.has(id));
      if (rest.length === 0) continue;
      const tries = group.tries + more;
      if (tries < MOST_TRIES) {
        const blamed = more > 0 ? group.blamed : 0;
        this.#return({ ...this.#groupFrom(rest, tries), blamed });
        continue;
      }
      const blamed = group.blamed + 1;
      if (blamed > MOST_BLAMED || rest.length === 1) {
        lost = [...rest, ...lost];
        continue;
      }
      // They run in order: the first one is it, and the others get a chance.
      lost.unshift(rest[0]);
      const others = this.#groupFrom(rest.slice(1), MOST_TRIES - 1);
      this.#return({ ...others, blamed });
    }
    return lost;
  }

  #return(group: Group): void {
    this.#pool.push(group);
    this.#poolKnownSeconds += group.knownSeconds;
    this.#poolUnknown += group.unknown;
  }

  #take(): Group | undefined {
    const group = this.#pool.pop();
    if (group === undefined) return undefined;
    this.#poolKnownSeconds -= group.knownSeconds;
    this.#poolUnknown -= group.unknown;
    return group;
  }

  #unitFor(name: string, worker: Worker, room: number): Unit | undefined {
    const { units, own } = worker;
    if (units.length !== room) return undefined;
    if (this.#isShort && room > 0) return undefined;
    if (this.#pool.length === 0 && own.length === 0) return undefined;
    // What the first one costs says how long the second one is.
    if (room > 0 && units[0].startedAt === undefined) return undefined;
    const seconds = this.#unitSeconds(worker);
    // A unit that waits costs as much as any.
    const isTooShort = seconds < LEAST_OVERHEADS * (this.#overhead ?? 0);
    if (room > 0 && own.length === 0 && isTooShort) return undefined;
    worker.nextSeconds *= 2;
    const groups: Group[] = [];
    let sum = 0;
    while (own.length > 0) groups.push(own.pop()!);
    for (const group of groups) sum += this.#secondsIn(group);
    for (let next; (next = this.#pool.at(-1)) !== undefined;) {
      const more = this.#secondsIn(next);
      if (groups.length > 0 && sum + more / 2 > seconds) break;
      if (groups.length > 0 && this.#isShort) break;
      // Whether it is to blame shows only where it is alone.
      const isSuspect = next.tries >= MOST_TRIES - 1;
      if (isSuspect && groups.length > 0) break;
      groups.push(this.#take()!);
      sum += more;
      if (isSuspect) break;
    }
    const unit: Given = {
      worker: name,
      groups,
      ids: groups.flatMap(({ ids }) => ids),
      since: this.#clock(),
      startedAt: undefined,
      isStopped: false,
      ended: new Set(),
      lastAt: this.#clock(),
      knownLeft: groups.reduce((all, one) => all + one.knownSeconds, 0),
      unknownLeft: groups.reduce((all, one) => all + one.unknown, 0),
    };
    units.push(unit);
    return unit;
  }

  /** How long the next unit of a worker is to be. */
  #unitSeconds(worker: Worker): number {
    if (this.#overhead === undefined && !worker.isOneShot) {
      return FIRST_UNIT_SECONDS;
    }
    const overhead = this.#overhead ?? Infinity;
    const workers = this.#workers.size;
    const rest = this.#poolKnownSeconds + this.#poolUnknown * this.#guess;
    const ahead = this.#workers.values().map((one) => this.#secondsAhead(one))
      .toArray();
    const level = levelOf(ahead, rest);
    if (overhead * DEAR_SHARE > level) {
      return level - this.#secondsAhead(worker);
    }
    return Math.max(
      Math.min(worker.nextSeconds, rest / (2 * workers)),
      LEAST_OVERHEADS * overhead,
    );
  }

  /** How long a worker will be busy with what it has. */
  #secondsAhead({ units }: Worker): number {
    return units.reduce((sum, unit) => sum + this.#secondsLeft(unit), 0);
  }

  /** How many units have been stopped and not ended. */
  #stopping(): number {
    let count = 0;
    for (const { units } of this.#workers.values()) {
      count += units.filter(({ isStopped }) => isStopped).length;
    }
    return count;
  }

  /** The unit of which another worker can take most. */
  #fullest(): Given | undefined {
    const worth = WORTH_OVERHEADS * (this.#overhead ?? 0);
    let best: Given | undefined, most = worth;
    for (const { units } of this.#workers.values()) {
      if (units.some(({ isStopped }) => isStopped)) continue;
      const [running, waiting] = units;
      if (waiting?.groups.some(({ owner }) => owner === undefined)) {
        // It costs nothing: nobody has started it.
        const seconds = 1e9 + this.#secondsLeft(waiting);
        if (seconds > most) [best, most] = [waiting, seconds];
      } else if (running?.startedAt !== undefined) {
        // One that has not begun would come back as it is, again and again.
        const seconds = this.#unbegunSeconds(running);
        if (seconds > most) [best, most] = [running, seconds];
      }
    }
    return best;
  }

  #secondsLeft({ knownLeft, unknownLeft }: Given): number {
    return Math.max(knownLeft, 0) + unknownLeft * this.#guess;
  }

  /** What is left of a unit without the group that is being run. */
  #unbegunSeconds({ groups, ended }: Given): number {
    const begun = groups.findIndex(({ ids }) =>
      !ids.every((id) => ended.has(id))
    );
    return groups.slice(begun + 1)
      .filter(({ owner }) => owner === undefined)
      .reduce((sum, group) => sum + this.#secondsIn(group), 0);
  }

  #secondsIn({ knownSeconds, unknown }: Group): number {
    return knownSeconds + unknown * this.#guess;
  }

  #groupsOf(ids: readonly string[], tries: number): Group[] {
    const byName = new Map<string, string[]>(), all: string[][] = [];
    for (const id of ids) {
      const name = this.#groupOf(id);
      const before = name === undefined ? undefined : byName.get(name);
      if (before !== undefined) {
        before.push(id);
        continue;
      }
      const group = [id];
      all.push(group);
      if (name !== undefined) byName.set(name, group);
    }
    return all.map((group) => this.#groupFrom(group, tries));
  }

  #groupFrom(ids: readonly string[], tries: number, owner?: string): Group {
    let knownSeconds = 0, unknown = 0;
    for (const id of ids) {
      const seconds = this.#secondsOf(id);
      if (seconds === undefined) unknown++;
      else knownSeconds += seconds;
    }
    return { ids, knownSeconds, unknown, tries, blamed: 0, owner };
  }
}

/** The tests of a unit without a result, in order. */
function unended({ ids, ended }: Given): string[] {
  return ids.filter((id) => !ended.has(id));
}

/** How long everybody is busy who shares the rest so that all end together. */
function levelOf(ahead: readonly number[], rest: number): number {
  const sorted = ahead.toSorted((a, b) => a - b);
  let sum = rest, level = 0;
  for (const [index, seconds] of sorted.entries()) {
    if (index > 0 && seconds >= level) break;
    sum += seconds;
    level = sum / (index + 1);
  }
  return level;
}
