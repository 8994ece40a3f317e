/**
 * Faults that somebody found to be the same, shown as one.
 *
 * @module
 */

import type { Timestamp } from "@subunit/codec";
import { isReserved } from "../../kit/stream/fault_tag.ts";
import { compareText } from "../../kit/text/order.ts";
import type { State } from "./event.ts";
import {
  compareTimes,
  distinctEvents,
  type FaultState,
  foldFault,
  type FoldOptions,
  later,
  type Register,
  type SeenRun,
} from "./fold.ts";
import type { FaultPackets, LogReader } from "./reader.ts";

/** A fault, or several that are the same. */
export interface FaultClass {
  /** The one that was seen first: they are shown under its name. */
  readonly fault: string;
  /** That one first, the others in order of their names. */
  readonly members: readonly FaultState[];
  /** Each the register of the first member that has a value. */
  readonly title: Register;
  readonly text: Register;
  readonly state: Register<State>;
  readonly tags: readonly string[];
  readonly seen: readonly SeenRun[];
}

/** A fault about which nobody decided is open. */
export const FIRST_STATE: State = "fail";

/** The state to show. */
export function stateOf({ state }: Pick<FaultClass, "state">): State {
  return state.versions[0]?.value ?? FIRST_STATE;
}

/** Whether somebody has to choose between values of any register. */
export function isConflict({ members }: FaultClass): boolean {
  return members.some(({ title, text, state }) =>
    title.isConflict || text.isConflict || state.isConflict
  );
}

/** Whether nothing is left of it but redactions. */
export function isEmpty({ members }: FaultClass): boolean {
  return members.every((member) => member.isEmpty);
}

/** Whether it was seen, and nobody has said anything about it. */
export function isUnexplained({ members, seen, tags }: FaultClass): boolean {
  return seen.length > 0 && tags.length === 0 &&
    members.every((member) =>
      member.title.versions.length + member.text.versions.length +
            member.state.versions.length + member.comments.length +
            member.same.length === 0 &&
      member.facts.every(({ author }) => author === undefined)
    );
}

/** The time of the last sighting. */
export function lastSeen({ seen }: FaultClass): Timestamp | undefined {
  return seen.reduce<Timestamp | undefined>(
    (last, { time }) => later(last, time),
    undefined,
  );
}

/** A fact about a fault: a name and a value. */
export function factsOf({ members }: FaultClass): [string, string][] {
  return members.flatMap(({ facts }) =>
    facts.flatMap(({ value }) =>
      value instanceof Map
        ? [...value].map(([key, value]): [string, string] => [
          String(key),
          String(value),
        ])
        : []
    )
  );
}

/** The titles that it has; where nobody wrote one, what it was computed from. */
export function titlesOf(it: FaultClass): string[] {
  if (it.title.versions.length > 0) {
    return it.title.versions.map(({ value }) => value);
  }
  const facts = new Map(factsOf(it).reverse());
  const type = facts.get("type"), message = facts.get("message");
  const described = [type, message].filter((part) => part).join(": ");
  return described === "" ? [] : [described];
}

/** A fault in a list. */
export interface ListedFault {
  readonly fault: string;
  /** Others that it is the same as. */
  readonly same: readonly string[];
  readonly state: State;
  readonly title: string | undefined;
  readonly tags: readonly string[];
  readonly isConflict: boolean;
  readonly last: Timestamp | undefined;
}

/** What a list has of a fault. */
export function listed(it: FaultClass): ListedFault {
  return {
    fault: it.fault,
    same: it.members.slice(1).map(({ fault }) => fault),
    state: stateOf(it),
    title: titlesOf(it).at(0),
    tags: it.tags,
    isConflict: isConflict(it),
    last: lastSeen(it),
  };
}

/** The order of a list: what was seen last comes first. */
export function newestFirst(a: ListedFault, b: ListedFault): number {
  return compareTimes(b.last, a.last) || compareText(a.fault, b.fault);
}

