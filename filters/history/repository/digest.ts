/**
 * The digest of a run: outcome and seconds of each test, in five bytes. It is
 * derived from the run's file and may be deleted at any time.
 *
 * All numbers are little-endian.
 *
 * ```text
 *    0  "SUBDGST2"
 *    8  u32  tests N            12  u32  flags
 *   16  16 bytes                names id: the start of the SHA-256 of the names
 *   32  u64  bytes of the run, unpacked
 *   40  i64  first time, µs     48  i64  last time, µs
 *   56  u32  lost tests         60  u32  suite, 0 where it is unknown
 *   64  N bytes                 bits 0-2 outcome, 3 several attempts,
 *                               4 they disagree, 5 quarantined, 6 not runnable
 *       padding to 4, then N float32 seconds, NaN where they are unknown
 * ```
 *
 * @module
 */

import type { Outcome } from "@subunit/codec";
import { replaces, resultOf } from "../attempts.ts";

/** The bytes before the tests. */
export const HEADER_BYTES = 64;
/** Longer lists of names are not believed. */
export const MAX_NAMES_BYTES = 2 ** 30;

const MAGIC = new TextEncoder().encode("SUBDGST2");
const COUNT_AT = 8, FLAGS_AT = 12, NAMES_AT = 16, NAMES_BYTES = 16;
const BYTES_AT = 32, FIRST_AT = 40, LAST_AT = 48, LOST_AT = 56, SUITE_AT = 60;
/** More ids than these are looked up in a list of all. */
const MOST_SOUGHT = 16;
/** Without a timestamp in the run. */
const NO_TIME = -(2n ** 63n);

/** Flags of a run. */
export const RUN_FLAG = {
  /** The run has no end: its writer died, or still writes. */
  TORN: 1,
  /** A record says that it is of the full scope. */
  WIDE: 2,
  /** It is one part of several. */
  PART: 4,
  /** A signal ended the command. */
  STOPPED: 8,
  /** Tests have tags that name a fault. */
  FAULTS: 16,
  /** What has an outcome is not a test, as how a command ended. */
  TESTLESS: 32,
  /** Not all of it could be read: it is damaged, or its compressed data is. */
  DAMAGED: 64,
} as const;

/** What a test's byte holds. */
export const TEST_BIT = {
  OUTCOME: 7,
  SEVERAL: 8,
  DISAGREE: 16,
  QUARANTINED: 32,
  /** Its packet does not say that it can be run by its id. */
  NOT_RUNNABLE: 64,
} as const;

/**
 * Outcomes are the codes of the statuses in packets. In place of `inprogress`,
 * which is none, they say that the test was lost.
 */
export const CODE = {
  /** Named by an `exists` that nothing can be run for: it has no failure. */
  NOTHING: 0,
  EXISTS: 1,
  LOST: 2,
  SUCCESS: 3,
  UXSUCCESS: 4,
  SKIP: 5,
  FAIL: 6,
  XFAIL: 7,
} as const;

/** What a code means for whether the test is broken. */
export const MEANING = { NONE: 0, GOOD: 1, BAD: 2, UNDECIDED: 3 } as const;

/**
 * By code. A test that is skipped or expected to fail was not repaired, and
 * does not fail either.
 */
export const MEANINGS: Uint8Array = Uint8Array.of(
  MEANING.NONE,
  MEANING.NONE,
  MEANING.BAD,
  MEANING.GOOD,
  MEANING.BAD,
  MEANING.UNDECIDED,
  MEANING.BAD,
  MEANING.UNDECIDED,
);

const OUTCOMES: readonly (Outcome | "exists")[] = [
  "exists",
  "exists",
  "lost",
  "success",
  "uxsuccess",
  "skip",
  "fail",
  "xfail",
];

/** The name of the outcome in a test's byte; "exists" without one. */
export function outcomeOf(test: number): Outcome | "exists" {
  return OUTCOMES[test & TEST_BIT.OUTCOME];
}

/** Whether a test's byte has an outcome: `exists` is none. */
export function hasOutcome(test: number): boolean {
  return (test & TEST_BIT.OUTCOME) >= CODE.LOST;
}

