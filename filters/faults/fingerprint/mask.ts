/**
 * Masks what differs from run to run in a message: addresses, times, paths,
 * numbers.
 *
 * No quantifier is nested in a way that lets a text match in two ways, and
 * whatever may start anywhere is of a bounded length: the work grows with the
 * length of the text.
 *
 * @module
 */

/** Longer lines are cut before they are masked. */
const MAX_LINE_CHARACTERS = 4096;
const MAX_MESSAGE_CHARACTERS = 200;

/** A mask: what it is written as, and what it matches. */
export type Mask = readonly [replacement: string | undefined, pattern: string];

const MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}";
const UNIT =
  "(?:[mnuµ]?s|secs?|seconds?|minutes?|mins?|hours?|h|days?|[KMGTkmgt]i?[Bb]|bytes?|B|px)";

/**
 * The masks, tried in this order at each character. Without a replacement the
 * text is kept: 500 is not 404.
 */
export const MASKS: readonly Mask[] = [
  [
    undefined,
    "\\b(?:HTTP(?:\\/\\d(?:\\.\\d)?| Error)?|[Ss]tatus(?: code)?|[Cc]ode|answered|returned|exit(?:ed)?(?: (?:status|code|with))?|signal)(?: (?:was|is|of))?[ :=]{1,3}\\d{1,3}\\b(?![.\\d])",
  ],
  [
    "<time>",
    "\\b\\d{4}-\\d\\d-\\d\\d(?:[T ]\\d\\d:\\d\\d(?::\\d\\d)?(?:[.,]\\d{1,9})?)?(?: ?(?:Z|[+-]\\d\\d:?\\d\\d)\\b)?",
  ],
  [
    "<time>",
    "\\b\\d{1,2}:\\d\\d:\\d\\d(?:[.,]\\d{1,9})?(?:Z|[+-]\\d\\d:\\d\\d)?\\b",
  ],
  [
    "<time>",
    `\\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},? )?(?:\\d{1,2} ${MONTH}(?: \\d{4})?|${MONTH} \\d{1,2}(?:,? \\d{4})?)\\b`,
  ],
  ["<uuid>", "\\b[\\da-fA-F]{8}(?:-[\\da-fA-F]{4}){3}-[\\da-fA-F]{12}\\b"],
  ["<url>", "\\b[a-z][a-z\\d+.-]{1,20}:\\/\\/[^\\s'\"<>()]+"],
  ["<email>", "\\b[\\w.+-]{1,64}@[\\w-]{1,63}(?:\\.[\\w-]{1,63}){1,8}"],
  [
    "<address>",
    "\\b\\d{1,3}(?:\\.\\d{1,3}){3}(?::\\d{1,5})?\\b|\\[(?=[\\da-fA-F.]{0,4}:)[\\da-fA-F:.]{2,45}\\](?::\\d{1,5})?|\\b(?:[\\da-fA-F]{1,4}:){3,7}[\\da-fA-F]{1,4}\\b|\\blocalhost:\\d{1,5}\\b",
  ],
  ["<n>", "\\b0[xX][\\da-fA-F]+"],
  [
    "<path>",
    "(?<![\\w.<\\/@-])(?:~|\\.{1,2})?(?:(?:\\/[\\w.@+~%=,-]+){2,}\\/?(?:\\?[\\w.@+~%=,&;:\\/-]*)?|\\/[\\w.@+~%=,-]+\\?[\\w.@+~%=,&;:\\/-]*)|(?<![\\w])[A-Za-z]:[\\\\\\/][^\\s'\"*?<>|:]+",
  ],
  ["<tmp>", "\\btmp\\w{6,}\\b"],
  ["<n>", "\\b(?=[a-f]{1,64}\\d)[\\da-f]{8,}\\b"],
  [
    "<n>",
    `(?<![\\w.])[+-]?\\d\\w*(?:[.,]\\d\\w*)*(?:[+-]\\d+)?(?: ?${UNIT}\\b|%)?`,
  ],
];

