import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { lines } from "../../kit/io/lines.ts";
import { armor } from "./armor.ts";
import {
  cleartextHead,
  type CleartextOptions,
  CleartextReader,
  escapeLine,
} from "./cleartext.ts";
import { SignedStreamError } from "../errors.ts";

const SEED = 20260102;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

const PACKETS = Uint8Array.of(0xc2, 0);
const SIGNATURE = armor(PACKETS, "SIGNATURE");

/** A message as GnuPG writes it around lines that are escaped already. */
function message(text: string): string {
  return cleartextHead(["sha256"]) + text + SIGNATURE;
}

/** What is signed of a message, each line with its line feed. */
function read(text: string, options?: CleartextOptions): string {
  const reader = new CleartextReader(options);
  let content = "";
  for (const line of lines([encoder.encode(text)])) {
    const signed = reader.read(line);
    if (signed !== undefined) content += decoder.decode(signed) + "\n";
  }
  assertEquals(reader.end(), PACKETS);
  return content;
}

/** The exit status a message is refused with. */
function refusal(text: string, options?: CleartextOptions): number {
  try {
    read(text, options);
  } catch (error) {
    assert(error instanceof SignedStreamError);
    return error.exitStatus;
  }
  return 0;
}

Deno.test("CleartextReader reads the signed lines and nothing else", () => {
  for (
    const [text, expected] of [
      ["a\n", "a\n"],
      ["\n", "\n"],
      ["a\n\n", "a\n\n"],
      ["- -----BEGIN PGP SIGNATURE-----\n", "-----BEGIN PGP SIGNATURE-----\n"],
      ["- - a\n- From me\n- \n- -\n", "- a\nFrom me\n\n-\n"],
      ["a \t \n b\r\n\t\n", "a\n b\n\n"],
      ["Hash: SHA256\n", "Hash: SHA256\n"],
      ["\ufeffa\n", "\ufeffa\n"],
      ["a\v\nb\u2028\n", "a\v\nb\u2028\n"],
    ]
  ) {
    assertEquals(read(message(text)), expected);
    const windows = message(text).replaceAll(/\r?\n/g, "\r\n");
    assertEquals(read(windows), expected);
  }
});

Deno.test("CleartextReader knows the hashes once the text begins", () => {
  const reader = new CleartextReader();
  const feed = (line: string) => reader.read(encoder.encode(line));
  feed("-----BEGIN PGP SIGNED MESSAGE-----");
  feed("Hash: SHA256,SHA512");
  feed("Hash: SHA3-256");
  assertEquals(reader.hashes, undefined);
  feed("");
  assertEquals([...reader.hashes!], ["sha256", "sha512", "sha3-256"]);
});

Deno.test("CleartextReader takes blanks at the ends of lines, lists of hashes", () => {
  const good = message("a\n- - b\n");
  for (
    const text of [
      good.replaceAll("\n", " \n"),
      good.replaceAll("\n", " \t\r\n"),
      good.replace("256\n\n", "256\n \t\n"),
      good.replace("SIGNATURE-----\n\n", "SIGNATURE-----\n  \n"),
      good.replace("SHA256", "SHA256, SHA512"),
      good.replace("SHA256", " SHA256 ,\tSHA512 "),
      good.replace("SHA256", "SHA256\nHash: SHA512"),
      good.replace("SHA256", `SHA256${",SHA256".repeat(6)}`),
    ]
  ) {
    assertEquals(read(text), "a\n- b\n", text);
  }
  // The first line of blanks ends the headers, the next one is signed.
  assertEquals(read(good.replace("256\n", "256\n \n")), "\na\n- b\n");
  assertEquals(read(message("a".repeat(19_995) + "\n")).length, 19_996);
});

