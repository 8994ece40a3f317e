import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { armor, dearmor } from "../../filters/signing/openpgp/armor.ts";
import { callTool } from "../support/call.ts";
import {
  atTime,
  gpg,
  GPG_PEERS,
  gpgEnv,
  gpgHome,
  gpgOutput,
  gpgTest,
  gpgvKeyring,
  type KeyName,
  localUsers,
  revokedFile,
  signedStream,
  signedStreamCommand,
  testKey,
} from "../support/gpg.ts";
import {
  type Finished,
  longTest,
  peakMemoryOf,
  run,
  TempDir,
  text,
} from "../support/run.ts";
import { equalBytes, flipped, stream } from "../support/streams.ts";

const MIB = 1024 * 1024;

/** A document of lines, as clear-signing takes it. */
const LINES = "1..2\nok 1\n- a dash\nFrom here on\n\nnot ok 2 - é\n";
/** A binary document with every byte that a signature must keep. */
const BYTES = stream(
  { testId: "a", status: "success" },
  "text\r\n",
  Uint8Array.from({ length: 256 }, (_, byte) => byte),
  "\r\r\n no line end",
);

const encoder = new TextEncoder();
const bytesOf = (content: Uint8Array | string) =>
  typeof content === "string" ? encoder.encode(content) : content;

async function sign(
  args: readonly string[],
  stdin: Uint8Array | string,
): Promise<Uint8Array> {
  const call = ["sign", ...args];
  const { status, stdout, stderr } = await signedStream(call, { stdin });
  assertEquals([stderr, status], ["", 0]);
  return stdout;
}

/** Verifies with the given keys, by default "ed25519". */
async function verify(
  args: readonly string[],
  stdin: Uint8Array | string = "",
  keys?: readonly KeyName[],
): Promise<Finished> {
  const words = ["verify", ...await keyringsOf(keys), ...args];
  return await callTool("gpg-signed-stream", words, { stdin });
}

/** The same in a process, which reads a pipe. */
async function verifyPiped(
  args: readonly string[],
  stdin: Uint8Array | string = "",
  keys?: readonly KeyName[],
): Promise<Finished> {
  const words = ["verify", ...await keyringsOf(keys), ...args];
  return await signedStream(words, { stdin });
}

async function keyringsOf(
  keys: readonly KeyName[] = ["ed25519"],
): Promise<string[]> {
  const keyrings: string[] = [];
  for (const key of keys) {
    keyrings.push(`--keyring=${(await testKey(key)).publicFile}`);
  }
  return keyrings;
}

/** Signs with gpg and the given keys. */
async function gpgSign(
  keys: readonly KeyName[],
  args: readonly string[],
  stdin: Uint8Array | string,
): Promise<Uint8Array> {
  return await gpgOutput([...await localUsers(keys), ...args], { stdin });
}

/** Checks that a whole document is released. */
function assertReleased(
  { status, stdout, stderr }: Finished,
  expected: Uint8Array | string,
): void {
  assertEquals(status, 0, stderr);
  assert(equalBytes(stdout, bytesOf(expected)), text(stdout));
}

/** Checks that nothing is released, the exit status and the reason. */
function assertRefused(
  { status, stdout, stderr }: Finished,
  expected: number,
  reason: string,
  what: string,
): void {
  assertEquals([status, text(stdout)], [expected, ""], `${what}: ${stderr}`);
  assert(new RegExp(reason).test(stderr), `${what}: ${stderr}`);
}

const SIGNERS: readonly KeyName[] = [
  "ed25519",
  "rsa3072",
  "nistp256",
  "subkey",
];

for (const name of SIGNERS) {
  gpgTest(`gpg and gpgv verify what sign makes with ${name}`, async () => {
    const { fingerprint, secretFile } = await testKey(name);
    const keyring = await gpgvKeyring(name);
    using dir = new TempDir();
    const gpgv = async (...files: string[]) => {
      const verified = await run(["gpgv", "--keyring", keyring, ...files]);
      assertEquals(verified.status, 0, verified.stderr);
    };
    for (
      const [signer, document] of [
        [`--secret-key=${secretFile}`, BYTES],
        [`--secret-key=${secretFile}`, new Uint8Array(0)],
        [`--key=${fingerprint}`, BYTES],
      ] as const
    ) {
      const file = dir.file("document", document);
      const signature = await sign(["--mode=detached", signer], document);
      await gpgv(dir.file("signature", signature), file);
      const message = await sign(["--mode=inline", signer], document);
      assertReleased(await gpg(["--decrypt"], { stdin: message }), document);
      await gpgv(dir.file("message", message));
      const clear = await sign(["--mode=clear", signer], LINES);
      assertReleased(await gpg(["--decrypt"], { stdin: clear }), LINES);
      await gpgv(dir.file("clear", clear));
    }
  });
}

