/**
 * What gpgv makes of keys and documents, and what we make of them: a table.
 * Where we say that something is good, gpgv says so too.
 */

import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { deflateRawSync } from "node:zlib";
import type { ToolIO } from "../../filters/kit/tool/tool.ts";
import {
  verifyDocument,
  type VerifyDocumentOptions,
} from "../../filters/signing/document/verify.ts";
import { SignedStreamError } from "../../filters/signing/errors.ts";
import { KeyRing } from "../../filters/signing/keys.ts";
import { armor } from "../../filters/signing/openpgp/armor.ts";
import {
  conclude,
  type SignatureRecord,
  SignatureVerifier,
} from "../../filters/signing/verdicts.ts";
import {
  askGpgv,
  gpgTest,
  type GpgvResult,
  gpgvVersion,
  hasGpg,
} from "../support/gpg.ts";
import {
  backSignature,
  bytes,
  canonical,
  CERTIFIES,
  ECDSA,
  ED25519,
  ENCRYPTS,
  keyPacket,
  literal,
  type MadeKey,
  makeKey,
  onePass,
  overKey,
  overSubkey,
  overUser,
  packet,
  published,
  RSA,
  SHA1,
  SHA512,
  signature,
  type SignatureRecipe,
  SIGNS,
  SUB,
  sub,
  subkeyPacket,
  TYPE,
  u16,
  u32,
  userPacket,
} from "../support/openpgp_maker.ts";
import { TempDir } from "../support/run.ts";
import { equalBytes } from "../support/streams.ts";

const NOW = Math.floor(Date.now() / 1000), DAY = 86400;
/** When keys are made, and what is signed unless said otherwise. */
const MADE = NOW - 100 * DAY, SIGNED = NOW - 50 * DAY;

const DOCUMENT = "hello\n";

/** A document or a key, what we say of it and what gpgv says. */
interface Row {
  /** Binary keys. */
  readonly ring: Uint8Array;
  /** A detached signature; else `document` is a message or a clear text. */
  readonly signature?: Uint8Array;
  readonly document?: Uint8Array | string;
  /** "good", or the exit status and the verdict where there is one. */
  readonly ours: string;
  /** The verdicts of gpgv 2.2.40 on its signatures. */
  readonly gpgv: string;
  /** Why gpgv does not judge what we call good. */
  readonly gpgvCannot?: string;
}

/** Rows by name, made when the first is asked for. */
type Table = () => Record<string, Row>;

const key = makeKey(MADE), other = makeKey(MADE), revoker = makeKey(MADE);
const subkey = makeKey(MADE + 10);
const rsa = makeKey(MADE, RSA);
const user = userPacket();

const flags = (all: number) => sub(SUB.keyFlags, all);
/** A key that ends so many days after it was made. */
const life = (days: number) => sub(SUB.keyLifetime, u32(days * DAY));
/** A signature that ends so many days after it was made. */
const ends = (days: number) => sub(SUB.signatureLifetime, u32(days * DAY));
const issuer = (of: MadeKey) => sub(SUB.issuer, Uint8Array.fromHex(of.keyId));
const named = (of: MadeKey) =>
  sub(SUB.fingerprint, bytes(4, Uint8Array.fromHex(of.fingerprint)));
const critical = (type: number, body: number | Uint8Array = 1) =>
  sub(type, body, true);
const revokedBy = (by: MadeKey, kind = 0x80) =>
  sub(
    SUB.revoker,
    bytes(kind, by.algorithm, Uint8Array.fromHex(by.fingerprint)),
  );
const BOTH = flags(CERTIFIES | SIGNS);

/** A self-signature over the user id. */
const self = (recipe: SignatureRecipe = {}) => overUser(key, recipe);
/** The key, with what stands behind its packet. */
const ring = (...packets: Uint8Array[]) => concat([keyPacket(key), ...packets]);
const GOOD_RING = published(key);

/** A row of the document signed by the key, and what the keyring says of it. */
function of(ours: string, gpgv: string, ...packets: Uint8Array[]) {
  return {
    ring: ring(...packets),
    signature: signature(key, bytes(DOCUMENT), { created: SIGNED }),
    ours,
    gpgv,
  };
}

/** A row of a signature by the good key. */
function by(ours: string, gpgv: string, recipe: SignatureRecipe) {
  return {
    ring: GOOD_RING,
    signature: signature(key, bytes(DOCUMENT), { created: SIGNED, ...recipe }),
    ours,
    gpgv,
  };
}

/** What no self-signature vouches for. */
const NOT_SAID = "3 unknown-key";