Deno.test("CleartextReader refuses whatever is not exactly a signed text", () => {
  const good = message("a\n");
  const change = (from: string | RegExp, to: string) => {
    const changed = good.replace(from, to);
    assert(changed !== good);
    return changed;
  };
  for (
    const [text, status] of [
      ["", 4],
      ["a\n", 4],
      ["\n" + good, 4],
      ["All is well.\n" + good, 4],
      [good + "All is well.\n", 4],
      [good + "\n", 4],
      [good + good, 4],
      ["\ufeff" + good, 4],
      [change("MESSAGE-----", "MESSAGE-----\0"), 4],
      [change("Hash: SHA256\n", ""), 4],
      [change("Hash: SHA256", "Hash: SHA256\v"), 4],
      [change("Hash: SHA256", "Hash: SHA256, "), 4],
      [change("Hash: SHA256", "Hash: ,SHA256"), 4],
      [change("Hash: SHA256", "Hash: SHA256 SHA512"), 4],
      [change("Hash: SHA256", `Hash: SHA256${",SHA256".repeat(7)}`), 4],
      [change("Hash: SHA256", "Hash:SHA256"), 4],
      [change("Hash: SHA256", "Hash: SHA999"), 4],
      [change("Hash: SHA256", "Hash: SHA256,"), 4],
      [change("Hash: SHA256", "Hash: sha256"), 4],
      [change("Hash: SHA256", "Hash: SHA256\nAll is well."), 4],
      [change("Hash: SHA256", "Hash: SHA256\nComment: All is well."), 4],
      [
        change("Hash: SHA256", "Hash: SHA256\nNotDashEscaped: You need GnuPG"),
        4,
      ],
      [change("\n\n", "\n\v\n"), 4],
      // Good for an empty line as well: the hash of both is that of nothing.
      [message(""), 4],
      [message("-a\n"), 4],
      [message("-\n"), 4],
      [message("--\n"), 4],
      [message("-----EVIL TEXT-----\n"), 4],
      [message("-----BEGIN PGP SIGNED MESSAGE-----\n"), 4],
      [message("-----BEGIN PGP SIGNATURE-----\v\n"), 4],
      [message("-\u00a0a\n"), 4],
      [message("a\0\n"), 4],
      [message("a\0"), 4],
      [message("\0a\n"), 4],
      [message("a\rb\n"), 4],
      [message("a\r\r\n"), 4],
      [message("a \r \n"), 4],
      [message("a".repeat(19_996) + "\n"), 4],
      [change("-----END PGP SIGNATURE-----", "-----EVIL TEXT-----"), 4],
      [change("-----END PGP SIGNATURE-----\n", ""), 1],
      [change(/-----BEGIN PGP SIGNATURE[^]*/, ""), 1],
      [change(/\n\na[^]*/, "\n"), 1],
      [change(/^=.*$/m, "=AAAA"), 4],
    ] as const
  ) {
    assertEquals(refusal(text), status, text);
  }
});

Deno.test("CleartextReader leaves out text around the message when it may", () => {
  const allowed = { allowSurroundingText: true };
  const good = message("a\n");
  for (const text of ["Dear all,\n\n" + good, good + "-- \nme\n", good]) {
    assertEquals(read(text, allowed), "a\n");
  }
  for (
    const text of [
      good + good,
      "\ufeff" + good,
      " " + good,
      good + "-----BEGIN PGP SIGNED MESSAGE-----\n",
      "-----BEGIN PGP MESSAGE-----\n" + good,
      "- ----- BEGIN PGP MESSAGE-----\n" + good,
      "All is well.\n",
    ]
  ) {
    assertEquals(refusal(text, allowed), 4, text);
  }
  const reader = new CleartextReader(allowed);
  const text = encoder.encode(`Hello\n${message("a \n")}Bye\n`);
  for (const line of lines([text])) reader.read(line);
  assertEquals(
    reader.leftOut,
    "white space at the end of 1 line, 2 lines around the text",
  );
});

Deno.test("escapeLine refuses what verifiers would not read as it is", () => {
  const escape = (line: string) => escapeLine(encoder.encode(line), 7);
  for (
    const [line, problem] of [
      ["a\r", "line 7 ends in a CR, and clear text does not keep CR LF"],
      ["a\r\r", "line 7 ends in a CR"],
      ["a\r ", "line 7 has a CR that is not before its line feed"],
      ["a\rb", "line 7 has a CR"],
      ["a\0", "line 7 has a NUL"],
      ["a".repeat(19_991), "line 7 has 19991 bytes"],
    ]
  ) {
    assertThrows(() => escape(line), SignedStreamError, problem);
  }
  assertEquals(escape("a".repeat(19_990)).length, 19_990);
  for (const line of ["a ", "\t", " \t "]) {
    assertEquals(decoder.decode(escape(line)), line);
  }
});

Deno.test("CleartextReader undoes escapeLine", () => {
  const word = fc.constantFrom("-", " ", "a", "From ", "- ", "-----", "é", "");
  const line = fc.array(word, { maxLength: 6 })
    .map((words) => words.join(""));
  fc.assert(
    fc.property(fc.array(line, { minLength: 1 }), (text) => {
      const escaped = text.map((line, at) =>
        decoder.decode(escapeLine(encoder.encode(line), at + 1)) + "\n"
      );
      assert(escaped.every((line) => !/^(-[^ ]|From )/.test(line)));
      const content = text.map((line) => line.trimEnd() + "\n").join("");
      assertEquals(read(message(escaped.join(""))), content);
    }),
    { seed: SEED },
  );
});
