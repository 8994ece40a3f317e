/**
 * What a log says of a fault, from the set of its events: in whatever order they
 * stand, and however often.
 *
 * An event sets registers: "title", "text", "state", and one for each other fault
 * that it may be the same as. In a register it is gone when another event that
 * sets the same one supersedes it; so nobody conflicts with himself, and of two
 * that did not see each other both are kept.
 *
 * @module
 */

import type { Timestamp } from "@subunit/codec";
import { FAULT_TAG } from "../../kit/stream/fault_tag.ts";
import { compareText } from "../../kit/text/order.ts";
import { compareBytes, type Value } from "./cbor.ts";
import { AUTOMATED } from "./collated.ts";
import { decodeEvent, type LogEvent, type State } from "./event.ts";

/** What reading a log depends on, besides the log. */
export interface FoldOptions {
  /** Events that are dated more than a day later sort as if they were of now. */
  readonly now?: Timestamp;
  /** Says which events are signed by somebody trusted; by default all count. */
  isTrusted?(id: string): boolean;
}

/** One of the values that a register has. */
export interface Version<T = string> {
  readonly value: T;
  readonly event: LogEvent;
}

/** The values that nothing supersedes, the newest first: the one to show. */
export interface Register<T = string> {
  readonly versions: readonly Version<T>[];
  /** Whether they differ, so that somebody has to decide. */
  readonly isConflict: boolean;
}

/** What is known of a fault in one run. */
export interface SeenRun {
  readonly origin: string;
  readonly run: string;
  /** How many runs it stands for: more than one if it was compacted. */
  readonly runs: number;
  readonly count: number;
  readonly time: Timestamp | undefined;
  readonly tests: readonly string[];
  readonly versions: ReadonlyMap<string | number, Value>;
  readonly isAutomated: boolean;
}

/** What a log says of one fault. */
export interface FaultState {
  readonly fault: string;
  readonly title: Register;
  readonly text: Register;
  readonly state: Register<State>;
  /** In order. */
  readonly tags: readonly string[];
  /** In the order of their origins, then of their names. */
  readonly seen: readonly SeenRun[];
  readonly comments: readonly LogEvent[];
  readonly facts: readonly LogEvent[];
  /** The faults that it is the same as, by its own events. */
  readonly same: readonly string[];
  /** All events that were not redacted, in order. */
  readonly timeline: readonly LogEvent[];
  /** Whether everything about it was redacted. */
  readonly isEmpty: boolean;
  /** Events that would have an effect if somebody trusted had signed them. */
  readonly advisory: ReadonlySet<LogEvent>;
}

/** Events that are dated so much later than now are wrong. */
export const DAY_SECONDS = 24 * 60 * 60;

/** Whether a clock that is wrong has made a time. */
export function isInFuture(
  time: Timestamp | undefined,
  now: Timestamp | undefined,
): boolean {
  return time !== undefined && now !== undefined &&
    secondsOf(time) > now.seconds + DAY_SECONDS;
}

function secondsOf({ seconds, nanoseconds }: Timestamp): number {
  return seconds + nanoseconds / 1e9;
}

/** When an event sorts, in seconds; those without a time come first. */
function sortTime(
  { time }: Pick<LogEvent, "time">,
  now: Timestamp | undefined,
): number {
  if (time === undefined) return -1;
  return isInFuture(time, now) ? now!.seconds : secondsOf(time);
}

/**
 * The events in the packets of a fault, each once.
 *
 * @param packets their bytes in a log, which the events are views of
 */
export function distinctEvents(packets: readonly Uint8Array[]): LogEvent[] {
  if (packets.length === 1) return [decodeEvent(packets[0])];
  return packets.toSorted(compareBytes)
    .filter((packet, i, all) => i === 0 || compareBytes(packet, all[i - 1]))
    .map(decodeEvent);
}

/** Registers, by their names, and the events that are gone in them. */
class Ended {
  readonly #ids = new Map<string, Set<string>>();

  add(register: string, ids: readonly string[]): void {
    let set = this.#ids.get(register);
    if (set === undefined) this.#ids.set(register, set = new Set());
    for (const id of ids) set.add(id);
  }

