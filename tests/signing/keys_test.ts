import { assert, assertEquals, assertMatch } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { SignedStreamError } from "../../filters/signing/errors.ts";
import { KeyRing } from "../../filters/signing/keys.ts";
import { readSignatures } from "../../filters/signing/openpgp/message.ts";
import {
  digestOf,
  SignatureHasher,
} from "../../filters/signing/openpgp/signature_hash.ts";
import {
  type ParsedSignature,
  parseSignature,
} from "../../filters/signing/openpgp/signature_packet.ts";
import {
  conclude,
  type Policy,
  type SignatureRecord,
  type SignatureVerdict,
  SignatureVerifier,
} from "../../filters/signing/verdicts.ts";
import { KeySigner, sign } from "../../filters/signing/signer.ts";
import {
  atTime,
  gpgHome,
  gpgOutput,
  gpgTest,
  type KeyName,
  localUsers,
  revokedFile,
  revokedSubkeyFile,
  shortenedFile,
  signedStream,
  type TestKey,
  testKey,
} from "../support/gpg.ts";
import { TempDir } from "../support/run.ts";

const DATA = new TextEncoder().encode("what is signed  \r\nin lines\t\nthree");

const POLICY: Policy = {
  require: 1,
  requireKeys: [],
  allowWeak: new Set(),
  allowExpiredKey: false,
};

/** A binary detached signature by gpg. */
async function gpgSign(
  names: readonly KeyName[],
  ...args: string[]
): Promise<Uint8Array> {
  const users = await localUsers(names);
  return await gpgOutput([...args, ...users, "--detach-sign"], { stdin: DATA });
}

/** Judges detached signatures of DATA with keys from files. */
async function judge(
  signatures: readonly ParsedSignature[],
  files: readonly string[],
  policy: Policy = POLICY,
): Promise<SignatureRecord[]> {
  const verifier = new SignatureVerifier(await KeyRing.read(files), policy);
  const records = [];
  for (const signature of signatures) {
    const digest = digestOf(signature, DATA);
    records.push(await verifier.judge(signature, digest));
  }
  return records;
}

/** A signature and its required verdict. */
interface Row {
  readonly verdict: SignatureVerdict;
  readonly status: number;
  /** The reason on standard error. */
  readonly words?: RegExp;
  signature(): Promise<Uint8Array>;
  /** The files of keys; by default the public key "ed25519". */
  keyring?(): Promise<string[]>;
  readonly args?: string[];
}

async function publicFileOf(name: KeyName): Promise<string[]> {
  return [(await testKey(name)).publicFile];
}

const good = { verdict: "good", status: 0 } as const;
const expired = { verdict: "expired-key", status: 3 } as const;
const weak = { verdict: "weak", status: 3 } as const;

