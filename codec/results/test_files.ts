/**
 * The files of tests in progress.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import type { StatusEvent } from "../event.ts";
import { BothEnds, type Omission } from "./both_ends.ts";
import { RecycledBytes } from "./recycled.ts";

/** A file of a test, its parts joined. */
export interface Attachment {
  readonly name: string;
  /** The first type given; undefined when none was. */
  readonly mimeType: string | undefined;
  readonly bytes: Uint8Array;
  /** What is missing in its middle; undefined when nothing is. */
  readonly omitted?: Omission;
}

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** The files of a test in progress, by name, in the order in which they began. */
export class TestFiles extends Map<string, OpenFile> {
  /** Whether the test's last event has been added. */
  hasEnded = false;

  /** The files, as long as their bytes are there. */
  attachments(): Attachment[] {
    return Array.from(this, ([name, file]) => attachmentOf(name, file));
  }

  /** The same while the test goes on: nothing says what is missing. */
  soFar(): Attachment[] {
    return Array.from(this, ([name, { mimeType, ends, parts }]) => ({
      name,
      mimeType,
      bytes: ends?.bytes ?? concat(parts),
    }));
  }
}

/** A file of a test in progress. */
interface OpenFile {
  readonly test: TestFiles;
  mimeType: string | undefined;
  /** All of it; nothing when only both ends are kept. */
  parts: Uint8Array[];
  /** How many of the parts, counted from the first, are copies. */
  owned: number;
  /** Whether others are not, and it is in the list of those. */
  isBorrower: boolean;
  /** How many bytes the parts have. */
  byteLength: number;
  ends: BothEnds | undefined;
}

/** The parts of files whose bytes are joined only when they are read. */
const partsOf = new WeakMap<Attachment, readonly Uint8Array[]>();

/** The bytes of a file in parts: joined they would take memory twice. */
export function attachmentParts(file: Attachment): readonly Uint8Array[] {
  return partsOf.get(file) ?? [file.bytes];
}

function attachmentOf(
  name: string,
  { mimeType, parts, ends }: OpenFile,
): Attachment {
  if (ends !== undefined) {
    return { name, mimeType, bytes: ends.bytes, omitted: ends.end() };
  }
  if (parts.length === 1) return { name, mimeType, bytes: parts[0] };
  let joined: Uint8Array | undefined;
  const file = {
    name,
    mimeType,
    get bytes(): Uint8Array {
      return joined ??= concat(parts);
    },
  };
  partsOf.set(file, parts);
  return file;
}

/** Keeps the files of tests in progress: the bytes of their events, or copies. */
export class FileKeeper {
  /** How many bytes are kept of each end of a file. */
  readonly #endBytes: number;
  readonly #borrows: boolean;
  /** Files with bytes that belong to events. */
  #borrowers: OpenFile[] = [];
  /** The files of tests that have ended since. */
  #ended: TestFiles[] = [];
  readonly #memory = new RecycledBytes();

  constructor(endBytes: number, borrows: boolean) {
    this.#endBytes = endBytes;
    this.#borrows = borrows;
  }

  /** Adds the part of a file that an event has. */
  add(files: TestFiles, event: StatusEvent): void {
    const name = event.fileName!;
    let file = files.get(name);
    if (file === undefined) files.set(name, file = openFile(files));
    file.mimeType ??= event.mimeType;
    const part = event.fileBytes ?? NO_BYTES;
    file.byteLength += part.length;
    if (file.ends === undefined && file.byteLength > 2 * this.#endBytes) {
      const ends = file.ends = new BothEnds(this.#endBytes);
      file.parts.forEach((part) => ends.push(part));
      this.#release(file);
    }
    if (file.ends !== undefined) {
      file.ends.push(part);
      return;
    }
    file.parts.push(part);
    if (this.#borrows && !file.isBorrower) {
      file.isBorrower = true;
      this.#borrowers.push(file);
    }
  }

  /** Takes the files of a test that has ended: they are good until `own`. */
  end(files: TestFiles): void {
    if (!this.#borrows) return;
    files.hasEnded = true;
    this.#ended.push(files);
  }

  /** Copies what is kept before the bytes of events change. */
  own(): void {
    for (const files of this.#ended) {
      for (const file of files.values()) this.#release(file);
    }
    for (const file of this.#borrowers) {
      file.isBorrower = false;
      if (file.test.hasEnded) continue;
      const { parts } = file;
      for (let i = file.owned; i < parts.length; i++) {
        parts[i] = this.#memory.copy(parts[i]);
      }
      file.owned = parts.length;
    }
    this.#ended = [];
    this.#borrowers = [];
  }

  /** Forgets the parts of a file. */
  #release(file: OpenFile): void {
    const { parts, owned } = file;
    for (let i = 0; i < owned; i++) this.#memory.release(parts[i]);
    file.parts = [];
    file.owned = 0;
  }
}

function openFile(test: TestFiles): OpenFile {
  return {
    test,
    mimeType: undefined,
    parts: [],
    owned: 0,
    isBorrower: false,
    byteLength: 0,
    ends: undefined,
  };
}
