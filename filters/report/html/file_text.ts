/**
 * The text of a test's file in an HTML report: colours, and the frames of its
 * tracebacks.
 *
 * @module
 */

import { withoutColors } from "../../traceback/grammars.ts";
import {
  type FailedTest,
  ownFrames,
  type Project,
} from "../../traceback/source_place.ts";
import { AnsiLines } from "./ansi.ts";
import { htmlLines } from "./markup.ts";

/** Returns a text as the content of an element `pre`. */
export function plainText(text: string): string {
  if (!text.includes("\x1b[")) return htmlLines(text);
  const colors = new AnsiLines();
  return text.split("\n").map((line) => colors.write(line)).join("\n");
}

/** The same, with frames marked. Reading a line for one takes 10 µs. */
export function tracebackText(
  text: string,
  test: FailedTest,
  project: Project,
): string {
  const colors = new AnsiLines();
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const frames = ownFrames(lines.map(withoutColors), test, project);
  return lines.map((line, i) => {
    const html = colors.write(line);
    const isOwn = frames[i];
    return isOwn === undefined
      ? html
      : `<span class="frame${isOwn ? " own" : ""}">${html}</span>`;
  }).join("\n");
}
