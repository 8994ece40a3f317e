/**
 * What many runs say of one test, side by side: to open the digest of each run
 * takes longer than to read what it says.
 *
 * A file in `cache/columns` is made of the digests of 64 runs that share a list
 * of names. It is derived from them as they are from the runs: what is missing,
 * cut or of another content is left to the digests, and made again.
 *
 * All numbers are little-endian.
 *
 * ```text
 *    0  "SUBCOLS1"
 *    8  u32  tests N            12  u32  bytes of the names M
 *   16  16 bytes                names id, as in digests
 *   32  64 times 24 bytes       the names of the runs
 *       64 times 64 bytes       the beginnings of their digests
 *       M bytes                 the names, which are not compressed here
 *       padding to 4, then N u32: where each name begins in them
 *       N times 64 bytes and 64 float32: what each run says
 * ```
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import {
  addCached,
  listCached,
  PlaceFile,
  removeCached,
} from "../../kit/io/cache_files.ts";
import {
  decodeDigest,
  decodeSeconds,
  digestBytes,
  type DigestHead,
  HEADER_BYTES,
  MAX_NAMES_BYTES,
  type NameList,
  secondsAt,
  wordsOf,
} from "./digest.ts";

/** How many runs a file has. */
export const COLUMN_RUNS = 64;
/** More ids than these are looked up in a list of all. */
const MOST_SOUGHT = 16;

const MAGIC = new TextEncoder().encode("SUBCOLS1");
const COUNT_AT = 8, NAMES_BYTES_AT = 12, NAMES_ID_AT = 16, RUNS_AT = 32;
const RUN_NAME_BYTES = 24;
const DIGESTS_AT = RUNS_AT + COLUMN_RUNS * RUN_NAME_BYTES;
const NAMES_AT = DIGESTS_AT + COLUMN_RUNS * HEADER_BYTES;
/** Where a name begins. */
const START_BYTES = 4;
/** Names that {@linkcode makeColumns} gives, at last and at first. */
const OWN_NAME = /\/[0-9a-f]{32}-\d{8}T\d{6}-[0-9a-f]{8}(\.[0-9a-f]{8}\.tmp)?$/;
/** What the runs say of a test: a byte and a float32 each. */
const COLUMN_BYTES = 5 * COLUMN_RUNS;

/** Where a file has a run. */
export interface RunColumn {
  readonly file: ColumnFile;
  readonly place: number;
}

/** What a run says of some tests. */
export interface ColumnTests {
  readonly tests: Uint8Array;
  readonly seconds: Float32Array;
}

/** A file with what many runs say of each test. */
export class ColumnFile {
  readonly #path: string;
  readonly #size: number;
  /** All that comes before the names. */
  readonly #head: Uint8Array;
  readonly #words: Uint32Array;
  /** The hexadecimal id of the names, as in digests. */
  readonly namesId: string;
  /** How many tests there are. */
  readonly count: number;
  readonly #namesBytes: number;
  /** What was read, by the places of the tests: 64 of each. */
  readonly #columns = new Map<Int32Array, ColumnTests | undefined>();

  private constructor(path: string, size: number, head: Uint8Array) {
    this.#path = path;
    this.#size = size;
    this.#head = head;
    this.#words = wordsOf(head);
    this.namesId = head.subarray(NAMES_ID_AT, RUNS_AT).toHex();
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
    this.count = view.getUint32(COUNT_AT, true);
    this.#namesBytes = view.getUint32(NAMES_BYTES_AT, true);
  }

  /** Opens a file; undefined when it is no sound one. */
  static open(path: string): ColumnFile | undefined {
    using file = PlaceFile.open(path);
    if (file === undefined) return undefined;
    const head = file.read(0, NAMES_AT);
    if (head.length < NAMES_AT) return undefined;
    if (MAGIC.some((byte, i) => head[i] !== byte)) return undefined;
    const columns = new ColumnFile(path, file.size, head);
    if (columns.#namesBytes > MAX_NAMES_BYTES) return undefined;
    const size = columns.#columnsAt + columns.count * COLUMN_BYTES;
    return size === file.size ? columns : undefined;
  }

  /** The names of its runs. */
  get runs(): string[] {
    const text = new TextDecoder().decode(
      this.#head.subarray(RUNS_AT, DIGESTS_AT),
    );
    return Array.from({ length: COLUMN_RUNS }, (_, i) => {
      const at = i * RUN_NAME_BYTES;
      return text.slice(at, at + RUN_NAME_BYTES);
    });
  }

  get #startsAt(): number {
    return startsAt(this.#namesBytes);
  }

  get #columnsAt(): number {
    return this.#startsAt + this.count * START_BYTES;
  }

