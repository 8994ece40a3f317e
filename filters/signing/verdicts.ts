/**
 * Verdicts: on one signature, and on all of them together.
 *
 * openpgp checks a signature against a digest. What the signature covers, the
 * state of its key and the policy are decided here: openpgp accepts keys that
 * have expired since, and its errors carry no codes.
 *
 * @module
 */

import { EXIT } from "./errors.ts";
import type { KeyRing, SigningKey } from "./keys.ts";
import { isHashTooShort, isSignedBy } from "./openpgp/signature_check.ts";
import {
  ALGORITHMS,
  type ParsedSignature,
} from "./openpgp/signature_packet.ts";

/** The verdict on a signature. */
export type SignatureVerdict =
  | "good"
  | "bad"
  | "unknown-key"
  | "expired-key"
  | "revoked-key"
  | "weak"
  | "unsupported";

/** A signature and its verdict, as the report names them. */
export interface SignatureRecord {
  /** The id of the key that signed: 16 hexadecimal digits, or "". */
  readonly key_id: string;
  /** Its fingerprint; where the key is unknown, the one it claims. */
  readonly fingerprint?: string;
  /** "rsa", "eddsa" and so on, or a number. */
  readonly algorithm: string;
  /** "sha256" and so on, or a number. */
  readonly hash: string;
  /** RFC 3339, UTC; "" where the signature has no time. */
  readonly created: string;
  readonly verdict: SignatureVerdict;
  /** Fingerprint of the primary key, if the key is known; not reported. */
  readonly primary?: string;
  /** Why the verdict is not "good", in words; not reported. */
  readonly reason?: string;
  /**
   * Whether it may be bad, so that a good one beside it is not enough; not
   * reported.
   */
  readonly isSuspect?: boolean;
}

/** What signatures must meet besides being valid. */
export interface Policy {
  /** How many distinct primary keys must have signed. */
  readonly require: number;
  /** Fingerprints, upper case, of keys or primary keys that must have signed. */
  readonly requireKeys: readonly string[];
  readonly allowWeak: ReadonlySet<WeakKind>;
  /** Whether a key may have expired after it signed. */
  readonly allowExpiredKey: boolean;
  /** Signatures made before are replays; seconds since 1970. */
  readonly notBefore?: number;
}

/** One good signature by any of the keys. */
export const ONE_SIGNATURE: Policy = {
  require: 1,
  requireKeys: [],
  allowWeak: new Set(),
  allowExpiredKey: false,
};

/** The weaknesses that a user can allow. */
export const WEAK_KINDS = ["sha1", "dsa1024"] as const;
export type WeakKind = typeof WEAK_KINDS[number];

/** Hashes that nobody can allow: collisions cost next to nothing. */
const BROKEN_HASHES = ["md5", "ripemd160"];

/** How far the clocks of two machines may differ, in seconds. */
const CLOCK_SKEW_SECONDS = 300;

/** Judges signatures against keys and a policy. */
export class SignatureVerifier {
  readonly #keys: KeyRing;
  readonly policy: Policy;

  constructor(keys: KeyRing, policy: Policy) {
    this.#keys = keys;
    this.policy = policy;
  }

  /**
   * Judges a signature, given the digest of its data and trailer.
   *
   * Every key with the issuer's id is tried, because key ids can be forged. The
   * state of a key matters once the signature is known to be its own.
   */
  async judge(
    signature: ParsedSignature,
    digest: Uint8Array,
  ): Promise<SignatureRecord> {
    const { unsupported, isSuspect } = signature;
    if (unsupported !== undefined) {
      const known = record(signature, "unsupported", unsupported);
      return { ...known, isSuspect };
    }
    const candidates = this.#keys.find(signature);
    if (candidates.length === 0) {
      return this.#judgeUnknown(signature);
    }
    const [only] = candidates.length === 1 ? candidates : [];
    if (isHashTooShort(signature)) {
      const { hash } = signature;
      const reason = `the hash ${hash} is too short for its key`;
      return { ...record(signature, "weak", reason, only), isSuspect: true };
    }
    for (const key of candidates) {
      if (await isSignedBy(key.packet, signature, digest)) {
        return await this.#judgeKey(signature, key);
      }
    }
    return record(signature, "bad", "it does not sign this data", only);
  }

