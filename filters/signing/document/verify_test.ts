import { assertEquals, assertRejects } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { createHash } from "node:crypto";
import { lent } from "../../../codec/_testing/decode_chunks.ts";
import { pieces } from "../../../tests/support/streams.ts";
import type { ToolIO } from "../../kit/tool/tool.ts";
import { armor } from "../openpgp/armor.ts";
import { cleartextHead } from "../openpgp/cleartext.ts";
import {
  detectDocumentMode,
  verifyDocument,
  type VerifyDocumentOptions,
} from "./verify.ts";
import { EXIT, SignedStreamError } from "../errors.ts";
import { LiteralWriter, onePassPacket } from "../openpgp/message.ts";
import { TYPE_BINARY, TYPE_TEXT } from "../openpgp/signature_packet.ts";

const KEY = "0123456789ABCDEF";

const bytesOf = (text: string) => new TextEncoder().encode(text);

const SHA256 = 8, SHA512 = 10;

/** The hashed part of a signature by EdDSA, made in 2021. */
function hashedPart(type: number, hash = SHA256): number[] {
  return [4, type, 22, hash, 0, 6, 5, 2, 0x60, 0, 0, 0];
}

/** A signature packet, as far as it is parsed. */
function signature(type: number, hash = SHA256): Uint8Array {
  const body = [
    ...hashedPart(type, hash),
    ...[0, 10, 9, 16, ...Uint8Array.fromHex(KEY)],
    ...[0, 0, 0, 1, 1, 0, 1, 1],
  ];
  return Uint8Array.of(0xc2, body.length, ...body);
}

/** What such a signature signs. */
function digestOf(content: string, type: number): string {
  const trailer = [...hashedPart(type), 4, 0xff, 0, 0, 0, 12];
  return createHash("sha256").update(content).update(Uint8Array.from(trailer))
    .digest("hex");
}

function message(content: string, type: number): Uint8Array {
  const parts: Uint8Array[] = [];
  const writer = new LiteralWriter((bytes) => parts.push(bytes.slice()));
  writer.add(bytesOf(content));
  writer.end();
  const head = onePassPacket({
    type,
    hashAlgorithm: SHA256,
    publicKeyAlgorithm: 22,
    keyId: KEY,
  });
  return concat([head, ...parts, signature(type)]);
}

function clear(text: string): Uint8Array {
  const head = cleartextHead(["sha256"]);
  return bytesOf(head + text + armor(signature(TYPE_TEXT), "SIGNATURE"));
}

/** What leaves a document, the digests asked about, and the exit status. */
async function resultOf(
  chunks: Iterable<Uint8Array>,
  options: Partial<VerifyDocumentOptions>,
  exitStatus: number = EXIT.verified,
): Promise<[string, string[], number]> {
  const written: Uint8Array[] = [];
  const digests: string[] = [];
  const io = {
    out: { write: (bytes: Uint8Array) => written.push(bytes.slice()) },
    warn() {},
  };
  const status = await verifyDocument(
    io as unknown as ToolIO,
    {
      mode: "inline",
      maxBytes: 1000,
      verifier: {
        judge(_signature, digest) {
          digests.push(digest.toHex());
          const key = { key_id: KEY, algorithm: "eddsa", hash: "sha256" };
          return Promise.resolve({ ...key, created: "", verdict: "good" });
        },
      },
      conclude: (records) => records.length === 1 ? exitStatus : EXIT.policy,
      ...options,
    },
    "-",
    chunks,
  );
  return [new TextDecoder().decode(concat(written)), digests, status];
}

Deno.test("verifyDocument hashes and releases the same, however it is cut", async () => {
  const text = "a\r\nb\n\r\n\rc\r\r\nd\r";
  const lines = "a\r\nb\n\r\n\rc\r\rd\r\n\ne";
  const canonical = "a\r\nb\r\n\r\n\rc\r\rd\r\n\r\ne";
  const released = "a\nb\n\n\rc\r\rd\n\ne";
  const armored = (bytes: Uint8Array) => bytesOf(armor(bytes, "MESSAGE"));
  using file = new SignatureFiles();
  for (
    const [options, document, type, signed, expected] of [
      [{}, message(text, TYPE_BINARY), TYPE_BINARY, text, text],
      [{}, message(canonical, TYPE_TEXT), TYPE_TEXT, canonical, released],
      [{}, armored(message(text, TYPE_BINARY)), TYPE_BINARY, text, text],
      [
        { mode: "detached", signature: file.of(TYPE_BINARY) },
        bytesOf(text),
        TYPE_BINARY,
        text,
        text,
      ],
      [
        { mode: "detached", signature: file.of(TYPE_TEXT) },
        bytesOf(lines),
        TYPE_TEXT,
        canonical,
        released,
      ],
      [
        { mode: "clear" },
        clear("a \n- - b\r\n\n"),
        TYPE_TEXT,
        "a\r\n- b\r\n",
        "a\n- b\n\n",
      ],
    ] as const
  ) {
    for (let size = 1; size <= document.length; size++) {
      assertEquals(
        await resultOf(lent(pieces(document, size)), options),
        [expected, [digestOf(signed, type)], EXIT.verified],
      );
    }
  }
});

/** Files with signatures. */
class SignatureFiles implements Disposable {
  readonly #paths: string[] = [];

  of(...types: number[]): string {
    const path = Deno.makeTempFileSync();
    Deno.writeFileSync(path, concat(types.map((type) => signature(type))));
    this.#paths.push(path);
    return path;
  }