  /** The beginning of the digest of a run, if it is one of these tests. */
  digestOf(place: number): DigestHead | undefined {
    const at = DIGESTS_AT + place * HEADER_BYTES;
    const head = this.#head.subarray(at, at + HEADER_BYTES);
    const digest = decodeDigest(head, digestBytes(this.count));
    return digest?.namesId === this.namesId ? digest : undefined;
  }

  /** The text of its list of names; undefined when it cannot be read. */
  readNames(): Uint8Array | undefined {
    using file = this.#reopen();
    const bytes = file?.read(NAMES_AT, this.#namesBytes);
    return bytes?.length === this.#namesBytes ? bytes : undefined;
  }

  /**
   * Some ids by their places, in order, without reading the others; undefined
   * when one of them is not found, which may be the file's fault.
   */
  pick(ids: ReadonlySet<string>): Map<number, string> | undefined {
    if (ids.size > MOST_SOUGHT) return undefined;
    using file = this.#reopen();
    if (file === undefined) return undefined;
    const found: [number, string][] = [];
    for (const id of ids) {
      const place = this.#placeOf(file, new TextEncoder().encode(`${id}\0`));
      if (place === undefined) return undefined;
      found.push([place, id]);
    }
    return new Map(found.sort(([a], [b]) => a - b));
  }

  /** @param name with a NUL behind it */
  #placeOf(file: PlaceFile, name: Uint8Array): number | undefined {
    let from = 0, to = this.count;
    while (from < to) {
      const middle = (from + to) >> 1;
      const at = this.#startOf(file, middle);
      if (at === undefined) return undefined;
      const order = compareBytes(file.read(NAMES_AT + at, name.length), name);
      if (order < 0) from = middle + 1;
      else if (order > 0) to = middle;
      else return this.#isName(file, middle, at, name) ? middle : undefined;
    }
    return undefined;
  }

