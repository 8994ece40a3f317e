/**
 * Repositories of runs: where they are, which runs they have, and the bytes of
 * a run.
 *
 * A run is one file. `ID.part` is being written, or its writer died; an ended
 * run is `ID.subunit`, and then `ID.subunit.gz`. Nothing here writes.
 *
 * @module
 */

import {
  type Damage,
  type ForeignBytes,
  PacketDecoder,
  type Rows,
  RUN_RECORD_ID,
  type Timestamp,
} from "@subunit/codec";
import { concat } from "@std/bytes/concat";
import { ToolError, UsageError } from "../../kit/errors.ts";
import { variable } from "../../kit/io/environment.ts";
import { isDirectory, stampOf } from "../../kit/io/files.ts";
import { isStdin } from "../../kit/io/input.ts";
import { absolutePath, foldersUpwards } from "../../kit/io/paths.ts";
import {
  fileChunks,
  gunzippedChunks,
  infoOf,
  isHeld,
  isTaken,
  listFolder,
  readEnd,
  readText,
  unpackUntilCut,
} from "../../kit/io/stored_files.ts";
import { gunzipSync } from "../../kit/runtime/builtin.ts";
import type { OptionTable } from "../../kit/tool/options.ts";
import {
  type EndRecord,
  isRunName,
  MAX_RECORD_PACKET_BYTES,
  nameSeconds,
  recordAtEnd,
  recordAtStart,
  type StartRecord,
} from "./record.ts";

/** The folder of a repository. */
export const FOLDER = ".subunit";
const FORMAT_NAME = "subunit-runs ";
/** What its file `format` has. */
export const FORMAT = `${FORMAT_NAME}1\n`;
/** What repositories of other programs have. */
const THEIRS = ["next-stream", "metadata.db"];

/** The folders that are looked for, ours first. */
const FOLDERS = [FOLDER, ".stestr", ".testrepository", ".inquest"];

/** How much of a file is read to find out what it has. */
const HEAD_BYTES = MAX_RECORD_PACKET_BYTES + 16 * 1024;

/** How much is read first, to find a record of the usual length. */
const SHORT_HEAD_BYTES = 2 * 1024, SHORT_TAIL_BYTES = 1024;

/** The most that a run unpacks to, unless less is asked for. */
export const MAX_RUN_BYTES = 4 * 1024 ** 3;

/** A clock that is off by more is wrong. */
export const MAX_AHEAD_SECONDS = 86400;

/** The option that names a repository. */
export const REPO_OPTION = {
  repo: {
    value: "DIR",
    help: "the repository (default: SUBUNIT_REPO, or the nearest .subunit)",
  },
} as const satisfies OptionTable;

/**
 * Whether a run is being written, was cut off when its writer died, or has come
 * to its end. Runs of other programs have ended.
 */
export type RunState = "running" | "torn" | "ended";

/** What the names of our files end with. */
const KINDS = ["part", "subunit", "subunit.gz"];

/** What a file has, whether compressed or not. */
type Content = "v2" | "v1";

/** The keys of a start record by which runs are selected and grouped. */
const LABELS = [
  "id",
  "commit",
  "branch",
  "dirty",
  "variant",
  "group",
  "part",
  "scope",
  "meta",
] as const;
export type RunLabels = Pick<StartRecord, typeof LABELS[number]>;

/** What is asked of the file of every run; it holds while its stamp does. */
export interface RunSummary {
  readonly size: number;
  /** In milliseconds since 1970; the runtimes round it in their own ways. */
  readonly modified: number;
  readonly isTorn: boolean;
  /** See {@linkcode Run.unpackedLengths}. */
  readonly lengths: readonly number[];
  readonly labels: RunLabels;
}

/** One run of a repository. Everything is read when it is asked for. */
export class Run {
  /** Its name; a number in the repositories of other programs. */
  readonly id: string;
  #path: string;
  /** Whether its file is one of ours: it has records, and its name a time. */
  readonly isOurs: boolean;
  readonly #isPart: boolean;
  #stamp: { readonly size: number; readonly modified: number } | undefined;
  #summary: RunSummary | undefined;
  #start: StartRecord | undefined;
  #startBytes = 0;
  #startTime: Timestamp | undefined;
  #end: EndRecord & { readonly byteLength: number } | null | undefined;
  #endTime: Timestamp | undefined;
  #state: RunState | undefined;
  #content: Content | undefined;
  #seconds: number | undefined;

