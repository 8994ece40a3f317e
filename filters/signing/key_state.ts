/**
 * What a key may do, according to the signatures over it.
 *
 * Self-signatures are interpreted as in GnuPG: the newest one counts, and of two
 * with the same time the later in the file. Where we cannot check a signature, or
 * programs disagree about it, the stricter interpretation counts.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { type KeyBlock, type KeyPart, TYPE } from "./openpgp/key_block.ts";
import { canCheck, isSignedBy } from "./openpgp/signature_check.ts";
import { digestOf } from "./openpgp/signature_hash.ts";
import {
  endOf,
  type ParsedSignature,
  parseKeySignature,
  SUBPACKET,
  timeIn,
} from "./openpgp/signature_packet.ts";

/** The state of a key. */
export interface KeyState {
  /** Seconds since 1970. */
  readonly created: number;
  /** Seconds since 1970, or Infinity; not later than its primary key's. */
  readonly expires: number;
  /** Why the key or its primary key counts as revoked. */
  readonly revoked?: string;
  /** Why it may not sign documents. */
  readonly unusable?: string;
  /** What kind of weak key it is, if it is one: "dsa1024", "rsa1024". */
  readonly weak?: string;
}

/** Shorter keys of the kinds that have bits are weak. */
const WEAK_BITS = 2048;

/** The key flag of keys that sign documents; RFC 9580, section 5.2.3.29. */
const SIGNS = 0x02;
/** The class of a revoker; RFC 9580, section 5.2.3.23. */
const REVOKER_CLASS = 0x80;

/** Self-signatures with these hashes grant nothing. */
const WEAK_HASHES = ["ripemd160"];
/** GnuPG ignores self-signatures with this hash. */
const IGNORED_HASH = "md5";

const NOT_SAID = "the keyring does not say that this key may sign";

/** A self-signature whose cryptography checks out. */
interface Claim {
  readonly signature: ParsedSignature;
  readonly created: number;
  /** When the self-signature itself expires. */
  readonly expires: number;
  /** When it lets its key expire. */
  readonly keyExpires: number;
  /** The key flags; undefined when there are none. */
  readonly flags?: number;
  /** Why it grants nothing and can only restrict the key. */
  readonly weakness?: string;
}

/** The state of a primary key. */
interface Primary {
  readonly expires: number;
  /** The claim that makes the key valid, and the one with its flags. */
  readonly valid?: Claim;
  readonly flagged?: Claim;
  /** Fingerprints of the keys that may revoke it. */
  readonly revokers: readonly string[];
  readonly revoked?: string;
}

/** Determines the state of a primary key and its subkeys. */
export class KeyJudge {
  readonly #block: KeyBlock;
  readonly #find: (fingerprint: string) => KeyPart | undefined;
  #primary: Promise<Primary> | undefined;

  /** @param find finds a primary key that may have revoked this one */
  constructor(
    block: KeyBlock,
    find: (fingerprint: string) => KeyPart | undefined,
  ) {
    this.#block = block;
    this.#find = find;
  }

