/**
 * Where a live view is shown: on a terminal, or as lines.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { Block, type TerminalLine } from "../../kit/io/block.ts";
import type { Output } from "../../kit/io/output.ts";
import type { ConsoleSize } from "../../kit/io/terminal.ts";
import { textOfContent } from "../../kit/text/content.ts";
import { visibleLines } from "../../kit/text/visible.ts";
import type { Section } from "./ending.ts";
import type { Line, Meaning, Style } from "./spans.ts";

/** Where a live view is shown. */
export interface Screen {
  /** Whether the block of {@linkcode Screen.draw} shows what goes on. */
  readonly hasBlock: boolean;
  lines(lines: readonly Line[]): void;
  section(section: Section): void;
  /** Adds a letter to a row of them. */
  letter(letter: string, meaning: Meaning): void;
  /** Shows text between the packets. */
  text(bytes: Uint8Array): void;
  /** No more text comes: shows the rest of it. */
  endText(): void;
  /** Shows what was added, and the block. */
  draw(block: (size: ConsoleSize) => readonly Line[]): void;
  /** Something else may have been written: the next frame is a new one. */
  forget(): void;
  /** Shows what was added, and leaves the terminal as it was. */
  close(): void;
}

const LINE_FEED = 0x0a;
/** Where rows of letters end. */
const ROW_LETTERS = 72;
/** How much text waits for the next frame, in UTF-16 units. */
const MAX_WAITING = 16 * 1024;
/** The longest part of a line that waits for the rest of it. */
const MAX_HELD_BYTES = 64 * 1024;

/** Lines, for a file or a pipe: nothing is drawn over. */
export class PlainScreen implements Screen {
  readonly hasBlock: boolean = false;
  readonly #out: Output;
  readonly #style: Style;
  #letters = 0;
  /** Whether the last line has its line feed. */
  #isAtStart = true;

  constructor(out: Output, style: Style) {
    this.#out = out;
    this.#style = style;
  }

  lines(lines: readonly Line[]): void {
    this.#endLine();
    for (const line of lines) {
      this.#out.writeText(this.#style.text(line).trimEnd() + "\n");
    }
  }

  section({ title, lines }: Section): void {
    this.lines([title, ...lines]);
  }

  letter(letter: string, meaning: Meaning): void {
    if (this.#letters === 0) this.#endLine();
    this.#out.writeText(this.#style.apply(letter, meaning));
    this.#isAtStart = false;
    if (++this.#letters === ROW_LETTERS) this.#endLine();
  }

  text(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (this.#letters > 0) this.#endLine();
    this.#out.write(bytes);
    this.#isAtStart = bytes.at(-1) === LINE_FEED;
  }

  endText(): void {}

  draw(): void {
    this.#out.flush();
  }

  forget(): void {}

  close(): void {
    this.#endLine();
    this.#out.flush();
  }

  #endLine(): void {
    if (!this.#isAtStart) this.#out.writeText("\n");
    this.#isAtStart = true;
    this.#letters = 0;
  }
}

/** A terminal: lines scroll above a block that stays. */
export class TerminalScreen implements Screen {
  readonly hasBlock: boolean = true;
  readonly #out: Output;
  readonly #style: Style;
  readonly #size: () => ConsoleSize;
  readonly #block = new Block();
  #drawn: readonly Line[] = [];
  /** Lines that are to be shown above the block. */
  #above = "";
  /** The last row of letters. */
  #row: [letter: string, Meaning][] = [];
  /** Text without its line feed: a block follows it. */
  #held: Uint8Array = new Uint8Array(0);

  /** @param size how large the terminal is now */
  constructor(out: Output, style: Style, size: () => ConsoleSize) {
    this.#out = out;
    this.#style = style;
    this.#size = size;
  }

  lines(lines: readonly Line[]): void {
    this.#endRow();
    for (const line of lines) {
      this.#above += this.#style.text(line).trimEnd() + "\n";
    }
    if (this.#above.length > MAX_WAITING) this.#paint();
  }

  section({ title, lines }: Section): void {
    this.lines([title, ...lines]);
  }

  letter(letter: string, meaning: Meaning): void {
    this.#row.push([letter, meaning]);
    const { columns } = this.#size();
    if (this.#row.length >= Math.min(ROW_LETTERS, columns - 1)) this.#endRow();
  }

  text(bytes: Uint8Array): void {
    const end = bytes.lastIndexOf(LINE_FEED) + 1;
    if (end > 0) {
      const lines = concat([this.#held, bytes.subarray(0, end)]);
      this.#held = bytes.slice(end);
      this.#show(lines);
    } else {
      this.#held = concat([this.#held, bytes]);
    }
    if (this.#held.length > MAX_HELD_BYTES) this.#showHeld();
    if (this.#above.length > MAX_WAITING) this.#paint();
  }

  endText(): void {
    if (this.#held.length > 0) this.#showHeld();
  }

  draw(block: (size: ConsoleSize) => readonly Line[]): void {
    this.#drawn = block(this.#size());
    this.#paint();
  }

  forget(): void {
    this.#block.forget();
  }

  close(): void {
    this.#endRow();
    this.endText();
    this.#write(this.#block.leave(this.#above, this.#size()));
    this.#above = "";
  }

  #show(lines: Uint8Array): void {
    this.#above += visibleLines(textOfContent(lines)).replaceAll("\r\n", "\n");
  }

  #showHeld(): void {
    this.#show(concat([this.#held, Uint8Array.of(LINE_FEED)]));
    this.#held = new Uint8Array(0);
  }

  #endRow(): void {
    if (this.#row.length === 0) return;
    this.#above += this.#style.text(this.#row) + "\n";
    this.#row = [];
  }

  #paint(): void {
    const size = this.#size();
    const rows = this.#row.length > 0
      ? [this.#row, ...this.#drawn]
      : this.#drawn;
    const lines = rows.map((line): TerminalLine =>
      this.#style.fitted(line, size.columns - 1)
    );
    this.#write(this.#block.draw(this.#above, lines, size));
    this.#above = "";
  }

  /** One write per frame, however long. */
  #write(text: string): void {
    if (text === "") return;
    this.#out.writeText(text);
    this.#out.flush();
  }
}
