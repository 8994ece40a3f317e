/**
 * The commands of fault-log that read a log, or add to it.
 *
 * @module
 */

import {
  addSeconds,
  now as clock,
  parseTimestamp,
  type Timestamp,
} from "@subunit/codec";
import { UsageError } from "../../kit/errors.ts";
import { isRegularFile } from "../../kit/io/files.ts";
import { lines } from "../../kit/io/lines.ts";
import { isReserved, RUNS, SIGNATURES } from "../../kit/stream/fault_tag.ts";
import { parseChoice, parseCount } from "../../kit/tool/options.ts";
import { ToolError, type ToolIO } from "../../kit/tool/tool.ts";
import { appendEvents, checkLogAt } from "./append.ts";
import {
  type FaultClass,
  faultsIn,
  isConflict,
  readClasses,
} from "./classes.ts";
import {
  encodeStatement,
  faultName,
  newFaultName,
  type Statement,
} from "./edit.ts";
import { canonicalBytes, type LogEvent } from "./event.ts";
import type { RowTest } from "./evidence.ts";
import type { FaultState, FoldOptions } from "./fold.ts";
import type { LogIndex } from "./index.ts";
import type { Verdicts } from "./signatures.ts";
import { forEachChosen } from "./signed_ids.ts";
import { LogFiles, reportStrange } from "./log_file.ts";
import { forEachEvent } from "./merge.ts";
import type { Options } from "./option_table.ts";
import { matcher, parseAge, parseQuery, parseState } from "./query.ts";
import {
  type Found,
  type QueryPlan,
  type Rank,
  RANKS,
  RunCounts,
} from "./ranking.ts";
import { among, beginningWith, NamedFaults } from "./named_faults.ts";
import { LogReader, type LogSource } from "./reader.ts";
import { describe, faultJson, formatRow, FORMATS, plural } from "./report.ts";

/** How much is appended at a time: each time the log is read once. */
const BATCH_BYTES = 64 * 1024 * 1024;

/** The time that the options give, or that of the clock. */
export function timeOf({ at }: Options): Timestamp {
  if (at === undefined) return clock();
  try {
    const time = addSeconds(parseTimestamp(at), 0);
    if (time !== undefined) return time;
  } catch {
    // It is not a time.
  }
  throw new UsageError(
    `Option --at is "${at}": expected a time as 2026-01-31T12:00:00Z, from 1970 to 2106`,
  );
}

/** The operands of a command that takes a log and more. */
export function logAnd(
  operands: readonly string[],
  what: string,
): [log: string, ...more: string[]] {
  const [log, ...more] = operands;
  if (log === undefined || more.length === 0) {
    throw new UsageError(`The command needs a LOG and ${what}`);
  }
  return [log, ...more];
}

/** The operand of a command that takes a log and nothing else. */
export function oneLog([log, ...rest]: readonly string[]): string {
  if (log === undefined || rest.length > 0) {
    throw new UsageError("The command needs one LOG");
  }
  return log;
}

/** The faults whose names begin so. */
function faultsNamed(source: LogSource, text: string): NamedFaults {
  return new NamedFaults(source, beginningWith([faultName(text)]));
}

/** The one fault that is named so, in full or by how its name begins. */
function findFault(named: NamedFaults, text: string, log: string): string {
  const wanted = faultName(text);
  const names = named.found().filter((name) => !isReserved(name));
  if (names.includes(wanted)) return wanted;
  if (names.length === 1) return names[0];
  throw new ToolError(
    names.length === 0
      ? `Cannot find "${text}" in "${log}": check the id`
      : `Cannot tell which fault is "${text}": ${names.length} in "${log}" begin so: give more of the id`,
  );
}

/** The fault of that very name, and those that are the same; undefined if none. */
function classWith(
  reader: LogReader,
  fault: string,
  options: FoldOptions,
): FaultClass | undefined {
  for (const it of readClasses(reader, options, (name) => name === fault)) {
    if (it.members.some((member) => member.fault === fault)) return it;
  }
}

