import { assertEquals } from "@std/assert";
import { Tail } from "./tail.ts";

const MOST = 64 * 1024;

/** What is kept of text in pieces of a size. */
function keep(text: string, size: number): string {
  const tail = new Tail();
  for (let at = 0; at < text.length; at += size) {
    tail.add(text.slice(at, at + size));
  }
  return tail.text;
}

Deno.test("Tail keeps the last whole lines, however the text is split", () => {
  const lines = Array.from({ length: 9000 }, (_, i) => `line ${i}\n`);
  const text = lines.join("");
  const kept = keep(text, text.length);
  assertEquals(text.endsWith(`\n${kept}`), true);
  assertEquals(MOST - kept.length < "line 9000\n".length, true);
  for (const size of [1, 7, 100, 5000, MOST, MOST + 1]) {
    assertEquals(keep(text, size), kept, `${size}`);
  }
});

Deno.test("Tail keeps all of a short text, and the end of a long line", () => {
  assertEquals(keep("", 1), "");
  assertEquals(keep("a\nb", 2), "a\nb");
  const exact = "x".repeat(MOST - 1) + "\n";
  assertEquals(keep(exact, 10), exact);
  assertEquals(keep(`first\n${exact}`, 1000), exact);
  const long = "y".repeat(2 * MOST);
  for (const size of [1000, MOST, 3 * MOST]) {
    assertEquals(keep(long, size), "y".repeat(MOST));
  }
  // 😀 is two units, and the first of them is cut off.
  const pairs = "z" + "😀".repeat(MOST);
  assertEquals(keep(pairs + "z", 999), "😀".repeat(MOST / 2 - 1) + "z");
});
