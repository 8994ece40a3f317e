/**
 * Digests of runs, from the cache of a repository or made from the runs.
 *
 * `cache/ID.digest` has the tests of a run, and `cache/names-ID.gz` the ids that
 * hundreds of runs share. Both are functions of the runs: what is missing, cut
 * or of another content is made again, and a repository that cannot be written
 * to does without. Questions about some tests make `cache/columns` of digests.
 *
 * @module
 */

import { ToolError } from "../../kit/errors.ts";
import { PlaceFile, writeCached } from "../../kit/io/cache_files.ts";
import { readBytes } from "../../kit/io/stored_files.ts";
import { gunzip, gzipSync, sha256 } from "../../kit/runtime/builtin.ts";
import {
  decodeDigest,
  decodeNames,
  decodeSeconds,
  type Digest,
  digestBytes,
  type DigestHead,
  encodeDigest,
  encodeNames,
  HEADER_BYTES,
  MAX_NAMES_BYTES,
  NameList,
  RUN_FLAG,
  type RunFacts,
  secondsAt,
} from "./digest.ts";
import type { ColumnFile, Columns, RunColumn } from "./digest_columns.ts";
import { DigestBuilder, type RunContent } from "./digest_builder.ts";
import type { EndRecord } from "./record.ts";
import { cacheOf, type Run } from "./store.ts";
import type { RunRow, RunTests, TestNames } from "./units.ts";

/** How many tests are kept for when their run is asked for again. */
const KEPT_TESTS = 4_000_000;
/** How many lists of names are kept with their numbers. */
const KEPT_NAMES = 64;
/** No more bytes of columns are made for one question: the others can wait. */
const MOST_COLUMN_BYTES = 64 * 1024 ** 2;

/** A run and what is known of it. */
export interface KnownRun extends RunRow {
  readonly run: Run;
}

/** The tests of a run, and what its digest says of it. */
export interface DigestTests extends RunTests {
  /** Of {@linkcode RUN_FLAG}. */
  readonly flags: number;
}

/** What is known of a run without reading its tests. */
export function knownRun(run: Run): KnownRun {
  const { labels } = run;
  return {
    run,
    id: run.id,
    seconds: run.seconds,
    isTorn: run.state === "torn",
    variant: labels.variant ?? "",
    scope: labels.scope,
    group: labels.group,
    part: labels.part,
    commit: labels.commit,
    branch: labels.branch,
    dirty: labels.dirty ?? false,
  };
}

/** The tests of runs, by the numbers of a {@linkcode TestNames}. */
export class Digests {
  readonly #names: TestNames;
  readonly #byRoute: boolean;
  /** Lists of names by their ids. */
  readonly #lists = new Map<string, NameList>();
  /** Where tests are in such a list, by variant and renames. */
  readonly #places = new Map<string, Places>();
  readonly #kept = new Map<RunRow, DigestTests>();
  #keptTests = 0;
  readonly #columnFiles: Columns | undefined;
  /** By the folders of their caches, as are the others. */
  readonly #columns = new Map<string, Map<string, RunColumn[]>>();
  /** Files of them that have other names than they should. */
  readonly #unsound = new Set<ColumnFile>();
  /** Runs of which only the digest was found, by the lists of their names. */
  readonly #loose = new Map<string, Set<string>>();
  #columnBytes = 0;

  /**
   * @param byRoute whether tests of different workers are different tests:
   * digests have no routes, so that all runs are read
   * @param columns where only some tests matter
   */
  constructor(names: TestNames, byRoute = false, columns?: Columns) {
    this.#names = names;
    this.#byRoute = byRoute;
    this.#columnFiles = names.isPartial ? columns : undefined;
  }