gpgTest("two keys sign a document together", async () => {
  const names = ["ed25519", "rsa3072"] as const;
  const one = await testKey(names[0]), two = await testKey(names[1]);
  using dir = new TempDir();
  const keyring = dir.file(
    "both.gpg",
    await gpgOutput(["--export", one.fingerprint, two.fingerprint]),
  );
  const file = dir.file("document", LINES);
  for (
    const keys of [
      [`--secret-key=${one.secretFile}`, `--secret-key=${two.secretFile}`],
      [`--secret-key=${two.secretFile}`, `--secret-key=${one.secretFile}`],
      [`--key=${one.fingerprint}`, `--key=${two.fingerprint}`],
    ]
  ) {
    for (const mode of ["detached", "inline", "clear"]) {
      const made = await sign([`--mode=${mode}`, ...keys], LINES);
      const path = dir.file("signed", made);
      const what = mode === "detached" ? [`--signature=${path}`, file] : [path];
      const released = await verify(["--require=2", ...what], "", names);
      assertReleased(released, LINES);
      const rest = mode === "detached" ? [file] : [];
      const { status, stderr } = await run(
        ["gpgv", "--keyring", keyring, path, ...rest],
      );
      assertEquals([status, stderr.match(/Good signature/g)?.length], [0, 2]);
    }
  }
});

gpgTest("verify accepts what sign makes, from pipes and files", async () => {
  const { secretFile } = await testKey("ed25519");
  const signer = `--secret-key=${secretFile}`;
  using dir = new TempDir();
  const large = crypto.getRandomValues(new Uint8Array(65536)).toBase64();
  for (const document of [BYTES, bytesOf(`${large}\n`.repeat(40))]) {
    const file = dir.file("document", document);
    const detached = await sign(["--mode=detached", signer], document);
    const signature = `--signature=${dir.file("signature", detached)}`;
    const message = await sign(["--mode=inline", signer], document);
    const path = dir.file("message", message);
    for (const release of ["spool", "two-pass", "unverified"]) {
      const how = `--release=${release}`;
      assertReleased(await verifyPiped([how, signature, file]), document);
      assertReleased(await verifyPiped([how, path]), document);
      if (release === "two-pass") continue;
      assertReleased(await verifyPiped([how, signature], document), document);
      assertReleased(await verifyPiped([how], message), document);
    }
  }
  const clear = await sign(["--mode=clear", signer], LINES);
  assertReleased(await verifyPiped([], clear), LINES);
  assertReleased(await verifyPiped([dir.file("clear", clear)]), LINES);
});

gpgTest("verify accepts what gpg makes", async () => {
  using dir = new TempDir();
  const file = dir.file("document", BYTES);
  for (
    const args of [
      ["--sign"],
      ["--sign", "--armor"],
      ["--sign", "--armor", "--comment", "from a job"],
      ["--sign", "-z0"],
      ["--sign", "-z0", "--armor"],
      ["--sign", "--compress-algo=zip"],
      ["--sign", "--compress-algo=zlib"],
      ["--sign", "--digest-algo=sha512"],
    ]
  ) {
    const message = await gpgSign(["ed25519"], args, BYTES);
    assertReleased(await verify([], message), BYTES);
    // For a file, gpg also writes the length and the name.
    const output = ["--output", "-", ...args, file];
    const path = dir.file("message", await gpgSign(["ed25519"], output, ""));
    assertReleased(await verify([path]), BYTES);
  }
  for (const args of [["--detach-sign"], ["--detach-sign", "--armor"]]) {
    const signature = await gpgSign(["ed25519"], args, BYTES);
    const path = dir.file("signature", signature);
    assertReleased(await verify([`--signature=${path}`], BYTES), BYTES);
    assertReleased(await verify([`--signature=${path}`, file]), BYTES);
    const piped = await verifyPiped(["--signature=-", file], signature);
    assertReleased(piped, BYTES);
  }
  const clear = await gpgSign(["ed25519"], ["--clearsign"], LINES);
  assertReleased(await verify([], clear), LINES);
});

gpgTest("verify says that it does not know bzip2", async () => {
  const args = ["--sign", "--compress-algo=bzip2"];
  const message = await gpgSign(["ed25519"], args, BYTES);
  assertRefused(
    await verify([], message),
    4,
    "compression by bzip2 is unsupported, expected zip, zlib or none",
    "bzip2",
  );
});

gpgTest("verify releases signed text with line feeds", async () => {
  const dos = "a\r\nb \r\n\r\nc\r\n", unix = "a\nb \n\nc\n";
  using dir = new TempDir();
  for (const document of [dos, unix]) {
    const args = ["--textmode", "--sign"];
    const message = await gpgSign(["ed25519"], args, document);
    assertReleased(await verify([], message), unix);
    const signature = dir.file(
      "signature",
      await gpgSign(["ed25519"], ["--textmode", "--detach-sign"], document),
    );
    for (const signed of [dos, unix]) {
      assertReleased(await verify([`--signature=${signature}`], signed), unix);
    }
  }
  // White space that no signature covers is left out, with a message.
  const clear = await gpgSign(["ed25519"], ["--clearsign"], "a \t\nb\n");
  const released = await verify([], clear);
  assertReleased(released, "a\nb\n");
  assertStringIncludes(released.stderr, "white space at the end of 1 line");
});