const SELF_SIGNATURES: Table = () => ({
  "as it is made": of("good", "good", user, self()),
  "without self-signature": of(NOT_SAID, "error", user),
  "without user id": of(NOT_SAID, "error"),
  "by direct signature alone": of(
    "good",
    "good",
    overKey(key, { type: TYPE.direct, hashed: [BOTH] }),
  ),
  "that direct signature lets certify": of(
    NOT_SAID,
    "error",
    overKey(key, { type: TYPE.direct, hashed: [flags(CERTIFIES)] }),
    user,
    self(),
  ),
  "whose later direct signature lets certify": of(
    NOT_SAID,
    "error",
    overKey(key, { type: TYPE.direct, hashed: [BOTH] }),
    overKey(key, { type: TYPE.direct, hashed: [flags(CERTIFIES)] }),
    user,
    self(),
  ),
  "whose direct signature is damaged": of(
    "good",
    "good",
    overKey(key, {
      type: TYPE.direct,
      hashed: [flags(CERTIFIES)],
      damage: true,
    }),
    user,
    self(),
  ),
  "whose direct signature is behind the user id": of(
    NOT_SAID,
    "error",
    user,
    self({ hashed: [flags(CERTIFIES)] }),
    overKey(key, { type: TYPE.direct, hashed: [BOTH] }),
  ),
  "whose direct signature ends the key": of(
    "3 expired-key",
    "expired-key",
    overKey(key, { type: TYPE.direct, hashed: [BOTH, life(60)] }),
    user,
    self(),
  ),
  "whose user id ends it, not its direct signature": of(
    "3 expired-key",
    "expired-key",
    overKey(key, { type: TYPE.direct, hashed: [BOTH] }),
    user,
    self({ hashed: [BOTH, life(60)] }),
  ),
  "that certifies": of(
    NOT_SAID,
    "error",
    user,
    self({ hashed: [flags(CERTIFIES)] }),
  ),
  "without flags": of(NOT_SAID, "good", user, self({ hashed: [] })),
  "of no use": of(NOT_SAID, "error", user, self({ hashed: [flags(0)] })),
  "with two flags, first less": of(
    NOT_SAID,
    "error",
    user,
    self({ hashed: [flags(CERTIFIES), BOTH] }),
  ),
  "with two flags, first more": of(
    NOT_SAID,
    "good",
    user,
    self({ hashed: [BOTH, flags(CERTIFIES)] }),
  ),
  "with flags nobody signed": of(
    NOT_SAID,
    "good",
    user,
    self({ hashed: [], unhashed: [issuer(key), BOTH] }),
  ),
  "that expired since": of(
    "3 expired-key",
    "expired-key",
    user,
    self({ hashed: [BOTH, life(60)] }),
  ),
  "that had expired before": of(
    "3 expired-key",
    "expired-key",
    user,
    self({ hashed: [BOTH, life(10)] }),
  ),
  "that expires after 2106": of(
    "3 expired-key",
    "expired-key",
    user,
    self({ hashed: [BOTH, sub(SUB.keyLifetime, u32(0xffffffff))] }),
  ),
  "that never expires": of(
    "good",
    "good",
    user,
    self({ hashed: [BOTH, life(0)] }),
  ),
  "of two ends, first sooner": of(
    "3 expired-key",
    "expired-key",
    user,
    self({ hashed: [BOTH, life(60), life(600)] }),
  ),
  "of two ends, first later": of(
    "3 expired-key",
    "good",
    user,
    self({ hashed: [BOTH, life(600), life(60)] }),
  ),
  "with an end nobody signed": of(
    "good",
    "good",
    user,
    self({ unhashed: [issuer(key), life(60)] }),
  ),
  "whose life was cut": of(
    "3 expired-key",
    "expired-key",
    user,
    self(),
    self({ created: MADE + DAY, hashed: [BOTH, life(60)] }),
  ),
  "whose life was extended": of(
    "good",
    "good",
    user,
    self({ created: MADE + DAY }),
    self({ hashed: [BOTH, life(60)] }),
  ),
  "whose life was cut at once": of(
    "3 expired-key",
    "expired-key",
    user,
    self(),
    self({ hashed: [BOTH, life(60)] }),
  ),
  "whose life was extended at once": of(
    "good",
    "good",
    user,
    self({ hashed: [BOTH, life(60)] }),
    self(),
  ),
  "whose life was cut by a signature of the future": of(
    "3 expired-key",
    "expired-key",
    user,
    self(),
    self({ created: NOW + DAY, hashed: [BOTH, life(60)] }),
  ),
  "of which one user id ends": of(
    "3 expired-key",
    "expired-key",
    user,
    self({ hashed: [BOTH, life(60)] }),
    userPacket("b"),
    overUser(key, { created: MADE + DAY }, "b"),
  ),
  "of which a newer user id ends": of(
    "3 expired-key",
    "expired-key",
    user,
    self(),
    userPacket("b"),
    overUser(key, { created: MADE + DAY, hashed: [BOTH, life(60)] }, "b"),
  ),
  "of which a revoked user id ended": of(
    "good",
    "good",
    user,
    self({ hashed: [BOTH, life(60)] }),
    self({ type: TYPE.userRevocation, created: MADE + DAY, hashed: [] }),
    userPacket("b"),
    overUser(key, {}, "b"),
  ),
  "whose newer user id certifies": of(
    NOT_SAID,
    "error",
    user,
    self(),
    userPacket("b"),
    overUser(key, { created: MADE + DAY, hashed: [flags(CERTIFIES)] }, "b"),
  ),
  "whose older user id certifies": of(
    "good",
    "good",
    user,
    self({ created: MADE + DAY }),
    userPacket("b"),
    overUser(key, { hashed: [flags(CERTIFIES)] }, "b"),
  ),
  "whose first user id of two certifies": of(
    NOT_SAID,
    "error",
    user,
    self({ hashed: [flags(CERTIFIES)] }),
    userPacket("b"),
    overUser(key, {}, "b"),
  ),
  "whose user id is revoked": of(
    NOT_SAID,
    "good",
    user,
    self(),
    self({ type: TYPE.userRevocation, created: MADE + DAY, hashed: [] }),
  ),
  "whose user id a revocation that names nobody revokes": of(
    NOT_SAID,
    "expired-key",
    user,
    self({ hashed: [BOTH, life(60)] }),
    self({
      type: TYPE.userRevocation,
      created: MADE + DAY,
      hashed: [],
      unhashed: [],
    }),
  ),
  "that only such a user id ends": of(
    "3 expired-key",
    "expired-key",
    user,
    self({ hashed: [BOTH, life(60)] }),
    self({
      type: TYPE.userRevocation,
      created: MADE + DAY,
      hashed: [],
      unhashed: [],
    }),
    userPacket("b"),
    overUser(key, { created: MADE + DAY }, "b"),
  ),
  "whose user id was revoked and signed again": of(
    "good",
    "good",
    user,
    self(),
    self({ type: TYPE.userRevocation, created: MADE + DAY, hashed: [] }),
    self({ created: MADE + 2 * DAY }),
  ),
  "whose self-signature expired": of(
    "3 expired-key",
    "good",
    user,
    self({ hashed: [BOTH, ends(60)] }),
  ),
  "whose newer self-signature expired": of(
    NOT_SAID,
    "good",
    user,
    self(),
    self({ created: MADE + DAY, hashed: [flags(CERTIFIES), ends(60)] }),
  ),
  "whose self-signature is of the future": of(
    "good",
    "good",
    user,
    self({ created: NOW + DAY }),
  ),
  "whose self-signature is older": of(
    NOT_SAID,
    "error",
    user,
    self({ created: MADE - DAY }),
  ),
  "whose self-signature is damaged": of(
    NOT_SAID,
    "error",
    user,
    self({ damage: true }),
  ),
  "whose self-signature is another's": of(
    NOT_SAID,
    "error",
    user,
    overUser(key, {}, undefined, other),
  ),
  "whose self-signature is over another user id": of(
    NOT_SAID,
    "error",
    user,
    overUser(key, {}, "other"),
  ),
  "whose self-signature names nobody": of(
    NOT_SAID,
    "error",
    user,
    self({ unhashed: [] }),
  ),
  "whose self-signature names it by fingerprint": of(
    NOT_SAID,
    "error",
    user,
    self({ hashed: [BOTH, named(key)], unhashed: [] }),
  ),
  "whose self-signature has an unknown critical subpacket": of(
    NOT_SAID,
    "error",
    user,
    self({ hashed: [BOTH, critical(99)] }),
  ),
  "whose self-signature has one nobody signed": of(
    NOT_SAID,
    "error",
    user,
    self({ unhashed: [issuer(key), critical(99)] }),
  ),
  "whose self-signature has a critical signer's user id": of(
    NOT_SAID,
    "error",
    user,
    self({ hashed: [BOTH, critical(SUB.signerUser)] }),
  ),
  "whose self-signature has a critical notation": of(
    NOT_SAID,
    "error",
    user,
    self({ hashed: [BOTH, notation(true)] }),
  ),
  "with a generic certification": of(
    "good",
    "good",
    user,
    self({ type: 0x10 }),
  ),
  "with an attested certification": of(
    NOT_SAID,
    "error",
    user,
    self({ type: 0x16 }),
  ),
  "with an empty user id": of(
    "good",
    "good",
    userPacket(""),
    overUser(key, {}, ""),
  ),
  "with a picture": of(
    "good",
    "good",
    packet(17, bytes(0xff, u32(5001), 1, new Uint8Array(5000))),
    user,
    self(),
  ),
  "among packets that say nothing": of(
    "good",
    "good",
    packet(12, bytes(1, 2)),
    user,
    packet(21, bytes(1, 2)),
    self(),
    packet(60, bytes(1)),
  ),
});

function notation(isCritical: boolean): Uint8Array {
  const body = bytes(0x80, 0, 0, 0, u16(3), u16(1), "a@b", "c");
  return sub(SUB.notation, body, isCritical);
}

/** What we say and what gpgv says. */
type Pair = readonly [string, string];
const EXPIRED: Pair = ["3 expired-key", "expired-key"];
const REVOKED: Pair = ["3 revoked-key", "revoked-key"];
const MAY_BE_REVOKED: Pair = ["3 revoked-key", "good"];

