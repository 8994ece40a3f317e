import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import { lines } from "../../kit/io/lines.ts";
import { armor, ArmorReader, dearmor } from "./armor.ts";
import { SignedStreamError } from "../errors.ts";
import { GATHER_BYTES } from "./gathering.ts";
import { pieces } from "../../../tests/support/streams.ts";

const SEED = 20260101;

const encoder = new TextEncoder();

/** RFC 4880, section 6.6: the example of an ASCII armored message. */
const RFC_EXAMPLE = `-----BEGIN PGP MESSAGE-----
Version: OpenPrivacy 0.99

yDgBO22WxBHv7O8X7O/jygAEzol56iUKiXmV+XmpCtmpqQUKiQrFqclFqUDBovzS
vBSFjNSiVHsuAA==
=njUN
-----END PGP MESSAGE-----
`;
const RFC_BYTES = "c838013b6d96c411efecef17ecefe3ca0004ce8979ea250a897995f979" +
  "a90ad9a9a9050a890ac5a9c945a940c1a2fcd2bc14858cd4a2547b2e00";

function read(text: string): Uint8Array {
  return readChunks([encoder.encode(text)]);
}

function readChunks(chunks: Uint8Array[]): Uint8Array {
  return concat(Array.from(dearmor(chunks, "MESSAGE"), (part) => part.slice()));
}

/** The exit status armor is refused with. */
function refusal(text: string): number {
  let status = 0;
  try {
    read(text);
  } catch (error) {
    assert(error instanceof SignedStreamError);
    status = error.exitStatus;
  }
  return status;
}

Deno.test("dearmor reads the specification's example, cut anywhere", () => {
  const text = encoder.encode(RFC_EXAMPLE);
  for (let cut = 0; cut <= text.length; cut++) {
    const chunks = [text.subarray(0, cut), text.subarray(cut)];
    const bytes = readChunks(chunks);
    assertEquals(bytes.toHex(), RFC_BYTES);
  }
});

Deno.test("dearmor takes CR LF, no header, no checksum, no last line feed", () => {
  const [begin, , , ...rest] = RFC_EXAMPLE.split("\n");
  const bare = [begin, "", ...rest.filter((line) => line[0] !== "=")].join(
    "\n",
  );
  for (
    const text of [
      RFC_EXAMPLE.replaceAll("\n", "\r\n"),
      bare,
      RFC_EXAMPLE.trimEnd(),
    ]
  ) {
    assertEquals(read(text).toHex(), RFC_BYTES);
  }
});

Deno.test("dearmor takes blanks at the ends of lines, and lines of them", () => {
  for (
    const text of [
      RFC_EXAMPLE.replaceAll("\n", " \n"),
      RFC_EXAMPLE.replaceAll("\n", "\t \r\n"),
      RFC_EXAMPLE.replace("MESSAGE-----\n", "MESSAGE----- \n"),
      RFC_EXAMPLE.replace("\n\n", "\n \n"),
      RFC_EXAMPLE.replace("OpenPrivacy 0.99", ""),
      `${RFC_EXAMPLE.trimEnd()} \t`,
    ]
  ) {
    assertEquals(read(text).toHex(), RFC_BYTES, text);
  }
});

Deno.test("dearmor refuses whatever is not exactly armor", () => {
  const change = (from: string | RegExp, to: string) => {
    const changed = RFC_EXAMPLE.replace(from, to);
    assert(changed !== RFC_EXAMPLE);
    return changed;
  };
  const END = "-----END PGP MESSAGE-----";
  for (
    const [text, status] of [
      ["", 4],
      ["\n" + RFC_EXAMPLE, 4],
      ["\ufeff" + RFC_EXAMPLE, 4],
      ["All is well.\n" + RFC_EXAMPLE, 4],
      [RFC_EXAMPLE + "All is well.\n", 4],
      [RFC_EXAMPLE + "\n", 4],
      [RFC_EXAMPLE + RFC_EXAMPLE, 4],
      [change("BEGIN PGP MESSAGE", "BEGIN PGP SIGNATURE"), 4],
      [change("MESSAGE-----\n", "MESSAGE-----\v\n"), 4],
      [change("MESSAGE-----\n", "MESSAGE-----\f\n"), 4],
      [change("MESSAGE-----\n", "MESSAGE-----\r\r\n"), 4],
      [change("MESSAGE-----\n", "MESSAGE-----\u00a0\n"), 4],
      [change("MESSAGE-----\n", "MESSAGE----- x\n"), 4],
      [change("\n\n", "\n\v\n"), 4],
      [change("yDgB", " yDgB"), 4],
      [change(END, "-----EVIL TEXT-----"), 4],
      [change(END, "-----END PGP SIGNATURE-----"), 4],
      [change(END, "-----END PGP MESSAGE----"), 4],
      [change(END, ` ${END}`), 4],
      [change(END, ""), 4],
      [change(`${END}\n`, ""), 1],
      [change(/=njUN[^]*/, ""), 1],
      [change("Version", "All is well"), 4],
      [change("Version: ", "Version:"), 4],
      [change("Version: O", "Version: \tO"), 4],
      [change("Version: OpenPrivacy 0.99", "All is well."), 4],
      [change("Version: OpenPrivacy 0.99", "Hash: SHA256"), 4],
      [change("\n\n", "\n"), 4],
      [change("\n\n", "\n\n\n"), 4],
      [change("=njUN", "=njUM"), 4],
      [change("=njUN", "=njU"), 4],
      [change("=njUN", "=njU!"), 4],
      [change("=njUN", "=njUN\n=njUN"), 4],
      [change("=njUN", "=njUN\nyDgB"), 4],
      [change("yDgB", "yDg"), 4],
      [change("yDgB", "yD B"), 4],
      [change("yDgB", "yD=="), 4],
      [change("uAA==", "uAA=A"), 4],
      [change("uAA==", "uAB=="), 4],
      [change("uAA==", "uAA==\nyDgB"), 4],
      [change("vBSF", "\nvBSF"), 4],
      [change("vBSF", "v\nBSF"), 4],
      [change(/\nvBSF/, "vBSF"), 4],
    ] as const
  ) {
    assertEquals(refusal(text), status, text);
  }
});

