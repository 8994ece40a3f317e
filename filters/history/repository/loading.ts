/**
 * The work of `subunit-load`: records the stream of standard input while it
 * passes, or imports files.
 *
 * @module
 */

import {
  addSeconds,
  now,
  PacketDecoder,
  parseTimestamp,
  type Timestamp,
} from "@subunit/codec";
import { isReaderGone, ToolError, UsageError } from "../../kit/errors.ts";
import { ownPid, variable } from "../../kit/io/environment.ts";
import { CHUNK_ROOM, mayWait } from "../../kit/io/input.ts";
import { ByteRuns } from "../../kit/io/item_bytes.ts";
import { isDirectory } from "../../kit/io/files.ts";
import { absolutePath, currentFolder } from "../../kit/io/paths.ts";
import { fileChunks } from "../../kit/io/stored_files.ts";
import { createHash } from "../../kit/runtime/builtin.ts";
import { type ToolIO, VERSION } from "../../kit/tool/tool.ts";
import { findCheckout, workTree } from "./checkout.ts";
import {
  type EndRecord,
  isRunName,
  runName,
  type StartRecord,
} from "./record.ts";
import { dateSeconds, parseMeta } from "./selection.ts";
import { type RunStats, statsOf } from "./stats.ts";
import {
  firstTime,
  FOLDER,
  MAX_AHEAD_SECONDS,
  nearest,
  Repository,
  type Run,
  runsAt,
} from "./store.ts";
import {
  adoptTorn,
  type BeforeStep,
  copyRun,
  makeRepository,
  RunWriter,
  type WriterOptions,
} from "./writer.ts";

/** From here on every load mentions the size of the repository. */
const LARGE_BYTES = 1024 ** 3;
/** The ids of a run are in memory while its digest is made. */
const MAX_CACHED_TESTS = 200_000;

/** The options of `subunit-load` that say what a run is. */
export interface LoadOptions {
  readonly repo?: string;
  readonly meta: readonly string[];
  readonly variant?: string;
  readonly group?: string;
  readonly part?: string;
  readonly full: boolean;
  readonly partial: boolean;
  readonly "no-git": boolean;
  readonly at?: string;
}

/** The keys of a start record that `--meta` sets, and how. */
const KEYS: Readonly<Record<string, (value: string) => unknown>> = {
  command: (value) => value.split(" "),
  cwd: String,
  commit: String,
  branch: String,
  dirty: (value) => value === "true",
};

/**
 * Returns the start record that options describe.
 *
 * @param isLive whether the run is of this checkout, not an older one
 */
export function startRecord(
  options: LoadOptions,
  isLive: boolean,
): StartRecord {
  const { variant, group, part, full, partial } = options;
  if (full && partial) {
    throw new UsageError("Options --full and --partial exclude each other");
  }
  if ((group === undefined) !== (part === undefined)) {
    throw new UsageError("Options --group and --part belong together");
  }
  if (part !== undefined) checkPart(part);
  const meta: Record<string, string> = {}, keys: Record<string, unknown> = {};
  for (const [key, value] of options.meta.map(parseMeta)) {
    if (Object.hasOwn(KEYS, key)) keys[key] = KEYS[key](value);
    else meta[key] = value;
  }
  return {
    v: 1,
    ...isLive && !options["no-git"] ? findCheckout() : {},
    ...keys,
    variant,
    group,
    part,
    scope: full ? "full" : partial ? "partial" : undefined,
    tool: `subunit-tools ${VERSION}`,
    writer: { pid: ownPid() },
    meta: Object.keys(meta).length > 0 ? meta : undefined,
  };
}

function checkPart(part: string): void {
  const [, number, all] = /^(\d{1,6})\/(\d{1,6})$/.exec(part) ?? [];
  const isPart = Number(number) >= 1 && Number(number) <= Number(all);
  if (!isPart) {
    throw new UsageError(
      `Option --part is "${part}": expected N/M, such as 2/4`,
    );
  }
}

/** Returns the time of `--at`, if it is given. */
export function parseAt(at: string | undefined): Timestamp | undefined {
  if (at === undefined) return undefined;
  const time = timeIn(at);
  const held = time && addSeconds(time, 0);
  if (held !== undefined) return held;
  throw new UsageError(
    `Option --at is "${at}": expected a date or a time from 1970 to 2106, such as 2026-11-20T10:00:00Z`,
  );
}

function timeIn(text: string): Timestamp | undefined {
  try {
    return parseTimestamp(text);
  } catch {
    const seconds = dateSeconds(text);
    return seconds === undefined ? undefined : { seconds, nanoseconds: 0 };
  }
}

