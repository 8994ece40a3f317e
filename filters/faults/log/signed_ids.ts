/**
 * The content of a signature event, read without what verifies signatures; and
 * parts of a log, with the signatures that belong there.
 *
 * @module
 */

import { SIGNATURES } from "../../kit/stream/fault_tag.ts";
import { decodeEvent, ID_BYTES, idsIn } from "./event.ts";
import type { RowTest } from "./evidence.ts";
import type { FoldOptions } from "./fold.ts";
import { IdSet, idWords, parseId } from "./id_set.ts";
import { forEachDistinct, Redactions } from "./merge.ts";
import { among } from "./named_faults.ts";
import type { LogSource } from "./reader.ts";

const isSignature = among(new Set([SIGNATURES])).has;

/** What a signature event holds. */
export interface SignedIds {
  /** The id of the event. */
  readonly id: string;
  /** What the signature is for: only lists with the context asked for count. */
  readonly context: string;
  readonly ids: readonly string[];
  /** OpenPGP signature packets. */
  readonly signature: Uint8Array;
}

/** Whether a text can be a context: printable, of one line, not long. */
export function isContext(text: string): boolean {
  return /^[\x20-\x7e]{0,255}$/.test(text);
}

/** Reads the packet of a signature event; undefined if it is something else. */
export function readSigned(packet: Uint8Array): SignedIds | undefined {
  const { id, kind, value } = decodeEvent(packet);
  if (kind !== "signature" || !Array.isArray(value)) return undefined;
  const [context, bytes, signature] = value;
  const isSigned = typeof context === "string" && isContext(context) &&
    bytes instanceof Uint8Array && bytes.length % ID_BYTES === 0 &&
    signature instanceof Uint8Array;
  return isSigned ? { id, context, ids: idsIn(bytes), signature } : undefined;
}

/**
 * Calls `take` with each event of the chosen faults once, then with the signatures
 * over any of these; redacted ones are left out. The bytes and the words of the id
 * are valid until it returns.
 *
 * @param isChosen without it all events are taken, in the order of the log
 * @param isTrusted says which redactions count; by default all do
 */
export function forEachChosen(
  source: LogSource,
  isChosen: RowTest | undefined,
  take: (bytes: Uint8Array, id: Int32Array) => void,
  isTrusted?: FoldOptions["isTrusted"],
): void {
  const ids = new IdSet(), signatures: Uint8Array[] = [];
  forEachDistinct(
    [source],
    new Redactions(isTrusted).addAll(source),
    (bytes, packet, id) => {
      if (isChosen === undefined) return take(bytes, id);
      if (packet.testId === SIGNATURES) {
        signatures.push(bytes.slice());
        return;
      }
      ids.add(id);
      take(bytes, id);
    },
    isChosen && ((rows, i) => isChosen(rows, i) || isSignature(rows, i)),
  );
  const words = new Int32Array(4);
  for (const signature of signatures) {
    const { ids: signed = [] } = readSigned(signature) ?? {};
    if (signed.some((id) => ids.has(parseId(id, words)))) {
      take(signature, idWords(signature, words));
    }
  }
}
