/**
 * The content of a signature event, read without what verifies signatures.
 *
 * @module
 */

import { decodeEvent, ID_BYTES, idsIn } from "./event.ts";

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

/** The ids of the events that a signature event is over; none if it is none. */
export function signedIds(packet: Uint8Array): readonly string[] {
  return readSigned(packet)?.ids ?? [];
}
