/**
 * Details after an outcome, up to the line `]`: the files of a test.
 *
 * ```text
 *   failure: a.test [             failure: a.test [ multipart
 *   first line                    Content-Type: text/plain;charset=utf8
 *    ] where a bracket is         log
 *    first, a space is eaten      5 CR LF hello0 CR LF
 *   ]                             ]
 * ```
 *
 * Source: the subunit README, "Version 1 (and 1.1)", DETAILS.
 *
 * @module
 */

import { decodeLegacy } from "./text.ts";
import { CR, LF, SPACE } from "./line.ts";

const BRACKET = 0x5d;

/** Part of a file, or all of it. The bytes are valid until `take` returns. */
export interface FilePart {
  readonly name: string;
  readonly mimeType: string;
  readonly bytes: Uint8Array;
  readonly eof: boolean;
}

/** Receives the files of a test as they arrive. */
export type TakePart = (part: FilePart) => void;

/** Longer files are split, so that they need not be collected. */
const MAX_PART_BYTES = 1024 * 1024;
const FIRST_BUFFER_BYTES = 4096;

/** Collects a file. One collector serves all files and keeps its buffer. */
class FileCollector {
  readonly #take: TakePart;
  #name = "";
  #mimeType = "";
  #isOpen = false;
  #buffer = new Uint8Array(FIRST_BUFFER_BYTES);
  #size = 0;

  constructor(take: TakePart) {
    this.#take = take;
  }

  open(name: string, mimeType: string): void {
    this.#name = name;
    this.#mimeType = mimeType;
    this.#isOpen = true;
  }

  add(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#size === MAX_PART_BYTES) this.#give(false);
      const some = bytes.subarray(at, at + MAX_PART_BYTES - this.#size);
      this.#reserve(some.length);
      this.#buffer.set(some, this.#size);
      this.#size += some.length;
      at += some.length;
    }
  }

  close(): void {
    if (this.#isOpen) this.#give(true);
    this.#isOpen = false;
  }

  #reserve(room: number): void {
    const needed = this.#size + room;
    if (needed <= this.#buffer.length) return;
    const buffer = new Uint8Array(2 * needed);
    buffer.set(this.#buffer.subarray(0, this.#size));
    this.#buffer = buffer;
  }

  #give(eof: boolean): void {
    const bytes = this.#buffer.subarray(0, this.#size);
    this.#size = 0;
    this.#take({ name: this.#name, mimeType: this.#mimeType, bytes, eof });
  }
}

/** Reads the details of one outcome. */
export interface DetailsReader {
  /**
   * Reads bytes that begin where the last call stopped, and returns how many it
   * has read: fewer than all when the rest depends on more bytes, or when the
   * details have ended.
   */
  read(bytes: Uint8Array): number;
  /** Whether the line `]` has been read. */
  readonly isDone: boolean;
  /** Ends the input; `bytes` have not been read yet. */
  end(bytes: Uint8Array): void;
}

/** The end of the line `]` that begins at `at`; -1 when there is none. */
function endOfDetails(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== BRACKET) return -1;
  if (bytes[at + 1] === LF) return at + 2;
  return bytes[at + 1] === CR && bytes[at + 2] === LF ? at + 3 : -1;
}

/** Returns whether the bytes from `at` on may become the line `]`. */
function mayEndDetails(bytes: Uint8Array, at: number): boolean {
  const there = bytes.length - at;
  return bytes[at] === BRACKET &&
    (there === 1 || there === 2 && bytes[at + 1] === CR);
}

/** Reads lines as one file. A space before a bracket is removed. */
class BracketedReader implements DetailsReader {
  isDone = false;
  readonly #file: FileCollector;
  readonly #eatsSpace: boolean;
  #isInLine = false;

  constructor(file: FileCollector, eatsSpace: boolean) {
    this.#file = file;
    this.#eatsSpace = eatsSpace;
  }

  read(bytes: Uint8Array): number {
    let at = 0;
    while (at < bytes.length) {
      if (!this.#isInLine) {
        const end = endOfDetails(bytes, at);
        if (end > 0) {
          this.isDone = true;
          this.#file.close();
          return end;
        }
        if (mayEndDetails(bytes, at)) return at;
        if (this.#eatsSpace && bytes[at] === SPACE) {
          if (at + 1 === bytes.length) return at;
          if (bytes[at + 1] === BRACKET) at++;
        }
      }
      const end = bytes.indexOf(LF, at) + 1;
      this.#isInLine = end === 0;
      const stop = end || bytes.length;
      this.#file.add(bytes.subarray(at, stop));
      at = stop;
    }
    return at;
  }