/** `append` and `set`: what the options say about a fault. */
async function say(
  io: ToolIO,
  options: Options,
  operands: readonly string[],
  replaces: boolean,
): Promise<void> {
  const [log, fault, ...rest] = logAnd(operands, "a FAULT");
  if (rest.length > 0) {
    throw new UsageError(`Cannot use "${rest[0]}": one FAULT at a time`);
  }
  if (options.edit && !replaces) {
    throw new UsageError("Option --edit is for set");
  }
  if (options.edit && (options.title ?? options.text) !== undefined) {
    throw new UsageError("Option --edit excludes --title and --text");
  }
  const time = timeOf(options);
  const said: Statement = {
    title: options.title,
    text: options.text,
    comments: options.comment,
    state: options.state === undefined ? undefined : parseState(options.state),
    reason: options.reason,
    tags: options.tag,
    facts: new Map(options.fact.map(parseFact)),
    same: options.same,
    author: options.author,
    time,
  };
  let name = newFaultName(fault), known: FaultState | undefined;
  checkLogAt(log);
  const removes = options.tag.some((tag) => tag.startsWith("-"));
  // A log that is not there yet says nothing.
  const isAsked = removes || options.same.length > 0;
  if (replaces || (isAsked && isRegularFile(log))) {
    const named = faultsNamed(new LogFiles(io, [log]), fault);
    if (replaces) name = newFaultName(findFault(named, fault, log));
    known = classWith(named.readerOf([name]), name, { now: time })?.members
      .find((member) => member.fault === name);
  }
  let statement = said;
  if (options.edit && known !== undefined) {
    const { edit } = await import("./editing.ts");
    // What others say meanwhile is not replaced: nobody has seen it.
    const edited = await edit(known);
    statement = { ...said, ...edited };
    if ((edited.title ?? edited.text) === undefined && !saysAny(said)) {
      io.warn("set: the title and the description are as they were");
      return;
    }
  }
  appendEvents(log, encodeStatement(name, statement, known, replaces), {
    sync: options.sync,
  });
}

/** Whether something is said besides a title and a description. */
function saysAny(said: Statement): boolean {
  const { comments, state, tags, facts, same } = said;
  return state !== undefined ||
    comments.length + tags.length + facts.size + same.length > 0;
}

function parseFact(text: string): [name: string, value: string] {
  const at = text.indexOf("=");
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new UsageError(`Option --fact is "${text}": expected NAME=VALUE`);
}

/** Adds what the options say to a log, beside what is there. */
export function append(
  io: ToolIO,
  options: Options,
  operands: readonly string[],
): Promise<void> {
  return say(io, options, operands, false);
}

/** Adds what the options say, in place of what the log says now. */
export function set(
  io: ToolIO,
  options: Options,
  operands: readonly string[],
): Promise<void> {
  return say(io, options, operands, true);
}

/** Joins logs, into the first or to standard output. */
export function merge(
  io: ToolIO,
  options: Options,
  operands: readonly string[],
): number {
  const [first = "-", ...others] = operands;
  if (first === "-") return mergeToOutput(io, operands);
  const sources = new LogFiles(io, others);
  const touched = new Set<string>();
  let added = 0, batch: Uint8Array[] = [], bytes = 0;
  const flush = () => {
    added += appendEvents(first, batch, { sync: options.sync }).added;
    batch = [];
    bytes = 0;
  };
  // Redactions first: then no other event is added before one that names it.
  for (const isFirst of [true, false]) {
    forEachEvent(sources, (packet) => {
      if ((packet.fileName === "redact") !== isFirst) return;
      touched.add(packet.testId!);
      batch.push(canonicalBytes(packet).slice());
      bytes += packet.byteLength;
      if (bytes > BATCH_BYTES) flush();
    });
    flush();
  }
  reportStrange(io, new LogReader(sources).scan());
  const undecided = countConflicts(new LogFiles(io, [first]), touched);
  io.warn(
    `merge: ${plural(added, "new event")}, ${plural(undecided, "fault")} ${
      undecided === 1 ? "needs" : "need"
    } a decision${undecided > 0 ? ": fault-log query --conflict" : ""}`,
  );
  return options["exit-status"] && undecided > 0 ? 1 : 0;
}