/**
 * Where runs are recorded: in the repository that is named, else in the nearest
 * of ours, else in a new one in the work tree, or here.
 */
export function repositoryPath(repo: string | undefined): string {
  const named = repo ?? variable("SUBUNIT_REPO");
  if (named !== undefined) return absolutePath(named);
  return nearest(FOLDER) ?? `${workTree() ?? currentFolder()}/${FOLDER}`;
}

/** Opens the repository for writing, and adopts torn runs in it. */
export function openForWriting(
  path: string,
  beforeStep?: BeforeStep,
): Repository {
  const repository = makeRepository(path, beforeStep);
  adoptTorn(repository.unordered(), beforeStep);
  return repository;
}

/**
 * Records a stream. Its first bytes begin the run. What fails is reported once,
 * and the rest is not recorded.
 */
export class Recording {
  readonly #io: Pick<ToolIO, "warn">;
  readonly #begin: (time: Timestamp) => RunWriter;
  readonly #decoder = new PacketDecoder();
  readonly #items = new ByteRuns();
  #writer: RunWriter | undefined;
  #stats: RunStats | undefined;
  #hasFailed = false;

  /** @param begin opens the run, at the first time in the stream or now */
  constructor(
    io: Pick<ToolIO, "warn">,
    begin: (time: Timestamp) => RunWriter,
  ) {
    this.#io = io;
    this.#begin = begin;
  }

  /** Whether something could not be recorded. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** The numbers of the run; undefined before its end, and after a failure. */
  get stats(): RunStats | undefined {
    return this.#stats;
  }

  /** The name of the run; undefined when it has no end, or was there. */
  get id(): string | undefined {
    // What could not be compressed is kept all the same.
    if (this.#stats === undefined || this.#writer?.isThere) return undefined;
    return this.#writer?.id;
  }

  /**
   * The exit status of a tool that judges, and why the input is no stream, or has
   * no test: its producer may have died.
   */
  get verdict(): { exitStatus: number; complaint: string | undefined } {
    const complaint = this.#writer?.counter.complaint;
    const isGood = complaint === undefined && !this.#stats?.failed;
    const isEmpty = this.#stats?.tests === 0 && isGood;
    return {
      exitStatus: isGood ? 0 : 1,
      complaint: isEmpty ? "The run has no tests, and is kept" : complaint,
    };
  }

  /** Adds a chunk; the whole items in it are written at once. */
  push(chunk: Uint8Array, room = 0): void {
    if (this.#hasFailed) return;
    this.#try(() => {
      this.#writer ??= this.#begin(beginIn(chunk));
      this.#decoder.push(chunk, room);
      this.#drain(this.#writer);
    });
  }

  #drain(writer: RunWriter): void {
    this.#decoder.drainRows((rows) => {
      this.#items.addRows(rows);
      writer.takeRows(rows);
    }, (item) => {
      this.#items.addItem(item);
      writer.takeOther(item);
    });
    writer.write(this.#items.take());
    writer.counter.endChunk();
  }

  /** Ends the run; from here on it can be read. */
  end(): void {
    if (this.#hasFailed) return;
    this.#try(() => {
      const writer = this.#writer ??= this.#begin(now());
      this.#decoder.end();
      this.#drain(writer);
      this.#stats = writer.end(now());
    });
  }

  /** Compresses the run. */
  pack(): void {
    if (!this.#hasFailed) this.#try(() => this.#writer?.pack());
  }

  /** Leaves the run torn. */
  abandon(): void {
    this.#writer?.abandon();
  }

  #try(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      this.#hasFailed = true;
      this.#writer?.abandon();
      this.#io.warn(error.message);
    }
  }
}

/**
 * When a run begins, by the first time in it. One from the future would hide
 * what is recorded until then: now.
 */
function beginIn(chunk: Uint8Array): Timestamp {
  const time = firstTime(chunk), latest = now();
  const isKnown = time !== undefined &&
    time.seconds <= latest.seconds + MAX_AHEAD_SECONDS;
  return isKnown ? time : latest;
}

/**
 * Records standard input, and passes it on unless its reader has left.
 *
 * @param passes whether it goes to standard output
 */