  end(bytes: Uint8Array): void {
    // The last line may lack its line end.
    this.isDone = bytes[0] === BRACKET;
    if (!this.isDone) this.#file.add(bytes);
    this.#file.close();
  }
}

/** The file for details that are malformed. */
const MALFORMED = "malformed details";
const BYTES_TYPE = "application/octet-stream";

/** Longer lines in multipart details are malformed. */
const MAX_LINE_BYTES = 64 * 1024;
/** Content-Type: type/subtype; Python expects a word and one slash. */
const PART_TYPE = /^\S+ ([^/]*\/.*)$/s;
const CHUNK_LENGTH = /^[0-9A-Fa-f]{1,12}$/;

/** Reads files with name and type, in chunks as in HTTP. */
class MultipartReader implements DetailsReader {
  readonly #file: FileCollector;
  #expected: "type" | "name" | "length" | "content" = "type";
  #mimeType = "";
  #contentLeft = 0;
  #isDone = false;
  /** Reads the rest once something is malformed. */
  #malformed: BracketedReader | undefined;

  constructor(file: FileCollector) {
    this.#file = file;
  }

  get isDone(): boolean {
    return this.#malformed?.isDone ?? this.#isDone;
  }

  read(bytes: Uint8Array): number {
    let at = 0;
    while (at < bytes.length && !this.isDone) {
      const read = this.#readNext(bytes.subarray(at));
      if (read === 0) break;
      at += read;
    }
    return at;
  }

  #readNext(bytes: Uint8Array): number {
    if (this.#malformed !== undefined) return this.#malformed.read(bytes);
    if (this.#expected === "content") return this.#readContent(bytes);
    const end = bytes.indexOf(LF) + 1;
    if (end === 0 && bytes.length <= MAX_LINE_BYTES) return 0;
    const isRead = end > 0 && end <= MAX_LINE_BYTES &&
      this.#readLine(bytes.subarray(0, end));
    return isRead ? end : this.#giveUp(bytes);
  }

  /** Reads a line; false when it is malformed. */
  #readLine(bytes: Uint8Array): boolean {
    const isCrLf = bytes[bytes.length - 2] === CR;
    const line = decodeLegacy(bytes.subarray(0, isCrLf ? -2 : -1));
    switch (this.#expected) {
      case "type":
        return this.#readType(line);
      case "name":
        this.#file.open(line, this.#mimeType);
        this.#expected = "length";
        return true;
      default:
        return this.#readLength(line);
    }
  }

  #readType(line: string): boolean {
    if (line === "]") {
      this.#isDone = true;
      return true;
    }
    // The specification has a line end after each part; Python writes none.
    if (line === "") return true;
    const [, mimeType] = PART_TYPE.exec(line) ?? [];
    if (mimeType === undefined) return false;
    this.#mimeType = mimeType;
    this.#expected = "name";
    return true;
  }

  #readLength(line: string): boolean {
    if (!CHUNK_LENGTH.test(line)) return false;
    this.#contentLeft = parseInt(line, 16);
    if (this.#contentLeft > 0) {
      this.#expected = "content";
    } else {
      this.#file.close();
      this.#expected = "type";
    }
    return true;
  }

  #readContent(bytes: Uint8Array): number {
    const content = bytes.subarray(0, this.#contentLeft);
    this.#file.add(content);
    this.#contentLeft -= content.length;
    if (this.#contentLeft === 0) this.#expected = "length";
    return content.length;
  }

  /** Keeps the rest, up to the line `]`, as it is. */
  #giveUp(bytes: Uint8Array): number {
    this.#file.close();
    this.#file.open(MALFORMED, BYTES_TYPE);
    this.#malformed = new BracketedReader(this.#file, false);
    return this.#malformed.read(bytes);
  }

  end(bytes: Uint8Array): void {
    if (this.#malformed === undefined && bytes.length > 0) {
      const isLast = this.#expected === "type";
      if (isLast && mayEndDetails(bytes, 0)) this.#isDone = true;
      else bytes = bytes.subarray(this.#giveUp(bytes));
    }
    if (this.#malformed !== undefined) this.#malformed.end(bytes);
    else this.#file.close();
  }
}

/** Makes readers for the details of one test after another. */
export class Details {
  readonly #file: FileCollector;

  constructor(take: TakePart) {
    this.#file = new FileCollector(take);
  }

  /** Returns a reader of lines, which become the file `name`. */
  bracketed(name: string, mimeType: string): DetailsReader {
    this.#file.open(name, mimeType);
    return new BracketedReader(this.#file, true);
  }

  /** Returns a reader of files with name and type. */
  multipart(): DetailsReader {
    return new MultipartReader(this.#file);
  }
}
