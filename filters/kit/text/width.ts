/**
 * How wide text is on a terminal, and text cut to a width.
 *
 * Terminals differ about sequences of emoji: some draw a family as one character,
 * others as each of its members. Widths are the largest of these, so that a line
 * that fits by them fits everywhere.
 *
 * @module
 */

import { cutLine } from "./shorten.ts";

/**
 * Characters of two cells, in hexadecimal: those with the East_Asian_Width Wide
 * or Fullwidth in Unicode's EastAsianWidth.txt. From get-east-asian-width 1.7.0,
 * which has all of Unicode 17.0 and some characters that are newer.
 */
const WIDE = `
1100-115f 231a-231b 2329-232a 23e9-23ec 23f0 23f3 25fd-25fe 2614-2615 
2630-2637 2648-2653 267f 268a-268f 2693 26a1 26aa-26ab 26bd-26be 
26c4-26c5 26ce 26d4 26ea 26f2-26f3 26f5 26fa 26fd 2705 270a-270b 2728 
274c 274e 2753-2755 2757 2795-2797 27b0 27bf 2b1b-2b1c 2b50 2b55 
2e80-2e99 2e9b-2ef3 2f00-2fd5 2ff0-303e 3041-3096 3099-30ff 3105-312f 
3131-318e 3190-31e5 31ef-321e 3220-3247 3250-a48c a490-a4c6 a960-a97c 
ac00-d7a3 f900-faff fe10-fe19 fe30-fe52 fe54-fe66 fe68-fe6b ff01-ff60 
ffe0-ffe6 16fe0-16fe4 16ff0-16ff6 17000-18cda 18cff-18d20 18d80-18df2 
18e00-19191 191a0-191d2 1aff0-1aff3 1aff5-1affb 1affd-1affe 1b000-1b128 
1b132 1b150-1b152 1b155 1b164-1b168 1b170-1b2fb 1d300-1d356 1d360-1d376 
1f004 1f0cf 1f18e 1f191-1f19a 1f1ae 1f200-1f202 1f210-1f23b 1f240-1f248 
1f250-1f251 1f260-1f265 1f300-1f320 1f32d-1f335 1f337-1f37c 1f37e-1f393 
1f3a0-1f3ca 1f3cf-1f3d3 1f3e0-1f3f0 1f3f4 1f3f8-1f43e 1f440 1f442-1f4fc 
1f4ff-1f53d 1f54b-1f54e 1f550-1f567 1f57a 1f595-1f596 1f5a4 1f5fb-1f64f 
1f680-1f6c5 1f6cc 1f6d0-1f6d2 1f6d5-1f6d9 1f6dc-1f6df 1f6eb-1f6ec 
1f6f4-1f6fc 1f7da 1f7e0-1f7eb 1f7f0 1f90c-1f93a 1f93c-1f945 1f947-1f9ff 
1fa70-1fa7c 1fa80-1fac6 1fac8 1facc-1fadd 1fadf-1faeb 1faef-1fafa 
20000-2fffd 30000-3fffd`;

/** The first and the last of each range, one after the other. */
const wideRanges = WIDE.trim().split(/\s+/).flatMap((range) => {
  const [first, last = first] = range.split("-");
  return [Number.parseInt(first, 16), Number.parseInt(last, 16)];
});

/** Text of which each UTF-16 unit is a cell. */
const PLAIN = /^[\x20-\x7e]*$/;
/**
 * Characters without a cell: marks and format characters but the soft hyphen,
 * and the vowels and finals of Hangul, which join the consonant in front.
 */
const NO_CELL = /^[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff\ud7b0-\ud7ff]$/u;
const SOFT_HYPHEN = 0xad;
/** Makes a picture of the character in front, which some terminals widen. */
const AS_EMOJI = 0xfe0f;

/** How many UTF-16 units of a text are cut up into characters. */
const MAX_LENGTH = 2000;
/** What stands for the part that is left out. */
const ELLIPSIS = "…";

function isWide(code: number): boolean {
  let low = 0, high = wideRanges.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (code > wideRanges[2 * middle + 1]) low = middle + 1;
    else high = middle;
  }
  return code >= wideRanges[2 * low];
}

/** The cells that text without control characters takes at most. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0, before = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    let own = isWide(code) ? 2 : 1;
    if (code === AS_EMOJI) own = before === 1 ? 1 : 0;
    else if (code !== SOFT_HYPHEN && NO_CELL.test(character)) own = 0;
    width += own;
    if (own > 0) before = own;
  }
  return width;
}

let segmenter: Intl.Segmenter | undefined;

/** The characters of a text as people see them. */
function charactersOf(text: string): string[] {
  if (PLAIN.test(text)) return text.split("");
  // Made when it is needed: that takes a millisecond.
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** Takes characters while they fit into a width, and returns them and the rest. */
function fitting(
  characters: Iterable<string>,
  width: number,
): [taken: string[], width: number] {
  const taken: string[] = [];
  let used = 0;
  for (const character of characters) {
    const own = widthOf(character);
    if (used + own > width) break;
    used += own;
    taken.push(character);
  }
  return [taken, used];
}

/**
 * Cuts text without control characters to a width: the end is left out, or with
 * `keepsEnd` the middle, since names differ at their ends. A character is kept
 * whole, with its marks.
 */
export function cutToWidth(
  text: string,
  width: number,
  keepsEnd = false,
): string {
  if (width <= 0) return "";
  if (text.length <= MAX_LENGTH && widthOf(text) <= width) return text;
  const characters = charactersOf(cutLine(text, MAX_LENGTH));
  const room = width - widthOf(ELLIPSIS);
  const [head, used] = fitting(characters, keepsEnd ? room >> 1 : room);
  if (!keepsEnd) return head.join("") + ELLIPSIS;
  const rest = characters.slice(head.length).reverse();
  const [tail] = fitting(rest, room - used);
  return head.join("") + ELLIPSIS + tail.reverse().join("");
}