const ROWS: Record<string, Row> = {
  "of ed25519": { ...good, signature: () => gpgSign(["ed25519"]) },
  "of rsa3072": {
    ...good,
    signature: () => gpgSign(["rsa3072"]),
    keyring: () => publicFileOf("rsa3072"),
  },
  "of nistp256": {
    ...good,
    signature: () => gpgSign(["nistp256"]),
    keyring: () => publicFileOf("nistp256"),
  },
  "of a subkey": {
    ...good,
    signature: () => gpgSign(["subkey"]),
    keyring: () => publicFileOf("subkey"),
  },
  "of text": { ...good, signature: () => gpgSign(["ed25519"], "--textmode") },
  "by a key that expired since": {
    ...expired,
    words: /the key expired at 2021-01-01T00:00:00Z/,
    signature: () => gpgSign(["expired"], ...atTime("20200601T000000")),
    keyring: () => publicFileOf("expired"),
  },
  "by a key that expired since, allowed": {
    ...good,
    signature: () => gpgSign(["expired"], ...atTime("20200601T000000")),
    keyring: () => publicFileOf("expired"),
    args: ["--allow-expired-key"],
  },
  "by a key that had expired": {
    ...expired,
    words: /the key had expired before, at 2020-02-01T00:00:00Z/,
    signature: () => gpgSign(["shortened"], ...atTime("20200601T000000")),
    keyring: async () => [await shortenedFile()],
  },
  "by a key that had expired, never allowed": {
    ...expired,
    signature: () => gpgSign(["shortened"], ...atTime("20200601T000000")),
    keyring: async () => [await shortenedFile()],
    args: ["--allow-expired-key"],
  },
  "by a revoked key": {
    verdict: "revoked-key",
    status: 3,
    words: /the key is revoked/,
    signature: () => gpgSign(["revoked"]),
    keyring: async () => [await revokedFile()],
  },
  "by a key that a second copy revokes": {
    verdict: "revoked-key",
    status: 3,
    signature: () => gpgSign(["revoked"]),
    keyring: async () => [
      ...await publicFileOf("revoked"),
      await revokedFile(),
    ],
  },
  "by a revoked subkey": {
    verdict: "revoked-key",
    status: 3,
    words: /the subkey is revoked/,
    signature: () => gpgSign(["subkey"]),
    keyring: async () => [await revokedSubkeyFile()],
  },
  "by a key not known to be revoked": {
    ...good,
    signature: () => gpgSign(["revoked"]),
    keyring: () => publicFileOf("revoked"),
  },
  "of the future": {
    verdict: "bad",
    status: 1,
    words: /it was made in the future/,
    signature: () => gpgSign(["ed25519"], ...atTime("20990101T000000")),
  },
  "older than its key": {
    verdict: "bad",
    status: 1,
    words: /it is older than its key/,
    signature: () =>
      gpgSign(
        ["ed25519"],
        ...atTime("20200601T000000"),
        "--ignore-time-conflict",
        "--ignore-valid-from",
      ),
  },
  "that has expired itself": {
    verdict: "bad",
    status: 1,
    words: /it expired at 2020-06-02T00:00:00Z/,
    signature: () =>
      gpgSign(
        ["shortened"],
        ...atTime("20200601T000000"),
        "--default-sig-expire=1d",
      ),
    keyring: () => publicFileOf("shortened"),
  },
  "by an unknown key": {
    verdict: "unknown-key",
    status: 3,
    words: /the keyring has no such key/,
    signature: () => gpgSign(["other"]),
  },
  "over SHA-1": {
    ...weak,
    words: /the hash sha1 is weak/,
    signature: () => gpgSign(["rsa3072"], "--digest-algo=SHA1"),
    keyring: () => publicFileOf("rsa3072"),
  },
  "over SHA-1, allowed": {
    ...good,
    signature: () => gpgSign(["rsa3072"], "--digest-algo=SHA1"),
    keyring: () => publicFileOf("rsa3072"),
    args: ["--allow-weak", "sha1"],
  },
  "over RIPEMD-160, never allowed": {
    ...weak,
    words: /the hash ripemd160 is weak/,
    signature: () => gpgSign(["rsa3072"], "--digest-algo=RIPEMD160"),
    keyring: () => publicFileOf("rsa3072"),
    args: ["--allow-weak", "sha1,dsa1024"],
  },
  "of dsa1024": {
    ...weak,
    words: /a key of dsa1024 is weak/,
    signature: () => gpgSign(["dsa1024"], "--digest-algo=SHA256"),
    keyring: () => publicFileOf("dsa1024"),
  },
  "of dsa1024, allowed": {
    ...good,
    signature: () => gpgSign(["dsa1024"], "--digest-algo=SHA256"),
    keyring: () => publicFileOf("dsa1024"),
    args: ["--allow-weak", "dsa1024"],
  },
  "of dsa1024 over SHA-1, of which one is allowed": {
    ...weak,
    signature: () => gpgSign(["dsa1024"], "--digest-algo=SHA1"),
    keyring: () => publicFileOf("dsa1024"),
    args: ["--allow-weak", "dsa1024"],
  },
  "of dsa1024 over SHA-1, both allowed": {
    ...good,
    signature: () => gpgSign(["dsa1024"], "--digest-algo=SHA1"),
    keyring: () => publicFileOf("dsa1024"),
    args: ["--allow-weak", "dsa1024,sha1"],
  },
  "over other data": {
    verdict: "bad",
    status: 1,
    words: /does not sign this data/,
    signature: async () => {
      const { fingerprint } = await testKey("ed25519");
      return await gpgOutput(
        ["--local-user", fingerprint, "--detach-sign"],
        { stdin: "other data" },
      );
    },
  },
  "with a critical notation": {
    verdict: "unsupported",
    status: 3,
    words: /critical subpacket 20/,
    signature: () =>
      gpgSign(["ed25519"], "--sig-notation=!must@example.org=be heeded"),
  },
  "with a notation": {
    ...good,
    signature: () => gpgSign(["ed25519"], "--sig-notation=may@example.org=be"),
  },
  "of version 6": {
    verdict: "unsupported",
    status: 3,
    words: /signature version 6/,
    signature: () => changedSignature((body) => body[0] = 6),
  },
  "of version 3": {
    verdict: "unsupported",
    status: 3,
    words: /signature version 3/,
    signature: () => changedSignature((body) => body[0] = 3),
  },
  "of a type that signs no document": {
    verdict: "unsupported",
    status: 3,
    words: /signature type 0x10/,
    signature: () => changedSignature((body) => body[1] = 0x10),
  },
  "of a public key algorithm nobody knows": {
    verdict: "unsupported",
    status: 3,
    words: /public key algorithm 99/,
    signature: () => changedSignature((body) => body[2] = 99),
  },
  "over a hash nobody knows": {
    verdict: "unsupported",
    status: 3,
    words: /hash algorithm 99/,
    signature: () => changedSignature((body) => body[3] = 99),
  },
  "by a subkey whose own consent is missing": {
    verdict: "unknown-key",
    status: 3,
    words: /does not say that this key may sign/,
    signature: () => gpgSign(["subkey"]),
    keyring: async () => [await adoptedSubkeyFile()],
  },
};

