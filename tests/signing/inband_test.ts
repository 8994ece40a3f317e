import { assert, assertEquals, assertMatch } from "@std/assert";
import { concat } from "@std/bytes/concat";
import {
  decodePacket,
  encodePacket,
  PacketDecoder,
  type StreamItem,
} from "@subunit/codec";
import fc from "fast-check";
import { encryptKey, readPrivateKey } from "openpgp";
import { SignedStreamError } from "../../filters/signing/errors.ts";
import { InbandSigner } from "../../filters/signing/inband/sign.ts";
import { verifyStream } from "../../filters/signing/inband/verify.ts";
import { KeyRing } from "../../filters/signing/keys.ts";
import { isSignaturePacket } from "../../filters/signing/inband/manifest.ts";
import { SignatureVerifier } from "../../filters/signing/verdicts.ts";
import { armor } from "../../filters/signing/openpgp/armor.ts";
import { packetsIn } from "../../filters/signing/openpgp/packets.ts";
import {
  JointSigner,
  KeySigner,
  type Signer,
} from "../../filters/signing/signer.ts";
import { callOrRun } from "../support/call.ts";
import { runPython } from "../support/peers.ts";
import {
  gpg,
  gpgCallTest,
  gpgTest,
  gpgvKeyring,
  hasGpg,
  type KeyName,
  signedStream,
  testKey,
} from "../support/gpg.ts";
import {
  type Finished,
  LiveTool,
  peerTest,
  run,
  shell,
  TempDir,
  testsCheckout,
  text,
} from "../support/run.ts";
import {
  at,
  damaged,
  equalBytes,
  flipped,
  itemsIn,
  noisyStream,
  pieces,
  stream,
} from "../support/streams.ts";

const SEED = 20260131;
/** So short that each event is its own window. */
const WINDOW = "8";

/** The default window, and the capacity of a pipe. */
const WINDOW_BYTES = 256 * 1024, PIPE_BYTES = 64 * 1024;

const START = stream({
  testId: "a",
  status: "inprogress",
  timestamp: at("10:00:00"),
});
const LOG = stream({
  testId: "a",
  fileName: "log",
  fileBytes: new TextEncoder().encode("all is well"),
  mimeType: "text/plain",
});
const END = stream({
  testId: "a",
  status: "success",
  timestamp: at("10:00:02"),
  eof: true,
});
const RUN = concat([START, stream("some text\n"), LOG, END]);

/** Signs with the executable, which must pass the stream on. */
async function signed(
  bytes: Uint8Array,
  ...args: string[]
): Promise<Uint8Array> {
  const { secretFile } = await testKey("ed25519");
  const { status, stdout, stderr } = await signedStream(
    ["sign", "--secret-key", secretFile, "--window", WINDOW, ...args],
    { stdin: bytes },
  );
  assertEquals([status, stderr], [0, ""]);
  return stdout;
}

let signedOnce: Promise<Uint8Array> | undefined;

/** RUN, signed once for all tests. */
function signedRun(): Promise<Uint8Array> {
  return signedOnce ??= signed(RUN);
}

/** Verifies with the executable. */
async function verify(
  bytes: Uint8Array,
  ...args: string[]
): Promise<Finished> {
  const { publicFile } = await testKey("ed25519");
  return await signedStream(
    ["verify", "--keyring", publicFile, ...args],
    { stdin: bytes },
  );
}

/** The last line on standard error. */
function lastLine({ stderr }: Finished): string {
  return stderr.trimEnd().split("\n").at(-1) ?? "";
}

/** The parts of a signed stream: signature packets and what they cover. */
interface Parts {
  /** Signature packets: the first covers nothing. */
  readonly signatures: Uint8Array[];
  /** The bytes before each of them. */
  readonly windows: Uint8Array[];
}

function takeApart(bytes: Uint8Array): Parts {
  const signatures: Uint8Array[] = [], windows: Uint8Array[] = [];
  let window: Uint8Array[] = [];
  for (const item of itemsIn(bytes)) {
    if (isSignaturePacket(item)) {
      signatures.push(item.bytes.slice());
      windows.push(concat(window));
      window = [];
    } else window.push(item.bytes.slice());
  }
  return { signatures, windows };
}

function putTogether({ signatures, windows }: Parts): Uint8Array {
  return concat(windows.flatMap((window, i) => [window, signatures[i]]));
}

/** A list without its nth element. */
function without<T>(list: readonly T[], n: number): T[] {
  return list.filter((_, index) => index !== n);
}

/** A list with its nth and next elements swapped. */
function swapped<T>(list: readonly T[], n: number): T[] {
  return list.map((one, index) =>
    index === n ? list[n + 1] : index === n + 1 ? list[n] : one
  );
}

/** A signature packet with changed text and a valid checksum. */
function rewritten(
  packet: Uint8Array,
  change: (text: string) => string,
): Uint8Array {
  const event = decodePacket(packet).toEvent();
  const content = change(text(event.fileBytes!));
  assert(content !== text(event.fileBytes!), "nothing was changed");
  return encodePacket({
    ...event,
    fileBytes: new TextEncoder().encode(content),
  });
}

