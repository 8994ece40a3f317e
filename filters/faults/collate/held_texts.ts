/**
 * The texts of tests in progress, in memory that is bounded for each test.
 *
 * @module
 */

import { type KeyedEvent, type Packet, TestTable } from "@subunit/codec";
import { type NamedText, rankOf } from "../fingerprint/fingerprint.ts";

/** How many bytes are kept of a file's beginning. */
const HEAD_BYTES = 64 * 1024;
/** How many are kept of a file, and of all files of a test. */
export const TEXT_BYTES = 256 * 1024;
const TAIL_BYTES = TEXT_BYTES - HEAD_BYTES;
const FIRST_BYTES = 512;

const TEXT_TYPE = /^(?:text\/|application\/(?:json|xml|yaml)\b)/;

/** The first and the last bytes of a file. */
class Ends {
  #bytes = new Uint8Array(FIRST_BYTES);
  /** How many bytes came. */
  #length = 0;

  push(part: Uint8Array): void {
    let rest = part;
    if (this.#length < TEXT_BYTES) {
      const room = rest.subarray(0, TEXT_BYTES - this.#length);
      this.#reserve(this.#length + room.length);
      this.#bytes.set(room, this.#length);
      this.#length += room.length;
      rest = rest.subarray(room.length);
    }
    if (rest.length > TAIL_BYTES) {
      this.#length += rest.length - TAIL_BYTES;
      rest = rest.subarray(rest.length - TAIL_BYTES);
    }
    while (rest.length > 0) {
      const at = HEAD_BYTES + (this.#length - HEAD_BYTES) % TAIL_BYTES;
      const fits = rest.subarray(0, TEXT_BYTES - at);
      this.#bytes.set(fits, at);
      this.#length += fits.length;
      rest = rest.subarray(fits.length);
    }
  }

  #reserve(length: number): void {
    if (length <= this.#bytes.length) return;
    const size = Math.min(TEXT_BYTES, Math.max(length, 2 * this.#bytes.length));
    const grown = new Uint8Array(size);
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }

  get text(): string {
    if (this.#length <= TEXT_BYTES) {
      return decode(this.#bytes.subarray(0, this.#length));
    }
    const oldest = HEAD_BYTES + (this.#length - HEAD_BYTES) % TAIL_BYTES;
    const head = this.#bytes.subarray(0, HEAD_BYTES);
    // What was cut is no line of either end.
    return `${decode(head)}\n${decode(this.#bytes.subarray(oldest))}${
      decode(this.#bytes.subarray(HEAD_BYTES, oldest))
    }`;
  }
}

const decoder = new TextDecoder();

function decode(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** The key of a test. */
export type Key = NonNullable<KeyedEvent["testKey"]>;

/** A file of a test in progress. */
interface HeldFile {
  readonly rank: number;
  readonly isText: boolean;
  /** How many bytes are kept, or would be after {@linkcode HeldTexts.own}. */
  byteLength: number;
  /** Parts that belong to packets of this chunk. */
  parts: Uint8Array[];
  ends: Ends | undefined;
}

/** The files of a test in progress. */
interface HeldTest {
  readonly files: Map<string, HeldFile | undefined>;
  byteLength: number;
  isInChunk: boolean;
}

/** Keeps the texts of tests until they end. */
export class HeldTexts {
  readonly #keyFile: string;
  readonly #tests = new TestTable<HeldTest>();
  /** Those with parts of this chunk. */
  #borrowers: HeldTest[] = [];

  /** @param keyFile the file that is kept before all others */
  constructor(keyFile: string) {
    this.#keyFile = keyFile;
  }

  /** How many tests have texts. */
  get size(): number {
    return this.#tests.size;
  }

  /** Keeps the file of a packet, if it is text. */
  add({ testKey, fileName, fileBytes, mimeType }: Packet): void {
    if (fileName === undefined) return;
    const test = this.#tests.getOrAdd(testKey, newTest);
    const bytes = fileBytes ?? new Uint8Array(0);
    let file = test.files.get(fileName);
    if (file === undefined) {
      // Undefined and there: other files needed the room.
      if (test.files.has(fileName)) return;
      file = {
        rank: rankOf(fileName, this.#keyFile),
        isText: mimeType ? TEXT_TYPE.test(mimeType) : !bytes.includes(0),
        byteLength: 0,
        parts: [],
        ends: undefined,
      };
      test.files.set(fileName, file);
    }
    if (!file.isText || bytes.length === 0) return;
    const before = file.byteLength;
    file.byteLength = Math.min(TEXT_BYTES, before + bytes.length);
    file.parts.push(bytes);
    test.byteLength += file.byteLength - before;
    while (test.byteLength > TEXT_BYTES) dropLeast(test);
    if (!test.isInChunk) {
      test.isInChunk = true;
      this.#borrowers.push(test);
    }
  }

  /** The texts of a test, which are forgotten. */
  take(key: Key): NamedText[] {
    const test = this.#tests.delete(key);
    if (test === undefined) return [];
    const texts: NamedText[] = [];
    for (const [name, file] of test.files) {
      if (file !== undefined && file.byteLength > 0) {
        texts.push({ name, text: textOf(file) });
      }
    }
    test.files.clear();
    return texts;
  }

  /** Forgets the texts of a test. */
  drop(key: Key): void {
    this.#tests.delete(key)?.files.clear();
  }

  /** Copies what is kept, before the bytes of packets change. */
  own(): void {
    for (const test of this.#borrowers) {
      test.isInChunk = false;
      for (const file of test.files.values()) {
        if (file !== undefined) own(file);
      }
    }
    this.#borrowers = [];
  }
}

function newTest(): HeldTest {
  return { files: new Map(), byteLength: 0, isInChunk: false };
}

/** Drops the file that is least likely to hold the reason. */
function dropLeast(test: HeldTest): void {
  let least: [string, HeldFile] | undefined;
  for (const [name, file] of test.files) {
    if (file === undefined || file.byteLength === 0) continue;
    if (least === undefined || file.rank >= least[1].rank) least = [name, file];
  }
  test.byteLength -= least![1].byteLength;
  test.files.set(least![0], undefined);
}

function own(file: HeldFile): void {
  if (file.parts.length === 0) return;
  const ends = file.ends ??= new Ends();
  file.parts.forEach((part) => ends.push(part));
  file.parts = [];
}

function textOf(file: HeldFile): string {
  if (file.ends === undefined && file.parts.length === 1) {
    const [part] = file.parts;
    if (part.length <= TEXT_BYTES) return decode(part);
  }
  own(file);
  return file.ends!.text;
}