  /** @param isPart whether the file is not whole unless its writer is at work */
  constructor(
    id: string,
    path: string,
    isOurs: boolean,
    isPart = path.endsWith(".part"),
  ) {
    this.id = id;
    this.#path = path;
    this.isOurs = isOurs;
    this.#isPart = isPart;
  }

  /** Whether a regular file is there, and not a link to one. */
  isFile(): boolean {
    const { isFile = false, size = 0, mtime } = infoOf(this.path) ?? {};
    this.#stamp = isFile
      ? { size, modified: mtime?.getTime() ?? 0 }
      : undefined;
    return isFile;
  }

  /** Whether that is known of its file: it can be opened without waiting. */
  get #isRegular(): boolean {
    return this.#stamp !== undefined;
  }

  /** Whether its file has the name of one that is being written. */
  get isUnfinished(): boolean {
    return this.path.endsWith(".part");
  }

  /** Takes what was known of its file; returns whether it is still that file. */
  use(summary: RunSummary): boolean {
    const { size, modified = 0 } = this.#stamp ?? {};
    const isSame = size === summary.size && !this.isUnfinished &&
      Math.abs(modified - summary.modified) <= 1;
    if (isSame) this.#summary = summary;
    return isSame;
  }

  /** What is asked of every run; undefined while its file may change. */
  summarize(): RunSummary | undefined {
    if (this.#stamp === undefined || this.isUnfinished) return undefined;
    const labels = Object.fromEntries(
      LABELS.map((key) => [key, this.labels[key]]),
    );
    // A run has the name of its file, unless that was renamed.
    if (labels.id === this.id) delete labels.id;
    return {
      ...this.#stamp,
      isTorn: this.state === "torn",
      lengths: this.unpackedLengths,
      labels,
    };
  }

  /** The keys of its start record by which it is selected and grouped. */
  get labels(): RunLabels {
    return this.#summary?.labels ?? this.start;
  }

  /**
   * What its file may unpack to, modulo 2^32: its records say it, or the end of
   * each of its pieces, of which the last may have a record. None if it is gone.
   */
  get unpackedLengths(): readonly number[] {
    if (this.#summary !== undefined) return this.#summary.lengths;
    const { path } = this;
    if (!this.isCompressed) {
      const size = infoOf(path)?.size;
      return size === undefined ? [] : [size];
    }
    try {
      const recorded = this.#recordedLength();
      if (recorded !== undefined) return [recorded % 2 ** 32];
      const tail = readEnd(path, "last", SHORT_TAIL_BYTES, this.#isRegular);
      return tail === undefined ? [] : lengthsIn(tail);
    } catch {
      return [];
    }
  }

  /** By its records: of a run of many pieces, no piece knows. */
  #recordedLength(): number | undefined {
    const isRecorded = this.start.id !== undefined;
    const { bytes, padded, byteLength = 0 } = isRecorded
      ? this.#endInFile() ?? {}
      : {};
    return bytes === undefined
      ? undefined
      : this.#startBytes + bytes + (padded ? 1 : 0) + byteLength;
  }

  /** Its file, which has another name when its writer has got further. */
  get path(): string {
    // A compressed one has its last name: of hundreds, none is looked for.
    if (!this.isOurs || this.#path.endsWith(".gz") || isTaken(this.#path)) {
      return this.#path;
    }
    const base = this.#path.replace(/\.(part|subunit|subunit\.gz)$/, "");
    const found = ["subunit", "subunit.gz"].map((kind) => `${base}.${kind}`)
      .find(isTaken);
    if (found === undefined) return this.#path;
    // What was read of the other is the beginning of this one.
    this.#state = this.#end = this.#summary = undefined;
    return this.#path = found;
  }

  get isCompressed(): boolean {
    return this.path.endsWith(".gz");
  }

  /** The length of its file. */
  get fileBytes(): number {
    return stampOf(this.path)?.size ?? 0;
  }

  get state(): RunState {
    if (this.#summary !== undefined) {
      return this.#summary.isTorn ? "torn" : "ended";
    }
    return this.#state ??= this.#readState();
  }

  #readState(): RunState {
    if (this.#isPart && isHeld(this.path)) return "running";
    if (this.#isPart && !this.isOurs) return "torn";
    // What a dead writer left gets its last name and is not compressed.
    const mayBeTorn = !this.isCompressed && this.start.id !== undefined;
    return mayBeTorn && this.#endInFile() === null ? "torn" : "ended";
  }

  /**
   * The record before the stream. What the stream itself begins with, when a
   * command recorded how it was started, counts more.
   */
  get start(): StartRecord {
    if (this.#start !== undefined) return this.#start;
    // In most files the records are short, and many files are asked.
    let head = this.#unpackHead(SHORT_HEAD_BYTES);
    let ours = recordAtStart(head);
    if (ours === undefined || isCutRecord(head.subarray(ours.byteLength))) {
      head = this.#readHead();
      ours = recordAtStart(head);
    }
    if (ours?.name !== "start") return this.#start = {};
    // Without a name it is a part of the stream: a command's own.
    if (ours.value.id === undefined) return this.#start = ours.value;
    this.#startBytes = ours.byteLength;
    this.#startTime = ours.timestamp;
    const rest = head.subarray(ours.byteLength);
    const inner = mayBeRecord(rest) ? recordAtStart(rest) : undefined;
    if (inner?.name !== "start") return this.#start = ours.value;
    const { id, writer, v, tool } = ours.value;
    return this.#start = { ...ours.value, ...inner.value, id, writer, v, tool };
  }

  /** The packet of its start record; empty when there is none. */
  get startPacket(): Uint8Array {
    void this.start;
    return this.#readHead().slice(0, this.#startBytes);
  }

  /** When it began, in seconds since 1970: by its name, records or times. */
  get seconds(): number {
    return this.#seconds ??= nameSeconds(this.labels.id ?? this.id) ??
      firstSeconds(this.#readHead()) ??
      Math.floor((stampOf(this.path)?.modified ?? 0) / 1000);
  }

  /** What its file has: packets, or version 1 (stestr's and testr's). */
  get content(): Content {
    return this.#content ??= this.isOurs ? "v2" : contentOf(this.#readHead());
  }

  /** The first bytes of the stream, unpacked; too many to be kept. */
  #readHead(): Uint8Array {
    return this.#unpackHead(HEAD_BYTES);
  }

  #unpackHead(most: number): Uint8Array {
    const { bytes, isCompressed } = this.#readEnd("first", most);
    if (bytes === undefined) return new Uint8Array(0);
    return isCompressed ? unpackUntilCut(bytes) ?? new Uint8Array(0) : bytes;
  }

  /** One end of its file, which its writer may be packing; none if it is gone. */
  #readEnd(
    end: "first" | "last",
    most: number,
  ): { readonly bytes?: Uint8Array; readonly isCompressed: boolean } {
    for (;;) {
      const { path } = this;
      const bytes = readEnd(path, end, most, this.#isRegular);
      const isCompressed = path.endsWith(".gz");
      if (bytes !== undefined) return { bytes, isCompressed };
      if (path === this.path) return { isCompressed };
    }
  }

  /**
   * The record behind the stream; undefined when there is none, as of a run
   * that is torn or was written by another program.
   */
  async end(): Promise<EndRecord | undefined> {
    const found = await this.#findEnd();
    if (found === null) return undefined;
    const { byteLength: _, ...value } = found;
    return value;
  }

  /**
   * What decides the order of runs that began in one second: when exactly they
   * did, and when they ended.
   */
  get order(): readonly number[] {
    void this.start;
    void this.#endInFile();
    return [this.#startTime, this.#endTime].map((time) =>
      time === undefined ? Infinity : time.seconds + time.nanoseconds / 1e9
    );
  }

  /** In most files it is found without reading the stream. */
  #endInFile(): (EndRecord & { byteLength: number }) | null {
    if (this.#end !== undefined) return this.#end;
    for (const most of [SHORT_TAIL_BYTES, 2 * MAX_RECORD_PACKET_BYTES]) {
      const { bytes, isCompressed } = this.#readEnd("last", most);
      const found = bytes && recordAtEnd(
        isCompressed ? lastMember(bytes) : bytes,
      );
      if (found?.name !== "end") continue;
      if (this.#isOfCommand(found.value)) return null;
      this.#endTime = found.timestamp;
      return this.#end = { ...found.value, byteLength: found.byteLength };
    }
    return null;
  }

  /** Whether a run's writer died behind what its command wrote at its end. */
  #isOfCommand({ of }: EndRecord): boolean {
    return this.isOurs && of === "command";
  }

  async #findEnd(): Promise<EndRecord & { byteLength: number } | null> {
    const inFile = this.#end ?? this.#endInFile();
    if (inFile !== null || this.#end === null) return inFile;
    // A file that was compressed by another program is one piece.
    if (!this.isCompressed || this.start.id === undefined) {
      return this.#end = null;
    }
    let tail: Uint8Array = new Uint8Array(0);
    try {
      for await (const chunk of this.chunks()) {
        tail = lastBytes(tail, chunk, MAX_RECORD_PACKET_BYTES);
      }
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      return this.#end = null;
    }
    const found = recordAtEnd(tail);
    const isEnd = found?.name === "end" && !this.#isOfCommand(found.value);
    return this.#end = isEnd
      ? { ...found.value, byteLength: found.byteLength }
      : null;
  }

  /**
   * The bytes of the run, as packets whatever its file has. A chunk is valid
   * until the next one of the same run.
   *
   * @param options `bare`: without the records, as the stream came; `upToEnd`:
   * without the record behind it; `most`: how many bytes a compressed file is
   * unpacked to
   * @throws {ToolError} when the file is gone, or ends inside compressed data
   */
  async *chunks(
    { bare = false, upToEnd = false, most = MAX_RUN_BYTES }: {
      readonly bare?: boolean;
      readonly upToEnd?: boolean;
      readonly most?: number;
    } = {},
  ): AsyncGenerator<Uint8Array> {
    const stored = this.#storedChunks(most);
    if (this.content === "v1") {
      const { v1Chunks } = await import("./v1_run.ts");
      yield* v1Chunks(stored, this.seconds);
    } else if (bare || upToEnd) {
      const isRecorded = this.start.id !== undefined;
      const { byteLength = 0, padded } = isRecorded
        ? await this.#findEnd() ?? {}
        : {};
      yield* bare
        ? between(stored, this.#startBytes, byteLength + (padded ? 1 : 0))
        : between(stored, 0, byteLength);
    } else {
      yield* stored;
    }
  }

  /** Its file, unpacked, which its writer may be packing. */
  async *#storedChunks(most: number): AsyncGenerator<Uint8Array> {
    for (;;) {
      const { path } = this;
      let isOpen = false;
      try {
        const chunks = path.endsWith(".gz")
          ? gunzippedChunks(path, most, "check it with subunit-runs --check")
          : fileChunks(path);
        for await (const chunk of chunks) {
          isOpen = true;
          yield chunk;
        }
        return;
      } catch (error) {
        if (isOpen || path === this.path) throw error;
      }
    }
  }

  /**
   * Calls `takeRows` with the packets of the run, records among them, and
   * `takeOther` with other items, as `ToolIO.forEachRows` does.
   *
   * @throws {ToolError} as {@linkcode Run.chunks} does; all items before that
   * have been taken
   */
  async forEachRows(
    takeRows: (rows: Rows) => void,
    takeOther: (item: ForeignBytes | Damage) => void,
    endChunk: () => void = () => {},
  ): Promise<void> {
    const decoder = new PacketDecoder();
    const drain = () => {
      decoder.drainRows(takeRows, takeOther);
      endChunk();
    };
    try {
      for await (const chunk of this.chunks()) {
        decoder.push(chunk);
        drain();
      }
    } finally {
      decoder.end();
      drain();
    }
  }
}

/** Runs, and where they are kept. */
export class Repository {
  readonly path: string;
  /** Whether it is in our layout, which `subunit-load` writes. */
  readonly isOurs: boolean;
  /** How many names, links, devices and empty files were passed over. */
  skipped = 0;

  /** @throws {ToolError} when a newer version of ours has made it */
  constructor(path: string) {
    this.path = path;
    const format = readText(`${path}/format`);
    if (format?.startsWith(FORMAT_NAME) && format !== FORMAT) {
      throw new ToolError(
        `Cannot read "${path}": its format is ${
          JSON.stringify(format.trim())
        }, expected "${FORMAT.trim()}": use the version that made it`,
      );
    }
    // A cache of CI may have the runs alone.
    const { names } = listFolder(path);
    this.isOurs = format === FORMAT ||
      format === undefined && names.includes("runs") &&
        !names.some((name) => THEIRS.includes(name));
  }

  /** The runs that it has now, oldest first. */
  runs(): Run[] {
    return this.isOurs ? this.#ours().sort(compareOurs) : this.#theirs();
  }

  /** The same in no order, which opens no file: some begin in one second. */
  unordered(): Run[] {
    return this.isOurs ? this.#ours() : this.#theirs();
  }

  /** The run of ours that has a name; the others are not looked at. */
  find(id: string): Run | undefined {
    const folder = `${this.path}/runs`;
    const kinds = KINDS.filter((kind) =>
      infoOf(`${folder}/${id}.${kind}`)?.isFile
    );
    if (!isRunName(id) || kinds.length === 0) return undefined;
    const run = choose(folder, id, kinds);
    return run.isFile() ? run : undefined;
  }

  #theirs(): Run[] {
    this.skipped = 0;
    const next = readText(`${this.path}/next-stream`);
    if (next !== undefined) return this.#numbered(this.path);
    if (isTaken(`${this.path}/metadata.db`)) {
      return this.#numbered(`${this.path}/runs`);
    }
    return inOrder(this.#plain());
  }

  #names(folder: string): string[] {
    const { names, links } = listFolder(folder);
    this.skipped += links;
    return names;
  }

  #ours(): Run[] {
    this.skipped = 0;
    const folder = `${this.path}/runs`;
    const byId = new Map<string, string[]>();
    for (const name of this.#names(folder)) {
      const [, id, kind] = /^(.*?)\.(part|subunit|subunit\.gz)$/.exec(name) ??
        [];
      // A writer's own files: it has not begun, or is packing.
      if (/\.(new|tmp)$/.test(name)) continue;
      if (id === undefined || !isRunName(id)) this.skipped++;
      else byId.set(id, [...byId.get(id) ?? [], kind]);
    }
    return Array.from(byId, ([id, kinds]) => choose(folder, id, kinds))
      .filter((run) => this.#isFile(run));
  }

  /** Those of testr and stestr, inquest's in a folder of their own. */
  #numbered(folder: string): Run[] {
    const names = this.#names(folder);
    const run = (name: string) => {
      // inquest's lock: whether its writer lives, or died, cannot be seen.
      const isPart = name.startsWith("tmp") || names.includes(`${name}.lock`);
      return new Run(name, `${folder}/${name}`, false, isPart);
    };
    const isFile = (run: Run) => this.#isFile(run);
    const runs = names.filter((name) => /^\d+[a-z]*$/.test(name))
      .sort((a, b) => parseInt(a) - parseInt(b) || (a < b ? -1 : 1))
      .map(run).filter(isFile);
    const torn = names.filter((name) => /^tmp\w+$/.test(name));
    return [...withoutCopies(runs), ...torn.map(run).filter(isFile)];
  }

  #plain(): Run[] {
    return this.#names(this.path)
      .map((name) => new Run(idOf(name), `${this.path}/${name}`, false))
      .filter((run) => this.#isFile(run) && this.#hasBytes(run));
  }

  #hasBytes({ fileBytes }: Run): boolean {
    if (fileBytes === 0) this.skipped++;
    return fileBytes > 0;
  }

  #isFile(run: Run): boolean {
    const isFile = run.isFile();
    if (!isFile) this.skipped++;
    return isFile;
  }
}

