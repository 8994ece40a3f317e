/**
 * Reading documents of every form: the signed content and its signatures.
 *
 * @module
 */

import { lines } from "../../kit/io/lines.ts";
import { openInput, readChunk } from "../../kit/io/input.ts";
import { type ArmorType, dearmor, isArmored } from "../openpgp/armor.ts";
import {
  type CleartextOptions,
  CleartextReader,
} from "../openpgp/cleartext.ts";
import { EXIT, SignedStreamError } from "../errors.ts";
import { GATHER_BYTES, Gathering } from "../openpgp/gathering.ts";
import {
  type DocumentItem,
  readMessage,
  readSignatures,
} from "../openpgp/message.ts";
import {
  type ParsedSignature,
  TYPE_TEXT,
} from "../openpgp/signature_packet.ts";

/** The parts of a document as it is read. */
export type DocumentItems =
  | Iterable<DocumentItem>
  | AsyncIterable<DocumentItem>;

/** No file of signatures is nearly this long. */
const MAX_SIGNATURE_FILE_BYTES = 1024 * 1024;

const LINE_FEED = Uint8Array.of(0x0a);

/**
 * Reads a file of signatures, armored or binary; "-" is standard input.
 *
 * @throws {SignedStreamError} with the exit status: 1 when it is truncated, 4
 * when it holds anything else or nothing, 5 when it is too long
 */
export function readSignatureFile(path: string): Promise<ParsedSignature[]> {
  return readSignatures(plainBytes(fileChunks(path), "SIGNATURE"));
}

/** A file of signatures, chunk by chunk. */
function* fileChunks(path: string): Generator<Uint8Array> {
  const input = openInput(path);
  let size = 0;
  try {
    for (let chunk; (chunk = readChunk(input)) !== undefined;) {
      size += chunk.length;
      if (size > MAX_SIGNATURE_FILE_BYTES) {
        throw new SignedStreamError(
          EXIT.trouble,
          `Cannot read signatures from "${path}": it has more than ${MAX_SIGNATURE_FILE_BYTES} bytes`,
        );
      }
      yield chunk;
    }
  } finally {
    input.close();
  }
}

/** Binary packets, taken out of their armor if there is one. */
function* plainBytes(
  chunks: Iterable<Uint8Array>,
  type: ArmorType,
): Generator<Uint8Array> {
  const source = chunks[Symbol.iterator]();
  let first = source.next();
  while (!first.done && first.value.length === 0) first = source.next();
  if (first.done) return;
  const all = function* () {
    yield first.value;
    yield* { [Symbol.iterator]: () => source };
  };
  if (isArmored(first.value)) yield* dearmor(all(), type);
  else yield* all();
}

/** Reads an inline message, armored or binary. */
export function readInline(chunks: Iterable<Uint8Array>): DocumentItems {
  return readMessage(plainBytes(chunks, "MESSAGE"));
}

/** Reads bytes whose signatures are in another file. */
export function* readDetached(
  chunks: Iterable<Uint8Array>,
  signatures: readonly ParsedSignature[],
): Generator<DocumentItem> {
  yield { kind: "head", hashes: signatures };
  for (const bytes of chunks) yield { kind: "content", bytes };
  yield { kind: "tail", signatures };
}

/** Reads a clear-signed text: its lines with line feeds between them. */
export async function* readClear(
  chunks: Iterable<Uint8Array>,
  options: CleartextOptions,
): AsyncGenerator<DocumentItem> {
  const reader = new CleartextReader(options);
  const gathered = new Gathering();
  let isText = false;
  for (const line of lines(chunks)) {
    const text = reader.read(line);
    if (text === undefined) continue;
    if (!isText) {
      const hashes = [...reader.hashes!].map((hash) => ({
        type: TYPE_TEXT,
        hash,
      }));
      yield { kind: "head", hashes };
    }
    if (isText) gathered.add(LINE_FEED);
    gathered.add(text);
    isText = true;
    if (gathered.size >= GATHER_BYTES) {
      yield { kind: "content", bytes: gathered.take() };
    }
  }
  const signatures = await readSignatures([reader.end()]);
  checkHashes(reader.hashes!, signatures);
  yield { kind: "content", bytes: gathered.take() };
  yield {
    kind: "tail",
    signatures,
    ending: LINE_FEED,
    leftOut: reader.leftOut,
  };
}

/**
 * Checks that the "Hash:" lines name exactly the hashes of the signatures, so
 * that programs that use one or the other reach the same verdict.
 */
function checkHashes(
  named: ReadonlySet<string>,
  signatures: readonly ParsedSignature[],
): void {
  // The hashes of other versions are unknown, and those are not believed.
  const known = signatures.filter(({ version }) => version === 4);
  const used = new Set(known.map(({ hash }) => hash));
  const isUnnamed = known.some(({ hash }) => !named.has(hash ?? ""));
  const isUnused = known.length === signatures.length &&
    [...named].some((hash) => !used.has(hash));
  if (isUnnamed || isUnused) {
    throw new SignedStreamError(
      EXIT.malformed,
      `Cannot trust the clear-signed text: "Hash:" names ${
        [...named].join(", ")
      }, its signatures have ${[...used].join(", ")}`,
    );
  }
  if (known.some(({ type }) => type !== TYPE_TEXT)) {
    throw new SignedStreamError(
      EXIT.malformed,
      "Cannot trust the clear-signed text: its signature is not one of a text",
    );
  }
}