gpgTest("verify reports all signatures and counts keys", async () => {
  using dir = new TempDir();
  const both = ["ed25519", "rsa3072"] as const;
  const detached = dir.file(
    "detached",
    await gpgSign(both, ["--detach-sign"], LINES),
  );
  for (
    const [args, document] of [
      [[], await gpgSign(both, ["--sign"], LINES)],
      [[], await gpgSign(both, ["--sign", "-z0", "--armor"], LINES)],
      [[], await gpgSign(both, ["--clearsign"], LINES)],
      [[`--signature=${detached}`], LINES],
    ] as const
  ) {
    const released = await verify([...args, "--require=2"], document, both);
    assertReleased(released, LINES);
    for (const key of both) {
      const { fingerprint } = await testKey(key);
      assertStringIncludes(released.stderr, fingerprint);
    }
    // During a transition, one of the keys is enough.
    for (const key of both) {
      assertReleased(await verify(args, document, [key]), LINES);
      const refused = await verify([...args, "--require=2"], document, [key]);
      assertRefused(refused, 3, "1 of 2 keys", "one key");
    }
  }
});

/** Replaces a string in a text; fails if it does not occur. */
function change(
  document: Uint8Array | string,
  from: string | RegExp,
  to: string,
): string {
  const before = typeof document === "string" ? document : text(document);
  const after = before.replace(from, to);
  assert(after !== before, `there is no ${from} to change`);
  return after;
}

gpgTest(
  "verify refuses every clear-signed text that was tampered with",
  async () => {
    const lines = "one\n- two\nthree\n";
    const good = text(await gpgSign(["ed25519"], ["--clearsign"], lines));
    const other = text(await gpgSign(["ed25519"], ["--clearsign"], "other\n"));
    const empty = text(await gpgSign(["ed25519"], ["--clearsign"], ""));
    assertReleased(await verify([], good), lines);
    const END = "-----END PGP SIGNATURE-----";
    const BEGIN = "-----BEGIN PGP SIGNED MESSAGE-----";
    const notDashEscaped = text(
      await gpgSign(["ed25519"], ["--clearsign", "--not-dash-escaped"], lines),
    );
    assertStringIncludes(notDashEscaped, "NotDashEscaped");
    for (
      const [what, document, status, reason] of [
        ["text before", "All is well.\n" + good, 4, "line 1 is not"],
        ["text behind", good + "All is well.\n", 4, "follows the signed text"],
        ["two messages", good + other, 4, "follows the signed text"],
        ["no end", change(good, `${END}\n`, ""), 1, "too early"],
        ["no signature", good.slice(0, good.indexOf("three")), 1, "too early"],
        ["evil end", change(good, END, "-----EVIL TEXT-----"), 4, "is not"],
        ["evil begin", change(good, BEGIN, "-----EVIL TEXT-----"), 4, "is not"],
        [
          "evil dashes",
          change(good, "three", "-----EVIL TEXT-----"),
          4,
          "a dash that is not escaped",
        ],
        ["undashed line", change(good, "- - two", "- two"), 1, "does not sign"],
        ["undashed", change(good, "- - two", "-two"), 4, "not escaped"],
        ["NUL at an end", change(good, "one\n", "one\0\n"), 4, "has a NUL"],
        ["NUL before an end", change(good, "one\n", "one\n\0"), 4, "has a NUL"],
        ["hash missing", change(good, /^Hash.*\n/m, ""), 4, 'without "Hash:"'],
        [
          "hash mismatched",
          change(good, /SHA\d+/, "SHA384"),
          4,
          "names sha384",
        ],
        ["a hash too many", change(good, /SHA\d+/, "$&,SHA1"), 4, "names sha"],
        ["NotDashEscaped", notDashEscaped, 4, 'is not "Hash: NAME"'],
        [
          "text in a header",
          change(good, /^Hash.*\n/m, "$&Comment: All is well.\n"),
          4,
          'is not "Hash: NAME"',
        ],
        [
          "text in an armor header",
          change(good, "PGP SIGNATURE-----\n", "$&All is well.\n"),
          4,
          "is not an armor header",
        ],
        ["BOM", "\ufeff" + good, 4, "is not"],
        ["lone CR", change(good, "one\n", "one\rtwo\n"), 4, "has a CR"],
        ["bad armor CRC", change(good, /^=....$/m, "=AAAA"), 4, "has CRC-24"],
        ["changed", change(good, "three", "four"), 1, "does not sign"],
        [
          "a line more",
          change(good, "three\n", "three\nfour\n"),
          1,
          "not sign",
        ],
        ["an empty line more", change(good, "three\n", "$&\n"), 1, "not sign"],
        ["a line less", change(good, "three\n", ""), 1, "not sign"],
        ["space before", change(good, "three", " three"), 1, "not sign"],
        [
          "another's signature",
          good.slice(0, good.indexOf("-----BEGIN PGP SIGNATURE")) +
          other.slice(other.indexOf("-----BEGIN PGP SIGNATURE")),
          1,
          "not sign",
        ],
        ["no lines", change(empty, "\n\n\n", "\n\n"), 4, "without a text"],
        ["empty", "", 4, "there is no line"],
      ] as const
    ) {
      const refused = await verify(["--mode=clear"], document);
      assertRefused(refused, status, reason, what);
    }
  },
);