  /** The state of one of the parts of the key. */
  async stateOf(part: KeyPart): Promise<KeyState> {
    const primary = await (this.#primary ??= this.#judgePrimary());
    const { expires, revoked, unusable } = part === this.#block.primary
      ? { ...primary, unusable: problemOf(primary.flagged, SIGNS) }
      : await this.#judgeSubkey(part, primary);
    const { algorithm, bits = Infinity } = part.packet.getAlgorithmInfo();
    const now = Date.now() / 1000;
    const isEarly = part.created > now || this.#block.primary.created > now;
    return {
      created: part.created,
      expires,
      revoked,
      unusable: isEarly ? "the key was created in the future" : unusable,
      weak: bits >= WEAK_BITS
        ? undefined
        : `${algorithm.replace(/[A-Z].*/, "")}1024`,
    };
  }

  async #judgePrimary(): Promise<Primary> {
    const { primary, users, signatures } = this.#block;
    const directs = await this.#claims([TYPE.direct], primary);
    const all = [...directs], certified: Claim[] = [];
    for (const { hashed, name, signatures } of users) {
      const claims = await this.#claims(
        [...TYPE.users, TYPE.userRevocation],
        { ...primary, signatures },
        ({ version }) =>
          concat([primary.hashed, version === 4 ? hashed : name]),
      );
      all.push(...claims);
      const clear = claims.filter((claim) => !isDoubtfulRevocation(claim));
      const last = newest(clear);
      const isRevoked = last?.signature.type === TYPE.userRevocation;
      if (last === undefined || isRevoked) continue;
      // GnuPG ignores doubtful revocations: what they revoke still restricts.
      certified.push(
        clear.length < claims.length
          ? { ...last, weakness: "may be revoked" }
          : last,
      );
    }
    const now = Date.now() / 1000;
    const direct = newest(directs);
    const live = certified.filter(({ expires }) => expires > now);
    const counted = live.length > 0 ? live : certified;
    const revokers = all.flatMap(({ signature }) => revokersIn(signature));
    return {
      valid: direct ?? latest(counted),
      flagged: direct?.flags !== undefined
        ? direct
        : latest(counted.filter(({ flags }) => flags !== undefined)),
      expires: Math.min(
        direct?.keyExpires ?? Infinity,
        direct?.expires ?? Infinity,
        // As in GnuPG, user ids without an expiration time do not count here.
        latest(counted.filter(({ keyExpires }) => keyExpires < Infinity))
          ?.keyExpires ?? Infinity,
        direct === undefined && live.length === 0
          ? Math.max(0, ...certified.map(({ expires }) => expires))
          : Infinity,
      ),
      revokers,
      // They may be anywhere.
      revoked: await this.#revocation(
        signatures.filter(({ type }) => type === TYPE.revocation),
        primary.hashed,
        revokers,
        "the key",
      ),
    };
  }

  async #judgeSubkey(
    part: KeyPart,
    { expires, valid, revokers, revoked }: Primary,
  ): Promise<Pick<KeyState, "expires" | "revoked" | "unusable">> {
    const hashed = concat([this.#block.primary.hashed, part.hashed]);
    const binding = newest(
      await this.#claims([TYPE.binding], part, () => hashed),
    );
    return {
      expires: Math.min(
        expires,
        binding?.keyExpires ?? Infinity,
        binding?.expires ?? Infinity,
      ),
      revoked: revoked ?? await this.#revocation(
        part.signatures.filter(({ type }) => type === TYPE.subkeyRevocation),
        hashed,
        revokers,
        "the subkey",
      ),
      unusable: problemOf(valid) ?? problemOf(binding, SIGNS) ??
        // Otherwise anybody could claim the subkey of somebody else.
        (await hasConsent(binding!.signature, { ...part, hashed })
          ? undefined
          : NOT_SAID),
    };
  }

  /**
   * The claims of some types that the primary key makes about a part.
   *
   * @param hashed the bytes that a signature hashes
   */
  async #claims(
    types: readonly number[],
    of: KeyPart,
    hashed: (signature: ParsedSignature) => Uint8Array = () => of.hashed,
  ): Promise<Claim[]> {
    const { primary } = this.#block;
    const claims: Claim[] = [];
    for (const signature of of.signatures) {
      const { type, created = Infinity } = signature;
      if (!types.includes(type) || created < primary.created) continue;
      // A revocation that we cannot check counts all the same.
      const isClaim = type === TYPE.userRevocation
        ? mayBeOf(signature, primary)
        : signature.keyId === primary.keyId &&
          // In GnuPG one of version 3 supersedes older ones.
          (signature.unsupported === undefined || signature.version === 3);
      if (!isClaim || signature.hash === IGNORED_HASH) continue;
      const isChecked = canCheck(signature);
      const digest = digestOf(signature, hashed(signature));
      if (isChecked && !await isSignedBy(primary.packet, signature, digest)) {
        continue;
      }
      const flags = bodies(signature, SUBPACKET.keyFlags);
      claims.push({
        signature,
        created,
        expires: firstEnd(signature, SUBPACKET.lifetime, created),
        keyExpires: firstEnd(signature, SUBPACKET.keyLifetime, of.created),
        flags: flags.length > 0
          ? flags.reduce((all, [first = 0]) => all & first, 0xff)
          : undefined,
        weakness: signature.version !== 4
          ? `is of version ${signature.version}`
          : !isChecked || WEAK_HASHES.includes(signature.hash!)
          ? `has the weak hash ${signature.hash}`
          : undefined,
      });
    }
    return claims;
  }

  /** Why a part is revoked, if one of the signatures revokes it. */
  async #revocation(
    signatures: readonly ParsedSignature[],
    hashed: Uint8Array,
    revokers: readonly string[],
    what: string,
  ): Promise<string | undefined> {
    const { primary } = this.#block;
    for (const signature of signatures) {
      const digest = digestOf(signature, hashed);
      for (const fingerprint of [primary.fingerprint, ...revokers]) {
        const keyId = fingerprint.slice(-16);
        if (!mayBeOf(signature, { fingerprint, keyId })) continue;
        const isOwn = fingerprint === primary.fingerprint;
        const by = isOwn ? "" : ` by its designated revoker ${fingerprint}`;
        const key = isOwn ? primary : this.#find(fingerprint);
        if (key === undefined) {
          return `${what} may be revoked${by}, which the keyring lacks`;
        }
        if (!canCheck(signature)) {
          return `${what} may be revoked${by}: its revocation cannot be checked`;
        }
        if (await isSignedBy(key.packet, signature, digest)) {
          return `${what} is revoked${by}`;
        }
      }
    }
    return undefined;
  }
}