  /** The tests of a run. */
  async load(row: KnownRun): Promise<DigestTests> {
    const kept = this.#kept.get(row);
    if (kept !== undefined) return kept;
    const loaded = await this.#find(row) ?? await this.#make(row);
    this.#kept.set(row, loaded);
    this.#keptTests += loaded.tests.length;
    if (this.#keptTests > KEPT_TESTS) this.#forget(row);
    return loaded;
  }

  /** Keeps no more than so many tests, but those of a run. */
  #forget(row: RunRow): void {
    for (const [oldest, { tests }] of this.#kept) {
      if (this.#keptTests <= KEPT_TESTS || oldest === row) break;
      this.#kept.delete(oldest);
      this.#keptTests -= tests.length;
    }
  }

  /** The tests in the cache; undefined unless they are those of the run. */
  async #find(row: KnownRun): Promise<DigestTests | undefined> {
    const folder = this.#folderOf(row);
    if (folder === undefined) return undefined;
    const isPartial = this.#names.isPartial;
    if (this.#columnFiles !== undefined) {
      const found = await this.#findColumn(row, folder, this.#columnFiles);
      if (found !== undefined) return found;
    }
    const path = `${folder}/${row.id}.digest`;
    using file = PlaceFile.open(path);
    if (file === undefined) return undefined;
    // The length says how many tests there are.
    const most = isPartial
      ? HEADER_BYTES
      : HEADER_BYTES + Math.ceil((file.size - HEADER_BYTES) / 5) + 4;
    const digest = decodeDigest(file.read(0, most), file.size);
    if (digest === undefined || !isOf(digest, row)) return undefined;
    const { count, namesId } = digest;
    let places = this.#knownPlaces(row, digest);
    if (places === undefined) {
      const list = await this.#listOf(folder, namesId, count);
      if (list === undefined) return undefined;
      places = this.#placesOf(row, digest, list);
    }
    const at = secondsAt(count);
    let tests = digest.tests;
    let seconds = () => secondsIn(path, count);
    if (isPartial) {
      tests = bytesAt(file, HEADER_BYTES, places, 1);
      // To open the file once more would take longer.
      const times = decodeSeconds(bytesAt(file, at, places, 4));
      if (times.length < tests.length) return undefined;
      seconds = () => times;
    }
    if (tests.length < places.numbers.length) return undefined;
    if (this.#columnFiles !== undefined) {
      await this.#addLoose(row, folder, digest, this.#columnFiles);
    }
    const { numbers } = places;
    return { ...factsOf(digest), numbers, tests, seconds };
  }

  /** The tests in a file that has those of many runs. */
  async #findColumn(
    row: KnownRun,
    folder: string,
    { find }: Columns,
  ): Promise<DigestTests | undefined> {
    let columns = this.#columns.get(folder);
    if (columns === undefined) {
      this.#columns.set(folder, columns = find(folder));
    }
    for (const { file, place } of columns.get(row.id) ?? []) {
      if (this.#unsound.has(file)) continue;
      const digest = file.digestOf(place);
      if (digest === undefined || !isOf(digest, row)) continue;
      let places = this.#knownPlaces(row, digest) ??
        this.#placesInFile(row, file);
      if (places === undefined) {
        const list = await this.#listInFile(file);
        if (list === undefined) continue;
        places = this.#placesOf(row, file, list);
      }
      const found = file.testsOf(place, places.at);
      if (found === undefined) continue;
      const { tests, seconds } = found, { numbers } = places;
      return { ...factsOf(digest), numbers, tests, seconds: () => seconds };
    }
    return undefined;
  }

  /** Notes that only the digest of a run has its tests; of many, makes columns. */
  async #addLoose(
    { id, run }: KnownRun,
    folder: string,
    { namesId, count }: ListFacts,
    { runs, bytes, make }: Columns,
  ): Promise<void> {
    if (run.isUnfinished) return;
    const key = `${folder}/${namesId}`;
    const loose = this.#loose.get(key) ?? new Set();
    this.#loose.set(key, loose.add(id));
    if (loose.size < runs) return;
    this.#loose.delete(key);
    const list = await this.#listOf(folder, namesId, count);
    if (list === undefined) return;
    this.#columnBytes += bytes(list);
    if (this.#columnBytes > MOST_COLUMN_BYTES) return;
    make(folder, namesId, list, [...loose]);
  }

  /** Where the digest of a run is cached, if it is. */
  #folderOf({ run }: KnownRun): string | undefined {
    return this.#byRoute || !run.isOurs ? undefined : cacheOf(run);
  }

  async #listOf(
    folder: string,
    namesId: string,
    count: number,
  ): Promise<NameList | undefined> {
    const known = this.#lists.get(namesId);
    if (known !== undefined) return known.count === count ? known : undefined;
    const list = await readNames(`${folder}/names-${namesId}.gz`, namesId);
    if (list?.count !== count) return undefined;
    keep(this.#lists, namesId, list);
    return list;
  }

  async #listInFile(file: ColumnFile): Promise<NameList | undefined> {
    const { namesId, count } = file, known = this.#lists.get(namesId);
    const list = known ?? await namesIn(file.readNames(), namesId);
    if (list?.count !== count) {
      this.#unsound.add(file);
      return undefined;
    }
    keep(this.#lists, namesId, list);
    return list;
  }

  /** Where tests are in the list of a digest, if it was looked up before. */
  #knownPlaces(
    row: RunRow,
    { namesId, count }: ListFacts,
  ): Places | undefined {
    const known = this.#places.get(this.#placesName(row, namesId));
    return known?.count === count ? known : undefined;
  }

  #placesName(row: RunRow, namesId: string): string {
    return `${namesId} ${this.#names.renamesOf(row).join()} ${row.variant}`;
  }

  #placesOf(row: RunRow, of: ListFacts, list: NameList): Places {
    const wanted = this.#wantedOf(row), { namesId, count } = of;
    const places = wanted === undefined
      ? placesIn(this.#names.numbersOf(row, list.ids), count)
      : this.#placesOfSome(row, list.pick(wanted), count);
    keep(this.#places, this.#placesName(row, namesId), places);
    return places;
  }

  #placesInFile(row: RunRow, file: ColumnFile): Places | undefined {
    const wanted = this.#wantedOf(row);
    const picked = wanted && file.pick(wanted);
    if (picked === undefined) return undefined;
    const places = this.#placesOfSome(row, picked, file.count);
    keep(this.#places, this.#placesName(row, file.namesId), places);
    return places;
  }

  /** The ids of the tests that matter, if no others of a run may be theirs. */
  #wantedOf(row: RunRow): ReadonlySet<string> | undefined {
    const hasRenames = this.#names.renamesOf(row).length > 0;
    return hasRenames ? undefined : this.#names.only;
  }

  #placesOfSome(
    row: RunRow,
    picked: ReadonlyMap<number, string>,
    count: number,
  ): Places {
    return {
      count,
      at: Int32Array.from(picked.keys()),
      numbers: this.#names.numbersOf(row, [...picked.values()]),
    };
  }

  async #make(row: KnownRun): Promise<DigestTests> {
    const content = await readContent(row, this.#byRoute);
    const { ids, routes, tests, seconds } = content;
    const folder = this.#folderOf(row);
    const namesId = folder === undefined
      ? ""
      : await writeDigest(folder, row.id, content);
    const places = namesId === ""
      ? placesIn(
        this.#names.numbersOf(row, ids, this.#byRoute ? routes : undefined),
        ids.length,
      )
      : this.#knownPlaces(row, { namesId, count: ids.length }) ??
        this.#placesOf(
          row,
          { namesId, count: ids.length },
          NameList.of(ids),
        );
    const isPartial = this.#names.isPartial;
    const [own, times] = isPartial
      ? [
        Uint8Array.from(places.at, (at) => tests[at]),
        Float32Array.from(places.at, (at) => seconds[at]),
      ]
      : [tests, seconds];
    const { numbers } = places;
    return { ...factsOf(content), numbers, tests: own, seconds: () => times };
  }
}

