/**
 * What `fault-log` prints. Whatever comes from a log is hostile: it is shown as
 * one line with control characters escaped, also where standard output is no
 * terminal, as people read these lines in terminals later.
 *
 * @module
 */

import { formatTimestamp, type Timestamp } from "@subunit/codec";
import { FAULT_TAG } from "../../kit/stream/fault_tag.ts";
import { visibleText } from "../../kit/text/visible.ts";
import type { Value } from "./cbor.ts";
import {
  factsOf,
  type FaultClass,
  type ListedFault,
  stateOf,
  titlesOf,
} from "./classes.ts";
import { type LogEvent, STATES } from "./event.ts";
import { compareTimes, inOrder, isInFuture, type Register } from "./fold.ts";
import type { Experience } from "./ranking.ts";

/** The forms of a list. */
export const FORMATS = ["plain", "tsv", "json"] as const;
/** One of them. */
export type Format = typeof FORMATS[number];

/** How many digits of an event's id are shown. */
const SHORT_ID = 12;

/** The name of a fault without what all have in common. */
export function shortName(fault: string): string {
  return fault.slice(FAULT_TAG.length);
}

function timeText(time: Timestamp | undefined): string {
  return time === undefined ? "-" : formatTimestamp(time);
}

/** A fault in a list, and its numbers if they were asked for. */
export function formatRow(
  it: ListedFault,
  experience: Experience | undefined,
  format: Format,
  now: Timestamp,
): string {
  const { title, state, last } = it;
  const isLate = isInFuture(last, now);
  if (format === "json") {
    return visibleText(JSON.stringify({
      fault: it.fault,
      ...(it.same.length > 0 ? { same: it.same } : {}),
      state,
      title,
      tags: it.tags,
      ...(it.isConflict ? { conflict: true } : {}),
      last_seen: last && formatTimestamp(last),
      ...(isLate ? { in_future: true } : {}),
      ...(experience && {
        runs: experience.runs,
        origins: experience.origins,
        tests: experience.tests,
        automated_runs: experience.automated || undefined,
        rate: experience.rate,
      }),
    }));
  }
  const numbers = experience === undefined ? [] : [
    experience.runs,
    experience.origins,
    experience.tests,
    experience.rate?.toFixed(3) ?? "-",
  ];
  if (format === "tsv") {
    return visibleFields([
      it.fault,
      state,
      title ?? "",
      it.tags.join(","),
      timeText(last),
      ...numbers,
    ]);
  }
  const counted = experience === undefined
    ? ""
    : `${plural(experience.runs, "run")}, ${
      plural(experience.origins, "origin")
    }${
      experience.automated > 0
        ? ` (and ${plural(experience.automated, "automated run")})`
        : ""
    }${
      experience.rate === undefined
        ? ""
        : `, ${(100 * experience.rate).toFixed(1)} %`
    }: `;
  const marks = [
    it.isConflict ? "conflict" : "",
    isLate ? "in the future" : "",
    ...it.tags.map((tag) => `#${tag}`),
  ].filter((mark) => mark !== "");
  return visibleText(
    `${counted}${shortName(it.fault)} ${state} ${title ?? "(no title)"}${
      marks.length > 0 ? ` (${marks.join(" ")})` : ""
    }`,
  );
}

/** Fields of a line of TSV. */
export function visibleFields(fields: readonly (string | number)[]): string {
  return fields.map((field) => visibleText(String(field))).join("\t");
}

/** A count with its noun. */
export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** What `show` prints of a fault, line by line. */
export function* describe(
  it: FaultClass,
  now: Timestamp,
  verdicts?: (event: LogEvent) => string,
): Generator<string> {
  yield visibleText(it.fault);
  const [, ...others] = it.members;
  if (others.length > 0) {
    yield row("same as", others.map(({ fault }) => fault).join(", "));
  }
  yield* describeRegister("title", it.title, (title) => title);
  if (it.title.versions.length === 0 && titlesOf(it).length > 0) {
    yield row("message", titlesOf(it)[0]);
  }
  if (it.state.versions.length === 0) {
    yield row("state", stateText(stateOf(it)));
  } else yield* describeRegister("state", it.state, stateText);
  yield* describeRegister("text", it.text, (text) => text);
  if (it.tags.length > 0) yield row("tags", it.tags.join(" "));
  for (const [key, value] of factsOf(it)) yield row(key, value);
  if (it.seen.length > 0) yield* describeSeen(it);
  yield "";
  const events = it.members.flatMap(({ timeline }) => timeline);
  for (const event of inOrder(events, now)) {
    yield describeEvent(event, it, now, verdicts);
  }
}

function row(name: string, value: string): string {
  return visibleText(`${name.padEnd(8)} ${value}`);
}

function stateText(state: string): string {
  return `${state} (${STATES[state as keyof typeof STATES]})`;
}

