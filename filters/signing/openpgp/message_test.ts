import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import { deflateRawSync, deflateSync } from "node:zlib";
import { lent } from "../../../codec/_testing/decode_chunks.ts";
import { pieces } from "../../../tests/support/streams.ts";
import { SignedStreamError } from "../errors.ts";
import {
  LiteralWriter,
  onePassPacket,
  readMessage,
  readSignatures,
} from "./message.ts";
import type { Chunks } from "./packets.ts";

const SEED = 20260103;

const KEY = "0123456789ABCDEF";
const OTHER_KEY = "FEDCBA9876543210";
const EDDSA = 22, SHA256 = 8, SHA512 = 10;

const bytes = (...parts: (Uint8Array | number[])[]) =>
  concat(parts.map((part) => Uint8Array.from(part)));
const text = (content: string) => new TextEncoder().encode(content);

/** A packet in the new form, its length in five octets. */
function packet(tag: number, body: Uint8Array): Uint8Array {
  const { length } = body;
  return bytes(
    [0xc0 | tag, 0xff, length >>> 24, length >> 16, length >> 8, length],
    body,
  );
}

/** A packet in the old form, its length in as many octets. */
function oldPacket(tag: number, octets: 1 | 2 | 4, body: Uint8Array) {
  const length = [24, 16, 8, 0].map((bits) => body.length >>> bits);
  const type = { 1: 0, 2: 1, 4: 2 }[octets];
  return bytes([0x80 | tag << 2 | type], length.slice(-octets), body);
}

interface Form {
  type?: number;
  hash?: number;
  key?: string;
}

function onePass({ type = 0, hash = SHA256, key = KEY }: Form = {}, last = 1) {
  const body = [3, type, hash, EDDSA, ...Uint8Array.fromHex(key), last];
  return packet(4, Uint8Array.from(body));
}

/** A signature, as far as it is parsed: hashed a time, unhashed an issuer. */
function signature({ type = 0, hash = SHA256, key = KEY }: Form = {}) {
  return packet(
    2,
    bytes(
      [4, type, EDDSA, hash, 0, 6, 5, 2, 0x60, 0, 0, 0],
      [0, 10, 9, 16, ...Uint8Array.fromHex(key)],
      [0, 0, 0, 1, 1, 0, 1, 1],
    ),
  );
}

function literal(content: string, name = "") {
  return packet(11, literalBody(content, name));
}

function literalBody(content: string, name = ""): Uint8Array {
  return bytes([0x62, name.length], text(name), [0, 0, 0, 0], text(content));
}

const SIGNED = bytes(onePass(), literal("content"), signature());

/** What a message holds, in a line. */
async function show(chunks: Chunks): Promise<string> {
  let heads = "", content = "", tails = "";
  for await (const item of readMessage(chunks)) {
    if (item.kind === "head") {
      heads = item.hashes.map(({ hash, type }) => `${hash}/${type}`).join();
    } else if (item.kind === "content") {
      content += new TextDecoder().decode(item.bytes);
    } else {
      tails = item.signatures.map(({ keyId }) => keyId).join();
    }
  }
  return `${heads} ${content} ${tails}`;
}

/** The exit status a message is refused with and why. */
async function refusal(message: Uint8Array): Promise<string> {
  try {
    return await show([message]);
  } catch (error) {
    assert(error instanceof SignedStreamError, String(error));
    return `${error.exitStatus} ${error.message}`;
  }
}

const raw = (message: Uint8Array) => new Uint8Array(deflateRawSync(message));

/** GnuPG's compressed packet: up to the end. */
function compressed(message: Uint8Array): Uint8Array {
  return bytes([0xa3, 1], raw(message));
}

Deno.test("readMessage reads every form a signed message may have, cut anywhere", async () => {
  const expected = `sha256/0 content ${KEY}`;
  const zlib = new Uint8Array(deflateSync(SIGNED));
  for (
    const message of [
      SIGNED,
      bytes(onePass(), literal("content", "run.subunit"), signature()),
      bytes(signature(), literal("content")),
      bytes(onePass(), oldPacket(11, 1, literalBody("content")), signature()),
      bytes(onePass(), oldPacket(11, 2, literalBody("content")), signature()),
      bytes(onePass(), oldPacket(11, 4, literalBody("content")), signature()),
      compressed(SIGNED),
      compressed(bytes(signature(), literal("content"))),
      packet(8, bytes([1], raw(SIGNED))),
      packet(8, bytes([2], zlib)),
      bytes([0xa3, 2], zlib),
    ]
  ) {
    assertEquals(await show([message]), expected);
    for (let size = 1; size < message.length; size++) {
      assertEquals(await show(lent(pieces(message, size))), expected);
    }
  }
});