/** What is known of a run as a whole. */
function factsOf({ flags, suite = 0 }: RunFacts) {
  return {
    flags,
    suite,
    isStopped: (flags & (RUN_FLAG.STOPPED | RUN_FLAG.DAMAGED)) !== 0,
    isDamaged: (flags & RUN_FLAG.DAMAGED) !== 0,
    isFull: (flags & RUN_FLAG.WIDE) !== 0,
    isTestless: (flags & RUN_FLAG.TESTLESS) !== 0,
  };
}

/** The seconds of all tests; NaN when the digest was deleted in between. */
function secondsIn(path: string, count: number): Float32Array {
  using file = PlaceFile.open(path);
  return file?.size === digestBytes(count)
    ? decodeSeconds(file.read(secondsAt(count), 4 * count))
    : new Float32Array(count).fill(NaN);
}

/** Which list of names it is, and how many there are. */
interface ListFacts {
  readonly namesId: string;
  readonly count: number;
}

/** The tests of a list that matter. */
interface Places {
  /** How many tests the list has. */
  readonly count: number;
  /** Where they are in it. */
  readonly at: Int32Array;
  readonly numbers: Int32Array;
}

function placesIn(numbers: Int32Array, count: number): Places {
  const at = Int32Array.from(numbers.keys()).filter((i) => numbers[i] >= 0);
  return at.length === numbers.length
    ? { count, at, numbers }
    : { count, at, numbers: numbers.filter((number) => number >= 0) };
}

/** The values of some tests, each of so many bytes; fewer where they are cut. */
function bytesAt(
  file: PlaceFile,
  start: number,
  { at }: Places,
  width: number,
): Uint8Array {
  const bytes = new Uint8Array(at.length * width);
  for (const [i, place] of at.entries()) {
    const value = file.read(start + place * width, width);
    if (value.length < width) return bytes.subarray(0, i * width);
    bytes.set(value, i * width);
  }
  return bytes;
}