/**
 * The file of a run that has several: its writer was killed between two steps,
 * or repositories were joined while it was written.
 */
function choose(folder: string, id: string, kinds: readonly string[]): Run {
  const of = (kind: string) => new Run(id, `${folder}/${id}.${kind}`, true);
  if (kinds.length === 1) return of(kinds[0]);
  if (!kinds.includes("subunit")) {
    return of(kinds.includes("subunit.gz") ? "subunit.gz" : "part");
  }
  const plain = of("subunit");
  return kinds.includes("subunit.gz") && plain.state === "torn"
    ? of("subunit.gz")
    : plain;
}

/**
 * Finds the repository: the one that an option or SUBUNIT_REPO names, else the
 * nearest from the current folder upwards, ours before those of others.
 *
 * @throws {ToolError} when an option names a folder that is not there
 */
export function findRepository(repo?: string): Repository | undefined {
  const named = repo ?? variable("SUBUNIT_REPO");
  if (named !== undefined) {
    const path = absolutePath(named);
    if (isDirectory(path)) return new Repository(path);
    throw new ToolError(`Cannot find "${named}": there is no such folder`);
  }
  for (const name of FOLDERS) {
    const path = nearest(name);
    if (path !== undefined) return new Repository(path);
  }
  return undefined;
}

