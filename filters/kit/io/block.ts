/**
 * A block of lines at the bottom of a terminal that is drawn over again, below
 * lines that scroll.
 *
 * @module
 */

import { widthOf } from "../text/width.ts";
import type { ConsoleSize } from "./terminal.ts";

/** A line for a terminal: its text, and the same with colors. */
export interface TerminalLine {
  readonly plain: string;
  readonly styled: string;
}

// https://vt100.net/docs/vt510-rm/chapter4.html, and for the first two
// https://contour-terminal.org/vt-extensions/synchronized-output/
const BEGIN_FRAME = "\x1b[?2026h", END_FRAME = "\x1b[?2026l";
const HIDE_CURSOR = "\x1b[?25l", SHOW_CURSOR = "\x1b[?25h";
/** Lines that turn out wider than the screen are cut, and take one row. */
const NO_WRAP = "\x1b[?7l", WRAP = "\x1b[?7h";
const TO_LINE_END = "\x1b[K", TO_SCREEN_END = "\x1b[J";

/**
 * Makes the frames of a block. Each is one text, to be written at once; it hides
 * the cursor while it moves, and no longer: a process that is stopped or killed
 * between two frames cannot show it again. Lines are overwritten, never erased
 * before.
 */
export class Block {
  /** The widths of the lines on the screen; none when there is no block. */
  #widths: readonly number[] = [];
  /** The columns of the screen when they were drawn. */
  #columns = 0;
  #drawn = "";

  /**
   * Makes the text that draws the block; empty when nothing has changed.
   *
   * @param above lines that scroll, each with its line feed
   * @param lines those of the block, which have to be narrower than the screen
   */
  draw(
    above: string,
    lines: readonly TerminalLine[],
    { columns }: ConsoleSize,
  ): string {
    const block = lines.map(({ styled }) => styled + TO_LINE_END).join("\r\n");
    if (above === "" && block === this.#drawn && columns === this.#columns) {
      return "";
    }
    const isMoved = columns !== this.#columns;
    const start = this.#toStart(columns);
    // A terminal that wraps the old lines anew leaves parts of them.
    const clears = above !== "" || isMoved ? TO_SCREEN_END : "";
    this.#drawn = block;
    this.#columns = columns;
    this.#widths = lines.map(({ plain }) => widthOf(plain));
    return BEGIN_FRAME + HIDE_CURSOR + start + clears + withReturns(above) +
      NO_WRAP + block + TO_SCREEN_END + WRAP + SHOW_CURSOR + END_FRAME;
  }

  /** The same, and the block is gone: the cursor is where it was. */
  leave(above: string, { columns }: ConsoleSize): string {
    const start = this.#toStart(columns);
    const isThere = this.#drawn !== "";
    this.forget();
    if (!isThere) return withReturns(above);
    return BEGIN_FRAME + HIDE_CURSOR + start + TO_SCREEN_END +
      withReturns(above) + SHOW_CURSOR + END_FRAME;
  }

  /** The next frame is drawn where the cursor is: something else was written. */
  forget(): void {
    this.#widths = [];
    this.#drawn = "";
    this.#columns = 0;
  }

  /** Moves the cursor to where the block begins. */
  #toStart(columns: number): string {
    const rows = this.#widths
      .reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    return rows > 1 ? `\r\x1b[${rows - 1}A` : "\r";
  }
}

/** The terminal may have been set not to return at a line feed. */
function withReturns(lines: string): string {
  return lines.replaceAll("\n", "\r\n");
}