/** Self-signatures and revocations by hashes: what may, and what may not be. */
const HASHES: Table = () => {
  const signed = signature(rsa, bytes(DOCUMENT), { created: SIGNED });
  const row = (ours: string, gpgv: string, ...packets: Uint8Array[]) => ({
    ring: concat([keyPacket(rsa), ...packets]),
    signature: signed,
    ours,
    gpgv,
  });
  const rows: Record<string, Row> = {};
  /** Alone; in a newer self-signature that ends the key; in a revocation. */
  const verdicts: readonly [string, number, Pair, Pair, Pair][] = [
    ["MD5", 1, [NOT_SAID, "error"], ["good", "good"], MAY_BE_REVOKED],
    ["SHA-1", 2, ["good", "good"], EXPIRED, REVOKED],
    ["RIPEMD-160", 3, [NOT_SAID, "good"], [NOT_SAID, "expired-key"], REVOKED],
    ["SHA-224", 11, ["good", "good"], EXPIRED, REVOKED],
  ];
  for (const [name, hash, only, ended, revoked] of verdicts) {
    rows[`whose self-signature has ${name}`] = row(
      ...only,
      user,
      overUser(rsa, { hash }),
    );
    rows[`that a self-signature with ${name} ends`] = row(
      ...ended,
      user,
      overUser(rsa),
      overUser(rsa, { hash, created: MADE + DAY, hashed: [BOTH, life(60)] }),
    );
    rows[`that a revocation with ${name} revokes`] = row(
      ...revoked,
      overKey(rsa, { type: TYPE.revocation, hash }),
      user,
      overUser(rsa),
    );
  }
  return {
    ...rows,
    "of EdDSA whose self-signature has SHA-1": of(
      NOT_SAID,
      "good",
      user,
      self({ hash: SHA1 }),
    ),
    "of EdDSA that a self-signature with SHA-1 ends": of(
      NOT_SAID,
      "expired-key",
      user,
      self(),
      self({ hash: SHA1, created: MADE + DAY, hashed: [BOTH, life(60)] }),
    ),
    "of EdDSA that a revocation with SHA-1 revokes": of(
      "3 revoked-key",
      "revoked-key",
      overKey(key, { type: TYPE.revocation, hash: SHA1 }),
      user,
      self(),
    ),
    "whose self-signature is of version 3": row(
      NOT_SAID,
      "good",
      user,
      overUser(rsa, { version: 3 }),
    ),
    "that a revocation of version 3 revokes": row(
      "3 revoked-key",
      "revoked-key",
      overKey(rsa, { type: TYPE.revocation, version: 3 }),
      user,
      overUser(rsa),
    ),
    "that a revocation for RSA signatures alone revokes": row(
      "3 revoked-key",
      "revoked-key",
      overKey(rsa, { type: TYPE.revocation, algorithm: 3 }),
      user,
      overUser(rsa),
    ),
    "that a revocation for RSA encryption revokes": row(
      "3 revoked-key",
      "revoked-key",
      overKey(rsa, { type: TYPE.revocation, algorithm: 2 }),
      user,
      overUser(rsa),
    ),
    "that a revocation of version 5 may revoke": of(
      "3 revoked-key",
      "unknown-key",
      overKey(key, { type: TYPE.revocation, version: 5 }),
      user,
      self(),
    ),
    "that a revocation of version 6 may revoke": of(
      "3 revoked-key",
      "unknown-key",
      overKey(key, { type: TYPE.revocation, version: 6 }),
      user,
      self(),
    ),
  };
};

const REVOCATIONS: Table = () => {
  const direct = (...hashed: Uint8Array[]) =>
    overKey(key, { type: TYPE.direct, hashed: [BOTH, ...hashed] });
  const names = direct(revokedBy(revoker));
  const revocation = (recipe: SignatureRecipe = {}, by = key) =>
    overKey(key, { type: TYPE.revocation, ...recipe }, by);
  const designated = revocation({}, revoker);
  const theirs = published(revoker);
  const rest = [user, self()];
  return {
    "that is revoked": of(...REVOKED, revocation(), ...rest),
    "revoked behind its user id": of(
      "3 revoked-key",
      "good",
      ...rest,
      revocation(),
    ),
    "whose revocation is damaged": of(
      "good",
      "good",
      revocation({ damage: true }),
      ...rest,
    ),
    "one of whose revocations is damaged": of(
      ...REVOKED,
      revocation({ damage: true }),
      revocation(),
      ...rest,
    ),
    "whose revocation expired": of(
      ...REVOKED,
      revocation({ hashed: [ends(1)] }),
      ...rest,
    ),
    "whose revocation is of the future": of(
      ...REVOKED,
      revocation({ created: NOW + DAY }),
      ...rest,
    ),
    "whose revocation is older": of(
      "3 revoked-key",
      "good",
      revocation({ created: MADE - DAY }),
      ...rest,
    ),
    "superseded since": of(
      ...REVOKED,
      revocation({
        created: NOW - DAY,
        hashed: [sub(SUB.reason, bytes(1, "x"))],
      }),
      ...rest,
    ),
    "whose revocation has an unknown critical subpacket": of(
      "3 revoked-key",
      "good",
      revocation({ hashed: [critical(99)] }),
      ...rest,
    ),
    "whose revocation has one nobody signed": of(
      "3 revoked-key",
      "good",
      revocation({ unhashed: [issuer(key), critical(99)] }),
      ...rest,
    ),
    "whose revocation names a revoker": of(
      ...REVOKED,
      revocation({ hashed: [revokedBy(revoker)] }),
      ...rest,
    ),
    "whose revocation names nobody": of(
      "3 revoked-key",
      "good",
      revocation({ unhashed: [] }),
      ...rest,
    ),
    "whose revocation names it by fingerprint": of(
      "3 revoked-key",
      "good",
      revocation({ unhashed: [named(key)] }),
      ...rest,
    ),
    "that another key revokes": of(
      "good",
      "good",
      revocation({}, other),
      ...rest,
    ),
    "that names a revoker": of("good", "good", names, ...rest, theirs),
    "that its revoker revokes": of(
      ...REVOKED,
      names,
      designated,
      ...rest,
      theirs,
    ),
    "that its sensitive revoker revokes": of(
      ...REVOKED,
      direct(revokedBy(revoker, 0xc0)),
      designated,
      ...rest,
      theirs,
    ),
    "behind its revoker": {
      ...of(...REVOKED),
      ring: concat([theirs, ring(names, designated, ...rest)]),
    },
    "whose revoker the keyring lacks": of(
      "3 revoked-key",
      "good",
      names,
      designated,
      ...rest,
    ),
    "whose revoker's revocation is damaged": of(
      "good",
      "good",
      names,
      revocation({ damage: true }, revoker),
      ...rest,
      theirs,
    ),
    "that another than its revoker revokes": of(
      "good",
      "good",
      names,
      revocation({}, other),
      ...rest,
      theirs,
      published(other),
    ),
    "that the second of two revokers revokes": of(
      ...REVOKED,
      direct(revokedBy(other), revokedBy(revoker)),
      designated,
      ...rest,
      theirs,
    ),
    "that a revoker named before revokes": of(
      ...REVOKED,
      names,
      overKey(key, {
        type: TYPE.direct,
        created: MADE + DAY,
        hashed: [BOTH],
      }),
      designated,
      ...rest,
      theirs,
    ),
    "that a revoker named for a day revokes": of(
      ...REVOKED,
      direct(revokedBy(revoker), ends(1)),
      designated,
      ...rest,
      theirs,
    ),
    "that a revoker nobody signed revokes": of(
      "good",
      "good",
      overKey(key, {
        type: TYPE.direct,
        hashed: [BOTH],
        unhashed: [issuer(key), revokedBy(revoker)],
      }),
      designated,
      ...rest,
      theirs,
    ),
    "that a revoker of no class revokes": of(
      "good",
      "good",
      direct(revokedBy(revoker, 0)),
      designated,
      ...rest,
      theirs,
    ),
    "that a revoker named with a user id revokes": of(
      "3 revoked-key",
      "good",
      designated,
      user,
      self({ hashed: [BOTH, revokedBy(revoker)] }),
      theirs,
    ),
    "that a revoked revoker revokes": of(
      ...REVOKED,
      names,
      designated,
      ...rest,
      keyPacket(revoker),
      overKey(revoker, { type: TYPE.revocation }),
      user,
      overUser(revoker),
    ),
    "that its revoker's subkey revokes": of(
      "good",
      "good",
      names,
      revocation({}, subkey),
      ...rest,
      theirs,
      subkeyPacket(subkey),
      overSubkey(revoker, subkey),
    ),
  };
};

