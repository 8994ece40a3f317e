/**
 * Text in XML 1.0 documents, whatever characters it has.
 *
 * Source: the XML 1.0 specification, productions 2 (Char), 10 (AttValue) and 14
 * (CharData), and 2.11 and 3.3.3 on what parsers do to white space.
 *
 * @module
 */

import { unicodeEscape } from "./visible.ts";

/** What stands for characters that mean something to a parser. */
const REFERENCES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  // Only "]]>" must not be, but so it never is.
  ">": "&gt;",
  '"': "&quot;",
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;",
};

/**
 * What XML 1.0 cannot hold, not even as a reference, and the controls it can:
 * a terminal would obey them. Where halves of characters match, they are alone.
 */
const UNWRITABLE =
  // deno-lint-ignore no-control-regex -- they are what is looked for
  /[\x00-\x08\v\f\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]/u.source;

/** What attributes mostly are: nothing in them means anything to a parser. */
const PLAIN = /^[ !#-%'-;=?-~]*$/;

const IN_TEXT = new RegExp(`[&<>\\r]|${UNWRITABLE}`, "gu");
const IN_ATTRIBUTE = new RegExp(`[&<>"\\t\\n\\r]|${UNWRITABLE}`, "gu");

/** A reference, or an escape where XML has none. */
function written(character: string): string {
  return REFERENCES[character] ?? unicodeEscape(character);
}

/** Text as the content of an element. */
export function xmlText(text: string): string {
  return text.replace(IN_TEXT, written);
}

/** Text as the value of an attribute, between double quotes. */
function attributeText(text: string): string {
  return PLAIN.test(text) ? text : text.replace(IN_ATTRIBUTE, written);
}

/**
 * An element on lines of its own.
 *
 * @param attributes their texts; undefined ones are left out
 * @param content XML, as from {@linkcode xmlText}
 */
export function xmlElement(
  name: string,
  attributes: Readonly<Record<string, string | undefined>>,
  content = "",
): string {
  const start = xmlStart(name, attributes);
  return content === ""
    ? `${start.slice(0, -1)}/>\n`
    : `${start}${content}</${name}>\n`;
}

/** The start of an element: `<name attribute="value">`. */
export function xmlStart(
  name: string,
  attributes: Readonly<Record<string, string | undefined>>,
): string {
  let tag = `<${name}`;
  for (const key in attributes) {
    const value = attributes[key];
    if (value !== undefined) tag += ` ${key}="${attributeText(value)}"`;
  }
  return `${tag}>`;
}
