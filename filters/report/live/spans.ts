/**
 * Lines for people, as parts with a meaning; text from a stream is made harmless
 * when they are put together.
 *
 * @module
 */

import type { TerminalLine } from "../../kit/io/block.ts";
import { cutLine } from "../../kit/text/shorten.ts";
import { visibleText } from "../../kit/text/visible.ts";
import { cutToWidth, widthOf } from "../../kit/text/width.ts";

/** What a part means, which decides about its color. */
export type Meaning =
  | "good"
  | "bad"
  | "odd"
  | "skipped"
  | "name"
  | "faint"
  | "title";

/** A part of a line. Only a name is cut in its middle. */
export type Span = readonly [text: string, meaning?: Meaning];

/** A line. */
export type Line = readonly Span[];

/** How each meaning is written: ECMA-48, "SGR". */
const STYLES: Readonly<Record<Meaning, readonly [on: string, off: string]>> = {
  good: ["\x1b[32m", "\x1b[39m"],
  bad: ["\x1b[31m", "\x1b[39m"],
  odd: ["\x1b[33m", "\x1b[39m"],
  skipped: ["\x1b[36m", "\x1b[39m"],
  name: ["", ""],
  faint: ["\x1b[2m", "\x1b[22m"],
  title: ["\x1b[1m", "\x1b[22m"],
};

/** How many UTF-16 units of a part are shown where nothing cuts it. */
const MAX_SPAN_LENGTH = 1000;

/** Puts lines together, with or without colors. */
export class Style {
  readonly #hasColors: boolean;

  constructor(hasColors: boolean) {
    this.#hasColors = hasColors;
  }

  /** Text with the color of a meaning; it must be harmless. */
  apply(text: string, meaning: Meaning | undefined): string {
    if (!this.#hasColors || meaning === undefined || text === "") return text;
    const [on, off] = STYLES[meaning];
    return on + text + off;
  }

  /** A line of any length. */
  text(line: Line): string {
    return line.map(([text, meaning]) => {
      const shown = visibleText(cutLine(text, MAX_SPAN_LENGTH));
      return this.apply(shown, meaning);
    }).join("");
  }

  /** A line of at most so many cells. */
  fitted(line: Line, width: number): TerminalLine {
    let plain = "", styled = "", left = width;
    for (const [text, meaning] of line) {
      const shown = visibleText(cutLine(text, MAX_SPAN_LENGTH));
      const cut = cutToWidth(shown, left, meaning === "name");
      plain += cut;
      styled += this.apply(cut, meaning);
      left -= widthOf(cut);
    }
    return { plain, styled };
  }
}
