/**
 * Writes runs into a repository.
 *
 * Several processes write at once without waiting for each other: each run has
 * a file of its own under a random name. Whatever ends a process, the other
 * runs are whole, and this one is torn or whole:
 *
 *     ID.new     is made; held while its writer lives
 *     ID.part    has the start record, and then whole packets
 *     ID.subunit has the end record
 *     ID.subunit.gz, first as ID.tmp; then ID.subunit is removed
 *
 * What is imported can be imported again: it has a name that its content gives,
 * and is not seen before its end. Of several that import it at once, the first
 * to end it makes the run.
 *
 * @module
 */

import {
  type Damage,
  endsInCharacter,
  type ForeignBytes,
  type Packet,
  PacketDecoder,
  type Rows,
  type Timestamp,
} from "@subunit/codec";
import { ToolError } from "../../kit/errors.ts";
import {
  copyFile,
  infoOf,
  isHeld,
  isTaken,
  link,
  listFolder,
  makeFolder,
  newHeldFile,
  packFile,
  readEnd,
  readText,
  remove,
  rename,
  replaceWith,
  temporaryBeside,
} from "../../kit/io/stored_files.ts";
import type { Archive } from "../../kit/io/whole_packet_file.ts";
import { createHash, randomBytes } from "../../kit/runtime/builtin.ts";
import {
  encodeRecord,
  endingIn,
  type EndRecord,
  MAX_RECORD_PACKET_BYTES,
  recordAtEnd,
  recordAtStart,
  type RunCounts,
  runName,
  type StartRecord,
} from "./record.ts";
import { RunCounter, type RunStats } from "./stats.ts";
import { FORMAT, Repository, type Run } from "./store.ts";

/** Is called with a name before each change to the file system, for tests. */
export type BeforeStep = (step: string) => void;

/** How a run is written. */
export interface WriterOptions {
  /** Whether the run must reach the disk before it counts as ended. */
  readonly sync?: boolean;
  /** Whether it stays as it is when it has ended. */
  readonly isPlain?: boolean;
  readonly beforeStep?: BeforeStep;
}

/** What is left of a run that cannot be seen before its end. */
const NOTHING_LEFT = "nothing of the run is kept";
/** What is left of one that cannot be written anew. */
const OLD_LEFT = "the run stays as it was";

/** How often a name is tried that another writer has as well. */
const MOST_NAMES = 100;

/**
 * Makes a repository, or completes one whose runs were copied without the rest.
 *
 * @throws {ToolError} when something else is in the folder, or on failure
 */
export function makeRepository(
  path: string,
  beforeStep: BeforeStep = () => {},
): Repository {
  const repository = new Repository(path);
  if (readText(`${path}/format`) === FORMAT) return repository;
  const { names } = listFolder(path);
  const foreign = names.filter((name) =>
    name !== "runs" && name !== "cache" && name !== ".gitignore" &&
    !name.endsWith(".tmp")
  );
  if (foreign.length > 0 && !repository.isOurs) {
    throw new ToolError(
      `Cannot record in "${path}": it has "${
        foreign[0]
      }" and is not a repository of ours: name another folder, or write there with --also`,
    );
  }
  beforeStep("make the folder");
  makeFolder(`${path}/runs`);
  const write = (name: string, text: string) => {
    beforeStep(`write ${name}`);
    replaceWith(`${path}/${name}`, text, () => beforeStep(`rename ${name}`));
  };
  if (!isTaken(`${path}/.gitignore`)) write(".gitignore", "*\n");
  write("format", FORMAT);
  return new Repository(path);
}

/** Gives runs whose writers have died the name of a run. */
export function adoptTorn(
  runs: readonly Run[],
  beforeStep: BeforeStep = () => {},
): number {
  let count = 0;
  for (const { id, path, isOurs } of runs) {
    if (!isOurs || !path.endsWith(".part") || isHeld(path)) continue;
    const named = `${path.slice(0, -"part".length)}subunit`;
    if (isTaken(named)) continue;
    beforeStep(`adopt ${id}`);
    // Another process may have been faster.
    if (rename(path, named)) count++;
  }
  return count;
}