gpgTest("verify leaves out text around clear text when it may", async () => {
  const good = text(await gpgSign(["ed25519"], ["--clearsign"], LINES));
  const around = `Dear all,\n\n${good}-- \nme\n`;
  const args = ["--mode=clear", "--allow-surrounding-text"];
  // Only clear text may have text before it, so the mode is optional.
  for (const words of [args, args.slice(1)]) {
    const released = await verify(words, around);
    assertReleased(released, LINES);
    assertStringIncludes(released.stderr, "4 lines around the text");
  }
  for (const document of [good + good, "\ufeff" + good]) {
    assertEquals((await verify(args, document)).status, 4);
  }
});

gpgTest(
  "verify names the option that takes text around clear text",
  async () => {
    const good = text(await gpgSign(["ed25519"], ["--clearsign"], LINES));
    const message = text(await gpgSign(["ed25519"], ["--sign", "-a"], LINES));
    for (
      const [args, document, reason] of [
        [["--mode=clear"], `Hi,\n${good}`, "use --allow-surrounding-text"],
        [["--mode=clear"], `${good}Bye\n`, "use --allow-surrounding-text"],
        [[], `${good}Bye\n`, "use --allow-surrounding-text"],
        [[], `Hi,\n${good}`, "text begins at byte 4: use --allow-surr"],
        [
          [],
          `${"é".repeat(50_000)}\n${good}`,
          "text begins at byte 100001: use",
        ],
        [[], `Hi,\n${message}`, "message begins at byte 4: remove the text"],
      ] as const
    ) {
      const refused = await verify(args, document);
      assertRefused(refused, 4, reason, document.slice(0, 40));
    }
    // Where it is part of a result, it is none.
    const quoted = stream({
      testId: "a",
      fileName: "log",
      fileBytes: bytesOf(good),
    });
    const { stderr } = await verify([], quoted);
    assert(!stderr.includes("--allow-surrounding-text"), stderr);
  },
);

gpgTest(
  "verify takes clear text as mail programs and pastes leave it",
  async () => {
    const both = ["ed25519", "rsa3072"] as const;
    const good = text(await gpgSign(both, ["--clearsign"], LINES));
    const names = /^Hash: (\w+),(\w+)$/m;
    for (
      const document of [
        good,
        good.replaceAll("\n", "  \n"),
        good.replaceAll("\n", " \t\r\n"),
        change(good, "PGP SIGNATURE-----\n\n", "PGP SIGNATURE-----\n  \n"),
        change(good, names, "Hash: $1, $2"),
        change(good, names, "Hash: $2 , $1 "),
        change(good, names, "Hash: $1\nHash: $2"),
      ]
    ) {
      for (const args of [["--mode=clear"], []]) {
        const released = await verify([...args, "--require=2"], document, both);
        assertReleased(released, LINES);
      }
    }
  },
);

gpgTest(
  "sign takes white space at line ends, which it does not cover",
  async () => {
    const { fingerprint, secretFile } = await testKey("ed25519");
    const keyring = await gpgvKeyring("ed25519");
    using dir = new TempDir();
    const blank = "a \nb\t \n \n- c \nFrom \nd\n",
      trimmed = "a\nb\n\n- c\nFrom\nd\n";
    const long = `${"x".repeat(99)} \n`.repeat(2000);
    for (
      const [key, document, released, count] of [
        [`--secret-key=${secretFile}`, blank, trimmed, 5],
        [`--key=${fingerprint}`, blank, trimmed, 5],
        [`--secret-key=${secretFile}`, long, long.replaceAll(" ", ""), 2000],
      ] as const
    ) {
      const { status, stdout, stderr } = await signedStream(
        ["sign", "--mode=clear", key],
        { stdin: document },
      );
      assertEquals(status, 0, stderr);
      assertStringIncludes(
        stderr,
        `does not cover the white space at the end of ${count} lines`,
      );
      const shown = document.replaceAll(/^(?=-|From )/gm, "- ");
      assertStringIncludes(text(stdout), `\n\n${shown}-----BEGIN PGP SIGN`);
      assertReleased(await verify([], stdout), released);
      const file = dir.file("clear", stdout);
      const verified = await run(["gpgv", "--keyring", keyring, file]);
      assertEquals(verified.status, 0, verified.stderr);
    }
  },
);

