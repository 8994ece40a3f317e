/**
 * Python's templates for the replacement of a match.
 *
 * @module
 */

import { CHARACTER, CONTROLS, Reader, REFERENCE } from "./pattern_reader.ts";
import type { Translation } from "./translator.ts";

/** A part of a template: text, or the number of a group. */
type TemplatePart = string | number;

/** Returns the replacement of a match. */
export function expand(
  parts: readonly TemplatePart[],
  match: RegExpExecArray,
): string {
  return parts.map((part) => {
    if (typeof part === "string") return part;
    return part === 0 ? match[0] : match.groups?.[`g${part}`] ?? "";
  }).join("");
}

/**
 * Parses a template.
 *
 * @throws {UsageError} if Python refuses it, or if it has a group that some
 * rounds of a repeat do not set
 */
export function parseTemplate(
  template: string,
  translation: Translation,
): TemplatePart[] {
  const reader = new Reader("replacement", template);
  const parts: TemplatePart[] = [];
  while (!reader.isAtEnd) {
    const text = reader.take(/[^\\]+/vy)?.[0];
    parts.push(text ?? templateEscape(reader, translation));
  }
  return parts;
}

/** Reads an escape in a template. */
function templateEscape(
  reader: Reader,
  { groups, names }: Translation,
): TemplatePart {
  const start = reader.at;
  reader.skip("\\");
  const name = reader.take(REFERENCE)?.[0] ??
    reader.take(/g<([^>]*)>/vy)?.[1];
  if (name !== undefined) {
    const number = /^[0-9]+$/.test(name) ? Number(name) : names.get(name);
    if (number === undefined || number >= groups.length) {
      throw reader.invalid(start, "refers to no group");
    }
    if (groups[number].isStable) return number;
    const what = "references to groups that a repeat does not always set";
    throw reader.unsupported(start, what);
  }
  const octal = reader.takeOctal(start);
  if (octal !== undefined) return String.fromCodePoint(octal);
  const character = reader.take(CHARACTER)?.[0];
  if (character === undefined) throw reader.invalid(start, "escapes nothing");
  if (character === "\\") return "\\";
  const control = CONTROLS.get(character);
  if (control === undefined && /[A-Za-z]/.test(character)) {
    throw reader.invalid(start, "is not an escape");
  }
  return control ?? `\\${character}`;
}