Deno.test("readMessage reads content in parts of any length", async () => {
  const content = "0123456789".repeat(1000);
  const body = literalBody(content);
  for (const exponent of [9, 10, 13]) {
    const size = 2 ** exponent;
    const parts: Uint8Array[] = [];
    let at = 0;
    // The last part may well be an empty one.
    for (; at + size <= body.length; at += size) {
      parts.push(bytes([224 + exponent], body.subarray(at, at + size)));
    }
    const rest = body.subarray(at);
    const length = rest.length < 192
      ? [rest.length]
      : [((rest.length - 192) >> 8) + 192, (rest.length - 192) & 0xff];
    const inParts = bytes([0xcb], ...parts, length, rest);
    const message = bytes(onePass(), inParts, signature());
    const expected = `sha256/0 ${content} ${KEY}`;
    assertEquals(await show([message]), expected);
    assertEquals(await show([compressed(message)]), expected);
    assertEquals(await show(lent(pieces(message, 7))), expected);
  }
});

Deno.test("readMessage matches several signatures from the inside out", async () => {
  const a = { key: KEY }, b = { key: OTHER_KEY, hash: SHA512, type: 1 };
  const message = bytes(
    ...[onePass(a, 0), onePass(b), literal("content")],
    ...[signature(b), signature(a)],
  );
  assertEquals(
    await show([message]),
    `sha256/0,sha512/1 content ${OTHER_KEY},${KEY}`,
  );
  const wrongOrder = bytes(
    ...[onePass(a, 0), onePass(b), literal("content")],
    ...[signature(a), signature(b)],
  );
  assert((await refusal(wrongOrder)).startsWith("4 "));
});

Deno.test("readMessage refuses whatever puts words beside the signed ones", async () => {
  const other = literal("other");
  const marker = packet(10, text("PGP"));
  for (
    const [message, expected] of [
      [bytes(), "4 Cannot read the message: it is empty"],
      [
        text("content"),
        "4 Cannot read OpenPGP packets: no packet begins at byte 0",
      ],
      [literal("content"), "4 Cannot verify the message: it has no signature"],
      [
        bytes(other, SIGNED),
        "4 Cannot verify the message: it has no signature",
      ],
      [
        bytes(SIGNED, other),
        "4 .* a literal data packet follows the signed content",
      ],
      [
        bytes(SIGNED, SIGNED),
        "4 .* a one-pass signature packet follows the signed content",
      ],
      [
        bytes(SIGNED, signature()),
        "4 .* a signature packet follows the signed content",
      ],
      [bytes(SIGNED, text("more")), "4 .* no packet begins"],
      [bytes(SIGNED, [0]), "4 .* no packet begins"],
      [
        bytes(onePass(), other, literal("content"), signature()),
        "4 .* a literal data packet is in the place of a signature",
      ],
      [
        bytes(onePass(), literal("content"), other, signature()),
        "4 .* a literal data packet is in the place of a signature",
      ],
      [
        bytes(signature(), literal("content"), other),
        "4 .* follows the signed content",
      ],
      [bytes(signature(), SIGNED), "4 .* signatures of two forms"],
      [bytes(onePass(), signature(), literal("content")), "4 .* two forms"],
      [
        bytes(onePass(), literal("content"), signature(), signature()),
        "4 .* a signature packet follows the signed content",
      ],
      [
        bytes(onePass({}, 0), literal("content"), signature()),
        "4 .* sign different things",
      ],
      [
        bytes(onePass(), onePass(), literal("x"), signature(), signature()),
        "4 .* sign different things",
      ],
      [signature(), "4 .* it is only a signature"],
      // Nested: a message inside of a signed one, or compressed twice.
      [
        bytes(onePass(), compressed(literal("content"))),
        "4 .* a compressed data packet precedes the signed content",
      ],
      [compressed(compressed(SIGNED)), "4 .* a compressed data packet"],
      [bytes(onePass(), packet(8, raw(other)), signature()), "4 "],
      [compressed(bytes(other, SIGNED)), "4 .* it has no signature"],
      [compressed(bytes(SIGNED, other)), "4 .* follows the signed content"],
      [
        bytes(compressed(SIGNED), other),
        "4 .* bytes after its compressed data",
      ],
      [bytes(compressed(SIGNED), [0]), "4 .* bytes after its compressed data"],
      [
        packet(8, bytes([1], raw(SIGNED), [0])),
        "4 .* bytes after its compressed data",
      ],
      [
        bytes(packet(8, bytes([1], raw(SIGNED))), other),
        "4 .* a literal data packet follows the signed content",
      ],
      [
        bytes(packet(8, bytes([1], raw(SIGNED))), packet(8, raw(other))),
        "4 .* a compressed data packet follows the signed content",
      ],
      [packet(8, bytes([1])), "1 .* compressed data ends too early"],
      [packet(8, bytes([1, 3, 0])), "4 .* compressed data is empty"],
      [packet(8, bytes()), "4 .* too short"],
      [packet(8, bytes([3], text("BZh9"))), "4 .* by bzip2 is unsupported"],
      [packet(8, bytes([0], SIGNED)), "4 .* compression 0 is unsupported"],
      [packet(8, bytes([1, 0xff, 0xff])), "4 .* compressed data is damaged"],
      [bytes([0xa3, 2], raw(SIGNED)), "4 .* compressed data is damaged"],
      [bytes(marker, SIGNED), "4 .* a marker packet"],
      [bytes(onePass(), marker, literal("x"), signature()), "4 .* a marker"],
      [bytes(packet(18, text("x"))), "4 .* an encrypted data packet"],
      [bytes(packet(60, text("x"))), "4 .* a packet of type 60"],
      // Announced, and not what is there.
      [
        bytes(onePass({ key: OTHER_KEY }), SIGNED.subarray(19)),
        "4 .* announced",
      ],
      [bytes(onePass({ hash: SHA512 }), SIGNED.subarray(19)), "4 .* announced"],
      [bytes(onePass({ type: 1 }), SIGNED.subarray(19)), "4 .* announced"],
      [packet(4, bytes([6], new Uint8Array(12))), "4 .* has version 6"],
      [packet(4, bytes([3], new Uint8Array(11))), "4 .* and 12 bytes"],
      // Lengths the format does not allow.
      [bytes([0xc4, 224 + 9], new Uint8Array(512)), "4 .* is not allowed"],
      [bytes(onePass(), [0xcb, 224 + 8], new Uint8Array(256)), "4 .* is not"],
      [bytes(signature(), [0xaf], literalBody("content")), "4 .* is not"],
      [bytes([0x93], new Uint8Array(13)), "4 .* is not allowed"],
      [bytes(onePass(), packet(11, bytes([0x62, 9]))), "4 .* too short"],
      [
        bytes(onePass(), packet(11, bytes([0x78, 0, 0, 0, 0, 0])), signature()),
        "4 .* format 120",
      ],
      [packet(2, new Uint8Array(64 * 1024 + 1)), "5 .* expected at most 65536"],
      [
        concat(Array.from({ length: 33 }, () => onePass({}, 0))),
        "5 .* more than 32 signatures",
      ],
    ] as const
  ) {
    const actual = await refusal(message);
    assert(new RegExp(`^${expected}`).test(actual), `${actual}; ${expected}`);
  }
});

