/**
 * Signing documents: signatures over all of it, made while it streams.
 *
 * @module
 */

import { lines } from "../../kit/io/lines.ts";
import type { ToolIO } from "../../kit/tool/tool.ts";
import { armor, withoutBlanks } from "../openpgp/armor.ts";
import {
  cleartextHead,
  countLines,
  escapeLine,
  notAsText,
} from "../openpgp/cleartext.ts";
import { Spool } from "./spool.ts";
import type { DocumentMode } from "./verify.ts";
import { GATHER_BYTES, Gathering } from "../openpgp/gathering.ts";
import { LiteralWriter, onePassPacket } from "../openpgp/message.ts";
import { TYPE_BINARY, TYPE_TEXT } from "../openpgp/signature_packet.ts";
import type { Signer, Signing } from "../signer.ts";

const LF = 0x0a;
const LINE_FEED = Uint8Array.of(LF);

/** How a document is signed. */
export interface SignDocumentOptions {
  readonly mode: DocumentMode;
  readonly signer: Signer;
}

/**
 * Signs the document in `files` (standard input when there are none) and writes
 * to standard output: the armored signature alone ("detached"), a binary
 * message ("inline"), or the text followed by an armored signature ("clear").
 * A signature of a text does not cover the white space at the ends of its lines;
 * this is reported.
 *
 * @throws {SignedStreamError} with the exit status: 4 when a text cannot be
 * clear-signed without being changed, 6 when the signer failed
 * @throws {ToolError} when input or output fails
 */
export async function signDocument(
  io: ToolIO,
  { mode, signer }: SignDocumentOptions,
  files: readonly string[],
): Promise<void> {
  const chunks = io.chunks(files);
  if (mode === "detached") await signDetached(io, signer, chunks);
  else if (mode === "inline") await signInline(io, signer, chunks);
  else await signClear(io, signer, chunks);
}

async function signDetached(
  io: ToolIO,
  signer: Signer,
  chunks: Iterable<Uint8Array>,
): Promise<void> {
  const signature = await signed(signer, TYPE_BINARY, async (signing) => {
    for (const chunk of chunks) await signing.update(chunk);
  });
  io.out.writeText(armor(signature, "SIGNATURE"));
}

/** One-pass signatures, literal data, signatures; not compressed. */
async function signInline(
  io: ToolIO,
  signer: Signer,
  chunks: Iterable<Uint8Array>,
): Promise<void> {
  // The first signature after the data belongs to the last packet before it.
  const kinds = (await signer.kinds(TYPE_BINARY)).toReversed();
  for (const [index, kind] of kinds.entries()) {
    io.out.write(onePassPacket(kind, index === kinds.length - 1));
  }
  const signature = await signed(signer, TYPE_BINARY, async (signing) => {
    const literal = new LiteralWriter((bytes) => io.out.write(bytes));
    for (const chunk of chunks) {
      await signing.update(chunk);
      literal.add(chunk);
    }
    literal.end();
  });
  io.out.write(signature);
}

/**
 * The text, unchanged except for dashes, followed by its signature. Nothing is
 * written until all of it is known to be text.
 */
async function signClear(
  io: ToolIO,
  signer: Signer,
  chunks: Iterable<Uint8Array>,
): Promise<void> {
  const kinds = await signer.kinds(TYPE_TEXT);
  using shown = new Held();
  let uncovered = 0;
  const signature = await signed(signer, TYPE_TEXT, async (signing) => {
    const text = new Gathering();
    const content = new Watched(chunks);
    let count = 0;
    for (const line of lines(content)) {
      shown.add(escapeLine(line, count + 1));
      shown.add(LINE_FEED);
      // The last line feed is not part of the signed text.
      if (count > 0) text.add(LINE_FEED);
      const covered = withoutBlanks(line);
      if (covered.length < line.length) uncovered++;
      text.add(covered);
      count++;
      if (text.size >= GATHER_BYTES) await signing.update(text.take());
    }
    if (count === 0) throw notAsText("it is empty");
    if (content.last !== LF) throw notAsText("its last line has no line feed");
    await signing.update(text.take());
  });
  io.out.writeText(cleartextHead(new Set(kinds.map(({ hash }) => hash))));
  for (const bytes of shown.chunks()) io.out.write(bytes);
  io.out.writeText(armor(signature, "SIGNATURE"));
  if (uncovered > 0) {
    io.warn(
      `The signature does not cover the white space at the end of ${
        countLines(uncovered)
      }: verifiers leave it out`,
    );
  }
}

/** Bytes held back: a few in memory, more in a temporary file. */
class Held implements Disposable {
  readonly #gathered = new Gathering();
  #spool: Spool | undefined;

  add(bytes: Uint8Array): void {
    this.#gathered.add(bytes);
    if (this.#gathered.size < GATHER_BYTES) return;
    this.#spool ??= new Spool("set TMPDIR to a directory with room");
    this.#spool.write(this.#gathered.take());
  }

  /** All that was added; a chunk is valid until the next. */
  *chunks(): Generator<Uint8Array> {
    if (this.#spool !== undefined) yield* this.#spool.chunks();
    yield this.#gathered.take();
  }

  [Symbol.dispose](): void {
    this.#spool?.[Symbol.dispose]();
  }
}

/** Chunks, and the last byte read so far. */
class Watched implements Iterable<Uint8Array> {
  readonly #chunks: Iterable<Uint8Array>;
  last: number | undefined;

  constructor(chunks: Iterable<Uint8Array>) {
    this.#chunks = chunks;
  }

  *[Symbol.iterator](): Generator<Uint8Array> {
    for (const chunk of this.#chunks) {
      this.last = chunk.at(-1) ?? this.last;
      yield chunk;
    }
  }
}

/** A signature over the data that `feed` passes to it. */
async function signed(
  signer: Signer,
  type: number,
  feed: (signing: Signing) => Promise<void>,
): Promise<Uint8Array> {
  const signing = await signer.start(type);
  try {
    await feed(signing);
  } catch (error) {
    // Otherwise gpg would wait for the end of its data for ever, and we for gpg.
    await signing.finish().catch(() => {});
    throw error;
  }
  return await signing.finish();
}