/** The lowest bit of each of four bytes. */
const LOWEST_BITS = 0x01010101;

/**
 * How many tests have an outcome. Four are looked at together: the bits of a code
 * but the lowest say it, for all of hundreds of runs.
 *
 * `deno task bench` measures it as `subunit-failing`; the oracle in the tests is
 * {@linkcode hasOutcome}.
 */
export function countOutcomes(tests: Uint8Array): number {
  const words = wordsOf(tests);
  let count = 0;
  for (let i = 0; i < words.length; i++) {
    const has = (words[i] >>> 1 | words[i] >>> 2) & LOWEST_BITS;
    count += Math.imul(has, LOWEST_BITS) >>> 24;
  }
  for (let i = 4 * words.length; i < tests.length; i++) {
    if (hasOutcome(tests[i])) count++;
  }
  return count;
}

/** The same bytes, four at a time, but for the last ones. */
export function wordsOf(bytes: Uint8Array): Uint32Array {
  const { buffer, byteOffset, length } = bytes;
  return byteOffset % 4 === 0
    ? new Uint32Array(buffer, byteOffset, length >> 2)
    : wordsOf(bytes.slice());
}

/**
 * Whether an attempt decides in place of another one of the same run, by their
 * codes: a later one does, unless it was skipped.
 */
export function decides(
  before: number,
  now: number,
  isLater: boolean,
): boolean {
  const result = (code: number) => resultOf(outcomeOf(code) as Outcome);
  return replaces("last", result(before), result(now), isLater);
}

/** What a digest says of a run as a whole. */
export interface RunFacts {
  /** Of {@linkcode RUN_FLAG}. */
  readonly flags: number;
  /** The length of the run's file, unpacked. */
  readonly bytes: number;
  /** The first and the last time in the run, in µs since 1970. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  readonly lost: number;
  /** Which worker said what all tests are; 0 where it is unknown. */
  readonly suite?: number;
}

/** A digest without its seconds. */
export interface Digest extends RunFacts {
  /** The hexadecimal id of the names; see {@linkcode encodeNames}. */
  readonly namesId: string;
  /** A byte for each test, in the order of the names. */
  readonly tests: Uint8Array;
}

/** The beginning of a digest, as it was read. */
export interface DigestHead extends Digest {
  readonly count: number;
}

/** How many bytes a digest of so many tests has. */
export function digestBytes(tests: number): number {
  return secondsAt(tests) + 4 * tests;
}

/** Where the seconds of so many tests begin. */
export function secondsAt(tests: number): number {
  return (HEADER_BYTES + tests + 3) & ~3;
}

/** Writes a digest. */
export function encodeDigest(
  digest: Digest & { readonly seconds: Float32Array },
): Uint8Array<ArrayBuffer> {
  const { tests, seconds, first, last } = digest;
  const bytes = new Uint8Array(digestBytes(tests.length));
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint32(COUNT_AT, tests.length, true);
  view.setUint32(FLAGS_AT, digest.flags, true);
  bytes.set(Uint8Array.fromHex(digest.namesId), NAMES_AT);
  view.setBigUint64(BYTES_AT, BigInt(digest.bytes), true);
  view.setBigInt64(FIRST_AT, toTime(first), true);
  view.setBigInt64(LAST_AT, toTime(last), true);
  view.setUint32(LOST_AT, digest.lost, true);
  view.setUint32(SUITE_AT, digest.suite ?? 0, true);
  bytes.set(tests, HEADER_BYTES);
  const at = secondsAt(tests.length);
  for (let i = 0; i < tests.length; i++) {
    view.setFloat32(at + 4 * i, seconds[i], true);
  }
  return bytes;
}

/**
 * Reads the beginning of a digest, whose length is `total`; undefined when it is
 * no sound one. Its tests are a view of the bytes, as far as they are there.
 */