/** Whether a claim revokes a user id in a way that GnuPG may ignore. */
function isDoubtfulRevocation({ signature, weakness }: Claim): boolean {
  const { type, keyId, unsupported } = signature;
  return type === TYPE.userRevocation &&
    (weakness !== undefined || unsupported !== undefined ||
      keyId === undefined);
}

/** The newest claim; of two with the same time the later. */
function newest(claims: readonly Claim[]): Claim | undefined {
  let last: Claim | undefined;
  for (const claim of claims) {
    if (last === undefined || claim.created >= last.created) last = claim;
  }
  return last;
}

/** The newest claim among user ids; of two with the same time the first. */
function latest(claims: readonly Claim[]): Claim | undefined {
  return newest(claims.toReversed());
}

/** Why a claim does not allow a use of a key. */
function problemOf(claim: Claim | undefined, use = 0): string | undefined {
  if (claim === undefined) return NOT_SAID;
  if (claim.weakness) return `its self-signature ${claim.weakness}`;
  return ((claim.flags ?? 0) & use) === use ? undefined : NOT_SAID;
}

/** Whether a key may have made a signature: any key, if it names none. */
function mayBeOf(
  { keyId, fingerprint }: ParsedSignature,
  key: Pick<KeyPart, "keyId" | "fingerprint">,
): boolean {
  if (keyId === undefined && fingerprint === undefined) return true;
  return keyId === key.keyId || fingerprint === key.fingerprint;
}

/** The signed subpackets of a type. */
function bodies({ subpackets }: ParsedSignature, wanted: number): Uint8Array[] {
  return subpackets
    .filter(({ type, isHashed }) => isHashed && type === wanted)
    .map(({ body }) => body);
}

/** The earliest end that subpackets of a type set. */
function firstEnd(
  signature: ParsedSignature,
  type: number,
  start: number,
): number {
  const ends = bodies(signature, type)
    .map((body) => endOf(start, timeIn(body)) ?? Infinity);
  return Math.min(Infinity, ...ends);
}

/** The fingerprints of the revokers that a self-signature designates. */
function revokersIn(signature: ParsedSignature): string[] {
  return bodies(signature, SUBPACKET.revoker)
    .filter((body) => body.length >= 22 && (body[0] & REVOKER_CLASS) !== 0)
    .map((body) => body.subarray(2, 22).toHex().toUpperCase());
}

/** Whether a binding signature holds one by the subkey that confirms it. */
async function hasConsent(
  { subpackets }: ParsedSignature,
  { packet, created, hashed }: KeyPart,
): Promise<boolean> {
  for (const { type, body } of subpackets) {
    if (type !== SUBPACKET.embedded) continue;
    let signature;
    try {
      signature = parseKeySignature(body);
    } catch {
      continue;
    }
    const { hash = "", created: signed = 0, unsupported } = signature;
    const isGood = signature.version === 4 && unsupported === undefined &&
      signature.type === TYPE.consent && signed >= created &&
      canCheck(signature) && ![...WEAK_HASHES, IGNORED_HASH].includes(hash) &&
      await isSignedBy(packet, signature, digestOf(signature, hashed));
    if (isGood) return true;
  }
  return false;
}