/** The path of the nearest folder with a name, from here upwards. */
export function nearest(name: string): string | undefined {
  for (const folder of foldersUpwards()) {
    const path = `${folder}/${name}`;
    if (isDirectory(path)) return path;
  }
  return undefined;
}

/** The folder that a path is in. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

/** The folder of what is computed from runs, beside the folder of a run. */
export function cacheOf({ path }: Run): string {
  return `${parentOf(parentOf(path))}/cache`;
}

/**
 * The runs of a command line, oldest first: of each FILE, where a folder of
 * streams is a repository, or those of the repository when there is none.
 *
 * @throws {ToolError} when there is no repository
 */
export function runsOf(
  { repo }: { readonly repo?: string },
  files: readonly string[],
): Run[] {
  if (files.length > 0) {
    if (repo !== undefined) {
      throw new UsageError("FILEs replace the repository: leave --repo out");
    }
    return inOrder(files.flatMap(runsAt));
  }
  const repository = findRepository(repo);
  if (repository === undefined) {
    throw new ToolError(
      "Cannot find a repository: write to one with subunit-load, or name it with --repo",
    );
  }
  return repository.runs();
}

/**
 * Leaves out what is there twice: inquest keeps what its processes wrote as `1a`,
 * `1b` and so on, and all of it as `1` when they have ended, which is empty before.
 */