/** Yields the faults of a log, without the packets that belong to none. */
export function* readClasses(
  reader: LogReader,
  options: FoldOptions = {},
  isWanted: (fault: string) => boolean = () => true,
): Generator<FaultClass> {
  const groups = reader.groups((fault) =>
    !isReserved(fault) && isWanted(fault)
  );
  for (const group of groups) {
    yield* classesOf(
      group.filter(({ fault }) => !isReserved(fault)),
      options,
    );
  }
}

/** The names of all faults in the classes that match. */
export function faultsIn(
  classes: Iterable<FaultClass>,
  matches: (it: FaultClass) => boolean,
): Set<string> {
  const names = new Set<string>();
  for (const it of classes) {
    if (!matches(it)) continue;
    for (const { fault } of it.members) names.add(fault);
  }
  return names;
}

/** The classes of faults that may be the same. */
export function classesOf(
  faults: readonly FaultPackets[],
  options: FoldOptions,
): FaultClass[] {
  const states = faults.map(({ fault, packets }) =>
    foldFault(fault, distinctEvents(packets), options)
  );
  if (states.length === 1) return [classOf(states)];
  const byName = new Map(states.map((state) => [state.fault, state]));
  const linked = new Map(states.map(({ fault }) => [fault, new Set<string>()]));
  for (const { fault, same } of states) {
    for (const other of same) {
      linked.get(fault)!.add(other);
      linked.get(other)?.add(fault);
    }
  }
  const classes: FaultClass[] = [];
  const done = new Set<string>();
  for (const { fault } of states) {
    if (done.has(fault)) continue;
    const names = [fault];
    done.add(fault);
    for (const name of names) {
      for (const other of linked.get(name) ?? []) {
        if (done.has(other)) continue;
        done.add(other);
        names.push(other);
      }
    }
    const members = names.map((name) => byName.get(name))
      .filter((state) => state !== undefined);
    classes.push(classOf(members));
  }
  return classes;
}

function classOf(states: readonly FaultState[]): FaultClass {
  if (states.length === 1) {
    const [{ fault, title, text, state, tags, seen }] = states;
    return { fault, members: states, title, text, state, tags, seen };
  }
  const first = new Map(states.map((state) => [
    state,
    state.seen.map(({ time }) => time).filter((time) => time !== undefined)
      .sort(compareTimes)[0],
  ]));
  const [shown, ...others] = states.toSorted((a, b) =>
    Number(first.get(a) === undefined) - Number(first.get(b) === undefined) ||
    compareTimes(first.get(a), first.get(b)) || compareText(a.fault, b.fault)
  );
  others.sort((a, b) => compareText(a.fault, b.fault));
  const members = [shown, ...others];
  const register = <T>(of: (state: FaultState) => Register<T>) =>
    of(members.find((member) => of(member).versions.length > 0) ?? shown);
  return {
    fault: shown.fault,
    members,
    title: register(({ title }) => title),
    text: register(({ text }) => text),
    state: register(({ state }) => state),
    tags: [...new Set(members.flatMap(({ tags }) => tags))].sort(compareText),
    seen: joined(members.flatMap(({ seen }) => seen)),
  };
}

/** Runs that saw several of the faults count once. */
function joined(seen: readonly SeenRun[]): SeenRun[] {
  const runs = new Map<string, SeenRun>();
  for (const one of seen) {
    const key = `${one.origin}\0${one.run}`;
    const known = runs.get(key);
    runs.set(
      key,
      known === undefined ? one : {
        ...known,
        runs: Math.max(known.runs, one.runs),
        count: known.count + one.count,
        time: later(known.time, one.time),
        tests: [...new Set([...known.tests, ...one.tests])].sort(compareText),
        versions: new Map([...known.versions, ...one.versions]),
        isAutomated: known.isAutomated || one.isAutomated,
      },
    );
  }
  return [...runs.values()].sort((a, b) =>
    compareText(a.origin, b.origin) || compareText(a.run, b.run)
  );
}
