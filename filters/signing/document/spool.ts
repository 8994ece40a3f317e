/**
 * Content held back until the signature after it checks out.
 *
 * @module
 */

import { createHash, type Hash } from "../../kit/runtime/builtin.ts";
import { reasonOf } from "../../kit/errors.ts";
import { TemporaryFile } from "../../kit/io/files.ts";
import { EXIT, SignedStreamError } from "../errors.ts";
import type { Chunks } from "../openpgp/packets.ts";

/** How bytes are held back: in a temporary file, or by reading them twice. */
export const RELEASES = ["spool", "two-pass", "unverified"] as const;
export type Release = typeof RELEASES[number];

/** How much content one digest covers. */
const PART_BYTES = 1024 * 1024;

/** What to do when there is no room, in verify. */
const REMEDY = "set TMPDIR to a directory with room, or use --release two-pass";

/** A file without a name and with mode 0600: nobody else can open it. */
export class Spool extends TemporaryFile {
  /**
   * @param remedy what the user can do when it cannot be made or written
   * @throws {SignedStreamError} (exit 5) when the file cannot be made, as all
   * methods do when they fail: a full disk
   */
  constructor(remedy: string = REMEDY) {
    super("gpg-signed-stream-", (verb, error) =>
      new SignedStreamError(
        EXIT.trouble,
        `Cannot ${verb} the spool file: ${reasonOf(error)}: ${remedy}`,
      ));
  }
}

/**
 * The digests of parts of the content, 1 MiB each: the first of two passes
 * computes them, the second releases no part with another digest.
 */
export class PartDigests {
  readonly #digests: string[] = [];
  #hash: Hash = createHash("sha256");
  #size = 0;

  /** Takes content of the first pass. */
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
   * The content of the second pass, part by part, each valid until the next.
   *
   * @param content throws {@linkcode SignedStreamError} when it can no longer be
   * read as a document
   * @throws {SignedStreamError} (exit 1) when it differs from the first pass
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
      // Any error in the document is new: the first pass found none.
      throw error instanceof SignedStreamError ? changed() : error;
    }
    if (size > 0) yield checked();
    if (index < this.#digests.length) throw changed();
  }
}

function changed(): SignedStreamError {
  return new SignedStreamError(
    EXIT.bad,
    "Cannot release the file: it changed between the two passes: the output is a prefix of the signed content",
  );
}
