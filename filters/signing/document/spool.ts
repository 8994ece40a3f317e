/**
 * Content kept back until the signature behind it is checked.
 *
 * @module
 */

import { createHash, type Hash } from "../openpgp/builtin.ts";
import { reasonOf } from "../../kit/errors.ts";
import { openTemporary, rewind } from "../../kit/io/files.ts";
import { writeAll } from "../../kit/io/output.ts";
import type { FsFile } from "../../kit/runtime/runtime.ts";
import { EXIT, SignedStreamError } from "../errors.ts";
import type { Chunks } from "../openpgp/packets.ts";

/** How bytes are kept back: in a file of our own, or by reading them twice. */
export const RELEASES = ["spool", "two-pass", "unverified"] as const;
export type Release = typeof RELEASES[number];

/** What is read back from a spool at a time. */
const READ_BYTES = 256 * 1024;
/** How much one digest of the first of two passes covers. */
const PART_BYTES = 1024 * 1024;

/** What to do when there is no room, where documents are verified. */
const REMEDY = "set TMPDIR to a directory with room, or use --release two-pass";

/** A file without a name, for nobody else: its mode is 0600. */
export class Spool implements Disposable {
  readonly #file: FsFile;
  readonly #remedy: string;

  /**
   * @param remedy what to do when it cannot be made or written
   * @throws {SignedStreamError} (exit 5) when the file cannot be made
   */
  constructor(remedy: string = REMEDY) {
    this.#remedy = remedy;
    this.#file = this.#orTrouble(
      "make",
      () => openTemporary("gpg-signed-stream-"),
    );
  }

  /** @throws {SignedStreamError} (exit 5) when the disk is full, for one */
  write(bytes: Uint8Array): void {
    this.#orTrouble("write", () => writeAll(this.#file, bytes));
  }

  /** All that was written; a chunk is good until the next. */
  *chunks(): Generator<Uint8Array> {
    const buffer = new Uint8Array(READ_BYTES);
    const read = () =>
      this.#orTrouble("read", () => this.#file.readSync(buffer));
    this.#orTrouble("read", () => rewind(this.#file));
    for (let count; (count = read()) !== null;) {
      yield buffer.subarray(0, count);
    }
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }

  #orTrouble<T>(verb: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw new SignedStreamError(
        EXIT.trouble,
        `Cannot ${verb} the spool file: ${reasonOf(error)}: ${this.#remedy}`,
      );
    }
  }
}

/**
 * The digests of content, a part of 1 MiB each: the first of two passes writes
 * them, the second lets no part go that is another one.
 */
export class PartDigests {
  readonly #digests: string[] = [];
  #hash: Hash = createHash("sha256");
  #size = 0;

  /** Takes in content of the first pass. */
  add(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const piece = bytes.subarray(at, at + PART_BYTES - this.#size);
      this.#hash.update(piece);
      this.#size += piece.length;
      at += piece.length;
      if (this.#size === PART_BYTES) this.#endPart();
    }
  }

  #endPart(): void {
    this.#digests.push(this.#hash.digest("base64"));
    this.#hash = createHash("sha256");
    this.#size = 0;
  }

  /**
   * The content of the second pass, part by part, each good until the next.
   *
   * @param content throws {@linkcode SignedStreamError} when it cannot be read
   * as what it was
   * @throws {SignedStreamError} (exit 1) when it is not that of the first
   */
  async *check(content: Chunks): AsyncGenerator<Uint8Array> {
    if (this.#size > 0) this.#endPart();
    const part = new Uint8Array(PART_BYTES);
    let size = 0, index = 0;
    const checked = () => {
      const bytes = part.subarray(0, size);
      const digest = createHash("sha256").update(bytes).digest("base64");
      if (digest !== this.#digests[index++]) throw changed();
      size = 0;
      return bytes;
    };
    try {
      for await (const bytes of content) {
        for (let at = 0; at < bytes.length;) {
          const piece = bytes.subarray(at, at + PART_BYTES - size);
          part.set(piece, size);
          size += piece.length;
          at += piece.length;
          if (size === PART_BYTES) yield checked();
        }
      }
    } catch (error) {
      // Whatever is wrong with it now was not wrong before.
      throw error instanceof SignedStreamError ? changed() : error;
    }
    if (size > 0) yield checked();
    if (index < this.#digests.length) throw changed();
  }
}

function changed(): SignedStreamError {
  return new SignedStreamError(
    EXIT.bad,
    "Cannot release the file: it changed between the two passes: what was released is a prefix of what is signed",
  );
}