/** One run that is being written. */
export class RunWriter {
  /** The name of the run. */
  readonly id: string;
  readonly #archive: Archive;
  /** The path of its file, without what says how it is stored. */
  readonly #base: string;
  /** The path of a file that is not seen before its end. */
  readonly #hidden: string | undefined;
  #isThere = false;
  readonly #options: WriterOptions;
  readonly #before: BeforeStep;
  readonly #hash = createHash("sha256");
  readonly counter = new RunCounter();
  #bytes = 0;
  /** The last bytes of text that no packet follows. */
  #tail: Uint8Array = new Uint8Array(0);
  /** The packet that came last, which may be a record. */
  #last: Uint8Array = new Uint8Array(0);

  /**
   * Begins a run.
   *
   * @param repository one that can be written
   * @param name of a run that can be written again; no other content has it
   * @throws {ToolError} when no file can be made; `undefined` is never written
   */
  constructor(
    repository: Repository,
    start: StartRecord,
    time: Timestamp,
    options: WriterOptions = {},
    name?: string,
  ) {
    this.#options = options;
    this.#before = options.beforeStep ?? (() => {});
    const folder = `${repository.path}/runs`;
    const recordOf = (id: string) =>
      encodeRecord("start", { v: 1, ...start, id }, time);
    if (name !== undefined) {
      const record = recordOf(name);
      this.id = name;
      this.#base = `${folder}/${name}`;
      this.#before("make the file");
      this.#hidden = temporaryBeside(this.#base);
      this.#archive = newHeldFile(this.#hidden, NOTHING_LEFT);
      this.#writeStart(record);
      return;
    }
    name = runName(time, randomBytes(4).readUInt32BE());
    // Where it is too long there is no file yet.
    recordOf(name);
    for (let tries = 0;; tries++) {
      const base = `${folder}/${name}`;
      this.#before("make the file");
      const archive = openNew(`${base}.new`);
      if (archive !== undefined) {
        const isFree = [".part", ".subunit", ".subunit.gz"]
          .every((ending) => !isTaken(base + ending));
        if (isFree) {
          this.#archive = archive;
          this.#base = base;
          this.id = name;
          break;
        }
        archive.close();
        remove(`${base}.new`);
      }
      if (tries === MOST_NAMES) {
        throw new ToolError(
          `Cannot record in "${folder}": all names are taken`,
        );
      }
      name = runName(time, randomBytes(4).readUInt32BE());
    }
    this.#writeStart(recordOf(this.id));
    this.#before("begin");
    const begun = `${this.#base}.part`;
    if (!rename(`${this.#base}.new`, begun)) throw isGone(this.id, begun);
    this.#archive.path = begun;
  }