Deno.test("readMessage says that a message was cut, wherever that is", async () => {
  for (let end = 1; end < SIGNED.length; end++) {
    assertEquals((await refusal(SIGNED.subarray(0, end))).slice(0, 1), "1");
  }
  const zip = compressed(SIGNED);
  for (let end = 2; end < zip.length; end++) {
    assertEquals((await refusal(zip.subarray(0, end))).slice(0, 1), "1");
  }
});

Deno.test("readMessage takes any bytes without falling over", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 100 }),
      fc.nat({ max: SIGNED.length - 1 }),
      fc.integer({ min: 1, max: 255 }),
      async (noise, at, flip) => {
        await refusal(noise);
        await refusal(bytes(onePass(), noise));
        await refusal(bytes([0xa3, 1], noise));
        const changed = SIGNED.slice();
        changed[at] ^= flip;
        await refusal(changed);
      },
    ),
    { seed: SEED },
  );
});

Deno.test("readMessage inflates no more than is taken", async () => {
  const bomb = compressed(
    bytes(onePass(), packet(11, new Uint8Array(200_000_000).fill(0x62, 0, 1))),
  );
  assert(bomb.length < 300_000);
  const before = Deno.memoryUsage().rss;
  let taken = 0;
  for await (const item of readMessage(pieces(bomb, 256 * 1024))) {
    if (item.kind === "content") taken += item.bytes.length;
    if (taken > 1_000_000) break;
  }
  assert(Deno.memoryUsage().rss - before < 50_000_000);
});

Deno.test("readSignatures reads signatures and nothing else", async () => {
  const read = async (message: Uint8Array) => {
    try {
      const all = await readSignatures(lent(pieces(message, 3)));
      return all.map(({ keyId }) => keyId).join();
    } catch (error) {
      assert(error instanceof SignedStreamError, String(error));
      return error.exitStatus;
    }
  };
  const two = bytes(signature(), signature({ key: OTHER_KEY }));
  assertEquals(await read(two), `${KEY},${OTHER_KEY}`);
  assertEquals(await read(bytes()), 4);
  assertEquals(await read(SIGNED), 4);
  assertEquals(await read(bytes(signature(), literal("x"))), 4);
  assertEquals(await read(bytes(signature(), [0])), 4);
  assertEquals(await read(signature().subarray(0, -1)), 1);
});

Deno.test("readMessage undoes what we write, at the edges of parts", async () => {
  const PART = 65536;
  for (
    const size of [0, 1, PART - 7, PART - 6, PART - 5, 2 * PART - 6, 200_000]
  ) {
    const written: Uint8Array[] = [];
    const writer = new LiteralWriter((part) => written.push(part.slice()));
    const content = "x".repeat(size);
    for (const piece of pieces(text(content), 1000)) writer.add(piece);
    writer.end();
    const head = onePassPacket({
      type: 0,
      hashAlgorithm: SHA256,
      publicKeyAlgorithm: EDDSA,
      keyId: KEY,
    });
    const message = bytes(head, ...written, signature());
    assertEquals(await show([message]), `sha256/0 ${content} ${KEY}`);
  }
});
