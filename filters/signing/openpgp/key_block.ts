/**
 * Published keys (RFC 9580, section 10.1): a primary key, its user ids and its
 * subkeys, each followed by signatures.
 *
 * @module
 */

import {
  PublicKeyPacket,
  PublicSubkeyPacket,
  SecretKeyPacket,
  SecretSubkeyPacket,
} from "openpgp";
import { concat } from "@std/bytes/concat";
import { aPacket, packetsIn, TAG } from "./packets.ts";
import type { KeyPacket } from "./signature_check.ts";
import { type ParsedSignature, parseKeySignature } from "./signature_packet.ts";

/** A primary key or a subkey. */
export interface KeyPart {
  readonly packet: KeyPacket;
  /** Upper case. */
  readonly fingerprint: string;
  /** 16 hexadecimal digits, upper case. */
  readonly keyId: string;
  /** Seconds since 1970. */
  readonly created: number;
  /** The bytes that signatures over it hash. */
  readonly hashed: Uint8Array;
  /** The signatures that follow it. */
  readonly signatures: ParsedSignature[];
}

/** A user id. */
export interface User {
  /** The bytes that signatures over it hash after the primary key. */
  readonly hashed: Uint8Array;
  /** The same for signatures of version 3. */
  readonly name: Uint8Array;
  readonly signatures: ParsedSignature[];
}

/** A primary key and everything that belongs to it. */
export interface KeyBlock {
  readonly primary: KeyPart;
  readonly users: readonly User[];
  readonly subkeys: readonly KeyPart[];
  /** All signatures, wherever they are. */
  readonly signatures: readonly ParsedSignature[];
}

/** Types of signatures over keys; RFC 9580, section 5.2.1. */
export const TYPE = {
  /** Four degrees of certainty, which make no difference. */
  users: [0x10, 0x11, 0x12, 0x13] as readonly number[],
  binding: 0x18,
  /** By a subkey, that it belongs to its primary key. */
  consent: 0x19,
  direct: 0x1f,
  revocation: 0x20,
  subkeyRevocation: 0x28,
  userRevocation: 0x30,
} as const;

/** The supported version of keys. */
const VERSION = 4;
/** GnuPG cannot read a keyring with a longer user id. */
const MAX_USER_ID_BYTES = 2048;

const KEY_PACKETS: Readonly<Record<number, new () => unknown>> = {
  [TAG.publicKey]: PublicKeyPacket,
  [TAG.publicSubkey]: PublicSubkeyPacket,
  [TAG.secretKey]: SecretKeyPacket,
  [TAG.secretSubkey]: SecretSubkeyPacket,
};
const PRIMARY_TAGS: readonly number[] = [TAG.publicKey, TAG.secretKey];

/** Packets that are not part of a key. */
const IGNORED_TAGS: readonly number[] = [
  TAG.marker,
  TAG.trust,
  TAG.padding,
];
/** RFC 9580, section 4.3: unknown types from here on may be ignored. */
const FIRST_UNCRITICAL_TAG = 40;

/**
 * The keys in binary packets. Keys of unsupported versions and algorithms are
 * skipped with everything that belongs to them.
 *
 * @throws {Error} with a message for users, when there are no keys, or packets
 * of other kinds
 */
export async function readKeyBlocks(bytes: Uint8Array): Promise<KeyBlock[]> {
  const blocks: MutableKeyBlock[] = [];
  /** Where signatures belong; undefined after a part that was skipped. */
  let target: ParsedSignature[] | undefined;
  let block: MutableKeyBlock | undefined;
  let hasKeys = false, isPastUsers = false;
  for (const { tag, body } of packetsIn(bytes)) {
    if (IGNORED_TAGS.includes(tag) || tag >= FIRST_UNCRITICAL_TAG) continue;
    if (PRIMARY_TAGS.includes(tag)) {
      hasKeys = true;
      isPastUsers = false;
      const primary = await readKeyPart(tag, body);
      target = primary?.signatures;
      block = primary && { primary, users: [], subkeys: [], signatures: [] };
      if (block) blocks.push(block);
    } else if (!hasKeys) {
      throw new Error(`${aPacket(tag)} precedes the first key`);
    } else if (block === undefined) {
      continue;
    } else if (KEY_PACKETS[tag] !== undefined) {
      const subkey = await readKeyPart(tag, body);
      target = subkey?.signatures;
      isPastUsers = true;
      if (subkey) block.subkeys.push(subkey);
    } else if (tag === TAG.userId) {
      const user = { hashed: hashedUser(body), name: body, signatures: [] };
      // GnuPG ignores user ids after a subkey, but not the signatures there.
      if (isPastUsers) continue;
      target = user.signatures;
      block.users.push(user);
    } else if (tag === TAG.userAttribute) {
      // Signatures over pictures do not count.
      if (!isPastUsers) target = undefined;
    } else if (tag === TAG.signature) {
      const signature = parseKeySignature(body);
      block.signatures.push(signature);
      target?.push(signature);
    } else {
      throw new Error(`${aPacket(tag)} is among the keys`);
    }
  }
  if (!hasKeys) throw new Error("there is no key in it");
  return blocks;
}

interface MutableKeyBlock extends KeyBlock {
  readonly users: User[];
  readonly subkeys: KeyPart[];
  readonly signatures: ParsedSignature[];
}

/** Reads a key packet; undefined when it is not supported. */
async function readKeyPart(
  tag: number,
  body: Uint8Array,
): Promise<KeyPart | undefined> {
  if (body[0] !== VERSION) return undefined;
  const packet = new KEY_PACKETS[tag]() as KeyPacket;
  try {
    await packet.read(body);
  } catch (error) {
    if ((error as Error).name === "UnsupportedError") return undefined;
    throw error;
  }
  return {
    packet,
    fingerprint: packet.getFingerprint().toUpperCase(),
    keyId: packet.getKeyID().toHex().toUpperCase(),
    created: packet.created.getTime() / 1000,
    hashed: packet.writeForHash(VERSION),
    signatures: [],
  };
}

function hashedUser(body: Uint8Array): Uint8Array {
  if (body.length > MAX_USER_ID_BYTES) {
    throw new Error(
      `a user id has ${body.length} bytes, expected at most ${MAX_USER_ID_BYTES}`,
    );
  }
  const head = Uint8Array.of(0xb4, 0, 0, body.length >> 8, body.length);
  return concat([head, body]);
}

/**
 * Joins copies of keys in their order: a revocation in one of them counts for
 * all.
 */
export function joinKeyBlocks(blocks: Iterable<KeyBlock>): KeyBlock[] {
  const joined = new Map<string, MutableKeyBlock>();
  for (const block of blocks) {
    const { fingerprint } = block.primary;
    const known = joined.get(fingerprint);
    if (known === undefined) {
      joined.set(fingerprint, {
        primary: block.primary,
        users: [...block.users],
        subkeys: [...block.subkeys],
        signatures: [...block.signatures],
      });
      continue;
    }
    known.primary.signatures.push(...block.primary.signatures);
    known.signatures.push(...block.signatures);
    for (const user of block.users) {
      const same = known.users.find(({ hashed }) =>
        isSame(hashed, user.hashed)
      );
      if (same === undefined) known.users.push(user);
      else same.signatures.push(...user.signatures);
    }
    for (const subkey of block.subkeys) {
      const same = known.subkeys
        .find(({ fingerprint }) => fingerprint === subkey.fingerprint);
      if (same === undefined) known.subkeys.push(subkey);
      else same.signatures.push(...subkey.signatures);
    }
  }
  return [...joined.values()];
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
