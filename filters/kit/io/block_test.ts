import { assertEquals } from "@std/assert";
import { Block, type TerminalLine } from "./block.ts";

const line = (plain: string): TerminalLine => ({
  plain,
  styled: plain === "" ? "" : `\x1b[32m${plain}\x1b[39m`,
});
const WIDE = { columns: 80, rows: 24 };
const green = (text: string) => `\x1b[32m${text}\x1b[39m\x1b[K`;
const OPEN = "\x1b[?2026h\x1b[?25l",
  CLOSE = "\x1b[J\x1b[?7h\x1b[?25h\x1b[?2026l";

Deno.test("Block draws over itself, without erasing first, in one text", () => {
  const block = new Block();
  const [a, b, c] = ["one", "two", "three"].map(line);
  assertEquals(
    block.draw("", [a, b], WIDE),
    `${OPEN}\r\x1b[J\x1b[?7l${green("one")}\r\n${green("two")}${CLOSE}`,
  );
  assertEquals(
    block.draw("", [a, c], WIDE),
    `${OPEN}\r\x1b[1A\x1b[?7l${green("one")}\r\n${green("three")}${CLOSE}`,
  );
});

Deno.test("Block draws nothing when nothing has changed", () => {
  const block = new Block();
  const lines = [line("one")];
  block.draw("", lines, WIDE);
  assertEquals(block.draw("", [line("one")], WIDE), "");
  assertEquals(
    block.draw("above\n", lines, WIDE),
    `${OPEN}\r\x1b[Jabove\r\n\x1b[?7l${green("one")}${CLOSE}`,
  );
});

Deno.test("Block finds its beginning where a narrower screen has wrapped it", () => {
  const block = new Block();
  block.draw(
    "",
    ["x".repeat(79), "", "y".repeat(41), "測".repeat(39)].map(line),
    WIDE,
  );
  const rows = 2 + 1 + 2 + 2;
  const one = line("one");
  assertEquals(
    block.draw("", [one], { columns: 40, rows: 10 }),
    `${OPEN}\r\x1b[${rows - 1}A\x1b[J\x1b[?7l${green("one")}${CLOSE}`,
  );
});

Deno.test("Block leaves the screen as it was, with the cursor", () => {
  const block = new Block();
  assertEquals(block.leave("end\n", WIDE), "end\r\n");
  block.draw("", [line("one"), line("two")], WIDE);
  assertEquals(
    block.leave("end\n", WIDE),
    "\x1b[?2026h\x1b[?25l\r\x1b[1A\x1b[Jend\r\n\x1b[?25h\x1b[?2026l",
  );
  assertEquals(block.leave("", WIDE), "");
});

Deno.test("Block begins anew where the cursor is when it is forgotten", () => {
  const block = new Block();
  const lines = ["one", "two"].map(line);
  const first = block.draw("", lines, WIDE);
  block.forget();
  assertEquals(block.draw("", lines, WIDE), first);
});