/** The body of a signature packet with gpg's short header. */
function bodyOf(packet: Uint8Array): Uint8Array {
  assertEquals(packet[0], 0x88);
  assertEquals(packet[1], packet.length - 2);
  return packet.subarray(2);
}

/** A signature of ed25519 with a byte changed. */
async function changedSignature(
  change: (body: Uint8Array) => void,
): Promise<Uint8Array> {
  const packet = await gpgSign(["ed25519"]);
  change(bodyOf(packet));
  return packet;
}

/**
 * The key "subkey" without the signature its subkey makes back: so anybody could
 * put somebody else's subkey under his own key.
 */
async function adoptedSubkeyFile(): Promise<string> {
  const { fingerprint } = await testKey("subkey");
  const key = await gpgOutput(["--export", fingerprint]);
  // The last packet binds the subkey; what is not signed in it can go.
  let at = 0, last = 0;
  while (at < key.length) {
    last = at;
    assert([0x98, 0xb4, 0x88, 0xb8].includes(key[at]), `header ${key[at]}`);
    at += 2 + key[at + 1];
  }
  const body = bodyOf(key.subarray(last));
  const hashedEnd = 6 + (body[4] << 8) + body[5];
  const unhashedEnd = hashedEnd + 2 + (body[hashedEnd] << 8) +
    body[hashedEnd + 1];
  const stripped = concat([
    body.subarray(0, hashedEnd),
    Uint8Array.of(0, 0),
    body.subarray(unhashedEnd),
  ]);
  assert(stripped.length < body.length - 60, "there was nothing to take away");
  const path = `${gpgHome()}/adopted.pub`;
  Deno.writeFileSync(
    path,
    concat([
      key.subarray(0, last),
      Uint8Array.of(0x88, stripped.length),
      stripped,
    ]),
  );
  return path;
}

for (const [name, row] of Object.entries(ROWS)) {
  gpgTest(`a signature ${name} is ${row.verdict}`, async () => {
    using dir = new TempDir();
    const report = `${dir.path}/report`;
    const keyring = await (row.keyring ?? (() => publicFileOf("ed25519")))();
    const { status, stdout, stderr } = await signedStream([
      "verify",
      ...keyring.flatMap((file) => ["--keyring", file]),
      "--signature",
      dir.file("signature", await row.signature()),
      "--report",
      report,
      ...row.args ?? [],
      dir.file("data", DATA),
    ]);
    const written = JSON.parse(Deno.readTextFileSync(report));
    assertEquals(written.signatures.length, 1, stderr);
    assertEquals(written.signatures[0].verdict, row.verdict, stderr);
    assertEquals(written.verdict, row.verdict);
    assertEquals(status, row.status, stderr);
    assertEquals(stdout.length > 0, row.status === 0);
    const [line] = stderr.split("\n");
    assertMatch(line, new RegExp(`: ${row.verdict}(, |$)`));
    if (row.words !== undefined) assertMatch(stderr, row.words);
  });
}

/** Several signatures and the policy for them. */
interface Group {
  readonly status: number;
  signatures(): Promise<Uint8Array[]>;
  readonly policy?: () => Promise<Partial<Policy>> | Partial<Policy>;
}