  /** Judges a signature by a key that the keyring does not have. */
  #judgeUnknown(signature: ParsedSignature): SignatureRecord {
    const { keyId, fingerprint } = signature;
    const named = [
      this.#keys.find({ keyId }),
      this.#keys.find({ fingerprint }),
    ];
    const isSuspect = named.flat().length > 0;
    const reason = isSuspect
      ? "its key id and its fingerprint are of different keys"
      : "the keyring has no such key";
    return { ...record(signature, "unknown-key", reason), isSuspect };
  }

  /** Judges a signature that the key is known to have made. */
  async #judgeKey(
    signature: ParsedSignature,
    key: SigningKey,
  ): Promise<SignatureRecord> {
    const { allowWeak, allowExpiredKey, notBefore = 0 } = this.policy;
    const say = (verdict: SignatureVerdict, reason?: string) =>
      record(signature, verdict, reason, key);
    const created = signature.created!;
    const now = Date.now() / 1000;
    const { expires = Infinity } = signature;
    const state = await key.state();
    if (state.revoked) return say("revoked-key", state.revoked);
    if (state.unusable) return say("unknown-key", state.unusable);
    if (created > now + CLOCK_SKEW_SECONDS) {
      return say("bad", "it was made in the future");
    }
    if (created < state.created) {
      return say("bad", "it is older than its key");
    }
    if (expires <= now) return say("bad", `it expired at ${time(expires)}`);
    if (created < notBefore) {
      return say("bad", `replayed: it was made before ${time(notBefore)}`);
    }
    if (created >= state.expires) {
      return say(
        "expired-key",
        `the key had expired before, at ${time(state.expires)}`,
      );
    }
    if (now >= state.expires && !allowExpiredKey) {
      return say("expired-key", `the key expired at ${time(state.expires)}`);
    }
    const hash = signature.hash!;
    if (
      BROKEN_HASHES.includes(hash) || hash === "sha1" && !allowWeak.has("sha1")
    ) {
      return say("weak", `the hash ${hash} is weak`);
    }
    if (state.weak && !(state.weak === "dsa1024" && allowWeak.has("dsa1024"))) {
      return say("weak", `a key of ${state.weak} is weak`);
    }
    return say("good");
  }
}

function record(
  signature: ParsedSignature,
  verdict: SignatureVerdict,
  reason?: string,
  key?: SigningKey,
): SignatureRecord {
  const { publicKeyAlgorithm, hashAlgorithm, hash, created } = signature;
  return {
    key_id: key?.fingerprint.slice(-16) ?? signature.keyId ?? "",
    fingerprint: key?.fingerprint ?? signature.fingerprint,
    algorithm: ALGORITHMS[publicKeyAlgorithm] ?? String(publicKeyAlgorithm),
    hash: hash ?? String(hashAlgorithm),
    created: created === undefined ? "" : time(created),
    verdict,
    primary: key?.primary,
    reason,
  };
}

/** Seconds since 1970 as RFC 3339. */
function time(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}

/** The verdict on all signatures of a document or packet. */
export interface Conclusion {
  readonly exitStatus: number;
  /** Why it is not 0, in words. */
  readonly reason?: string;
}

/**
 * Turns verdicts into an exit status: 0 verified, 1 one is bad, 3 the good ones
 * do not meet the policy, 4 there are none.
 */
export function conclude(
  records: readonly SignatureRecord[],
  policy: Policy,
): Conclusion {
  if (records.length === 0) {
    return { exitStatus: EXIT.malformed, reason: "there is no signature" };
  }
  const bad = records.find(({ verdict }) => verdict === "bad");
  if (bad !== undefined) {
    return {
      exitStatus: EXIT.bad,
      reason: `the signature of ${bad.key_id} is bad: ${bad.reason}`,
    };
  }
  const suspect = records.find(({ isSuspect }) => isSuspect);
  if (suspect !== undefined && records.length > 1) {
    const { key_id, verdict, reason } = suspect;
    return {
      exitStatus: EXIT.policy,
      reason: `the signature of ${key_id} may be bad: ${verdict}, ${reason}`,
    };
  }
  const good = records.filter(({ verdict }) => verdict === "good");
  const primaries = new Set(good.map(({ primary }) => primary));
  const missing = policy.requireKeys.find((wanted) =>
    !good.some((one) => one.fingerprint === wanted || one.primary === wanted)
  );
  if (missing !== undefined) {
    return {
      exitStatus: EXIT.policy,
      reason: `there is no good signature of ${missing}`,
    };
  }
  if (primaries.size < policy.require) {
    const others = records.filter(({ verdict }) => verdict !== "good")
      .map(({ key_id, verdict, reason }) =>
        `${key_id || "no key"}: ${verdict}, ${reason}`
      );
    const counted = `${primaries.size} of ${policy.require} keys needed signed`;
    return {
      exitStatus: EXIT.policy,
      reason: [counted, ...others].join("; "),
    };
  }
  return { exitStatus: EXIT.verified };
}
