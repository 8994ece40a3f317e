/**
 * Text from a stream in an HTML document: never markup, and visible.
 *
 * @module
 */

import { visibleLines, visibleText } from "../../kit/text/visible.ts";
import type { TestLine } from "./data.ts";

const REFERENCES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => REFERENCES[character]);
}

/** Returns text as one line of an element, or as the value of an attribute. */
export function htmlText(text: string): string {
  return escaped(visibleText(text));
}

/** Returns text as the lines of an element. */
export function htmlLines(text: string): string {
  return escaped(visibleLines(text));
}

/**
 * Returns a value as JSON for an element `script`: no text can end it, and each
 * value takes one line.
 */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<\u2028\u2029]/g,
    (character) =>
      `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Returns the line of a test in a block of data. */
export function dataLine(line: TestLine): string {
  return scriptJson(line);
}
