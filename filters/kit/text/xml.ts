/**
 * Any text in XML 1.0 documents.
 *
 * Source: the XML 1.0 specification, productions 2 (Char), 10 (AttValue) and 14
 * (CharData), and sections 2.11 and 3.3.3 on white space.
 *
 * @module
 */

import { unicodeEscape } from "./visible.ts";

/** References for characters that have a meaning in XML. */
const REFERENCES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  // Required only in "]]>".
  ">": "&gt;",
  '"': "&quot;",
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;",
};

/**
 * Characters that XML 1.0 cannot hold, not even as a reference, and control
 * characters that it can, which a terminal would obey. Only lone surrogates match.
 */
const UNWRITABLE =
  // deno-lint-ignore no-control-regex -- looks for control characters
  /[\x00-\x08\v\f\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]/u.source;

/** The usual case: no character has a meaning in XML. */
const PLAIN = /^[ !#-%'-;=?-~]*$/;

const IN_TEXT = new RegExp(`[&<>\\r]|${UNWRITABLE}`, "gu");
const IN_ATTRIBUTE = new RegExp(`[&<>"\\t\\n\\r]|${UNWRITABLE}`, "gu");

/** Returns a reference, or an escape if XML has none. */
function written(character: string): string {
  return REFERENCES[character] ?? unicodeEscape(character);
}

/** Returns text as the content of an element. */
export function xmlText(text: string): string {
  return text.replace(IN_TEXT, written);
}

/** Returns text as the value of an attribute in double quotes. */
function attributeText(text: string): string {
  return PLAIN.test(text) ? text : text.replace(IN_ATTRIBUTE, written);
}

/**
 * Returns an element, ended by a line feed.
 *
 * @param attributes their values; undefined ones are left out
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

/** Returns the start tag of an element: `<name attribute="value">`. */
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