  /** Whether it is all of the name at a place, and not the end of a longer one. */
  #isName(
    file: PlaceFile,
    place: number,
    at: number,
    { length }: Uint8Array,
  ): boolean {
    const end = this.#startOf(file, place + 1);
    const before = at === 0 ? 0 : file.read(NAMES_AT + at - 1, 1)[0];
    return before === 0 && end === at + length;
  }

  /** Where a name begins in the list; undefined when it cannot be read. */
  #startOf(file: PlaceFile, place: number): number | undefined {
    if (place === this.count) return this.#namesBytes;
    const from = this.#startsAt + START_BYTES * place;
    const { buffer, byteOffset, length } = file.read(from, START_BYTES);
    return length < START_BYTES
      ? undefined
      : new DataView(buffer, byteOffset).getUint32(0, true);
  }

  /** What a run says of the tests at some places in the list of names. */
  testsOf(place: number, at: Int32Array): ColumnTests | undefined {
    if (!this.#columns.has(at)) this.#columns.set(at, this.#read(at));
    const columns = this.#columns.get(at);
    if (columns === undefined) return undefined;
    const tests = new Uint8Array(at.length);
    const seconds = new Float32Array(at.length);
    for (let i = 0; i < at.length; i++) {
      tests[i] = columns.tests[i * COLUMN_RUNS + place];
      seconds[i] = columns.seconds[i * COLUMN_RUNS + place];
    }
    return { tests, seconds };
  }

  #read(at: Int32Array): ColumnTests | undefined {
    using file = this.#reopen();
    if (file === undefined) return undefined;
    const tests = new Uint8Array(at.length * COLUMN_RUNS);
    const seconds = new Float32Array(at.length * COLUMN_RUNS);
    for (const [i, place] of at.entries()) {
      const from = this.#columnsAt + place * COLUMN_BYTES;
      const column = file.read(from, COLUMN_BYTES);
      if (column.length < COLUMN_BYTES) return undefined;
      tests.set(column.subarray(0, COLUMN_RUNS), i * COLUMN_RUNS);
      const times = decodeSeconds(column.subarray(COLUMN_RUNS));
      seconds.set(times, i * COLUMN_RUNS);
    }
    return { tests, seconds };
  }

  /** The file, unless another process has replaced it. */
  #reopen(): PlaceFile | undefined {
    const file = PlaceFile.open(this.#path);
    if (file === undefined) return undefined;
    const is = wordsOf(file.read(0, NAMES_AT));
    let at = 0;
    while (at < is.length && is[at] === this.#words[at]) at++;
    if (at === this.#words.length && file.size === this.#size) return file;
    file[Symbol.dispose]();
    return undefined;
  }
}

/** Where the runs of a cache are in its files. */
export function findColumns(folder: string): Map<string, RunColumn[]> {
  const found = new Map<string, RunColumn[]>();
  for (const path of columnPaths(folder)) {
    const file = ColumnFile.open(path);
    for (const [place, run] of file?.runs.entries() ?? []) {
      const columns = found.get(run);
      if (columns === undefined) found.set(run, [{ file: file!, place }]);
      else columns.push({ file: file!, place });
    }
  }
  return found;
}

/** Makes a file of the digests of runs, if they are there and it can be written. */
export function makeColumns(
  folder: string,
  namesId: string,
  list: NameList,
  runs: readonly string[],
): void {
  const path = `${folderIn(folder)}/${namesId}-${runs[0]}`;
  addCached(path, false, () => encodeColumns(folder, namesId, list, runs));
}

/** For questions about some tests; others do not need it. */
export interface Columns {
  readonly find: typeof findColumns;
  readonly make: typeof makeColumns;
  readonly bytes: typeof columnBytes;
  readonly runs: typeof COLUMN_RUNS;
}

/** What {@linkcode Columns} does. */
export const COLUMNS: Columns = {
  find: findColumns,
  make: makeColumns,
  bytes: columnBytes,
  runs: COLUMN_RUNS,
};

/** About how many bytes the file of a list of tests has. */
export function columnBytes({ count, text }: NameList): number {
  return NAMES_AT + text.length + count * (START_BYTES + COLUMN_BYTES);
}

/**
 * Removes the files of which not all runs are as they were, and those that are
 * cut. What has another name is not ours: the folder may be a link.
 */
export function removeColumns(folder: string, kept: ReadonlySet<string>): void {
  for (const path of columnPaths(folder)) {
    if (!OWN_NAME.test(path)) continue;
    const isKept = ColumnFile.open(path)?.runs.every((run) => kept.has(run));
    // Who still writes it loses no more than what can be made again.
    if (!isKept) removeCached(path);
  }
}

function encodeColumns(
  folder: string,
  namesId: string,
  list: NameList,
  runs: readonly string[],
): Uint8Array | undefined {
  const names = new TextEncoder().encode(list.text), { count } = list;
  const starts = startsAt(names.length), at = starts + count * START_BYTES;
  const bytes = new Uint8Array(at + count * COLUMN_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint32(COUNT_AT, count, true);
  view.setUint32(NAMES_BYTES_AT, names.length, true);
  bytes.set(Uint8Array.fromHex(namesId), NAMES_ID_AT);
  bytes.set(concat(runs.map((run) => new TextEncoder().encode(run))), RUNS_AT);
  bytes.set(names, NAMES_AT);
  for (let i = 0, start = 0; i < count; i++) {
    view.setUint32(starts + i * START_BYTES, start, true);
    start = names.indexOf(0, start) + 1;
  }
  const words = new Uint32Array(bytes.buffer);
  for (const [place, run] of runs.entries()) {
    using file = PlaceFile.open(`${folder}/${run}.digest`);
    const digest = file?.read(0, file.size) ?? new Uint8Array(0);
    const head = decodeDigest(digest);
    if (head?.namesId !== namesId || head.count !== count) return undefined;
    const from = DIGESTS_AT + place * HEADER_BYTES;
    bytes.set(digest.subarray(0, HEADER_BYTES), from);
    const { tests } = head,
      seconds = wordsOf(digest.subarray(secondsAt(count)));
    let byte = at + place, word = (at + COLUMN_RUNS) / 4 + place;
    for (let i = 0; i < count; i++) {
      bytes[byte] = tests[i];
      words[word] = seconds[i];
      byte += COLUMN_BYTES;
      word += COLUMN_BYTES / 4;
    }
  }
  return bytes;
}

/** Where the starts of the names are. */
function startsAt(namesBytes: number): number {
  return (NAMES_AT + namesBytes + 3) & ~3;
}

/** Compares bytes, of which the first may be more. */
function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    if (a[i] !== b[i]) return a[i] - b[i];
  }
  return a.length - b.length;
}

function folderIn(folder: string): string {
  return `${folder}/columns`;
}

function columnPaths(folder: string): string[] {
  const columns = folderIn(folder);
  return listCached(columns).map((name) => `${columns}/${name}`);
}