/** A packet in the old format, with a length of four octets. */
function packet(tag: number, body: Uint8Array): Uint8Array {
  const length = [24, 16, 8, 0].map((bits) => body.length >>> bits);
  return concat([Uint8Array.of(0x82 | tag << 2, ...length), body]);
}

/** The packets of a message that is not compressed. */
function packetsOf(message: Uint8Array): Uint8Array[] {
  const packets: Uint8Array[] = [];
  for (let at = 0; at < message.length;) {
    const isNew = (message[at] & 0x40) !== 0;
    const octets = isNew ? 1 : 1 << (message[at] & 3);
    const length = message.subarray(at + 1, at + 1 + octets)
      .reduce((sum, octet) => sum * 256 + octet);
    assert(!isNew || length < 192);
    const end = at + 1 + octets + length;
    packets.push(message.subarray(at, end));
    at = end;
  }
  return packets;
}

async function compressed(message: Uint8Array): Promise<Uint8Array> {
  const deflated = new Response(message as Uint8Array<ArrayBuffer>).body!
    .pipeThrough(new CompressionStream("deflate-raw"));
  const body = await new Response(deflated).bytes();
  return concat([Uint8Array.of(0xa3, 1), body]);
}

gpgTest("verify refuses every message that was tampered with", async () => {
  const good = await gpgSign(["ed25519"], ["--sign", "-z0"], "content");
  const [onePass, literal, signature, ...none] = packetsOf(good);
  assertEquals(none, []);
  const evil = packet(11, bytesOf("b\0\0\0\0\0evil"));
  const foreign = await gpgSign(["other"], ["--sign", "-z0"], "evil");
  const zip = await compressed(good);
  const changed = flipped(good, good.length - signature.length - 1);
  const again = concat([onePass, literal, signature]);
  assertReleased(await verify([], again), "content");
  assertReleased(await verify([], zip), "content");
  // As PGP 2 wrote it.
  const old = concat([signature, literal]);
  assertReleased(await verify([], old), "content");
  for (
    const [what, message, status, reason] of [
      ["literal before", [evil, good], 4, "no signature"],
      ["literal behind", [good, evil], 4, "follows the signed content"],
      [
        "literal inside",
        [onePass, evil, literal, signature],
        4,
        "in the place of a",
      ],
      [
        "literal inside 2",
        [onePass, literal, evil, signature],
        4,
        "in the place of a",
      ],
      [
        "literal before, old",
        [signature, evil, literal],
        4,
        "follows the signed content",
      ],
      [
        "literal behind, old",
        [signature, literal, evil],
        4,
        "follows the signed content",
      ],
      [
        "literal nested",
        [onePass, await compressed(concat([evil, literal])), signature],
        4,
        "a compressed data packet precedes the signed content",
      ],
      [
        "message nested",
        [onePass, good, signature],
        4,
        "sign different things",
      ],
      ["literal for another", [onePass, evil, signature], 1, "does not sign"],
      ["changed", [changed], 1, "does not sign"],
      ["two messages", [good, foreign], 4, "follows the signed content"],
      ["a literal alone", [literal], 4, "it has no signature"],
      ["no signature", [onePass, literal], 1, "too early"],
      ["another's", [onePass, literal, packetsOf(foreign)[2]], 4, "announced"],
      ["trailing bytes", [good, bytesOf("evil")], 4, "no packet begins"],
      ["behind compressed data", [zip, evil], 4, "bytes after its compressed"],
      ["a byte behind it", [zip, Uint8Array.of(0)], 4, "bytes after"],
      [
        "behind it, with a length",
        [packet(8, zip.subarray(1)), evil],
        4,
        "a literal data packet follows the signed content",
      ],
      [
        "in compressed data",
        [await compressed(concat([good, evil]))],
        4,
        "follows the signed content",
      ],
      ["compressed twice", [await compressed(zip)], 4, "precedes"],
      ["cut", [good.subarray(0, -1)], 1, "too early"],
      ["cut compressed", [zip.subarray(0, -1)], 1, "too early"],
      ["encrypted", [packet(9, bytesOf("evil"))], 4, "an encrypted data"],
      ["empty", [], 4, "it is empty"],
      ["no message", [bytesOf("evil")], 4, "no packet begins"],
    ] as const
  ) {
    const refused = await verify(["--mode=inline"], concat([...message]));
    assertRefused(refused, status, reason, what);
  }
});

