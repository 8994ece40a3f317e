/**
 * Text from a stream in an HTML document: never markup, and visible.
 *
 * @module
 */

import { visibleLines, visibleText } from "../../kit/text/visible.ts";

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
 * Returns a value as JSON for an element `script`, in one visible line: no text
 * in it can end the element, or begin a comment.
 */
export function scriptJson(value: unknown): string {
  return visibleText(JSON.stringify(value)).replaceAll("<", "\\u003c");
}
