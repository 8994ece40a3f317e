/**
 * Text as a Python literal.
 *
 * Source: CPython's `str.__repr__`.
 *
 * @module
 */

/** Characters that Python escapes; its version of Unicode may be older. */
const UNPRINTABLE = /[\\\p{C}\p{Z}]/gu;

const NAMED: Readonly<Record<string, string>> = {
  " ": " ",
  "\\": "\\\\",
  "\t": "\\t",
  "\n": "\\n",
  "\r": "\\r",
};

/** Returns a string as a Python literal. */
export function pythonRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(UNPRINTABLE, (character) => {
    const code = character.codePointAt(0)!;
    const hex = code.toString(16);
    return NAMED[character] ??
      (code < 0x100
        ? `\\x${hex.padStart(2, "0")}`
        : code < 0x10000
        ? `\\u${hex.padStart(4, "0")}`
        : `\\U${hex.padStart(8, "0")}`);
  });
  return quote + escaped.replaceAll(quote, `\\${quote}`) + quote;
}
