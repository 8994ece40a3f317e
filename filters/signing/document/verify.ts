/**
 * Verifying documents: nothing is released until the signature over all of it
 * checks out.
 *
 * @module
 */

import { isRegularFile } from "../../kit/io/files.ts";
import { type ToolIO, UsageError } from "../../kit/tool/tool.ts";
import {
  type DocumentItems,
  readClear,
  readDetached,
  readInline,
  readSignatureFile,
} from "./read.ts";
import { EXIT, SignedStreamError } from "../errors.ts";
import { type HashKind, SignatureHasher } from "../openpgp/signature_hash.ts";
import {
  type ParsedSignature,
  TYPE_BINARY,
  TYPE_TEXT,
} from "../openpgp/signature_packet.ts";
import type { SignatureRecord, SignatureVerifier } from "../verdicts.ts";
import { PartDigests, type Release, Spool } from "./spool.ts";

/** The forms of documents. */
export type DocumentMode = "detached" | "inline" | "clear";

/** The default of --max-bytes. */
export const DEFAULT_MAX_BYTES = 16 * 1024 ** 3;
/** How a document is verified. */
export interface VerifyDocumentOptions {
  readonly mode: DocumentMode;
  /** The file with a detached signature; "-" is standard input. */
  readonly signature?: string;
  /** The longest content; longer content is exit 5. */
  readonly maxBytes: number;
  /** By default two passes over a regular file, a spool otherwise. */
  readonly release?: Release;
  /** Whether text around a clear-signed one is dropped, not refused. */
  readonly allowSurroundingText?: boolean;
  readonly verifier: Pick<SignatureVerifier, "judge">;
  /**
   * Is called once with the verdicts on all signatures and returns the exit
   * status; 0 releases the document.
   */
  conclude(records: readonly SignatureRecord[]): number;
}

const DASH_LINE =
  /^-----BEGIN PGP (SIGNED MESSAGE|MESSAGE)-----[ \t]*\r?(\n|$)/;
/** The first packets of inline messages; RFC 9580, section 5. */
const FIRST_TAGS = [2, 4, 8, 11];

const NUL = 0x00, LF = 0x0a, CR = 0x0d;

/**
 * The mode that the first bytes of a document show; undefined when they do not
 * begin an OpenPGP message: a subunit stream, or a file with a detached
 * signature.
 *
 * @param head the first 64 bytes, or fewer if there are no more
 */
export function detectDocumentMode(head: Uint8Array): DocumentMode | undefined {
  const [first = 0] = head;
  if ((first & 0x80) !== 0) {
    const tag = (first & 0x40) !== 0 ? first & 0x3f : first >> 2 & 0x0f;
    return FIRST_TAGS.includes(tag) ? "inline" : undefined;
  }
  const [, armored] = DASH_LINE.exec(new TextDecoder().decode(head)) ?? [];
  if (armored === undefined) return undefined;
  return armored === "MESSAGE" ? "inline" : "clear";
}

/**
 * Verifies the document in `file` and writes its signed content to standard
 * output: all or nothing, unless the release is "unverified".
 *
 * The content is written byte for byte. A signature of text, as
 * `gpg --textmode` and clear-signing make them, does not cover the kind of line
 * ends: then each is written as a line feed.
 *
 * @param file a path, or "-" for standard input
 * @param chunks the file's content, when it was opened before
 * @returns the exit status from `conclude`
 * @throws {SignedStreamError} with the exit status: 1 when the document ends too
 * early, or changes between two passes (after `conclude` returned 0), 4 when it
 * is malformed or has no signature, 5 when a limit is reached
 * @throws {ToolError} when input or output fails
 * @throws {UsageError} when the options contradict one another
 */
export async function verifyDocument(
  io: ToolIO,
  options: VerifyDocumentOptions,
  file: string,
  chunks: Iterable<Uint8Array> = io.chunks([file]),
): Promise<number> {
  if (file === "-" && options.signature === "-") {
    throw new UsageError("Standard input cannot be both FILE and --signature");
  }
  const release = chooseRelease(options.release, file);
  const read = await documentReader(options);
  /** The first pass: `take` gets the content before its signature is checked. */
  const verify = async (take: (bytes: Uint8Array) => void) => {
    const reading = new Reading(options.maxBytes);
    for await (const bytes of reading.content(read(chunks), true)) take(bytes);
    const records = await reading.judge(options.verifier);
    const status = options.conclude(records);
    if (reading.leftOut) {
      io.warn(`Dropped what is not signed: ${reading.leftOut}`);
    }
    return status;
  };
  if (release === "unverified") {
    return await verify((bytes) => io.out.write(bytes));
  }
  if (release === "spool") {
    using spool = new Spool();
    const status = await verify((bytes) => spool.write(bytes));
    if (status !== EXIT.verified) return status;
    for (const bytes of spool.chunks()) io.out.write(bytes);
    return status;
  }
  const digests = new PartDigests();
  const status = await verify((bytes) => digests.add(bytes));
  if (status !== EXIT.verified) return status;
  const reading = new Reading(options.maxBytes);
  const again = reading.content(read(io.chunks([file])), false);
  for await (const bytes of digests.check(again)) io.out.write(bytes);
  return status;
}