function countConflicts(
  source: LogSource,
  touched: ReadonlySet<string>,
): number {
  const named = new NamedFaults(source, among(touched));
  const reader = named.readerOf([...touched]);
  let count = 0;
  for (const it of readClasses(reader, {}, (fault) => touched.has(fault))) {
    if (isConflict(it)) count++;
  }
  return count;
}

function mergeToOutput(io: ToolIO, files: readonly string[]): number {
  const source = new LogFiles(io, files);
  reportStrange(io, new LogReader(source).scan());
  forEachChosen(source, undefined, (bytes) => io.out.write(bytes));
  return 0;
}

/** Writes the events of the faults that match: whole timelines. */
export async function cat(
  io: ToolIO,
  options: Options,
  files: readonly string[],
): Promise<void> {
  const source = new LogFiles(io, files);
  const { isChosen, isTrusted } = await chosenFaults(io, source, options);
  forEachChosen(source, isChosen, (bytes) => io.out.write(bytes), isTrusted);
}

/** The faults that match --where, or all, and which events count. */
async function chosenFaults(
  io: ToolIO,
  source: LogSource,
  options: Options,
): Promise<Pick<FoldOptions, "isTrusted"> & { readonly isChosen?: RowTest }> {
  const now = timeOf(options), { where } = options;
  if (where === undefined) {
    const reader = new LogReader(source).scan();
    reportStrange(io, reader);
    return await foldOptions(reader, options, now);
  }
  const words = parseQuery(where);
  const { readerFor } = await import("./pass.ts");
  const reader = readerFor(source, words, now);
  const folding = await foldOptions(reader, options, now);
  const classes = readClasses(reader, folding);
  const chosen = faultsIn(classes, matcher(words, now));
  reportStrange(io, reader);
  return { isChosen: among(chosen).has, isTrusted: folding.isTrusted };
}

/** Verifies signatures only where that is asked for: openpgp takes 50 ms. */
export async function verdictsOf(
  reader: LogReader,
  keyrings: readonly string[],
): Promise<Verdicts | undefined> {
  if (keyrings.length === 0) return undefined;
  const { Verdicts } = await import("./signatures.ts");
  return await Verdicts.of(reader.packetsOf(SIGNATURES), keyrings);
}

/** What reading the log depends on. */
async function foldOptions(
  reader: LogReader,
  { trusted }: Options,
  now: Timestamp,
): Promise<FoldOptions> {
  return { now, isTrusted: (await verdictsOf(reader, trusted))?.isTrusted };
}

/** Prints what a log says of one fault. */
export async function show(
  io: ToolIO,
  options: Options,
  operands: readonly string[],
): Promise<void> {
  const files = operands.slice(0, -1), text = operands.at(-1);
  if (text === undefined || files.length === 0) {
    throw new UsageError("The command needs a LOG and a FAULT");
  }
  const now = timeOf(options);
  const named = faultsNamed(new LogFiles(io, files), text);
  const fault = findFault(named, text, files[0]);
  const reader = named.readerOf([fault]);
  const it = classWith(reader, fault, await foldOptions(reader, options, now))!;
  const verdicts = await verdictsOf(reader, options.keyring);
  const verdictOn = verdicts && (({ id }: LogEvent) => verdicts.of(id));
  reportStrange(io, reader);
  if (options.json) {
    io.out.writeText(`${faultJson(it, verdictOn)}\n`);
    return;
  }
  for (const line of describe(it, now, verdictOn)) {
    io.out.writeText(`${line}\n`);
  }
}

/** What --by is for a list: it begins with what was seen last. */
const NEWEST = "last";

function planOf(options: Options): QueryPlan {
  const now = timeOf(options);
  const { by = options.top === undefined ? NEWEST : "runs,origins" } = options;
  const ranks = by === NEWEST ? undefined : by.split(",")
    .map((rank): Rank => parseChoice("by", rank, RANKS));
  return {
    words: parseQuery(options.where ?? ""),
    now,
    window: options.since === undefined
      ? undefined
      : { seconds: parseAge(options.since), now },
    ranks,
    top: options.top === undefined ? Infinity : parseCount("top", options.top),
    conflict: options.conflict,
    unexplained: options.unexplained,
  };
}