function withoutCopies(runs: readonly Run[]): Run[] {
  const numberOf = ({ id }: Run) => id.replace(/[a-z]+$/, "");
  const split = new Set(
    runs.filter((run) => numberOf(run) !== run.id).map(numberOf),
  );
  const whole = new Set(
    runs.filter((run) => split.has(run.id) && run.fileBytes > 0)
      .map(({ id }) => id),
  );
  return runs.filter((run) => {
    const number = numberOf(run);
    return !split.has(number) || whole.has(number) === (run.id === number);
  });
}

/** The runs of a FILE: itself, or those of a folder. */
export function runsAt(file: string): Run[] {
  if (isStdin(file)) {
    throw new UsageError("A run is read more than once: name a file, not -");
  }
  if (isDirectory(file)) return new Repository(absolutePath(file)).runs();
  if (infoOf(file) === undefined) {
    throw new ToolError(`Cannot open "${file}": check the path`);
  }
  return [new Run(idOf(file.slice(file.lastIndexOf("/") + 1)), file, false)];
}

/** Compares runs of ours by when they began; most names differ in that. */
function compareOurs(a: Run, b: Run): number {
  const second = ({ id }: Run) => id.slice(0, id.indexOf("-"));
  if (second(a) !== second(b)) return second(a) < second(b) ? -1 : 1;
  const [begun, ended] = a.order, [otherBegun, otherEnded] = b.order;
  if (begun !== otherBegun) return begun - otherBegun;
  if (ended !== otherEnded) return ended - otherEnded;
  return a.id < b.id ? -1 : 1;
}

