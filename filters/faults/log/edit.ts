/**
 * The events that a person's words become.
 *
 * @module
 */

import type { Timestamp } from "@subunit/codec";
import { UsageError } from "../../kit/errors.ts";
import {
  FAULT_TAG,
  hasControls,
  isReserved,
} from "../../kit/stream/fault_tag.ts";
import {
  encodeEvent,
  type EventFields,
  type LogEvent,
  type State,
} from "./event.ts";
import { type FaultState, registersOf } from "./fold.ts";

/** What a person says about a fault. */
export interface Statement {
  readonly title?: string;
  readonly text?: string;
  readonly comments: readonly string[];
  readonly state?: State;
  /** Why it has that state. */
  readonly reason?: string;
  /** "+name" or "name" adds a tag, "-name" removes it. */
  readonly tags: readonly string[];
  readonly facts: ReadonlyMap<string, string>;
  /** Other faults; "-ID" if they are not the same. */
  readonly same: readonly string[];
  readonly author?: string;
  readonly time: Timestamp;
}

/** A tag with its sign. */
function signed(tag: string): string {
  const whole = /^[+-]/.test(tag) ? tag : `+${tag}`;
  if (whole.length > 1) return whole;
  throw new UsageError(`Option --tag is "${tag}": expected a name`);
}

/** The test id of a fault, from how people write it. */
export function faultName(text: string): string {
  return text.startsWith(FAULT_TAG) ? text : FAULT_TAG + text;
}

/**
 * {@linkcode faultName} for what is written into a log.
 *
 * @throws {UsageError} when a list of faults, one in a line, could not hold it
 */
export function newFaultName(text: string): string {
  const name = faultName(text);
  const problem = name === FAULT_TAG
    ? "it has no name"
    : isReserved(name)
    ? "logs keep other things there"
    : hasControls(name)
    ? "it has control characters or line ends"
    : undefined;
  if (problem === undefined) return name;
  throw new UsageError(`Cannot use "${text}" as a fault: ${problem}`);
}

/**
 * The packets of a statement: one for each kind of event. The state of a fault
 * goes with its title, if there is one.
 *
 * @param known what the log says of the fault
 * @param replaces whether the values there are replaced, not added to
 * @throws {UsageError} when nothing is said, or what is said does not fit
 */
export function encodeStatement(
  fault: string,
  said: Statement,
  known: FaultState | undefined,
  replaces: boolean,
): Uint8Array[] {
  const { title, text, state, author, time } = said;
  const drafts: Pick<EventFields, "kind" | "value" | "tags" | "supersedes">[] =
    [];
  const heads = (register: "title" | "text" | "state") =>
    replaces
      ? known?.[register].versions.map(({ event }) => event.id) ?? []
      : [];
  if (title !== undefined) {
    drafts.push({ kind: "title", value: title, supersedes: heads("title") });
  }
  if (text !== undefined) {
    drafts.push({ kind: "text", value: text, supersedes: heads("text") });
  }
  for (const value of said.comments) drafts.push({ kind: "comment", value });
  if (said.facts.size > 0) drafts.push({ kind: "fact", value: said.facts });
  for (const other of said.same) {
    const isNot = other.startsWith("-");
    const name = newFaultName(isNot ? other.slice(1) : other);
    drafts.push({
      kind: "same",
      value: isNot ? `-${name}` : name,
      supersedes: eventsFor(known, `same:${name}`),
    });
  }
  const tags = said.tags.map(signed);
  if (tags.length > 0) {
    const removed = tags.filter((tag) => tag.startsWith("-"));
    drafts.push({
      kind: "tag",
      tags,
      supersedes: removed.flatMap((tag) => additionsOf(known, tag.slice(1))),
    });
  }
  const isTitled = title !== undefined;
  if (state !== undefined && !isTitled) {
    drafts.push({ kind: "state", value: said.reason });
  }
  if (drafts.length === 0) {
    throw new UsageError(
      "There is nothing to say: give --title, --text, --comment, --state, --tag, --fact or --same",
    );
  }
  return drafts.map((draft) => {
    // Not with a comment: it would replace another one that set the state.
    const sets = draft.kind === (isTitled ? "title" : "state")
      ? state
      : undefined;
    const supersedes = [
      ...draft.supersedes ?? [],
      ...(sets === undefined ? [] : heads("state")),
    ];
    return fitting({
      ...draft,
      fault,
      author,
      time,
      state: sets,
      supersedes: supersedes.length > 0 ? supersedes : undefined,
    });
  });
}

/** @throws {UsageError} when it does not fit into a packet */
function fitting(event: EventFields): Uint8Array {
  try {
    return encodeEvent(event);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

/** The events that set a register; those that are gone do no harm. */
function eventsFor(
  known: FaultState | undefined,
  register: string,
): string[] {
  return known?.timeline
    .filter((event) => registersOf(event).includes(register))
    .map(({ id }) => id) ?? [];
}

/** The events that added a tag. */
function additionsOf(known: FaultState | undefined, tag: string): string[] {
  return known?.timeline
    .filter(({ tags }) => tags?.includes(`+${tag}`))
    .map(({ id }) => id) ?? [];
}

/**
 * The packet that redacts an event. It goes on superseding what that did, in the
 * same registers: otherwise an older title would come back.
 */
export function encodeRedaction(
  event: LogEvent,
  { author, time, reason }: {
    readonly author?: string;
    readonly time: Timestamp;
    readonly reason?: string;
  },
): Uint8Array {
  const ends = event.supersedes?.length ? registersOf(event) : [];
  return encodeEvent({
    fault: event.fault,
    kind: "redact",
    author,
    time,
    value: reason,
    redacts: [event.id],
    supersedes: ends.length > 0 ? event.supersedes : undefined,
    ends,
  });
}