const GROUPS: Record<string, Group> = {
  "one of one": {
    status: 0,
    signatures: async () => [await gpgSign(["ed25519"])],
  },
  "none": { status: 4, signatures: () => Promise.resolve([]) },
  "two keys of two": {
    status: 0,
    signatures: async () => [await gpgSign(["ed25519", "rsa3072"])],
    policy: () => ({ require: 2 }),
  },
  "one key twice": {
    status: 3,
    signatures: async () => [
      await gpgSign(["ed25519"]),
      await gpgSign(["ed25519"]),
    ],
    policy: () => ({ require: 2 }),
  },
  "two keys of three, one of them twice": {
    status: 3,
    signatures: async () => [
      await gpgSign(["ed25519", "rsa3072"]),
      await gpgSign(["ed25519"]),
    ],
    policy: () => ({ require: 3 }),
  },
  "a good and an unknown one": {
    status: 0,
    signatures: async () => [await gpgSign(["ed25519", "other"])],
  },
  "a good and an unknown one of two": {
    status: 3,
    signatures: async () => [await gpgSign(["ed25519", "other"])],
    policy: () => ({ require: 2 }),
  },
  "a good and a weak one of two": {
    status: 3,
    signatures: async () => [
      await gpgSign(["ed25519"]),
      await gpgSign(["rsa3072"], "--digest-algo=SHA1"),
    ],
    policy: () => ({ require: 2 }),
  },
  "a good and a bad one": {
    status: 1,
    signatures: async () => [
      await gpgSign(["ed25519"]),
      await gpgSign(["rsa3072"], ...atTime("20990101T000000")),
    ],
  },
  "a good and an unsupported one": {
    status: 0,
    signatures: async () => [
      await changedSignature((body) => body[0] = 6),
      await gpgSign(["ed25519"]),
    ],
  },
  "an unsupported one alone": {
    status: 3,
    signatures: async () => [await changedSignature((body) => body[0] = 6)],
  },
  "the key asked for": {
    status: 0,
    signatures: async () => [await gpgSign(["ed25519", "rsa3072"])],
    policy: async () => ({
      requireKeys: [(await testKey("rsa3072")).fingerprint],
    }),
  },
  "not the key asked for": {
    status: 3,
    signatures: async () => [await gpgSign(["ed25519"])],
    policy: async () => ({
      requireKeys: [(await testKey("rsa3072")).fingerprint],
    }),
  },
  "the key asked for, but weak": {
    status: 3,
    signatures: async () => [
      await gpgSign(["ed25519"]),
      await gpgSign(["rsa3072"], "--digest-algo=SHA1"),
    ],
    policy: async () => ({
      requireKeys: [(await testKey("rsa3072")).fingerprint],
    }),
  },
  "the primary key of the subkey that signed": {
    status: 0,
    signatures: async () => [await gpgSign(["subkey"])],
    policy: async () => ({
      requireKeys: [(await testKey("subkey")).fingerprint],
    }),
  },
};

for (const [name, { status, signatures, policy }] of Object.entries(GROUPS)) {
  gpgTest(`conclude on ${name} is exit ${status}`, async () => {
    const bytes = concat(await signatures());
    const parsed = bytes.length === 0 ? [] : await readSignatures([bytes]);
    const files = [];
    for (const name of ["ed25519", "rsa3072", "subkey"] as const) {
      files.push((await testKey(name)).publicFile);
    }
    const asked = { ...POLICY, ...await policy?.() };
    const records = await judge(parsed, files, asked);
    assertEquals(records.length, parsed.length);
    assertEquals(conclude(records, asked).exitStatus, status);
  });
}

gpgTest("a signature is judged the same by its text's line ends", async () => {
  const [signature] = await readSignatures([
    await gpgSign(["ed25519"], "--textmode"),
  ]);
  const verifier = new SignatureVerifier(
    await KeyRing.read(await publicFileOf("ed25519")),
    POLICY,
  );
  const verdictOf = async (text: string, cut: number) => {
    const hasher = new SignatureHasher([signature]);
    const bytes = new TextEncoder().encode(text);
    hasher.update(bytes.subarray(0, cut));
    hasher.update(bytes.subarray(cut));
    const digest = hasher.digest(signature);
    return (await verifier.judge(signature, digest)).verdict;
  };
  const text = new TextDecoder().decode(DATA);
  const crlf = text.replaceAll(/\r?\n/g, "\r\n");
  for (const same of [text, crlf, text.replaceAll("\r\n", "\n")]) {
    for (let cut = 0; cut <= same.length; cut++) {
      assertEquals(await verdictOf(same, cut), "good");
    }
  }
  for (const other of [`${text}\n`, text.replace("  \r", "\r"), `${text} `]) {
    assertEquals(await verdictOf(other, 3), "bad");
  }
});

/** A binary key, and an armored one behind or before it. */
async function mixed(
  { fingerprint }: TestKey,
  armored: string,
  isFirst = false,
): Promise<Uint8Array> {
  const binary = await gpgOutput(["--export", fingerprint]);
  const text = new TextEncoder().encode(armored);
  return concat(isFirst ? [text, binary] : [binary, text]);
}

