/**
 * Verifies documents: one signature covers everything, so nothing is released
 * before it is checked.
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

/** The forms in which one signature covers a whole document. */
export type DocumentMode = "detached" | "inline" | "clear";

/** What is released at the most when --max-bytes does not say. */
export const DEFAULT_MAX_BYTES = 16 * 1024 ** 3;
/** What decides how a document is verified. */
export interface VerifyDocumentOptions {
  readonly mode: DocumentMode;
  /** The file of a detached signature, armored or binary; "-" is standard input. */
  readonly signature?: string;
  /** How long the content may be; what is longer ends with exit 5. */
  readonly maxBytes: number;
  /** Without it two passes over a regular file, a spool for all else. */
  readonly release?: Release;
  /** Whether text around a clear-signed one is left out, not refused. */
  readonly allowSurroundingText?: boolean;
  readonly verifier: Pick<SignatureVerifier, "judge">;
  /**
   * Told what every signature turned out to be, once; answers with the exit
   * status. At 0 the document is released.
   */
  conclude(records: readonly SignatureRecord[]): number;
}

const DASH_LINE =
  /^-----BEGIN PGP (SIGNED MESSAGE|MESSAGE)-----[ \t]*\r?(\n|$)/;
/** Packets an inline message begins with; RFC 9580, section 5. */
const FIRST_TAGS = [2, 4, 8, 11];

const NUL = 0x00, LF = 0x0a, CR = 0x0d;

/**
 * The mode a stream's first bytes tell; undefined when they are no OpenPGP
 * message, as those of a subunit stream and of a file with a detached signature
 * are not.
 *
 * @param head as many as there are of the first 64 bytes
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
 * Verifies the document in `file` and writes what was signed to standard output:
 * all or nothing, unless the release is "unverified".
 *
 * The content leaves byte for byte, but that a signature of text (as
 * `gpg --textmode` and clear-signing make) does not cover the kind of line ends:
 * then each leaves as a line feed.
 *
 * @param file a path, or "-" for standard input
 * @param chunks the file's, when somebody has looked into it before
 * @returns what `conclude` said
 * @throws {SignedStreamError} with the exit status: 1 when the document ends too
 * early, or changes between two passes (then `conclude` had been told that it
 * was good), 4 when it is malformed or has no signature, 5 for a limit
 * @throws {ToolError} when input or output fails
 * @throws {UsageError} when the options do not fit one another
 */
export async function verifyDocument(
  io: ToolIO,
  options: VerifyDocumentOptions,
  file: string,
  chunks: Iterable<Uint8Array> = io.chunks([file]),
): Promise<number> {
  if (file === "-" && options.signature === "-") {
    throw new UsageError("Standard input is either FILE or --signature");
  }
  const release = chooseRelease(options.release, file);
  const read = await documentReader(options);
  /** The first pass: `take` gets the content before it is checked. */
  const verify = async (take: (bytes: Uint8Array) => void) => {
    const reading = new Reading(options.maxBytes);
    for await (const bytes of reading.content(read(chunks), true)) take(bytes);
    const records = await reading.judge(options.verifier);
    const status = options.conclude(records);
    if (reading.leftOut) {
      io.warn(`Left out what nobody signed: ${reading.leftOut}`);
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

/** How content is kept back: a regular file can be read twice. */
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

/** How a document of the wanted mode is read: chunks in, items out. */
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

  /** After the content: what was left out of it, in words. */
  get leftOut(): string | undefined {
    return this.#leftOut;
  }

  /**
   * What is to be released; a chunk is good until the next.
   *
   * @param isHashed whether {@linkcode judge} will be asked
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

  /** What the signatures turn out to be, after the content. */
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
 * Whether signatures are of a text, not of bytes.
 *
 * @throws {SignedStreamError} (exit 4) when they are of both: who adds a signature
 * nobody knows must not decide in which form the content is released
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
 * Makes CR LF a line feed, however it is cut into chunks.
 *
 * GnuPG drops all CRs and NULs before a line feed and at the end of a text,
 * other programs do not: what a signature of such a text covers is unclear.
 */
class LineFeeds {
  readonly #isCanonical: boolean;
  /** The CRs that wait for what follows. */
  #crs = 0;

  /** @param isCanonical whether every line must end in CR LF */
  constructor(isCanonical: boolean) {
    this.#isCanonical = isCanonical;
  }

  /** @throws {SignedStreamError} (exit 4) when a line ends in another way */
  convert(bytes: Uint8Array): Uint8Array {
    if (bytes.includes(NUL)) throw ambiguous("has a NUL");
    if (this.#crs === 0 && !this.#isCanonical && !bytes.includes(CR)) {
      return bytes;
    }
    const converted = new Uint8Array(bytes.length + this.#crs);
    let size = 0;
    for (const byte of bytes) {
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