  has(register: string, event: LogEvent): boolean {
    // Most faults have no such event, and no name of a register is looked up.
    return this.#ids.size > 0 &&
      (this.#ids.get(register)?.has(event.id) ?? false);
  }
}

/** The name of the register that says whether a fault is the same as another. */
function sameRegister(value: string): string {
  return `same:${value.replace(/^-/, "")}`;
}

/**
 * The names of the registers in which an event replaces what it supersedes: those
 * that it sets, and the tags that it removes.
 */
export function registersOf(event: LogEvent): string[] {
  const { kind, value, state, tags = [] } = event;
  const registers = tags.filter((tag) => tag.startsWith("-"))
    .map((tag) => `tag:${tag.slice(1)}`);
  if (state !== undefined) registers.push("state");
  if (kind === "same") {
    if (typeof value === "string") registers.push(sameRegister(value));
  } else if (kind === "redact") {
    registers.push(...event.ends ?? []);
  } else if (kind === "seen") {
    registers.push(seenRegister(event));
  } else if (["title", "text", "comment", "fact"].includes(kind)) {
    registers.push(kind);
  }
  return registers;
}

/** Only an origin itself may compact what it has seen. */
function seenRegister({ author = "" }: LogEvent): string {
  return `seen:${author}`;
}

/** Folds the events of one fault, each of which is there once. */
export function foldFault(
  fault: string,
  events: readonly LogEvent[],
  { now, isTrusted }: FoldOptions = {},
): FaultState {
  const advisory = new Set<LogEvent>();
  const applies = (event: LogEvent) => {
    if (isTrusted === undefined || isTrusted(event.id)) return true;
    advisory.add(event);
    return false;
  };
  const redacted = new Set<string>();
  for (const event of events) {
    if (event.kind !== "redact" || !event.redacts?.length) continue;
    if (applies(event)) event.redacts.forEach((id) => redacted.add(id));
  }
  const kept = redacted.size === 0
    ? events
    : events.filter((event) =>
      event.kind === "redact" || !redacted.has(event.id)
    );
  const ended = new Ended(), endedByOthers = new Ended();
  for (const event of kept) {
    if (!event.supersedes?.length) continue;
    const target = isTrusted === undefined || isTrusted(event.id)
      ? ended
      : endedByOthers;
    for (const register of registersOf(event)) {
      target.add(register, event.supersedes);
    }
  }
  const isGone = (register: string, event: LogEvent) =>
    ended.has(register, event) ||
    // Others can replace only what others have said.
    (endedByOthers.has(register, event) && !isTrusted!(event.id));
  const order = byTime(now);
  const titles: Version[] = [], texts: Version[] = [];
  const states: Version<State>[] = [];
  const tags = new Set<string>();
  const comments: LogEvent[] = [], facts: LogEvent[] = [];
  const seen = new SeenRuns();
  const sames = new Map<string, Version[]>();
  for (const event of kept) {
    const { kind, state, value } = event;
    if (state !== undefined && applies(event) && !isGone("state", event)) {
      states.push({ value: state, event });
    }
    for (const tag of event.tags ?? []) {
      if (!tag.startsWith("+")) continue;
      const name = tag.slice(1);
      if (!isGone(`tag:${name}`, event)) tags.add(name);
    }
    if (kind === "seen") {
      // Whoever writes sightings decides what is on top of a ranked list.
      if (applies(event) && !isGone(seenRegister(event), event)) {
        seen.add(event);
      }
    } else if (kind === "title" || kind === "text") {
      if (typeof value !== "string" || isGone(kind, event)) continue;
      (kind === "title" ? titles : texts).push({ value, event });
    } else if (kind === "comment") {
      if (!isGone("comment", event)) comments.push(event);
    } else if (kind === "fact") {
      if (!isGone("fact", event)) facts.push(event);
    } else if (kind === "same" && typeof value === "string") {
      const register = sameRegister(value);
      if (!applies(event) || isGone(register, event)) continue;
      const others = sames.get(register);
      if (others === undefined) sames.set(register, [{ value, event }]);
      else others.push({ value, event });
    }
  }
  const register = <T>(versions: Version<T>[]): Register<T> => ({
    versions: versions.length < 2
      ? versions
      : versions.sort((a, b) => order(b.event, a.event)),
    isConflict: versions.some(({ value }) => value !== versions[0].value),
  });
  return {
    fault,
    title: register(titles),
    text: register(texts),
    state: register(states),
    tags: [...tags].sort(compareText),
    seen: seen.values(),
    comments: comments.sort(order),
    facts: facts.sort(order),
    same: [...sames.values()]
      .map((versions) => register(versions).versions[0].value)
      .filter((value) => value.startsWith(FAULT_TAG) && value !== fault)
      .sort(compareText),
    // Computed when it is asked for: a query of a million faults shows none.
    get timeline() {
      return inOrder(kept, now);
    },
    isEmpty: kept.every(({ kind }) => kind === "redact"),
    advisory,
  };
}

function byTime(
  now: Timestamp | undefined,
): (a: LogEvent, b: LogEvent) => number {
  return (a, b) =>
    sortTime(a, now) - sortTime(b, now) || compareText(a.id, b.id);
}

/** Events in order of time, but behind those that they supersede. */
export function inOrder(
  events: readonly LogEvent[],
  now: Timestamp | undefined,
): LogEvent[] {
  const waiting = new Map(
    events.toSorted(byTime(now)).map((event) => [event.id, event]),
  );
  const ordered: LogEvent[] = [];
  for (const first of waiting.values()) {
    // A stack: a chain of edits may be long.
    for (const stack = [first]; stack.length > 0;) {
      const event = stack.at(-1)!;
      const before = event.supersedes
        ?.find((id) => waiting.has(id) && id !== event.id);
      if (before !== undefined) {
        stack.push(waiting.get(before)!);
        continue;
      }
      stack.pop();
      if (waiting.delete(event.id)) ordered.push(event);
    }
  }
  return ordered;
}

/** No event stands for more runs, whatever it claims. */
export const MAX_RUNS = 1_000_000;

type RunDraft = { -readonly [key in keyof SeenRun]: SeenRun[key] };

/** What was seen, by origin and run: of two reports the larger numbers count. */
class SeenRuns {
  readonly #runs = new Map<string, RunDraft>();