gpgTest("keys are read from files of several, armored and binary", async () => {
  const one = await testKey("ed25519"), two = await testKey("rsa3072");
  const fingerprints = [one.fingerprint, two.fingerprint];
  using dir = new TempDir();
  const binary = await gpgOutput(["--export", ...fingerprints]);
  const armored = [one, two]
    .map(({ publicFile }) => Deno.readTextFileSync(publicFile));
  for (
    const [name, content] of [
      ["binary", binary],
      ["one armor", await gpgOutput(["--armor", "--export", ...fingerprints])],
      ["two armors", `Ours:\n${armored.join("And:\n")}`],
      ["binary and armor", await mixed(one, armored[1])],
      ["armor and binary", await mixed(two, armored[0], true)],
      ["secret", Deno.readTextFileSync(one.secretFile) + armored[1]],
    ] as const
  ) {
    const ring = await KeyRing.read([dir.file("keys", content)]);
    for (const fingerprint of fingerprints) {
      const found = ring.find({ fingerprint });
      assertEquals(found.map((key) => key.fingerprint), [fingerprint], name);
      const keyId = fingerprint.slice(-16);
      assertEquals(ring.find({ keyId }).length, 1);
      // The fingerprint counts where there is one.
      assertEquals(ring.find({ fingerprint: "0".repeat(40), keyId }), []);
    }
    assertEquals(ring.find({}), []);
  }
});

gpgTest("files without keys are said to be", async () => {
  using dir = new TempDir();
  const keybox = `${gpgHome()}/pubring.kbx`;
  await testKey("ed25519");
  for (
    const [path, words] of [
      [keybox, /GnuPG's own database: give what gpg --export writes/],
      [dir.file("empty", ""), /Cannot read keys/],
      [dir.file("noise", "no keys\n"), /expected what gpg --export/],
    ] as const
  ) {
    try {
      await KeyRing.read([path]);
      assert(false, `${path} was read`);
    } catch (error) {
      assert(error instanceof SignedStreamError, String(error));
      assertEquals(error.exitStatus, 5);
      assertMatch(error.message, words);
    }
  }
});

gpgTest("every key an id may mean is tried", async () => {
  const { fingerprint } = await testKey("ed25519");
  const real = await KeyRing.read(await publicFileOf("ed25519"));
  const other = await KeyRing.read(await publicFileOf("other"));
  const [signature] = await readSignatures([await gpgSign(["ed25519"])]);
  const [wrong] = other.find({
    fingerprint: (await testKey("other")).fingerprint,
  });
  const [right] = real.find(signature);
  // Two keys with one id cannot be made here; a ring that says so can.
  const forged = { find: () => [wrong, right] } as unknown as KeyRing;
  const verifier = new SignatureVerifier(forged, POLICY);
  const record = await verifier.judge(signature, digestOf(signature, DATA));
  assertEquals([record.verdict, record.primary], ["good", fingerprint]);
});

gpgTest("parseSignature refuses what is cut, never falls over", async () => {
  const body = bodyOf(await gpgSign(["ed25519"]));
  for (let end = 0; end < body.length; end++) {
    try {
      parseSignature(body.subarray(0, end));
      // Its first bytes say that it is complete but for its numbers.
      assert(end > 40, `cut at ${end}`);
    } catch (error) {
      assert(error instanceof SignedStreamError, String(error));
      assertEquals(error.exitStatus, 4);
    }
  }
  // The hashed part is put there twice.
  const length = body[5], hashed = body.subarray(6, 6 + length);
  const twice = concat([
    body.subarray(0, 4),
    Uint8Array.of(0, 2 * length),
    hashed,
    hashed,
    body.subarray(6 + length),
  ]);
  try {
    parseSignature(twice);
    assert(false, "two of one type were read");
  } catch (error) {
    assert(error instanceof SignedStreamError, String(error));
    assertMatch(error.message, /is there twice/);
  }
});

gpgTest("signatures repeat byte for byte where the key lets them", async () => {
  const signer = await KeySigner.read((await testKey("rsa3072")).secretFile);
  const body = (packet: Uint8Array) => parseSignature(packet.subarray(3));
  // In one second; the clock may have ticked between the two.
  let [one, two] = [new Uint8Array(0), new Uint8Array(1)];
  for (let tries = 0; tries < 3; tries++) {
    one = new Uint8Array(await sign(signer, DATA));
    two = new Uint8Array(await sign(signer, DATA));
    if (body(one).created === body(two).created) break;
  }
  assertEquals(one, two);
});
