/**
 * The commands of fault-log that make a log smaller.
 *
 * @module
 */

import { UsageError } from "../../kit/errors.ts";
import { ToolError, type ToolIO } from "../../kit/tool/tool.ts";
import { appendEvents, checkLogAt } from "./append.ts";
import { MAX_ITEMS } from "./cbor.ts";
import { AUTOMATED } from "./collated.ts";
import { logAnd, oneLog, timeOf, verdictsOf } from "./commands.ts";
import { encodeRedaction } from "./edit.ts";
import {
  canonicalBytes,
  decodeEvent,
  encodeEvent,
  eventId,
  type LogEvent,
} from "./event.ts";
import { distinctEvents, foldFault, later } from "./fold.ts";
import { LogFiles } from "./log_file.ts";
import { forEachEvent } from "./merge.ts";
import type { Options } from "./option_table.ts";
import { isWithin, parseAge } from "./query.ts";
import { LogReader } from "./reader.ts";
import { rewriteLog } from "./rewrite.ts";

/** Adds redactions of events, which are named by the beginnings of their ids. */
export function redact(
  io: ToolIO,
  options: Options,
  operands: readonly string[],
): void {
  const [log, ...prefixes] = logAnd(operands, "the ids of EVENTs");
  const found = new Map<string, Map<string, Uint8Array>>(
    prefixes.map((prefix) => [prefix.toLowerCase(), new Map()]),
  );
  for (const prefix of found.keys()) {
    if (!/^[0-9a-f]{6,32}$/.test(prefix)) {
      throw new UsageError(
        `Cannot redact "${prefix}": expected at least 6 digits of an id`,
      );
    }
  }
  checkLogAt(log);
  forEachEvent(new LogFiles(io, [log]), (packet) => {
    const bytes = canonicalBytes(packet), id = eventId(bytes);
    for (const [prefix, events] of found) {
      if (id.startsWith(prefix)) events.set(id, bytes.slice());
    }
  });
  const time = timeOf(options), { author, reason } = options;
  const packets = [...found].map(([prefix, events]) => {
    if (events.size !== 1) {
      throw new ToolError(
        `Cannot redact "${prefix}": ${events.size} events in "${log}" have such an id: expected one`,
      );
    }
    const [event] = [...events.values()].map(decodeEvent);
    if (event.kind === "redact") {
      throw new ToolError(
        `Cannot redact "${prefix}": it is a redaction, which stays`,
      );
    }
    return encodeRedaction(event, { author, time, reason });
  });
  appendEvents(log, packets, { sync: options.sync });
  io.warn(
    `redact: ${packets.length} event${
      packets.length === 1 ? " is" : "s are"
    } still in the file, until fault-log purge, and in copies until they merge this`,
  );
}

/** Rewrites a log without what was redacted, and without what was compacted. */
export async function purge(
  io: ToolIO,
  { trusted }: Options,
  operands: readonly string[],
): Promise<void> {
  const log = oneLog(operands);
  const reader = new LogReader(new LogFiles(io, [log]));
  const verdicts = await verdictsOf(reader, trusted);
  const gone = rewriteLog(log, verdicts?.isTrusted);
  io.warn(`purge: ${gone} event${gone === 1 ? " is" : "s are"} gone`);
}

/** Replaces what an origin has seen in a month by one event. */
export function compact(
  io: ToolIO,
  options: Options,
  operands: readonly string[],
): void {
  const log = oneLog(operands), { author } = options;
  if (author === undefined) {
    throw new UsageError(
      "Only an origin compacts what it has seen: give its name as --author",
    );
  }
  const now = timeOf(options), age = parseAge(options.older ?? "90d");
  const packets: Uint8Array[] = [];
  for (const faults of new LogReader(new LogFiles(io, [log])).groups()) {
    for (const { fault, packets: events } of faults) {
      packets.push(...compacted(
        fault,
        distinctEvents(events),
        author,
        ({ time }) => time !== undefined && !isWithin(time, age, now),
      ));
    }
  }
  appendEvents(log, packets, { sync: options.sync });
  const gone = rewriteLog(log);
  io.warn(`compact: ${gone} events are now ${packets.length}`);
}

/**
 * The events that replace those of an origin, one for each month; automated runs
 * have one of their own, as they are counted apart.
 */
export function compacted(
  fault: string,
  events: readonly LogEvent[],
  author: string,
  isOld: (event: LogEvent) => boolean,
): Uint8Array[] {
  const own = events.filter((event) =>
    event.kind === "seen" && event.author === author
  );
  const ended = new Set(own.flatMap(({ supersedes = [] }) => supersedes));
  const months = new Map<string, LogEvent[]>();
  for (const event of own) {
    if (!isOld(event) || ended.has(event.id)) continue;
    const month = monthOf(event);
    const known = months.get(month);
    if (known === undefined) months.set(month, [event]);
    else known.push(event);
  }
  return [...months].flatMap(([month, events]) => {
    if (events.length < 2) return [];
    const replaced = events.slice(0, MAX_ITEMS);
    const { seen } = foldFault(fault, replaced);
    return [encodeEvent({
      fault,
      kind: "seen",
      author,
      run: month,
      time: seen.map(({ time }) => time).reduce(later),
      tags: isAutomated(replaced[0]) ? [AUTOMATED] : undefined,
      value: total(seen.map(({ runs }) => runs)),
      count: total(seen.map(({ count }) => count)),
      tests: seen.flatMap(({ tests }) => tests),
      versions: new Map(seen.flatMap(({ versions }) => [...versions])),
      supersedes: replaced.map(({ id }) => id),
    })];
  });
}

/** A sum that an event can hold, whatever others claim to have counted. */
function total(counts: readonly number[]): number {
  return Math.min(
    counts.reduce((sum, count) => sum + count, 0),
    Number.MAX_SAFE_INTEGER,
  );
}

/** What a month's event is called: "2026-11", "2026-11 automated". */
function monthOf(event: LogEvent): string {
  const month = new Date(1000 * event.time!.seconds).toISOString().slice(0, 7);
  return isAutomated(event) ? `${month} ${AUTOMATED}` : month;
}

function isAutomated({ tags = [] }: LogEvent): boolean {
  return tags.includes(AUTOMATED);
}