  add(event: LogEvent): void {
    const { author: origin = "", run = "", time, value } = event;
    const { count = 1, tests = [], versions = new Map(), tags = [] } = event;
    const runs = typeof value === "number" && value > 0
      ? Math.min(value, MAX_RUNS)
      : 1;
    const isAutomated = tags.includes(AUTOMATED);
    const key = `${origin}\0${run}`;
    const known = this.#runs.get(key);
    if (known === undefined) {
      this.#runs.set(key, {
        origin,
        run,
        runs,
        count,
        time,
        tests,
        versions,
        isAutomated,
      });
      return;
    }
    known.runs = Math.max(known.runs, runs);
    known.count = Math.max(known.count, count);
    known.time = later(known.time, time);
    known.tests = [...new Set([...known.tests, ...tests])].sort(compareText);
    known.versions = united(known.versions, versions);
    known.isAutomated ||= isAutomated;
  }

  values(): SeenRun[] {
    return [...this.#runs.values()].sort((a, b) =>
      compareText(a.origin, b.origin) || compareText(a.run, b.run)
    );
  }
}

/** The later of two times, of which either may be missing. */
export function later(
  a: Timestamp | undefined,
  b: Timestamp | undefined,
): Timestamp | undefined {
  return compareTimes(a, b) < 0 ? b : a;
}

/** Compares times; none is the earliest. */
export function compareTimes(
  a: Timestamp | undefined,
  b: Timestamp | undefined,
): number {
  if (a === undefined || b === undefined) {
    return Number(a !== undefined) - Number(b !== undefined);
  }
  return a.seconds - b.seconds || a.nanoseconds - b.nanoseconds;
}

/** All versions of two maps; of two values the one that is larger as text. */
function united(
  a: ReadonlyMap<string | number, Value>,
  b: ReadonlyMap<string | number, Value>,
): ReadonlyMap<string | number, Value> {
  const all = new Map(a);
  for (const [key, value] of b) {
    const known = all.get(key);
    if (known === undefined || String(known) < String(value)) {
      all.set(key, value);
    }
  }
  return new Map([...all].sort(([a], [b]) => compareText(`${a}`, `${b}`)));
}
