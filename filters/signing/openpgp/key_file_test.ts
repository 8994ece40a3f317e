import { assertEquals, assertRejects } from "@std/assert";
import { concat } from "@std/bytes/concat";
import {
  bytes,
  makeKey,
  packet,
  published,
} from "../../../tests/support/openpgp_maker.ts";
import { keyPacketsIn } from "./key_file.ts";

const ONE = published(makeKey(0)), TWO = published(makeKey(1));

/** A key as `gpg --armor --export` writes it. */
function armored(key: Uint8Array, type = "PUBLIC"): string {
  const lines = key.toBase64().match(/.{1,64}/g)!.join("\n");
  return `-----BEGIN PGP ${type} KEY BLOCK-----\n\n${lines}\n` +
    `-----END PGP ${type} KEY BLOCK-----\n`;
}

const A = armored(ONE), B = armored(TWO);

Deno.test("keyPacketsIn reads binary keys and armor in any order", async () => {
  for (
    const [name, file, ...keys] of [
      ["binary", ONE, ONE],
      ["armor", bytes(A), ONE],
      ["two binary", concat([ONE, TWO]), ONE, TWO],
      ["two armors", bytes(A, B), ONE, TWO],
      ["binary, then armor", bytes(ONE, B), ONE, TWO],
      ["armor, then binary", bytes(A, TWO), ONE, TWO],
      ["armor, binary, armor", bytes(A, TWO, A), ONE, TWO, ONE],
      ["text around armor", bytes(`Ours:\n${A}And:\n\n${B}Bye`), ONE, TWO],
      ["letters that begin as keys do", bytes(`Łukasz:\n${A}Ƙ\n`), ONE],
      ["text between both kinds", bytes(ONE, "Ours:\n", B), ONE, TWO],
      ["CR LF", bytes(A.replaceAll("\n", "\r\n"), TWO), ONE, TWO],
      ["blanks behind lines", bytes(A.replaceAll("\n", " \t\n")), ONE],
      ["a byte order mark", bytes("\ufeff" + A), ONE],
      ["an armor header", bytes(A.replace("\n\n", "\nNote: x\n\n")), ONE],
      ["armor without a last line end", bytes(A.trimEnd()), ONE],
      ["armor in a user id", bytes(ONE, packet(13, bytes(B))), ONE, [B]],
      ["other armor", bytes(A.replaceAll("PUBLIC KEY BLOCK", "MESSAGE"))],
      ["text", bytes("no keys\n")],
      ["nothing", bytes()],
    ] as const
  ) {
    const expected = keys.map((key) =>
      key instanceof Uint8Array ? key : packet(13, bytes(...key))
    );
    assertEquals(await keyPacketsIn(file), concat(expected), name);
  }
});

Deno.test("keyPacketsIn passes over nothing in silence", async () => {
  const cut = ONE.subarray(0, -1);
  for (
    const [file, words] of [
      [bytes(0, 1, 2), "byte 0 is neither a key nor text"],
      [bytes(A, 0, TWO), `byte ${A.length} is neither a key nor text`],
      [bytes(A, 0xff, "\n"), "neither a key nor text"],
      [bytes(packet(11, bytes("b")), ONE), "byte 0 is neither a key nor text"],
      [cut, "a signature packet at byte"],
      [bytes(A, cut), "is truncated"],
      [bytes(A, B.slice(0, -40)), `armor at byte ${A.length} has no END line`],
    ] as const
  ) {
    await assertRejects(() => keyPacketsIn(file), Error, words);
  }
});