/** Adds to a map, and removes what was added first when it has too many. */
function keep<Value>(map: Map<string, Value>, key: string, value: Value) {
  map.set(key, value);
  if (map.size > KEPT_NAMES) map.delete(map.keys().next().value!);
}

/** Reads a run, with its records; of a damaged one what there is. */
async function readContent(
  row: KnownRun,
  byRoute: boolean,
): Promise<RunContent> {
  const builder = new DigestBuilder(byRoute);
  let isCut = false;
  try {
    await row.run.forEachRows(
      (rows) => builder.addRows(rows),
      (item) => builder.addOther(item),
    );
  } catch (error) {
    // `subunit-runs --check` is about files that are damaged.
    if (!(error instanceof ToolError)) throw error;
    isCut = true;
  }
  const content = builder.end(), end = await row.run.end();
  const flags = content.flags |
    (row.isTorn ? RUN_FLAG.TORN : 0) |
    (isCut ? RUN_FLAG.DAMAGED : 0) |
    (isFull(row, end) ? RUN_FLAG.WIDE : 0) |
    (row.group === undefined ? 0 : RUN_FLAG.PART) |
    (end?.signal === undefined ? 0 : RUN_FLAG.STOPPED);
  const suite = end?.scope === "full" ? parseInt(end.suite ?? "0", 16) : 0;
  return { ...content, flags, suite: suite >>> 0 };
}

/** Whether a record of ours says that the run is of the full scope. */
function isFull({ run, scope }: KnownRun, end: EndRecord | undefined): boolean {
  return scope === "full" ||
    scope === undefined && run.isOurs && end?.scope === "full";
}

/** Reads the beginning of a digest; undefined when it is no sound one. */
export function readHead(path: string): DigestHead | undefined {
  using file = PlaceFile.open(path);
  return file && decodeDigest(file.read(0, HEADER_BYTES), file.size);
}

/** Reads a list of names; undefined when it is cut or another one. */
async function readNames(
  path: string,
  namesId: string,
): Promise<NameList | undefined> {
  const packed = readBytes(path);
  if (packed === undefined) return undefined;
  try {
    const bytes = await gunzip(packed, MAX_NAMES_BYTES);
    return await namesIn(bytes, namesId);
  } catch {
    return undefined;
  }
}

/** A list of names; undefined when it is another one. */
async function namesIn(
  bytes: Uint8Array | undefined,
  namesId: string,
): Promise<NameList | undefined> {
  return bytes && await decodeNames(bytes, namesId, sha256);
}

/** Writes the digest and the names of a run, if they can be written. */
async function writeDigest(
  folder: string,
  id: string,
  content: RunContent,
): Promise<string> {
  const names = await encodeNames(content.ids, sha256);
  const path = `${folder}/names-${names.id}.gz`;
  if (await readNames(path, names.id) === undefined) {
    writeCached(path, gzipSync(names.bytes));
  }
  const digest = encodeDigest({ ...content, namesId: names.id });
  writeCached(`${folder}/${id}.digest`, digest);
  return names.id;
}

/** Makes the digest of a run that has ended, so that whoever asks first need not. */
export async function cacheDigest(run: Run): Promise<void> {
  const content = await readContent(knownRun(run), false);
  await writeDigest(cacheOf(run), run.id, content);
}

/**
 * Whether the digest of a run counts, and is of other bytes than its file has
 * now: to see it, all of them are read.
 */
export async function isStale(run: Run): Promise<boolean> {
  const cached = readBytes(`${cacheOf(run)}/${run.id}.digest`);
  if (cached === undefined) return false;
  const digest = decodeDigest(cached, cached.length), row = knownRun(run);
  if (digest === undefined || !isOf(digest, row)) return false;
  const content = await readContent(row, false);
  const { id: namesId } = await encodeNames(content.ids, sha256);
  return encodeDigest({ ...content, namesId })
    .some((byte, i) => byte !== cached[i]);
}

/** Whether a digest was made of the run as it is now, by its length. */
function isOf(digest: Digest, { run, isTorn }: KnownRun): boolean {
  if (isTorn !== ((digest.flags & RUN_FLAG.TORN) !== 0)) return false;
  return run.unpackedLengths.includes(
    run.isCompressed ? digest.bytes % 2 ** 32 : digest.bytes,
  );
}
