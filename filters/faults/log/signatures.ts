/**
 * Signatures over lists of event ids. They are events themselves, and stay good
 * where logs are joined, filtered and put in another order, which breaks
 * signatures over bytes.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import type { Timestamp } from "@subunit/codec";
import { ToolError } from "../../kit/errors.ts";
import { SIGNATURES } from "../../kit/stream/fault_tag.ts";
import { KeyRing } from "../../signing/keys.ts";
import { readSignatures } from "../../signing/openpgp/message.ts";
import { digestOf } from "../../signing/openpgp/signature_hash.ts";
import { sign, type Signer } from "../../signing/signer.ts";
import {
  ONE_SIGNATURE,
  type SignatureVerdict,
  SignatureVerifier,
} from "../../signing/verdicts.ts";
import { encodeEvent } from "./event.ts";
import { readSigned, type SignedIds } from "./signed_ids.ts";

/** The most ids in one signature. */
export const MAX_SIGNED = 4096;

/** What is known of an event from signatures. */
export type EventVerdict = SignatureVerdict | "unsigned" | "other-context";

/** The bytes that are signed: lines of text, which any OpenPGP tool verifies. */
export function signedText(
  context: string,
  ids: readonly string[],
): Uint8Array {
  return new TextEncoder().encode(
    `fault-log-signature: 1\ncontext: ${context}\ncount: ${ids.length}\n${
      ids.map((id) => `${id}\n`).join("")
    }`,
  );
}

/** Signs events: a packet for each {@linkcode MAX_SIGNED} of them. */
export async function encodeSignatures(
  ids: readonly string[],
  signer: Signer,
  { context, author, time }: {
    readonly context: string;
    readonly author?: string;
    readonly time: Timestamp;
  },
): Promise<Uint8Array[]> {
  const packets: Uint8Array[] = [];
  const sorted = [...new Set(ids)].sort();
  for (let at = 0; at < sorted.length; at += MAX_SIGNED) {
    const part = sorted.slice(at, at + MAX_SIGNED);
    const signature = await sign(signer, signedText(context, part));
    packets.push(encodeEvent({
      fault: SIGNATURES,
      kind: "signature",
      author,
      time,
      value: [
        context,
        concat(part.map((id) => Uint8Array.fromHex(id))),
        signature,
      ],
    }));
  }
  return packets;
}

/** The verdicts of signatures on the events that they are over. */
export class Verdicts {
  readonly #verdicts = new Map<string, EventVerdict>();

  /**
   * Verifies signature events.
   *
   * @param keyrings files with the keys that are trusted
   * @param context the only one that counts, if one is given
   * @throws {ToolError} when a file of keys cannot be read
   */
  static async of(
    packets: readonly Uint8Array[],
    keyrings: readonly string[],
    context?: string,
  ): Promise<Verdicts> {
    const verifier = new SignatureVerifier(
      await KeyRing.read(keyrings),
      ONE_SIGNATURE,
    );
    const verdicts = new Verdicts();
    for (const packet of packets) {
      const signed = readSigned(packet);
      if (signed === undefined) continue;
      const isMeant = context === undefined || signed.context === context;
      const verdict = isMeant ? await judge(signed, verifier) : "other-context";
      for (const id of [signed.id, ...signed.ids]) verdicts.#set(id, verdict);
    }
    return verdicts;
  }

  #set(id: string, verdict: EventVerdict): void {
    // A bad signature beside a good one is somebody else's.
    if (this.#verdicts.get(id) !== "good") this.#verdicts.set(id, verdict);
  }

  /** The verdict on an event. */
  of(id: string): EventVerdict {
    return this.#verdicts.get(id) ?? "unsigned";
  }

  /** Whether somebody trusted signed an event. */
  readonly isTrusted = (id: string): boolean =>
    this.#verdicts.get(id) === "good";
}

async function judge(
  { context, ids, signature }: SignedIds,
  verifier: SignatureVerifier,
): Promise<SignatureVerdict> {
  const text = signedText(context, ids);
  let last: SignatureVerdict = "bad";
  try {
    for (const one of await readSignatures([signature])) {
      const { verdict } = await verifier.judge(one, digestOf(one, text));
      if (verdict === "good") return verdict;
      last = verdict;
    }
  } catch (error) {
    // The bytes are not signatures.
    if (!(error instanceof ToolError)) throw error;
  }
  return last;
}