const SUBKEYS: Table = () => {
  const signed = signature(subkey, bytes(DOCUMENT), { created: SIGNED });
  const rest = [user, self(), subkeyPacket(subkey)];
  const bound = (recipe: SignatureRecipe = {}) =>
    overSubkey(key, subkey, recipe);
  const consent = (recipe: SignatureRecipe = {}) =>
    backSignature(key, subkey, recipe);
  const row = (
    ours: string,
    gpgv: string,
    ...packets: Uint8Array[]
  ) => ({ ring: ring(...packets), signature: signed, ours, gpgv });
  const revocation = (recipe: SignatureRecipe = {}, by = key) =>
    overSubkey(key, subkey, {
      type: TYPE.subkeyRevocation,
      created: MADE + DAY,
      hashed: [],
      ...recipe,
    }, by);
  const adopted = concat([
    published(other),
    subkeyPacket(subkey),
    overSubkey(other, subkey, { hashed: [flags(SIGNS)] }),
  ]);
  const designates = overKey(key, {
    type: TYPE.direct,
    hashed: [BOTH, revokedBy(revoker)],
  });
  return {
    "as it is made": row("good", "good", ...rest, bound()),
    "of a key without user id": row(
      NOT_SAID,
      "error",
      subkeyPacket(subkey),
      bound(),
    ),
    "of a key whose self-signature is damaged": row(
      NOT_SAID,
      "error",
      user,
      self({ damage: true }),
      subkeyPacket(subkey),
      bound(),
    ),
    "of a key that certifies": row(
      "good",
      "good",
      user,
      self({ hashed: [flags(CERTIFIES)] }),
      subkeyPacket(subkey),
      bound(),
    ),
    "of a key that expired": row(
      "3 expired-key",
      "expired-key",
      user,
      self({ hashed: [BOTH, life(60)] }),
      subkeyPacket(subkey),
      bound(),
    ),
    "of a key that is revoked": row(
      ...REVOKED,
      overKey(key, { type: TYPE.revocation }),
      ...rest,
      bound(),
    ),
    "of a key that its revoker revokes": row(
      ...REVOKED,
      designates,
      overKey(key, { type: TYPE.revocation }, revoker),
      ...rest,
      bound(),
      published(revoker),
    ),
    "that nothing binds": row(NOT_SAID, "error", ...rest),
    "bound by another key": row(
      NOT_SAID,
      "error",
      ...rest,
      overSubkey(key, subkey, {}, other),
    ),
    "whose binding is damaged": row(
      NOT_SAID,
      "error",
      ...rest,
      bound({ damage: true }),
    ),
    "whose binding expired": row(
      "3 expired-key",
      "error",
      ...rest,
      bound({ hashed: [flags(SIGNS), ends(60), consent()] }),
    ),
    "whose newer binding expired": row(
      "3 expired-key",
      "good",
      ...rest,
      bound(),
      bound({
        created: MADE + DAY,
        hashed: [flags(SIGNS), ends(1), consent()],
      }),
    ),
    "whose newer binding has an unknown critical subpacket": row(
      "good",
      "good",
      ...rest,
      bound(),
      bound({
        created: MADE + DAY,
        hashed: [flags(ENCRYPTS), critical(99)],
      }),
    ),
    "without consent": row(
      NOT_SAID,
      "error",
      ...rest,
      bound({ hashed: [flags(SIGNS)] }),
    ),
    "with consent that is not signed by the key": row(
      "good",
      "good",
      ...rest,
      bound({ hashed: [flags(SIGNS)], unhashed: [issuer(key), consent()] }),
    ),
    "with damaged consent": row(
      NOT_SAID,
      "error",
      ...rest,
      bound({ hashed: [flags(SIGNS), consent({ damage: true })] }),
    ),
    "with another's consent": row(
      NOT_SAID,
      "error",
      ...rest,
      bound({ hashed: [flags(SIGNS), backSignature(key, other)] }),
    ),
    "with consent to another key": row(
      NOT_SAID,
      "error",
      ...rest,
      bound({ hashed: [flags(SIGNS), backSignature(other, subkey)] }),
    ),
    "with consent of another type": row(
      NOT_SAID,
      "error",
      ...rest,
      bound({ hashed: [flags(SIGNS), consent({ type: TYPE.binding })] }),
    ),
    "with consent with an unknown critical subpacket": row(
      NOT_SAID,
      "error",
      ...rest,
      bound({ hashed: [flags(SIGNS), consent({ hashed: [critical(99)] })] }),
    ),
    "with consent older than it": row(
      NOT_SAID,
      "error",
      ...rest,
      bound({ hashed: [flags(SIGNS), consent({ created: MADE })] }),
    ),
    "with consent that expired": row(
      "good",
      "good",
      ...rest,
      bound({ hashed: [flags(SIGNS), consent({ hashed: [ends(1)] })] }),
    ),
    "with consent with SHA-1": row(
      NOT_SAID,
      "good",
      ...rest,
      bound({ hashed: [flags(SIGNS), consent({ hash: SHA1 })] }),
    ),
    "whose newer binding is of version 3": {
      ring: concat([
        keyPacket(rsa),
        user,
        overUser(rsa),
        subkeyPacket(subkey),
        overSubkey(rsa, subkey),
        overSubkey(rsa, subkey, { version: 3 }),
      ]),
      signature: signed,
      ours: NOT_SAID,
      gpgv: "error",
    },
    "that encrypts": row(
      NOT_SAID,
      "error",
      ...rest,
      bound({ hashed: [flags(ENCRYPTS), consent()] }),
    ),
    "without flags": row(
      NOT_SAID,
      "good",
      ...rest,
      bound({ hashed: [consent()] }),
    ),
    "that no longer signs": row(
      NOT_SAID,
      "error",
      ...rest,
      bound(),
      bound({ created: MADE + DAY, hashed: [flags(ENCRYPTS)] }),
    ),
    "that no longer signs, at once": row(
      NOT_SAID,
      "error",
      ...rest,
      bound(),
      bound({ hashed: [flags(ENCRYPTS)] }),
    ),
    "whose newer binding lacks consent": row(
      NOT_SAID,
      "error",
      ...rest,
      bound(),
      bound({ created: MADE + DAY, hashed: [flags(SIGNS)] }),
    ),
    "that expired since": row(
      "3 expired-key",
      "expired-key",
      ...rest,
      bound({ hashed: [flags(SIGNS), life(60), consent()] }),
    ),
    "that had expired before": row(
      "3 expired-key",
      "expired-key",
      ...rest,
      bound({ hashed: [flags(SIGNS), life(10), consent()] }),
    ),
    "whose life was extended": row(
      "good",
      "good",
      ...rest,
      bound({ hashed: [flags(SIGNS), life(10), consent()] }),
      bound({ created: MADE + DAY }),
    ),
    "that is revoked": row(...REVOKED, ...rest, bound(), revocation()),
    "that is revoked and bound again": row(
      ...REVOKED,
      ...rest,
      bound(),
      revocation(),
      bound({ created: MADE + 2 * DAY }),
    ),
    "that another key revokes": row(
      "good",
      "good",
      ...rest,
      bound(),
      revocation({}, other),
    ),
    "that its key's revoker revokes": row(
      "3 revoked-key",
      "good",
      designates,
      ...rest,
      bound(),
      revocation({}, revoker),
      published(revoker),
    ),
    "that another key adopts": {
      ...row(NOT_SAID, "error"),
      ring: adopted,
    },
    "that another key adopts, before its own": {
      ...row(NOT_SAID, "error"),
      ring: concat([adopted, ring(...rest, bound())]),
    },
    "that another key adopts, behind its own": {
      ...row("good", "good"),
      ring: concat([ring(...rest, bound()), adopted]),
    },
    "that signed before it was made": {
      ...row("1 bad", "error", ...rest, bound()),
      signature: signature(subkey, bytes(DOCUMENT), { created: MADE + 5 }),
    },
  };
};