gpgTest("verify ends a decompression bomb at the limit", async () => {
  const bomb = await gpgSign(["ed25519"], ["--sign"], new Uint8Array(50 * MIB));
  assert(bomb.length < MIB);
  using dir = new TempDir();
  const file = dir.file("bomb", bomb);
  for (const from of [[], [file], ["--release=spool", file]]) {
    assertRefused(
      await verifyPiped(["--max-bytes=1M", ...from], bomb),
      5,
      "more than 1048576 bytes: see --max-bytes",
      "a bomb",
    );
  }
  // The limit holds for all documents.
  const { secretFile } = await testKey("ed25519");
  for (const mode of ["inline", "clear", "detached"]) {
    const args = [`--mode=${mode}`, `--secret-key=${secretFile}`];
    const signed = await sign(args, LINES);
    const verified = mode === "detached"
      ? [[`--signature=${dir.file("signature", signed)}`], LINES] as const
      : [[], signed] as const;
    const [signature, document] = verified;
    const length = bytesOf(LINES).length;
    assertReleased(
      await verifyPiped([...signature, `--max-bytes=${length}`], document),
      LINES,
    );
    const less = await verifyPiped(
      // The last line feed of a clear text is not part of what is signed.
      [...signature, `--max-bytes=${length - 2}`],
      document,
    );
    assertRefused(less, 5, "see --max-bytes", mode);
  }
});

gpgTest("verify refuses what a detached signature does not sign", async () => {
  using dir = new TempDir();
  const make = async (keys: readonly KeyName[], content: Uint8Array) =>
    await gpgSign(keys, ["--detach-sign"], content);
  const good = await make(["ed25519"], BYTES);
  const bad = await make(["rsa3072"], bytesOf("other"));
  const altered = flipped(BYTES, 10);
  const armored = await gpgSign(["ed25519"], ["-a", "--detach-sign"], BYTES);
  const message = await gpgSign(["ed25519"], ["--sign"], BYTES);
  const key = Deno.readFileSync((await testKey("ed25519")).publicFile);
  for (
    const [what, signature, document, status, reason] of [
      ["altered", good, altered, 1, "does not sign"],
      ["truncated", good, BYTES.subarray(0, -1), 1, "does not sign"],
      ["longer", good, concat([BYTES, Uint8Array.of(0)]), 1, "does not sign"],
      ["empty file", good, new Uint8Array(0), 1, "does not sign"],
      ["wrong file", good, bytesOf("other"), 1, "does not sign"],
      ["empty signature", new Uint8Array(0), BYTES, 4, "no signature"],
      [
        "empty armor",
        bytesOf(armor(new Uint8Array(0), "SIGNATURE")),
        BYTES,
        4,
        "no signature",
      ],
      ["two, one bad", concat([good, bad]), BYTES, 1, "does not sign"],
      ["two, one bad first", concat([bad, good]), BYTES, 1, "does not sign"],
      ["garbage behind", concat([good, bytesOf("x")]), BYTES, 4, "no packet"],
      ["garbage", bytesOf("garbage"), BYTES, 4, "no packet begins"],
      ["cut", good.subarray(0, -1), BYTES, 1, "too early"],
      ["cut armor", armored.subarray(0, -10), BYTES, 4, "is not"],
      ["armor twice", concat([armored, armored]), BYTES, 4, "follows the END"],
      ["a message", message, BYTES, 4, "is among them"],
      ["a key", key, BYTES, 4, "is not"],
      ["the file itself", BYTES, BYTES, 4, "a packet of type 12"],
    ] as const
  ) {
    const path = dir.file("signature", signature);
    const file = dir.file("document", document);
    const ways = what === "altered" || what === "two, one bad"
      ? [[], [file], ["--release=spool", file]]
      : [[]];
    for (const from of ways) {
      const refused = await verify(
        [`--signature=${path}`, ...from],
        document,
        ["ed25519", "rsa3072"],
      );
      assertRefused(refused, status, reason, what);
    }
  }
  // On request the text is released anyway; the exit status is the same.
  const path = dir.file("signature", good);
  const unverified = await verify(
    [`--signature=${path}`, "--release=unverified"],
    altered,
  );
  assertEquals(unverified.status, 1);
  assert(equalBytes(unverified.stdout, altered));
});