  [Symbol.dispose](): void {
    for (const path of this.#paths) Deno.removeSync(path);
  }
}

Deno.test("verifyDocument releases nothing that is not concluded to be good", async () => {
  const document = message("content", TYPE_BINARY);
  for (const status of [EXIT.bad, EXIT.policy]) {
    assertEquals(
      await resultOf([document], {}, status),
      ["", [digestOf("content", TYPE_BINARY)], status],
    );
    const [released] = await resultOf(
      [document],
      { release: "unverified" },
      status,
    );
    assertEquals(released, "content");
  }
});

Deno.test("verifyDocument refuses signatures of bytes beside those of text", async () => {
  const types = [TYPE_BINARY, TYPE_TEXT];
  const signatures = concat(types.map((type) => signature(type)));
  const literal = message("a\r\n", TYPE_BINARY).subarray(15, -34);
  assertEquals([literal[0], literal.at(-1)], [0xcb, 0x0a]);
  using file = new SignatureFiles();
  for (
    const [options, document] of [
      [{}, concat([signatures, literal])],
      [
        { mode: "detached", signature: file.of(...types) },
        bytesOf("a\r\n"),
      ],
    ] as const
  ) {
    const error = await assertRejects(
      () => resultOf([document], { ...options, release: "unverified" }),
      SignedStreamError,
      "one signature is of bytes, another one of text",
    );
    assertEquals(error.exitStatus, EXIT.malformed);
  }
});

Deno.test("verifyDocument refuses text whose line ends are ambiguous", async () => {
  using file = new SignatureFiles();
  const detached = {
    mode: "detached",
    signature: file.of(TYPE_TEXT),
  } as const;
  for (
    const [options, text, problem] of [
      [detached, "a\r\r\nb", "ends in more than one CR"],
      [detached, "a\r", "ends in a CR"],
      [detached, "a\nb\0\n", "has a NUL"],
      [{}, "a\r\r\n", "ends in more than one CR"],
      [{}, "a\nb\r\n", "ends in a line feed without a CR"],
      [{}, "a\r\nb\r", "ends in a CR"],
    ] as const
  ) {
    const bytes = options === detached
      ? bytesOf(text)
      : message(text, TYPE_TEXT);
    for (const size of [1, 2, bytes.length]) {
      const error = await assertRejects(
        () => resultOf(pieces(bytes, size), options),
        SignedStreamError,
        problem,
      );
      assertEquals(error.exitStatus, EXIT.malformed);
    }
  }
});

Deno.test("verifyDocument refuses content longer than it may be", async () => {
  const document = message("x".repeat(1000), TYPE_BINARY);
  assertEquals((await resultOf([document], {}))[0].length, 1000);
  const error = await assertRejects(
    () => resultOf([document], { maxBytes: 999 }),
    SignedStreamError,
    "more than 999 bytes",
  );
  assertEquals(error.exitStatus, EXIT.trouble);
});

Deno.test("verifyDocument refuses clear text with a signature of bytes", async () => {
  const text = cleartextHead(["sha256"]) + "a\n" +
    armor(signature(TYPE_BINARY), "SIGNATURE");
  const error = await assertRejects(
    () => resultOf([bytesOf(text)], { mode: "clear" }),
    SignedStreamError,
    "its signature is not one of a text",
  );
  assertEquals(error.exitStatus, EXIT.malformed);
});

Deno.test("verifyDocument goes by the hashes clear text names, all of them", async () => {
  const signatures = concat([
    signature(TYPE_TEXT, SHA256),
    signature(TYPE_TEXT, SHA512),
  ]);
  const text = (names: string[]) =>
    cleartextHead(names) + "a\n" + armor(signatures, "SIGNATURE");
  const read = (names: string[]) =>
    resultOf([bytesOf(text(names))], {
      mode: "clear",
      conclude: () => EXIT.verified,
    });
  const [released, digests] = await read(["sha256", "sha512"]);
  assertEquals(released, "a\n");
  assertEquals(digests.map(({ length }) => length), [64, 128]);
  for (
    const names of [
      ["sha256"],
      ["sha512"],
      ["sha384"],
      ["sha256", "sha512", "sha384"],
    ]
  ) {
    await assertRejects(() => read(names), SignedStreamError, '"Hash:" names');
  }
});

Deno.test("detectDocumentMode tells messages by their first bytes", () => {
  const BEGIN = "-----BEGIN PGP";
  for (
    const [head, mode] of [
      [`${BEGIN} SIGNED MESSAGE-----\nHash: SHA256\n`, "clear"],
      [`${BEGIN} SIGNED MESSAGE-----\r\nHash: SHA256\n`, "clear"],
      [`${BEGIN} MESSAGE-----\n\n`, "inline"],
      [`${BEGIN} SIGNATURE-----\n\n`, undefined],
      [`${BEGIN} SIGNED MESSAGE----- \t\r\n`, "clear"],
      [`${BEGIN} SIGNED MESSAGE-----\v\n`, undefined],
      [`${BEGIN} SIGNED MESSAGE----- x\n`, undefined],
      [` ${BEGIN} SIGNED MESSAGE-----\n`, undefined],
      ["1..1\nok 1\n", undefined],
      ["", undefined],
    ] as const
  ) {
    assertEquals(detectDocumentMode(bytesOf(head)), mode, head);
  }
  for (
    const [first, mode] of [
      [0x90, "inline"], // one-pass signature
      [0xc4, "inline"],
      [0x88, "inline"], // signature
      [0xa3, "inline"], // compressed data
      [0xcb, "inline"], // literal data
      [0xb3, undefined], // a subunit packet
      [0x99, undefined], // a key
    ] as const
  ) {
    assertEquals(detectDocumentMode(Uint8Array.of(first, 0x0d)), mode);
  }
});