const RINGS: Table = () => {
  const signed = signature(key, bytes(DOCUMENT), { created: SIGNED });
  const row = (ours: string, gpgv: string, ring: Uint8Array) => ({
    ring,
    signature: signed,
    ours,
    gpgv,
  });
  const six = makeKey(MADE, ED25519, 6);
  const newest = concat([
    keyPacket(six),
    overKey(six, { type: TYPE.direct, hashed: [BOTH] }),
    user,
    overUser(six),
  ]);
  const future = makeKey(NOW + 100);
  return {
    "empty": row("5", "unknown-key", new Uint8Array(0)),
    "of another key": row(NOT_SAID, "unknown-key", published(other)),
    "with another key before": row(
      "good",
      "good",
      concat([published(other), GOOD_RING]),
    ),
    "of packets of the old form": row(
      "good",
      "good",
      concat([
        packet(6, key.body, "old"),
        packet(13, bytes(USER_ID), "old"),
        self(),
      ]),
    ),
    "with bytes behind the numbers": row(
      "good",
      "good",
      concat([packet(6, bytes(key.body, 0, 0)), user, self()]),
    ),
    "cut": row("5", "unknown-key", GOOD_RING.subarray(0, -3)),
    "with a key packet cut": row(
      "5",
      "unknown-key",
      concat([packet(6, key.body.subarray(0, -3)), user, self()]),
    ),
    "with a signature cut": row(
      "5",
      "good",
      concat([GOOD_RING, packet(2, bytes(4, TYPE.revocation, 22))]),
    ),
    "with an empty signature": row(
      "5",
      "good",
      concat([GOOD_RING, packet(2, bytes())]),
    ),
    "with a document": row(
      "5",
      "good",
      concat([GOOD_RING, literal(DOCUMENT)]),
    ),
    "with a document before": row(
      "5",
      "good",
      concat([literal(DOCUMENT), GOOD_RING]),
    ),
    "with an unknown critical packet": row(
      "5",
      "good",
      concat([GOOD_RING, packet(30, bytes(1))]),
    ),
    "with a user id too long": row(
      "5",
      "unknown-key",
      concat([
        keyPacket(key),
        userPacket("x".repeat(3000)),
        overUser(key, {}, "x".repeat(3000)),
      ]),
    ),
    "with the user id behind a subkey": row(
      NOT_SAID,
      "error",
      concat([
        keyPacket(key),
        subkeyPacket(subkey),
        overSubkey(key, subkey),
        user,
        self(),
      ]),
    ),
    "with a key of version 6 behind": {
      ...row("good", "unknown-key", concat([GOOD_RING, newest])),
      gpgvCannot: "it reads no keyring with a key of version 6",
    },
    "with a key of version 6 before": {
      ...row("good", "unknown-key", concat([newest, GOOD_RING])),
      gpgvCannot: "it reads no keyring with a key of version 6",
    },
    "of version 6": {
      ring: newest,
      signature: signature(six, bytes(DOCUMENT)),
      ours: "3 unsupported",
      gpgv: "none",
    },
    "of an algorithm of RFC 9580": {
      ...madeBy(makeKey(MADE, ED25519)),
      gpgv: "error",
      gpgvCannot: "it does not know Ed25519 but in its older form",
    },
    "of ECDSA": madeBy(makeKey(MADE, ECDSA)),
    "of RSA": madeBy(rsa),
    "of the future": {
      ring: published(future),
      signature: signature(future, bytes(DOCUMENT), { created: NOW + 120 }),
      ours: NOT_SAID,
      gpgv: "error",
    },
    "revoked in a second copy": row(
      "3 revoked-key",
      "good",
      concat([
        GOOD_RING,
        ring(overKey(key, { type: TYPE.revocation }), user, self()),
      ]),
    ),
    "damaged, then revoked in a second copy": row(
      "3 revoked-key",
      "good",
      concat([
        ring(
          overKey(key, { type: TYPE.revocation, damage: true }),
          user,
          self(),
        ),
        ring(overKey(key, { type: TYPE.revocation }), user, self()),
      ]),
    ),
    "extended in a second copy": {
      ...row(
        "good",
        "expired-key",
        concat([
          ring(user, self({ hashed: [BOTH, life(60)] })),
          ring(user, self({ created: MADE + DAY })),
        ]),
      ),
      gpgvCannot: "it reads the first copy alone, where gpg joins them",
    },
    "expired in a second copy": row(
      "3 expired-key",
      "good",
      concat([
        GOOD_RING,
        ring(user, self({ created: MADE + DAY, hashed: [BOTH, life(60)] })),
      ]),
    ),
  };
};

const USER_ID = "made <made@example.org>";

function madeBy(maker: MadeKey): Row {
  return {
    ring: published(maker),
    signature: signature(maker, bytes(DOCUMENT), { created: SIGNED }),
    ours: "good",
    gpgv: "good",
  };
}