  #writeStart(record: Uint8Array): void {
    try {
      this.#write("write the start", record);
    } catch (error) {
      // Nobody has this writer, to end it.
      if (error instanceof ToolError) this.abandon();
      throw error;
    }
  }

  /** Counts the packets of rows; {@linkcode RunWriter.write} writes them. */
  readonly takeRows = (rows: Rows): void => {
    this.counter.takeRows(rows);
    this.#tail = new Uint8Array(0);
    const last = rows.count - 1;
    this.#last = rows.source.slice(rows.start(last), rows.end(last));
  };

  /** Counts another item. */
  readonly takeOther = (item: ForeignBytes | Damage): void => {
    this.counter.takeOther(item);
    this.#tail = item.bytes.slice(-4);
    this.#last = new Uint8Array(0);
  };

  /**
   * Writes whole items.
   *
   * @throws {ToolError} on failure; the file then ends with a whole item, and
   * nothing may be written any more
   */
  write(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#bytes += bytes.length;
    this.#write("write packets", bytes);
  }

  #write(step: string, bytes: Uint8Array): void {
    this.#before(step);
    this.#archive.write(bytes);
    this.#hash.update(bytes);
  }

  /**
   * Ends the run, and returns its numbers. From here on it is whole.
   *
   * @param time the time of the end record
   * @throws {ToolError} on failure; the run is then torn
   */
  end(time: Timestamp): RunStats {
    const stats = this.counter.end();
    const padded = endsInCharacter(this.#tail);
    if (padded) this.#write("write padding", Uint8Array.of(10));
    // The command's own record, if there is one, knows how it ended.
    const inner = recordAtEnd(this.#last);
    const { exit, signal, scope, suite, counts } = endingIn(inner);
    // A filter may have taken tests out of the stream since then.
    const isFull = scope === "full" && isEqual(counts, stats.counts);
    const record: EndRecord = {
      v: 1,
      exit,
      signal,
      counts: stats.counts,
      ...isFull ? { scope, suite } : {},
      seconds: stats.seconds,
      bytes: this.#bytes,
      sha256: this.#hash.copy().digest("hex"),
      ...padded ? { padded } : {},
    };
    this.#write("write the end", encodeRecord("end", record, time));
    if (this.#options.sync) {
      this.#before("reach the disk");
      this.#archive.flushToDisk();
    }
    this.#before("end");
    if (this.#hidden === undefined) {
      // Another process may have taken this one for dead, and adopted it.
      const named = `${this.#base}.subunit`;
      const isNamed = rename(`${this.#base}.part`, named) || isTaken(named);
      if (!isNamed) throw isGone(this.id, named);
    } else this.#isThere = !this.#publish(this.#hidden);
    return stats;
  }

  /** Whether another process has written the run since this one began. */
  get isThere(): boolean {
    return this.#isThere;
  }

  /** Gives the file its name; false where another one has it. */
  #publish(hidden: string): boolean {
    const named = `${this.#base}.subunit`;
    if (!link(hidden, named)) return false;
    if (!isTaken(`${named}.gz`)) return true;
    // The other one had the name, and is compressed.
    remove(named);
    return false;
  }

  /**
   * Compresses the run when it has ended.
   *
   * @throws {ToolError} on failure; the run is whole then, too
   */
  pack(): void {
    this.#archive.close();
    if (this.#hidden !== undefined) {
      this.#before("remove the other name");
      remove(this.#hidden);
    }
    if (this.#options.isPlain || this.#isThere) return;
    packRun(`${this.#base}.subunit`, this.#before);
  }

  /** Ends without an end: the run is torn, or none where it was not seen yet. */
  abandon(): void {
    try {
      this.#archive.close();
    } catch {
      // A failed write has closed it.
    }
    remove(this.#hidden ?? `${this.#base}.new`);
  }
}

/**
 * Copies a run of ours from another place, under its own name. One that is here
 * already is kept, unless it is torn and the other is not, or is longer: it was
 * copied while it was written, and its writer has died since.
 *
 * @returns whether it was copied
 */
export function copyRun(
  repository: Repository,
  source: Run,
  id: string,
  { isPlain, beforeStep = () => {} }: WriterOptions = {},
): boolean {
  const base = `${repository.path}/runs/${id}`;
  const here = repository.find(id);
  const isTorn = source.state !== "ended";
  if (here !== undefined) {
    const isLonger = source.fileBytes > here.fileBytes &&
      !source.isCompressed && !here.isCompressed;
    if (here.state !== "torn" || isTorn && !isLonger) return false;
  }
  const ending = source.isCompressed ? ".subunit.gz" : ".subunit";
  beforeStep("copy");
  const copy = temporaryBeside(base);
  copyFile(source.path, copy, NOTHING_LEFT);
  beforeStep("name the copy");
  if (!rename(copy, base + ending)) throw isGone(id, base + ending);
  if (!source.isCompressed && !isTorn && !isPlain) {
    packRun(base + ending, beforeStep);
  }
  return true;
}

/**
 * Writes a run anew, under its name: its records with more keys, and packets as
 * `change` writes them, everything else as it is. The end record keeps the hash
 * of the stream as it came: it is known when it is imported again.
 *
 * @throws {ToolError} when the run cannot be read or written; it stays then
 */
export async function replaceRun(
  repository: Repository,
  run: Run,
  more: StartRecord & EndRecord,
  change: (packet: Packet, write: (bytes: Uint8Array) => void) => void,
  beforeStep: BeforeStep = () => {},
): Promise<void> {
  const base = `${repository.path}/runs/${run.id}`;
  const time = { seconds: run.seconds, nanoseconds: 0 };
  const start = recordAtStart(run.startPacket)?.value as StartRecord;
  const end = await run.end();
  beforeStep("write anew");
  const temporary = temporaryBeside(base);
  const file = newHeldFile(temporary, OLD_LEFT);
  try {
    const hash = createHash("sha256");
    const write = (packets: Uint8Array) => {
      file.write(packets);
      hash.update(packets);
    };
    write(encodeRecord("start", { ...start, ...more }, time));
    let bytes = 0;
    const came = createHash("sha256");
    const keep = (some: Uint8Array) => {
      bytes += some.length;
      write(some);
    };
    const decoder = new PacketDecoder();
    const drain = () =>
      decoder.drain((item) => {
        if (item.kind === "packet") change(item, keep);
        else keep(item.bytes);
      });
    for await (const chunk of run.chunks({ bare: true })) {
      came.update(chunk);
      decoder.push(chunk);
      drain();
    }
    decoder.end();
    drain();
    if (end?.padded) write(Uint8Array.of(10));
    const sha256 = hash.digest("hex");
    const stream = came.digest("hex");
    const record = { ...end, bytes, sha256, stream, ...more };
    file.write(encodeRecord("end", record, time));
    file.close();
    const packed = temporaryBeside(base);
    packRecorded(temporary, packed, OLD_LEFT);
    beforeStep("name the new file");
    const named = `${base}.subunit.gz`;
    if (!rename(packed, named)) throw isGone(run.id, named);
    beforeStep("remove the old file");
    for (const ending of ["subunit", "part"]) remove(`${base}.${ending}`);
  } finally {
    remove(temporary);
  }
}

/** Compresses a run: its end record by itself, to be found without the rest. */
export function packRun(path: string, beforeStep: BeforeStep): void {
  const base = path.slice(0, -".subunit".length);
  beforeStep("pack");
  const packed = temporaryBeside(base);
  packRecorded(path, packed, "the run is kept uncompressed");
  beforeStep("name the packed file");
  if (!rename(packed, `${path}.gz`)) return;
  beforeStep("remove the plain file");
  remove(path);
}

function packRecorded(from: string, to: string, left: string): void {
  const size = infoOf(from)?.size ?? 0;
  const tail = readEnd(from, "last", MAX_RECORD_PACKET_BYTES);
  const end = tail && recordAtEnd(tail);
  packFile(from, to, size - (end?.byteLength ?? 0), left);
}

/** Of a file that is not held: another process has taken it for left over. */
function isGone(id: string, path: string): ToolError {
  return new ToolError(
    `Cannot write "${path}": another process has removed what was written of "${id}": repeat it`,
  );
}

function isEqual(counts: RunCounts | undefined, found: RunCounts): boolean {
  const outcomes = Object.keys(found) as (keyof RunCounts)[];
  return outcomes.every((outcome) => counts?.[outcome] === found[outcome]);
}

function openNew(path: string): Archive | undefined {
  try {
    return newHeldFile(path);
  } catch (error) {
    if (isTaken(path)) return undefined;
    throw error;
  }
}