/** Text in quotes, but not between apostrophes. */
export const QUOTED: Mask = [
  "<q>",
  "\"[^\"]*\"|(?<!\\w)[bru]?'[^']*'(?!\\w)|`[^`']*[`']|“[^“”]*”",
];

function compile(masks: readonly Mask[]): RegExp {
  return new RegExp(masks.map(([, pattern]) => `(${pattern})`).join("|"), "g");
}

const WITH_QUOTES = [MASKS[0], QUOTED, ...MASKS.slice(1)];
const KEEPING_QUOTED = compile(MASKS);
const MASKING_QUOTED = compile(WITH_QUOTES);

function masking(
  masks: readonly Mask[],
): (match: string, ...groups: (string | undefined)[]) => string {
  return (match, ...groups) => {
    for (let i = 0; i < masks.length; i++) {
      if (groups[i] === undefined) continue;
      const [replacement] = masks[i];
      if (replacement === undefined) return match;
      return replacement === "<path>" ? maskedPath(match) : replacement;
    }
    return match;
  };
}

const keepQuoted = masking(MASKS);
const maskQuoted = masking(WITH_QUOTES);

/** Keeps the name of the file, unless it looks generated. */
function maskedPath(path: string): string {
  const leaf = path.slice(
    Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1,
  );
  return leaf === "" || /\d|^tmp/.test(leaf) ? "<path>" : `<path>/${leaf}`;
}

/** Whether masking could change a line: most messages have nothing to mask. */
const MAY_CHANGE = /[\d/\\@"'`“~]|tmp/;

/**
 * A line with what differs from run to run masked.
 *
 * @param hidesQuoted whether text in quotes is masked too
 */
export function masked(line: string, hidesQuoted: boolean): string {
  let text = line.length > MAX_LINE_CHARACTERS
    ? line.slice(0, MAX_LINE_CHARACTERS)
    : line;
  if (MAY_CHANGE.test(text)) {
    text = hidesQuoted
      ? text.replace(MASKING_QUOTED, maskQuoted)
      : text.replace(KEEPING_QUOTED, keepQuoted);
  }
  text = text.replace(/\s+/g, " ").trim();
  if (text.includes("<")) {
    text = text
      .replace(/[[({] ?<[a-z]+>(?:[,:;]? ?<[a-z]+>)*[,;]? ?[\])}]/g, "<list>")
      .replace(/(<[a-z]+>)(?:[,;]? ?\1)+/g, "$1");
  }
  return text.length > MAX_MESSAGE_CHARACTERS
    ? text.slice(0, MAX_MESSAGE_CHARACTERS)
    : text;
}

/** Source code that raises an exception with words of its own. */
const RAISES_WORDS = /^raise\b.*["']/;
const WORD = /[^\s"'`()[\]{}<>,;:=]+/g;
/** What names the error: ECONNREFUSED, and Python's own words for it. */
const ERROR_NAME = /^(?:[A-Z][A-Z\d_]+|Errno|WinError)$/;

/**
 * A masked message without the words that the code which raised it filled in:
 * those that its source line does not have. Two of them in a row are what
 * somebody else reported, and stay.
 */
export function maskedWords(message: string, source: string): string {
  if (!RAISES_WORDS.test(source) || source.includes(message)) return message;
  const ownWords = source.match(WORD)!;
  const words = Array.from(message.matchAll(WORD), ({ 0: text, index }) => {
    const isOwn = ownWords.includes(text) ||
      ownWords.includes(text.replace(/[.!?]+$/, ""));
    const isMask = message[index - 1] === "<";
    return { text, index, isOwn, isFilledIn: !isOwn && !isMask };
  });
  if (!words.some(({ isOwn }) => isOwn)) return message;
  let result = "", end = 0;
  for (const [i, { text, index, isFilledIn }] of words.entries()) {
    if (
      !isFilledIn || words[i - 1]?.isFilledIn || words[i + 1]?.isFilledIn ||
      /^\d+$/.test(text) || ERROR_NAME.test(text)
    ) continue;
    result += `${message.slice(end, index)}<word>`;
    end = index + text.length;
  }
  return result + message.slice(end);
}
