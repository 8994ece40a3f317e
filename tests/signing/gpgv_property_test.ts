import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import { KeyRing } from "../../filters/signing/keys.ts";
import { readSignatures } from "../../filters/signing/openpgp/message.ts";
import { digestOf } from "../../filters/signing/openpgp/signature_hash.ts";
import { SignatureVerifier } from "../../filters/signing/verdicts.ts";
import { askGpgv, gpgTest } from "../support/gpg.ts";
import {
  backSignature,
  bytes,
  keyPacket,
  type MadeKey,
  makeKey,
  overKey,
  overSubkey,
  overUser,
  published,
  signature,
  type SignatureRecipe,
  SUB,
  sub,
  subkeyPacket,
  TYPE,
  u32,
  userPacket,
} from "../support/openpgp_maker.ts";
import { TempDir } from "../support/run.ts";

const SEED = 20261127;
const NOW = Math.floor(Date.now() / 1000), DAY = 86400;
const MADE = NOW - 100 * DAY;
const DOCUMENT = bytes("hello\n");

const key = makeKey(MADE), other = makeKey(MADE), subkey = makeKey(MADE + 10);

/** Mostly the first of some values. */
function mostly<T>(usual: T, ...others: T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { arbitrary: fc.constant(usual), weight: 4 },
    { arbitrary: fc.constantFrom(...others), weight: 1 },
  );
}

/** A signature over a part of a key, by that key or another. */
interface Choice {
  readonly kind: string;
  readonly by: MadeKey;
  readonly created: number;
  readonly hash: number;
  readonly flags: number | undefined;
  readonly life: number | undefined;
  readonly ends: number | undefined;
  readonly consent: number | undefined;
  readonly extra: Uint8Array | undefined;
  readonly isExtraSigned: boolean;
  readonly isAnonymous: boolean;
  readonly damage: boolean;
}

const revoker = sub(
  SUB.revoker,
  bytes(0x80, 22, Uint8Array.fromHex(other.fingerprint)),
);

const choice: fc.Arbitrary<Choice> = fc.record({
  kind: fc.constantFrom(
    ...["direct", "user", "self", "self", "userRevocation", "revocation"],
    ...["subkey", "binding", "binding", "subkeyRevocation"],
  ),
  by: mostly(key, other),
  created: mostly(MADE + 60, MADE + DAY, MADE + 2 * DAY, MADE - 1, NOW + DAY),
  hash: mostly(8, 1, 2, 3, 10),
  flags: mostly<number | undefined>(3, 1, 2, 4, undefined),
  life: mostly<number | undefined>(undefined, 0, 60 * DAY, 1000 * DAY),
  ends: mostly<number | undefined>(undefined, DAY, 1000 * DAY),
  consent: mostly<number | undefined>(TYPE.back, TYPE.binding, undefined),
  extra: mostly<Uint8Array | undefined>(
    undefined,
    sub(99, 1, true),
    sub(SUB.signerUser, 1, true),
    revoker,
  ),
  isExtraSigned: fc.boolean(),
  isAnonymous: mostly(false, true),
  damage: mostly(false, true),
});

/** What a choice puts into a keyring. */
function packetOf(chosen: Choice): Uint8Array {
  const { kind, by, flags, life, ends, consent, extra } = chosen;
  const { created, hash, isExtraSigned, isAnonymous, damage } = chosen;
  const hashed: Uint8Array[] = [], unhashed: Uint8Array[] = [];
  if (!isAnonymous) {
    unhashed.push(sub(SUB.issuer, Uint8Array.fromHex(by.keyId)));
  }
  if (flags !== undefined) hashed.push(sub(SUB.keyFlags, flags));
  if (life !== undefined) hashed.push(sub(SUB.keyLifetime, u32(life)));
  if (ends !== undefined) hashed.push(sub(SUB.signatureLifetime, u32(ends)));
  if (extra !== undefined) (isExtraSigned ? hashed : unhashed).push(extra);
  const recipe: SignatureRecipe = { created, hash, hashed, unhashed, damage };
  switch (kind) {
    case "user":
      return userPacket("another");
    case "subkey":
      return subkeyPacket(subkey);
    case "direct":
      return overKey(key, { ...recipe, type: TYPE.direct }, by);
    case "revocation":
      return overKey(key, { ...recipe, type: TYPE.revocation }, by);
    case "self":
      return overUser(key, recipe, undefined, by);
    case "userRevocation":
      return overUser(
        key,
        { ...recipe, type: TYPE.userRevocation },
        undefined,
        by,
      );
    case "binding":
      if (consent !== undefined) {
        hashed.push(backSignature(key, subkey, { type: consent }));
      }
      return overSubkey(key, subkey, recipe, by);
    default:
      return overSubkey(
        key,
        subkey,
        { ...recipe, type: TYPE.subkeyRevocation },
        by,
      );
  }
}

/** Whether we find the only signature good. */
async function isGood(ring: Uint8Array, made: Uint8Array): Promise<boolean> {
  using dir = new TempDir();
  const keys = await KeyRing.read([dir.file("ring", ring)]);
  const verifier = new SignatureVerifier(keys, {
    require: 1,
    requireKeys: [],
    allowWeak: new Set(),
    allowExpiredKey: false,
  });
  const [parsed] = await readSignatures([made]);
  const { verdict } = await verifier.judge(parsed, digestOf(parsed, DOCUMENT));
  return verdict === "good";
}

gpgTest(
  `whatever signatures a key has, gpgv agrees that it may sign (seed ${SEED})`,
  async () => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.array(choice, { maxLength: 3 }),
        fc.array(choice, { maxLength: 3 }),
        fc.boolean(),
        fc.boolean(),
        async (isOfSubkey, before, behind, isBound, isRevokerKnown) => {
          const ring = concat([
            keyPacket(key),
            ...before.map(packetOf),
            userPacket(),
            overUser(key),
            ...(isBound ? [subkeyPacket(subkey), overSubkey(key, subkey)] : []),
            ...behind.map(packetOf),
            ...(isRevokerKnown ? [published(other)] : []),
          ]);
          const signer = isOfSubkey ? subkey : key;
          const made = signature(signer, DOCUMENT, { created: NOW - 50 * DAY });
          if (!await isGood(ring, made)) return;
          count++;
          const document = DOCUMENT;
          const { verdicts } = askGpgv({ ring, signature: made, document });
          assertEquals(verdicts, ["good"]);
        },
      ),
      { seed: SEED, numRuns: 600 },
    );
    assert(count >= 50, `only ${count} are good`);
  },
);