export function recordStdin(
  io: ToolIO,
  recording: Recording,
  passes: boolean,
): void {
  let hasReader = passes && !io.out.isTerminal;
  const pass = (write: () => void) => {
    try {
      if (hasReader) write();
    } catch (error) {
      if (!isReaderGone(error)) throw error;
      hasReader = false;
    }
  };
  for (const chunk of io.chunks([])) {
    // The decoder writes in front of the chunk, not into it.
    recording.push(chunk, CHUNK_ROOM);
    pass(() => {
      io.out.write(chunk);
      io.out.flush();
    });
  }
  recording.end();
  // Whoever waits for the end of the stream need not wait for the rest.
  pass(() => io.out.close());
}

/**
 * The runs of a FILE: itself, or those of a folder. What is passed over in a
 * folder is reported.
 *
 * @throws {ToolError} when a folder has no run
 */
export function runsToImport(io: Pick<ToolIO, "warn">, file: string): Run[] {
  if (!isDirectory(file)) return runsAt(file);
  const repository = new Repository(absolutePath(file));
  const runs = repository.runs(), { skipped } = repository;
  if (skipped > 0) {
    io.warn(`${file}: ${skipped} files are not runs, and are left out`);
  }
  if (runs.length > 0) return runs;
  throw new ToolError(`Cannot load "${file}": there is no run in it`);
}

/** The exit status of a tool that judges a run that was imported. */
export async function exitStatusOf(run: Run): Promise<0 | 1> {
  const { failed, complaint } = await statsOf(run);
  return failed > 0 || complaint !== undefined ? 1 : 0;
}

/** What became of a run that was to be imported. */
export interface Imported {
  /** Whether it could not be recorded. */
  readonly hasFailed: boolean;
  /** Its name, if the repository did not have it. */
  readonly id?: string;
  /** Why it is no stream, or has no test. */
  readonly complaint?: string;
}

/** Imports runs from files. */
export class Importer {
  readonly #io: ToolIO;
  readonly #start: StartRecord;
  readonly #at: Timestamp | undefined;
  readonly #options: WriterOptions;
  /** How the runs that are there have ended: each is asked once. */
  readonly #ends = new Map<string, EndRecord>();

  constructor(
    io: ToolIO,
    start: StartRecord,
    at: Timestamp | undefined,
    options: WriterOptions,
  ) {
    this.#io = io;
    this.#start = start;
    this.#at = at;
    this.#options = options;
  }

  /**
   * Imports a run, unless the repository has it already: a run of ours under its
   * name, anything else as a stream. What fails is reported.
   */
  async add(repository: Repository, source: Run): Promise<Imported> {
    try {
      return await this.#add(repository, source);
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      this.#io.warn(error.message);
      return { hasFailed: true };
    }
  }

  async #add(repository: Repository, source: Run): Promise<Imported> {
    const { id } = source.start;
    if (id !== undefined && isRunName(id)) {
      const isNew = copyRun(repository, source, id, this.#options);
      return { hasFailed: false, ...isNew ? { id } : {} };
    }
    const mayBeRead = !mayWait(source.path);
    const first = mayBeRead ? await digestOf(source) : undefined;
    // Listed once: whatever comes later is seen when this one ends.
    const there = repository.unordered();
    const same = first && await this.#find(there, source, first);
    if (same !== undefined) {
      // Streams with times are equal only where they are of one run.
      if (!await hasTimes(same)) {
        this.#io.warn(
          `${source.path} has no times and equals ${same.id}: it stays one run (--at makes another)`,
        );
      }
      return { hasFailed: false };
    }
    const recording = new Recording(this.#io, (found) => {
      const time = this.#at ?? found;
      const name = first && nameOf(this.#labelled(first.hex), time, there);
      return new RunWriter(repository, this.#start, time, this.#options, name);
    });
    const chunks = mayBeRead ? source.chunks() : fileChunks(source.path);
    try {
      for await (const chunk of chunks) recording.push(chunk);
    } catch (error) {
      recording.abandon();
      throw error;
    }
    recording.end();
    recording.pack();
    const { hasFailed, verdict: { complaint } } = recording;
    return { hasFailed, id: recording.id, complaint };
  }