const SIGNATURES: Table = () => {
  const rows: Record<string, Row> = {};
  /** Critical subpackets that GnuPG knows, and that we do. */
  const gpgvKnows = [2, 3, 4, 6, 7, 9, 11, 12, 21, 22, 24, 25, 26, 27, 29, 30];
  const weKnow = [2, 3, 24, 26, 27, 30];
  for (
    const type of [1, 4, 8, 9, 10, 12, 20, 23, 24, 26, 27, 28, 30, 31, 34, 99]
  ) {
    const ours = weKnow.includes(type) ? "good" : "3 unsupported";
    const gpgv = gpgvKnows.includes(type) ? "good" : "bad";
    const body = bytes(0, 0, 0, 1);
    rows[`with critical subpacket ${type}`] = by(ours, gpgv, {
      hashed: [critical(type, body)],
    });
    rows[`with critical subpacket ${type} that nobody signed`] = by(
      ours,
      gpgv,
      { unhashed: [issuer(key), critical(type, body)] },
    );
  }
  for (const type of [0x02, 0x10, 0x13, 0x18, 0x1f, 0x40, 0x50]) {
    rows[`of type ${type}`] = by("3 unsupported", "error", { type });
  }
  for (
    const [name, hash, ours, gpgv] of [
      ["MD5", 1, "3 weak", "error"],
      ["SHA-1", 2, "3 weak", "good"],
      ["RIPEMD-160", 3, "3 weak", "good"],
      ["SHA-224", 11, "good", "good"],
      ["SHA-512", 10, "good", "good"],
    ] as const
  ) {
    rows[`of RSA with ${name}`] = {
      ...madeBy(rsa),
      signature: signature(rsa, bytes(DOCUMENT), { hash }),
      ours,
      gpgv,
    };
  }
  const twice = (second: Uint8Array, ours: string, gpgv: string): Row => ({
    ring: GOOD_RING,
    signature: concat([signature(key, bytes(DOCUMENT)), second]),
    ours,
    gpgv,
  });
  return {
    ...rows,
    "of RSA with SHA3-256": {
      ...madeBy(rsa),
      signature: signature(rsa, bytes(DOCUMENT), { hash: 12 }),
      gpgv: "none",
      gpgvCannot: "it does not know SHA3",
    },
    "of RSA, for signatures alone": {
      ...madeBy(rsa),
      signature: signature(rsa, bytes(DOCUMENT), { algorithm: 3 }),
    },
    "of RSA, for encryption": {
      ...madeBy(rsa),
      signature: signature(rsa, bytes(DOCUMENT), { algorithm: 2 }),
      ours: "3 unsupported",
    },
    "of RSA of version 3": {
      ...madeBy(rsa),
      signature: signature(rsa, bytes(DOCUMENT), { version: 3 }),
      ours: "3 unsupported",
    },
    "of version 5": by("3 unsupported", "none", { version: 5 }),
    "of version 6": by("3 unsupported", "none", { version: 6 }),
    "that is damaged": by("1 bad", "bad", { damage: true }),
    "of text, not of bytes": by("1 bad", "bad", { type: 1 }),
    "by an unknown key": {
      ...madeBy(other),
      ring: GOOD_RING,
      ours: NOT_SAID,
      gpgv: "unknown-key",
    },
    "of the near future": by("good", "good", { created: NOW + 100 }),
    "of the future": by("1 bad", "good", { created: NOW + DAY }),
    "older than its key": by("1 bad", "error", { created: MADE - DAY }),
    "that expired": by("1 bad", "expired", { hashed: [ends(1)] }),
    "that expires after 2106": by("1 bad", "expired", {
      hashed: [sub(SUB.signatureLifetime, u32(0xffffffff))],
    }),
    "that never expires": by("good", "good", { hashed: [ends(0)] }),
    "that expires, which nobody signed": by("good", "good", {
      unhashed: [issuer(key), ends(1)],
    }),
    "with a notation": by("good", "good", { hashed: [notation(false)] }),
    "with a critical notation": by("3 unsupported", "bad", {
      hashed: [notation(true)],
    }),
    "with a critical notation nobody signed": by("3 unsupported", "bad", {
      unhashed: [issuer(key), notation(true)],
    }),
    "with two times": by("4", "good", {
      hashed: [sub(SUB.created, u32(SIGNED + 1))],
    }),
    "with another time nobody signed": by("good", "good", {
      unhashed: [issuer(key), sub(SUB.created, u32(NOW))],
    }),
    "with two fingerprints": by("4", "good", {
      hashed: [named(key), named(key)],
    }),
    "with a short key id": by("4", "good", {
      hashed: [sub(SUB.issuer, bytes(1, 2))],
    }),
    "that names nobody": by(NOT_SAID, "unknown-key", { unhashed: [] }),
    "that names its key by fingerprint": by("good", "good", {
      hashed: [named(key)],
      unhashed: [],
    }),
    "that names its key by a fingerprint nobody signed": by(
      NOT_SAID,
      "unknown-key",
      { unhashed: [named(key)] },
    ),
    "that names its key, signed": by("good", "good", {
      hashed: [issuer(key)],
      unhashed: [],
    }),
    "that names no key, zero": by(NOT_SAID, "unknown-key", {
      unhashed: [sub(SUB.issuer, new Uint8Array(8))],
    }),
    "that names another by id": by(NOT_SAID, "unknown-key", {
      unhashed: [issuer(other), named(key)],
    }),
    "that names another by fingerprint": by(NOT_SAID, "good", {
      hashed: [named(other)],
    }),
    "that names another by signed id": by(NOT_SAID, "unknown-key", {
      hashed: [issuer(other)],
      unhashed: [issuer(key)],
    }),
    "of a key that both say is another's": {
      ...by("1 bad", "bad", {
        hashed: [issuer(other)],
        unhashed: [issuer(key)],
      }),
      ring: concat([GOOD_RING, published(other)]),
    },
    "twice": twice(signature(key, bytes(DOCUMENT)), "good", "good good"),
    "and an unknown one": twice(
      signature(other, bytes(DOCUMENT)),
      "good",
      "good unknown-key",
    ),
    "and a damaged one": twice(
      signature(key, bytes(DOCUMENT), { damage: true }),
      "1 good bad",
      "good bad",
    ),
    "and one with an unknown critical subpacket": twice(
      signature(key, bytes(DOCUMENT), { hashed: [critical(99)] }),
      "3 good unsupported",
      "good bad",
    ),
    "and a damaged one with SHA-1": twice(
      signature(key, bytes(DOCUMENT), { hash: SHA1, damage: true }),
      "3 good weak",
      "good bad",
    ),
    "and a damaged one that names two keys": twice(
      signature(key, bytes(DOCUMENT), { hashed: [named(other)], damage: true }),
      "3 good unknown-key",
      "good bad",
    ),
    "and one of version 3": {
      ...madeBy(rsa),
      signature: concat([
        signature(rsa, bytes(DOCUMENT)),
        signature(rsa, bytes(DOCUMENT), { version: 3, damage: true }),
      ]),
      ours: "3 good unsupported",
      gpgv: "good bad",
    },
    "and one of RSA for encryption": {
      ...madeBy(rsa),
      signature: concat([
        signature(rsa, bytes(DOCUMENT)),
        signature(rsa, bytes(DOCUMENT), { algorithm: 2, damage: true }),
      ]),
      ours: "3 good unsupported",
      gpgv: "good bad",
    },
    "and one of version 6": twice(
      signature(key, bytes(DOCUMENT), { version: 6 }),
      "good",
      "good",
    ),
    "and an expired one": twice(
      signature(key, bytes(DOCUMENT), { hashed: [ends(1)] }),
      "1 good bad",
      "good expired",
    ),
  };
};

/** A message. */
function message(content: string, recipe: SignatureRecipe = {}): Uint8Array {
  return concat([
    onePass(key),
    literal(content),
    signature(key, bytes(content), { created: SIGNED, ...recipe }),
  ]);
}

/** A message signed as text. */
function text(content: string, signed: string): Uint8Array {
  return concat([
    onePass(key, { type: 1 }),
    literal(content, "t"),
    signature(key, bytes(signed), { type: 1, created: SIGNED }),
  ]);
}

function compressed(packets: Uint8Array): Uint8Array {
  return packet(8, bytes(1, new Uint8Array(deflateRawSync(packets))));
}