gpgTest(
  "sign then verify passes every byte on, and says what it checked",
  async () => {
    const { fingerprint } = await testKey("ed25519");
    const whole = await signed(RUN, "--context", "job 17");
    const { signatures, windows } = takeApart(whole);
    assertEquals(concat(windows), RUN);
    assertEquals(windows[0].length, 0);
    assert(signatures.length >= 4);
    using dir = new TempDir();
    const report = `${dir.path}/report.json`;
    const { status, stdout, stderr } = await verify(whole, "--report", report);
    assertEquals(status, 0);
    assertEquals(stdout, whole);
    const lines = stderr.trimEnd().split("\n");
    assertEquals(lines.length, signatures.length + 1);
    assertMatch(
      lines[0],
      new RegExp(
        `^gpg-signed-stream: Signature by ${
          fingerprint.slice(-16)
        } \\(${fingerprint}\\), eddsa, sha256, 20[^ ]+Z, over 0 bytes from byte 0 \\(packet 0\\): good$`,
      ),
    );
    assertMatch(
      lines.at(-1)!,
      /Verified stream [0-9a-f]{32}, context "job 17": \d+ bytes, \d+ signatures$/,
    );
    const written = JSON.parse(Deno.readTextFileSync(report));
    assertEquals(Object.keys(written), ["verdict", "signatures"]);
    assertEquals(written.verdict, "good");
    assertEquals(written.signatures.length, signatures.length);
    const { created, ...rest } = written.signatures[0];
    assertMatch(created, /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assertEquals(rest, {
      key_id: fingerprint.slice(-16),
      fingerprint,
      algorithm: "eddsa",
      hash: "sha256",
      verdict: "good",
    });
  },
);

gpgTest("a signature packet is what the README says", async () => {
  const { signatures, windows } = takeApart(await signedRun());
  const events = signatures.map((bytes) => decodePacket(bytes).toEvent());
  for (const [n, event] of events.entries()) {
    const { fileBytes, ...rest } = event;
    const isLast = n === events.length - 1;
    assertEquals<unknown>(rest, {
      testId: "signature",
      status: "exists",
      runnable: false,
      fileName: "signature",
      mimeType: "application/pgp-signature",
      ...(isLast ? { eof: true } : {}),
    });
    const [lines, armored] = text(fileBytes!).split(/(?=-----BEGIN)/);
    assertMatch(
      lines,
      /^subunit-signed-stream: 1\nstream: [0-9a-f]{32}\ncontext: \nsequence: \d+\nkind: (open|window|final)\noffset: \d+\nlength: \d+\nwindow-sha256: [0-9a-f]{64}\nprevious-sha256: [0-9a-f]{64}\n$/,
    );
    assertMatch(lines, new RegExp(`\nsequence: ${n}\n`));
    const kind = n === 0 ? "open" : isLast ? "final" : "window";
    assertMatch(lines, new RegExp(`\nkind: ${kind}\n`));
    assertMatch(lines, new RegExp(`\nlength: ${windows[n].length}\n`));
    assertMatch(
      armored,
      /^-----BEGIN PGP SIGNATURE-----\n\n[^]+\n-----END PGP SIGNATURE-----\n$/,
    );
  }
  assertMatch(text(events[0].fileBytes!), /\nprevious-sha256: 0{64}\n/);
});

for (
  const name of ["ed25519", "rsa3072", "dsa1024", "nistp256", "subkey"] as const
) {
  gpgTest(`gpg and gpgv verify an extracted packet of ${name}`, async () => {
    const { secretFile, publicFile, fingerprint } = await testKey(name);
    const { stdout } = await signedStream(
      ["sign", "--secret-key", secretFile],
      { stdin: RUN },
    );
    using dir = new TempDir();
    for (const packet of takeApart(stdout).signatures) {
      const [lines, armored] = text(decodePacket(packet).fileBytes!)
        .split(/(?=-----BEGIN)/);
      const files = [
        dir.file("signature.asc", armored),
        dir.file("lines", lines),
      ];
      const { status, stderr } = await gpg(["--verify", ...files]);
      assertEquals(status, 0, stderr);
      // gpgv reads no armor.
      const binary = await gpg(["--dearmor"], { stdin: armored });
      files[0] = dir.file("signature.sig", binary.stdout);
      const second = await run(
        ["gpgv", "--keyring", await gpgvKeyring(name), ...files],
      );
      assertEquals(second.status, 0, second.stderr);
      assertMatch(second.stderr, /Good signature/);
    }
    const weak = name === "dsa1024" ? ["--allow-weak", "dsa1024"] : [];
    const verified = await signedStream(
      [
        "verify",
        "--keyring",
        publicFile,
        "--require-key",
        fingerprint,
        ...weak,
      ],
      { stdin: stdout },
    );
    assertEquals(verified.status, 0, verified.stderr);
  });
}

gpgTest("--key signs through gpg", async () => {
  const { fingerprint, publicFile } = await testKey("rsa3072");
  const { status, stdout, stderr } = await signedStream(
    ["sign", "--key", fingerprint],
    { stdin: RUN },
  );
  assertEquals([status, stderr], [0, ""]);
  const verified = await signedStream(
    ["verify", "--strip", "--keyring", publicFile],
    { stdin: stdout },
  );
  assertEquals(verified.status, 0, verified.stderr);
  assertEquals(verified.stdout, RUN);
});

gpgTest("a signer that fails is exit 6, and says why", async () => {
  const { publicFile } = await testKey("ed25519");
  const unknown = "0123456789ABCDEF0123456789ABCDEF01234567";
  const expired = await testKey("expired");
  using dir = new TempDir();
  const locked = dir.file("locked.sec", await lockedKey());
  for (
    const [args, status, words] of [
      [["--key", unknown], 6, /gpg says ".*No secret key/],
      [["--secret-key", locked], 6, /protected by a passphrase/],
      [["--secret-key", expired.secretFile], 6, /cannot sign: .*expired/],
      [["--secret-key", publicFile], 5, /Cannot read keys from/],
      [["--secret-key", "/missing"], 5, /Cannot open "\/missing"/],
      [["--secret-key", publicFile, "--key", unknown], 2, /One of/],
      [[], 2, /One of --secret-key and --key/],
      [["--key", "1234"], 2, /expected a whole fingerprint/],
    ] as const
  ) {
    const result = await signedStream(["sign", ...args], { stdin: RUN });
    assertEquals(
      [result.status, result.stdout.length],
      [status, 0],
      result.stderr,
    );
    assertMatch(result.stderr, words);
    assertEquals(result.stderr.split("\n").length, 2);
  }
});

/** A secret key with a passphrase; gpg would take ten seconds to make one. */
async function lockedKey(): Promise<string> {
  const { secretFile } = await testKey("ed25519");
  const armoredKey = Deno.readTextFileSync(secretFile);
  const privateKey = await readPrivateKey({ armoredKey });
  return (await encryptKey({ privateKey, passphrase: "secret" })).armor();
}

gpgTest(
  "--strip gives back what was signed, damage and text included",
  async () => {
    const noisy = concat([
      stream("text before\n"),
      RUN,
      damaged({ testId: "b", status: "fail" }),
      Uint8Array.of(0xb3, 0xb3, 0xff),
      stream("³ no line end"),
      RUN,
      RUN.subarray(0, RUN.length - 5),
    ]);
    const { status, stdout } = await verify(await signed(noisy), "--strip");
    assertEquals(status, 0);
    assertEquals(stdout, noisy);
  },
);

gpgTest("an empty stream is signed and verified", async () => {
  const whole = await signed(new Uint8Array(0));
  assertEquals(takeApart(whole).windows.map(({ length }) => length), [0, 0]);
  assertEquals((await verify(whole)).status, 0);
  const { status, stdout } = await verify(whole, "--strip");
  assertEquals([status, stdout.length], [0, 0]);
});

gpgTest("a stream that ends inside a character is not lost", async () => {
  const { secretFile } = await testKey("ed25519");
  const torn = concat([RUN, Uint8Array.of(0xd0)]);
  const { status, stdout, stderr } = await signedStream(
    ["sign", "--secret-key", secretFile],
    { stdin: torn },
  );
  assertEquals([status, stderr], [0, ""]);
  const verified = await verify(stdout, "--strip");
  assertEquals(verified.status, 0);
  assertEquals(verified.stdout, torn);
});

gpgTest("the signer refuses what is signed already", async () => {
  const { secretFile } = await testKey("ed25519");
  const whole = await signedRun();
  const { signatures } = takeApart(whole);
  const routed = encodePacket({
    ...decodePacket(signatures[0]).toEvent(),
    routeCode: "0",
  });
  for (
    const bytes of [whole, concat([RUN, signatures[1]]), concat([RUN, routed])]
  ) {
    const { status, stderr } = await signedStream(
      ["sign", "--secret-key", secretFile],
      { stdin: bytes },
    );
    assertEquals(status, 6);
    assertMatch(stderr, /carries signatures already/);
  }
});

/** An attack on a signed stream, and the required result. */
interface Attack {
  readonly status: number;
  /** The reason in the last line on standard error. */
  readonly words: RegExp;
  attack(whole: Uint8Array, parts: Parts): Uint8Array | Promise<Uint8Array>;
  readonly args?: () => string[] | Promise<string[]>;
}

const cutOff = /the signed stream is cut off/;
const otherBytes = /its bytes are not those that were signed|covers \d+ bytes/;
const outOfPlace = /signature \d+ is here, expected \d+/;
const behind = /there is more after the end/;

/** An attack that consists of one signature packet with changed text. */
function rewriting(from: string, to: string): Attack["attack"] {
  return (_, { signatures }) =>
    rewritten(signatures[0], (text) => text.replace(from, to));
}

const ATTACKS: Record<string, Attack> = {
  "cut before the final packet": {
    status: 1,
    words: cutOff,
    attack: (whole, { signatures }) =>
      whole.subarray(0, whole.length - signatures.at(-1)!.length),
  },
  "cut at a packet": {
    status: 1,
    words: cutOff,
    attack: (_, { windows, signatures }) =>
      concat([signatures[0], windows[1], signatures[1]]),
  },
  "cut in a window": {
    status: 1,
    words: cutOff,
    attack: (_, { windows, signatures }) =>
      concat([signatures[0], windows[1], signatures[1], windows[2]]),
  },
  "cut in a packet": {
    status: 1,
    words: cutOff,
    attack: (_, { windows, signatures }) =>
      concat([signatures[0], windows[1].subarray(0, 9)]),
  },
  "cut in a signature packet": {
    status: 1,
    words: cutOff,
    attack: (whole) => whole.subarray(0, whole.length - 7),
  },
  "dropped open packet": {
    status: 1,
    words: /the start of the signed stream is missing/,
    attack: (whole, { signatures }) => whole.subarray(signatures[0].length),
  },
  "dropped head": {
    status: 1,
    words: /the start of the signed stream is missing/,
    attack: (whole, { windows, signatures }) =>
      whole.subarray(
        signatures[0].length + windows[1].length + signatures[1].length,
      ),
  },
  "dropped window": {
    status: 1,
    words: otherBytes,
    attack: (_, { windows, signatures }) =>
      putTogether({
        signatures,
        windows: windows.map((window, n) =>
          n === 2 ? window.subarray(0, 0) : window
        ),
      }),
  },
  "dropped window with its signature": {
    status: 1,
    words: outOfPlace,
    attack: (_, { windows, signatures }) =>
      putTogether({
        signatures: without(signatures, 2),
        windows: without(windows, 2),
      }),
  },
  "dropped signature": {
    status: 1,
    words: outOfPlace,
    attack: (_, { windows, signatures }) =>
      concat([
        ...windows.flatMap((window, n) =>
          n === 2 ? [window] : [window, signatures[n]]
        ),
      ]),
  },
  "swapped windows": {
    status: 1,
    words: otherBytes,
    attack: (_, { windows, signatures }) =>
      putTogether({ signatures, windows: swapped(windows, 2) }),
  },
  "swapped windows with their signatures": {
    status: 1,
    words: outOfPlace,
    attack: (_, { windows, signatures }) =>
      putTogether({
        signatures: swapped(signatures, 2),
        windows: swapped(windows, 2),
      }),
  },
  "swapped packets of a window": {
    status: 1,
    words: otherBytes,
    args: () => [],
    attack: async () => {
      const { windows, signatures } = takeApart(
        await signed(concat([START, END]), "--window", "1M"),
      );
      assertEquals(windows[1], concat([START, END]));
      return concat([signatures[0], END, START, signatures[1]]);
    },
  },
  "inserted packet": {
    status: 1,
    words: otherBytes,
    attack: (_, { windows, signatures }) =>
      putTogether({
        signatures,
        windows: windows.map((window, n) =>
          n === 2 ? concat([window, END]) : window
        ),
      }),
  },
  "inserted text": {
    status: 1,
    words: otherBytes,
    attack: (_, { windows, signatures }) =>
      putTogether({
        signatures,
        windows: windows.map((window, n) =>
          n === 1 ? concat([stream("x"), window]) : window
        ),
      }),
  },
  "packet before the start": {
    status: 1,
    words: otherBytes,
    attack: (whole) => concat([START, whole]),
  },
  "appended packet": {
    status: 1,
    words: behind,
    attack: (whole) => concat([whole, END]),
  },
  "appended text": {
    status: 1,
    words: behind,
    attack: (whole) => concat([whole, stream("\n")]),
  },
  "appended garbage": {
    status: 1,
    words: behind,
    attack: (whole) => concat([whole, Uint8Array.of(0xb3)]),
  },
  "window replayed": {
    status: 1,
    words: outOfPlace,
    attack: (_, { windows, signatures }) =>
      concat([
        putTogether({
          signatures: signatures.slice(0, 3),
          windows: windows.slice(0, 3),
        }),
        windows[2],
        signatures[2],
        windows[3],
        signatures[3],
      ]),
  },
  "duplicate signature": {
    status: 1,
    words: outOfPlace,
    attack: (_, { windows, signatures }) =>
      concat([signatures[0], windows[1], signatures[1], signatures[1]]),
  },
  "duplicate open packet": {
    status: 1,
    words: /kind "open" does not belong here/,
    attack: (whole, { signatures }) => concat([signatures[0], whole]),
  },
  "duplicate final packet": {
    status: 1,
    words: behind,
    attack: (whole, { signatures }) => concat([whole, signatures.at(-1)!]),
  },
  "splice from another stream of the same key": {
    status: 1,
    words: /a signature is of another stream/,
    attack: async (_, { windows, signatures }) => {
      const other = takeApart(await signed(RUN));
      assertEquals(other.windows, windows);
      return putTogether({
        windows,
        signatures: [...signatures.slice(0, 2), ...other.signatures.slice(2)],
      });
    },
  },
  "two streams, one behind the other": {
    status: 1,
    words: behind,
    attack: async (whole) => concat([whole, await signed(RUN)]),
  },
  "early final": {
    status: 1,
    words: outOfPlace,
    attack: (_, { windows, signatures }) =>
      concat([
        signatures[0],
        windows[1],
        signatures[1],
        windows.at(-1)!,
        signatures.at(-1)!,
      ]),
  },
  "final made of a window": {
    status: 4,
    words: /holds more than a signature/,
    attack: (_, { windows, signatures }) =>
      concat([
        signatures[0],
        windows[1],
        encodePacket({ ...decodePacket(signatures[1]).toEvent(), eof: true }),
      ]),
  },
  "kind rewritten": {
    status: 1,
    words: /signature of [0-9A-F]{16} is bad/,
    attack: (_, { windows, signatures }) =>
      concat([
        signatures[0],
        windows[1],
        encodePacket({
          ...decodePacket(
            rewritten(signatures[1], (text) =>
              text.replace("kind: window", "kind: final")),
          ).toEvent(),
          eof: true,
        }),
      ]),
  },
  "moved boundary": {
    status: 1,
    words: otherBytes,
    attack: (_, { windows, signatures }) =>
      concat([
        signatures[0],
        windows[1],
        windows[2],
        signatures[1],
        signatures[2],
        windows[3],
        signatures[3],
      ]),
  },
  "a bit of a window": {
    status: 1,
    words: otherBytes,
    attack: (whole, { signatures }) => flipped(whole, signatures[0].length + 5),
  },
  "a bit of the open packet": {
    status: 1,
    words: /the start of the signed stream is missing/,
    attack: (whole) => flipped(whole, 100),
  },
  "a bit of the last packet": {
    status: 1,
    words: cutOff,
    attack: (whole) => flipped(whole, whole.length - 100),
  },
  "a signed line, its checksum right": {
    status: 1,
    words: /is bad/,
    attack: rewriting("context: ", "context: x"),
  },
  "a tenth line": {
    status: 4,
    words: /Cannot read/,
    attack: rewriting("-----BEGIN", "more: x\n-----BEGIN"),
  },
  "lines in another order": {
    status: 4,
    words: /not the nine/,
    attack: rewriting(
      "sequence: 0\nkind: open",
      "kind: open\nsequence: 0",
    ),
  },
  "a header in the armor": {
    status: 4,
    words: /more than a signature/,
    attack: rewriting("-----\n\n", "-----\nComment: all tests passed\n\n"),
  },
  "the signature twice": {
    status: 4,
    words: /more than one plain signature/,
    attack: async (_, { signatures }) => {
      const event = decodePacket(signatures[0]).toEvent();
      const [lines, armored] = text(event.fileBytes!).split(/(?=-----BEGIN)/);
      const { stdout } = await gpg(["--dearmor"], { stdin: armored });
      const twice = await gpg(["--enarmor"], {
        stdin: concat([stdout, stdout]),
      });
      const again = text(twice.stdout)
        .replaceAll("PGP ARMORED FILE", "PGP SIGNATURE")
        .replace(/Comment: .*\n/, "");
      return encodePacket({
        ...event,
        fileBytes: new TextEncoder().encode(lines + again),
      });
    },
  },
  "a tag on a signature packet": {
    status: 4,
    words: /more than a signature/,
    attack: (_, { signatures }) =>
      encodePacket({
        ...decodePacket(signatures[0]).toEvent(),
        tags: ["passed"],
      }),
  },
  "garbage": {
    status: 4,
    words: /no signature/,
    attack: () => Uint8Array.from({ length: 5000 }, (_, n) => n * n * 7 & 0xff),
  },
  "unsigned": {
    status: 4,
    words: /no signature in the stream/,
    attack: () => RUN,
  },
  "unsigned and long": {
    status: 4,
    words: /no signature in the first 1000 bytes/,
    args: () => ["--max-window", "1000"],
    attack: () => concat(Array(50).fill(RUN)),
  },
  "empty": {
    status: 4,
    words: /no signature in the stream/,
    attack: () => new Uint8Array(0),
  },
  "a window too long": {
    status: 5,
    words: /longer than 50 bytes: see --max-window/,
    args: () => ["--max-window", "50"],
    attack: () => signed(concat([START, END, START, END]), "--window", "1M"),
  },
  "a stream too long": {
    status: 5,
    words: /more than 20 bytes: see --max-bytes/,
    args: () => ["--max-bytes", "20"],
    attack: (whole) => whole,
  },
  "wrong key": {
    status: 3,
    words: /0 of 1 keys needed signed; [0-9A-F]{16}: unknown-key/,
    attack: async () => {
      const { secretFile } = await testKey("other");
      const { stdout } = await signedStream(
        ["sign", "--secret-key", secretFile],
        { stdin: RUN },
      );
      return stdout;
    },
  },
  "goes on with another good key": {
    status: 1,
    words: /another key goes on signing/,
    args: async () => ["--keyring", (await testKey("other")).publicFile],
    attack: () => handedOver(),
  },
  "wrong context": {
    status: 1,
    words: /context "job 16", expected "job 17"/,
    args: () => ["--context", "job 17"],
    attack: () => signed(RUN, "--context", "job 16"),
  },
  "no context": {
    status: 1,
    words: /context "", expected "job 17"/,
    args: () => ["--context", "job 17"],
    attack: (whole) => whole,
  },
  "before its time": {
    status: 1,
    words: /replayed: it was made before 2099-01-01T00:00:00Z/,
    args: () => ["--not-before", "2099-01-01T00:00:00Z"],
    attack: (whole) => whole,
  },
  "too few keys": {
    status: 3,
    words: /1 of 2 keys needed signed/,
    args: () => ["--require", "2"],
    attack: (whole) => whole,
  },
  "not the key asked for": {
    status: 3,
    words: /no good signature of/,
    args: async () => ["--require-key", (await testKey("other")).fingerprint],
    attack: (whole) => whole,
  },
  "the second signer leaves": {
    status: 1,
    words: /the key [0-9A-F]{40} no longer signs/,
    args: knowOther,
    attack: () => signedBy(BOTH, BOTH, FIRST, FIRST),
  },
  "the second signer leaves at the end": {
    status: 1,
    words: /the key [0-9A-F]{40} no longer signs/,
    args: knowOther,
    attack: () => signedBy(BOTH, BOTH, BOTH, FIRST),
  },
  "the second signer, who is unknown, leaves": {
    status: 1,
    words: /the key [0-9A-F]{40} no longer signs/,
    attack: () => signedBy(BOTH, BOTH, FIRST, FIRST),
  },
  "the second of two signers needed leaves": {
    status: 3,
    words: /1 of 2 keys needed signed/,
    args: async () => [...await knowOther(), "--require", "2"],
    attack: () => signedBy(BOTH, BOTH, FIRST, FIRST),
  },
  "a second signer joins": {
    status: 1,
    words: /the key [0-9A-F]{40} signs but did not sign the start/,
    args: knowOther,
    attack: () => signedBy(FIRST, BOTH, BOTH, BOTH),
  },
  "a second signer, who is unknown, joins": {
    status: 1,
    words: /the key [0-9A-F]{40} signs but did not sign the start/,
    attack: () => signedBy(FIRST, FIRST, FIRST, BOTH),
  },
  "two signers change places": {
    status: 1,
    words: /not in the order of the first packet/,
    args: knowOther,
    attack: () => signedBy(BOTH, BOTH, BOTH, ["other", "ed25519"]),
  },
  "the second signature is taken out": {
    status: 1,
    words: /no longer signs/,
    args: knowOther,
    attack: async () => {
      const { signatures, windows } = takeApart(
        await signedBy(BOTH, BOTH, BOTH, BOTH),
      );
      const last = await withoutSignature(signatures.at(-1)!, 1);
      return putTogether({ windows, signatures: signatures.with(-1, last) });
    },
  },
  "the second signature is taken out throughout": {
    status: 1,
    words: /a signature does not follow the one before/,
    args: knowOther,
    attack: async () => {
      const { signatures, windows } = takeApart(
        await signedBy(BOTH, BOTH, BOTH, BOTH),
      );
      const left: Uint8Array[] = [];
      for (const packet of signatures) {
        left.push(await withoutSignature(packet, 1));
      }
      return putTogether({ windows, signatures: left });
    },
  },
  "the second signature is bad": {
    status: 1,
    words: /signature of [0-9A-F]{16} is bad/,
    args: knowOther,
    attack: async () => {
      const parts = takeApart(await signedBy(BOTH, BOTH, BOTH, BOTH));
      const [open] = takeApart(await signedBy(BOTH, BOTH)).signatures;
      const mixed = await exchanged(parts.signatures[1], open, 1);
      return putTogether({
        ...parts,
        signatures: parts.signatures.with(1, mixed),
      });
    },
  },
};

const FIRST: KeyName[] = ["ed25519"];
const BOTH: KeyName[] = ["ed25519", "other"];

/** Options that make the second signer known. */
async function knowOther(): Promise<string[]> {
  return ["--keyring", (await testKey("other")).publicFile];
}

/** The signature packets, binary, that a packet of the stream holds. */
async function signaturesIn(packet: Uint8Array): Promise<Uint8Array[]> {
  const content = text(decodePacket(packet).fileBytes!);
  const { stdout } = await gpg(["--dearmor"], {
    stdin: content.slice(content.indexOf("-----BEGIN")),
  });
  const packets: Uint8Array[] = [];
  for (const { body } of packetsIn(stdout)) {
    packets.push(concat([Uint8Array.of(0xc2, body.length), body]));
  }
  return packets;
}

/** A packet of the stream with other signatures over its lines. */
function withSignatures(
  packet: Uint8Array,
  signatures: readonly Uint8Array[],
): Uint8Array {
  const armored = armor(concat([...signatures]), "SIGNATURE");
  return rewritten(
    packet,
    (text) => text.slice(0, text.indexOf("-----BEGIN")) + armored,
  );
}

async function withoutSignature(
  packet: Uint8Array,
  index: number,
): Promise<Uint8Array> {
  return withSignatures(packet, without(await signaturesIn(packet), index));
}

/** A packet of the stream with one of the signatures of another. */
async function exchanged(
  packet: Uint8Array,
  other: Uint8Array,
  index: number,
): Promise<Uint8Array> {
  const signatures = await signaturesIn(packet);
  const foreign = (await signaturesIn(other))[index];
  return withSignatures(packet, signatures.with(index, foreign));
}

/** A stream that one key begins and another ends, as it would itself. */
function handedOver(): Promise<Uint8Array> {
  return signedBy(FIRST, FIRST, ["other"], ["other"]);
}

/** A stream whose packets are signed by the keys named for each. */
async function signedBy(
  ...names: readonly (readonly KeyName[])[]
): Promise<Uint8Array> {
  const signers: Signer[] = [];
  for (const together of names) {
    const keys: Signer[] = [];
    for (const name of together) {
      keys.push(await KeySigner.read((await testKey(name)).secretFile));
    }
    signers.push(await JointSigner.of(keys));
  }
  let count = 0;
  const written: Uint8Array[] = [];
  const signer = new InbandSigner(
    {
      stream: "0".repeat(32),
      context: "",
      windowBytes: 1,
      signer: {
        kinds: (type) => signers[0].kinds(type),
        start: (type) => signers[count++].start(type),
      },
    },
    (bytes) => written.push(bytes.slice()),
  );
  await signer.open();
  if (names.length > 2) await signer.add([decodePacket(START)]);
  if (names.length > 3) await signer.add([decodePacket(END)]);
  await signer.end();
  return concat(written);
}

gpgTest("two keys sign a stream together", async () => {
  const one = await testKey("ed25519"), two = await testKey("rsa3072");
  const both = ["--keyring", one.publicFile, "--keyring", two.publicFile];
  for (
    const keys of [
      ["--secret-key", one.secretFile, "--secret-key", two.secretFile],
      ["--key", one.fingerprint, "--key", two.fingerprint],
    ]
  ) {
    const signing = await signedStream(["sign", ...keys, "--window", "1K"], {
      stdin: RUN,
    });
    assertEquals([signing.status, signing.stderr], [0, ""]);
    const whole = signing.stdout;
    const { signatures } = takeApart(whole);
    const verified = await signedStream(
      ["verify", "--strip", "--require", "2", ...both],
      { stdin: whole },
    );
    assertEquals(verified.status, 0, verified.stderr);
    assertEquals(verified.stdout, RUN);
    for (const { fingerprint } of [one, two]) {
      const lines = verified.stderr.match(
        new RegExp(`${fingerprint}.*: good`, "g"),
      );
      assertEquals(lines?.length, signatures.length);
    }
    assertMatch(
      lastLine(verified),
      new RegExp(`: ${RUN.length} bytes, ${2 * signatures.length} signatures$`),
    );
    // Who knows one of them, or asks for one of them, can verify as well.
    for (const { publicFile, fingerprint } of [one, two]) {
      const known = await signedStream(
        ["verify", "--keyring", publicFile, "--require-key", fingerprint],
        { stdin: whole },
      );
      assertEquals(known.status, 0, known.stderr);
      assertEquals(known.stdout, whole);
      const few = await signedStream(
        ["verify", "--keyring", publicFile, "--require", "2"],
        { stdin: whole },
      );
      assertEquals([few.status, few.stdout.length], [3, 0], few.stderr);
    }
    // GnuPG verifies both in each packet.
    using dir = new TempDir();
    for (const packet of signatures) {
      const [lines, armored] = text(decodePacket(packet).fileBytes!)
        .split(/(?=-----BEGIN)/);
      const { status, stderr } = await gpg([
        "--verify",
        dir.file("signature.asc", armored),
        dir.file("lines", lines),
      ]);
      assertEquals(status, 0, stderr);
      assertEquals(stderr.match(/Good signature/g)?.length, 2);
    }
  }
});

gpgTest("a key cannot sign together with itself", async () => {
  const { secretFile, fingerprint } = await testKey("ed25519");
  for (
    const keys of [
      ["--secret-key", secretFile, "--secret-key", secretFile],
      ["--key", fingerprint, "--key", fingerprint],
    ]
  ) {
    const { status, stdout, stderr } = await signedStream(["sign", ...keys], {
      stdin: RUN,
    });
    assertEquals([status, stdout.length], [6, 0], stderr);
    assertMatch(stderr, /the key [0-9A-F]{16} is given twice/);
  }
});

/** All attacks; on Node some of them, from all parts of the table. */
const attacks = Object.entries(ATTACKS)
  .filter((_, index) => testsCheckout() || index % 8 === 0);

for (const [name, { status, words, attack, args }] of attacks) {
  gpgTest(`verify refuses an attack: ${name}`, async () => {
    const whole = await signedRun();
    const attacked = await attack(whole, takeApart(whole));
    const { publicFile } = await testKey("ed25519");
    const result = await callOrRun("gpg-signed-stream", [
      "verify",
      "--keyring",
      publicFile,
      ...await args?.() ?? [],
    ], { stdin: attacked });
    assertEquals(result.status, status, result.stderr);
    assertMatch(lastLine(result), words);
    // The output is a prefix of a signed stream: of this one, or of one that the
    // attack has made.
    const { stdout } = result;
    const isPrefix = [whole, attacked].some((signed) =>
      equalBytes(stdout, signed.subarray(0, stdout.length))
    );
    assert(isPrefix);
    const { signatures, windows } = takeApart(stdout);
    assertEquals(putTogether({ signatures, windows }), stdout);
  });
}

/** Verifies in process; returns what was released and the exit status. */
async function verifyHere(
  verifier: SignatureVerifier,
  chunks: Iterable<Uint8Array>,
  strip = false,
): Promise<{ status: number; released: Uint8Array }> {
  const released: Uint8Array[] = [];
  const options = {
    verifier,
    maxWindowBytes: 2 ** 20,
    maxBytes: 2 ** 30,
    strip,
    release: (bytes: Uint8Array) => released.push(bytes.slice()),
  };
  let status = 0;
  try {
    await verifyStream(options, chunks);
  } catch (error) {
    if (!(error instanceof SignedStreamError)) throw error;
    status = error.exitStatus;
  }
  return { status, released: concat(released) };
}

async function verifierFor(name: "ed25519"): Promise<SignatureVerifier> {
  return new SignatureVerifier(
    await KeyRing.read([(await testKey(name)).publicFile]),
    {
      require: 1,
      requireKeys: [],
      allowWeak: new Set(),
      allowExpiredKey: false,
    },
  );
}

gpgCallTest(
  "a flipped bit anywhere is refused, and only a prefix released",
  async () => {
    const verifier = await verifierFor("ed25519");
    const whole = await signed(concat([START, END]));
    for (let offset = 0; offset < whole.length; offset++) {
      const bad = flipped(whole, offset, offset % 8);
      const { status, released } = await verifyHere(verifier, [bad]);
      assert(status === 1 || status === 4, `byte ${offset}: ${status}`);
      assert(
        equalBytes(released, whole.subarray(0, released.length)),
        `byte ${offset}: more than a prefix`,
      );
    }
  },
);

gpgCallTest(
  "a flipped bit in a signature packet is refused under a right checksum",
  async () => {
    const verifier = await verifierFor("ed25519");
    const whole = await signed(START);
    const { signatures, windows } = takeApart(whole);
    for (const [n, packet] of signatures.entries()) {
      const event = decodePacket(packet).toEvent();
      for (let offset = 0; offset < event.fileBytes!.length; offset++) {
        const fileBytes = flipped(event.fileBytes!, offset, offset % 7);
        const bad = signatures.with(n, encodePacket({ ...event, fileBytes }));
        const { status, released } = await verifyHere(
          verifier,
          [putTogether({ windows, signatures: bad })],
        );
        assert(
          [1, 3, 4].includes(status),
          `packet ${n}, byte ${offset}: ${status}`,
        );
        assert(equalBytes(released, whole.subarray(0, released.length)));
      }
    }
  },
);

gpgCallTest(
  "cuts anywhere are refused, and chunks make no difference",
  async () => {
    const verifier = await verifierFor("ed25519");
    const whole = await signed(concat([START, END]));
    for (let end = 0; end < whole.length; end++) {
      const { status, released } = await verifyHere(
        verifier,
        [whole.subarray(0, end)],
      );
      assert(status === 1 || status === 4, `cut at ${end}: ${status}`);
      assert(equalBytes(released, whole.subarray(0, released.length)));
    }
    const bytes = Array.from(whole, (byte) => Uint8Array.of(byte));
    assertEquals((await verifyHere(verifier, bytes)).released, whole);
    for (let end = 1; end < whole.length; end += 7) {
      const { status } = await verifyHere(
        verifier,
        [whole.slice(0, end), whole.slice(end)],
      );
      assertEquals(status, 0);
    }
  },
);

gpgCallTest(
  `any stream is signed, verified and given back (seed ${SEED})`,
  async () => {
    const verifier = await verifierFor("ed25519");
    const { secretFile } = await testKey("ed25519");
    const key = await KeySigner.read(secretFile);
    await fc.assert(
      fc.asyncProperty(
        noisyStream,
        fc.integer({ min: 50, max: 2000 }),
        fc.integer({ min: 1, max: 500 }),
        async (bytes, windowBytes, chunkBytes) => {
          const written: Uint8Array[] = [];
          const signer = new InbandSigner(
            { signer: key, stream: "0".repeat(32), context: "", windowBytes },
            (bytes) => written.push(bytes.slice()),
          );
          const decoder = new PacketDecoder();
          const take = async () => {
            const items: StreamItem[] = [];
            decoder.drain((item) => {
              items.push(item);
            });
            for (const item of items) await signer.add([item]);
          };
          await signer.open();
          for (const chunk of pieces(bytes, chunkBytes)) {
            decoder.push(chunk);
            await take();
          }
          decoder.end();
          await take();
          await signer.end();
          const { status, released } = await verifyHere(
            verifier,
            written,
            true,
          );
          assertEquals(status, 0);
          assert(equalBytes(released, bytes));
        },
      ),
      { seed: SEED, numRuns: 60 },
    );
  },
);

gpgTest("--seen takes a stream once, and only when it is whole", async () => {
  using dir = new TempDir();
  const seen = `${dir.path}/seen`;
  const whole = await signedRun();
  const cut = await verify(whole.subarray(0, whole.length - 9), "--seen", seen);
  assertEquals(cut.status, 1);
  assertEquals((await verify(whole, "--seen", seen)).status, 0);
  const replayed = await verify(whole, "--seen", seen);
  assertEquals([replayed.status, replayed.stdout.length], [1, 0]);
  assertMatch(replayed.stderr, /it is a replay/);
  assertEquals((await verify(await signed(RUN), "--seen", seen)).status, 0);
  assertEquals(Deno.readTextFileSync(seen).trim().split("\n").length, 2);
  const bad = await verify(whole, "--seen", dir.path);
  assertEquals([bad.status, bad.stdout.length], [5, 0]);
});

gpgTest("what was meant passes: context, not-before, require-key", async () => {
  const { fingerprint } = await testKey("ed25519");
  const { status } = await verify(
    await signed(RUN, "--context", "job 17 – main"),
    "--context",
    "job 17 – main",
    "--not-before",
    "2020-01-01T00:00:00Z",
    "--require-key",
    fingerprint.toLowerCase(),
    "--mode",
    "inband",
  );
  assertEquals(status, 0);
});

gpgTest("wrong calls are exit 2, a line that says why", async () => {
  const { publicFile, secretFile } = await testKey("ed25519");
  const keyring = ["--keyring", publicFile];
  for (
    const [args, words] of [
      [[], /first word is ""/],
      [["check"], /first word is "check"/],
      [["verify"], /No --keyring/],
      [["verify", ...keyring, "--window", "1K"], /--window is for sign/],
      [
        ["sign", "--secret-key", secretFile, "--strip"],
        /--strip is for verify/,
      ],
      [
        ["sign", "--secret-key", secretFile, "--context", "a\nb"],
        /not printable/,
      ],
      [
        ["sign", "--secret-key", secretFile, "--window", "1X"],
        /number of bytes/,
      ],
      [["verify", ...keyring, "--require", "x"], /whole number/],
      [["verify", ...keyring, "--require", "0"], /at least 1/],
      [
        ["verify", ...keyring, "--signature", publicFile, "--strip"],
        /--strip is for the mode inband only/,
      ],
      [[
        "sign",
        "--secret-key",
        secretFile,
        "--mode",
        "inline",
        "--window",
        "1K",
      ], /--window is for the mode inband only/],
      [["verify", ...keyring, "--allow-weak", "md5"], /expected sha1, dsa1024/],
      [["verify", ...keyring, "--not-before", "noon"], /expected a time/],
      [["verify", ...keyring, "--mode", "best"], /expected inband/],
      [["verify", ...keyring, "a", "b"], /more than one FILE/],
      [
        ["verify", ...keyring, "--release", "spool"],
        /--release is for documents only/,
      ],
    ] as const
  ) {
    const result = await signedStream(args, { stdin: "" });
    assertEquals([result.status, result.stdout.length], [2, 0], result.stderr);
    assertMatch(result.stderr, words);
  }
});

gpgTest("files that fail are exit 5, before anything is released", async () => {
  const whole = await signedRun();
  for (
    const [args, words] of [
      [["--report", "/missing/report"], /Cannot write "\/missing\/report"/],
      [["--report", "fd:77"], /descriptor 77: it is not an open pipe/],
      [["--keyring", "/missing"], /Cannot open "\/missing"/],
      [["/missing"], /Cannot open "\/missing"/],
    ] as const
  ) {
    const result = await verify(whole, ...args);
    assertEquals([result.status, result.stdout.length], [5, 0], result.stderr);
    assertMatch(result.stderr, words);
  }
});

gpgTest("--report tells of failures, to a file or a descriptor", async () => {
  const whole = await signedRun();
  using dir = new TempDir();
  const report = `${dir.path}/report`;
  const verdictOf = async (bytes: Uint8Array, ...args: string[]) => {
    await verify(bytes, "--report", report, ...args);
    return JSON.parse(Deno.readTextFileSync(report)).verdict;
  };
  assertEquals(await verdictOf(flipped(whole, 2000)), "bad");
  assertEquals(await verdictOf(whole, "--require", "2"), "too-few-keys");
  assertEquals(await verdictOf(RUN), "no-signature");
  assertEquals(await verdictOf(whole, "--max-bytes", "20"), "trouble");
  const { stdout } = await verify(whole, "--report", "fd:1", "--strip");
  assertMatch(text(stdout), /\{"verdict":"good","signatures":\[\{.*\}\]\}\n$/);
});

gpgTest("an interval signs what a live pipe holds back", async () => {
  const { secretFile, publicFile } = await testKey("ed25519");
  await using signer = new LiveTool("gpg-signed-stream", [
    "sign",
    "--secret-key",
    secretFile,
    "--interval",
    "50",
  ]);
  await using verifier = new LiveTool("gpg-signed-stream", [
    "verify",
    "--strip",
    "--keyring",
    publicFile,
  ]);
  let whole: Uint8Array = new Uint8Array(0);
  let verified: Uint8Array = new Uint8Array(0);
  for (const [n, event] of [START, LOG, END].entries()) {
    await signer.write(event);
    // The event passes at once, and its signature after the interval.
    const before = whole.length;
    while (takeApart(whole).signatures.length < n + 2) {
      whole = (await signer.read(whole.length + 1)).slice();
    }
    await verifier.write(whole.subarray(before));
    verified = concat([verified, event]);
    assertEquals(await verifier.read(verified.length), verified);
  }
});

gpgTest("a full disk is exit 5, a reader that leaves 141", async () => {
  using dir = new TempDir();
  const { secretFile, publicFile } = await testKey("ed25519");
  const long = stream({
    testId: "a",
    fileName: "log",
    fileBytes: new Uint8Array(1_000_000),
  });
  const files = [
    dir.file("plain", long),
    dir.file("signed", await signed(long)),
  ];
  for (
    const [i, args] of [
      `sign --secret-key ${secretFile}`,
      `verify --keyring ${publicFile}`,
    ].entries()
  ) {
    const tool = `gpg-signed-stream ${args} < ${files[i]}`;
    const full = await shell(`${tool} > /dev/full`);
    assertEquals(full.status, 5, full.stderr);
    assertMatch(full.stderr, /standard output: no space left/);
    const left = await shell(`${tool} | true; exit \${PIPESTATUS[0]}`);
    assertEquals(left.status, 141, left.stderr);
  }
});

gpgTest("with nobody reading little is taken in", async () => {
  const { secretFile, publicFile } = await testKey("ed25519");
  const large = await signed(
    concat(
      Array.from({ length: 64 }, () =>
        stream({
          testId: "a",
          fileName: "log",
          fileBytes: new Uint8Array(WINDOW_BYTES),
        })),
    ),
    "--window",
    "256K",
  );
  const plain = concat(takeApart(large).windows);
  /** A window, a read and the packet across its end; pipes and their buffers. */
  const most = 3 * WINDOW_BYTES + 4 * PIPE_BYTES;
  for (
    const args of [
      ["sign", "--secret-key", secretFile],
      ["verify", "--keyring", publicFile],
    ]
  ) {
    let fed: Promise<void>;
    {
      await using tool = new LiveTool("gpg-signed-stream", args);
      const chunks = args[0] === "sign" ? plain : large;
      let taken = 0;
      const feed = async () => {
        for (let at = 0; at < chunks.length; at += PIPE_BYTES) {
          const chunk = chunks.subarray(at, at + PIPE_BYTES);
          await tool.write(chunk);
          taken += chunk.length;
        }
      };
      fed = feed().catch(() => {});
      // A process has stopped reading when nothing was taken for a second; one
      // that has taken nothing has not begun.
      for (let before = -1; before !== taken || taken === 0;) {
        before = taken;
        await new Promise((done) => setTimeout(done, 1000));
      }
      assert(taken > 0 && taken <= most, `${args[0]} took ${taken} bytes`);
    }
    await fed;
  }
});

if (hasGpg) {
  for (const tool of ["subunit-stats", "subunit-ls"]) {
    peerTest(
      `Debian's ${tool} prints the same for a signed stream`,
      ["subunit"],
      async () => {
        const bytes = concat([
          RUN,
          stream(
            { testId: "b", status: "exists" },
            { testId: "c", status: "inprogress" },
            { testId: "c", status: "fail", tags: ["slow"] },
            { testId: "d", status: "skip" },
          ),
        ]);
        const whole = await signed(bytes);
        for (const args of tool === "subunit-ls" ? [[], ["--times"]] : [[]]) {
          // It crashes on times of tests that never started.
          const stdin = args.length > 0 ? RUN : bytes;
          const plain = await runPython(tool, args, { stdin });
          const second = await runPython(tool, args, {
            stdin: args.length > 0 ? await signed(RUN) : whole,
          });
          assert(plain.stdout.length > 0);
          assertEquals(
            [second.status, text(second.stdout), second.stderr],
            [plain.status, text(plain.stdout), plain.stderr],
          );
        }
      },
    );
  }
}