Deno.test("ArmorReader says what is wrong with which line", () => {
  const reader = new ArmorReader("SIGNATURE");
  reader.read(encoder.encode("-----BEGIN PGP SIGNATURE-----"));
  reader.read(encoder.encode(""));
  reader.read(encoder.encode("yDgB"));
  assertThrows(
    () => reader.read(encoder.encode("=njUN")),
    SignedStreamError,
    "Cannot read the armored signature: its line 4 has CRC-24 0x9e350d, computed 0x",
  );
});

Deno.test("dearmor undoes armor", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const text = armor(bytes, "MESSAGE");
      assertEquals(read(text), bytes);
      // A digit that is not the same is no longer what was armored.
      const at = text.indexOf("\n\n") + 2;
      const digit = text[at] === "A" ? "B" : "A";
      const changed = text.slice(0, at) + digit + text.slice(at + 1);
      if (bytes.length > 0) assertEquals(refusal(changed), 4);
    }),
    { seed: SEED },
  );
});

/** What {@linkcode dearmor} does, without reading many lines at once. */
function* dearmorPlainly(chunks: Uint8Array[]): Generator<Uint8Array> {
  const reader = new ArmorReader("MESSAGE");
  for (const line of lines(chunks)) {
    reader.read(line);
    if (reader.size >= GATHER_BYTES) yield reader.take();
  }
  reader.end();
  if (reader.size > 0) yield reader.take();
}

/** The parts that a reader gives, and its error. */
function outcome(parts: Iterable<Uint8Array>): string[] {
  const outcome: string[] = [];
  try {
    for (const part of parts) outcome.push(part.toHex());
  } catch (error) {
    assert(error instanceof SignedStreamError);
    outcome.push(`${error.exitStatus} ${error.message}`);
  }
  return outcome;
}

/** Lines of a body: most of them whole, some of no use. */
const anyLine = fc.oneof(
  { weight: 8, arbitrary: fc.constant(48) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 60 }) },
).chain((length) => fc.uint8Array({ minLength: length, maxLength: length }))
  .map((bytes) => bytes.toBase64());
const anyLineEnd = fc.oneof(
  { weight: 12, arbitrary: fc.constant("\n") },
  { weight: 4, arbitrary: fc.constant("\r\n") },
  { weight: 1, arbitrary: fc.constantFrom(" \n", "\t\r\n", "\r\r\n", "\r") },
);
/** Armor without checksum, perhaps with a character of another kind in it. */
const anyArmor = fc.tuple(
  fc.array(fc.tuple(anyLine, anyLineEnd), { maxLength: 12 }),
  fc.option(fc.tuple(fc.nat(), fc.constantFrom(..."A/= \n-\0\x80"))),
).map(([body, change]) => {
  const bytes = encoder.encode(
    ["-----BEGIN PGP MESSAGE-----\n\n", ...body.flat()].join("") +
      "-----END PGP MESSAGE-----\n",
  );
  if (change !== null) {
    bytes[change[0] % bytes.length] = change[1].charCodeAt(0);
  }
  return bytes;
});

Deno.test("dearmor reads many lines at once as it reads each", () => {
  fc.assert(
    fc.property(anyArmor, fc.array(fc.nat(), { maxLength: 4 }), (text, at) => {
      const cuts = at.map((cut) => cut % (text.length + 1)).sort((a, b) =>
        a - b
      );
      const chunks = [0, ...cuts].map((from, i) =>
        text.subarray(from, cuts[i] ?? text.length)
      );
      assertEquals(
        outcome(dearmor(chunks, "MESSAGE")),
        outcome(dearmorPlainly(chunks)),
      );
    }),
    { seed: SEED, numRuns: 2000 },
  );
});

Deno.test("dearmor gives the same parts of a long body, and checks its CRC-24", () => {
  const bytes = Uint8Array.from(
    { length: 3 * GATHER_BYTES },
    (_, at) => at * at >> 3,
  );
  const text = armor(bytes, "MESSAGE");
  const at = text.length >> 1;
  const digit = text[at] === "A" ? "B" : "A";
  for (
    const changed of [
      text,
      text.replaceAll("\n", "\r\n"),
      text.slice(0, at),
      `${text.slice(0, at)}${digit}${text.slice(at + 1)}`,
      `${text.slice(0, at)}!${text.slice(at + 1)}`,
    ]
  ) {
    const encoded = encoder.encode(changed);
    for (const size of [1000, GATHER_BYTES, 4 * 65, encoded.length]) {
      const chunks = pieces(encoded, size);
      const found = outcome(dearmor(chunks, "MESSAGE"));
      assertEquals(found, outcome(dearmorPlainly(chunks)));
      if (changed === text) assertEquals(found.join(""), bytes.toHex());
      else if (changed.length === text.length) {
        assertMatch(found.at(-1)!, /^4 .* (has CRC-24|is not base64)/);
      }
    }
  }
});