/** The name of a file without what says how it is stored. */
function idOf(name: string): string {
  return name.replace(/(\.part|\.subunit|\.subunit\.gz|\.gz)$/, "");
}

function inOrder(runs: readonly Run[]): Run[] {
  return [...runs].sort((a, b) => a.seconds - b.seconds);
}

const decoder = new TextDecoder();

/** The last second that a packet can hold; nanoseconds may lead past it. */
const MAX_SECONDS = 2 ** 32 - 1;

/** The first time in the beginning of a stream of packets. */
export function firstTime(head: Uint8Array): Timestamp | undefined {
  const packets = new PacketDecoder();
  packets.push(head);
  let time: Timestamp | undefined;
  packets.drain((item) => {
    if (item.kind !== "packet") return;
    const { timestamp } = item;
    if (timestamp && timestamp.seconds <= MAX_SECONDS) time ??= timestamp;
  });
  return time;
}

function firstSeconds(head: Uint8Array): number | undefined {
  const time = firstTime(head);
  if (time !== undefined) return time.seconds;
  const [, line] =
    /^time: (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)/m.exec(decoder.decode(head)) ?? [];
  return line === undefined
    ? undefined
    : Date.parse(`${line.replace(" ", "T")}Z`) / 1000;
}

/** What version 1 begins with, where it is not text. */
const V1_LINE =
  /^(time|tags|progress|test|testing|success|successful|failure|error|skip|xfail|uxsuccess)(:| \w)/m;