gpgTest("verify goes by the state of keys", async () => {
  using dir = new TempDir();
  /** A text signed by gpg in a mode: the arguments and input of verify. */
  const signed = async (
    mode: string,
    keys: readonly KeyName[],
    args: readonly string[],
  ) => {
    const document = await gpgSign(keys, [...args, `--${mode}`], LINES);
    return mode === "detach-sign"
      ? [[`--signature=${dir.file("signature", document)}`], LINES] as const
      : [[], document] as const;
  };
  const IN_2020 = atTime("20200601T000000");
  const sha1 = ["--digest-algo=sha1", "--allow-weak-digest-algos"];
  const { fingerprint: expired } = await testKey("expired");
  const rows = [
    ["expired now", ["expired"], IN_2020, [], 3, "expired at"],
    ["expired now, allowed", ["expired"], IN_2020, ["--allow-expired-key"], 0],
    ["SHA-1 of ed25519", ["ed25519"], sha1, [], 3, "sha1 is too short"],
    ["future", ["ed25519"], atTime("20900101T000000"), [], 1, "in the future"],
    ["unknown", ["other"], [], [], 3, "the keyring has no such key"],
    ["SHA-1", ["rsa3072"], sha1, [], 3, "the hash sha1 is weak"],
    ["SHA-1, allowed", ["rsa3072"], sha1, ["--allow-weak=sha1"], 0],
    ["revoked", ["revoked"], [], [], 3, "is revoked"],
    [
      "DSA-1024",
      ["dsa1024"],
      ["--digest-algo=sha256"],
      [],
      3,
      "dsa1024 is weak",
    ],
    [
      "DSA-1024, allowed",
      ["dsa1024"],
      ["--digest-algo=sha256"],
      ["--allow-weak=dsa1024"],
      0,
    ],
    [
      "too old",
      ["ed25519"],
      [],
      ["--not-before=2090-01-01T00:00:00Z"],
      1,
      "re",
    ],
    ["not the key asked for", ["ed25519"], [], [`--require-key=${expired}`], 3],
  ] as const;
  const keyrings: string[] = [`--keyring=${await revokedFile()}`];
  for (const name of ["expired", "ed25519", "rsa3072", "dsa1024"] as const) {
    keyrings.push(`--keyring=${(await testKey(name)).publicFile}`);
  }
  // The mode does not matter for these rows, so each uses the next one.
  const modes = ["detach-sign", "sign", "clearsign"];
  for (const [index, row] of rows.entries()) {
    const [what, keys, gpgArgs, args, status, reason = ""] = row;
    const mode = modes[index % modes.length];
    const [signature, stdin] = await signed(mode, keys, gpgArgs);
    const finished = await signedStream(
      ["verify", ...keyrings, ...args, ...signature],
      { stdin },
    );
    if (status === 0) assertReleased(finished, LINES);
    else assertRefused(finished, status, reason, what);
  }
});

gpgTest("verify counts a key once, however often it signs", async () => {
  using dir = new TempDir();
  const [onePass, literal, first] = packetsOf(
    await gpgSign(["ed25519"], ["--sign", "-z0"], LINES),
  );
  const [second] = packetsOf(
    await gpgSign(["ed25519"], ["--detach-sign"], LINES),
  );
  const another = onePass.slice();
  another[another.length - 1] = 0;
  const clear = text(await gpgSign(["ed25519"], ["--clearsign"], LINES));
  const at = clear.indexOf("-----BEGIN PGP SIGNATURE");
  const one = concat([...dearmor([bytesOf(clear.slice(at))], "SIGNATURE")]);
  const two = armor(concat([one, one]), "SIGNATURE");
  const signature = dir.file("signature", concat([first, second]));
  for (
    const [args, document] of [
      [[`--signature=${signature}`], LINES],
      [[], concat([another, onePass, literal, second, first])],
      [[], concat([first, second, literal])],
      [[], clear.slice(0, at) + two],
    ] as const
  ) {
    const released = await verify(args, document);
    assertReleased(released, LINES);
    assertEquals(released.stderr.match(/: good$/gm)?.length, 2);
    const refused = await verify([...args, "--require=2"], document);
    assertRefused(refused, 3, "1 of 2 keys", "one key twice");
  }
});

gpgTest("verify refuses a signature made after its key expired", async () => {
  // gpg refuses to sign then, so its key gets a longer life than our copy.
  const { fingerprint, publicFile } = await testKey("expired");
  const before = Deno.readTextFileSync(publicFile);
  using dir = new TempDir();
  const copy = dir.file("home.pub", before);
  const forever = ["--quick-set-expire", fingerprint, "0"];
  const aside = `${gpgHome()}/aside`;
  Deno.mkdirSync(aside, { mode: 0o700 });
  const { secretFile } = await testKey("expired");
  const there = ["--homedir", aside];
  await gpgOutput([...there, "--import", secretFile]);
  await gpgOutput([...there, ...forever]);
  const user = ["--local-user", fingerprint];
  const message = await gpgOutput([...there, ...user, "--sign"], {
    stdin: LINES,
  });
  for (const args of [[], ["--allow-expired-key"]]) {
    const refused = await signedStream(
      ["verify", `--keyring=${copy}`, ...args],
      { stdin: message },
    );
    assertRefused(refused, 3, "had expired before", "expired at signing");
  }
});

gpgTest("sign refuses text that would not be read as it is", async () => {
  const { fingerprint, secretFile } = await testKey("ed25519");
  for (const key of [`--secret-key=${secretFile}`, `--key=${fingerprint}`]) {
    for (
      const [document, reason] of [
        ["", "it is empty"],
        ["a", "its last line has no line feed"],
        ["a\nb", "its last line has no line feed"],
        ["a\r\n", "line 1 ends in a CR, and clear text does not keep CR LF"],
        ["a\nb\r\nc\n", "line 2 ends in a CR"],
        ["a\rb\n", "line 1 has a CR that is not before its line feed"],
        ["a\0\n", "line 1 has a NUL"],
        ["a".repeat(20_000) + "\n", "line 1 has 20000 bytes"],
      ]
    ) {
      const { status, stdout, stderr } = await signedStream(
        ["sign", "--mode=clear", key],
        { stdin: document },
      );
      assertEquals([status, text(stdout)], [4, ""]);
      assertStringIncludes(stderr, `Cannot clear-sign the text: ${reason}`);
    }
  }
});

