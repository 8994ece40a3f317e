/**
 * The colours of a terminal in HTML.
 *
 * Source: ECMA-48, 8.3.117 "Select Graphic Rendition", and ISO/IEC 8613-6 for
 * colours that are not among the 8. Other sequences are shown.
 *
 * @module
 */

import { htmlLines } from "./markup.ts";

/** How text looks: numbers of colours, -1 for none, and what else applies. */
interface Look {
  foreground: number;
  background: number;
  readonly styles: Set<string>;
}

/** The styles that a number turns on. */
const STYLES: Readonly<Record<number, string>> = {
  1: "bold",
  2: "dim",
  3: "italic",
  4: "underline",
  7: "inverse",
  9: "strike",
};

/** The styles that a number turns off. */
const ENDS: Readonly<Record<number, readonly string[]>> = {
  22: ["bold", "dim"],
  23: ["italic"],
  24: ["underline"],
  27: ["inverse"],
  29: ["strike"],
};

const NO_COLOR = -1;

// deno-lint-ignore no-control-regex -- sequences start with one
const SEQUENCE = /\x1b\[([\d;:]*)m/g;

/**
 * Writes lines, one after another: a colour lasts until another begins, but the
 * elements of a line end with it.
 */
export class AnsiLines {
  readonly #look: Look = {
    foreground: NO_COLOR,
    background: NO_COLOR,
    styles: new Set(),
  };
  #classes = "";

  /** Returns the HTML of a line. */
  write(line: string): string {
    if (this.#classes === "" && !line.includes("\x1b[")) return htmlLines(line);
    let html = "", at = 0;
    for (const match of line.matchAll(SEQUENCE)) {
      html += this.#part(line.slice(at, match.index));
      at = match.index + match[0].length;
      change(this.#look, match[1]);
      this.#classes = classesOf(this.#look);
    }
    return html + this.#part(line.slice(at));
  }

  #part(text: string): string {
    return text === "" || this.#classes === ""
      ? htmlLines(text)
      : `<span class="${this.#classes}">${htmlLines(text)}</span>`;
  }
}

function classesOf({ foreground, background, styles }: Look): string {
  const classes = [...styles];
  if (foreground !== NO_COLOR) classes.unshift(`fg${foreground}`);
  if (background !== NO_COLOR) classes.unshift(`bg${background}`);
  return classes.join(" ");
}

/** Applies the parameters of a sequence. */
function change(look: Look, parameters: string): void {
  // "38:2::255:0:0" has an empty place for a color space.
  const numbers = parameters
    .replace(/\b([34]8):2:\d*:(\d+:\d+:\d+)/g, "$1:2:$2")
    .split(/[;:]/).map(Number);
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i];
    if (number === 38 || number === 48) {
      const isIndex = numbers[i + 1] === 5;
      const color = isIndex
        ? indexedColor(numbers[i + 2])
        : numbers[i + 1] === 2
        ? nearest([numbers[i + 2], numbers[i + 3], numbers[i + 4]])
        : NO_COLOR;
      look[number === 38 ? "foreground" : "background"] = color;
      i += isIndex ? 2 : 4;
    } else changeBy(look, number);
  }
}

function changeBy(look: Look, number: number): void {
  if (number === 0) {
    look.foreground = look.background = NO_COLOR;
    look.styles.clear();
  } else if (STYLES[number] !== undefined) look.styles.add(STYLES[number]);
  else if (ENDS[number] !== undefined) {
    ENDS[number].forEach((style) => look.styles.delete(style));
  } else if (number >= 30 && number <= 37) look.foreground = number - 30;
  else if (number === 39) look.foreground = NO_COLOR;
  else if (number >= 40 && number <= 47) look.background = number - 40;
  else if (number === 49) look.background = NO_COLOR;
  else if (number >= 90 && number <= 97) look.foreground = number - 90 + 8;
  else if (number >= 100 && number <= 107) look.background = number - 100 + 8;
}

type Rgb = readonly [red: number, green: number, blue: number];

/** The 16 colours, as xterm has them. */
const PALETTE: readonly Rgb[] = [
  [0, 0, 0],
  [205, 0, 0],
  [0, 205, 0],
  [205, 205, 0],
  [0, 0, 238],
  [205, 0, 205],
  [0, 205, 205],
  [229, 229, 229],
  [127, 127, 127],
  [255, 0, 0],
  [0, 255, 0],
  [255, 255, 0],
  [92, 92, 255],
  [255, 0, 255],
  [0, 255, 255],
  [255, 255, 255],
];

/** A color of the 256 as one of the 16: these, a cube of 6 by 6 by 6, and 24 grays. */
function indexedColor(index: number): number {
  if (!(index >= 0 && index < 256)) return NO_COLOR;
  if (index < PALETTE.length) return index;
  if (index >= 232) {
    const gray = 8 + 10 * (index - 232);
    return nearest([gray, gray, gray]);
  }
  const level = (step: number) => step === 0 ? 0 : 55 + 40 * step;
  const cube = index - 16;
  return nearest([
    level(Math.floor(cube / 36)),
    level(Math.floor(cube / 6) % 6),
    level(cube % 6),
  ]);
}

/** The color of the 16 that is most like another. */
function nearest(rgb: Rgb): number {
  if (rgb.some((part) => !(part >= 0))) return NO_COLOR;
  const distances = PALETTE.map((color) =>
    color.reduce((sum, part, i) => sum + (part - rgb[i]) ** 2, 0)
  );
  return distances.indexOf(Math.min(...distances));
}
