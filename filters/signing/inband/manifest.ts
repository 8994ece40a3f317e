/**
 * The signed text of a signature packet: nine lines that name the window and the
 * stream it covers, and the packet before.
 *
 *     subunit-signed-stream: 1
 *     stream: <32 hex digits, random>
 *     context: <printable>
 *     sequence: N                       0, 1, 2 and on
 *     kind: open|window|final
 *     offset: O                         bytes in all windows before
 *     length: L                         bytes in the window
 *     window-sha256: <64 hex digits>    of the window
 *     previous-sha256: <64 hex digits>  of the whole signature packet before
 *
 * Offsets and lengths count the bytes of the stream that was signed, without
 * signature packets. The lines are followed by one armored block with a detached
 * signature by each signer, over the lines byte for byte.
 *
 * @module
 */

import {
  encodePacket,
  type Packet,
  type Rows,
  type StreamItem,
} from "@subunit/codec";
import { armor, dearmor } from "../openpgp/armor.ts";
import { readSignatures } from "../openpgp/message.ts";
import { EXIT, SignedStreamError } from "../errors.ts";
import type { ParsedSignature } from "../openpgp/signature_packet.ts";
import { concat } from "@std/bytes/concat";

/** The fields of a signature packet. */
export interface Manifest {
  readonly stream: string;
  readonly context: string;
  readonly sequence: number;
  readonly kind: WindowKind;
  readonly offset: number;
  readonly length: number;
  readonly windowSha256: string;
  readonly previousSha256: string;
}

/** The empty window at the start, those after it, and the last one. */
export type WindowKind = "open" | "window" | "final";

/** The first packet has this in place of the hash of the one before. */
export const NO_PACKET_SHA256 = "0".repeat(64);

const NUMBER = "(0|[1-9][0-9]{0,15})";
const SHA256 = "([0-9a-f]{64})";
/** No controls, no invisible formatting, no other line ends. */
const PRINTABLE = "[^\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}]{0,255}";

/** The nine lines, each once and in this order. */
const LINES = new RegExp(
  [
    "^subunit-signed-stream: 1",
    "stream: ([0-9a-f]{32})",
    `context: (${PRINTABLE})`,
    `sequence: ${NUMBER}`,
    "kind: (open|window|final)",
    `offset: ${NUMBER}`,
    `length: ${NUMBER}`,
    `window-sha256: ${SHA256}`,
    `previous-sha256: ${SHA256}\n$`,
  ].join("\n"),
  "u",
);
const LINE_COUNT = 9;
const LF = 0x0a;

/** Whether text can be a context: at most 255 printable characters. */
export function isContext(text: string): boolean {
  return new RegExp(`^${PRINTABLE}$`, "u").test(text);
}

/** The nine lines. */
export function manifestText(manifest: Manifest): string {
  return `subunit-signed-stream: 1
stream: ${manifest.stream}
context: ${manifest.context}
sequence: ${manifest.sequence}
kind: ${manifest.kind}
offset: ${manifest.offset}
length: ${manifest.length}
window-sha256: ${manifest.windowSha256}
previous-sha256: ${manifest.previousSha256}
`;
}

function parseManifest(lines: Uint8Array): Manifest {
  let match;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(lines);
    match = LINES.exec(text);
  } catch {
    // Bytes that are not UTF-8 are not a manifest either.
  }
  if (!match) throw malformed("its lines are not the nine expected ones");
  const [, stream, context, sequence, kind, offset, length, own, previous] =
    match;
  return {
    stream,
    context,
    sequence: Number(sequence),
    kind: kind as WindowKind,
    offset: Number(offset),
    length: Number(length),
    windowSha256: own,
    previousSha256: previous,
  };
}

function malformed(detail: string): SignedStreamError {
  return new SignedStreamError(
    EXIT.malformed,
    `Cannot read a packet "${NAME}": ${detail}`,
  );
}

/** The test id and file name of signature packets. */
const NAME = "signature";
const MIME_TYPE = "application/pgp-signature";

/**
 * Whether an item is or claims to be a signature packet, on any route and
 * whatever other fields it has.
 */
export function isSignaturePacket(item: StreamItem): item is Packet {
  return item.kind === "packet" &&
    item.idEnd - item.idAt === NAME.length &&
    item.mimeType === MIME_TYPE &&
    item.testId === NAME;
}

/** Whether {@linkcode isSignaturePacket} must look at the packet of a row. */
export function maySign(rows: Rows, i: number): boolean {
  return rows.idEnd(i) - rows.idAt(i) === NAME.length &&
    rows.mimeTypeAt(i) >= 0;
}

/**
 * Makes a signature packet out of its lines and the signatures over them.
 *
 * It belongs to a test that exists and does not run, which reports ignore;
 * without a test, the Python tools would print the file.
 */
export function buildSignaturePacket(
  manifest: Manifest,
  lines: Uint8Array,
  signatures: Uint8Array,
): Uint8Array {
  const armored = new TextEncoder().encode(armor(signatures, "SIGNATURE"));
  return encodePacket({
    testId: NAME,
    status: "exists",
    runnable: false,
    mimeType: MIME_TYPE,
    fileName: NAME,
    fileBytes: concat([lines, armored]),
    eof: manifest.kind === "final",
  });
}

/** A signature packet, read. */
export interface SignedManifest {
  readonly manifest: Manifest;
  /** What is signed: the lines, byte for byte. */
  readonly lines: Uint8Array;
  /** At least one; no two by one key. */
  readonly signatures: readonly ParsedSignature[];
}

/**
 * Reads a signature packet, which must be, byte for byte, the one we would make
 * of its lines and signatures: nobody can hide anything in it.
 *
 * @throws {SignedStreamError} status 4, when it is not
 */
export async function readSignaturePacket(
  packet: Packet,
): Promise<SignedManifest> {
  const content = packet.fileBytes ?? new Uint8Array(0);
  let end = 0;
  for (let count = 0; count < LINE_COUNT; count++) {
    end = content.indexOf(LF, end) + 1;
    if (end === 0) throw malformed("it has fewer than nine lines");
  }
  const lines = content.subarray(0, end);
  const manifest = parseManifest(lines);
  const binary = concat([...dearmor([content.subarray(end)], "SIGNATURE")]);
  if (!isSame(buildSignaturePacket(manifest, lines, binary), packet.bytes)) {
    throw malformed("it holds more than a signature, or something else");
  }
  const signatures = await readSignatures([binary]);
  if (!signatures.every(({ isPlain }) => isPlain)) {
    throw malformed("a signature in it is not plain");
  }
  const keys = new Set(signatures.map(({ keyId }) => keyId));
  if (keys.size < signatures.length) {
    throw malformed("it holds more than one plain signature by one key");
  }
  return { manifest, lines, signatures };
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