/** Lists the faults that match, or those that most runs have seen. */
export async function query(
  io: ToolIO,
  options: Options,
  files: readonly string[],
): Promise<void> {
  const plan = planOf(options);
  const format = parseChoice("format", options.format ?? "plain", FORMATS);
  const found = await findIndexed(io, options, plan, files) ??
    await readFor(io, options, plan, files);
  for (const { it, experience } of found) {
    io.out.writeText(
      options.null
        ? `${it.fault}\0`
        : `${formatRow(it, plan.ranks && experience, format, plan.now)}\n`,
    );
  }
}

/** Asks the index, if there is one that is good for this. */
async function findIndexed(
  io: ToolIO,
  options: Options,
  plan: QueryPlan,
  files: readonly string[],
): Promise<Found[] | undefined> {
  if (options["no-index"]) return undefined;
  const [log] = files;
  if (options.index !== undefined && (files.length !== 1 || log === "-")) {
    throw new UsageError("An index is of one LOG: give one");
  }
  const path = options.index ?? (files.length === 1 ? indexBeside(log) : "");
  // With --trusted, what counts depends on the keys.
  if (options.trusted.length > 0) return undefined;
  if (options.index === undefined && !isRegularFile(path)) return undefined;
  try {
    using index = await updatedIndex(io, path, log);
    return index?.find(plan, (runs) => runCounts(io, options, () => runs));
  } catch (error) {
    // Nobody asked for it, and the log has all that it has.
    if (options.index !== undefined || !(error instanceof ToolError)) {
      throw error;
    }
    io.warn(`${error.message} (the log is read instead)`);
  }
}

/** Where an index is that is used without being asked for. */
function indexBeside(log: string): string {
  return `${log}.index`;
}

async function updatedIndex(
  io: ToolIO,
  path: string,
  log: string,
): Promise<LogIndex | undefined> {
  const { builtinSqlite, packagedSqlite } = await import(
    "../../kit/runtime/sqlite.ts"
  );
  const sqlite = builtinSqlite() ?? await packagedSqlite();
  if (sqlite === undefined) {
    io.warn(
      "There is no SQLite: install node-sqlite3-wasm, or Node 22.13 (the log is read instead)",
    );
    return undefined;
  }
  const { LogIndex } = await import("./index.ts");
  const index = new LogIndex(sqlite, path, log, new LogFiles(io, [log]));
  const cutOff = index.update();
  if (cutOff > 0) {
    io.warn(`The log has ${plural(cutOff, "byte")} behind its last event`);
  }
  return index;
}

/** Makes the index of a log, or reads on where it ends. */
export async function index(
  io: ToolIO,
  options: Options,
  operands: readonly string[],
): Promise<void> {
  const log = oneLog(operands);
  if (log === "-") throw new UsageError("The command needs one LOG");
  using _ = await updatedIndex(io, options.index ?? indexBeside(log), log);
}

/** Reads the log for a query. */
async function readFor(
  io: ToolIO,
  options: Options,
  plan: QueryPlan,
  files: readonly string[],
): Promise<Found[]> {
  const { findByPass } = await import("./pass.ts");
  return await findByPass(new LogFiles(io, files), plan, async (reader) => {
    const folding = await foldOptions(reader, options, plan.now);
    const counts = runCounts(
      io,
      options,
      () => reader.packetsOf(RUNS),
      folding.isTrusted,
    );
    reportStrange(io, reader);
    return { counts, folding };
  });
}

/** The runs that rates are relative to. */
function runCounts(
  io: ToolIO,
  { runs }: Options,
  packets: () => readonly Uint8Array[],
  isTrusted?: FoldOptions["isTrusted"],
): RunCounts {
  const counts = new RunCounts();
  if (runs === undefined) {
    counts.addPackets(packets(), isTrusted);
    return counts;
  }
  const decoder = new TextDecoder();
  for (const bytes of lines(io.chunks([runs]))) {
    const line = decoder.decode(bytes).trim();
    if (line === "") continue;
    const [, origin = "", run] = /^(?:(.*?)[\t ]+)?(\S+)$/.exec(line) ?? [];
    counts.add({ origin, run, time: undefined });
  }
  return counts;
}