gpgTest("sign and verify say what fails around them", async () => {
  const { secretFile } = await testKey("ed25519");
  using dir = new TempDir();
  const file = dir.file("document", LINES);
  const path = dir.file(
    "signature",
    await sign(["--mode=detached", `--secret-key=${secretFile}`], LINES),
  );
  const signature = `--signature=${path}`;
  const large = dir.file("large", new Uint8Array(MIB + 1).fill(0x2d));
  for (
    const [args, status, reason] of [
      [["--mode=detached", file], 2, "--signature"],
      [["--mode=detached", signature, "nowhere"], 5, 'Cannot open "nowhere"'],
      [["--signature=nowhere", file], 5, 'Cannot open "nowhere"'],
      [[`--signature=${large}`, file], 5, "more than 1048576 bytes"],
      [["--release=two-pass", signature], 2, "expected a regular file"],
      [["--release=two-pass", signature, "/dev/null"], 2, "regular file"],
    ] as const
  ) {
    assertRefused(
      await verifyPiped(args, LINES),
      status,
      reason,
      args.join(" "),
    );
  }
  const nowhere = await signedStream(
    ["verify", `--keyring=${(await testKey("ed25519")).publicFile}`, signature],
    { stdin: LINES, env: { TMPDIR: "/nowhere" } },
  );
  assertRefused(nowhere, 5, "Cannot make the spool file", "no spool");
  const absent = `--key=${"0".repeat(40)}`;
  for (const mode of ["detached", "inline", "clear"]) {
    const failed = await signedStream(["sign", `--mode=${mode}`, absent], {
      stdin: LINES,
    });
    assertEquals(failed.status, 6, failed.stderr);
  }
});

gpgTest(
  "verify releases a prefix of a file that changes between its passes",
  async () => {
    const { publicFile, secretFile } = await testKey("ed25519");
    const content = new Uint8Array(6 * MIB);
    for (let at = 0; at < content.length; at++) content[at] = at >> 12;
    using dir = new TempDir();
    const signed = await sign(
      ["--mode=inline", `--secret-key=${secretFile}`],
      content,
    );
    const file = dir.file("message", signed);
    const [program, ...args] = signedStreamCommand();
    const process = new Deno.Command(program, {
      args: [...args, "verify", `--keyring=${publicFile}`, file],
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    // After the first message, the first pass is over, and the tool waits for a reader.
    const stderr = process.stderr.getReader();
    const { value } = await stderr.read();
    assertStringIncludes(text(value!), ": good");
    using opened = Deno.openSync(file, { write: true });
    opened.seekSync(4.5 * MIB, Deno.SeekMode.Start);
    opened.writeSync(bytesOf("evil"));
    const stdout = await new Response(process.stdout).bytes();
    const more = (await stderr.read()).value;
    await stderr.cancel();
    assertStringIncludes(text(more!), "it changed between the two passes");
    assertEquals((await process.status).code, 1);
    assert(equalBytes(stdout, content.subarray(0, 4 * MIB)));
  },
);

/** The bound on resident memory for documents of any length. */
const MOST_BYTES = 200 * MIB;

const LARGE_BYTES = 300e6;

longTest("sign and verify stay small on 300 MB", GPG_PEERS, async () => {
  const { fingerprint, publicFile, secretFile } = await testKey("ed25519");
  using dir = new TempDir();
  const signature = `${dir.path}/signature`, message = `${dir.path}/message`;
  const content = `yes "$(printf %99s x)" | head -c ${LARGE_BYTES}`;
  const sign = `exec "$@" sign --secret-key=${secretFile}`;
  const verify = `exec "$@" verify --keyring=${publicFile}`;
  const gpg = `gpg --quiet --local-user=${fingerprint}`;
  for (
    const script of [
      `${sign} --mode=detached < <(${content}) > ${signature}`,
      `${verify} --signature=${signature} < <(${content})`,
      `${sign} --mode=inline < <(${content}) > ${message}`,
      `${verify} < ${message}`,
      `${verify} ${message}`,
      `${verify} < <(${content} | ${gpg} --sign)`,
      `${verify} < <(${content} | ${gpg} --clearsign)`,
    ]
  ) {
    const peak = await peakMemoryOf(script, signedStreamCommand(), {
      env: gpgEnv(),
    });
    assert(peak < MOST_BYTES, `${script} takes ${peak} bytes`);
  }
});