const MESSAGES: Table = () => {
  const row = (
    ours: string,
    gpgv: string,
    ...packets: Uint8Array[]
  ) => ({ ring: GOOD_RING, document: concat(packets), ours, gpgv });
  const good = message(DOCUMENT);
  const signed = signature(key, bytes(DOCUMENT), { created: SIGNED });
  const evil = literal("evil\n");
  const one = onePass(key), nested = onePass(key, { isLast: false });
  return {
    "as it is made": row("good", "good", good),
    "compressed": row("good", "good", compressed(good)),
    "compressed twice": row("4", "good", compressed(compressed(good))),
    "compressed three times": row(
      "4",
      "good",
      compressed(compressed(compressed(good))),
    ),
    "with a compressed literal": row(
      "4",
      "none",
      one,
      compressed(literal(DOCUMENT)),
      signed,
    ),
    "of text": row("good", "good", text("a\r\nb \r\n", "a\r\nb \r\n")),
    "of text with line feeds": row("4", "bad", text("a\n", "a\r\n")),
    "of text with line feeds, signed so": row(
      "4",
      "good",
      text("a\n", "a\n"),
    ),
    "of text with both": row(
      "4",
      "bad",
      text("a\r\nb\n", "a\r\nb\r\n"),
    ),
    "of text that ends in a CR": row("4", "good", text("a\r", "a\r")),
    "of text without blanks": row("1 bad", "bad", text("a \r\n", "a\r\n")),
    "of UTF-8": row("good", "good", one, literal(DOCUMENT, "u"), signed),
    "of an unknown format": row(
      "4",
      "good",
      one,
      literal(DOCUMENT, "x"),
      signed,
    ),
    "of a local format": row("4", "good", one, literal(DOCUMENT, "l"), signed),
    "with a name": row(
      "good",
      "good",
      one,
      literal(DOCUMENT, "b", "name"),
      signed,
    ),
    "for eyes only": row(
      "good",
      "good",
      one,
      literal(DOCUMENT, "b", "_CONSOLE"),
      signed,
    ),
    "as PGP 2 wrote it": row("good", "good", signed, literal(DOCUMENT)),
    "changed": row("1 bad", "bad", one, evil, signed),
    "with two literals": row(
      "4",
      "none",
      one,
      evil,
      literal(DOCUMENT),
      signed,
    ),
    "with a literal before": row("4", "none", evil, good),
    "with a literal behind": row("4", "bad", good, evil),
    "twice": row("4", "bad", good, good),
    "signed twice": row(
      "good",
      "good good",
      nested,
      one,
      literal(DOCUMENT),
      signed,
      signed,
    ),
    "with a marker": row("4", "good", packet(10, bytes("PGP")), good),
    "with padding": row("4", "good", good, packet(21, bytes(1, 2))),
    "cut": row("1", "none", good.subarray(0, -1)),
    "without a signature": row("1", "none", one, literal(DOCUMENT)),
    "announced by another key": row(
      "4",
      "good",
      onePass(other),
      literal(DOCUMENT),
      signed,
    ),
    "announced with another hash": row(
      "4",
      "error",
      onePass(key, { hash: SHA512 }),
      literal(DOCUMENT),
      signed,
    ),
    "announced with another type": row(
      "4",
      "good",
      onePass(key, { type: 1 }),
      literal(DOCUMENT),
      signed,
    ),
    "with a critical subpacket nobody signed": row(
      "3 unsupported",
      "bad",
      message(DOCUMENT, { unhashed: [issuer(key), critical(99)] }),
    ),
    "a literal": row("4", "none", literal(DOCUMENT)),
    "encrypted": row("4", "none", packet(18, bytes(1, "evil"))),
  };
};

/** A clear-signed text: what is signed, how it stands there, its head. */
function clear(
  signed: string,
  shown: string = signed + "\n",
  head = "Hash: SHA256\n",
  recipe: SignatureRecipe = {},
): string {
  const made = signature(key, canonical(signed), {
    type: 1,
    created: SIGNED,
    ...recipe,
  });
  return `-----BEGIN PGP SIGNED MESSAGE-----\n${head}\n${shown}` +
    armor(made, "SIGNATURE");
}

const TEXTS: Table = () => {
  const row = (ours: string, gpgv: string, document: string) => ({
    ring: GOOD_RING,
    document,
    ours,
    gpgv,
  });
  const good = clear("one\n- two");
  return {
    "as it is made": row("good", "good", clear("one\ntwo")),
    "with a dash": row("good", "good", clear("one\n- two", "one\n- - two\n")),
    "with a dash that is not escaped": row("1 bad", "bad", good),
    "with white space at line ends": row(
      "good",
      "good",
      clear("one\ntwo", "one \t\ntwo  \n"),
    ),
    "whose white space at line ends is signed": row(
      "1 bad",
      "bad",
      clear("one \ntwo", "one \ntwo\n"),
    ),
    "with CR LF": row(
      "good",
      "good",
      clear("one\ntwo").replaceAll("\n", "\r\n"),
    ),
    "with a lone CR": row("4", "good", clear("one\rtwo")),
    "with a lone CR at a line's end": row(
      "4",
      "good",
      clear("one\ntwo", "one\r\r\ntwo\n"),
    ),
    "with a NUL": row("4", "good", clear("one\0two")),
    "with a form feed at a line's end": row(
      "good",
      "good",
      clear("one\f\ntwo"),
    ),
    "with a vertical tab at a line's end": row(
      "good",
      "good",
      clear("one\v\ntwo"),
    ),
    "with a space of Unicode at a line's end": row(
      "good",
      "good",
      clear("one\u00a0\ntwo\u3000"),
    ),
    "with an empty line more": row(
      "1 bad",
      "bad",
      clear("one\ntwo", "one\ntwo\n\n"),
    ),
    "with an empty line less": row("1 bad", "bad", clear("one\n", "one\n")),
    "of an empty line": row("good", "good", clear("")),
    "of no lines": row("4", "good", clear("", "")),
    "of a long line": row("good", "good", clear("x".repeat(19_000))),
    "of a line too long for GnuPG": row(
      "4",
      "bad",
      clear("x".repeat(30_000)),
    ),
    "of two hashes": row(
      "4",
      "good",
      clear("one", "one\n", "Hash: SHA256,SHA512\n"),
    ),
    "of no hash": row("4", "error", clear("one", "one\n", "")),
    "of another hash": row(
      "4",
      "error",
      clear("one", "one\n", "Hash: SHA512\n"),
    ),
    "of a hash said twice": row(
      "good",
      "good",
      clear("one", "one\n", "Hash: SHA256, SHA256\n"),
    ),
    "of a hash said in two lines": row(
      "good",
      "good",
      clear("one", "one\n", "Hash: SHA256\nHash: SHA256\n"),
    ),
    "of a list with blanks": row(
      "good",
      "good",
      clear("one", "one\n", "Hash: SHA256 ,\tSHA256 \t\n"),
    ),
    "of a list that is too long": row(
      "4",
      "error",
      clear("one", "one\n", `Hash: ${"SHA256,".repeat(12)}SHA256\n`),
    ),
    "of a hash nobody knows": row(
      "4",
      "error",
      clear("one", "one\n", "Hash: SHA256,SHA999\n"),
    ),
    "of a hash in small letters": row(
      "4",
      "error",
      clear("one", "one\n", "Hash: sha256\n"),
    ),
    "with another header": row(
      "4",
      "bad",
      clear("one", "one\n", "Hash: SHA256\nComment: All is well.\n"),
    ),
    "with NotDashEscaped": row(
      "4",
      "bad",
      clear(
        "- one",
        "- one\n",
        "Hash: SHA256\nNotDashEscaped: You need GnuPG\n",
      ),
    ),
    "with blanks behind its armor": row(
      "good",
      "good",
      good.replace("- two\n", "- - two\n").replaceAll("\n", " \t\n"),
    ),
    "with a blank line of spaces": row(
      "good",
      "good",
      clear("one", "one\n", "Hash: SHA256\n  \t"),
    ),
    "with a blank line of spaces in its armor": row(
      "good",
      "good",
      clear("one").replace("SIGNATURE-----\n\n", "SIGNATURE-----\n \t \n"),
    ),
    "signed as bytes": row(
      "4",
      "good",
      clear("one", "one\n", "Hash: SHA256\n", { type: 0 }),
    ),
    "signed twice": row(
      "good",
      "good good",
      (() => {
        const recipe = { type: 1, created: SIGNED };
        const made = signature(key, bytes("one"), recipe);
        const text = clear("one");
        return text.slice(0, text.indexOf("-----BEGIN PGP SIGNATURE")) +
          armor(concat([made, made]), "SIGNATURE");
      })(),
    ),
    "with a critical subpacket nobody signed": row(
      "3 unsupported",
      "bad",
      clear("one", "one\n", "Hash: SHA256\n", {
        unhashed: [issuer(key), critical(99)],
      }),
    ),
    "changed": row("1 bad", "bad", clear("one", "evil\n")),
    "with text before": row("4", "good", "All is well.\n" + clear("one")),
    "with text behind": row("4", "good", clear("one") + "All is well.\n"),
    "twice": row("4", "good", clear("one") + clear("one")),
    "cut": row("4", "good", clear("one").slice(0, -10)),
    "cut in its signature": row("1", "none", clear("one").slice(0, -100)),
    "without a checksum": {
      ...row("good", "good", clear("one").replace(/^=....\n/m, "")),
      gpgvCannot: "it wants the checksum that RFC 9580 does without",
    },
    "without END": row(
      "1",
      "good",
      clear("one").replace(/-----END.*\n/, ""),
    ),
    "with a bad checksum": row(
      "4",
      "none",
      clear("one").replace(/^=....$/m, "=AAAA"),
    ),
  };
};