function* describeRegister<T extends string>(
  name: string,
  { versions, isConflict }: Register<T>,
  textOf: (value: T) => string,
): Generator<string> {
  if (versions.length === 0) return;
  const [{ value, event }] = versions;
  if (!isConflict) {
    const reason = event.kind === "state" && typeof event.value === "string"
      ? `: ${event.value}`
      : "";
    return yield row(name, `${textOf(value)}${name === "state" ? reason : ""}`);
  }
  yield row(`${name} ⚠`, `${versions.length} versions:`);
  for (const { value, event } of versions) {
    yield row("", `${textOf(value)} — ${signature(event)}`);
  }
}

/** Who said something, and when. */
function signature({ author, time, id }: LogEvent): string {
  return `${author ?? "(unknown)"}, ${timeText(time)}, ${
    id.slice(0, SHORT_ID)
  }`;
}

function* describeSeen({ seen }: FaultClass): Generator<string> {
  const times = seen.map(({ time }) => time).sort(compareTimes);
  const runs = seen.reduce((sum, one) => sum + one.runs, 0);
  const origins = new Set(seen.map(({ origin }) => origin)).size;
  yield row(
    "seen",
    `${plural(runs, "run")}, ${plural(origins, "origin")}, first ${
      timeText(times[0])
    }, last ${timeText(times.at(-1))}`,
  );
  const tests = [...new Set(seen.flatMap(({ tests }) => tests))].sort();
  for (const test of tests) yield row("in", test);
}

function describeEvent(
  event: LogEvent,
  it: FaultClass,
  now: Timestamp,
  verdicts: ((event: LogEvent) => string) | undefined,
): string {
  const { kind, author, time, unreadable, tags = [], run, count } = event;
  const isLate = isInFuture(time, now);
  const isAdvisory = it.members.some(({ advisory }) => advisory.has(event));
  const parts = [
    `${timeText(time)}${isLate ? " (in the future)" : ""}`,
    event.id.slice(0, SHORT_ID),
    ...(verdicts ? [verdicts(event)] : []),
    author ?? "-",
    kind === "" ? "event" : kind,
    ...(isAdvisory ? ["(not applied)"] : []),
    ...(event.state ? [event.state] : []),
    ...tags,
    ...(run === undefined ? [] : [`run ${run}`]),
    ...(count === undefined ? [] : [`${count} times`]),
    ...(event.value === undefined ? [] : [valueText(event.value)]),
    ...(event.redacts ?? []).map((id) => `redacts ${id.slice(0, SHORT_ID)}`),
    ...(event.others ? [`unknown ${valueText(event.others)}`] : []),
    ...(unreadable === undefined ? [] : [`(${unreadable})`]),
  ];
  return visibleText(parts.join(" "));
}

/** The most characters of a value in a timeline; `--json` has all of it. */
const SHOWN_CHARACTERS = 200;

function valueText(value: Value): string {
  const text = typeof value === "string"
    ? value
    : JSON.stringify(plainValue(value));
  return text.length <= SHOWN_CHARACTERS
    ? text
    : `${text.slice(0, SHOWN_CHARACTERS).toWellFormed()}…`;
}

/** A value as JSON has it. */
function plainValue(value: Value): unknown {
  if (value instanceof Uint8Array) return value.toHex();
  if (value instanceof Map) {
    return Object.fromEntries(
      [...value].map(([key, value]) => [key, plainValue(value)]),
    );
  }
  return Array.isArray(value) ? value.map(plainValue) : value;
}

/** A fault as one JSON object. */
export function faultJson(
  it: FaultClass,
  verdicts?: (event: LogEvent) => string,
): string {
  const register = <T>({ versions, isConflict }: Register<T>) => ({
    conflict: isConflict,
    versions: versions.map(({ value, event }) => ({
      value,
      author: event.author,
      time: event.time && formatTimestamp(event.time),
      id: event.id,
    })),
  });
  return visibleText(JSON.stringify({
    fault: it.fault,
    members: it.members.map(({ fault }) => fault),
    title: register(it.title),
    text: register(it.text),
    state: stateOf(it),
    states: register(it.state),
    tags: it.tags,
    facts: factsOf(it).map(([name, value]) => ({ name, value })),
    seen: it.seen.map((one) => ({
      origin: one.origin,
      run: one.run,
      runs: one.runs,
      count: one.count,
      time: one.time && formatTimestamp(one.time),
      tests: one.tests,
      versions: plainValue(one.versions),
      automated: one.isAutomated || undefined,
    })),
    timeline: it.members.flatMap(({ timeline }) => timeline)
      .map((event) => ({
        id: event.id,
        fault: event.fault,
        kind: event.kind,
        time: event.time && formatTimestamp(event.time),
        author: event.author,
        state: event.state,
        tags: event.tags,
        value: event.value === undefined ? undefined : plainValue(event.value),
        supersedes: event.supersedes,
        redacts: event.redacts,
        run: event.run,
        count: event.count,
        tests: event.tests,
        versions: event.versions && plainValue(event.versions),
        unreadable: event.unreadable,
        verdict: verdicts?.(event),
      })),
  }));
}
