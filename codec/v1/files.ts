/**
 * The files that bracketed details become.
 *
 * @module
 */

import type { Outcome } from "./line.ts";

/** The name and type of a file. */
export interface FileKind {
  readonly name: string;
  readonly mimeType: string;
}

/** The file with the reason of a failure. */
export const TRACEBACK: FileKind = {
  name: "traceback",
  mimeType: 'text/x-traceback; charset="utf8"',
};

/** The file that bracketed details become, as in Python's subunit-1to2. */
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
