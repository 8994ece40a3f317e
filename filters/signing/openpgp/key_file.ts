/**
 * Files of keys: binary, armored, or a mix of both, as `cat` of several exports
 * makes it, with text around the armor.
 *
 * @module
 */

import { unarmor } from "openpgp";
import { concat } from "@std/bytes/concat";
import { packetAt, TAG } from "./packets.ts";

const LF = 0x0a;

const BEGIN =
  /^\ufeff?-----BEGIN PGP (PUBLIC|PRIVATE) KEY BLOCK-----[ \t]*\r?$/;
/** Controls that text does not have. */
// deno-lint-ignore no-control-regex
const NO_TEXT = /[\x00-\x08\x0e-\x1f\x7f]/;

const PRIMARY_TAGS: readonly number[] = [TAG.publicKey, TAG.secretKey];

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The binary packets in a file of keys.
 *
 * @throws {Error} with a message for users, when part of the file is neither keys
 * nor text: no key is skipped silently
 */
export async function keyPacketsIn(file: Uint8Array): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  /** The file with one character per byte. */
  let text: string | undefined;
  for (let at = 0; at < file.length;) {
    if (beginsKey(file, at)) {
      const start = at;
      while (at < file.length && file[at] >= 0x80) at = packetAt(file, at).next;
      parts.push(file.subarray(start, at));
      continue;
    }
    const end = file.indexOf(LF, at);
    const next = end < 0 ? file.length : end + 1;
    const [, type] = BEGIN.exec(textOf(file, at, end < 0 ? next : end)) ?? [];
    if (type === undefined) {
      at = next;
      continue;
    }
    text ??= new TextDecoder("latin1").decode(file);
    const [armored, armorEnd] = armorAt(text, at, type);
    parts.push((await unarmor(armored)).data as Uint8Array);
    at = armorEnd;
  }
  return concat(parts);
}

/**
 * Whether a key begins there, not a line of text: in some alphabets the first
 * byte of a letter looks like a key packet, but no key version follows it.
 */
function beginsKey(file: Uint8Array, at: number): boolean {
  if (file[at] < 0x80) return false;
  try {
    const { tag, body } = packetAt(file, at);
    return PRIMARY_TAGS.includes(tag) && body[0] >= 2 && body[0] <= 6;
  } catch {
    // Reading it as text reports the problem.
    return false;
  }
}

/** Decodes a line of text. */
function textOf(file: Uint8Array, start: number, end: number): string {
  try {
    const text = decoder.decode(file.subarray(start, end));
    if (!NO_TEXT.test(text)) return text;
  } catch {
    // Reported below.
  }
  throw new Error(`what begins at byte ${start} is neither a key nor text`);
}

/** The armored block at an offset, and the offset after it. */
function armorAt(text: string, at: number, type: string): [string, number] {
  const last = `-----END PGP ${type} KEY BLOCK-----`;
  const end = text.indexOf(last, at) + last.length;
  if (end < last.length) {
    throw new Error(`the armor at byte ${at} has no END line`);
  }
  return [text.slice(text.indexOf("-----BEGIN", at), end), end];
}
