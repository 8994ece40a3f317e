/**
 * The files that bracketed details are.
 *
 * @module
 */

import type { Outcome } from "./line.ts";

/** A file by its name and type. */
export interface FileKind {
  readonly name: string;
  readonly mimeType: string;
}

/** The file that says why a test failed. */
export const TRACEBACK: FileKind = {
  name: "traceback",
  mimeType: 'text/x-traceback; charset="utf8"',
};

/** The file that bracketed details are, as Python's subunit-1to2 has it. */
export function bracketedFile(outcome: Outcome): FileKind {
  switch (outcome) {
    case "skip":
      return { name: "reason", mimeType: "text/plain" };
    case "success":
      return { name: "message", mimeType: "text/plain" };
    default:
      return TRACEBACK;
  }
}
