/**
 * All grammars, combined.
 *
 * @module
 */

import type { Frame, FrameShape, Grammar, Reading } from "./frame.ts";
import { cc } from "./grammar/cc.ts";
import { go } from "./grammar/go.ts";
import { jvm } from "./grammar/jvm.ts";
import { others } from "./grammar/others.ts";
import { perl } from "./grammar/perl.ts";
import { python } from "./grammar/python.ts";
import { ruby } from "./grammar/ruby.ts";
import { rust } from "./grammar/rust.ts";
import { shell } from "./grammar/shell.ts";
import { v8 } from "./grammar/v8.ts";
import { diagnostics } from "./diagnostics.ts";

/** Unambiguous grammars come first. */
const GRAMMARS: readonly Grammar[] = [
  python,
  rust,
  jvm,
  v8,
  go,
  perl,
  shell,
  ruby,
  others,
  cc,
  diagnostics,
];

const SHAPES: readonly FrameShape[] = GRAMMARS.flatMap(({ frames }) => frames);

/** Frames are shorter, and matching long lines takes time. */
const MAX_LINE_CHARACTERS = 400;
const MAX_LINE_NUMBER = 2 ** 31 - 1;

/**
 * The frames in a text, innermost first, by language.
 *
 * @param subjects possible files of frames that name no file
 */
export function* framesIn(
  text: string,
  subjects: readonly string[],
): Generator<Frame> {
  const readings = readLines(linesOf(text), subjects);
  for (const shape of SHAPES) {
    if (!readings.some((reading) => reading.shape === shape)) continue;
    for (const reading of shape.order?.(readings) ?? readings) {
      if (reading.shape === shape && reading.frame!.line > 0) {
        yield reading.frame!;
      }
    }
  }
}

/**
 * Reads the lines of a text, without colors: each may be a frame. A frame with
 * line 0 only names the file for those below.
 *
 * @param subjects possible files of frames that name no file
 */
export function readLines(
  lines: readonly string[],
  subjects: readonly string[],
): Reading[] {
  let files = subjects;
  return lines.map((line) => {
    const reading = read(line.slice(0, MAX_LINE_CHARACTERS), files);
    if (reading.frame?.line === 0) files = reading.frame.files;
    return reading;
  });
}

/**
 * Reads a line by the first shape that matches. The frame has line 0 when the
 * match only names a file.
 */
function read(text: string, above: readonly string[]): Reading {
  for (const shape of SHAPES) {
    const groups = shape.pattern.exec(text)?.groups;
    if (groups === undefined) continue;
    const { file, method } = groups;
    const line = Number(groups.line ?? 0);
    const isPlace = groups.line !== undefined;
    if (isPlace && (line < 1 || line > MAX_LINE_NUMBER)) break;
    if (file === undefined && above.length === 0) break;
    const wide = shape.wide?.exec(text)?.groups;
    const files = file === undefined
      ? above
      : wide !== undefined && wide.file !== file && wide.line === groups.line
      ? [wide.file, file]
      : [file];
    return { text, shape, frame: { files, line, method } };
  }
  return { text };
}

// deno-lint-ignore no-control-regex -- colors start with one
const COLOR = /\x1b\[[\d;]*m/g;

/** A text without colors. */
export function withoutColors(text: string): string {
  return text.replace(COLOR, "");
}

/** The lines of a text, without colors. */
export function linesOf(text: string): string[] {
  return withoutColors(text).split(/\r?\n|\r/);
}

/**
 * The line that a person would quote, if a grammar recognizes the text.
 * Diagnostics contain tracebacks, so they come first.
 */
export function headlineIn(lines: readonly string[]): string | undefined {
  for (const grammar of [diagnostics, ...GRAMMARS]) {
    const headline = grammar.headline?.(lines);
    if (headline) return headline;
  }
  return undefined;
}