  /** The run that has the same bytes, or had them once. */
  async #find(
    runs: readonly Run[],
    source: Run,
    { bytes, hex }: { readonly bytes: number; readonly hex: string },
  ): Promise<Run | undefined> {
    for (const run of runs) {
      const end = await this.#endOf(run);
      const isEqual = end?.stream === hex ||
        end?.bytes === bytes && await hasBytesOf(run, end, source);
      if (isEqual && !await this.#isOther(run)) return run;
    }
    return undefined;
  }

  /** Whether options say that a run with equal bytes is another one. */
  async #isOther(run: Run): Promise<boolean> {
    const isOther = NAMED_LABELS.some((label) =>
      this.#start[label] !== undefined &&
      this.#start[label] !== run.labels[label]
    );
    return isOther ||
      this.#at !== undefined && this.#at.seconds !== run.seconds &&
        !await hasTimes(run);
  }

  /** A hash that equal streams of different variants or parts do not share. */
  #labelled(hex: string): string {
    const labels = NAMED_LABELS.map((label) => this.#start[label]);
    if (labels.every((label) => label === undefined)) return hex;
    const hash = createHash("sha256");
    hash.update(JSON.stringify([hex, ...labels]));
    return hash.digest("hex");
  }

  async #endOf(run: Run): Promise<EndRecord | undefined> {
    const known = this.#ends.get(run.id);
    if (known !== undefined) return known;
    const end = run.state === "running" ? undefined : await run.end();
    // What has no end yet may get one.
    if (end !== undefined) this.#ends.set(run.id, end);
    return end;
  }
}

/** What options say of a run, and equal bytes do not. */
const NAMED_LABELS = ["variant", "group", "part"] as const;

/** Whether a run that has ended has the bytes of another one. */
async function hasBytesOf(
  run: Run,
  { padded, sha256 }: EndRecord,
  source: Run,
): Promise<boolean> {
  const hash = createHash("sha256");
  hash.update(run.startPacket);
  for await (const chunk of source.chunks()) hash.update(chunk);
  if (padded) hash.update("\n");
  return hash.digest("hex") === sha256;
}

async function hasTimes(run: Run): Promise<boolean> {
  return (await run.end())?.seconds !== undefined;
}

/**
 * A name that the hash of its bytes gives a run, and that no other one has:
 * all that import it at once find the same.
 */
function nameOf(
  hex: string,
  time: Timestamp,
  others: readonly Run[],
): string | undefined {
  const taken = new Set(others.map(({ id }) => id));
  return Array.from(
    { length: hex.length / 8 },
    (_, i) => runName(time, parseInt(hex.slice(8 * i, 8 * i + 8), 16)),
  ).find((name) => !taken.has(name));
}

/** The length of a run's bytes, and their hash. */
async function digestOf(run: Run): Promise<{ bytes: number; hex: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of run.chunks()) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, hex: hash.digest("hex") };
}

/**
 * Returns a function that copies runs into a repository of stestr or testr, and
 * returns whether it could; undefined when there is none.
 *
 * @throws {UsageError} when the folder is not such a repository
 */
export async function alsoWriter(
  io: ToolIO,
  also: string | undefined,
): Promise<
  | ((
    repository: Repository,
    ids: readonly (string | undefined)[],
  ) => Promise<boolean>)
  | undefined
> {
  if (also === undefined) return undefined;
  // Loaded only here: it has most of version 1.
  const { checkAlso, writeAlso } = await import("./also.ts");
  const path = absolutePath(also);
  checkAlso(path);
  return async (repository, ids) => {
    const runs = repository.runs();
    try {
      for (const run of runs.filter(({ id }) => ids.includes(id))) {
        const losses = await writeAlso(path, run, runs);
        if (losses !== undefined) io.warn(losses);
      }
      return true;
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      io.warn(error.message);
      return false;
    }
  };
}

/**
 * Makes the digests of runs that were recorded, so that the first question need
 * not. A digest that cannot be made is left to whoever asks.
 */
export async function cacheDigests(
  repository: Repository,
  ids: readonly (string | undefined)[],
): Promise<void> {
  const kept = ids.filter((id) => id !== undefined);
  if (kept.length === 0) return;
  // Loaded only here: nobody waits for the stream any more.
  const { cacheDigest } = await import("./digests.ts");
  for (const id of kept) {
    const run = repository.find(id);
    if (run?.state !== "ended") continue;
    try {
      const end = await run.end();
      if (testsIn(end) <= MAX_CACHED_TESTS) await cacheDigest(run);
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
    }
  }
}

function testsIn(end: EndRecord | undefined): number {
  return Object.values(end?.counts ?? {}).reduce((sum, one) => sum + one, 0);
}

/** Returns a line about the size of a repository, if it is large. */
export function sizeWarning(repository: Repository): string | undefined {
  const runs = repository.unordered();
  const bytes = runs.reduce((sum, run) => sum + run.fileBytes, 0);
  if (bytes < LARGE_BYTES) return undefined;
  const size = (bytes / LARGE_BYTES).toFixed(1);
  return `The repository has ${size} GiB: see subunit-prune`;
}