function contentOf(head: Uint8Array): Content {
  const packets = new PacketDecoder();
  packets.push(head);
  let hasPackets = false;
  packets.drain((item) => {
    hasPackets ||= item.kind === "packet";
  });
  return !hasPackets && V1_LINE.test(decoder.decode(head)) ? "v1" : "v2";
}

/** The lengths that the end of a compressed file may stand for. */
function lengthsIn(tail: Uint8Array): number[] {
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  const lengthAt = (end: number) => end < 4 ? 0 : view.getUint32(end - 4, true);
  const last = lengthAt(tail.length);
  const lengths = [last];
  for (let at = tail.length - 18; at >= 4; at--) {
    if (tail[at] === 0x1f && tail[at + 1] === 0x8b && tail[at + 2] === 8) {
      lengths.push((last + lengthAt(at)) % 2 ** 32);
    }
  }
  return lengths;
}

/** Unpacks the last of the pieces that were packed one by one. */
function lastMember(bytes: Uint8Array): Uint8Array {
  for (let at = bytes.length - 4; at >= 0; at--) {
    const isHeader = bytes[at] === 0x1f && bytes[at + 1] === 0x8b &&
      bytes[at + 2] === 8;
    if (!isHeader) continue;
    try {
      return gunzipSync(bytes.subarray(at), {
        maxOutputLength: MAX_RECORD_PACKET_BYTES,
      });
    } catch {
      // These bytes are not the beginning of a piece.
    }
  }
  return new Uint8Array(0);
}

/** Whether bytes begin with a packet that has the id of a record. */
function mayBeRecord(bytes: Uint8Array): boolean {
  return decoder.decode(bytes.subarray(0, 64)).includes(RUN_RECORD_ID);
}

/** Whether bytes begin with a record whose end is not there. */
function isCutRecord(bytes: Uint8Array): boolean {
  return mayBeRecord(bytes) && recordAtStart(bytes) === undefined;
}

function lastBytes(
  before: Uint8Array,
  chunk: Uint8Array,
  most: number,
): Uint8Array {
  if (chunk.length >= most) return chunk.slice(-most);
  return concat([before, chunk]).subarray(-most);
}

/** Leaves out so many bytes at the beginning, and so many at the end. */
async function* between(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  first: number,
  last: number,
): AsyncGenerator<Uint8Array> {
  let skip = first;
  let held: Uint8Array = new Uint8Array(0);
  for await (const chunk of chunks) {
    const from = Math.min(skip, chunk.length);
    skip -= from;
    const rest = chunk.subarray(from);
    if (last === 0) {
      yield rest;
      continue;
    }
    const all = concat([held, rest]);
    const out = Math.max(0, all.length - last);
    held = all.subarray(out);
    if (out > 0) yield all.subarray(0, out);
  }
}
