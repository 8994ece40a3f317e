/**
 * The list of failures that are excused for a time.
 *
 * @module
 */

import { pythonRegex } from "../kit/python/regex.ts";

/** A line of the list. */
export interface Entry {
  /** The line, as it is in the list. */
  readonly line: string;
  /** A test id, "re:" and a pattern of ids, or a tag "fault:ID". */
  readonly what: string;
  /** The last day on which it excuses anything: "2027-01-31", in UTC. */
  readonly until: string;
  readonly ticket: string;
  readonly reason: string;
  readonly isExpired: boolean;
}

/** When entries excuse. */
export interface Calendar {
  /** The present day in UTC, as "2027-01-31". */
  readonly today: string;
  /** How many days ahead an entry may end. */
  readonly maxDays: number;
}

const MILLISECONDS_A_DAY = 24 * 60 * 60 * 1000;
const FAULT = "fault:";
const PATTERN = "re:";

/** The time at which a day begins; undefined if there is no such day. */
export function startOfDay(day: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(day)) return undefined;
  const time = Date.parse(`${day}T00:00:00Z`);
  // 2027-02-30 is either refused or another day.
  const isDay = !Number.isNaN(time) &&
    new Date(time).toISOString().startsWith(day);
  return isDay ? time : undefined;
}

/** The day so many days after another one. */
export function dayAfter(day: string, days: number): string {
  return new Date(startOfDay(day)! + days * MILLISECONDS_A_DAY)
    .toISOString().slice(0, 10);
}

/** The entries of a list, to be found by tests. */
export class QuarantineList {
  readonly entries: readonly Entry[];
  readonly #byWhat = new Map<string, Entry>();
  readonly #patterns: readonly [RegExp, Entry][];

  /**
   * Reads a list: a line for each entry, its four fields separated by tabs; empty
   * lines and those that begin with "#" say nothing.
   *
   * @throws {SyntaxError} with the line, when an entry is not complete, is there
   * twice, or ends too far ahead
   * @throws {UsageError} when a pattern is refused
   */
  constructor(text: string, calendar: Calendar) {
    const entries: Entry[] = [], patterns: [RegExp, Entry][] = [];
    for (const [i, line] of text.split(/\r?\n/).entries()) {
      if (line.trim() === "" || line.startsWith("#")) continue;
      const entry = parseEntry(line, `line ${i + 1}`, calendar);
      const { what } = entry;
      if (this.#byWhat.has(what)) {
        throw new SyntaxError(`line ${i + 1}: "${what}" is there twice`);
      }
      entries.push(entry);
      this.#byWhat.set(what, entry);
      if (what.startsWith(PATTERN)) {
        patterns.push([pythonRegex(what.slice(PATTERN.length)), entry]);
      }
    }
    this.entries = entries;
    this.#patterns = patterns;
  }

  /** The entries that name a test. */
  naming(testId: string): Entry[] {
    const entry = isId(testId) ? this.#byWhat.get(testId) : undefined;
    return [
      ...(entry === undefined ? [] : [entry]),
      ...this.#patterns.flatMap(([regex, entry]) =>
        regex.test(testId) ? [entry] : []
      ),
    ];
  }

  /** The entries that name a fault by one of the tags of a failure. */
  withFault(tags: readonly string[]): Entry[] {
    return tags.flatMap((tag) => {
      const entry = tag.startsWith(FAULT) ? this.#byWhat.get(tag) : undefined;
      return entry === undefined ? [] : [entry];
    });
  }
}

/** Whether an entry is about a fault, not about tests. */
export function isAboutFault({ what }: Entry): boolean {
  return what.startsWith(FAULT);
}

/** Whether a test can be named by its id alone. */
function isId(testId: string): boolean {
  return !testId.startsWith(FAULT) && !testId.startsWith(PATTERN);
}

function parseEntry(
  line: string,
  where: string,
  { today, maxDays }: Calendar,
): Entry {
  const fields = line.split("\t");
  const [what, until, ticket, reason] = fields.map((field) => field.trim());
  if (fields.length !== 4 || !what || !until || !ticket || !reason) {
    throw new SyntaxError(
      `${where}: expected WHAT, UNTIL, TICKET and REASON, with tabs between`,
    );
  }
  const end = startOfDay(until);
  if (end === undefined) {
    throw new SyntaxError(`${where}: "${until}" is not a day like 2027-01-31`);
  }
  if (until > dayAfter(today, maxDays)) {
    throw new SyntaxError(
      `${where}: "${until}" is more than ${maxDays} days ahead`,
    );
  }
  // It excuses until the midnight, in UTC, at which that day ends.
  const isExpired = today > until;
  return { line, what, until, ticket, reason, isExpired };
}

/** Characters that a pattern does not stand for, or a line cannot hold. */
const SPECIAL = /[\\^$.*+?()[\]{}|]/g;
// deno-lint-ignore no-control-regex -- looks for control characters
const UNWRITABLE = /[\x00-\x1f\x7f]/g;

/** Whether a field of a line can have a text as it is. */
function isWritable(text: string): boolean {
  return text.trim() === text && text.search(UNWRITABLE) < 0;
}

/**
 * How a list names a test: by its fault, by its id, or where a line can have
 * neither, by a pattern.
 */
export function nameInList(testId: string, fault?: string): string {
  if (fault !== undefined && isWritable(fault)) return fault;
  const isPlain = isId(testId) && isWritable(testId) &&
    !testId.startsWith("#") && testId !== "";
  if (isPlain) return testId;
  const pattern = testId.replace(SPECIAL, "\\$&").replace(
    UNWRITABLE,
    (character) =>
      `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return `${PATTERN}^${pattern}\\Z`;
}