export function decodeDigest(
  bytes: Uint8Array,
  total: number = bytes.length,
): DigestHead | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint32(COUNT_AT, true);
  if (digestBytes(count) !== total) return undefined;
  return {
    count,
    namesId: bytes.subarray(NAMES_AT, NAMES_AT + NAMES_BYTES).toHex(),
    tests: bytes.subarray(HEADER_BYTES, HEADER_BYTES + count),
    flags: view.getUint32(FLAGS_AT, true),
    bytes: Number(view.getBigUint64(BYTES_AT, true)),
    first: fromTime(view.getBigInt64(FIRST_AT, true)),
    last: fromTime(view.getBigInt64(LAST_AT, true)),
    lost: view.getUint32(LOST_AT, true),
    suite: view.getUint32(SUITE_AT, true),
  };
}

const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Reads the seconds out of their bytes, which a digest ends with. */
export function decodeSeconds(bytes: Uint8Array): Float32Array {
  const { buffer, byteOffset, length } = bytes;
  if (IS_LITTLE_ENDIAN && byteOffset % 4 === 0) {
    return new Float32Array(buffer, byteOffset, length >> 2);
  }
  const seconds = new Float32Array(length >> 2);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < seconds.length; i++) {
    seconds[i] = view.getFloat32(4 * i, true);
  }
  return seconds;
}

function toTime(time: number | undefined): bigint {
  return time === undefined ? NO_TIME : BigInt(Math.round(time));
}

function fromTime(time: bigint): number | undefined {
  return time === NO_TIME ? undefined : Number(time);
}

/** The hash of bytes, in hexadecimal. */
type Sha256 = (bytes: Uint8Array) => string | Promise<string>;

/**
 * Writes ids that are in the order of their bytes. The id of the names is the
 * start of their hash.
 */
export async function encodeNames(
  ids: readonly string[],
  sha256: Sha256,
): Promise<
  { readonly id: string; readonly bytes: Uint8Array }
> {
  const bytes = new TextEncoder().encode(textOf(ids));
  return { bytes, id: (await sha256(bytes)).slice(0, 2 * NAMES_BYTES) };
}

function textOf(ids: readonly string[]): string {
  return ids.length === 0 ? "" : `${ids.join("\0")}\0`;
}

/** Reads the ids; undefined when they are not those that `id` was made of. */
export async function decodeNames(
  bytes: Uint8Array,
  id: string,
  sha256: Sha256,
): Promise<NameList | undefined> {
  if (!(await sha256(bytes)).startsWith(id)) return undefined;
  if (bytes.length > 0 && bytes.at(-1) !== 0) return undefined;
  return new NameList(
    new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes),
  );
}

/** The ids of a run's tests, in the order of their bytes. */
export class NameList {
  /** With a NUL in front as well, so that each id is between two. */
  readonly #text: string;
  #ids: readonly string[] | undefined;
  #count: number | undefined;

  /** @param text the ids, each with a NUL behind it */
  constructor(text: string) {
    this.#text = `\0${text}`;
  }

  static of(ids: readonly string[]): NameList {
    return new NameList(textOf(ids));
  }

  /** The ids, each with a NUL behind it. */
  get text(): string {
    return this.#text.slice(1);
  }

  get count(): number {
    return this.#count ??= this.#placeOf(this.#text.length - 1);
  }

  get ids(): readonly string[] {
    return this.#ids ??= this.#text.split("\0").slice(1, -1);
  }

  /**
   * Some ids of it by their places, in order: hundreds of thousands of others
   * need not be made for them.
   */
  pick(ids: ReadonlySet<string>): Map<number, string> {
    if (ids.size > MOST_SOUGHT) {
      const all = this.ids.map((id, place) => [place, id] as const);
      return new Map(all.filter(([, id]) => ids.has(id)));
    }
    const found = Array.from(ids, (id) => {
      const at = this.#text.indexOf(`\0${id}\0`);
      return [at < 0 ? -1 : this.#placeOf(at), id] as const;
    });
    return new Map(
      found.filter(([place]) => place >= 0).sort(([a], [b]) => a - b),
    );
  }

  /** How many ids are in front of a NUL. */
  #placeOf(end: number): number {
    let count = 0;
    for (let at = this.#text.indexOf("\0"); at < end; count++) {
      at = this.#text.indexOf("\0", at + 1);
    }
    return count;
  }
}
