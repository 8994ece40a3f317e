/**
 * Java and the other languages of the JVM.
 *
 * @module
 */

import { type Grammar, joined, type Reading } from "../frame.ts";

const FRAME =
  /^\s*at (?:[\w.@-]*\/)*(?<method>[\w$.<>-]+)\((?<file>[\w$-]+\.\w+):(?<line>\d+)\)/;
const ANY_FRAME = /^\s*at (?:[\w.@-]*\/)*[\w$.<>-]+\([^()]*\)/;
const THROWN = /^(?:Caused by: )?(?:[a-z][\w$]*\.)+[A-Z][\w$]*(?:: .*|:)?$/;

export const jvm: Grammar = {
  // Causes are printed last, but thrown first.
  frames: [{ pattern: FRAME, order: lastCauseFirst }],
  headline(lines) {
    if (!lines.some((line) => FRAME.test(line))) return undefined;
    const cause = lines.findLastIndex((line) => /^Caused by: /.test(line));
    const at = cause < 0 ? lines.findIndex((line) => THROWN.test(line)) : cause;
    if (at < 0) return undefined;
    const rest = lines.slice(at);
    const frame = rest.findIndex((line) => ANY_FRAME.test(line));
    const said = frame < 0 ? [rest[0]] : rest.slice(0, frame);
    // Converted JUnit reports have this line twice.
    return joined(said.slice(said.lastIndexOf(said[0])));
  },
};

/** The lines of a traceback, those of its last cause first. */
function lastCauseFirst(readings: readonly Reading[]): Reading[] {
  const causes: Reading[][] = [[]];
  for (const reading of readings) {
    if (/^\s*Caused by: /.test(reading.text)) causes.push([]);
    causes.at(-1)!.push(reading);
  }
  return causes.reverse().flat();
}
