import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { cuts } from "../_testing/decode_chunks.ts";
import { LineFeeder, type LineReader, MAX_LINE_BYTES } from "./line_feeder.ts";

const SEED = 20130814;

const encoder = new TextEncoder();
/** One character per byte, because text may end within a UTF-8 character. */
const decoder = new TextDecoder("latin1");
const KEYWORD = encoder.encode("say ");

/** Reads lines "say …" and logs the calls. */
class Log implements LineReader {
  readonly #lines = new LineFeeder(this, (text) => this.#add("text", text));
  readonly entries: string[] = [];

  push(text: string | Uint8Array): string[] {
    // The owner of a chunk may reuse it.
    const chunk = typeof text === "string"
      ? encoder.encode(text)
      : text.slice();
    this.#lines.push(chunk);
    chunk.fill(0x21);
    return this.take();
  }

  end(): string[] {
    this.#lines.end();
    return this.take();
  }

  take(): string[] {
    return this.entries.splice(0);
  }

  read(bytes: Uint8Array, start: number, end: number): boolean {
    if (!KEYWORD.every((byte, i) => bytes[start + i] === byte)) return false;
    this.#lines.flushText();
    this.#add("line", bytes.subarray(start, end));
    return true;
  }

  mayRead(bytes: Uint8Array, start: number, end: number): boolean {
    return bytes.subarray(start, end).every((byte, i) =>
      i >= KEYWORD.length || byte === KEYWORD[i]
    );
  }

  pass(): void {
    this.entries.push("pass");
  }

  #add(kind: string, bytes: Uint8Array): void {
    this.entries.push(`${kind} ${decoder.decode(bytes)}`);
  }
}

/** Lines and text, neighbouring text joined. */
function contents(chunks: Iterable<Uint8Array>): string[] {
  const log = new Log();
  const entries = [...chunks].flatMap((chunk) => log.push(chunk));
  const joined: string[] = [];
  for (const entry of [...entries, ...log.end()]) {
    if (entry === "pass") continue;
    const isMore = entry.startsWith("text ") &&
      joined.at(-1)?.startsWith("text ");
    if (isMore) joined[joined.length - 1] += entry.slice("text ".length);
    else joined.push(entry);
  }
  return joined;
}

Deno.test("LineFeeder passes lines to their reader and emits the rest as text", () => {
  const log = new Log();
  assertEquals(log.push("a\nb\nsay 1\nsay 2\r\nc\n\nsay 3\n"), [
    "text a\nb\n",
    "line say 1\n",
    "line say 2\r\n",
    "text c\n\n",
    "line say 3\n",
  ]);
  assertEquals(log.end(), []);
});

Deno.test("LineFeeder gives the same however the stream is cut", () => {
  const stream = encoder.encode(
    "say 1\nsa\n\nsay 2 and say 3\r\nsay\n  say 4\nsay 5",
  );
  const expected = [
    "line say 1\n",
    "text sa\n\n",
    "line say 2 and say 3\r\n",
    "text say\n  say 4\n",
    "line say 5",
  ];
  for (const chunks of cuts(stream)) assertEquals(contents(chunks), expected);
});

Deno.test(`LineFeeder gives the same however any stream is cut (seed ${SEED})`, () => {
  const piece = fc.constantFrom("say ", "sa", "s", "x", "\n", "\r\n", "é");
  const stream = fc.array(piece, { maxLength: 40 }).map((all) =>
    encoder.encode(all.join(""))
  );
  const sizes = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 60 });
  fc.assert(
    fc.property(stream, sizes, (bytes, sizes) => {
      const chunks: Uint8Array[] = [];
      let at = 0;
      for (const size of sizes) {
        chunks.push(bytes.subarray(at, at + size));
        at += size;
      }
      chunks.push(bytes.subarray(at));
      assertEquals(contents(chunks), contents([bytes]));
    }),
    { seed: SEED, numRuns: 500 },
  );
});

Deno.test("LineFeeder emits text when its beginning shows it, and holds what may be a line", () => {
  const log = new Log();
  assertEquals(log.push("prompt> "), ["pass", "text prompt> "]);
  assertEquals(log.push("say 1"), ["text say 1"]);
  assertEquals(log.push("\nsa"), ["text \n"]);
  assertEquals(log.push("y"), []);
  assertEquals(log.push(" 2"), []);
  assertEquals(log.push("\n"), ["line say 2\n"]);
  assertEquals(log.push("say"), []);
  assertEquals(log.push("ing"), ["pass", "text saying"]);
  assertEquals(log.end(), []);
});

Deno.test("LineFeeder reads a last line without a line end", () => {
  const log = new Log();
  assertEquals(log.push("x\nsay 1"), ["text x\n"]);
  assertEquals(log.end(), ["line say 1"]);
  assertEquals(contents([encoder.encode("say")]), ["text say"]);
});

Deno.test("LineFeeder treats lines longer than the limit as text", () => {
  const filled = "say " + "x".repeat(MAX_LINE_BYTES - "say \n".length);
  const log = new Log();
  // Whole in one chunk.
  assertEquals(log.push(`${filled}\n`), [`line ${filled}\n`]);
  assertEquals(log.push(`${filled}x\nsay 1\n`), [
    "pass",
    `text ${filled}x\n`,
    "line say 1\n",
  ]);
  // In parts: the rest of the line is not a line either.
  assertEquals(log.push(filled), []);
  assertEquals(log.push("x"), []);
  assertEquals(log.push("x"), ["pass", `text ${filled}xx`]);
  assertEquals(log.push("say 2"), ["text say 2"]);
  assertEquals(log.push("\nsay 3\n"), ["text \n", "line say 3\n"]);
  assertEquals(log.end(), []);
});

Deno.test("LineFeeder.passLine emits a line of text before what it results in", () => {
  const entries: string[] = [];
  const lines: LineFeeder = new LineFeeder({
    read(bytes, start, end) {
      if (bytes[start] !== 0x21) return false;
      lines.passLine(end);
      lines.flushText();
      entries.push("alarm");
      return false;
    },
    mayRead: () => true,
  }, (text) => entries.push(decoder.decode(text)));
  lines.push(encoder.encode("a\n!b\nc\n!d"));
  lines.end();
  assertEquals(entries, ["a\n!b\n", "alarm", "c\n", "!d", "alarm"]);
});