/** How content is held back: only a regular file can be read twice. */
function chooseRelease(wanted: Release | undefined, file: string): Release {
  if (wanted === "spool" || wanted === "unverified") return wanted;
  const isRegular = file !== "-" && isRegularFile(file);
  if (wanted === "two-pass" && !isRegular) {
    throw new UsageError(
      `Option --release is "two-pass": expected a regular file to read twice, not "${file}"`,
    );
  }
  return isRegular ? "two-pass" : "spool";
}

/** The reader for documents of a mode: chunks in, items out. */
async function documentReader(
  { mode, signature, allowSurroundingText }: VerifyDocumentOptions,
): Promise<(chunks: Iterable<Uint8Array>) => DocumentItems> {
  if (mode === "clear") {
    return (chunks) => readClear(chunks, { allowSurroundingText });
  }
  if (mode === "inline") return readInline;
  if (signature === undefined) {
    throw new UsageError("Mode detached needs --signature");
  }
  const signatures = await readSignatureFile(signature);
  return (chunks) => readDetached(chunks, signatures);
}

/** One pass over a document. */
class Reading {
  readonly #maxBytes: number;
  #hasher = new SignatureHasher([]);
  #signatures: readonly ParsedSignature[] = [];
  #leftOut: string | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** After the content: what was dropped from it, in words. */
  get leftOut(): string | undefined {
    return this.#leftOut;
  }

  /**
   * The content to release; a chunk is valid until the next.
   *
   * @param isHashed whether {@linkcode judge} will be called
   */
  async *content(
    items: DocumentItems,
    isHashed: boolean,
  ): AsyncGenerator<Uint8Array> {
    let size = 0;
    let text: LineFeeds | undefined;
    for await (const item of items) {
      if (item.kind === "head") {
        if (isHashed) this.#hasher = new SignatureHasher(item.hashes);
        if (isOfText(item.hashes)) {
          text = new LineFeeds(item.isCanonical ?? false);
        }
      } else if (item.kind === "content") {
        size += item.bytes.length;
        if (size > this.#maxBytes) {
          throw new SignedStreamError(
            EXIT.trouble,
            `Cannot verify: the content has more than ${this.#maxBytes} bytes: see --max-bytes`,
          );
        }
        this.#hasher.update(item.bytes);
        yield text === undefined ? item.bytes : text.convert(item.bytes);
      } else {
        text?.end();
        if (item.ending !== undefined) yield item.ending;
        this.#signatures = item.signatures;
        this.#leftOut = item.leftOut;
      }
    }
  }

  /** The verdicts on the signatures, after the content. */
  async judge(
    verifier: VerifyDocumentOptions["verifier"],
  ): Promise<SignatureRecord[]> {
    const records: SignatureRecord[] = [];
    for (const signature of this.#signatures) {
      const digest = this.#hasher.digest(signature);
      records.push(await verifier.judge(signature, digest));
    }
    return records;
  }
}

/**
 * Whether signatures are of text, not of bytes.
 *
 * @throws {SignedStreamError} (exit 4) when they are of both: otherwise anybody
 * could decide, by adding a signature, in which form the content is released
 */
function isOfText(kinds: readonly HashKind[]): boolean {
  const isText = kinds.some(({ type }) => type === TYPE_TEXT);
  if (isText && kinds.some(({ type }) => type === TYPE_BINARY)) {
    throw new SignedStreamError(
      EXIT.malformed,
      "Cannot verify: one signature is of bytes, another one of text",
    );
  }
  return isText;
}

/**
 * Converts CR LF to a line feed, wherever chunks are cut.
 *
 * GnuPG drops all CRs and NULs before a line feed and at the end of a text,
 * other programs do not: what a signature of such a text covers is unclear.
 */
class LineFeeds {
  readonly #isCanonical: boolean;
  /** How many CRs wait for the byte after them. */
  #crs = 0;

  /** @param isCanonical whether every line must end in CR LF */
  constructor(isCanonical: boolean) {
    this.#isCanonical = isCanonical;
  }

  /** @throws {SignedStreamError} (exit 4) when a line ends differently */
  convert(bytes: Uint8Array): Uint8Array {
    if (bytes.includes(NUL)) throw ambiguous("has a NUL");
    if (this.#crs === 0 && !this.#isCanonical && !bytes.includes(CR)) {
      return bytes;
    }
    const converted = new Uint8Array(bytes.length + this.#crs);
    let size = 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at];
      if (byte === CR) {
        this.#crs++;
        continue;
      }
      if (byte !== LF) {
        for (; this.#crs > 0; this.#crs--) converted[size++] = CR;
      } else if (this.#crs > 1) {
        throw ambiguous("ends in more than one CR");
      } else if (this.#crs === 0 && this.#isCanonical) {
        throw ambiguous("ends in a line feed without a CR");
      }
      this.#crs = 0;
      converted[size++] = byte;
    }
    return converted.subarray(0, size);
  }

  /** @throws {SignedStreamError} (exit 4) when the text ends in a CR */
  end(): void {
    if (this.#crs > 0) throw ambiguous("ends in a CR");
  }
}

function ambiguous(problem: string): SignedStreamError {
  return new SignedStreamError(
    EXIT.malformed,
    `Cannot verify: a line of the text ${problem}: programs disagree on what such a signature covers`,
  );
}
