/**
 * The cleartext signature framework (RFC 9580, section 7): read strictly, and
 * written.
 *
 *     -----BEGIN PGP SIGNED MESSAGE-----
 *     Hash: SHA256,SHA512                     the hashes of the signatures
 *                                             an empty line
 *     a line of text
 *     - -----a line that begins with a dash
 *     -----BEGIN PGP SIGNATURE-----           armor
 *
 * Signatures cover the lines without the white space at their ends, with CR LF
 * between them. They do not cover that white space, the kind of line ends or the
 * last line end: the output is the signed lines, each with a line feed.
 *
 * @module
 */

import {
  armorLine,
  ArmorReader,
  isLine,
  withoutBlanks,
  withoutCr,
} from "./armor.ts";
import { EXIT, SignedStreamError } from "../errors.ts";

const NUL = 0x00, CR = 0x0d, SPACE = 0x20, DASH = 0x2d;

const BEGIN = "-----BEGIN PGP SIGNED MESSAGE-----";
const BEGIN_SIGNATURE = "-----BEGIN PGP SIGNATURE-----";

/** The names of RFC 9580, section 9.5, by those of node:crypto. */
const HASH_HEADER_NAMES: Readonly<Record<string, string>> = {
  md5: "MD5",
  sha1: "SHA1",
  ripemd160: "RIPEMD160",
  sha256: "SHA256",
  sha384: "SHA384",
  sha512: "SHA512",
  sha224: "SHA224",
  "sha3-256": "SHA3-256",
  "sha3-512": "SHA3-512",
};
const HASHES = new Map(
  Object.entries(HASH_HEADER_NAMES).map(([hash, name]) => [name, hash]),
);

/** GnuPG truncates longer lines and then finds the signature bad. */
const MAX_LINE_BYTES = 19_995;
const MAX_WRITTEN_LINE_BYTES = 19_990;
/** GnuPG refuses longer "Hash:" lines. */
const MAX_HASH_LINE_BYTES = 60;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** How {@linkcode CleartextReader} treats text that is not signed. */
export interface CleartextOptions {
  /** Whether text around the message is dropped, not refused. */
  readonly allowSurroundingText?: boolean;
}

/** Reads one clear-signed message, fed its lines without their line feeds. */
export class CleartextReader {
  readonly #options: CleartextOptions;
  readonly #armor = new ArmorReader("SIGNATURE");
  readonly #hashes = new Set<string>();
  #state: "before" | "headers" | "text" | "signature" | "after" = "before";
  #line = 0;
  #textLines = 0;
  #trimmed = 0;
  #surrounding = 0;

  constructor(options: CleartextOptions = {}) {
    this.#options = options;
  }

  /** What was dropped because it is not signed, in words. */
  get leftOut(): string | undefined {
    const parts = [
      this.#trimmed > 0 &&
      `white space at the end of ${countLines(this.#trimmed)}`,
      this.#surrounding > 0 &&
      `${countLines(this.#surrounding)} around the text`,
    ].filter((part) => part !== false);
    return parts.length > 0 ? parts.join(", ") : undefined;
  }

  /**
   * The hashes that the headers name, by their names in node:crypto; undefined
   * until the text begins.
   */
  get hashes(): ReadonlySet<string> | undefined {
    const isKnown = this.#state !== "before" && this.#state !== "headers";
    return isKnown ? this.#hashes : undefined;
  }

  /**
   * Reads a line. Returns it as it is signed, a view, if it is part of the text.
   *
   * @throws {SignedStreamError} (exit 4) when it does not belong there
   */
  read(line: Uint8Array): Uint8Array | undefined {
    this.#line++;
    switch (this.#state) {
      case "before":
        if (isLine(armorLine(line), BEGIN)) this.#state = "headers";
        else this.#passSurroundings(line);
        return undefined;
      case "headers":
        this.#readHeader(armorLine(line));
        return undefined;
      case "text":
        if (!isLine(armorLine(line), BEGIN_SIGNATURE)) {
          return this.#readText(line);
        }
        // The same signature would be good for an empty line.
        if (this.#textLines === 0) throw this.#refusal("comes without a text");
        this.#state = "signature";
        this.#armor.read(line);
        return undefined;
      case "signature":
        this.#armor.read(line);
        if (this.#armor.isDone) this.#state = "after";
        return undefined;
      case "after":
        this.#passSurroundings(line);
        return undefined;
    }
  }

  /**
   * Ends the input. Returns the binary signature packets.
   *
   * @throws {SignedStreamError} when the message is incomplete: exit 1 when it is
   * truncated, 4 when there is none
   */
  end(): Uint8Array {
    if (this.#state === "before") {
      throw new SignedStreamError(
        EXIT.malformed,
        `Cannot read the clear-signed text: there is no line "${BEGIN}"`,
      );
    }
    if (this.#state !== "after") {
      throw new SignedStreamError(
        EXIT.bad,
        `Cannot read the clear-signed text: it ends too early, after line ${this.#line}`,
      );
    }
    return this.#armor.take();
  }

  #passSurroundings(line: Uint8Array): void {
    if (!this.#options.allowSurroundingText) {
      const problem = this.#state === "before"
        ? `is not "${BEGIN}"`
        : "follows the signed text";
      throw this.#refusal(
        `${problem}: use --allow-surrounding-text to drop other text`,
      );
    }
    // A reader could not tell which message was verified.
    if (/-\s*(BEGIN|END)\s+PGP/i.test(decoder.decode(line))) {
      throw this.#refusal("belongs to another message");
    }
    this.#surrounding++;
  }