/** Detached signatures of text, by what is signed and what is shown. */
const TEXT_FILES: Table = () => {
  const rows: Record<string, Row> = {};
  for (
    const [name, signed, shown, ours, gpgv] of [
      ["as it was", "a\nb\n", "a\nb\n", "good", "good"],
      ["with CR LF", "a\nb\n", "a\r\nb\r\n", "good", "good"],
      ["with mixed line ends", "a\nb\n", "a\r\nb\n", "good", "good"],
      ["without the last line end", "a\nb", "a\nb", "good", "good"],
      ["less the last line end", "a\nb\n", "a\nb", "1 bad", "bad"],
      ["plus a line end", "a\nb", "a\nb\n", "1 bad", "bad"],
      ["with blanks at line ends", "a \nb\t\n", "a \nb\t\n", "good", "good"],
      ["less blanks at line ends", "a \nb\t\n", "a\nb\n", "1 bad", "bad"],
      ["plus blanks at line ends", "a\nb\n", "a \nb\t\n", "1 bad", "bad"],
      ["with a lone CR", "a\rb\n", "a\rb\n", "good", "good"],
      ["with a CR for a line end", "a\nb\n", "a\rb\n", "1 bad", "bad"],
      ["with CR CR LF", "a\r\r\n", "a\r\r\n", "4", "bad"],
      ["with CR CR LF for CR LF", "a\r\n", "a\r\r\n", "4", "good"],
      ["with a last CR", "a\r", "a\r", "4", "bad"],
      ["with a last CR more", "a", "a\r", "4", "good"],
      ["with CRs before a letter", "a\r\rb\n", "a\r\rb\n", "good", "good"],
      ["with a NUL", "a\0b\n", "a\0b\n", "4", "good"],
      ["with a NUL at a line's end", "a\0\n", "a\0\n", "4", "bad"],
      ["that is empty", "", "", "good", "good"],
    ] as const
  ) {
    rows[name] = {
      ring: GOOD_RING,
      document: shown,
      signature: signature(key, canonical(signed), { type: 1 }),
      ours,
      gpgv,
    };
  }
  return rows;
};

const TABLES: Record<string, Table> = {
  key: SELF_SIGNATURES,
  "key, by hashes,": HASHES,
  "key, by revocation,": REVOCATIONS,
  subkey: SUBKEYS,
  keyring: RINGS,
  signature: SIGNATURES,
  message: MESSAGES,
  "clear-signed text": TEXTS,
  "file signed as text": TEXT_FILES,
};

const POLICY = {
  require: 1,
  requireKeys: [],
  allowWeak: new Set<never>(),
  allowExpiredKey: false,
};

async function askUs(
  { ring, signature, document = DOCUMENT }: Row,
): Promise<GpgvResult> {
  using dir = new TempDir();
  const file = dir.file("document", document);
  const isText = typeof document === "string";
  const released: Uint8Array[] = [];
  const all: SignatureRecord[] = [];
  const io = {
    out: { write: (bytes: Uint8Array) => released.push(bytes.slice()) },
    warn() {},
    *chunks() {
      yield Deno.readFileSync(file);
    },
  };
  let status;
  try {
    const keys = await KeyRing.read([dir.file("ring", ring)]);
    const options: VerifyDocumentOptions = {
      mode: signature !== undefined ? "detached" : isText ? "clear" : "inline",
      signature: signature && dir.file("signature", signature),
      maxBytes: 1e6,
      verifier: new SignatureVerifier(keys, POLICY),
      conclude(records) {
        all.push(...records);
        return conclude(records, POLICY).exitStatus;
      },
    };
    status = await verifyDocument(io as unknown as ToolIO, options, file);
  } catch (error) {
    if (!(error instanceof SignedStreamError)) throw error;
    status = error.exitStatus;
  }
  return {
    verdicts: all.map(({ verdict }) => verdict),
    status,
    good: all.filter(({ verdict }) => verdict === "good")
      .map(({ fingerprint }) => fingerprint!),
    released: concat(released),
  };
}

/** What is released of a text, but for what no signature covers. */
function comparable(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replaceAll(/[ \t]*\r?\n/g, "\n");
}

let count = 0;
for (const [table, rows] of Object.entries(TABLES)) {
  for (const [name, row] of hasGpg ? Object.entries(rows()) : []) {
    count++;
    gpgTest(`gpgv and us on a ${table} ${name}: ${row.ours}`, async () => {
      const us = await askUs(row),
        gpgv = askGpgv({ document: DOCUMENT, ...row });
      const isGood = us.status === 0;
      const words = isGood ? "good" : [us.status, ...us.verdicts].join(" ");
      assertEquals(words, row.ours);
      const said = gpgv.verdicts.join(" ") || "none";
      if (gpgvVersion === "2.2.40") assertEquals(said, row.gpgv);
      if (!isGood) {
        assertEquals(us.released.length, 0);
        return;
      }
      if (row.gpgvCannot !== undefined) {
        assert(!/bad|revoked|expired(?!-)/.test(said), said);
        return;
      }
      assert(!gpgv.verdicts.includes("bad"), said);
      for (const name of us.good) assert(gpgv.good.includes(name), said);
      // gpgv fails when it cannot judge one of several.
      if (us.verdicts.length === us.good.length) assertEquals(gpgv.status, 0);
      if (row.signature !== undefined) return;
      if (typeof row.document === "string") {
        assertEquals(comparable(us.released), comparable(gpgv.released));
      } else {
        assert(equalBytes(us.released, gpgv.released));
      }
    });
  }
}

gpgTest("gpgv is asked about more than eighty keys and documents", () => {
  assert(count >= 80, `there are ${count}`);
});
