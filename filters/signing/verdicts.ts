/**
 * What a signature turned out to be: the verdict on one, and on all together.
 *
 * The cryptographic verdict on a digest is openpgp's. What a signature covers,
 * the state of its key and the policy are ours: openpgp says good for a key
 * that has expired since, and its errors carry no codes.
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

/** What a signature turned out to be. */
export type SignatureVerdict =
  | "good"
  | "bad"
  | "unknown-key"
  | "expired-key"
  | "revoked-key"
  | "weak"
  | "unsupported";

/** A signature that was looked at, as the report names it. */
export interface SignatureRecord {
  /** The key that signed, by its id: 16 hexadecimal digits; perhaps "". */
  readonly key_id: string;
  /** That key's fingerprint: known, or claimed where the key is unknown. */
  readonly fingerprint?: string;
  /** "rsa", "eddsa" and so on, or a number. */
  readonly algorithm: string;
  /** "sha256" and so on, or a number. */
  readonly hash: string;
  /** RFC 3339, UTC; "" where the signature says none. */
  readonly created: string;
  readonly verdict: SignatureVerdict;
  /** Of the primary key, where the key is known; not in the report. */
  readonly primary?: string;
  /** Why the verdict is not "good", in words; not in the report. */
  readonly reason?: string;
  /**
   * Whether it must not be passed over beside a good one, for all we know it
   * is bad; not in the report.
   */
  readonly isSuspect?: boolean;
}

/** What a verifier asks of signatures besides being sound. */
export interface Policy {
  /** How many distinct primary keys must have signed. */
  readonly require: number;
  /** Fingerprints, upper case, of keys (primary or not) that must have signed. */
  readonly requireKeys: readonly string[];
  readonly allowWeak: ReadonlySet<WeakKind>;
  /** Whether keys may have expired since they signed. */
  readonly allowExpiredKey: boolean;
  /** Signatures made before are replayed; seconds since 1970. */
  readonly notBefore?: number;
}

/** The weaknesses a user can allow. */
export const WEAK_KINDS = ["sha1", "dsa1024"] as const;
export type WeakKind = typeof WEAK_KINDS[number];

/** Hash algorithms nobody can allow: collisions cost nothing or nearly so. */
const BROKEN_HASHES = ["md5", "ripemd160"];

/** How far the clocks of two machines may be apart, seconds. */
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
   * Says what a signature is, given the digest of its data and trailer.
   *
   * Every key its issuer may mean is tried, for key ids can be forged; the
   * state of the key counts once the signature is known to be its own.
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

  /** Judges a signature that is of no key we have. */
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

  /** Judges a signature that is known to be the key's. */
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

/** What all the signatures of something come to. */
export interface Conclusion {
  readonly exitStatus: number;
  /** Why it is not 0, in words. */
  readonly reason?: string;
}

/**
 * Folds what signatures turned out to be into an exit status: 0 verified, 1 one
 * is bad, 3 the good ones do not meet the policy, 4 there are none.
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