  #readHeader(line: Uint8Array): void {
    if (line.length === 0) {
      if (this.#hashes.size === 0) throw this.#refusal('comes without "Hash:"');
      this.#state = "text";
      return;
    }
    const [, names] = /^Hash: (.*)$/.exec(decoder.decode(line)) ?? [];
    if (names === undefined) throw this.#refusal('is not "Hash: NAME"');
    if (line.length > MAX_HASH_LINE_BYTES) {
      throw this.#refusal(
        `has ${line.length} bytes, expected at most ${MAX_HASH_LINE_BYTES}`,
      );
    }
    for (const name of names.split(",")) {
      const hash = HASHES.get(name.replaceAll(/^[ \t]+|[ \t]+$/g, ""));
      if (hash === undefined) throw this.#refusal("names an unknown hash");
      this.#hashes.add(hash);
    }
  }

  #readText(line: Uint8Array): Uint8Array {
    const isEscaped = line[0] === DASH && line[1] === SPACE;
    if (line[0] === DASH && !isEscaped) {
      throw this.#refusal("begins with a dash that is not escaped");
    }
    const content = withoutCr(isEscaped ? line.subarray(2) : line);
    const text = withoutBlanks(content);
    const problem = textProblem(text) ??
      (line.length > MAX_LINE_BYTES
        ? `has ${line.length} bytes, expected at most ${MAX_LINE_BYTES}`
        : undefined);
    if (problem !== undefined) throw this.#refusal(problem);
    if (text.length < content.length) this.#trimmed++;
    this.#textLines++;
    return text;
  }

  #refusal(problem: string): SignedStreamError {
    return new SignedStreamError(
      EXIT.malformed,
      `Cannot trust the clear-signed text: its line ${this.#line} ${problem}`,
    );
  }
}

/** A number of lines, in words. */
export function countLines(lines: number): string {
  return lines === 1 ? "1 line" : `${lines} lines`;
}

/** Why programs would read a line, without its end, in different ways. */
function textProblem(line: Uint8Array): string | undefined {
  if (line.includes(NUL)) return "has a NUL";
  return line.includes(CR)
    ? "has a CR that is not before its line feed"
    : undefined;
}

/** The head of a clear-signed message, up to the text. */
export function cleartextHead(hashes: Iterable<string>): string {
  const names = [...hashes].map((hash) => HASH_HEADER_NAMES[hash]);
  return `${BEGIN}\nHash: ${names.join(",")}\n\n`;
}

/**
 * A line, without its line feed, as it is written in a clear-signed message. It
 * keeps the white space at its end, which no signature covers.
 *
 * @param number the number of the line, from 1 on
 * @throws {SignedStreamError} (exit 4) when verifiers would read another line
 */
export function escapeLine(line: Uint8Array, number: number): Uint8Array {
  const problem = line.at(-1) === CR
    ? "ends in a CR, and clear text does not keep CR LF line ends"
    : textProblem(line) ??
      (line.length > MAX_WRITTEN_LINE_BYTES
        ? `has ${line.length} bytes, expected at most ${MAX_WRITTEN_LINE_BYTES}`
        : undefined);
  if (problem !== undefined) throw notAsText(`line ${number} ${problem}`);
  const isEscaped = line[0] === DASH ||
    FROM.every((byte, at) => line[at] === byte);
  if (!isEscaped) return line;
  const escaped = new Uint8Array(line.length + 2);
  escaped.set([DASH, SPACE]);
  escaped.set(line, 2);
  return escaped;
}

/** Mail programs alter lines that begin like this. */
const FROM = encoder.encode("From ");

/** The error for text that cannot be clear-signed unchanged. */
export function notAsText(problem: string): SignedStreamError {
  return new SignedStreamError(
    EXIT.malformed,
    `Cannot clear-sign the text: ${problem}: use --mode detached or inline`,
  );
}
